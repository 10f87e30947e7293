"""What a room keeps of its turns: the ring, whose turn it is, the calls that are open, and what is left of clocks."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from msgspec import Struct

from gameserver.room import marks
from gameserver.room.kept import Kept
from gameserver.room.stored import PLAIN
from gameserver.store import keys


class Prompt(Struct, frozen=True):
    """
    What those who are waited for are shown, and what the others are; ``{name}`` in it stands for one of ``args``.

    :ivar others: None: the others are shown nothing.
    """

    text: str
    others: str | None = None
    args: Annotated[dict[str, Any], PLAIN] = {}


class Level(Struct, frozen=True):
    """
    What the turn itself and a call have in common.

    :ivar prompt: None: there is none.
    :ivar whispers: by seat, what is shown to that one alone.
    :ivar left_s: what is left of its clock while that stands still; None where it runs, or there is none.
    """

    prompt: Prompt | None = None
    whispers: dict[str, Prompt] = {}
    left_s: float | None = None


class Call(Level, frozen=True, kw_only=True):
    """
    Others are waited for, and then the turn goes on.

    :ivar serial: no other call of the room has the same.
    :ivar waits: the seats that are waited for, in the order in which they were called.
    :ivar s: after so long it ends by itself; None: it has the clock of a turn.
    :ivar then: the method that is called after it.
    :ivar in_order: one after the other.
    """

    serial: int
    waits: tuple[str, ...]
    s: float | None = None
    then: str | None = None
    stage: str | None = None
    in_order: bool = False


class TurnsState(Kept):
    """
    The turns of a room. An entry of the ring is the id of a seat, or ``group:NAME``.

    :ivar ring: all who take turns, in their order; who is out keeps the place.
    :ivar out: entries, and seats of groups that have a turn, which are passed over.
    :ivar at: the place of the ring whose turn it is, also where whoever had it is gone; None: nobody's.
    :ivar start: the place at which a round begins.
    :ivar number: of the turn, in the room's whole time.
    :ivar done: seats whose turn it is, and that are not waited for any more.
    :ivar added: seats that are waited for besides.
    :ivar turn: prompt and clock of the turn itself.
    :ivar calls: those that are open; the last is on top.
    :ivar called: how many calls there ever were.
    :ivar paid: the number of the last turn for which a bank got its increment: one that was undone gets none again.
    :ivar banks: by entry, the seconds that are left of its whole time while they stand still.
    """

    part: ClassVar[str] = keys.ROOM

    ring: Annotated[tuple[str, ...], marks.turn] = ()
    out: Annotated[tuple[str, ...], marks.turn] = ()
    at: Annotated[int | None, marks.turn] = None
    start: int = 0
    number: Annotated[int, marks.turn] = 0
    round: Annotated[int, marks.turn] = 0
    done: Annotated[tuple[str, ...], marks.turn] = ()
    added: Annotated[tuple[str, ...], marks.turn] = ()
    turn: Annotated[Level, marks.turn] = Level()
    calls: Annotated[tuple[Call, ...], marks.turn] = ()
    called: int = 0
    paid: int = 0
    banks: Annotated[dict[str, float], marks.turn] = {}
