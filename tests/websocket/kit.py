"""
A node in memory, with raw frames in and out: what these tests see is the wire, and nothing that a client made of it.

A `Rig` is the node: the real registry, sessions and guests on a `MemoryStore` and a clock that stands still. A `Peer`
is one connection: what it is sent is kept as bytes, in order. A peer may speak MessagePack; tests say and see the same
as with JSON, whose form ``{"$bytes": ...}`` stands for bytes.
"""

from __future__ import annotations

import copy
import itertools
import json
import random
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock as Seconds
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game
from gameserver.auth.chain import Chain
from gameserver.auth.guests import Guests
from gameserver.auth.tickets import Tickets
from gameserver.auth.tokens import SECRET_BYTES
from gameserver.clock import Clock
from gameserver.game.spec import spec_of
from gameserver.node.rooms import RoomRegistry
from gameserver.node.runner import RoomRunner
from gameserver.protocol import msgpack, values
from gameserver.protocol.messages import ARRAYS, Form
from gameserver.protocol.msgpack import MsgpackReader
from gameserver.settings.settings import Limits
from gameserver.store.memory.store import MemoryStore
from gameserver.testing.wires import PlainTransport
from gameserver.websocket.limits import Budgets, Strangers
from gameserver.websocket.services import NodeServices
from gameserver.websocket.session import Session

START_S: Final = 1_767_225_600.0
"""When all tests begin: 2026-01-01T00:00Z."""

Message = dict[str, Any]


