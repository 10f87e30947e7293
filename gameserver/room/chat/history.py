"""What was said before, as a seat may know it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gameserver.protocol import messages
from gameserver.room.bounds import newest
from gameserver.room.chat.line import KeptLine
from gameserver.room.publish.streams import wire_name

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player


def lines_of(room: Room, seat: Player, entered: Mapping[str, int]) -> list[messages.Line]:
    """
    Return the lines that this seat is shown: where it listens, those said since it came; in the room, and where the
    game says so, those before as well, but of nobody whom its owner has blocked. Where that is too much for one
    message, the newest.

    :param entered: by stream, the number at which the seat entered it.
    """
    now_ms, kept = round(room.now * 1000), room.talking.lines
    blocked = room.context.watch.blocked.get(seat.user_id, ())

    def is_shown(line: KeptLine) -> bool:
        if line.n <= entered[line.key]:  # of those said since, the line itself names who is not to hear it
            author = room.seats.get(line.seat or "")
            if author is not None and author.user_id in blocked:
                return False
        return not kept.is_old(line, now_ms)

    lines = sorted(filter(is_shown, lines_heard(room, seat, entered)), key=lambda line: line.number)
    return newest([_line(line) for line in lines])


def lines_heard(room: Room, seat: Player, entered: Mapping[str, int]) -> Iterator[KeptLine]:
    """:returns: all lines that are kept of those that this seat may know, however old, whoever is blocked meanwhile."""
    for line in room.talking.lines:
        n = entered.get(line.key)
        if n is None or not line.is_for(seat.id):
            continue
        if line.n > n or line.key == "room" or room.talking.channels.has_history(line.to):
            yield line


def speaker(seat: str | None, name: str | None) -> messages.Speaker | None:
    """:returns: who said a line; None for the game."""
    return messages.Speaker(seat, name or "") if seat is not None else None


def _line(x: KeptLine) -> messages.Line:
    said_by, data = speaker(x.seat, x.name), messages.payload(x.data)
    mentions = list(x.mentions)
    return messages.Line(wire_name(x.key), x.n, said_by, x.to, x.text, data, x.at_ms, x.emote, mentions, x.edited_ms)
