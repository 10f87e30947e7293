"""
What is to be stored of one room, and what waits for that.

A step's effects wait in an outbox until the store has the state that they were computed from. One commit is under way
at a time; what later steps change and send merges into the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from twisted.python.failure import Failure

from gameserver.errors import Refused
from gameserver.interfaces import Commit
from gameserver.node.commit_state import ENDED, ENDING, IDLE, LOST, UNDER_WAY
from gameserver.node.delivery import deliver
from gameserver.node.waiters import Waiter
from gameserver.room import row
from gameserver.room.chat.records import UserWatch
from gameserver.room.effects import Delivery
from gameserver.room.marks import NEVER

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred
    from twisted.internet.interfaces import IDelayedCall

    from gameserver.interfaces import Asleep, ISession
    from gameserver.node.steps import RoomSteps
    from gameserver.room.room import Room

OUTBOX: Final = 20_000
"""Deliveries that may wait for the store before further inputs wait too."""
RELAXED_S: Final = 0.5
"""How far the row of a ``relaxed`` room may normally be behind."""
RELAXED_LIMIT_S: Final = 5.0
"""How far it may be behind before its inputs wait for the store."""
DUE_SLACK_S: Final = 1e-6
"""How coarse a time in seconds is as a float."""


class Commits:
    """
    The commits of one room.

    :param runner: runs the room.
    :param fence: the one under which it was opened.
    :param version: that of the row in the store; 0: the store has no row.
    :ivar must: whether a step changed something that must be stored before anybody is told.
    :ivar sleeps: what the room leaves in the index of sleeping rooms; if set, it falls asleep with the next commit.
    :ivar state: what the store has been asked for.
    :ivar to_seal: the kinds of steps of which one changed something and then waited: before the next step of such a
        kind, what earlier steps changed is sealed.
    :ivar late_at: when inputs begin to wait for the store, unless it takes a commit before; monotonic seconds, as all
        times here.
    """

    __slots__ = (
        "_behind_since",
        "_changed_since",
        "_drops",
        "_held_up",
        "_in_flight",
        "_is_sealed",
        "_notices",
        "_notices_sent",
        "_outbox",
        "_put_off",
        "_puts",
        "_runner",
        "_whole",
        "_write_call",
        "fence",
        "late_at",
        "must",
        "sleeps",
        "state",
        "to_seal",
        "version",
    )

    def __init__(self, runner: RoomSteps, *, fence: int, version: int) -> None:
        self.fence = fence
        self.version = version
        self.must = False
        self.sleeps: Asleep | None = None
        self.state = IDLE
        self._runner = runner
        self._whole = False
        self._puts: dict[str, bytes] = {}
        self._drops: dict[str, None] = {}
        self._notices: dict[str, bytes] = {}
        self._notices_sent: dict[str, bytes] = {}
        self._outbox: list[Delivery] = []
        self._in_flight: list[Delivery] = []
        # Since when there are changes that the store does not have: at all, and after the commit under way.
        self._behind_since: float | None = None
        self.late_at = NEVER
        self._put_off = False  # a pass ended while a commit was under way
        self._held_up = False  # somebody was told that the room is behind
        self._changed_since: float | None = None
        self._write_call: IDelayedCall | None = None
        self._is_sealed = True  # whether what earlier steps did was sealed before the one under way
        self.to_seal: set[str] = set()

    def collect(self) -> Commit | None:
        """
        Let out what need not wait, and collect what is to be stored; called at the end of a pass.

        :returns: a commit, whose answer is to be passed to `stored`, `store_is_behind` or `fenced`; None: none is due.
        """
        under_way = self.state is UNDER_WAY
        if not (under_way or self.state is IDLE):
            return None
        busy = self._runner.lasting is not None
        if busy and (self._whole or not (self._is_sealed or self._is_relaxed)):
            return None
        if self._is_relaxed:
            return self._collect_relaxed()
        if not busy and (self.must or under_way):
            self.seal()
        elif not busy:
            self._take_outbox(self._runner.room)
        if self.behind:
            self._runner.settle()
        if under_way:
            self._put_off = True
            return None
        self.must = False
        return self._commit()

    def stored(self) -> None:
        """The commit that `collect` returned is in the store: its effects go out."""
        self.state = ENDED if self.state is ENDING else IDLE
        tables = self._runner.room.tables
        if tables.under_way:
            tables.stored()
        if self._notices_sent:
            self._notify()
        in_flight, self._in_flight = self._in_flight, []
        if in_flight:
            deliver(in_flight)
        if self._behind_since is not None:
            self._set_behind(self._changed_since)
            self._changed_since = None
        if self._put_off:
            self._put_off = False
            self._runner.join_batch()
        if self._held_up:
            self._held_up = False
            self._runner.wake()

    def store_is_behind(self) -> None:
        """The commit that `collect` returned was not stored: the store needs the whole room first."""
        self.state = IDLE
        self._outbox = self._in_flight + self._outbox
        self._in_flight = []
        self._runner.room.tables.not_stored()
        self._notices = self._notices_sent | self._notices
        self._notices_sent = {}
        self._want_whole()

    def may_be_behind(self) -> None:
        """The store may have lost something of this room: store it whole."""
        if not self.under_way:  # else its answer will tell
            self._want_whole()

    def _want_whole(self) -> None:
        self._whole = self.must = True
        self._runner.join_batch()

    def fenced(self) -> dict[ISession, None]:
        """
        A newer owner exists: let no more effect out, and have the sessions look for their room again.

        :returns: the sessions to which something was still to be sent.
        """
        self.state = LOST
        untold = self._in_flight + self._outbox + self._runner.room.publisher.outbox
        self._in_flight.clear()
        self._outbox.clear()
        self._runner.room.publisher.outbox.clear()
        self._runner.stop("busy", moved=True)
        owed: dict[ISession, None] = {}
        for to, _, _ in untold:
            if isinstance(to[0], Waiter):
                to[0].lose()
            elif not isinstance(to[0], UserWatch):
                owed.update(dict.fromkeys(to))
        return owed

    def follow(self, waiter: Waiter[Any]) -> None:
        """Let somebody know once all that the room has sent so far is delivered."""
        to: Any = (waiter,)
        delivery: Delivery = (to, b"", None)
        if self.state is LOST:
            waiter.lose()
        elif self.state is ENDING:
            self._in_flight.append(delivery)
        elif self.state is ENDED or self._runner.forgotten:
            waiter.deliver(b"")
        else:
            self._runner.room.publisher.outbox.append(delivery)
            self._runner.join_batch()

    def refuse(self, done: Deferred[Any], refused: Refused) -> None:
        """Refuse whoever waits for this, after all that the room has sent so far."""
        waiter = Waiter(done, Failure(refused))
        if refused.code == "draining":
            waiter.deliver(b"")  # this refusal reveals nothing of the room, and need not wait
        else:
            self.follow(waiter)

    def take_apart(self) -> None:
        """The room is gone: whoever still comes for it, such as a commit that is tried again, finds it ended."""
        if self.state is not LOST:
            self.state = ENDED
        del self._runner

    @property
    def under_way(self) -> bool:
        """Whether a commit was handed out by `collect`, and not answered yet."""
        return self.state is UNDER_WAY or self.state is ENDING

    @property
    def lost(self) -> bool:
        """Whether another node has the room."""
        return self.state is LOST

    @property
    def behind(self) -> bool:
        """Whether so much waits for the store that further inputs must wait, too; if so, `stored` wakes the runner."""
        if len(self._outbox) > OUTBOX or (self.late_at != NEVER and self.late_at <= self._runner.clock.monotonic()):
            self._held_up = True
            return True
        return False

    def _set_behind(self, since: float | None) -> None:
        self._behind_since = since
        self.late_at = NEVER if since is None else since + RELAXED_LIMIT_S

    @property
    def told(self) -> bool:
        """Whether all that the room has sent is delivered."""
        return not (self._in_flight or self._outbox or self._runner.room.publisher.outbox)

    @property
    def settled(self) -> bool:
        """Whether nothing is under way and nothing waits to be stored."""
        room = self._runner.room
        if (self._runner.lasting is not None) or self.under_way or not room.tables.settled:
            return False
        return not (self._waits or self._unsealed)

    @property
    def _waits(self) -> bool:
        """Whether something is ready to be stored."""
        return bool(self._puts or self._drops or self._whole or self.sleeps or self._runner.room.tables.waiting)

    @property
    def _unsealed(self) -> bool:
        """Whether something changed that is not encoded yet."""
        room = self._runner.room
        parts = room.journal.parts
        return parts.is_stored and bool(
            not parts.settled or parts.dropped or room.publisher.streams.unsealed or room.tables.fresh
        )

    def _commit(self) -> Commit | None:
        ends = self._runner.room.moment.ended
        if ends and self.version == 0:
            self._deliver_all()
            return None
        room = self._runner.room
        if not (self._waits or ends):
            self._deliver_all()
            return None
        if self._whole:
            self._puts, self._drops = row.dump(room), {}
        self.version += 1
        commit = Commit(
            room=room.id,
            code=room.code,
            game=room.spec.name,
            fence=self.fence,
            version=self.version,
            puts=self._puts,
            drops=tuple(self._drops),
            ends=ends,
            whole=self._whole and not ends,
            entries=room.tables.send() if room.tables.waiting else {},
            notices=self._notices,
            sleeps=None if ends else self.sleeps,
        )
        self._notices_sent, self._notices = self._notices, {}
        self._whole = False
        self._changed_since = None
        self._puts, self._drops = {}, {}
        self._in_flight, self._outbox = self._outbox, []
        self.state = ENDING if ends else UNDER_WAY
        return commit

    def _collect_relaxed(self) -> Commit | None:
        """Let effects out at once; store the row within `RELAXED_S`, encoded once for all steps of that time."""
        room, lasts = self._runner.room, self._runner.lasting is not None
        if not lasts:
            self._take_outbox(room)
        self._deliver_all()
        if not (self._waits or (not lasts and self._unsealed)):
            return None
        now = self._runner.clock.monotonic()
        if self.under_way:
            self._put_off = True
            if self._changed_since is None:
                self._changed_since = now
            return None
        since = self._behind_since
        if since is None:
            since = now
            self._set_behind(now)
        if self.version > 0 and now - since < RELAXED_S - DUE_SLACK_S and not self._runner.over:
            if self._write_call is None or not self._write_call.active():
                self._write_call = self._runner.clock.later(RELAXED_S, self._runner.join_batch)
            return None
        if not lasts:
            self.seal()
        return self._commit()

    def step_may_last(self, what: str) -> None:
        """
        A step of this kind begins, which may wait for something: seal what earlier steps did, so that it can be stored
        without what this one does.

        In a relaxed room, and where several joins are to be told together, this is put off until the step does wait. If
        it changed something before that, the row has to wait with it; this happens only once to each kind of step.

        :param what: the kind of step.
        """
        room = self._runner.room
        self._is_sealed = what in self.to_seal or not (self._is_relaxed or room.journal.stale.seats)
        if self._is_sealed:
            self.seal()
        else:
            self._take_outbox(room)

    def step_lasts(self, what: str) -> None:
        """The step of this kind, for which `step_may_last` was called, waits for something."""
        if self._is_sealed and not self._is_relaxed:
            return
        journal = self._runner.room.journal
        if journal.undo or journal.stale.seats:
            self.to_seal.add(what)
        else:
            self.seal()  # it has changed nothing yet

    @property
    def _is_relaxed(self) -> bool:
        return self._runner.room.game_class.durability == "relaxed" and not self._runner.room.moment.ended

    def seal(self) -> None:
        """Encode what changed so far, for the next commit: the next step may change it again, or take long."""
        room = self._runner.room
        if not room.journal.parts.is_stored:
            return
        changes = row.take(room)
        if not (self._puts or self._drops):
            self._puts, self._drops = changes.puts, dict.fromkeys(changes.drops)
        else:
            for part, content in changes.puts.items():
                self._drops.pop(part, None)
                self._puts[part] = content
            for part in changes.drops:
                self._puts.pop(part, None)
                self._drops[part] = None
        tables = room.tables
        if self._runner.lasting is None and (tables.fresh or tables.counts):
            tables.seal()
        parts = room.journal.parts
        if parts.notices:
            self._notices |= parts.notices
            parts.notices = {}
        self._take_outbox(room)

    def _take_outbox(self, room: Room) -> None:
        """Have what the room has sent wait for what is sealed."""
        outbox = room.publisher.outbox
        self._outbox += outbox
        outbox.clear()

    def _notify(self) -> None:
        sent, self._notices_sent = self._notices_sent, {}
        notified = self._runner.room.context.notified
        if notified is not None:
            notified(sent)

    def _deliver_all(self) -> None:
        outbox, self._outbox = self._outbox, []
        if outbox:
            deliver(outbox)
