// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/policy/draft_journal.h"

#include <QDir>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSaveFile>

#include <chrono>

using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

namespace meshyard::ui {

DraftJournal::DraftJournal(const QString& folder, QObject* parent)
    : QObject(parent)
    , m_file(folder + u"/drafts.json"_s)
{
    QDir().mkpath(folder);
    load();
    m_timer.setInterval(2s);
    connect(&m_timer, &QTimer::timeout, this, &DraftJournal::flush);
    m_timer.start();
}

DraftJournal::~DraftJournal()
{
    flush();
}

void DraftJournal::set(const QString& id, const QString& text)
{
    if (m_drafts.value(id) == text)
        return;
    if (text.isEmpty())
        m_drafts.remove(id);
    else
        m_drafts.insert(id, text);
    m_dirty = true;
}

void DraftJournal::flush()
{
    if (!m_dirty)
        return;
    QJsonObject object;
    for (auto it = m_drafts.cbegin(); it != m_drafts.cend(); ++it)
        object.insert(it.key(), it.value());
    QSaveFile file(m_file);
    if (!file.open(QIODevice::WriteOnly))
        return; // the next tick tries again
    file.setPermissions(QFile::ReadOwner | QFile::WriteOwner);
    file.write(QJsonDocument(object).toJson());
    m_dirty = !file.commit();
}

void DraftJournal::load()
{
    QFile file(m_file);
    if (!file.open(QIODevice::ReadOnly))
        return;
    const QJsonObject object = QJsonDocument::fromJson(file.readAll()).object();
    for (auto it = object.begin(); it != object.end(); ++it)
        m_drafts.insert(it.key(), it.value().toString());
}

} // namespace meshyard::ui
