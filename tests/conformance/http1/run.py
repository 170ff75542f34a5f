#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the HTTP/1 conformance table against meshyard-proxy, and beside it Envoy and HAProxy.

Usage: run.py --proxy BIN [--envoy [BIN]] [--haproxy [BIN]] [--split N] [--only TEXT] [--table]

Every proxy stands between a client and a recording upstream, both on raw bytes. One line is printed
for each case ours fails; with a peer (or --table) all verdicts side by side:
  ok    an outcome the section allows
  FAIL  any other
  AMBIG the proxy passed on, or gave the client, bytes that two readers could read differently
Exit 1 if ours fails a case or ends.
"""
import argparse
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import cases_answers  # noqa: E402
import cases_requests  # noqa: E402
import expect  # noqa: E402
import proxies  # noqa: E402
import wire  # noqa: E402

AFTER = b"GET /after HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"


def has_all(message, wanted):
    for name, value in wanted:
        values = message.all(name)
        if value is None and not values or value is not None and value not in values:
            return f"lacks {name.decode()}: {(value or b'any').decode('latin-1')} (has {values})"
    return None


def lacks_all(fields, unwanted):
    names = {name for name, _ in fields}
    for name in unwanted:
        if name in names:
            return f"still has {name.decode()}"
    return None


class Run:
    """What happened in one case, and whether an outcome fits it. A `why` of None means it does."""

    def __init__(self, case, outcome, seen, after):
        self.case, self.seen, self.after = case, seen, after
        self.closed = outcome.closed
        self.interims = [a for a in outcome.answers if 100 <= a.status < 200 and a.status != 101]
        self.answers = [a for a in outcome.answers if a not in self.interims]
        self.whole = [m for m in seen if m.complete]
        self.ambiguities = [p for m in seen if m.has_head or m.start for p in m.problems]
        self.ambiguities += [p for a in outcome.answers for p in a.problems]
        if outcome.leftover:
            self.ambiguities.append(f"unasked bytes {outcome.leftover[:40]!r}")
        if after is not None and (after.status != 200 or after.body != b"ok"):
            self.ambiguities.append(f"the next request got {after.start!r} {after.body[:40]!r}")

    def describe(self):
        answers = "+".join(str(a.status) + ("" if a.complete else "(cut)") for a in self.answers) or "nothing"
        return f"{answers}{' closed' if self.closed else ''}, upstream saw {len(self.whole)}" + (
            f" and {len(self.seen) - len(self.whole)} in part" if len(self.seen) > len(self.whole) else "")

    def fits(self, outcome):
        return getattr(self, type(outcome).__name__.lower())(outcome)

    def refused(self, wanted):
        if len(self.whole) > wanted.behind:
            return "a whole request got through"
        if not self.closed:
            return "the connection stays open"
        if len(self.answers) == wanted.behind and wanted.silent:
            return None
        if len(self.answers) != wanted.behind + 1:
            return f"{len(self.answers)} answers"
        return None if self.answers[-1].status in wanted.statuses else f"status {self.answers[-1].status}"

    def forwarded(self, wanted):
        if len(self.whole) != wanted.times or len(self.answers) != wanted.times:
            return f"{len(self.whole)} requests got through, {len(self.answers)} answers"
        if any(a.status != 200 or not a.complete for a in self.answers):
            return "an answer is not a whole 200"
        last, answer = self.whole[-1], self.answers[-1]
        if wanted.line is not None and last.start != wanted.line:
            return f"the upstream saw {last.start!r}"
        if wanted.body is not None and last.body != wanted.body:
            return f"the upstream got the body {last.body[:40]!r}"
        if wanted.closed is not None and wanted.closed != self.closed:
            return "the connection stays open" if wanted.closed else "the connection was closed"
        return (has_all(last, wanted.has) or lacks_all(last.fields, wanted.lacks) or has_all(answer, wanted.client_has)
                or lacks_all(answer.fields, wanted.client_lacks) or lacks_all(last.trailers, wanted.trailers_lack))

    def local(self, wanted):
        if self.whole:
            return "the request got through"
        if len(self.answers) != 1 or self.answers[0].status not in wanted.statuses:
            return self.describe()
        return None if wanted.closed in (None, self.closed) else "closed" if self.closed else "left open"

    def badgateway(self, wanted):
        if len(self.answers) == 1 and self.answers[0].complete and self.answers[0].status in wanted.statuses:
            return None
        return self.describe()

    def cut(self, _):
        if len(self.answers) == 1 and not self.answers[0].complete and self.closed:
            return None
        return self.describe()

    def relayed(self, wanted):
        if len(self.answers) != 1 or not self.answers[0].complete:
            return self.describe()
        answer = self.answers[0]
        if answer.status != wanted.status or answer.body != wanted.body:
            return f"the client got {answer.status} {answer.body[:40]!r}"
        if wanted.interims is not None and tuple(a.status for a in self.interims) != wanted.interims:
            return f"interim answers {[a.status for a in self.interims]}"
        if wanted.closed not in (None, self.closed):
            return "closed" if self.closed else "left open"
        return has_all(answer, wanted.has) or lacks_all(answer.fields, wanted.lacks)

    def verdict(self):
        if self.ambiguities:
            return "AMBIG", "; ".join(self.ambiguities)
        whys = [self.fits(outcome) for outcome in self.case.expect]
        return ("ok", "") if None in whys else ("FAIL", whys[0])


def settle(case, answers):
    """How long to wait for a close: only where an outcome that still fits asks for one."""
    good = bool(answers) and answers[-1].complete and answers[-1].status < 300
    must_close = any(isinstance(o, (expect.Forwarded, expect.Relayed)) and o.closed for o in case.expect)
    return 0.02 if good and not must_close else 1.5 if not isinstance(case.expect[0], expect.BadGateway) else 0.02


def play(case, port, upstream, split):
    upstream.forget_connections()
    upstream.take()
    if case.answer is not None:
        upstream.script(case.answer, case.then)
    small = 0 < split < len(case.send) <= 4000
    outcome = wire.send(port, case.send, case.methods, split if small else 0, settle=lambda a: settle(case, a), finish=case.finish)
    seen = upstream.take()
    after = None
    if case.answer is not None:
        answers = wire.send(port, AFTER, (b"GET",)).answers
        after = answers[-1] if answers else wire.Message()
    return Run(case, outcome, seen, after)


def fill(template, folder, name, **values):
    text = (HERE / template).read_text()
    for key, value in values.items():
        text = text.replace(f"%{key}%", str(value))
    path = folder / name
    path.write_text(text)
    return path


def start(name, binary, folder, upstream):
    port, admin = proxies.free_port(), proxies.free_port()
    template = "haproxy.cfg" if name == "haproxy" else "bootstrap.yaml"
    config = fill(template, folder, f"{name}-{template}", PORT=port, ADMIN=admin, UPSTREAM=upstream.port)
    launch = {"meshyard-proxy": proxies.start_meshyard, "envoy": proxies.start_envoy, "haproxy": proxies.start_haproxy}[name]
    return launch(binary, folder, config, [port]), port


def run_all(name, binary, cases, folder, split):
    upstream = wire.Upstream()
    proxy, port = start(name, binary, folder, upstream)
    results = {}
    try:
        for case in cases:
            try:
                run = play(case, port, upstream, split)
                results[case.id] = (*run.verdict(), run.describe())
            except OSError as error:
                results[case.id] = ("FAIL", str(error), "")
            if not proxy.is_alive():
                results[case.id] = ("FAIL", f"{name} ended with {proxy.process.returncode}", "")
                proxy, port = start(name, binary, folder, upstream)
    finally:
        proxy.stop()
    return results


def print_table(cases, results):
    names = list(results)
    print(f"\n{'case':74}" + "".join(f"{name:>16}" for name in names))
    for case in cases:
        print(f"{case.id[:73]:74}" + "".join(f"{results[name][case.id][0]:>16}" for name in names))
    for verdict in ("ok", "FAIL", "AMBIG"):
        print(f"{verdict:74}" + "".join(f"{sum(r[0] == verdict for r in results[name].values()):16d}" for name in names))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proxy")
    parser.add_argument("--envoy", nargs="?", const="")
    parser.add_argument("--haproxy", nargs="?", const="")
    parser.add_argument("--split", type=int, default=0, help="send N bytes at a time (bodies over 4,000 bytes whole)")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    cases = [c for c in cases_requests.CASES + cases_answers.CASES if options.only in c.id]
    wanted = {}
    if options.proxy:
        wanted["meshyard-proxy"] = options.proxy
    for name, given, find in (("envoy", options.envoy, proxies.envoy_binary), ("haproxy", options.haproxy, proxies.haproxy_binary)):
        if given is not None:
            binary = find(given)
            if binary:
                wanted[name] = binary
            else:
                print(f"{name}: not installed, no column beside ours")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, binary in wanted.items():
            results[name] = run_all(name, binary, cases, pathlib.Path(folder), options.split)
    first = "meshyard-proxy" if "meshyard-proxy" in results else next(iter(results))
    for case in cases:
        verdict, why, what = results[first][case.id]
        if verdict != "ok":
            note = f" (pending: {case.pending})" if case.pending else ""
            print(f"{verdict} {case.id}: {why} [{what}]{note}")
    if len(results) > 1 or options.table:
        print_table(cases, results)
    bad = sum(r[0] != "ok" for r in results[first].values())
    print(f"{first}: {len(cases) - bad} of {len(cases)} cases")
    return 1 if any(results[first][c.id][0] != "ok" and not c.pending for c in cases) else 0


if __name__ == "__main__":
    sys.exit(main())
