"""
The protocol, in words and structs.

A client connects to ``/ws`` and speaks ``gameserver.v1.json``: text frames, one JSON object each, whose key ``op``
names the message. Or it speaks ``gameserver.v1.msgpack``: binary frames, the same messages as MessagePack arrays
``[number, fields…]`` (`ARRAYS` is the table).

Client to server:

========  ==========================================================================================
hello     who this is, first of all: a token, a ticket, or the name of a guest; and the client's key
create    a new room of a game, with options; the requester takes a seat in it
join      a seat in the room of that code; or, with ``game``, in an open room that matches
resume    back to a seat, with its secret and what was ``seen`` of each stream
send      a message of the game's own
chat      a line to the room, a group or a seat
start     the host starts the game
leave     the seat is given up, for all its sockets
ping      answered with ``pong`` and the server's clock
typing    this seat is writing a line, or has stopped; never stored
read      how far this seat has read a channel
edit      one's own line, changed
unsay     one's own line, taken back
report    a line or a seat is brought to those who moderate
block     a user is heard no more, or again, by this user
team      into a team of the game
host      what a host does besides: the round ends, pauses, is played again; somebody is put out
undo      one's own last move is taken back
ready     whether one is ready for the round to start
bot       a new bot; or a seat is handed to a bot, given back, or a bot's seat removed
options   the host changes the room's options between rounds
next      the host goes on with everybody in a new room, with another game or the same
listen    lines from outside rooms: the lobby of a game, direct messages, announcements
========  ==========================================================================================

Server to client:

========  ==========================================================================================
welcome   the answer to ``hello``
joined    the answer to ``create``, ``join`` and ``resume``: the room as this seat may know it
ok error  the answer to a request that has an ``id``, and its room; errors without one carry ``id: null``
event     something happened, in the game's own words
patch     a document changed, by operations
doc       a whole document: entered a group, left it (null), or a fresh copy
seats     seats that changed
room      what everybody may know of the room
timer     a shown timer was armed, has fired, was cancelled or paused
chat      a line
skip      message ``n`` of a stream is not for this seat
left      this seat is gone, this socket must find its room again (``moved``), or all go on elsewhere (``next``)
redirect  the room is elsewhere, or goes on as another
pong      the answer to ``ping``
edited    a line was changed, or taken back (its text is null)
typing    a seat is writing a line
read      how far this seat has read a channel, for its other tabs
channels  channels that were opened, closed or changed
post      a line from outside rooms
user      this user has other rights now
moves     what this seat may do now, and what it is asked for
========  ==========================================================================================

Whatever carries ``n`` belongs to a stream: ``room``, ``group:NAME``, ``role:NAME`` or ``seat``, each with a counter of
its own. A client that sees ``n`` jump has missed something and resumes. Volatile events carry no ``n``.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from gameserver.protocol import values
from gameserver.protocol.shapes import Author as Author
from gameserver.protocol.shapes import ChannelInfo as ChannelInfo
from gameserver.protocol.shapes import ClockInfo as ClockInfo
from gameserver.protocol.shapes import EveningInfo as EveningInfo
from gameserver.protocol.shapes import Line as Line
from gameserver.protocol.shapes import MoveInfo as MoveInfo
from gameserver.protocol.shapes import MovesInfo as MovesInfo
from gameserver.protocol.shapes import OwnSeat as OwnSeat
from gameserver.protocol.shapes import PromptInfo as PromptInfo
from gameserver.protocol.shapes import RoomInfo as RoomInfo
from gameserver.protocol.shapes import SeatInfo as SeatInfo
from gameserver.protocol.shapes import Speaker as Speaker
from gameserver.protocol.shapes import TeamInfo as TeamInfo
from gameserver.protocol.shapes import TimerInfo as TimerInfo
from gameserver.protocol.shapes import TurnInfo as TurnInfo
from gameserver.protocol.shapes import UserInfo as UserInfo

SUBPROTOCOL: Final = "gameserver.v1.json"
PACKED_SUBPROTOCOL: Final = "gameserver.v1.msgpack"
SUBPROTOCOLS: Final = (SUBPROTOCOL, PACKED_SUBPROTOCOL)


class Form(IntEnum):
    """The form of the messages that a session is sent."""

    JSON = 0
    PACKED = 1
    COLUMNS = 2
    """MessagePack as well; the client knows patch op 4."""


Seen = dict[str, str | int]
"""The room's ``epoch``, and for each stream of a seat the last ``n``."""


