"""The options of a room whose clock may be chosen, as a schema: those of ``on_create``, and ``clock``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gameserver.errors import GameDefinitionError
from gameserver.game.schema import Schema, within_class
from gameserver.room.turns import time_control


def clocks_of(own: time_control.TurnClock) -> list[str]:
    """:returns: some clocks to choose from, the game's own first; any other will do as well."""
    return list(dict.fromkeys((time_control.write(own), "none", "30s", "2m", "10m+5s", "1d")))


def clock_schema(own: time_control.TurnClock) -> dict[str, Any]:
    """:returns: the JSON schema of the option ``clock``."""
    return {
        "type": "string",
        "pattern": time_control.PATTERN,
        "default": time_control.write(own),
        "examples": clocks_of(own),
    }


def only_clock(own: time_control.TurnClock) -> dict[str, Any]:
    """:returns: a JSON schema of options of which nothing is known but the clock, as in the function style."""
    fields = {time_control.OPTION: clock_schema(own)}
    kind = {"title": "options", "type": "object", "properties": fields, "required": []}
    return {"$ref": "#/$defs/options", "$defs": {"options": kind}}


class OptionsWithClock(Schema):
    """
    The schema of what ``on_create`` takes. As JSON schema it also has the option ``clock``, which
    `gameserver.room.options` reads.

    :param own: the game's own clock.
    """

    def __init__(self, name: str, function: Callable[..., Any], skip: int, *, own: time_control.TurnClock) -> None:
        super().__init__(name, function, skip, defaults_only=True)
        self._own = own
        if time_control.OPTION in self.fields:
            text = f"{within_class(function)}: with clock_option the option 'clock' is the framework's"
            raise GameDefinitionError(f"{text}; give yours another name.")

    def json_schema(self) -> dict[str, Any]:
        """:returns: the same with ``clock``."""
        schema = super().json_schema()
        schema["$defs"][self.struct.__name__]["properties"][time_control.OPTION] = clock_schema(self._own)
        return schema
