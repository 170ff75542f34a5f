#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares our trimmed xDS definitions with the full public set (PyPI `xds-protos`).

Usage: check_xds_fields.py API_ROOT. Every message and field of ours must exist there with the same
number, type and repetition. Exit 0 equal, 1 different, 77 when the peer is not installed.
"""
import importlib
import pathlib
import subprocess
import sys
import tempfile

try:
    from google.protobuf import descriptor_pb2, descriptor_pool
    import envoy.config.core.v3.base_pb2  # noqa: F401  (the peer)
except ImportError as missing:
    print(f"SKIP: the peer xds-protos is not installed ({missing}); ./scripts/peers installs it")
    sys.exit(77)


def load(root: pathlib.Path) -> descriptor_pb2.FileDescriptorSet:
    files = sorted(p.relative_to(root).as_posix() for p in (root / "envoy").rglob("*.proto"))
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run(["protoc", "-I", str(root), "--include_imports",
                        f"--descriptor_set_out={out.name}", *files], check=True)
        return descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())


def walk(messages, package):
    for message in messages:
        yield f"{package}.{message.name}", message
        yield from walk(message.nested_type, f"{package}.{message.name}")


def differences(full, message):
    try:
        theirs = descriptor_pool.Default().FindMessageTypeByName(full)
    except KeyError:
        yield f"{full}: there is no such message"
        return
    for field in message.field:
        other = theirs.fields_by_name.get(field.name)
        if other is None:
            yield f"{full}.{field.name}: there is no such field"
            continue
        if other.number != field.number:
            yield f"{full}.{field.name}: number {field.number}, theirs {other.number}"
        if other.type != field.type:
            yield f"{full}.{field.name}: type {field.type}, theirs {other.type}"
        if field.type_name and field.type == field.TYPE_MESSAGE \
                and field.type_name != "." + other.message_type.full_name:
            yield f"{full}.{field.name}: {field.type_name}, theirs {other.message_type.full_name}"


def main() -> int:
    found, fields = [], 0
    for file in load(pathlib.Path(sys.argv[1])).file:
        if not file.package.startswith("envoy."):
            continue
        importlib.import_module(file.name[:-len(".proto")].replace("/", ".") + "_pb2")
        for full, message in walk(file.message_type, file.package):
            fields += len(message.field)
            found += differences(full, message)
    print("\n".join(found))
    print(f"{fields} fields compared, {len(found)} differ")
    return 1 if found or fields == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
