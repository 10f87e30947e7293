"""Commands beside a server and in its place, where one of the two ends too soon."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from gameserver.operating import control
from gameserver.operating.control import NAME, OrderTaker, give_order
from gameserver.operating.orders import RoomOrder

WAITING = """
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from gameserver.operating.offline import until_done


async def work():
    print("begun", flush=True)
    try:
        await Deferred()
    finally:
        print("cleaned up", flush=True)


try:
    until_done(reactor, work)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


class ControlTests(SynchronousTestCase):
    def test_server_that_ends_before_it_answers(self) -> None:
        """With nothing said, or half an answer: the command hears so, as of any server that does not answer."""
        folder = Path(self.mktemp())
        folder.mkdir()
        for said in (b"", b'{"done": [{"room": "K7'):
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(folder / NAME))
                listening.listen()
                ends = Thread(target=_answer, args=(listening, said))
                ends.start()
                error = self.assertRaises(OSError, give_order, folder, RoomOrder("rooms"))
                ends.join()
            self.assertEqual(str(error), "The server ended before it had answered.")
            (folder / NAME).unlink()

    def test_server_that_is_long_at_work(self) -> None:
        """It says so every ten seconds, which is no part of the answer, and a command goes on waiting."""
        asked: Deferred[Any] = Deferred()
        self.patch(control, "follow", lambda registry, order: asked)
        clock, transport = Clock(), StringTransport()
        taker = Factory.forProtocol(OrderTaker)
        taker.registry, taker.reactor = None, clock
        protocol = taker.buildProtocol(None)
        protocol.makeConnection(transport)
        protocol.dataReceived(b'{"do":"rooms"}\n')
        clock.pump([10, 10, 5])
        self.assertEqual(transport.value(), b"  ")
        asked.callback({"counts": {}})
        self.assertEqual(transport.value(), b'  {"done":{"counts":{}}}')
        self.assertEqual((transport.disconnecting, clock.getDelayedCalls()), (True, []))
        folder = Path(self.mktemp())
        folder.mkdir()
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(folder / NAME))
            listening.listen()
            ends = Thread(target=_answer, args=(listening, transport.value()))
            ends.start()
            self.assertEqual(give_order(folder, RoomOrder("rooms")), (True, {"counts": {}}))
            ends.join()


class OfflineTests(SynchronousTestCase):
    def test_interrupted(self) -> None:
        """Ctrl-C cancels what a command does: it cleans up, such as the lease on a shared store, and ends."""
        command = [sys.executable, "-c", WAITING]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            self.assertEqual(process.stdout.readline(), "begun\n")
            process.send_signal(signal.SIGINT)
            said, failed = process.communicate()
        self.assertEqual((said, failed), ("cleaned up\ninterrupted\n", ""))


def _answer(listening: socket.socket, said: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(1 << 16)
        connection.sendall(said)
