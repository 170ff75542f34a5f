// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/breakers/form_panel.h"

#include "ui/theme/figures.h"

#include <QComboBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QRegularExpression>
#include <QScrollArea>
#include <QStyle>
#include <QVBoxLayout>

#include <cmath>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

QString qs(const std::string& text)
{
    return QString::fromStdString(text);
}

/// A value as it is typed: scalars plain, lists as "a, b".
QString textOf(const document::Node* value)
{
    if (!value)
        return {};
    if (value->isScalar())
        return qs(value->text);
    QStringList parts;
    if (value->isSequence())
        for (const auto& item : value->items)
            parts << qs(item.text);
    return parts.join(u", "_s);
}

std::optional<double> secondsOf(const QString& text)
{
    static const QRegularExpression kPart(u"(\\d+(?:\\.\\d+)?)(ms|us|µs|ns|s|m|h)"_s);
    double seconds = 0;
    qsizetype at = 0;
    auto matches = kPart.globalMatch(text);
    while (matches.hasNext()) {
        const auto match = matches.next();
        if (match.capturedStart() != at)
            return std::nullopt;
        at = match.capturedEnd();
        const QString unit = match.captured(2);
        const double scale = unit == u"ms"_s ? 1e-3
            : unit == u"s"_s                 ? 1
            : unit == u"m"_s                 ? 60
            : unit == u"h"_s                 ? 3600
            : unit == u"ns"_s                ? 1e-9
                                             : 1e-6;
        seconds += match.captured(1).toDouble() * scale;
    }
    return at == text.size() && at > 0 ? std::optional(seconds) : std::nullopt;
}

QString rangeText(const config::FormField& field)
{
    if (std::isinf(field.high))
        return FormPanel::tr("at least %1").arg(threeDigits(field.low));
    return FormPanel::tr("%1 to %2").arg(threeDigits(field.low), threeDigits(field.high));
}

bool isNumeric(const config::FormField& field)
{
    return field.type == config::FormType::Integer || field.type == config::FormType::Number
        || field.type == config::FormType::Duration;
}

} // namespace

QString fieldProblem(const config::FormField& field, const QString& value)
{
    if (value.isEmpty() || field.list || !isNumeric(field))
        return {};
    double number = 0;
    bool ok = false;
    if (field.type == config::FormType::Duration) {
        const auto seconds = secondsOf(value);
        ok = seconds.has_value();
        number = seconds.value_or(0);
        if (!ok)
            return FormPanel::tr("A duration such as 500ms, 5s or 1m.");
    } else {
        number = value.toDouble(&ok);
        if (!ok || (field.type == config::FormType::Integer && number != std::floor(number)))
            return FormPanel::tr("A number is wanted.");
    }
    if (number < field.low || number > field.high)
        return FormPanel::tr("Out of range: %1.").arg(rangeText(field));
    return {};
}

FormPanel::FormPanel(QWidget* parent)
    : QWidget(parent)
{
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
}

void FormPanel::setFields(const std::vector<config::FormField>& fields, const QString& prefix,
    const document::Node* values)
{
    m_rows.clear();
    while (QLayoutItem* item = layout()->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    auto* area = new QScrollArea(this);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    auto* body = new QWidget(area);
    body->setObjectName(u"scrollBody"_s);
    auto* form = new QFormLayout(body);
    form->setLabelAlignment(Qt::AlignLeft);
    form->setFieldGrowthPolicy(QFormLayout::ExpandingFieldsGrow);
    addFields(fields, prefix, values, *form);
    area->setWidget(body);
    layout()->addWidget(area);
}

void FormPanel::addFields(const std::vector<config::FormField>& fields, const QString& prefix,
    const document::Node* values, QFormLayout& layout)
{
    for (const config::FormField& field : fields) {
        const document::Node* value = values ? values->find(field.name) : nullptr;
        if (field.type == config::FormType::Group && !field.list) {
            auto* heading = new QLabel(qs(field.name), this);
            heading->setProperty("role", u"section"_s);
            layout.addRow(heading);
            addFields(field.fields, prefix, value, layout);
        } else if (field.type != config::FormType::Group && field.type != config::FormType::Map) {
            addRow(field, prefix, value, layout);
        }
    }
}

void FormPanel::addRow(const config::FormField& field, const QString& prefix,
    const document::Node* value, QFormLayout& layout)
{
    Row row;
    row.field = field;
    row.path
        = qs(field.path).mid(qs(field.path).startsWith(prefix) ? prefix.size() : 0).toStdString();
    row.before = textOf(value);
    QWidget* editor = nullptr;
    QStringList choices;
    for (const std::string& choice : field.choices)
        choices << qs(choice);
    if (field.type == config::FormType::Boolean)
        choices = {u"true"_s, u"false"_s};
    if (!choices.isEmpty() && !field.list) {
        row.choice = new QComboBox(this);
        row.choice->addItem(field.defaultValue.empty()
                ? tr("default")
                : tr("default: %1").arg(qs(field.defaultValue)),
            QString());
        for (const QString& choice : choices)
            row.choice->addItem(choice, choice);
        row.choice->setCurrentIndex(std::max(0, row.choice->findData(row.before)));
        connect(row.choice, &QComboBox::currentIndexChanged, this, &FormPanel::edited);
        editor = row.choice;
    } else {
        row.line = new QLineEdit(row.before, this);
        row.line->setPlaceholderText(qs(field.defaultValue));
        editor = row.line;
    }
    QString tip = qs(field.doc);
    if (isNumeric(field))
        tip += (tip.isEmpty() ? QString() : u"\n"_s) + rangeText(field);
    editor->setToolTip(tip);
    editor->setAccessibleName(qs(field.name));
    auto* label = new QLabel(qs(field.name), this);
    label->setToolTip(tip);
    label->setBuddy(editor);
    layout.addRow(label, editor);
    m_rows.push_back(row);
    if (row.line)
        connect(row.line, &QLineEdit::textChanged, this, [this, index = m_rows.size() - 1] {
            mark(m_rows[index]);
            Q_EMIT edited();
        });
}

void FormPanel::mark(const Row& row) const
{
    const QString problem = fieldProblem(row.field, row.line->text().trimmed());
    row.line->setProperty("invalid", !problem.isEmpty());
    if (!problem.isEmpty())
        row.line->setToolTip(problem);
    row.line->style()->unpolish(row.line);
    row.line->style()->polish(row.line);
}

bool FormPanel::isValid() const
{
    for (const Row& row : m_rows)
        if (row.line && !fieldProblem(row.field, row.line->text().trimmed()).isEmpty())
            return false;
    return true;
}

std::vector<config::FieldChange> FormPanel::changes() const
{
    std::vector<config::FieldChange> found;
    for (const Row& row : m_rows) {
        const QString now
            = row.line ? row.line->text().trimmed() : row.choice->currentData().toString();
        if (now == row.before)
            continue;
        const QString value = row.field.list && !now.isEmpty() ? u'[' + now + u']' : now;
        found.push_back({row.path, value.toStdString()});
    }
    return found;
}

} // namespace meshyard::ui
