"""Requests that come faster than they can be answered, and answers that nobody reads."""

from __future__ import annotations

from typing import Any

from twisted.internet.address import IPv4Address

from gameserver.web.channel import AHEAD_BYTES
from gameserver.web.pipelining import AT_ONCE, FairQueue, KeptBytes
from tests.web.test_api import Answer, ApiTests, Node, Quiz
from tests.websocket.sockets import Pipe, Readiness

READ_BYTES = 65536
"""What is read from a socket at once."""
ALIVE = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"
CLIENT = b"GET /gameserver.js HTTP/1.1\r\nhost: a\r\n\r\n"
ANSWER = b"HTTP/1.1 200"
MIB = 2**20


class Readers(Readiness):
    """
    Who is read from.

    :ivar reading: those.
    """

    def __init__(self) -> None:
        self.reading: set[Any] = set()

    def addReader(self, reader: Any) -> None:
        self.reading.add(reader)

    def removeReader(self, reader: Any) -> None:
        self.reading.discard(reader)


class Line:
    """
    A client that sends much, and reads what it likes.

    :ivar unsent: what the server has not read yet.
    """

    def __init__(self, node: Node, address: str, unsent: bytes, *, reads: int | None = None) -> None:
        self.unsent = unsent
        self.readers = Readers()
        self.pipe = Pipe(node.seconds, address)
        self.pipe.reactor = self.readers  # type: ignore[assignment]
        self.pipe.reads = reads
        self.channel: Any = node.site.buildProtocol(IPv4Address("TCP", address, 1))
        self.pipe.protocol = self.channel
        self.pipe.startReading()  # type: ignore[no-untyped-call]
        self.channel.makeConnection(self.pipe)

    def move(self) -> None:
        """What a pass of the reactor does for this connection."""
        if self.unsent and self.pipe in self.readers.reading and not self.pipe.lost:
            data, self.unsent = self.unsent[:READ_BYTES], self.unsent[READ_BYTES:]
            self.channel.dataReceived(data)
        self.pipe.flush()

    @property
    def answers(self) -> int:
        """How many answers it has read the beginning of."""
        return self.pipe.sent.count(ANSWER)


