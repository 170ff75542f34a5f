# SPDX-License-Identifier: GPL-3.0-or-later
"""The table, second half: malformed and ambiguous answers of an upstream, each with its section.

Behind every case the runner asks once more: a byte of the bad answer in that reply is an ambiguity.
"""
from expect import BadGateway, Case, Cut, Relayed

CASES = []
OK = Relayed()
BAD = BadGateway()
CUT = Cut()
LAST = b"0\r\n\r\n"


def case(section, name, answer, *expect, method=b"GET", then="keep", send=None, pending=""):
    request = send or method + b" /x HTTP/1.1\r\nHost: a.test\r\n\r\n"
    CASES.append(Case("answer: " + name, section, request, expect, answer, then, (method,), pending=pending))


def ok(fields=b"", body=b"ok", line=b"HTTP/1.1 200 OK", length=True):
    return line + b"\r\n" + (b"Content-Length: %d\r\n" % len(body) if length else b"") + fields + b"\r\n" + body


def chunked(body, fields=b""):
    return ok(b"Transfer-Encoding: chunked\r\n" + fields, body, length=False)


def status(line):
    return ok(line=line)


# --- 9112 4: status line --------------------------------------------------------------------------
case("9112 4", "plain", ok(), OK)
case("9112 4", "reason left out", status(b"HTTP/1.1 200 "), OK)
case("9112 4", "reason and its space left out", status(b"HTTP/1.1 200"), OK, BAD)
case("9112 4", "reason with high bytes", status(b"HTTP/1.1 200 \xc3\xa9"), OK)
case("9112 4", "two spaces before the status", status(b"HTTP/1.1  200 OK"), BAD, OK)
case("9112 4", "tab before the status", status(b"HTTP/1.1\t200 OK"), BAD, OK)
case("9112 4", "status of two digits", status(b"HTTP/1.1 20 OK"), BAD)
case("9112 4", "status of four digits", status(b"HTTP/1.1 2000 OK"), BAD)
case("9112 4", "status with letters", status(b"HTTP/1.1 2x0 OK"), BAD)
case("9112 4", "status with sign", status(b"HTTP/1.1 +20 OK"), BAD)
case("9112 4", "no status", status(b"HTTP/1.1 OK"), BAD)
case("9110 15", "status 000", status(b"HTTP/1.1 000 OK"), BAD)
case("9110 15", "status 099", status(b"HTTP/1.1 099 OK"), BAD)
case("9110 15", "status 600", status(b"HTTP/1.1 600 Odd"), BAD, Relayed(status=500), Relayed(status=502))
case("9110 15", "status 999", status(b"HTTP/1.1 999 Odd"), BAD, Relayed(status=500), Relayed(status=502))
case("9110 15", "unknown status 299", status(b"HTTP/1.1 299 Odd"), Relayed(status=299))
case("9110 15", "unknown status 599", status(b"HTTP/1.1 599 Odd"), Relayed(status=599))
case("9112 2.3", "HTTP/1.0 answer", ok(line=b"HTTP/1.0 200 OK"), OK)
case("9112 2.3", "HTTP/1.2 answer", ok(line=b"HTTP/1.2 200 OK"), OK, BAD)
case("9112 2.3", "HTTP/2.0 answer", ok(line=b"HTTP/2.0 200 OK"), BAD)
case("9112 2.3", "HTTP/0.9 answer line", ok(line=b"HTTP/0.9 200 OK"), BAD)
case("9112 2.3", "HTTP/3.0 answer", ok(line=b"HTTP/3.0 200 OK"), BAD)
case("9112 2.3", "lower-case http answer", ok(line=b"http/1.1 200 OK"), BAD)
case("9112 2.3", "two-digit minor version", ok(line=b"HTTP/1.10 200 OK"), BAD)
case("9112 2.3", "another protocol", ok(line=b"ICY 200 OK"), BAD)
case("9112 2.2", "leading space", b" " + ok(), BAD)
case("9112 2.2", "leading empty line", b"\r\n" + ok(), BAD, OK)
case("9112 2.2", "leading junk", b"junk" + ok(), BAD)
case("9112 4", "HTTP/0.9 body only", b"<html>old</html>", BAD, then="close")
case("9112 4", "nothing at all", b"", BadGateway(frozenset({502, 503})), then="close")
case("9112 4", "reset before an answer", b"", BadGateway(frozenset({502, 503})), then="reset")
case("9112 4", "status line cut short", b"HTTP/1.1 200", BadGateway(frozenset({502, 503})), then="close")
case("9112 4", "head cut short", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", BadGateway(frozenset({502, 503})), then="close")
case("9112 4", "NUL in the reason", status(b"HTTP/1.1 200 O\0K"), BAD, OK)
case("9112 4", "bare CR in the reason", status(b"HTTP/1.1 200 O\rK"), BAD, OK)
case("9112 2.2", "bare LF ends the status line", b"HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok", BAD, OK)
case("9112 2.2", "bare LF ends all lines", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", BAD, OK)

# --- 9112 5: field lines --------------------------------------------------------------------------
case("9112 5.1", "space before the colon", ok(b"x-a : 1\r\n"), BAD, OK)
case("9112 5.1", "space before the colon of Content-Length", b"HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok", BAD, OK)
case("9112 5.1", "space before the colon of Transfer-Encoding", b"HTTP/1.1 200 OK\r\nTransfer-Encoding : chunked\r\n\r\n2\r\nok\r\n" + LAST, BAD, OK)
case("9112 5.1", "line without colon", ok(b"x-a\r\n"), BAD, OK)
case("9112 5.1", "empty field name", ok(b": 1\r\n"), BAD, OK)
case("9110 5.1", "NUL in a field name", ok(b"x-\0a: 1\r\n"), BAD, OK)
case("9110 5.1", "space in a field name", ok(b"x a: 1\r\n"), BAD, OK)
case("9110 5.1", "high byte in a field name", ok(b"x-\xe4: 1\r\n"), BAD, OK)
case("9110 5.5", "NUL in a value", ok(b"x-a: 1\x002\r\n"), BAD, Relayed(has=((b"x-a", b"1 2"),)))
case("9110 5.5", "bare CR in a value", ok(b"x-a: 1\r2\r\n"), BAD, Relayed(has=((b"x-a", b"1 2"),)))
case("9110 5.5", "bare CR hides a field", ok(b"x-a: 1\rSet-Cookie: a=b\r\n"), BAD, Relayed(lacks=(b"set-cookie",)))
case("9110 5.5", "DEL in a value", ok(b"x-a: 1\x7f2\r\n"), BAD, Relayed(has=((b"x-a", b"1 2"),)))
case("9112 5.2", "folded value", ok(b"x-a: 1\r\n 2\r\n"), BAD, Relayed(has=((b"x-a", b"1 2"),)))
case("9112 5.2", "fold before the first field", b"HTTP/1.1 200 OK\r\n x: y\r\nContent-Length: 2\r\n\r\nok", BAD, OK)
case("9110 5.5", "high bytes in a value", ok(b"x-a: \xc3\xa9\r\n"), Relayed(has=((b"x-a", b"\xc3\xa9"),)))
case("9110 5.3", "two Set-Cookie lines stay two", ok(b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"), Relayed(has=((b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"))))
case("9110 5.4", "head of 100,000 bytes", ok(b"x-a: " + b"a" * 100000 + b"\r\n"), BadGateway(frozenset({502, 503})))
case("9110 5.4", "1,000 fields of 100 bytes", ok(b"".join(b"x-%d: %s\r\n" % (i, b"a" * 90) for i in range(1000))), BadGateway(frozenset({502, 503})))

