"""
The server's own moderation: sanctions of users and addresses, who has blocked whom, and the log, all in the store.

Each node reads them when it starts, and keeps them in memory, since rooms ask at every line. What one node writes, the
others of the same store hear of (`gameserver.node.news`). A sanction's end is stored by the wall clock of the node that
made it; when this node's clock is set, the sanctions in memory are shifted, so that they last as long as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from typing import Any, Final

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred, succeed
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import BookChange, IBooks, IClock, User
from gameserver.node.blocks import Blocks
from gameserver.node.log_book import MOST_RECORDS, LogBook, newest
from gameserver.node.sanctions import Sanction, SanctionIndex
from gameserver.rates import TokenBuckets, network_of
from gameserver.room.chat.records import REPORTS, Record, UserWatch
from gameserver.room.notices import Notice
from gameserver.room.state import Mute

MOST_SANCTIONS: Final = 10_000
MINUTE_S: Final = 60.0
STORED_S: Final = 5.0
"""As long as Redis may take to answer: whoever waits for the store, above all a room, must not wait for ever."""


class Moderation(UserWatch):
    """
    Sanctions, blocks and the log, as this node has them in memory.

    :param store: an `IBooks`.
    :param entropy: returns as many random bytes as it is asked for, for names of pages.
    :param reports_per_user: how many reports a user may make at once, and again in each minute.
    :param reports_per_address: the same for all users together that share an address.
    :ivar sanctions: those that were made, and not lifted.
    :ivar banned: called with a ban that another node has made; None: it has no effect on connections here.
    :ivar notified: called with a notice for a system outside; None: there is none.
    """

    def __init__(
        self,
        store: Any,
        clock: IClock,
        entropy: Callable[[int], bytes],
        *,
        reports_per_user: int = 5,
        reports_per_address: int = 30,
    ) -> None:
        super().__init__()
        self._store: IBooks = store
        self._clock = clock
        self._entropy = entropy
        self._blocks = Blocks(partial(self._write, "blocks"))
        self.blocked = self._blocks.blocked
        self.sanctions = SanctionIndex()
        self._log = {book: LogBook(most) for book, most in MOST_RECORDS.items()}
        self._reporting = TokenBuckets(reports_per_user / MINUTE_S, reports_per_user)
        self._reporting_from = TokenBuckets(reports_per_address / MINUTE_S, reports_per_address)
        self._noted = 0
        self._newest_ms = 0
        self._written: Deferred[bool] = succeed(True)
        self.notified: Callable[[Notice], None] | None = None
        self.banned: Callable[[Sanction], Any] | None = None

    async def start(self) -> None:
        """Read what the store has."""
        self._blocks.read(await self._store.read_book("blocks"))
        for stored in (await self._store.read_book("sanctions")).values():
            self.sanctions.put(msgspec.json.decode(stored, type=Sanction))
        for name, book in self._log.items():
            for page, stored in sorted((await self._store.read_book(name)).items()):
                book.put(page, Record.decode(stored), len(stored))
        for page, _ in newest(self._log.values(), most=1):
            self._newest_ms, self._noted = (int(number) for number in page.split("-")[:2])

    # What other nodes write

    def hears(self, book: str) -> bool:
        """Whether a book is one of these; see `gameserver.node.news.Hearer`."""
        return book in ("blocks", "sanctions") or book in self._log

    async def hear(self, change: BookChange) -> None:
        """Take what another node wrote; see `gameserver.node.news.Hearer`."""
        if change.book == "blocks":
            self._blocks.hear(change)
        elif change.book == "sanctions":
            for id in change.drops:
                if id in self.sanctions:
                    self.sanctions.pop(id)
            for stored in change.puts.values():
                self._take(msgspec.json.decode(stored, type=Sanction))
        else:
            book = self._log[change.book]
            for page, stored in change.puts.items():
                book.put(page, Record.decode(stored), len(stored))

    async def read_again(self) -> None:
        """Read all that the store has; see `gameserver.node.news.Hearer`."""
        sanctions = await self._store.read_book("sanctions")
        for sanction in self.sanctions:
            if sanction.id not in sanctions:
                self.sanctions.pop(sanction.id)
        for stored in sanctions.values():
            self._take(msgspec.json.decode(stored, type=Sanction))
        self._blocks.read_again(await self._store.read_book("blocks"))
        for name, most in MOST_RECORDS.items():
            book = LogBook(most)
            for page, stored in sorted((await self._store.read_book(name)).items()):
                book.put(page, Record.decode(stored), len(stored))
            self._log[name] = book

    def _take(self, sanction: Sanction) -> None:
        is_new = sanction.id not in self.sanctions
        self.sanctions.put(sanction)
        if is_new and sanction.act == "ban" and self.banned is not None:
            self.banned(sanction)

    # What rooms ask

    def block(self, user_id: str, other: str, on: bool) -> Deferred[None]:
        """Have a user hear nothing from another from now on, or hear them again; see `UserWatch.block`."""
        (self._blocks.put if on else self._blocks.drop)(user_id, other)
        return Deferred.fromCoroutine(self._stored_or_busy())

    def mute_of(self, user_id: str, game: str, now: float) -> Mute | None:
        """Return a user's mute, for the whole server or for a game, or None; see `UserWatch.mute_of`."""
        for sanction in self.sanctions.of_user(user_id):
            if sanction.stands("mute", game, now):
                return Mute(sanction.until, sanction.shadow, sanction.reason)
        return None

    def ban_of(self, user_id: str, address: str, game: str, now: float) -> str | None:
        """Return why a user or an address may not take a seat, or None; see `UserWatch.ban_of`."""
        for sanction in chain(self.sanctions.of_user(user_id), self.sanctions.of_address(address)):
            if sanction.stands("ban", game, now):
                return sanction.reason
        return None

    def admit(self, user: User | None, address: str) -> None:
        """Let somebody in, unless an operator has banned user or address; see `UserWatch.admit`."""
        if user is not None and "admin" in user.rights:
            return
        reason = self.ban_of(user.id if user is not None else "", address, "", self._clock.now())
        if reason is not None:
            raise Refused(f"You are banned: {reason}." if reason else "You are banned.", code="forbidden")

    def admit_report(self, user_id: str, address: str) -> None:
        """Count a report, and refuse it if there were too many; see `UserWatch.admit_report`."""
        now_s = self._clock.monotonic()
        if not (self._reporting.take(now_s, user_id) and self._reporting_from.take(now_s, network_of(address))):
            raise Refused("You have reported much; wait a minute.", code="slow_down")

    def deliver(self, frame: bytes) -> None:
        """Keep an entry of the log, once the step that made it is stored; see `UserWatch.deliver`."""
        self.note(Record.decode(frame))

    # What operators do

    def note(self, record: Record) -> None:
        """Add an entry to the log."""
        # Names sort by time and by the order of calls, even if the clock is set back; the rest keeps two nodes apart.
        self._noted += 1
        self._newest_ms = max(self._newest_ms, record.at_ms)
        page = f"{self._newest_ms:014d}-{self._noted:08d}-{self._entropy(4).hex()}"
        stored = record.encode()
        self._write(record.book, {page: stored}, self._log[record.book].put(page, record, len(stored)))
        if record.book == REPORTS:
            self._notify("report", page, record)

    def newest(self, *, most: int, kind: str | None = None, before: str | None = None) -> Iterator[tuple[str, Record]]:
        """Return the newest entries of this server's log; see `gameserver.node.log_book.newest`."""
        return newest(self._log.values(), most=most, kind=kind, before=before)

    def sanction(self, wish: Sanction) -> Sanction:
        """
        Impose a sanction; `stored` says when the store has it.

        :param wish: the sanction without an id.
        :returns: the same with its id; it stands from now on.
        :raises Refused: ``bad_data``: it is about nobody, or its address is none; ``too_large``: there are too many.
        """
        wish.check()
        if len(self.sanctions) >= MOST_SANCTIONS:
            self._forget_past()
        if len(self.sanctions) >= MOST_SANCTIONS:
            raise Refused("There are too many sanctions; lift some.", code="too_large")
        made = msgspec.structs.replace(wish, id=self._entropy(6).hex())
        self.sanctions.put(made)
        self._write("sanctions", {made.id: msgspec.json.encode(made)}, [])
        self._notify("sanction", made.id, made)
        return made

    def lift(self, id: str) -> Sanction:
        """
        Lift a sanction; `stored` says when the store knows.

        :raises Refused: ``not_found``: there is no such sanction.
        """
        if id not in self.sanctions:
            raise Refused("There is no such sanction.", code="not_found")
        self._write("sanctions", {}, [id])
        lifted = self.sanctions.pop(id)
        self._notify("lifted", id, lifted)
        return lifted

    def rename_game(self, old: str, new: str) -> None:
        """Have the sanctions of a game hold for another, since it was renamed."""
        named = [msgspec.structs.replace(each, game=new) for each in self.sanctions if each.game == old]
        for sanction in named:
            self.sanctions.put(sanction)
        self._write("sanctions", {each.id: msgspec.json.encode(each) for each in named}, [])

    def _notify(self, kind: str, id: str, about: Struct) -> None:
        if self.notified is not None:
            data = msgspec.to_builtins(about)
            self.notified(Notice(id=f"{kind}-{id}", kind=kind, at=self._clock.now(), data=data))

    def shift(self, delta_s: float) -> None:
        """The wall clock was set forward by ``delta_s``: have each sanction last as long as it was meant to."""
        for sanction in self.sanctions:
            if sanction.until is not None:
                self.sanctions.put(msgspec.structs.replace(sanction, until=sanction.until + delta_s))

    def _forget_past(self) -> None:
        now = self._clock.now()
        past = [sanction.id for sanction in self.sanctions if sanction.is_past(now)]
        for id in past:
            self.sanctions.pop(id)
        self._write("sanctions", {}, past)

    def _write(self, book: str, puts: dict[str, bytes], drops: list[str]) -> None:
        def not_written(failure: Failure) -> bool:
            _log.failure("the book {book} was not written", failure, book=book)
            return False

        written: Deferred[Any] = self._store.write_book(book, puts, drops)
        self._written = written.addCallbacks(lambda _: True, not_written)

    async def stored(self) -> None:
        """
        Wait until the store has what was written last, for `STORED_S` at most.

        :raises StoreUnavailable: it may not have it; on this node it holds all the same, for as long as that runs.
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


_log = Logger(namespace="gameserver.rooms")
