"""
Addresses of Redis, as people write them, and how to connect there.

- ``redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]``
- ``rediss://…[?ca=FILE]``: with TLS; the server's certificate must be for HOST, and signed by one of the certificates
  in FILE, or else by an authority that this machine trusts
- ``redis+unix://[[USER]:PASSWORD@]/PATH[?db=DB]``
- ``redis+sentinel://[[USER]:PASSWORD@]HOST[:PORT],HOST[:PORT]…/NAME[?db=DB]``: the master that Sentinel knows as NAME;
  user, password and DB are the master's

Special characters in USER or PASSWORD (``@ : / %``) are written as in any URL: ``%40``. Source: the schemes that are
registered with IANA as ``redis`` and ``rediss``; the other two are our own.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, unquote

from msgspec import Struct
from twisted.internet.endpoints import HostnameEndpoint, UNIXClientEndpoint, wrapClientTLS
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.ssl import Certificate, optionsForClientTLS, platformTrust, trustRootFromCertificates

PORT: Final = 6379
SENTINEL_PORT: Final = 26379
CONNECT_S: Final = 5.0
"""How long it may take to connect; a machine that is not there does not answer at all."""

_URL: Final = re.compile(
    r"(?P<scheme>[^:]*)://(?:(?P<login>[^/?#]*)@)?(?P<hosts>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?"
)
_HOST: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.%]+\]|[^:\[\]\s]+)(?::(?P<port>[0-9]{1,5}))?")
_PEM: Final = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Address(Struct, frozen=True, kw_only=True):
    """
    Where a Redis is.

    :ivar kind: how to connect: the scheme of the address.
    :ivar hosts: names and ports; only with Sentinel more than one.
    :ivar name: the path of the socket, or the name under which Sentinel knows the master.
    :ivar ca: a file of certificates to trust, or None: those that the machine trusts.
    """

    kind: Literal["redis", "rediss", "redis+unix", "redis+sentinel"]
    hosts: tuple[tuple[str, int], ...] = ()
    name: str = ""
    user: str | None = None
    password: str | None = None
    db: int = 0
    ca: str | None = None

    def __str__(self) -> str:
        """Return the address in a form for logs, without user and password."""
        hosts = ",".join(f"[{host}]:{port}" if ":" in host else f"{host}:{port}" for host, port in self.hosts)
        path = self.name if self.kind == "redis+unix" else f"/{self.name}" if self.name else ""
        return f"{self.kind}://{hosts}{path}"


def parse(url: str) -> Address:
    """
    Read an address.

    :raises ValueError: it is no such address; the text says what is expected, and never repeats the password.
    """
    match = _URL.fullmatch(url)
    if match is None or match["scheme"] not in ("redis", "rediss", "redis+unix", "redis+sentinel"):
        raise ValueError("expected redis://HOST, rediss://HOST, redis+unix:///PATH or redis+sentinel://HOST,HOST/NAME")
    scheme, path = match["scheme"], unquote(match["path"])
    options = _options(match["query"] or "", {"rediss": ("ca",), "redis": ()}.get(scheme, ("db",)))
    user, password = _login(match["login"])
    address = {"kind": scheme, "user": user, "password": password, "ca": options.get("ca")}
    db = options.get("db", "")
    if scheme == "redis+unix":
        if match["hosts"] or path in ("", "/"):
            raise ValueError("expected three slashes and the socket's path, as in redis+unix:///run/redis.sock")
        address["name"] = path
    elif scheme == "redis+sentinel":
        address["name"] = path.removeprefix("/")
        if not address["name"] or "/" in path[1:]:
            raise ValueError("expected the master's name behind the hosts, as in redis+sentinel://a:26379,b:26379/main")
        address["hosts"] = tuple(_host(text, SENTINEL_PORT) for text in match["hosts"].split(","))
    else:
        address["hosts"] = (_host(match["hosts"], PORT),)
        db = path.removeprefix("/")
    return Address(**address, db=_db(db))  # type: ignore[arg-type]


def _options(query: str, known: tuple[str, ...]) -> dict[str, str]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    for name, value in options.items():
        if name not in known or not value:
            allowed = " or ".join(f"?{option}=…" for option in known) or "none"
            raise ValueError(f"{name!r} is no option of this kind of address, or has no value; there is {allowed}")
    return options


def _login(text: str | None) -> tuple[str | None, str | None]:
    if text is None:
        return None, None
    user, colon, password = text.partition(":")
    if not colon or not password:
        raise ValueError("expected USER:PASSWORD@ or :PASSWORD@ before the host")
    return unquote(user) or None, unquote(password)


def _host(text: str, port: int) -> tuple[str, int]:
    match = _HOST.fullmatch(text)
    if match is None or not 0 < int(match["port"] or port) < 65536:
        raise ValueError(f"expected HOST or HOST:PORT, not {text!r}")
    return match["host"].strip("[]"), int(match["port"] or port)


def _db(text: str) -> int:
    if not re.fullmatch("[0-9]{0,5}", text):
        raise ValueError(f"expected the number of a database, such as 0, not {text!r}")
    return int(text or 0)


def endpoint(address: Address, reactor: Any, host: tuple[str, int] | None = None) -> IStreamClientEndpoint:
    """
    Make the endpoint for an address.

    :param host: name and port that Sentinel told; used instead of the address's own.
    :raises ValueError: the file of ``ca`` cannot be used.
    """
    if address.kind == "redis+unix":
        return UNIXClientEndpoint(reactor, address.name, timeout=CONNECT_S)
    name, port = host or address.hosts[0]
    plain = HostnameEndpoint(reactor, name, port, timeout=CONNECT_S)
    if address.kind != "rediss":
        return plain
    # This checks the host's name, or its IP address, against the certificate (with service-identity).
    options = optionsForClientTLS(name, trustRoot=_trust(address.ca))
    return wrapClientTLS(options, plain)


def _trust(path: str | None) -> Any:
    if path is None:
        return platformTrust()
    try:
        found = _PEM.findall(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(
            f"expected a file of certificates as ca, and {path} cannot be read: {error.strerror}"
        ) from None
    if not found:
        raise ValueError(f"expected a file of certificates (PEM) as ca, and {path} holds none")
    return trustRootFromCertificates([Certificate.loadPEM(pem) for pem in found])
