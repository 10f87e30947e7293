"""
The keys with which somebody else's tokens are checked: one in a file, or a set at an address (RFC 7517).

Each key is good for one algorithm, which follows from its kind and not from what a token says of itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from shlex import quote
from typing import Any, Final, Protocol

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.auth.fetch import FetchFailed
from gameserver.errors import Refused
from gameserver.interfaces import IClock

RSA_BITS: Final = 2048
SECRET_BYTES: Final = 32
"""Source: RFC 7518 section 3.2: as long as the hash."""
MOST_KEYS: Final = 64
SEEN: Final = 16 * MOST_KEYS
"""How many ids of keys are remembered, see `KeySet`."""

REFRESH_S: Final = 600.0
"""Seconds between two looks at the address."""
RETRY_S: Final = 5.0
"""The same while no key is known, so that nobody can be let in."""
UNKNOWN_S: Final = 30.0
"""A token with an unknown key causes another look, but only this long after the last: anybody can make such tokens."""
STALE_S: Final = 86_400.0
"""Keys that could not be read again for this long are not good any more: they may have been withdrawn."""

log = Logger(namespace="gameserver")


class Key(Struct, frozen=True):
    """
    One key; its `repr` does not reveal it.

    :ivar id: its ``kid``, or None where it has none.
    """

    id: str | None
    algorithm: str
    key: Any

    def __repr__(self) -> str:
        return f"Key({self.id!r}, {self.algorithm!r})"


class Keys(Protocol):
    """Where keys come from."""

    def find(self, key_id: str | None, algorithm: str) -> Deferred[Key]:
        """
        :param key_id: the ``kid`` of the token, or None where it has none.
        :returns: the key that fits, of this algorithm.
        :raises Refused: ``unauthenticated``: there is none; ``busy``: that is not known at the moment.
        """


class KeyFile:
    """
    A key in a file: a public one in PEM, for RS256 or ES256; anything else is taken for a secret, for HS256.

    :raises ValueError: it is too weak, or of an unknown kind; the text does not reveal it.
    :raises OSError: it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._key = _read(path)

    def find(self, key_id: str | None, algorithm: str) -> Deferred[Key]:
        """
        Return the key for a token, of this algorithm; see `Keys.find`.

        A file has one key, so the token's ``kid`` does not matter.
        """
        return Deferred.fromCoroutine(self._find(algorithm))

    def reload(self) -> None:
        """Read the file again; if it cannot be used, the key that was read before stays, and the log says so."""
        try:
            self._key = _read(self._path)
        except (ValueError, OSError) as error:
            log.error("the key before stays: {error}", error=error)

    async def _find(self, algorithm: str) -> Key:
        return _only([self._key], None, algorithm)


class KeySet:
    """
    Keys at an address, which is read again and again in the background.

    :param fetch: reads an address, or fails with `FetchFailed`.
    """

    def __init__(self, url: str, fetch: Callable[[str], Deferred[bytes]], clock: IClock) -> None:
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._keys: Sequence[Key] = ()
        self._seen: dict[str | None, None] = {}
        self._read_s: float | None = None
        self._tried_s: float | None = None
        self._waiting: list[Deferred[None]] | None = None

    def start(self) -> None:
        """Read the address, and go on doing so every `REFRESH_S`, or every `RETRY_S` while no key is known."""
        self.refresh().addCallback(lambda _: self._clock.later(REFRESH_S if self._keys else RETRY_S, self.start))

    def find(self, key_id: str | None, algorithm: str) -> Deferred[Key]:
        """Return the key for a token, of this algorithm; see `Keys.find`."""
        return Deferred.fromCoroutine(self._find(key_id, algorithm))

    def refresh(self) -> Deferred[None]:
        """
        Read the address; a second call while the first is under way waits for the same answer.

        :returns: fires when that is over, whether it succeeded or not.
        """
        done: Deferred[None] = Deferred()
        if self._waiting is None:
            self._waiting = [done]
            self._tried_s = self._clock.monotonic()
            Deferred.fromCoroutine(self._refresh()).addErrback(self._not_refreshed)
        else:
            self._waiting.append(done)
        return done

    async def _find(self, key_id: str | None, algorithm: str) -> Key:
        try:
            return _only(self._good(), key_id, algorithm)
        except Refused:
            if not self._may_look():
                if self._keys and self._is_new(key_id):
                    # The issuer may have added it since the last look: only the next one can tell.
                    raise Refused("The issuer's keys are looked at again soon; try again.", code="busy") from None
                raise
        await self.refresh()
        return _only(self._good(), key_id, algorithm)

    def _good(self) -> Sequence[Key]:
        """:raises Refused: ``busy``: no key is known to be good."""
        if self._read_s is None or self._age(self._read_s) > STALE_S:
            self._keys = ()
        if not self._keys:
            raise Refused("The issuer's keys cannot be read now; try again.", code="busy")
        return self._keys

    def _may_look(self) -> bool:
        between_s = UNKNOWN_S if self._keys else RETRY_S
        return self._waiting is not None or self._tried_s is None or self._age(self._tried_s) >= between_s

    def _is_new(self, key_id: str | None) -> bool:
        """Whether no such key was ever seen: one that was seen and withdrawn does not come back."""
        return key_id is not None and key_id not in self._seen

    def _age(self, at_s: float) -> float:
        return self._clock.monotonic() - at_s

    async def _refresh(self) -> None:
        try:
            self._keys = tuple(keys_of(await self._fetch(self._url)))
            self._seen.update(dict.fromkeys(key.id for key in self._keys))
            while len(self._seen) > SEEN:
                del self._seen[next(iter(self._seen))]
            self._read_s = self._clock.monotonic()
        finally:
            waiting, self._waiting = self._waiting or [], None
            for each in waiting:
                each.callback(None)

    def _not_refreshed(self, failure: Any) -> None:
        failure.trap(FetchFailed, ValueError)
        log.warn("{url} tells no keys, those before stay: {reason}", url=self._url, reason=failure.getErrorMessage())

    def __repr__(self) -> str:
        return f"KeySet({self._url!r})"