RequestId = Annotated[int, Meta(ge=0, le=2**53)]
ID_CHARS: Final = 1024
Id = Annotated[str, Meta(max_length=ID_CHARS)]
"""
The id of what only has to be found: a user, a seat, a room, a place to write to. The longest are of users from another
issuer: they hold its address.
"""
Name = Annotated[str, Meta(max_length=ID_CHARS)]
"""A name or a password. A setting, or whoever checks it, says how long it may be: always less than this."""


class Object(dict[str, Any]):
    """A JSON object; bytes, though they travel as one, are none."""


class FromClient(Struct, tag_field="op", tag=str.lower):
    """A message that a client may send; unknown keys are ignored."""


class FromServer(Struct, tag_field="op", tag=str.lower):
    """A message that the server may send."""


class GuestName(Struct):
    name: Name


class Hello(FromClient):
    token: str | None = None
    ticket: str | None = None
    guest: GuestName | None = None
    client: str | None = None
    ops: RequestId | None = None


class Create(FromClient):
    game: Id
    id: RequestId | None = None
    options: Object | None = None
    private: bool = False
    password: Name | None = None
    name: Name | None = None
    role: Id | None = None
    profile: Object | None = None


class Join(FromClient):
    id: RequestId | None = None
    room: Id | None = None
    game: Id | None = None
    match: Object | None = None
    name: Name | None = None
    role: Id | None = None
    password: Name | None = None
    profile: Object | None = None


class Resume(FromClient):
    room: Id
    resume: Id
    id: RequestId | None = None
    seen: Seen | None = None


class Send(FromClient):
    type: str
    id: RequestId | None = None
    data: Raw = Raw(b"null")
    """From the MessagePack form it is a `gameserver.protocol.values.Packed`."""
    room: Id | None = None
    turn: RequestId | None = None


class ChatMessage(FromClient, tag="chat"):
    text: str
    id: RequestId | None = None
    to: Id = "room"
    data: Any = None
    room: Id | None = None


class Start(FromClient):
    id: RequestId | None = None
    room: Id | None = None


class Leave(FromClient):
    id: RequestId | None = None
    room: Id | None = None


class Ping(FromClient):
    at: int | float | None = None


class Typing(FromClient):
    to: Id = "room"
    on: bool = True
    room: Id | None = None
    id: RequestId | None = None


class Read(FromClient):
    upto: RequestId
    id: RequestId | None = None
    to: Id = "room"
    room: Id | None = None


class Edit(FromClient):
    stream: Id
    line: RequestId
    text: str
    id: RequestId | None = None
    data: Any = None
    room: Id | None = None


class Unsay(FromClient):
    stream: Id
    line: RequestId
    id: RequestId | None = None
    room: Id | None = None


class Report(FromClient):
    id: RequestId | None = None
    stream: Id | None = None
    line: RequestId | None = None
    seat: Id | None = None
    reason: str = ""
    room: Id | None = None


class Block(FromClient):
    id: RequestId | None = None
    user: Id | None = None
    seat: Id | None = None
    on: bool = True
    room: Id | None = None


class TeamMessage(FromClient, tag="team"):
    team: Id
    id: RequestId | None = None
    seat: Id | None = None
    room: Id | None = None


HOST_ACTS: Final = ("end", "again", "pause", "unpause", "lock", "unlock", "kick", "mute", "pass")
"""The acts of ``host``; the last three are about a seat."""


class HostMessage(FromClient, tag="host"):
    act: Id
    id: RequestId | None = None
    seat: Id | None = None
    room: Id | None = None


class Undo(FromClient):
    id: RequestId | None = None
    room: Id | None = None


class ReadyMessage(FromClient, tag="ready"):
    id: RequestId | None = None
    on: bool = True
    room: Id | None = None


class BotMessage(FromClient, tag="bot"):
    id: RequestId | None = None
    room: Id | None = None
    level: Id | None = None
    name: Name | None = None
    seat: Id | None = None


