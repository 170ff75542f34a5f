# SPDX-License-Identifier: GPL-3.0-or-later
"""Route matches, virtual hosts, redirects, rewrites, direct responses, traffic splits."""
SCENARIOS = []


def add(policy, name, on, requests, **more):
    SCENARIOS.append({"policy": policy, "name": name, "on": on, "requests": requests, **more})


def get(path="/x", **more):
    return {"path": path, **more}


def to_b(match, **route):
    """A route to b in front of the default route to a."""
    return {"routes": [{"match": match, "route": {"cluster": "b", **route}}]}


# --- matches --------------------------------------------------------------------------------------
M = "route match"
add(M, "prefix", to_b({"prefix": "/p"}), [get("/p"), get("/p/q"), get("/px"), get("/q")])
add(M, "exact path", to_b({"path": "/p"}), [get("/p"), get("/p?x=1"), get("/p/"), get("/P")])
add(M, "path_separated_prefix", to_b({"path_separated_prefix": "/p"}), [get("/p"), get("/p/q"), get("/px"), get("/p?a")])
add(M, "safe_regex is of the whole path", to_b({"safe_regex": {"regex": "/r/[0-9]+"}}), [get("/r/12"), get("/r/12/x"), get("/r/x"), get("/r/12?q=1")])
add(M, "case_sensitive: false", to_b({"prefix": "/MiXed", "case_sensitive": False}), [get("/mixed"), get("/MIXED/x"), get("/other")])
add(M, "first route wins", {"routes": [{"match": {"prefix": "/p"}, "route": {"cluster": "c"}}, {"match": {"path": "/p"}, "route": {"cluster": "b"}}]}, [get("/p")])
add(M, "method", to_b({"prefix": "/", "headers": [{"name": ":method", "string_match": {"exact": "POST"}}]}), [get(), get(method="POST", body=b"x")])
add(M, "authority pseudo-header", to_b({"prefix": "/", "headers": [{"name": ":authority", "string_match": {"suffix": ".b"}}]}), [get(host="x.b"), get(host="x.c")])


def header(match, *values, name="x-h"):
    return to_b({"prefix": "/", "headers": [{"name": name, **match}]}), [get(headers=[(name, v)]) for v in values] + [get()]


add(M, "header exact", *header({"string_match": {"exact": "v"}}, "v", "V", "vv"))
add(M, "header exact, ignoring case", *header({"string_match": {"exact": "Value", "ignore_case": True}}, "vALUE", "valu"))
add(M, "header prefix", *header({"string_match": {"prefix": "ab"}}, "abc", "ab", "xab"))
add(M, "header suffix", *header({"string_match": {"suffix": "yz"}}, "xyz", "yzx"))
add(M, "header contains", *header({"string_match": {"contains": "mid"}}, "amidst", "mi"))
add(M, "header safe_regex", *header({"string_match": {"safe_regex": {"regex": "v[0-9]+"}}}, "v12", "v1x", "av1"))
add(M, "header present", *header({"present_match": True}, "v", ""))
add(M, "header absent", *header({"present_match": False}, "v"))
add(M, "header inverted", *header({"string_match": {"exact": "v"}, "invert_match": True}, "v", "w"))
add(M, "header inverted, missing as empty", *header({"string_match": {"exact": "v"}, "invert_match": True, "treat_missing_header_as_empty": True}, "v", "w"))
add(M, "header range", *header({"range_match": {"start": 10, "end": 20}}, "10", "19", "20", "x", "-3"))
add(M, "header twice in a request", to_b({"prefix": "/", "headers": [{"name": "x-h", "string_match": {"contains": "w"}}]}), [get(headers=[("x-h", "v"), ("x-h", "w")]), get(headers=[("x-h", "v")])])
add(M, "all headers must match", to_b({"prefix": "/", "headers": [{"name": "x-a", "string_match": {"exact": "1"}}, {"name": "x-b", "present_match": True}]}),
    [get(headers=[("x-a", "1")]), get(headers=[("x-a", "1"), ("x-b", "2")])])
