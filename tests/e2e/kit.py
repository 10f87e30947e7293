"""
What the end-to-end tests share: the real server as a process, our own client with all that it was told, a bare socket.

Each server has a folder of its own, a port of its own, and its output in a file; where a test fails, the output is
reported with it. Whatever is started is stopped by its pid, also when the test fails. Nothing here waits for a fixed
time: `until` asks again until it is true.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred, gatherResults
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.internet.task import deferLater
from twisted.internet.threads import blockingCallFromThread, deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import SkipTest, TestCase

from gameserver.client import Client, Room
from gameserver.client.dial import Wire, dial
from tests.ports import free_port, listens

T = TypeVar("T")

WAIT_S: Final = 40.0
"""How long anything may take; the machine may be slow, and two test processes share it."""

ASK_S: Final = 0.02
"""Between two looks at a condition."""

STOP_S: Final = 15.0
"""What a clean stop may take: the server's own five seconds, and what a busy machine adds."""

REDIAL_S: Final = 0.25
"""The longest wait of a client between two tries."""

ROOT: Final = Path(__file__).parent.parent.parent
TWISTD: Final = Path(sys.executable).parent / "twistd"

_reactor: Any = reactor


def sleep(s: float) -> Deferred[None]:
    """Let so many seconds pass: for instants that are to be random, and between two looks."""
    return deferLater(_reactor, s, lambda: None)


def within(waiting: Deferred[T], what: str, s: float = WAIT_S) -> Deferred[T]:
    """Fail, and say what was waited for, if it takes too long."""

    def late(_: object, timeout_s: float) -> Any:
        raise AssertionError(f"not within {timeout_s} s: {what}")

    return waiting.addTimeout(s, _reactor, onTimeoutCancel=late)


async def until(true: Callable[[], object], what: str, s: float = WAIT_S) -> None:
    """Ask until it is true."""
    end_s = time.monotonic() + s
    while not true():
        if time.monotonic() > end_s:
            raise AssertionError(f"not within {s} s: {what}")
        await sleep(ASK_S)


async def together(*waiting: Any) -> list[Any]:
    """Wait for all of these coroutines or Deferreds, and fail with the first that fails."""
    results: list[Any] = await gatherResults([ensureDeferred(each) for each in waiting], consumeErrors=True)
    return results


def from_thread(work: Callable[[], Any]) -> Any:
    """Run a coroutine in the reactor, and wait for it in this thread, such as a browser's."""
    return blockingCallFromThread(reactor, lambda: ensureDeferred(work()))


