"""
The moves that a player may send, as a game gave them, checked against the schemas of their messages.

Of most moves a step needs to know no more than that they fit: of those that the game has given before that is known,
and all others of a type are checked in one go. What a move says in detail is read once somebody needs it: a player who
sends it, a bot, a search.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import Raw

from gameserver.errors import Refused
from gameserver.protocol.values import same
from gameserver.room.seats import with_ids
from gameserver.room.turns.move import Choice, Move, Some, allows
from gameserver.room.turns.move_bytes import said_by, say, whole

if TYPE_CHECKING:
    from gameserver.room.players_room import PlayersRoom
    from gameserver.room.turns.state import Prompt

NOTHING: Final[dict[str, Any]] = {}

PLAIN: Final = frozenset({int, str, bool, float, type(None)})
"""Types of values in which no player can be."""

_MOVES_ALONE: Final = {Move}  # encoded, a list may look like one

Read = tuple[dict[str, Any], dict[str, Choice]]


class Legal:
    """
    A move that a player may send now.

    :ivar move: as the game gave it.
    """

    __slots__ = ("_read", "_room", "move")

    def __init__(self, room: PlayersRoom, move: Move, read: Read | None) -> None:
        self.move = move
        self._room = room
        self._read = read

    @property
    def fixed(self) -> dict[str, Any]:
        """Its fields as the message's schema reads them, as JSON; those that are open left out."""
        return self._as_read()[0]

    @property
    def choices(self) -> dict[str, Choice]:
        """What each open field may be, as JSON."""
        return self._as_read()[1]

    def covers(self, data: dict[str, Any]) -> bool:
        """:param data: of a message, as its schema reads it, as JSON: all fields."""
        if self._read is None and not self.move.choices and same(self.move.data, data):
            return True  # the schema reads what it has read as the same again
        if data.keys() != self.fixed.keys() | self.choices.keys():
            return False
        for name, value in data.items():
            choice = self.choices.get(name)
            if not (allows(choice, value) if choice is not None else same(self.fixed.get(name), value)):
                return False
        return True

    def _as_read(self) -> Read:
        if self._read is None:
            self._read = read(self._room, self.move)
        return self._read


class LegalMoves(Sequence[Legal]):
    """
    The moves of one player, in the order in which the game gave them.

    :ivar moves: as the game gave them.
    :ivar said: all that each says, see `said_by`; None: that is not known, or not needed any more.
    :ivar whole: what they say together, where nothing else decides what is told of them; None: it was not put together.
    :ivar told: what is told of each, as JSON; None for one for which it is not made yet, or that is not told.
    :ivar are_made: whether that is made for all that are told.
    :ivar types: their types, each once.
    """

    __slots__ = ("_each", "_read", "_room", "are_made", "moves", "said", "told", "types", "whole")

    def __init__(
        self,
        room: PlayersRoom,
        moves: list[Move],
        told: Sequence[Raw | None] = (),
        said: list[bytes] | None = None,
        read: dict[int, Read] | None = None,
        types: Collection[str] | None = None,
    ) -> None:
        """:param read: by their place, those that were read already; None: all are known, and nothing is to be made."""
        self.moves = moves
        self.said = said
        self.told = [*told]
        self.are_made = read is None
        self._room = room
        self._read = read or {}
        self._each: dict[int, Legal] | None = None
        self.whole: bytes | None = None
        self.types: Collection[str] = types if types is not None else {move.type for move in moves}

    def again(self, moves: list[Move]) -> LegalMoves | None:
        """
        :param moves: of the same player, a step later.
        :returns: these, if they say the same and nothing else decides what is told of them: it is the same list then.
        """
        if self.whole is None or {*map(type, moves)} != _MOVES_ALONE or not say(moves, self.whole):
            return None
        found = LegalMoves(self._room, moves, types=self.types)
        found.told, found.whole = self.told, self.whole
        return found

    def __len__(self) -> int:
        return len(self.moves)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[at] for at in range(*place.indices(len(self.moves)))]
        if self._each is None:
            self._each = {}
        found = self._each.get(place)
        if found is None:
            found = self._each[place] = Legal(self._room, self.moves[place], self._read.get(place))
        return found

    def __iter__(self) -> Iterator[Legal]:
        return iter([self[place] for place in range(len(self.moves))])

    def of_message(self, type: str, data: Any) -> Iterator[Legal]:
        """
        :param data: of a message.
        :returns: the moves of this type; those that look like the message come first.
        """
        moves = self.moves
        alike = [n for n, move in enumerate(moves) if move.type == type and (move.data or NOTHING) == data]
        yield from (self[place] for place in alike)
        yield from (self[n] for n, move in enumerate(moves) if move.type == type and n not in alike)

    def without(self, types: Collection[str]) -> LegalMoves:
        """:returns: the moves of other types than these."""
        places = [place for place, move in enumerate(self.moves) if move.type not in types]
        return LegalMoves(
            self._room,
            [self.moves[place] for place in places],
            [self.told[place] for place in places],
            [self.said[place] for place in places] if self.said is not None else None,
            None if self.are_made else {new: self._read[old] for new, old in enumerate(places) if old in self._read},
        )