class Peer(PlainTransport):
    """
    One connection, seen from outside.

    :ivar frames: every frame that it was ever sent, as bytes.
    :ivar closed: the close code that the server gave, or None.
    """

    def __init__(self, rig: Rig, address: str, form: Form = Form.JSON) -> None:
        self.rig = rig
        self.form = form
        self.binary = form is not Form.JSON
        self._reader = MsgpackReader()
        self._read: list[Message] = []
        self.frames: list[bytes] = []
        self.closed: int | None = None
        self.room: str | None = None
        self.joined: Message = {}
        self.welcome: Message = {}
        self._taken = 0
        self.session = Session(rig.services, self, address, binary=self.binary)

    # What a session needs of a transport.

    def send(self, frame: bytes) -> None:
        """The server sends."""
        self.frames.append(bytes(frame))

    def close(self, code: int, reason: str) -> None:
        """The server closes; as with a socket, the session hears of it a little later."""
        if self.closed is None:
            self.closed = code
            self.rig.time.callLater(0, self.session.lost)

    # What a test does.

    def write(self, frame: bytes, *, binary: bool | None = None) -> None:
        """Say these bytes, and let the node go on only as far as it does by itself."""
        self.session.receive(frame, binary=self.binary if binary is None else binary)

    def raw(self, frame: bytes, *, binary: bool | None = None) -> list[Message]:
        """:returns: what these bytes are answered, and all else since the last look."""
        self.write(frame, binary=binary)
        return self.take()

    def say(self, op: str, **fields: Any) -> list[Message]:
        """:returns: what this message is answered, and all else since the last look."""
        return self.raw(self.frame(op, **fields))

    def post(self, op: str, **fields: Any) -> None:
        """Say this without letting the reactor run."""
        self.write(self.frame(op, **fields))

    def frame(self, op: str, **fields: Any) -> bytes:
        """:returns: a message of this client as bytes."""
        if not self.binary:
            return frame(op, **fields)
        if op == "hello" and self.form is Form.COLUMNS:
            fields["ops"] = 4
        plain: Message = values.from_wire(fields)
        known = any(name == op for name, _ in ARRAYS.values())
        return msgpack.say(op, plain) if known else msgspec.msgpack.encode([99, fields.get("id")])

    def ask(self, op: str, **fields: Any) -> Message:
        """:returns: the one message with this request's ``id``."""
        answers = [m for m in self.say(op, **fields) if m.get("id") == fields["id"] and m["op"] in ANSWERS]
        if len(answers) != 1:
            raise AssertionError(f"{op} {fields} got {len(answers)} answers: {answers}")
        return answers[0]

    def take(self) -> list[Message]:
        """:returns: what came since the last look, once the node is still."""
        self.rig.settle()
        return self.look()

    def look(self) -> list[Message]:
        """:returns: what has come since the last look, without letting the reactor run."""
        new = self.everything()[self._taken :]
        self._taken = len(self.frames)
        return new

    def everything(self) -> list[Message]:
        """:returns: every message ever sent."""
        for frame in self.frames[len(self._read) :]:
            self._read.append(self._message(frame))
        return copy.deepcopy(self._read)

    def _message(self, frame: bytes) -> Message:
        message: Message = values.to_wire(self._reader.read(frame)) if self.binary else json.loads(frame)
        return message

    def hello(self, name: str = "Ann", **fields: Any) -> Peer:
        """Say hello, as a guest unless told otherwise."""
        if "token" not in fields:
            fields["guest"] = {"name": name}
        answer = self.say("hello", **fields)
        if [m["op"] for m in answer] != ["welcome"]:
            raise AssertionError(f"hello was answered {answer}")
        self.welcome = answer[0]
        return self

    def create(self, game: str, **fields: Any) -> Peer:
        """Create a room and sit in it."""
        return self._seated(self.say("create", id=fields.pop("id", 1), game=game, **fields))

    def join(self, room: str | None, **fields: Any) -> Peer:
        """Sit in a room."""
        return self._seated(self.say("join", id=fields.pop("id", 1), room=room, **fields))

    def resume(self, room: str | None, secret: str, seen: Message | None = None, **fields: Any) -> list[Message]:
        """:returns: ``joined`` and what follows it."""
        answer = self.say("resume", id=fields.pop("id", 1), room=room, resume=secret, seen=seen, **fields)
        self._seated(answer)
        return answer

    def drop(self) -> None:
        """The connection is lost."""
        self.session.lost()
        self.rig.settle()

    def again(self, **fields: Any) -> Peer:
        """:returns: a new connection of the same user and, unless told otherwise, of the same client."""
        fields.setdefault("client", self.welcome["client"])
        return self.rig.connect().hello(token=self.welcome["token"], **fields)

    @property
    def secret(self) -> str:
        """The seat's secret."""
        secret: str = self.joined["seat"]["resume"]
        return secret

    @property
    def seat(self) -> str:
        """The seat's id."""
        seat: str = self.joined["seat"]["id"]
        return seat

    def seen(self) -> Message:
        """:returns: where this client stands after all that it was sent since it joined, as a client counts it."""
        return count(self.everything(), self.room)

    def _seated(self, answer: list[Message]) -> Peer:
        joined = [m for m in answer if m["op"] == "joined"]
        if len(joined) != 1:
            raise AssertionError(f"not seated: {answer}")
        self.joined = joined[0]
        self.room = self.joined["room"]
        return self


ANSWERS: Final = ("ok", "error", "joined", "redirect")


def frame(op: str, **fields: Any) -> bytes:
    """:returns: a message of a client as bytes."""
    return json.dumps({"op": op, **fields}).encode()


def count(messages: Iterable[Message], room: str | None) -> Message:
    """:returns: SEEN after these messages; a counter that jumps is an error."""
    seen: Message = {}
    for m in messages:
        if m.get("room") != room:
            continue
        if m["op"] == "joined":
            seen = dict(m["seen"])
        elif m["op"] == "doc":
            if m["doc"] is None:
                seen.pop(m["stream"], None)
            else:
                seen[m["stream"]] = m["n"]
        elif "n" in m:
            stream, n = m["stream"], m["n"]
            if n != seen.get(stream, n - 1) + 1:
                raise AssertionError(f"{stream} jumped from {seen.get(stream)} to {n}: {m}")
            seen[stream] = n
    return seen


