# SPDX-License-Identifier: GPL-3.0-or-later
"""The table, first half: malformed and ambiguous requests, each with its section.

"9110" and "9112" are RFC 9110 and RFC 9112, "3986" RFC 3986, "design" a limit of our own (docs: §15).
Where a section leaves a choice, every allowed outcome is listed.
"""
from expect import Case, Forwarded, local, refused

CASES = []
OK = Forwarded()
BAD = refused(400)


def case(section, name, send, *expect, **more):
    if isinstance(send, str):
        send = send.encode("latin-1")
    CASES.append(Case(name, section, send, expect, **more))


def get(fields=b"", line=b"GET /x HTTP/1.1", host=b"Host: a.test\r\n"):
    if isinstance(fields, str):
        fields = fields.encode("latin-1")
    return line + b"\r\n" + host + fields + b"\r\n"


def target(text):
    return get(line=b"GET " + text + b" HTTP/1.1")


def host(line):
    return get(host=line)


def post(fields, body=b""):
    if isinstance(fields, str):
        fields = fields.encode("latin-1")
    return b"POST /x HTTP/1.1\r\nHost: a.test\r\n" + fields + b"\r\n" + body


def chunked(body, fields=b""):
    return post(b"Transfer-Encoding: chunked\r\n" + fields, body)


# --- 9112 2.2, 3: message parsing and the request line -------------------------------------------
case("9112 3", "plain request", get(), Forwarded(line=b"GET /x HTTP/1.1", has=((b"host", b"a.test"),)))
case("9112 2.2", "one empty line before the request line", b"\r\n" + get(), OK)
case("9112 2.2", "bare LF before the request line", b"\n" + get(), OK, BAD)
case("9112 2.2", "bare LF ends the request line", b"GET /x HTTP/1.1\nHost: a.test\r\n\r\n", OK, BAD)
case("9112 2.2", "bare LF ends a field line", b"GET /x HTTP/1.1\r\nHost: a.test\nx: y\r\n\r\n", OK, BAD)
case("9112 2.2", "bare LF ends the head", b"GET /x HTTP/1.1\r\nHost: a.test\r\n\n", OK, refused(400, silent=True))
case("9112 2.2", "LF LF for all line ends", b"GET /x HTTP/1.1\nHost: a.test\n\n", OK, BAD)
case("9112 2.2", "bare CR in the request line", b"GET /x\rHTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 2.2", "bare CR in the target", b"GET /a\rb HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 2.2", "bare CR behind the version", b"GET /x HTTP/1.1\r\r\nHost: a.test\r\n\r\n", BAD)
case("9112 2.2", "CR CR LF ends the head", b"GET /x HTTP/1.1\r\nHost: a.test\r\n\r\r\n", BAD)
case("9112 2.2", "space between request line and first field", b"GET /x HTTP/1.1\r\n Host: b.test\r\nHost: a.test\r\n\r\n",
     BAD, Forwarded(has=((b"host", b"a.test"),)))
case("9112 2.2", "tab line between request line and first field", b"GET /x HTTP/1.1\r\n\tx: y\r\nHost: a.test\r\n\r\n",
     BAD, Forwarded(lacks=(b"x",)))
