"""
The end of each pass: every room that changed commits in one round trip, and what waited for that goes out.

All inputs that one pass of the reactor brings belong to one batch. While the store does not answer, the same commits
are tried again and again; while this node does not hold its lease, nothing is committed and nothing goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import Commit, IClock, ILease, IStore, Outcome
from gameserver.node.commit_state import LOST
from gameserver.node.delivery import let_go
from gameserver.node.reactor_pass import ReactorPass
from gameserver.node.runner import RoomRunner

RETRY_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
"""How long to wait before a store that did not answer is asked again; the last holds for all further tries."""

Commits = list[tuple[RoomRunner, Commit]]
"""What goes to the store together."""


class CommitBatch:
    """
    Collects what the rooms of one pass changed, commits it, and lets out what waited for that.

    :param lease: None where only this node uses the store.
    :param reactor_pass: at its end the batch is collected.
    :param rooms: gives the open rooms.
    :param changed: called for each room at the end of a pass in which it did something.
    :param ended: called for a room whose end is stored, or that ended without ever having been stored.
    :param lost: called for a room that does not belong to this node any more.
    :param slept: called for a room that sleeps in the store from now on.
    :ivar waiting: the rooms that have something to do at the end of this pass; always the same dict.
    """

    def __init__(
        self,
        store: IStore,
        clock: IClock,
        lease: ILease | None,
        reactor_pass: ReactorPass,
        *,
        rooms: Callable[[], Iterable[RoomRunner]],
        changed: Callable[[RoomRunner], None],
        ended: Callable[[RoomRunner], None],
        lost: Callable[[RoomRunner], None],
        slept: Callable[[RoomRunner], None],
    ) -> None:
        self._store = store
        self._clock = clock
        self._lease = lease
        self._pass = reactor_pass
        reactor_pass.rooms = self.end
        self._rooms = rooms
        self._on_changed = changed
        self._on_ended = ended
        self._on_lost = lost
        self._on_slept = slept
        self.waiting: dict[RoomRunner, None] = {}
        self._asked = False
        self._retrying = 0
        self._suspended = False
        self._late: list[Commits] = []
        self._settled: Deferred[None] | None = None

    def add(self, runner: RoomRunner) -> None:
        """This room has something to do at the end of the pass."""
        self.waiting[runner] = None
        if not self._asked:
            self._asked = True
            self._pass.ask()

    def discard(self, runner: RoomRunner) -> None:
        """This room has nothing to do after all."""
        self.waiting.pop(runner, None)
        runner.in_batch = False
        self._look()

    @property
    def is_over(self) -> bool:
        """Whether nothing waits for the end of this pass."""
        return not self.waiting

    def end(self) -> None:
        """End the pass."""
        self._asked = False
        waiting = list(self.waiting)
        self.waiting.clear()
        held = self._lease is None or self._may_tell()
        commits: Commits = []
        for runner in waiting:
            if not held and runner.is_stored and not runner.commits.lost:
                self.waiting[runner] = None
                continue
            runner.in_batch = False
            commit = None
            try:
                if runner.is_stored:
                    commit = runner.commits.collect()
                else:
                    let_go(runner.room)
            except Exception:  # noqa: BLE001 - the door of the flush: the other rooms of this pass have theirs all the same
                log.failure("room {room} cannot be written", room=runner.room.code)
                self._on_lost(runner)
                continue
            if commit is not None:
                commits.append((runner, commit))
            if not runner.stirred:
                continue
            runner.stirred = False
            self._on_changed(runner)
            if runner.room.moment.ended and commit is None and not runner.commits.under_way:
                self._on_ended(runner)
        if commits:
            self._commit(commits, 0)
        if self._settled is not None:
            self._look()

    def settled(self) -> Deferred[None]:
        """:returns: fires once nothing waits to be stored or told, and no commit is under way; for the server's end."""
        settled: Deferred[None] = Deferred()
        self._settled = settled
        self._look()
        return settled

    def _look(self) -> None:
        if self._settled is None or not self.is_over or any(runner.commits.under_way for runner in self._rooms()):
            return
        settled, self._settled = self._settled, None
        settled.callback(None)

    # The lease

    def suspend(self) -> None:
        """The lease is not held: stop all effects of rooms that are stored."""
        self._suspended = True
        self._set_away()

    def proceed(self) -> None:
        """The lease is held again, and it is known which rooms were lost meanwhile."""
        if not self._suspended:
            return
        self._suspended = False
        late, self._late = self._late, []
        for commits in late:
            # They were stored, but the store may have lost them since, or a newer owner may have come and gone: ask it.
            self._commit(commits, 0)
        self._set_away()
        self._pass.end()

    def _may_tell(self) -> bool:
        if self._lease is None or (self._lease.held and not self._suspended):
            return True
        if not self._suspended:
            # This process stood still: the clock shows that the lease ended before the timer for that has run.
            self.suspend()
        return False

    # The store

    @property
    def store_away(self) -> bool:
        """Whether rooms wait for the store, or for the lease on it."""
        return self._retrying > 0 or self._suspended

    def _set_away(self) -> None:
        for runner in list(self._rooms()):
            # A room that is never stored goes on in any case; a relaxed one without the store, until that is too far
            # behind, but not without the lease.
            waits = self._suspended or (self._retrying > 0 and runner.room.game_class.durability == "commit")
            away = waits and runner.is_stored
            if runner.store_away != away:
                runner.set_away(away)

    def _commit(self, commits: Commits, tries: int) -> None:
        commits = [(runner, commit) for runner, commit in commits if runner.commits.state is not LOST]
        if not commits:
            self._answered([], [], tries)
            return
        clock = self._clock
        now_ms = round((clock.monotonic() + clock.ahead_s) * 1000)
        stored = self._store.commit([commit for _, commit in commits], now_ms=now_ms)
        stored.addCallback(self._answered, commits, tries)
        stored.addErrback(self._not_stored, commits, tries)
        stored.addErrback(lambda f: log.failure("a pass did not end well", f))

    def _answered(self, outcomes: list[Outcome], commits: Commits, tries: int) -> None:
        if tries:
            self._retrying -= 1
            self._set_away()
        if self._may_tell():
            self._take(outcomes, commits)
        else:
            self._late.append(commits)

    def _take(self, outcomes: list[Outcome], commits: Commits) -> None:
        for (runner, commit), outcome in zip(commits, outcomes, strict=True):
            if runner.commits.state is not LOST:
                try:
                    self._take_one(runner, commit, outcome)
                except Exception:  # noqa: BLE001 - the door of the flush: the others of this commit hear of it
                    log.failure("room {room} cannot go on after a commit", room=runner.room.code)
        if self._pass.owing:
            self._pass.write()
        if self._settled is not None:
            self._look()

    def _take_one(self, runner: RoomRunner, commit: Commit, outcome: Outcome) -> None:
        if outcome is Outcome.FENCED:
            self._on_lost(runner)
        elif outcome is Outcome.BEHIND:
            runner.commits.store_is_behind()
        else:
            runner.commits.stored()
            if commit.ends:
                self._on_ended(runner)
            elif commit.sleeps is not None:
                self._on_slept(runner)

    def _not_stored(self, failure: Failure, commits: Commits, tries: int) -> None:
        """Try the same commits again later; nothing that depends on them goes out before."""
        if not failure.check(StoreUnavailable):
            self._not_storable(failure, commits, tries)
            return
        log.warn("the store does not answer: {reason}", reason=failure.getErrorMessage())
        if not tries:
            self._retrying += 1
            self._set_away()
        self._clock.later(RETRY_S[min(tries, len(RETRY_S) - 1)], self._commit, commits, tries + 1)

    def _not_storable(self, failure: Failure, commits: Commits, tries: int) -> None:
        """Something in these commits can never be stored: find out in which room's, and give that room up."""
        if tries:
            self._retrying -= 1
            self._set_away()
        log.failure("a commit of {count} rooms cannot be stored", failure, count=len(commits))
        if len(commits) == 1:
            self._on_lost(commits[0][0])
            return
        for commit in commits:
            self._commit([commit], 0)


log = Logger(namespace="gameserver.rooms")
