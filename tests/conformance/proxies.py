# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts meshyard-proxy, Envoy and HAProxy for tests: free ports, readiness, and an end with the parent."""
import ctypes
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
_random = random.Random()
_given = set()


def free_port() -> int:
    """A port below the range of outgoing connections, so that none of them takes it meanwhile."""
    while True:
        port = _random.randrange(15500, 32000)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port


def _die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Proxy:
    """One running proxy. `ports` must answer a connect before start() returns."""

    def __init__(self, name, command, folder: pathlib.Path, ports):
        self.name, self.log = name, folder / f"{name}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            preexec_fn=_die_with_parent)
        self.pid = self.process.pid
        for port in ports:
            self._wait(port)

    def _wait(self, port):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"{self.name} ended with {self.process.returncode}:\n{self.tail()}")
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        self.stop()
        raise RuntimeError(f"{self.name} does not listen on {port}:\n{self.tail()}")

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-1500:]

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def rss_bytes(self) -> int:
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


def envoy_binary(given=None):
    """The path asked for, else the peer of scripts/peers, else the one on PATH; None if there is none."""
    for path in (given, ROOT / "build/peers/bin/envoy", shutil.which("envoy")):
        if path and os.access(path, os.X_OK):
            return str(path)
    return None


def haproxy_binary(given=None):
    for path in (given, shutil.which("haproxy"), "/usr/sbin/haproxy"):
        if path and os.access(path, os.X_OK):
            return str(path)
    return None


def start_meshyard(binary, folder, bootstrap: pathlib.Path, ports) -> Proxy:
    return Proxy("meshyard-proxy", [str(binary), "-c", str(bootstrap), "--log-level", "warning"], folder, ports)


def start_envoy(binary, folder, bootstrap: pathlib.Path, ports) -> Proxy:
    return Proxy("envoy", [str(binary), "-c", str(bootstrap), "--concurrency", "1", "-l", "warning",
                           "--use-dynamic-base-id", "--drain-time-s", "1"], folder, ports)


def start_haproxy(binary, folder, config: pathlib.Path, ports) -> Proxy:
    return Proxy("haproxy", [str(binary), "-db", "-f", str(config)], folder, ports)
