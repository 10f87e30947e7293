"""
What keeps one room going: all ways into it, its inputs one at a time, and its timers.

What is due before an input happens before it. A message that may be applied at once is applied as it comes
(`RoomRunner.message`, which also checks whether it may); all else goes through the queue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gameserver.errors import Refused
from gameserver.interfaces import IClock
from gameserver.node.alarm import Alarm
from gameserver.node.commits import DUE_SLACK_S
from gameserver.node.input_queue import InputQueue
from gameserver.node.refusals import refusal
from gameserver.node.runner_state import FREE, OVER, STEPPING, WAITING
from gameserver.node.step_notes import COUNT, HEAD_AT, SHORT, WRITERS
from gameserver.node.steps import RoomSteps
from gameserver.node.waiters import Look, RoomReader, Waiter
from gameserver.room.bots import thinking
from gameserver.room.inputs.connections import CaughtUp, Detach
from gameserver.room.inputs.due import Fire, Tick
from gameserver.room.inputs.lifecycle import LoadRoom
from gameserver.room.inputs.message import UNREAD, Message, apply_message
from gameserver.room.marks import LOOK
from gameserver.room.publish.broadcast import finish
from gameserver.room.replies import error_for

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

    from gameserver.interfaces import ISession
    from gameserver.node.batch import CommitBatch
    from gameserver.node.reactor_pass import ReactorPass
    from gameserver.node.ticks import Ticks
    from gameserver.protocol.messages import Send
    from gameserver.room.effects import Requester
    from gameserver.room.inputs.input import Input
    from gameserver.room.room import Room

T = TypeVar("T")

FIRINGS: Final = 100
"""How many timers of a room may fire in a row before others are served."""
ARRIVALS: Final = 16
"""How many may join a room in one pass of the reactor: each is sent all of it, for which other rooms wait."""


class RoomRunner(RoomSteps):
    """
    One room that is run here; see `RoomSteps` for the other arguments.

    :param ticks: those of the node, for a room that wants some.
    :param batch: the node's batch, which the room joins when it has something to store or to send.
    :param failed: called with the room, the step at which it failed, and how, if it can only be set aside.
    :ivar in_batch: whether it has joined the batch.
    :ivar waiting: see `CommitBatch`.
    :ivar users: ids of those who have a seat, as the registry saw it last.
    :ivar touched_s: when somebody last asked for the room, or its last connection ended, monotonic seconds.
    :ivar ticks_skipped: ticks that came too late for this room, or while it was busy.
    """

    __slots__ = (
        "_alarm",
        "_arrivals",
        "_arrived_in",
        "_batch",
        "_failed_at",
        "_next_pass",
        "_refusal",
        "_ticks",
        "in_batch",
        "ticks_skipped",
        "touched_s",
        "users",
        "waiting",
    )

    def __init__(
        self,
        room: Room,
        clock: IClock,
        *,
        fence: int,
        version: int,
        batch: CommitBatch,
        reactor_pass: ReactorPass,
        ticks: Ticks,
        failed: Callable[[RoomRunner, str, Failure], None],
        remade: Callable[[Room], Room] | None = None,
    ) -> None:
        super().__init__(room, clock, fence=fence, version=version, reactor_pass=reactor_pass, remade=remade)
        self.users: set[str] = set()
        self.ticks_skipped = 0
        self.touched_s = reactor_pass.monotonic()
        self._refusal = "not_found"
        self._arrivals = 0
        self._arrived_in = -1
        self._next_pass: IDelayedCall | None = None
        self.in_batch = False
        self.waiting = batch.waiting
        self._batch = batch
        self._failed_at = failed
        self._alarm = Alarm(clock, self.go_on)
        self._ticks = ticks

    # Ways in

    def message(self, requester: Requester, seat: str, message: Send, read: Any = UNREAD, frame: bytes = b"") -> None:
        """
        Apply a player's message, at once or after what waits; written as one function, since calls take time here.

        :param read: see `Message`.
        :param frame: the message as it came, for the notes of steps.
        :raises Refused: the room takes no more inputs, or too much waits for it.
        """
        room = self.room
        stale = room.journal.stale
        now = began_s = self.reactor_pass.began_s
        if began_s:
            monotonic = self.reactor_pass.monotonic_s
        else:
            now, monotonic = self.clock.now(), self.clock.monotonic()
        if self.state is not FREE or stale.due_at <= now + DUE_SLACK_S or self.commits.late_at <= monotonic:
            if self.state is OVER or self.queue.is_full_of(requester):
                raise refusal(self._refusal, seated=True) if self.state is OVER else Refused(code="busy")
            if self.suspect is not None:
                self.suspect.check_frame(frame)
            self._take_in(Message(requester, seat, message, read))
            return
        self.state = STEPPING
        moment, changes = room.moment, room.changes
        if moment.now is not now or moment.monotonic is not monotonic:  # setting a field of a struct takes time
            moment.now = now
            moment.monotonic = monotonic
        changes.durable = True
        notes = self.notes
        if notes is not None:
            size = len(frame)
            if size < SHORT:
                notes.count = count = notes.count + 1  # `StepNotes.begin`, without the call
                WRITERS[size](notes.memory, HEAD_AT, self.noted, count, size, frame)
            else:
                notes.begin(self.noted, frame)
        try:
            rest = apply_message(room, requester, seat, message, read)
            if rest is not None:
                self._wait(rest, Message(requester, seat, message), None)
            else:
                finish(room)
                if stale.admits or stale.users:
                    self.stirred = True
                if changes.durable:
                    self.commits.must = True
                if not self.in_batch:
                    self.in_batch = True
                    self.waiting[self] = None
                    if not began_s:
                        self.reactor_pass.ask()
                if moment.closing is not None:
                    self._after_step()
        except Exception:  # noqa: BLE001 - a bug of ours must not stop the other rooms
            self._failed(Message(requester, seat, message), None, Failure())
        if notes is not None:
            notes.words[COUNT] = 0  # `StepNotes.end`, without the call
        if self.state is STEPPING and stale.due_at != LOOK and not self.queue and not self.store_away:
            self.state = FREE
        else:
            self._stop_stepping()
            self.go_on()

    def post(self, input: Input) -> Deferred[None]:
        """
        Give the room an input.

        :returns: fires once it is applied. Fails with `Refused` if the room refuses it or takes no more inputs; that
            comes after all that the room has sent so far, and once the store has the state that the refusal rests on.
        :raises Refused: ``busy``: too much waits for the room.
        """
        done: Deferred[None] = Deferred()
        if self.state is OVER:
            self.commits.refuse(done, refusal(self._refusal, seated=input.asked_by is not None and not input.arrives))
        elif input.asked_by is not None and self.queue.is_full_of(input.asked_by):
            raise Refused(code="busy")
        elif input.arrives and self._arrived_in == self.reactor_pass.number and self.reactor_pass.passing:
            # Those who join in the same pass are told to the others together, once all of them are in.
            self.queue.put(input, done)
            self.settle()
            self._go_on_later()
        else:
            self._take_in(input, done)
        return done

    def look(self, read: Callable[[Room], T]) -> Deferred[T]:
        """
        Read something from the room.

        :param read: called between two steps; returns what it has read.
        :returns: fires with that once the store has the state it was read from; fails with `Refused` as `post` does.
        """
        reader = RoomReader(read)
        if self.state is OVER:
            self.commits.refuse(reader.done, refusal(self._refusal, seated=False))
        elif self.commits.settled:
            reader.done.callback(read(self.room))
        else:
            self._take_in(Look(reader))
        return reader.done

    def told(self) -> Deferred[None]:
        """:returns: fires once all inputs so far are applied, stored, told; fails with ``busy`` if the room is lost."""
        waiter: Waiter[None] = Waiter(Deferred(), None)
        if (self.queue or self.lasting is not None) and self.state is not OVER:
            self._take_in(Look(waiter))
        elif self.quiet:
            waiter.deliver(b"")
        else:
            self.commits.follow(waiter)
        return waiter.done

    def tick(self) -> bool:
        """It is time for a tick. :returns: whether the room was free for it; otherwise the tick is dropped."""
        free = self._may_step() and not self.queue and not self.rests
        if free:
            self._take_in(Tick())
        return free

    def gone(self, session: ISession, seat: str) -> None:
        """A session's connection ended."""
        if self.state is not OVER:
            self._take_in(Detach(session, seat))

    def fell_behind(self, session: ISession) -> None:
        """Much waits for this session's connection: send it no patches until `caught_up`."""
        self.room.publisher.slow.enter(session)

    def caught_up(self, session: ISession) -> None:
        """The session's connection has taken what waited: send it what was withheld."""
        if self.state is not OVER:
            self._take_in(CaughtUp(session))

    def load(self) -> None:
        """Tell the game, before anything else, that the room was just read from the store."""
        self._apply(LoadRoom(), None, self.reactor_pass.now())
        self.go_on()

    def take_apart(self) -> None:
        """Cut the references between the objects of a room that nobody needs any more, so that all are freed."""
        self.room.take_apart()
        self.commits.take_apart()
        self.stirred = False
        del self._alarm

    # Between two steps

    @property
    def quiet(self) -> bool:
        """Whether all inputs so far are applied, stored and told."""
        if self.forgotten or self.commits.lost:
            return True
        return not self.queue and self.commits.settled and self.commits.told

    def set_away(self, away: bool) -> None:
        """The store does not answer (``away``), or does so again."""
        self.store_away = away
        self.settle()
        if not away:
            self.wake()

    def shift(self, delta_s: float) -> None:
        """The wall clock was set forward by ``delta_s``: have all that waits wait as long as it would have."""
        self._stepped_s += delta_s
        self._follow_clock()
        self._alarm.forget()
        if self.lasting is None and self.state is not OVER:
            self._wake_when_due()

    def stop(self, code: str = "not_found", *, moved: bool = False) -> None:
        """
        Take no more inputs, timers or ticks; what is to be stored still is.

        :param code: that of the refusal for all who ask from now on.
        :param moved: whether the room goes on elsewhere; clients send there again those messages that wait.
        """
        self.state = OVER
        self._refusal = code
        self.commits.must = True
        self._alarm.stop()
        self._ticks.leave(self)
        thinking.stop_all(self.room)
        queue, self.queue = self.queue, InputQueue()
        for input, done in queue:
            if done is not None:
                self.commits.refuse(
                    done, refusal(self._refusal, seated=input.asked_by is not None and not input.arrives)
                )
            elif isinstance(input, Look):
                input.waiter.refuse(Refused(code=code))
                self.commits.follow(input.waiter)
            elif input.asked_by is not None and not moved:
                self.room.publisher.outbox.append(
                    ((input.asked_by.session,), error_for(input.asked_by, Refused(code=code)), None)
                )
                self.join_batch()

    def set_aside(self, what: str, failure: Failure) -> None:
        """Apply nothing more; clients look for the room again, and learn that it is being mended."""
        self.stop("quarantined", moved=True)
        self._failed_at(self, what, failure)

    def join_batch(self) -> None:
        """Have the room collected at the end of the pass: there is something to store or to send."""
        if not self.in_batch:
            self.in_batch = True
            self._batch.add(self)

    def _take_in(self, input: Input, done: Deferred[None] | None = None) -> None:
        self.queue.put(input, done)
        self.go_on()

    def go_on(self) -> None:
        """Apply the inputs that wait, and before each of them what is due."""
        state = self.state
        if state is STEPPING or state is WAITING or state is OVER:
            return
        self.state = STEPPING
        try:
            self._serve()
            if self._may_step():
                self._catch_up()
                self._serve()  # what was due may have added inputs
        finally:
            self._stop_stepping()
        if self._may_step():
            self._wake_when_due()
            if self.queue:  # an input came while the room was stepping
                self._go_on_later()

    def _serve(self) -> None:
        while self.queue and self._may_step() and not self._has_taken_enough():
            if self.suspect is not None and self._waits_for_touch():
                self.queue.take()
            elif self._catch_up():
                self._apply_next()
        if self.lasting is None and self.room.journal.stale.seats:
            finish(self.room)  # nobody else joins for now: tell the others who has joined

    def _apply_next(self) -> None:
        input, done = self.queue.take()
        if input.arrives:
            if self._arrived_in != self.reactor_pass.number:
                self._arrived_in, self._arrivals = self.reactor_pass.number, 0
            self._arrivals += 1
            follows = self.queue.first
            more = follows is not None and follows.arrives and self._arrivals < ARRIVALS and self._remade is None
            self.room.changes.more_come = more and input.what not in self.commits.to_seal
        self._apply(input, done, self.reactor_pass.now())

    def _has_taken_enough(self) -> bool:
        """Whether the next who wants to join has to wait for the next pass, since `ARRIVALS` came in this one."""
        first = self.queue.first
        if first is None or not first.arrives:
            return False
        if self._arrived_in != self.reactor_pass.number or self._arrivals < ARRIVALS:
            return False
        self._go_on_later()
        return True

    def _go_on_later(self) -> None:
        if self._next_pass is None or not self._next_pass.active():
            self._next_pass = self.clock.later(0, self.go_on)

    def _wake_when_due(self) -> None:
        """Ask the clock for the next thing that is due, and for ticks."""
        if self.rests:
            return
        self._alarm.set(self.room.next_due())
        if self.room.ticks:
            self._ticks.follow(self)

    def _catch_up(self) -> bool:
        """Fire what is due. :returns: whether the room is free for an input after that."""
        if self.rests:
            return True
        for _ in range(FIRINGS):
            due = self.room.next_due()
            if due is None or due > self.reactor_pass.now() + DUE_SLACK_S:
                return True
            self._apply(Fire(), None, max(self.reactor_pass.now(), due))
            if not self._may_step():
                return False
        return True