class LastTold(NamedTuple):
    """
    What a player was last told of their moves.

    :ivar frame: encoded; empty: nothing.
    :ivar told: what it was made of: the same list tells the same.
    :ivar whisper: what is shown to that player alone.
    :ivar undo: whether that player might take something back.
    """

    frame: bytes
    told: list[Raw | None] | None = None
    whisper: Prompt | None = None
    undo: bool = False


def held(room: PlayersRoom, moves: list[Move], before: LegalMoves | None = None) -> LegalMoves:
    """
    Check moves against the schemas of their messages, except those that are known to fit.

    :param before: those of the same player after the last step: if they are as many, they may be the same.
    :raises TypeError: one is no `Move`.
    :raises ValueError: the data of one do not fit; the text names it.
    """
    as_many = before is not None and len(before.moves) == len(moves)
    if before is not None and as_many and (found := before.again(moves)) is not None:
        return found
    said = said_by(moves)
    if said is None:
        return LegalMoves(room, moves, [None] * len(moves), None, check(room, moves))
    known = room.spec.known_moves
    all_told = known.all_of(said)
    if all_told is not None:
        found = LegalMoves(room, moves, all_told)
        if as_many:
            found.whole = whole(said)
        return found
    told = known.each_of(said)
    fresh = [place for place, one in enumerate(told) if one is None]
    read_of = check(room, [moves[place] for place in fresh])
    return LegalMoves(room, moves, told, said, {fresh[place]: one for place, one in read_of.items()})


def check(room: PlayersRoom, moves: list[Move]) -> dict[int, Read]:
    """
    Check moves against the schemas of their messages.

    :returns: by their place, those that had to be read for it.
    :raises TypeError: one is no `Move`.
    :raises ValueError: the data of one do not fit; the text names it.
    """
    first = moves[0]
    messages = room.spec.messages
    if first.__class__ is Move and (message := messages.get(first.type)) is not None:
        # In most games all are of one type and leave nothing open.
        type = first.type
        plain = [m.data or NOTHING for m in moves if m.__class__ is Move and m.choices is None and m.type == type]
        if len(plain) == len(moves) and message.fit(plain):
            return {}
    plain_of: dict[str, list[Any]] = {}
    found: dict[int, Read] = {}
    for place, move in enumerate(moves):
        if not isinstance(move, Move):
            raise TypeError(f"moves: {move!r} is not a Move")
        if move.type not in messages and not room.spec.function_style:
            raise ValueError(f"moves: the game has no message {move.type!r}")
        of_type = plain_of.setdefault(move.type, [])
        if move.choices:
            found[place] = read(room, move)
        else:
            of_type.append(move.data or NOTHING)
    unfit = {type for type, all_data in plain_of.items() if type in messages and not messages[type].fit(all_data)}
    if unfit:
        found.update((n, read(room, m)) for n, m in enumerate(moves) if m.type in unfit and n not in found)
    return found


def read(room: PlayersRoom, move: Move) -> Read:
    """
    :returns: the fields of a move as its message's schema reads them, and what the open ones may be; as JSON.
    :raises ValueError: they do not fit; the text names the move.
    """
    choices = {name: _plain_choice(choice) for name, choice in move.choices.items()} if move.choices else NOTHING
    message = room.spec.messages.get(move.type)
    data = {n: v if v.__class__ in PLAIN else with_ids(v) for n, v in move.data.items()} if move.data else NOTHING
    if message is None:
        return data, choices
    samples = {name: _samples(choice) for name, choice in choices.items()} if choices else NOTHING
    try:
        return message.fixed(room, data, samples), choices
    except Refused as refused:
        raise ValueError(f"moves: {move.type}: {refused.text} ({refused.path})") from None


def _plain_choice(choice: Choice) -> Choice:
    if isinstance(choice, Some):
        return Some([with_ids(item) for item in choice.of], choice.least, choice.most)
    if isinstance(choice, range) or choice is ...:
        return choice
    if isinstance(choice, str) or not hasattr(choice, "__iter__"):
        raise TypeError(f"moves: a choice is a list, a range, Some(...) or ..., not {choice!r}")
    return [with_ids(item) for item in choice]


def _samples(choice: Choice) -> Sequence[Any]:
    """:returns: values of a choice that are held against the schema: all items, a range's ends; none of ``...``."""
    if choice is ...:
        return ()
    if isinstance(choice, range):
        return choice[:: max(1, len(choice) - 1)]  # its ends
    if isinstance(choice, Some):
        items, most = list(choice.of), min(choice.most, len(choice.of))
        parts = [items[max(0, end - most) : end] for end in range(len(items), 0, -most)] if most else []
        return [items[: choice.least], *parts]
    return choice
