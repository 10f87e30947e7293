"""The tests' own way to ask a Redis: an answer is whole, or there is none."""

from __future__ import annotations

from io import BytesIO

from twisted.trial.unittest import SynchronousTestCase

from tests.store.redis_server import read_answer


class AnswerTests(SynchronousTestCase):
    def test_whole(self) -> None:
        """Each kind is what it says."""
        for sent, answer in (
            (b"+PONG\r\n", "+PONG"),
            (b"-LOADING\r\n", "-LOADING"),
            (b":7\r\n", 7),
            (b"$-1\r\n", None),
            (b"$0\r\n\r\n", b""),
            (b"*2\r\n$6\r\nmaster\r\n:0\r\n", [b"master", 0]),
            (b"*0\r\n", []),
        ):
            self.assertEqual(read_answer(BytesIO(sent)), answer)

    def test_cut_off(self) -> None:
        """A connection that ends before the answer does, as all do in a failover, is no empty answer."""
        sent = b"*2\r\n$6\r\nmaster\r\n:0\r\n"
        for size in range(len(sent)):
            self.assertRaises(ConnectionError, read_answer, BytesIO(sent[:size]))
