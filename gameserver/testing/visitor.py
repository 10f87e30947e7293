"""Somebody at a `Table`: a client over a connection in memory, with a mirror of what it was told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gameserver.errors import Refused
from gameserver.protocol import values
from gameserver.protocol.messages import Joined
from gameserver.protocol.mirror import OWN, Mirror, OutOfStep
from gameserver.testing.failures import Failures, raising
from gameserver.testing.turn_taking import TurnTaking
from gameserver.testing.wires import ServerEnd
from gameserver.websocket.session import Session

if TYPE_CHECKING:
    from gameserver.room.seats import Player
    from gameserver.testing.visited import Visited


class Event(NamedTuple):
    """An event as a client got it: ``event.type``, ``event.data``, or ``type, data = event``."""

    type: str
    data: Any

    def __getitem__(self, key: Any) -> Any:
        return getattr(self, key) if isinstance(key, str) else tuple(self)[key]

    def __eq__(self, other: object) -> bool:
        """As ``(type, data)``, or as ``{"type": type, "data": data}``."""
        return tuple(self) == other or self._asdict() == other

    def __hash__(self) -> int:
        return hash(self.type)


_METHODS: Final = {"create": "on_create", "join": "on_join"}
"""The game's methods that answer what people ask, where they are named otherwise."""


