"""
What a room keeps: all of it, part by part, as it is stored.

A fact that is to outlive the process is a field here, and nothing more: undo, commits, restart and `row.read` follow
from its declaration. An annotation names what may be stale when the field changes (`gameserver.room.marks`), and how it
is stored where it has another shape in memory (`gameserver.room.stored`).

The journal alone changes what is here, or a step that cannot fail. Times are seconds since 1970.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Generic, Literal, TypeVar

from msgspec import UNSET, Struct, UnsetType, field

from gameserver.protocol.messages import TimerInfo
from gameserver.room import marks
from gameserver.room.kept import Kept as Kept
from gameserver.room.stored import NAMES, PLAIN, StoredForm, listed
from gameserver.room.succession import KeptPlace as KeptPlace
from gameserver.room.succession import Successor as Successor
from gameserver.room.succession import Wins as Wins
from gameserver.room.turns.state import TurnsState
from gameserver.store import keys

T = TypeVar("T")

SCHEMA: Final = 1
"""
The version of the parts' shape. It is raised when older releases would lose or misread what the parts hold: those leave
such rooms to others.
"""

Mode = Literal["balanced", "chosen", "shuffled"]
Late = Literal["smallest", "weakest", "none"]
Absence = Literal["away", "late", "left", "kicked", "banned"]
"""Why a seat is absent: not held any longer; too slow; or its owner has left, or was put out."""
GONE: Final = ("left", "kicked", "banned")
TimerKey = tuple[str | None, str]
"""Seat id or None, and name."""

_BY_SEAT: Final = StoredForm(
    lambda told: [(seat, info) for (seat, _), info in told.items()],
    lambda stored: {(seat, info["name"]): info for seat, info in stored},
)
"""What clients were told of timers: pairs of a seat's id, or None, and that."""


class Moment(Kept):
    """
    What is known of a room only while one process runs it.

    :ivar now: what time it is in this step.
    :ivar monotonic: seconds that only grow, as of this step: for spans of time within the process.
    :ivar empty_since: since when nobody is connected.
    :ivar grace_until: until then, after a restart, all seats count as online.
    :ivar grace_seats: those that were found empty then, of which the first `grace_done` have dropped or are back.
    :ivar closing: why the room closes with this step.
    :ivar failures: how often in a row the game failed at what no player sent.
    :ivar large_since: `large_writes` counts from then on, see `gameserver.room.large_documents`.
    :ivar thinking: by seat, the bot's coroutine that is under way, see `gameserver.room.bots.thinking`.
    :ivar ticked_s: how long this round had been played at the last tick.
    """

    now: float
    monotonic: float = 0.0
    empty_since: Annotated[float | None, marks.due] = None
    grace_until: Annotated[float | None, marks.due] = None
    grace_seats: tuple[str, ...] | None = None
    grace_done: int = 0
    closing: Annotated[str | None, marks.admits] = None
    closing_text: str | None = None
    ended: bool = False
    failures: int = 0
    thinking: dict[str, Any] = {}
    large_since: float = 0.0
    large_writes: int = 0
    ticked_s: float = 0.0


class Answer(Struct, Generic[T], frozen=True):
    """
    One player's answer.

    :ivar value: what the question's method returned.
    :ivar after_s: seconds after it was asked, pauses not counted.
    """

    value: Annotated[T, PLAIN]
    after_s: float


class Asked(Struct, frozen=True):
    """A question that is open: seats asked, when (room time, seconds), and the answers by seat."""

    of: tuple[str, ...]
    at: float
    answers: dict[str, Answer[Any]] = {}


class TeamPart(Struct, frozen=True):
    """What is kept of a team besides its group."""

    name: str
    title: str
    colour: str
    score: int | float = 0


class TeamsState(Kept):
    """The teams of a room by name, and how players come into them."""

    part: ClassVar[str] = keys.ROOM

    teams: Annotated[dict[str, TeamPart], listed(lambda team: team["name"]), marks.info]
    mode: Mode
    late: Late
    size: int | None


class GroupState(Kept):
    """
    A group.

    :ivar members: the ids of its seats, in the order they came.
    :ivar public: whether all may know them.
    """

    part: ClassVar[str] = keys.ROOM

    members: Annotated[dict[str, None], NAMES, marks.members]
    public: Annotated[bool, marks.group] = False


