# SPDX-License-Identifier: GPL-3.0-or-later
"""Keys and tokens for the JWT scenarios, made anew for each run with the openssl program."""
import base64
import json
import subprocess
import tempfile
import time


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _openssl(*arguments, data=None) -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout


class Key:
    def __init__(self, kind, kid):
        self.kind, self.kid = kind, kid
        self.file = tempfile.NamedTemporaryFile(suffix=".pem")
        if kind == "RS256":
            made = _openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
        else:
            made = _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        self.file.write(made)
        self.file.flush()

    def jwk(self):
        common = {"kid": self.kid, "alg": self.kind, "use": "sig"}
        if self.kind == "RS256":
            text = _openssl("rsa", "-in", self.file.name, "-noout", "-modulus").decode().strip()
            return {"kty": "RSA", "n": _url64(bytes.fromhex(text.split("=")[1])), "e": "AQAB", **common}
        point = _openssl("ec", "-in", self.file.name, "-pubout", "-outform", "DER")[-64:]
        return {"kty": "EC", "crv": "P-256", "x": _url64(point[:32]), "y": _url64(point[32:]), **common}

    def token(self, header=None, **claims):
        payload = {"iss": "issuer.test", "sub": "ann", "exp": int(time.time()) + 3600, **claims}
        payload = {key: value for key, value in payload.items() if value is not None}
        head = {"alg": self.kind, "typ": "JWT", "kid": self.kid, **(header or {})}
        head = {key: value for key, value in head.items() if value is not None}
        text = ".".join(_url64(json.dumps(part, separators=(",", ":")).encode()) for part in (head, payload))
        return f"{text}.{_url64(self._sign(text.encode()))}"

    def _sign(self, data):
        signature = _openssl("dgst", "-sha256", "-sign", self.file.name, data=data)
        return signature if self.kind == "RS256" else _raw_ecdsa(signature)


def _raw_ecdsa(der: bytes) -> bytes:
    """SEQUENCE { INTEGER r, INTEGER s } to r || s of 32 bytes each."""
    at, parts = 2, []
    for _ in range(2):
        size = der[at + 1]
        parts.append(der[at + 2:at + 2 + size].lstrip(b"\0").rjust(32, b"\0"))
        at += 2 + size
    return b"".join(parts)


RSA, EC, OTHER = Key("RS256", "rsa-1"), Key("ES256", "ec-1"), Key("RS256", "rsa-1")
JWKS = json.dumps({"keys": [RSA.jwk(), EC.jwk()]})
