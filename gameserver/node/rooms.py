"""The registry: how users come into this node's rooms, by making one, by a code, or by taking any that will do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from msgspec.structs import replace
from twisted.internet.defer import Deferred

from gameserver.errors import PASSING, Elsewhere, NotJSON, Refused, StoreUnavailable
from gameserver.interfaces import IClock, IHasher, IShownRooms, IStore, User
from gameserver.node.creators import Creators
from gameserver.node.directory import socket_of
from gameserver.node.matching import NO_ROOM, TRIES, Matching, Seek
from gameserver.node.notifier import Notifier, Send
from gameserver.node.passwords import Passwords
from gameserver.node.running_rooms import RunningRooms
from gameserver.node.showing_out import ELSEWHERE, show_out
from gameserver.node.shown_rooms import RoomWindow
from gameserver.node.successors import Successors
from gameserver.protocol import values
from gameserver.room import row
from gameserver.room.effects import Requester
from gameserver.room.inputs.arrivals import CreateRoom, SeatWish, TakeSeat
from gameserver.room.options import check_size, read_options, wanted

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.node.runner import RoomRunner
    from gameserver.room.moving_on import Heritage
    from gameserver.room.room import Room
    from gameserver.room.state import Successor


OPEN_LOOKED_AT: Final = 1000
"""How many rooms of other nodes, the newest, are searched for open ones to list."""


class RoomRegistry(RunningRooms):
    """
    This node's rooms, and who may come in; see `RunningRooms` for the other arguments.

    :param creators: who may create rooms.
    :param hasher: hashes the rooms' passwords; None: they are hashed fast and weakly, which is enough for tests.
    :param options_bytes: the largest options of a room, as JSON.
    :ivar too_many_rooms: how often a user was refused for being in too many rooms.
    :ivar notifier: sends notices to a system outside; None: there is none.
    """

    def __init__(
        self,
        specs: Mapping[str, Spec],
        store: IStore,
        clock: IClock,
        entropy: Callable[[int], bytes],
        *,
        creators: Creators | None = None,
        hasher: IHasher | None = None,
        options_bytes: int = 4096,
        **rest: Any,
    ) -> None:
        super().__init__(specs, store, clock, entropy, **rest)
        self.too_many_rooms = 0
        self._creators = creators or Creators()
        self._passwords = Passwords(hasher)
        self._context.options_bytes = options_bytes
        self._matching = Matching(self._open_rooms, self._rooms_with)
        self.successors = Successors(
            clock,
            get=self.get,
            reach=self.reach,
            spec=self.spec,
            check=self._check_next,
            claim=self._claim,
            release=self._codes.release,
            make=self._succeed,
            moved_on=self._openers.gone,
        )
        self._context.go_on = self._go_on_soon
        self.notifier: Notifier | None = None
        self.watch.banned = lambda ban: Deferred.fromCoroutine(show_out(self, ELSEWHERE, ban))

    def notify(self, send: Send) -> None:
        """
        Send notices of rounds, of those who leave, and of the server's moderation to a system outside, from now on.

        :param send: see `Notifier`.
        """
        self.notifier = Notifier(self.store, self.clock, send)  # type: ignore[arg-type]
        self._context.notified = self.notifier.add
        self.watch.notified = self.notifier.note

    def show_rooms(self) -> None:
        """Show public rooms to other nodes of this store, and find theirs; to be called before rooms are opened."""
        if self._lease is not None and IShownRooms.providedBy(self.store):
            window = RoomWindow(cast(IShownRooms, self.store), self.clock)
            self._open_rooms.window = window
            self.leased.looked_after = lambda: window.show_again(self.runners)

    async def shown_elsewhere(
        self, game: str | None, limit: int, *, open_only: bool = False
    ) -> list[tuple[float, bytes]]:
        """
        Return public rooms that other nodes run, of games that are served here, too; newest first.

        :param game: only rooms of this game; None: of all.
        :param limit: how many at most.
        :param open_only: only rooms in which somebody new finds a seat without a password.
        :returns: when each was made, seconds since 1970, and its listing as JSON.
        """
        window = self._open_rooms.window
        if window is None:
            return []
        rooms = await window.elsewhere(game, max(limit, OPEN_LOOKED_AT) if open_only else limit)
        found = [room for room in rooms if room.game in self.specs and (room.is_open or not open_only)]
        return [(room.created_ms / 1000, room.listing) for room in found[:limit]]

    def search_with(self, search: Callable[[Any], Awaitable[Any]]) -> None:
        """Have bots search in other processes, by ``search``; to be called before rooms are opened."""
        self._context.search = search

    async def start(self) -> None:
        """Open the store and the rooms in it, and send the notices that are left from the last run."""
        await super().start()
        if self.notifier is not None:
            await self.notifier.start()

    async def stop(self) -> None:
        """Take no more inputs, store every room, and close the store."""
        if self.notifier is not None:
            self.notifier.stop()
        await super().stop()

    async def known_as(self, address: str, **about: str) -> None:
        """
        Tell other nodes of this store the address of this one.

        :param address: ``http://…`` or ``https://…`` without a slash at its end.
        :param about: what else they are told, see `ILeases.describe_node`.
        :raises StoreUnavailable: they will be told later.
        """
        self.leased.about = {**self.leased.about, **about, "url": socket_of(address)}
        if "name" in about:  # without a name, other nodes may have this address, too
            self._reaching.directory.own_url = socket_of(address)
        if self._lease is not None and self._lease.held:
            await self.leased.describe()

    @property
    def rooms_per_user(self) -> int:
        """In how many rooms a user may have a seat at a time."""
        return self.rooms_of.most

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
        Make a room and, if ``requester`` is given, the creator's seat in it.

        :param seat: what seat that should be.
        :param address: the address that the request comes from, if there is no ``requester``.
        :raises Refused: the game refuses, or the user may not make such a room.
        """
        spec = self.spec(game)
        self._check(user, spec, options)
        await self._admit(user)
        address = requester.address if requester is not None else address
        self._openers.begin(address, user.id, now_s=self.clock.monotonic())
        runner = None
        try:
            with self.rooms_of.making(user.id):
                runner = await self._make(user, spec, options, private, password, requester, seat)
            return runner
        finally:
            self._openers.end(address, runner)

    def _check(self, user: User, spec: Spec, options: dict[str, Any]) -> None:
        """:raises Refused: this user may make no such room here, whatever the game itself would say."""
        check_size(options, self._context.options_bytes)
        if self.draining:
            raise Refused(code="draining")
        if self._spaces[spec.name].full:
            raise Refused("The rooms of this game take all the space that they may have here.", code="busy")
        if not self._creators.admits(user, spec.name):
            raise Refused("You may not open a room of this game.", code="forbidden")

    def _check_next(self, requester: Requester, spec: Spec, options: dict[str, Any]) -> None:
        """:raises Refused: as `_check`, for the next room of a whole group; ``bad_data``: its options are wrong."""
        self._check(requester.user, spec, options)
        read_options(spec, options)
        self._openers.count(requester.address, requester.user.id, now_s=self.clock.monotonic())

    def _go_on_soon(self, code: str) -> None:
        """Have the players of a room that was just opened brought to its successor, once this call has returned."""
        self.clock.later(0, self.successors.resume, code)

    async def _claim(self, private: bool) -> tuple[str, str]:
        id = self.entropy(12).hex()
        return id, await self._codes.claim(id, private)

    async def _succeed(self, spec: Spec, successor: Successor, heritage: Heritage) -> RoomRunner:
        """Make the room in which the players of another go on."""
        if self.draining:
            raise Refused(code="draining")
        user = User(heritage.creator or successor.user_id, "")

        async def first(_: Room) -> CreateRoom:
            return CreateRoom(user, None, successor.options, heritage.private, None, None, heritage)

        return await self._bring_up(spec, successor.room, successor.code, first)

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
        id, code = await self._claim(private)

        async def first(room: Room) -> CreateRoom:
            kept = await self._passwords.keep(room, password)
            return CreateRoom(user, requester, options, private, kept, seat and replace(seat, password=kept))

        return await self._bring_up(spec, id, code, first)

    async def _bring_up(
        self, spec: Spec, id: str, code: str, first: Callable[[Room], Awaitable[CreateRoom]]
    ) -> RoomRunner:
        """
        Make a room, and keep it once its first input is applied.

        :param first: makes that input.
        :raises Refused: the game refuses; then the code is free again.
        """
        key, epoch, now = self.entropy(16), self._epoch(), self.clock.now()
        room = row.create(spec, id=id, code=code, key=key, epoch=epoch, now=now, context=self._context)
        runner = self._keep(room, fence=1, version=0)
        stepped_s = self._stepped_s
        try:
            await runner.post(await first(room))
            if runner.room.moment.ended:
                raise Refused("The game closed the room at once.")
        except Refused:
            runner.stop()
            runner.room.share.give_back()
            self._batch.discard(runner)
            self._ids.discard(id)
            self._codes.release(code)
            raise
        self._runners[code] = runner
        self.log.info("room {room} of {game} is created", room=code, game=spec.name)
        self.count_users(runner)
        if self._stepped_s != stepped_s:
            runner.shift(self._stepped_s - stepped_s)
        return runner

    async def match(self, requester: Requester, game: str, match: dict[str, Any], seat: SeatWish) -> None:
        """
        Seat a user in an open room whose options hold ``match``, or in a new one with these options.

        :raises Refused: as for joining and creating.
        """
        spec = self.spec(game)
        try:
            seek = Seek(requester, spec, wanted(spec, values.received(match)), seat.role or "player")
        except NotJSON as error:
            raise Refused(str(error), code="bad_data", path="$.match") from None
        if not await self._match_existing(seek, seat):
            check_size(match, self._context.options_bytes)  # before the game's schema reads them
            with self._matching.making(seek):
                await self.create(requester.user, game, match, requester=requester, seat=seat)

    async def _match_existing(self, seek: Seek, seat: SeatWish) -> bool:
        """
        :returns: whether a seat was found in a room that was there, or that another match was making. Where nothing was
            found, no await lies between the last look and False: else two matches at once would make a room each.
        :raises Elsewhere: another node has a room that would do.
        """
        tried: set[RoomRunner] = set()
        woken: set[str] = set()
        for code in (await self.sleeping_rooms_of(seek.requester.user.id)).seated:
            await self._wake(code)  # whoever has a seat is led back to it
        asked_others = self._open_rooms.window is None
        for _ in range(TRIES + 1):
            runner = self._matching.find(seek, tried)
            if runner is None:
                if not asked_others and self._matching.being_made(seek) is None:
                    asked_others = True
                    if await self._match_elsewhere(seek, seat):
                        return True
                    continue
                if await self._wake_open(seek, woken):
                    continue
                making = self._matching.being_made(seek)
                if making is None:
                    return False
                await making.made(seek)
                continue
            try:
                with self._matching.promise(runner, seek):
                    await self.join(seek.requester, runner, seat)
                return True
            except Refused as refused:
                if refused.code not in NO_ROOM:
                    raise
                tried.add(runner)
        return False

    async def _match_elsewhere(self, seek: Seek, seat: SeatWish) -> bool:
        """
        :returns: whether a seat was found in a room whose node is gone, and which this node has opened.
        :raises Elsewhere: another node has a room that would do.
        """
        window = self._open_rooms.window
        tried: set[str] = set()
        for _ in range(TRIES if window is not None else 0):
            code = await window.find(seek.spec.name, seek.role, seek.match, tried)  # type: ignore[union-attr]
            if code is None:
                break
            tried.add(code)
            try:
                await self.join(seek.requester, await self.reach(code), seat)
                return True
            except Elsewhere:
                raise
            except Refused as refused:
                if refused.code not in (*NO_ROOM, *PASSING):
                    raise
        return False

    async def join(self, requester: Requester, runner: RoomRunner, seat: SeatWish) -> None:
        """
        Seat a user in a room.

        :raises Refused: the user gets no seat.
        """
        runner.touched_s = self.clock.monotonic()  # so that it does not fall asleep while store and hasher are asked
        if requester.user.id not in runner.users:
            await self._admit(requester.user)
        password = await self._passwords.prove(runner.room, requester.user, seat.role, seat.password)
        await runner.post(TakeSeat(requester, replace(seat, password=password)))
        self.count_users(runner)

    async def _wake(self, code: str) -> None:
        """Open a room here, if possible."""
        try:
            await self.reach(code)
        except Refused:
            pass  # another node has it, or it has ended

    async def _wake_open(self, seek: Seek, woken: set[str]) -> bool:
        try:
            return await self.wake_open(seek.spec, seek.role, seek.match, woken)
        except StoreUnavailable:
            return False

    async def _admit(self, user: User) -> None:
        """:raises Refused: ``forbidden``: this user has seats in too many rooms, also after what waits is stored."""
        asleep = set((await self.sleeping_rooms_of(user.id)).seated)
        if not self.rooms_of.has_enough(user.id, asleep):
            return
        for code in list(self.rooms_of.of(user.id)):
            if code in self._runners:
                await self._runners[code].told()
        if self.rooms_of.has_enough(user.id, asleep):
            self.too_many_rooms += 1
            raise Refused(f"You are in {self.rooms_per_user} rooms; leave one first.", code="forbidden")

    def _rooms_with(self, user_id: str) -> Iterator[RoomRunner]:
        """:returns: the rooms here in which a user has a seat."""
        return (self._runners[code] for code in self.rooms_of.of(user_id) if code in self._runners)
