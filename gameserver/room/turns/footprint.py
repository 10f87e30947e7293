"""What a step has changed, as far as a later undo has to know; it is read from the step's journal, before its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, structs

from gameserver.room.changes import Utterance
from gameserver.room.documents import undo as documents
from gameserver.room.journal import put_in_noted_order, put_in_order
from gameserver.room.state import SeatState
from gameserver.room.turns.state import TurnsState

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore

_OF_DOCUMENTS: Final = frozenset(
    (
        documents.undo_put,
        documents.undo_delete,
        documents.undo_order,
        documents.undo_item,
        documents.undo_splices,
    )
)
_PRESENCE: Final = ("online", "hold_until", "absent", "stand_in", "late")
"""Fields of a seat that say whether its player is here; any message may change them."""
_OWN: Final = " "
"""The beginning of the names of timers that belong to turns and bots, and to no game."""


class Footprint(Struct):
    """
    What one step has changed.

    :ivar docs: the names of documents that hold something else.
    :ivar turns: how turns and calls stood before; None: as they do now. Without what clocks say.
    :ivar shows_turns: what all know of turns and calls has changed.
    :ivar only_waits: of that, no more than who is waited for, in the same turn and calls.
    :ivar chance: it drew random numbers.
    :ivar phase: another phase, or another round, began.
    :ivar other: it did more, which nobody can take back: a timer, a question, a group, a table, a line of chat.
    """

    docs: set[str]
    turns: TurnsState | None = None
    shows_turns: bool = False
    only_waits: bool = False
    chance: bool = False
    phase: bool = False
    other: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it has changed nothing."""
        return not (self.docs or self.turns is not None or self.chance or self.phase or self.other)


def read(room: RoomCore) -> Footprint:
    """:returns: what this step has changed so far."""
    found = Footprint({document.name for document in room.journal.touched if document.ops})
    state = room.state.turns
    before: dict[str, Any] = {}
    for undo in reversed(room.journal.undo):
        function = undo[0]
        if function in _OF_DOCUMENTS:
            continue
        if function is not setattr:
            found.other = found.other or not _is_harmless(room, *undo)
            continue
        target, field, old = undo[1:]
        if isinstance(target, TurnsState):
            before[field] = old
        elif target is room.state and field == "turns":
            found.turns, found.shows_turns, state, before = TurnsState(), True, None, {}
        elif target is room.state and field == "spent":
            found.chance = True
        elif target is room.state and field in ("phase", "rounds", "status"):
            found.phase = found.other = True
        elif not (_is_aside(room, target) or (isinstance(target, SeatState) and field in _PRESENCE)):
            found.other = True
    if state is not None and before:
        stood = structs.replace(state, **before)
        if position(stood) != position(state):
            found.turns = structs.replace(stood, banks={}, called=0, paid=0)
            found.shows_turns = position(stood, whispers=False) != position(state, whispers=False)
            found.only_waits = _only_waits(position(stood, whispers=False), position(state, whispers=False))
    found.other = found.other or any(not isinstance(said, Utterance) for said in room.changes.said)
    return found


def position(state: TurnsState, *, whispers: bool = True) -> TurnsState:
    """
    :param whispers: with what is shown to one alone.
    :returns: the same without what clocks say.
    """
    without: dict[str, Any] = {"left_s": None} if whispers else {"left_s": None, "whispers": {}}
    calls = tuple(structs.replace(call, **without) for call in state.calls)
    turn = structs.replace(state.turn, **without)
    return structs.replace(state, turn=turn, calls=calls, banks={}, called=0, paid=0)


def _only_waits(before: TurnsState, now: TurnsState) -> bool:
    if not is_same_call(before, now):
        return False
    calls = tuple(structs.replace(one, waits=here.waits) for one, here in zip(before.calls, now.calls, strict=True))
    return structs.replace(before, calls=calls, done=now.done) == now


def is_same_call(before: TurnsState, now: TurnsState) -> bool:
    """Whether it is the same turn, and the same calls are open in it."""
    serials = [[call.serial for call in state.calls] for state in (before, now)]
    return before.number == now.number and serials[0] == serials[1]


def _is_aside(room: RoomCore, target: object) -> bool:
    """Whether what changes in an object only follows from what the game did."""
    aside: tuple[object, ...] = (room.changes, room.timers, room.timers.state, room.game.random)
    return any(target is one for one in aside)


def _is_harmless(room: RoomCore, function: Any, *args: Any) -> bool:
    """Whether an entry of the journal is of something that need not be taken back."""
    armed = room.timers.state.armed
    if function is put_in_order or function is put_in_noted_order:
        return True  # which keys were deleted is said by entries of their own
    if function == room.changes.unsay[0]:
        return True
    owner = getattr(function, "__self__", None)
    if owner is armed:
        return bool(args[0][1].startswith(_OWN))
    return owner is room.docs or owner is room.changes.said
