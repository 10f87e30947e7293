"""A store in memory that several nodes share: the fake of a Redis with its leases, under the same contracts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import ceil
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace
from twisted.internet.defer import Deferred
from zope.interface import implementer

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import (
    BUSY,
    BookChange,
    Commit,
    Heir,
    ILeases,
    INews,
    IShownRooms,
    LeaseRenewal,
    Located,
    OtherNodes,
    Outcome,
    Shown,
    Stored,
    StoreTime,
)
from gameserver.store import keys
from gameserver.store.memory.asleep import SleepBook
from gameserver.store.memory.store import MemoryStore

RUNNING_MS: Final = 3000
"""A node with a lease that has beaten no longer ago is running."""


class Shared:
    """
    What all nodes see.

    :param seconds: time as the store counts it.
    """

    def __init__(self, seconds: Callable[[], float]) -> None:
        self.seconds = seconds
        self.rooms: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.claimed: dict[str, str] = {}  # by which node a code was claimed last
        self.books: dict[str, dict[str, bytes]] = {}
        self.owners: dict[str, str] = {}
        self.waiting: set[str] = set()  # rooms that their owners were given and did not open yet
        self.games: dict[str, dict[str, int]] = {}
        self.about: dict[str, dict[str, str]] = {}
        self.draining: set[str] = set()
        self.to_drain: set[str] = set()
        self.lengths: dict[str, int] = {}
        self.shown: dict[str, tuple[str, Shown]] = {}
        self.nodes: set[str] = set()
        self.leases: dict[str, tuple[str, float]] = {}
        self.beats: dict[str, int] = {}
        self.sleep = SleepBook()
        self.done: dict[str, tuple[str, float]] = {}
        self.news: list[tuple[str, BookChange]] = []
        self.forgotten_news = 0

    def token(self, node: str) -> str | None:
        """The token of a node's lease, if it holds one."""
        token, _ = self.leases.get(node, ("", 0.0))
        return token if self.left_s(node) else None

    def is_silent(self, node: str) -> bool:
        """Whether a node missed a renewal of its lease."""
        return self.left_s(node) * 2000 < self.lengths.get(node, 0)

    def load(self, node: str) -> int:
        """How busy a node says that it is."""
        return int(self.about.get(node, {}).get("load", 0))

    def left_s(self, node: str) -> float:
        """What is left of a node's lease, or 0."""
        _, until = self.leases.get(node, ("", 0.0))
        return max(0.0, until - self.seconds())


