"""
Endpoint strings: those of Twisted, of which three kinds work otherwise, for a server that runs for long.

``ssl:PORT:privateKey=FILE:certKey=FILE[:extraCertChain=FILE][:interface=ADDRESS][:backlog=NUMBER]``
    reads its files again on demand (`Listening.reload`), and speaks TLS 1.2 and up.
``unix:PATH[:mode=MODE]``
    is open to the user and the group of this server, unless a mode says otherwise.
``haproxy:`` before another endpoint
    takes the client's address from the PROXY header, which only trusted proxies may send. The header comes before
    TLS, as HAProxy writes it.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from socket import gaierror
from typing import Any, Final

from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint, serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.haproxy import proxyEndpoint
from twisted.protocols.policies import WrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory
from zope.interface import implementer

from gameserver.files import remedy
from gameserver.web.certificates import Certificate
from gameserver.websocket.proxies import UNIX, Proxies, WarnOnce

HAPROXY: Final = "haproxy:"
SSL: Final = "ssl:"
LOOPBACK: Final = ("127.0.0.0/8", "::1", UNIX)
"""Who may send PROXY headers where no proxy is named: programs of this machine."""
WORDS: Final = ("port", "privateKey", "certKey", "extraCertChain", "interface", "backlog")
BACKLOG: Final = 511
"""How many connections the kernel keeps until we accept them. Twisted's 50 are few when all clients come back."""

_MODE: Final = re.compile(r"(?<!\\):mode=")
"""Twisted's own is 666: any user of the machine could say from which address a client comes."""
HEADER_S: Final = 5.0
"""How long a client behind a proxy may send nothing before its connection is made, and limited, all the same."""

log = Logger(namespace="gameserver")


class Listening:
    """
    Makes endpoints, and reads their certificates again.

    :param trusted: those who may send PROXY headers; see `Proxies`.
    """

    def __init__(self, reactor: Any, trusted: Iterable[str] = ()) -> None:
        self._reactor = reactor
        self._proxies = Proxies(tuple(trusted) or LOOPBACK)
        self._certificates: list[Certificate] = []

    def endpoint(self, text: str) -> Any:
        """
        :returns: an endpoint that listens as this endpoint string says.
        :raises ValueError: it cannot be understood, or its files cannot be used.
        :raises TypeError: arguments are missing, or too many.
        :raises LookupError: something that it names is not there.
        :raises OSError: a file cannot be read.
        """
        inner = text.removeprefix(HAPROXY)
        words = words_of(inner.removeprefix(SSL)) if inner.startswith(SSL) else None
        if inner.startswith(f"{UNIX}:") and not _MODE.search(inner):
            inner = f"{inner}:mode=660"
        endpoint = self._tcp(words) if words else serverFromString(self._reactor, inner)
        if text.startswith(HAPROXY):
            # The header comes before all else, TLS too, and before it is read we ask whether the peer may send it.
            endpoint = proxyEndpoint(Wrapped(endpoint, self._from_proxies))
            endpoint = Wrapped(endpoint, lambda factory: Introductions(factory, self._reactor))
        return Wrapped(endpoint, self._tls(words)) if words else endpoint

    def reload(self) -> None:
        """Read the certificates again; in place of one that cannot be used the old one stays, and the log says so."""
        for certificate in self._certificates:
            try:
                certificate.reload()
            except (ValueError, OSError) as error:
                log.error("the certificate before stays: {error}", error=error)
            else:
                log.info("{certificate} was read again", certificate=certificate)

    def _tcp(self, words: Mapping[str, str]) -> Any:
        interface = words.get("interface", "")
        kind: Any = TCP6ServerEndpoint if ":" in interface else TCP4ServerEndpoint
        return kind(self._reactor, int(words["port"]), int(words.get("backlog", BACKLOG)), interface)

    def _tls(self, words: Mapping[str, str]) -> Callable[[Any], Any]:
        key, chain = Path(words["privateKey"]), words.get("extraCertChain")
        certificate = Certificate(key, Path(words.get("certKey", key)), Path(chain) if chain else None)
        self._certificates.append(certificate)

        def wrap(factory: Any) -> Any:
            # Shown all the same: with it the server serves those who accept it; if it did not start, nobody.
            if certificate.fault:
                log.error("clients will refuse to connect: {fault}", fault=certificate.fault)
            return TLSMemoryBIOFactory(certificate, False, factory, self._reactor)

        return wrap

    def _from_proxies(self, factory: Any) -> Any:
        return FromProxies(factory, self._proxies)


@implementer(IStreamServerEndpoint)
class Wrapped:
    """
    An endpoint whose connections pass through another protocol first.

    :param wrap: makes a factory around a factory.
    """

    def __init__(self, endpoint: Any, wrap: Callable[[Any], Any]) -> None:
        self._endpoint = endpoint
        self._wrap = wrap

    def listen(self, protocolFactory: Any) -> Any:
        """Listen; see `IStreamServerEndpoint`."""
        return self._endpoint.listen(self._wrap(protocolFactory))


