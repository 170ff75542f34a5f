#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that every text of the console has its Japanese, and that no translation is left over.

Usage: check_translations.py LUPDATE ROOT. Reads the texts anew from the sources into a copy.
Exit 1 and one line a text.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

FOLDERS = ("ui", "widgets", "app/meshyard")


def texts(path: pathlib.Path):
    found = {}
    for context in tree.parse(path).getroot().iter("context"):
        for message in context.iter("message"):
            translation = message.find("translation")
            forms = [form.text or "" for form in translation.iter("numerusform")]
            whole = all(forms) if forms else bool(translation.text)
            key = (context.findtext("name"), message.findtext("source"), message.findtext("comment"))
            found[key] = whole and translation.get("type") is None
    return found


def main() -> int:
    lupdate, root = sys.argv[1], pathlib.Path(sys.argv[2])
    committed = root / "resources/i18n/meshyard_ja.ts"
    with tempfile.TemporaryDirectory() as folder:
        fresh = pathlib.Path(folder) / committed.name
        shutil.copy(committed, fresh)
        subprocess.run([lupdate, "-silent", "-no-obsolete", "-locations", "none", "-I", str(root),
                        *(str(root / one) for one in FOLDERS), "-ts", str(fresh)],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wanted, have = texts(fresh), texts(committed)
    problems = [f"no Japanese: {key[0]}: {key[1]}" for key in wanted if not have.get(key)]
    problems += [f"left over: {key[0]}: {key[1]}" for key in have if key not in wanted]
    print("\n".join(problems) or f"{len(wanted)} texts have their Japanese")
    return 1 if problems or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
