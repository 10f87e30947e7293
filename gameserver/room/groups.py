"""Groups: named sets of seats inside one room, each with a document, a stream and a channel of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player

MAX_GROUPS: Final = 64
NAME = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Group:
    """
    A team, or any other named set of seats; groups of two rooms never meet.

    :ivar name: 1 to 32 of ``A-Z a-z 0-9 _ -``.
    """

    __slots__ = ("_public", "_room", "members", "name", "told")

    def __init__(self, room: Room, name: str) -> None:
        self._room = room
        self.name = name
        self.members: dict[str, None] = {}
        self.told: frozenset[str] = frozenset()
        self._public = False

    @property
    def key(self) -> str:
        """Its stream and document."""
        return f"group:{self.name}"

    @property
    def players(self) -> list[Player]:
        """Who is in it, in the order they came."""
        return [self._room.seats[seat] for seat in self.members]

    @property
    def public(self) -> bool:
        """Whether everybody may know who is in it; False at first: only its members do."""
        return self._public

    @public.setter
    def public(self, value: bool) -> None:
        if value != self._public:
            self._room.journal.set(self, "_public", bool(value))
            self._touch(*self.players)
            for player in self.players:
                self._room.seat_changed(player)

    @property
    def state(self) -> Any:
        """The document of its members."""
        return self._room.doc(self.key).root

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        self._room.doc(self.key).replace(value)

    def add(self, player: Player) -> None:
        """Put a player in; one who is in already stays."""
        if player.gone:
            raise ValueError(f"{player!r} has left the room")
        if player.id not in self.members:
            self._room.journal.put(self.members, player.id, None)
            self._touch(player)

    def remove(self, player: Player) -> None:
        """Take a player out; one who is not in is no error."""
        self.drop(player)

    def clear(self) -> None:
        """Take everybody out."""
        for player in self.players:
            self.drop(player)

    def send(self, type: str, data: Any = None, *, but: Player | None = None, volatile: bool = False) -> None:
        """Tell its members that something happened; see `Game.send`."""
        self._room.say_event(self.key, type, data, but, volatile)

    def drop(self, player: Player) -> None:
        """Take a player out; the same as `remove`."""
        if player.id in self.members:
            self._room.journal.remove(self.members, player.id)
            self._touch(player)

    def __contains__(self, player: object) -> bool:
        return getattr(player, "id", None) in self.members

    def __repr__(self) -> str:
        return f"<Group {self.name} of {len(self.members)}>"

    def _touch(self, *players: Player) -> None:
        self._room.changed()
        self._room.touched_groups.add(self.name)
        for player in players:
            self._room.rearrange(player)
            if self._public:
                self._room.seat_changed(player)


class Role:
    """All seats of one role: a document that they see, and a stream that they hear."""

    __slots__ = ("_room", "name")

    def __init__(self, room: Room, name: str) -> None:
        self._room = room
        self.name = name

    @property
    def players(self) -> list[Player]:
        """Who has this role, by seniority."""
        return list(self._room.seats.of_role(self.name))

    @property
    def state(self) -> Any:
        """The document that this role sees."""
        return self._room.doc(f"role:{self.name}").root

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        self._room.doc(f"role:{self.name}").replace(value)

    def send(self, type: str, data: Any = None, *, but: Player | None = None, volatile: bool = False) -> None:
        """Tell all of this role that something happened; see `Game.send`."""
        self._room.say_event(f"role:{self.name}", type, data, but, volatile)
