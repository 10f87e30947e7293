"""
Rooms in the middle of whose steps a process ended, and what follows: first a room waits, unless that was by chance,
then it is quarantined.

Each such end is a page of the book `BOOK`, under the room's id and the run of the process. A page is written by the
small process beside a node, by the node's next start, or by both, which is the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.errors import StoreUnavailable

if TYPE_CHECKING:
    from gameserver.interfaces import BookChange, IClock
    from gameserver.node.step_notes import Note

BOOK: Final = "unclean"
DAMAGED: Final = "damaged"
"""Instead of a run, in the name of a page about a room of which the store lost something."""
SURE_MS: Final = 250
"""A step that was at work for so long when its process ended is why it ended; a shorter one may be so by chance."""
KEPT_MS: Final = 24 * 60 * 60 * 1000
"""After so long an end says nothing of a room any more."""
PROVED_S: Final = 1.0
"""Having gone on for so long a room has shown that an end which may be chance was that."""
READ_S: Final = 0.5
"""What was read so long ago is new enough: a lease lasts longer than that after an end."""
ENOUGH: Final = 4
"""Ends of so much weight bring a room into quarantine."""
OPENING: Final = ("LoadRoom", "resume")
"""What happens to all rooms at a start: one that was killed just then has hit some of them by chance."""
log: Final = Logger(namespace="gameserver.rooms")


class UncleanEnd(Struct, kw_only=True, omit_defaults=True):
    """
    One of a process, in the middle of a step of a room.

    :ivar what: the kind of input; ``send`` is a player's message.
    :ivar input: its beginning: the frame as it came, or what there is to say of it.
    :ivar at_ms: when that was found out, milliseconds since 1970.
    :ivar lasted_ms: for so long the step had been seen when the process ended, at least.
    :ivar fatal: a signal, or an exit of the game's own, ended it in that very step.
    :ivar why: a reason for which no second one is waited for, such as a damaged row.
    """

    room: str
    code: str
    game: str
    what: str = ""
    input: bytes = b""
    at_ms: int = 0
    lasted_ms: int = 0
    fatal: bool = False
    why: str = ""

    @property
    def is_sure(self) -> bool:
        """Whether the step is why the process ended."""
        return self.fatal or self.lasted_ms >= SURE_MS

    @property
    def is_opening(self) -> bool:
        """Whether it may be chance, and came while the room was only being opened."""
        return self.what in OPENING and not self.is_sure

    @property
    def weight(self) -> int:
        """How much this end says of the room: two are enough, or four that may well be chance."""
        return 1 if self.is_opening else 2

    def is_past(self, now_ms: int) -> bool:
        """Whether it was too long ago to say anything."""
        return not self.why and self.at_ms < now_ms - KEPT_MS


class UncleanEnds:
    """Those that are known, by room."""

    def __init__(self, store: Any, clock: IClock) -> None:
        self._store = store
        self._clock = clock
        self._pages: dict[str, dict[str, UncleanEnd]] = {}
        self._read_s: float | None = None
        self._left: Note | None = None
        self._fatal = False

    def found(self, left: Note | None, *, fatal: bool) -> None:
        """
        The process before this one ended in the middle of a step; before `start`.

        :param fatal: by a signal that a step brings about.
        """
        self._left, self._fatal = left, fatal

    async def start(self) -> None:
        """Read what the store knows, and let it know what was found."""
        left, fatal = self._left, self._fatal
        if left is not None:
            end = UncleanEnd(
                room=left.room,
                code=left.code,
                game=left.game,
                what=left.what,
                input=left.input,
                at_ms=self._now_ms(),
                lasted_ms=left.lasted_ms,
                fatal=fatal,
            )
            log.critical("the process before this one ended in the middle of a step: {step}", step=left.in_words)
            await self._store.write_book(BOOK, {f"{left.room}/{left.run}": msgspec.json.encode(end)})
        await self.read()

    async def read(self, *, older_s: float = 0.0) -> None:
        """
        Read what the store knows by now.

        :param older_s: what was read within so many seconds will do.
        """
        now_s = self._clock.monotonic()
        if self._read_s is not None and now_s - self._read_s < older_s:
            return
        pages = await self._store.read_book(BOOK)
        self._read_s = now_s
        found: dict[str, dict[str, UncleanEnd]] = {}
        past = []
        for page, value in pages.items():
            end = _decoded(value)
            if end is None:
                past.append(page)
            else:
                found.setdefault(end.room, {})[page] = end
        for room, ends in list(found.items()):
            # What brought a room into quarantine stays until somebody has looked at it.
            if not _are_enough(ends.values()) and all(end.is_past(self._now_ms()) for end in ends.values()):
                past += found.pop(room)
        self._pages = found
        if past:
            await self._store.write_book(BOOK, {}, past)

    async def renew(self) -> None:
        """Read what other nodes, and the processes beside them, have found out."""
        await self.read(older_s=READ_S)

    def hears(self, book: str) -> bool:
        """Whether a book is this one; see `gameserver.node.news.Hearer`."""
        return book == BOOK

    async def hear(self, change: BookChange) -> None:
        """Another node has found out something; see `gameserver.node.news.Hearer`."""
        await self.read()

    async def read_again(self) -> None:
        """Read what the store knows; see `gameserver.node.news.Hearer`."""
        await self.read()

    def of(self, room: str) -> list[UncleanEnd]:
        """:returns: those of a room, the newest last."""
        return sorted(self._pages.get(room, {}).values(), key=lambda end: end.at_ms)

    def why(self, room: str) -> str | None:
        """:returns: why a room, by its id, is quarantined, in one line; None: it is not."""
        ends = self.of(room)
        for end in ends:
            if end.why:
                return end.why
        if not _are_enough(ends):
            return None
        last = ends[-1]
        shown = last.input[:100].decode("utf-8", "backslashreplace").replace("\n", " ")
        return f"the server ended {len(ends)} times in the middle of a step of it, last at {last.what} {shown}".strip()

    def shown(self, room: str) -> list[dict[str, Any]]:
        """:returns: those of a room, by its id, for whoever is to find out what happened: inputs as text."""
        return [
            {"what": end.what, "input": end.input.decode("utf-8", "backslashreplace"), **_times(end)}
            for end in self.of(room)
        ]

    async def forget(self, room: str, *, unsure: bool = False, opening: bool = False) -> None:
        """
        These ends say nothing of a room any more.

        :param unsure: only those that may be chance.
        :param opening: only those of them that came while it was being opened.
        """
        ends = self._pages.get(room, {})
        gone = [
            page
            for page, end in ends.items()
            if (end.is_opening if opening else not (unsure and (end.is_sure or end.why)))
        ]
        for page in gone:
            del ends[page]
        if not ends:
            self._pages.pop(room, None)
        if gone:
            await self._store.write_book(BOOK, {}, gone)

    def forget_soon(self, room: str, *, unsure: bool = False, opening: bool = False) -> None:
        """The same, where nobody waits for it."""
        if room in self._pages:
            done = Deferred.fromCoroutine(self.forget(room, unsure=unsure, opening=opening))
            done.addErrback(lambda failure: failure.trap(StoreUnavailable))

    def _now_ms(self) -> int:
        return round(self._clock.now() * 1000)


def _are_enough(ends: Iterable[UncleanEnd]) -> bool:
    return sum(end.weight for end in ends) >= ENOUGH


def _times(end: UncleanEnd) -> dict[str, Any]:
    rest = {"why": end.why} if end.why else {}
    return {"at_ms": end.at_ms, "lasted_ms": end.lasted_ms, "fatal": end.fatal, **rest}


def _decoded(value: bytes) -> UncleanEnd | None:
    try:
        return msgspec.json.decode(value, type=UncleanEnd)
    except msgspec.MsgspecError:
        return None
