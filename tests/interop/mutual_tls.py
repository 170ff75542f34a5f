#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mutual TLS between meshyard-proxy and Envoy, each calling the other, from one bootstrap.

Usage: mutual_tls.py PROXY ENVOY. HTTP/1.1 and HTTP/2, TLS 1.2 and 1.3; what the callee says about the caller
(x-forwarded-client-cert) must be the same text from both. Exit 0 equal, 1 different, 77 without Envoy.
"""
import http.server
import itertools
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

TLS = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3."
HTTP = "type.googleapis.com/envoy.extensions."
EXPECTED = 'By=spiffe://mesh.test/server;Hash={};Subject="CN=client";URI=spiffe://mesh.test/client'


def openssl(*arguments, **keywords):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True, **keywords)


def make_certificates(folder):
    """A CA, and a certificate each for client and server. Returns the client's fingerprint."""
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *key, "-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem", "-days", "1",
            "-subj", "/CN=ca")
    for name in ("server", "client"):
        (folder / "extensions").write_text(f"subjectAltName=URI:spiffe://mesh.test/{name}\n"
                                           "extendedKeyUsage=serverAuth,clientAuth\n")
        openssl("req", *key, "-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.csr", "-subj", f"/CN={name}")
        openssl("x509", "-req", "-in", f"{folder}/{name}.csr", "-CA", f"{folder}/ca.pem", "-CAkey",
                f"{folder}/ca.key", "-CAcreateserial", "-days", "1", "-extfile", f"{folder}/extensions",
                "-out", f"{folder}/{name}.pem")
    text = openssl("x509", "-in", f"{folder}/client.pem", "-noout", "-fingerprint", "-sha256").stdout
    return text.split("=")[1].strip().replace(":", "").lower()


def common(folder, own, peer, alpn, parameters):
    return (f"common_tls_context: {{{parameters}alpn_protocols: [{alpn}], tls_certificates: [{{certificate_chain: "
            f"{{filename: {folder}/{own}.pem}}, private_key: {{filename: {folder}/{own}.key}}}}], "
            f"validation_context: {{trusted_ca: {{filename: {folder}/ca.pem}}, match_typed_subject_alt_names: "
            f"[{{san_type: URI, matcher: {{exact: \"spiffe://mesh.test/{peer}\"}}}}]}}}}")


def filters(cluster, extra=""):
    return (f'filters: [{{name: hcm, typed_config: {{"@type": {HTTP}filters.network.http_connection_manager.v3.'
            f'HttpConnectionManager, stat_prefix: x, {extra}http_filters: [{{name: envoy.filters.http.router, '
            f'typed_config: {{"@type": {HTTP}filters.http.router.v3.Router}}}}], route_config: {{name: r, '
            f'virtual_hosts: [{{name: all, domains: ["*"], routes: [{{match: {{prefix: /}}, route: '
            f'{{cluster: {cluster}}}}}]}}]}}}}}}]')


def address(port):
    return f"address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}"


def cluster(name, port, extra=""):
    return (f"  - {{name: {name}, type: STATIC, {extra}load_assignment: {{cluster_name: {name}, endpoints: "
            f"[{{lb_endpoints: [{{endpoint: {{{address(port)}}}}}]}}]}}}}\n")


def bootstrap(folder, ports, peer_port, app_port, http2, parameters):
    options = (f'typed_extension_protocol_options: {{envoy.extensions.upstreams.http.v3.HttpProtocolOptions: {{'
               f'"@type": {HTTP}upstreams.http.v3.HttpProtocolOptions, explicit_http_config: '
               f'{{http2_protocol_options: {{}}}}}}}}, ') if http2 else ""
    details = ("forward_client_cert_details: SANITIZE_SET, set_current_client_cert_details: "
               "{uri: true, subject: true}, ")
    server = (f'transport_socket: {{name: envoy.transport_sockets.tls, typed_config: {{"@type": '
              f'{TLS}DownstreamTlsContext, require_client_certificate: true, '
              f'{common(folder, "server", "client", "h2, http/1.1", "")}}}}}')
    client = (f'transport_socket: {{name: envoy.transport_sockets.tls, typed_config: {{"@type": '
              f'{TLS}UpstreamTlsContext, sni: peer.test, '
              f'{common(folder, "client", "server", "h2" if http2 else "http/1.1", parameters)}}}}}, ')
    return ("node: {id: node-a, cluster: service}\nstatic_resources:\n  listeners:\n"
            f"  - {{name: in, {address(ports[0])}, filter_chains: [{{{server}, {filters('app', details)}}}]}}\n"
            f"  - {{name: out, {address(ports[1])}, filter_chains: [{{{filters('peer')}}}]}}\n  clusters:\n"
            + cluster("app", app_port) + cluster("peer", peer_port, options + client))


class App(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = str(self.headers.get("x-forwarded-client-cert")).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def ask(port):
    error = None
    for _ in range(100):
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5).read().decode()
        except (urllib.error.URLError, OSError) as failed:
            error = failed
            time.sleep(0.1)
    return f"failed: {error}"


def main():
    proxy, envoy = sys.argv[1:3]
    if not os.path.exists(envoy):
        print("SKIP: Envoy is not installed; ./scripts/peers installs it")
        return 77
    os.environ["no_proxy"] = "*"
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        expected = EXPECTED.format(make_certificates(folder))
        app = http.server.ThreadingHTTPServer(("127.0.0.1", 0), App)
        threading.Thread(target=app.serve_forever, daemon=True).start()
        versions = {version: f"tls_params: {{tls_minimum_protocol_version: {version}, "
                             f"tls_maximum_protocol_version: {version}}}, " for version in ("TLSv1_2", "TLSv1_3")}
        for http2, version in itertools.product((False, True), versions):
            ours, theirs = free_ports(2), free_ports(2)
            for file, own, peer in (("ours", ours, theirs), ("theirs", theirs, ours)):
                (folder / f"{file}.yaml").write_text(bootstrap(
                    folder, own, peer[0], app.server_address[1], http2, versions[version]))
            running = [subprocess.Popen([proxy, "-c", f"{folder}/ours.yaml"], stdout=subprocess.DEVNULL),
                       subprocess.Popen([envoy, "-c", f"{folder}/theirs.yaml", "--concurrency", "1", "-l", "error",
                                         "--use-dynamic-base-id"])]
            for caller, port in (("meshyard to Envoy", ours[1]), ("Envoy to meshyard", theirs[1])):
                got = ask(port)
                failures += got != expected
                print(f"{'h2' if http2 else 'http/1.1'} {version} {caller}: {'ok' if got == expected else got}")
            for process in running:
                process.terminate()
                process.wait()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
