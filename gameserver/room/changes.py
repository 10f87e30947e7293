"""What one step gathers, to be told at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import Struct

from gameserver.room.chat.line import KeptLine
from gameserver.room.chat.records import Record
from gameserver.room.effects import Requester
from gameserver.room.notices import Notice

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.room.answers import Done
    from gameserver.room.seats import Player


class Utterance(Struct, frozen=True, gc=False):
    """
    Something that a game said in this step, to be told at its end to all who hear a stream.

    :ivar key: the stream.
    """

    key: str
    type: str
    data: Any


class Aside(Utterance, frozen=True, gc=False):
    """
    An utterance that is volatile, or not for all.

    :ivar but: a seat that is left out.
    """

    but: str | None
    volatile: bool


class Spoken(Struct, frozen=True):
    """
    A line of chat of this step.

    :ivar keys: the streams that it goes out on.
    :ivar but: seats that are left out of it.
    """

    keys: tuple[str, ...]
    seat: str | None
    name: str | None
    to: str
    text: str
    data: Any
    emote: bool = False
    mentions: tuple[str, ...] = ()
    but: tuple[str, ...] = ()
    shadow: bool = False


class Newcomer(Struct, frozen=True):
    """A session that is told ``joined`` at the end of this step."""

    requester: Requester
    seat: str
    recovered: bool | None


class Departure(Struct, frozen=True):
    """
    A seat that is gone for good with this step.

    :ivar stays: only its owner is gone: the seat stays, absent.
    :ivar next: the code of the room in which its owner goes on.
    """

    seat: Player
    reason: str
    text: str | None
    stays: bool = False
    next: str | None = None


class IsTyping(Struct, frozen=True):
    """A seat is writing to a channel, whose stream is ``key``."""

    key: str
    seat: str
    to: str
    on: bool


class HasRead(Struct, frozen=True):
    """A seat has read a channel up to message ``upto`` of its stream."""

    seat: str
    to: str
    upto: int


class Change(Struct, frozen=True):
    """
    A line of chat was changed or, where ``text`` is None, taken back.

    :ivar unheard: seats that have blocked its author, and do not get the new text; that a line is gone they are told.
    """

    line: KeptLine
    text: str | None
    data: Any
    unheard: tuple[str, ...] = ()


Said = Utterance | Spoken | IsTyping | HasRead | Change


class Changes:
    """
    What one step gathers; it is handed to the publisher at its end, and used again for the next one.

    :ivar said: what is told, in this order.
    :ivar unsay: the journal's entry that undoes the event said last; `only_said` is the journal of a step that said one
        event and did nothing else.
    :ivar done: requests that were done, where there is no more to answer.
    :ivar replies: what those who asked are answered, each in its session's form; told last.
    :ivar records: entries of the moderation log.
    :ivar notices: what a system outside is to be told.
    :ivar later: what is to be awaited before the step ends.
    :ivar thens: methods of the game to be called for calls that are over.
    :ivar turned: whether the game is to hear of a new turn.
    :ivar asked: what players' moves are, and as of when, see `gameserver.room.turns.legal`.
    :ivar cause: what set the step going, where something may be undone, see `gameserver.room.turns.undoing`.
    :ivar no_undo: what led here may not be taken back.
    :ivar durable: whether what it changes is stored at once.
    :ivar more_come: the next input is an arrival too: the newcomers of this step may be told of together with that one.
    """

    __slots__ = (
        "asked",
        "cause",
        "departures",
        "done",
        "durable",
        "later",
        "more_come",
        "newcomers",
        "no_undo",
        "notices",
        "only_said",
        "records",
        "replies",
        "said",
        "thens",
        "turned",
        "unsay",
    )

    def __init__(self) -> None:
        self.said: list[Said] = []
        # No other entry of a journal is equal to it: only plain events are undone so.
        self.unsay: tuple[Any, ...] = (self._take_back,)
        self.only_said = [self.unsay]
        self.newcomers: list[Newcomer] = []
        self.departures: list[Departure] = []
        self.done: list[Done] = []
        self.replies: list[tuple[ISession, bytes]] = []
        self.records: list[Record] = []
        self.notices: list[Notice] = []
        self.later: list[Any] = []
        self.thens: tuple[str, ...] = ()
        self.turned = False
        self.asked: Any = None
        self.cause: Any = None
        self.no_undo = False
        self.durable = True
        self.more_come = False

    def take_apart(self) -> None:
        """No step comes any more."""
        self.unsay, self.only_said = (), []

    def _take_back(self) -> None:
        self.said.pop()

    def drop(self) -> None:
        """Forget what was gathered: none of it is told."""
        self.said.clear()
        self.more_come = False
        self.cause, self.no_undo = None, False
        if self.newcomers or self.departures:
            self.newcomers.clear()
            self.departures.clear()
        if self.done:
            self.done.clear()
        if self.replies:
            self.replies.clear()
        if self.records:
            self.records.clear()
        if self.notices:
            self.notices.clear()