class Rig:
    """
    A node in memory.

    :param games: the games that it serves.
    :param forms: what its peers speak, in turn.
    """

    def __init__(
        self,
        *games: type[Game],
        limits: Limits | None = None,
        seed: int = 0,
        forms: Sequence[Form] = (Form.JSON,),
    ) -> None:
        self.games = games
        self.forms = itertools.cycle(forms)
        self.limits = limits or Limits()
        self.time = Seconds()
        self.stepped_s = 0.0
        self.clock = Clock(self.time, lambda: START_S + self.time.seconds() + self.stepped_s)
        self.store = MemoryStore()
        self.entropy = random.Random(seed).randbytes
        self.peers: list[Peer] = []
        self._open()

    def _open(self) -> None:
        specs = {spec_of(game).name: spec_of(game) for game in self.games}
        limits = self.limits
        self.registry = RoomRegistry(
            specs,
            self.store,
            self.clock,
            self.entropy,
            rooms_per_user=limits.rooms,
            chat_chars=limits.chat_chars,
            chat_data_bytes=limits.chat_data_bytes,
            beats=False,
            rooms_made=(limits.rooms_made_per_user, limits.rooms_made_per_address),
            users=self.store,
        )
        guests = Chain([Guests([bytes(SECRET_BYTES)], self.entropy, self.clock.now)])
        tickets = Tickets([bytes(SECRET_BYTES)], self.store, self.entropy)
        strangers = Strangers(limits.unauthenticated)
        self.services = NodeServices(
            self.registry, guests, self.clock, limits, Budgets(limits), self.entropy, tickets, strangers
        )
        failures: list[Any] = []
        Deferred.fromCoroutine(self.registry.start()).addErrback(failures.append)
        self.settle()
        if failures:
            failures[0].raiseException()

    def connect(self, address: str = "192.0.2.1") -> Peer:
        """:returns: a new connection."""
        peer = Peer(self, address, next(self.forms))
        self.peers.append(peer)
        return peer

    def guest(self, name: str = "Ann") -> Peer:
        """:returns: a connection that has said hello."""
        return self.connect().hello(name)

    def settle(self) -> None:
        """Let everything happen that needs no time."""
        self.time.advance(0)

    def advance(self, s: float) -> None:
        """Let time pass, a timer at a time."""
        until = self.time.seconds() + s
        while True:
            dues = [call.getTime() for call in self.time.getDelayedCalls()]
            due = min(dues, default=until)
            if due > until:
                break
            self.time.advance(max(0.0, due - self.time.seconds()))
            if due >= until:
                break
        self.time.advance(max(0.0, until - self.time.seconds()))
        self.settle()

    def step_clock(self, s: float) -> None:
        """The wall clock is stepped by so much, and the node finds out; the reactor's seconds go on."""
        self.stepped_s += s
        self.registry.shift(self.clock.adjust())
        self.settle()

    def runner(self, code: str | None) -> RoomRunner:
        """:returns: what keeps this room going."""
        assert code is not None
        return self.registry.find(code)

    def crash(self, *, written: bool = False, away_s: float = 0.0) -> None:
        """
        The process dies, and another opens what the store has.

        :param written: what the store was still asked for had been done.
        """
        self.store.kill(written=written)
        for peer in self.peers:
            peer.session.closed = True
        self.peers.clear()
        for call in list(self.time.getDelayedCalls()):  # each that is cancelled leaves it
            call.cancel()
        self.time.advance(away_s)
        self._open()


class WireTestCase(SynchronousTestCase):
    """Tests on a `Rig`; whatever was logged as an error and not asked for fails them, as trial has it."""

    games: tuple[type[Game], ...] = ()
    limits: Limits | None = None
    forms: tuple[Form, ...] = (Form.JSON,)
    """What the peers speak, in turn; `test_session_forms` runs every suite in others."""

    def setUp(self) -> None:
        self.rig = Rig(*self.games, limits=self.limits, forms=self.forms)

    def ops(self, messages: list[Message]) -> list[str]:
        """:returns: what kinds of messages these are."""
        return [m["op"] for m in messages]

    def assert_error(self, message: Message, code: str, id: int | None = None) -> None:
        """See that this is an error of this code for this request, with the wire's fields."""
        self.assertEqual((message["op"], message.get("code"), message.get("id")), ("error", code, id), message)
        self.assertEqual(set(message) | {"retry_ms"}, {"op", "id", "code", "message", "path", "room", "retry_ms"})
        self.assertTrue(message["message"])
        self.assertNotIn("Traceback", message["message"])