def keys_of(body: bytes) -> Iterator[Key]:
    """
    :param body: a JSON Web Key Set.
    :returns: the keys in it for RS256 and ES256; all others, above all symmetric ones, are left out.
    :raises ValueError: it is no such set, or none of its keys can be used.

    Source: RFC 7517 section 5
    """
    try:
        entries = msgspec.json.decode(body, type=dict[str, Any])["keys"]
        found = [key for entry in entries[:MOST_KEYS] if (key := _of_entry(entry)) is not None]
    except (msgspec.MsgspecError, KeyError, TypeError, RecursionError, UnicodeDecodeError):
        raise ValueError("that is no JSON Web Key Set") from None
    if not found:
        raise ValueError("no key of it is of RS256 or ES256")
    return iter(found)


def _of_entry(entry: Any) -> Key | None:
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or entry.get("kty") not in ("RSA", "EC"):
        return None
    name = entry.get("kid")
    try:
        # The kind of key decides the algorithm; an ``alg`` in the entry may only confirm it.
        key = jwt.PyJWK.from_dict(entry, "RS256" if entry["kty"] == "RSA" else "ES256").key
        algorithm = _algorithm(key)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        return None
    if entry.get("alg", algorithm) != algorithm or not isinstance(name, str | None):
        return None
    return Key(name, algorithm, key)


def _only(keys: Iterable[Key], key_id: str | None, algorithm: str) -> Key:
    """:raises Refused: no key fits, or several do since the token does not say which it is."""
    fitting = [key for key in keys if key.algorithm == algorithm and (None in (key_id, key.id) or key.id == key_id)]
    if len(fitting) != 1:
        raise Refused("That token was signed with a key that is not known here.", code="unauthenticated")
    return fitting[0]


def _read(path: Path) -> Key:
    content = path.read_bytes()
    if b"-----BEGIN" not in content:
        return _secret(path, content)
    try:
        key = load_pem_public_key(content)
        return Key(None, _algorithm(key), key)
    except ValueError as error:
        raise ValueError(f"{path} holds no public key for RS256 or ES256 in PEM: {error}") from None


def _secret(path: Path, content: bytes) -> Key:
    """Read a secret. Editors put a line's end behind it that nobody means: it is cut off."""
    secret = content.rstrip(b"\r\n")
    if path.stat().st_mode & 0o077:
        raise ValueError(f"nobody else may read this secret: chmod 600 {quote(str(path))}")
    if len(secret) < SECRET_BYTES:
        raise ValueError(f"{path} must hold a public key in PEM, or a secret of {SECRET_BYTES} bytes or more")
    return Key(None, "HS256", secret)


def _algorithm(key: object) -> str:
    """:raises ValueError: a key of this kind is not known here, or weak."""
    if isinstance(key, RSAPublicKey):
        if key.key_size < RSA_BITS:
            raise ValueError(f"an RSA key has {RSA_BITS} bits or more")
        return "RS256"
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return "ES256"
    raise ValueError("neither RSA nor P-256")
