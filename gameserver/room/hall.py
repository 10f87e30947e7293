"""
The hall: this node's rooms. It opens, finds and closes them, gives them codes, and ends each turn.

All inputs that one pass of the reactor brings belong to one turn; at its end every room that changed commits in one
round trip, and what was waiting for that goes out.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from msgspec import MsgspecError
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver import values
from gameserver.errors import NotJSON, Refused, StoreUnavailable
from gameserver.interfaces import Commit, IClock, IHasher, IStore, Outcome, Stored, User
from gameserver.room import admission, row
from gameserver.room.effects import Asker
from gameserver.room.keeper import Keeper
from gameserver.room.passwords import Passwords
from gameserver.room.rights import Creators
from gameserver.room.room import Room
from gameserver.store.keys import CODE_REST_MS
from gameserver.wire import messages

if TYPE_CHECKING:
    from gameserver.game.spec import Spec

ALPHABET: Final = "346789CDFHJKMNPQRTVWX"
"""What codes are made of: no vowels, and nothing that looks like another (0 O, 1 I L, 2 Z, 5 S, 8 B, 6 G)."""
SHORTEST_CODE: Final = 4
PRIVATE_CODE: Final = 8
SPARSE: Final = 10_000
"""Live rooms fill less than one code in so many."""
BEAT_S: Final = 1.0
"""How often the store is told that this node is alive."""
AWAY_S: Final = 0.01
"""Time away that counts; the store keeps milliseconds."""
RETRY_S: Final = (0.1, 0.2, 0.5, 1.0, 2.0)
"""How long to wait before a store that did not answer is asked again; the last holds for all further tries."""


class Hall:
    """
    :param specs: the games, by name.
    :param entropy: so many random bytes.
    :param rooms_per_user: rooms in which a user may have a seat at a time.
    :param creators: who may create rooms.
    :param hasher: of the rooms' passwords; without one they are only hashed fast, as a table of tests wants it.
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
        amnesia: bool = False,
        beats: bool = True,
        creators: Creators | None = None,
        hasher: IHasher | None = None,
    ) -> None:
        self.specs = specs
        self.store = store
        self.clock = clock
        self.entropy = entropy
        self.rooms_per_user = rooms_per_user
        self.chat_chars = chat_chars
        self.draining = False
        self.too_many_rooms = 0
        self.log = _log
        self._creators = creators or Creators()
        self._passwords = Passwords(hasher)
        self._amnesia = amnesia
        self._keepers: dict[str, Keeper] = {}
        self._rooms_of: dict[str, set[str]] = {}
        self._making: Counter[str] = Counter()
        self._turn: dict[Keeper, None] = {}
        self._turn_call: IDelayedCall | None = None
        self._matching: dict[str, DeferredLock] = {}
        self._away = 0
        self._resting: deque[tuple[float, str]] = deque()
        self._beats = beats
        self._beat_call: IDelayedCall | None = None
        self._cron_calls: dict[tuple[str, str], IDelayedCall] = {}

    async def start(self) -> None:
        """Open the store and every room in it; timers are armed again, overdue ones fire."""
        await self.store.start()
        last_ms = await self.store.last_beat_ms()
        for stored in await self.store.open_rooms(await self.store.room_ids()):
            self._reopen(stored, max(last_ms or 0, stored.at_ms))
        if self._beats:
            self._beat()
        for name, spec in self.specs.items():
            for expression, method, static in spec.crons:
                self._arm_cron(name, expression, method, static)

    async def stop(self) -> None:
        """Take no more inputs, store every room, and let the store go."""
        self.draining = True
        for call in (self._beat_call, *self._cron_calls.values()):
            if call is not None and call.active():
                call.cancel()
        for keeper in list(self._keepers.values()):
            keeper.stop("draining")
            self.end_turn_with(keeper)
        self._end_turn()
        while self._turn or any(keeper.commits.under_way for keeper in self._keepers.values()):
            await self._pause(0.01)
            self._end_turn()
        try:
            await self.store.beat(now_ms=self._now_ms())
        except StoreUnavailable:
            _log.warn("the store does not answer; the next start takes this one's last commit for its end")
        finally:
            await self.store.stop()

    # Finding rooms

    @property
    def keepers(self) -> Iterator[Keeper]:
        """The open rooms."""
        return iter(self._keepers.values())

    def get(self, code: str) -> Keeper | None:
        """:returns: the room of exactly that code."""
        return self._keepers.get(code)

    def find(self, code: str) -> Keeper:
        """
        :param code: as people type it: in any case, with spaces or dashes.
        :raises Refused: ``not_found``.
        """
        keeper = self._keepers.get(code) or self._keepers.get(code.upper().replace(" ", "").replace("-", ""))
        if keeper is None:
            raise Refused(code="not_found")
        return keeper

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
        asker: Asker | None = None,
        seat: dict[str, Any] | None = None,
    ) -> Keeper:
        """
        Make a room, and where ``asker`` is given the creator's seat with it.

        :param seat: keyword arguments of `Room.join`.
        :raises Refused: the game refuses, or the user may not.
        """
        spec = self.spec(game)
        if self.draining:
            raise Refused(code="draining")
        if not self._creators.admits(user, game):
            raise Refused("You may not open a room of this game.", code="forbidden")
        self.admit(user)
        self._making[user.id] += 1
        try:
            return await self._make(user, spec, options, private, password, asker, seat)
        finally:
            self._making[user.id] -= 1
            if not self._making[user.id]:
                del self._making[user.id]

    async def _make(
        self,
        user: User,
        spec: Spec,
        options: dict[str, Any],
        private: bool,
        password: str | None,
        asker: Asker | None,
        seat: dict[str, Any] | None,
    ) -> Keeper:
        id = self.entropy(12).hex()
        code = await self._claim_code(id, private)
        room = Room(
            spec, id=id, code=code, key=self.entropy(16), epoch=self._epoch(), now=self.clock.now(), log=self.log
        )
        keeper = self._keep(room, fence=1, version=0)
        try:
            password = await self._passwords.keep(room, password)
            seat = seat and {**seat, "password": password}
            await keeper.post("create", asker, options, private=private, password=password, user=user, seat=seat)
            if keeper.room.ended:
                raise Refused("The game closed the room at once.")
        except Refused:
            keeper.stop()
            self._turn.pop(keeper, None)
            self._release_code(code)
            raise
        self._keepers[code] = keeper
        self._count_users(keeper)
        return keeper

    async def match(self, asker: Asker, game: str, match: dict[str, Any], seat: dict[str, Any]) -> None:
        """
        Seat a user in an open room whose options hold ``match``, or in a new one with these options.

        :raises Refused: as for joining and creating.
        """
        lock = self._matching.setdefault(self.spec(game).name, DeferredLock())
        await lock.acquire()
        try:
            keeper = self._find_match(asker, game, values.from_wire(match), seat.get("role") or "player")
            if keeper is None:
                await self.create(asker.user, game, match, asker=asker, seat=seat)
            else:
                await self.join(asker, keeper, seat)
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$.match") from None
        finally:
            lock.release()

    async def join(self, asker: Asker, keeper: Keeper, seat: dict[str, Any]) -> None:
        """
        Seat a user in a room.

        :raises Refused: there is no seat to be had.
        """
        if asker.user.id not in keeper.users:
            self.admit(asker.user)
        password = await self._passwords.prove(keeper.room, asker.user, seat.get("role"), seat.get("password"))
        await keeper.post("join", asker, **{**seat, "password": password})
        self._count_users(keeper)

    def admit(self, user: User) -> None:
        """:raises Refused: ``forbidden``: this user has seats in too many rooms."""
        if len(self._rooms_of.get(user.id, ())) + self._making[user.id] >= self.rooms_per_user:
            self.too_many_rooms += 1
            raise Refused(f"You are in {self.rooms_per_user} rooms; leave one first.", code="forbidden")

    def _find_match(self, asker: Asker, game: str, match: dict[str, Any], role: str) -> Keeper | None:
        rooms = (k for k in self._keepers.values() if k.room.spec.name == game)
        return next((k for k in rooms if admission.is_open_to(k.room, asker, role, match)), None)

    async def _claim_code(self, id: str, private: bool) -> str:
        while True:
            code = self.new_code(private)
            try:
                if await self.store.claim_code(code, id, now_ms=self._now_ms()):
                    return code
            except StoreUnavailable:
                raise Refused(code="busy") from None

    def _release_code(self, code: str) -> None:
        self.store.release_code(code).addErrback(lambda failure: failure.trap(StoreUnavailable))

    def new_code(self, private: bool) -> str:
        """:returns: a random code, long enough that guessing finds nothing."""
        length = PRIVATE_CODE
        if not private:
            length = SHORTEST_CODE
            while (len(self._keepers) + 1) * SPARSE > len(ALPHABET) ** length:
                length += 1
        # Bytes beyond the last whole multiple of the alphabet are passed over, so that each letter is as likely.
        letters: list[str] = []
        fair = 256 - 256 % len(ALPHABET)
        while len(letters) < length:
            letters += [ALPHABET[byte % len(ALPHABET)] for byte in self.entropy(16) if byte < fair]
        return "".join(letters[:length])

    # Opening

    def _reopen(self, stored: Stored, last_ms: int) -> None:
        spec = self.specs.get(stored.game)
        if spec is None:
            _log.warn(
                "room {room}: no game {game} is served; the room stays in the store", room=stored.code, game=stored.game
            )
            return
        now = self.clock.now()
        try:
            room = row.restore(
                spec, id=stored.room, code=stored.code, parts=stored.parts, epoch=self._epoch(), now=now, log=self.log
            )
        except (MsgspecError, NotJSON, LookupError):
            _log.failure("room {room} cannot be read; it stays closed in the store", room=stored.code)
            return
        away_s = now - last_ms / 1000
        if away_s > AWAY_S:
            room.away(away_s)
        room.reopen(self._epoch())
        keeper = self._keep(room, fence=stored.fence, version=stored.version)
        self._keepers[stored.code] = keeper
        self._count_users(keeper)
        keeper.load()

    def _keep(self, room: Room, *, fence: int, version: int) -> Keeper:
        room.chat_chars = self.chat_chars
        remade = self._remade if self._amnesia else None
        return Keeper(room, self.clock, fence=fence, version=version, turn=self.end_turn_with, remade=remade)

    def _remade(self, room: Room) -> Room:
        return row.remake(room, log=self.log)

    def _epoch(self) -> str:
        return self.entropy(6).hex()

    def _now_ms(self) -> int:
        return round(self.clock.now() * 1000)

    def _beat(self) -> None:
        while self._resting and self._resting[0][0] <= self.clock.now():
            self._release_code(self._resting.popleft()[1])
        beat = self.store.beat(now_ms=self._now_ms())
        beat.addErrback(lambda f: f.trap(StoreUnavailable))
        self._beat_call = self.clock.later(BEAT_S, self._beat)

    def shift(self, delta_s: float) -> None:
        """The wall clock was stepped by so many seconds: what waits, waits as long as it would have."""
        for keeper in self._keepers.values():
            keeper.shift(delta_s)

    # The calendar

    def _arm_cron(self, game: str, expression: str, method: str, static: bool) -> None:
        now = self.clock.now()
        due = self.clock.next_time(expression, now)
        if due is not None:
            call = self.clock.later(due - now, self._cron, game, expression, method, static)
            self._cron_calls[game, method] = call

    def _cron(self, game: str, expression: str, method: str, static: bool) -> None:
        """A time of the calendar has come: for every open room of the game, or once."""
        spec = self.specs[game]
        if static:
            calling = Deferred.fromCoroutine(_call(getattr(spec.cls, method)))
            calling.addErrback(
                lambda failure: _log.failure("{game}.{method} failed", failure, game=game, method=method)
            )
        else:
            for keeper in [k for k in self._keepers.values() if k.room.spec is spec]:
                keeper.post("call", method).addErrback(lambda failure: failure.trap(Refused))
        self._arm_cron(game, expression, method, static)

    # The turn

    def end_turn_with(self, keeper: Keeper) -> None:
        """This room has something to do at the end of the turn."""
        self._turn[keeper] = None
        if self._turn_call is None:
            self._turn_call = self.clock.later(0, self._end_turn)

    def _end_turn(self) -> None:
        if self._turn_call is not None and self._turn_call.active():
            self._turn_call.cancel()
        self._turn_call = None
        keepers, self._turn = self._turn, {}
        commits: list[tuple[Keeper, Commit]] = []
        for keeper in keepers:
            commit = keeper.commits.collect()
            if commit is not None:
                commits.append((keeper, commit))
            room = keeper.room
            if keeper.seat_mark != (room.seats.next_id, len(room.seats)):
                self._count_users(keeper)
            if room.ended and commit is None and not keeper.commits.under_way:
                self._forget(keeper)
        if commits:
            self._store(commits, 0)

    def _store(self, commits: list[tuple[Keeper, Commit]], tries: int) -> None:
        stored = self.store.commit([commit for _, commit in commits], now_ms=self._now_ms())
        stored.addCallback(self._stored, commits, tries)
        stored.addErrback(self._not_stored, commits, tries)
        stored.addErrback(lambda f: _log.failure("a turn did not end well", f))

    def _stored(self, outcomes: list[Outcome], commits: list[tuple[Keeper, Commit]], tries: int) -> None:
        if tries:
            self._away -= 1
            self._set_away(self._away > 0)
        for (keeper, commit), outcome in zip(commits, outcomes, strict=True):
            if outcome is Outcome.FENCED:
                self._lose(keeper)
                continue
            keeper.commits.stored()
            if commit.ends:
                self._forget(keeper)

    def _not_stored(self, failure: Failure, commits: list[tuple[Keeper, Commit]], tries: int) -> None:
        """The same again, later: nothing that depends on it goes out before."""
        if not failure.check(StoreUnavailable):
            self._not_storable(failure, commits)
            return
        _log.warn("the store does not answer: {reason}", reason=failure.getErrorMessage())
        if not tries:
            self._away += 1
            self._set_away(True)
        self.clock.later(RETRY_S[min(tries, len(RETRY_S) - 1)], self._store, commits, tries + 1)

    def _not_storable(self, failure: Failure, commits: list[tuple[Keeper, Commit]]) -> None:
        """Something in these commits cannot be stored, whatever it is: find whose, and give that room up."""
        _log.failure("a commit of {count} rooms cannot be stored", failure, count=len(commits))
        if len(commits) == 1:
            self._lose(commits[0][0])
            return
        for commit in commits:
            self._store([commit], 0)

    def _set_away(self, away: bool) -> None:
        for keeper in list(self._keepers.values()):
            if keeper.store_away != away:
                keeper.store_away = away
                if not away:
                    keeper.wake()

    @property
    def store_away(self) -> bool:
        """Whether the store does not answer at present."""
        return self._away > 0

    def _lose(self, keeper: Keeper) -> None:
        """Another node has this room."""
        keeper.commits.fenced()
        moved = messages.encode(messages.Left(keeper.room.code, "moved", None))
        for seat in keeper.room.seats.values():
            for session in seat._sessions:
                session.deliver(moved)
                session.unseated(keeper.room.code)
        self._forget(keeper)

    def _forget(self, keeper: Keeper) -> None:
        keeper.stop()
        if self._keepers.get(keeper.room.code) is keeper:
            del self._keepers[keeper.room.code]
            if keeper.commits.version == 0:
                # The store has only the claim of its code, which rests as long as any other.
                self._resting.append((self.clock.now() + CODE_REST_MS / 1000, keeper.room.code))
        keeper.room.seats.clear()
        self._count_users(keeper)

    def _count_users(self, keeper: Keeper) -> None:
        """Who has a seat where, for the bound on rooms a user."""
        seats = keeper.room.seats
        keeper.seat_mark = (seats.next_id, len(seats))
        users = frozenset(seat.user_id for seat in seats.values())
        code = keeper.room.code
        for gone in keeper.users - users:
            rooms = self._rooms_of.get(gone, set())
            rooms.discard(code)
            if not rooms:
                self._rooms_of.pop(gone, None)
        for new in users - keeper.users:
            self._rooms_of.setdefault(new, set()).add(code)
        keeper.users = users

    def _pause(self, s: float) -> Deferred[None]:
        paused: Deferred[None] = Deferred()
        self.clock.later(s, paused.callback, None)
        return paused


async def _call(function: Callable[[], Any]) -> None:
    result = function()
    if isawaitable(result):
        await result


_log = Logger(namespace="gameserver.rooms")
