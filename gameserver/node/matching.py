"""
Finding a seat where any room will do.

A seat is found and promised without an await in between, so matches need no lock, and a slow hook of a game delays only
those who go into its room. A promise stands until its user sits or is refused: two matches at once neither overfill a
room, nor make two where one would do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from twisted.internet.defer import Deferred

from gameserver.room import admission
from gameserver.room.options import read_options

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.node.open_rooms import OpenRooms
    from gameserver.node.runner import RoomRunner
    from gameserver.room.effects import Requester

TRIES: Final = 5
"""How many rooms a match tries, or waits for while they are made, before it makes one of its own."""
NO_ROOM: Final = frozenset({"room_full", "room_locked", "room_over", "not_found"})
"""Refusals that are about the room, not about the user: another room may do."""

Who = tuple[str, str]
"""A user's id, and the role of the seat."""


class Seek(NamedTuple):
    """
    What is looked for.

    :ivar match: options that the room must have, by name.
    :ivar role: that of the seat.
    """

    requester: Requester
    spec: Spec
    match: dict[str, Any]
    role: str

    @property
    def who(self) -> Who:
        """The user for whom the seat is, and its role."""
        return self.requester.user.id, self.role


class Making(NamedTuple):
    """
    A room that a match is making, in which others may want seats already.

    :ivar options: those that it will have.
    :ivar seats: its creator's, and those that are promised.
    :ivar waiting: fired once the room is there, or will not be.
    """

    spec: Spec
    options: dict[str, Any]
    seats: set[Who]
    waiting: list[Deferred[None]]

    def has_place_for(self, seek: Seek) -> bool:
        """Whether the room would do, and has a seat left to promise."""
        if self.spec is not seek.spec or seek.role == "host" or not admission.holds(self.options, seek.match):
            return False
        taken = sum(1 for _, role in self.seats - {seek.who} if role == seek.role)
        return taken < (self.spec.player_seats(seek.role) or 0)

    def made(self, seek: Seek) -> Deferred[None]:
        """
        Promise a seat.

        :returns: fires once the room is there, or will not be.
        """
        self.seats.add(seek.who)
        done: Deferred[None] = Deferred()
        self.waiting.append(done)
        return done


class Matching:
    """
    The seats that matches have promised, on one node.

    :param own: gives the rooms in which a user, by id, has a seat.
    """

    def __init__(self, open_rooms: OpenRooms, own: Callable[[str], Iterator[RoomRunner]]) -> None:
        self._open_rooms = open_rooms
        self._own = own
        self._promised: dict[RoomRunner, list[Who]] = {}
        self._making: list[Making] = []

    def find(self, seek: Seek, but: Collection[RoomRunner]) -> RoomRunner | None:
        """
        :param but: rooms that were tried already.
        :returns: the oldest room that would do of those in which the user has a seat already; if there is none, the
            best by `_rank`, the oldest of these.
        """

        def fits(runner: RoomRunner) -> bool:
            if runner.room.spec is not seek.spec or runner in but:
                return False
            coming = self._coming(runner, seek)
            return admission.is_open_to(runner.room, seek.requester, seek.role, seek.match, coming)

        # A room in which the user has, or was promised, a seat need not be open to anybody else.
        own = [*self._own(seek.requester.user.id), *(r for r, whos in self._promised.items() if seek.who in whos)]
        wanted = seek.spec.name, seek.role, seek.match
        found = [*filter(fits, own), *_best(filter(fits, self._open_rooms.of(*wanted)))]
        return min(
            found, key=lambda runner: (runner not in own, _rank(runner), self._open_rooms.age(runner)), default=None
        )

    def being_made(self, seek: Seek) -> Making | None:
        """:returns: a room under construction that will do; None: there is none."""
        return next((making for making in self._making if making.has_place_for(seek)), None)

    @contextmanager
    def promise(self, runner: RoomRunner, seek: Seek) -> Iterator[None]:
        """Count a seat as taken inside the ``with``."""
        self._promised.setdefault(runner, []).append(seek.who)
        try:
            yield
        finally:
            self._promised[runner].remove(seek.who)
            if not self._promised[runner]:
                del self._promised[runner]

    @contextmanager
    def making(self, seek: Seek) -> Iterator[None]:
        """
        Note that a room with the wanted options is made inside the ``with``; those who wait for it go on afterwards, in
        the order in which they came.

        :raises Refused: ``bad_data``: the game allows no such options.
        """
        _, options = read_options(seek.spec, seek.match)
        making = Making(seek.spec, options, {seek.who}, [])
        self._making.append(making)
        try:
            yield
        finally:
            self._making.remove(making)
            for done in making.waiting:
                done.callback(None)

    def _coming(self, runner: RoomRunner, seek: Seek) -> int:
        """:returns: how many others of that role have been promised a seat, and do not sit yet."""
        seats = runner.room.seats
        others = {who for who in self._promised.get(runner, ()) if who != seek.who and who[1] == seek.role}
        return sum(1 for user, role in others if seats.of_user(user, role) is None)


def _best(runners: Iterator[RoomRunner]) -> list[RoomRunner]:
    """:returns: the first room of the best rank, if there is any room; stops at the first whose rank is 0."""
    seen = []
    for runner in runners:
        if _rank(runner) == 0:
            return [runner]
        seen.append(runner)
    return [min(seen, key=_rank)] if seen else []


def _rank(runner: RoomRunner) -> int:
    """:returns: 0 for the best rooms; more if a step of the room waits for something, and most if its game is over."""
    return 2 * (runner.room.state.status == "over") + (runner.lasting is not None)