class OptionsMessage(FromClient, tag="options"):
    options: Object
    id: RequestId | None = None
    room: Id | None = None


class NextMessage(FromClient, tag="next"):
    game: Id
    id: RequestId | None = None
    room: Id | None = None
    options: Object | None = None


class Listen(FromClient):
    to: Id
    id: RequestId | None = None
    on: bool = True
    seen: RequestId | None = None


ClientMessage = (
    Hello | Create | Join | Resume | Send | ChatMessage | Start | Leave | Ping
    | Typing | Read | Edit | Unsay | Report | Block | TeamMessage | Listen | HostMessage | Undo
    | ReadyMessage | BotMessage | OptionsMessage | NextMessage
)  # fmt: skip


class Welcome(FromServer):
    user: UserInfo
    token: str
    client: str
    now: int
    limits: dict[str, int | float]


class Joined(FromServer):
    id: int | None
    room: str
    game: str
    seat: OwnSeat
    recovered: bool | None
    last_id: int
    info: RoomInfo
    docs: dict[str, Any]
    seats: list[SeatInfo]
    timers: list[TimerInfo]
    chat: list[Line]
    seen: Seen
    keys: UnsetType | None = UNSET
    """In MessagePack alone."""
    channels: list[ChannelInfo] = []
    read: dict[str, int] = {}
    moves: MovesInfo | None = None


class Ok(FromServer):
    id: int
    data: Any = None
    room: str | None = None


class Error(FromServer):
    id: int | None
    code: str
    message: str
    path: str | None = None
    room: str | None = None
    retry_ms: int | None = None


class EventMessage(FromServer, tag="event"):
    room: str
    stream: str
    n: int
    type: str
    data: Any


class VolatileEvent(FromServer, tag="event"):
    room: str
    stream: str
    type: str
    data: Any


class Patch(FromServer):
    room: str
    stream: str
    n: int
    ops: list[list[Any]]


class Doc(FromServer, omit_defaults=True):
    room: str
    stream: str
    n: int
    doc: dict[str, Any] | None
    chat: list[Line]
    keys: None = None
    channels: list[ChannelInfo] = []


class SeatsMessage(FromServer, tag="seats"):
    room: str
    stream: str
    n: int
    seats: list[SeatInfo]


class RoomMessage(FromServer, tag="room"):
    room: str
    stream: str
    n: int
    info: RoomInfo


class Timer(FromServer):
    room: str
    stream: str
    n: int
    name: str
    ends: int | None
    paused_ms: int | None


class ChatLine(FromServer, tag="chat", omit_defaults=True):
    room: str
    stream: str
    n: int
    from_: Speaker | None = field(name="from")
    to: str
    text: str
    data: Any
    at: int
    emote: bool = False
    mentions: list[str] = []
    edited: int | None = None


class Skip(FromServer):
    room: str
    stream: str
    n: int


class Left(FromServer):
    room: str
    reason: str
    message: str | None = None
    next: str | None = None
    url: str | None = None


class Redirect(FromServer):
    id: int | None
    room: str
    url: str | None


class Pong(FromServer):
    at: int | float | None
    now: int


class Edited(FromServer):
    room: str
    stream: str
    n: int
    line: int
    text: str | None
    data: Any
    at: int
    mentions: list[str] = []


class TypingMessage(FromServer, tag="typing"):
    room: str
    stream: str
    seat: str
    to: str
    on: bool


class ReadMessage(FromServer, tag="read"):
    room: str
    to: str
    upto: int


class ChannelsMessage(FromServer, tag="channels"):
    room: str
    stream: str
    n: int
    channels: list[ChannelInfo]


class Post(FromServer):
    to: str
    line: int
    from_: Author | None = field(name="from")
    text: str
    data: Any
    at: int


class UserMessage(FromServer, tag="user"):
    user: UserInfo


class Moves(FromServer):
    room: str
    moves: list[MoveInfo]
    more: bool
    prompt: PromptInfo | None
    undo: bool


