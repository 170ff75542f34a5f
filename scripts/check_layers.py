#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks that every #include stays inside the "may use" column of cmake/MeshyardLayers.cmake.

Usage: check_layers.py ROOT TABLE (TABLE is build/*/layers.txt). Exit 1 and one line a breach.
Also holds two rules of the house: generated protobuf and gRPC headers stop at client/wire,
config's sources and embedded-mesh; Linux headers stay inside embedded-mesh.
"""
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')
LINUX = re.compile(r"^(sys/(epoll|mount|prctl|socket|un|wait|signalfd|timerfd|eventfd)\.h|linux/|sched\.h|netinet/)")


def main() -> int:
    root, table = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    folders, allowed = {}, {}
    for line in table.read_text().splitlines():
        room, _, rest = line.partition("=")
        folder, _, uses = rest.partition(":")
        folders[folder] = room
        allowed[room] = set(filter(None, uses.split(",")))
    by_length = sorted(folders, key=len, reverse=True)

    def room_of(path: str):
        for folder in by_length:
            if path.startswith(folder + "/"):
                return folders[folder]
        return None

    breaches, files = [], 0
    for top in ("app", "ui", "widgets", "client", "embedded-mesh"):
        for source in sorted((root / top).rglob("*")):
            if source.suffix not in (".h", ".cpp"):
                continue
            files += 1
            relative = source.relative_to(root).as_posix()
            room = room_of(relative)
            for number, line in enumerate(source.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                name = match.group(2)
                used = room_of(name)
                where = f"{relative}:{number}: "
                if used and used != room and used not in allowed.get(room, set()):
                    breaches.append(f"{where}{room} may not include {name} ({used})")
                generated = name.endswith(".pb.h") or name.startswith("grpcpp/")
                if generated and not relative.startswith(("client/wire/", "embedded-mesh/")):
                    breaches.append(f"{where}{name} is for client/wire and embedded-mesh only")
                if generated and relative.startswith("embedded-mesh/config/") and source.suffix == ".h":
                    breaches.append(f"{where}config's headers hold plain types only")
                if LINUX.match(name) and not relative.startswith("embedded-mesh/"):
                    breaches.append(f"{where}Linux headers stay inside embedded-mesh")
    print("\n".join(breaches) or f"{files} files keep the layers")
    return 1 if breaches or files == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
