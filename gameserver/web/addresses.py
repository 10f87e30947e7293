"""
Where people reach this server: the address that its operator gives, or else those that the machine has itself.

A link or a QR code with ``localhost`` in it leads a phone to itself, so loopback addresses are given only where this
server listens at nothing else.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from gameserver.web.listening import speaks_tls

ANYWHERE: Final = ("", "0.0.0.0", "::")
"""Hosts by which a port listens at every address of the machine."""

ELSEWHERE: Final = ("203.0.113.1", "10.255.255.255", "172.31.255.255", "192.168.255.255", "2001:db8::1")
"""
Addresses of other networks, to find out which of its own the machine would use to reach them. Nothing is sent there.

Source: RFC 5737, RFC 1918, RFC 3849
"""


class Addresses:
    """
    The addresses of one server.

    :param public_url: the operator's, or None.
    :param own: returns the machine's own IP addresses.
    """

    def __init__(self, public_url: str | None = None, own: Callable[[], Sequence[str]] | None = None) -> None:
        self.public_url = public_url
        self._own = own or own_addresses
        self._ports: list[tuple[str, str, int]] = []

    def add(self, endpoint: str, bound: Any) -> None:
        """
        Note that a port is open.

        :param endpoint: the endpoint string, which tells whether it speaks TLS.
        :param bound: its address, as Twisted's port returns it; one that is not of TCP, such as a UNIX socket's, is
            left out.
        """
        host, port = getattr(bound, "host", None), getattr(bound, "port", None)
        if isinstance(host, str) and isinstance(port, int):
            self._ports.append(("https" if speaks_tls(endpoint) else "http", host, port))

    @property
    def urls(self) -> list[str]:
        """URLs without a slash at their end, the best first; only the operator's may have a path."""
        if self.public_url is not None:
            return [self.public_url]
        found = list(dict.fromkeys(self._found()))
        return [url for url, local in found if not local] or [url for url, _ in found]

    def _found(self) -> Iterable[tuple[str, bool]]:
        for scheme, host, port in self._ports:
            for each in (*self._fitting(host), "127.0.0.1") if host in ANYWHERE else (host,):
                yield url_of(scheme, each, port), is_loopback(each)

    def _fitting(self, host: str) -> list[str]:
        # On Linux, a port that listens at all IPv6 addresses takes IPv4 as well.
        return [own for own in self._own() if host == "::" or ":" not in own]


def own_addresses() -> list[str]:
    """:returns: the machine's addresses in its networks, first those that it reaches others by; perhaps none."""
    found: dict[str, None] = {}
    for target in ELSEWHERE:
        family = socket.AF_INET6 if ":" in target else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))
                own = probe.getsockname()[0]
        except OSError:
            continue
        if not is_loopback(own) and not ip_address(own.partition("%")[0]).is_link_local:
            found[own] = None
    return list(found)


def is_loopback(host: str) -> bool:
    """:returns: whether only this machine reaches this host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def url_of(scheme: str, host: str, port: int) -> str:
    """:returns: a URL, without the port if it is the scheme's own."""
    try:
        host = f"[{host}]" if isinstance(ip_address(host), IPv6Address) else host
    except ValueError:
        pass
    return f"{scheme}://{host}" if port == {"http": 80, "https": 443}[scheme] else f"{scheme}://{host}:{port}"