@implementer(ILeases, INews, IShownRooms)
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
        self._now_ms: int | None = None
        self._rooms = shared.rooms
        self._claims = shared.claims
        self._books = shared.books
        self._sleep = shared.sleep

    def write_book(self, book: str, puts: Mapping[str, bytes], drops: Sequence[str] = ()) -> Deferred[None]:
        """Write, and let others know."""

        def tell(result: None) -> None:
            if keys.is_news(book):
                self._shared.news.append((self._node, BookChange(book=book, puts=dict(puts), drops=list(drops))))

        return super().write_book(book, puts, drops).addCallback(tell)

    def last_news(self) -> Deferred[str]:
        """Where the list ends."""
        return self._ask(lambda: str(len(self._shared.news)))

    def news_since(self, place: str) -> Deferred[Any]:
        """What others wrote since."""

        def read() -> Any:
            if int(place) < self._shared.forgotten_news:
                return None
            some = self._shared.news[int(place) :]
            return str(int(place) + len(some)), [change for node, change in some if node != self._node]

        return self._ask(read)

    def tell_news(self, change: BookChange) -> Deferred[None]:
        """Let others know."""
        return self._ask(lambda: self._shared.news.append((self._node, change)))

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
        self._shared.lengths[self._node] = for_ms

        def work() -> None:
            self._lease(for_ms)
            self._shared.draining.discard(self._node)
            self._shared.to_drain.discard(self._node)
            mine = [room for room, owner in self._shared.owners.items() if owner == self._node]
            self._shared.waiting.update(mine)
            for room in mine:
                self._ran(room)

        return self._ask(work)

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

    def others(self) -> Deferred[OtherNodes]:
        """See `ILeases.others`."""

        def work() -> OtherNodes:
            shared = self._shared
            left_s = {node: shared.left_s(node) for node in shared.nodes if node != self._node}
            return OtherNodes(
                {node: ceil(left * 1000) for node, left in left_s.items()},
                any(left for node, left in left_s.items() if node in shared.draining),
                any(shared.owners.get(id_) == self._node for id_ in shared.waiting),
                self._node in shared.to_drain,
            )

        return self._ask(work)

    def ask_to_drain(self, node: str) -> Deferred[bool]:
        """See `ILeases.ask_to_drain`."""

        def work() -> bool:
            shared = self._shared
            names = {node, *(id_ for id_, about in shared.about.items() if about.get("name") == node)}
            found = {name for name in names if shared.token(name) is not None}
            shared.to_drain |= found
            return bool(found)

        return self._ask(work)

    def orphaned(self) -> Deferred[list[str]]:
        """See `ILeases.orphaned`."""
        return self._ask(lambda: [node for node in sorted(self._shared.nodes) if self._shared.token(node) is None])

    def forget_nodes(self, nodes: Sequence[str]) -> Deferred[None]:
        """See `ILeases.forget_nodes`."""

        def work() -> None:
            having = set(self._shared.owners.values())
            self._shared.nodes.difference_update(node for node in nodes if node not in having)

        return self._ask(work)

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
                    self._shared.waiting.discard(id_)

        return self._ask(work)

    def show_rooms(self, rooms: Sequence[Shown], gone: Sequence[tuple[str, str]]) -> Deferred[None]:
        """See `IShownRooms.show_rooms`."""

        def work() -> None:
            self._shared.shown.update((room.room, (self._node, room)) for room in rooms)
            for id_, _ in gone:
                if self._shared.shown.get(id_, ("", None))[0] == self._node:
                    del self._shared.shown[id_]

        return self._ask(work)

    def shown_rooms(self, game: str | None, *, open_only: bool, limit: int) -> Deferred[list[Shown]]:
        """See `IShownRooms.shown_rooms`."""

        def work() -> list[Shown]:
            theirs = [
                replace(room, is_busy=self._shared.load(node) >= BUSY or node in self._shared.draining)
                for node, room in self._shared.shown.values()
                if node != self._node
            ]
            wanted = [
                room
                for room in theirs
                if room.room in self._shared.rooms and game in (None, room.game) and (room.is_open or not open_only)
            ]
            return sorted(wanted, key=lambda room: room.created_ms, reverse=not open_only)[:limit]

        return self._ask(work)

    def describe_node(
        self, games: Mapping[str, int], *, draining: bool, about: Mapping[str, str] = MappingProxyType({})
    ) -> Deferred[None]:
        """See `ILeases.describe_node`."""

        def work() -> None:
            self._shared.games[self._node] = dict(games)
            self._shared.about.setdefault(self._node, {}).update(about)
            if draining:
                self._shared.draining.add(self._node)
            else:
                self._shared.draining.discard(self._node)

        return self._ask(work)

    def claim_rooms(self, games: Mapping[str, int], *, most: int, fair: bool) -> Deferred[tuple[list[str], int]]:
        """See `ILeases.claim_rooms`."""

        def work() -> tuple[list[str], int]:
            self._check()
            shared = self._shared
            orphans = [room for room, owner in shared.owners.items() if shared.token(owner) is None]
            wanted = [id_ for id_ in orphans if self._can_run(id_, games)]
            count = min(most, self._share(len(orphans))) if fair else most
            for id_ in wanted[:count]:
                self._ran(id_)
                shared.owners[id_] = self._node
                shared.waiting.add(id_)
            return wanted[:count], len(wanted[count:])

        return self._ask(work)

    def waiting_rooms(self) -> Deferred[list[str]]:
        """See `ILeases.waiting_rooms`."""
        owners = self._shared.owners
        return self._ask(lambda: [id_ for id_ in sorted(self._shared.waiting) if owners.get(id_) == self._node])

    def heirs(self) -> Deferred[list[Heir]]:
        """See `ILeases.heirs`."""
        shared = self._shared

        def work() -> list[Heir]:
            return [
                Heir(
                    node,
                    self._count(node),
                    shared.games.get(node, {}),
                    shared.about.get(node, {}).get("url"),
                    shared.load(node),
                )
                for node in self._live()
                if node != self._node
            ]

        return self._ask(work)

    def hand_over(self, ids: Sequence[str], *, to: str) -> Deferred[list[str]]:
        """See `ILeases.hand_over`."""

        def work() -> list[str]:
            self._check()
            if self._shared.token(to) is None:
                raise StoreUnavailable("the heir has no lease")
            owners = self._shared.owners
            for id_ in ids:
                if owners.get(id_) == self._node:
                    self._ran(id_)
                    owners[id_] = to
                    self._shared.waiting.add(id_)
            return [id_ for id_ in ids if owners.get(id_) == to]

        return self._ask(work)

    def _live(self) -> list[str]:
        """The nodes that renew their lease and take rooms."""
        shared = self._shared
        taking = sorted(shared.nodes - shared.draining)
        return [node for node in taking if shared.token(node) is not None and not shared.is_silent(node)]

    def _count(self, node: str) -> int:
        return sum(owner == node for owner in self._shared.owners.values())

    def _share(self, orphans: int) -> int:
        """How many this node may have, if each in turn goes to the emptiest."""
        live = {*self._live(), self._node}
        idle = {node for node in live if self._shared.load(node) < BUSY}
        full = {node: self._count(node) for node in idle or live}
        if self._node not in full:
            return 0
        before = full[self._node]
        for _ in range(orphans):
            full[min(sorted(full), key=lambda node: full[node])] += 1
        return max(max(full.values()) - before, 0)

    def _can_run(self, room: str, games: Mapping[str, int]) -> bool:
        game = self._rooms[room].game
        had = self._shared.games.get(self._shared.owners[room], {})
        return game in games and games[game] >= had.get(game, 0)

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

    def read_rooms(self, ids: Sequence[str]) -> Deferred[list[Stored]]:
        """See `IRoomReader.read_rooms`."""
        return super().read_rooms([id_ for id_ in ids if not self._is_of_other(id_)])

    def _newest_beat_ms(self) -> int:
        beats = self._shared.beats
        newest_ms = max(beats.values(), default=0)
        others = any(self._shared.token(node) is not None for node in beats if node != self._node)
        now_ms = newest_ms if self._now_ms is None else self._now_ms
        return now_ms if others and now_ms - newest_ms <= RUNNING_MS else newest_ms

    def begin_time(self, *, now_ms: int) -> Deferred[StoreTime]:
        """See `ISleepStore.begin_time`."""
        self._now_ms = now_ms
        return super().begin_time(now_ms=now_ms)

    def awake_ids(self) -> Deferred[list[str]]:
        """See `ISleepStore.awake_ids`."""
        return super().awake_ids().addCallback(lambda ids: [id_ for id_ in ids if id_ not in self._shared.owners])

    def step_time(self, delta_ms: int, *, now_ms: int) -> Deferred[StoreTime]:
        """See `ISleepStore.step_time`: the clock of this store is never set."""
        return self._ask(lambda: self._sleep.time)

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

    def claim_code(self, code: str, room: str, *, now_ms: int) -> Deferred[bool]:
        """See `IStore.claim_code`."""

        def note(is_claimed: bool) -> bool:
            if is_claimed:
                self._shared.claimed[code] = self._node
            return is_claimed

        return super().claim_code(code, room, now_ms=now_ms).addCallback(note)

    def _located(self, code: str) -> Located | None:
        located = super()._located(code)
        claim, owner = self._claims.get(code), self._shared.claimed.get(code, "")
        if located is not None:
            owner = self._shared.owners.get(located.room, self._node)
            if not self._is_of_other(located.room):
                return replace(located, orphaned=owner != self._node)
        elif claim is not None and claim.free_at_ms is None and owner != self._node and self._shared.token(owner):
            located = Located(room=claim.room, code=code, game="")
        else:
            return None
        left_s = self._shared.leases[owner][1] - self._shared.seconds()
        url, silent = self._shared.about.get(owner, {}).get("url"), self._shared.is_silent(owner)
        return replace(located, node=owner, lease_ms=round(left_s * 1000), url=url, silent=silent)

    def _commit(self, commit: Commit, now_ms: int) -> Outcome:
        if self._is_of_other(commit.room):
            return Outcome.FENCED
        return super()._commit(commit, now_ms)

    def _write(self, commit: Commit, now_ms: int) -> None:
        super()._write(commit, now_ms)
        if commit.ends or commit.sleeps is not None:
            self._shared.owners.pop(commit.room, None)
            self._shared.waiting.discard(commit.room)
        else:
            self._shared.owners[commit.room] = self._node

    def _take_over(self, room_id: str) -> Stored:
        if self._shared.owners.get(room_id) != self._node:
            self._ran(room_id)
        self._shared.owners[room_id] = self._node
        self._shared.waiting.discard(room_id)
        return super()._take_over(room_id)

    def _ran(self, room_id: str) -> None:
        """Note in a room that its node ran until that node's last beat."""
        room, beat_ms = self._rooms[room_id], self._shared.beats.get(self._shared.owners.get(room_id, ""), 0)
        room.at_ms = max(room.at_ms, beat_ms)