# --- 9112 6.3: framing ----------------------------------------------------------------------------
for label, value in (("sign", b"+2"), ("minus", b"-2"), ("hex", b"0x2"), ("empty", b""), ("inner space", b"2 2"), ("float", b"2.0"),
                     ("letter behind", b"2x"), ("list of different values", b"2, 3"), ("trailing comma", b"2,"),
                     ("no-break space", b"\xa02"), ("64 bits and more", b"18446744073709551618")):
    case("9112 6.3", f"length with {label}", ok(b"Content-Length: " + value + b"\r\n", length=False), BAD)
case("9110 8.6", "list of equal lengths", ok(b"Content-Length: 2, 2\r\n", length=False), BAD, Relayed(has=((b"content-length", b"2"),)))
case("9112 6.3", "two different lengths", ok(b"Content-Length: 3\r\n"), BAD)
case("9110 8.6", "two equal lengths", ok(b"Content-Length: 2\r\n"), BAD, Relayed(has=((b"content-length", b"2"),)))
case("9112 6.3", "length beside chunked", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n" + LAST,
     BAD, Relayed(lacks=(b"content-length",)))
case("9112 6.3", "body until the close", ok(length=False), OK, then="close")
case("9112 6.3", "body until the close, HTTP/1.0", ok(length=False, line=b"HTTP/1.0 200 OK"), OK, then="close")
case("9112 6.3", "unknown coding", ok(b"Transfer-Encoding: brew\r\n", length=False), BAD, then="close")
case("9112 6.3", "unknown coding, then chunked", ok(b"Transfer-Encoding: brew, chunked\r\n", b"2\r\nok\r\n" + LAST, length=False), BAD)
case("9112 6.3", "chunked is not last", ok(b"Transfer-Encoding: chunked, gzip\r\n", b"2\r\nok\r\n" + LAST, length=False), BAD, then="close")
case("9112 6.1", "chunked twice", ok(b"Transfer-Encoding: chunked, chunked\r\n", b"2\r\nok\r\n" + LAST, length=False), BAD)
case("9112 6.1", "coding with vertical tab", ok(b"Transfer-Encoding: \x0bchunked\r\n", b"2\r\nok\r\n" + LAST, length=False), BAD, then="close")
case("9112 6.1", "empty coding", ok(b"Transfer-Encoding:\r\n", length=False), BAD, then="close")
case("9112 6.1", "chunked in HTTP/1.0", b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n" + LAST, BAD, OK, then="close")
case("9112 8", "body shorter than its length", ok(b"Content-Length: 9\r\n", length=False), CUT, BAD, then="close")
case("9112 8", "reset within the body", ok(b"Content-Length: 9\r\n", length=False), CUT, BAD, then="reset")
case("9112 8", "bytes behind the body", ok() + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", OK)
case("9112 8", "junk behind the body", ok() + b"evil", OK)

# --- 9112 7.1: chunks -----------------------------------------------------------------------------
case("9112 7.1", "chunked", chunked(b"2\r\nok\r\n" + LAST), OK)
case("9112 7.1", "chunked in mixed case", ok(b"Transfer-Encoding: cHunKed\r\n", b"2\r\nok\r\n" + LAST, length=False), OK)
case("9112 7.1.1", "extension", chunked(b"2;a=b\r\nok\r\n" + LAST), OK)
for label, line in (("0x", b"0x2"), ("a sign", b"+2"), ("a minus", b"-2"), ("a letter", b"g"), ("letters behind", b"2x"), ("nothing", b""),
                    ("a space before", b" 2"), ("a space behind", b"2 "), ("a NUL", b"2\0"), ("64 bits and more", b"10000000000000002")):
    case("9112 7.1", f"size with {label}", chunked(line + b"\r\nok\r\n" + LAST), CUT, BAD)
case("9112 7.1", "bare LF ends the size", chunked(b"2\nok\r\n" + LAST), CUT, BAD)
case("9112 7.1", "bare LF ends the data", chunked(b"2\r\nok\n" + LAST), CUT, BAD)
case("9112 7.1", "data longer than its size", chunked(b"2\r\nokay\r\n" + LAST), CUT, BAD)
case("9112 7.1", "data shorter than its size", chunked(b"4\r\nok\r\n" + LAST), CUT, BAD, then="close")
case("9112 8", "no last chunk", chunked(b"2\r\nok\r\n"), CUT, BAD, then="close")
case("9112 8", "last chunk without the empty line", chunked(b"2\r\nok\r\n0\r\n"), CUT, BAD, then="close")
case("9112 7.1.2", "trailer", chunked(b"2\r\nok\r\n0\r\nx-t: 1\r\n\r\n"), OK)
for name in (b"Content-Length: 9", b"Transfer-Encoding: chunked", b"Connection: close"):
    case("9110 6.5.1", f"trailer {name.split(b':')[0].decode()}", chunked(b"2\r\nok\r\n0\r\n" + name + b"\r\n\r\n"), CUT, BAD, OK)
case("9112 7.1.2", "malformed trailer", chunked(b"2\r\nok\r\n0\r\nx t: 1\r\n\r\n"), CUT, BAD, OK)
case("9112 7.1", "bytes behind the last chunk", chunked(b"2\r\nok\r\n" + LAST) + b"evil", OK)

# --- 9110 15, 9112 6.3: answers without a body ----------------------------------------------------
HEAD_OK = Relayed(body=b"")
case("9112 6.3", "HEAD with a length", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", Relayed(body=b"", has=((b"content-length", b"5"),)), HEAD_OK, method=b"HEAD")
case("9112 6.3", "HEAD with chunked", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", HEAD_OK, method=b"HEAD")
case("9112 6.3", "HEAD answered with a body", ok(body=b"hello"), HEAD_OK, method=b"HEAD")
case("9110 15.3.5", "204", b"HTTP/1.1 204 No Content\r\n\r\n", Relayed(status=204, body=b""))
case("9110 8.6", "204 with a length", b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", Relayed(status=204, body=b"", lacks=(b"content-length",)), BAD)
case("9112 6.3", "204 with a body", b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\nevil", Relayed(status=204, body=b"", lacks=(b"content-length",)), BAD)
case("9112 6.1", "204 with chunked", b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n" + LAST, Relayed(status=204, body=b"", lacks=(b"transfer-encoding",)), BAD)
case("9110 15.4.5", "304 with a length", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Relayed(status=304, body=b""))
case("9112 6.3", "304 with a body", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil", Relayed(status=304, body=b""))
case("9110 15.3.6", "205 without a body", b"HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", Relayed(status=205, body=b""))

# --- 9110 15.2: interim answers -------------------------------------------------------------------
case("9110 15.2", "unasked 100", b"HTTP/1.1 100 Continue\r\n\r\n" + ok(), OK)
case("9110 15.2", "103 goes to the client", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok(), Relayed(interims=(103,)))
case("9110 15.2", "102 and 103 go to the client", b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + ok(), Relayed(interims=(102, 103)))
case("9110 15.2", "no 1xx to a 1.0 client", b"HTTP/1.1 103 Early Hints\r\n\r\n" + ok(), Relayed(interims=()), send=b"GET /x HTTP/1.0\r\nHost: a.test\r\n\r\n")
case("9110 15.2", "103 with a length", b"HTTP/1.1 103 Early Hints\r\nContent-Length: 4\r\n\r\n" + ok(), OK, BAD)
case("9110 7.8", "unasked 101", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: brew\r\nConnection: upgrade\r\n\r\nevil", BAD)
case("9110 15.2", "1xx without a final answer", b"HTTP/1.1 103 Early Hints\r\n\r\n", BadGateway(frozenset({502, 503})), then="close")
case("9110 15.2", "malformed answer behind a 100", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok", BAD)
case("design", "10,000 interim answers", b"HTTP/1.1 102 Processing\r\n\r\n" * 10000 + ok(), OK, BAD)

# --- 9110 7.6.1, 6.6.1: what an intermediary takes off and adds -----------------------------------
case("9110 7.6.1", "field named by Connection", ok(b"Connection: x-a\r\nx-a: 1\r\n"), Relayed(lacks=(b"x-a",)))
case("9110 7.6.1", "field named by Connection in other case", ok(b"CONNECTION: X-A, close\r\nx-a: 1\r\n"), Relayed(lacks=(b"x-a",)), then="close")
case("9110 7.6.1", "Keep-Alive", ok(b"Keep-Alive: timeout=5\r\n"), Relayed(lacks=(b"keep-alive",)))
case("9110 7.6.1", "Proxy-Connection", ok(b"Proxy-Connection: keep-alive\r\n"), Relayed(lacks=(b"proxy-connection",)))
case("9110 7.6.1", "Connection: close stays with the upstream", ok(b"Connection: close\r\n"), Relayed(closed=False), Relayed(closed=True), then="close")
case("9110 7.8", "Upgrade in an answer", ok(b"Upgrade: brew\r\nConnection: upgrade\r\n"), Relayed(lacks=(b"upgrade",)), OK)
case("9110 7.6.1", "Connection names Content-Length", ok(b"Connection: content-length\r\n"), OK, BAD)
case("9110 6.6.1", "Date is added where it lacks", ok(), Relayed(has=((b"date", None),)))
case("9110 6.6.1", "Date is left as it is", ok(b"Date: Wed, 25 Nov 2026 00:00:00 GMT\r\n"), Relayed(has=((b"date", b"Wed, 25 Nov 2026 00:00:00 GMT"),)))
case("9112 9.3", "answer to a 1.0 client until the close", chunked(b"2\r\nok\r\n" + LAST), Relayed(lacks=(b"transfer-encoding",), closed=True), send=b"GET /x HTTP/1.0\r\nHost: a.test\r\n\r\n")
