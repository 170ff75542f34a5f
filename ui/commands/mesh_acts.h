// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_commands.h"
#include "ui/session/ui_context.h"

#include <QObject>
#include <QUndoStack>

namespace meshyard::ui {

/// What the user does to the mesh, and its undo. A revision's undo is a new revision made by the
/// control plane; the stack only remembers what each act was called.
///
/// Thread: GUI.
class MeshActs final : public QObject
{
    Q_OBJECT

public:
    using Applied = std::function<void(const Result<ApplyOutput>&)>;

    explicit MeshActs(const UiContext& context, QObject* parent = nullptr);
    ~MeshActs() override;

    QUndoStack& undoStack() { return m_stack; }

    void trip(const OverrideInput& input);
    void reset(const EdgeKey& edge);
    /// Ends every override that holds for the edge.
    void release(const EdgeKey& edge);
    /// @param text names the act: "move reviews to v1". `applied` is told also of refusals.
    void apply(ApplyInput input, const QString& text, Applied applied);
    void rollback(std::uint64_t revision, Applied applied);
    void undo();
    void redo();

Q_SIGNALS:
    /// One sentence about what was done.
    void said(const QString& sentence);
    /// The mesh or a proxy refused, in its own words.
    void refused(const QString& act, const QString& words);

private:
    MeshCommands* commandsOrRefuse(const QString& act);
    void refreshActions();
    void push(const QString& text, std::uint64_t revision);

    UiContext m_context;
    QUndoStack m_stack;
};

/// The first error of a refused apply, as a sentence with its place.
QString refusalText(const ApplyOutput& output);

} // namespace meshyard::ui
