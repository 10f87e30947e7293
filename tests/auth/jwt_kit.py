"""A service of somebody else that makes JSON Web Tokens, with its keys as files and as a key set."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

ISSUER: Final = "https://issuer.example/realms/a:b"
AUDIENCE: Final = "games"

RSA: Final = rsa.generate_private_key(65537, 2048)
"""Keys take a while to make: all tests have the same."""
OTHER_RSA: Final = rsa.generate_private_key(65537, 2048)
WEAK_RSA: Final = rsa.generate_private_key(65537, 1024)
EC: Final = ec.generate_private_key(ec.SECP256R1())
SECRET: Final = b"a secret of thirty-two bytes or more"

DAY_S: Final = 86_400


def public_pem(key: Any) -> bytes:
    """:returns: the public half, as a service publishes it."""
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def private_pem(key: Any) -> bytes:
    """:returns: what nobody gives away."""
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem


def file_of(path: str, content: bytes, mode: int = 0o600) -> Path:
    """:returns: a file with this in it."""
    file = Path(path)
    file.write_bytes(content)
    os.chmod(file, mode)
    return file


def entry(key: Any, kid: str | None = None, **more: Any) -> dict[str, Any]:
    """:returns: a key as it stands in a set."""
    algorithm = jwt.algorithms.RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else jwt.algorithms.ECAlgorithm
    found: dict[str, Any] = json.loads(algorithm.to_jwk(key.public_key()))
    return {**found, **({} if kid is None else {"kid": kid}), **more}


def key_set(*entries: dict[str, Any]) -> bytes:
    """:returns: a set, as an address tells it."""
    return json.dumps({"keys": entries}).encode()


def claims(now_s: float, **more: Any) -> dict[str, Any]:
    """:returns: what a good token says; None leaves a claim out."""
    good = {"iss": ISSUER, "aud": AUDIENCE, "sub": "7", "name": "Ann", "iat": int(now_s), "exp": int(now_s) + DAY_S}
    return {name: value for name, value in {**good, **more}.items() if value is not None}


def b64(data: bytes) -> str:
    """:returns: base64url, as tokens have it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(header: dict[str, Any], payload: Any, sign: Callable[[bytes], bytes] = lambda text: b"") -> str:
    """:returns: a token that no library would make."""
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    text = f"{b64(json.dumps(header).encode())}.{b64(body)}"
    return f"{text}.{b64(sign(text.encode()))}"


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    """:returns: what signs with any bytes as secret, also with those that a library refuses."""
    return lambda text: hmac.digest(secret, text, hashlib.sha256)
