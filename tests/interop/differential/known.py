#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rewrites known_differences.txt from the output of run.py: known.py < OUTPUT. Reasons given by hand
to names that stay are kept."""
import pathlib
import re
import sys

FILE = pathlib.Path(__file__).resolve().parent / "known_differences.txt"
sys.path.insert(0, str(FILE.parent))
from run import read_known  # noqa: E402
from scenarios import ALL  # noqa: E402


def main():
    reasons = read_known(FILE) if FILE.exists() else {}
    by_start = {s["name"][:58]: s["name"] for s in ALL}
    lines = ["# Scenarios whose outcome differs from Envoy's today, and why. To be mended, or justified in the scenario."]
    for line in sys.stdin:
        found = re.search(r"DIFFERENT  (.*)$", line)
        name = by_start.get(line[:59].strip())
        if not found or not name:
            continue
        why = reasons.get(name) or ("not supported yet" if found[1].startswith("refused") else found[1].strip()[:110])
        lines.append(f"{name} # {why}")
    FILE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
