// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QSet>
#include <QString>

namespace meshyard::test {

/// "production/reviews@v2->production/ratings@v1", as exported files and meshyardctl name an edge.
using EdgeNames = QSet<QString>;

/// Of a list as `meshyardctl edges -o json` prints it, or of a snapshot file that holds one.
EdgeNames edgesOfJson(const QByteArray& text);
EdgeNames edgesOfDot(const QByteArray& text);
EdgeNames edgesOfGraphml(const QByteArray& text);
EdgeNames edgesOfCsv(const QByteArray& text);
/// Whether it is well-formed XML whose root has this name.
bool isXml(const QByteArray& text, const QString& root);

} // namespace meshyard::test
