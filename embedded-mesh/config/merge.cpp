// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/merge.h"

#include "embedded-mesh/document/text_patch.h"
#include "embedded-mesh/document/yaml_printer.h"

#include <set>

namespace meshyard::config {
namespace {

using document::FieldPath;
using document::Node;
using document::TextPatch;

/// What has to be written into ours, found by walking the three trees side by side.
class Merger
{
public:
    explicit Merger(MergeResult& result)
        : m_result(result)
    {
    }

    struct Write
    {
        FieldPath path;
        const Node* value = nullptr; ///< nullptr = remove
    };

    const std::vector<Write>& writes() const { return m_writes; }

    void visit(const FieldPath& path, const Node* base, const Node* ours, const Node* theirs)
    {
        if (same(base, theirs) || same(ours, theirs))
            return;
        if (same(base, ours)) {
            m_writes.push_back({path, theirs});
            return;
        }
        if (base && ours && theirs && base->isMap() && ours->isMap() && theirs->isMap())
            visitMap(path, *base, *ours, *theirs);
        else if (isSameList(base, ours, theirs))
            for (std::size_t i = 0; i < base->items.size(); ++i)
                visit(path / i, &base->items[i], &ours->items[i], &theirs->items[i]);
        else
            m_result.conflicts.push_back(
                {path.toString(), shown(base), shown(ours), shown(theirs)});
    }

private:
    static bool same(const Node* a, const Node* b) { return a && b ? *a == *b : a == b; }

    static std::string shown(const Node* node) { return node ? document::printFlow(*node) : ""; }

    static bool isSameList(const Node* base, const Node* ours, const Node* theirs)
    {
        return base && ours && theirs && base->isSequence() && ours->isSequence()
            && theirs->isSequence() && base->items.size() == ours->items.size()
            && base->items.size() == theirs->items.size();
    }

    void visitMap(const FieldPath& path, const Node& base, const Node& ours, const Node& theirs)
    {
        std::set<std::string> seen;
        for (const Node* side : {&theirs, &base}) {
            for (const Node& key : side->keys) {
                if (seen.insert(key.text).second)
                    visit(path / key.text, base.find(key.text), ours.find(key.text),
                        theirs.find(key.text));
            }
        }
    }

    MergeResult& m_result;
    std::vector<Write> m_writes;
};

} // namespace

Result<MergeResult> merge(std::string_view base, std::string_view ours, std::string_view theirs)
{
    const auto baseText = TextPatch::open(base);
    auto oursText = TextPatch::open(ours);
    const auto theirsText = TextPatch::open(theirs);
    for (const auto* side : {&baseText, &std::as_const(oursText), &theirsText}) {
        if (!*side)
            return tl::unexpected(side->error());
    }
    MergeResult result;
    Merger merger(result);
    const Node before = oursText->root();
    merger.visit({}, &baseText->root(), &before, &theirsText->root());
    for (const auto& write : merger.writes()) {
        const auto done
            = write.value ? oursText->set(write.path, *write.value) : oursText->remove(write.path);
        if (!done)
            return tl::unexpected(done.error());
    }
    result.text = oursText->text();
    return result;
}

} // namespace meshyard::config
