"""How many rooms each address has opened: over its budget, it loses its own oldest that nobody plays in."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from gameserver.errors import Refused
from gameserver.rates import network_of

if TYPE_CHECKING:
    from gameserver.room.keeper import Keeper


class Openers:
    """
    The rooms of a node by the address that opened them, for as long as the process runs.

    :param most: rooms of one address that are there at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._rooms: dict[str, dict[Keeper, None]] = {}
        self._opened_by: dict[Keeper, str] = {}
        self._visited: set[Keeper] = set()
        self._opening: Counter[str] = Counter()

    def begin(self, address: str) -> None:
        """
        A room is about to be opened. One that is not used goes for it, if there are too many.

        :raises Refused: ``rate_limited``: all are used.
        """
        address = network_of(address)
        rooms = self._rooms.get(address, {})
        if address and len(rooms) + self._opening[address] >= self._most:
            unused = [keeper for keeper in rooms if self._is_unused(keeper)]
            if not unused:
                raise Refused("Too many rooms were opened from your address.", code="rate_limited")
            # Of those that nobody is connected to the oldest; else the oldest of all.
            self._close(min(unused, key=lambda keeper: any(seat.online for seat in keeper.room.seats.values())))
        self._opening[address] += 1

    def end(self, address: str, keeper: Keeper | None) -> None:
        """:param keeper: the room that was opened; None: none was."""
        address = network_of(address)
        self._opening[address] -= 1
        if not self._opening[address]:
            del self._opening[address]
        if address and keeper is not None and not keeper.over:
            self._rooms.setdefault(address, {})[keeper] = None
            self._opened_by[keeper] = address

    def visited(self, keeper: Keeper) -> None:
        """Somebody has entered a room who did not open it."""
        if keeper in self._opened_by:
            self._visited.add(keeper)

    def gone(self, keeper: Keeper) -> None:
        """A room is there no more."""
        address = self._opened_by.pop(keeper, None)
        if address is not None:
            self._visited.discard(keeper)
            del self._rooms[address][keeper]
            if not self._rooms[address]:
                del self._rooms[address]

    def _is_unused(self, keeper: Keeper) -> bool:
        room = keeper.room
        return keeper not in self._visited and (room.status == "lobby" or not room.game_class.needs_start)

    def _close(self, keeper: Keeper) -> None:
        self.gone(keeper)
        keeper.post("make_way").addErrback(lambda failure: failure.trap(Refused))