Q = "query_parameters"
add(M, "query exact", to_b({"prefix": "/", Q: [{"name": "v", "string_match": {"exact": "2"}}]}), [get("/?v=2"), get("/?a=1&v=2"), get("/?v=22"), get("/")])
add(M, "query present", to_b({"prefix": "/", Q: [{"name": "v", "present_match": True}]}), [get("/?v"), get("/?v=1"), get("/?vv=1")])
add(M, "query regex", to_b({"prefix": "/", Q: [{"name": "v", "string_match": {"safe_regex": {"regex": "[a-c]+"}}}]}), [get("/?v=abc"), get("/?v=abd")])
add(M, "query value percent-decoding", to_b({"prefix": "/", Q: [{"name": "v", "string_match": {"exact": "a b"}}]}), [get("/?v=a%20b"), get("/?v=a+b")], off=to_b({"prefix": "/", Q: [{"name": "v", "string_match": {"exact": "a%20b"}}]}))
add(M, "runtime_fraction 0", to_b({"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 0, "denominator": "HUNDRED"}}}), [get()],
    off=to_b({"prefix": "/"}))
add(M, "runtime_fraction 30 of 100", to_b({"prefix": "/", "runtime_fraction": {"default_value": {"numerator": 30, "denominator": "HUNDRED"}}}), [get(times=250)])
add(M, "percent-encoded path is matched as sent", to_b({"prefix": "/a%20b"}), [get("/a%20b"), get("/a%2520b")])

V = "virtual host"


def hosts(*domains, **more):
    return {"vhosts": [{"name": "b", "domains": list(domains), "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "b"}}]}], **more}


add(V, "exact domain", hosts("b.test"), [get(host="b.test"), get(host="B.TEST"), get(host="b.test:80"), get(host="x.b.test")])
add(V, "domain with port", hosts("b.test:81"), [get(host="b.test:81"), get(host="b.test")])
add(V, "suffix wildcard", hosts("*.b.test"), [get(host="x.b.test"), get(host="b.test"), get(host="y.x.b.test")])
add(V, "prefix wildcard", hosts("b.*"), [get(host="b.test"), get(host="b"), get(host="b.x.y")])
add(V, "longest wildcard wins", {"vhosts": [
    {"name": "c", "domains": ["*.test"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "c"}}]},
    {"name": "b", "domains": ["*.b.test"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "b"}}]}]}, [get(host="x.b.test"), get(host="x.test")])
add(V, "no domain matches", {"vhost": {"domains": ["only.test"]}}, [get(host="only.test"), get(host="other.test")])
add(V, "port in host is ignored on demand", hosts("b.test", table={"ignore_port_in_host_matching": True}), [get(host="b.test:81")], off=hosts("b.test"))
add(V, "no route in the virtual host", hosts("b.test") | {"vhosts": [{"name": "b", "domains": ["b.test"], "routes": [{"match": {"path": "/only"}, "route": {"cluster": "b"}}]}]}, [get("/only", host="b.test"), get("/x", host="b.test")])

# --- redirects ------------------------------------------------------------------------------------
R = "redirect"


def redirect(match=None, **action):
    return {"routes": [{"match": match or {"prefix": "/p"}, "redirect": action}]}


add(R, "host", redirect(host_redirect="new.test"), [get("/p/q?x=1"), get("/p", host="s.test:81")])
add(R, "path", redirect(path_redirect="/new"), [get("/p/q?x=1"), get("/p")])
add(R, "path with query of its own", redirect(path_redirect="/new?y=2"), [get("/p?x=1")])
add(R, "prefix_rewrite", redirect(prefix_rewrite="/new"), [get("/p/q?x=1"), get("/px"), get("/p")])
add(R, "regex_rewrite", redirect(regex_rewrite={"pattern": {"regex": "^/p/([a-z]+)$"}, "substitution": "/\\1/new"}), [get("/p/abc"), get("/p/abc?x=1"), get("/p/12")])
add(R, "https", redirect(https_redirect=True), [get("/p"), get("/p", host="s.test:80"), get("/p", host="s.test:8080")])
add(R, "scheme", redirect(scheme_redirect="https"), [get("/p?q")])
add(R, "port", redirect(port_redirect=8443), [get("/p"), get("/p", host="s.test:81"), get("/p", host="[::1]:81")])
add(R, "strip_query", redirect(path_redirect="/new", strip_query=True), [get("/p?x=1")])
for code, status in (("FOUND", 302), ("SEE_OTHER", 303), ("TEMPORARY_REDIRECT", 307), ("PERMANENT_REDIRECT", 308)):
    add(R, f"status {status}", redirect(host_redirect="new.test", response_code=code), [get("/p"), get("/p", method="POST", body=b"x")], off=redirect(host_redirect="new.test"))
add(R, "adds response headers", {"routes": [{"match": {"prefix": "/p"}, "redirect": {"path_redirect": "/n"}, "response_headers_to_add": [{"header": {"key": "x-r", "value": "1"}}]}]}, [get("/p")], off=redirect(path_redirect="/n"))

# --- rewrites -------------------------------------------------------------------------------------
W = "rewrite"
add(W, "prefix", to_b({"prefix": "/p"}, prefix_rewrite="/new"), [get("/p"), get("/p/q?x=1"), get("/px")])
add(W, "prefix to the root", to_b({"prefix": "/p/"}, prefix_rewrite="/"), [get("/p/q"), get("/p/")])
add(W, "prefix of an exact path", to_b({"path": "/p"}, prefix_rewrite="/new"), [get("/p"), get("/p?x=1")])
add(W, "prefix of a path_separated_prefix", to_b({"path_separated_prefix": "/p"}, prefix_rewrite="/new/n"), [get("/p"), get("/p/q")])
add(W, "regex", to_b({"prefix": "/p"}, regex_rewrite={"pattern": {"regex": "/v([0-9]+)"}, "substitution": "/version-\\1"}), [get("/p/v12/x?q=/v3"), get("/p/x"), get("/p/v1/v2")])
add(W, "regex with two groups", to_b({"prefix": "/p"}, regex_rewrite={"pattern": {"regex": "^/p/([^/]+)/([^/]+)$"}, "substitution": "/\\2/\\1"}), [get("/p/a/b")])
add(W, "host", {"action": {"host_rewrite_literal": "new.test"}}, [get()])
add(W, "host by a header", {"action": {"host_rewrite_header": "x-host"}}, [get(headers=[("x-host", "by.header")]), get()])
add(W, "host by a regex of the path", {"action": {"host_rewrite_path_regex": {"pattern": {"regex": "^/([a-z]+)/.*$"}, "substitution": "\\1.test"}}}, [get("/abc/x"), get("/12/x")])
add(W, "host in a weighted cluster", {"action": {"weighted_clusters": {"clusters": [{"name": "a", "weight": 1, "host_rewrite_literal": "w.test"}]}}}, [get()])
add(W, "prefix and host", to_b({"prefix": "/p"}, prefix_rewrite="/n", host_rewrite_literal="n.test"), [get("/p/q")])

# --- direct responses and splits ------------------------------------------------------------------
D = "direct response"


def direct(status, body=None, **route):
    answer = {"status": status} | ({"body": {"inline_string": body}} if body is not None else {})
    return {"routes": [{"match": {"prefix": "/d"}, "direct_response": answer, **route}]}


add(D, "status and body", direct(503, "closed for today"), [get("/d", local_body=True), get("/x")])
add(D, "no body", direct(204), [get("/d", local_body=True)])
add(D, "200 with a body", direct(200, "hello"), [get("/d", local_body=True), get("/d", method="HEAD", local_body=True)])
add(D, "of a POST", direct(403, "no"), [get("/d", method="POST", body=b"xyz", local_body=True), get("/x")])
add(D, "with response headers", direct(418, "tea", response_headers_to_add=[{"header": {"key": "x-kind", "value": "green"}}]), [get("/d", local_body=True)], off=direct(418, "tea"))
add(D, "content type of our own", direct(200, "{}", response_headers_to_add=[{"header": {"key": "content-type", "value": "application/json"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]), [get("/d", local_body=True)], off=direct(200, "{}"))

S = "traffic split"


def split(**weights):
    return {"action": {"weighted_clusters": {"clusters": [{"name": n, "weight": w} for n, w in weights.items()]}}}


add(S, "80 to 20", split(a=80, b=20), [get(times=300, tolerance=0.13)])
add(S, "three ways", split(a=50, b=30, c=20), [get(times=300, tolerance=0.13)])
add(S, "a weight of 0 gets nothing", split(a=0, b=1), [get(times=20)])
add(S, "weights need not sum to 100", split(a=1, b=1), [get(times=250)])
add(S, "cluster_header", {"action": {"cluster_header": "x-cluster"}}, [get(headers=[("x-cluster", "b")]), get(headers=[("x-cluster", "c")]), get(headers=[("x-cluster", "nowhere")]), get()])
add(S, "cluster that does not exist", {"action": {"cluster": "nowhere"}, "table": {"validate_clusters": False}}, [get()])
add(S, "cluster_not_found_response_code", {"action": {"cluster_not_found_response_code": "NOT_FOUND"}}, [get()], base={"action": {"cluster": "nowhere"}, "table": {"validate_clusters": False}})
