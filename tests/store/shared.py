"""A store in memory that several nodes share: the fake of a Redis with its leases, under the same contracts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Commit, ILeases, LeaseRenewal, Outcome, Stored
from gameserver.store.memory.store import MemoryStore


class Shared:
    """
    What all nodes see.

    :param seconds: time as the store counts it.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self.seconds = seconds
        self.rooms: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.books: dict[str, dict[str, bytes]] = {}
        self.owners: dict[str, str] = {}
        self.nodes: set[str] = set()
        self.leases: dict[str, tuple[str, float]] = {}
        self.beats: dict[str, int] = {}
        self.done: dict[str, tuple[str, float]] = {}

    def token(self, node: str) -> str | None:
        """The token of a node's lease, if it holds one."""
        token, until = self.leases.get(node, ("", 0.0))
        return token if self.seconds() < until else None


@implementer(ILeases)
class SharedStore(MemoryStore):
    """
    One node's way to it.

    :param away: while set every call fails, and nothing is done.
    """

    def __init__(self, shared: Shared, node: str) -> None:
        super().__init__()
        self._shared = shared
        self._node = node
        self._token = ""
        self._connections = 0
        self._renewed_over = 0
        self._rooms = shared.rooms
        self._claims = shared.claims
        self._books = shared.books

    def reconnect(self) -> None:
        """The connection is another: what the store had may be lost."""
        self._connections += 1

    def start(self) -> Deferred[None]:
        """Begin; what this node beat last is remembered."""
        self._beat_ms = self._shared.beats.get(self._node)
        return super().start()

    def acquire_lease(self, token: str, *, for_ms: int) -> Deferred[None]:
        """See `ILeases.acquire_lease`."""
        self._token = token
        self._renewed_over = self._connections
        return self._ask(lambda: self._lease(for_ms))

    def renew_lease(self, *, for_ms: int) -> Deferred[LeaseRenewal]:
        """See `ILeases.renew_lease`."""

        def work() -> LeaseRenewal:
            token = self._shared.token(self._node)
            if token not in (None, self._token):
                return LeaseRenewal.TAKEN
            self._lease(for_ms)
            over, self._renewed_over = self._renewed_over, self._connections
            return LeaseRenewal.KEPT if token is not None and over == self._connections else LeaseRenewal.LAPSED

        return self._ask(work)

    def release_lease(self) -> Deferred[None]:
        """See `ILeases.release_lease`."""

        def work() -> None:
            if self._shared.token(self._node) == self._token:
                del self._shared.leases[self._node]

        return self._ask(work)

    def orphaned(self) -> Deferred[list[str]]:
        """See `ILeases.orphaned`."""
        return self._ask(lambda: [node for node in sorted(self._shared.nodes) if self._shared.token(node) is None])

    def forget_nodes(self, nodes: Sequence[str]) -> Deferred[None]:
        """See `ILeases.forget_nodes`."""
        return self._ask(lambda: self._shared.nodes.difference_update(nodes))

    def fences(self, ids: Sequence[str]) -> Deferred[list[tuple[int, int] | None]]:
        """See `ILeases.fences`."""
        found = self._shared.rooms.get
        return self._ask(lambda: [(room.fence, room.version) if (room := found(id_)) else None for id_ in ids])

    def once(self, name: str, *, by: str, for_ms: int) -> Deferred[bool]:
        """See `ILeases.once`."""

        def work() -> bool:
            now_s, done = self._shared.seconds(), self._shared.done
            first, until_s = done.get(name, ("", 0.0))
            if until_s > now_s:
                return first == by
            done[name] = by, now_s + for_ms / 1000
            return True

        return self._ask(work)

    def release_rooms(self, ids: Sequence[str]) -> Deferred[None]:
        """See `ILeases.release_rooms`."""

        def work() -> None:
            for id_ in ids:
                if self._shared.owners.get(id_) == self._node:
                    del self._shared.owners[id_]

        return self._ask(work)

    def commit(self, commits: Sequence[Commit], *, now_ms: int) -> Deferred[list[Outcome]]:
        """See `IStore.commit`."""

        def work() -> list[Outcome]:
            self._check()
            self._beat_ms = self._shared.beats[self._node] = now_ms
            return [self._commit(commit, now_ms) for commit in commits]

        return self._ask(work)

    def beat(self, *, now_ms: int) -> Deferred[None]:
        """See `IStore.beat`."""
        return self.commit([], now_ms=now_ms).addCallback(lambda _: None)

    def open_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """See `IStore.open_rooms`."""

        def work() -> list[Stored]:
            self._check()
            free = [id_ for id_ in dict.fromkeys(ids) if id_ in self._rooms and not self._is_of_other(id_)]
            return [self._take_over(id_) for id_ in free]

        return self._ask(work)

    def _answer(self, work: Callable[[], Any], done: Deferred[Any]) -> None:
        try:
            super()._answer(work, done)
        except StoreUnavailable as error:
            done.errback(error)

    def _lease(self, for_ms: int) -> None:
        self._shared.leases[self._node] = (self._token, self._shared.seconds() + for_ms / 1000)
        self._shared.nodes.add(self._node)

    def _check(self) -> None:
        if self._token and self._shared.token(self._node) != self._token:
            raise StoreUnavailable("this node's lease has ended")

    def _is_of_other(self, room: str) -> bool:
        owner = self._shared.owners.get(room, self._node)
        return owner != self._node and self._shared.token(owner) is not None

    def _commit(self, commit: Commit, now_ms: int) -> Outcome:
        if self._is_of_other(commit.room):
            return Outcome.FENCED
        return super()._commit(commit, now_ms)

    def _write(self, commit: Commit, now_ms: int) -> None:
        super()._write(commit, now_ms)
        if commit.ends:
            self._shared.owners.pop(commit.room, None)
        else:
            self._shared.owners[commit.room] = self._node

    def _take_over(self, room_id: str) -> Stored:
        beat_ms = self._shared.beats.get(self._shared.owners.get(room_id, ""), 0)
        self._shared.owners[room_id] = self._node
        stored = super()._take_over(room_id)
        room = self._rooms[room_id]
        room.at_ms = max(stored.at_ms, beat_ms)
        return Stored(
            room=room_id,
            code=stored.code,
            game=stored.game,
            fence=stored.fence,
            version=stored.version,
            at_ms=room.at_ms,
            parts=stored.parts,
        )
