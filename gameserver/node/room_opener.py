"""How a node opens rooms of the store: each only once at a time, however many ask for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Container, Sequence
from typing import TYPE_CHECKING, Final, cast

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gameserver.errors import Refused
from gameserver.interfaces import Commit, ILeases

if TYPE_CHECKING:
    from gameserver.interfaces import IClock, IStore, Stored

OPENED: Final = 100
"""How many rooms are read from the store together at most; in between the node serves the rooms that it has."""
LONG_S: Final = 0.05
"""How long the node may spend on opening rooms before it serves others; if reading takes longer, fewer are read."""
WAITING: Final = 10_000
"""How many may wait at a time for rooms that are being opened."""
OPENING_RETRY_MS: Final = 1000
"""After how long those who could not wait for a room that is being opened may ask again."""


class RoomOpener:
    """
    Opens rooms of the store. Two openings of the same room would fence each other, so the second waits for the first.

    :param here: the ids of the rooms that are here.
    :param reopen: runs a stored room from now on, and says whether it can be run; one that cannot is released, so that
        another node may try, if there are others.
    :param closed: whether no more rooms are opened here.
    :ivar before: awaited before rooms are opened, to learn what others have noted of them; None: there is nothing.
    :ivar unusable: the ids of rooms that cannot be run here, and are left to other nodes.
    """

    def __init__(
        self,
        store: IStore,
        clock: IClock,
        here: Container[str],
        reopen: Callable[[Stored], bool],
        closed: Callable[[], bool],
    ) -> None:
        self._store = store
        self._clock = clock
        self._closed = closed
        self._at_once = OPENED // 4
        self._here = here
        self._reopen = reopen
        self._under_way: dict[str, list[Deferred[None]]] = {}
        self._leaving: set[str] = set()
        self._waiting = 0
        self.before: Callable[[], Awaitable[None]] | None = None
        self.unusable: set[str] = set()

    async def open(self, ids: Sequence[str]) -> None:
        """
        Open rooms that are neither here nor being opened, some at a time; wait also for those that are being opened.

        :raises StoreUnavailable: whether they were opened is not known.
        """
        first = 0
        while first < len(ids) and not self._closed():
            some = ids[first : first + self._at_once]
            first += len(some)
            mine = [id for id in some if id not in self._here and id not in self._under_way]
            others = [id for id in some if id in self._under_way]
            if mine:
                await self._open(mine)
            for id in others:
                await self.wait(id)

    async def wait(self, id: str) -> None:
        """
        Wait for a room that is being opened, or have it opened. Giving up the wait does not stop the opening.

        :raises Refused: ``busy``: too many wait.
        :raises StoreUnavailable: whether it was opened is not known.
        """
        if id in self._here:
            return
        if self._waiting >= WAITING:
            raise Refused(code="busy", retry_ms=OPENING_RETRY_MS)
        if id not in self._under_way:
            Deferred.fromCoroutine(self._open([id])).addErrback(lambda _: None)  # those who wait get the failure
        waiters = self._under_way.get(id)
        if waiters is None:
            return  # the store has answered at once
        done: Deferred[None] = Deferred()
        waiters.append(done)
        self._waiting += 1
        try:
            await done
        finally:
            self._waiting -= 1

    async def _open(self, ids: list[str]) -> None:
        self._under_way.update((id, []) for id in ids)
        try:
            if self.before is not None:
                await self.before()
            began_s = self._clock.monotonic()
            opened = await self._store.open_rooms(ids)
            self._pace(len(ids), self._clock.monotonic() - began_s)
            can_run = await self._run(opened)
            unusable = [id for id, can in can_run.items() if not can]
            self.unusable.difference_update(can_run)
            if unusable and ILeases.providedBy(self._store):
                self.unusable.update(unusable)
                await self._put_back([stored for stored in opened if stored.room in unusable])
                await cast(ILeases, self._store).release_rooms(unusable)
        except Exception:
            self._end(ids, Failure())
            raise
        self._end(ids, None)

    async def _put_back(self, opened: Sequence[Stored]) -> None:
        """Put back to sleep those of these rooms that slept: a node that can run them wakes them when they are due."""
        commits = [
            Commit(
                room=stored.room,
                code=stored.code,
                game=stored.game,
                fence=stored.fence,
                version=stored.version + 1,
                puts={},
                sleeps=stored.slept.asleep,
            )
            for stored in opened
            if stored.slept is not None
        ]
        if commits:
            await self._store.commit(commits, now_ms=round(self._clock.now() * 1000))

    async def _run(self, opened: Sequence[Stored]) -> dict[str, bool]:
        """
        Run rooms, and let others be served in between.

        :returns: for each room's id whether it can be run here.
        """
        can_run: dict[str, bool] = {}
        began_s = self._clock.monotonic()
        for stored in opened:
            if self._clock.monotonic() - began_s > LONG_S:
                await pause(self._clock)
                began_s = self._clock.monotonic()
            if self._closed():
                break  # the rooms left belong to this node, and are opened at its next start
            can_run[stored.room] = self._reopen(stored)
        return can_run

    def _pace(self, count: int, took_s: float) -> None:
        if took_s > 2 * LONG_S:
            self._at_once = max(1, min(self._at_once, count) // 2)
        elif took_s < LONG_S and count >= self._at_once:
            self._at_once = min(OPENED, 2 * self._at_once)

    def leave(self, id: str) -> None:
        """A room is being put to sleep: whoever asks for it waits until the store has it, and then opens it."""
        self._under_way[id] = []
        self._leaving.add(id)

    def left(self, id: str) -> None:
        """The room of `leave` is in the store, or is lost: those who wait for it go on."""
        if id in self._leaving:
            self._leaving.discard(id)
            self._end([id], None)

    def _end(self, ids: list[str], failure: Failure | None) -> None:
        for done in [done for id in ids for done in self._under_way.pop(id)]:
            if failure is None:
                done.callback(None)
            else:
                done.errback(failure)


def pause(clock: IClock, delay_s: float = 0) -> Deferred[None]:
    """
    Let others be served.

    :returns: fires after ``delay_s``.
    """
    done: Deferred[None] = Deferred(lambda _: call.cancel())
    call = clock.later(delay_s, done.callback, None)
    return done
