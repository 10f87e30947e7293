"""
The channels of a room, and who may write where.

A channel is an address (``room``, ``group:NAME``, ``seat:ID``, or ``channel:NAME`` for what a game opens) and a stream
that its lines go out on. The first three need not be opened: the game's ``chat_to`` says which of them there are. A
channel that a game opens under its group's own name is that group's: its address is ``group:NAME``, and whatever was
opened, closed or set for it takes precedence over ``chat_to``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from gameserver.errors import Refused
from gameserver.protocol import messages, values
from gameserver.room.groups import Group, checked_name
from gameserver.room.seats import Player
from gameserver.room.state import ChannelPart

if TYPE_CHECKING:
    from gameserver.room.chat.state import Talking
    from gameserver.room.core import RoomCore

DIRECT: Final = "seat"
"""By this, clients are told of the channels to seats, all in one."""
MAX_CHANNELS: Final = 64
"""Channels that a game may open in a room."""


class Channel:
    """
    A channel of this room's chat, as a game uses it.

    :ivar to: its address on the wire: ``room``, ``group:NAME`` or ``channel:NAME``.
    """

    __slots__ = ("_talking", "to")

    def __init__(self, talking: Talking, to: str) -> None:
        self._talking = talking
        self.to = to

    @property
    def name(self) -> str:
        """``room``, or the name of the group or channel."""
        return self.to.partition(":")[2] or self.to

    @property
    def title(self) -> str:
        """The title that people read above the channel."""
        return self._part.title

    @property
    def is_open(self) -> bool:
        """Whether lines may be said there at all."""
        return self._part.is_open

    @property
    def is_readonly(self) -> bool:
        """Whether the game alone may write there."""
        return self._part.readonly

    @property
    def players(self) -> list[Player]:
        """The seats that hear it."""
        room = self._talking.room
        return [seat for seat in room.seats.values() if hears(room, seat, self._part.key)]

    def say(self, text: str, *, data: Any = None, emote: bool = False) -> None:
        """
        Say a line there as the game itself.

        :param text: the line.
        :param data: a JSON value for the game's page.
        :param emote: the line says what somebody does.
        """
        self._talking.say(None, self, text, data, emote=emote)

    def close(self) -> None:
        """Let nobody write there any more; what was said stays. `RoomChat.open` opens it again."""
        self._set(is_open=False)

    def readonly(self, on: bool = True) -> None:
        """Let the game alone write there, or, with False, its players again."""
        self._set(readonly=bool(on))

    def slow(self, s: float) -> None:
        """Have each player wait so many seconds between two lines there (slow mode); 0 ends it."""
        self._set(slow_s=self._talking.room.timers.seconds(s))

    @property
    def _part(self) -> ChannelPart:
        return self._talking.channels.part(self.to)

    def _set(self, **fields: Any) -> None:
        self._talking.channels.put(replace(self._part, **fields))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Channel) and other.to == self.to and other._talking.room.id == self._talking.room.id

    def __hash__(self) -> int:
        return hash(self.to)

    def __repr__(self) -> str:
        return f"<Channel {self.to}>"


class Channels:
    """
    The channels of one room.

    :param talking: the chat that they belong to.
    """

    __slots__ = ("_room", "_talking")

    def __init__(self, talking: Talking) -> None:
        self._talking = talking
        self._room = talking.room

    @property
    def parts(self) -> Mapping[str, ChannelPart]:
        """Those that differ from their defaults, by address."""
        return self._talking.state.channels

    def open(self, name: str, key: str, *, title: str, readonly: bool, history: bool) -> Channel:
        """
        Open a channel of the game's, or open it again.

        :param key: the stream of its audience.
        :raises ValueError: not a name, or too many channels.
        :raises TypeError: the title is no text.
        """
        name = checked_name("channel", name)
        if not isinstance(title, str):
            raise TypeError(f"a channel's title is a str, not {title!r}")
        to = key if key == f"group:{name}" else f"channel:{name}"
        if to == "channel:room":
            raise ValueError('"room" is the room\'s own channel, which is there by itself')
        known = self.parts.get(to)
        if known is None and len(self.parts) >= MAX_CHANNELS:
            raise ValueError(f"at most {MAX_CHANNELS} channels a room")
        if known is not None and known.key != key:
            raise ValueError(f"the channel {name!r} is open to {known.key}")
        self.put(
            ChannelPart(to, key, values.plain(title), opened=True, readonly=readonly, history=history)
            if known is None
            else replace(known, title=values.plain(title), is_open=True, readonly=readonly, history=history)
        )
        return Channel(self._talking, to)

    def put(self, part: ChannelPart) -> None:
        """Keep a channel's new state."""
        self._room.journal.put_in(self._talking.state, "channels", part.to, part)

    def part(self, to: str) -> ChannelPart:
        """:returns: a channel's state; by default it is as ``chat_to`` says."""
        return self.parts.get(to) or self._by_itself(to)

    def _by_itself(self, to: str) -> ChannelPart:
        kind, _, name = to.partition(":")
        return ChannelPart(to, to, name.capitalize() if kind == "group" else "", kind in self._room.game_class.chat_to)

    def has_history(self, to: str) -> bool:
        """Whether those who enter a channel's audience get what was said before."""
        found = self.parts.get(to)
        return found is not None and found.history

    def named(self, name: str) -> Channel:
        """
        :param name: ``room``, or the name or the address of a channel or group.
        :raises ValueError: there is no such channel.
        """
        name = values.plain(name)
        for to in (name, f"channel:{name}", f"group:{name}"):
            group = to.removeprefix("group:")
            if to == "room" or to in self.parts or (to.startswith("group:") and group in self._room.groups):
                return Channel(self._talking, to)
        raise ValueError(f"no channel {name!r} in this room; open it first: self.chat.open({name!r})")

    def heard_by(self, seat: Player) -> list[messages.ChannelInfo]:
        """:returns: the channels that a seat hears, as its client is told of them."""
        own = ["room", *(f"group:{name}" for name in seat.groups)]
        own += [to for to, part in self.parts.items() if to not in own and hears(self._room, seat, part.key)]
        return [self.info(self.part(to)) for to in (*own, *self._direct)]

    def of_stream(self, key: str) -> list[messages.ChannelInfo]:
        """:returns: the channels of one stream, for whoever enters it."""
        own = [key] if key.startswith("group:") else []
        own += [to for to, part in self.parts.items() if part.key == key and to != key]
        return [self.info(self.part(to)) for to in own]

    def info(self, part: ChannelPart) -> messages.ChannelInfo:
        """:returns: what its audience is told of a channel."""
        return messages.ChannelInfo(part.to, part.key, part.title, not part.is_open, part.readonly, self.slow_s(part))

    def slow_s(self, part: ChannelPart) -> float:
        """:returns: seconds between two lines of one player in a channel."""
        return self._talking.slow_s if part.slow_s is None else part.slow_s

    def changed(self, told: dict[str, messages.ChannelInfo]) -> dict[str, list[messages.ChannelInfo]]:
        """
        :param told: what was told last, by address; it is brought up to date.
        :returns: what is to be told now, by stream.
        """
        news: dict[str, list[messages.ChannelInfo]] = {}
        for to, info in self.infos().items():
            if info != told.get(to, self._told_at_first(to)):
                told[to] = info
                news.setdefault(info.stream if to != DIRECT else "room", []).append(info)
        return news

    def _told_at_first(self, to: str) -> messages.ChannelInfo | None:
        """What clients know of a channel before they are told of it: the game's defaults; None: the game opens it."""
        if to.startswith("channel:"):
            return None
        return self.info(replace(self._by_itself(to), slow_s=self._room.game_class.chat_slow_s))

    def infos(self) -> dict[str, messages.ChannelInfo]:
        """:returns: what the audiences of all channels are told of them, by address."""
        groups = (group.key for group in self._room.groups.values())
        return {to: self.info(self.part(to)) for to in ("room", *groups, *self.parts, *self._direct)}

    @property
    def _direct(self) -> tuple[str, ...]:
        """The address of the channel that stands for all that lead to one seat, where the game has such."""
        return (DIRECT,) if DIRECT in self._room.game_class.chat_to else ()


