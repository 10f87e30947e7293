"""Sends the notices that the store keeps to a system outside, each until it is taken: at least once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import IBooks, IClock
from gameserver.room.notices import Notice
from gameserver.store.keys import NOTICES

RETRY_S: Final = (1.0, 2.0, 5.0, 15.0, 60.0)
"""Pauses after failures in a row; the last one again and again."""
REREAD_S: Final = 60.0
"""How often the store is asked for notices that nodes which died left there."""
MOST: Final = 20_000
"""How many notices may wait; then the oldest are given up, so that a system that is gone for good fills no store."""

log = Logger(namespace="gameserver")

Send = Callable[[bytes], Deferred[Any]]


class Notifier:
    """
    Sends one notice at a time, the oldest first; one that is not taken goes behind the others.

    :param send: sends a notice; fires when the other side has taken it, and fails otherwise.
    :ivar sent: how many were taken.
    :ivar failed: how often one was not taken.
    """

    def __init__(self, books: IBooks, clock: IClock, send: Send) -> None:
        self._books = books
        self._clock = clock
        self._send = send
        self._waiting: dict[str, bytes] = {}
        self._sending: Deferred[None] | None = None
        self._call: Any = None
        self._reread: Any = None
        self._failures = 0
        self._running = True
        self.sent = 0
        self.failed = 0

    def __len__(self) -> int:
        return len(self._waiting)

    async def start(self) -> None:
        """Send what the store still has: from this node's last process, or from a node that is gone."""
        if not self._running:
            return
        try:
            self.add(await self._books.read_book(NOTICES))
        except StoreUnavailable:
            log.warn("notices cannot be read; the store does not answer")
        if self._running:
            self._reread = self._clock.later(REREAD_S, self._read_again)

    def stop(self) -> None:
        """Stop sending; what waits is in the store."""
        self._running = False
        for call in (self._call, self._reread):
            if call is not None and call.active():
                call.cancel()
        if self._sending is not None:
            self._sending.cancel()

    def add(self, pages: Mapping[str, bytes]) -> None:
        """Send these, which the store has: pages of the book of notices, by name."""
        for page, notice in sorted(pages.items()):
            self._waiting.setdefault(page, notice)
        if len(self._waiting) > MOST:
            given_up = list(self._waiting)[: len(self._waiting) - MOST]
            log.error("{count} notices that nobody took are given up", count=len(given_up))
            self._forget(given_up)
        if self._running and self._sending is None and not (self._call is not None and self._call.active()):
            self._go_on()

    def note(self, notice: Notice) -> None:
        """Store a notice that belongs to no commit, and send it then."""
        pages = {notice.page: notice.encode()}
        written = self._books.write_book(NOTICES, pages)
        written.addCallback(lambda _: self.add(pages))
        written.addErrback(lambda failure: log.failure("a notice was not stored", failure))

    def _read_again(self) -> None:
        Deferred.fromCoroutine(self.start()).addErrback(lambda failure: log.failure("notices cannot be read", failure))

    def _go_on(self) -> None:
        sending = self._sending = Deferred.fromCoroutine(self._send_all())
        sending.addErrback(lambda failure: None if not self._running else log.failure("notices stand still", failure))
        sending.addBoth(self._rest)

    def _rest(self, _: object) -> None:
        self._sending = None

    async def _send_all(self) -> None:
        while self._running and self._waiting:
            page, notice = next(iter(self._waiting.items()))
            try:
                await self._send(notice)
            except Exception as error:  # noqa: BLE001 - whatever is wrong over there is not wrong here
                if self._running:
                    self._not_taken(page, notice, error)
                return
            self._failures = 0
            self.sent += 1
            self._forget([page])

    def _not_taken(self, page: str, notice: bytes, error: Exception) -> None:
        if not self._failures:
            log.warn("a notice was not taken, and is sent again later: {reason}", reason=str(error))
        self._waiting.pop(page, None)
        self._waiting[page] = notice  # behind the others
        self._call = self._clock.later(RETRY_S[min(self._failures, len(RETRY_S) - 1)], self._go_on)
        self._failures += 1
        self.failed += 1

    def _forget(self, pages: list[str]) -> None:
        for page in pages:
            self._waiting.pop(page, None)
        torn = self._books.write_book(NOTICES, {}, pages)
        # A page that stays is sent again; whoever takes notices recognizes it by its id.
        torn.addErrback(lambda failure: log.warn("notices stay in the store: {why}", why=failure.getErrorMessage()))
