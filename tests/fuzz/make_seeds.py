#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the seed corpora, small files in corpus/TARGET/, from what other tests hold already.

HTTP/1 seeds come from the conformance table, bootstraps and xDS resources from the differential
scenarios (the latter need xds-protos: run with build/peers/venv/bin/python3), HTTP/2 and TLS ones are
put together here. Run again when those grow; files keep their names.
"""
import hashlib
import json
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
sys.path[:0] = [str(TESTS / "conformance/http1"), str(TESTS / "conformance"), str(TESTS / "interop/differential")]
MAX_BYTES = 3000
PORTS = {name: 1000 + index for index, name in enumerate(["a", "b", "c", "d", "closed"])}


def write(target, data: bytes, limit=MAX_BYTES):
    if len(data) > limit:
        return
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()[:12]).write_bytes(data)


def http1():
    import cases_answers
    import cases_requests
    for case in cases_requests.CASES:
        if hash_of(case.id) % 2:
            continue
        write("http1_request", case.send, 600)
        if b"chunked" in case.send and b"\r\n\r\n" in case.send:
            write("body_decoder", b"\0" + case.send.split(b"\r\n\r\n", 1)[1], 600)
    for case in cases_answers.CASES:
        if hash_of(case.id) % 2:
            continue
        method = {b"GET": b"\0", b"HEAD": b"\1"}.get(case.methods[0], b"\0")
        write("http1_response", method + case.answer, 600)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def http2():
    request = bytes([0x82, 0x86, 0x84, 0x41, 1]) + b"a"  # GET, http, /, :authority a
    post = bytes([0x83, 0x86, 0x44, 2]) + b"/p" + bytes([0x41, 1]) + b"a"
    answer = bytes([0x88])
    literal = lambda name, value: bytes([0, len(name)]) + name + bytes([len(value)]) + value  # noqa: E731
    seeds = [
        frame(1, 5, 1, request), frame(1, 4, 1, post) + frame(0, 1, 1, b"hello"), frame(1, 1, 1, request[:3]) + frame(9, 4, 1, request[3:]),
        frame(1, 5, 1, request + literal(b"x-a", b"b")), frame(1, 5, 1, request + literal(b"connection", b"close")),
        frame(1, 5, 1, request + literal(b"te", b"trailers")), frame(1, 4, 1, post) + frame(0, 0, 1, b"x") + frame(1, 5, 1, literal(b"x-t", b"1")),
        frame(1, 4, 1, post + literal(b"content-length", b"3")) + frame(0, 1, 1, b"abcd"), frame(1, 0x2d, 1, b"\0\0\0\0\0\x10" + request),
        frame(1, 0x0d, 1, b"\2" + request + b"\0\0"), frame(1, 5, 1, request) + frame(3, 0, 1, b"\0\0\0\x08"), frame(6, 0, 0, b"12345678"),
        frame(4, 0, 0, struct.pack(">HI", 4, 100) + struct.pack(">HI", 1, 0)), frame(4, 1, 0), frame(8, 0, 0, b"\0\0\1\0"), frame(8, 0, 1, b"\x7f\xff\xff\xff"),
        frame(7, 0, 0, b"\0\0\0\1\0\0\0\0bye"), frame(2, 0, 3, b"\0\0\0\1\x10"), frame(0, 0x8, 1, b"\1x\0"), frame(0xcc, 0, 0, b"odd"),
        frame(1, 5, 1, bytes([0x82, 0x87, 0x04, 0x82, 0x60, 0xd5, 0x41, 1]) + b"a"), frame(1, 5, 1, bytes([0x3f, 0xe1, 0x1f]) + request),
        frame(1, 5, 1, bytes([0x40, 1]) + b"h" + bytes([1]) + b"v" + request + bytes([0xbe])), frame(1, 4, 1, bytes([2, 7]) + b"CONNECT" + bytes([0x41, 4]) + b"a:80"),
    ]
    for index, seed in enumerate(seeds):
        write("http2_session", bytes([2 | (index % 2) * 4]) + seed)
    for seed in (frame(1, 5, 1, answer), frame(1, 4, 1, answer) + frame(0, 1, 1, b"hello"), frame(1, 4, 1, bytes([8, 3]) + b"103") + frame(1, 5, 1, answer),
                 frame(1, 4, 1, answer) + frame(1, 5, 1, literal(b"grpc-status", b"0")), frame(5, 4, 1, b"\0\0\0\2" + request), frame(7, 0, 0, b"\0\0\0\0\0\0\0\0")):
        write("http2_session", bytes([3]) + seed)
    write("http2_session", b"\0PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(1, 5, 1, request))


def extension(kind, data):
    return struct.pack(">HH", kind, len(data)) + data


def client_hello():
    name = b"reviews.test"
    sni = extension(0, struct.pack(">HBH", len(name) + 3, 0, len(name)) + name)
    alpn = extension(16, struct.pack(">H", 12) + b"\x02h2\x08http/1.1")
    versions = extension(43, b"\x04\x03\x04\x03\x03")
    for extensions in (b"", sni, alpn, sni + alpn + versions, versions + sni, sni + sni, extension(21, b"\0" * 40) + alpn):
        body = b"\x03\x03" + bytes(32) + b"\x20" + bytes(32) + struct.pack(">H", 4) + b"\x13\x01\xc0\x2f" + b"\x01\x00" + struct.pack(">H", len(extensions)) + extensions
        hello = b"\x01" + struct.pack(">I", len(body))[1:] + body
        write("client_hello", b"\x16\x03\x01" + struct.pack(">H", len(hello)) + hello)
        half = len(hello) // 2
        write("client_hello", b"".join(b"\x16\x03\x01" + struct.pack(">H", len(part)) + part for part in (hello[:half], hello[half:])))
    write("client_hello", b"GET / HTTP/1.1\r\n\r\n")


def yaml():
    for text in ((TESTS / "data/config/mesh.yaml").read_text(), (TESTS / "data/config/routing.yaml").read_text()):
        for document in text.split("\n---\n"):
            write("yaml_document", document.encode())
    for text in ("a: 1\n", "a: {b: [c, 'd', \"e\\n\"]}\n", "- x\n- - y\n", "a: &x {b: 1}\nc: *x\n", "a: |\n  text\n  more\nb: >-\n  folded\n", "# c\n---\na: ~\n...\n---\nb: 0x1f\n",
                 '{"a": [1, 2.5, true, null, "\\u00e9"]}', "a: 1\na: 2\n", "? x\n: y\n", "a: !!str 1\n", "'': ''\n", "\ufeffa: b\n"):
        write("yaml_document", text.encode())


def configurations():
    import shape
    from scenarios import ALL
    typed = {"listener": [], "route": [], "cluster": [], "endpoint": []}
    last = None
    for scenario in ALL:
        listener, clusters = shape.build(scenario["name"], [scenario.get("base", {}), scenario["on"]], 10000, PORTS)
        if scenario["policy"] != last or len(ALL) < 50 or hash_of(scenario["name"]) % 4 == 0:
            config = {"static_resources": {"listeners": [listener], "clusters": clusters}}
            write("bootstrap", json.dumps(config, separators=(",", ":")).encode())
        last = scenario["policy"]
        hcm = listener["filter_chains"][0]["filters"][0]["typed_config"]
        typed["listener"].append(listener)
        typed["route"].append(hcm["route_config"])
        typed["cluster"] += clusters
        typed["endpoint"] += [c["load_assignment"] for c in clusters]
    return typed


def hash_of(text):
    return int(hashlib.sha1(text.encode()).hexdigest(), 16)


def resources(typed):
    try:
        from google.protobuf import json_format
        from envoy.config.cluster.v3 import cluster_pb2
        from envoy.config.endpoint.v3 import endpoint_pb2
        from envoy.config.listener.v3 import listener_pb2
        from envoy.config.route.v3 import route_pb2
        import_all()
    except ImportError as missing:
        print(f"xds_resources: not written, the peer xds-protos is missing ({missing})")
        return
    kinds = {"listener": (0, listener_pb2.Listener), "route": (1, route_pb2.RouteConfiguration), "cluster": (2, cluster_pb2.Cluster), "endpoint": (3, endpoint_pb2.ClusterLoadAssignment)}
    for kind, values in typed.items():
        number, message = kinds[kind]
        for value in values:
            if hash_of(json.dumps(value)) % 5:
                continue
            made = json_format.ParseDict(value, message())
            write("xds_resources", bytes([number]) + made.SerializeToString(deterministic=True), 1500)


def import_all():
    """Registers the types that only an Any names."""
    import importlib
    import envoy.extensions
    for folder in envoy.extensions.__path__:
        root = pathlib.Path(folder)
        for path in root.rglob("*_pb2.py"):
            if any(word in str(path) for word in ("http_connection_manager", "filters/http/", "upstreams/http", "compression/gzip", "retry/host", "tcp_proxy")):
                try:
                    importlib.import_module("envoy.extensions." + ".".join(path.relative_to(root).with_suffix("").parts))
                except (ImportError, TypeError):
                    pass


def jwt():
    from scenarios.tokens import EC, JWKS, RSA
    if (HERE / "corpus/jwt").exists():
        return  # keys are made anew each time, and the files would be others
    write("jwt", b"\1" + JWKS.encode())
    for token in (RSA.token(exp=4000000000), EC.token(exp=4000000000), RSA.token({"alg": "none"}, exp=4000000000), RSA.token(exp=4000000000, aud=["a", "b"])):
        write("jwt", b"\0" + token.encode())
    for text in ("", "a.b.c", "..", "eyJhbGciOiJub25lIn0.e30."):
        write("jwt", b"\0" + text.encode())


if __name__ == "__main__":
    http1()
    http2()
    client_hello()
    yaml()
    resources(configurations())
    jwt()
    for folder in sorted((HERE / "corpus").iterdir()):
        files = list(folder.iterdir())
        print(f"{folder.name}: {len(files)} files, {sum(f.stat().st_size for f in files)} bytes")
