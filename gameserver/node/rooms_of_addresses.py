"""
How many rooms each address has opened: an address over its limit loses the oldest of them that nobody uses.

Rooms that are gone still cost something, since their codes rest. So each address and each user can make only a limited
number in an hour.
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

    :param most: how many rooms of one address may exist at a time.
    :param made: how many rooms a user may open in an hour, and how many an address.
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
        A room is about to be opened; if there are too many, close one that is not used. `end` must follow.

        :param now_s: monotonic seconds.
        :raises Refused: ``rate_limited``: all are used, or too many were opened lately; then no `end` follows.
        """
        self.count(address, user_id, now_s=now_s)
        address = network_of(address)
        rooms = self._rooms.get(address, {})
        if address and len(rooms) + self._opening[address] >= self._most:
            unused = [runner for runner in rooms if self._is_unused(runner)]
            if not unused:
                raise Refused("Too many rooms were opened from your address.", code="rate_limited")
            # The oldest of those to which nobody is connected; else the oldest of all.
            self._close(
                min(unused, key=lambda runner: any(s.online and s.bot is None for s in runner.room.seats.values()))
            )
        self._opening[address] += 1

    def count(self, address: str, user_id: str, *, now_s: float) -> None:
        """
        Count a room that is about to be opened in the place of another.

        :raises Refused: ``rate_limited``: too many were opened lately.
        """
        address = network_of(address)
        # The user's bucket first: a user whose own is empty takes nothing from the others at this address.
        if not self._made_by_user.take(now_s, user_id) or (address and not self._made_from.take(now_s, address)):
            raise Refused("Too many rooms were opened of late; try again later.", code="rate_limited")

    def end(self, address: str, runner: RoomRunner | None) -> None:
        """
        The opening that `begin` announced is over.

        :param runner: the room that was opened; None: none was.
        """
        address = network_of(address)
        self._opening[address] -= 1
        if not self._opening[address]:
            del self._opening[address]
        if address and runner is not None and not runner.over:
            self._rooms.setdefault(address, {})[runner] = None
            self._opened_by[runner] = address

    def visited(self, runner: RoomRunner) -> None:
        """Note that somebody other than its opener has entered a room."""
        if runner in self._opened_by:
            self._visited.add(runner)

    def gone(self, runner: RoomRunner) -> None:
        """Forget a room that has ended."""
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
