"""
A node's lease: its right to run the rooms of a store that others use too.

It is renewed long before it ends. Its age is counted in monotonic time, from the moment before the renewal was *sent*.
So, however late the answer comes, the lease ends for this node before it ends for the store; and all effects stop a
margin earlier still. The lease is the node's heartbeat, too: others look for its rooms when it ends, see `OrphanWatch`.

Source: https://martin.kleppmann.com/2016/02/08/how-to-do-distributed-locking.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from gameserver.cluster.orphans import RETRY_S, OrphanWatch
from gameserver.errors import StoreUnavailable
from gameserver.interfaces import IClock, ILease, ILeaseHolder, ILeases, LeaseRenewal

MARGIN_S: Final = 2.0
"""How long before the end of a lease its effects stop; at most a third of the lease, which matters for short ones."""
RENEWALS: Final = 3
"""How often a lease is renewed within its length."""

log = Logger(namespace="gameserver")


@implementer(ILease)
class Lease:
    """
    :param leases: the store that nodes share.
    :param clock: only its monotonic seconds are read.
    :param entropy: returns as many random bytes as it is asked for.
    :param lease_s: how long the lease lasts.
    """

    def __init__(
        self, leases: ILeases, clock: IClock, entropy: Callable[[int], bytes], *, lease_s: float = 6.0
    ) -> None:
        self._leases = leases
        self._clock = clock
        self._entropy = entropy
        self._lease_s = lease_s
        self._held_until: float | None = None
        self._ends_s: float | None = None
        self._holder: ILeaseHolder
        self._next: IDelayedCall | None = None
        self._end: IDelayedCall | None = None
        self._renewing: Deferred[None] = succeed(None)
        self._orphans = OrphanWatch(leases, clock, lambda: self.held, every_s=lease_s / RENEWALS)
        self._looked = True
        self._why = ""
        self._stopped = False

    @property
    def held(self) -> bool:
        """Whether this node may run rooms now; see `ILease.held`."""
        return self._held_until is not None and self._clock.monotonic() < self._held_until

    @property
    def left_s(self) -> float:
        """How long others leave this node's rooms alone; see `ILease.left_s`."""
        return self._lease_s if self._ends_s is None else self._ends_s - self._clock.monotonic()

    def start(self, holder: ILeaseHolder) -> Deferred[None]:
        """Acquire the lease, and begin to renew it; see `ILease.start`."""
        self._holder = holder
        return Deferred.fromCoroutine(self._acquire())

    def stop(self) -> Deferred[None]:
        """Give the lease up; see `ILease.stop`."""
        self._stopped = True
        for call in (self._next, self._end):
            if call is not None and call.active():
                call.cancel()
        self._renewing.cancel()
        self._orphans.stop()
        if self._held_until is None:
            return succeed(None)
        self._held_until = None
        return self._leases.release_lease().addErrback(lambda failure: failure.trap(StoreUnavailable))

    async def _acquire(self) -> None:
        sent_s = self._clock.monotonic()
        await self._leases.acquire_lease(self._entropy(16).hex(), for_ms=round(self._lease_s * 1000))
        self._hold(sent_s)
        self._later(self._lease_s / RENEWALS)
        self._orphans.start(self._holder)

    def _hold(self, sent_s: float) -> None:
        self._why = ""
        self._ends_s = sent_s + self._lease_s
        self._held_until = self._ends_s - min(MARGIN_S, self._lease_s / RENEWALS)
        if self._end is not None and self._end.active():
            self._end.cancel()
        self._end = self._clock.later(self._held_until - self._clock.monotonic(), self._ended)

    def _ended(self) -> None:
        if self._held_until is not None:
            log.warn("the lease of this node was not renewed in time; its rooms wait{why}", why=self._why)
            self._holder.lease_ended()

    def _later(self, delay_s: float) -> None:
        if not self._stopped:
            self._next = self._clock.later(delay_s, self._renew)

    def _renew(self) -> None:
        self._renewing = Deferred.fromCoroutine(self._look()).addErrback(self._not_renewed)

    async def _look(self) -> None:
        sent_s = self._clock.monotonic()
        renewal = await self._leases.renew_lease(for_ms=round(self._lease_s * 1000))
        if renewal is LeaseRenewal.TAKEN:
            self._held_until = None
            log.critical(
                "another process runs as this node, with a copy of its data folder; this one serves no room any more."
                " Stop one of the two, delete the file node in the copied folder, and start both"
            )
            self._holder.lease_lost()
            return
        if renewal is LeaseRenewal.LAPSED:
            self._looked = False
        if not self._looked:
            # If this fails, the next renewal will find no gap: `_looked` keeps in mind that the rooms must be checked.
            await self._holder.lease_regained()
            self._looked = True
        self._hold(sent_s)
        self._later(self._lease_s / RENEWALS)
        if self.held:
            self._holder.lease_held()

    def _not_renewed(self, failure: Failure) -> Any:
        if failure.check(CancelledError) and self._stopped:
            return
        if not failure.check(StoreUnavailable):
            log.failure("the lease of this node cannot be renewed", failure)
        self._why = f": {failure.getErrorMessage()}"
        self._later(RETRY_S)
