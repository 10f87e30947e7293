"""
The settings of a game: class attributes, in the function style attributes of the module. Each is declared here, and
nowhere else: type and default, what it must be, and its sentence.

What follows from a declaration: `gameserver.game.spec` checks a game's values, the function style reads them from its
module, slips of the pen are found by these names, and a test compares ``docs/reference/game_settings.rst``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple, get_args, get_type_hints

from gameserver.errors import GameDefinitionError
from gameserver.protocol.messages import HOST_ACTS
from gameserver.protocol.values import is_scalar
from gameserver.room.publish.quantize import is_setting

Durability = Literal["commit", "relaxed", "none"]
Storage = Literal["row", "fields"]
Absent = Literal["leave", "stand_in", "skip"]
Downtime = Literal["pause", "count"]

MAX_GAME_PLAYERS: Final = 10_000
"""Seats of players in one room at most; larger rooms would need another design."""


class Must(NamedTuple):
    """
    What a setting's value must be.

    :param holds: says whether a value is right; one that it cannot look at (TypeError) is not.
    :param expected: the same in words, for the error.
    """

    holds: Callable[[Any], bool]
    expected: str


def _number(low: float, high: float, expected: str, *, over: bool = False) -> Must:
    """A number from ``low`` to ``high``, which True and False are not; ``over``: greater than ``low``."""
    return Must(
        lambda v: isinstance(v, int | float) and type(v) is not bool and low <= v <= high and not (over and v == low),
        expected,
    )


def _whole(low: int, high: float, expected: str) -> Must:
    """An int from ``low`` to ``high``; True and False are none."""
    return Must(lambda v: type(v) is int and low <= v <= high, expected)


def _one_of(*texts: str) -> Must:
    quoted = [f'"{text}"' for text in texts]
    return Must(lambda v: v in texts, f"{', '.join(quoted[:-1])} or {quoted[-1]}")


def _or_none(must: Must) -> Must:
    return Must(lambda v: v is None or must.holds(v), f"{must.expected}, or None")


def is_text(value: Any) -> bool:
    """Whether it is a str that JSON can hold; a member of an enum that is a str too is one."""
    return isinstance(value, str) and is_scalar(str.__str__(value))


def _are_roles(value: Any) -> bool:
    return isinstance(value, dict) and all(is_text(k) and k and type(n) is int and n > 0 for k, n in value.items())


_ENDLESS: Final = float("inf")
_MOST_A_S: Final = 1_000_000
_TEXT: Final = Must(is_text, "a string, without half a surrogate pair")
_YES_OR_NO: Final = Must(lambda v: isinstance(v, bool), "True or False")
_SECONDS: Final = _number(0, _ENDLESS, "seconds, 0 or more")
_HZ: Final = _number(0, 60, "0 to 60")
_THINKING: Final = Must(
    lambda v: isinstance(v, tuple | list) and len(v) == 2 and 0 <= v[0] <= v[1] <= 60, "two numbers of seconds, 0 to 60"
)
_BYTES: Final = _whole(1, _ENDLESS, "bytes")
_ROLES: Final = Must(_are_roles, 'a dict of role and most seats, such as {"screen": 1}')
_QUANTA: Final = Must(
    is_setting, 'None, a step such as 0.01 or 5, or a dict of key and step, such as {"x": 0.1, "*": 0.01}'
)
_ADDRESSES: Final = Must(
    lambda v: not isinstance(v, str) and set(v) <= {"room", "group", "seat"}, '("room", "group", "seat")'
)
_FILTER: Final = Must(lambda v: v is None or v == "default" or callable(v), '"default", None, or a function of a text')
_PHASES: Final = Must(
    lambda v: isinstance(v, tuple | list) and all(isinstance(p, str) for p in v), 'phases, such as ("night",)'
)
_TYPES: Final = Must(
    lambda v: isinstance(v, dict) and all(isinstance(k, str) for k in v),
    'a dict of names and types: {"reveal": Reveal}',
)


_HOST_ACTS: Final = Must(
    lambda v: isinstance(v, tuple | list) and set(v) <= set(HOST_ACTS), f"some of {', '.join(HOST_ACTS)}"
)


class GameSettings:
    """The settings of `Game`, with their defaults; the text below each is its sentence in the reference."""

    name: ClassVar[str] = ""
    """What the wire and paths use: by default the class's name in snake case, or the module's."""
    title: ClassVar[Annotated[str, _TEXT]] = ""
    """The game's name for people."""
    min_players: ClassVar[Annotated[int, _whole(0, _ENDLESS, "an int of 0 or more")]] = 1
    """fewer cannot start"""
    max_players: ClassVar[Annotated[int, _whole(1, MAX_GAME_PLAYERS, f"an int of 1 to {MAX_GAME_PLAYERS}")]] = 8
    """seats of the role ``player``"""
    roles: ClassVar[Annotated[dict[str, int], _ROLES]] = {}
    """extra roles, with the most seats of each: ``{"screen": 1, "spectator": 50}``"""
    auto_start: ClassVar[Annotated[bool, _YES_OR_NO]] = False
    """True: starts when all player seats are taken; False: the host starts"""
    ready_check: ClassVar[Annotated[bool, _YES_OR_NO]] = False
    """True: starts when all people are ready and there are enough players, and again after it is over; the host need
    not wait for that"""
    needs_start: ClassVar[Annotated[bool, _YES_OR_NO]] = True
    """False: the room plays from its creation (``on_start`` runs after ``on_create``), and players come at any time"""
    late_join: ClassVar[Annotated[bool, _YES_OR_NO]] = False
    """True: new players may come while it is played; False: they get ``room_locked`` until it is over. Other roles come
    at any time, unless the room is locked or ``on_join`` refuses"""
    host_may: ClassVar[Annotated[tuple[str, ...], _HOST_ACTS]] = HOST_ACTS
    """what the host may do besides starting: ``end`` the round, play ``again``, ``pause``, ``unpause``, ``lock``,
    ``unlock``, ``kick``, ``mute``, and ``pass`` the right on"""
    hold_s: ClassVar[Annotated[float | None, _or_none(_SECONDS)]] = 120
    """how long a seat is held after its last connection was lost; None: until the room closes"""
    absent: ClassVar[Annotated[Absent, _one_of(*get_args(Absent))]] = "leave"
    """what becomes of a player's seat that was held for so long: ``"leave"``: it ends; while the game is played
    ``"stand_in"``: a bot moves for it; ``"skip"``: turns pass over it, and nobody waits for it"""
    turn_s: ClassVar[Annotated[float | None, _or_none(_SECONDS)]] = None
    """how long each turn may take, and each call without a time of its own; None: as long as one likes"""
    bank_s: ClassVar[Annotated[float | None, _or_none(_SECONDS)]] = None
    """how long all turns of a player may take together, or of a team; None: as long as they like"""
    increment_s: ClassVar[Annotated[float, _SECONDS]] = 0
    """what ``bank_s`` grows by when a turn ends"""
    clock_option: ClassVar[Annotated[bool, _YES_OR_NO]] = False
    """True: rooms have the option ``clock``: ``"none"``, ``"30s"`` for a turn, or ``"10m+5s"`` for all turns of a
    player and what is added with each; its default is the game's own clock"""
    max_moves: ClassVar[Annotated[int, _whole(1, 10_000, "an int of 1 to 10000")]] = 200
    """so many moves a player is told at most; all of them may be sent"""
    bot_s: ClassVar[Annotated[tuple[float, float], _THINKING]] = (0.8, 2.0)
    """how long a bot thinks before it moves: from so many seconds to so many"""
    max_bots: ClassVar[Annotated[int | None, _or_none(_whole(0, 10_000, "an int of 0 or more, or None"))]] = None
    """so many bots a room has at most; None: one less than players"""
    tick_hz: ClassVar[Annotated[float, _HZ]] = 0
    """calls of ``on_tick`` a second, up to 60"""
    patch_hz: ClassVar[Annotated[float, _HZ]] = 0
    """how often changes of documents are told, up to 60 a second; 0: with each step"""
    quantize: ClassVar[Annotated[float | dict[str, float] | None, _QUANTA]] = None
    """how finely clients are told the floats of documents: ``0.01``, or by key ``{"x": 0.1, "*": 0.01}``"""
    durability: ClassVar[Annotated[Durability, _one_of(*get_args(Durability))]] = "commit"
    """``"commit"``: stored before anybody is told; ``"relaxed"``: told at once, the row at most about half a second
    behind while the store answers; ``"none"``: never stored, gone with the process"""
    storage: ClassVar[Annotated[Storage, _one_of(*get_args(Storage))]] = "row"
    """``"row"``: a step stores each document that it changed, whole; ``"fields"``: only the top-level keys that it
    changed. For large documents of which a step changes little. It may be changed with a release"""
    max_row_bytes: ClassVar[Annotated[int, _BYTES]] = 1 << 20
    """bytes of all documents of a room together, with options, result, what timers carry and players answered; a step
    that would exceed them is undone. Clients that need a buffer for the largest message need about so much: where
    engines play, set it to what the game needs"""
    max_entry_bytes: ClassVar[Annotated[int, _BYTES]] = 1 << 16
    """bytes of one value in a table, as JSON"""
    max_table_bytes: ClassVar[Annotated[int, _BYTES]] = 1 << 26
    """bytes of all tables of a room together, keys and values; a step that would exceed them is undone"""
    idle_close_s: ClassVar[Annotated[float | None, _or_none(_SECONDS)]] = 3600
    """a room where nobody was connected for so long closes; None: never"""
    downtime: ClassVar[Annotated[Downtime, _one_of(*get_args(Downtime))]] = "pause"
    """``"pause"``: timers stand still while no server runs; ``"count"``: overdue ones fire at once, in order"""
    messages_per_s: ClassVar[Annotated[float, _number(0, _MOST_A_S, "a number over 0, to 1000000", over=True)]] = 20
    """of one player: messages, chat and starts; twice as many at once, at least one"""
    chat_to: ClassVar[Annotated[tuple[str, ...], _ADDRESSES]] = ("room", "group")
    """``"room"``, ``"group"``, ``"seat"``: where players may write"""
    chat_history: ClassVar[Annotated[int, _whole(0, 1000, "lines of each channel, 0 to 1000")]] = 50
    """lines kept of each channel, up to 1000"""
    chat_history_s: ClassVar[Annotated[float | None, _or_none(_number(0, _ENDLESS, "seconds", over=True))]] = 604800
    """how long a line is kept at most: a week; None: as long as the room is there"""
    chat_edit_s: ClassVar[Annotated[float, _SECONDS]] = 300
    """how long players may change a line of their own, or take it back; 0: never"""
    chat_slow_s: ClassVar[Annotated[float, _SECONDS]] = 0
    """slow mode: what a player waits between two lines"""
    chat_links: ClassVar[Annotated[bool, _YES_OR_NO]] = True
    """False: lines that hold a link are refused"""
    chat_repeats: ClassVar[Annotated[int, _whole(0, _ENDLESS, "an int of 0 or more")]] = 10
    """how often a player may say the same within a minute; 0: as often as one likes"""
    chat_filter: ClassVar[Annotated[Literal["default"] | Callable[[str], str] | None, _FILTER]] = "default"
    """bad words: ``"default"`` stars them out; None: nothing; or a function"""
    chat_commands: ClassVar[Annotated[bool, _YES_OR_NO]] = True
    """True: ``/mute NAME 10m`` and the like are commands; False: lines like any other"""
    silent_phases: ClassVar[Annotated[tuple[str, ...], _PHASES]] = ()
    """phases in which players may not write but to channels that the game has opened"""
    events: ClassVar[Annotated[dict[str, Any], _TYPES]] = {}
    """the types of events' data, for whoever writes a client: ``{"reveal": Reveal}``"""
    docs: ClassVar[Annotated[dict[str, Any], _TYPES]] = {}
    """the same of documents besides ``state``: ``{"seat": Hand, "role:screen": Board, "group:*": Plan}``"""
    version: ClassVar[Annotated[int, _whole(1, _ENDLESS, "an int of 1 or more")]] = 1
    """of your documents' shape"""


