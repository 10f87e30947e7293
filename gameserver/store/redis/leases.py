"""What nodes share in Redis: their leases, what they know of each other, and the rooms that go from one to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import BUSY, Heir, LeaseRenewal, OtherNodes
from gameserver.store import keys
from gameserver.store.redis import claim_scripts, lease_scripts, scripts

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from gameserver.store.redis.connection import RedisConnection


class RedisLeases:
    """The part of a `RedisStore` that provides `ILeases`."""

    _node: scripts.LeaseHolder
    _renewed_over: int
    _for_ms: int
    _link: RedisConnection

    def _ask(
        self, script: scripts.Script, named: Sequence[str], args: Sequence[str | int | bytes] = ()
    ) -> Deferred[Any]:
        raise NotImplementedError

    def acquire_lease(self, token: str, *, for_ms: int) -> Deferred[None]:
        """Take this node's lease, even if another process has it; see `ILeases.acquire_lease`."""
        self._node = scripts.LeaseHolder(self._node.name, token)
        self._for_ms = for_ms
        self._renewed_over = self._link.connections
        named, args = self._lease(for_ms)
        more = [keys.has_key(self._node.name), keys.node_key(self._node.name), keys.ROOMS_KEY, keys.META_KEY]
        args += [*keys.room_key("\0").split("\0"), self._node.beat_field]
        return self._ask(claim_scripts.ACQUIRE, [*named, *more], args).addCallback(_nothing)

    def renew_lease(self, *, for_ms: int) -> Deferred[LeaseRenewal]:
        """
        Renew the lease, and say whether it was held without a gap; see `ILeases.renew_lease`.

        Also ``LAPSED`` if the connection was made anew since the last renewal: Redis may have lost something.
        """
        connections = self._link.connections

        def renewed(reply: bytes) -> LeaseRenewal:
            over, self._renewed_over = self._renewed_over, connections
            renewal = LeaseRenewal(reply.decode())
            return LeaseRenewal.LAPSED if renewal is LeaseRenewal.KEPT and over != connections else renewal

        return self._ask(lease_scripts.RENEW, *self._lease(for_ms)).addCallback(renewed)

    def release_lease(self) -> Deferred[None]:
        """End this node's lease, if this process still has it; see `ILeases.release_lease`."""
        return self._ask(lease_scripts.RELEASE, [keys.lease_key(self._node.name)], [self._node.token]).addCallback(
            _nothing
        )

    def others(self) -> Deferred[OtherNodes]:
        """Look at the leases of other nodes, and at what concerns this one; see `ILeases.others`."""
        mine = self._node.name

        def seen(packed: bytes) -> OtherNodes:
            given, drain, draining, *items = _texts(packed)
            ends = dict(zip(items[::2], map(int, items[1::2]), strict=True))
            return OtherNodes(ends, bool(draining), bool(given), bool(drain))

        named = [keys.NODES_KEY, keys.has_key(mine), keys.node_key(mine)]
        return self._ask(claim_scripts.OTHERS, named, [mine, keys.LEASE_PREFIX, keys.NODE_PREFIX]).addCallback(seen)

    def ask_to_drain(self, node: str) -> Deferred[bool]:
        """Have a node hand its rooms over and stop; see `ILeases.ask_to_drain`."""
        asked = self._ask(claim_scripts.ASK_TO_DRAIN, [keys.NODES_KEY], [node, keys.LEASE_PREFIX, keys.NODE_PREFIX])
        return asked.addCallback(bool)

    def orphaned(self) -> Deferred[list[str]]:
        """Return the nodes without a lease that may have left rooms behind; see `ILeases.orphaned`."""
        found = self._ask(lease_scripts.ORPHANED, [keys.NODES_KEY], [keys.LEASE_PREFIX])
        return found.addCallback(lambda reply: [node.decode() for node in scripts.unpacked(reply)])

    def forget_nodes(self, nodes: Sequence[str]) -> Deferred[None]:
        """Forget nodes that are gone and whose rooms were taken over; see `ILeases.forget_nodes`."""
        kinds = (keys.lease_key, keys.claims_key, keys.has_key, keys.node_key)
        theirs = [kind(node) for node in nodes for kind in kinds]
        args = [keys.CODE_PREFIX, self._node.beat_field, keys.BEAT_PREFIX, *nodes]
        return self._ask(lease_scripts.FORGET, [keys.NODES_KEY, keys.META_KEY, *theirs], args).addCallback(_nothing)

    def fences(self, ids: Sequence[str]) -> Deferred[list[tuple[int, int] | None]]:
        """Return fence and version of each of these rooms, None where there is no such room; see `ILeases.fences`."""
        return self._ask(lease_scripts.FENCES, [keys.room_key(id_) for id_ in ids]).addCallback(_fences)

    def release_rooms(self, ids: Sequence[str]) -> Deferred[None]:
        """Give rooms up, so that any node may open them; see `ILeases.release_rooms`."""
        theirs = [keys.has_key(self._node.name), *map(keys.room_key, ids)]
        return self._ask(lease_scripts.RELEASE_ROOMS, theirs, [self._node.name, *ids]).addCallback(_nothing)

    def once(self, name: str, *, by: str, for_ms: int) -> Deferred[bool]:
        """Ask to be the one node that does something; see `ILeases.once`."""
        return self._ask(lease_scripts.ONCE, [keys.once_key(name)], [by, for_ms]).addCallback(bool)

    def describe_node(
        self, games: Mapping[str, int], *, draining: bool, about: Mapping[str, str] = MappingProxyType({})
    ) -> Deferred[None]:
        """Tell other nodes what this one can run; see `ILeases.describe_node`."""
        fields: list[str | int | bytes] = [msgspec.json.encode(dict(games)), int(draining)]
        fields += ["lease_ms", self._for_ms]
        fields += [word for field in about.items() for word in field]
        return self._ask(claim_scripts.DESCRIBE, [keys.node_key(self._node.name)], fields).addCallback(_nothing)

    def claim_rooms(self, games: Mapping[str, int], *, most: int, fair: bool) -> Deferred[tuple[list[str], int]]:
        """Take rooms of nodes that hold no lease; see `ILeases.claim_rooms`."""
        node = self._node
        mine = [keys.lease_key(node.name), keys.NODES_KEY, keys.has_key(node.name)]
        named = [*mine, keys.DUE_KEY, keys.ROOMS_KEY, keys.META_KEY]
        prefixes = (keys.LEASE_PREFIX, keys.HAS_PREFIX, keys.NODE_PREFIX, keys.ROOM_PREFIX)
        args: list[str | int | bytes] = [
            node.name,
            node.token,
            *prefixes,
            most,
            int(fair),
            msgspec.json.encode(dict(games)),
            BUSY,
            keys.BEAT_PREFIX,
        ]

        def claimed(packed: bytes | None) -> tuple[list[str], int]:
            more, *ids = scripts.unpacked(_held(packed))
            return [id.decode() for id in ids], int(more)

        return self._ask(claim_scripts.CLAIM, named, args).addCallback(claimed)

    def waiting_rooms(self) -> Deferred[list[str]]:
        """Return the rooms that this node has and has not opened; see `ILeases.waiting_rooms`."""
        return self._ask(claim_scripts.WAITING, [keys.has_key(self._node.name)]).addCallback(_texts)

    def heirs(self) -> Deferred[list[Heir]]:
        """Return the nodes that may be given rooms; see `ILeases.heirs`."""

        def found(packed: bytes) -> list[Heir]:
            items = list(scripts.unpacked(packed))
            each = zip(items[::5], items[1::5], items[2::5], items[3::5], items[4::5], strict=True)
            return [
                Heir(node.decode(), int(rooms), msgspec.json.decode(games), url.decode() or None, int(load))
                for node, rooms, games, url, load in each
            ]

        prefixes = (keys.LEASE_PREFIX, keys.HAS_PREFIX, keys.NODE_PREFIX)
        return self._ask(claim_scripts.HEIRS, [keys.NODES_KEY], [self._node.name, *prefixes]).addCallback(found)

    def hand_over(self, ids: Sequence[str], *, to: str) -> Deferred[list[str]]:
        """Give rooms to another node; see `ILeases.hand_over`."""
        mine = self._node.name
        named = [keys.lease_key(mine), keys.lease_key(to), keys.has_key(mine), keys.has_key(to), keys.META_KEY]
        args = [mine, self._node.token, to, self._node.beat_field, *ids]
        given = self._ask(claim_scripts.HAND_OVER, [*named, *map(keys.room_key, ids)], args)
        return given.addCallback(lambda packed: _texts(_held(packed)))

    def _lease(self, for_ms: int) -> tuple[list[str], list[str | int]]:
        """:returns: the keys and arguments of a script for this node's lease."""
        node = self._node
        return [keys.lease_key(node.name), keys.NODES_KEY], [node.name, node.token, for_ms]


def _nothing(_: object) -> None:
    return None


def _held(packed: bytes | None) -> bytes:
    """
    :returns: what a script returned.
    :raises StoreUnavailable: it found that a lease is not held.
    """
    if packed is None:
        raise StoreUnavailable("this node's lease has ended, or that of the node that it wanted to give rooms to")
    return packed


def _texts(packed: bytes) -> list[str]:
    return [item.decode() for item in scripts.unpacked(packed)]


def _fences(packed: bytes) -> list[tuple[int, int] | None]:
    """Read what `lease_scripts.FENCES` returned."""
    items = list(scripts.unpacked(packed))
    found = zip(items[::2], items[1::2], strict=True)
    return [(int(fence), int(version)) if fence else None for fence, version in found]
