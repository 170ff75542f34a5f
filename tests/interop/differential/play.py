# SPDX-License-Identifier: GPL-3.0-or-later
"""Sends a scenario's requests to one proxy and says what could be observed, so that two can be compared."""
import collections
import concurrent.futures
import gzip
import http.client
import itertools
import re
import time

_serial = itertools.count()

# Of no meaning to a caller or an upstream, or different by design (names of products, clocks).
ANSWER_NOISE = ("date", "server", "via", "connection", "transfer-encoding", "content-length", "keep-alive")
REQUEST_NOISE = ("via", "x-request-id", "x-forwarded-proto", "x-case", "x-behave", "connection", "accept-encoding",
                 "transfer-encoding", "content-length", "host", "x-forwarded-for")
NOISE_PREFIXES = ("x-envoy-", "x-meshyard-")


def quiet(headers, noise, keep=()):
    kept = [(k, v) for k, v in headers if k in keep or k not in noise and not k.startswith(NOISE_PREFIXES)]
    joined = {}
    for key, value in kept:
        joined[key] = f"{joined[key]},{value}" if key in joined else value
    return joined


class Answer:
    def __init__(self, status, headers, body, seconds):
        self.status, self.headers, self.body, self.seconds = status, headers, body, seconds


def ask(port, request, case, connection=None):
    began = time.monotonic()
    link = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=8)
    try:
        body = request.get("body")
        link.putrequest(request.get("method", "GET"), request.get("path", "/x"), skip_host=True, skip_accept_encoding=True)
        link.putheader("host", request.get("host", "s.test"))
        link.putheader("x-case", case)
        for name, value in request.get("headers", ()):
            link.putheader(name, value)
        if "behave" in request:
            link.putheader("x-behave", request["behave"])
        if body is not None:
            link.putheader("content-length", str(len(body)))
        link.endheaders(body)
        answer = link.getresponse()
        data = answer.read()
        result = Answer(answer.status, [(k.lower(), v) for k, v in answer.getheaders()], data, time.monotonic() - began)
    except (OSError, http.client.HTTPException) as error:
        link.close()
        kind = "timeout" if isinstance(error, TimeoutError) else "cut"
        result = Answer(kind, [], b"", time.monotonic() - began)
    finally:
        if connection is None:
            link.close()
    return result


def describe(request, answer, seen):
    keep = request.get("see", ())
    local = not any(k == "x-upstream" for k, _ in answer.headers)
    said = {"status": answer.status, "headers": quiet(answer.headers, ANSWER_NOISE, keep)}
    body = answer.body
    if said["headers"].get("content-encoding") == "gzip" and body:
        body = gzip.decompress(body)  # two compressors need not find the same bytes
    if "set-cookie" in said["headers"] and request.get("set_cookie_shape"):
        said["headers"]["set-cookie"] = re.sub(r'="?[0-9a-f]{8,}"?', "=VALUE", said["headers"]["set-cookie"])
    if local and not request.get("local_body"):
        said["headers"].pop("content-type", None)
    else:
        said["body"] = body.decode("latin-1")[:200] if request.get("body_matters", True) else "-"
    if "slow" in request:
        said["slow"] = answer.seconds * 1000 >= request["slow"] * 0.9
    said["seen"] = [
        {"server": s.server, "line": f"{s.method} {s.path}", "host": ",".join(s.all("host")), "body": s.body.decode("latin-1")[:80],
         "headers": quiet(s.headers, REQUEST_NOISE, keep)} for s in seen]
    if request.get("order_free"):
        said["seen"].sort(key=lambda s: s["server"])
    if request.get("any_server"):  # which one is chance; how many and what they saw is not
        for entry in said["seen"]:
            entry["server"] = "?"
        said["headers"].pop("x-upstream", None)
        said.pop("body", None)
    return said


def settle(upstreams, case, wanted):
    deadline = time.monotonic() + 0.6
    seen = upstreams.take(case)
    while len(seen) < wanted and time.monotonic() < deadline:
        time.sleep(0.01)
        seen = upstreams.take(case)
    return seen


def one(port, upstreams, request):
    case = f"c{next(_serial)}"
    answer = ask(port, request, case)
    return describe(request, answer, settle(upstreams, case, request.get("wait_seen", 0)))


