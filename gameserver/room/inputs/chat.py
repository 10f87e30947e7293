"""What players do with the chat of a room: they write, edit, take back, and read."""

from __future__ import annotations

from collections.abc import Coroutine
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from gameserver.errors import Refused
from gameserver.protocol import messages, values
from gameserver.protocol.texts import printable, said
from gameserver.room.changes import Change, HasRead, IsTyping
from gameserver.room.chat import admission, commands, moderation
from gameserver.room.chat.channels import address, hears, wire_address
from gameserver.room.chat.draft import Chat
from gameserver.room.chat.history import lines_heard
from gameserver.room.chat.line import KeptLine
from gameserver.room.chat.rate import FLOOD_MUTE_S
from gameserver.room.effects import Requester
from gameserver.room.inputs.input import SeatRequest
from gameserver.room.state import Mute

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


class SayLine(SeatRequest[messages.ChatMessage], frozen=True):
    """A player says something, or gives a command."""

    def apply(self, room: Room) -> Coroutine[Any, Any, None] | None:
        """Say it, or obey it; what comes too fast is counted."""
        player = room.replies.asking_player(self.requester, self.seat)
        if player is not None:
            return self.ask(room, player)
        _note_too_fast(room, self.requester, self.seat)
        return None

    async def do(self, room: Room, player: Player) -> Any:
        """Ask the rules, then the game, and say the line; or obey a command."""
        text = self.message.text
        if commands.read(room, text) is not None:
            return commands.obey(room, self.requester, player, text)
        text = said(text, room.context.chat_chars)
        chat = admission.admit_line(room, player, text, self.message.to, self.message.data)
        to = wire_address(chat.to)
        shadow = _check(room, self.requester, player, chat, text)
        result = room.game.on_chat(player, chat)
        if isawaitable(result):
            await result
        if not chat.hidden:
            room.talking.pace.note(player, to, text)
            room.talking.say(player, chat.to, chat.text, chat.data, emote=chat.emote, shadow=shadow)
        return None


class EditLine(SeatRequest[messages.Edit], frozen=True):
    """A player changes a line of its own."""

    async def do(self, room: Room, player: Player) -> None:
        """Ask the same as of a new line, and change it."""
        edit = self.message
        line = _own_line(room, player, edit.stream, edit.line)
        if line.seat != player.id:
            raise Refused("That is not your line.", code="forbidden")
        text = said(edit.text, room.context.chat_chars)
        chat = admission.admit_line(room, player, text, line.to, edit.data)
        chat.edits = line.text
        shadow = _check(room, self.requester, player, chat, text)
        result = room.game.on_chat(player, chat)
        if isawaitable(result):
            await result
        if wire_address(chat.to) != line.to:
            raise Refused("You may not change that now.", code="forbidden")
        if not chat.hidden and (line.shadow or not shadow):
            text, data = printable(values.plain(chat.text)), values.plain(chat.data)
            room.journal.append(room.changes.said, Change(line, text, data, room.talking.deaf_to(player)))


class UnsayLine(SeatRequest[messages.Unsay], frozen=True):
    """A player takes a line of its own back; or somebody who moderates, any."""

    async def do(self, room: Room, player: Player) -> None:
        """Take the line back."""
        user = self.requester.user
        moderates = moderation.may_moderate(room, user, player)
        line = _own_line(room, player, self.message.stream, self.message.line, at_any_time=moderates)
        if line.seat != player.id:
            if not moderates:
                raise Refused("That is not your line.", code="forbidden")
            moderation.note_unsaid(room, user, line)
        room.journal.append(room.changes.said, Change(line, None, None))


class TellTyping(SeatRequest[messages.Typing], frozen=True):
    """A player is writing; nothing is stored, and nobody is answered."""

    def apply(self, room: Room) -> None:
        """Tell those who would hear a line, if there is anybody to be told."""
        room.changes.durable = False
        player = room.seats.get(self.seat)
        if player is None or not room.talking.pace.may_tell_typing(player, self.message.on):
            return
        try:
            to = wire_address(admission.admit_channel(room, player, self.message.to))
        except Refused:
            return
        if _mute_of(room, player) is None:
            key = room.talking.channels.part(to).key
            room.journal.append(room.changes.said, IsTyping(key, player.id, to, self.message.on))