case("9112 2.2", "bytes that are no HTTP", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", refused(400, silent=True), finish=True)
case("9112 3", "no version (HTTP/0.9)", b"GET /x\r\n\r\n", refused(400, silent=True))
case("9112 3", "no version, with fields", b"GET /x\r\nHost: a.test\r\n\r\n", refused(400, silent=True))
case("9112 3", "method only", b"GET\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3", "empty target", b"GET  HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3", "two spaces before the target", b"GET  /x HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD, OK)
case("9112 3", "two spaces before the version", b"GET /x  HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD, OK)
case("9112 3", "tab before the target", b"GET\t/x HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD, OK)
case("9112 3", "tab before the version", b"GET /x\tHTTP/1.1\r\nHost: a.test\r\n\r\n", BAD, OK)
case("9112 3", "vertical tab before the target", b"GET\x0b/x HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3", "space behind the version", b"GET /x HTTP/1.1 \r\nHost: a.test\r\n\r\n", BAD, OK)
case("9112 3", "space before the method", b" GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3", "space within the target", b"GET /a b HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3", "words behind the version", b"GET /x HTTP/1.1 x\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3", "NUL in the target", b"GET /a\0b HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3.1", "NUL in the method", b"GE\0T /x HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3.1", "colon in the method", b"GET: /x HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3.1", "bracket in the method", b"G[T /x HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3.1", "high byte in the method", b"G\xc8T /x HTTP/1.1\r\nHost: a.test\r\n\r\n", BAD)
case("9112 3.1", "lower-case method is another method", b"get /x HTTP/1.1\r\nHost: a.test\r\n\r\n",
     Forwarded(line=b"get /x HTTP/1.1"), refused(400, 405, 501))
case("9110 9.1", "unknown method", b"BREW /x HTTP/1.1\r\nHost: a.test\r\n\r\n",
     Forwarded(line=b"BREW /x HTTP/1.1"), refused(400, 405, 501), methods=(b"BREW",))
case("9112 3.1", "method of 5,000 letters", b"A" * 5000 + b" /x HTTP/1.1\r\nHost: a.test\r\n\r\n", refused(400, 414, 431, 501))
case("9112 2.3", "lower-case http", get(line=b"GET /x http/1.1"), BAD)
case("9112 2.3", "mixed-case Http", get(line=b"GET /x Http/1.1"), BAD)
case("9112 2.3", "two-digit minor version", get(line=b"GET /x HTTP/1.10"), refused(400, 505))
case("9112 2.3", "two-digit major version", get(line=b"GET /x HTTP/11.1"), refused(400, 505))
case("9112 2.3", "version with leading zero", get(line=b"GET /x HTTP/01.1"), refused(400, 505))
case("9112 2.3", "version without minor", get(line=b"GET /x HTTP/1"), refused(400, 505))
case("9112 2.3", "version without major", get(line=b"GET /x HTTP/.1"), refused(400, 505))
case("9112 2.3", "version with comma", get(line=b"GET /x HTTP/1,1"), refused(400, 505))
case("9112 2.3", "version with letters", get(line=b"GET /x HTTP/1.x"), refused(400, 505))
case("9112 2.3", "version without digits", get(line=b"GET /x HTTP/"), refused(400, 505))
case("9112 2.3", "space within the version", get(line=b"GET /x HTTP/ 1.1"), BAD)
case("9112 2.3", "another protocol", get(line=b"GET /x HTTPS/1.1"), refused(400, 505))
case("9112 2.3", "no HTTP at all", b"INVALID CONNECTION PREFACE\r\n\r\n", refused(400, silent=True))
case("9112 2.3", "a minor version above ours", get(line=b"GET /x HTTP/1.2"), OK)
case("9112 2.3", "minor version 9", get(line=b"GET /x HTTP/1.9"), OK)
case("9110 15.6.6", "version 2.0 in a request line", get(line=b"GET /x HTTP/2.0"), refused(400, 505))
case("9110 15.6.6", "version 3.0", get(line=b"GET /x HTTP/3.0"), refused(400, 505))
case("9110 15.6.6", "version 0.9 written out", get(line=b"GET /x HTTP/0.9"), refused(400, 505))
case("9112 2.3", "HTTP/1.0 with Host", get(line=b"GET /x HTTP/1.0"), Forwarded(closed=True))
case("9112 3.2", "HTTP/1.0 without Host", get(line=b"GET /x HTTP/1.0", host=b""), OK, local(400, 404, 426), BAD)
case("9112 9.3", "HTTP/1.0 with keep-alive", get(b"Connection: keep-alive\r\n", line=b"GET /x HTTP/1.0"),
     Forwarded(closed=False, client_has=((b"connection", b"keep-alive"),)), Forwarded(closed=True))

# --- 9112 3.2: targets ----------------------------------------------------------------------------
case("9112 3.2.1", "query", target(b"/a?b=c"), Forwarded(line=b"GET /a?b=c HTTP/1.1"))
case("9112 3.2.1", "question mark without query", target(b"/a?"), Forwarded(line=b"GET /a? HTTP/1.1"))
case("9112 3.2.1", "double slash is kept", target(b"/a//b"), Forwarded(line=b"GET /a//b HTTP/1.1"))
case("9112 3.2.1", "two slashes first are a path", target(b"//b.test/a"), Forwarded(line=b"GET //b.test/a HTTP/1.1", has=((b"host", b"a.test"),)), BAD)
case("9110 7.7", "dot segments", target(b"/a/../b"), Forwarded(line=b"GET /a/../b HTTP/1.1"), Forwarded(line=b"GET /b HTTP/1.1"), BAD)
case("3986 2.1", "percent-encoded bytes are kept", target(b"/a%20%2fb"), Forwarded(line=b"GET /a%20%2fb HTTP/1.1"))
case("9112 3.2", "fragment", target(b"/a#b"), BAD, Forwarded(line=b"GET /a HTTP/1.1"))
case("9112 3.2", "relative path", target(b"a/b"), BAD)
case("9112 3.2", "backslash for a slash", target(b"\\a"), BAD)
for label, char in (("quote", b'"'), ("less-than", b"<"), ("greater-than", b">"), ("backslash", b"\\"), ("caret", b"^"),
                    ("backquote", b"`"), ("brace", b"{"), ("bar", b"|")):
    case("3986 2", f"{label} in the path", target(b"/a" + char + b"b"), BAD)
case("3986 2", "DEL in the path", target(b"/a\x7fb"), BAD)
case("3986 2", "raw UTF-8 in the path", target(b"/\xc3\xa9"), BAD)
case("3986 2", "raw high byte in the query", target(b"/a?\xff"), BAD)
case("3986 2.1", "percent at the end", target(b"/a%"), BAD)
case("3986 2.1", "percent and one digit", target(b"/a%2"), BAD)
case("3986 2.1", "percent and no hex", target(b"/a%zz"), BAD)
case("3986 2.1", "percent-encoded NUL", target(b"/a%00b"), BAD, Forwarded(line=b"GET /a%00b HTTP/1.1"))
case("9112 3.2.2", "absolute form", target(b"http://a.test/y"), Forwarded(has=((b"host", b"a.test"),)))
case("9112 3.2.2", "absolute form beats Host", get(line=b"GET http://b.test/y HTTP/1.1"), Forwarded(has=((b"host", b"b.test"),)))
case("9112 3.2.2", "absolute form with port beats Host", get(line=b"GET http://b.test:81/y HTTP/1.1"), Forwarded(has=((b"host", b"b.test:81"),)))
case("9112 3.2.2", "absolute form without path", target(b"http://a.test"), Forwarded(line=b"GET / HTTP/1.1"), Forwarded(line=b"GET http://a.test/ HTTP/1.1"))
case("9112 3.2", "absolute form without Host in 1.1", get(line=b"GET http://a.test/y HTTP/1.1", host=b""), BAD)
case("9110 4.2.4", "absolute form with userinfo", target(b"http://u:p@a.test/y"), BAD)
case("9110 4.2.1", "absolute form without host", target(b"http:///y"), BAD)
case("9110 4.2.1", "absolute form with a port only", target(b"http://:80/y"), BAD)
case("9112 3.2.2", "absolute form, port out of range", target(b"http://a.test:99999/y"), BAD)
case("9112 3.2.2", "absolute form, unknown scheme", target(b"ftp://a.test/y"), refused(400, 404, 421, 501), local(404, 421))
case("9112 3.2.2", "absolute form, one slash", target(b"http:/a.test/y"), BAD)
case("9112 3.2.2", "absolute form, bad percent in host", target(b"http://a%2/y"), BAD)
case("9112 3.2.2", "absolute form, open bracket", target(b"http://[::1/y"), BAD)
case("9112 3.2.2", "absolute form, fragment", target(b"http://a.test/y#z"), BAD, Forwarded(line=b"GET /y HTTP/1.1"))
case("9112 3.2.3", "CONNECT with a path", get(line=b"CONNECT /x HTTP/1.1"), BAD, methods=(b"CONNECT",))
case("9112 3.2.3", "CONNECT without port", get(line=b"CONNECT a.test HTTP/1.1"), BAD, methods=(b"CONNECT",))
case("9112 3.2.3", "CONNECT with an empty port", get(line=b"CONNECT a.test: HTTP/1.1"), BAD, methods=(b"CONNECT",))
case("9112 3.2.3", "CONNECT without host", get(line=b"CONNECT :443 HTTP/1.1"), BAD, methods=(b"CONNECT",))
case("9112 3.2.3", "CONNECT in absolute form", get(line=b"CONNECT http://a.test:443/ HTTP/1.1"), BAD, methods=(b"CONNECT",))
case("9110 9.3.6", "CONNECT nobody configured", get(line=b"CONNECT a.test:443 HTTP/1.1"), refused(400, 403, 404, 405, 501), local(400, 403, 404, 405, 501), methods=(b"CONNECT",))
case("9112 3.2.4", "asterisk with GET", get(line=b"GET * HTTP/1.1"), BAD, local(404))
case("9112 3.2.4", "asterisk and more", get(line=b"OPTIONS *a HTTP/1.1"), BAD, methods=(b"OPTIONS",))

# --- 9112 3.2, 9110 7.2: Host ---------------------------------------------------------------------
case("9112 3.2", "no Host in 1.1", host(b""), BAD)
case("9112 3.2", "two equal Hosts", host(b"Host: a.test\r\nHost: a.test\r\n"), BAD)
case("9112 3.2", "two different Hosts", host(b"Host: a.test\r\nHost: b.test\r\n"), BAD)
case("9112 3.2", "two Hosts, one empty", host(b"Host: a.test\r\nHost:\r\n"), BAD)
case("9112 3.2", "two Hosts in different case", host(b"Host: a.test\r\nhOST: b.test\r\n"), BAD)
case("9112 3.2", "Host as a list", host(b"Host: a.test, b.test\r\n"), BAD)
case("9112 3.2", "Host with space inside", host(b"Host: a test\r\n"), BAD)
case("9112 3.2", "Host with tab inside", host(b"Host: a\ttest\r\n"), BAD)
case("9112 3.2", "Host with path", host(b"Host: a.test/x\r\n"), BAD)
case("9112 3.2", "Host with query", host(b"Host: a.test?x\r\n"), BAD)
case("9112 3.2", "Host with fragment", host(b"Host: a.test#x\r\n"), BAD)
case("9112 3.2", "Host with scheme", host(b"Host: http://a.test\r\n"), BAD)
case("9112 3.2", "Host with userinfo", host(b"Host: u@a.test\r\n"), BAD)
case("9112 3.2", "Host with backslash", host(b"Host: a\\b\r\n"), BAD)
case("9112 3.2", "Host with angle bracket", host(b"Host: <a>\r\n"), BAD)
case("9112 3.2", "Host with quote", host(b'Host: "a.test"\r\n'), BAD)
case("9112 3.2", "Host with high byte", host(b"Host: \xe4.test\r\n"), BAD)
case("9112 3.2", "Host with cut percent", host(b"Host: a%2\r\n"), BAD)
case("9112 3.2", "Host with percent and no hex", host(b"Host: a%zz.test\r\n"), BAD)
case("9112 3.2", "Host port out of range", host(b"Host: a.test:65536\r\n"), BAD)
case("9112 3.2", "Host port with letters", host(b"Host: a.test:8o\r\n"), BAD)
case("9112 3.2", "Host port with sign", host(b"Host: a.test:+80\r\n"), BAD)
case("9112 3.2", "Host with two ports", host(b"Host: a.test:80:80\r\n"), BAD)
case("9112 3.2", "Host with open bracket", host(b"Host: [::1\r\n"), BAD)
case("9112 3.2", "Host with bracketed name", host(b"Host: [a.test]\r\n"), BAD)
case("9112 3.2", "Host with words behind the bracket", host(b"Host: [::1]x\r\n"), BAD)
case("9112 3.2", "Host with bare IPv6", host(b"Host: ::1\r\n"), BAD)
case("9112 3.2", "Host with NUL", host(b"Host: a\0.test\r\n"), BAD)
case("9110 7.2", "Host with port is kept", host(b"Host: a.test:8080\r\n"), Forwarded(has=((b"host", b"a.test:8080"),)))
case("9110 7.2", "Host with IPv6 and port is kept", host(b"Host: [::1]:8080\r\n"), Forwarded(has=((b"host", b"[::1]:8080"),)))
case("9110 7.2", "Host in upper case", host(b"HOST: A.Test\r\n"), Forwarded(has=((b"host", b"A.Test"),)), Forwarded(has=((b"host", b"a.test"),)))
case("9112 3.2", "empty Host", host(b"Host:\r\n"), Forwarded(has=((b"host", b""),)), BAD, local(404))
case("9110 5.5", "blanks around the Host", host(b"Host: \t a.test \t\r\n"), Forwarded(has=((b"host", b"a.test"),)))

# --- 9112 5: field lines --------------------------------------------------------------------------
case("9112 5.1", "space before the colon", get(b"x-a : 1\r\n"), BAD)
case("9112 5.1", "tab before the colon", get(b"x-a\t: 1\r\n"), BAD)
case("9112 5.1", "space before the colon of Content-Length", post(b"Content-Length : 3\r\n", b"abc"), BAD)
case("9112 5.1", "space before the colon of Transfer-Encoding", post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n"), BAD)
case("9112 5.1", "space before the colon of Host", host(b"Host : a.test\r\n"), BAD)
case("9112 5.1", "line without colon", get(b"x-a\r\n"), BAD)
case("9112 5.1", "empty field name", get(b": 1\r\n"), BAD)
case("9112 5.1", "empty field name hides a length", post(b": x\r\nContent-Length: 3\r\n", b"abc"), BAD)
case("9110 5.1", "space within a field name", get(b"x a: 1\r\n"), BAD)
case("9110 5.1", "high byte in a field name", get(b"x-\xe4: 1\r\n"), BAD)
case("9110 5.1", "NUL in a field name", get(b"x-\0a: 1\r\n"), BAD)
case("9110 5.1", "slash in a field name", get(b"x/a: 1\r\n"), BAD)
case("9110 5.1", "parenthesis in a field name", get(b"x(a): 1\r\n"), BAD)
case("9110 5.1", "quote in a field name", get(b'"x": 1\r\n'), BAD)
case("9110 5.1", "pseudo-header name", get(b":path: /other\r\n"), BAD)
case("9110 5.1", "underscore in a field name", get(b"x_a: 1\r\n"), Forwarded(has=((b"x_a", b"1"),)), Forwarded(lacks=(b"x_a",)), BAD)
case("9110 5.6.2", "all marks of a token in a field name", get(b"x!#$%&'*+-.^`|~: 1\r\n"), Forwarded(has=((b"x!#$%&'*+-.^`|~", b"1"),)))
case("9110 5.5", "NUL in a value", get(b"x-a: 1\x002\r\n"), BAD, Forwarded(has=((b"x-a", b"1 2"),)))
case("9110 5.5", "bare CR in a value", get(b"x-a: 1\r2\r\n"), BAD, Forwarded(has=((b"x-a", b"1 2"),)))
case("9110 5.5", "bare CR before the line end", get(b"x-a: 1\r\r\n"), BAD, Forwarded(has=((b"x-a", b"1"),)))
case("9110 5.5", "bare CR hides a field", get(b"x-a: 1\rTransfer-Encoding: chunked\r\n"), BAD)
case("9110 5.5", "DEL in a value", get(b"x-a: 1\x7f2\r\n"), BAD, Forwarded(has=((b"x-a", b"1 2"),)))
case("9110 5.5", "escape in a value", get(b"x-a: \x1b[1m\r\n"), BAD, Forwarded())
case("9110 5.5", "form feed in a value", get(b"x-a: 1\x0c2\r\n"), BAD, Forwarded(has=((b"x-a", b"1 2"),)))
case("9110 5.5", "backspace in a value", get(b"x-a: 1\x082\r\n"), BAD, Forwarded(has=((b"x-a", b"1 2"),)))
case("9110 5.5", "high bytes in a value are kept", get(b"x-a: \xc3\xa9\r\n"), Forwarded(has=((b"x-a", b"\xc3\xa9"),)))
case("9110 5.5", "tab within a value", get(b"x-a: 1\t2\r\n"), Forwarded(has=((b"x-a", b"1\t2"),)), Forwarded(has=((b"x-a", b"1 2"),)))
case("9110 5.5", "empty value", get(b"x-a:\r\n"), Forwarded(has=((b"x-a", b""),)))
case("9110 5.5", "no space behind the colon", get(b"x-a:1\r\n"), Forwarded(has=((b"x-a", b"1"),)))
case("9112 5.2", "folded value", get(b"x-a: 1\r\n 2\r\n"), BAD, Forwarded(has=((b"x-a", b"1 2"),)))
case("9112 5.2", "value folded by a tab", get(b"x-a: 1\r\n\t2\r\n"), BAD, Forwarded(has=((b"x-a", b"1 2"),)))
case("9112 5.2", "folded Host", host(b"Host: a\r\n .test\r\n"), BAD)
case("9112 5.2", "folded Content-Length", post(b"Content-Length: 1\r\n 0\r\n", b"0123456789"), BAD)
case("9112 5.2", "folded Transfer-Encoding", post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n"), BAD)
case("9112 5.2", "line of blanks in the head", get(b"x-a: 1\r\n \r\nx-b: 2\r\n"), BAD, Forwarded(has=((b"x-b", b"2"),)))
case("9110 5.3", "equal field lines keep their order", get(b"x-a: 1\r\nx-b: 0\r\nx-a: 2\r\n"), Forwarded(has=((b"x-a", b"1"), (b"x-a", b"2"))), Forwarded(has=((b"x-a", b"1, 2"),)), Forwarded(has=((b"x-a", b"1,2"),)))

# --- 9112 6.3, 9110 8.6: Content-Length -----------------------------------------------------------
case("9112 6.2", "length and body", post(b"Content-Length: 3\r\n", b"abc"), Forwarded(body=b"abc"))
case("9112 6.3", "no framing means no body", post(b""), Forwarded(body=b""))
for label, value in (("sign", b"+3"), ("minus", b"-3"), ("hex", b"0x3"), ("hex digits", b"a"), ("empty", b""), ("inner space", b"3 3"),
                     ("float", b"3.0"), ("exponent", b"3e0"), ("quotes", b'"3"'), ("semicolon", b"3;"), ("trailing comma", b"3,"),
                     ("leading comma", b",3"), ("underscore", b"0_3"), ("vertical tab", b"\x0b3"), ("no-break space", b"\xa03"),
                     ("list of different values", b"3, 4"), ("letter behind", b"3x")):
    case("9110 8.6", f"length with {label}", post(b"Content-Length: " + value + b"\r\n", b"abc"), BAD)
case("9110 8.6", "list of equal lengths", post(b"Content-Length: 3, 3\r\n", b"abc"), BAD, Forwarded(body=b"abc", has=((b"content-length", b"3"),)))
case("9112 6.3", "two different lengths", post(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"abcd"), BAD)
case("9110 8.6", "two equal lengths", post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc"), BAD, Forwarded(body=b"abc", has=((b"content-length", b"3"),)))
case("9110 8.6", "length and an empty length", post(b"Content-Length: 3\r\nContent-Length:\r\n", b"abc"), BAD)
case("9110 8.6", "length beyond 64 bits", post(b"Content-Length: 18446744073709551619\r\n", b"abc"), refused(400, 413))
case("9110 8.6", "length of 40 digits", post(b"Content-Length: " + b"9" * 40 + b"\r\n", b"abc"), refused(400, 413))
case("9110 8.6", "length with leading zeros", post(b"Content-Length: 0003\r\n", b"abc"), Forwarded(body=b"abc"), BAD)
case("9110 8.6", "blanks around a length", post(b"Content-Length: \t3 \t\r\n", b"abc"), Forwarded(body=b"abc"))
case("9110 8.6", "GET with a body", get(b"Content-Length: 3\r\n") + b"abc", Forwarded(body=b"abc"), BAD)
case("9112 6.3", "body cut short", post(b"Content-Length: 10\r\n", b"abc"), refused(400, 408, silent=True), finish=True)
case("9112 9.3.2", "bytes behind a body begin the next request", post(b"Content-Length: 3\r\n", b"abc") + get(), Forwarded(times=2), methods=(b"POST", b"GET"))

# --- 9112 6.1: Transfer-Encoding ------------------------------------------------------------------
LAST = b"0\r\n\r\n"
case("9112 6.1", "chunked", chunked(b"3\r\nabc\r\n" + LAST), Forwarded(body=b"abc"))
case("9112 6.1", "chunked in mixed case", post(b"Transfer-Encoding: Chunked\r\n", LAST), Forwarded(body=b""))
case("9112 6.3", "length beside transfer coding", post(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", b"3\r\nabc\r\n" + LAST), BAD, Forwarded(body=b"abc", lacks=(b"content-length",), closed=True))
case("9112 6.3", "transfer coding beside length", post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", LAST), BAD, Forwarded(body=b"", lacks=(b"content-length",), closed=True))
case("9112 6.3", "length that hides a request behind chunks", post(b"Content-Length: 40\r\nTransfer-Encoding: chunked\r\n", LAST + get(line=b"GET /smuggled HTTP/1.1")), BAD, Forwarded(times=1, closed=True))
case("9112 6.1", "unknown coding before chunked", post(b"Transfer-Encoding: brew, chunked\r\n", LAST), refused(400, 501))
case("9112 6.1", "gzip before chunked", post(b"Transfer-Encoding: gzip, chunked\r\n", LAST), refused(400, 501), Forwarded())
case("9112 6.3", "gzip only", post(b"Transfer-Encoding: gzip\r\n", LAST), refused(400, 501))
case("9112 6.3", "chunked is not last", post(b"Transfer-Encoding: chunked, gzip\r\n", LAST), refused(400, 501))
case("9112 6.1", "chunked twice", post(b"Transfer-Encoding: chunked, chunked\r\n", LAST), refused(400, 501))
case("9112 6.1", "chunked in two field lines", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", LAST), refused(400, 501))
case("9112 6.1", "identity", post(b"Transfer-Encoding: identity\r\n", b""), refused(400, 501))
case("9112 6.1", "identity in a second line", post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", LAST), refused(400, 501))
case("9112 6.1", "identity before chunked", post(b"Transfer-Encoding: identity, chunked\r\n", LAST), refused(400, 501))
case("9112 6.1", "empty coding", post(b"Transfer-Encoding:\r\n", LAST), refused(400, 501))
case("9112 6.1", "comma only", post(b"Transfer-Encoding: ,\r\n", LAST), refused(400, 501))
for label, value in (("xchunked", b"xchunked"), ("chunkedx", b"chunkedx"), ("quoted", b'"chunked"'), ("with parameter", b"chunked;q=1"),
                     ("with vertical tab", b"\x0bchunked"), ("with form feed", b"chunked\x0c"), ("with NUL", b"chunked\0"),
                     ("with bare CR", b"\rchunked"), ("with a space inside", b"chun ked"), ("with no-break space", b"\xa0chunked"),
                     ("with a word before", b"x chunked"), ("with semicolon", b";chunked"), ("with colon", b":chunked")):
    case("9112 6.1", f"coding {label}", post(b"Transfer-Encoding: " + value + b"\r\n", LAST), refused(400, 501))
case("9112 6.1", "underscore for the hyphen", post(b"Transfer_Encoding: chunked\r\nContent-Length: 3\r\n", b"abc"), Forwarded(body=b"abc"), BAD)
case("9112 6.1", "transfer coding in HTTP/1.0", b"POST /x HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + LAST, BAD, Forwarded(closed=True), refused(426))
case("9112 6.1", "blanks around the coding", post(b"Transfer-Encoding: \t chunked \t\r\n", LAST), Forwarded(body=b""), BAD)

# --- 9112 7.1: chunks -----------------------------------------------------------------------------
case("9112 7.1", "upper-case size", chunked(b"A\r\n0123456789\r\n" + LAST), Forwarded(body=b"0123456789"))
case("9112 7.1", "size with leading zeros", chunked(b"003\r\nabc\r\n" + LAST), Forwarded(body=b"abc"))
case("9112 7.1", "last chunk of several zeros", chunked(b"3\r\nabc\r\n000\r\n\r\n"), Forwarded(body=b"abc"), BAD)
for label, line in (("0x", b"0x3"), ("a sign", b"+3"), ("a minus", b"-3"), ("a space before", b" 3"), ("a space behind", b"3 "),
                    ("a tab behind", b"3\t"), ("a letter", b"g"), ("letters behind", b"3x"), ("nothing", b""), ("a comma", b"3,"),
                    ("an underscore", b"0_3"), ("a NUL", b"3\0"), ("a dot", b"3.0"), ("a high byte", b"3\xa0")):
    case("9112 7.1", f"size with {label}", chunked(line + b"\r\nabc\r\n" + LAST), BAD)
case("9112 7.1", "size beyond 64 bits", chunked(b"10000000000000003\r\nabc\r\n" + LAST), refused(400, 413))
case("9112 7.1", "size of 2^64 - 1", chunked(b"ffffffffffffffff\r\nabc\r\n" + LAST), refused(400, 413))
case("9112 7.1", "size of 40 zeros and a 3", chunked(b"0" * 40 + b"3\r\nabc\r\n" + LAST), BAD, Forwarded(body=b"abc"))
case("9112 7.1", "bare LF ends the size", chunked(b"3\nabc\r\n" + LAST), BAD)
case("9112 7.1", "bare LF ends the data", chunked(b"3\r\nabc\n" + LAST), BAD)
case("9112 7.1", "bare CR ends the size", chunked(b"3\rabc\r\n" + LAST), BAD)
case("9112 7.1", "CR CR LF ends the size", chunked(b"3\r\r\nabc\r\n" + LAST), BAD)
case("9112 7.1", "data longer than its size", chunked(b"3\r\nabcd\r\n" + LAST), BAD)
case("9112 7.1", "data shorter than its size", chunked(b"5\r\nabc\r\n" + LAST), BAD, refused(400, 408, silent=True), finish=True)
case("9112 7.1", "no line end behind data", chunked(b"3\r\nabc" + LAST), BAD)
case("9112 7.1", "two bytes for the line end", chunked(b"3\r\nabcXX" + LAST), BAD)
case("9112 7.1", "bare LF ends the last chunk", chunked(b"0\n\r\n"), BAD)
case("9112 7.1", "bare LF ends the message", chunked(b"0\r\n\n"), BAD)
case("9112 7.1", "bare CR ends the message", chunked(b"0\r\n\rX"), BAD)
case("9112 7.1", "no last chunk", chunked(b"3\r\nabc\r\n"), refused(400, 408, silent=True), finish=True)
case("9112 7.1.1", "extension", chunked(b"3;a=b\r\nabc\r\n" + LAST), Forwarded(body=b"abc"))
case("9112 7.1.1", "extension without value", chunked(b"3;a\r\nabc\r\n" + LAST), Forwarded(body=b"abc"))
case("9112 7.1.1", "quoted extension", chunked(b'3;a="b c"\r\nabc\r\n' + LAST), Forwarded(body=b"abc"))
case("9112 7.1.1", "quoted extension with CRLF", chunked(b'3;a="\r\nabc"\r\nabc\r\n' + LAST), BAD)
case("9112 7.1.1", "bare LF in an extension", chunked(b"3;a\nb\r\nabc\r\n" + LAST), BAD)
case("9112 7.1.1", "bare CR in an extension", chunked(b"3;a\rb\r\nabc\r\n" + LAST), BAD)
case("9112 7.1.1", "NUL in an extension", chunked(b"3;a\0\r\nabc\r\n" + LAST), BAD)
case("9112 7.1.1", "extension of the last chunk", chunked(b"3\r\nabc\r\n0;a=b\r\n\r\n"), Forwarded(body=b"abc"))
case("design", "extensions of 100 kB", chunked(b"3;" + b"a" * 100000 + b"\r\nabc\r\n" + LAST), refused(400, 413, 431))
case("design", "10,000 chunks with extensions", chunked(b"1;abcdefgh\r\nx\r\n" * 10000 + LAST), refused(400, 413, 431))
case("9112 7.1", "1,000 chunks of one byte", chunked(b"1\r\nx\r\n" * 1000 + LAST), Forwarded(body=b"x" * 1000))

# --- 9112 7.1.2, 9110 6.5: trailers ---------------------------------------------------------------
case("9112 7.1.2", "trailer", chunked(b"3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n"), Forwarded(body=b"abc"))
for name in (b"Content-Length: 3", b"Transfer-Encoding: chunked", b"Host: b.test", b"Connection: x", b"Trailer: x"):
    case("9110 6.5.1", f"trailer {name.split(b':')[0].decode()}", chunked(b"3\r\nabc\r\n0\r\n" + name + b"\r\n\r\n"),
         BAD, Forwarded(body=b"abc", trailers_lack=(name.split(b":")[0].lower(),), has=((b"host", b"a.test"),)))
case("9112 7.1.2", "trailer with space before the colon", chunked(b"0\r\nx-t : 1\r\n\r\n"), BAD)
case("9112 7.1.2", "trailer without colon", chunked(b"0\r\nx-t\r\n\r\n"), BAD)
case("9112 7.1.2", "trailer without name", chunked(b"0\r\n: 1\r\n\r\n"), BAD)
case("9112 7.1.2", "folded trailer", chunked(b"0\r\nx-t: 1\r\n 2\r\n\r\n"), BAD, Forwarded())
case("9112 7.1.2", "trailer with NUL", chunked(b"0\r\nx-t: \0\r\n\r\n"), BAD, Forwarded(trailers_lack=(b"x-t",)))
case("9112 7.1.2", "trailer with bare LF", chunked(b"0\r\nx-t: 1\nx-u: 2\r\n\r\n"), BAD, Forwarded())
case("9112 7.1.2", "trailer with bare CR", chunked(b"0\r\nx-t: 1\rx-u: 2\r\n\r\n"), BAD, Forwarded())
case("design", "trailers of 200 kB", chunked(b"0\r\n" + b"x-t: 0123456789\r\n" * 12000 + b"\r\n"), refused(400, 413, 431))

# --- 9110 7.6: what an intermediary takes off and adds --------------------------------------------
case("9110 7.6.1", "field named by Connection", get(b"Connection: x-a\r\nx-a: 1\r\n"), Forwarded(lacks=(b"x-a",)))
case("9110 7.6.1", "field named by Connection in other case", get(b"connection: X-A, x-b\r\nx-a: 1\r\nX-B: 2\r\n"), Forwarded(lacks=(b"x-a", b"x-b")))
case("9110 7.6.1", "field named by a second Connection line", get(b"Connection: close\r\nConnection: x-a\r\nx-a: 1\r\n"), Forwarded(lacks=(b"x-a",), closed=True))
case("9110 7.6.1", "Connection names Host", get(b"Connection: Host\r\n"), Forwarded(has=((b"host", b"a.test"),)), BAD)
case("9110 7.6.1", "Connection names Content-Length", post(b"Connection: Content-Length\r\nContent-Length: 3\r\n", b"abc"), Forwarded(body=b"abc"), BAD)
case("9110 7.6.1", "Connection names Transfer-Encoding", chunked(LAST, b"Connection: Transfer-Encoding\r\n"), Forwarded(body=b""), BAD)
case("9110 7.6.1", "Connection itself", get(b"Connection: keep-alive, x-none\r\n"), Forwarded(lacks=(b"x-none",)))
case("9110 7.6.1", "malformed connection option", get(b"Connection: a b\r\n"), OK, BAD)
case("9110 7.6.1", "Keep-Alive", get(b"Keep-Alive: timeout=5\r\n"), Forwarded(lacks=(b"keep-alive",)))
case("9110 7.6.1", "Proxy-Connection", get(b"Proxy-Connection: keep-alive\r\n"), Forwarded(lacks=(b"proxy-connection",)))
case("9110 7.6.1", "TE", get(b"TE: gzip\r\nConnection: TE\r\n"), Forwarded(lacks=(b"te",)))
case("9110 7.6.1", "TE without Connection", get(b"TE: gzip\r\n"), Forwarded(lacks=(b"te",)))
case("9110 7.8", "unknown upgrade", get(b"Connection: upgrade\r\nUpgrade: brew\r\n"), Forwarded(lacks=(b"upgrade",)), local(403, 426, 501))
case("9113 3.1", "upgrade to h2c is not tunnelled", get(b"Connection: upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
     Forwarded(lacks=(b"upgrade", b"http2-settings")), local(403, 426, 501))
case("9110 7.8", "Upgrade without Connection", get(b"Upgrade: websocket\r\n"), Forwarded(lacks=(b"upgrade",)))
case("9110 7.6.3", "Via is added", get(), Forwarded(has=((b"via", None),)))
case("9110 7.6.3", "Via is added behind another", get(b"Via: 1.0 fred\r\n"), Forwarded(has=((b"via", b"1.0 fred"), (b"via", None))), Forwarded(has=((b"via", b"1.0 fred, 1.1 meshyard"),)))
case("9110 7.6.2", "OPTIONS, Max-Forwards 0", get(b"Max-Forwards: 0\r\n", line=b"OPTIONS /x HTTP/1.1"), local(200, 204, 405), methods=(b"OPTIONS",))
case("9110 7.6.2", "OPTIONS *, Max-Forwards 0", get(b"Max-Forwards: 0\r\n", line=b"OPTIONS * HTTP/1.1"), local(200, 204, 405), methods=(b"OPTIONS",))
case("9110 7.6.2", "OPTIONS, Max-Forwards 5", get(b"Max-Forwards: 5\r\n", line=b"OPTIONS /x HTTP/1.1"), Forwarded(has=((b"max-forwards", b"4"),)), methods=(b"OPTIONS",))
case("9110 7.6.2", "TRACE, Max-Forwards 0", get(b"Max-Forwards: 0\r\n", line=b"TRACE /x HTTP/1.1"), local(200, 405, 501), BAD, refused(405, 501), methods=(b"TRACE",))
case("9110 7.6.2", "TRACE, Max-Forwards 2", get(b"Max-Forwards: 2\r\n", line=b"TRACE /x HTTP/1.1"), Forwarded(has=((b"max-forwards", b"1"),)), local(405, 501), BAD, refused(405, 501), methods=(b"TRACE",))
case("9110 7.6.2", "GET leaves Max-Forwards alone", get(b"Max-Forwards: 0\r\n"), Forwarded(has=((b"max-forwards", b"0"),)))
case("9110 7.6.2", "malformed Max-Forwards", get(b"Max-Forwards: x\r\n", line=b"OPTIONS /x HTTP/1.1"), Forwarded(), BAD, local(400), methods=(b"OPTIONS",))
case("9110 10.1.1", "Expect 100-continue", post(b"Expect: 100-continue\r\nContent-Length: 3\r\n", b"abc"), Forwarded(body=b"abc"))
case("9110 10.1.1", "Expect 100-Continue in other case", post(b"Expect: 100-Continue\r\nContent-Length: 3\r\n", b"abc"), Forwarded(body=b"abc"))
case("9110 10.1.1", "unknown expectation", get(b"Expect: tea\r\n"), refused(417), local(417), OK)
case("9110 10.1.1", "Expect from a 1.0 client", b"POST /x HTTP/1.0\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc", Forwarded(body=b"abc"), refused(426))

# --- 9112 9: persistence and pipelines ------------------------------------------------------------
case("9112 9.3.2", "three requests in a pipeline", get() * 3, Forwarded(times=3, closed=False), methods=(b"GET",) * 3)
case("9112 9.6", "Connection: close", get(b"Connection: close\r\n"), Forwarded(closed=True, client_has=((b"connection", b"close"),)))
case("9112 9.6", "Connection: Close, keep-alive", get(b"Connection: Close, keep-alive\r\n"), Forwarded(closed=True))
case("9112 9.6", "requests behind close are not processed", get(b"Connection: close\r\n") + get(), Forwarded(times=1, closed=True), methods=(b"GET", b"GET"))
case("9112 9.3.2", "good, then malformed", get() + b"GET /x HTTP/1.1\r\nHost : a\r\n\r\n", refused(400, behind=1), methods=(b"GET", b"GET"))
case("9112 9.3.2", "chunked, then a request", chunked(b"3\r\nabc\r\n" + LAST) + get(), Forwarded(times=2), methods=(b"POST", b"GET"))
case("9112 9.3.2", "request behind an empty line behind a body", post(b"Content-Length: 3\r\n", b"abc") + b"\r\n" + get(), Forwarded(times=2), methods=(b"POST", b"GET"))
case("9112 9.3.2", "HEAD, then GET", get(line=b"HEAD /x HTTP/1.1") + get(), Forwarded(times=2), methods=(b"HEAD", b"GET"))
case("9112 9.3.2", "head cut short", b"GET /x HTTP/1.1\r\nHost: a.test\r\n", refused(400, 408, silent=True), finish=True)

# --- limits ---------------------------------------------------------------------------------------
case("9112 3", "target of 8,000 bytes", target(b"/" + b"a" * 7999), OK)
case("9112 3", "target of 100,000 bytes", target(b"/" + b"a" * 99999), refused(414))
case("9110 5.4", "field of 100,000 bytes", get(b"x-a: " + b"a" * 100000 + b"\r\n"), refused(431))
case("9110 5.4", "100,000 bytes in 1,000 fields", get(b"".join(b"x-%d: %s\r\n" % (i, b"a" * 90) for i in range(1000))), refused(431))
case("9110 5.4", "field name of 100,000 bytes", get(b"a" * 100000 + b": 1\r\n"), refused(400, 431))
case("9112 2.2", "1,000 empty lines first", b"\r\n" * 1000 + get(), BAD, OK, refused(400, silent=True))