def spread(port, upstreams, request):
    """Many times the same request; what counts is how often each answer comes, and from whom."""
    def single(index):
        case = f"c{next(_serial)}"
        varied = dict(request)
        time.sleep(index * request.get("stagger", 0) / 1000)
        if "vary" in request:
            varied["headers"] = [*request.get("headers", ()), (request["vary"], f"value-{index}")]
        answer = ask(port, varied, case)
        if request.get("gap"):
            time.sleep(request["gap"] / 1000)
        return answer, upstreams.take(case)

    if request.get("together"):
        with concurrent.futures.ThreadPoolExecutor(request["times"]) as pool:
            results = list(pool.map(single, range(request["times"])))
    else:
        results = [single(index) for index in range(request["times"])]
    by = request.get("by", "server")
    counts = collections.Counter()
    sequence = []
    for answer, seen in results:
        server = dict(answer.headers).get("x-upstream", "-")
        key = {"server": f"{answer.status} {server}", "status": str(answer.status), "seen": f"{answer.status} x{len(seen)}",
               "sequence": "", "repeats": "", "hosts": ""}[by]
        counts[key] += 1
        sequence.append(server)
    if by == "repeats":
        counts = {"the same again": sum(x == y for x, y in zip(sequence, sequence[1:]))}
        return {"spread": {k: v / (request["times"] - 1) for k, v in counts.items()}, "tolerance": request.get("tolerance", 0.15)}
    if by == "hosts":
        return {"spread": {f"{len(set(sequence))} hosts": 1.0}, "tolerance": 0.01}
    if by == "sequence":  # for a hash: the same value goes the same way, whichever way that is
        return {"spread": {f"{len(set(sequence))} hosts": 1.0}, "tolerance": 0.01}
    return {"spread": {key: count / request["times"] for key, count in sorted(counts.items())},
            "tolerance": request.get("tolerance", 0.15)}


def play(port, upstreams, requests):
    outcome = []
    for request in requests:
        if "wait" in request:
            time.sleep(request["wait"] / 1000)
        elif "until" in request:  # e.g. a health check takes effect: ask until it shows, then go on
            until(port, upstreams, request)
        elif "times" in request:
            outcome.append(spread(port, upstreams, request))
        else:
            outcome.append(one(port, upstreams, request))
    return outcome


def until(port, upstreams, request):
    deadline = time.monotonic() + request["until"] / 1000
    while time.monotonic() < deadline:
        answers = [ask(port, request, f"c{next(_serial)}") for _ in range(6)]
        names = {dict(a.headers).get("x-upstream", "-") for a in answers}
        if names == set(request["from"]):
            return
        time.sleep(0.05)


def differences(left, right):
    """In words; empty: the same outcome."""
    found = []
    for index, (a, b) in enumerate(zip(left, right)):
        where = f"request {index + 1}: " if len(left) > 1 else ""
        if "spread" in a:
            for key in sorted(set(a["spread"]) | set(b["spread"])):
                x, y = a["spread"].get(key, 0), b["spread"].get(key, 0)
                if abs(x - y) > a["tolerance"] or (x == 0 or y == 0) and max(x, y) > a["tolerance"] / 2:
                    found.append(f"{where}{key}: {x:.0%} / {y:.0%}")
            continue
        for key in sorted(set(a) | set(b)):
            if a.get(key) != b.get(key):
                found.append(f"{where}{key}: {detail(a.get(key), b.get(key))}")
    return found


def detail(a, b):
    if isinstance(a, dict) and isinstance(b, dict):
        keys = [k for k in sorted(set(a) | set(b)) if a.get(k) != b.get(k)]
        return "; ".join(f"{k} {a.get(k)!r} / {b.get(k)!r}" for k in keys)
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return "; ".join(detail(x, y) for x, y in zip(a, b) if x != y)
    if isinstance(a, list) and isinstance(b, list):
        return f"{len(a)} / {len(b)} requests upstream"
    return f"{a!r} / {b!r}"


def summary(outcome):
    parts = []
    for entry in outcome:
        if "spread" in entry:
            parts.append(" ".join(f"{key}:{share:.0%}" for key, share in entry["spread"].items()))
        else:
            parts.append(f"{entry['status']}" + (f"<{''.join(s['server'] for s in entry['seen'])}>" if entry["seen"] else ""))
    return ", ".join(parts)[:46]