class FromProxies(WrappingFactory[Any]):
    """Connections of trusted proxies alone: in a PROXY header anybody else could claim to be anyone."""

    noisy = False

    def __init__(self, factory: Any, proxies: Proxies) -> None:
        super().__init__(factory)  # type: ignore[no-untyped-call]
        self._proxies = proxies
        self._warn = WarnOnce(
            "{address} is no trusted proxy: its connection is cut. trusted_proxy names those that may come to a"
            " haproxy: endpoint"
        )

    def buildProtocol(self, addr: Any) -> Any:
        """Admit a proxy; anybody else is cut off, and the first of them is named in the log."""
        if self._proxies.trusts(addr):
            return self.wrappedFactory.buildProtocol(addr)
        self._warn(addr)
        return None


class Introductions(WrappingFactory[Any]):
    """
    Connections that are made only once the client's address is known.

    Twisted would make them before the PROXY header has come, and they would be counted as the proxy's.
    """

    noisy = False

    def __init__(self, factory: Any, reactor: Any) -> None:
        super().__init__(factory)  # type: ignore[no-untyped-call]
        self._reactor = reactor
        self._warn = WarnOnce(
            "a connection of {address} to a haproxy: endpoint had no PROXY header, and was closed: let the proxy send"
            " one (send-proxy-v2), or come to an endpoint without haproxy:"
        )

    def buildProtocol(self, addr: Any) -> Any:
        """Hold the connection back."""
        return Held(self.wrappedFactory.buildProtocol(addr), self._reactor, self._warn)


class Held(Protocol):
    """A connection that waits for what follows the header, or `HEADER_S`; then the real protocol takes its place."""

    def __init__(self, held: Any, reactor: Any, no_header: Callable[[Any], object]) -> None:
        self._held = held
        self._no_header = no_header
        self._waiting = reactor.callLater(HEADER_S, self._introduce)

    def dataReceived(self, data: bytes) -> None:
        """Make the connection: the header has come, and this follows it."""
        transport: Any = self.transport
        self._waiting.cancel()
        self._introduce()
        if not transport.disconnecting:
            self._held.dataReceived(data)

    def connectionLost(self, reason: Any = connectionDone) -> None:
        """The connection is lost before it was made: by the client, or since it did not begin with a header."""
        transport: Any = self.transport
        self._waiting.cancel()
        if transport.disconnecting:
            self._no_header(transport.getPeer())

    def _introduce(self) -> None:
        transport: Any = self.transport
        transport.wrappedProtocol = self._held
        self._held.makeConnection(transport)


def speaks_tls(text: str) -> bool:
    """Whether an endpoint string is one of TLS, with files that `Listening.reload` reads again."""
    return text.removeprefix(HAPROXY).startswith(SSL)


def cannot_listen(text: str, error: CannotListenError | OSError) -> str:
    """
    :param text: the endpoint string.
    :returns: why nobody can listen there, and what to do, in one line.
    """
    why = error.socketError if isinstance(error, CannotListenError) else error
    number = getattr(why, "errno", None)
    said = getattr(why, "strerror", None) or why
    if number == errno.EADDRINUSE or isinstance(why, str):  # Twisted's text: a UNIX socket is locked
        return f"{text}: {said}; end the other program that listens there, or give another port or path"
    if number in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT) or isinstance(why, gaierror):
        return f"{text}: {said}; give an address of this machine as interface="
    if number == errno.EACCES and not text.removeprefix(HAPROXY).startswith(UNIX):
        return f"{text}: {said}; give a port from 1024 on, or let this program have lower ones (CAP_NET_BIND_SERVICE)"
    return f"{text}: {remedy(why)}" if number is not None else f"{text}: {said}; give another path"


def words_of(text: str) -> dict[str, str]:
    """
    :param text: ``8443:privateKey=a.pem``, with a backslash before a colon, an equals sign or a backslash of a value.
    :returns: the name of each argument to its value.
    :raises ValueError: a name is not known, or one is missing.

    Source: ``_parse`` and ``_parseSSL`` in twisted/internet/endpoints.py
    """
    found: dict[str, str] = {}
    for place, part in enumerate(re.findall(r"(?:\\.|[^\\:])+", text)):
        pair = re.fullmatch(r"(\w+)=(.*)", part, re.DOTALL)
        word, value = pair.groups() if pair else (WORDS[min(place, 3)], part)
        if word not in WORDS or (not pair and place > 2):
            raise ValueError(f"{part} is none of {', '.join(f'{each}=' for each in WORDS)}")
        found[word] = re.sub(r"\\(.)", r"\1", value, flags=re.DOTALL)
    if missing := [word for word in ("port", "privateKey") if word not in found]:
        raise ValueError(f"{missing[0]} is missing")
    return found
