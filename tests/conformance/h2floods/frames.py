# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/2 frames by hand (RFC 9113 6), as bytes: for peers that do not keep to the rules."""
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS = 1, 1, 4


def frame(kind, flags=0, stream=0, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    """A field without indexing and without Huffman."""
    return b"\0" + _text(name) + _text(value)


def indexed_literal(name, value):
    """A field that goes into the dynamic table."""
    return b"\x40" + _text(name) + _text(value)


def _text(data):
    size = len(data)
    if size < 127:
        return bytes([size]) + data
    rest, out = size - 127, [127]
    while rest >= 128:
        out.append(rest % 128 + 128)
        rest //= 128
    return bytes([*out, rest]) + data


# Nothing of these goes into the dynamic table.
REQUEST = bytes([0x82, 0x86, 0x84, 0x01, 6]) + b"a.test"  # GET http / a.test
POST = bytes([0x83, 0x86, 0x84, 0x01, 6]) + b"a.test"


def request(stream, block=REQUEST, flags=END_STREAM | END_HEADERS):
    return frame(HEADERS, flags, stream, block)


def settings(**values):
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HI", key, value) for key, value in values.items()))


def read_frames(buffer):
    """([(kind, flags, stream, payload)], rest)"""
    found = []
    while len(buffer) >= 9:
        size = int.from_bytes(buffer[:3], "big")
        if len(buffer) < 9 + size:
            break
        found.append((buffer[3], buffer[4], int.from_bytes(buffer[5:9], "big") & 0x7fffffff, buffer[9:9 + size]))
        buffer = buffer[9 + size:]
    return found, buffer
