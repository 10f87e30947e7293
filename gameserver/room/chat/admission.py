"""Which lines of players are let through to the game."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import NotJSON, Refused
from gameserver.protocol import values
from gameserver.protocol.names import is_seen
from gameserver.room.chat.channels import Address, address, check_may_write, wire_address
from gameserver.room.chat.draft import Chat
from gameserver.room.chat.words import WordFilter

if TYPE_CHECKING:
    from gameserver.room.room import Room
    from gameserver.room.seats import Player
    from gameserver.room.state import Mute

EMOTE: Final = "/me "
"""The beginning of a line that says what its sender does. Source: the CTCP ACTION of IRC clients."""


def admit_line(room: Room, player: Player, text: str, to: str, data: Any) -> Chat:
    """
    :param text: as `gameserver.protocol.texts.said` returns it.
    :returns: a line that a player may say, for the game to look at.
    :raises Refused: it may not be said.
    """
    channel = admit_channel(room, player, to)
    emote = text.startswith(EMOTE) and is_seen(text[len(EMOTE) :])
    data = read_data(data, room.context.chat_data_bytes)
    return Chat(text[len(EMOTE) :] if emote else text, channel, data, emote)


def read_data(data: Any, most_bytes: int) -> Any:
    """
    :param data: what a client added to a line, as JSON has it.
    :returns: it as a plain value.
    :raises Refused: ``too_large``, or ``bad_data``: it is no JSON.
    """
    if data is None:
        return None
    if len(values.encode(data, special=False)) > most_bytes:
        raise Refused(f"At most {most_bytes} bytes.", code="too_large", path="$.data")
    try:
        return values.received(data)
    except NotJSON as error:
        raise Refused(str(error), code="bad_data", path="$.data") from None


def admit_channel(room: Room, player: Player, to: str) -> Address:
    """:raises Refused: this player may not write to that channel now."""
    if to == "room":
        to = room.talking.state.diverted.get(player.id, to)
    kind = to.partition(":")[0]
    if kind in ("group", "seat") and kind not in room.game_class.chat_to and to not in room.talking.channels.parts:
        raise Refused("This game has no such channel.", code="forbidden")
    channel = address(room.talking, to)
    check_may_write(room.talking, player, wire_address(channel))
    return channel


def filtered(room: Room, text: str) -> str:
    """
    :returns: a text as the game's filter lets it through.
    :raises Refused: the filter refuses it.
    """
    plug = room.game_class.chat_filter
    if plug is None:
        return text
    shown = _default_filter(text) if isinstance(plug, str) else plug(text)
    if not isinstance(shown, str):
        raise TypeError(f"chat_filter returns the text as it may be shown, not {shown!r}")
    return shown


def say_muted(mute: Mute, now: float) -> str:
    """:returns: what somebody who is muted is told."""
    text = "You may not write here" if mute.until is None else f"You may write again in {mute.until - now:.0f} seconds"
    return f"{text}: {mute.reason}." if mute.reason else f"{text}."


_default_filter: Final = WordFilter()
