"""
What keeps one room going: its inputs one at a time, its timers, its commits, and what waits for them.

A step's effects wait in the room's outbox until the store has what they were computed on. One commit is under way at a
time; later steps merge into the next. What is due before an input happens before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.python.failure import Failure

from gameserver.errors import CODES, Refused
from gameserver.interfaces import IClock
from gameserver.node.commits import DUE_SLACK_S, Commits
from gameserver.node.waiters import Look, RoomReader, Waiter
from gameserver.protocol import messages, msgpack
from gameserver.room import marks
from gameserver.room.effects import Requester
from gameserver.room.inputs.arrivals import CreateRoom
from gameserver.room.inputs.connections import CaughtUp, Detach
from gameserver.room.inputs.due import Fire, Tick
from gameserver.room.inputs.input import Input
from gameserver.room.inputs.lifecycle import EndRoom, LoadRoom
from gameserver.room.inputs.message import Message
from gameserver.room.marks import LOOK

if TYPE_CHECKING:
    from gameserver.interfaces import ISession
    from gameserver.node.batch import CommitBatch
    from gameserver.node.reactor_pass import ReactorPass
    from gameserver.node.ticks import Ticks
    from gameserver.room.room import Room

T = TypeVar("T")

STEP_LIMIT_S: Final = 10.0
"""After so long a step that waits is undone."""
QUEUE: Final = 1000
"""Inputs that may wait for a room; more are told ``busy``."""
QUEUE_PER_USER: Final = 100
"""The same of one user."""
FIRINGS: Final = 100
"""Timers that fire before others are served."""

Waiting = tuple[Input, "Deferred[None] | None"]
"""An input that waits for its turn, and who waits for it."""


class RoomRunner:
    """
    :param room: a room that nobody else calls.
    :param fence: under which it was opened.
    :param version: what the store has of it; 0 is nothing.
    :param batch: in which the room has its part when it has something to store or to tell.
    :param reactor_pass: of the reactor.
    :param ticks: those of the node, for a room that wants some.
    :param remade: makes the room anew from its row, before each step, as tests of games do.
    :ivar forgotten: the registry has it no longer.
    :ivar is_stored: the room is kept in the store, and so waits for it.
    :ivar is_plain: no step of the room may last, and none needs more than its input.
    :ivar free: the room is plain and not paused, nothing waits for it, nothing is withheld from anybody, and the next
        message may be applied.
    :ivar stirred: a step since the last pass did more than speak.
    :ivar queue: inputs that wait.
    :ivar draining: a step is under way, further up the stack.
    :ivar ticks_skipped: ticks that came too late for this room, or while it was busy.
    """

    __slots__ = (
        "_batch",
        "_refusal",
        "_remade",
        "_stepped_s",
        "_ticks",
        "_timer",
        "_timer_due",
        "busy",
        "clock",
        "commits",
        "draining",
        "forgotten",
        "free",
        "in_batch",
        "is_plain",
        "is_stored",
        "over",
        "queue",
        "reactor_pass",
        "room",
        "seat_mark",
        "stirred",
        "store_away",
        "ticks_skipped",
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
        remade: Callable[[Room], Room] | None = None,
    ) -> None:
        self.room = room
        self.clock = clock
        self.commits = Commits(self, fence=fence, version=version)
        self.store_away = False
        self.over = False
        self.forgotten = False
        self.is_stored = room.game_class.durability != "none"
        self.in_batch = False
        self.stirred = True
        self.seat_mark: tuple[object, ...] = ()
        self.users: frozenset[str] = frozenset()
        self._batch = batch
        self.waiting = batch.waiting
        self.reactor_pass = reactor_pass
        self._remade = remade
        self.is_plain = remade is None and not room.spec.waits
        self.free = False
        self.queue: deque[Waiting] = deque()
        self.busy = False
        self.draining = False
        self._stepped_s = 0.0
        self._refusal = "not_found"
        self._timer: IDelayedCall | None = None
        self._timer_due: float | None = None
        self._ticks = ticks
        self.ticks_skipped = 0

    # Inputs

    def post(self, input: Input) -> Deferred[None]:
        """
        Give the room an input.

        :returns: fires once it is applied; fails with `Refused` where the input says so, and if there is no room, once
            the store has what that rests on, and behind all that the room has said.
        :raises Refused: ``busy``: too much waits for it.
        """
        done: Deferred[None] = Deferred()
        if self.over:
            self._refuse(done, Refused(code=self._refusal))
        elif input.asker is not None and self._is_full_of(input.asker):
            raise Refused(code="busy")
        else:
            self._take_in(input, done)
        return done

    def message(self, requester: Requester, seat: str, message: messages.Send) -> None:
        """
        A player's message; most go the short way, see `gameserver.node.fast_path`.

        :raises Refused: there is no room any more, or too much waits for it.
        """
        room = self.room
        now = self.now()
        stops = self.queue or self.draining or self.busy or self.over or self.store_away
        if stops or not self.is_plain or room.is_due(now + DUE_SLACK_S) or (self.is_stored and self.commits.behind):
            if self.over or self._is_full_of(requester):
                raise Refused(code=self._refusal if self.over else "busy")
            self._take_in(Message(requester, seat, message))
            return
        # Nothing comes before it.
        room.begin(now, self.monotonic())
        self.free, self.draining = False, True
        input = Message(requester, seat, message)
        try:
            self.end_message(input, input.apply(room))
        except Exception:  # noqa: BLE001 - a bug of ours must not stop the other rooms
            self._failed(input, None, Failure())
        finally:
            self.draining = False
            self.look_around()
        if room.journal.stale.due_at == LOOK or self.queue:
            self._drain()

    def look_around(self) -> None:
        """Whether the next message may be applied at once."""
        waits = self.queue or self.draining or self.busy or self.over or self.store_away
        told = self.room.publisher
        withheld = told.patches or told.slow.copies
        behind = self.is_stored and self.commits.behind
        self.free = self.is_plain and not (waits or withheld or behind) and self.room.state.paused_at is None

    def set_away(self, away: bool) -> None:
        """The store does not answer, or does again."""
        self.store_away = away
        self.look_around()
        if not away:
            self.wake()

    def now(self) -> float:
        """:returns: seconds since 1970; the same for all that one pass of the reactor brings."""
        return self.reactor_pass.began_s or self.clock.now()

    def monotonic(self) -> float:
        """:returns: seconds that only grow, since some moment; the same for all of one pass."""
        return self.reactor_pass.monotonic_s if self.reactor_pass.began_s else self.clock.monotonic()

    def end_message(self, input: Message, rest: Coroutine[Any, Any, None] | None) -> None:
        """
        The game's code for a message was called: end the step.

        :param rest: what is still to be waited for.
        """
        if rest is None:
            self._finish(None)
        else:
            self._wait(rest, input, None)

    def look(self, read: Callable[[Room], T]) -> Deferred[T]:
        """
        :param read: called between two steps; returns what it wants to know.
        :returns: fires with that once the store has what it was read from; fails with `Refused` as `post` does.
        """
        reader = RoomReader(read)
        if self.over:
            self._refuse(reader.done, Refused(code=self._refusal))
        elif self.commits.settled:
            reader.done.callback(read(self.room))
        else:
            self._take_in(Look(reader))
        return reader.done

    @property
    def quiet(self) -> bool:
        """Whether all is done, stored and told that was asked of the room."""
        if self.forgotten or self.commits.lost:
            return True
        return not self.queue and self.commits.settled and self.commits.told

    def told(self) -> Deferred[None]:
        """
        Wait for all that was asked of the room so far.

        :returns: fires once that is done, stored and told; fails with ``busy`` if the room is lost before.
        """
        waiter: Waiter[None] = Waiter(Deferred(), None)
        if (self.queue or self.busy) and not self.over:
            self._take_in(Look(waiter))
        elif self.quiet:
            waiter.deliver(b"")
        else:
            self.commits.follow(waiter)
        return waiter.done

    def tick(self) -> bool:
        """
        A tick of the room's rate has come.

        :returns: whether the room was free for it: a tick is not kept for later.
        """
        free = self._may_step() and not self.queue
        if free:
            self._take_in(Tick())
        return free

    def gone(self, session: ISession, seat: str) -> None:
        """A session's connection ended."""
        if not self.over:
            self._take_in(Detach(session, seat))

    def fell_behind(self, session: ISession) -> None:
        """Much waits for this session's connection: it can do without patches, until `caught_up`."""
        self.room.publisher.slow.enter(session)

    def caught_up(self, session: ISession) -> None:
        """It has read; the room gives it what was withheld."""
        if not self.over:
            self._take_in(CaughtUp(session))

    def load(self) -> None:
        """The room was just read from the store; the game hears of it before anything else."""
        self._apply(LoadRoom(), None, self.now())
        self._drain()

    def join_batch(self) -> None:
        """There is something to do at the end of the pass."""
        if not self.in_batch:
            self.in_batch = True
            self._batch.add(self)

    def wake(self) -> None:
        """The store is back, or time was set: go on."""
        self.room.journal.note(marks.due, self.room.state)
        self._drain()

    def shift(self, delta_s: float) -> None:
        """The wall clock was stepped: what waits, waits as long as it would have."""
        self._stepped_s += delta_s
        self._follow_clock()
        self._timer_due = None  # a date of the calendar is as far away as the new clock says
        if not self.busy:
            self._arm()

    def _follow_clock(self) -> None:
        """Between two steps only: what a step changes may be undone, the clock not."""
        if self._stepped_s and not self.busy:
            stepped_s, self._stepped_s = self._stepped_s, 0.0
            self.room.clock_stepped(stepped_s)
            self._after_step()

    def stop(self, refusal: str = "not_found", *, moved: bool = False) -> None:
        """
        No more inputs, timers or ticks; what is to be stored still is.

        :param refusal: the code for whoever asks from now on.
        :param moved: the room goes on elsewhere; players' messages that wait are sent there again.
        """
        self.over = True
        self.free = False
        self._refusal = refusal
        self.commits.must = True
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None
        self._ticks.leave(self)
        waiting, self.queue = self.queue, deque()
        for input, done in waiting:
            if done is not None:
                self._refuse(done, Refused(code=refusal))
            elif isinstance(input, Look):
                input.waiter.refuse(Refused(code=refusal))
                self.commits.follow(input.waiter)
            elif input.asker is not None and not moved:
                asker = input.asker
                error = messages.Error(asker.id, refusal, CODES[refusal], room=asker.room)
                frame = msgpack.encode_for(asker.session.form, error)
                self.room.publisher.outbox.append(((asker.session,), frame, None))
                self.join_batch()

    def _refuse(self, done: Deferred[Any], refused: Refused) -> None:
        """Whoever waits for this is refused, behind all that the room has said."""
        waiter = Waiter(done, Failure(refused))
        if refused.code == "draining":
            waiter.deliver(b"")  # it says nothing of the room
        else:
            self.commits.follow(waiter)

    def _is_full_of(self, requester: Requester) -> bool:
        """Whether too much waits already: in all, or of this user, who must not crowd the others out."""
        waiting = len(self.queue)
        if waiting < QUEUE_PER_USER:
            return False
        askers = (input.asker for input, _ in self.queue)
        own = sum(1 for asker in askers if asker is not None and asker.user == requester.user)
        return waiting >= QUEUE or own >= QUEUE_PER_USER

    def _take_in(self, input: Input, done: Deferred[None] | None = None) -> None:
        self.queue.append((input, done))
        self._drain()

    def _drain(self) -> None:
        """Apply what waits, and before each input what is due."""
        if self.draining:
            return
        self.free, self.draining = False, True
        try:
            while self.queue and self._may_step():
                if self._catch_up():
                    self._apply(*self.queue.popleft(), self.now())
            if self._may_step():
                self._catch_up()
        finally:
            self.draining = False
            self.look_around()
        if self._may_step():
            self._arm()

    def _may_step(self) -> bool:
        return not (self.busy or self.over or self.store_away or (self.is_stored and self.commits.behind))

    def _catch_up(self) -> bool:
        """Fire what is due. :returns: whether the room is free for an input now."""
        for _ in range(FIRINGS):
            due = self.room.next_due()
            if due is None or due > self.now() + DUE_SLACK_S:
                return True
            self._apply(Fire(), None, max(self.now(), due))
            if not self._may_step():
                return False
        return True

    def _apply(self, input: Input, done: Deferred[None] | None, now: float) -> None:
        """One step."""
        if self._remade is not None and not isinstance(input, CreateRoom | LoadRoom):
            self.commits.seal()  # what earlier steps of this pass said is stored as of them
            self.room = self._remade(self.room)
        elif self.room.spec.waits:
            self.commits.seal()
        room = self.room
        room.begin(now, self.monotonic())
        try:
            result = input.apply(room)
        except Exception:  # noqa: BLE001 - a bug of ours must not stop the other rooms
            self._failed(input, done, Failure())
            return
        if result is None:
            self._finish(done)
        else:
            self._wait(result, input, done)

    def _wait(self, result: Coroutine[Any, Any, None], input: Input, done: Deferred[None] | None) -> None:
        """The step may last: other inputs wait for it."""
        self.busy, self.free = True, False
        step = Deferred.fromCoroutine(result)
        ended = Ended()
        step.addCallbacks(lambda _: self._stepped(ended, done), lambda f: self._failed(input, done, f, ended))
        if not ended:
            ended.limit = self.clock.later(STEP_LIMIT_S, self._too_long, step, result, ended, input, done)

    def _stepped(self, ended: Ended, done: Deferred[None] | None) -> None:
        if ended.now():
            self.busy = False
            self._finish(done)
            self._follow_clock()
            self._drain()

    def _too_long(
        self,
        step: Deferred[None],
        coroutine: Coroutine[Any, Any, None],
        ended: Ended,
        input: Input,
        done: Deferred[None] | None,
    ) -> None:
        """A step waits for more than `STEP_LIMIT_S`: it is undone, also where the game's code will not hear of it."""
        step.cancel()
        if not ended:
            with suppress(RuntimeError):
                coroutine.close()
            too_long = Failure(TimeoutError(f"{input.what} took more than {STEP_LIMIT_S} seconds"))
            if input.asker is not None:
                self._failed(input, done, too_long, ended)
            else:
                # What the framework did stands, such as a consumed timer: undone, it would be due again at once.
                self.room.around.log.failure(
                    "room {room} hung at {what}", too_long, room=self.room.code, what=input.what
                )
                self._stepped(ended, done)

    def _failed(self, input: Input, done: Deferred[None] | None, failure: Failure, ended: Ended | None = None) -> None:
        """An input was refused as a whole; or the room's own code failed, and the step is undone."""
        if ended is not None and not ended.now():
            return
        self.busy = False
        refused = failure.value
        if not isinstance(refused, Refused):
            self.room.around.log.failure("room {room} failed at {what}", failure, room=self.room.code, what=input.what)
            refused = Refused(code="game_error")
        self.room.abort()
        if not isinstance(input, CreateRoom):
            self._answer_refusal(input, done, refused)
        self._after_step()
        if isinstance(input, CreateRoom) and done is not None:
            done.errback(Failure(refused))  # there never was such a room
        self._follow_clock()
        self._drain()

    def _answer_refusal(self, input: Input, done: Deferred[None] | None, refused: Refused) -> None:
        """A refusal goes the way of all answers: behind the commit of what it was computed on."""
        if done is not None:
            self._refuse(done, refused)
        elif isinstance(input, Look):
            self._refuse(input.waiter.done, refused)
        elif input.asker is not None:
            self.room.replies.error(input.asker, refused)
            self.room.finish()

    def _finish(self, done: Deferred[None] | None) -> None:
        self.room.finish()
        self._after_step()
        if done is not None:
            done.callback(None)

    def _after_step(self) -> None:
        room = self.room
        self.stirred = True
        if room.changes.durable:
            self.commits.must = True
        self.join_batch()
        if room.moment.closing is not None and not room.moment.ended:
            self._apply(EndRoom(), None, self.now())
        elif room.moment.ended:
            self.stop()

    # Time

    def _arm(self) -> None:
        """Ask the clock for the next thing that is due, and for ticks."""
        due = self.room.next_due()
        if due != self._timer_due or (due is not None and self._timer is None):
            if self._timer is not None and self._timer.active():
                self._timer.cancel()
            self._timer = self.clock.later(due - self.clock.now(), self._due) if due is not None else None
            self._timer_due = due
        if self.room.ticks:
            self._ticks.follow(self)

    def _due(self) -> None:
        self._timer = self._timer_due = None
        self._drain()


class Ended:
    """Whether a step that waits has ended, in one way or another: it ends once."""

    def __init__(self) -> None:
        self.limit: IDelayedCall | None = None
        self._ended = False

    def now(self) -> bool:
        """It ends now. :returns: False if it had ended before."""
        if self._ended:
            return False
        self._ended = True
        if self.limit is not None and self.limit.active():
            self.limit.cancel()
        return True

    def __bool__(self) -> bool:
        return self._ended
