"""
Undo: what players may take back, and how.

Before the game gets a legal message that may be taken back, the documents that its player sees are copied; as the step
ends, the way back to them is kept, and the way back of turns and calls. Each later step forgets the ways that it
closes, so whatever is kept is still allowed, and leads from what the room is to what it was.

What decides is what a step *did*, read from its journal: what is not known to be undoable cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeVar, cast

from msgspec import Struct, structs

from gameserver.errors import CannotOpen, Refused
from gameserver.room import release, stored
from gameserver.room.publish.audience import streams_of
from gameserver.room.stored import PLAIN
from gameserver.room.turns import backwards, clocks, footprint
from gameserver.room.turns.footprint import Footprint
from gameserver.room.turns.state import Level, TurnsState
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore
    from gameserver.room.seats import Player

L = TypeVar("L", bound=Level)

MAX_MOVES: Final = 64
MAX_BYTES: Final = 64 * 1024
"""What is kept of one player; the oldest is forgotten."""

NOTHING: Final = "There is nothing of yours that can be taken back."
_TIME: Final = "A timer or a clock has run out since then."
_CHANCE: Final = "The game has drawn chance since then."
_ROUND: Final = "The game has gone on to another part since then."
_TURNS: Final = "Since then others have changed whose turn it is."
_DOCS: Final = "Since then others have changed what you see."
_HIDDEN: Final = "Your last message has changed what you do not see."
_OTHER: Final = "Your last message did what cannot be taken back."
_DREW: Final = "Your last message drew chance."
_LARGE: Final = "Your last message changed too much to be taken back."
_FORBIDDEN: Final = "What was shown since then cannot be taken back."
_MOVED: Final = "You do not see any more what you have changed."


class KeptMove(Struct, frozen=True):
    """
    A part ``undo/N``: the way back over one message.

    :ivar seat: who sent it.
    :ivar docs: by document, the changes that lead back, see `gameserver.room.turns.backwards`.
    :ivar turns: how turns and calls stood, with what was left of their clocks; None: as they did after it.
    :ivar freed: the seats that it made done, where the same turn and calls went on after it.
    :ivar called: those that it had waited for again.
    """

    seat: str
    docs: Annotated[dict[str, list[Any]], PLAIN]
    turns: TurnsState | None = None
    freed: tuple[str, ...] = ()
    called: tuple[str, ...] = ()


class Sent(NamedTuple):
    """
    The message that set a step going.

    :param before: plain copies of the documents that its sender sees; None: it may not be taken back.
    :param left_s: what was left of the clock of the turn or call.
    :param undoes: it takes one back.
    """

    seat: str
    before: dict[str, Any] | None = None
    left_s: float | None = None
    undoes: bool = False


_CLOCK: Final = Sent("")
"""In place of a message: time has come for something."""


class Undoing:
    """
    What the players of one room may take back.

    :ivar moves: by a number that grows; the newest is last.
    """

    __slots__ = ("_room", "_sizes", "_why", "moves")

    def __init__(self, room: RoomCore) -> None:
        self._room = room
        self.moves: dict[int, KeptMove] = {}
        self._sizes: dict[int, int] = {}
        self._why: dict[str, str] = {}

    def restore(self, parts: dict[int, bytes]) -> None:
        """Take up what was kept, unless this release does not know what it leads back to."""
        found = {number: stored.decode(parts[number], KeptMove) for number in sorted(parts)}
        try:
            for move in found.values():
                release.check_calls(self._room, move.turns)
        except CannotOpen:
            found = {}
        if self._room.spec.undoes:
            self.moves = found
            self._sizes = {number: len(parts[number]) for number in found}
        self._room.journal.parts.drop(keys.undo(number) for number in parts if number not in self.moves)

    @property
    def allowed(self) -> Collection[str]:
        """The seats of those who may take something back now."""
        return {move.seat for move in self.moves.values()} if self._room.state.status == "playing" else ()

    # A step begins

    def begin(self, player: Player) -> None:
        """A player's message is about to be looked at."""
        self._room.changes.cause = Sent(player.id)

    def copy(self, player: Player) -> None:
        """Copy what a sender sees before the game gets a legal message that may be taken back; bots take none back."""
        room = self._room
        sent: Sent | None = room.changes.cause
        if sent is None or sent.seat != player.id or player.role != "player":
            return
        seen = (room.docs.get(name) for name in streams_of(room, player))
        before = {document.name: document.plain() for document in seen if document is not None}
        room.changes.cause = Sent(player.id, before, room.timers.left_s(clocks.OF_LEVEL))

    def time_came(self) -> None:
        """A timer or a clock is about to fire."""
        if self.moves:
            self._room.journal.assign(self._room.changes, "cause", _CLOCK)

    def take_back(self, player: Player) -> None:
        """
        Take back the last message of a player.

        :raises Refused: ``cannot_undo``: there is none; the text names the rule.
        """
        room = self._room
        if room.state.status != "playing":
            raise Refused("The game is not under way.", code="cannot_undo")
        number = next((number for number, move in reversed(self.moves.items()) if move.seat == player.id), None)
        if number is None:
            raise Refused(self._why.get(player.id, NOTHING), code="cannot_undo")
        room.journal.assign(room.changes, "cause", Sent(player.id, undoes=True))
        move = self.moves[number]
        room.journal.remove(self.moves, number)
        room.journal.parts.dirty.add(keys.undo(number))
        for name, changes in move.docs.items():
            backwards.apply(room.doc(name), changes)
        if move.turns is not None:
            self._turn_back(move)

    def _turn_back(self, move: KeptMove) -> None:
        """
        Put turns and calls back as they stood; a clock that has run since then is not turned back, and others who are
        done since then, or called, stay so.
        """
        room, state, seat = self._room, cast("TurnsState", self._room.state.turns), move.seat
        before = _with_others(move, state)
        clocks.stop(room, state)
        here: dict[int, Level] = {call.serial: call for call in state.calls}
        turn = _level_back(before.turn, state.turn if state.number == before.number else None, seat)
        calls = tuple(_level_back(call, here.get(call.serial), seat) for call in before.calls)
        fields = ("ring", "out", "at", "start", "number", "round", "done", "added")
        room.journal.update(state, **{name: getattr(before, name) for name in fields}, turn=turn, calls=calls)
        clocks.run(room, state)

    # A step ends

    def note(self) -> None:
        """Keep the way back over what this step did, and forget those that it closes."""
        room = self._room
        sent: Sent | None = room.changes.cause
        if not room.journal.undo or not (self.moves or (sent is not None and sent.before is not None)):
            return
        step = footprint.read(room)
        sender = sent.seat if sent is not None else ""
        for seat in {move.seat: None for move in self.moves.values()}:
            why = self._why_closed(seat, step, sent)
            if why is not None:
                self._forget(seat, why)
        if sent is not None and sent.before is not None and not step.is_empty and sender in room.seats:
            self._keep(room.seats[sender], sent.before, sent.left_s, step)

    def _why_closed(self, seat: str, step: Footprint, sent: Sent | None) -> str | None:
        """:returns: why a player may no longer take back what it could so far; None: it may."""
        room = self._room
        player = room.seats.get(seat)
        if player is None:
            return NOTHING
        own = sent is not None and sent.seat == seat
        if own and sent is not None and sent.undoes:
            return None
        if room.changes.no_undo and (own or sent is None or sent is _CLOCK):
            return _FORBIDDEN
        if own and sent is not None:
            return None if step.is_empty or sent.before is not None else "You have done something else since then."
        if step.phase or room.state.status != "playing":
            return _ROUND
        if sent is _CLOCK:
            return _TIME
        if step.chance:
            return _CHANCE
        if step.shows_turns and not (step.only_waits and self._is_in_call(seat)):
            return _TURNS
        changed = {name for move in self.moves.values() if move.seat == seat for name in move.docs}
        sees = set(streams_of(room, player))
        if not changed <= sees:
            return _MOVED
        return _DOCS if step.docs & (changed | sees) else None

    def _is_in_call(self, seat: str) -> bool:
        """Whether all that this player may take back was sent in the turn and calls that there are now."""
        now = cast("TurnsState", self._room.state.turns)
        before = [move.turns for move in self.moves.values() if move.seat == seat and move.turns is not None]
        return all(footprint.is_same_call(turns, now) for turns in before)

    def _keep(self, player: Player, before: dict[str, Any], left_s: float | None, step: Footprint) -> None:
        room = self._room
        why = self._why_final(player, step)
        if why is not None:
            self._forget(player.id, why)
            return
        back = {name: backwards.changes_back(before.get(name, {}), room.docs[name].root) for name in step.docs}
        turns = step.turns
        if turns is not None:
            turns = _with_clock(turns, left_s)
        move = KeptMove(player.id, back, turns, *_who_else(turns, room.state.turns))
        size = len(stored.encode(move))
        if size > MAX_BYTES:
            self._forget(player.id, _LARGE)
            return
        number = next(reversed(self.moves), 0) + 1
        own = [n for n, one in self.moves.items() if one.seat == player.id]
        self.moves[number], self._sizes[number] = move, size
        room.journal.parts.dirty.add(keys.undo(number))
        self._why.pop(player.id, None)
        while len(own) >= MAX_MOVES or size + sum(self._sizes[n] for n in own) > MAX_BYTES:
            self._drop(own.pop(0))

    def _why_final(self, player: Player, step: Footprint) -> str | None:
        """:returns: why the message of this step cannot be taken back; None: it can."""
        if self._room.changes.no_undo:
            return _FORBIDDEN
        if step.chance:
            return _DREW
        if not step.docs <= set(streams_of(self._room, player)):
            return _HIDDEN
        return _OTHER if step.other else None

    def _forget(self, seat: str, why: str) -> None:
        self._why[seat] = why
        for number in [number for number, move in self.moves.items() if move.seat == seat]:
            self._drop(number)

    def _drop(self, number: int) -> None:
        del self.moves[number]
        self._sizes.pop(number, None)
        self._room.journal.parts.dirty.add(keys.undo(number))


