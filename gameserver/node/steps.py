"""
How one input becomes a step of a room, from its beginning to its end, also if it waits or fails.

A step's effects wait in the room's outbox until the store has the state that they were computed from
(`gameserver.node.commits`).
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from twisted.python.failure import Failure

from gameserver.errors import Refused
from gameserver.node.commits import Commits
from gameserver.node.input_notes import described
from gameserver.node.input_queue import InputQueue
from gameserver.node.lasting_step import LastingStep
from gameserver.node.runner_state import FREE, HELD, OVER, READY, STEPPING, WAITING
from gameserver.node.step_notes import TOLD, head_of
from gameserver.node.waiters import Look
from gameserver.room import marks
from gameserver.room.inputs.arrivals import CreateRoom
from gameserver.room.inputs.lifecycle import EndRoom, LoadRoom
from gameserver.room.publish import broadcast

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from gameserver.interfaces import IClock
    from gameserver.node.reactor_pass import ReactorPass
    from gameserver.node.suspect import Suspect
    from gameserver.room.inputs.input import Input
    from gameserver.room.room import Room


class RoomSteps:
    """
    One room, one step at a time.

    :param room: a room that nobody else calls.
    :param fence: the one under which it was opened.
    :param version: that of the row in the store; 0: the store has no row.
    :param remade: makes the room anew from its row before each step, as tests of games do; None: it stays as it is.
    :ivar state: what the runner does at the moment.
    :ivar forgotten: whether the registry has let go of the room.
    :ivar lasting: the step that waits for something; None: none does.
    :ivar is_stored: whether the room is kept in the store, and so waits for it.
    :ivar is_plain: whether no step of the room can wait, and the room is not made anew before each.
    :ivar noted: the head of the notes of this room.
    :ivar notes: where steps are noted for another process to read; None: nowhere.
    :ivar queue: inputs that wait.
    :ivar stirred: whether a step since the last pass did more than an ordinary message of a player does.
    :ivar store_away: whether the room waits for a store that does not answer, or for the lease.
    :ivar suspect: holds inputs back, since a process ended in a step of the room; None: nothing is held back.
    """

    __slots__ = (
        "_remade",
        "_stepped_s",
        "clock",
        "commits",
        "forgotten",
        "is_plain",
        "is_stored",
        "lasting",
        "noted",
        "notes",
        "queue",
        "reactor_pass",
        "room",
        "state",
        "stirred",
        "store_away",
        "suspect",
    )

    def __init__(
        self,
        room: Room,
        clock: IClock,
        *,
        fence: int,
        version: int,
        reactor_pass: ReactorPass,
        remade: Callable[[Room], Room] | None,
    ) -> None:
        self.room = room
        self.clock = clock
        self.commits = Commits(self, fence=fence, version=version)
        self.state = READY
        self.store_away = False
        self.forgotten = False
        self.is_stored = room.game_class.durability != "none"
        self.queue = InputQueue()
        self.stirred = True
        self.reactor_pass = reactor_pass
        self.notes = reactor_pass.notes
        self.suspect: Suspect | None = None
        self.noted = head_of(room.id, room.code, room.spec.name)
        self.is_plain = remade is None and not room.spec.waits
        self._remade = remade
        self.lasting: LastingStep | None = None
        self._stepped_s = 0.0

    # Its state

    @property
    def over(self) -> bool:
        """Whether no more inputs are applied here."""
        return self.state is OVER

    def settle(self) -> None:
        """Set the state between two steps: FREE, READY or HELD."""
        state = self.state
        if state is READY or state is FREE or state is HELD:
            if self._is_held():
                self.state = HELD
            else:
                self.state = FREE if self.is_plain and not self.queue and self.suspect is None else READY

    def _is_held(self) -> bool:
        return self.store_away or (self.is_stored and self.commits.behind)

    def _may_step(self) -> bool:
        return self.lasting is None and self.state is not OVER and not self._is_held()

    def _stop_stepping(self) -> None:
        if self.state is STEPPING:
            self.state = READY
            self.settle()

    @property
    def rests(self) -> bool:
        """Whether nothing happens in the room by itself until somebody touches it."""
        return self.suspect is not None and self.suspect.rests

    def suspect_it(self, suspect: Suspect | None) -> None:
        """Hold inputs back as ``suspect`` says, since a process ended in a step of the room; None: do so no longer."""
        self.suspect = suspect
        self.settle()

    def _waits_for_touch(self) -> bool:
        """:returns: whether the next input is held back; if it touches the room, all that was held back is queued."""
        input, done = self.queue[0]
        suspect = self.suspect
        if suspect is None or not suspect.rests or not suspect.is_touched_by(input):
            return False
        if suspect.holds(input, done):
            return True
        for held in suspect.touch():
            self.queue.put(*held)
        return False

    def join_batch(self) -> None:
        """Have the room collected at the end of the pass."""
        raise NotImplementedError

    def wake(self) -> None:
        """Go on: the store answers again, or has caught up."""
        self.room.journal.note(marks.due, self.room.state)
        self.go_on()

    def go_on(self) -> None:
        """Apply the inputs that wait, and what is due."""
        raise NotImplementedError

    def stop(self, refusal: str = "not_found", *, moved: bool = False) -> None:
        """Apply nothing more."""
        raise NotImplementedError

    def set_aside(self, what: str, failure: Failure) -> None:
        """Apply nothing more: an input that comes by itself failed, and would fail again."""
        raise NotImplementedError

    # One step

    def _apply(self, input: Input, done: Deferred[None] | None, now: float) -> None:
        """Apply one input as a step."""
        if self._remade is not None and not isinstance(input, CreateRoom | LoadRoom):
            self.commits.seal()  # so that what earlier steps of this pass sent waits only for what they changed
            self.room = self._remade(self.room)
        elif self.room.spec.waits:
            self.commits.step_may_last(input.what)
        self.room.begin(now, self.reactor_pass.monotonic())
        notes = self.notes
        try:
            if notes is not None:
                notes.begin(self.noted, described(input, self.room), TOLD)
            rest = input.apply(self.room)
            if rest is None:
                broadcast.finish(self.room)
        except Exception:  # noqa: BLE001 - a bug of ours must not stop the other rooms
            self._failed(input, done, Failure())
            return
        finally:
            if notes is not None:
                notes.end()
        if rest is None:
            self._end_step(done)
        else:
            self._wait(rest, input, done)

    def _wait(self, rest: Coroutine[Any, Any, None], input: Input, done: Deferred[None] | None) -> None:
        """Run the rest of a step that may wait for something; other inputs wait until it ends."""

        def ended(step: LastingStep, failure: Failure | None) -> None:
            lasted = self.lasting is step
            if lasted:
                self.lasting = None
                if self.state is WAITING:
                    self.state = STEPPING  # what the end of this step makes others ask comes after it
            try:
                if failure is None:
                    broadcast.finish(self.room)
                    self._end_step(done)
                elif step.hung and input.asked_by is None and not isinstance(input, LoadRoom):
                    # What the framework did stands, such as a timer that was taken: undone, it would be due again at
                    # once.
                    self.room.context.log.failure(
                        "room {room} hung at {what}", failure, room=self.room.code, what=input.what
                    )
                    broadcast.finish(self.room)
                    self._end_step(done)
                else:
                    self._failed(input, done, failure)
            finally:
                if lasted:
                    self._follow_clock()
                    self._stop_stepping()
            if lasted:
                self.go_on()

        if self.notes is not None:
            parts = self.notes.each_part(self.noted, described(input, self.room), rest)
            step = LastingStep(parts, self.clock, ended, input.what)
        else:
            step = LastingStep(rest, self.clock, ended, input.what)
        if not step.over:
            if self._remade is None:
                self.commits.step_lasts(input.what)
            self.lasting = step
            if self.state is not OVER:
                self.state = WAITING

    def _failed(self, input: Input, done: Deferred[None] | None, failure: Failure) -> None:
        """Undo a step, since the input was refused or code failed, and tell who asked."""
        refused = failure.value
        if input.recurs and not isinstance(refused, Refused):
            broadcast.abort(self.room)
            self.set_aside(input.what, failure)
            return
        if not isinstance(refused, Refused):
            self.room.context.log.failure("room {room} failed at {what}", failure, room=self.room.code, what=input.what)
            refused = Refused(code="game_error")
        broadcast.abort(self.room)
        if not isinstance(input, CreateRoom):
            self._answer_refusal(input, done, refused)
        self._after_step()
        if isinstance(input, CreateRoom) and done is not None:
            done.errback(Failure(refused))  # there never was such a room

    def _answer_refusal(self, input: Input, done: Deferred[None] | None, refused: Refused) -> None:
        """Answer with a refusal, which waits like all answers until the state that it was computed from is stored."""
        if done is not None:
            self.commits.refuse(done, refused)
        elif isinstance(input, Look):
            self.commits.refuse(input.waiter.done, refused)
        elif input.asked_by is not None:
            self.room.replies.error(input.asked_by, refused)
            broadcast.finish(self.room)

    def _end_step(self, done: Deferred[None] | None) -> None:
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
            self._apply(EndRoom(), None, self.reactor_pass.now())
        elif room.moment.ended:
            self.stop()

    def _follow_clock(self) -> None:
        """Have the room follow a clock that was set; only between two steps, since undoing one would undo that, too."""
        if self._stepped_s and self.lasting is None:
            stepped_s, self._stepped_s = self._stepped_s, 0.0
            self.room.clock_stepped(stepped_s)
            broadcast.finish(self.room)
            self._after_step()
