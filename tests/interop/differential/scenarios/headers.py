# SPDX-License-Identifier: GPL-3.0-or-later
"""Header operations, mirroring, CORS, compression."""
SCENARIOS = []
CORS = "envoy.filters.http.cors"
COMPRESSOR = "envoy.filters.http.compressor"
T = "type.googleapis.com/envoy.extensions."


def add(policy, name, on, requests, **more):
    SCENARIOS.append({"policy": policy, "name": name, "on": on, "requests": requests, **more})


def get(path="/x", **more):
    return {"path": path, **more}


def header(key, value, action=None):
    return {"header": {"key": key, "value": value}} | ({"append_action": action} if action else {})


H = "header operations"
ADD, IF_ABSENT, OVERWRITE, IF_EXISTS = "APPEND_IF_EXISTS_OR_ADD", "ADD_IF_ABSENT", "OVERWRITE_IF_EXISTS_OR_ADD", "OVERWRITE_IF_EXISTS"
WITH = [("x-h", "old")]
add(H, "request add", {"route": {"request_headers_to_add": [header("x-h", "new")]}}, [get(), get(headers=WITH)])
add(H, "request add if absent", {"route": {"request_headers_to_add": [header("x-h", "new", IF_ABSENT)]}}, [get(), get(headers=WITH)])
add(H, "request overwrite", {"route": {"request_headers_to_add": [header("x-h", "new", OVERWRITE)]}}, [get(), get(headers=WITH)])
add(H, "request overwrite if exists", {"route": {"request_headers_to_add": [header("x-h", "new", IF_EXISTS)]}}, [get(), get(headers=WITH)])
add(H, "request remove", {"route": {"request_headers_to_remove": ["x-h", "x-none"]}}, [get(headers=WITH), get(headers=[("X-H", "1"), ("x-h", "2"), ("x-i", "3")])])
add(H, "request remove, then add", {"route": {"request_headers_to_remove": ["x-h"], "request_headers_to_add": [header("x-h", "new")]}}, [get(headers=WITH)])
BACK = "h=x-h=old"
add(H, "response add", {"route": {"response_headers_to_add": [header("x-h", "new")]}}, [get(), get(behave=BACK)])
add(H, "response add if absent", {"route": {"response_headers_to_add": [header("x-h", "new", IF_ABSENT)]}}, [get(), get(behave=BACK)])
add(H, "response overwrite", {"route": {"response_headers_to_add": [header("x-h", "new", OVERWRITE)]}}, [get(), get(behave=BACK)])
add(H, "response overwrite if exists", {"route": {"response_headers_to_add": [header("x-h", "new", IF_EXISTS)]}}, [get(), get(behave=BACK)])
add(H, "response remove", {"route": {"response_headers_to_remove": ["x-h"]}}, [get(behave=BACK), get()])
add(H, "of the virtual host", {"vhost": {"request_headers_to_add": [header("x-v", "1")], "response_headers_to_add": [header("x-w", "2")]}}, [get()])
add(H, "of the route table", {"table": {"request_headers_to_add": [header("x-t", "1")], "response_headers_to_remove": ["x-h"]}}, [get(behave=BACK)])
add(H, "of a weighted cluster", {"action": {"weighted_clusters": {"clusters": [{"name": "a", "weight": 1, "request_headers_to_add": [header("x-c", "1")],
    "response_headers_to_add": [header("x-d", "2")]}]}}}, [get()])
add(H, "all levels in their order", {"route": {"request_headers_to_add": [header("x-o", "route")]}, "vhost": {"request_headers_to_add": [header("x-o", "vhost")]},
    "table": {"request_headers_to_add": [header("x-o", "table")]}}, [get()])
add(H, "most specific wins on demand", {"table": {"most_specific_header_mutations_wins": True, "request_headers_to_add": [header("x-o", "table", OVERWRITE)]}},
    [get()], base={"route": {"request_headers_to_add": [header("x-o", "route", OVERWRITE)]}}, off={"table": {"request_headers_to_add": [header("x-o", "table", OVERWRITE)]}})
add(H, "value from the request", {"route": {"request_headers_to_add": [header("x-p", "%REQ(x-h)%")]}}, [get(headers=WITH), get()])
add(H, "value with protocol and percent", {"route": {"request_headers_to_add": [header("x-p", "%PROTOCOL% 100%%")]}}, [get()])
add(H, "response to a local reply", {"table": {"response_headers_to_add": [header("x-l", "1")]}}, [get()], base={"action": {"cluster": "nowhere"}, "table": {"validate_clusters": False}})

# --- mirror ---------------------------------------------------------------------------------------
M = "mirror"


def mirror(cluster="b", numerator=None, **more):
    policy = {"cluster": cluster, **more}
    if numerator is not None:
        policy["runtime_fraction"] = {"default_value": {"numerator": numerator, "denominator": "HUNDRED"}}
    return {"action": {"request_mirror_policies": [policy]}}


