"""
The server's own moderation: sanctions of users and addresses, who has blocked whom, and the log, all in the store.

Each node reads them when it starts, and keeps them in memory: rooms ask at every line. What one node writes, another
of the same store knows after its next start. The store has until when a sanction stands by the wall clock of the node
that made it; if the clock of this one is stepped, the sanctions in memory end when they would have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import Any, Final

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import IBooks, IClock
from gameserver.room.chat.records import Record, Watch
from gameserver.room.chat.talking import Mute

MOST_RECORDS: Final = 2000
"""Entries of the log that are kept; the oldest go."""
MOST_SANCTIONS: Final = 10_000
MOST_BLOCKED: Final = 1000
"""Users whom one user may block."""
STORED_S: Final = 5.0
"""As long as Redis may take to answer; whoever waits for the store must not wait for ever, a room above all."""


class Sanction(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """
    What a user, or whoever comes from some addresses, may not do anywhere, or in one game.

    :ivar act: ``mute`` or ``ban``.
    :ivar user: a user's id; empty where it is about addresses.
    :ivar address: an address or a range: ``192.0.2.0/24``.
    :ivar game: its name; empty: all games.
    :ivar until: seconds since 1970, or None for good.
    """

    id: str
    act: str
    user: str = ""
    address: str = ""
    game: str = ""
    until: float | None = None
    shadow: bool = False
    reason: str = ""

    def stands(self, act: str, game: str, now: float) -> bool:
        """Whether it is about this, at this time."""
        return self.act == act and self.game in ("", game) and (self.until is None or self.until > now)


class Ledger(Watch):
    """
    :param store: where it outlives the process.
    :param entropy: so many random bytes, for names of pages.
    :ivar sanctions: by id.
    :ivar records: the log, oldest first, by the names of their pages.
    """

    def __init__(self, store: Any, clock: IClock, entropy: Callable[[int], bytes]) -> None:
        super().__init__()
        self._store: IBooks = store
        self._clock = clock
        self._entropy = entropy
        self.blocked: dict[str, frozenset[str]] = {}
        self.sanctions: dict[str, Sanction] = {}
        self.records: dict[str, Record] = {}
        self._noted = 0
        self._newest_ms = 0
        self._written: Deferred[bool] = succeed(True)

    async def start(self) -> None:
        """Read what the store has."""
        for user, blocked in (await self._store.read_book("blocks")).items():
            self.blocked[user] = frozenset(msgspec.json.decode(blocked, type=list[str]))
        for id, stored in (await self._store.read_book("sanctions")).items():
            self.sanctions[id] = msgspec.json.decode(stored, type=Sanction)
        for page, stored in sorted((await self._store.read_book("log")).items()):
            self.records[page] = Record.decode(stored)
        for page in self.records:
            self._newest_ms, self._noted = (int(number) for number in page.split("-")[:2])

    # What rooms ask

    def block(self, user_id: str, other: str, on: bool) -> Deferred[None]:
        """See `Watch.block`."""
        known = self.blocked.get(user_id, frozenset())
        now = known | {other} if on else known - {other}
        if len(now) > MOST_BLOCKED:
            raise Refused(f"You have blocked {MOST_BLOCKED} users; let one go first.", code="too_large")
        self.blocked[user_id] = now
        if now:
            self._write("blocks", {user_id: msgspec.json.encode(sorted(now))}, [])
        else:
            self.blocked.pop(user_id, None)
            self._write("blocks", {}, [user_id])
        return Deferred.fromCoroutine(self._stored_or_busy())

    def mute_of(self, user_id: str, game: str, now: float) -> Mute | None:
        """See `Watch.mute_of`."""
        for sanction in self.sanctions.values():
            if sanction.user == user_id and sanction.stands("mute", game, now):
                return Mute(sanction.until, sanction.shadow, sanction.reason)
        return None

    def ban_of(self, user_id: str, address: str, game: str, now: float) -> str | None:
        """See `Watch.ban_of`."""
        for sanction in self.sanctions.values():
            about = sanction.user == user_id if sanction.user else _covers(sanction.address, address)
            if about and sanction.stands("ban", game, now):
                return sanction.reason
        return None

    def deliver(self, frame: bytes) -> None:
        """See `Watch.deliver`."""
        self.note(Record.decode(frame))

    # What operators do

    def note(self, record: Record) -> None:
        """One more entry of the log."""
        # In the order of the calls, and by time as far as the clock is not set back; the rest keeps two nodes apart.
        self._noted += 1
        self._newest_ms = max(self._newest_ms, record.at_ms)
        page = f"{self._newest_ms:014d}-{self._noted:08d}-{self._entropy(4).hex()}"
        self.records[page] = record
        forgotten = list(self.records)[:-MOST_RECORDS]
        for old in forgotten:
            del self.records[old]
        self._write("log", {page: record.encode()}, forgotten)

    def newest(self, *, most: int, kind: str | None = None, before: str | None = None) -> Iterator[tuple[str, Record]]:
        """
        :param kind: of this act only.
        :param before: older than the entry of that name.
        :returns: the newest entries, and their names.
        """
        found = 0
        for page in reversed(self.records):
            record = self.records[page]
            if (kind in (None, record.act)) and (before is None or page < before):
                found += 1
                yield page, record
            if found >= most:
                return

    def sanction(self, wish: Sanction) -> Sanction:
        """
        :param wish: its id is given here.
        :returns: the sanction as it stands from now on.
        :raises Refused: ``bad_data``: it is about nobody, or no address.
        """
        if bool(wish.user) == bool(wish.address):
            raise Refused("Name a user or an address.", code="bad_data", path="$.user")
        if wish.address:
            _check_range(wish)
        if len(self.sanctions) >= MOST_SANCTIONS:
            self._forget_past()
        if len(self.sanctions) >= MOST_SANCTIONS:
            raise Refused("There are too many sanctions; lift some.", code="too_large")
        made = msgspec.structs.replace(wish, id=self._entropy(6).hex())
        self.sanctions[made.id] = made
        self._write("sanctions", {made.id: msgspec.json.encode(made)}, [])
        return made

    def lift(self, id: str) -> Sanction:
        """:raises Refused: ``not_found``."""
        if id not in self.sanctions:
            raise Refused("There is no such sanction.", code="not_found")
        self._write("sanctions", {}, [id])
        return self.sanctions.pop(id)

    def shift(self, delta_s: float) -> None:
        """The wall clock was stepped by so many seconds: what stands for a time, stands for as long as was said."""
        for id, sanction in self.sanctions.items():
            if sanction.until is not None:
                self.sanctions[id] = msgspec.structs.replace(sanction, until=sanction.until + delta_s)

    def _forget_past(self) -> None:
        now = self._clock.now()
        past = [id for id, s in self.sanctions.items() if s.until is not None and s.until <= now]
        for id in past:
            del self.sanctions[id]
        self._write("sanctions", {}, past)

    def _write(self, book: str, puts: dict[str, bytes], drops: list[str]) -> None:
        def not_written(failure: Failure) -> bool:
            _log.failure("the book {book} was not written", failure, book=book)
            return False

        written: Deferred[Any] = self._store.write_book(book, puts, drops)
        self._written = written.addCallbacks(lambda _: True, not_written)

    async def stored(self) -> None:
        """
        Wait until the store has what was just asked of this ledger, for `STORED_S`.

        :raises StoreUnavailable: it is not known to have it; it holds on this node for as long as that runs.
        """
        done: Deferred[bool] = Deferred()

        def tell(stored: bool) -> bool:
            if not done.called:
                done.callback(stored)
            return stored

        self._written.addCallback(tell)
        limit = self._clock.later(STORED_S, tell, False)
        try:
            if not await done:
                raise StoreUnavailable("that was not written")
        finally:
            if limit.active():
                limit.cancel()

    async def _stored_or_busy(self) -> None:
        try:
            await self.stored()
        except StoreUnavailable:
            raise Refused("The store does not answer.", code="busy") from None


def _covers(range: str, address: str) -> bool:
    network, ip = _network(range), _address(address)
    return range == address if network is None or ip is None else ip in network


# Each hello asks for every sanction: what was read once is not read again.


@lru_cache(2 * MOST_SANCTIONS)
def _network(text: str) -> Any:
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


@lru_cache(1000)
def _address(text: str) -> Any:
    try:
        return ip_address(text)
    except ValueError:
        return None


def _check_range(wish: Sanction) -> None:
    try:
        network = ip_network(wish.address, strict=False)
    except ValueError:
        raise Refused("That is no address: 192.0.2.7, 192.0.2.0/24.", code="bad_data", path="$.address") from None
    if wish.act != "ban" or network.prefixlen < (8 if network.version == 4 else 16):
        raise Refused("Addresses can be banned, and no more than a /8 at once.", code="bad_data", path="$.address")


_log = Logger(namespace="gameserver.rooms")
