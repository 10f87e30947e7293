"""
What stands inside messages: a seat, a room, a turn, a move, a line, and so on.

`gameserver.protocol.messages` says which message holds which, and has all of them under its own name, too.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field


class UserInfo(Struct):
    """Who a client is."""

    id: str
    name: str
    rights: list[str]


# Defaults of fields that older servers leave out, and that are always told here: ``omit_defaults`` does not know what a
# function returns.


def _of_nobody() -> dict[str, list[str]]:
    return {}


def _nothing() -> None:
    return None


def _no() -> bool:
    return False


class SeatInfo(Struct, omit_defaults=True):
    """
    What an audience may know of a seat: ``SEAT``.

    ``account`` is left out where it is a guest's; ``bot`` is the level of the bot that sits there, and ``stand_in``
    says whether a bot moves for an owner who is away.
    """

    id: str
    number: int | None
    name: str
    role: str
    online: bool
    host: bool
    profile: dict[str, Any]
    groups: list[str]
    gone: bool
    bot: str | None = field(default_factory=_nothing)
    stand_in: bool = field(default_factory=_no)
    ready: bool = field(default_factory=_no)
    account: bool = False


class TeamInfo(Struct, omit_defaults=True):
    """What everybody may know of a team: ``TEAM``. Who is in it, SEAT tells: a team is a public group."""

    name: str
    title: str
    colour: str
    score: int | float
    open: bool = False


class PromptInfo(Struct):
    """What those are asked for whose turn it is, and what all others are told meanwhile; ``{name}`` is filled in."""

    text: str
    others: str | None
    args: dict[str, Any]


class ClockInfo(Struct):
    """How much time a seat or a team has, and when it is up: null while it stands still."""

    left_ms: int
    ends: int | None


class TurnInfo(Struct):
    """Whose turn it is: ``TURN``. Those of ``order``, ``current`` and ``clocks`` are seats, or ``group:NAME``."""

    order: list[str]
    current: str | None
    active: list[str]
    stage: str | None
    number: int
    round: int
    prompt: PromptInfo | None
    ends: int | None
    clocks: dict[str, ClockInfo]


class MoveInfo(Struct):
    """
    A move that a seat may make now: ``MOVE``.

    ``choices`` has by field what is left open: ``{"of": [...]}``, ``{"range": [from, to]}`` as Python's, ``{"some":
    [least, most], "of": [...]}``, or null for whatever its type allows. ``seats`` names the fields that are seats.
    """

    type: str
    data: Any
    label: str | None
    group: str | None
    choices: dict[str, Any] | None
    seats: list[str]


class MovesInfo(Struct):
    """What a seat may do now, as ``joined`` tells it; ``more``: there are more moves than these."""

    moves: list[MoveInfo]
    more: bool
    prompt: PromptInfo | None
    undo: bool


class EveningInfo(Struct):
    """How often somebody has won this evening, in this room and those that it goes on from."""

    name: str
    wins: int


class RoomInfo(Struct, omit_defaults=True):
    """What everybody in a room may know of it: ``INFO``."""

    status: str
    phase: str | None
    locked: bool
    paused: bool
    options: dict[str, Any]
    result: Any
    answered: dict[str, list[str]]
    asked: dict[str, list[str]] = field(default_factory=_of_nobody)
    turn: TurnInfo | None = field(default_factory=_nothing)
    teams: list[TeamInfo] = []
    evening: list[EveningInfo] = []
    groups: list[str] = []


class TimerInfo(Struct):
    """A shown timer, as ``joined`` tells it."""

    stream: str
    n: int
    name: str
    ends: int | None
    paused_ms: int | None


class Speaker(Struct):
    """Who said a line."""

    seat: str
    name: str


class Line(Struct, omit_defaults=True):
    """A line of chat, as ``joined`` and ``doc`` tell it; the last three are left out where there is nothing to say."""

    stream: str
    n: int
    from_: Speaker | None = field(name="from")
    to: str
    text: str
    data: Any
    at: int
    emote: bool = False
    mentions: list[str] = []
    edited: int | None = None


class ChannelInfo(Struct):
    """A channel that this audience hears: ``CHANNEL``."""

    to: str
    stream: str
    title: str
    closed: bool
    readonly: bool
    slow_s: float


class OwnSeat(Struct, omit_defaults=True):
    """The requester's own seat: ``hosts`` says that a screen has the host's rights, though another has the flag."""

    id: str
    number: int | None
    role: str
    resume: str
    hosts: bool = False


class Author(Struct, omit_defaults=True):
    """Who wrote a line outside rooms: a user, since there is no seat; ``account`` as in SEAT."""

    user: str
    name: str
    account: bool = False
