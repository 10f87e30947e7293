"""What a room tells of its chat besides new lines: who is writing, what was read, lines that were changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from gameserver.protocol import messages
from gameserver.room.changes import Change, HasRead, IsTyping
from gameserver.room.chat.history import speaker
from gameserver.room.chat.line import KeptLine
from gameserver.room.publish.audience import audience, hand_out
from gameserver.room.publish.sessions import audience_of
from gameserver.room.publish.streams import wire_name
from gameserver.store import keys

if TYPE_CHECKING:
    from gameserver.room.room import Room


def tell_typing(room: Room, typing: IsTyping) -> None:
    """Tell all who hear the channel, except the writer and those who have blocked the writer."""
    writer = room.seats.get(typing.seat)
    if writer is None:
        return
    deaf = [seat for seat in room.seats.values() if seat is writer or seat.id in room.talking.deaf_to(writer)]
    without = {session for seat in deaf for session in room.publisher.listeners(seat.id)}
    to = audience_of(session for session in audience(room, typing.key).everybody if session not in without)
    if to.everybody:
        stream = wire_name(typing.key)
        frame = messages.encode(messages.TypingMessage(room.code, stream, typing.seat, typing.to, typing.on))
        hand_out(room, to, frame, None, f"{room.code}/{typing.key}/typing/{typing.seat}")


def tell_read(room: Room, read: HasRead) -> None:
    """Tell all sockets of the seat, and nobody else."""
    seat = room.seats.get(read.seat)
    if seat is not None and room.publisher.listeners(seat.id):
        frame = messages.encode(messages.ReadMessage(room.code, read.to, read.upto))
        hand_out(
            room, audience_of(room.publisher.listeners(seat.id)), frame, None, f"{room.code}/read/{read.seat}/{read.to}"
        )


def edited(room: Room, line: KeptLine, change: Change, stream: str, n: int) -> messages.Edited:
    """:returns: what the audience of a line is told of its change."""
    at_ms = round(room.now * 1000)
    data = messages.payload(change.data)
    mentions = list(room.talking.mentioned(change.text or "", (line.key,)))
    return messages.Edited(room.code, stream, n, line.n, change.text, data, at_ms, mentions)


def keep_change(room: Room, line: KeptLine, change: Change) -> None:
    """Change the line in the history and in its stream's log, so that nobody who comes back gets the old text."""
    if change.text is None:
        room.talking.lines.replace(line, None)
        room.journal.parts.drop((keys.line(line.number),))
        frame = messages.encode(messages.Skip(room.code, wire_name(line.key), line.n))
    else:
        mentions = room.talking.mentioned(change.text, (line.key,))
        at_ms = round(room.now * 1000)
        said = {"text": change.text, "data": change.data, "mentions": mentions, "unheard": change.unheard}
        now = replace(line, edited_ms=at_ms, **said)
        forgotten = room.talking.lines.replace(line, now)
        room.journal.parts.keep(keys.line(line.number), now.encode)
        room.journal.parts.drop(keys.line(old.number) for old in forgotten)
        frame = messages.encode(chat_line(room, now))
    part = room.publisher.streams.redact(line.key, line.n, frame, line.but + change.unheard)
    if part is not None:
        room.journal.parts.keep(keys.log(part), lambda: room.publisher.streams.part(part))


def chat_line(room: Room, line: KeptLine) -> messages.ChatLine:
    """:returns: a kept line as the message that says it."""
    said_by = speaker(line.seat, line.name)
    data, mentions = messages.payload(line.data), list(line.mentions)
    stream, at = wire_name(line.key), line.at_ms
    return messages.ChatLine(
        room.code, stream, line.n, said_by, line.to, line.text, data, at, line.emote, mentions, line.edited_ms
    )
