"""What a room knows of its chat besides the lines: channels, who is silent, who is muted, and the rules for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from gameserver.protocol import values
from gameserver.protocol.texts import printable
from gameserver.room.changes import Spoken
from gameserver.room.chat.channels import Address, Channel, Channels, hears, wire_address
from gameserver.room.chat.lines import Lines
from gameserver.room.chat.mentions import mentioned
from gameserver.room.chat.rate import ChatPace
from gameserver.room.seats import Player
from gameserver.room.state import Ban, ChatState, Mute

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore


class Talking:
    """
    The chat of one room.

    :ivar room: the room that it belongs to.
    :ivar state: what is kept of it.
    :ivar lines: what was said lately.
    :ivar pace: how fast people talk; not stored.
    """

    __slots__ = ("channels", "lines", "pace", "room", "state")

    def __init__(self, room: RoomCore, state: ChatState) -> None:
        self.room = room
        self.state = state
        self.lines = Lines(room.game_class.chat_history, room.game_class.chat_history_s)
        self.channels = Channels(self)
        self.pace = ChatPace(room)

    @property
    def bans(self) -> Mapping[str, Ban]:
        """By user."""
        return self.state.bans

    @property
    def slow_s(self) -> float:
        """Seconds between two lines of one player."""
        return self.room.game_class.chat_slow_s if self.state.slow_s is None else self.state.slow_s

    @property
    def links(self) -> bool:
        """Whether lines may hold links."""
        return self.room.game_class.chat_links if self.state.links is None else self.state.links

    def say(
        self, seat: Player | None, to: Address, text: str, data: Any, *, emote: bool = False, shadow: bool = False
    ) -> None:
        """
        Say a line of chat at the end of the step.

        :param shadow: to its writer alone.
        :raises TypeError: the text is no text, or the channel none.
        """
        if not isinstance(text, str):
            raise TypeError(f"a line of chat is a str, not {type(text).__name__}")
        if isinstance(to, Player):
            keys_ = tuple(dict.fromkeys(f"seat:{s.id}" for s in (to, seat) if s is not None))
        else:
            keys_ = (self.channels.part(to.to).key if isinstance(to, Channel) else wire_address(to),)
        name = seat.name if seat is not None else None
        text, plain = printable(values.plain(text)), values.plain(data)
        seat_id = seat.id if seat is not None else None
        but = () if seat is None else self.others(seat.id) if shadow else self.deaf_to(seat)
        mentions = self.mentioned(text, keys_)
        spoken = Spoken(keys_, seat_id, name, wire_address(to), text, plain, bool(emote), mentions, but, shadow)
        self.room.journal.append(self.room.changes.said, spoken)

    def mentioned(self, text: str, keys_: tuple[str, ...]) -> tuple[str, ...]:
        """:returns: the seats that a text mentions, of those who hear one of these streams."""
        if "@" not in text:
            return ()
        return mentioned(text, [s for s in self.room.seats.values() if any(hears(self.room, s, key) for key in keys_)])

    def deaf_to(self, speaker: Player) -> tuple[str, ...]:
        """:returns: the seats whose users have blocked this one's."""
        blocked = self.room.context.watch.blocked
        if not blocked:
            return ()
        return tuple(s.id for s in self.room.seats.values() if speaker.user_id in blocked.get(s.user_id, ()))

    def others(self, seat: str | None) -> tuple[str, ...]:
        """:returns: all seats but this one."""
        return tuple(id for id in self.room.seats if id != seat)

    def is_silent(self, player: Player) -> bool:
        """Whether the game, or its phase, has silenced this player."""
        return player.id in self.state.silent or self.room.state.phase in self.room.game_class.silent_phases

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
        return sentence.until is None or sentence.until > self.room.now

    def _put(self, field: str, key: str, value: object, *, gone: bool) -> None:
        """Put a key into one of the kept fields, or delete it; mutes and bans that have run out are deleted with it."""
        journal, kept = self.room.journal, getattr(self.state, field)
        if gone and key in kept:
            journal.remove_from(self.state, field, key)
        elif not gone:
            journal.put_in(self.state, field, key, value)
        if field in ("mutes", "bans"):
            for old in [user for user, sentence in kept.items() if not self._stands(sentence)]:
                journal.remove_from(self.state, field, old)

    def shift(self, delta_s: float) -> None:
        """The wall clock was stepped by so much: mutes and bans still last as long as was said."""
        for user_id, mute in list(self.state.mutes.items()):
            if mute.until is not None:
                self.mute(user_id, msgspec.structs.replace(mute, until=mute.until + delta_s))
        for user_id, ban in list(self.state.bans.items()):
            if ban.until is not None:
                self.ban(user_id, msgspec.structs.replace(ban, until=ban.until + delta_s))

    def set_slow(self, s: float) -> None:
        """Each player waits so many seconds between two lines."""
        own = s != self.room.game_class.chat_slow_s
        self.room.journal.set(self.state, "slow_s", s if own else None)

    def set_links(self, on: bool) -> None:
        """Whether lines may hold links."""
        own = on != self.room.game_class.chat_links
        self.room.journal.set(self.state, "links", on if own else None)

    def forget_seat(self, player: Player) -> None:
        """A seat is gone; mutes and bans of its user stay."""
        self.silence(player, False)
        self.divert(player, None)
        self.pace.forget(player)
