"""What a room is given: time, and the connections of those who sit in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall


class IClock(Interface):
    """Time, as rooms are given it."""

    ahead_s = Attribute("By so much the wall clock is ahead of the seconds that only grow; another after a step.")

    def now() -> float:
        """The wall clock, seconds since 1970."""

    def monotonic() -> float:
        """Seconds since some moment, which only grow."""

    def later(delay_s: float, call: Callable[..., Any], *args: Any) -> IDelayedCall:
        """Call this once after so many seconds, in the reactor's thread; a negative delay counts as 0."""

    def next_time(expression: str, after_s: float) -> float | None:
        """
        Tell when a time of the calendar comes next.

        :param expression: as `gameserver.cron` takes it.
        :returns: seconds since 1970, later than ``after_s``, or None if it never comes.
        :raises ValueError: it is no such expression, or the time zone is not known.
        """


class ISession(Interface):
    """What a room knows of a connection: how it hears of seats, and four ways to be told something."""

    address = Attribute("Whose connection it is, for bans of addresses; empty where there is none.")
    key = Attribute("The client's key: which ids of requests were already applied is kept by seat and key.")
    form = Attribute("The `gameserver.protocol.messages.Form` of what it is sent.")

    def deliver(frame: bytes) -> None:
        """Send one message, encoded in this session's form, in the order of the calls. Never raises, never blocks."""

    def deliver_to_all(to: tuple[ISession, ...], frames: list[bytes], *, last: bool) -> None:
        """
        Send messages to several sessions of this kind and form.

        :param last: the room tells them nothing else in this pass.
        """

    def deliver_answered(
        to: tuple[ISession, ...], frames: list[bytes], answers: dict[ISession, list[tuple[int, bytes]]]
    ) -> None:
        """
        Send several sessions of this kind and form the same messages, and each its own answers in between.

        The room tells them nothing else in this pass.

        :param answers: of each session: an answer, and how many of the messages come before it.
        """

    def deliver_volatile(frame: bytes, slot: str) -> None:
        """Send one message as `deliver` does; a slow reader gets only the newest of a slot."""

    def seated(code: str, seat: str) -> None:
        """From now on this session holds that seat in the room of that code."""

    def unseated(code: str) -> None:
        """From now on this session holds no seat in the room of that code."""

    def refused() -> None:
        """Something that it said came too fast to be looked at."""