add(M, "every request", mirror(), [get(wait_seen=2, order_free=True), get(host="h.test:81", wait_seen=2, order_free=True)])
add(M, "with its body", mirror(), [get(method="POST", body=b"hello body", wait_seen=2, order_free=True)])
add(M, "30 of 100", mirror(numerator=30), [get(times=120, by="seen", gap=3, tolerance=0.17)])
add(M, "0 of 100", mirror(numerator=0), [get(wait_seen=2)], off=mirror())
add(M, "the mirror's failure is not the caller's", mirror(), [get(behave="b:503", wait_seen=2, order_free=True), get(behave="b:reset", wait_seen=2, order_free=True)])
add(M, "a slow mirror does not delay", mirror(), [get(behave="b:delay=700", slow=500, wait_seen=2, order_free=True)])
add(M, "rewritten as the request is", {"action": {"prefix_rewrite": "/new/", **mirror()["action"]}}, [get("/x", wait_seen=2, order_free=True)])
add(M, "to two clusters", {"action": {"request_mirror_policies": [{"cluster": "b"}, {"cluster": "c"}]}}, [get(wait_seen=3, order_free=True)])

# --- CORS -----------------------------------------------------------------------------------------
C = "CORS"
CORS_FILTER = {"filters": [{"name": CORS, "typed_config": {"@type": T + "filters.http.cors.v3.Cors"}}]}


def cors(**policy):
    policy.setdefault("allow_origin_string_match", [{"exact": "http://good.test"}])
    return {"vhost": {"typed_per_filter_config": {CORS: {"@type": T + "filters.http.cors.v3.CorsPolicy", **policy}}}}


GOOD, EVIL = ("origin", "http://good.test"), ("origin", "http://evil.test")
ASK = ("access-control-request-method", "PUT")


def preflight(*headers):
    return get(method="OPTIONS", headers=list(headers))


add(C, "plain request", cors(), [get(headers=[GOOD]), get(headers=[EVIL]), get()], base=CORS_FILTER)
add(C, "preflight", cors(allow_methods="GET, PUT", allow_headers="x-h", max_age="600"), [preflight(GOOD, ASK), preflight(EVIL, ASK), preflight(GOOD), preflight(ASK)], base=CORS_FILTER)
add(C, "credentials", cors(allow_credentials=True), [get(headers=[GOOD]), preflight(GOOD, ASK)], base=CORS_FILTER)
add(C, "exposed headers", cors(expose_headers="x-a, x-b"), [get(headers=[GOOD])], base=CORS_FILTER)
add(C, "origin by prefix", cors(allow_origin_string_match=[{"prefix": "http://go"}]), [get(headers=[GOOD]), get(headers=[EVIL])], base=CORS_FILTER)
add(C, "origin by regex", cors(allow_origin_string_match=[{"safe_regex": {"regex": "https?://[a-z]+\\.good\\.test"}}]), [get(headers=[("origin", "https://x.good.test")]), get(headers=[GOOD])], base=CORS_FILTER)
add(C, "any origin", cors(allow_origin_string_match=[{"exact": "*"}]), [get(headers=[EVIL]), preflight(EVIL, ASK)], base=CORS_FILTER)
add(C, "of a route", {"route": cors(allow_methods="PATCH")["vhost"]}, [preflight(GOOD, ASK)], base=CORS_FILTER)
add(C, "the upstream's own fields are replaced", cors(), [get(headers=[GOOD], behave="h=access-control-allow-origin=http://other.test")], base=CORS_FILTER)

# --- compression ----------------------------------------------------------------------------------
Z = "compression"


def gzip(**fields):
    return {"filters": [{"name": COMPRESSOR, "typed_config": {"@type": T + "filters.http.compressor.v3.Compressor",
            "compressor_library": {"name": "gzip", "typed_config": {"@type": T + "compression.gzip.compressor.v3.Gzip"}}, **fields}}]}


def asks(coding="gzip", behave="size=2000", **more):
    return get(headers=[("accept-encoding", coding)] if coding else [], behave=behave, **more)


add(Z, "gzip on demand", gzip(), [asks(), asks(None), asks("identity")])
add(Z, "quality values", gzip(), [asks("gzip;q=0"), asks("br, gzip;q=0.5"), asks("*"), asks("gzip;q=0, *"), asks("deflate")])
add(Z, "small bodies are left alone", gzip(), [asks(behave="size=20"), asks(behave="size=400")])
add(Z, "min_content_length", gzip(response_direction_config={"common_config": {"min_content_length": 1000}}), [asks(behave="size=900"), asks(behave="size=1100")])
add(Z, "content types", gzip(), [asks(behave="size=2000 type=image/png"), asks(behave="size=2000 type=application/json"), asks(behave="size=2000 type=text/html;charset=utf-8")])
add(Z, "content types of our own", gzip(response_direction_config={"common_config": {"content_type": ["text/odd"]}}), [asks(behave="size=2000 type=text/odd"), asks(behave="size=2000 type=text/plain")])
add(Z, "what is encoded already is left alone", gzip(), [asks(behave="size=2000 h=content-encoding=br", body_matters=False), asks()])
add(Z, "no-transform", gzip(), [asks(behave="size=2000 h=cache-control=no-transform"), asks()])
add(Z, "etag", gzip(), [asks(behave='size=2000 h=etag="abc"'), asks(behave='size=2000 h=etag=W/"abc"')])
add(Z, "etag keeps a body plain on demand", gzip(response_direction_config={"disable_on_etag_header": True}), [asks(behave='size=2000 h=etag="abc"')], off=gzip())
add(Z, "the upstream's vary", gzip(), [asks(behave="size=2000 h=vary=x-h")])
add(Z, "HEAD", gzip(), [asks(method="HEAD"), asks()])
add(Z, "remove_accept_encoding_header", gzip(response_direction_config={"remove_accept_encoding_header": True}), [asks(see=("accept-encoding",))], off=gzip())
