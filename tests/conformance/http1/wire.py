# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ends of a proxy under test, on raw bytes: a strict reader of HTTP/1 messages, an upstream that
records what reaches it, and a client that sends bytes as they are.

The reader is stricter than any server: whatever two implementations could read differently is a
`problem`, so a problem in what the upstream saw (or the client got) is an ambiguity the proxy passed on.
"""
import contextlib
import dataclasses
import re
import select
import socket
import struct
import threading
import time

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_TARGET = rb"[!$%&'()*+,\-./:;=?@\[\]_~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(%s) (%s) HTTP/1\.[01]\Z" % (TOKEN, _TARGET))
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9]) ?[\t\x20-\x7e\x80-\xff]*\Z")
_FIELD = re.compile(rb"(%s):[ \t]*([\x21-\x7e\x80-\xff]([\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?[ \t]*\Z" % TOKEN)
_HOST = re.compile(rb"((%[0-9A-Fa-f]{2}|[!$&'()*+,\-.;=_~0-9A-Za-z])*|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?\Z")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,15})([ \t]*;[\t\x20-\x7e\x80-\xff]*)?\Z")
_FRAMING = (b"transfer-encoding", b"content-length", b"host", b"connection", b"trailer")


@dataclasses.dataclass
class Message:
    start: bytes = b""
    fields: list = dataclasses.field(default_factory=list)
    body: bytes = b""
    trailers: list = dataclasses.field(default_factory=list)
    problems: list = dataclasses.field(default_factory=list)
    has_head: bool = False
    complete: bool = False

    @property
    def status(self) -> int:
        return int(self.start.split(b" ")[1]) if self.start.startswith(b"HTTP/") else 0

    def all(self, name: bytes):
        return [value for key, value in self.fields if key == name]

    def one(self, name: bytes):
        values = self.all(name)
        return values[0] if values else None


class Broken(Exception):
    pass


class Reader:
    """Reads messages off a socket; keeps what is behind one for the next."""

    def __init__(self, sock):
        self.sock, self.buffer, self.ended = sock, b"", False

    def fill(self, deadline) -> bool:
        left = deadline - time.monotonic()
        if self.ended or left <= 0 or not select.select([self.sock], [], [], left)[0]:
            return False
        try:
            data = self.sock.recv(65536)
        except OSError:
            data = b""
        self.ended = not data
        self.buffer += data
        return bool(data)

    def line(self, deadline, message) -> bytes:
        while b"\n" not in self.buffer:
            if not self.fill(deadline):
                raise Broken
        raw, self.buffer = self.buffer.split(b"\n", 1)
        if not raw.endswith(b"\r"):
            message.problems.append(f"bare LF ends {raw[:40]!r}")
        raw = raw[:-1] if raw.endswith(b"\r") else raw
        if re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", raw):
            message.problems.append(f"control in {raw[:60]!r}")
        return raw

    def take(self, size, deadline, message):
        while len(self.buffer) < size:
            if not self.fill(deadline):
                message.body, self.buffer = message.body + self.buffer, b""
                raise Broken
        part, self.buffer = self.buffer[:size], self.buffer[size:]
        return part

    def field_lines(self, deadline, message, into, where):
        while True:
            line = self.line(deadline, message)
            if not line:
                return
            found = _FIELD.match(line)
            if not found:
                message.problems.append(f"malformed {where} line {line[:60]!r}")
                continue
            into.append((found[1].lower(), found[2] or b""))

    def body(self, deadline, message, until_close):
        lengths, codings = message.all(b"content-length"), message.all(b"transfer-encoding")
        if lengths and codings:
            message.problems.append("content-length beside transfer-encoding")
        if len(lengths) > 1 or (lengths and not lengths[0].isdigit()):
            message.problems.append(f"content-length {lengths}")
        if codings:
            if [c.lower() for c in codings] != [b"chunked"]:
                message.problems.append(f"transfer-encoding {codings}")
            self.chunks(deadline, message)
        elif lengths and lengths[0].isdigit():
            message.body += self.take(int(lengths[0]), deadline, message)
        elif until_close:
            while self.fill(deadline):
                pass
            message.body, self.buffer = self.buffer, b""
            if not self.ended:
                raise Broken

    def chunks(self, deadline, message):
        while True:
            line = self.line(deadline, message)
            found = _CHUNK.match(line)
            if not found:
                message.problems.append(f"malformed chunk line {line[:60]!r}")
                raise Broken
            size = int(found[1], 16)
            if size == 0:
                break
            message.body += self.take(size, deadline, message)
            if self.take(2, deadline, message) != b"\r\n":
                message.problems.append("no CRLF behind chunk data")
                raise Broken
        self.field_lines(deadline, message, message.trailers, "trailer")
        for name, _ in message.trailers:
            if name in _FRAMING:
                message.problems.append(f"trailer {name.decode()}")

    def request(self, timeout) -> Message:
        message, deadline = Message(), time.monotonic() + timeout
        with contextlib.suppress(Broken):
            message.start = self.line(deadline, message)
            if not _REQUEST_LINE.match(message.start):
                message.problems.append(f"malformed request line {message.start[:60]!r}")
            self.field_lines(deadline, message, message.fields, "field")
            hosts = message.all(b"host")
            if len(hosts) != 1 or not _HOST.match(hosts[0]):
                message.problems.append(f"host {hosts}")
            message.has_head = True
            self.body(deadline, message, until_close=False)
            message.complete = True
        return message

    def response(self, timeout, method) -> Message:
        message, deadline = Message(), time.monotonic() + timeout
        with contextlib.suppress(Broken):
            message.start = self.line(deadline, message)
            if not _STATUS_LINE.match(message.start):
                message.problems.append(f"malformed status line {message.start[:60]!r}")
                message.start = b""
                raise Broken
            self.field_lines(deadline, message, message.fields, "field")
            message.has_head = True
            status = message.status
            if status < 200 or status == 204:
                for name in (b"transfer-encoding", b"content-length"):
                    if message.all(name):
                        message.problems.append(f"{name.decode()} in a {status}")
            tunnel = method == b"CONNECT" and status // 100 == 2
            if status >= 200 and status not in (204, 304) and method != b"HEAD" and not tunnel:
                self.body(deadline, message, until_close=True)
            message.complete = True
        return message


CANONICAL = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ndate: Wed, 25 Nov 2026 00:00:00 GMT\r\n\r\nok"


class Upstream:
    """Records every request; answers the canonical 200, or what script() holds for the next one."""

    def __init__(self, canonical=CANONICAL):
        self.canonical = canonical
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.seen, self.scripts, self.open = [], [], set()
        threading.Thread(target=self._accept, daemon=True).start()

    def script(self, answer: bytes, then: str):
        with self.lock:
            self.scripts.append((answer, then))

    def take(self):
        with self.lock:
            seen, self.seen, self.scripts = self.seen, [], []
        return seen

    def forget_connections(self):
        """Closes what the proxy has pooled, so that a case begins on a new connection."""
        with self.lock:
            sockets = list(self.open)
        for sock in sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _accept(self):
        while True:
            sock, _ = self.listener.accept()
            with self.lock:
                self.open.add(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = Reader(sock)
        try:
            while True:
                while not reader.buffer:
                    if not reader.fill(time.monotonic() + 3600):
                        return
                message = Message()
                with self.lock:
                    self.seen.append(message)
                self._read_into(reader, message)
                if not self._answer(sock, reader, message):
                    return
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(sock)
            sock.close()

    def _read_into(self, reader, message):
        read = reader.request(1.0)
        for field in dataclasses.fields(Message):
            setattr(message, field.name, getattr(read, field.name))

    def _answer(self, sock, reader, message) -> bool:
        if not message.has_head:
            return False
        with self.lock:
            answer, then = self.scripts.pop(0) if self.scripts else (self.canonical, "keep")
        if message.start.startswith(b"HEAD ") and answer is self.canonical:
            answer = answer[:answer.index(b"\r\n\r\n") + 4]
        if not message.complete and answer is self.canonical:
            return False
        sock.sendall(answer)
        if then == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return then == "keep" and not message.problems and message.complete


@dataclasses.dataclass
class Outcome:
    answers: list
    closed: bool
    reset: bool
    leftover: bytes


def send(port, data: bytes, methods, split=0, timeout=1.5, settle=lambda answers: 0.02, finish=False) -> Outcome:
    """Sends bytes on one connection and reads the answers until all of `methods` have one.

    @param split bytes a piece; 0: all at once.
    @param settle tells from the answers how long to wait for the close behind them.
    @param finish shut our sending side down behind the bytes.
    """
    sock = socket.create_connection(("127.0.0.1", port), timeout=5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reset = False
    with sock:
        try:
            for at in range(0, len(data), split or max(len(data), 1)):
                sock.sendall(data[at:at + (split or len(data))])
            if finish:
                sock.shutdown(socket.SHUT_WR)
        except OSError:
            reset = True
        reader, answers = Reader(sock), []
        for method in methods:
            while True:
                answer = reader.response(timeout, method)
                if answer.has_head or answer.problems:
                    answers.append(answer)
                if not (answer.has_head and 100 <= answer.status < 200 and answer.status != 101):
                    break
            if not answer.complete or reader.ended or answer.one(b"connection") == b"close":
                break
        deadline = time.monotonic() + settle(answers)
        while not reader.ended and reader.fill(deadline):
            pass
        return Outcome(answers, reader.ended, reset, reader.buffer)