class RoomState(Kept, kw_only=True):
    """
    The part ``room``.

    :ivar version: the game's that stored it.
    :ivar key: 16 random bytes; chance and the secrets of seats come from it.
    :ivar rounds: how often it was started.
    :ivar spent: how many numbers chance has given.
    :ivar played_before: seconds of this round until ``playing_since``.
    :ivar host: the id of the seat that has the host's flag.
    :ivar host_owner: the id of the seat that lends it.
    :ivar host_away_at: when it is lent, as its owner is away.
    :ivar next: the room in which all go on, once the host has asked for one.
    :ivar places: of a room that goes on from another: those of users who have not come yet.
    :ivar places_until: so long nobody else gets them.
    :ivar password_key: with which its password was hashed, where that is another room's.
    :ivar evening: by user, who has won how often in this room and those before it.
    :ivar evening_rounds: how many rounds were won by somebody.
    :ivar banned: ids of users, of rows that were written before all bans were in the part ``chat``.
    """

    part: ClassVar[str] = keys.ROOM

    schema: int = SCHEMA
    version: int
    key: bytes
    created: float
    status: Annotated[str, marks.info, marks.due, marks.admits] = "lobby"
    phase: Annotated[str | None, marks.info] = None
    phase_timer: str | None = None
    locked: Annotated[bool, marks.info, marks.admits] = False
    private: bool = False
    password: str | None = None
    paused_at: Annotated[float | None, marks.info, marks.due, marks.all_timers] = None
    options: Annotated[dict[str, Any], PLAIN, marks.info, marks.admits] = {}
    result: Annotated[Any, PLAIN, marks.info] = None
    creator: str | None = None
    creator_came: bool = False
    rounds: int = 0
    spent: int = 0
    played_before: float = 0.0
    playing_since: float | None = None
    banned: list[str] = []
    groups: Annotated[dict[str, GroupState], marks.channels] = {}
    questions: Annotated[dict[str, Asked], marks.info, marks.due, marks.asked] = {}
    next_seat: Annotated[int, marks.admits] = 1
    host: Annotated[str | None, marks.names_seat] = None
    host_owner: str | None = None
    host_away_at: Annotated[float | None, marks.due] = None
    teams: Annotated[TeamsState | None, marks.info] = None
    turns: Annotated[TurnsState | None, marks.turn] = None
    next: Annotated[Successor | None, marks.due, marks.admits] = None
    places: Annotated[tuple[KeptPlace, ...], marks.admits] = ()
    places_until: Annotated[float | None, marks.due, marks.admits] = None
    password_key: bytes | None = None
    evening: Annotated[dict[str, Wins], marks.info] = {}
    evening_rounds: Annotated[int, marks.info] = 0


class SeatState(Kept, kw_only=True):
    """
    A part ``seat/ID``.

    :ivar entered: by stream that the seat hears, the number at which it entered it.
    :ivar read: by channel, how far its player has read.
    :ivar ready: whether its player is ready for a round to start; not set of those that are not.
    :ivar bot: the level of the bot that sits there; not set of people's.
    :ivar stand_in: the level of the bot that moves for its owner, who is away.
    :ivar absent: why it is absent while a game is played; not set of those that are not.
    :ivar late: how many clocks in a row its player let run out; not set: none.
    :ivar left_at: the number on its own stream at which it left a group last; not set of those that left none.
    :ivar wanted: the role that its owner had before the game of this room had none like it; not set: this one.
    :ivar account: whether its owner has an account; not set of guests, and in rows of older releases of nobody.
    """

    id: Annotated[str, marks.seat, marks.hears, marks.asked, marks.info]
    user_id: Annotated[str, marks.users]
    name: Annotated[str, marks.seat]
    profile: Annotated[Any, PLAIN]
    role: str
    number: int | None
    online: Annotated[bool, marks.seat, marks.due] = False
    hold_s: float | None
    hold_until: Annotated[float | None, marks.held] = None
    entered: dict[str, int] = {}
    read: dict[str, int] = {}
    ready: Annotated[bool | UnsetType, marks.seat] = UNSET
    account: Annotated[bool | UnsetType, marks.seat] = UNSET
    left_at: int | UnsetType = UNSET
    wanted: str | UnsetType = UNSET
    absent: Annotated[Absence | UnsetType, marks.turn, marks.users] = UNSET
    late: int | UnsetType = UNSET
    bot: Annotated[str | UnsetType, marks.seat, marks.asked] = UNSET
    stand_in: Annotated[str | UnsetType, marks.seat, marks.asked] = UNSET

    @property
    def part(self) -> str:  # type: ignore[override]
        """The part of the row that it is in."""
        return keys.seat(self.id)

    @property
    def has_left(self) -> bool:
        """Whether its owner has left, or was put out, while a game is played that keeps the seat."""
        return self.absent in GONE


