#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests per CPU-second of meshyard-proxy beside Envoy, HAProxy, nginx and nghttpx, alternating.

Usage: run.py BUILD_DIR [--seconds S] [--rounds N] [--row TEXT] [--smoke]

Each proxy is a fresh process with one worker on processor 0; load and upstream share processor 1.
CPU is the proxy's own account (/proc/PID/task/*/schedstat, all threads and children). Figures are
medians of the rounds; ratios are taken round by round. A peer that is not installed is said, not
passed over. In the row "all policies on" our RBAC, rate limit, breaker, sketch and log counters are
printed beside the number of requests, and must equal it.
"""
import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "conformance"))
import proxies  # noqa: E402

PAYLOAD = 1024


def family(pid: int):
    yield pid
    for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from family(int(child))


def cpu_seconds(pid: int) -> float:
    total = 0
    for member in family(pid):
        for task in pathlib.Path(f"/proc/{member}/task").iterdir():
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def rss_mib(pid: int) -> float:
    total = 0
    for member in family(pid):
        for line in pathlib.Path(f"/proc/{member}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total / 1024


def first_of(*paths):
    return next((str(p) for p in paths if p and os.access(p, os.X_OK)), None)


class Candidate:
    """A proxy of one row: its binary, how it is started, and its template (None: by options alone)."""

    def __init__(self, name, binary, arguments, template=None):
        self.name, self.binary, self.arguments, self.template = name, binary, arguments, template

    def start(self, folder, words):
        self.port, self.admin = proxies.free_port(), proxies.free_port()
        words = {**words, "PORT": self.port, "ADMIN": self.admin, "INNER": proxies.free_port(), "LOG": folder / f"{self.name}-access.log", "FOLDER": folder}
        config = ""
        if self.template:
            text = (HERE / self.template).read_text()
            for key, value in words.items():
                text = text.replace(f"%{key}%", str(value))
            config = folder / f"{self.name}-{self.template}"
            config.write_text(text)
        arguments = [str(config) if a == "CONFIG" else re.sub(r"%(\w+)%", lambda m: str(words[m[1]]), a) for a in self.arguments]
        self.access_log = words["LOG"]
        self.access_log.unlink(missing_ok=True)
        proxy = proxies.Proxy(self.name, ["taskset", "-c", "0", self.binary, *arguments], folder, [self.port])
        time.sleep(0.3)
        return proxy


def candidates(build, kind):
    """Who takes part in rows of this kind, whether installed or not."""
    ours = first_of(build / "bin/meshyard-proxy")
    envoy = proxies.envoy_binary()
    haproxy = proxies.haproxy_binary()
    nginx = first_of(shutil.which("nginx"), "/usr/sbin/nginx")
    nghttpx = first_of(shutil.which("nghttpx"))
    envoy_options = ["--concurrency", "1", "-l", "off", "--use-dynamic-base-id", "-c", "CONFIG"]
    yaml = {"http1": "sidecar.yaml", "policies": "all_policies.yaml", "h2": "h2.yaml", "mtls": "mtls.yaml", "tcp": "tcp.yaml"}[kind]
    cfg = {"http1": "haproxy.cfg", "policies": "haproxy.cfg", "h2": "haproxy_h2.cfg", "mtls": "haproxy_mtls.cfg", "tcp": "haproxy_tcp.cfg"}[kind]
    found = [Candidate("meshyard-proxy", ours, ["--log-level", "warning", "-c", "CONFIG"], yaml), Candidate("envoy", envoy, envoy_options, yaml),
             Candidate("haproxy", haproxy, ["-db", "-f", "CONFIG"], cfg)]
    if kind in ("http1", "policies"):
        found.append(Candidate("nginx", nginx, ["-c", "CONFIG"], "nginx.conf"))
    if kind == "h2":
        found.append(Candidate("nghttpx", nghttpx, ["-n1", "--single-process", "--conf=/dev/null", "--no-ocsp", "-L", "ERROR",
                                                    "--errorlog-file=/dev/null", "-f127.0.0.1,%PORT%;no-tls", "-b127.0.0.1,%UPSTREAM%;;proto=h2"]))
    return found


class OwnLoad:
    """bench_http_load: HTTP/1.1, closed loop or paced."""

    def __init__(self, build, connections=32, rate=0):
        self.command, self.connections, self.rate = str(build / "tests/bench_http_load"), connections, rate

    def run(self, port, seconds):
        out = subprocess.run(["taskset", "-c", "1", self.command, str(port), str(seconds), str(self.connections), str(self.rate)],
                             check=True, capture_output=True, text=True).stdout
        return json.loads(out)


class H2Load:
    """h2load of nghttp2: HTTP/2, closed loop or paced."""

    def __init__(self, folder, clients=4, streams=32, rate=0, grpc=False):
        self.log = folder / "h2load.log"
        self.options = ["-c", str(clients), "-m", str(streams)] + (["--rps", str(rate / clients)] if rate else [])
        self.path = "/bench.bin"
        if grpc:
            body = folder / "grpc-request"
            body.write_bytes(b"\0\0\0\0\x1b" + b"r" * 27)
            self.options += ["-d", str(body), "-H", "content-type: application/grpc", "-H", "te: trailers"]
            self.path = "/grpc.bin"

    def run(self, port, seconds):
        self.log.unlink(missing_ok=True)
        began = time.monotonic()
        out = subprocess.run(["taskset", "-c", "1", "h2load", "-D", f"{int(seconds * 1000)}ms", "--log-file", str(self.log), *self.options, f"http://127.0.0.1:{port}{self.path}"],
                             check=True, capture_output=True, text=True).stdout
        lines = [line.split() for line in self.log.read_text().splitlines()]
        times = sorted(int(line[2]) for line in lines)
        bad = sum(line[1] != "200" for line in lines)
        failed = re.search(r"(\d+) failed, (\d+) errored, (\d+) timeout", out)
        errors = bad + sum(int(failed[i]) for i in (2, 3)) if failed else bad + 1
        at = lambda share: times[min(len(times) - 1, int(len(times) * share))] if times else 0  # noqa: E731
        return {"requests": len(times), "errors": errors, "seconds": min(seconds, time.monotonic() - began), "p50_us": at(0.5), "p99_us": at(0.99)}


class Rows:
    """The rows of the table, and the upstreams behind them."""

    def __init__(self, build, folder):
        self.build, self.folder, self.processes = build, folder, []
        http1 = self._start([str(build / "tests/bench_upstream"), str(PAYLOAD)])
        port = int(http1.stdout.readline())
        self.words = {"UPSTREAM": port, **self._certificate()}
        own = lambda **more: OwnLoad(build, **more)  # noqa: E731
        self.rows = [("HTTP/1.1 1 KB, 32 connections, closed loop", "http1", own(), {}),
                     ("HTTP/1.1 1 KB, all policies on, closed loop", "policies", own(), {}),
                     ("HTTP/1.1 1 KB, all policies on, paced 2,000/s", "policies", own(rate=2000), {}),
                     ("mTLS hop (plain, mTLS to itself, plain), 1 KB", "mtls", own(), {}),
                     ("TCP, 1 KB", "tcp", own(), {})]
        if shutil.which("nghttpd") and shutil.which("h2load"):
            h2 = self._nghttpd()
            self.rows += [("HTTP/2 to HTTP/2, 1 KB, 4 x 32 streams", "h2", H2Load(folder), {"UPSTREAM": h2}),
                          ("gRPC unary, 32 B up, 64 B down, 4 x 32 streams", "h2", H2Load(folder, grpc=True), {"UPSTREAM": h2})]
        else:
            print("nghttpd or h2load: not installed (nghttp2-server, nghttp2-client): no HTTP/2 and gRPC rows")

    def _start(self, command, **more):
        process = subprocess.Popen(["taskset", "-c", "1", *command], stdout=subprocess.PIPE, text=True, preexec_fn=proxies._die_with_parent, **more)
        self.processes.append(process)
        return process

    def _nghttpd(self):
        (self.folder / "bench.bin").write_bytes(b"x" * PAYLOAD)
        (self.folder / "grpc.bin").write_bytes(b"\0\0\0\0\x3b" + b"r" * 59)
        port = proxies.free_port()
        self._start(["nghttpd", "--no-tls", "-d", str(self.folder), "--trailer", "grpc-status: 0", str(port)], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        return port

    def _certificate(self):
        key, cert, pem = (self.folder / name for name in ("key.pem", "cert.pem", "both.pem"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(key), "-out", str(cert),
                        "-days", "2", "-subj", "/CN=bench", "-addext", "subjectAltName=DNS:bench,IP:127.0.0.1"], check=True, capture_output=True)
        pem.write_text(cert.read_text() + key.read_text())
        return {"KEY": key, "CERT": cert, "PEM": pem}

    def stop(self):
        for process in self.processes:
            process.send_signal(signal.SIGKILL)
            process.wait()


def page(admin, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{admin}{path}", timeout=5) as answer:
        return answer.read().decode()


def counters(candidate, sent):
    """What ours counted of `sent` requests; each must be the same number."""
    time.sleep(1.5)
    stats, metrics = page(candidate.admin, "/stats"), page(candidate.admin, "/stats/prometheus")
    stat = lambda name: sum(int(v) for v in re.findall(rf"^\S*{re.escape(name)}: (\d+)$", stats, re.M))  # noqa: E731
    metric = lambda name: sum(int(v) for v in re.findall(rf"^{name}{{.*}} (\d+)$", metrics, re.M))  # noqa: E731
    found = {"RBAC": stat("rbac.allowed"), "rate limit": stat("http_local_rate_limit.ok"), "breaker": stat("upstream_rq_total"),
             "sketch": metric("istio_request_duration_milliseconds_count"), "log": candidate.access_log.read_text().count("\n")}
    same = all(value == sent for value in found.values())
    print(f"counters of {sent} requests: " + ", ".join(f"{name} {value}" for name, value in found.items()) + ("" if same else "   NOT EQUAL"))
    return same


def measure(candidate, folder, words, load, seconds):
    proxy = candidate.start(folder, words)
    try:
        idle = rss_mib(proxy.pid)
        load.run(candidate.port, 0.3)
        before = cpu_seconds(proxy.pid)
        result = load.run(candidate.port, seconds)
        used = cpu_seconds(proxy.pid) - before
        result.update(cpu=used, per_cpu_s=result["requests"] / max(used, 1e-9), rss=idle)
        return result
    finally:
        proxy.stop()


def count_check(candidate, folder, words, build):
    """A counted number of requests, one after another: every counter must say just that."""
    proxy = candidate.start(folder, words)
    try:
        wanted = 500
        link = socket.create_connection(("127.0.0.1", candidate.port))
        for _ in range(wanted):
            link.sendall(b"GET /bench HTTP/1.1\r\nhost: bench\r\n\r\n")
            got = b""
            while len(got.partition(b"\r\n\r\n")[2]) < PAYLOAD:
                got += link.recv(65536)
        return counters(candidate, wanted)
    finally:
        proxy.stop()


def print_row(title, results, options):
    print(f"\n{title} ({options.rounds} rounds of {options.seconds} s)")
    print(f"{'proxy':16}{'req/CPU-s':>11}{'us CPU/req':>12}{'req/s':>9}{'p50 us':>8}{'p99 us':>9}{'RSS MiB':>9}{'errors':>8}   meshyard-proxy is")
    ours = [r["per_cpu_s"] for r in results["meshyard-proxy"]]
    failed = False
    for name, rounds in results.items():
        mid = lambda key: statistics.median(r[key] for r in rounds)  # noqa: E731,B023
        errors = sum(r["errors"] for r in rounds)
        failed |= name == "meshyard-proxy" and (errors > 0 or mid("requests") == 0)
        ratio = statistics.median(a / max(b["per_cpu_s"], 1e-9) for a, b in zip(ours, rounds))
        seen = statistics.median(r["requests"] / r["seconds"] for r in rounds)
        print(f"{name:16}{mid('per_cpu_s'):11.0f}{1e6 / max(mid('per_cpu_s'), 1e-9):12.1f}{seen:9.0f}{mid('p50_us'):8.0f}{mid('p99_us'):9.0f}{mid('rss'):9.1f}{errors:8d}"
              + ("" if name == "meshyard-proxy" else f"   {ratio:.2f} x"))
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--row", default="", help="only rows whose title holds this")
    parser.add_argument("--smoke", action="store_true", help="one short round; fails only when a request of ours fails or is not counted")
    options = parser.parse_args()
    if options.smoke:
        options.seconds, options.rounds = 0.5, 1
    failed, absent = False, set()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows = Rows(options.build.resolve(), folder)
        try:
            for title, kind, load, more in rows.rows:
                if options.row not in title:
                    continue
                words = {**rows.words, **more}
                present = []
                for candidate in candidates(options.build.resolve(), kind):
                    if candidate.binary:
                        present.append(candidate)
                    elif candidate.name not in absent:
                        absent.add(candidate.name)
                        print(f"{candidate.name}: not installed, no figures beside it")
                if present[0].name != "meshyard-proxy":
                    print("meshyard-proxy is not built")
                    return 1
                results = {candidate.name: [] for candidate in present}
                for _ in range(options.rounds):
                    for candidate in present:
                        results[candidate.name].append(measure(candidate, folder, words, load, options.seconds))
                failed |= print_row(title, results, options)
                if kind == "policies":
                    failed |= not count_check(present[0], folder, words, options.build)
        finally:
            rows.stop()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