def _musts() -> dict[str, Must]:
    """:returns: what each setting must be, by its name; ``name`` has rules that `gameserver.game.spec` knows."""
    musts = {}
    for name, hint in get_type_hints(GameSettings, include_extras=True).items():
        (annotated,) = get_args(hint)  # of ClassVar
        if (must := getattr(annotated, "__metadata__", None)) is not None:
            musts[name] = must[0]
    return musts


MUSTS: Final = _musts()
SETTINGS: Final = frozenset(GameSettings.__annotations__)
"""The names of all settings."""


LATER: Final = frozenset(
    {"turn_s", "bank_s", "increment_s", "max_moves", "bot_s", "max_bots", "absent", "ready_check", "clock_option"}
)
"""
Settings that were added later. A game may use such a name for something else: it is a setting only where its value is
of the right type.
"""


def setting(cls: type[GameSettings], name: str) -> Any:
    """:returns: one of the settings that came `LATER`: the default, where the name means something else."""
    value = getattr(cls, name)
    return value if _is_right(name, value) else getattr(GameSettings, name)


def _is_right(name: str, value: object) -> bool:
    try:
        return MUSTS[name].holds(value)
    except TypeError:
        return False


def check_settings(cls: type[GameSettings]) -> None:
    """
    Check the values that a game's class sets.

    :raises GameDefinitionError: one is not what it must be; the text names it, and says what would be right.
    """
    for name, must in MUSTS.items():
        value = getattr(cls, name)
        if name not in LATER and not _is_right(name, value):
            raise GameDefinitionError(f"{cls.__name__}.{name} = {value!r}: must be {must.expected}.")
    if cls.min_players > cls.max_players:
        raise GameDefinitionError(f"{cls.__name__}.min_players is more than max_players.")
    if "player" in cls.roles:
        raise GameDefinitionError(f'{cls.__name__}.roles: "player" is not an extra role; set max_players.')
