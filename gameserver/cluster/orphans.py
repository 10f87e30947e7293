"""
When a node looks for rooms that belong to nobody or were given to it: exactly when the next lease of another node ends,
and once in a while; often while another node hands rooms over.

The store says how much longer each lease lasts. That is counted from before the question, so that nobody waits for a
lease longer than its node holds it. A store that does not answer is asked again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from gameserver.errors import StoreUnavailable

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall
    from twisted.python.failure import Failure

    from gameserver.interfaces import IClock, ILeaseHolder, ILeases

SLACK_S: Final = 0.01
"""How long after the end of a lease the look comes: the store counts in milliseconds."""
HANDED_S: Final = 0.1
"""Between two looks while another node hands its rooms over; a room that nobody asks for waits this long at most."""
RETRY_S: Final = 0.5
"""Until a store that did not answer is asked again."""

log = Logger(namespace="gameserver")


class OrphanWatch:
    """
    :param leases: the store that nodes share.
    :param held: says whether this node may take rooms over at the moment.
    :param every_s: the longest time between two looks: a node may also leave rooms behind without its lease ending.
    """

    def __init__(self, leases: ILeases, clock: IClock, held: Callable[[], bool], *, every_s: float) -> None:
        self._leases = leases
        self._clock = clock
        self._held = held
        self._every_s = every_s
        self._holder: ILeaseHolder
        self._next: IDelayedCall | None = None
        self._looking: Deferred[Any] | None = None
        self._adopted = True
        self._orphaned: list[str] = []
        self._running = False

    def start(self, holder: ILeaseHolder) -> None:
        """Look at once, and go on doing so."""
        self._holder = holder
        self._running = True
        self._later(0)

    def stop(self) -> None:
        """Stop looking, and break off what is being taken over."""
        self._running = False
        if self._next is not None and self._next.active():
            self._next.cancel()
        if self._looking is not None:
            self._looking.cancel()

    def _later(self, delay_s: float) -> None:
        if self._running:
            self._next = self._clock.later(delay_s, self._look)

    def _look(self) -> None:
        looking: Deferred[Any] = Deferred.fromCoroutine(self._adopt())
        self._looking = looking
        looking.addErrback(self._not_adopted).addCallback(self._looked)

    async def _adopt(self) -> float:
        """:returns: in how many seconds to look again."""
        sent_s = self._clock.monotonic()
        seen = await self._leases.others()
        ends = seen.lease_ends
        if seen.drain:
            self._holder.drain_asked()
        orphaned = sorted(node for node, left_ms in ends.items() if not left_ms)
        if orphaned != self._orphaned and orphaned:
            log.info("rooms of {nodes} are to be had", nodes=", ".join(orphaned))
        self._orphaned = orphaned
        if (orphaned or seen.given or not self._adopted) and self._held():
            # If this fails, nobody knows how far it came: rooms may be this node's in the store, and not be open here.
            self._adopted = False
            complete = await self._holder.adopt()
            self._adopted = True
            if orphaned and complete:  # else those nodes stay known, for a node that can run what this one cannot
                await self._leases.forget_nodes(orphaned)
        ahead_s = [sent_s + left_ms / 1000 + SLACK_S - self._clock.monotonic() for left_ms in ends.values() if left_ms]
        return max(0.0, min(*ahead_s, HANDED_S if seen.draining else self._every_s, self._every_s))

    def _not_adopted(self, failure: Failure) -> float:
        if not failure.check(StoreUnavailable) and not (failure.check(CancelledError) and not self._running):
            log.failure("what other nodes left behind cannot be taken over", failure)
        return RETRY_S

    def _looked(self, again_s: Any) -> None:
        self._looking = None
        self._later(again_s)
