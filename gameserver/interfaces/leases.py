"""Which node may run a room: the leases of a store that nodes share, and a node's own as its rooms know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Final

from msgspec import Struct
from zope.interface import Attribute, Interface

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred


class LeaseRenewal(Enum):
    """
    What became of a lease.

    ``KEPT``: it was this node's without a gap, and the store was there all the time. ``LAPSED``: it is this node's
    again, but had ended, or the store may have lost something meanwhile: others may have taken rooms over, so look at
    each. ``TAKEN``: a later process of the same node has it, for good.
    """

    KEPT = "kept"
    LAPSED = "lapsed"
    TAKEN = "taken"


BUSY: Final = 80
"""Percent of a processor: a node that uses so much gets rooms only where no other will have them."""


class Heir(Struct, frozen=True):
    """
    A node that rooms may be handed over to.

    :ivar rooms: how many it has.
    :ivar games: by name the version of each game that it serves.
    :ivar url: where clients reach it; None: where they reach all.
    :ivar load: how much it uses, in percent of one processor; a node can use little more than one.
    """

    node: str
    rooms: int
    games: Mapping[str, int]
    url: str | None = None
    load: int = 0

    @property
    def is_busy(self) -> bool:
        """Whether others come first."""
        return self.load >= BUSY


class OtherNodes(Struct, frozen=True):
    """
    What a node sees of the others.

    :ivar lease_ends: of each other node that may have rooms the milliseconds that are left of its lease, at least 1; 0:
        it holds none.
    :ivar draining: one of them is about to stop, and may hand rooms over at any moment.
    :ivar given: this node has rooms that it did not open yet, see `ILeases.waiting_rooms`.
    :ivar drain: somebody wants this node to stop, see `ILeases.ask_to_drain`.
    """

    lease_ends: Mapping[str, int]
    draining: bool = False
    given: bool = False
    drain: bool = False


class ILeases(Interface):
    """
    What a store that nodes share has besides: each node's lease, its right to run rooms.

    The store knows its node's name; what the node opens and commits is under the lease that it acquired last, and
    fails with `StoreUnavailable` while that is not held. A room belongs to the node that opened or created it, for as
    long as that node holds a lease. All methods fail with `StoreUnavailable` where nothing is known of the outcome.
    """

    def acquire_lease(token: str, *, for_ms: int) -> Deferred[None]:
        """
        Take this node's lease, also from an earlier process of the same node.

        :param token: random; tells this process from others of the node.
        :param for_ms: how long it lasts from now, unless it is renewed.
        """

    def renew_lease(*, for_ms: int) -> Deferred[LeaseRenewal]:
        """Make the lease last for so long from now."""

    def release_lease() -> Deferred[None]:
        """End the lease at once: others may take the node's rooms over."""

    def others() -> Deferred[OtherNodes]:
        """Tell what the other nodes do, and what they want of this one."""

    def orphaned() -> Deferred[list[str]]:
        """Return the nodes without a lease that may have left rooms behind."""

    def forget_nodes(nodes: Sequence[str]) -> Deferred[None]:
        """Note that what these nodes left behind was dealt with; one that acquires a lease again is known again."""

    def fences(ids: Sequence[str]) -> Deferred[list[tuple[int, int] | None]]:
        """
        Tell how far the store is with these rooms.

        :returns: fence and version of each, in order; None where there is no such room.
        """

    def once(name: str, *, by: str, for_ms: int) -> Deferred[bool]:
        """
        Ask to be the one that does something.

        :param name: of what is to be done once.
        :param by: who asks, a random text. Whoever gets no answer asks again with the same, and gets the one that was
            lost.
        :param for_ms: how long it is remembered who was the first to ask.
        :returns: whether nobody else asked before.
        """

    def release_rooms(ids: Sequence[str]) -> Deferred[None]:
        """Let go of rooms that this node opened and cannot run: they belong to no node until one opens them."""

    def describe_node(games: Mapping[str, int], *, draining: bool, about: Mapping[str, str] = {}) -> Deferred[None]:
        """
        Tell other nodes what this one can run.

        :param games: by name the version of each game that is served.
        :param draining: it is about to stop: it is given no rooms.
        :param about: what else is to be known of it: ``name``, by which operators call it; ``url``, where clients reach
            it; ``release``, its version; ``load``, see `Heir`. What is left out stays as it was.
        """

    def claim_rooms(games: Mapping[str, int], *, most: int, fair: bool) -> Deferred[tuple[list[str], int]]:
        """
        Get rooms of nodes that hold no lease, at once and for this node alone; it opens them then.

        Rooms that are due come first. None is of a game that is not in ``games``, and none was run by a newer version.

        :param games: by name the version of each game that is served.
        :param most: so many at most.
        :param fair: no more than would make all nodes with a lease equally full; those that are busy get none, unless
            all are, nor do those that missed a renewal of their lease.
        :returns: their ids, and how many more there are that this node could have.
        :raises StoreUnavailable: this node has no lease, or the answer is lost: `waiting_rooms` has them then.
        """

    def waiting_rooms() -> Deferred[list[str]]:
        """
        Return the ids of the rooms that are this node's and that this process of it did not open yet.

        That is what it claimed, what it was handed, and what a process of it before had.
        """

    def heirs() -> Deferred[list[Heir]]:
        """Return the other nodes that hold a lease, missed no renewal of it, and are not about to stop."""

    def ask_to_drain(node: str) -> Deferred[bool]:
        """
        Ask a node to hand its rooms over and to stop; it sees that when it looks the next time, see `others`.

        :param node: its name in the store, or the one that its record has under ``name``.
        :returns: whether there is such a node with a lease.
        """

    def hand_over(ids: Sequence[str], *, to: str) -> Deferred[list[str]]:
        """
        Give rooms of this node to another one, which opens them: see `waiting_rooms`. Asked again, it does no harm.

        :param to: a node that holds a lease.
        :returns: the ids of those that are that node's now.
        :raises StoreUnavailable: nothing is known of it, or one of the two has no lease.
        """


class ILease(Interface):
    """A node's lease, as its rooms know it."""

    held = Attribute("Whether effects may go out: false from some seconds before its end on, by monotonic time.")
    left_s = Attribute(
        "Seconds for which others leave this node's rooms alone; 0 and less once they may run them. "
        "Its whole time where it was not had yet."
    )

    def start(holder: ILeaseHolder) -> Deferred[None]:
        """
        Acquire it, and keep it renewed.

        :raises StoreUnavailable: it cannot be acquired now.
        """

    def stop() -> Deferred[None]:
        """Release it; never fails."""


class ILeaseHolder(Interface):
    """What depends on a lease."""

    def lease_ended() -> None:
        """No effect from now on: the lease is not `ILease.held` any more. It may come back."""

    def lease_regained() -> Deferred[None]:
        """
        The lease lapsed, or the store may have lost something: look at each room. `ILease.held` as soon as this fires.

        :raises StoreUnavailable: that cannot be known yet; asked again later.
        """

    def lease_held() -> None:
        """It is held again: what waited for it may go on."""

    def lease_lost() -> None:
        """Another process is this node now, for good."""

    def drain_asked() -> None:
        """Somebody wants this node to hand its rooms over and to stop."""

    def adopt() -> Deferred[bool]:
        """
        Take over rooms that belong to nobody, and open those that this node was given.

        :returns: whether none was left that another node may be able to run.
        """
