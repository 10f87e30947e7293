"""
The host names of this server: requests for others are refused.

The owner of a hostile page may let the page's own name lead to this machine (DNS rebinding). For a browser in this
network, that page then has the same origin as all that is served here. But its name can be neither an IP address nor a
name that no public DNS knows.

Source: https://github.com/brannondorsey/dns-rebind-toolkit#protecting-against-dns-rebinding
"""

from __future__ import annotations

import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

PRIVATE: Final = (".localhost", ".local", ".internal", ".home.arpa", ".lan", ".home")
"""
How names end that networks give themselves, and that no public DNS has.

Source: RFC 6761, RFC 6762, RFC 8375, ICANN's resolution 2024.07.29.06 (``.internal``) and name collision study
"""
ANY: Final = "*"


class Hosts:
    """
    The hosts that this server answers to: IP addresses, names without a dot, names that end as in `PRIVATE`, this
    machine's own name, and those that are given.

    :param public_url: where people reach this server, or None.
    :param named: other names: ``games.example``, ``.games.example`` for all below it, or `ANY`.
    """

    def __init__(self, public_url: str | None = None, named: Iterable[str] = ()) -> None:
        public = urlsplit(public_url or "").hostname or ""
        names = [name.lower() for name in (public, socket.gethostname(), *named) if name]
        self._any = ANY in names
        self._names = frozenset(name for name in names if not name.startswith("."))
        self._ends = (*PRIVATE, *(name for name in names if name.startswith(".")))

    def know(self, host: str) -> bool:
        """
        Whether this server answers to a host.

        :param host: a request's, perhaps with a port; empty: it named none, which no browser does.
        """
        name = name_of(host)
        if self._any or not name or "." not in name or name in self._names or name.endswith(self._ends):
            return True
        return _is_address(name)


def name_of(host: str) -> str:
    """:returns: a host in lower case, without its port, a dot at its end, or the brackets of IPv6."""
    address, bracket, rest = host.removeprefix("[").partition("]")
    if bracket and host.startswith("[") and rest[:1] in ("", ":"):
        return address.lower()
    name, colon, port = host.rpartition(":")
    return (name if colon and (port.isdecimal() or not port) else host).removesuffix(".").lower()


def _is_address(name: str) -> bool:
    try:
        ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return True
