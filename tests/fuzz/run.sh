#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Fuzzes one target: run.sh TARGET [RUNS] [MORE LIBFUZZER OPTIONS]. Builds it with the preset `fuzz`
# first. New inputs go to build/fuzz/corpus/TARGET; a finding to build/fuzz/findings/TARGET-*.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${1:?"usage: run.sh TARGET [RUNS]; targets: $(cd tests/fuzz && echo corpus/* | sed 's#corpus/##g')"}
runs=${2:-1000000}
shift $(($# < 2 ? $# : 2))
[ -f build/fuzz/build.ninja ] || cmake --preset fuzz >/dev/null
cmake --build build/fuzz --target "fuzz_$target" -- -j"${FUZZ_JOBS:-2}" >&2
mkdir -p "build/fuzz/corpus/$target" build/fuzz/findings
dictionary=()
[ -f "tests/fuzz/$target.dict" ] && dictionary=("-dict=tests/fuzz/$target.dict")
exec nice -n 19 "build/fuzz/fuzz/fuzz_$target" -runs="$runs" -max_len=8192 -timeout=10 -rss_limit_mb=2048 \
    -print_final_stats=1 -artifact_prefix="build/fuzz/findings/$target-" "${dictionary[@]}" "$@" \
    "build/fuzz/corpus/$target" "tests/fuzz/corpus/$target"
