"""
The registry: this node's rooms. It opens, finds and closes them, and gives them codes.

Where nodes share a store a node has its rooms under a lease: what becomes of that, the registry is told, and looks
after its rooms accordingly.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec import MsgspecError
from msgspec.structs import replace
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from gameserver.errors import CannotMigrate, NotJSON, Refused, StoreUnavailable
from gameserver.interfaces import IClock, IHasher, ILease, ILeaseHolder, ILeases, IStore, IUserStore, Stored, User
from gameserver.node import codes
from gameserver.node.batch import CommitBatch
from gameserver.node.calendar import Calendar
from gameserver.node.creators import Creators
from gameserver.node.lobby_chat import ACCOUNT, LobbyChat
from gameserver.node.moderation import Moderation
from gameserver.node.open_rooms import OpenRooms
from gameserver.node.openers import Openers
from gameserver.node.passwords import Passwords
from gameserver.node.people import People
from gameserver.node.reactor_pass import ReactorPass
from gameserver.node.runner import RoomRunner
from gameserver.node.table_reader import StoreSource
from gameserver.node.ticks import Ticks
from gameserver.protocol import messages, msgpack, values
from gameserver.room import admission, quota, row
from gameserver.room.around import Around
from gameserver.room.bounds import message_bytes
from gameserver.room.chat.records import UserWatch
from gameserver.room.effects import Requester
from gameserver.room.inputs.arrivals import CreateRoom, SeatWish, TakeSeat
from gameserver.room.quota import Quota
from gameserver.room.room import Room
from gameserver.store.keys import CODE_REST_MS

if TYPE_CHECKING:
    from gameserver.game.spec import Spec

BEAT_S: Final = 1.0
"""How often the store is told that this node is alive."""
AWAY_S: Final = 0.01
"""Time away that counts; the store keeps milliseconds."""
ELSEWHERE: Final = re.compile(r"guest:[0-9a-f]{24}|(?!guest:|account:)\w+:.{1,1000}")
"""Ids of users who are kept nowhere here: guests, and those of other services, whose ids begin with their kind."""
ADOPTED: Final = 100
"""So many rooms are opened together; between them the node serves those it has."""


@implementer(ILeaseHolder)
class RoomRegistry:
    """
    :param specs: the games, by name.
    :param entropy: so many random bytes.
    :param rooms_per_user: rooms in which a user may have a seat at a time.
    :param lease: where nodes share the store, which provides `ILeases` then.
    :param game_bytes: what all rooms of one game may keep together.
    :param creators: who may create rooms.
    :param hasher: of the rooms' passwords; without one they are only hashed fast, as a table of tests wants it.
    :param people: knows which names are reserved.
    :param users: where accounts are kept; None: there are none.
    :param rooms_per_address: see `Openers`.
    :param rooms_made: see `Openers`.
    :param options_bytes: of a room's options, as JSON.
    :param reports: how many a user may make, and how many an address, see `Moderation`.
    :ivar log: where it is told what fails in rooms and games.
    :ivar ticks: those of the rooms that want some; it counts what was skipped.
    :ivar too_many_rooms: how often a user wanted more than that.
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
        creators: Creators | None = None,
        hasher: IHasher | None = None,
        people: People | None = None,
        users: IUserStore | None = None,
        reports: tuple[int, int] = (5, 30),
        rooms_per_address: int = 100,
        rooms_made: tuple[int, int] = (200, 600),
        options_bytes: int = 4096,
    ) -> None:
        self.specs = specs
        self.store = store
        self.clock = clock
        self.entropy = entropy
        self.rooms_per_user = rooms_per_user
        self.people = people or People()
        self.users = users
        self._openers = Openers(rooms_per_address, rooms_made)
        self._options_bytes = options_bytes
        self.chat_chars = chat_chars
        self.chat_data_bytes = chat_data_bytes
        self.draining = False
        self.too_many_rooms = 0
        self._around = Around(_log, UserWatch(), chat_chars, chat_data_bytes, name_chars)
        self._spaces = {name: Quota(game_bytes) for name in specs}
        self._creators = creators or Creators()
        self._passwords = Passwords(hasher)
        self._amnesia = amnesia
        self._runners: dict[str, RoomRunner] = {}
        self._rooms_of: dict[str, set[str]] = {}
        self._making: Counter[str] = Counter()
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
        )
        self.ticks = Ticks(clock, self.reactor_pass)
        self.watch = Moderation(store, clock, entropy, reports_per_user=reports[0], reports_per_address=reports[1])
        self._around.watch = self.watch
        self.posts = LobbyChat(
            store,
            clock,
            self.watch,
            games=specs.__contains__,
            meet=self._meet,
            knows=self.knows,
            chat_chars=self.chat_chars,
            chat_data_bytes=self.chat_data_bytes,
            shared=lease is not None,
        )
        self._adopting = DeferredLock()
        self._unusable: set[str] = set()  # rooms that are for other nodes: they are not opened again
        self._matching: dict[str, DeferredLock] = {}
        self._open_rooms = OpenRooms()
        self._resting: deque[tuple[float, str]] = deque()
        self._stepped_s = 0.0  # by how much the wall clock was, in all
        self._beats = beats
        self._beat_lost = False
        self._beat_call: IDelayedCall | None = None
        leases = self._leases if lease is not None else None
        self._calendar = Calendar(
            specs, clock, entropy, rooms=lambda: self.runners, leases=leases, log=lambda: self.log
        )

    @property
    def log(self) -> Logger:
        """Where it is written what fails; that of the rooms as well."""
        return self._around.log

    @log.setter
    def log(self, log: Logger) -> None:
        self._around.log = log

    async def start(self) -> None:
        """Open the store and every room in it; timers are armed again, overdue ones fire."""
        await self.store.start()
        await self.watch.start()
        if self._lease is not None:
            await self._lease.start(self)
            await self.adopt()
        else:
            last_ms = await self.store.last_beat_ms()
            for stored in await self.store.open_rooms(await self.store.room_ids()):
                self._reopen(stored, max(last_ms or 0, stored.at_ms))
        if self._beats:
            self._beat()
        self._calendar.start()

    async def stop(self) -> None:
        """Take no more inputs, store every room, and let the store go."""
        self.draining = True
        self._calendar.stop()
        if self._beat_call is not None and self._beat_call.active():
            self._beat_call.cancel()
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

    # The lease

    def lease_ended(self) -> None:
        """Have no effect from now on: the lease is not held; it may come back; see `ILeaseHolder.lease_ended`."""
        self._batch.suspend()

    def lease_held(self) -> None:
        """Go on with what waited: the lease is held again; see `ILeaseHolder.lease_held`."""
        self._batch.proceed()

    def lease_lost(self) -> None:
        """Let all rooms go for good: another process is this node now; see `ILeaseHolder.lease_lost`."""
        self.draining = True  # what is created here from now on would never be told
        self._batch.suspend()
        for runner in [runner for runner in self.runners if runner.is_stored]:
            self._lose(runner)

    def lease_regained(self) -> Deferred[None]:
        """Find out which rooms are still this node's, and go on with them; see `ILeaseHolder.lease_regained`."""
        return Deferred.fromCoroutine(self._look_after_rooms())

    async def _look_after_rooms(self) -> None:
        """Drop rooms that another node took over, and store again those of which the store lost something."""
        runners = [runner for runner in self.runners if runner.commits.version]
        versions = [runner.commits.version for runner in runners]
        stored = await self._leases.fences([runner.room.id for runner in runners])
        for runner, version, found in zip(runners, versions, stored, strict=True):
            if found is not None and found[0] > runner.commits.fence:
                self._lose(runner)
            elif found != (runner.commits.fence, version) and runner.commits.version == version:
                runner.commits.may_be_behind()

    def adopt(self) -> Deferred[bool]:
        """Take over rooms that belong to nobody; see `ILeaseHolder.adopt`."""
        return Deferred.fromCoroutine(self._adopt())

    async def _adopt(self) -> bool:
        # One at a time: two that open the same room would fence each other.
        await self._adopting.acquire()
        try:
            stored_ids = await self.store.room_ids()
            self._unusable.intersection_update(stored_ids)
            ids = [id for id in stored_ids if id not in self._ids and id not in self._unusable]
            for first in range(0, len(ids), ADOPTED):
                opened = await self.store.open_rooms(ids[first : first + ADOPTED])
                unusable = [stored.room for stored in opened if not self._reopen(stored, stored.at_ms)]
                if unusable:
                    await self._leases.release_rooms(unusable)
                    self._unusable.update(unusable)
        finally:
            self._adopting.release()
        return not self._unusable

    @property
    def _leases(self) -> ILeases:
        return cast(ILeases, self.store)

    # Finding rooms

    @property
    def runners(self) -> Iterator[RoomRunner]:
        """The open rooms."""
        return iter(self._runners.values())

    def get(self, code: str) -> RoomRunner | None:
        """:returns: the room of exactly that code."""
        return self._runners.get(code)

    def find(self, code: str) -> RoomRunner:
        """
        :param code: as people type it: in any case, with spaces or dashes.
        :raises Refused: ``not_found``.
        """
        runner = self._runners.get(code) or self._runners.get(codes.as_typed(code))
        if runner is None:
            raise Refused(code="not_found")
        return runner

    @property
    def message_bytes(self) -> int:
        """How large a message of any room is at most, as JSON."""
        return max((spec.message_bytes for spec in self.specs.values()), default=message_bytes(0, 0))

    def spec(self, game: str) -> Spec:
        """:raises Refused: ``not_found``: no game of that name is served."""
        spec = self.specs.get(game)
        if spec is None:
            raise Refused("There is no such game.", code="not_found")
        return spec

    # Creating

    async def create(
        self,
        user: User,
        game: str,
        options: dict[str, Any],
        *,
        private: bool = False,
        password: str | None = None,
        requester: Requester | None = None,
        seat: SeatWish | None = None,
        address: str = "",
    ) -> RoomRunner:
        """
        Make a room, and where ``requester`` is given the creator's seat with it.

        :param seat: what that should be.
        :param address: from which that comes, where nobody asks for a seat.
        :raises Refused: the game refuses, or the user may not.
        """
        spec = self.spec(game)
        self._check_options(options)
        if self.draining:
            raise Refused(code="draining")
        if self._spaces[spec.name].full:
            raise Refused("The rooms of this game take all the space that they may have here.", code="busy")
        if not self._creators.admits(user, game):
            raise Refused("You may not open a room of this game.", code="forbidden")
        await self._admit(user)
        address = requester.address if requester is not None else address
        self._openers.begin(address, user.id, now_s=self.clock.monotonic())
        self._making[user.id] += 1
        runner = None
        try:
            runner = await self._make(user, spec, options, private, password, requester, seat)
            return runner
        finally:
            self._openers.end(address, runner)
            self._making[user.id] -= 1
            if not self._making[user.id]:
                del self._making[user.id]

    def _check_options(self, options: dict[str, Any]) -> None:
        """:raises Refused: they are no JSON, or too large: everybody who looks for a room is shown them."""
        try:
            size_bytes = len(values.encode(values.received(options)))
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$.options") from None
        if size_bytes > self._options_bytes:
            raise Refused(f"Options have at most {self._options_bytes} bytes.", code="too_large", path="$.options")

    async def _make(
        self,
        user: User,
        spec: Spec,
        options: dict[str, Any],
        private: bool,
        password: str | None,
        requester: Requester | None,
        seat: SeatWish | None,
    ) -> RoomRunner:
        id = self.entropy(12).hex()
        code = await self._claim_code(id, private)
        room = row.create(
            spec, id=id, code=code, key=self.entropy(16), epoch=self._epoch(), now=self.clock.now(), around=self._around
        )
        runner = self._keep(room, fence=1, version=0)
        stepped_s = self._stepped_s
        try:
            password = await self._passwords.keep(room, password)
            seat = seat and replace(seat, password=password)
            await runner.post(CreateRoom(user, requester, options, private, password, seat))
            if runner.room.moment.ended:
                raise Refused("The game closed the room at once.")
        except Refused:
            runner.stop()
            runner.room.share.give_back()
            self._batch.discard(runner)
            self._ids.discard(id)
            self._release_code(code)
            raise
        self._runners[code] = runner
        self._count_users(runner)
        if self._stepped_s != stepped_s:
            runner.shift(self._stepped_s - stepped_s)
        return runner

    async def match(self, requester: Requester, game: str, match: dict[str, Any], seat: SeatWish) -> None:
        """
        Seat a user in an open room whose options hold ``match``, or in a new one with these options.

        :raises Refused: as for joining and creating.
        """
        lock = self._matching.setdefault(self.spec(game).name, DeferredLock())
        await lock.acquire()
        try:
            runner = self._find_match(requester, game, values.received(match), seat.role or "player")
            if runner is None:
                await self.create(requester.user, game, match, requester=requester, seat=seat)
            else:
                await self.join(requester, runner, seat)
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$.match") from None
        finally:
            lock.release()

    async def join(self, requester: Requester, runner: RoomRunner, seat: SeatWish) -> None:
        """
        Seat a user in a room.

        :raises Refused: there is no seat to be had.
        """
        if requester.user.id not in runner.users:
            await self._admit(requester.user)
        password = await self._passwords.prove(runner.room, requester.user, seat.role, seat.password)
        await runner.post(TakeSeat(requester, replace(seat, password=password)))
        self._count_users(runner)

    async def _admit(self, user: User) -> None:
        """:raises Refused: ``forbidden``: this user has seats in too many rooms, and the store has that."""
        if not self._has_enough(user):
            return
        for code in list(self._rooms_of.get(user.id, ())):
            if code in self._runners:
                await self._runners[code].told()
        if self._has_enough(user):
            self.too_many_rooms += 1
            raise Refused(f"You are in {self.rooms_per_user} rooms; leave one first.", code="forbidden")

    def _has_enough(self, user: User) -> bool:
        return len(self._rooms_of.get(user.id, ())) + self._making[user.id] >= self.rooms_per_user

    async def knows(self, user_id: str) -> bool:
        """
        Whether there may be such a user: one who is here, an account, or somebody whom only a token knows, such as a
        guest who has left.
        """
        if user_id in self._rooms_of or self.people.is_connected(user_id):
            return True
        if user_id.startswith(ACCOUNT):
            return self.users is not None and await self.users.user(user_id) is not None
        return ELSEWHERE.fullmatch(user_id) is not None

    def _meet(self, user_id: str, other: str) -> bool:
        """Whether two users have seats in one room."""
        return not self._rooms_of.get(user_id, set()).isdisjoint(self._rooms_of.get(other, ()))

    def _find_match(self, requester: Requester, game: str, match: dict[str, Any], role: str) -> RoomRunner | None:
        def fits(runner: RoomRunner) -> bool:
            return runner.room.spec.name == game and admission.is_open_to(runner.room, requester, role, match)

        # Where the user has a seat already, the room need not be open to anybody else.
        own = [self._runners[k] for k in self._rooms_of.get(requester.user.id, ()) if k in self._runners]
        found = [*filter(fits, own), *itertools.islice(filter(fits, self._open_rooms.of(game, role)), 1)]
        return min(found, key=self._open_rooms.age, default=None)

    async def _claim_code(self, id: str, private: bool) -> str:
        """:raises Refused: ``busy``: the store does not answer, or has all codes that were drawn."""
        for misses in range(codes.TRIES):
            code = codes.new_code(self.entropy, rooms=len(self._runners), private=private, misses=misses)
            try:
                if await self.store.claim_code(code, id, now_ms=self._now_ms()):
                    return code
            except StoreUnavailable:
                raise Refused(code="busy") from None
        raise Refused("No code was found for the room; try again.", code="busy")

    def _release_code(self, code: str) -> None:
        self.store.release_code(code).addErrback(lambda failure: failure.trap(StoreUnavailable))

    # Opening

    def _reopen(self, stored: Stored, last_ms: int) -> bool:
        """:returns: whether this room can be run here."""
        spec = self.specs.get(stored.game)
        if spec is None:
            _log.warn(
                "room {room}: no game {game} is served; the room stays in the store", room=stored.code, game=stored.game
            )
            return False
        now = self.clock.now()
        try:
            room = row.restore(
                spec,
                id=stored.room,
                code=stored.code,
                parts=stored.parts,
                epoch=self._epoch(),
                now=now,
                around=self._around,
            )
        except CannotMigrate as error:
            text = "room {room} of the game {game} stays closed, and as it is in the store: {reason}"
            self.log.failure(text, room=stored.code, game=stored.game, reason=str(error))
            return False
        except (MsgspecError, NotJSON, LookupError):
            self.log.failure("room {room} cannot be read; it stays closed in the store", room=stored.code)
            return False
        room.tables.begin(stored.table_bytes)
        away_s = now - last_ms / 1000
        if away_s > AWAY_S:
            room.away(away_s)
        room.reopen(self._epoch())
        runner = self._keep(room, fence=stored.fence, version=stored.version)
        quota.count(room)
        self._runners[stored.code] = runner
        self._count_users(runner)
        runner.load()
        return True

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
            remade=remade,
        )

    def _epoch(self) -> str:
        return self.entropy(6).hex()

    def _now_ms(self) -> int:
        return round(self.clock.now() * 1000)

    def _beat(self) -> None:
        while self._resting and self._resting[0][0] <= self.clock.monotonic():
            self._release_code(self._resting.popleft()[1])
        beat = self.store.beat(now_ms=self._now_ms())
        beat.addCallbacks(self._beat_stored, self._beat_not_stored)
        self._beat_call = self.clock.later(BEAT_S, self._beat)

    def _beat_stored(self, _: None) -> None:
        self._beat_lost = False

    def _beat_not_stored(self, failure: Failure) -> None:
        failure.trap(StoreUnavailable)
        self._beat_lost = True

    def shift(self, delta_s: float) -> None:
        """The wall clock was stepped by so many seconds: what waits, waits as long as it would have."""
        self._stepped_s += delta_s
        self.watch.shift(delta_s)
        for runner in list(self._runners.values()):
            runner.shift(delta_s)
        self._calendar.stepped(delta_s)

    # Losing rooms

    @property
    def store_away(self) -> bool:
        """Whether rooms wait for the store at present, or for the lease on it."""
        return self._batch.store_away

    @property
    def store_answers(self) -> bool:
        """Whether the store is there, as far as is known: where no room waits for it, the beat tells."""
        return not (self._batch.store_away or self._beat_lost)

    def _changed(self, runner: RoomRunner) -> None:
        room = runner.room
        if runner.seat_mark != _seat_mark(room):
            self._count_users(runner)

    def _lose(self, runner: RoomRunner) -> None:
        """Another node has this room."""
        # Whoever had just left may have been told nothing of it, and so has the seat still.
        sessions = runner.commits.fenced()
        moved = messages.Left(runner.room.code, "moved", None)
        sessions.update(dict.fromkeys(runner.room.publisher.everybody()))
        for session in sessions:
            session.deliver(msgpack.encode_for(session.form, moved))
            session.unseated(runner.room.code)
        self._forget(runner)

    def _forget(self, runner: RoomRunner) -> None:
        if runner.forgotten:
            return  # a step of it that lasted may have ended since; this node may have the room anew
        runner.forgotten = True
        self._openers.gone(runner)
        self._open_rooms.gone(runner)
        runner.stop()
        self._ids.discard(runner.room.id)
        runner.room.share.give_back()
        if self._runners.get(runner.room.code) is runner:
            del self._runners[runner.room.code]
            if runner.commits.version == 0:
                # The store has only the claim of its code, which rests as long as any other.
                self._rest(runner.room.code)
        runner.room.seats.clear()
        self._count_users(runner)

    def _rest(self, code: str) -> None:
        self._resting.append((self.clock.monotonic() + CODE_REST_MS / 1000, code))

    def _count_users(self, runner: RoomRunner) -> None:
        """Who has a seat where, for the bound on rooms a user."""
        room = runner.room
        runner.seat_mark = _seat_mark(room)
        if self._runners.get(room.code) is runner:
            self._open_rooms.note(runner)
        users = frozenset(seat.user_id for seat in room.seats.values())
        if any(user != runner.room.state.creator for user in users):
            self._openers.visited(runner)
        code = runner.room.code
        for gone in runner.users - users:
            rooms = self._rooms_of.get(gone, set())
            rooms.discard(code)
            if not rooms:
                self._rooms_of.pop(gone, None)
        for new in users - runner.users:
            self._rooms_of.setdefault(new, set()).add(code)
        runner.users = users


_log = Logger(namespace="gameserver.rooms")


def _seat_mark(room: Room) -> tuple[object, ...]:
    """:returns: what is another once somebody came or went, or other newcomers would find a seat."""
    state = room.state
    return state.next_seat, len(room.seats), state.status, state.locked, room.moment.closing
