"""Groups: named sets of seats inside one room, each with a document, a stream and a channel of its own."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from gameserver.room import marks
from gameserver.room.seats import Player, check_player
from gameserver.room.state import GroupState

if TYPE_CHECKING:
    from gameserver.room.players_room import PlayersRoom

MAX_GROUPS: Final = 64
NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


def checked_name(what: str, name: object) -> str:
    """
    Check the name of something that a game makes as it goes along.

    :param what: what it is.
    :returns: the name as an exact str; of a member of an enum that is a str too, its value.
    :raises ValueError: that is no such name.
    """
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise ValueError(f"a {what}'s name is 1 to 32 of A-Z a-z 0-9 _ -, not {name!r}")
    return str.__str__(name)


class Group:
    """
    A team, or any other named set of seats; groups of two rooms never meet.

    :ivar name: 1 to 32 of ``A-Z a-z 0-9 _ -``.
    """

    __slots__ = ("_kept", "_room", "name")

    def __init__(self, room: PlayersRoom, name: str, kept: GroupState) -> None:
        self._room = room
        self._kept = kept
        self.name = name

    @property
    def members(self) -> Collection[str]:
        """The ids of the seats in it, in the order they came."""
        return self._kept.members

    @property
    def key(self) -> str:
        """The name of its stream and document: ``group:NAME``."""
        return f"group:{self.name}"

    @property
    def players(self) -> list[Player]:
        """The players in it, in the order in which they came."""
        return [self._room.seats[seat] for seat in self.members]

    @property
    def public(self) -> bool:
        """Whether everybody may know who is in it; False at first: only its members do."""
        return self._kept.public

    @public.setter
    def public(self, value: bool) -> None:
        if value != self._kept.public:
            turns = self._room.state.turns
            if turns is not None and self.key in turns.ring:
                raise ValueError(f"the group {self.name!r} takes turns: whose turn it is all may know")
            self._room.journal.set(self._kept, "public", bool(value))

    @property
    def state(self) -> Any:
        """The document that its members see, and nobody else."""
        return self._room.doc(self.key).root

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        self._room.doc(self.key).replace(value)

    def add(self, player: Player) -> None:
        """Put a player in; one who is in already stays."""
        check_player("add", player)
        if player.gone:
            raise ValueError(f"{player!r} has left the room")
        if player.id not in self.members:
            self._room.journal.put_in(self._kept, "members", player.id, None)
            self._note_turn()

    def remove(self, player: Player) -> None:
        """Take a player out; one who is not in is no error."""
        check_player("remove", player)
        if player.id in self.members:
            self._room.journal.remove_from(self._kept, "members", player.id)
            self._note_turn()

    def clear(self) -> None:
        """Take everybody out."""
        for player in self.players:
            self.remove(player)

    def send(self, type: str, data: Any = None, *, but: Player | None = None, volatile: bool = False) -> None:
        """
        Tell its members that something happened.

        :param type: the event's name.
        :param data: any JSON value.
        :param but: a seat that is left out.
        :param volatile: for what matters only now: it is neither numbered nor kept, and only the newest of its type
            reaches a slow reader.
        """
        self._room.say_event(self.key, type, data, but, volatile)

    def _note_turn(self) -> None:
        """Note that the members of a group that takes turns have changed."""
        turns = self._room.state.turns
        if turns is not None and self.key in turns.ring:
            self._room.journal.note(marks.turn, turns)

    def __contains__(self, player: object) -> bool:
        return getattr(player, "id", None) in self.members

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Group) and other.name == self.name and other._room.id == self._room.id

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"<Group {self.name} of {len(self.members)}>"


class Groups(Mapping[str, Group]):
    """The groups of one room by name, in the order in which they were made."""

    __slots__ = ("_room",)

    def __init__(self, room: PlayersRoom) -> None:
        self._room = room

    def make(self, name: str) -> Group:
        """
        :returns: the group of that name; the first use makes it.
        :raises ValueError: not a name, or too many groups.
        """
        kept = self._room.state.groups
        if name.__class__ is not str or name not in kept:
            name = checked_name("group", name)
        if name not in kept:
            if len(kept) >= MAX_GROUPS:
                raise ValueError(f"at most {MAX_GROUPS} groups a room")
            self._room.journal.put_in(self._room.state, "groups", name, GroupState({}))
        return self[name]

    def __getitem__(self, name: str) -> Group:
        return Group(self._room, name, self._room.state.groups[name])

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._room.state.groups))

    def __len__(self) -> int:
        return len(self._room.state.groups)


class Role:
    """All seats of one role: a document that they see, and a stream that they hear."""

    __slots__ = ("_room", "name")

    def __init__(self, room: PlayersRoom, name: str) -> None:
        self._room = room
        self.name = name

    @property
    def players(self) -> list[Player]:
        """The seats of this role, in the order in which they were taken."""
        return list(self._room.seats.of_role(self.name))

    @property
    def state(self) -> Any:
        """The document that the seats of this role see, and nobody else."""
        return self._room.doc(f"role:{self.name}").root

    @state.setter
    def state(self, value: dict[str, Any]) -> None:
        self._room.doc(f"role:{self.name}").replace(value)

    def send(self, type: str, data: Any = None, *, but: Player | None = None, volatile: bool = False) -> None:
        """
        Tell all of this role that something happened.

        :param type: the event's name.
        :param data: any JSON value.
        :param but: a seat that is left out.
        :param volatile: for what matters only now: it is neither numbered nor kept, and only the newest of its type
            reaches a slow reader.
        """
        self._room.say_event(f"role:{self.name}", type, data, but, volatile)
