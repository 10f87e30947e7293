"""What an operator does about rooms that are kept aside: look at one, try it again, drop it, rename its game."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Container, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec
from twisted.logger import Logger

from gameserver.errors import CannotOpen, Refused
from gameserver.interfaces import Commit, ILeases, IRoomReader, Outcome
from gameserver.node.archive import ROOMS, ArchivedRoom, archived_room
from gameserver.node.restoring import restored
from gameserver.node.room_opener import pause
from gameserver.node.rooms_aside import RoomAside
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.interfaces import IClock, IStore, Stored
    from gameserver.node.moderation import Moderation
    from gameserver.node.rooms_aside import RoomsAside
    from gameserver.room.context import RoomContext

SHOWN: Final = frozenset({keys.ROOM, keys.TIMERS, keys.TIMER, keys.CHAT, keys.DOC, keys.FIELD, keys.SEAT})
"""The kinds of parts that are shown; the others hold what was sent, and answers to requests."""
HIDDEN: Final = ("key", "password")
"""Entries that are not shown, since they prove who somebody is."""
LOOK_S: Final = 0.005
"""How long rooms are looked at before others are served."""
_log: Final = Logger(namespace="gameserver.rooms")


class Mending:
    """
    :param specs: the games that are served, by name.
    :param aside: the rooms that this is about.
    :param watch: has sanctions, which name games.
    :param context: for rooms that are opened only to see whether they can be.
    :param retry: tries to open stored rooms, by their ids.
    :ivar can_look: whether it can be found out if a room that nobody runs could be run: the store provides
        `IRoomReader`, or no room is run in this process, so that each may be opened.
    """

    def __init__(
        self,
        store: IStore,
        specs: Mapping[str, Spec],
        aside: RoomsAside,
        watch: Moderation,
        clock: IClock,
        context: RoomContext,
        retry: Callable[[list[str]], Awaitable[None]],
    ) -> None:
        self._store: Any = store
        self._specs = specs
        self._aside = aside
        self._watch = watch
        self._clock = clock
        self._context = context
        self._retry = retry
        self.can_look = IRoomReader.providedBy(store)

    def only_look(self) -> None:
        """No room is run in this process: have `retry` find out whether one could be run, and no more."""
        self._retry = self.look_again
        self.can_look = True

    async def look(self, here: Container[str] = ()) -> Counter[str]:
        """
        Find out which rooms of the store, besides those that are run, cannot be, and keep these aside; others are
        served in between.

        :param here: the ids of the rooms that are run here.
        :returns: how many rooms there are of each game, without those that are run, here or at another node.
        """
        counts: Counter[str] = Counter()
        ids = await self._store.room_ids()
        for first in range(0, len(ids), ROOMS):
            some = [id for id in ids[first : first + ROOMS] if id not in here]
            counts.update(await self._look_at_all(await self._read(some), here))
        return counts

    async def look_again(self, ids: list[str]) -> None:
        """Find out whether these rooms, by their ids, can be run by now; no room of them is run."""
        for stored in await self._read(ids):
            self._look_at(stored)

    async def look_for(self, code: str) -> None:
        """Find out whether the room of exactly this code can be run, which is run nowhere, and keep it aside if not."""
        located = await self._store.locate(code)
        if located is None or located.node is not None or self._aside.keep_if_quarantined(located):
            return
        if self.can_look:
            await self.look_again([located.room])

    async def _read(self, ids: list[str]) -> list[Stored]:
        """:returns: those of these rooms that exist and that no other node has; here they are not run."""
        if IRoomReader.providedBy(self._store):
            found: list[Stored] = await self._store.read_rooms(ids)
        else:
            found = await self._store.open_rooms(ids)
            await self._let_go(*(stored.room for stored in found))
        return found

    async def _look_at_all(self, found: list[Stored], here: Container[str]) -> Counter[str]:
        counts: Counter[str] = Counter()
        began_s = self._clock.monotonic()
        for stored in found:
            if self._clock.monotonic() - began_s > LOOK_S:
                await pause(self._clock)
                began_s = self._clock.monotonic()
            if stored.room in here:
                continue  # it was opened meanwhile
            counts[stored.game] += 1
            if not self._aside.holds(stored.code):  # else what was found out is more than can be seen from its parts
                self._look_at(stored)
        return counts

    def _look_at(self, stored: Stored) -> None:
        if self._aside.keep_if_quarantined(stored):
            return
        try:
            restored(stored, self._specs, epoch="", now=self._clock.now(), context=self._context)
        except CannotOpen as error:
            self._aside.put(RoomAside(stored.room, stored.code, stored.game, str(error)))
        else:
            self._aside.back(stored.code)

    async def show(self, code: str) -> dict[str, Any]:
        """:returns: what the store has of a room, in a readable form, without what proves who somebody is."""
        stored = await self._seen(code)
        room = self._aside.get(stored.code)
        parts = {name: _readable(part) for name, part in sorted(stored.parts.items()) if keys.split(name)[0] in SHOWN}
        about = {"code": stored.code, "game": stored.game, "why": room.why if room is not None else None}
        return {**about, "stored_ms": stored.at_ms, "parts": parts}

    async def export(self, code: str) -> ArchivedRoom:
        """:returns: a room with its tables, as another store can take it."""
        return await archived_room(self._store, await self._seen(code))

    async def retry(self, code: str) -> str | None:
        """
        Try again to run a room that is kept aside.

        :returns: why it is still kept aside; None: it can be run.
        """
        await self._retry([self.find(code).id])
        room = self._aside.get(code)
        return room.why if room is not None else None

    async def retry_game(self, game: str) -> None:
        """Try again to run all rooms of a game that are kept aside."""
        await self._retry([room.id for room in self._aside if room.game == game])

    async def drop(self, code: str) -> None:
        """Delete a room for good."""
        stored = await self._take(code)
        await self._commit(stored, game=stored.game, ends=True)
        self._aside.back(stored.code)
        _log.info("room {room} of the game {game} was dropped", room=stored.code, game=stored.game)

    async def rename_game(self, old: str, new: str) -> int:
        """
        Make the rooms of a game that are kept aside rooms of another, and have the game's sanctions hold for that one.

        :returns: how many rooms there were.
        :raises Refused: the new game is not served, or the old one still is; or another server has one of the rooms.
        """
        if new not in self._specs:
            raise Refused(f"No game {new} is served.", code="not_found")
        if old in self._specs:
            raise Refused(f"The game {old} is served still: its rooms are its own.")
        ids = [room.id for room in self._aside if room.game == old]
        for first in range(0, len(ids), ROOMS):
            some = ids[first : first + ROOMS]
            for stored in await self._store.open_rooms(some):
                await self._commit(stored, game=new)
            await self._let_go(*some)
        self._watch.rename_game(old, new)
        await self._watch.stored()
        await self._retry(ids)
        return len(ids)

    def find(self, code: str) -> RoomAside:
        """:raises Refused: ``not_found``: no room of exactly that code is kept aside."""
        room = self._aside.get(code)
        if room is None:
            raise Refused(f"No room {code} is kept aside.", code="not_found")
        return room

    async def _take(self, code: str) -> Stored:
        return _only(code, await self._store.open_rooms([self.find(code).id]))

    async def _seen(self, code: str) -> Stored:
        return _only(code, await self._read([self.find(code).id]))

    async def _commit(self, stored: Stored, *, game: str, ends: bool = False) -> None:
        commit = Commit(
            room=stored.room,
            code=stored.code,
            game=game,
            fence=stored.fence,
            version=stored.version + 1,
            puts={} if ends else stored.parts,
            ends=ends,
            whole=not ends,
        )
        # Renaming does not change how long a room has stood still; the code of a deleted room rests from this moment.
        now_ms = round(self._clock.now() * 1000) if ends else stored.at_ms
        if await self._store.commit([commit], now_ms=now_ms) != [Outcome.STORED]:
            raise Refused(f"The room {stored.code} is another server's by now.", code="not_found")

    async def _let_go(self, *ids: str) -> None:
        if ILeases.providedBy(self._store):
            await self._store.release_rooms(ids)


def _only(code: str, found: list[Stored]) -> Stored:
    """:raises Refused: ``not_found``: the store has nothing of the room that is this node's to look at."""
    if not found:
        raise Refused(f"The room {code} is another server's by now.", code="not_found")
    return found[0]


def _readable(part: bytes) -> Any:
    try:
        tree = msgspec.json.decode(part)
    except msgspec.DecodeError:
        return repr(part)
    return {key: value for key, value in tree.items() if key not in HIDDEN} if isinstance(tree, dict) else tree
