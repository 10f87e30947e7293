"""
Is anybody there? A server that owes an answer and is silent is sent a ping; if it does not answer that, the connection
is given up.

So a node that hangs is left within 6 s, the time in which others take its rooms. In case a slow line was the reason,
the next try gets twice the time. Once an answer comes within the first time limit, the line is good, and that limit
holds again. Where no answer is owed, Autobahn's own pings find out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

DIAL_S: Final = 5.0
"""The most time from dialling to ``welcome``."""
DOUBT_S: Final = 2.0
"""When an answer is owed and nothing has come for so long, a ping is sent."""
SILENCE_S: Final = 4.0
"""When nothing has come for so long after a ping, the connection is given up."""
LARGE_S: Final = 8.0
"""The same, while a large answer may be on its way: it counts as heard only when all of it is there."""
LONGEST_S: Final = 20.0
"""No limit grows beyond this, however slow the line is."""
LATE_S: Final = 1.0
"""A delayed call that comes so late shows that this process stood still: what came meanwhile has yet to be read."""
READ_S: Final = 0.2
"""How long it may then read, before a connection is given up."""
LARGEST: Final = 4
LARGE: Final = frozenset({"create", "match", "join", "resume"})
"""Requests whose answers may be large: whole rooms, with their chat."""


class Patience:
    """How long one client waits for a silent server."""

    def __init__(self) -> None:
        self._dials = self._large = 1

    @property
    def dial_s(self) -> float:
        """The most time from dialling to ``welcome``, as things are."""
        return min(LONGEST_S, self._dials * DIAL_S)

    def silence_s(self, *, large: bool) -> float:
        """:param large: what is owed may take long to arrive. :returns: the most time from a ping to an answer."""
        return min(LONGEST_S, self._large * LARGE_S) if large else SILENCE_S

    def lost_dialling(self) -> None:
        """A connection was given up before its welcome: allow twice the time."""
        self._dials = min(LARGEST, 2 * self._dials)

    def lost_large(self) -> None:
        """A connection was given up that owed a large answer: allow twice the time."""
        self._large = min(LARGEST, 2 * self._large)

    def welcomed(self, s: float) -> None:
        """:param s: how long a welcome took."""
        if s < DIAL_S:
            self._dials = 1

    def answered(self, s: float) -> None:
        """:param s: how long a large answer took."""
        if s < LARGE_S:
            self._large = 1


class Liveness:
    """
    Watches one connection after another. It has a delayed call only while it waits for something.

    :param clock: a Twisted reactor, or a clock.
    :param patience: how long to wait; shared by all connections of a client.
    :param owed: returns the kinds of requests that were sent on this connection, and have no answer.
    :param ping: called to send a ping.
    :param give_up: called when the server does not answer.
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
        """A connection is being made."""
        self._dialled_s = self._clock.seconds()
        self._later(self._patience.dial_s, self._dialled_in_vain)

    def welcomed(self) -> None:
        """The server has said welcome."""
        self.stop()
        self._patience.welcomed(self._clock.seconds() - self._dialled_s)

    def stop(self) -> None:
        """The connection is gone, or the dialling is over: nothing is owed."""
        self._large_since_s = None
        self._wait_no_more()

    def _wait_no_more(self) -> None:
        self._asked = False
        call, self._call = self._call, None
        if call is not None and call.active():
            call.cancel()

    def said(self, op: str) -> None:
        """A request of this kind was sent."""
        if op in LARGE and self._large_since_s is None:
            self._large_since_s = self._clock.seconds()
        if self._call is None:
            self._quiet_since_s = self._clock.seconds()  # until now nothing was owed
            self._later(DOUBT_S, self._doubt)

    def heard(self) -> None:
        """A message came, and was handled."""
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
        """Send a ping, and wait for an answer; unless that is under way."""
        if not self._asked:
            self._wait_no_more()
            self._asked = True
            # The pong comes after the answers to earlier requests, and only those may be large.
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
