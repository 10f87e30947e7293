"""
The rooms that this node runs: how they are opened from the store, found, and let go again.

Where nodes share a store, a node has its rooms under a lease. The registry is told what becomes of the lease (see
`LeasedRooms`), and holds, resumes or drops its rooms accordingly.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import CannotOpen, Refused, StoreUnavailable
from gameserver.interfaces import IClock, ILease, IStore, IUserStore, Stored
from gameserver.node import codes
from gameserver.node.after_opening import OpenedRooms
from gameserver.node.archive import check_whole
from gameserver.node.batch import CommitBatch
from gameserver.node.calendar import Calendar
from gameserver.node.code_claims import CodeClaims
from gameserver.node.heartbeat import Heartbeat
from gameserver.node.leased_rooms import LeasedRooms
from gameserver.node.lobby_chat import LobbyChat
from gameserver.node.mending import Mending
from gameserver.node.moderation import Moderation
from gameserver.node.news import News
from gameserver.node.open_rooms import OpenRooms
from gameserver.node.people import People
from gameserver.node.reaching import Reaching
from gameserver.node.reactor_pass import ReactorPass
from gameserver.node.restoring import reason_of, restored
from gameserver.node.room_opener import OPENING_RETRY_MS, RoomOpener
from gameserver.node.rooms_aside import RoomAside
from gameserver.node.rooms_let_go import RoomsLetGo
from gameserver.node.rooms_of_addresses import Openers
from gameserver.node.rooms_of_users import RoomsOfUsers, may_exist
from gameserver.node.runner import RoomRunner
from gameserver.node.showing_out import show_out_of
from gameserver.node.table_reader import StoreSource
from gameserver.node.ticks import Ticks
from gameserver.room import quota, row
from gameserver.room.chat.records import UserWatch
from gameserver.room.context import RoomContext
from gameserver.room.quota import Quota
from gameserver.room.room import Room

if TYPE_CHECKING:
    from gameserver.game.spec import Spec

NEVER: Final = float("-inf")
"""When a room that nobody has asked for yet counts as touched."""
AWAY_S: Final = 0.01
"""The shortest time away that counts; the store keeps milliseconds."""
_log: Final = Logger(namespace="gameserver.rooms")


class RunningRooms(RoomsLetGo):
    """
    :param specs: the games, by name.
    :param entropy: returns as many random bytes as it is asked for.
    :param rooms_per_user: in how many rooms a user may have a seat at a time.
    :param amnesia: whether rooms are made anew from their rows before each step, as tests of games do.
    :param beats: whether the store is told each second that this node is alive, and rooms may fall asleep.
    :param lease: where nodes share the store, which must then provide `ILeases`; None: they do not.
    :param game_bytes: how much all rooms of one game together may keep.
    :param people: knows which names are reserved.
    :param users: where accounts are kept; None: there are none.
    :param rooms_per_address: see `Openers`.
    :param rooms_made: see `Openers`.
    :param free_s: how long after its end a room is taken apart, whose objects only the garbage collector would free
        otherwise; None: never, for tests that look at it.
    :param sleep_s: a room leaves memory when nobody was connected and nothing is due for so long; None: none does.
    :param reports: how many reports a user may make, and how many an address, see `Moderation`.
    :ivar leased: which rooms of a shared store are this node's.
    :ivar mending: what an operator can do about rooms that are kept aside.
    :ivar ticks: the ticks of rooms that want some.
    """

    def __init__(
        self,
        specs: Mapping[str, Spec],
        store: IStore,
        clock: IClock,
        entropy: Callable[[int], bytes],
        *,
        rooms_per_user: int = 10,
        chat_chars: int = 500,
        chat_data_bytes: int = 1024,
        name_chars: int = 32,
        game_bytes: float = float("inf"),
        amnesia: bool = False,
        beats: bool = True,
        lease: ILease | None = None,
        people: People | None = None,
        users: IUserStore | None = None,
        reports: tuple[int, int] = (5, 30),
        rooms_per_address: int = 100,
        free_s: float | None = None,
        rooms_made: tuple[int, int] = (200, 600),
        sleep_s: float | None = None,
    ) -> None:
        self._spaces: dict[str, Quota] = defaultdict(lambda: Quota(game_bytes))
        super().__init__(specs, store, clock, lambda: self._opener, sleep_s, self._spaces.__getitem__)
        self.entropy = entropy
        self.rooms_of = RoomsOfUsers(rooms_per_user)
        self.people = people or People()
        self.users = users
        self._openers = Openers(rooms_per_address, rooms_made)
        self.chat_chars = chat_chars
        self.chat_data_bytes = chat_data_bytes
        self._context = RoomContext(_log, UserWatch(), chat_chars, chat_data_bytes, name_chars)
        self._amnesia = amnesia
        self._free_s = free_s
        self._runners: dict[str, RoomRunner] = {}
        self._ids: set[str] = set()
        self._lease = lease
        self.reactor_pass = ReactorPass(clock)
        self._batch = CommitBatch(
            store,
            clock,
            lease,
            self.reactor_pass,
            rooms=lambda: self.runners,
            changed=self._changed,
            ended=self._forget,
            lost=self._lose,
            slept=self.sleeper.slept,
        )
        self.ticks = Ticks(clock, self.reactor_pass)
        self.watch = Moderation(store, clock, entropy, reports_per_user=reports[0], reports_per_address=reports[1])
        self._context.watch = self.watch
        self._context.bot_chose = self._bot_chose
        self.lobby_chat = LobbyChat(
            store,
            clock,
            self.watch,
            games=self.specs.__contains__,
            meet=self.meet,
            knows=self.knows,
            chat_chars=self.chat_chars,
            chat_data_bytes=self.chat_data_bytes,
            shared=lease is not None,
        )
        self.news = News(store, clock)
        for hearer in (self.watch, self.lobby_chat, self.unclean):
            self.news.add(hearer)
        self._last_beat_ms = 0
        self._opener = RoomOpener(store, clock, self._ids, self._reopen, lambda: self.draining)
        self._opener.before = self.unclean.renew if lease is not None else None
        self._reaching = Reaching(store, self._runners, self._opener, self.aside, lambda: self.draining, clock)
        self.leased = LeasedRooms(
            store,
            self._opener,
            self.aside,
            self._lose,
            clock=clock,
            lease=lease,
            games=self.versions,
            batch=self._batch,
            rooms=lambda: self.runners,
        )
        self._reaching.claim = self.leased.claim
        self.mending = Mending(store, self.specs, self.aside, self.watch, clock, self._context, self.leased.retry)
        self._codes = CodeClaims(store, clock, entropy, lambda: len(self._runners) + self.sleeper.count)
        self._open_rooms = OpenRooms()
        self._opened = OpenedRooms(store, clock)
        self._stepped_s = 0.0  # by how much the wall clock was, in all
        self._beats = beats
        self._heartbeat = Heartbeat(store, clock, self._codes.release_rested)
        leases = self.leased.leases if lease is not None else None
        self.calendar = Calendar(
            self.specs, clock, entropy, rooms=lambda: self.runners, leases=leases, log=lambda: self.log
        )

    @property
    def log(self) -> Logger:
        """The log for what fails in rooms and games."""
        return self._context.log

    @log.setter
    def log(self, log: Logger) -> None:
        self._context.log = log

    async def start(self) -> None:
        """
        Open the store and the rooms in it that do not sleep: their timers are armed again, overdue ones fire.

        If that takes long, the rest is opened afterwards, and a room that somebody asks for at once.
        """
        await self.store.start()
        await check_whole(self.store)
        await self.news.begin()
        await self.watch.start()
        await self.unclean.start()
        if self._lease is not None:
            await self._lease.start(self.leased)
        else:
            self._last_beat_ms = await self.store.last_beat_ms() or 0
        await self.sleeper.begin()
        await self.rouse_for_calendar()
        await self._open_in_the_end(self._open_all)
        if self._beats:
            self._heartbeat.beat()
            self.sleeper.start()
        self.calendar.start()

    async def stop(self) -> None:
        """Take no more inputs, store every room, and close the store."""
        self.leased.closed = True
        self.calendar.stop()
        self._heartbeat.stop()
        self.sleeper.stop()
        self.news.stop()
        for runner in list(self._runners.values()):
            runner.stop("draining")
            self._batch.add(runner)
        self.reactor_pass.end()
        await self._batch.settled()
        self.reactor_pass.end()
        try:
            await self.store.beat(now_ms=self._now_ms())
        except StoreUnavailable:
            _log.warn("the store does not answer; the next start takes this one's last commit for its end")
        finally:
            if self._lease is not None:
                await self._lease.stop()
            await self.store.stop()

    # Other nodes

    @property
    def draining(self) -> bool:
        """Whether this node neither makes rooms any more nor takes rooms from others."""
        return self.leased.closed

    def adopt(self) -> Deferred[bool]:
        """Open all rooms that this node has or may take; see `ILeaseHolder.adopt`."""
        return self.leased.adopt()

    # Finding rooms

    @property
    def runners(self) -> Iterator[RoomRunner]:
        """The open rooms."""
        return iter(self._runners.values())

    def get(self, code: str) -> RoomRunner | None:
        """:returns: the room of exactly this code, if it is here."""
        return self._runners.get(code)

    def here(self, code: str) -> RoomRunner | None:
        """
        :param code: as people type it: in any case, with spaces or dashes.
        :returns: the room, if this node runs it.
        """
        return self._reaching.here(code)

    def find(self, code: str) -> RoomRunner:
        """
        Find a room that should be here, such as one in which a connected user has a seat.

        :param code: as people type it.
        :raises Refused: ``not_found``; ``quarantined``: it is kept aside; ``busy``: rooms are being opened.
        """
        runner = self._reaching.here(code)
        if runner is None:
            self.aside.check_room(code, codes.as_typed(code))
            if self.leased.opening:
                raise Refused("Rooms are being opened; try again.", code="busy", retry_ms=OPENING_RETRY_MS)
            raise Refused(code="not_found")
        return runner

    async def reach(self, code: str, *, sure: bool = False) -> RoomRunner:
        """
        Find a room, wherever it is; one that is only in the store is opened.

        :param code: as people type it: in any case, with spaces or dashes.
        :param sure: whether to ask the store even if the answer was learnt a moment ago.
        :raises Refused: ``not_found``: the store knows no such code; else as `Reaching.reach`.
        """
        return await self._reaching.reach(code, sure=sure)

    # Users

    async def knows(self, user_id: str) -> bool:
        """Whether there may be a user with this id, see `may_exist`."""
        if await may_exist(user_id, self.rooms_of, self.people, self.users):
            return True
        return bool((await self.sleeping_rooms_of(user_id)).seated)

    # Opening

    def _reopen(self, stored: Stored) -> bool:
        """Run a stored room from now on. :returns: whether it can be run here."""
        last_ms = max(stored.at_ms, self._last_beat_ms)
        if self.aside.keep_if_quarantined(stored, self.log):
            return False
        try:
            room = restored(stored, self.specs, epoch=self._epoch(), now=self.clock.now(), context=self._context)
        except CannotOpen as error:
            why = RoomAside(stored.room, stored.code, stored.game, str(error))
            self.aside.keep(why, Failure() if stored.game in self.specs else None, self.log)
            return False
        self.aside.back(stored.code)
        now = self.clock.now()
        room.tables.begin(stored.table_bytes)
        away_s = now - last_ms / 1000
        if stored.slept is not None:
            self.sleeper.woken(room, stored.slept)
        else:
            if away_s > AWAY_S:
                room.away(away_s)
            room.reopen(self._epoch())
            self.sleeper.nobody_was_here(room)
        runner = self._keep(room, fence=stored.fence, version=stored.version)
        quota.count(room)
        self._runners[stored.code] = runner
        runner.touched_s = NEVER
        self.count_users(runner)
        self._suspect(runner)
        runner.load()
        self._loads(runner)
        self.sleeper.call_missed(runner, self.specs[stored.game], stored.slept, last_ms)
        show_out_of(runner, self.watch)
        self._opened.look(runner)
        return not self.aside.holds(stored.code)

    def _failed(self, runner: RoomRunner, what: str, failure: Failure) -> None:
        """Keep a room aside that cannot go on, once what it has done is stored."""
        room, loading = runner.room, isinstance(failure.value, CannotOpen)
        why, failure = reason_of(failure, what)
        if runner.is_stored or loading:
            self.aside.keep(RoomAside(room.id, room.code, room.spec.name, why), failure, self.log)
        else:
            self.log.failure("room {room} failed at {what}", failure, room=room.code, what=what)
        if loading:
            self._let_go(runner)  # at once: what its migration has made of it must not be stored
        else:
            runner.join_batch()
            runner.told().addBoth(lambda _: self._let_go(runner))

    def _let_go(self, runner: RoomRunner) -> None:
        self._lose(runner)
        if self._lease is not None:
            self.leased.give_up(runner.room.id)

    def _keep(self, room: Room, *, fence: int, version: int) -> RoomRunner:
        self._ids.add(room.id)
        room.share.enter(self._spaces[room.spec.name])
        if room.game_class.durability != "none":
            room.tables.source = StoreSource(self.store, self.clock, room.id)
        remade = row.remake if self._amnesia else None
        return RoomRunner(
            room,
            self.clock,
            fence=fence,
            version=version,
            batch=self._batch,
            reactor_pass=self.reactor_pass,
            ticks=self.ticks,
            failed=self._failed,
            remade=remade,
        )

    def _epoch(self) -> str:
        return self.entropy(6).hex()

    def _now_ms(self) -> int:
        return round(self.clock.now() * 1000)

    def shift(self, delta_s: float) -> None:
        """The wall clock was set forward by ``delta_s``: have all that waits wait as long as it would have."""
        self._stepped_s += delta_s
        self.watch.shift(delta_s)
        for runner in list(self._runners.values()):
            runner.shift(delta_s)
        self.sleeper.stepped(delta_s)
        self._last_beat_ms += round(delta_s * 1000)
        self.calendar.stepped(delta_s)

    # Losing rooms

    @property
    def store_away(self) -> bool:
        """Whether rooms wait for the store at the moment, or for the lease on it."""
        return self._batch.store_away

    @property
    def store_answers(self) -> bool:
        """Whether the store answers, as far as is known: if no room waits for it, by the last heartbeat."""
        return not (self._batch.store_away or self._heartbeat.lost)
