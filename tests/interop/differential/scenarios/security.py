# SPDX-License-Identifier: GPL-3.0-or-later
"""RBAC and JWT."""
import time

from .tokens import EC, JWKS, OTHER, RSA

SCENARIOS = []
T = "type.googleapis.com/envoy.extensions.filters.http."


def add(policy, name, on, requests, **more):
    SCENARIOS.append({"policy": policy, "name": name, "on": on, "requests": requests, **more})


def get(path="/x", **more):
    return {"path": path, **more}


# --- RBAC -----------------------------------------------------------------------------------------
R = "RBAC"
RBAC = "envoy.filters.http.rbac"
ANY = {"any": True}


def rules(permission=None, principal=None, action="ALLOW", **policies):
    made = {"p": {"permissions": [permission or ANY], "principals": [principal or ANY]}} if permission or principal else {}
    return {"action": action, "policies": {**made, **policies}}


def rbac(permission=None, principal=None, action="ALLOW", **more):
    return {"filters": [{"name": RBAC, "typed_config": {"@type": T + "rbac.v3.RBAC", "rules": rules(permission, principal, action, **more)}}]}


def path(**match):
    return {"url_path": {"path": match}}


def header(name, **match):
    return {"header": {"name": name, **match}}


add(R, "allow by path", rbac(path(prefix="/open")), [get("/open/x"), get("/closed"), get("/open?q")])
add(R, "allow by exact path without query", rbac(path(exact="/open")), [get("/open"), get("/open?x=/y"), get("/open/x")])
add(R, "deny by path", rbac(path(prefix="/secret"), action="DENY"), [get("/secret"), get("/open")])
add(R, "log admits all", rbac(path(prefix="/secret"), action="LOG"), [get("/secret"), get("/open")], off=rbac(path(prefix="/secret"), action="DENY"))
add(R, "no policy allows nobody", rbac(), [get()])
add(R, "no policy denies nobody", rbac(action="DENY"), [get()], off=rbac())
add(R, "by method", rbac(header(":method", string_match={"exact": "GET"})), [get(), get(method="POST", body=b"x")])
add(R, "by header", rbac(header("x-role", string_match={"exact": "admin"})), [get(headers=[("x-role", "admin")]), get(headers=[("x-role", "user")]), get()])
add(R, "by authority", rbac(header(":authority", string_match={"suffix": ".good"})), [get(host="a.good"), get(host="a.evil")])
add(R, "not", rbac({"not_rule": path(prefix="/secret")}), [get("/secret"), get("/x")])
add(R, "and", rbac({"and_rules": {"rules": [path(prefix="/p"), header("x-role", present_match=True)]}}), [get("/p"), get("/p", headers=[("x-role", "1")]), get("/x", headers=[("x-role", "1")])])
add(R, "or", rbac({"or_rules": {"rules": [path(prefix="/p"), header("x-role", present_match=True)]}}), [get("/p"), get("/x"), get("/x", headers=[("x-role", "1")])])
add(R, "by destination port", rbac({"destination_port": 1}), [get()])
add(R, "by source address", rbac(principal={"direct_remote_ip": {"address_prefix": "127.0.0.0", "prefix_len": 8}}), [get()], off=rbac(principal={"direct_remote_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}}))
add(R, "by foreign source address", rbac(principal={"direct_remote_ip": {"address_prefix": "10.0.0.0", "prefix_len": 8}}), [get()])
add(R, "by forwarded address", rbac(principal={"remote_ip": {"address_prefix": "203.0.113.0", "prefix_len": 24}}), [get(headers=[("x-forwarded-for", "203.0.113.9")]), get()])
add(R, "principal by header", rbac(principal=header("x-role", string_match={"prefix": "adm"})), [get(headers=[("x-role", "admin")]), get()])
add(R, "principals and, or, not", rbac(principal={"and_ids": {"ids": [{"not_id": header("x-banned", present_match=True)}, {"or_ids": {"ids": [header("x-a", present_match=True), header("x-b", present_match=True)]}}]}}),
    [get(headers=[("x-a", "1")]), get(headers=[("x-b", "1")]), get(headers=[("x-a", "1"), ("x-banned", "1")]), get()])
add(R, "mTLS identity is missing in plain text", rbac(principal={"authenticated": {"principal_name": {"exact": "spiffe://x/ns/a/sa/b"}}}), [get()])
add(R, "two policies, either", rbac(one={"permissions": [path(prefix="/1")], "principals": [ANY]}, two={"permissions": [path(prefix="/2")], "principals": [ANY]}), [get("/1"), get("/2"), get("/3")])
add(R, "of a route", {"route": {"typed_per_filter_config": {RBAC: {"@type": T + "rbac.v3.RBACPerRoute", "rbac": {"rules": rules(header("x-role", present_match=True))}}}}}, [get(), get(headers=[("x-role", "1")])], base=rbac(ANY))
add(R, "a route without it", {"routes": [{"match": {"prefix": "/free"}, "route": {"cluster": "a"}, "typed_per_filter_config": {RBAC: {"@type": T + "rbac.v3.RBACPerRoute"}}}]}, [get("/free"), get("/x")], base=rbac())
add(R, "shadow rules admit all", {"filters": [{"name": RBAC, "typed_config": {"@type": T + "rbac.v3.RBAC", "shadow_rules": rules()}}]}, [get()], off=rbac())
add(R, "deny and allow in one chain", {"filters": rbac(path(prefix="/secret"), action="DENY")["filters"] + rbac(path(prefix="/"))["filters"]}, [get("/secret"), get("/x")])

# --- JWT ------------------------------------------------------------------------------------------
J = "JWT"


def jwt(rule=None, requires=None, **provider):
    base = {"issuer": "issuer.test", "local_jwks": {"inline_string": JWKS}, **provider}
    return {"filters": [{"name": "envoy.filters.http.jwt_authn", "typed_config": {"@type": T + "jwt_authn.v3.JwtAuthentication",
            "providers": {"main": base}, "rules": [{"match": {"prefix": "/"}, "requires": requires or {"provider_name": "main"}} | (rule or {})]}}]}


def bearer(token, **more):
    return get(headers=[("authorization", f"Bearer {token}")], **more)


GOOD = RSA.token()
MAY = {"requires_any": {"requirements": [{"provider_name": "main"}, {"allow_missing": {}}]}}
add(J, "RS256", jwt(), [bearer(GOOD), get()])
add(J, "ES256", jwt(), [bearer(EC.token()), bearer(EC.token()[:-6] + "AAAAAA")])
add(J, "foreign key", jwt(), [bearer(OTHER.token())])
add(J, "changed payload", jwt(), [bearer(".".join([GOOD.split(".")[0], RSA.token(sub="eve").split(".")[1], GOOD.split(".")[2]]))])
add(J, "alg none", jwt(), [bearer(RSA.token({"alg": "none"}).rsplit(".", 1)[0] + ".")])
add(J, "algorithm of another key", jwt(), [bearer(RSA.token({"alg": "ES256"})), bearer(RSA.token({"alg": "HS256"}))])
add(J, "unknown kid", jwt(), [bearer(RSA.token({"kid": "nobody"})), bearer(RSA.token({"kid": None}))])
add(J, "expired", jwt(), [bearer(RSA.token(exp=1000000000)), bearer(RSA.token(exp=None))])
add(J, "not yet valid", jwt(), [bearer(RSA.token(nbf=4000000000))])
add(J, "clock skew of ten minutes", jwt(clock_skew_seconds=600), [bearer(RSA.token(exp=int(time.time()) - 5))], off=jwt(clock_skew_seconds=1))
add(J, "foreign issuer", jwt(), [bearer(RSA.token(iss="other.test"))])
add(J, "audience", jwt(audiences=["shop", "bank"]), [bearer(RSA.token(aud="shop")), bearer(RSA.token(aud=["x", "bank"])), bearer(RSA.token(aud="other")), bearer(GOOD)])
add(J, "no token where it may be missing", jwt(requires=MAY), [get(), bearer(GOOD), bearer(OTHER.token())])
add(J, "missing or failed", jwt(requires={"requires_any": {"requirements": [{"provider_name": "main"}, {"allow_missing_or_failed": {}}]}}), [get(), bearer(OTHER.token())], off=jwt())
add(J, "rule by prefix", jwt(rule={"match": {"prefix": "/api"}}), [get("/api"), get("/x"), bearer(GOOD, path="/api")])
add(J, "garbage for a token", jwt(), [bearer("abc"), bearer("a.b.c"), bearer(""), get(headers=[("authorization", "Basic YTpi")])])
add(J, "the token is taken off", jwt(), [bearer(GOOD)])
add(J, "the token is passed on demand", jwt(forward=True), [bearer(GOOD)], off=jwt())
add(J, "payload header", jwt(forward_payload_header="x-payload"), [bearer(GOOD)], off=jwt())
add(J, "claim to header", jwt(claim_to_headers=[{"header_name": "x-sub", "claim_name": "sub"}]), [bearer(GOOD), get(headers=[("authorization", f"Bearer {GOOD}"), ("x-sub", "eve")])], off=jwt())
add(J, "from a header of its own", jwt(from_headers=[{"name": "x-jwt", "value_prefix": "t="}]), [get(headers=[("x-jwt", f"t={GOOD}")]), bearer(GOOD)])
add(J, "from a query parameter", jwt(from_params=["token"]), [get(f"/x?token={GOOD}"), get("/x?token=a")])
add(J, "from a cookie", jwt(from_cookies=["session"]), [get(headers=[("cookie", f"a=b; session={GOOD}")]), get(headers=[("cookie", "session=x")])])
