"""Requests in too many pieces, or with too large a head, and what comes after the last answer."""

from __future__ import annotations

from typing import Any

from gameserver.web.channel import AHEAD_BYTES
from gameserver.web.chunks import MOST_LINES
from gameserver.web.site import BoundedRequest
from tests.web.test_api import Answer, ApiTests, Peer

HEAD = b"POST /api/guest HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
REQUEST = b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\n"
KIB = 1024


class BoundedTests(ApiTests):
    def setUp(self) -> None:
        super().setUp()
        self.pieces: list[bytes] = []
        handle = BoundedRequest.handleContentChunk

        def counted(request: BoundedRequest, data: bytes) -> None:
            self.pieces.append(data)
            handle(request, data)

        self.patch(BoundedRequest, "handleContentChunk", counted)

    def send(self, *segments: bytes) -> tuple[Any, Peer]:
        """:returns: a connection that was sent these."""
        protocol, transport = self.node.connect()
        for segment in segments:
            protocol.dataReceived(segment)
        self.node.seconds.advance(0)
        return protocol, transport

    def assert_refused(self, transport: Peer, status: int) -> None:
        """It was answered once, told that this is all, and hung up on."""
        answer = Answer(transport.value())
        self.assertEqual(answer.status, status)
        self.assertEqual((answer.headers["connection"], answer.headers["content-length"]), ("close", "0"))
        self.assertEqual(transport.value().count(b"HTTP/1.1"), 1)
        self.assertTrue(transport.disconnecting)


class ChunksTests(BoundedTests):
    """Bodies in chunks."""

    def test_a_byte_each(self) -> None:
        """A body in very many chunks is refused once there are too many, and no more are decoded."""
        self.assert_refused(self.send(HEAD, b"1\r\nx\r\n" * 10_000)[1], 400)
        self.assertEqual(len(self.pieces), MOST_LINES)

    def test_in_many_segments(self) -> None:
        """Wherever the segments end; what comes after the answer is not decoded."""
        self.assert_refused(self.send(HEAD, *[b"1\r\nx\r\n" * 100] * 50)[1], 400)
        self.assertEqual(len(self.pieces), MOST_LINES)

    def test_trailers(self) -> None:
        """Lines behind the last chunk count as chunks do."""
        _, transport = self.send(HEAD, b"2\r\n{}\r\n0\r\n" + b"a:\r\n" * MOST_LINES + b"\r\n")
        self.assert_refused(transport, 400)

    def test_as_many_as_may_be(self) -> None:
        """A whole body in pieces of some size is answered."""
        body = b'{"name":"Ann"%s}' % (b" " * 50_000)
        pieces = [body[at : at + 100] for at in range(0, len(body), 100)]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        _, transport = self.send(HEAD, chunks + b"0\r\nsome: trailer\r\n\r\n")
        self.assertEqual(Answer(transport.value()).status, 200)

    def test_of_each_body(self) -> None:
        """The next body on a connection has as many."""
        chunks = b"e\r\n" + b'{"name":"Ann"}' + b"\r\n0\r\n" + b"a: b\r\n" * (MOST_LINES // 2) + b"\r\n"
        _, transport = self.send(*[HEAD + chunks] * 3)
        self.node.seconds.pump([0] * 5)
        self.assertEqual(transport.value().count(b"HTTP/1.1 200"), 3)


class HeadTests(BoundedTests):
    """Request lines and headers."""

    def test_long_request_line(self) -> None:
        """The client is told, whether the line ends or not."""
        for end in (b"", b" HTTP/1.1\r\nhost: a\r\n\r\n"):
            self.assert_refused(self.send(b"GET /" + b"x" * 17 * KIB + end)[1], 414)

    def test_long_header(self) -> None:
        """So with a header, alone or with the others before it, and with very many."""
        start = REQUEST[:-2]
        for more in (
            b"x: " + b"y" * 17 * KIB,
            b"x: " + b"y" * 17 * KIB + b"\r\n\r\n",
            b"x: " + b"y" * 9 * KIB + b"\r\nx: " + b"y" * 9 * KIB + b"\r\n\r\n",
            b"x: y\r\n" * 600 + b"\r\n",
        ):
            self.assert_refused(self.send(start + more)[1], 431)

    def test_in_segments(self) -> None:
        """However it comes."""
        self.assert_refused(self.send(REQUEST[:-2] + b"x: ", *[b"y" * KIB] * 40)[1], 431)

    def test_of_each_request(self) -> None:
        """What earlier requests of a connection had at their heads does not count."""
        request = REQUEST[:-2] + b"x: " + b"y" * 12 * KIB + b"\r\n\r\n"
        _, transport = self.send(request, request, request)
        self.node.seconds.pump([0] * 5)
        self.assertEqual(transport.value().count(b"HTTP/1.1 200"), 3)

    def test_nonsense(self) -> None:
        """Whatever cannot be read is answered alike."""
        self.assert_refused(self.send(b"no request\r\n" + REQUEST)[1], 400)

    def test_length_of_many_digits(self) -> None:
        """So is a length that is longer than numbers that Python reads."""
        self.assert_refused(self.send(REQUEST[:-2] + b"content-length: " + b"9" * 14 * KIB + b"\r\n\r\n")[1], 400)


class ClosingTests(BoundedTests):
    """A connection that is closing."""

    def test_goes_on_reading(self) -> None:
        """It is read to its end, which TLS could not see otherwise, and nothing of that is kept."""
        last = REQUEST[:-2] + b"connection: close\r\n\r\n"
        protocol, transport = self.send(last + b"x" * (AHEAD_BYTES + 1))
        self.assertEqual((Answer(transport.value()).status, transport.disconnecting), (200, True))
        self.assertEqual(transport.producerState, "producing")
        protocol.dataReceived(b"x" * 100)
        self.assertEqual(transport.producerState, "producing")
        self.assertEqual(self.node.site.kept.size_bytes, 0)

    def test_client_reads_slowly(self) -> None:
        """Also where the client has not read its answer."""
        protocol, transport = self.node.connect()
        write = transport.writeSequence

        def full(data: list[bytes]) -> None:
            write(data)
            protocol.pauseProducing()

        transport.writeSequence = full  # type: ignore[method-assign]
        protocol.dataReceived(REQUEST[:-2] + b"connection: close\r\n\r\n")
        self.assertEqual((transport.disconnecting, transport.producerState), (True, "producing"))
