// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/validate.h"

#include <QObject>
#include <QTimer>

namespace meshyard::ui {

class PolicyStore;

/// Checks a text while it is typed, with the very rules of the control plane, off the GUI thread.
///
/// Thread: GUI; the newest text wins.
class PolicyChecker final : public QObject
{
    Q_OBJECT

public:
    explicit PolicyChecker(PolicyStore& store, QObject* parent = nullptr);

    void check(const QString& text, const QString& defaultNamespace);

Q_SIGNALS:
    void checked(const std::vector<meshyard::config::Diagnostic>& problems);

private:
    void run();

    PolicyStore& m_store;
    QTimer m_pause; // while keys are pressed
    QString m_text;
    QString m_namespace;
    std::uint64_t m_number = 0;
};

} // namespace meshyard::ui
