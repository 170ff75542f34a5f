// SPDX-License-Identifier: GPL-3.0-or-later
// Stands in for libFuzzer where there is none: plays the files of the folders named and some
// thousand mutants of them, the same ones each time.
#include "fuzz_input.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

constexpr int kMutantsOfAFile = 200;
constexpr auto kTime = std::chrono::seconds(5);

void play(const std::string& input)
{
    // A copy of its own size, so that a sanitizer sees a read past the end.
    const std::vector<std::uint8_t> bytes(input.begin(), input.end());
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

std::string mutant(std::string input, meshyard::fuzz::Choices& choices)
{
    for (std::size_t edit = choices.next(3) + 1; edit > 0; --edit) {
        const std::size_t at = choices.next(input.size() + 1);
        const char byte = static_cast<char>(choices.next(256));
        switch (choices.next(4)) {
        case 0:
            input.resize(at);
            break;
        case 1:
            input.insert(at, 1, byte);
            break;
        case 2:
            input.insert(at, input.substr(choices.next(input.size() + 1), choices.next(20)));
            break;
        default:
            if (at < input.size())
                input[at] = byte;
        }
    }
    return input;
}

} // namespace

int main(int argc, char** argv)
{
    std::vector<std::string> inputs{""};
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            std::ifstream file(entry.path(), std::ios::binary);
            inputs.emplace_back(
                std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
        }
    }
    for (const std::string& input : inputs)
        play(input);
    const auto end = std::chrono::steady_clock::now() + kTime;
    std::size_t mutants = 0;
    meshyard::fuzz::Choices choices("smoke");
    for (int round = 0; round < kMutantsOfAFile; ++round) {
        for (const std::string& input : inputs) {
            if (std::chrono::steady_clock::now() > end)
                break;
            play(mutant(input, choices));
            ++mutants;
        }
    }
    std::printf("%zu inputs and %zu mutants\n", inputs.size(), mutants);
    return inputs.size() > 1 ? 0 : 1;
}
