# SPDX-License-Identifier: GPL-3.0-or-later
"""Load balancing, subsets, localities and priorities, slow start, health checks, panic."""
SCENARIOS = []


def add(policy, name, on, requests, **more):
    SCENARIOS.append({"policy": policy, "name": name, "on": on, "requests": requests, **more})


def get(path="/x", **more):
    return {"path": path, **more}


def many(times=80, **more):
    return get(times=times, **more)


RANDOM = {"cluster": {"lb_policy": "RANDOM"}}

# --- policies -------------------------------------------------------------------------------------
B = "load balancing"
add(B, "round robin is even", {"hosts": "abcd"}, [many(60, tolerance=0.02)], base={"cluster": {"lb_policy": "ROUND_ROBIN"}}, off={"hosts": ["a", "b", "c", {"host": "d", "weight": 3}]})
add(B, "round robin is the default", {"cluster": {}}, [many(60, by="repeats", tolerance=0.1)], base={"hosts": "abc"}, off=RANDOM)
add(B, "round robin never twice the same", {"cluster": {"lb_policy": "ROUND_ROBIN"}}, [many(40, by="repeats")], off=RANDOM)
add(B, "random", RANDOM, [many(100, by="repeats", tolerance=0.25)])
add(B, "weights, round robin", {"hosts": [{"host": "a", "weight": 3}, {"host": "b", "weight": 1}]}, [many()], off={"hosts": "ab"})
add(B, "weights, least request", {"hosts": [{"host": "a", "weight": 4}, {"host": "b", "weight": 1}]}, [many(240)], base={"cluster": {"lb_policy": "LEAST_REQUEST"}}, off={"hosts": "ab"})
add(B, "least request avoids the busy", {"cluster": {"lb_policy": "LEAST_REQUEST", "least_request_lb_config": {"choice_count": 8}}},
    [many(20, together=True, stagger=20, behave="a:delay=1200", tolerance=0.2)], off={"cluster": {"lb_policy": "ROUND_ROBIN"}})
HASH = {"header": {"header_name": "x-user"}}


def hashed(lb, *policies, **cluster):
    return {"cluster": {"lb_policy": lb, **cluster}, "action": {"hash_policy": list(policies)}}


SAME = many(25, by="sequence", headers=[("x-user", "ann")])
SPREAD = many(100, vary="x-user", tolerance=0.3)
for lb in ("RING_HASH", "MAGLEV"):
    word = lb.lower().replace("_", " ")
    add(B, f"{word} by header", hashed(lb, HASH), [SAME], base={"hosts": "abcd"})
    add(B, f"{word} spreads values", hashed(lb, HASH), [SPREAD, SAME], base={"hosts": "abcd"})
    add(B, f"{word} by query", hashed(lb, {"query_parameter": {"name": "u"}}), [get("/?u=7", times=20, by="sequence")], base={"hosts": "abcd"})
    add(B, f"{word} by source address", hashed(lb, {"connection_properties": {"source_ip": True}}), [many(20, by="sequence")], base={"hosts": "abcd"})
    add(B, f"{word} without a value is spread", hashed(lb, HASH), [many(60, tolerance=0.35, by="hosts"), SAME], base={"hosts": "abcd"})
add(B, "hash by cookie", hashed("RING_HASH", {"cookie": {"name": "u"}}), [many(20, by="sequence", headers=[("cookie", "z=1; u=ann")])], base={"hosts": "abcd"})
add(B, "hash cookie is made with a ttl", hashed("RING_HASH", {"cookie": {"name": "u", "ttl": "60s", "path": "/p"}}), [get(set_cookie_shape=True, any_server=True)], base={"hosts": "abcd"})
add(B, "terminal hash policy", hashed("RING_HASH", {"header": {"header_name": "x-user"}, "terminal": True}, {"header": {"header_name": "x-b"}}),
    [many(20, by="sequence", headers=[("x-user", "ann")], vary="x-b")], base={"hosts": "abcd"}, off=hashed("RING_HASH", HASH, {"header": {"header_name": "x-b"}}))
add(B, "ring of a given size", hashed("RING_HASH", HASH, ring_hash_lb_config={"minimum_ring_size": 2048}), [SPREAD, SAME], base={"hosts": "abcd"})

# --- subsets --------------------------------------------------------------------------------------
S = "subset"
V1, V2 = {"version": "v1"}, {"version": "v2"}
VERSIONS = [{"host": "a", "metadata": V1}, {"host": "b", "metadata": V2}, {"host": "c", "metadata": {"version": "v2", "stage": "canary"}}]


