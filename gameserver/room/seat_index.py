"""
All seats of a room, found without a look at all of them: by id, user, role, name or number, and by how long they are
held.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from gameserver.protocol.names import name_key
from gameserver.room.schedule import Schedule
from gameserver.room.seats import Player

if TYPE_CHECKING:
    from gameserver.room.players_room import PlayersRoom
    from gameserver.room.state import SeatState

Found = dict[str, Player]
"""Some seats, by id."""


class SeatIndex:
    """
    The seats of a room, by user, role, name and number: to add and to remove one costs the same however many there are.

    :ivar bots: those in which bots sit.
    """

    __slots__ = ("_by_name", "_by_role", "_by_user", "_free", "_next", "_numbers", "_unsorted", "bots")

    def __init__(self, seats: Iterable[Player] = ()) -> None:
        self.bots: Found = {}
        self._by_user: dict[str, Found] = {}
        self._by_role: dict[str, Found] = {}
        self._unsorted: dict[str, None] = {}  # roles to which a seat came back that is older than others
        self._by_name: dict[str, Found] | None = None  # until a name is looked for
        self._numbers: dict[int, str] = {}
        self._free: list[int] = []  # a heap of numbers that were given up, of which some are taken again
        self._next = 0  # all numbers from here on are free
        for seat in seats:
            self.add(seat)

    def add(self, seat: Player) -> None:
        """Add a seat."""
        self._by_user.setdefault(seat.user_id, {})[seat.id] = seat
        in_role = self._by_role.setdefault(seat.role, {})
        if in_role and int(next(reversed(in_role))) > int(seat.id):
            self._unsorted[seat.role] = None
        in_role[seat.id] = seat
        if self._by_name is not None:
            _put(self._by_name, name_key(seat.name), seat)
        if seat.bot is not None:
            self.bots[seat.id] = seat
        if seat.number is not None:
            self._numbers[seat.number] = seat.id
            while self._next <= seat.number:
                heappush(self._free, self._next)
                self._next += 1

    def remove(self, seat: Player) -> None:
        """Remove a seat."""
        _take(self._by_user, seat.user_id, seat)
        _take(self._by_role, seat.role, seat)
        if self._by_name is not None:
            _take(self._by_name, name_key(seat.name), seat)
        self.bots.pop(seat.id, None)
        if seat.number is not None:
            del self._numbers[seat.number]
            heappush(self._free, seat.number)

    def renamed(self, seat: Player, old: str, new: str) -> None:
        """Somebody has another name, or the old one again."""
        if self._by_name is not None:
            _take(self._by_name, name_key(old), seat)
            _put(self._by_name, name_key(new), seat)

    def of_user(self, user_id: str) -> Collection[Player]:
        """:returns: all seats of a user, bots' as well."""
        return self._by_user.get(user_id, {}).values()

    def of_role(self, role: str) -> Collection[Player]:
        """:returns: the seats of a role, in order of seniority."""
        found = self._by_role.get(role, {})
        if role in self._unsorted:
            del self._unsorted[role]
            found = self._by_role[role] = {id: found[id] for id in sorted(found, key=int)}
        return found.values()

    def called(self, key: str) -> Collection[Player]:
        """:returns: those whose name has this key (`gameserver.protocol.names.name_key`)."""
        if self._by_name is None:
            self._by_name = {}
            for found in self._by_user.values():
                for seat in found.values():
                    _put(self._by_name, name_key(seat.name), seat)
        return self._by_name.get(key, {}).values()

    def free_number(self) -> int:
        """:returns: the lowest number that no player has, from 0."""
        while self._free and self._free[0] in self._numbers:
            heappop(self._free)
        return self._free[0] if self._free else self._next


def _put(index: dict[str, Found], key: str, seat: Player) -> None:
    index.setdefault(key, {})[seat.id] = seat


def _take(index: dict[str, Found], key: str, seat: Player) -> None:
    found = index[key]
    del found[seat.id]
    if not found:
        del index[key]


class Seats(dict[str, Player]):
    """
    The seats of one room by id, in order of seniority.

    :ivar index: the same by what they are.
    """

    def __init__(self, room: PlayersRoom, kept: Sequence[SeatState]) -> None:
        super().__init__((one.id, Player(room, one)) for one in kept)
        self._room = room
        self.index = SeatIndex(self.values())
        room.journal.stale.held.update((one.id, None) for one in kept if one.hold_until is not None)
        room.journal.stale.users.update((one.user_id, None) for one in kept)
        self._holds: Schedule[str] | None = None  # until an owner is away

    def __setitem__(self, id: str, seat: Player) -> None:
        super().__setitem__(id, seat)
        self.index.add(seat)

    def __delitem__(self, id: str) -> None:
        self.index.remove(self[id])
        super().__delitem__(id)

    def clear(self) -> None:
        """No seat is there any more."""
        super().clear()
        self.index = SeatIndex()

    def first_held(self) -> Player | None:
        """Return the seat, of those whose owner is away, that is given up first."""
        journal = self._room.journal
        if self._holds is None:
            if not journal.stale.held:
                return None
            self._holds = Schedule(journal.stale.held)
        id = self._holds.first(self, self._held_until, settled=not journal.undo)
        return self[id] if id is not None else None

    def _held_until(self, id: str) -> tuple[float, int] | None:
        seat = self.get(id)
        until = seat._kept.hold_until if seat is not None else None
        return (until, int(id)) if until is not None else None

    @property
    def host(self) -> str | None:
        """The id of the host's seat."""
        return self._room.state.host

    def of_role(self, role: str | None) -> Collection[Player]:
        """:returns: the seats of a role, or all, in order of seniority."""
        return self.values() if role is None else self.index.of_role(role)

    def of_user(self, user_id: str, role: str | None = None) -> Player | None:
        """:returns: this user's seat of that role, or any."""
        own = (s for s in self.index.of_user(user_id) if (role is None or s.role == role) and s.bot is None)
        return next(own, None)

    def rename(self, seat: Player, name: str) -> None:
        """Give a player another name."""
        old = seat.name
        self._room.journal.set(seat._kept, "name", name)
        self.index.renamed(seat, old, name)
        self._room.journal.record(self.index.renamed, seat, name, old)
