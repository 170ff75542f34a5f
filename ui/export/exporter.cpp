// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/export/exporter.h"

#include "client/snapshot/snapshot.h"
#include "ui/session/mesh_session.h"
#include "ui/theme/theme.h"
#include "widgets/scene/scene_export.h"
#include "widgets/topology/topology_view.h"

#include <QBuffer>
#include <QDateTime>
#include <QFileDialog>
#include <QFileInfo>
#include <QSaveFile>
#include <QTimeZone>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr double kPngScale = 2;

tl::unexpected<Error> refuse(ErrorCode code, const QString& sentence)
{
    return failure(code, sentence.toStdString());
}

} // namespace

Exporter::Exporter(const UiContext& context, widgets::TopologyView& view, QWidget* window)
    : QObject(window)
    , m_context(context)
    , m_view(view)
    , m_window(window)
{
}

Result<void> Exporter::exportTo(const QString& path) const
{
    const QString suffix = QFileInfo(path).suffix().toLower();
    if (suffix == u"png"_s || suffix == u"svg"_s || suffix == u"pdf"_s)
        return exportPicture(path, suffix);
    const Snapshot snapshot = takeSnapshot(m_context.session.model());
    if (suffix == u"json"_s)
        return write(path, QByteArray::fromStdString(toJsonText(snapshot)));
    if (suffix == u"dot"_s)
        return write(path, QByteArray::fromStdString(toDot(snapshot)));
    if (suffix == u"graphml"_s)
        return write(path, QByteArray::fromStdString(toGraphml(snapshot)));
    if (suffix == u"csv"_s)
        return write(path, QByteArray::fromStdString(toCsv(snapshot)));
    return refuse(ErrorCode::InvalidArgument,
        tr("%1 does not say what to write: end the name in .png, .svg, .pdf, .json, .dot, .graphml "
           "or .csv.")
            .arg(QFileInfo(path).fileName()));
}

Result<void> Exporter::exportPicture(const QString& path, const QString& suffix) const
{
    const scene::PlacedScenePtr placed = m_view.placed();
    // The layout has a thread of its own and may lag behind the first frame.
    const bool drawn
        = placed && (!placed->model->nodes.empty() || m_context.session.model().nodes().empty());
    if (!drawn)
        return refuse(ErrorCode::FailedPrecondition, tr("There is no picture yet."));
    const MeshSession& session = m_context.session;
    const QDateTime when = QDateTime::fromMSecsSinceEpoch(session.shownMs(), QTimeZone::utc());
    scene::ExportText text;
    text.title = session.displayName();
    text.timeLine = tr("%1 UTC · last 10 s").arg(when.toString(u"yyyy-MM-dd HH:mm:ss"_s));
    text.legend = {tr("healthy"), tr("degraded"), tr("failing"), tr("no traffic"),
        tr("breaker open"), tr("tripped by an operator")};
    const scene::SceneExport picture(m_context.theme.tokens(), *placed, text);
    QBuffer buffer;
    buffer.open(QIODevice::WriteOnly);
    bool done = false;
    if (suffix == u"png"_s)
        done = picture.writePng(buffer, kPngScale);
    else if (suffix == u"svg"_s)
        done = picture.writeSvg(buffer);
    else
        done = picture.writePdf(buffer);
    if (!done)
        return refuse(ErrorCode::Internal, tr("The picture could not be drawn."));
    return write(path, buffer.data());
}

Result<void> Exporter::write(const QString& path, const QByteArray& bytes) const
{
    QSaveFile file(path);
    if (!file.open(QIODevice::WriteOnly) || file.write(bytes) != bytes.size() || !file.commit())
        return refuse(ErrorCode::PermissionDenied,
            tr("%1 cannot be written: %2.").arg(QFileInfo(path).fileName(), file.errorString()));
    return {};
}

void Exporter::ask()
{
    auto* dialog = new QFileDialog(m_window, tr("Export what is on screen"), u"mesh.png"_s,
        tr("Picture (*.png);;Scalable picture (*.svg);;PDF (*.pdf);;Snapshot, opens again "
           "(*.json);;Graphviz (*.dot);;GraphML (*.graphml);;Table (*.csv)"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setAcceptMode(QFileDialog::AcceptSave);
    connect(dialog, &QFileDialog::fileSelected, this, [this](const QString& path) {
        const auto done = exportTo(path);
        Q_EMIT said(done ? tr("Saved %1").arg(QFileInfo(path).fileName())
                         : QString::fromStdString(done.error().message));
    });
    dialog->open();
}

} // namespace meshyard::ui
