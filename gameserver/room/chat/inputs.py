"""The inputs of a room that are chat and teams; see `gameserver.room.inputs`."""

from __future__ import annotations

from collections.abc import Awaitable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from gameserver.errors import Refused
from gameserver.protocol import values
from gameserver.room.chat import admission, commands, moderation
from gameserver.room.chat.changes import Change, HasRead, IsTyping
from gameserver.room.chat.channels import address, hears, wire_address
from gameserver.room.chat.line import Chat, KeptLine
from gameserver.room.chat.rate import FLOOD_MUTE_S
from gameserver.room.chat.state import Mute
from gameserver.room.effects import Requester

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class ChatInputs:
    """What players do with the chat of one room."""

    __slots__ = ("_room",)

    _room: Room

    async def chat(self, requester: Requester, seat_id: str, text: str, to: str, data: Any) -> None:
        """A player says something, or gives a command."""
        player = self._room.replies.asking_player(requester, seat_id)
        if player is None:
            self._note_too_fast(requester, seat_id)
        elif commands.read(self._room, text) is not None:
            await self._asked(requester, player, "chat", self._obey(requester, player, text))
        else:
            await self._asked(requester, player, "chat", self._say(requester, player, text, to, data))

    async def edit(self, requester: Requester, seat_id: str, stream: str, line: int, text: str, data: Any) -> None:
        """A player changes a line of its own."""
        player = self._room.replies.asking_player(requester, seat_id)
        if player is not None:
            await self._asked(requester, player, "edit", self._edit(requester, player, stream, line, text, data))

    async def unsay(self, requester: Requester, seat_id: str, stream: str, line: int) -> None:
        """A player takes a line of its own back; or somebody who moderates, any."""
        player = self._room.replies.asking_player(requester, seat_id)
        if player is not None:
            await self._asked(requester, player, "unsay", self._unsay(requester, player, stream, line))

    async def report(
        self, requester: Requester, seat_id: str, stream: str | None, line: int | None, whom: str | None, reason: str
    ) -> None:
        """A player brings a line or a seat to those who moderate."""
        player = self._room.replies.asking_player(requester, seat_id)
        if player is not None:
            await self._asked(requester, player, "report", self._report(requester, player, stream, line, whom, reason))

    async def block(self, requester: Requester, seat_id: str, whom: str, on: bool) -> None:
        """A player wants to hear nothing more of another."""
        player = self._room.replies.asking_player(requester, seat_id)
        if player is not None:
            await self._asked(requester, player, "block", self._block(player, whom, on))

    async def team(self, requester: Requester, seat_id: str, team: str, whom: str | None) -> None:
        """A player goes into a team, or the host puts somebody into one."""
        player = self._room.replies.asking_player(requester, seat_id)
        if player is not None:
            await self._asked(requester, player, "team", self._choose_team(player, team, whom))

    async def typing(self, requester: Requester, seat_id: str, to: str, on: bool) -> None:
        """A player is writing; nothing is stored, and nobody is answered."""
        room = self._room
        room.durable = False
        player = room.seats.get(seat_id)
        if player is None or not room.talking.pace.may_tell_typing(player, on):
            return
        try:
            to = wire_address(admission.admit_channel(room, player, to))
        except Refused:
            return
        if self._mute_of(player) is None:
            key = room.talking.channels.part(to).key
            room.journal.append(room.said, IsTyping(key, player.id, to, on))

    async def read(self, requester: Requester, seat_id: str, to: str, upto: int) -> None:
        """A player has read so far; it is stored with the next step."""
        room = self._room
        room.durable = False
        player = room.seats.get(seat_id)
        if player is None:
            room.replies.error(requester, Refused(code="not_found"))
            return
        try:
            self._mark_read(player, wire_address(address(room, to)), upto)
        except Refused as refused:
            room.replies.error(requester, refused)
            return
        room.replies.confirm(requester)

    async def moderate(self, act: str, by: Any, seat_id: str | None, **how: Any) -> None:
        """
        An operator acts on a room from outside.

        :raises Refused: there is no such seat, or not this one.
        """
        whom = self._room.seats.get(seat_id) if seat_id is not None else None
        if whom is None and act in ("mute", "unmute", "kick", "ban"):
            raise Refused("There is no such seat.", code="not_found")
        await self._room.game_calls.game(
            "moderate", getattr(moderation, act), self._room, by, *([whom] if whom else []), **how
        )

    def _asked(self, requester: Requester, player: Player, what: str, steps: Awaitable[Any]) -> Awaitable[None]:
        return self._room.game_calls.asked(requester, player, what, self._room.journal.mark(), steps)

    def _note_too_fast(self, requester: Requester, seat_id: str) -> None:
        """A line that was not even looked at: many of them are a flood, which is the end of talking for a while."""
        room = self._room
        player = room.seats.get(seat_id)
        if player is None or player._bucket.level(room.monotonic) >= 1.0 or player._moderates:
            return
        if room.replies.came_before(requester, player):
            return  # it was said again, not more
        if room.talking.pace.is_flood(player) and room.talking.mute_of(player.user_id) is None:
            room.talking.mute(player.user_id, Mute(room.now + FLOOD_MUTE_S, reason="flood"))
            moderation.note(room, "flood", None, player, s=FLOOD_MUTE_S)

    async def _obey(self, requester: Requester, player: Player, text: str) -> Any:
        return commands.obey(self._room, requester, player, text)

    async def _say(self, requester: Requester, player: Player, text: str, to: str, data: Any) -> None:
        room = self._room
        chat = admission.admit_line(room, player, text, to, data)
        to = wire_address(chat.to)
        shadow = self._check(requester, player, chat, text)
        result = room.game.on_chat(player, chat)
        if isawaitable(result):
            await result
        if not chat.hidden:
            room.talking.pace.note(player, to, text)
            room.say_line(player, chat.to, chat.text, chat.data, emote=chat.emote, shadow=shadow)

    def _check(self, requester: Requester, player: Player, chat: Chat, text: str) -> bool:
        """
        The rules of the room, before the game sees a line.

        :returns: whether it is for its writer's eyes alone.
        :raises Refused: it may not be said.
        """
        if moderation.has_right(requester.user):
            return False
        mute = self._mute_of(player)
        if mute is not None and not mute.shadow:
            raise Refused(admission.say_muted(mute, self._room.now), code="muted")
        to = wire_address(chat.to)
        self._room.talking.pace.check(player, to, text)
        if not self._room.talking.links and moderation.has_link(chat.text):
            raise Refused("No links here.", code="refused")
        chat.text = admission.filtered(self._room, chat.text)
        return mute is not None

    async def _edit(self, requester: Requester, player: Player, stream: str, n: int, text: str, data: Any) -> None:
        room = self._room
        line = self._own_line(player, stream, n)
        if line.seat != player.id:
            raise Refused("That is not your line.", code="forbidden")
        chat = admission.admit_line(room, player, text, line.to, data)
        chat.edits = line.text
        shadow = self._check(requester, player, chat, text)
        result = room.game.on_chat(player, chat)
        if isawaitable(result):
            await result
        if wire_address(chat.to) != line.to:
            raise Refused("You may not change that now.", code="forbidden")
        if not chat.hidden and not shadow:
            text, data = values.plain(chat.text), values.plain(chat.data)
            room.journal.append(room.said, Change(line, text, data, room.deaf_to(player)))

    async def _unsay(self, requester: Requester, player: Player, stream: str, n: int) -> None:
        moderates = moderation.may_moderate(self._room, requester.user, player)
        line = self._own_line(player, stream, n, at_any_time=moderates)
        if line.seat != player.id:
            if not moderates:
                raise Refused("That is not your line.", code="forbidden")
            moderation.note_unsaid(self._room, requester.user, line)
        self._room.journal.append(self._room.said, Change(line, None, None))

    async def _report(
        self, requester: Requester, player: Player, stream: str | None, n: int | None, whom: str | None, reason: str
    ) -> None:
        line = self._line(player, stream, n) if stream is not None and n is not None else None
        seat = self._room.seats.get(whom) if whom is not None else None
        if line is None and seat is None:
            raise Refused("Name a line or a seat.", code="bad_data", path="$.seat")
        moderation.report(self._room, player, whom=seat, line=line, reason=reason, address=requester.address)

    async def _block(self, player: Player, whom: str, on: bool) -> None:
        seat = self._room.seats.get(whom)
        if seat is None:
            raise Refused("There is no such seat.", code="bad_data", path="$.seat")
        moderation.block(self._room, player, seat, on)

    async def _choose_team(self, player: Player, team: str, whom: str | None) -> None:
        mover = self._room.seats.get(whom) if whom is not None else player
        if mover is None:
            raise Refused("There is no such seat.", code="bad_data", path="$.seat")
        if mover is not player and player.id != self._room.seats.host:
            raise Refused("Only the host may move others.", code="forbidden")
        self._room.teams.choose(mover, team)

    def _mark_read(self, player: Player, to: str, upto: int) -> None:
        room = self._room
        kind = to.partition(":")[0]
        key = f"seat:{player.id}" if kind == "seat" else room.talking.channels.part(to).key
        if not hears(room, player, key):
            raise Refused(f"You are not in that {kind}.", code="forbidden")
        upto = min(upto, room.streams.counts.get(key, 0))
        if upto > player._read.get(to, 0):
            room.journal.put(player._read, to, upto)
            room.dirty.add(room.seat_part(player.id))
            room.journal.append(room.said, HasRead(player.id, to, upto))

    def _line(self, player: Player, stream: str, n: int) -> KeptLine:
        """:raises Refused: this player heard no such line, or it is kept no longer."""
        key = f"seat:{player.id}" if stream == "seat" else stream
        line = self._room.lines.find(key, n) if key in player._entered else None
        if line is None or not line.is_for(player.id):
            raise Refused("There is no such line.", code="bad_data", path="$.line")
        return line

    def _own_line(self, player: Player, stream: str, n: int, *, at_any_time: bool = False) -> KeptLine:
        """:raises Refused: there is no such line, or it is too old to be changed."""
        line = self._line(player, stream, n)
        age_ms = self._room.lines.age_ms(line, self._room.now * 1000)
        if not at_any_time and age_ms > self._room.game_class.chat_edit_s * 1000:
            raise Refused("That was said too long ago.", code="forbidden")
        if not at_any_time and wire_address(admission.admit_channel(self._room, player, line.to)) != line.to:
            # Such as a line to all, of one who by now speaks to the dead alone.
            raise Refused("You may not change that now.", code="forbidden")
        return line

    def _mute_of(self, player: Player) -> Mute | None:
        room = self._room
        of_room = room.talking.mute_of(player.user_id)
        of_server: Mute | None = room.watch.mute_of(player.user_id, room.spec.name, room.now)
        return of_server if of_room is None or (of_server is not None and of_room.shadow) else of_room
