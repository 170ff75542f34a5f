// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/edits.h"
#include "embedded-mesh/config/form.h"

#include <QWidget>

class QComboBox;
class QFormLayout;
class QLineEdit;

namespace meshyard::ui {

/// A form made from the fields of a kind: what is empty keeps its default, which stands in grey.
class FormPanel final : public QWidget
{
    Q_OBJECT

public:
    explicit FormPanel(QWidget* parent = nullptr);

    /// @param prefix of the fields' paths that edits leave out ("spec.").
    /// @param values what the document says below that prefix; null = nothing.
    void setFields(const std::vector<config::FormField>& fields, const QString& prefix,
        const document::Node* values);
    /// What was changed; empty values remove a field.
    std::vector<config::FieldChange> changes() const;
    bool isValid() const;

Q_SIGNALS:
    void edited();

private:
    struct Row
    {
        config::FormField field;
        std::string path; // without the prefix
        QString before;
        QLineEdit* line = nullptr;
        QComboBox* choice = nullptr;
    };

    void addFields(const std::vector<config::FormField>& fields, const QString& prefix,
        const document::Node* values, QFormLayout& layout);
    void addRow(const config::FormField& field, const QString& prefix, const document::Node* value,
        QFormLayout& layout);
    void mark(const Row& row) const;

    std::vector<Row> m_rows;
};

/// Empty = fine; else what is wrong with a value, one sentence.
QString fieldProblem(const config::FormField& field, const QString& value);

} // namespace meshyard::ui
