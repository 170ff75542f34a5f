#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests per CPU-second of meshyard-proxy beside Envoy and HAProxy, in one alternating run.

Usage: run.py BUILD_DIR [--seconds S] [--rounds N] [--smoke]

Each proxy is a fresh process with one worker on processor 0; load and upstream share processor 1.
CPU is the proxy's own account (/proc/PID/task/*/schedstat, all threads). Figures are medians of the
rounds; ratios are taken round by round. A peer that is not installed is said, not passed over.
"""
import argparse
import json
import os
import pathlib
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid: int) -> float:
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def rss_mib(pid: int) -> float:
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


class Proxy:
    def __init__(self, name, command, template, suffix):
        self.name, self.command, self.template, self.suffix = name, command, template, suffix

    def start(self, folder: pathlib.Path, upstream: int) -> subprocess.Popen:
        self.port = free_port()
        text = (HERE / self.template).read_text()
        for key, value in (("PORT", self.port), ("ADMIN", free_port()), ("UPSTREAM", upstream)):
            text = text.replace(f"%{key}%", str(value))
        config = folder / f"{self.name}{self.suffix}"
        config.write_text(text)
        log = open(folder / f"{self.name}.log", "w")
        process = subprocess.Popen(["taskset", "-c", "0", *self.command, str(config)],
                                   stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/bench", timeout=1) as answer:
                    if answer.status == 200:
                        return process
            except OSError:
                time.sleep(0.05)
        process.kill()
        raise RuntimeError(f"{self.name} did not answer: see {log.name}\n" + pathlib.Path(log.name).read_text()[-800:])


def candidates(build: pathlib.Path):
    envoy = shutil.which("envoy") or HERE.parents[2] / "build/peers/bin/envoy"
    haproxy = shutil.which("haproxy") or "/usr/sbin/haproxy"
    return [
        Proxy("meshyard-proxy", [str(build / "bin/meshyard-proxy"), "-c"], "sidecar.yaml", ".yaml"),
        Proxy("envoy", [str(envoy), "--concurrency", "1", "-l", "off", "--use-dynamic-base-id", "-c"], "sidecar.yaml", ".yaml"),
        Proxy("haproxy", [str(haproxy), "-db", "-f"], "haproxy.cfg", ".cfg"),
    ]


def measure(proxy, folder, upstream, load, seconds, connections, rate):
    process = proxy.start(folder, upstream)
    try:
        idle = rss_mib(process.pid)
        subprocess.run([*load, str(proxy.port), "0.3", str(connections), str(rate)], check=True, capture_output=True)
        before = cpu_seconds(process.pid)
        out = subprocess.run([*load, str(proxy.port), str(seconds), str(connections), str(rate)],
                             check=True, capture_output=True, text=True).stdout
        used = cpu_seconds(process.pid) - before
        result = json.loads(out)
        result.update(cpu=used, per_cpu_s=result["requests"] / used, rss=idle)
        return result
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--smoke", action="store_true", help="one short round; fails only when a request fails")
    options = parser.parse_args()
    if options.smoke:
        options.seconds, options.rounds = 0.5, 1
    upstream_process = subprocess.Popen(["taskset", "-c", "1", str(options.build / "tests/bench_upstream"), "1024"],
                                        stdout=subprocess.PIPE, text=True)
    upstream = int(upstream_process.stdout.readline())
    load = ["taskset", "-c", "1", str(options.build / "tests/bench_http_load")]
    failed = False
    try:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            present = []
            for proxy in candidates(options.build):
                if os.access(proxy.command[0], os.X_OK):
                    present.append(proxy)
                else:
                    print(f"{proxy.name}: not installed, no figures beside it ({proxy.command[0]})")
            for title, connections, rate in (("HTTP/1.1 1 KB, 32 connections, closed loop", 32, 0),
                                             ("HTTP/1.1 1 KB, paced 2,000/s", 32, 2000)):
                rows = {proxy.name: [] for proxy in present}
                for _ in range(options.rounds):
                    for proxy in present:
                        rows[proxy.name].append(measure(proxy, folder, upstream, load, options.seconds, connections, rate))
                print(f"\n{title} ({options.rounds} rounds of {options.seconds} s)")
                print(f"{'proxy':16}{'req/CPU-s':>11}{'us CPU/req':>12}{'req/s':>9}{'p50 us':>8}{'p99 us':>9}"
                      f"{'RSS MiB':>9}{'errors':>8}   meshyard-proxy is")
                if "meshyard-proxy" not in rows:
                    print("meshyard-proxy is not built")
                    return 1
                ours = [r["per_cpu_s"] for r in rows["meshyard-proxy"]]
                for proxy, results in rows.items():
                    mid = lambda key: statistics.median(r[key] for r in results)  # noqa: E731
                    errors = sum(r["errors"] for r in results)
                    failed |= errors > 0 and proxy == "meshyard-proxy"
                    ratio = statistics.median(a / b["per_cpu_s"] for a, b in zip(ours, results))
                    beside = "" if proxy == "meshyard-proxy" else f"{ratio:.2f} x"
                    rate_seen = statistics.median(r["requests"] / r["seconds"] for r in results)
                    print(f"{proxy:16}{mid('per_cpu_s'):11.0f}{1e6 / mid('per_cpu_s'):12.1f}{rate_seen:9.0f}"
                          f"{mid('p50_us'):8.0f}{mid('p99_us'):9.0f}{mid('rss'):9.1f}{errors:8d}   {beside}")
    finally:
        upstream_process.kill()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
