"""Rooms in the store that this release cannot run: each stays there whole until a release can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import CannotOpen, Refused, StoreUnavailable

if TYPE_CHECKING:
    from gameserver.interfaces import Located, Stored
    from gameserver.node.unclean_ends import UncleanEnds


class RoomAside(Struct, frozen=True):
    """
    A room that is kept aside.

    :ivar why: one line for whoever is to mend it.
    :ivar quarantined: this release could run it, but it ended the server and might do so again, or a part is lost.
    """

    id: str
    code: str
    game: str
    why: str
    quarantined: bool = False


class RoomsAside:
    """
    The rooms that a node keeps aside, by code.

    :param unclean: says which rooms are quarantined; None: none are.
    """

    def __init__(self, unclean: UncleanEnds | None = None) -> None:
        self._unclean = unclean
        self._rooms: dict[str, RoomAside] = {}
        self._shown: set[str] = set()
        self._said: dict[str, RoomAside] = {}

    def __iter__(self) -> Iterator[RoomAside]:
        return iter(self._rooms.values())

    def __len__(self) -> int:
        return len(self._rooms)

    def get(self, code: str) -> RoomAside | None:
        """:returns: the room of exactly this code, if it is kept aside."""
        return self._rooms.get(code)

    def holds(self, code: str) -> bool:
        """Whether the room of exactly this code is kept aside."""
        return code in self._rooms

    def keep(self, room: RoomAside, failure: Failure | None, log: Logger) -> None:
        """
        Keep a room aside, and log that in one line; for the first room of a release with the traceback, if code raised
        something: what a release does not know is said in the line.

        A room that is tried again with the same release, and fails for the same reason, is not logged again.

        :param failure: what was raised; None: no code of the game is to blame.
        """
        text = "room {room} of the game {game} is kept aside, whole: {reason}"
        if self._said.get(room.code) == room:
            self.put(room)
            return
        self._said[room.code] = room
        is_plain = failure is None or (isinstance(failure.value, CannotOpen) and failure.value.__cause__ is None)
        if failure is not None and not is_plain and room.game not in self._shown:
            self._shown.add(room.game)
            log.failure(text, failure, room=room.code, game=room.game, reason=room.why)
        else:
            log.error(text, room=room.code, game=room.game, reason=room.why)
        self.put(room)

    def keep_if_quarantined(self, stored: Stored | Located, log: Logger | None = None) -> bool:
        """
        Keep a stored room aside if it is quarantined.

        :param log: the log that tells of it; None: none does.
        :returns: whether it is quarantined.
        """
        why = self._unclean.why(stored.room) if self._unclean is not None else None
        if why is None:
            return False
        room = RoomAside(stored.room, stored.code, stored.game, why, quarantined=True)
        if log is not None:
            log.error("room {room} of the game {game} is in quarantine: {why}", room=room.code, game=room.game, why=why)
        self.put(room)
        return True

    async def look_again(self, located: Located) -> None:
        """
        Keep a room aside no longer if another node has mended it: it has a new game, or was freed from quarantine.

        :param located: what the store says of it now.
        """
        code = located.code
        room = self._rooms.get(code)
        if room is not None and (room.id, room.game) != (located.room, located.game):
            self.back(code)
        elif room is not None and room.quarantined and self._unclean is not None:
            try:
                await self._unclean.renew()
            except StoreUnavailable:
                return
            if self._unclean.why(room.id) is None:
                self.back(code)

    def released(self, game: str) -> None:
        """A game has another release: log its failures anew."""
        self._shown.discard(game)
        self._said = {code: room for code, room in self._said.items() if room.game != game}

    def put(self, room: RoomAside) -> None:
        """Keep a room aside, and log nothing."""
        self._rooms[room.code] = room

    def back(self, code: str) -> None:
        """Keep a room aside no longer: it can be run after all."""
        self._rooms.pop(code, None)
        self._said.pop(code, None)

    def check_room(self, *codes: str) -> None:
        """:raises Refused: ``quarantined``: one of these is kept aside."""
        for code in codes:
            room = self._rooms.get(code)
            unclean = self._unclean if room is not None and room.quarantined else None
            if unclean is not None and room is not None and unclean.why(room.id) is None:
                self.back(code)  # it was freed at another node
            if code in self._rooms:
                raise Refused(code="quarantined")

    def holds_of(self, game: str) -> bool:
        """Whether rooms of a game are kept aside."""
        return any(room.game == game for room in self._rooms.values())

    def in_words(self) -> str | None:
        """:returns: how many rooms of each game are kept aside, in words for an operator; None: none are."""
        parts = []
        for quarantined, text in (
            (False, "rooms kept aside, until a release can run them"),
            (True, "rooms in quarantine, until an operator frees or closes them"),
        ):
            by_game = Counter(room.game for room in self._rooms.values() if room.quarantined is quarantined)
            if by_game:
                parts.append(f"{text}: " + ", ".join(f"{game} {count}" for game, count in sorted(by_game.items())))
        return "; ".join(parts) or None

    def check_game(self, game: str) -> None:
        """:raises Refused: ``quarantined``: rooms of this game are kept aside."""
        if self.holds_of(game):
            raise Refused("This game is being mended; its rooms are kept.", code="quarantined")