def subsets(fallback=None, keys=("version",), default=None, selectors=None):
    config = {"subset_selectors": selectors or [{"keys": list(keys)}]}
    if fallback:
        config["fallback_policy"] = fallback
    if default:
        config["default_subset"] = default
    return {"hosts": VERSIONS, "cluster": {"lb_subset_config": config}}


def wants(**labels):
    return {"action": {"metadata_match": {"filter_metadata": {"envoy.lb": labels}}}}


add(S, "of a version", wants(version="v1"), [many(20)], base=subsets())
add(S, "of two hosts", wants(version="v2"), [many(40)], base=subsets())
add(S, "by two keys", wants(version="v2", stage="canary"), [many(20)], base=subsets(keys=("stage", "version")))
add(S, "nobody has it: none", wants(version="v9"), [many(10)], base=subsets("NO_FALLBACK"), off=wants(version="v1"))
add(S, "nobody has it: any", wants(version="v9"), [many(60)], base=subsets("ANY_ENDPOINT"), off={**wants(version="v1")})
add(S, "nobody has it: the default", wants(version="v9"), [many(20)], base=subsets("DEFAULT_SUBSET", default=V1), off=wants(version="v2"))
add(S, "keys without a selector", wants(stage="canary"), [many(10)], base=subsets("NO_FALLBACK"), off=wants(version="v1"))
add(S, "of a weighted cluster", {"action": {"weighted_clusters": {"clusters": [{"name": "$own", "weight": 1, "metadata_match": {"filter_metadata": {"envoy.lb": V1}}}]}}}, [many(20)], base=subsets())
add(S, "selector's own fallback", wants(version="v9"), [many(60)], base=subsets("NO_FALLBACK", selectors=[{"keys": ["version"], "fallback_policy": "ANY_ENDPOINT"}]), off=wants(other="x"))

# --- localities, priorities -----------------------------------------------------------------------
L = "locality and priority"


def zone(name, hosts, weight=None, priority=None):
    made = {"locality": {"region": "r1", "zone": name}, "hosts": hosts}
    if weight is not None:
        made["load_balancing_weight"] = weight
    if priority is not None:
        made["priority"] = priority
    return made


BAD_A = {"host": "a", "health": "UNHEALTHY"}
WEIGHTED = {"cluster": {"common_lb_config": {"locality_weighted_lb_config": {}}}}
add(L, "weighted localities", WEIGHTED, [many(240)], base={"hosts": [zone("z1", "a", 3), zone("z2", "b", 1)]})
add(L, "weighted localities of unequal size", WEIGHTED, [many(120, tolerance=0.12)], base={"hosts": [zone("z1", "a", 1), zone("z2", "bcd", 1)]})
add(L, "a locality without weight gets nothing", WEIGHTED, [many(40)], base={"hosts": [zone("z1", "a", 1), zone("z2", "b")]})
add(L, "weighted locality loses unhealthy hosts", WEIGHTED, [many(240, tolerance=0.06)], base={"hosts": [zone("z1", [BAD_A, "b"], 1), zone("z2", "c", 1)]})
add(L, "priority 0 is enough", {"hosts": [["a"], ["b"]]}, [many(30)], off={"hosts": "ab"})
add(L, "failover to priority 1", {"hosts": [[BAD_A], ["b"]]}, [many(30)], off={"hosts": [["a"], ["b"]]})
add(L, "half of priority 0 is down", {"hosts": [[BAD_A, "b"], ["c"]]}, [many(240)], off={"hosts": [["a", "b"], ["c"]]})
add(L, "overprovisioning factor", {"cluster": {"load_assignment": {"policy": {"overprovisioning_factor": 200}}}}, [many(80)], base={"hosts": [[BAD_A, "b"], ["c"]]})
add(L, "two priorities down", {"hosts": [[BAD_A], [{"host": "b", "health": "UNHEALTHY"}], ["c"]]}, [many(20)], off={"hosts": [[BAD_A], ["b"], ["c"]]})
add(L, "DRAINING counts as unhealthy", {"hosts": [{"host": "a", "health": "DRAINING"}, "b"]}, [many(30)], off={"hosts": "ab"})
add(L, "DEGRADED only without healthy ones", {"hosts": [{"host": "a", "health": "DEGRADED"}, "b"]}, [many(240, tolerance=0.12)], off={"hosts": "ab"})
add(L, "degraded are used when the rest is down", {"hosts": [{"host": "a", "health": "UNHEALTHY"}, {"host": "b", "health": "DEGRADED"}]}, [many(30)], off={"hosts": "ab"},
    base={"cluster": {"common_lb_config": {"healthy_panic_threshold": {"value": 0}}}})

