"""In which rooms each user has a seat; how many these may be is limited."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gameserver.node.lobby_chat import ACCOUNT

if TYPE_CHECKING:
    from gameserver.interfaces import IUserStore
    from gameserver.node.people import People
    from gameserver.node.runner import RoomRunner

ELSEWHERE: Final = re.compile(r"guest:[0-9a-f]{24}|(?!guest:|account:)\w+:.{1,1000}")
"""Ids of users of whom this server keeps nothing: guests, and users of other services; each begins with its kind."""


async def may_exist(user_id: str, rooms: RoomsOfUsers, people: People, users: IUserStore | None) -> bool:
    """
    :param users: where accounts are kept; None: there are none.
    :returns: whether there may be a user with this id: one who is here, an account, or one of whom this server keeps
        nothing, such as a guest who has left.
    """
    if user_id in rooms or people.is_connected(user_id):
        return True
    if user_id.startswith(ACCOUNT):
        return users is not None and await users.user(user_id) is not None
    return ELSEWHERE.fullmatch(user_id) is not None


class RoomsOfUsers:
    """
    The codes of the rooms in which each user has a seat on this node.

    :param most: in how many a user may have a seat at a time.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._rooms: dict[str, set[str]] = {}
        self._empty: dict[str, dict[RoomRunner, None]] = {}
        self._making: Counter[str] = Counter()

    def of(self, user_id: str) -> Collection[str]:
        """:returns: the codes of the rooms in which a user has a seat."""
        return self._rooms.get(user_id, ())

    def __contains__(self, user_id: str) -> bool:
        """Whether a user has a seat in any room."""
        return user_id in self._rooms

    def empty_of(self, user_id: str) -> list[RoomRunner]:
        """:returns: the rooms that a user has made and in which nobody has a seat."""
        return list(self._empty.get(user_id, ()))

    def meet(self, user_id: str, other: str) -> bool:
        """Whether two users have seats in one room."""
        return not self._rooms.get(user_id, set()).isdisjoint(self._rooms.get(other, ()))

    def has_enough(self, user_id: str, others: Collection[str] = ()) -> bool:
        """
        Whether a user may take no seat in a further room.

        :param others: codes of rooms that are not here, in which the user has a seat.
        """
        rooms = self.of(user_id)
        more = sum(1 for code in others if code not in rooms)
        return len(rooms) + more + self._making[user_id] >= self.most

    @contextmanager
    def making(self, user_id: str) -> Iterator[None]:
        """Count a room that a user is making, inside the ``with``."""
        self._making[user_id] += 1
        try:
            yield
        finally:
            self._making[user_id] -= 1
            if not self._making[user_id]:
                del self._making[user_id]

    def count(self, runner: RoomRunner) -> None:
        """
        Update who has a seat in a room; in one that is forgotten nobody has.

        Only those users are looked at whose seats came or went since the last call.
        """
        room, users = runner.room, runner.users
        code, changed = room.code, room.journal.stale.users
        for user_id in list(users) if runner.forgotten else changed:
            if any(seat.bot is None and not seat._kept.has_left for seat in room.seats.index.of_user(user_id)):
                users.add(user_id)
                self._rooms.setdefault(user_id, set()).add(code)
            elif user_id in users:
                users.remove(user_id)
                rooms = self._rooms.get(user_id, set())
                rooms.discard(code)
                if not rooms:
                    self._rooms.pop(user_id, None)
        if not room.journal.undo:
            changed.clear()  # they stay noted during a step, which may yet be undone
        self._count_empty(runner, empty=not users and not runner.forgotten and room.state.next is None)

    def _count_empty(self, runner: RoomRunner, *, empty: bool) -> None:
        creator = runner.room.state.creator
        if creator is None:
            return
        if empty:
            self._empty.setdefault(creator, {})[runner] = None
        elif runner in self._empty.get(creator, ()):
            del self._empty[creator][runner]
            if not self._empty[creator]:
                del self._empty[creator]
