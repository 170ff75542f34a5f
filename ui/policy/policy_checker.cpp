// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/policy/policy_checker.h"

#include "ui/policy/policy_store.h"

#include <QCoreApplication>
#include <QPointer>
#include <QThreadPool>

#include <chrono>

using namespace std::chrono_literals;

namespace meshyard::ui {

PolicyChecker::PolicyChecker(PolicyStore& store, QObject* parent)
    : QObject(parent)
    , m_store(store)
{
    m_pause.setSingleShot(true);
    m_pause.setInterval(150ms);
    connect(&m_pause, &QTimer::timeout, this, &PolicyChecker::run);
}

void PolicyChecker::check(const QString& text, const QString& defaultNamespace)
{
    m_text = text;
    m_namespace = defaultNamespace;
    m_pause.start();
}

void PolicyChecker::run()
{
    const std::uint64_t number = ++m_number;
    QThreadPool::globalInstance()->start(
        [guard = QPointer(this), number, text = m_text.toStdString(),
            ns = m_namespace.toStdString(), others = m_store.resources(),
            view = m_store.meshView()] {
            auto problems
                = config::check(text, {.file = {}, .defaultNamespace = ns}, *others, view);
            QMetaObject::invokeMethod(
                qApp,
                [guard, number, problems = std::move(problems)] {
                    if (guard && number == guard->m_number)
                        Q_EMIT guard->checked(problems);
                },
                Qt::QueuedConnection);
        });
}

} // namespace meshyard::ui
