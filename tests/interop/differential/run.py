#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same Envoy-shaped bootstrap to Envoy and to meshyard-proxy, the same requests: the same outcome?

Usage: run.py --proxy BIN [--envoy BIN] [--only TEXT] [--known FILE] [--no-without] [--table] [--jobs N]

Per scenario: same, stricter (with the reason the scenario gives), or DIFFERENT. Besides, Envoy plays
each scenario with the policy taken out: where that makes no difference the scenario proves nothing
and is listed as IDLE. --known FILE names scenarios that differ today (one a line, "# why" behind):
they are not played, so that the run says what must not get worse. Exit 0 when all played ones are
the same or stricter and none is idle, 77 without Envoy.
"""
import argparse
import collections
import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "conformance")]

import proxies  # noqa: E402
import shape  # noqa: E402
from play import differences, play, summary  # noqa: E402
from upstreams import Upstreams  # noqa: E402


def parts_of(scenario, key, port, ports):
    name = f"{scenario['name']} ~{key}"
    return shape.build(name, [scenario.get("base", {}), scenario.get(key, {})], port, ports)


class Side:
    """One proxy with all variants it takes, each on a port of its own."""

    def __init__(self, name, binary, folder):
        self.name, self.binary, self.folder = name, binary, folder
        self.upstreams = Upstreams()
        self.parts, self.ports, self.refused = {}, {}, {}
        self.proxy = None

    def add(self, scenario, key):
        port = proxies.free_port()
        self.parts[scenario["name"], key] = parts_of(scenario, key, port, self.upstreams.ports)
        self.ports[scenario["name"], key] = port

    def move(self, *keys):
        """Other ports: somebody else on this machine was quicker."""
        for key in keys or self.parts:
            self.ports[key] = proxies.free_port()
            self.parts[key][0]["address"]["socket_address"]["port_value"] = self.ports[key]

    def write(self, name, parts):
        path = self.folder / f"{self.name}-{name}.json"
        path.write_text(json.dumps(shape.bootstrap(parts, proxies.free_port(), self.upstreams.ports), indent=1))
        return path

    def refuse_alone(self, item):
        """Ours takes a bootstrap whole or not at all: find who would spoil it for the others."""
        key, number = item
        for _ in range(3):
            path = self.write(f"alone-{number}", [self.parts[key]])
            run = subprocess.Popen([str(self.binary), "-c", str(path), "--log-level", "error"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            if run.stdout.readline():
                run.kill()
                run.communicate()
                return key, None
            why = (run.communicate()[1] or "no word").strip().splitlines()[-1]
            if "in use" not in why:
                break
            self.move(key)
        return key, why

    def start(self):
        if self.name != "envoy":
            with concurrent.futures.ThreadPoolExecutor(3) as pool:
                items = [(key, number) for number, key in enumerate(self.parts)]
                for key, why in pool.map(self.refuse_alone, items):
                    if why:
                        self.refused[key] = why
                        del self.parts[key], self.ports[key]
        launch = proxies.start_envoy if self.name == "envoy" else proxies.start_meshyard
        began = time.monotonic()
        for last in (False, False, True):
            config = self.write("all", list(self.parts.values()))
            try:
                self.proxy = launch(self.binary, self.folder, config, self.ports.values())
                break
            except RuntimeError as error:
                if last or "in use" not in str(error):
                    raise
                self.move()
        return time.monotonic() - began

    def play(self, scenario, key):
        if (scenario["name"], key) in self.refused:
            return self.refused[scenario["name"], key]
        try:
            return play(self.ports[scenario["name"], key], self.upstreams, scenario["requests"])
        except Exception as error:  # noqa: BLE001  a scenario that fails to play is a finding, not the end
            return f"{type(error).__name__}: {error}"


def judge(scenario, theirs, ours, without):
    """(verdict, in words)"""
    if isinstance(theirs, str):
        return "BROKEN", theirs
    if without is not None and (isinstance(without, str) or not differences(theirs, without)):
        return "IDLE", without if isinstance(without, str) else "without the policy Envoy does the same"
    if ours is None:
        return "same", ""
    found = [f"refused: {ours}"] if isinstance(ours, str) else differences(theirs, ours)
    if not found:
        return "same", ""
    return ("stricter", scenario["stricter"]) if "stricter" in scenario else ("DIFFERENT", "; ".join(found))


def play_all(scenarios, envoy, ours, with_without, jobs):
    """Sides play by turns of one pool: waiting costs nothing, and two processors are soon busy."""
    tasks = [(scenario, side, key) for scenario in scenarios for side, key in
             ((envoy, "on"), (ours, "on"), (envoy, "off")) if side and (key == "on" or with_without)]
    # What depends on the time since the start goes first.
    tasks.sort(key=lambda task: (task[0]["policy"] != "slow start", not any("until" in request for request in task[0]["requests"])))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        played = list(pool.map(lambda task: task[1].play(task[0], task[2]), tasks))
    results = {}
    for (scenario, side, key), outcome in zip(tasks, played):
        results[scenario["name"], side.name, key] = outcome
    return results


def read_known(path):
    known = {}
    for line in path.read_text().splitlines() if path else ():
        name, _, why = line.partition(" # ")
        if name.strip() and not line.startswith("#"):
            known[name.strip()] = why.strip()
    return known


def report(scenarios, results, ours, table, with_without):
    verdicts = collections.defaultdict(collections.Counter)
    for scenario in scenarios:
        name = scenario["name"]
        theirs, mine = results[name, "envoy", "on"], results.get((name, ours, "on"))
        verdict, why = judge(scenario, theirs, mine, results.get((name, "envoy", "off")) if with_without else None)
        verdicts[scenario["policy"]][verdict] += 1
        if table or verdict not in ("same",):
            texts = [text[:46] if isinstance(text, str) else summary(text) for text in (theirs, mine or "")]
            print(f"{name[:58]:59}{texts[0]:48}{texts[1]:48}{verdict}" + (f"  {why[:400]}" if why else ""))
    print(f"\n{'policy':24}{'scenarios':>10}" + "".join(f"{v:>11}" for v in ("same", "stricter", "DIFFERENT", "IDLE", "BROKEN")))
    total = collections.Counter()
    for policy, counts in verdicts.items():
        total += counts
        print(f"{policy:24}{sum(counts.values()):10d}" + "".join(f"{counts[v]:11d}" for v in ("same", "stricter", "DIFFERENT", "IDLE", "BROKEN")))
    print(f"{'all':24}{sum(total.values()):10d}" + "".join(f"{total[v]:11d}" for v in ("same", "stricter", "DIFFERENT", "IDLE", "BROKEN")))
    return total


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--proxy")
    parser.add_argument("--envoy")
    parser.add_argument("--only", default="", help="scenarios whose name holds this")
    parser.add_argument("--known", type=pathlib.Path)
    parser.add_argument("--no-without", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--jobs", type=int, default=12)
    options = parser.parse_args()
    binary = proxies.envoy_binary(options.envoy)
    if binary is None:
        print("SKIP: Envoy is not installed; ./scripts/peers installs it")
        return 77
    from scenarios import ALL
    known = read_known(options.known)
    strange = set(known) - {s["name"] for s in ALL}
    scenarios = [s for s in ALL if options.only in s["name"] and s["name"] not in known]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        envoy = Side("envoy", binary, pathlib.Path(folder))
        ours = Side("meshyard-proxy", options.proxy, pathlib.Path(folder)) if options.proxy else None
        for scenario in scenarios:
            envoy.add(scenario, "on")
            if not options.no_without:
                envoy.add(scenario, "off")
            if ours:
                ours.add(scenario, "on")
        try:
            print(f"envoy took {envoy.start():.1f} s to start with {len(envoy.parts)} listeners", flush=True)
            if ours:
                ours.start()
            for side in filter(None, (envoy, ours)):
                side.upstreams.start_clock()
            results = play_all(scenarios, envoy, ours, not options.no_without, options.jobs)
            for side in (envoy, ours):
                if side and not side.proxy.is_alive():
                    print(f"{side.name} ended with {side.proxy.process.returncode}\n{side.proxy.tail()}")
                    return 1
        finally:
            for side in (envoy, ours):
                if side and side.proxy:
                    side.proxy.stop()
    total = report(scenarios, results, "meshyard-proxy", options.table, not options.no_without)
    if known:
        print(f"not played, known to differ: {len(known)}" + (f"; unknown names: {sorted(strange)}" if strange else ""))
    print(f"{time.monotonic() - began:.0f} s")
    return 1 if total["DIFFERENT"] or total["IDLE"] or total["BROKEN"] or strange else 0


if __name__ == "__main__":
    sys.exit(main())
