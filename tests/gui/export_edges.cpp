// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gui/export_edges.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>
#include <QXmlStreamReader>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::test {
namespace {

QString nodeName(const QString& ns, const QString& service, const QString& version)
{
    const QString name = ns + u'/' + service;
    return version.isEmpty() ? name : name + u'@' + version;
}

QString nodeName(const QJsonObject& node)
{
    return nodeName(node[u"namespace"_s].toString(), node[u"service"_s].toString(),
        node[u"version"_s].toString());
}

} // namespace

EdgeNames edgesOfJson(const QByteArray& text)
{
    const QJsonDocument document = QJsonDocument::fromJson(text);
    const QJsonArray edges
        = document.isArray() ? document.array() : document.object()[u"edges"_s].toArray();
    EdgeNames names;
    for (const QJsonValue& edge : edges)
        names.insert(nodeName(edge[u"source"_s].toObject()) + u"->"_s
            + nodeName(edge[u"destination"_s].toObject()));
    return names;
}

EdgeNames edgesOfDot(const QByteArray& text)
{
    static const QRegularExpression arrow(u"\"([^\"]+)\" -> \"([^\"]+)\""_s);
    EdgeNames names;
    auto match = arrow.globalMatch(QString::fromUtf8(text));
    while (match.hasNext()) {
        const auto one = match.next();
        names.insert(one.captured(1) + u"->"_s + one.captured(2));
    }
    return names;
}

EdgeNames edgesOfGraphml(const QByteArray& text)
{
    EdgeNames names;
    QXmlStreamReader reader(text);
    while (!reader.atEnd())
        if (reader.readNext() == QXmlStreamReader::StartElement && reader.name() == u"edge"_s)
            names.insert(reader.attributes().value(u"source"_s).toString() + u"->"_s
                + reader.attributes().value(u"target"_s).toString());
    return reader.hasError() ? EdgeNames() : names;
}

EdgeNames edgesOfCsv(const QByteArray& text)
{
    QStringList lines = QString::fromUtf8(text).split(u"\r\n"_s, Qt::SkipEmptyParts);
    EdgeNames names;
    if (lines.isEmpty() || !lines.takeFirst().startsWith(u"sourceNamespace,source,"_s))
        return names;
    for (QString line : lines) { // names hold no comma and no quote
        const QStringList cells = line.remove(u'"').split(u',');
        if (cells.size() > 5)
            names.insert(nodeName(cells[0], cells[1], cells[2]) + u"->"_s
                + nodeName(cells[3], cells[4], cells[5]));
    }
    return names;
}

bool isXml(const QByteArray& text, const QString& root)
{
    QXmlStreamReader reader(text);
    if (!reader.readNextStartElement() || reader.name() != root)
        return false;
    while (!reader.atEnd())
        reader.readNext();
    return !reader.hasError();
}

} // namespace meshyard::test
