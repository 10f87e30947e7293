"""
Lines outside rooms: the lobby of a game, direct messages, announcements of the operator.

Each is a feed with a bounded number of lines, kept in a book of the store. Those who listen are told a line once the
store has it: by the node that wrote it, and by other nodes when they hear of it (`gameserver.node.news`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct
from twisted.internet.defer import Deferred, DeferredLock

from gameserver.errors import Refused
from gameserver.interfaces import BookChange, IBooks, IClock, ISession, User, is_guest
from gameserver.protocol import messages, msgpack, values
from gameserver.protocol.texts import said
from gameserver.rates import TokenBuckets
from gameserver.room.bounds import newest
from gameserver.room.chat.admission import read_data, say_muted
from gameserver.room.chat.moderation import has_right
from gameserver.room.chat.words import WordFilter
from gameserver.room.publish.sessions import audience_of
from gameserver.store.keys import FEEDS

if TYPE_CHECKING:
    from gameserver.node.moderation import Moderation

KEPT: Final = 50
KEPT_S: Final = 604_800
"""Lines of a feed, and the seconds for which they are kept: a week."""
FEED_BYTES: Final = 128 * 1024
"""Size of all lines of a feed together; larger than any single line that the settings allow."""
SHADOWED: Final = 10
"""How many lines that only their writers see are kept besides; they take the place of no other line."""
MOST_FEEDS: Final = 1000
"""Feeds in memory; if there are more, those to which nobody listens are forgotten, and read again when wanted."""
RATE: Final = (0.5, 10.0)
"""How many lines one user may write outside rooms: per second, and at once."""
SERVER: Final = "server"
DIRECT: Final = "direct"
ACCOUNT: Final = "account:"
"""How the ids of accounts begin."""


class PostLine(Struct, frozen=True, omit_defaults=True):
    """A line of a feed; one with ``shadow`` is shown to its writer alone."""

    line: int
    to: str
    user: str
    name: str
    text: str
    data: Any
    at_ms: int
    shadow: bool = False
    account: bool = False


class Feed:
    """The last lines of one place, and who listens."""

    def __init__(self) -> None:
        self.lines: list[PostLine] = []
        self.last = 0
        self.listeners: dict[ISession, User] = {}
        self.lock = DeferredLock()
        self.is_read = False


class LobbyChat:
    """
    The feeds of this node.

    :param store: an `IBooks`.
    :param games: whether a game of this name has a lobby.
    :param meet: whether two users share a room.
    :param knows: whether there may be a user with this id.
    :param chat_chars: the longest text of a line, in characters.
    :param chat_data_bytes: the largest data of a line.
    :param shared: whether other nodes write to the same feeds.
    """

    def __init__(
        self,
        store: Any,
        clock: IClock,
        watch: Moderation,
        *,
        games: Callable[[str], bool],
        meet: Callable[[str, str], Awaitable[bool]],
        knows: Callable[[str], Awaitable[bool]],
        chat_chars: int,
        chat_data_bytes: int,
        shared: bool = False,
    ) -> None:
        self._store: IBooks = store
        self._clock = clock
        self._watch = watch
        self._has_game = games
        self._meet = meet
        self._knows = knows
        self._chat_chars = chat_chars
        self._chat_data_bytes = chat_data_bytes
        self._shared = shared
        self._feeds: dict[str, Feed] = {}
        self._heard: dict[ISession, set[str]] = {}  # by their names
        self._pace = TokenBuckets(*RATE)
        self._filter = WordFilter()

    async def listen(self, session: ISession, user: User, to: str, seen: int | None) -> dict[str, Any]:
        """
        Have a session hear a feed from now on.

        :param to: ``server``, ``direct`` or ``lobby:GAME``.
        :param seen: the number of the last line that the client knows; None: it knows none.
        :returns: ``line``, the number of the last line that the client knows then, and ``lines``, those after ``seen``.
        :raises Refused: ``bad_data``: there is no such feed.
        """
        name = self._name(user, to)
        feed = self._feed(name)
        await feed.lock.acquire()
        try:
            await self._read(feed, name)
            feed.listeners[session] = user
            self._heard.setdefault(session, set()).add(name)
        finally:
            feed.lock.release()
        oldest_ms = (self._clock.now() - KEPT_S) * 1000
        heard = [x for x in feed.lines if self._is_for(user, x)]
        last = heard[-1].line if heard else 0
        known = seen or 0
        lines = [x for x in heard if x.line > known and x.at_ms >= oldest_ms]
        told = newest([_post(x) for x in lines], FEED_BYTES)
        return {"line": max(last, known), "lines": [msgspec.to_builtins(x) for x in told]}

    def cease(self, session: ISession, user: User, to: str) -> None:
        """
        Have a session hear a feed no longer.

        :raises Refused: ``bad_data``: there is no such feed.
        """
        name = self._name(user, to)
        self._heard.get(session, set()).discard(name)
        self._cease(session, name)

    def forget(self, session: ISession) -> None:
        """Forget a session whose connection is gone."""
        for name in self._heard.pop(session, ()):
            self._cease(session, name)

    def _cease(self, session: ISession, name: str) -> None:
        feed = self._feeds.get(name)
        if feed is not None:
            feed.listeners.pop(session, None)
            self._let_go(name, feed)

    def _let_go(self, name: str, feed: Feed) -> None:
        """Forget a feed, if there are very many and nobody needs this one at the moment."""
        if len(self._feeds) > MOST_FEEDS and not (feed.listeners or feed.lock.locked):
            self._feeds.pop(name, None)

    async def say(self, user: User, to: str, text: str, data: Any) -> None:
        """
        Write a line of a user to the lobby of a game, or to another user.

        :param to: ``lobby:GAME`` or ``user:ID``.
        :raises Refused: ``bad_data``: there is no such place; ``forbidden``: the other user is a stranger; ``muted``,
            ``slow_down``: this user may not write at the moment; or the text or the data is too large.
        """
        text = said(text, self._chat_chars)
        shadow = self._admit(user)
        plain = read_data(data, self._chat_data_bytes)
        kind, _, name = to.partition(":")
        if kind == "user":
            if name == user.id or not await self._may_write_to(user.id, name):
                raise Refused("You share no room with such a user.", code="forbidden")
            feeds = [f"{DIRECT}:{user.id}", f"{DIRECT}:{name}"]
        elif kind == "lobby" and self._has_game(name):
            feeds = [to]
        else:
            raise Refused("There is no such channel.", code="bad_data", path="$.to")
        for feed in feeds:
            await self._put(feed, to, user, self._filter(text), plain, shadow)

    async def announce(self, text: str, data: Any = None) -> None:
        """Write a line of the operator to the feed ``server``, for everybody who listens."""
        await self._put(SERVER, SERVER, None, text, data, False)

    # What other nodes write

    def hears(self, book: str) -> bool:
        """Whether a book is a feed's; see `gameserver.node.news.Hearer`."""
        return book.startswith(FEEDS)

    async def hear(self, change: BookChange) -> None:
        """Tell those who listen here what was written elsewhere; see `gameserver.node.news.Hearer`."""
        feed = self._feeds.get(change.book.removeprefix(FEEDS))
        if feed is None or not feed.is_read:
            return  # it is read when somebody listens
        await feed.lock.acquire()
        try:
            gone = set(change.drops)
            feed.lines = [x for x in feed.lines if _page(x) not in gone]
            self._take(feed, change.puts)
        finally:
            feed.lock.release()

    async def read_again(self) -> None:
        """Read the feeds to which somebody listens here; see `gameserver.node.news.Hearer`."""
        for name, feed in list(self._feeds.items()):
            if feed.listeners:
                await feed.lock.acquire()
                try:
                    await self._read(feed, name)
                finally:
                    feed.lock.release()

    def _take(self, feed: Feed, pages: Mapping[str, bytes]) -> None:
        """Add lines to a feed, and tell its listeners those that are new."""
        known = {_page(x) for x in feed.lines}
        new = [_line(stored) for page, stored in sorted(pages.items()) if page not in known]
        feed.lines = sorted([*feed.lines, *new], key=lambda x: x.line)
        feed.last = feed.lines[-1].line if feed.lines else 0
        for line in new:
            self._tell(feed, line)

    def _admit(self, user: User) -> bool:
        """
        :returns: whether this user's lines are for the writer alone.
        :raises Refused: ``muted`` or ``slow_down``: the user may not write at the moment.
        """
        if has_right(user):
            return False
        now = self._clock.now()
        mute = self._watch.mute_of(user.id, "", now)
        if mute is not None and not mute.shadow:
            raise Refused(say_muted(mute, now), code="muted")
        monotonic = self._clock.monotonic()
        if not self._pace.take(monotonic, user.id):
            raise Refused(code="slow_down")
        return mute is not None

    async def _may_write_to(self, user_id: str, other: str) -> bool:
        if await self._meet(user_id, other):
            return True
        return user_id.startswith(ACCOUNT) and other.startswith(ACCOUNT) and await self._knows(other)

    async def _put(self, name: str, to: str, user: User | None, text: str, data: Any, shadow: bool) -> None:
        """Write a line to the store, then tell it; one line of a feed at a time, so that all hear the same order."""
        feed = self._feed(name)
        await feed.lock.acquire()
        try:
            await self._read(feed, name)
            # Numbered by time: in plain counting a gap would reveal that somebody wrote a line for the writer alone. So
            # would a number that is not the line's time, as of the second within a millisecond; its time waits for it.
            at_ms = max(feed.last + 1, round(self._clock.now() * 1000))
            by = (user.id, user.name) if user is not None else ("", "")
            account = user is not None and not is_guest(user)
            line = PostLine(at_ms, to, *by, text, data, at_ms, shadow, account)
            kept = _kept([*feed.lines, line])
            gone = [x for x in feed.lines if x not in kept]
            stored = msgspec.json.encode(msgspec.structs.replace(line, data=values.to_wire(data)))
            await _done(self._store.write_book(_book(name), {_page(line): stored}, [_page(x) for x in gone]))
            feed.last = line.line
            feed.lines = kept
            self._tell(feed, line)
        finally:
            feed.lock.release()
            self._let_go(name, feed)

    def _tell(self, feed: Feed, line: PostLine) -> None:
        hearing = audience_of(session for session, user in feed.listeners.items() if self._is_for(user, line))
        frame = messages.encode(_post(line))
        for session in hearing.json:
            session.deliver(frame)
        for session in hearing.packed + hearing.columns:
            session.deliver(msgpack.repack(frame))

    def _is_for(self, user: User, line: PostLine) -> bool:
        if line.shadow:
            return line.user == user.id
        return line.user not in self._watch.blocked.get(user.id, ())

    def _name(self, user: User, to: str) -> str:
        """
        :returns: the name of the feed that a user means.
        :raises Refused: ``bad_data``: there is none.
        """
        kind, _, game = to.partition(":")
        if to == DIRECT:
            return f"{DIRECT}:{user.id}"
        if to == SERVER or (kind == "lobby" and self._has_game(game)):
            return to
        raise Refused("There is no such channel.", code="bad_data", path="$.to")

    def _feed(self, name: str) -> Feed:
        return self._feeds.setdefault(name, Feed())

    async def _read(self, feed: Feed, name: str) -> None:
        if feed.is_read and not self._shared:
            return
        pages = await _done(self._store.read_book(_book(name)))
        if feed.is_read:
            feed.lines = [x for x in feed.lines if _page(x) in pages]
            self._take(feed, pages)  # those who listen have not heard the new ones
            return
        feed.lines = [_line(stored) for _, stored in sorted(pages.items())]
        feed.last = feed.lines[-1].line if feed.lines else 0
        feed.is_read = True


