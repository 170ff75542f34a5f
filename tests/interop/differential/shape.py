# SPDX-License-Identifier: GPL-3.0-or-later
"""From scenarios to one Envoy-shaped bootstrap: a listener and, where it needs its own, a cluster each.

A fragment holds any of
  routes        before the default route     route / action   merged into the default route / its action
  vhost, table, hcm, listener                merged there     filters          before the router
  cluster       merged into a cluster of the scenario's own, whose endpoints are `hosts` (default "ab")
  hosts         "abc", or [[letters], ...] by priority, or a list of locality dicts
  vhosts        before the default virtual host
  clusters      more clusters: {name: {hosts, …}}
"$own" in a fragment names the scenario's own cluster, "a" to "d" are shared ones with one host each.
"""
import copy

T = "type.googleapis.com/envoy."
HCM = T + "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def typed(name, **fields):
    return {"@type": T + name, **fields}


def http_filter(name, type_name, **fields):
    return {"name": "envoy.filters.http." + name, "typed_config": typed("extensions.filters.http." + type_name, **fields)}


ROUTER = http_filter("router", "router.v3.Router")


def merge(into, patch):
    for key, value in patch.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = copy.deepcopy(value)
    return into


def rename(value, own):
    if isinstance(value, dict):
        return {key: rename(item, own) for key, item in value.items()}
    if isinstance(value, list):
        return [rename(item, own) for item in value]
    return value.replace("$own", own) if isinstance(value, str) else value


def endpoint(letter, ports):
    name, weight, health = letter, None, None
    if isinstance(letter, dict):
        name, weight, health, metadata = (letter.get(k) for k in ("host", "weight", "health", "metadata"))
    else:
        metadata = None
    made = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": ports[name]}}}}
    if weight is not None:
        made["load_balancing_weight"] = weight
    if health is not None:
        made["health_status"] = health
    if metadata is not None:
        made["metadata"] = {"filter_metadata": {"envoy.lb": metadata}}
    return made


def localities(hosts, ports):
    if isinstance(hosts, str) or not any(isinstance(h, dict) and "hosts" in h or isinstance(h, list) for h in hosts):
        return [{"lb_endpoints": [endpoint(h, ports) for h in hosts]}]
    made = []
    for priority, group in enumerate(hosts):
        if isinstance(group, dict):
            entry = {key: group[key] for key in ("locality", "load_balancing_weight", "priority") if key in group}
            entry["lb_endpoints"] = [endpoint(h, ports) for h in group["hosts"]]
        else:
            entry = {"priority": priority, "lb_endpoints": [endpoint(h, ports) for h in group]}
        made.append(entry)
    return made


def cluster(name, patch, hosts, ports):
    base = {"name": name, "type": "STATIC", "connect_timeout": "1s",
            "load_assignment": {"cluster_name": name, "endpoints": localities(hosts, ports)}}
    return merge(base, patch)


def build(name, fragments, port, ports):
    """One scenario with these fragments laid over one another: (listener, clusters)."""
    merged = {}
    for fragment in fragments:
        for key, value in fragment.items():
            if isinstance(value, dict) and isinstance(merged.get(key), dict):
                merge(merged[key], value)
            elif isinstance(value, list) and isinstance(merged.get(key), list) and key != "hosts":
                merged[key] = merged[key] + copy.deepcopy(value)
            else:
                merged[key] = copy.deepcopy(value)
    merged = rename(merged, name)
    own = "cluster" in merged or "hosts" in merged
    default = {"match": {"prefix": "/"}, "route": {"cluster": name if own else "a"}}
    if "clear" in merged:  # the default route does something else than forward
        default.pop("route")
    merge(default, merged.get("route", {}))
    if "action" in merged:
        merge(default["route"], merged["action"])
        if "weighted_clusters" in merged["action"] or "cluster_header" in merged["action"]:
            default["route"].pop("cluster")
    vhost = merge({"name": "all", "domains": ["*"], "routes": merged.get("routes", []) + [default]}, merged.get("vhost", {}))
    table = merge({"name": name, "virtual_hosts": merged.get("vhosts", []) + [vhost]}, merged.get("table", {}))
    hcm = merge({"@type": HCM, "stat_prefix": "s", "route_config": table,
                 "http_filters": merged.get("filters", []) + [ROUTER]}, merged.get("hcm", {}))
    listener = merge({"name": name, "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
                      "filter_chains": [{"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": hcm}]}]},
                     merged.get("listener", {}))
    clusters = [cluster(name, merged.get("cluster", {}), merged.get("hosts", "ab"), ports)] if own else []
    for extra, patch in merged.get("clusters", {}).items():
        patch = dict(patch)
        clusters.append(cluster(extra, patch, patch.pop("hosts"), ports))
    return listener, clusters


def bootstrap(parts, admin, ports, extra=None):
    # Shared by all scenarios, played at once: no limit of theirs may be felt.
    roomy = {"circuit_breakers": {"thresholds": [{"max_connections": 9000, "max_pending_requests": 9000, "max_requests": 9000, "max_retries": 9000}]}}
    listeners, clusters = [], [cluster(n, roomy, n, ports) for n in "abcd"]
    for listener, own in parts:
        listeners.append(listener)
        clusters += own
    return merge({"node": {"id": "differential-a", "cluster": "differential", "locality": {"region": "r1", "zone": "z1"}},
                  "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": admin}}},
                  "static_resources": {"listeners": listeners, "clusters": clusters}}, extra or {})
