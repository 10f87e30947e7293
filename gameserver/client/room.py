"""A room in which a client has a seat: what it knows of the room, may ask of it, and waits for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from gameserver.client.link import DETOURS
from gameserver.client.listeners import Listeners
from gameserver.client.next_room import NextRoom
from gameserver.client.requests import Detour
from gameserver.errors import PASSING, ConnectionFailed, Refused
from gameserver.protocol import messages
from gameserver.protocol.mirror import OWN, Event, Mirror, OutOfStep
from gameserver.room.turns.client_moves import HeardMove, heard_moves, heard_prompt, label_of, turn_number
from gameserver.room.turns.move import Move

if TYPE_CHECKING:
    from gameserver.client.client import Client
    from gameserver.client.link import Link

CHAT_LINES: Final = 200
"""How many lines of chat are kept: a bot may sit in a room for days."""

log = Logger()


class Room:
    """
    A room as this client's seat knows it, kept up to date; made by `Client.create`, ``join``, ``match`` and ``resume``.

    :ivar code: what people type.
    :ivar game: the game's name.
    :ivar left: why this seat is gone, or None.
    :ivar jumps: how often a counter jumped, so that something had to be asked for again.
    """

    def __init__(self, client: Client, joined: messages.Joined, link: Link) -> None:
        self._client = client
        self._link = link  # to the node that has the room
        self._mirror = Mirror(joined, chat_lines=CHAT_LINES)
        self._listeners = Listeners(self)
        self.code = joined.room
        self.game = joined.game
        self.left: messages.Left | None = None
        self._next: NextRoom[Room] = NextRoom()
        self.jumps = 0
        # Set by the client. Attached: requests may be sent. Deaf: `joined` is awaited, and nothing counts before it.
        self._attached = True
        self._deaf = False
        self._broken = False  # the documents differ from the server's: only whole ones help
        self._failures = 0
        self._detour = Detour()
        self._retry: IDelayedCall | None = None

    @property
    def seat(self) -> messages.OwnSeat:
        """This client's own seat: ``id``, ``number``, ``role``, and ``resume``, its secret."""
        return self._mirror.seat

    @property
    def info(self) -> messages.RoomInfo:
        """Status, phase, options, result and so on, as everybody in the room knows them."""
        return self._mirror.info

    @property
    def seats(self) -> dict[str, messages.SeatInfo]:
        """All seats by id, this client's own too; the groups of each are those that this seat may know."""
        return self._mirror.seats

    @property
    def docs(self) -> dict[str, dict[str, Any]]:
        """The documents by stream: ``room``, ``seat``, ``group:NAME``, ``role:NAME``. They are patched in place."""
        return self._mirror.docs

    @property
    def state(self) -> dict[str, Any]:
        """The document that everybody in the room sees."""
        return self._mirror.docs["room"]

    @property
    def mine(self) -> dict[str, Any]:
        """The document that only this seat sees."""
        return self._mirror.docs[OWN]

    @property
    def timers(self) -> dict[tuple[str, str], messages.TimerInfo]:
        """The timers that are shown, by stream and name; they run or are paused."""
        return self._mirror.timers

    @property
    def chat(self) -> list[messages.Line]:
        """The last `CHAT_LINES` lines, oldest first."""
        return self._mirror.chat

    @property
    def channels(self) -> dict[str, messages.ChannelInfo]:
        """The channels that this seat hears, by address."""
        return self._mirror.channels

    @property
    def turn(self) -> messages.TurnInfo | None:
        """Whose turn it is, who is waited for, clocks; None: nobody's, and no call is open."""
        return self._mirror.info.turn

    @property
    def moves(self) -> list[HeardMove]:
        """
        What this seat may do now, in the order in which the game gives it.

        Each is a `gameserver.Move` with ids for seats and a label that is filled in, so that a bot may ``fill`` or
        ``pick`` what it leaves open.
        """
        return heard_moves(self._mirror.moves, self._mirror.info)

    @property
    def more_moves(self) -> bool:
        """Whether there are more moves than the server has sent."""
        return self._mirror.moves is not None and self._mirror.moves.more

    @property
    def may_undo(self) -> bool:
        """Whether `undo` would take something back."""
        return self._mirror.moves is not None and self._mirror.moves.undo

    @property
    def prompt(self) -> str | None:
        """The text for this seat that says what is waited for, filled in; None: none."""
        return heard_prompt(self._mirror.moves, self._mirror.info, self._mirror.seat.id)

    @property
    def next(self) -> Room | None:
        """The room in which this client goes on with all who were here, once it has its seat there; or None."""
        return self._next.room

    @property
    def seen(self) -> messages.Seen:
        """How far each stream was heard, as ``resume`` tells the server."""
        return self._mirror.seen

    def send(self, type: str, data: Any = None, /, **fields: Any) -> Deferred[Any]:
        """
        Send a message of the game's own: ``room.send("play", cell=4)``, or ``room.send("play", {"cell": 4})``.

        :param type: the name of the game's message.
        :param data: what it carries; or ``fields``, by their names.
        :returns: fires with the game's reply.
        :raises Refused: (in the Deferred) with the server's code, text and path; ``rate_limited``, ``busy`` and
            ``draining`` are not tried again. ``not_found``: the seat is gone.
        :raises ConnectionFailed: (in the Deferred) the client was closed, or may not come back.
        :raises NotJSON: at once: the data cannot be sent; TypeError: both ``data`` and ``fields`` were given.
        """
        return self._client._ask("send", self, type=type, data=as_data(data, fields))

    def tell(self, type: str, data: Any = None, /, **fields: Any) -> None:
        """
        Send a message without an id: no reply, sent once or not at all (while the connection is down it is dropped).

        An error goes to the client's ``on_error``.

        :param type: the name of the game's message.
        :param data: what it carries; or ``fields``, by their names.
        """
        self._client._tell("send", self, type=type, data=as_data(data, fields))

    def say(self, text: str, to: str = "room", data: Any = None) -> Deferred[Any]:
        """
        Say a line of chat.

        :param text: the line.
        :param to: ``room``, ``group:NAME`` or ``seat:ID``.
        :param data: any JSON value for the game's page.
        :returns: fires with None; fails as `send`.
        """
        return self._client._ask("chat", self, text=text, to=to, data=data)

    def start(self) -> Deferred[Any]:
        """Start the game, as the host; fires and fails as `send`."""
        return self._client._ask("start", self)

    def play(self, move: Move, /, **choices: Any) -> Deferred[Any]:
        """
        Make a move: ``room.play(room.moves[0])``, ``room.play(move, b=4, dice=2)``.

        It is sent with the number of the turn for which it was listed: one that comes too late is ``not_your_turn``.

        :param move: one of `moves`.
        :param choices: what it leaves open; the id of a seat for a player.
        :returns: as `send`.
        """
        data = {**(move.data or {}), **choices} if move.data is not None or choices else None
        number = move.turn if isinstance(move, HeardMove) else turn_number(self._mirror.info)
        return self._client._ask("send", self, type=move.type, data=data, turn=number)

    def label(self, move: Move, choices: Mapping[str, Any] | None = None, /, **more: Any) -> str:
        """
        Return what a button for a move says, with names for seats and with what is chosen so far.

        :param move: one of `moves`.
        :param choices: by field, what is chosen of what the move leaves open; ``more`` is the same as keywords.
        """
        return label_of(move, {**(choices or {}), **more}, self.seats)

    def undo(self) -> Deferred[Any]:
        """Take back the last own moves; fires and fails as `send`: ``cannot_undo`` says which rule forbids it."""
        return self._client._ask("undo", self)

    def ready(self, on: bool = True) -> Deferred[Any]:
        """Be ready for the round to start, or not; fires and fails as `send`."""
        return self._client._ask("ready", self, on=on)

    def bot(self, level: str | None = None, name: str | None = None, seat: str | None = None) -> Deferred[Any]:
        """
        Seat a bot, as the host in the lobby; or with ``seat`` hand that seat to a bot.

        :param level: one of the game's; with ``seat``, None gives it back, or removes a bot's seat.
        :param name: of a new bot.
        :param seat: the id of one's own seat, or as the host of one who is absent, or of a bot's.
        :returns: fires with the id of a new bot's seat, else with None; fails as `send`, with ``forbidden`` for
            whoever may not.
        """
        return self._client._ask("bot", self, level=level, name=name, seat=seat)

    def as_host(self, act: str, seat: str | None = None) -> Deferred[Any]:
        """
        Do what a host may besides starting.

        :param act: ``end`` the round, play ``again``, ``pause``, ``unpause``, ``lock``, ``unlock``; or ``kick`` or
            ``mute`` somebody, or ``pass`` the right on.
        :param seat: the id of the seat that the last three are about.
        :returns: fires with None; fails as `send`, and with ``forbidden`` for others than the host.
        """
        return self._client._ask("host", self, act=act, seat=seat)

    def set_options(self, options: dict[str, Any]) -> Deferred[Any]:
        """
        Give the room other options, as the host, in the lobby or once the game is over.

        :param options: all of them, as for `Client.create`.
        :returns: fires with None; fails as `send`, and with ``forbidden`` for others than the host.
        """
        return self._client._ask("options", self, options=options)

    def next_game(self, game: str, options: dict[str, Any] | None = None) -> Deferred[Room]:
        """
        Go on with everybody in a new room, as the host: with another game or the same.

        :param game: its name.
        :param options: as for `Client.create`.
        :returns: fires with that room, as `when_next`; fails as `send`, and with ``forbidden`` for others than a host.
        """
        asked = self._client._ask("next", self, game=game, options=options or None)
        return asked.addCallback(lambda _: self.when_next())

    def when_next(self) -> Deferred[Room]:
        """
        Wait until the host goes on with everybody in another room. This client goes there by itself, in its role.

        :returns: fires with that room, once this client has its seat there.
        :raises Refused: (in the Deferred) there was no seat for it.
        :raises ConnectionFailed: (in the Deferred) the client has ended.
        """
        return self._next.when()

    def leave(self) -> Deferred[None]:
        """Give up the seat, for all its connections; fires once the server has done so, now or earlier."""
        return self._client._ask("leave", self)

    def on(self, type: str, callback: Callable[[Event], object]) -> Callable[[], None]:
        """
        Call back with each event of this type from now on.

        :param type: the event's type, or ``*`` for all.
        :param callback: may be ``async def``; what it raises is logged.
        :returns: a function that ends this.
        """
        return self._listeners.add_callback(type, callback)

    def next_event(self, type: str | None = None) -> Deferred[Event]:
        """
        Take the oldest event that was not taken, or the next to come; none is missed between two calls.

        :param type: this type only; others stay for later calls. None takes any.
        :returns: fires with the event. Cancelling it leaves the event to others.
        :raises ConnectionFailed: (in the Deferred) the seat or the client is gone.
        """
        return self._listeners.next_event(type)

    def until(self, predicate: Callable[[Room], object]) -> Deferred[Room]:
        """
        Wait until the predicate is true of the room; it is called now, and after each message.

        :returns: fires with the room; fails with what the predicate raises.
        :raises ConnectionFailed: (in the Deferred) the seat or the client is gone.
        """
        return self._listeners.until(predicate)

    def when_left(self) -> Deferred[messages.Left]:
        """
        Wait for the end of this seat.

        :returns: fires with `left`: ``reason`` is ``left``, ``kicked``, ``banned`` or ``closed``; or the error code
            with which the server refused to give the seat back (``not_found``); or ``moved``, to a server where this
            client cannot follow.
        :raises ConnectionFailed: (in the Deferred) the client has ended; the seat may still be held.
        """
        return self._listeners.when_left()

    def __repr__(self) -> str:
        return f"<Room {self.code} {self.game} seat={self.seat.id}>"

    # What the client tells it.

    def _join(self, joined: messages.Joined) -> None:
        """The server has given the seat back."""
        self._mirror.join(joined)
        self._attached = True
        self._deaf = self._broken = False
        self._failures = 0
        self._detour = Detour()

    def _detach(self) -> None:
        """Send nothing more on the connection that had the seat."""
        self._stop_retry()
        self._attached = self._deaf = False

    def _hear(self, message: dict[str, Any]) -> None:
        """Take a message of one of this room's streams; while `joined` is awaited, only one without a count."""
        if not self._deaf or message.get("n") is None:
            try:
                event = self._mirror.hear(message)
            except OutOfStep as missing:
                self._broken = self._broken or missing.broken
                log.info("Room {code}: {missing}; resuming", code=self.code, missing=missing)
                self.jumps += 1
                self._resume()
            else:
                if event is not None:
                    self._listeners.deliver(event)
        self._listeners.ask_watchers()

    def _resume(self) -> None:
        """Ask for what was missed, or for the whole room; nothing more of the room counts until ``joined``."""
        self._deaf = True
        self._stop_retry()
        if any(request.op == "resume" for request in self._client._requests.of(self)):
            return  # under way; what a second answer replays would be applied twice
        seen = None if self._broken else self.seen
        asked = self._client._ask("resume", self, resume=self.seat.resume, seen=seen)
        asked.addCallbacks(lambda _: None, self._not_resumed)

    def _not_resumed(self, failure: Failure) -> None:
        if self._client.ended is not None or self.left is not None:
            return
        refused = failure.value
        if isinstance(refused, Refused) and refused.code in PASSING:
            at_least_s, most = (refused.retry_ms or 0) / 1000, None if refused.retry_ms is None else DETOURS
            if refused.code == "busy":
                at_least_s += self._link.delay_s(0)  # so that not all who are told the same come at once
                self._detour.waits += 1
                if self._detour.waits == 1:
                    self._client._tell_error(refused)
            self._retry_later(at_least_s, most=most)
            return
        reason = refused.code if isinstance(refused, Refused) else "moved"
        self._client._leave(self, messages.Left(self.code, reason, failure.getErrorMessage()))

    def _retry_later(self, at_least_s: float = 0.0, *, most: int | None = None) -> None:
        """Resume after a wait, at most as long as after ``most`` failures; a new connection resumes by itself."""
        self._stop_retry()
        again = lambda: self._resume() if self._link.welcomed else None  # noqa: E731
        self._retry = self._client._later(min(self._failures, most or self._failures), again, at_least_s)
        self._failures += 1

    def _end(self) -> None:
        """End all that waits: the seat is gone, or the client."""
        if self.left is None or self.left.next is None:
            gone = ConnectionFailed(f"The seat in {self.code} is gone, and there is no next room.")
            self._next.fail(Failure(gone))
        self._attached = False
        self._stop_retry()
        self._listeners.end()

    def _stop_retry(self) -> None:
        if self._retry is not None and self._retry.active():
            self._retry.cancel()
        self._retry = None


def as_data(data: Any, fields: dict[str, Any]) -> Any:
    """:returns: a message's data, given as one value or as fields."""
    if fields and data is not None:
        raise TypeError('give the data as one value, or as fields: send("play", {"cell": 4}), send("play", cell=4)')
    return fields or data
