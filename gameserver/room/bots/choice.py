"""The choice of a bot that had to wait for something, on its way back to the room."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class BotChoice(Struct, frozen=True):
    """
    A choice.

    :ivar seat: the bot's seat, by its id.
    :ivar stamp: turn, call and moves as it was shown them.
    :ivar thought: what it waited for; if that is not what the seat thinks now, the bot was stopped.
    :ivar chosen: a move, or whatever it returned.
    """

    seat: str
    stamp: Any
    thought: Any
    chosen: Any
