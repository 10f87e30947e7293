"""
Is anybody there? A connection that owes an answer and says nothing is asked with a ping, and given up if it does not
answer that.

A node that stands still is left so within 6 s, the time in which others take its rooms. Who was given up too soon,
since the line is slow, is given twice the time when it is tried again; until somebody answers in the time that is given
at first: then the line is a good one, and it was the node. Where nothing is owed, Autobahn's own pings see to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

DIAL_S: Final = 5.0
"""From dialling to ``welcome``."""
DOUBT_S: Final = 2.0
"""An answer is owed, and nothing was heard for so long: is there still a connection?"""
SILENCE_S: Final = 4.0
"""Nothing was heard for so long after a ping: there is none."""
LARGE_S: Final = 8.0
"""The same behind an answer that may be large, and is heard only when it is whole."""
LONGEST_S: Final = 20.0
"""However slow the line is."""
LATE_S: Final = 1.0
"""A call that comes so late tells that this process stood still: what came meanwhile is yet to be read."""
READ_S: Final = 0.2
"""So long it has for that, before anybody is given up."""
LARGEST: Final = 4
LARGE: Final = frozenset({"create", "match", "join", "resume"})
"""Requests whose answers may be large: whole rooms, and what was said in them."""


class Patience:
    """How long one client waits for somebody who says nothing."""

    def __init__(self) -> None:
        self._dials = self._large = 1

    @property
    def dial_s(self) -> float:
        """From dialling to ``welcome``."""
        return min(LONGEST_S, self._dials * DIAL_S)

    def silence_s(self, *, large: bool) -> float:
        """:param large: what is owed may take long to arrive."""
        return min(LONGEST_S, self._large * LARGE_S) if large else SILENCE_S

    def lost_dialling(self) -> None:
        """Somebody was given up who had not said welcome."""
        self._dials = min(LARGEST, 2 * self._dials)

    def lost_large(self) -> None:
        """Somebody was given up who owed a large answer."""
        self._large = min(LARGEST, 2 * self._large)

    def welcomed(self, s: float) -> None:
        """:param s: after so long somebody said welcome."""
        if s < DIAL_S:
            self._dials = 1

    def answered(self, s: float) -> None:
        """:param s: after so long a large answer was there."""
        if s < LARGE_S:
            self._large = 1


class Liveness:
    """
    Of one connection at a time. It has a delayed call only while it waits for something.

    :param clock: a Twisted reactor, or a clock.
    :param owed: gives the kinds of those requests that this connection has carried, and that have no answer.
    :param ping: called when somebody should say something.
    :param give_up: called when nobody is there.
    """

    def __init__(
        self,
        clock: Any,
        patience: Patience,
        *,
        owed: Callable[[], Iterable[str]],
        ping: Callable[[], object],
        give_up: Callable[[], object],
    ) -> None:
        self._clock = clock
        self._patience = patience
        self._owed = owed
        self._ping = ping
        self._give_up = give_up
        self._quiet_since_s = self._dialled_s = 0.0
        self._large_since_s: float | None = None
        self._asked = False
        self._call: IDelayedCall | None = None

    def dialled(self) -> None:
        """A connection is on its way."""
        self._dialled_s = self._clock.seconds()
        self._later(self._patience.dial_s, self._dialled_in_vain)

    def welcomed(self) -> None:
        """It is there."""
        self.stop()
        self._patience.welcomed(self._clock.seconds() - self._dialled_s)

    def stop(self) -> None:
        """It is gone: nothing is owed."""
        self._large_since_s = None
        self._wait_no_more()

    def _wait_no_more(self) -> None:
        self._asked = False
        call, self._call = self._call, None
        if call is not None and call.active():
            call.cancel()

    def said(self, op: str) -> None:
        """Something was asked of the server."""
        if op in LARGE and self._large_since_s is None:
            self._large_since_s = self._clock.seconds()
        if self._call is None:
            self._quiet_since_s = self._clock.seconds()  # until now nothing was owed
            self._later(DOUBT_S, self._doubt)

    def heard(self) -> None:
        """A message came, and was taken in."""
        if self._call is None:
            return
        self._quiet_since_s = self._clock.seconds()
        owed = list(self._owed())
        if self._large_since_s is not None and LARGE.isdisjoint(owed):
            self._patience.answered(self._quiet_since_s - self._large_since_s)
            self._large_since_s = None
        if not owed:
            self._wait_no_more()
        elif self._asked:
            self._wait_no_more()
            self._later(DOUBT_S, self._doubt)

    def ask(self) -> None:
        """See whether anybody is there, unless that is under way."""
        if not self._asked:
            self._wait_no_more()
            self._asked = True
            # The pong comes behind what was asked for before, and of that alone there may be much.
            large = self._large_since_s is not None
            self._later(self._patience.silence_s(large=large), self._silent)
            self._ping()

    def _dialled_in_vain(self) -> None:
        self._patience.lost_dialling()
        self._give_up()

    def _silent(self) -> None:
        if self._large_since_s is not None:
            self._patience.lost_large()
        self._give_up()

    def _doubt(self) -> None:
        self._call = None
        left_s = DOUBT_S - (self._clock.seconds() - self._quiet_since_s)
        if left_s > 0:
            self._later(min(left_s, DOUBT_S), self._doubt)  # the clock may have been set back
        elif any(True for _ in self._owed()):
            self.ask()

    def _later(self, delay_s: float, call: Callable[[], object]) -> None:
        due_s = self._clock.seconds() + delay_s

        def now() -> None:
            if self._clock.seconds() - due_s > LATE_S:
                self._call = self._clock.callLater(READ_S, call)
            else:
                call()

        self._call = self._clock.callLater(delay_s, now)
