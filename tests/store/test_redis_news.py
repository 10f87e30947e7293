"""What is promised of news, on a redis-server of the test's own and on the fake that other tests use."""

from __future__ import annotations

from time import monotonic
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import TestCase

from gameserver.interfaces import BookChange
from gameserver.store import keys
from gameserver.store.redis import news
from gameserver.store.redis.store import RedisStore
from tests.store.redis_server import RedisServer
from tests.store.shared import Shared, SharedStore


class NewsContract:
    """Two nodes: a writes, b reads on."""

    make: Any
    assertEqual: Any
    assertIsNone: Any
    addCleanup: Any

    async def pair(self) -> tuple[Any, Any, str]:
        """:returns: both, and where the list ends."""
        made = [self.make(name) for name in "ab"]
        for store in made:
            await store.start()
            self.addCleanup(store.stop)
        return made[0], made[1], await made[1].last_news()

    async def test_reads_on(self) -> None:
        """Each change once, in order, and none of its own."""
        a, b, place = await self.pair()
        await a.write_book("sanctions", {"x": b"1"}, ["y"])
        await b.write_book("blocks", {"mine": b"2"})
        await a.write_book("posts:lobby:chess", {"p": b"3"})
        await a.write_book("notices", {"no": b"news"})
        place, changes = await b.news_since(place)
        found = [(change.book, dict(change.puts), list(change.drops)) for change in changes]
        self.assertEqual(found, [("sanctions", {"x": b"1"}, ["y"]), ("posts:lobby:chess", {"p": b"3"}, [])])
        self.assertEqual((await b.news_since(place))[1], [])
        await a.tell_news(BookChange(book="logins", puts={"ann": b"null"}))
        place, changes = await b.news_since(place)
        self.assertEqual([(change.book, dict(change.puts)) for change in changes], [("logins", {"ann": b"null"})])
        self.assertEqual(await a.read_book("sanctions"), {"x": b"1"})
        self.assertEqual(await b.read_book("notices"), {"no": b"news"})


class SharedNewsTests(NewsContract, TestCase):
    def setUp(self) -> None:
        self.shared = Shared(monotonic)

    def make(self, node: str) -> SharedStore:
        """Another way to it."""
        return SharedStore(self.shared, node)


class RedisNewsTests(NewsContract, TestCase):
    def setUp(self) -> None:
        self.server = RedisServer()
        self.addCleanup(self.server.remove)
        self.server.start()

    def make(self, node: str) -> RedisStore:
        """Another connection."""
        return RedisStore(f"redis+unix://{self.server.socket}", reactor=reactor, node=node, secrets=("print",))

    async def test_large(self) -> None:
        """Of what is large it is only said that there is some."""
        a, b, place = await self.pair()
        await a.write_book("log", {"x": b"1" * news.SAID_BYTES})
        _, (change,) = await b.news_since(place)
        self.assertEqual((change.book, change.stale, dict(change.puts)), ("log", True, {}))

    async def test_some_are_missing(self) -> None:
        """Whoever was away for too long, or whose Redis has lost the list, is told so; at the end there is a way on."""
        a, b, place = await self.pair()
        await a.write_book("log", {"x": b"1"})
        place, _ = await b.news_since(place)
        self.patch(news, "MOST", 1)
        for number in range(300):
            await a.tell_news(BookChange(book="logins", puts={f"u{number}": b"null"}))
        self.assertIsNone(await b.news_since(place))
        place = await b.last_news()
        self.assertEqual((await b.news_since(place))[1], [])
        self.server.ask("DEL", keys.NEWS_KEY)
        self.assertIsNone(await b.news_since(place))
        self.assertEqual(await b.last_news(), "0-0")
        await a.tell_news(BookChange(book="logins", puts={"ann": b"null"}))
        self.assertEqual(len((await b.news_since("0-0"))[1]), 1)

    async def test_many(self) -> None:
        """What is too much for one look comes with the next ones."""
        a, b, place = await self.pair()
        self.patch(news, "READ_AT_ONCE", 7)
        for number in range(20):
            await a.tell_news(BookChange(book="logins", puts={f"u{number}": b"null"}))
        found: list[str] = []
        for _ in range(4):
            place, changes = await b.news_since(place)
            found += [user for change in changes for user in change.puts]
        self.assertEqual(found, [f"u{number}" for number in range(20)])