class Armed(Struct, frozen=True):
    """
    One timer.

    :ivar due: when it is due.
    :ivar every: seconds between two firings, or None for one.
    :ivar calendar: due at a date of the calendar, which no pause moves.
    :ivar kind: ``game``, ``phase``, ``question``, ``turn`` or ``bot``: what is done when it is due.
    :ivar order: which of two that are due together comes first.
    :ivar calls: the method called, where that is not the name.
    """

    name: str
    seat: str | None
    due: float
    every: float | None
    calendar: bool
    show: bool
    kind: str
    data: Annotated[dict[str, Any], PLAIN]
    order: int
    calls: str | None = None


class TimerPart(Struct, frozen=True):
    """A part ``timer/SEAT/NAME``: a timer, and what clients were told last of it, if it is shown."""

    armed: Armed | None
    told: TimerInfo | None = None


class TimersState(Kept):
    """
    The part ``timers``, and the timers by seat and name, each of which is in a part of its own.

    Older releases stored all of it as the one part.

    :ivar told: what clients were told last of those that are shown.
    :ivar order: of the timer that was armed last.
    """

    part: ClassVar[str] = keys.TIMERS

    armed: Annotated[dict[TimerKey, Armed], listed(lambda t: (t["seat"], t["name"])), marks.timers] = {}
    told: Annotated[dict[TimerKey, TimerInfo], _BY_SEAT] = {}
    order: int = 0

    def part_of(self, field: str, key: TimerKey) -> str:
        """Return the part of one timer."""
        return keys.timer(*key)

    def take_apart(self) -> dict[str, TimerPart]:
        """:returns: by part, each timer."""
        return {keys.timer(*key): self.one(key) for key in dict.fromkeys((*self.armed, *self.told))}

    def one(self, key: TimerKey) -> TimerPart:
        """:returns: what is stored of one timer."""
        return TimerPart(self.armed.get(key), self.told.get(key))

    def rest(self) -> TimersState:
        """:returns: what is in no timer's own part."""
        return TimersState(order=self.order)


class Mute(Struct, frozen=True, omit_defaults=True):
    """
    A user who may not write.

    :ivar until: None for good.
    :ivar shadow: the user does not notice: the lines are shown to their writer alone.
    """

    until: float | None = None
    shadow: bool = False
    reason: str = ""


class Ban(Struct, frozen=True, omit_defaults=True):
    """A user who may not come back to this room; ``name`` is what the user was called here."""

    name: str
    until: float | None = None
    reason: str = ""


class ChannelPart(Struct, frozen=True, omit_defaults=True):
    """
    A channel that differs from its defaults.

    :ivar to: its address.
    :ivar key: the stream of its audience.
    :ivar opened: the game has opened it, so that silence is not for it.
    :ivar history: whoever enters its audience gets what was said before.
    """

    to: str
    key: str
    title: str
    is_open: bool = True
    opened: bool = False
    readonly: bool = False
    history: bool = False
    slow_s: float | None = None


class ChatState(Kept):
    """
    The part ``chat``.

    :ivar channels: those that differ from their defaults, by address.
    :ivar silent: seats that may write only to channels that the game has opened.
    :ivar diverted: by seat, the channel that its lines to the room go to instead.
    :ivar mutes: by user.
    :ivar bans: by user.
    :ivar slow_s: seconds between two lines of one player; None: as the game has it.
    :ivar links: whether lines may hold links; None: as the game has it.
    """

    part: ClassVar[str] = keys.CHAT

    channels: Annotated[dict[str, ChannelPart], listed(lambda channel: channel["to"]), marks.channels] = {}
    silent: Annotated[dict[str, None], NAMES] = {}
    diverted: dict[str, str] = {}
    mutes: dict[str, Mute] = {}
    bans: dict[str, Ban] = {}
    slow_s: Annotated[float | None, marks.channels] = None
    links: bool | None = None


class Epoch(Struct, frozen=True):
    """An earlier opening of the room, and how far its streams had come."""

    id: str
    counts: dict[str, int]


class CountsPart(Struct, frozen=True):
    """The part ``counts``: by stream, the number of its last message; and earlier openings."""

    counts: dict[str, int]
    epoch: str
    past: list[Epoch]


class KeptRoom(Struct, frozen=True):
    """The state of a room: what it begins with, or what was stored."""

    room: RoomState
    seats: list[SeatState] = []
    timers: TimersState = field(default_factory=TimersState)
    chat: ChatState = field(default_factory=ChatState)
