"""A room in which moves are made that no client sends, and undone: what a search plays in."""

from __future__ import annotations

from collections.abc import Coroutine
from hashlib import blake2b
from inspect import isawaitable
from itertools import islice, product
from random import Random
from typing import TYPE_CHECKING, Any, Final

from msgspec import Raw, Struct

from gameserver.game.dice import KEY_BYTES, Dice
from gameserver.protocol import values
from gameserver.room.turns import legal
from gameserver.room.turns.legal_moves import Legal, LegalMoves
from gameserver.room.turns.move import Some, can_pick, picked
from gameserver.room.turns.waiting import waited_for

if TYPE_CHECKING:
    from gameserver.room.room import Room

MOST_FILLED: Final = 64
"""So many ways to fill the open fields of one move are looked at, at most."""


class Act(Struct, frozen=True):
    """
    A move of which no field is open.

    :ivar place: of the move in what ``moves`` gave.
    :ivar key: the same for what is the same move.
    """

    place: int
    type: str
    data: dict[str, Any]
    key: bytes


class Playing:
    """
    Moves made in a room, each by the game's own methods.

    :param room: which nobody else uses, at the end of a step.
    :param player: the id of the seat that is to move first, where several may.
    """

    def __init__(self, room: Room, player: str) -> None:
        self.room = room
        self.player = player

    def begin(self, seed: bytes, chance: Random) -> None:
        """
        Begin to play from where the room stands, with other dice, and a guess at what the player does not see.

        :param seed: of the dice.
        :param chance: of the guess.
        """
        self.room.journal.mark()
        key = blake2b(seed, digest_size=KEY_BYTES, person=b"playout").digest()
        self.room.game.__dict__["random"] = Dice(key)
        imagine = getattr(self.room.game, "imagine", None)
        if imagine is not None:
            imagine(self.room.seats[self.player], chance)

    def undo(self) -> None:
        """Go back to where the room stood before `begin`."""
        self.room.journal.rollback()

    def next(self) -> tuple[str, list[tuple[int, Legal]]] | None:
        """
        :returns: whose move it is, by its seat, and which moves there are, each with its place in what ``moves`` gave;
            None where the game is over, or nobody has a move.
        """
        room = self.room
        if room.state.status != "playing":
            return None
        seats = waited_for(room, room.state.turns) if room.state.turns is not None else []
        for asked in room.state.questions.values():
            seats += [seat for seat in asked.of if seat in room.seats and seat not in asked.answers]
        if self.player in seats:
            seats.insert(0, self.player)
        for seat in seats:
            found = [(place, each) for place, each in enumerate(self._legal(seat)) if self._can_make(each)]
            if found:
                return seat, found
        return None

    def make(self, seat: str, act: Act) -> None:
        """
        Make a move, and all that follows from it.

        :raises Exception: the game refuses, or fails; then it is not made.
        """
        room = self.room
        mark = room.journal.mark()
        player = room.seats[seat]
        spec: Any = room.spec.messages[act.type]  # a `MessageSpec`: the game is a class
        try:
            arguments = spec.schema.decode(Raw(values.encode(act.data)), room)
            result = spec.function(room.game, player, **arguments)
            if isawaitable(result):
                result = run(result)
            if spec.question:
                room.asking.answer(spec.method, player, result)
            run(room.game_calls.settle())
        except BaseException:
            room.journal.rollback(mark)
            raise

    def _legal(self, seat: str) -> LegalMoves:
        return legal.known(self.room, self.room.seats[seat])

    def _can_make(self, each: Legal) -> bool:
        """Whether it is a move of a turn, and can be filled in: what may be said at any time leads nowhere."""
        if self.room.spec.messages[each.move.type].turn == "any":
            return False
        return not each.move.choices or all(map(can_pick, each.choices.values()))


def acts(found: list[tuple[int, Legal]], chance: Random) -> list[Act]:
    """:returns: the moves with their open fields filled in, in all ways, or where those are many in some by chance."""
    return [act for place, each in found for act in _filled(place, each, chance)]


def by_chance(found: list[tuple[int, Legal]], chance: Random) -> Act:
    """:returns: one of the moves, filled in."""
    place, each = found[int(chance.random() * len(found))]
    fields = {name: picked(name, choice, chance) for name, choice in each.choices.items()}
    return Act(place, each.move.type, {**each.fixed, **fields}, b"")


def run(waiting: Any) -> Any:
    """
    Run a coroutine, which must not wait.

    :raises RuntimeError: it waits.
    """
    if not isinstance(waiting, Coroutine):
        raise RuntimeError("a search cannot wait for what a game waits for")
    try:
        waiting.send(None)
    except StopIteration as stop:
        return stop.value
    waiting.close()
    raise RuntimeError("a search cannot wait for what a game waits for")


def _filled(place: int, each: Legal, chance: Random) -> list[Act]:
    names = list(each.choices)
    if any(isinstance(choice, Some) for choice in each.choices.values()):
        ways = [[picked(name, each.choices[name], chance) for name in names] for _ in range(MOST_FILLED)]
        for way in ways:
            for at, name in enumerate(names):
                if isinstance(each.choices[name], Some):
                    way[at].sort(key=repr)
    else:
        count = 1
        for choice in each.choices.values():
            count *= len(choice)  # type: ignore[arg-type]
        if count <= MOST_FILLED:
            ways = [list(way) for way in product(*each.choices.values())]  # type: ignore[arg-type]
        else:
            ways = [[picked(name, each.choices[name], chance) for name in names] for _ in range(MOST_FILLED)]
    found: dict[bytes, Act] = {}
    for way in islice(ways, MOST_FILLED):
        data = {**each.fixed, **dict(zip(names, way, strict=True))}
        key = values.encode([each.move.type, data])
        found.setdefault(key, Act(place, each.move.type, data, key))
    return list(found.values())
