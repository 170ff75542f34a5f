// SPDX-License-Identifier: GPL-3.0-or-later
// A stream of YAML documents, as people write policies. What can be read can be printed and read
// back.
#include "embedded-mesh/document/yaml_parser.h"
#include "embedded-mesh/document/yaml_printer.h"
#include "fuzz_input.h"

using namespace meshyard;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size > 16 * 1024)
        return 0;
    const document::ParsedStream stream = document::parseStream(fuzz::textOf(data, size));
    if (size > 240)
        return 0; // a key of a document this long may be beyond what YAML takes for one (1024
                  // characters)
    for (const document::Document& found : stream.documents) {
        const std::string block = document::printBlock(found.root);
        const document::ParsedStream again = document::parseStream(block + "\n");
        require(again.problems.empty(), "what is printed can be read");
        require(again.documents.size() <= 1, "one document is printed as one");
        if (!again.documents.empty())
            require(
                document::printBlock(again.documents.front().root) == block, "printing is stable");
    }
    return 0;
}
