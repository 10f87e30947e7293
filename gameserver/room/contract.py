"""What a room needs of the game that it runs: its settings, its messages, and the hooks that are called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from gameserver.game.settings import GameSettings
from gameserver.room.bots.level import BotLevel
from gameserver.room.publish.quantize import Quanta
from gameserver.room.turns.known_moves import KnownMoves
from gameserver.room.turns.time_control import TurnClock
from gameserver.room.turns.turn_type import TurnType


class RunningGame(Protocol):
    """The author's object, of one room. Each hook may return an awaitable."""

    @property
    def version(self) -> int:
        """Of the game."""

    @property
    def random(self) -> Any:
        """The room's chance."""

    def on_create(self) -> Any:
        """Begin, with the room's options as keyword arguments."""

    def on_join(self, player: Any) -> Any:
        """Welcome a newcomer."""

    def on_start(self) -> Any:
        """Begin a round."""

    def on_drop(self, player: Any) -> Any:
        """Note that a player's last connection ended."""

    def on_resume(self, player: Any) -> Any:
        """Note that a player is back who had dropped."""

    def on_leave(self, player: Any) -> Any:
        """Note that a seat is free again."""

    def on_chat(self, player: Any, chat: Any) -> Any:
        """Look at a line before it is said."""

    def on_tick(self, dt_s: float) -> Any:
        """Go on by so many seconds."""

    def on_load(self) -> Any:
        """Go on after the room was read from the store."""

    def on_close(self) -> Any:
        """End, as the room does."""

    def _gs_restored(self) -> None: ...

    def _gs_fire(self, name: str, seat: Any, data: dict[str, Any]) -> Any: ...

    def _gs_receive(self, player: Any, type: str, data: Any) -> Any: ...


class MessageContract(Protocol):
    """
    A message that a game takes.

    :ivar method: the name of the method that is called.
    :ivar by: who may send it: a role, ``host`` or ``any``.
    :ivar phase: when it may be sent, or None for always.
    :ivar open_to: the role that may send it at any time; None where more must be checked.
    """

    method: str
    by: str
    phase: str | None
    question: bool
    durable: bool
    open_to: str | None
    turn: bool | str
    stage: tuple[str, ...]
    undo: bool
    seat_fields: tuple[str, ...]

    def fixed(self, room: Any, data: dict[str, Any], samples: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """:returns: the fields of a move of this message, read as its schema does, see `Schema.fixed`."""

    def fit(self, all_data: list[Any]) -> bool:
        """:returns: whether the data of moves surely fit, see `Schema.fit`."""

    @property
    def decode(self) -> Callable[[Any], Any] | None:
        """Decodes what a client sent as JSON, where only its types are to be checked."""

    @property
    def call_read(self) -> Callable[[Any, Any, Any], Any]:
        """Calls the method with a game, a sender and what `decode` gave."""

    @property
    def call(self) -> Callable[[Any, Any, Any], Any]:
        """Calls the method with room, player and what was sent."""


class Contract(Protocol):
    """
    What was read from a game's class.

    :ivar looks_ahead: after each of its steps there is something to look at: the moves that there are, or its bots.
    """

    name: str
    title: str
    message_bytes: int
    quanta: Quanta | None
    function_style: bool
    waits: bool
    timers: frozenset[str] | None
    waits_for_turns: bool
    takes_turns: bool
    undoes: bool
    looks_ahead: bool
    ready_check: bool
    clock_option: bool
    stages: frozenset[str]
    asks_all: bool
    max_moves: int
    known_moves: KnownMoves
    stand_in: str | None
    absent: str
    bot_s: tuple[float, float]
    max_bots: int
    clock: TurnClock
    moves: Callable[[Any, Any], Any] | None
    on_turn: Callable[[Any, Any], Any] | None
    on_timeout: Callable[[Any, Any], Any] | None
    on_options: Callable[[Any, Any], Any] | None

    @property
    def cls(self) -> type[GameSettings]:
        """The class, for its settings."""

    @property
    def messages(self) -> Mapping[str, MessageContract]:
        """By the type that clients send."""

    @property
    def turn_types(self) -> Mapping[str, TurnType]:
        """The messages of turns of a game that has no schemas."""

    @property
    def bots(self) -> Mapping[str, BotLevel]:
        """The levels of its bots, by name."""

    @property
    def questions(self) -> Mapping[str, Any]:
        """By name."""

    @property
    def options(self) -> Any:
        """The schema of the room's options; None where there is none."""

    def player_seats(self, role: str) -> int | None:
        """:returns: how many seats of a role a room has, or None where the game has no such role."""

    def make(self, room: Any) -> RunningGame:
        """:returns: the game of a room that is being made."""