ARRAYS: Final[dict[int, tuple[str, tuple[str, ...]]]] = {
    1: ("hello", ("token", "ticket", "guest", "client", "ops")),
    2: ("create", ("id", "game", "options", "private", "password", "name", "role", "profile")),
    3: ("join", ("id", "room", "name", "role", "password", "profile", "game", "match")),
    4: ("resume", ("id", "room", "resume", "seen")),
    5: ("send", ("id", "type", "data", "room", "turn")),
    6: ("chat", ("id", "text", "to", "data", "room")),
    7: ("start", ("id", "room")),
    8: ("leave", ("id", "room")),
    9: ("ping", ("at",)),
    10: ("typing", ("to", "on", "room", "id")),
    11: ("read", ("id", "to", "upto", "room")),
    12: ("edit", ("id", "stream", "line", "text", "data", "room")),
    13: ("unsay", ("id", "stream", "line", "room")),
    14: ("report", ("id", "stream", "line", "seat", "reason", "room")),
    15: ("block", ("id", "user", "seat", "on", "room")),
    16: ("team", ("id", "team", "seat", "room")),
    17: ("listen", ("id", "to", "on", "seen")),
    18: ("host", ("id", "room", "act", "seat")),
    19: ("undo", ("id", "room")),
    20: ("ready", ("id", "on", "room")),
    21: ("welcome", ("user", "token", "client", "now", "limits")),
    22: ("joined", ("id", "room", "game", "seat", "recovered", "last_id", "info", "docs", "seats", "timers", "chat",
                    "seen", "keys", "channels", "read", "moves")),
    23: ("ok", ("id", "data", "room")),
    24: ("error", ("id", "code", "message", "path", "room", "retry_ms")),
    25: ("event", ("room", "stream", "n", "type", "data")),
    26: ("patch", ("room", "stream", "n", "ops")),
    27: ("doc", ("room", "stream", "n", "doc", "chat", "keys", "channels")),
    28: ("seats", ("room", "stream", "n", "seats")),
    29: ("room", ("room", "stream", "n", "info")),
    30: ("timer", ("room", "stream", "n", "name", "ends", "paused_ms")),
    31: ("chat", ("room", "stream", "n", "from", "to", "text", "data", "at", "emote", "mentions", "edited")),
    32: ("skip", ("room", "stream", "n")),
    33: ("left", ("room", "reason", "message", "next", "url")),
    34: ("redirect", ("id", "room", "url")),
    35: ("pong", ("at", "now")),
    36: ("edited", ("room", "stream", "n", "line", "text", "data", "at", "mentions")),
    37: ("typing", ("room", "stream", "seat", "to", "on")),
    38: ("read", ("room", "to", "upto")),
    39: ("channels", ("room", "stream", "n", "channels")),
    40: ("post", ("to", "line", "from", "text", "data", "at")),
    41: ("bot", ("id", "room", "level", "name", "seat")),
    42: ("moves", ("room", "moves", "more", "prompt", "undo")),
    43: ("options", ("id", "room", "options")),
    44: ("next", ("id", "room", "game", "options")),
    45: ("user", ("user",)),
}  # fmt: skip
"""
The messages as arrays: each one's number, its ``op``, and its fields in the order in which they stand; nil is absent.

Fields are only ever added at the end. What is inside a field is as in JSON, but bytes are bytes, and keys are as they
are. ``keys``, and the small numbers that stand for keys in a patch, are explained in `gameserver.protocol.patches`.
"""

FROM_CLIENT: Final = frozenset({*range(1, 21), 41, 43, 44} & ARRAYS.keys())
"""The numbers of what a client may say; of those up to 40, the first half is for clients."""


class Close:
    """Close codes of a WebSocket."""

    DONE: Final = 1000
    BAD_UTF8: Final = 1007
    OVERSIZE: Final = 1009
    UNAUTHENTICATED: Final = 4001
    FORBIDDEN: Final = 4003
    FLOODING: Final = 4008
    SLOW_READER: Final = 4009
    GOING: Final = 4010
    PROTOCOL: Final = 4400


_encoder = msgspec.json.Encoder()


encode: Final[Callable[[FromServer], bytes]] = _encoder.encode
"""From a message, in which whatever a game put has gone through `payload`, to its JSON form."""


def payload(value: Any) -> Any:
    """:returns: a plain or tracked value in the form that JSON can hold: bytes wrapped, keys escaped."""
    if type(value) is str or not values.has_special(value):
        return value
    return values.to_wire(value)
