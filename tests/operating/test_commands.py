"""Commands beside a server and in its place, where one of the two ends too soon."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from threading import Thread
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from gameserver.interfaces import Asleep, Commit
from gameserver.node.unclean_ends import BOOK, UncleanEnd
from gameserver.operating import control
from gameserver.operating.control import NAME, OrderTaker, give_order
from gameserver.operating.orders import RoomOrder
from gameserver.store.sqlite.books import PUT_PAGE
from gameserver.store.sqlite.file import Database

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


class CheckDataTests(SynchronousTestCase):
    """``gameserver check-data``, whose reactor needs a process of its own."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).resolve()
        self.folder.mkdir()
        self.path = self.folder / "gameserver.sqlite3"
        database = Database(str(self.path), "NORMAL")
        parts = {"room": b"{}"}
        rooms = [
            Commit(room=f"r{n}", code=f"R{n}", game="dice", fence=1, version=1, puts=parts, sleeps=asleep)
            for n, asleep in enumerate((None, Asleep(slept_ms=1, empty_ms=1)))
        ]
        database.transact([lambda each: each.commit(rooms, 1)])
        end = UncleanEnd(room="r1", code="R1", game="dice", why="the file was damaged: its parts")
        database.transact([lambda each: each.run(PUT_PAGE, (BOOK, "r1/damaged", msgspec.json.encode(end)))])
        database.close()
        (self.folder / "gameserver.sqlite3.lock").unlink()

    def check(self, *words: str, status: int) -> str:
        """Run it, with settings of its own."""
        command = [str(Path(sys.executable).parent / "gameserver"), "check-data", "--no-sample-games", *words]
        environ = {name: text for name, text in os.environ.items() if not name.startswith("GAMESERVER_")}
        ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environ, timeout=60)
        self.assertEqual(ran.returncode, status, ran)
        return ran.stdout + ran.stderr

    def test_nothing_is_left(self) -> None:
        """The backup's folder has what it had, and its rooms sleep on; what cannot be run is named."""
        before = self.path.read_bytes(), self.path.stat().st_mtime_ns
        said = self.check("--data", str(self.folder), status=1)
        self.assertEqual(
            said.splitlines(),
            [
                f"{self.path} is whole.",
                "R0  dice  ASIDE: no game dice is served",
                "R1  dice  QUARANTINED: the file was damaged: its parts",
                "2 rooms, 2 of which are not run.",
            ],
        )
        self.assertEqual((self.path.read_bytes(), self.path.stat().st_mtime_ns), before)
        self.assertEqual([each.name for each in self.folder.iterdir()], [self.path.name])

    def test_file_without_its_folder(self) -> None:
        """Only the file is needed, and no data folder is made."""
        data = self.folder / "none"
        self.path.rename(self.folder / "gameserver.sqlite3.rescued")  # its last name is still to come
        said = self.check("--store", f"sqlite:{self.path}", "--data", str(data), status=1)
        self.assertIn("2 rooms, 2 of which are not run.", said)
        self.assertIn("0 rooms, 0 of which", self.check("--store", "memory:", "--data", str(data), status=0))
        self.assertFalse(data.exists())

    def test_could_not_look(self) -> None:
        """That has another status than damage."""
        self.assertIn("does not exist", self.check("--data", str(self.folder / "none"), status=3))
        database = Database(str(self.path), "NORMAL")
        database.transact([lambda each: each.run("PRAGMA user_version = 99", ())])
        database.close()
        self.assertIn("a newer gameserver", self.check("--data", str(self.folder), status=3))
        self.path.write_bytes(b"no database at all" * 1000)
        self.assertIn("file is not a database", self.check("--data", str(self.folder), status=1))


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