class TurnsTests(ApiTests):
    """One request of a connection in a pass, a few of all."""

    def setUp(self) -> None:
        super().setUp()
        self.served = 0
        find = self.node.site.getResourceFor

        def count(request: Any) -> Any:
            self.served += 1
            return find(request)

        self.patch(self.node.site, "getResourceFor", count)

    def a_pass(self, *lines: Line) -> int:
        """
        The reactor's: what is due, then what comes.

        :returns: how many requests were answered in it.
        """
        before, seconds = self.served, self.node.seconds
        due = [call for call in seconds.calls if call.getTime() <= seconds.seconds()]
        for call in due:
            if call.active():
                seconds.calls.remove(call)
                call.called = 1
                call.func(*call.args, **call.kw)
        for line in lines:
            line.move()
        return self.served - before

    def test_pipelined(self) -> None:
        """Of 1,500 requests in one segment one is answered in each pass, and no more is read than is needed."""
        line = Line(self.node, "192.0.2.1", ALIVE * 1500)
        self.assertEqual({self.a_pass(line) for _ in range(300)}, {1})
        self.assertEqual(line.answers, 300)
        for _ in range(1200):
            self.assertLess(len(line.channel._buffer), AHEAD_BYTES + READ_BYTES)
            self.a_pass(line)
        self.assertEqual((line.answers, line.unsent), (1500, b""))
        self.assertEqual(self.a_pass(line), 0)
        self.assertFalse(line.pipe.disconnecting)

    def test_nothing_is_read(self) -> None:
        """A client that does not read its answer gets no second one, and is not read from, until it does."""
        line = Line(self.node, "192.0.2.1", CLIENT * 6000, reads=0)
        for _ in range(50):
            self.a_pass(line)
        size = line.pipe.waiting
        self.assertEqual(self.served, 1)
        self.assertNotIn(line.pipe, line.readers.reading)
        self.assertLess(len(line.channel._buffer), AHEAD_BYTES + READ_BYTES)
        self.assertEqual(self.node.site.kept.size_bytes, size + len(line.channel._buffer))  # type: ignore[attr-defined]
        line.pipe.reads = size
        for _ in range(50):
            self.a_pass(line)
        self.assertEqual((self.served, line.answers), (2, 1))

    def test_all_are_answered_in_order(self) -> None:
        """With bodies, in pieces of any size, and where answers have to wait for the store."""
        body = b'{"name":"Ann"}'
        posts = b"POST /api/guest HTTP/1.1\r\nhost: a\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
        chunked = b"POST /api/guest HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
        missing = b"GET /api/none HTTP/1.1\r\nhost: a\r\n\r\n"
        unit = ALIVE + posts + missing + chunked % (len(body), body)
        for size in (1, 7, 100, 10_000):
            line = Line(self.node, "192.0.2.1", b"")
            data = unit * 20
            for at in range(0, len(data), size):
                line.channel.dataReceived(data[at : at + size])
                self.a_pass(line)
            for _ in range(100):
                self.a_pass(line)
            sent = bytes(line.pipe.sent)
            statuses = [sent[at + 9 : at + 12] for at in range(len(sent)) if sent.startswith(b"HTTP/1.1 ", at)]
            self.assertEqual(statuses, [b"200", b"200", b"404", b"200"] * 20, size)

    def test_connections(self) -> None:
        """A hundred connections of one address are a few in a pass; whoever comes from elsewhere waits for none."""
        crowd = [Line(self.node, "192.0.2.1", ALIVE * 10) for _ in range(100)]
        self.assertEqual(self.a_pass(*crowd), AT_ONCE)
        other = Line(self.node, "192.0.2.2", ALIVE)
        self.assertEqual([self.a_pass(*crowd, other) for _ in range(3)], [AT_ONCE] * 3)
        self.assertEqual(other.answers, 1)
        for _ in range(1000 // AT_ONCE):
            self.a_pass(*crowd)
        self.assertEqual([line.answers for line in crowd], [10] * 100)

    def test_gone_while_waiting(self) -> None:
        """A connection that ends does not take its turn."""
        crowd = [Line(self.node, "192.0.2.1", ALIVE) for _ in range(3 * AT_ONCE)]
        self.a_pass(*crowd)
        for line in crowd:
            line.channel.connectionLost(None)
        self.assertEqual([self.a_pass() for _ in range(5)], [0] * 5)
        self.assertEqual(self.node.site.queue._waiting, {})  # type: ignore[attr-defined]
        self.assertEqual(self.node.site.kept.size_bytes, 0)  # type: ignore[attr-defined]

    def test_one_that_raises(self) -> None:
        """It ends alone: the others keep their places."""
        crowd = [Line(self.node, "192.0.2.1", ALIVE) for _ in range(3 * AT_ONCE)]
        broken = crowd[AT_ONCE]
        self.a_pass(*crowd)
        self.patch(broken.channel.requests[-1], "requestReceived", lambda *_: self.fail("a bug"))
        for _ in range(5):
            self.a_pass(*crowd)
        self.assertEqual([line.answers for line in crowd if line is not broken], [1] * (3 * AT_ONCE - 1))
        self.assertEqual((broken.pipe.lost, len(self.flushLoggedErrors(self.failureException))), (True, 1))


class BudgetTests(ApiTests):
    """So many requests an address."""

    def setUp(self) -> None:
        super().setUp()
        self.node = Node(Quiz, **{"limits.http_per_address": 60})

    def test_requests(self) -> None:
        """More are refused, wherever they go, in JSON and with a time; other addresses' are not."""
        answers = [self.node.ask("GET", ("/healthz", "/", "/gameserver.js")[n % 3]) for n in range(60)]
        self.assertEqual({answer.status for answer in answers}, {200})
        for path in ("/healthz", "/", "/gameserver.js", "/ws"):
            answer = self.node.ask("GET", path)
            self.assertRefused(answer, 429, "rate_limited")
            self.assertEqual(answer.headers["retry-after"], "1")
        self.assertEqual(self.node.ask("GET", "/healthz", host="192.0.2.2").status, 200)
        self.assertEqual(self.node.services.budgets.throttled["http"], 4)
        self.node.seconds.advance(1)
        self.assertEqual(self.node.ask("GET", "/healthz").status, 200)

    def test_party(self) -> None:
        """Thirty phones behind one address open a page of forty files, look for rooms, and do so again."""
        self.node = Node(Quiz)
        for _ in range(2):
            statuses = {self.node.ask("GET", "/healthz").status for _ in range(30 * (40 + 10))}
            self.assertEqual(statuses, {200})

    def test_listings(self) -> None:
        """To list twenty rooms counts as two requests."""
        for _ in range(20):
            self.node.ask("POST", "/api/rooms", {"game": "quiz"}, host="192.0.2.2", **self.node.token())
        self.assertEqual([self.node.ask("GET", "/api/rooms").status for _ in range(31)], [200] * 30 + [429])

    def test_handshakes(self) -> None:
        """A WebSocket is not counted here, but by its connection."""
        for _ in range(61):
            self.node.ask("GET", "/healthz")
        answer = self.node.ask("GET", "/ws", upgrade="websocket", connection="upgrade")
        self.assertNotEqual(answer.status, 429)

    def test_qr_codes(self) -> None:
        """Those that are drawn are counted, of one address; one that is there is given to everybody."""
        node = self.node = Node(Quiz, **{"limits.qr_per_address": 3})
        statuses = [node.ask("GET", f"/api/qr?text={n}").status for n in range(5)]
        self.assertEqual(statuses, [200, 200, 200, 429, 429])
        self.assertEqual([node.ask("GET", "/api/qr?text=1").status for _ in range(9)], [200] * 9)
        self.assertEqual(node.ask("GET", "/api/qr?text=9", host="192.0.2.2").status, 200)


class KeptTests(ApiTests):
    """What is kept for connections is bounded; whoever has most kept loses it."""

    def setUp(self) -> None:
        super().setUp()
        self.node = Node(Quiz, **{"limits.http_bytes": MIB})

    def settle(self, *lines: Line) -> None:
        for _ in range(40):
            for line in lines:
                line.move()
            self.node.seconds.advance(0)

    def test_answers_that_nobody_reads(self) -> None:
        """Forty connections that read nothing are cut off, oldest first; a neighbour's that is slow is not."""
        slow = Line(self.node, "192.0.2.9", CLIENT, reads=0)
        self.settle(slow)
        crowd = [Line(self.node, "192.0.2.1", CLIENT, reads=0) for _ in range(40)]
        self.settle(*crowd)
        kept = sum(line.pipe.waiting for line in [slow, *crowd] if not line.pipe.lost)
        self.assertLessEqual(kept, MIB)
        self.assertLessEqual(self.node.site.kept.size_bytes, MIB)  # type: ignore[attr-defined]
        lost = [line.pipe.lost for line in crowd]
        self.assertEqual(lost, sorted(lost, reverse=True))
        self.assertEqual((lost[0], lost[-1], slow.pipe.lost), (True, False, False))
        self.assertEqual(self.node.services.budgets.throttled["kept"], sum(lost))

    def test_bodies_that_never_end(self) -> None:
        """What came of requests that are not whole counts as well."""
        post = b"POST /api/guest HTTP/1.1\r\nhost: a\r\ncontent-length: 65000\r\n\r\n" + b"x" * 64000
        crowd = [Line(self.node, "192.0.2.1", post) for _ in range(40)]
        self.settle(*crowd)
        self.assertEqual(sum(line.pipe.lost for line in crowd), 40 - MIB // 64000)

    def test_read_at_last(self) -> None:
        """What was read, or answered, is not kept."""
        line = Line(self.node, "192.0.2.1", CLIENT, reads=0)
        self.settle(line)
        self.assertGreater(self.node.site.kept.size_bytes, 65536)  # type: ignore[attr-defined]
        line.pipe.reads = None
        self.settle(line)
        self.assertEqual(self.node.site.kept.size_bytes, 0)  # type: ignore[attr-defined]
        self.assertEqual(Answer(bytes(line.pipe.sent)).status, 200)


class CountTests(ApiTests):
    """The counts themselves."""

    def test_clients(self) -> None:
        """A connection whose client is another now, behind a proxy, counts as that one's."""
        cut: list[str] = []

        class One:
            def __init__(self, name: str) -> None:
                self.name = name

            def cut_off(self) -> None:
                cut.append(self.name)

        kept = KeptBytes(10, lambda: None)
        a, b, c = One("a"), One("b"), One("c")
        kept.note(a, "x", 4)
        kept.note(b, "x", 3)
        kept.note(a, "y", 4)
        self.assertEqual(kept.size_bytes, 7)
        kept.note(c, "x", 4)
        self.assertEqual((cut, kept.size_bytes), (["b"], 8))
        for each in (a, b, c):
            kept.note(each, "x", 0)
            kept.leave(each)
        self.assertEqual((kept.size_bytes, dict(kept._of_client), kept._bytes), (0, {}, {}))

    def test_no_call_is_left(self) -> None:
        """A node without requests does nothing."""
        calls = len(self.node.seconds.getDelayedCalls())
        self.node.ask("GET", "/healthz")
        queue: FairQueue = self.node.site.queue  # type: ignore[attr-defined]
        self.assertIsNone(queue._call)
        # The connection's own timeout is the one more.
        self.assertEqual(len(self.node.seconds.getDelayedCalls()), calls + 1)
