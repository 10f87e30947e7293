"""
Rooms leave memory, and come back unnoticed.

A room to which nobody is connected, and in which nothing is due soon, is put to sleep: its last commit says so, and
leaves an entry in the store's index that says when it is due, who has a seat in it, and what the lobby shows. From then
on no node has it. It is opened when somebody asks for it (`gameserver.node.reaching`), or here, shortly before
something in it is due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import Asleep, SleepingTotal, StoreTime
from gameserver.node.listings import kept_listing
from gameserver.node.room_opener import pause
from gameserver.room import admission, sleep
from gameserver.room.inputs.due import CalendarCall
from gameserver.room.marks import LOOK

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall
    from twisted.python.failure import Failure

    from gameserver.game.spec import Spec
    from gameserver.interfaces import IClock, Slept
    from gameserver.node.calendar import Calendar
    from gameserver.node.room_opener import RoomOpener
    from gameserver.node.runner import RoomRunner
    from gameserver.room.quota import Quota
    from gameserver.room.room import Room

LOOK_S: Final = 1.0
"""Between two looks at which rooms are due, and which may sleep."""
AHEAD_S: Final = 2.0
"""How long before something is due a room is opened, so that its own timer fires in time."""
WOKEN: Final = 100
"""How many rooms that are due are asked for at a time."""
STAYS_S: Final = 1.0
"""How long a room stays at least after somebody asked for it: a password may be being checked, or the like."""
PUT_TO_SLEEP: Final = 200
"""How many rooms fall asleep at a time; each has to be encoded for it."""
COUNT_EVERY: Final = 30
"""After how many looks the store is asked again how many rooms sleep: other nodes put rooms to sleep, too."""
log: Final = Logger(namespace="gameserver.rooms")


class Sleeper:
    """
    Puts rooms to sleep, and wakes those that are due.

    :param store: provides `ISleepStore`.
    :param opener: gives the node's `RoomOpener`.
    :param calendar: gives the node's `Calendar`, which says when methods are called for the rooms of a game.
    :param space: gives the space that the rooms of a game, by its name, may take together.
    :param leave: called for a room that begins to fall asleep: nobody must find it here from then on.
    :param forget: called for a room that the store has by now.
    :param closed: whether no more rooms are opened here.
    :ivar sleep_s: a room falls asleep when for so long nobody was connected or asked for it, and nothing will be due;
        None: none does.
    :ivar time: for how long no node ran, and by how much the wall clock was set, as far as this node knows.
    """

    def __init__(
        self,
        store: Any,
        clock: IClock,
        opener: Callable[[], RoomOpener],
        calendar: Callable[[], Calendar],
        *,
        sleep_s: float | None,
        space: Callable[[str], Quota],
        leave: Callable[[RoomRunner], None],
        forget: Callable[[RoomRunner], None],
        closed: Callable[[], bool],
    ) -> None:
        self.sleep_s = sleep_s
        self.time = StoreTime()
        self._store = store
        self._clock = clock
        self._opener = opener
        self._calendar = calendar
        self._space = space
        self._leave = leave
        self._forget = forget
        self._closed = closed
        self._totals: dict[str, SleepingTotal] = {}
        self._alone: dict[RoomRunner, None] = {}
        self._company: set[RoomRunner] = set()
        self._call: IDelayedCall | None = None
        self._busy = False
        self._looks = 0

    @property
    def count(self) -> int:
        """How many rooms sleep, as far as this node knows."""
        return sum(total.count for total in self._totals.values())

    async def begin(self) -> None:
        """Read how long no node ran, and what sleeps; to be called once the store is open."""
        self.time = await self._store.begin_time(now_ms=self._now_ms())
        self._set_totals(await self._store.sleeping_totals())

    def start(self) -> None:
        """Begin to look."""
        self._call = self._clock.later(LOOK_S, self._look)

    def stop(self) -> None:
        """Stop looking."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def stepped(self, delta_s: float) -> None:
        """The wall clock was set forward by ``delta_s``: tell the store, which counts that for sleeping rooms."""

        def tell() -> None:
            told: Deferred[StoreTime] = self._store.step_time(round(delta_s * 1000), now_ms=self._now_ms())
            told.addCallbacks(self._set_time, again)

        def again(failure: Failure) -> None:
            failure.trap(StoreUnavailable)
            if not self._closed():
                self._clock.later(LOOK_S, tell)

        tell()

    # Falling asleep

    def note(self, runner: RoomRunner) -> None:
        """Note whether anybody is connected to a room, in which something has happened."""
        if self.sleep_s is None:
            return
        if runner.over or not runner.is_stored:
            self.gone(runner)
        elif runner.room.publisher.heard:
            self._company.add(runner)
            self._alone.pop(runner, None)
        else:
            self._alone[runner] = None
            if runner in self._company:
                self._company.discard(runner)
                runner.touched_s = self._clock.monotonic()

    def gone(self, runner: RoomRunner) -> None:
        """Forget a room that is not here any more."""
        self._alone.pop(runner, None)
        self._company.discard(runner)

    @property
    def waiting(self) -> int:
        """How many rooms are here to which nobody is connected: they will sleep unless somebody comes."""
        return len(self._alone)

    def _put_to_sleep(self, sleep_s: float) -> None:
        until_s = self._clock.monotonic() - max(sleep_s, STAYS_S)
        tired = [runner for runner in self._alone if runner.touched_s <= until_s and self._may_sleep(runner, sleep_s)]
        for runner in tired[:PUT_TO_SLEEP]:
            self._fall_asleep(runner)

    def put_to_sleep(self, runner: RoomRunner) -> bool:
        """
        Put a room to sleep at once, however short a time nobody was there.

        :returns: whether it may sleep: not if somebody is connected, or something is under way or due.
        """
        if not runner.is_stored or not self._may_sleep(runner, 0):
            return False
        self._fall_asleep(runner)
        return True

    def _may_sleep(self, runner: RoomRunner, sleep_s: float) -> bool:
        room = runner.room
        if runner.over or runner.suspect is not None or not runner.quiet or runner.in_batch or runner.store_away:
            return False
        if room.publisher.heard or room.moment.thinking or runner.commits.version == 0:
            return False
        awake_until = self._clock.now() + sleep_s
        due = room.next_due()
        if due is not None and due <= awake_until:
            return False
        called = self._calendar().next_for(room.spec, self._clock.now())  # type: ignore[arg-type]
        return called is None or called > awake_until

    def _fall_asleep(self, runner: RoomRunner) -> None:
        runner.commits.sleeps = self._asleep(runner)
        self._opener().leave(runner.room.id)
        self._leave(runner)
        runner.stop("busy", moved=True)
        runner.join_batch()

    def _asleep(self, runner: RoomRunner) -> Asleep:
        """:returns: the entry that a room leaves in the index."""
        room, now_s = runner.room, self._clock.now()
        dues = sleep.dues(room)
        dates = [dues.date_s, self._calendar().next_for(room.spec, now_s)]  # type: ignore[arg-type]
        empty_since = room.moment.empty_since
        return Asleep(
            slept_ms=self._now_ms(),
            empty_ms=self._now_ms() if empty_since is None else round(empty_since * 1000),
            stepped_ms=self.time.stepped_ms,
            outage_ms=self.time.outage_ms,
            due_ms=_ms(dues.waits_s),
            date_ms=_ms(min((date for date in dates if date is not None), default=None)),
            created_ms=round(room.state.created * 1000),
            listing=kept_listing(room),
            is_open=any(role != "host" for role in admission.open_roles(room)),
            users=sorted(runner.users),
            maker=room.state.creator if not runner.users else None,
            size_bytes=room.share.counted_bytes,
        )

    def slept(self, runner: RoomRunner) -> None:
        """Forget a room that fell asleep: the store has it by now."""
        room, asleep = runner.room, runner.commits.sleeps
        assert asleep is not None
        self._count(room.spec.name, 1, asleep.size_bytes)
        self._forget(runner)

    def nobody_was_here(self, room: Room) -> None:
        """Do not wait for players to return to a room that was opened and had not slept, if nobody was connected."""
        if self.sleep_s is not None and not any(seat.online and seat.bot is None for seat in room.seats.values()):
            room.moment.grace_until = None
            room.journal.stale.due_at = LOOK

    # Waking

    def woken(self, room: Room, slept: Slept) -> None:
        """Have a room that had slept, and was just read, account for the time since."""
        asleep = slept.asleep
        sleep.wake(
            room,
            empty_since=asleep.empty_ms / 1000,
            outage_s=slept.outage_ms / 1000,
            stepped_s=slept.stepped_ms / 1000,
        )
        self._count(room.spec.name, -1, -asleep.size_bytes)

    def call_missed(self, runner: RoomRunner, spec: Spec, slept: Slept | None, ran_ms: int) -> None:
        """
        Make those calls of the calendar that a room missed while it slept, or its node was gone, and another node ran.

        :param slept: None: it did not sleep.
        :param ran_ms: when its node is last known to have run, milliseconds since 1970.
        """
        after_ms = ran_ms if slept is None else slept.asleep.slept_ms + slept.stepped_ms
        if slept is None or slept.outage_ms:
            after_ms = max(after_ms, self.time.since_ms)
        for method in self._calendar().missed(spec, after_ms / 1000):
            runner.post(CalendarCall(method)).addErrback(lambda failure: failure.trap(Refused))

    def _look(self) -> None:
        self._call = self._clock.later(LOOK_S, self._look)
        if self.sleep_s is not None and self._alone and not self._closed():
            self._put_to_sleep(self.sleep_s)
        if not self._busy:
            self._busy = True
            looking = Deferred.fromCoroutine(self._wake_due())
            looking.addErrback(self._not_woken).addBoth(self._looked)

    def _looked(self, _: object) -> None:
        self._busy = False

    @staticmethod
    def _not_woken(failure: Failure) -> None:
        if not failure.check(StoreUnavailable, Refused):
            log.failure("rooms that are due cannot be opened", failure)

    async def _wake_due(self) -> None:
        self._looks += 1
        if self._looks % COUNT_EVERY == 0:
            self._set_totals(await self._store.sleeping_totals())
        opener = self._opener()
        while not self._closed():
            limit = WOKEN + len(opener.unusable)  # the unusable may be due, too, and are left to other nodes
            due = await self._store.due_rooms(until_ms=self._now_ms() + round(AHEAD_S * 1000), limit=limit)
            self._set_time(due.time)
            ids = [id for id in due.ids if id not in opener.unusable]
            if ids and not self._closed():
                await opener.open(ids)
            if len(due.ids) < limit or not ids:
                return
            await pause(self._clock)

    # Counting

    def _set_time(self, time: StoreTime) -> None:
        self.time = time

    def _set_totals(self, totals: Mapping[str, SleepingTotal]) -> None:
        for game in {*self._totals, *totals}:
            total = totals.get(game)
            self._space(game).asleep_bytes = total.size_bytes if total is not None else 0
        self._totals = dict(totals)

    def _count(self, game: str, more: int, more_bytes: int) -> None:
        total = self._totals.get(game, SleepingTotal(count=0, size_bytes=0))
        total = SleepingTotal(count=max(0, total.count + more), size_bytes=max(0, total.size_bytes + more_bytes))
        self._totals[game] = total
        self._space(game).asleep_bytes = total.size_bytes

    def _now_ms(self) -> int:
        return round(self._clock.now() * 1000)


def _ms(at_s: float | None) -> int | None:
    return None if at_s is None else int(at_s * 1000)
