"""Sanctions: what users, or all who come from some addresses, may not do; and an index that finds them quickly."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from msgspec import Struct

from gameserver.errors import Refused

WIDEST: Final = {4: 8, 6: 16}
"""The shortest prefix that may be banned, by version of IP: wider ones would ban too much of the world."""

_Address = IPv4Address | IPv6Address


class Sanction(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """
    What a user, or all who come from some addresses, may not do, anywhere or in one game.

    :ivar act: ``mute`` or ``ban``.
    :ivar user: a user's id; empty where it is about addresses.
    :ivar address: an address or a range: ``192.0.2.0/24``.
    :ivar game: its name; empty: all games.
    :ivar until: seconds since 1970, or None for good.
    """

    id: str
    act: str
    user: str = ""
    address: str = ""
    game: str = ""
    until: float | None = None
    shadow: bool = False
    reason: str = ""

    def stands(self, act: str, game: str, now: float) -> bool:
        """
        Whether this sanction forbids an act at a moment.

        :param game: in which game; empty: outside all games.
        :param now: seconds since 1970.
        """
        return self.act == act and self.game in ("", game) and not self.is_past(now)

    def is_past(self, now: float) -> bool:
        """Whether its time is over."""
        return self.until is not None and self.until <= now

    def check(self) -> None:
        """:raises Refused: ``bad_data``: it is about nobody, or about both; or its addresses cannot be banned."""
        if bool(self.user) == bool(self.address):
            raise Refused("Name a user or an address.", code="bad_data", path="$.user")
        if not self.address:
            return
        try:
            network = ip_network(self.address, strict=False)
        except ValueError:
            raise Refused("That is no address: 192.0.2.7, 192.0.2.0/24.", code="bad_data", path="$.address") from None
        if self.act != "ban" or network.prefixlen < WIDEST[network.version]:
            raise Refused("Addresses can be banned, and no more than a /8 at once.", code="bad_data", path="$.address")


class SanctionIndex:
    """
    Sanctions by id, by user, and by address.

    A look costs the same however many there are: a range is parsed when it is put here, and an address is looked up
    once for each length of prefix that occurs.
    """

    def __init__(self) -> None:
        self._by_id: dict[str, Sanction] = {}
        self._of_users: dict[str, dict[str, Sanction]] = {}
        self._of_ranges: dict[tuple[int, int], dict[int, dict[str, Sanction]]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Sanction]:
        return iter(list(self._by_id.values()))

    def __contains__(self, id: str) -> bool:
        return id in self._by_id

    def put(self, sanction: Sanction) -> None:
        """Add a sanction, or replace the one with its id, which must be about the same user or addresses."""
        self._by_id[sanction.id] = sanction
        if sanction.user:
            self._of_users.setdefault(sanction.user, {})[sanction.id] = sanction
        else:
            version, prefix, bits = _place(sanction.address)
            ranges = self._of_ranges.setdefault((version, prefix), {})
            ranges.setdefault(bits, {})[sanction.id] = sanction

    def pop(self, id: str) -> Sanction:
        """
        Remove a sanction, by its id.

        :raises KeyError: there is no such sanction.
        """
        sanction = self._by_id.pop(id)
        if sanction.user:
            of_user = self._of_users[sanction.user]
            del of_user[id]
            if not of_user:
                del self._of_users[sanction.user]
        else:
            version, prefix, bits = _place(sanction.address)
            ranges = self._of_ranges[version, prefix]
            del ranges[bits][id]
            if not ranges[bits]:
                del ranges[bits]
            if not ranges:
                del self._of_ranges[version, prefix]
        return sanction

    def of_user(self, user_id: str) -> Iterator[Sanction]:
        """:returns: the sanctions that are about a user; also those that are past."""
        return iter(self._of_users.get(user_id, {}).values())

    def of_address(self, address: str) -> Iterator[Sanction]:
        """:returns: the sanctions that are about an address; also those that are past; none for what is no address."""
        if not self._of_ranges:
            return
        try:
            parsed = _plain(ip_address(address))
        except ValueError:
            return
        for (version, prefix), ranges in self._of_ranges.items():
            if version == parsed.version:
                yield from ranges.get(int(parsed) >> (parsed.max_prefixlen - prefix), {}).values()


def _place(text: str) -> tuple[int, int, int]:
    """:returns: version of IP, length of the prefix, and the prefix itself as a number."""
    network = ip_network(text, strict=False)
    first = _plain(network.network_address)
    prefix = network.prefixlen - (network.max_prefixlen - first.max_prefixlen)
    if prefix < 0:  # a part of IPv6 that holds more than all of IPv4
        return 6, network.prefixlen, int(network.network_address) >> (128 - network.prefixlen)
    return first.version, prefix, int(first) >> (first.max_prefixlen - prefix)


def _plain(address: _Address) -> _Address:
    """:returns: the IPv4 address, if a socket for both versions shows one as IPv6; else the address itself."""
    return getattr(address, "ipv4_mapped", None) or address
