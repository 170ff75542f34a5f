#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs h2spec against meshyard-proxy, in clear (prior knowledge) and over TLS (ALPN).

Usage: run.py --proxy BIN [--envoy [BIN]] [--h2spec BIN] [--known N]

Prints each failed test and h2spec's summary. Exit 1 when a test fails, 77 (skipped, with the reason)
when h2spec is missing; ./scripts/peers installs it where Go is.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "http1")]

import proxies  # noqa: E402
import wire  # noqa: E402


# Long enough for the tests that narrow the window.
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2048\r\n\r\n" + b"x" * 2048


def certificate(folder):
    key, pem = folder / "key.pem", folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key),
                    "-out", str(pem), "-days", "2", "-subj", "/CN=h2spec", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    return key, pem


def start(name, binary, folder, upstream):
    key, pem = certificate(folder)
    clear, tls, admin = (proxies.free_port() for _ in range(3))
    text = (HERE / "bootstrap.yaml").read_text()
    for word, value in (("CLEAR", clear), ("TLS", tls), ("ADMIN", admin), ("UPSTREAM", upstream), ("KEY", key), ("CERT", pem)):
        text = text.replace(f"%{word}%", str(value))
    config = folder / f"{name}.yaml"
    config.write_text(text)
    launch = proxies.start_envoy if name == "envoy" else proxies.start_meshyard
    return launch(binary, folder, config, [clear, tls]), clear, tls


def spec(binary, port, *options):
    """(passed, all, failed tests in h2spec's words)"""
    run = subprocess.run([binary, "-h", "127.0.0.1", "-p", str(port), "-P", "/", "-o", "2", *options], capture_output=True, text=True, timeout=300)
    total = re.search(r"(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed", run.stdout)
    if not total:
        return 0, 0, [run.stdout[-400:] + run.stderr[-400:]]
    failed = run.stdout.split("Failures:")[1].splitlines() if "Failures:" in run.stdout else []
    return int(total[2]), int(total[1]), [line.rstrip() for line in failed if line.strip() and not line.startswith("Finished")][:-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proxy")
    parser.add_argument("--envoy", nargs="?", const="")
    parser.add_argument("--h2spec")
    options = parser.parse_args()
    binary = next((str(p) for p in (options.h2spec, proxies.ROOT / "build/peers/bin/h2spec", shutil.which("h2spec")) if p and os.access(p, os.X_OK)), None)
    if binary is None:
        print("SKIP: h2spec is not installed; ./scripts/peers installs it where Go is")
        return 77
    wanted = {"meshyard-proxy": options.proxy} if options.proxy else {}
    if options.envoy is not None:
        wanted["envoy"] = proxies.envoy_binary(options.envoy)
    bad = 0
    for name, path in wanted.items():
        with tempfile.TemporaryDirectory() as folder:
            proxy, clear, tls = start(name, path, pathlib.Path(folder), wire.Upstream(ANSWER).port)
            try:
                for title, port, more in (("h2c", clear, ()), ("TLS", tls, ("-t", "-k"))):
                    passed, count, failed = spec(binary, port, *more)
                    print(f"{name}, {title}: {passed} of {count} h2spec tests")
                    for line in failed:
                        print("   " + line)
                    bad += name == "meshyard-proxy" and (passed != count or count == 0)
                if not proxy.is_alive():
                    print(f"{name} ended with {proxy.process.returncode}\n{proxy.tail()}")
                    bad += 1
            finally:
                proxy.stop()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
