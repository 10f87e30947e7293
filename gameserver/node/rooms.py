"""The registry: how users come into this node's rooms, by making one, by its code, or by any that will do."""

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
from gameserver.node.successors import Successors
from gameserver.node.window import RoomWindow
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
"""Among so many rooms of other nodes, the newest, the open ones are looked for that are listed."""


class RoomRegistry(RunningRooms):
    """
    This node's rooms, and who may come in; see `RunningRooms` for what else it takes.

    :param creators: who may create rooms.
    :param hasher: of the rooms' passwords; without one they are only hashed fast, as a table of tests wants it.
    :param options_bytes: of a room's options, as JSON.
    :ivar too_many_rooms: how often a user wanted to be in more rooms than one may.
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
        Tell a system outside of rounds, of who leaves, and of the server's moderation, from now on.

        :param send: see `Notifier`.
        """
        self.notifier = Notifier(self.store, self.clock, send)  # type: ignore[arg-type]
        self._context.notified = self.notifier.add
        self.watch.notified = self.notifier.note

    def show_rooms(self) -> None:
        """Show other nodes of this store the public rooms, and find theirs; before the rooms are opened."""
        if self._lease is not None and IShownRooms.providedBy(self.store):
            self._open_rooms.window = RoomWindow(cast(IShownRooms, self.store), self.clock)

    async def shown_elsewhere(
        self, game: str | None, limit: int, *, open_only: bool = False
    ) -> list[tuple[float, bytes]]:
        """
        Return public rooms that other nodes run, of games that are served here, too; newest first.

        :param open_only: those alone in which somebody new finds a seat without a password.
        :returns: when each was made, seconds since 1970, and its listing as JSON.
        """
        window = self._open_rooms.window
        if window is None:
            return []
        rooms = await window.elsewhere(game, max(limit, OPEN_LOOKED_AT) if open_only else limit)
        found = [room for room in rooms if room.game in self.specs and (room.is_open or not open_only)]
        return [(room.created_ms / 1000, room.listing) for room in found[:limit]]

    def search_with(self, search: Callable[[Any], Awaitable[Any]]) -> None:
        """Bots that search have processes for it; before the rooms are opened."""
        self._context.search = search

    async def start(self) -> None:
        """Open the store and every room in it, and go on with the notices of those that were."""
        await super().start()
        if self.notifier is not None:
            await self.notifier.start()

    async def stop(self) -> None:
        """Take no more inputs, store every room, and let the store go."""
        if self.notifier is not None:
            self.notifier.stop()
        await super().stop()

    async def known_as(self, address: str, **about: str) -> None:
        """
        Tell other nodes of this store where this one is reached.

        :param address: ``http://…`` or ``https://…`` without a slash at its end.
        :param about: what else they are told, see `ILeases.describe_node`.
        :raises StoreUnavailable: they are told later.
        """
        self.leased.about = {**self.leased.about, **about, "url": socket_of(address)}
        if "name" in about:  # else other nodes may be reached there as well
            self._reaching.directory.own_url = socket_of(address)
        if self._lease is not None and self._lease.held:
            await self.leased.describe()

    @property
    def rooms_per_user(self) -> int:
        """Rooms in which a user may have a seat at a time."""
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
        Make a room, and where ``requester`` is given the creator's seat with it.

        :param seat: what that should be.
        :param address: from which that comes, where nobody asks for a seat.
        :raises Refused: the game refuses, or the user may not.
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
        """:raises Refused: that user may open no such room here, whatever the game says of it."""
        check_size(options, self._context.options_bytes)
        if self.draining:
            raise Refused(code="draining")
        if self._spaces[spec.name].full:
            raise Refused("The rooms of this game take all the space that they may have here.", code="busy")
        if not self._creators.admits(user, spec.name):
            raise Refused("You may not open a room of this game.", code="forbidden")

    def _check_next(self, requester: Requester, spec: Spec, options: dict[str, Any]) -> None:
        """:raises Refused: the same of a room that others go on in, and ``bad_data``."""
        self._check(requester.user, spec, options)
        read_options(spec, options)
        self._openers.count(requester.address, requester.user.id, now_s=self.clock.monotonic())

    def _go_on_soon(self, code: str) -> None:
        """Rooms are being opened: once all are, see to it that this one's people get to the next."""
        self.clock.later(0, self.successors.resume, code)

    async def _claim(self, private: bool) -> tuple[str, str]:
        id = self.entropy(12).hex()
        return id, await self._codes.claim(id, private)

    async def _succeed(self, spec: Spec, successor: Successor, heritage: Heritage) -> RoomRunner:
        """Make the room in which those of another go on."""
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
        :param first: makes the room's first input.
        :raises Refused: the game refuses; then its code is free again.
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
        :returns: whether a seat was found in a room that was there, or that another match was making. Between the last
            look and False nothing else happens: two matches at once would make a room each.
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
        :returns: whether a seat was found in a room that no node runs any more, and this one does now.
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

        :raises Refused: there is no seat to be had.
        """
        runner.touched_s = self.clock.monotonic()  # it stays while the store and the password are asked for
        if requester.user.id not in runner.users:
            await self._admit(requester.user)
        password = await self._passwords.prove(runner.room, requester.user, seat.role, seat.password)
        await runner.post(TakeSeat(requester, replace(seat, password=password)))
        self.count_users(runner)

    async def _wake(self, code: str) -> None:
        """Have a room be here, if it can be."""
        try:
            await self.reach(code)
        except Refused:
            pass  # it is another node's, or there no more

    async def _wake_open(self, seek: Seek, woken: set[str]) -> bool:
        try:
            return await self.wake_open(seek.spec, seek.role, seek.match, woken)
        except StoreUnavailable:
            return False

    async def _admit(self, user: User) -> None:
        """:raises Refused: ``forbidden``: this user has seats in too many rooms, and the store has that."""
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
        """:returns: those in which a user has a seat."""
        return (self._runners[code] for code in self.rooms_of.of(user_id) if code in self._runners)
