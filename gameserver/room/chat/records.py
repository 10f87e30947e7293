"""What moderation leaves behind: entries of the log, and who has blocked whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred, succeed

from gameserver.interfaces import User
from gameserver.room.effects import OneByOne

OPERATORS: Final = "log"
HOSTS: Final = "hosts"
REPORTS: Final = "reports"
"""The books of the log: what operators did, what hosts and games did, what was reported."""


class Who(Struct, frozen=True):
    """A user, as the log names one."""

    user: str
    name: str


class Quoted(Struct, frozen=True):
    """A line of the context of a report."""

    by: Who | None
    to: str
    text: str
    at_ms: int


class Record(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """
    One entry of the moderation log.

    :ivar act: ``mute``, ``unmute``, ``shadow``, ``kick``, ``ban``, ``unban``, ``slow``, ``links``, ``unsay``,
        ``report``, ``flood`` or ``announce``.
    :ivar room: the room's code; empty for the whole server, or a game.
    :ivar by: who did it; None for the server itself.
    :ivar whom: to whom.
    :ivar s: for how long; None where that has no meaning, or for good.
    :ivar about: the address of a ban, the seconds of slow mode.
    :ivar lines: what was said around it.
    :ivar book: in which book it is kept.
    """

    at_ms: int
    act: str
    game: str = ""
    room: str = ""
    by: Who | None = None
    whom: Who | None = None
    s: float | None = None
    reason: str = ""
    about: str = ""
    lines: tuple[Quoted, ...] = ()
    book: str = OPERATORS

    def encode(self) -> bytes:
        """:returns: the entry as it is stored."""
        return msgspec.json.encode(self)

    @staticmethod
    def decode(stored: bytes) -> Record:
        """The reverse of `encode`."""
        return msgspec.json.decode(stored, type=Record)


class UserWatch(OneByOne):
    """
    What a room asks the server about users, and tells it. This one, of a room by itself, knows of nothing.

    :ivar blocked: by user, whom that user does not want to hear.
    """

    def __init__(self) -> None:
        self.blocked: Mapping[str, frozenset[str]] = {}

    def block(self, user_id: str, other: str, on: bool) -> Deferred[None]:
        """
        Let this user hear nothing of that other one from now on; or hear it again.

        :returns: fires once that is stored; fails with `Refused`, ``busy``, if it is not known to be.
        :raises Refused: ``too_large``: that would be too many.
        """
        return succeed(None)

    def mute_of(self, user_id: str, game: str, now: float) -> Any:
        """:returns: the mute of the server, or of this game, that stands for a user: a `Mute`, or None."""
        return None

    def ban_of(self, user_id: str, address: str, game: str, now: float) -> str | None:
        """:returns: why this user, or whoever comes from that address, may not take a seat; None: welcome."""
        return None

    def admit(self, user: User | None, address: str) -> None:
        """
        Let somebody in, or do what changes something; every door asks here.

        :param user: None, where it is not known yet who comes from that address.
        :raises Refused: ``forbidden``: an operator has banned this user, or the address, from the server. An
            administrator cannot be banned: somebody must be able to lift what a moderator did.
        """

    def admit_report(self, user_id: str, address: str) -> None:
        """
        Count a report.

        :raises Refused: ``slow_down``: this user, or whoever comes from that address, reports too much.
        """

    def deliver(self, frame: bytes) -> None:
        """Take an entry of the log, once the store has the step that left it."""