# --- health checks, slow start, panic -------------------------------------------------------------
H = "health check"


def check(mode="bad-b", **fields):
    kind = fields.pop("kind", {"http_health_check": {"path": f"/hc/{mode}", **fields.pop("http", {})}})
    return {"cluster": {"health_checks": [{"timeout": "0.5s", "interval": "0.2s", "no_traffic_interval": "0.2s", "unhealthy_threshold": 1, "healthy_threshold": 1, **kind, **fields}]}}


def settled(*names, ms=3000):
    return {"until": ms, "from": names}


NO_PANIC = {"cluster": {"common_lb_config": {"healthy_panic_threshold": {"value": 0}}}}
add(H, "HTTP", check(), [settled("a"), many(20)], base={"hosts": "ab"})
add(H, "HTTP, all good", check("ok"), [{"wait": 500}, many(20)], off=check("bad-b"))
add(H, "host of the check", check(http={"host": "check.test"}, mode="host"), [{"wait": 500}, many(20)], off=check("host"))
add(H, "comes back", check("late-b"), [settled("a", ms=800), many(12), settled("a", "b", ms=4000), many(20)])
add(H, "expected_statuses", check(http={"expected_statuses": [{"start": 200, "end": 504}]}), [{"wait": 500}, many(30)], off=check())
add(H, "TCP", check(kind={"tcp_health_check": {}}), [settled("a"), many(20)], base={"hosts": ["a", "closed"]})
add(H, "gRPC", check(kind={"grpc_health_check": {}}), [{"wait": 600}, get()], base={"hosts": "a", "cluster": {"common_lb_config": {"healthy_panic_threshold": {"value": 0}},
    "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {"@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}}}}}})
add(H, "nobody is healthy", check("bad-ab"), [{"wait": 600}, get()], base=NO_PANIC)
add(H, "unhealthy_threshold", check(unhealthy_threshold=40), [{"wait": 500}, many(20)], base={"cluster": {}}, off=check("ok"))

W = "slow start"


def slow(lb="round_robin", **fields):
    policy = {"round_robin": "ROUND_ROBIN", "least_request": "LEAST_REQUEST"}[lb]
    return {"cluster": {"lb_policy": policy, f"{lb}_lb_config": {"slow_start_config": {"slow_start_window": "6s", "min_weight_percent": {"value": 10}, **fields}}}}


LATE = check("late-b", interval="0.1s")
NEW = [settled("a", "b", ms=5000), many(60, tolerance=0.18)]
add(W, "round robin", slow(), NEW, base=LATE)
add(W, "least request", slow("least_request"), NEW, base={**LATE}, off={"cluster": {"lb_policy": "LEAST_REQUEST"}})
add(W, "aggression", slow(aggression={"default_value": 8.0, "runtime_key": "none"}), NEW, base=LATE, off=slow())
add(W, "min_weight_percent", slow(min_weight_percent={"value": 100}), NEW, base=LATE, off=slow())

P = "panic threshold"
THREE_BAD = {"hosts": ["a", *({"host": n, "health": "UNHEALTHY"} for n in "bcd")]}


def panic(value):
    return {"cluster": {"common_lb_config": {"healthy_panic_threshold": {"value": value}}}}


add(P, "below the default of 50 all are used", {"cluster": {}}, [many(60)], base=THREE_BAD, off=panic(0))
add(P, "0 switches it off", panic(0), [many(30)], base=THREE_BAD)
add(P, "20 with a quarter healthy", panic(20), [many(30)], base=THREE_BAD)
add(P, "30 with a quarter healthy", panic(30), [many(60)], base=THREE_BAD, off=panic(20))
add(P, "nobody healthy, no panic", panic(0), [get()], base={"hosts": [BAD_A, {"host": "b", "health": "UNHEALTHY"}]})
add(P, "fail_traffic_on_panic", {"cluster": {"common_lb_config": {"zone_aware_lb_config": {"fail_traffic_on_panic": True}}}}, [get()], base=THREE_BAD)