class MarkRead(SeatRequest[messages.Read], frozen=True):
    """A player has read so far; it is stored with the next step."""

    def apply(self, room: Room) -> None:
        """Note it, and confirm."""
        room.changes.durable = False
        player = room.seats.get(self.seat)
        if player is None:
            room.replies.error(self.requester, Refused(code="not_found"))
            return
        try:
            _mark_read(room, player, wire_address(address(room.talking, self.message.to)), self.message.upto)
        except Refused as refused:
            room.replies.error(self.requester, refused)
            return
        room.replies.confirm(self.requester)


def find_line(room: Room, player: Player, stream: str, n: int) -> KeptLine:
    """:raises Refused: this player heard no such line, or it is kept no longer."""
    key = f"seat:{player.id}" if stream == "seat" else stream
    heard = lines_heard(room, player, player._kept.entered)
    line = next((line for line in heard if line.key == key and line.n == n), None)
    if line is None:
        raise Refused("There is no such line.", code="bad_data", path="$.line")
    return line


def _own_line(room: Room, player: Player, stream: str, n: int, *, at_any_time: bool = False) -> KeptLine:
    """:raises Refused: there is no such line, or it is too old to be changed."""
    line = find_line(room, player, stream, n)
    age_ms = room.talking.lines.age_ms(line, room.now * 1000)
    if not at_any_time and age_ms > room.game_class.chat_edit_s * 1000:
        raise Refused("That was said too long ago.", code="forbidden")
    if not at_any_time and wire_address(admission.admit_channel(room, player, line.to)) != line.to:
        # Such as a line to all, of one who by now speaks to the dead alone.
        raise Refused("You may not change that now.", code="forbidden")
    return line


def _note_too_fast(room: Room, requester: Requester, seat_id: str) -> None:
    """Count a line that came too fast to be looked at: many of them are a flood, whose author is muted for a while."""
    player = room.seats.get(seat_id)
    if player is None or player._bucket.level(room.monotonic) >= 1.0 or player._moderates:
        return
    if room.replies.came_before(requester, player):
        return  # the same request again, not one more
    if room.talking.pace.is_flood(player) and room.talking.mute_of(player.user_id) is None:
        room.talking.mute(player.user_id, Mute(room.now + FLOOD_MUTE_S, reason="flood"))
        moderation.note(room, "flood", None, player, s=FLOOD_MUTE_S)


def _check(room: Room, requester: Requester, player: Player, chat: Chat, text: str) -> bool:
    """
    The rules of the room, before the game sees a line.

    :returns: whether it is for its writer's eyes alone.
    :raises Refused: it may not be said.
    """
    if moderation.has_right(requester.user):
        return False
    mute = _mute_of(room, player)
    if mute is not None and not mute.shadow:
        raise Refused(admission.say_muted(mute, room.now), code="muted")
    to = wire_address(chat.to)
    channels = room.talking.channels
    room.talking.pace.check(player, to, text, channels.slow_s(channels.part(to)))
    if not room.talking.links and moderation.has_link(chat.text):
        raise Refused("No links here.", code="refused")
    chat.text = admission.filtered(room, chat.text)
    return mute is not None


def _mark_read(room: Room, player: Player, to: str, upto: int) -> None:
    kind = to.partition(":")[0]
    key = f"seat:{player.id}" if kind == "seat" else room.talking.channels.part(to).key
    if not hears(room, player, key):
        raise Refused(f"You are not in that {kind}.", code="forbidden")
    upto = min(upto, room.publisher.streams.counts.get(key, 0))
    if upto > player._kept.read.get(to, 0):
        room.journal.put_in(player._kept, "read", to, upto)
        room.journal.append(room.changes.said, HasRead(player.id, to, upto))


def _mute_of(room: Room, player: Player) -> Mute | None:
    of_room = room.talking.mute_of(player.user_id)
    of_server: Mute | None = room.context.watch.mute_of(player.user_id, room.spec.name, room.now)
    return of_server if of_room is None or (of_server is not None and of_room.shadow) else of_room
