# SPDX-License-Identifier: GPL-3.0-or-later
"""Upstreams of the differential test: small HTTP/1.1 servers a, b, c, d that do as the request says.

A request's `x-behave` is a list of orders separated by blanks; "b:503" is for the server b only.
  503            answer with that status         delay=300     wait that many ms before
  reset          close without an answer         script=503/200  by attempt (of the same x-case)
  h=name=value   an answer field                 size=2000     that many bytes of body
  type=text/x    content type                    cut           close within the body
  count          tell the number of the request on its connection
Health checks ask for /hc/MODE: ok; bad-b (b fails); late-b (b fails until start_clock() is two seconds ago); host (b fails unless Host is check.test).
"""
import contextlib
import dataclasses
import socket
import threading
import time

NAMES = "abcd"


@dataclasses.dataclass
class Seen:
    server: str
    method: str
    path: str
    headers: list
    body: bytes

    def all(self, name):
        return [value for key, value in self.headers if key == name]


class Upstreams:
    """Servers a to d, and `closed`: a port that refuses. Records what carries an x-case."""

    def __init__(self):
        self.lock = threading.Lock()
        self.seen, self.attempts = {}, {}
        self.began = None
        self.ports = {}
        for name in NAMES:
            listener = socket.create_server(("127.0.0.1", 0), backlog=512)
            self.ports[name] = listener.getsockname()[1]
            threading.Thread(target=self._accept, args=(listener, name), daemon=True).start()
        self._closed = socket.socket()
        self._closed.bind(("127.0.0.1", 0))  # bound, never listening: refuses
        self.ports["closed"] = self._closed.getsockname()[1]

    def start_clock(self):
        self.began = time.monotonic()

    def take(self, case):
        with self.lock:
            return list(self.seen.get(case, ()))

    def _accept(self, listener, name):
        while True:
            sock, _ = listener.accept()
            threading.Thread(target=self._serve, args=(sock, name), daemon=True).start()

    def _serve(self, sock, name):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, ValueError), sock, sock.makefile("rb", 65536) as stream:
            served = 0
            while self._request(sock, stream, name, served := served + 1):
                pass

    def _request(self, sock, stream, name, served) -> bool:
        start = stream.readline()
        if not start:
            return False
        method, path, _ = start.decode("latin-1").rstrip("\r\n").split(" ")
        headers = []
        while (line := stream.readline()) not in (b"\r\n", b""):
            key, _, value = line.decode("latin-1").partition(":")
            headers.append((key.lower(), value.strip()))
        fields = dict(headers)
        body = self._body(stream, fields)
        case = fields.get("x-case")
        if case:
            with self.lock:
                self.seen.setdefault(case, []).append(Seen(name, method, path, headers, body))
                attempt = self.attempts[case] = self.attempts.get(case, -1) + 1
        else:
            attempt = 0
        if path.startswith("/hc/"):
            return self._health(sock, name, path[4:], fields.get("host", ""))
        return self._answer(sock, name, method, fields.get("x-behave", ""), attempt, served)

    @staticmethod
    def _body(stream, fields):
        if fields.get("transfer-encoding") != "chunked":
            return stream.read(int(fields.get("content-length", 0)))
        body = b""
        while size := int(stream.readline().split(b";")[0], 16):
            body += stream.read(size)
            stream.readline()
        while stream.readline() not in (b"\r\n", b""):
            pass
        return body

    def _health(self, sock, name, mode, host) -> bool:
        if mode == "host" and host != "check.test":
            mode = "bad-b"
        kind, _, servers = mode.partition("-")
        early = self.began is None or time.monotonic() - self.began < 2
        bad = name in servers and (kind == "bad" or kind == "late" and early)
        sock.sendall(f"HTTP/1.1 {503 if bad else 200} x\r\ncontent-length: 0\r\n\r\n".encode())
        return True

    def _answer(self, sock, name, method, orders, attempt, served) -> bool:
        status, body, fields, kind, cut = 200, f"from {name}".encode(), [], "text/plain", False
        for order in orders.split():
            if order[1:2] == ":":
                if order[0] != name:
                    continue
                order = order[2:]
            key, _, value = order.partition("=")
            if key == "script":
                steps = value.split("/")
                key = steps[min(attempt, len(steps) - 1)]
                key, _, value = key.partition("=")
            if key.isdigit():
                status = int(key)
            elif key == "delay":
                time.sleep(int(value) / 1000)
            elif key == "reset":
                return False
            elif key == "h":
                fields.append(value.replace("=", ": ", 1))
            elif key == "size":
                body = (b"0123456789abcdef" * (int(value) // 16 + 1))[:int(value)]
            elif key == "type":
                kind = value
            elif key == "count":
                fields.append(f"x-on-connection: {served}")
            elif key == "cut":
                cut = True
        head = [f"HTTP/1.1 {status} x", f"content-type: {kind}", f"x-upstream: {name}", *fields]
        if status not in (204, 304):
            head.append(f"content-length: {len(body) + (5 if cut else 0)}")
        data = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n"
        sock.sendall(data if method == "HEAD" or status in (204, 304) else data + body)
        return not cut
