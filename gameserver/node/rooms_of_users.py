"""In which rooms each user has a seat, which is bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gameserver.node.runner import RoomRunner
    from gameserver.room.room import Room


def seat_mark(room: Room) -> tuple[object, ...]:
    """:returns: what is another once somebody came or went, or other newcomers would find a seat."""
    state = room.state
    return state.next_seat, len(room.seats), state.status, state.locked, room.moment.closing


class RoomsOfUsers:
    """
    The codes of the rooms in which each user has a seat on this node.

    :param most: so many may a user be in at a time.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._rooms: dict[str, set[str]] = {}
        self._making: Counter[str] = Counter()

    def of(self, user_id: str) -> Collection[str]:
        """:returns: the codes of the rooms that a user is in."""
        return self._rooms.get(user_id, ())

    def __contains__(self, user_id: str) -> bool:
        """Whether that user is in a room."""
        return user_id in self._rooms

    def meet(self, user_id: str, other: str) -> bool:
        """Whether two users have seats in one room."""
        return not self._rooms.get(user_id, set()).isdisjoint(self._rooms.get(other, ()))

    def has_enough(self, user_id: str) -> bool:
        """Whether a user may be in no more of them."""
        return len(self.of(user_id)) + self._making[user_id] >= self.most

    @contextmanager
    def making(self, user_id: str) -> Iterator[None]:
        """A user makes a room, which counts until it is there."""
        self._making[user_id] += 1
        try:
            yield
        finally:
            self._making[user_id] -= 1
            if not self._making[user_id]:
                del self._making[user_id]

    def count(self, runner: RoomRunner) -> None:
        """Look who has a seat in a room now."""
        users = frozenset(seat.user_id for seat in runner.room.seats.values())
        code = runner.room.code
        for gone in runner.users - users:
            rooms = self._rooms.get(gone, set())
            rooms.discard(code)
            if not rooms:
                self._rooms.pop(gone, None)
        for new in users - runner.users:
            self._rooms.setdefault(new, set()).add(code)
        runner.users = users
