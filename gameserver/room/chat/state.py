"""What a room knows of its chat besides the lines: channels, who is silent, who is muted, and the rules for all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from gameserver.room.chat.channels import ChannelPart, Channels
from gameserver.room.chat.rate import Pace
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class Mute(Struct, frozen=True, omit_defaults=True):
    """
    A user who may not write.

    :ivar until: seconds since 1970, or None for good.
    :ivar shadow: the user does not notice: the lines are shown to their writer alone.
    """

    until: float | None = None
    shadow: bool = False
    reason: str = ""


class Ban(Struct, frozen=True, omit_defaults=True):
    """A user who may not come back to this room; ``name`` is what the user was called here."""

    name: str
    until: float | None = None
    reason: str = ""


class TalkingPart(Struct, frozen=True, omit_defaults=True):
    """The part ``chat``."""

    channels: list[ChannelPart] = []
    silent: list[str] = []
    diverted: dict[str, str] = {}
    mutes: dict[str, Mute] = {}
    bans: dict[str, Ban] = {}
    slow_s: float | None = None
    links: bool | None = None


class Talking:
    """
    The chat of one room.

    :ivar silent: seats that may not write to channels which are there by themselves.
    :ivar diverted: by seat, the channel that its lines to the room go to instead.
    :ivar mutes: by user.
    :ivar bans: by user.
    :ivar pace: how fast people talk; not stored.
    :ivar slow_s: seconds between two lines of one player.
    :ivar links: whether lines may hold links.
    """

    __slots__ = ("_room", "bans", "channels", "diverted", "links", "mutes", "pace", "silent", "slow_s")

    def __init__(self, room: Room) -> None:
        self._room = room
        self.channels = Channels(room)
        self.silent: dict[str, None] = {}
        self.diverted: dict[str, str] = {}
        self.mutes: dict[str, Mute] = {}
        self.bans: dict[str, Ban] = {}
        self.pace = Pace(room)
        self.slow_s: float = room.game_class.chat_slow_s
        self.links: bool = room.game_class.chat_links

    def is_silent(self, player: Player) -> bool:
        """Whether the game, or its phase, has silenced this player."""
        return player.id in self.silent or self._room.phase in self._room.game_class.silent_phases

    def silence(self, player: Player, on: bool) -> None:
        """This player may not write, or may again."""
        if on and player.id not in self.silent:
            self._room.journal.put(self.silent, player.id, None)
        elif not on and player.id in self.silent:
            self._room.journal.remove(self.silent, player.id)
        self.touch()

    def divert(self, player: Player, to: str | None) -> None:
        """What this player says to the room goes elsewhere, or no longer does."""
        if to is not None:
            self._room.journal.put(self.diverted, player.id, to)
        elif player.id in self.diverted:
            self._room.journal.remove(self.diverted, player.id)
        self.touch()

    def mute(self, user_id: str, mute: Mute | None) -> None:
        """This user may not write, or may again."""
        if mute is not None:
            self._room.journal.put(self.mutes, user_id, mute)
        elif user_id in self.mutes:
            self._room.journal.remove(self.mutes, user_id)
        self.touch()

    def mute_of(self, user_id: str) -> Mute | None:
        """:returns: the mute that stands at present."""
        mute = self.mutes.get(user_id)
        return mute if mute is not None and (mute.until is None or mute.until > self._room.now) else None

    def ban(self, user_id: str, ban: Ban | None) -> None:
        """This user may not come back, or may again."""
        if ban is not None:
            self._room.journal.put(self.bans, user_id, ban)
        elif user_id in self.bans:
            self._room.journal.remove(self.bans, user_id)
        self.touch()

    def ban_of(self, user_id: str) -> Ban | None:
        """:returns: the ban that stands at present."""
        ban = self.bans.get(user_id)
        return ban if ban is not None and (ban.until is None or ban.until > self._room.now) else None

    def shift(self, delta_s: float) -> None:
        """The wall clock was stepped by so much: who is muted or banned for a time, is so for as long as was said."""
        for user_id, mute in list(self.mutes.items()):
            if mute.until is not None:
                self.mute(user_id, msgspec.structs.replace(mute, until=mute.until + delta_s))
        for user_id, ban in list(self.bans.items()):
            if ban.until is not None:
                self.ban(user_id, msgspec.structs.replace(ban, until=ban.until + delta_s))

    def set_slow(self, s: float) -> None:
        """Each player waits so many seconds between two lines."""
        self._room.journal.set(self, "slow_s", s)
        self.touch()

    def set_links(self, on: bool) -> None:
        """Whether lines may hold links."""
        self._room.journal.set(self, "links", on)
        self.touch()

    def forget_seat(self, player: Player) -> None:
        """A seat is gone; what was said of its user stands."""
        if player.id in self.silent:
            self.silence(player, False)
        if player.id in self.diverted:
            self.divert(player, None)
        self.pace.forget(player)

    def touch(self) -> None:
        """It is to be stored, and perhaps told."""
        self.channels.stale = True
        self._room.dirty.add(keys.CHAT)

    def encode(self) -> bytes:
        """:returns: the part ``chat``."""
        cls, now = self._room.game_class, self._room.now
        return msgspec.json.encode(
            TalkingPart(
                channels=list(self.channels.parts.values()),
                silent=list(self.silent),
                diverted=self.diverted,
                mutes={user: m for user, m in self.mutes.items() if m.until is None or m.until > now},
                bans={user: b for user, b in self.bans.items() if b.until is None or b.until > now},
                slow_s=self.slow_s if self.slow_s != cls.chat_slow_s else None,
                links=self.links if self.links != cls.chat_links else None,
            )
        )

    def restore(self, stored: bytes | None, banned: Iterable[str] = ()) -> None:
        """
        Take over what the store has.

        :param banned: ids of users whose names were not kept, in rows of older releases.
        """
        part = msgspec.json.decode(stored, type=TalkingPart) if stored is not None else TalkingPart()
        self.silent = dict.fromkeys(part.silent)
        self.diverted = dict(part.diverted)
        self.mutes = dict(part.mutes)
        self.bans = {**{user_id: Ban(user_id) for user_id in banned}, **part.bans}
        if part.slow_s is not None:
            self.slow_s = part.slow_s
        if part.links is not None:
            self.links = part.links
        self.channels.restore(part.channels)
