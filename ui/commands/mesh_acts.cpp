// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/commands/mesh_acts.h"

#include "ui/actions/action_registry.h"
#include "ui/session/mesh_session.h"
#include "ui/theme/figures.h"
#include "ui/topology/edge_words.h"

#include <QAction>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

QString qs(const std::string& text)
{
    return QString::fromStdString(text);
}

/// Remembers the name of one revision; the control plane does the work.
class RevisionCommand final : public QUndoCommand
{
public:
    explicit RevisionCommand(const QString& text)
        : QUndoCommand(text)
    {
    }
    void undo() override { }
    void redo() override { }
};

} // namespace

QString refusalText(const ApplyOutput& output)
{
    for (const RemoteDiagnostic& d : output.diagnostics) {
        if (d.severity != DiagnosticSeverity::Error)
            continue;
        QString place = qs(d.resource.empty() ? d.file : d.resource);
        if (d.line > 0)
            place += u':' + QString::number(d.line);
        return place.isEmpty() ? qs(d.message) : place + u": "_s + qs(d.message);
    }
    return MeshActs::tr("The mesh did not store it and gave no reason.");
}

MeshActs::MeshActs(const UiContext& context, QObject* parent)
    : QObject(parent)
    , m_context(context)
{
    connect(&context.session, &MeshSession::modelChanged, this, &MeshActs::refreshActions);
    connect(&context.session, &MeshSession::phaseChanged, this, &MeshActs::refreshActions);
    connect(&m_stack, &QUndoStack::indexChanged, this, &MeshActs::refreshActions);
    refreshActions();
}

MeshActs::~MeshActs()
{
    // The stack tells of its end when the actions are gone already.
    m_stack.disconnect(this);
}

MeshCommands* MeshActs::commandsOrRefuse(const QString& act)
{
    const QString refusal = m_context.session.editRefusal();
    if (!refusal.isEmpty()) {
        Q_EMIT refused(act, refusal);
        return nullptr;
    }
    return m_context.session.commands();
}

void MeshActs::trip(const OverrideInput& input)
{
    const QString act = tr("Trip %1").arg(selectorText(input.edge));
    if (MeshCommands* commands = commandsOrRefuse(act))
        commands->setOverride(input, this, [this, act](const Result<ActiveOverride>& reply) {
            if (reply)
                Q_EMIT said(tr("%1: done").arg(act));
            else
                Q_EMIT refused(act, qs(reply.error().message));
        });
}

void MeshActs::reset(const EdgeKey& edge)
{
    const QString act = tr("Reset %1").arg(edgeText(edge));
    if (MeshCommands* commands = commandsOrRefuse(act))
        commands->resetBreaker(
            selectorOf(edge), this, [this, act](const Result<MeshCommands::Done>& reply) {
                if (reply)
                    Q_EMIT said(tr("%1: done").arg(act));
                else
                    Q_EMIT refused(act, qs(reply.error().message));
            });
}

void MeshActs::release(const EdgeKey& edge)
{
    const QString act = tr("Release %1").arg(edgeText(edge));
    MeshCommands* commands = commandsOrRefuse(act);
    if (!commands)
        return;
    for (const ActiveOverride& active : m_context.session.liveModel().overrides()) {
        if (!covers(active.edge, edge))
            continue;
        commands->releaseOverride(
            active.id, this, [this, act](const Result<MeshCommands::Done>& reply) {
                if (reply)
                    Q_EMIT said(tr("%1: done").arg(act));
                else
                    Q_EMIT refused(act, qs(reply.error().message));
            });
    }
}

void MeshActs::apply(ApplyInput input, const QString& text, Applied applied)
{
    MeshCommands* commands = commandsOrRefuse(text);
    if (!commands)
        return;
    if (input.message.empty())
        input.message = text.toStdString();
    commands->apply(
        input, this, [this, text, applied = std::move(applied)](const Result<ApplyOutput>& reply) {
            if (!reply)
                Q_EMIT refused(text, qs(reply.error().message));
            else if (!reply->stored)
                Q_EMIT refused(text, refusalText(*reply));
            else
                push(text, reply->revision);
            applied(reply);
        });
}

void MeshActs::push(const QString& text, std::uint64_t revision)
{
    m_stack.push(new RevisionCommand(text));
    Q_EMIT said(tr("Revision %1: %2").arg(revision).arg(text));
}

void MeshActs::rollback(std::uint64_t revision, Applied applied)
{
    const QString text = tr("Roll back to revision %1").arg(revision);
    if (MeshCommands* commands = commandsOrRefuse(text))
        commands->rollback(revision, false, this,
            [this, text, applied = std::move(applied)](const Result<ApplyOutput>& reply) {
                if (reply && reply->stored)
                    push(text, reply->revision);
                else
                    Q_EMIT refused(text, reply ? refusalText(*reply) : qs(reply.error().message));
                applied(reply);
            });
}

void MeshActs::undo()
{
    const QString act = tr("Undo");
    if (MeshCommands* commands = commandsOrRefuse(act))
        commands->undo(this, [this, act](const Result<ApplyOutput>& reply) {
            if (!reply) {
                Q_EMIT refused(act, qs(reply.error().message));
                return;
            }
            m_stack.undo();
            Q_EMIT said(tr("Revision %1: undone").arg(reply->revision));
        });
}

void MeshActs::redo()
{
    const QString act = tr("Redo");
    if (MeshCommands* commands = commandsOrRefuse(act))
        commands->redo(this, [this, act](const Result<ApplyOutput>& reply) {
            if (!reply) {
                Q_EMIT refused(act, qs(reply.error().message));
                return;
            }
            m_stack.redo();
            Q_EMIT said(tr("Revision %1: made again").arg(reply->revision));
        });
}

void MeshActs::refreshActions()
{
    const MeshInfo& mesh = m_context.session.liveModel().mesh();
    const bool may = m_context.session.editRefusal().isEmpty();
    QAction* undo = m_context.actions.action(u"edit.undo"_s);
    QAction* redo = m_context.actions.action(u"edit.redo"_s);
    undo->setEnabled(may && mesh.canUndo);
    redo->setEnabled(may && mesh.canRedo);
    const QString undoText = m_stack.undoText();
    const QString redoText = m_stack.redoText();
    undo->setText(undoText.isEmpty() ? tr("Undo") : tr("Undo: %1").arg(undoText));
    redo->setText(redoText.isEmpty() ? tr("Redo") : tr("Redo: %1").arg(redoText));
}

} // namespace meshyard::ui