class Visitor(TurnTaking):
    """
    A player of a test, or somebody in another role.

    :ivar name: as it was given.
    :ivar id: the seat's id.
    :ivar number: the player's number, from 0; None in another role.
    :ivar inbox: the events it got, oldest first; clear it as you like.
    :ivar recovered: whether the last resume brought what was missed; False: everything anew; None: there was none.
    :ivar online: whether it is connected.
    :ivar left: the reason for which its seat ended, or None; ``next`` until it has one in the next room.
    :ivar heard_of_docs: how often it was told anything of documents.
    """

    def __init__(self, table: Visited, name: str, role: str) -> None:
        self._table = table
        self.name = name
        self.role = role
        self.id = ""
        self.number: int | None = None
        self.inbox: list[Event] = []
        self.online = False
        self.left: str | None = None
        self.recovered: bool | None = None
        self.heard_of_docs = 0
        self._frames: list[bytes] = []
        self._answers: dict[int, dict[str, Any]] = {}
        self._errors: list[dict[str, Any]] = []
        self._mirror: Mirror | None = None
        self._token: str | None = None
        self._key: str | None = None
        self._user_id = ""
        self._code = ""
        self._next_id = 1
        self._server: ServerEnd | None = None
        self._session: Session | None = None

    @property
    def failures(self) -> Failures:
        """The exceptions of the table's game that were not raised yet."""
        return self._table.failures

    @property
    def docs(self) -> dict[str, dict[str, Any]]:
        """All documents of this client by stream: ``room``, ``seat``, ``group:red``; patched in place."""
        return self._mirror.docs if self._mirror is not None and self.left is None else {}

    @property
    def state(self) -> dict[str, Any]:
        """This player's own document, ``docs["seat"]``."""
        return self.docs[OWN]

    @property
    def info(self) -> dict[str, Any]:
        """What everybody knows of the room, as on the wire: ``status``, ``phase``, ``options``, ``result`` …"""
        return _on_wire(self._mirror.info) if self._mirror is not None else {}

    @property
    def seats(self) -> dict[str, dict[str, Any]]:
        """What this client knows of each seat, by id, as on the wire: ``name``, ``role``, ``online``, ``groups`` …"""
        return _on_wire(self._mirror.seats) if self._mirror is not None else {}

    @property
    def chat(self) -> list[dict[str, Any]]:
        """The lines of chat that this client got, oldest first, as on the wire: ``from``, ``to``, ``text`` …"""
        return _on_wire(self._mirror.chat) if self._mirror is not None else []

    @property
    def channels(self) -> dict[str, dict[str, Any]]:
        """The channels that this client hears, by address, as on the wire: ``title``, ``closed``, ``readonly`` …"""
        return _on_wire(self._mirror.channels) if self._mirror is not None else {}

    @property
    def read(self) -> dict[str, int]:
        """The number of the last line that was read, by a channel's address."""
        return self._mirror.read if self._mirror is not None else {}

    @property
    def timers(self) -> dict[str, int]:
        """The deadlines that this client was told, by the timer's name, in ms since 1970; paused ones have none."""
        known = self._mirror.timers.values() if self._mirror is not None else ()
        return {timer.name: timer.ends for timer in known if timer.ends is not None}

    @property
    def player(self) -> Player:
        """The `Player` of this seat, as the game sees it."""
        return self._table.room.seats[self.id]

    @property
    def heard(self) -> int:
        """How many messages this client was ever sent."""
        return len(self._frames)

    def seen(self) -> bytes:
        """Every byte that this client was ever sent."""
        return b"\n".join(self._frames)

    @raising
    def send(self, type: str, data: Any = None, /, **fields: Any) -> Any:
        """
        Send a message of the game's own: ``ann.send("play", cell=4)``.

        :param type: its name on the wire.
        :param data: its data; or ``fields``, by their names.
        :returns: the reply; a Deferred of it where the game's code waits for something.
        :raises Refused: it was refused, or failed: ``game_error``, and the game's exception is its cause.
        """
        return self._request("send", type=type, data=_as_json({**(data or {}), **fields} if fields else data))

    @raising
    def say(self, text: str, to: str = "room", data: Any = None) -> Any:
        """
        Say a line of chat.

        :param text: the line.
        :param to: ``room``, ``group:NAME``, ``seat:ID`` or ``channel:NAME``.
        :param data: any JSON value for the game's page.
        :returns: what came of it, where it is a command: ``{"text": "Bob is muted for 10 m."}``.
        :raises Refused: it may not be said.
        """
        return self._request("chat", text=text, to=to, data=_as_json(data))

    @raising
    def ask(self, op: str, /, **fields: Any) -> Any:
        """
        Make any other request of the protocol: ``ask("edit", stream="room", line=5, text="oh")``.

        :param op: what is asked, as on the wire; ``fields`` by their names.
        :returns: the answer's data.
        :raises Refused: it was refused.
        """
        return self._request(op, **fields)

    @raising
    def start(self) -> None:
        """
        Start the game, as the host.

        :raises Refused: it cannot start, or this is not the host.
        """
        self._do("start")

    @raising
    def options(self, /, **options: Any) -> None:
        """
        Give the room other options, as the host: ``ann.options(questions=5)``.

        :raises Refused: the game does not take them, is played, or this is not the host.
        """
        self._do("options", options=_as_json(options))

    @raising
    def drop(self) -> None:
        """Lose the connection; the seat is held."""
        self.online = False
        session, self._session = self._session, None
        if session is not None:
            session.lost()
        self._table.settle()

    @raising
    def resume(self) -> None:
        """
        Connect again, and come back to the seat with what was seen so far.

        :raises Refused: ``not_found``: the seat is gone.
        """
        self._connect()
        assert self._mirror is not None, f"{self.name} never had a seat to come back to"
        if self._code != self._table.code:
            self.follow()
            return
        self._do("resume", room=self._table.code, resume=self._mirror.seat.resume, seen=self._mirror.seen)

    @raising
    def find_again(self) -> None:
        """Come back after a restart; a seat that was never stored is lost, where the game does not commit."""
        try:
            self.resume()
        except Refused as refused:
            if refused.code != "not_found" or self._table.game_class.durability == "commit":
                raise
            self.online, self.left = False, refused.code

    @raising
    def leave(self) -> None:
        """Give the seat up for good."""
        self._do("leave")

    # What the table does

    def follow(self) -> None:
        """Come to the room in which all have gone on."""
        if self._session is None:
            self._connect()
        self._do("join", room=self._table.code, role=self.role)

    @raising
    def come(self, password: str | None, profile: dict[str, Any]) -> None:
        """
        Connect, and take a seat.

        :param password: of the room, if it has one.
        :param profile: what the others see beside the name.
        """
        self._connect()
        self._table._welcome(self._user_id)
        wish = {"name": self.name, "role": self.role, "password": password, "profile": _as_json(profile)}
        self._do("join", room=self._table.code, **wish)

    def _create(self, wish: dict[str, Any], profile: dict[str, Any]) -> str:
        """Connect, and make the room. :returns: its code."""
        self._connect()
        self._do("create", name=self.name, role=self.role, profile=_as_json(profile), **wish)
        return self._code

    def cut(self) -> None:
        """Forget the connection, since the server's process died; the game is told nothing."""
        if self._server is not None:
            self._server.cut()
        self._session = None
        self.online = False

    def _connect(self) -> None:
        if self._session is not None:
            self.drop()
        self._server = ServerEnd(self.hear, lambda *_: self.drop())
        self._session = Session(self._table.services, self._server, "table")
        who: dict[str, Any] = {"token": self._token} if self._token else {"guest": {"name": self.name}}
        self._speak({"op": "hello", "client": self._key, **who})

    def _do(self, op: str, **fields: Any) -> None:
        """Make a request of which the caller is told nothing: if it is refused later, whatever call is under way is."""
        answer = self._request(op, **fields)
        if isinstance(answer, Deferred):
            answer.addErrback(self._refused_late)

    def _refused_late(self, failure: Failure) -> None:
        self.failures.note(failure)

    def _request(self, op: str, **fields: Any) -> Any:
        if self._session is None:
            raise AssertionError(f"{self.name} is not connected: call .resume() first")
        id, self._next_id = self._next_id, self._next_id + 1
        self._speak({"op": op, "id": id, **fields})
        what = fields["type"] if op == "send" else _METHODS.get(op, op)
        answer = self._answers.pop(id, None)
        if answer is None:
            return self._table.wait_for(lambda: self._answers.pop(id, None), lambda found: self._read(found, what))
        return self._read(answer, what)

    def _read(self, answer: dict[str, Any], what: str) -> Any:
        """:param what: what it was that may have failed."""
        if answer["op"] != "error":
            return answer.get("data")
        refused = Refused(answer["message"], code=answer["code"], path=answer["path"])
        cause = self.failures.take(what, self.id) if refused.code == "game_error" else None
        if cause is None:
            raise refused
        # Trial shows neither causes nor notes: the traceback ends in the game's own line, and the text says what it is.
        refused.args = (f"{refused.text} {cause!r}",)
        raise refused.with_traceback(cause.__traceback__) from cause

    def _speak(self, message: dict[str, Any]) -> None:
        if self._session is not None:
            self._session.receive(json.dumps(message).encode())
        self._table.settle()

    def hear(self, frame: bytes) -> None:
        """Take a frame that the server sent."""
        self._frames.append(frame)
        message = values.decode(frame)
        self.heard_of_docs += message["op"] in ("joined", "doc", "patch")
        hear = getattr(self, f"_on_{message['op']}", None)
        if hear is not None:
            hear(message)
        elif self._mirror is not None:
            self._hear_room(self._mirror, message)

    def _hear_room(self, mirror: Mirror, message: dict[str, Any]) -> None:
        n, known = message.get("n"), mirror.counts.get(message.get("stream", ""))
        try:
            event = mirror.hear(message)
            if n is not None and known is not None and n <= known and message["op"] != "doc":
                raise OutOfStep("it was told before")
        except OutOfStep as error:
            # Raised here, it would only be one more thing in the server's log.
            missed = AssertionError(f"{self.name} missed a message, or has it twice: {error}; {message}")
            self.failures.note(Failure(missed))
        else:
            if event is not None:
                self.inbox.append(Event(event.type, event.data))

    def _on_welcome(self, message: dict[str, Any]) -> None:
        self._token, self._key, self._user_id = message["token"], message["client"], message["user"]["id"]

    def _on_joined(self, message: dict[str, Any]) -> None:
        joined = msgspec.convert(message, Joined)
        if self._mirror is None or joined.room != self._code:
            self._mirror = Mirror(joined)
        else:
            self._mirror.join(joined)
        self._code = joined.room
        self.id, self.number = joined.seat.id, joined.seat.number
        self.online, self.left = True, None
        self.recovered = joined.recovered
        self._answers[message["id"]] = message

    def _on_ok(self, message: dict[str, Any]) -> None:
        self._answers[message["id"]] = message

    def _on_error(self, message: dict[str, Any]) -> None:
        if message["id"] is None:
            self._errors.append(message)
        else:
            self._answers[message["id"]] = message

    def _on_left(self, message: dict[str, Any]) -> None:
        self.left = message["reason"]
        self.online = False

    def __repr__(self) -> str:
        return f"<Visitor {self.name!r}, seat {self.id}>"


def _as_json(value: Any) -> Any:
    """Test data as a client would write it: bytes wrapped."""
    return values.to_wire(values.plain(value))


def _on_wire(known: Any) -> Any:
    """:returns: what a mirror knows, as it was said."""
    return msgspec.to_builtins(known, builtin_types=(bytes,))