def _kept(lines: list[PostLine]) -> list[PostLine]:
    """:returns: those of a feed's lines that it keeps, in their order."""
    parts = ([x for x in lines if not x.shadow][-KEPT:], [x for x in lines if x.shadow][-SHADOWED:])
    kept = [x for part in parts for x in part[len(part) - len(newest([_post(x) for x in part], FEED_BYTES)) :]]
    return sorted(kept, key=lambda x: x.line)


def _post(line: PostLine) -> messages.Post:
    by = messages.Author(line.user, line.name, line.account) if line.user else None
    return messages.Post(line.to, line.line, by, line.text, messages.payload(line.data), line.at_ms)


def _book(name: str) -> str:
    return f"{FEEDS}{name}"


def _line(stored: bytes) -> PostLine:
    return msgspec.convert(values.decode(stored), PostLine)


def _page(line: PostLine) -> str:
    """
    :returns: the name of a line's page: its number, and a hash, so that two nodes that write the same number at once do
        not overwrite each other's page.
    """
    written = blake2b(f"{line.at_ms} {line.user} {line.to} {line.text}".encode(), digest_size=4)
    return f"{line.line:012d}-{written.hexdigest()}"


def _done(asked: Any) -> Deferred[Any]:
    """:returns: what a store answers, with a type that can be awaited; zope's interfaces do not say so."""
    deferred: Deferred[Any] = asked
    return deferred
