"""
How many rooms each address has opened: over its budget, it loses its own oldest that nobody plays in.

Rooms that are gone cost something too, for their codes rest: so each address and user makes only so many in an hour.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from gameserver.errors import Refused
from gameserver.rates import TokenBuckets, network_of
from gameserver.room.inputs.lifecycle import MakeWay

if TYPE_CHECKING:
    from gameserver.node.runner import RoomRunner

HOUR_S: Final = 3600.0


class Openers:
    """
    The rooms of a node by the address that opened them, for as long as the process runs.

    :param most: rooms of one address that are there at a time.
    :param made: how many a user may open in an hour, and how many an address.
    """

    def __init__(self, most: int, made: tuple[int, int]) -> None:
        self._most = most
        self._made_by_user, self._made_from = (TokenBuckets(each / HOUR_S, each) for each in made)
        self._rooms: dict[str, dict[RoomRunner, None]] = {}
        self._opened_by: dict[RoomRunner, str] = {}
        self._visited: set[RoomRunner] = set()
        self._opening: Counter[str] = Counter()

    def begin(self, address: str, user_id: str, *, now_s: float) -> None:
        """
        A room is about to be opened. One that is not used goes for it, if there are too many.

        :param now_s: a clock that is never set.
        :raises Refused: ``rate_limited``: all are used, or too many were opened of late.
        """
        self.count(address, user_id, now_s=now_s)
        address = network_of(address)
        rooms = self._rooms.get(address, {})
        if address and len(rooms) + self._opening[address] >= self._most:
            unused = [runner for runner in rooms if self._is_unused(runner)]
            if not unused:
                raise Refused("Too many rooms were opened from your address.", code="rate_limited")
            # Of those that nobody is connected to the oldest; else the oldest of all.
            self._close(
                min(unused, key=lambda runner: any(s.online and s.bot is None for s in runner.room.seats.values()))
            )
        self._opening[address] += 1

    def count(self, address: str, user_id: str, *, now_s: float) -> None:
        """
        A room is about to be opened, in the place of another.

        :raises Refused: ``rate_limited``: too many were opened of late.
        """
        address = network_of(address)
        # The user's first: one who goes on asking uses up nothing of the others at this address.
        if not self._made_by_user.take(now_s, user_id) or (address and not self._made_from.take(now_s, address)):
            raise Refused("Too many rooms were opened of late; try again later.", code="rate_limited")

    def end(self, address: str, runner: RoomRunner | None) -> None:
        """:param runner: the room that was opened; None: none was."""
        address = network_of(address)
        self._opening[address] -= 1
        if not self._opening[address]:
            del self._opening[address]
        if address and runner is not None and not runner.over:
            self._rooms.setdefault(address, {})[runner] = None
            self._opened_by[runner] = address

    def visited(self, runner: RoomRunner) -> None:
        """Somebody has entered a room who did not open it."""
        if runner in self._opened_by:
            self._visited.add(runner)

    def gone(self, runner: RoomRunner) -> None:
        """A room is there no more."""
        address = self._opened_by.pop(runner, None)
        if address is not None:
            self._visited.discard(runner)
            del self._rooms[address][runner]
            if not self._rooms[address]:
                del self._rooms[address]

    def _is_unused(self, runner: RoomRunner) -> bool:
        room = runner.room
        return runner not in self._visited and (room.state.status == "lobby" or not room.game_class.needs_start)

    def _close(self, runner: RoomRunner) -> None:
        self.gone(runner)
        runner.post(MakeWay()).addErrback(lambda failure: failure.trap(Refused))
