"""``self.chat``: the chat of a room, as a game uses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.protocol import values
from gameserver.room.chat.channels import Channel
from gameserver.room.groups import Group
from gameserver.room.seats import Player, check_player
from gameserver.room.state import Mute

if TYPE_CHECKING:
    from gameserver.room.room import Room

Where = str | Group | Player | Channel
"""Where a line of chat goes: ``"room"``, a group, a player, a channel, or the name of a channel."""


class RoomChat:
    """
    The chat of a room, as its game uses it: ``self.chat``.

    >>> class Village(Game):
    ...     def on_start(self) -> None:
    ...         self.chat.open("wolves", group="wolves")
    ...         self.chat.say("It is night.")
    """

    __slots__ = ("_room",)

    def __init__(self, room: Room) -> None:
        self._room = room

    def say(self, text: str, to: Where = "room", *, data: Any = None, emote: bool = False) -> None:
        """
        Say a line as the game itself.

        :param text: the line.
        :param to: ``"room"``, a group, a player, a channel or the name of one.
        :param data: a JSON value for the game's page.
        :param emote: the line says what somebody does: ``"The wolves howl."``
        """
        known = self.channel(to) if isinstance(to, str) and to != "room" else to
        self._room.talking.say(None, known, text, data, emote=emote)

    def open(
        self,
        name: str,
        group: Group | str | None = None,
        *,
        role: str | None = None,
        title: str | None = None,
        readonly: bool = False,
        history: bool = False,
    ) -> Channel:
        """
        Open a channel, or open it again.

        :param name: 1 to 32 of ``A-Z a-z 0-9 _ -``; a group's own name opens the channel that the group has anyway.
        :param group: whose members hear it and write to it; without group and role it is everybody.
        :param role: the same for a role.
        :param title: what people read above it; by default the name.
        :param readonly: the game alone writes there.
        :param history: True: whoever enters the audience gets what was said before; False: only what is said from then
            on.
        :raises ValueError: not a name, or too many channels.
        """
        key = "room"
        if group is not None:
            key = (group if isinstance(group, Group) else self._room.groups.make(group)).key
        elif role is not None:
            key = self._role(role)
        text = name.capitalize() if title is None else title
        return self._room.talking.channels.open(name, key, title=text, readonly=bool(readonly), history=bool(history))

    def channel(self, name: str = "room") -> Channel:
        """
        Return a channel of this room's chat.

        :param name: ``"room"``, or the name of a channel or group.
        :raises ValueError: there is no such channel.
        """
        return self._room.talking.channels.named(name)

    @property
    def channels(self) -> list[Channel]:
        """Return the channels that the game has opened, and not closed."""
        parts = self._room.talking.channels.parts.values()
        return [Channel(self._room.talking, part.to) for part in parts if part.opened and part.is_open]

    def close(self, name: str = "room") -> None:
        """Let nobody write to this channel any more; what was said stays."""
        self.channel(name).close()

    def readonly(self, name: str = "room", on: bool = True) -> None:
        """
        Let the game alone write to this channel.

        :param name: of the channel.
        :param on: False: its players may write again.
        """
        self.channel(name).readonly(on)

    def silence(self, *players: Player) -> None:
        """
        Keep these players from writing to the room, groups and seats; they may write to channels that the game has
        opened.
        """
        for player in players:
            check_player("silence", player)
            self._room.talking.silence(player, True)

    def unsilence(self, *players: Player) -> None:
        """Let these players, or everybody where none is named, write again after `silence`."""
        for player in players or tuple(self._room.seats.values()):
            check_player("unsilence", player)
            self._room.talking.silence(player, False)

    def divert(self, player: Player, to: Channel | str | None) -> None:
        """
        Send what this player says to the room to a channel instead: the dead speak to the dead.

        :param player: whose lines.
        :param to: a channel or its name; None: to the room again.
        """
        check_player("divert", player)
        channel = self.channel(to) if isinstance(to, str) else to
        self._room.talking.divert(player, channel.to if channel is not None else None)

    def mute(self, player: Player, s: float | None = None, *, shadow: bool = False, reason: str = "") -> None:
        """
        Keep this player's user from writing anywhere in this room.

        :param player: one of that user's seats.
        :param s: for so many seconds; None: for good.
        :param shadow: the user does not notice, since the lines are shown to their writer.
        :param reason: what the user is told.
        :raises TypeError: the reason is no text.
        """
        check_player("mute", player)
        if not isinstance(reason, str):
            raise TypeError(f"a reason is a str, not {type(reason).__name__}")
        reason = values.plain(reason)  # it goes into the row: JSON must be able to hold it
        until = None if s is None else self._room.now + self._room.timers.seconds(s)
        self._room.talking.mute(player.user_id, Mute(until, bool(shadow), reason))

    def unmute(self, player: Player) -> None:
        """Let this player's user write again after `mute`."""
        check_player("unmute", player)
        self._room.talking.mute(player.user_id, None)

    def slow(self, s: float) -> None:
        """Have each player wait so many seconds between two lines (slow mode); 0 ends it."""
        self._room.talking.set_slow(self._room.timers.seconds(s))

    def links(self, on: bool) -> None:
        """Set whether lines may hold links; where not, a line with one is refused."""
        self._room.talking.set_links(bool(on))

    def _role(self, role: str) -> str:
        if self._room.spec.player_seats(role) is None:
            raise ValueError(f"this game has no role {role!r}; add it to `roles`")
        key = f"role:{role}"
        self._room.doc(key)
        return key
