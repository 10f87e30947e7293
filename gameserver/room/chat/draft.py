"""A line of chat on its way, which the game may still change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gameserver.room.chat.channels import Channel
    from gameserver.room.groups import Group
    from gameserver.room.seats import Player


class Chat:
    """
    A line on its way, as ``on_chat`` sees it before anybody else.

    :ivar text: what was written.
    :ivar to: ``"room"``, a `Group`, a `Player`, or a `Channel` that the game has opened.
    :ivar data: what the client added, a JSON value.
    :ivar emote: whether it says what its sender does: ``/me waves``.
    :ivar edits: where a line is changed, what it said before; else None.
    """

    __slots__ = ("data", "edits", "emote", "hidden", "text", "to")

    def __init__(self, text: str, to: str | Group | Player | Channel, data: Any, emote: bool = False) -> None:
        self.text = text
        self.to = to
        self.data = data
        self.emote = emote
        self.edits: str | None = None
        self.hidden = False

    def hide(self) -> None:
        """Show the line to nobody, for example since it was a move of the game."""
        self.hidden = True