def _with_clock(state: TurnsState, left_s: float | None) -> TurnsState:
    """:returns: the same, where what is on top has so much left of its clock."""
    if left_s is None:
        return state
    if state.calls:
        return structs.replace(state, calls=(*state.calls[:-1], structs.replace(state.calls[-1], left_s=left_s)))
    return structs.replace(state, turn=structs.replace(state.turn, left_s=left_s))


def _done_of(state: TurnsState, other: TurnsState) -> tuple[str, ...]:
    """:returns: who is done in the turn; or in the call on top, of those for whom the other state waits there."""
    if not state.calls:
        return state.done
    waits = state.calls[-1].waits
    return tuple(seat for seat in other.calls[-1].waits if seat not in waits)


def _who_else(before: TurnsState | None, now: TurnsState | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """:returns: in the same turn and calls, who is done since then, and who is waited for again."""
    if before is None or now is None or not footprint.is_same_call(before, now):
        return (), ()
    was, here = _done_of(before, now), _done_of(now, before)
    return tuple(seat for seat in here if seat not in was), tuple(seat for seat in was if seat not in here)


def _with_others(move: KeptMove, now: TurnsState) -> TurnsState:
    """:returns: how turns and calls stood before a message; in the same turn and calls others are waited for as now."""
    before = cast("TurnsState", move.turns)
    if not footprint.is_same_call(before, now):
        return before
    if not now.calls:
        done = tuple(seat for seat in (*now.done, *move.called) if seat not in move.freed)
        return structs.replace(before, done=done if {*done} != {*before.done} else before.done)
    top = before.calls[-1]
    waits = [seat for seat in (*now.calls[-1].waits, *move.freed) if seat not in move.called]
    place = {seat: at for at, seat in enumerate(top.waits)}
    waits.sort(key=lambda seat: place.get(seat, len(place)))
    return structs.replace(before, calls=(*before.calls[:-1], structs.replace(top, waits=tuple(waits))))


def _level_back(before: L, now: Level | None, seat: str) -> L:
    """
    :param now: the same turn or call, if it still goes on: its clock has run, and others may have been shown a text.
    :param seat: who takes something back.
    """
    if now is None:
        return before
    whispers = {one: text for one, text in now.whispers.items() if one != seat}
    if seat in before.whispers:
        whispers[seat] = before.whispers[seat]
    return structs.replace(before, left_s=now.left_s, whispers=whispers)
