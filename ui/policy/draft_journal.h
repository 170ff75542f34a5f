// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QHash>
#include <QObject>
#include <QString>
#include <QTimer>

namespace meshyard::ui {

/// Texts that were typed and not applied, on disk every 2 s, so that a crash loses nothing.
///
/// Thread: GUI; files are small.
class DraftJournal final : public QObject
{
    Q_OBJECT

public:
    explicit DraftJournal(const QString& folder, QObject* parent = nullptr);
    ~DraftJournal() override;

    /// Empty text forgets the draft.
    void set(const QString& id, const QString& text);
    QString draft(const QString& id) const { return m_drafts.value(id); }
    bool has(const QString& id) const { return m_drafts.contains(id); }
    QStringList ids() const { return m_drafts.keys(); }
    void flush();

private:
    void load();

    QString m_file;
    QHash<QString, QString> m_drafts;
    QTimer m_timer;
    bool m_dirty = false;
};

} // namespace meshyard::ui
