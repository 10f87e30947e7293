"""
A pass of the reactor: all that it brings is applied, and then the pass is ended, once.

At its end the rooms that changed commit and send what they may (`gameserver.node.batch`); then each connection that has
something to write writes once. What goes out when a store answers later needs only `ReactorPass.write`.
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
    :param clock: its timers end the passes that nobody else ends, before the reactor waits again.
    :ivar rooms: ends the pass for the rooms; called first.
    :ivar notes: where steps of rooms are noted, set before there are any; None: nowhere.
    :ivar passing: whether a caller of `begin` goes through what came in, and will call `end`, or `end` is running.
    :ivar began_s: after `begin`: when it was called, seconds since 1970; otherwise 0.
    :ivar monotonic_s: the same in monotonic seconds.
    :ivar number: grows from each pass to the next.
    :ivar owing: called at the end, after the rooms, to write to connections.
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
        """Begin a pass: the caller goes through what came in, which counts as having come at this moment."""
        self.passing = True
        self.number += 1
        self.monotonic_s = self._clock.monotonic()
        self.began_s = self.monotonic_s + self._clock.ahead_s

    def now(self) -> float:
        """:returns: seconds since 1970; the same for all that one pass brings."""
        return self.began_s or self._clock.now()

    def monotonic(self) -> float:
        """:returns: monotonic seconds; the same for all that one pass brings."""
        return self.monotonic_s if self.began_s else self._clock.monotonic()

    def ask(self) -> None:
        """Have `end` called: there is something to do at the end of this pass."""
        if self.passing:
            self._asked = True
        elif self._call is None:
            self._call = self._clock.later(0, self.end)

    def owe(self, write: Callable[[], None]) -> None:
        """Have this called at the end of the pass, after the rooms."""
        self.owing.append(write)
        if self._call is None and not self.passing:
            self._call = self._clock.later(0, self.end)

    def end(self) -> None:
        """End the pass."""
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
                # What the end itself caused belongs to the next pass: others are served before.
                self.ask()

    def write(self) -> None:
        """Have each connection write what waits for it."""
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
    """Stand in for `ReactorPass.rooms` until there are rooms."""


log = Logger(namespace="gameserver.rooms")
