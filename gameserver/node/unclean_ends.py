"""
Ends of processes in the middle of a room's step, and what follows for the room: after the first it waits, unless that
was probably chance; after the second it is quarantined.

Each such end is a page of the book `BOOK`, under the room's id and the run of the process. The small process beside a
node writes it, or the node's next start; if both do, it is the same page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from gameserver.errors import StoreUnavailable
from gameserver.node.step_notes import in_a_line

if TYPE_CHECKING:
    from gameserver.interfaces import BookChange, IClock
    from gameserver.node.step_notes import Note

BOOK: Final = "unclean"
DAMAGED: Final = "damaged"
"""Stands for the run in the name of a page about a room of which the store lost something."""
SURE_MS: Final = 250
"""A step that had taken this long when its process ended is taken for the cause; a shorter one may be hit by chance."""
KEPT_MS: Final = 24 * 60 * 60 * 1000
"""After this long an end is not held against a room any more."""
PROVED_S: Final = 1.0
"""A room that has gone on for this long has shown that an end which may be chance was chance."""
READ_S: Final = 0.5
"""What was read at most this long ago is new enough: after an end the node's lease lasts longer than this."""
ENOUGH: Final = 4
"""Ends with this weight in sum bring a room into quarantine."""
OPENING: Final = ("LoadRoom", "resume")
"""Inputs that all rooms get at a start: a process that is killed at that time hits some room by chance."""
log: Final = Logger(namespace="gameserver.rooms")


class UncleanEnd(Struct, kw_only=True, omit_defaults=True):
    """
    One end of a process, in the middle of a step of a room.

    :ivar room: the room's id.
    :ivar what: the kind of input; ``send`` is a player's message.
    :ivar input: the beginning of the frame as it came, or of a text about the input.
    :ivar at_ms: when the end was found out, milliseconds since 1970.
    :ivar lasted_ms: how long the step had taken at least when the process ended.
    :ivar fatal: whether a signal ended the process in that very step.
    :ivar why: a reason that is enough for quarantine without a second end, such as a damaged row.
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
        """Whether the step is taken for the cause of the end."""
        return self.fatal or self.lasted_ms >= SURE_MS

    @property
    def is_opening(self) -> bool:
        """Whether the end may be chance, and came while the room was being opened or its seats were resumed."""
        return self.what in OPENING and not self.is_sure

    @property
    def weight(self) -> int:
        """How much this end counts for quarantine: two ends are enough, or four at an opening that may be chance."""
        return 1 if self.is_opening else 2

    def is_past(self, now_ms: int) -> bool:
        """Whether the end was too long ago to be held against the room."""
        return not self.why and self.at_ms < now_ms - KEPT_MS


class UncleanEnds:
    """The ends that this node knows of, by room."""

    def __init__(self, store: Any, clock: IClock) -> None:
        self._store = store
        self._clock = clock
        self._pages: dict[str, dict[str, UncleanEnd]] = {}
        self._read_s: float | None = None
        self._left: Note | None = None
        self._fatal = False

    def found(self, left: Note | None, *, fatal: bool) -> None:
        """
        Take in which step the process before this one ended; to be called before `start`.

        :param left: that step; None: it ended in none.
        :param fatal: whether a signal ended it that a step may bring about.
        """
        self._left, self._fatal = left, fatal

    async def start(self) -> None:
        """Read what the store knows, and write what was found."""
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
        Read what the store knows by now, and delete what is past.

        :param older_s: do nothing if the last read was less than so many seconds ago.
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
            # Ends that brought a room into quarantine stay until an operator has dealt with it.
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
        """Read what another node has found out; see `gameserver.node.news.Hearer`."""
        await self.read()

    async def read_again(self) -> None:
        """Read what the store knows; see `gameserver.node.news.Hearer`."""
        await self.read()

    def quarantined(self) -> list[UncleanEnd]:
        """:returns: an end in each room that is in quarantine, if it is still there."""
        return [ends[-1] for ends in map(self.of, self._pages) if self.why(ends[-1].room) is not None]

    def of(self, room: str) -> list[UncleanEnd]:
        """:returns: the ends in a room, by its id, the newest last."""
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
        shown = in_a_line(last.input[:100])
        return f"the server ended {len(ends)} times in the middle of a step of it, last at {last.what} {shown}".strip()

    def shown(self, room: str) -> list[dict[str, Any]]:
        """:returns: the ends in a room, by its id, for somebody who looks for the cause: inputs as text."""
        return [
            {"what": end.what, "input": end.input.decode("utf-8", "backslashreplace"), **_times(end)}
            for end in self.of(room)
        ]

    async def forget(self, room: str, *, unsure: bool = False, opening: bool = False) -> None:
        """
        Forget the ends in a room, by its id.

        :param unsure: only those that may be chance.
        :param opening: only those of them that came while it was being opened.
        :raises StoreUnavailable: the store may still have them.
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
        """Do as `forget` without waiting for the store; if it does not answer, that is ignored."""
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
