"""
Which moves a player has now: what the game's ``moves`` says, of messages that are open to that player.

The game is asked when a step ends, at most once a player; what it said then serves the next step's messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from gameserver.errors import Refused
from gameserver.protocol.values import same
from gameserver.room import admission
from gameserver.room.seats import Player, with_ids
from gameserver.room.turns.move import Choice, Move, Some, allows
from gameserver.room.turns.waiting import waited_for

if TYPE_CHECKING:
    from gameserver.room.room import Room

NOTHING: Final[dict[str, Any]] = {}

_PLAIN: Final = frozenset({int, str, bool, float, type(None)})
"""In these no player can be."""


class Legal(Struct, frozen=True):
    """
    A move that a player may send now.

    :ivar move: as the game gave it.
    :ivar fixed: its fields as the message's schema reads them, as JSON; those that are open left out.
    :ivar choices: what each open field may be, as JSON.
    """

    move: Move
    fixed: dict[str, Any]
    choices: dict[str, Choice]

    def covers(self, data: dict[str, Any]) -> bool:
        """:param data: of a message, as its schema reads it, as JSON."""
        for name, value in data.items():
            choice = self.choices.get(name)
            if not (allows(choice, value) if choice is not None else same(self.fixed.get(name), value)):
                return False
        return True


def players_to_ask(room: Room) -> list[Player]:
    """:returns: who may have moves now: who is waited for, or asked; all, where some messages are open to all."""
    if room.state.status != "playing":
        return []
    if room.spec.asks_all:
        return room.players
    state = room.state.turns
    if state is None and not room.spec.waits_for_turns:  # what is called ``moves`` may be the game's own
        return []
    seats = dict.fromkeys(waited_for(room, state)) if state is not None else {}
    for asked in room.state.questions.values():
        seats.update((seat, None) for seat in asked.of if seat in room.seats and seat not in asked.answers)
    return [room.seats[seat] for seat in seats]


def ask(room: Room, player: Player) -> list[Legal]:
    """
    :returns: the moves of a player, now.
    :raises Exception: whatever ``moves`` raises, and what is wrong with what it gives.
    """
    moves, journal = room.spec.moves, room.journal
    if moves is None:
        return []
    before = len(journal.undo)
    given = list(moves(room.game, player) or ())
    made = room.docs.__delitem__  # to look at a document that is not there yet changes nothing
    if any(undo[0] != made for undo in journal.undo[before:]):
        raise RuntimeError("moves must change nothing, and draw no chance")
    is_open: dict[str, bool] = {}
    found = []
    for move in given:
        if not isinstance(move, Move):
            raise TypeError(f"moves: {move!r} is not a Move")
        message = room.spec.messages.get(move.type)
        if move.type not in is_open:
            if message is None and not room.spec.function_style:
                raise ValueError(f"moves: the game has no message {move.type!r}")
            is_open[move.type] = admission.why_not(room, message, player, move.type) is None
        fixed, choices = read(room, move)
        if is_open[move.type]:
            found.append(Legal(move, fixed, choices))
    return found


def read(room: Room, move: Move) -> tuple[dict[str, Any], dict[str, Choice]]:
    """
    :returns: the fields of a move as its message's schema reads them, and what those may be that are open; as JSON.
    :raises ValueError: they do not fit; the text names the move.
    """
    choices = {name: _plain_choice(choice) for name, choice in move.choices.items()} if move.choices else NOTHING
    message = room.spec.messages.get(move.type)
    data = {n: v if v.__class__ in _PLAIN else with_ids(v) for n, v in move.data.items()} if move.data else NOTHING
    if message is None:
        return data, choices
    samples = {name: _sample(choice) for name, choice in choices.items()} if choices else NOTHING
    try:
        return message.fixed(room, data, samples), choices
    except Refused as refused:
        raise ValueError(f"moves: {move.type}: {refused.text} ({refused.path})") from None


def known(room: Room, player: Player) -> list[Legal]:
    """:returns: the moves of a player, as the game was asked for them last, if nothing has changed since."""
    if not room.journal.undo and (found := room.publisher.legal.get(player.id)) is not None:
        return found
    return ask(room, player)


def admit(room: Room, player: Player, type: str, data: dict[str, Any]) -> None:
    """
    :param data: of a message, as its schema reads it, as JSON.
    :raises Refused: ``not_legal``: it is none of the player's moves.
    """
    if room.spec.moves is not None and not any(
        legal.move.type == type and legal.covers(data) for legal in known(room, player)
    ):
        raise Refused(code="not_legal")


def admit_untyped(room: Room, player: Player, type: str, data: Any) -> None:
    """
    :param data: of a message of the function style, which has no schema: all fields of a move must be in it.
    :raises Refused: ``not_your_turn`` or ``not_legal``.
    """
    refused = admission.why_not(room, None, player, type)
    if refused is not None:
        raise refused
    if room.spec.moves is None or type not in room.spec.turn_types:
        return
    fields = {} if data is None else data
    for found in known(room, player):
        if found.move.type == type and isinstance(fields, dict):
            wanted = {*found.fixed, *found.choices}
            if wanted == fields.keys() and found.covers(fields):
                return
    raise Refused(code="not_legal")


def _plain_choice(choice: Choice) -> Choice:
    if isinstance(choice, Some):
        return Some([with_ids(item) for item in choice.of], choice.least, choice.most)
    if isinstance(choice, range) or choice is ...:
        return choice
    if isinstance(choice, str) or not hasattr(choice, "__iter__"):
        raise TypeError(f"moves: a choice is a list, a range, Some(...) or ..., not {choice!r}")
    return [with_ids(item) for item in choice]


def _sample(choice: Choice) -> Any:
    """:returns: one value of a choice, to be held against the schema; ``...`` where there is none."""
    if choice is ...:
        return ...
    if isinstance(choice, Some):
        return list(choice.of[: choice.least])
    return choice[0] if choice else ...
