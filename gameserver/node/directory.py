"""
What a node has learnt of rooms that other nodes have: where whoever asks for them is sent.

The store is asked once for a code; the answer is kept for a moment, and never longer than the other node's lease. What
no node has is not remembered: it may come about. Whoever comes for a seat has the store asked again: the room may have
just moved here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gameserver.errors import Elsewhere, Refused

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, Located

KEPT_S: Final = 1.0
"""So long it is believed where a room is: by then its node may be gone, or may have handed it over."""
KEPT: Final = 10_000
"""Of so many rooms, those that were asked for last, it is remembered."""


class Directory:
    """
    The rooms of other nodes; of the clock the monotonic seconds alone are read.

    :ivar own_url: where this node alone is reached: another one that is said to be there was before it.
    """

    def __init__(self, clock: IClock) -> None:
        self.own_url: str | None = None
        self._clock = clock
        self._known: dict[str, tuple[Located, float]] = {}

    def learn(self, located: Located) -> None:
        """The store has just said where a room is."""
        self._known.pop(located.code, None)
        if located.url is not None and not located.silent:  # else it is to be said how long to wait from now
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
        :returns: what to raise: `Elsewhere`; or ``busy``, for as long as that node may have the room, where it is
            silent, or nobody knows how to reach it.
        """
        if located.url in (None, self.own_url) or located.silent:
            return Refused("The room is moving.", code="busy", retry_ms=max(located.lease_ms, 1))
        assert located.url is not None
        return Elsewhere(located.code, located.url)


def socket_of(address: str) -> str:
    """
    Name the WebSocket of a node.

    :param address: ``http://…`` or ``https://…`` without a slash at its end.
    """
    return f"{address.replace('http', 'ws', 1)}/ws"


def address_of_node(socket: str) -> str:
    """Name the node of a WebSocket, as `socket_of` had it."""
    return socket.replace("ws", "http", 1).removesuffix("/ws")
