// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/tokens.h"

#include <QWidget>

#include <memory>
#include <vector>

namespace meshyard::widgets {

/// A YAML text with line numbers, folding and problems marked in their place.
///
/// Thread: GUI.
class YamlEditor final : public QWidget
{
    Q_OBJECT

public:
    enum class Severity { Info, Warning, Error };
    struct Mark
    {
        int line = 1; // from 1
        int column = 1; // from 1
        int endColumn = 0; // 0 = to the end of the line
        Severity severity = Severity::Error;
        QString words; // below the line
    };

    explicit YamlEditor(QWidget* parent = nullptr);
    ~YamlEditor() override;

    void setTokens(const scene::Tokens& tokens);
    void setText(const QString& text);
    QString text() const;
    void setReadOnly(bool readOnly);
    void setMarks(const std::vector<Mark>& marks);
    void goTo(int line, int column);

Q_SIGNALS:
    void textEdited();

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace meshyard::widgets
