"""
Who is behind a proxy: ``X-Forwarded-For`` and ``X-Forwarded-Proto``, believed of trusted proxies alone.

Anybody may send these headers. They count only on a connection that a trusted proxy made, and of a chain of addresses
only the part that trusted proxies wrote: it is read from its end up to the first address that is none of theirs.

Source: https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/X-Forwarded-For#selecting_an_ip_address
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from twisted.logger import Logger

UNIX: Final = "unix"
"""What names whoever connects through a UNIX socket, which only programs of this machine can."""
LOCAL: Final = "local"
"""The address of a connection that has none."""
log: Final = Logger(namespace="gameserver")


class Proxies:
    """
    The proxies whose headers are believed.

    :param trusted: addresses, networks such as ``10.0.0.0/8``, and `UNIX`.
    :raises ValueError: one of them is none of these.
    """

    def __init__(self, trusted: Iterable[str] = ()) -> None:
        named = tuple(trusted)
        self._unix = UNIX in named
        self._warn = WarnOnce(
            "{address} sends X-Forwarded-For, and is not believed, since trusted_proxy does not name it. If that is"
            " your proxy, name it there: until then all its clients count as one"
        )
        self._networks = [ip_network(text, strict=False) for text in named if text != UNIX]

    def __bool__(self) -> bool:
        return self._unix or bool(self._networks)

    def trusts(self, peer: object) -> bool:
        """
        Whether this end of a connection is a trusted proxy's.

        :param peer: an address of Twisted's.
        """
        host = getattr(peer, "host", None)
        if host is None:
            return self._unix
        address = _address(host)
        return address is not None and self._holds(address)

    def client(self, peer: object, forwarded_for: str | None) -> str:
        """
        :param peer: an address of Twisted's.
        :param forwarded_for: all of ``X-Forwarded-For``, joined by commas.
        :returns: the client's address, by which budgets count; `LOCAL` where it has none.
        """
        client = _plain(getattr(peer, "host", None))
        if not forwarded_for:
            return client
        if not self.trusts(peer):
            self._warn(peer)
            return client
        for text in reversed(forwarded_for.split(",")):
            address = _address(_without_port(text.strip()))
            if address is None:
                break
            client = str(address)
            if not self._holds(address):
                break
        return client

    def scheme(self, peer: object, forwarded_proto: str | None, *, secure: bool) -> str | None:
        """
        :param forwarded_proto: all of ``X-Forwarded-Proto``, joined by commas; the last one is the nearest proxy's.
        :param secure: whether our own end of the connection speaks TLS.
        :returns: ``http`` or ``https`` as the client knows it, or None where it cannot be told: a proxy may be in
            front that nobody named.
        """
        if forwarded_proto and self.trusts(peer):
            last = forwarded_proto.rpartition(",")[2].strip().lower()
            if last in ("http", "https"):
                return last
        return "https" if secure else None

    def within(self, text: str) -> str | None:
        """
        :param text: an address or a network; what is neither holds nothing.
        :returns: a trusted proxy, or a network of such, that is wholly in it.
        """
        try:
            wide = ip_network(text, strict=False)
        except ValueError:
            return None
        found = (each for each in self._networks if each.version == wide.version and each.subnet_of(wide))  # type: ignore[arg-type]
        return next((str(each.network_address if each.num_addresses == 1 else each) for each in found), None)

    def _holds(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._networks)


class WarnOnce:
    """
    A warning of what may be the operator's own proxy, wrongly set up; once, since anybody can cause it.

    :param text: the line, with ``{address}`` in it.
    """

    def __init__(self, text: str) -> None:
        self._text = f"{text}. This is said only once"
        self._is_said = False

    def __call__(self, peer: object) -> None:
        """:param peer: the other end of the connection, an address of Twisted's."""
        if not self._is_said:
            self._is_said = True
            log.warn(self._text, address=getattr(peer, "host", None) or "a UNIX socket")


def _address(text: str) -> IPv4Address | IPv6Address | None:
    """:returns: an address; ``::ffff:192.0.2.1``, as a port for both kinds shows one of IPv4, is ``192.0.2.1``."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _plain(host: str | None) -> str:
    return LOCAL if host is None else str(_address(host) or host)


def _without_port(text: str) -> str:
    """:returns: the address alone: some proxies write ``192.0.2.1:4711`` and ``[2001:db8::1]:4711``."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
