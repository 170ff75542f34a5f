// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"

#include <QString>

#include <memory>

namespace meshyard::ui {

/// The words of the find field: names, figures with a comparison, `and`, `or`, `not`, parentheses;
/// "hide:" in front hides what matches instead of finding it.
///
///     reviews and success < 99%      p99 > 200ms or breaker = open      hide: rate = 0
class FindExpression final
{
public:
    /// @return InvalidArgument with what is wrong and where. Empty text matches everything.
    static Result<FindExpression> parse(const QString& text);

    FindExpression();
    FindExpression(FindExpression&&) noexcept;
    FindExpression& operator=(FindExpression&&) noexcept;
    ~FindExpression();

    bool isEmpty() const { return m_root == nullptr; }
    bool hides() const { return m_hides; }
    bool matches(const MeshModel& model, const EdgeState& edge) const;
    bool matches(const MeshModel& model, const Node& node) const;

    struct Term;

private:
    std::unique_ptr<Term> m_root;
    bool m_hides = false;
};

} // namespace meshyard::ui
