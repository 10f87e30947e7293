"""What a room knows of its chat besides the lines: channels, who is silent, who is muted, and the rules for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from gameserver.room.chat.channels import Channels
from gameserver.room.chat.rate import ChatPace
from gameserver.room.state import Ban, ChatState, Mute

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class Talking:
    """
    The chat of one room.

    :ivar state: what is kept of it.
    :ivar pace: how fast people talk; not stored.
    """

    __slots__ = ("_room", "channels", "pace", "state")

    def __init__(self, room: Room, state: ChatState) -> None:
        self._room = room
        self.state = state
        self.channels = Channels(room)
        self.pace = ChatPace(room)

    @property
    def bans(self) -> Mapping[str, Ban]:
        """By user."""
        return self.state.bans

    @property
    def slow_s(self) -> float:
        """Seconds between two lines of one player."""
        return self._room.game_class.chat_slow_s if self.state.slow_s is None else self.state.slow_s

    @property
    def links(self) -> bool:
        """Whether lines may hold links."""
        return self._room.game_class.chat_links if self.state.links is None else self.state.links

    def is_silent(self, player: Player) -> bool:
        """Whether the game, or its phase, has silenced this player."""
        return player.id in self.state.silent or self._room.state.phase in self._room.game_class.silent_phases

    def silence(self, player: Player, on: bool) -> None:
        """This player may not write, or may again."""
        if on != (player.id in self.state.silent):
            self._put("silent", player.id, None, gone=not on)

    def divert(self, player: Player, to: str | None) -> None:
        """What this player says to the room goes elsewhere, or no longer does."""
        self._put("diverted", player.id, to, gone=to is None)

    def mute(self, user_id: str, mute: Mute | None) -> None:
        """This user may not write, or may again."""
        self._put("mutes", user_id, mute, gone=mute is None)

    def mute_of(self, user_id: str) -> Mute | None:
        """:returns: the mute that stands at present."""
        mute = self.state.mutes.get(user_id)
        return mute if mute is not None and self._stands(mute) else None

    def ban(self, user_id: str, ban: Ban | None) -> None:
        """This user may not come back, or may again."""
        self._put("bans", user_id, ban, gone=ban is None)

    def ban_of(self, user_id: str) -> Ban | None:
        """:returns: the ban that stands at present."""
        ban = self.state.bans.get(user_id)
        return ban if ban is not None and self._stands(ban) else None

    def _stands(self, sentence: Mute | Ban) -> bool:
        return sentence.until is None or sentence.until > self._room.now

    def _put(self, field: str, key: str, value: object, *, gone: bool) -> None:
        """Put a key into one of the fields of what is kept, or delete it; with that goes what stands no more."""
        journal, kept = self._room.journal, getattr(self.state, field)
        if gone and key in kept:
            journal.remove_from(self.state, field, key)
        elif not gone:
            journal.put_in(self.state, field, key, value)
        if field in ("mutes", "bans"):
            for old in [user for user, sentence in kept.items() if not self._stands(sentence)]:
                journal.remove_from(self.state, field, old)

    def shift(self, delta_s: float) -> None:
        """The wall clock was stepped by so much: who is muted or banned for a time, is so for as long as was said."""
        for user_id, mute in list(self.state.mutes.items()):
            if mute.until is not None:
                self.mute(user_id, msgspec.structs.replace(mute, until=mute.until + delta_s))
        for user_id, ban in list(self.state.bans.items()):
            if ban.until is not None:
                self.ban(user_id, msgspec.structs.replace(ban, until=ban.until + delta_s))

    def set_slow(self, s: float) -> None:
        """Each player waits so many seconds between two lines."""
        own = s != self._room.game_class.chat_slow_s
        self._room.journal.set(self.state, "slow_s", s if own else None)

    def set_links(self, on: bool) -> None:
        """Whether lines may hold links."""
        own = on != self._room.game_class.chat_links
        self._room.journal.set(self.state, "links", on if own else None)

    def forget_seat(self, player: Player) -> None:
        """A seat is gone; what was said of its user stands."""
        self.silence(player, False)
        self.divert(player, None)
        self.pace.forget(player)
