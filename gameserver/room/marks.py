"""
What may be stale once something of a room has changed.

A field of the room's state (`gameserver.room.state`) names these marks where it is declared; the journal calls them
whenever it changes the field. They note too much rather than too little: what is told is compared with what was told.
"It", below, is the field.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Final, get_args, get_origin, get_type_hints

LOOK: Final = float("-inf")
NEVER: Final = float("inf")
"""In place of the time at which something is due: that is to be looked for, or nothing is due."""


class Stale:
    """
    What may have changed since it was looked at last.

    :ivar info: what all are told of the room.
    :ivar channels: what is told of channels.
    :ivar groups: who is in a group.
    :ivar asked: whether a question is complete; or whatever else is to be finished before the step ends.
    :ivar due_at: when something is due next, seconds since 1970; `LOOK`: that is to be looked for.
    :ivar seats: what others know of these.
    :ivar moved: which streams these hear.
    :ivar timers: what is shown of these, by seat and name.
    :ivar all_timers: what is shown of any.
    :ivar armed: when these timers are due; always the same dict, as the next one is.
    :ivar held: how long these seats are held.
    :ivar users: of whom a seat may have come or gone since the node counted.
    :ivar admits: whether others would find a seat here, or look for one.
    """

    __slots__ = (
        "admits",
        "all_timers",
        "armed",
        "asked",
        "channels",
        "due_at",
        "groups",
        "held",
        "info",
        "moved",
        "seats",
        "timers",
        "users",
    )

    def __init__(self) -> None:
        self.info = True
        self.channels = False
        self.groups = False
        self.asked = False
        self.due_at = LOOK
        self.seats: dict[str, None] = {}
        self.moved: dict[str, None] = {}
        self.timers: set[tuple[str | None, str]] = set()
        self.all_timers = False
        self.armed: dict[tuple[str | None, str], None] = {}
        self.held: dict[str, None] = {}
        self.users: dict[str, None] = {}
        self.admits = True


Mark = Callable[..., None]
"""Called with `Stale`, what has the field, and what changed: a key of a container, or the old and the new value."""


def info(stale: Stale, *_: object) -> None:
    """All are told of it with the room."""
    stale.info = True


def channels(stale: Stale, *_: object) -> None:
    """It may be told with a channel."""
    stale.channels = True


def due(stale: Stale, *_: object) -> None:
    """When something is due next depends on it."""
    stale.due_at = LOOK


def asked(stale: Stale, *_: object) -> None:
    """Whether a question is complete depends on it."""
    stale.asked = True


def turn(stale: Stale, *_: object) -> None:
    """All are told of it with the room; and what the game set going with it is to be finished before the step ends."""
    stale.info = True
    stale.asked = True


def timers(stale: Stale, _: object, key: tuple[str | None, str]) -> None:
    """It holds timers, which may be shown, and when they are due."""
    stale.timers.add(key)
    stale.armed[key] = None
    stale.due_at = LOOK


def held(stale: Stale, state: Any, *_: object) -> None:
    """It says how long a seat is held."""
    stale.held[state.id] = None
    stale.due_at = LOOK


def all_timers(stale: Stale, *_: object) -> None:
    """How timers are shown depends on it."""
    stale.all_timers = True


def seat(stale: Stale, state: Any, *_: object) -> None:
    """It is of a seat, and others are told of it."""
    stale.seats[state.id] = None


def hears(stale: Stale, state: Any, *_: object) -> None:
    """It is of a seat, and the streams that the seat hears depend on it."""
    stale.moved[state.id] = None


def users(stale: Stale, state: Any, *_: object) -> None:
    """It is of a seat, and whether its user is in the room depends on it."""
    stale.users[state.user_id] = None


def admits(stale: Stale, *_: object) -> None:
    """Whether others find a seat, or look for one, depends on it."""
    stale.admits = True


def names_seat(stale: Stale, _: object, *seats: str | None) -> None:
    """It is the id of a seat, and others are told of that with the seat."""
    for one in seats:
        if one is not None:
            stale.seats[one] = None


def members(stale: Stale, _: object, seat: str) -> None:
    """It holds the ids of seats which hear a group's stream, and others may be told of that."""
    stale.groups = True
    stale.moved[seat] = stale.seats[seat] = None


def group(stale: Stale, state: Any, *_: object) -> None:
    """It is of a group, and who is told of its members depends on it."""
    stale.groups = stale.info = True
    stale.seats.update(state.members)


@cache
def of(cls: type[Any]) -> dict[str, tuple[Mark, ...]]:
    """:returns: by field of a class, the marks that it names."""
    hints = get_type_hints(cls, include_extras=True)
    return {name: _named(hints[name]) for name in cls.__struct_fields__}


def _named(hint: Any) -> tuple[Mark, ...]:
    notes = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    return tuple(note for note in notes if callable(note))
