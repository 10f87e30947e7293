"""``payload["chat"]``: the chat of a room for a game in the function style, where users are named by their ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gameserver.errors import Refused
from gameserver.room.chat.channels import Channel, address
from gameserver.room.chat.draft import Chat

if TYPE_CHECKING:
    from gameserver.game.game import Game
    from gameserver.room.seats import Player


class FunctionChat:
    """
    The chat of a room as a function is given it; it has the methods of `gameserver.game.chat.RoomChat`.

    :ivar line: for ``CHAT``, the line on its way, which may be changed in place; else None.
    """

    def __init__(self, game: Game, check: Callable[[], None], find: Callable[[str], Player], line: Chat | None) -> None:
        self._game = game
        self._check = check
        self._find = find
        self.line = line

    def say(self, text: str, to: str = "room", data: Any = None, emote: bool = False) -> None:
        """
        Say a line as the game.

        :param to: as on the wire: ``room``, ``group:red``, ``seat:3``, or the name of a channel.
        """
        self._check()
        if ":" in to:
            try:
                self._game._gs_room.talking.say(None, address(self._game._gs_room.talking, to), text, data, emote=emote)
            except Refused:
                raise ValueError(f"no channel {to!r} in this room") from None
        else:
            self._game.chat.say(text, to, data=data, emote=emote)

    def open(self, name: str, group: str | None = None, **settings: Any) -> Channel:
        """Open a channel, or open it again."""
        self._check()
        return self._game.chat.open(name, group, **settings)

    def channel(self, name: str = "room") -> Channel:
        """One channel by name."""
        self._check()
        return self._game.chat.channel(name)

    def close(self, name: str = "room") -> None:
        """Nobody may write there any more."""
        self.channel(name).close()

    def readonly(self, name: str = "room", on: bool = True) -> None:
        """The game alone writes there."""
        self.channel(name).readonly(on)

    def silence(self, user_id: str) -> None:
        """This user may not write to the room, to groups or to seats."""
        self._check()
        self._game.chat.silence(self._find(user_id))

    def unsilence(self, user_id: str) -> None:
        """This user may speak again."""
        self._check()
        self._game.chat.unsilence(self._find(user_id))

    def divert(self, user_id: str, to: str | None) -> None:
        """What this user says to the room goes to a channel instead."""
        self._check()
        self._game.chat.divert(self._find(user_id), to)

    def mute(self, user_id: str, s: float | None = None, shadow: bool = False) -> None:
        """This user may not write."""
        self._check()
        self._game.chat.mute(self._find(user_id), s, shadow=shadow)

    def unmute(self, user_id: str) -> None:
        """This user may write again."""
        self._check()
        self._game.chat.unmute(self._find(user_id))

    def slow(self, s: float) -> None:
        """Each player waits so many seconds between two lines."""
        self._check()
        self._game.chat.slow(s)

    def links(self, on: bool) -> None:
        """Whether lines may hold links."""
        self._check()
        self._game.chat.links(on)