class Server:
    """
    One ``twistd gameserver``, which can be stopped, killed, and started again on the same data and port.

    :param games: a folder of games beside the samples, or None.
    :param environ: settings, as ``GAMESERVER_...``.
    :param listen: endpoints beside its own port.
    :param descriptors: how many the process may have; None leaves that as it is.
    :ivar patience_s: so long at most a start or a stop may take.
    """

    patience_s = 2 * WAIT_S

    def __init__(
        self,
        folder: Path,
        *,
        games: Path | None = None,
        environ: Mapping[str, str] | None = None,
        listen: Sequence[str] = (),
        descriptors: int | None = None,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self._games = games
        self._listen = listen
        self._environ = dict(environ or {})
        self._limit = [] if descriptors is None else ["sh", "-c", 'ulimit -n "$0" && exec "$@"', str(descriptors)]
        self._process: subprocess.Popen[bytes] | None = None
        self._outputs: list[Path] = []

    @property
    def url(self) -> str:
        """Where WebSockets connect."""
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def pid(self) -> int:
        """The process, which must have been started."""
        assert self._process is not None
        return self._process.pid

    @property
    def output(self) -> str:
        """All that its processes said."""
        return "".join(path.read_text("utf-8", "replace") for path in self._outputs)

    def spawn(self) -> None:
        """Start the process, and do not wait for it."""
        hidden = ("PYTHONPATH", "PYTHONHOME")
        clean = {k: v for k, v in os.environ.items() if k not in hidden and not k.startswith("GAMESERVER_")}
        games = [] if self._games is None else ["--games", str(self._games)]
        listen = [word for text in self._listen for word in ("--listen", text)]
        path = self.folder / f"output-{len(self._outputs)}.txt"
        with path.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    *(*self._limit, sys.executable, str(TWISTD), "-n", "--pidfile=", "gameserver"),
                    *("--listen", f"tcp:{self.port}:interface=127.0.0.1", "--data", str(self.data), *listen, *games),
                ],
                cwd=self.folder,
                env={**clean, "PYTHONUNBUFFERED": "1", **self._environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self._outputs.append(path)

    async def start(self) -> None:
        """Start, and wait until it says that it is ready."""
        self.spawn()
        await until(lambda: self.exit_status is not None or self.listens(), "the server listens", self.patience_s)
        assert self.exit_status is None, f"the server ended with {self.exit_status}:\n{self.output}"
        while (await self.http("GET", "/readyz")).status != 200:
            await sleep(ASK_S)

    async def restart(self) -> None:
        """Kill without a word, and start again on the same data."""
        await self.kill()
        await self.start()

    async def kill(self) -> None:
        """SIGKILL; returns when the process is gone."""
        self.signal(signal.SIGKILL)
        await self.ended()

    async def stop(self) -> float:
        """SIGTERM; returns when the process is gone, with how long that took."""
        began_s = time.monotonic()
        self.signal(signal.SIGTERM)
        await self.ended()
        return time.monotonic() - began_s

    async def ended(self) -> int:
        """Wait for the end; returns the exit status, negative for a signal."""
        await until(lambda: self.exit_status is not None, "the server's process ends", self.patience_s)
        assert self.exit_status is not None
        return self.exit_status

    def signal(self, number: int) -> None:
        """Send a signal to this process alone."""
        assert self._process is not None
        self._process.send_signal(number)

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        return None if self._process is None else self._process.poll()

    def finish(self) -> None:
        """Let no process stay behind."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(WAIT_S)

    def http(self, method: str, path: str, body: object = None, *, token: str | None = None) -> Deferred[Answer]:
        """Make an HTTP call; a ``body`` of bytes goes as it is, anything else as JSON."""
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json"} if sent is not None else {}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        return deferToThread(self._call, method, path, sent, headers)

    def _call(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        finally:
            connection.close()

    def listens(self) -> bool:
        """Whether somebody is at its port."""
        return listens(self.port)


@dataclass(frozen=True)
class Answer:
    """What an HTTP call came to."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        """The body, as JSON."""
        return json.loads(self.body)


@dataclass
class Told:
    """
    Every message that one client was told, by connection, as it came over the wire.

    :ivar connections: the messages of each connection, in order.
    :ivar said: what the client said on each, in order.
    :ivar heard: all messages in the order in which they came, on whichever connection; none that came on one that the
        client had closed by then, which it does not hear.
    :ivar spoken: all that the client said, in order.
    :ivar closes: the code of each connection that ended.
    :ivar deaf: from now on what comes is lost on its way, as with a network that breaks; the client never hears it.
    """

    connections: list[list[dict[str, Any]]] = field(default_factory=list)
    said: list[list[dict[str, Any]]] = field(default_factory=list)
    heard: list[dict[str, Any]] = field(default_factory=list)
    spoken: list[dict[str, Any]] = field(default_factory=list)
    closes: list[int] = field(default_factory=list)
    deaf: bool = False

    def dial(self, reactor: Any, url: str, *, on_frame: Any, on_close: Any, **rest: Any) -> Deferred[Wire]:
        """Dial, and listen in."""
        self.deaf = False
        heard: list[dict[str, Any]] = []
        self.connections.append(heard)
        overheard = _Overheard(self)

        def hear(frame: bytes) -> None:
            if not self.deaf:
                message = json.loads(frame)
                heard.append(message)
                if not overheard.closed:
                    self.heard.append(message)
                on_frame(frame)

        def close(code: int, reason: str) -> None:
            self.closes.append(code)
            on_close(code, reason)

        self.said.append(overheard.said)
        dialled = dial(reactor, url, on_frame=hear, on_close=close, **rest)
        return dialled.addCallback(overheard.open)

    def all(self, op: str | None = None) -> list[dict[str, Any]]:
        """All messages, or those of one op."""
        return [message for heard in self.connections for message in heard if op in (None, message["op"])]

    @property
    def text(self) -> str:
        """Every byte, for secrets that must not be there."""
        return json.dumps(self.connections)


class _Overheard:
    """A connection of which all that is said is kept; :ivar closed: the client has closed it."""

    def __init__(self, told: Told) -> None:
        self.said: list[dict[str, Any]] = []
        self.closed = False
        self._told = told
        self._wire: Any = None

    def open(self, wire: Wire) -> Wire:
        """The other side has answered."""
        self._wire = wire
        return self

    def send(self, frame: bytes, /) -> None:
        """Send one message."""
        message = json.loads(frame)
        self.said.append(message)
        self._told.spoken.append(message)
        self._wire.send(frame)

    def close(self, code: int = 1000) -> None:
        """Say goodbye."""
        self.closed = True
        self._wire.close(code)

    def abort(self) -> None:
        """Cut it."""
        self.closed = True
        self._wire.abort()


class Person:
    """A client with a seat in one room, everything that it was told, and the events as its code heard them."""

    def __init__(self, client: Client, told: Told) -> None:
        self.client = client
        self.told = told
        self.events: list[tuple[str, Any]] = []
        self._room: Room | None = None

    @property
    def room(self) -> Room:
        """Where it sits."""
        assert self._room is not None
        return self._room

    def forget(self) -> None:
        """Keep no more of what was said: in long tests it is much."""
        told = self.told
        for kept in (told.connections, told.said, told.heard, told.spoken, self.events):
            kept.clear()

    async def create(self, game: str, **wish: Any) -> Room:
        """Make a room of this game, and sit down."""
        return await self._sit(self.client.create(game, **wish))

    async def join(self, code: str, **wish: Any) -> Room:
        """Sit down in a room."""
        return await self._sit(self.client.join(code, **wish))

    async def _sit(self, asked: Deferred[Room]) -> Room:
        # Events may come in the very bytes that bring the seat, before whoever waits for it goes on.
        asked.addCallback(self._listen)
        return await within(asked, "a seat is given")

    def _listen(self, room: Room) -> Room:
        self._room = room
        room.on("*", lambda event: self.events.append((event.type, event.data)))
        return room

    async def sees(self, true: Callable[[Room], object], what: str) -> None:
        """Wait until this is true of the room."""
        await within(self.room.until(true), what)

    async def send(self, type: str, data: Any = None, /, **fields: Any) -> Any:
        """Send, and wait for the reply."""
        return await within(self.room.send(type, data, **fields), f"the reply to {type}")

    def heard(self, type: str) -> list[Any]:
        """The data of every event of a type."""
        return [data for each, data in self.events if each == type]


def only_long() -> None:
    """
    See that there is time for what takes minutes.

    :raises SkipTest: there is not, as in ``make test``.
    """
    if not os.environ.get("GAMESERVER_TEST_LONG"):
        raise SkipTest("it takes minutes: GAMESERVER_TEST_LONG=1")


class ServerCase(TestCase):
    """Tests with a real server; its output is reported when one fails."""

    timeout = 240
    """Each wait has a bound of its own; this one only ends what hangs."""

    def run(self, result: Any) -> Any:
        """Run it, and know by the result whether it failed: a test that was skipped has not."""
        self._faults = lambda: [*result.failures, *result.errors]
        self._faults_before = len(self._faults())
        return super().run(result)

    def setUp(self) -> None:
        folder = tempfile.mkdtemp(prefix="gameserver-e2e-")
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        self.folder = Path(folder)

    def games(self, **sources: str) -> Path:
        """Write a folder of games: module name to source."""
        folder = self.folder / "games"
        folder.mkdir(exist_ok=True)
        for name, source in sources.items():
            (folder / f"{name}.py").write_text(source, "utf-8")
        return folder

    def server(
        self,
        *,
        games: Path | None = None,
        samples: bool = False,
        listen: Sequence[str] = (),
        descriptors: int | None = None,
        **environ: str,
    ) -> Server:
        """
        Prepare a server, which is gone when the test is.

        :param games: a folder of games, instead of the samples: a server with a game or two starts sooner.
        :param samples: the samples are served beside these.
        """
        if games is not None and not samples:
            environ.setdefault("GAMESERVER_SAMPLE_GAMES", "no")
        folder = Path(tempfile.mkdtemp(prefix="server-", dir=self.folder))
        server = Server(folder, games=games, environ=environ, listen=listen, descriptors=descriptors)
        self.addCleanup(self._say_output, server)
        self.addCleanup(server.finish)
        return server

    async def person(self, server: Server, name: str, **who: Any) -> Person:
        """Connect a client of ours."""
        told = Told()
        client = Client(_reactor, server.url, name=name, dial=told.dial, max_delay_s=REDIAL_S, **who)
        self.addCleanup(self._close, client)
        await within(client.connect(), f"{name} is welcome")
        return Person(client, told)

    async def people(self, server: Server, *names: str) -> list[Person]:
        """Connect several."""
        return [await self.person(server, name) for name in names]

    async def script(self, *command: str | Path) -> str:
        """Run a Python script in a process of its own, and give its output; a failure shows all of it."""
        process = subprocess.Popen(
            [sys.executable, *map(str, command)],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self.addCleanup(end, process)
        output, _ = await deferToThread(process.communicate, timeout=2 * WAIT_S)
        text: str = output.decode("utf-8", "replace")
        self.assertEqual(process.returncode, 0, text)
        return text

    def _close(self, client: Client) -> Deferred[Any]:
        return within(client.close(), "a client closes").addErrback(lambda f: f.trap(AssertionError, DeferredTimeout))

    def _say_output(self, server: Server) -> None:
        # Under -j only what is raised reaches the reader, who may see no more than how it begins.
        faults = self._faults()
        if len(faults) > self._faults_before:
            (_, fault), port = faults[-1], server.port
            why = fault.getErrorMessage() if isinstance(fault, Failure) else fault
            raise AssertionError(
                f"{self.id()}: {str(why)[:2000]}\nthe server on {port} said:\n{server.output[-12_000:]}"
            )


def end(process: subprocess.Popen[Any]) -> None:
    """Let a process not stay behind."""
    if process.poll() is None:
        process.kill()
        process.wait(WAIT_S)


class Bare:
    """
    A WebSocket made of bytes, to say what no library would. It blocks: use it in a thread (`bare`).

    :param port: of this machine, or the path of a Unix socket.
    :param before: sent before all else, as a proxy does.
    :param tls: speak TLS, as this says.
    :param source: the address of this end.

    Source: RFC 6455 section 5.2
    """

    def __init__(
        self,
        port: int | Path,
        *,
        before: bytes = b"",
        tls: ssl.SSLContext | None = None,
        source: str = "127.0.0.1",
        **headers: str,
    ) -> None:
        if isinstance(port, Path):
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.connect(str(port))
        else:
            self.socket = socket.create_connection(("127.0.0.1", port), WAIT_S, source_address=(source, 0))
        self.socket.settimeout(WAIT_S)
        self.socket.sendall(before)
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_hostname="localhost")
        lines = {
            "Host": "localhost" if isinstance(port, Path) else f"127.0.0.1:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        head = "".join(f"{name}: {text}\r\n" for name, text in lines.items())
        self.socket.sendall(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode())
        self._file = self.socket.makefile("rb")
        self.status = int(self._file.readline().split()[1])
        while self._file.readline().strip():
            pass

    def frame(self, payload: bytes, opcode: int = 1) -> None:
        """Send one whole masked frame; a server that has closed meanwhile says so in its close frame."""
        size = len(payload)
        if size < 126:
            length = bytes([0x80 | size])
        elif size < 65_536:
            length = bytes([0x80 | 126]) + size.to_bytes(2, "big")
        else:
            length = bytes([0x80 | 127]) + size.to_bytes(8, "big")
        try:
            self.socket.sendall(bytes([0x80 | opcode]) + length + b"\0\0\0\0" + payload)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def say(self, **message: Any) -> None:
        """Send one message."""
        self.frame(json.dumps(message).encode())

    def hear(self) -> dict[str, Any] | int:
        """Read the next message, or the code with which the server closes; 1006 if it does so without one."""
        assert self.status == 101, f"what follows a {self.status} is no frame"
        while True:
            try:
                head = self._file.read(2)
                size = head[1] & 0x7F if len(head) == 2 else 0
                if size >= 126:
                    size = int.from_bytes(self._file.read(2 if size == 126 else 8), "big")
                payload = self._file.read(size)
            except ConnectionResetError:
                return 1006
            if len(payload) < size:  # it ended in the middle of a message
                return 1006
            opcode = head[0] & 0x0F if head else 8
            if opcode == 8:
                return int.from_bytes(payload[:2], "big") if len(payload) >= 2 else 1006
            if opcode == 1:
                message: dict[str, Any] = json.loads(payload)
                return message

    def hear_close(self) -> int:
        """Read on to the close code."""
        while isinstance(heard := self.hear(), dict):
            pass
        return heard

    def answer_to(self, id: int) -> dict[str, Any]:
        """Read on to the answer to a request."""
        while True:
            heard = self.hear()
            assert isinstance(heard, dict), f"closed with {heard} before the answer to {id}"
            if heard.get("id") == id:
                return heard

    def close(self) -> None:
        """Cut the connection."""
        self._file.close()
        self.socket.close()


def bare(port: int, use: Callable[[Bare], T], **headers: Any) -> Deferred[T]:
    """Use a bare socket in a thread."""

    def run() -> T:
        connection = Bare(port, **headers)
        try:
            return use(connection)
        finally:
            connection.close()

    return deferToThread(run)
