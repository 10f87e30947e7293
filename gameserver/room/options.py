"""The options of a room: what its creator gives, or later its host, read by the game's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.errors import NotJSON, Refused
from gameserver.protocol import values
from gameserver.room.turns import time_control

if TYPE_CHECKING:
    from gameserver.room.contract import Contract


def check_size(options: dict[str, Any], most_bytes: int) -> None:
    """
    :param options: as they came over the wire.
    :raises Refused: they are no JSON, or too large: everybody who looks for a room is shown them.
    """
    if len(values.encode(_given(options))) > most_bytes:
        raise Refused(f"Options have at most {most_bytes} bytes.", code="too_large", path="$.options")


def read_options(spec: Contract, options: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """
    :param options: as they came over the wire.
    :returns: the arguments of ``on_create``; and the options of the room, as JSON.
    :raises Refused: ``bad_data``.
    """
    return checked(spec, _given(options))


def _given(options: dict[str, Any]) -> dict[str, Any]:
    """:returns: the same as plain JSON. :raises Refused: ``bad_data``: they are none, or an object that is bytes."""
    try:
        given = values.received(options)
    except NotJSON as error:
        raise Refused(str(error), code="bad_data", path="$.options") from None
    if type(given) is not dict:
        raise Refused("Expected `object`, got `bytes`", code="bad_data", path="$.options")
    return given


def checked(spec: Contract, given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """:returns: as `read_options`, for plain JSON; the clock, which no ``on_create`` takes, is in the options only."""
    clock = {time_control.OPTION: time_control.chosen(spec.clock, given)} if spec.clock_option else {}
    if spec.options is None:
        return values.plain(given | clock), given | clock  # the game may change its own
    arguments: dict[str, Any] = spec.options.check({name: given[name] for name in given if name not in clock})
    return arguments, spec.options.as_json(arguments) | clock


def wanted(spec: Contract, match: dict[str, Any]) -> dict[str, Any]:
    """
    :param match: what the options of the room that somebody looks for must hold, as plain JSON.
    :returns: the same in the form in which rooms keep it.
    :raises Refused: ``bad_data``: there is no such clock.
    """
    if not spec.clock_option or time_control.OPTION not in match:
        return match
    return match | {time_control.OPTION: time_control.chosen(spec.clock, match)}
