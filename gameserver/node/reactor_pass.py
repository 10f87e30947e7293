"""
A pass of the reactor: what it brings is applied, then its end is dealt with, once.

At its end the rooms that changed commit and say what they may (`gameserver.node.batch`); then every connection that is
owed something writes once. What a store answers later goes out by `ReactorPass.write` alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from twisted.logger import Logger

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from gameserver.interfaces import IClock
    from gameserver.node.step_notes import StepNotes


class ReactorPass:
    """
    :param clock: ends the passes that nobody else ends, before the reactor waits again.
    :ivar rooms: ends the pass of the rooms; called first.
    :ivar notes: where steps of rooms are noted, set before there are any; None: nowhere.
    :ivar passing: somebody goes through what came in, and calls `end` afterwards.
    :ivar began_s: while somebody does, when that began: the wall clock, seconds since 1970; else 0.
    :ivar monotonic_s: the same by seconds that only grow.
    :ivar number: grows from each pass to the next.
    :ivar owing: what writes at its end, behind the rooms.
    """

    __slots__ = ("_asked", "_call", "_clock", "began_s", "monotonic_s", "notes", "number", "owing", "passing", "rooms")

    def __init__(self, clock: IClock) -> None:
        self.rooms: Callable[[], None] = _nothing
        self.notes: StepNotes | None = None
        self.passing = False
        self.began_s = self.monotonic_s = 0.0
        self.number = 0
        self._asked = False
        self._clock = clock
        self.owing: list[Callable[[], None]] = []
        self._call: IDelayedCall | None = None

    def begin(self) -> None:
        """Somebody goes through what came in, which came by now."""
        self.passing = True
        self.number += 1
        self.monotonic_s = self._clock.monotonic()
        self.began_s = self.monotonic_s + self._clock.ahead_s

    def now(self) -> float:
        """:returns: seconds since 1970; the same for all that one pass brings."""
        return self.began_s or self._clock.now()

    def monotonic(self) -> float:
        """:returns: seconds that only grow, since some moment; the same for all of one pass."""
        return self.monotonic_s if self.began_s else self._clock.monotonic()

    def ask(self) -> None:
        """Something is to be done at the end of this pass."""
        if self.passing:
            self._asked = True
        elif self._call is None:
            self._call = self._clock.later(0, self.end)

    def owe(self, write: Callable[[], None]) -> None:
        """Call this at the end of the pass, behind the rooms."""
        self.owing.append(write)
        if self._call is None and not self.passing:
            self._call = self._clock.later(0, self.end)

    def end(self) -> None:
        """The pass is over."""
        if self._call is not None:
            if self._call.active():
                self._call.cancel()
            self._call = None
        self.passing = True
        self.number += 1
        self.began_s = 0.0
        self._asked = False
        try:
            self.rooms()
            if self.owing:
                self.write()
        finally:
            self.passing = False
            if self._asked:
                # What came of the end itself belongs to the next pass: others are served before.
                self.ask()

    def write(self) -> None:
        """Each connection writes what it is owed."""
        owing = self.owing
        while owing:
            self.owing = []
            for write in owing:
                try:
                    write()
                except Exception:  # noqa: BLE001 - the door of the flush: one connection must not stop the others
                    log.failure("a connection could not be written to")
            owing = self.owing


def _nothing() -> None:
    """There are no rooms yet."""


log = Logger(namespace="gameserver.rooms")
