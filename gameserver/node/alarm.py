"""An alarm that can be moved: one pending call of the clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from gameserver.interfaces import IClock


class Alarm:
    """
    At most one pending call of the clock, which can be moved.

    :param ring: called when the time has come.
    """

    __slots__ = ("_call", "_clock", "_due", "_ring")

    def __init__(self, clock: IClock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._call: IDelayedCall | None = None
        self._due: float | None = None

    def set(self, due: float | None) -> None:
        """
        Move the call.

        :param due: when to ring, seconds since 1970; None: not at all.
        """
        if due != self._due or (due is not None and self._call is None):
            self._cancel()
            self._call = self._clock.later(due - self._clock.now(), self._now) if due is not None else None
            self._due = due

    def forget(self) -> None:
        """The wall clock was set: have the next `set` compute the delay anew, even for the same date."""
        self._due = None

    def stop(self) -> None:
        """Cancel the call."""
        self._cancel()
        self._call = None

    def _cancel(self) -> None:
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _now(self) -> None:
        self._call = self._due = None
        self._ring()