Address = str | Group | Player | Channel
"""Where a line goes, as authors have it: ``"room"``, a group, a player or a channel."""


def address(talking: Talking, to: str) -> Address:
    """
    :param to: as on the wire: ``room``, ``group:NAME``, ``seat:ID`` or ``channel:NAME``.
    :raises Refused: ``bad_data``: there is no such channel in this room.
    """
    kind, _, name = to.partition(":")
    room = talking.room
    found: Address | None = None
    if to == "room":
        found = "room"
    elif kind == "group":
        found = room.groups.get(name)
    elif kind == "seat":
        found = room.seats.get(name)
    elif kind == "channel":
        part = talking.channels.parts.get(to) or talking.channels.parts.get(f"group:{name}")
        found = None if part is None else Channel(talking, to) if part.to == to else room.groups.get(name)
    if found is None:
        raise Refused("There is no such channel.", code="bad_data", path="$.to")
    return found


def wire_address(to: Address) -> str:
    """
    The reverse of `address`.

    :raises TypeError: not a channel.
    """
    if isinstance(to, Group):
        return to.key
    if isinstance(to, Player):
        return f"seat:{to.id}"
    if isinstance(to, Channel):
        return to.to
    if to != "room":
        raise TypeError(f'chat goes to "room", a group, a player or a channel, not to {to!r}')
    return to


def hears(room: RoomCore, seat: Player, key: str) -> bool:
    """Whether a seat belongs to a stream's audience now, even if it came with this step."""
    kind, _, name = key.partition(":")
    if kind == "group":
        group = room.groups.get(name)
        return group is not None and seat.id in group.members
    if kind == "role":
        return seat.role == name
    return kind == "room" or name == seat.id


def check_may_write(talking: Talking, player: Player, to: str) -> None:
    """:raises Refused: ``forbidden``: this player may not write to that channel now."""
    kind, _, _ = to.partition(":")
    part = talking.channels.part(to)
    if kind != "seat" and not hears(talking.room, player, part.key):
        # Before all else: whether others may write there now is theirs to know.
        raise Refused(f"You are not in that {kind}.", code="forbidden")
    if not part.is_open:
        text = "This channel is closed." if to in talking.channels.parts else "This game has no such channel."
        raise Refused(text, code="forbidden")
    if part.readonly:
        raise Refused("Nobody may write here now.", code="forbidden")
    if not part.opened and talking.is_silent(player):
        raise Refused("You may not speak now.", code="forbidden")
