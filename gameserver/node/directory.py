"""
What a node has learnt of rooms that other nodes have: where it sends those who ask for them.

The store is asked once for a code; the answer is kept for a moment, and never longer than the other node's lease. That
no node has a room is not remembered: it may be opened any moment. Whoever comes for a seat has the store asked again:
the room may have just moved here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gameserver.errors import Elsewhere, Refused

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, Located

KEPT_S: Final = 1.0
"""How long an answer is believed: after that the room's node may be gone, or may have handed it over."""
KEPT: Final = 10_000
"""How many rooms are remembered: those that were asked for last."""


class Directory:
    """
    Where the rooms of other nodes are.

    :param clock: only its monotonic seconds are read.
    :ivar own_url: the address of this node alone. A room at this address that is not here belongs to a former process
        that had the same address.
    """

    def __init__(self, clock: IClock) -> None:
        self.own_url: str | None = None
        self._clock = clock
        self._known: dict[str, tuple[Located, float]] = {}

    def learn(self, located: Located) -> None:
        """Remember where the store has just said that a room is."""
        self._known.pop(located.code, None)
        if located.url is not None and not located.silent:  # else the time to wait counts from now, and is soon wrong
            self._known[located.code] = located, self._clock.monotonic() + min(KEPT_S, located.lease_ms / 1000)
            if len(self._known) > KEPT:
                del self._known[next(iter(self._known))]

    def known(self, code: str) -> Located | None:
        """:returns: where a room is, if that was learnt a moment ago."""
        located, until_s = self._known.get(code, (None, 0.0))
        if located is not None and self._clock.monotonic() >= until_s:
            del self._known[code]
            return None
        return located

    def lead(self, located: Located) -> Refused:
        """
        :param located: a room that another node has.
        :returns: the error to raise: `Elsewhere`; or ``busy``, for as long as that node may have the room, if the node
            is silent or its address is not known.
        """
        if located.url in (None, self.own_url) or located.silent:
            return Refused("The room is moving.", code="busy", retry_ms=max(located.lease_ms, 1))
        assert located.url is not None
        return Elsewhere(located.code, located.url)


def socket_of(address: str) -> str:
    """
    :param address: that of a node: ``http://…`` or ``https://…`` without a slash at its end.
    :returns: the address of its WebSocket.
    """
    return f"{address.replace('http', 'ws', 1)}/ws"


def address_of_node(socket: str) -> str:
    """:returns: the address of the node whose WebSocket this is: the reverse of `socket_of`."""
    return socket.replace("ws", "http", 1).removesuffix("/ws")
