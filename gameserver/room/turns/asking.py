"""Asking the game which moves its players have, once a step; and telling each player what has changed of them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from gameserver.protocol import messages, msgpack, values
from gameserver.room.publish.audience import audience_of, hand_out
from gameserver.room.seats import Player, with_ids
from gameserver.room.turns import clocks, legal
from gameserver.room.turns.label import filled
from gameserver.room.turns.legal import Legal
from gameserver.room.turns.move import Choice, Some
from gameserver.room.turns.told import prompt_info

if TYPE_CHECKING:
    from gameserver.room.room import Room

NONE: list[Legal] = []


def check(room: Room) -> None:
    """
    Ask for the moves that there are after this step; what is wrong with them undoes it.

    :raises Exception: whatever the game raises, and what is wrong with its moves.
    """
    if room.spec.moves is None or not room.journal.undo:
        return
    found = {player.id: legal.ask(room, player) for player in legal.players_to_ask(room)}
    room.changes.asked = (_now(room), found)


def keep(room: Room) -> None:
    """Nothing has changed since `check` that moves could rest on."""
    if room.changes.asked is not None:
        room.changes.asked = (_now(room), room.changes.asked[1])


def tell(room: Room) -> None:
    """Tell each player whose moves, or what belongs to them, are others than that player was told."""
    publisher = room.publisher
    publisher.legal = _collect(room)
    for player in room.players:
        sessions = publisher.listeners(player.id)
        if not sessions:
            publisher.moves.pop(player.id, None)
            continue
        info = told(room, player)
        encoded = values.encode(info, special=False)
        if encoded != publisher.moves.get(player.id, _NOTHING):
            publisher.moves[player.id] = encoded
            message = messages.Moves(room.code, info.moves, info.more, info.prompt, info.undo)
            frame = messages.encode(message)
            hand_out(room, audience_of(sessions), frame, partial(msgpack.repack, frame), f"{room.code}/moves")


def told(room: Room, player: Player) -> messages.MovesInfo:
    """:returns: what a player is told of the own moves."""
    found = room.publisher.legal.get(player.id, NONE)
    most = room.spec.max_moves
    state = room.state.turns
    whisper = clocks.top_of(state).whispers.get(player.id) if state is not None else None
    moves = [_move_info(room, each) for each in found[:most]]
    return messages.MovesInfo(moves, len(found) > most, prompt_info(whisper), room.undoing.allows(player))


_NOTHING = values.encode(messages.MovesInfo([], False, None, False), special=False)


def _collect(room: Room) -> dict[str, list[Legal]]:
    if room.spec.moves is None:
        return {}
    asked = room.changes.asked
    if asked is not None and asked[0] == _now(room):
        found: dict[str, list[Legal]] = asked[1]
        return found
    return {player.id: _ask_again(room, player) for player in legal.players_to_ask(room)}


def _ask_again(room: Room, player: Player) -> list[Legal]:
    """The step is what it is, such as somebody's leaving: a game that cannot say the moves has none."""
    before = room.journal.mark()
    try:
        return legal.ask(room, player)
    except Exception as error:  # noqa: BLE001 - the game's own code
        room.journal.rollback(before)
        room.game_calls.log_failure("moves", error, player)
        return NONE


def _now(room: Room) -> tuple[int, int]:
    return room.journal.era, len(room.journal.undo)


def _move_info(room: Room, each: Legal) -> messages.MoveInfo:
    move = each.move
    data = {name: with_ids(value) for name, value in move.data.items()} if move.data else None
    label = filled(move.label, move.data or {}) if move.label is not None else None
    choices = {name: _choice_info(choice) for name, choice in each.choices.items()} if each.choices else None
    return messages.MoveInfo(move.type, messages.payload(data), label, move.group, choices, _seat_fields(room, move))


def _choice_info(choice: Choice) -> dict[str, Any] | None:
    if choice is ...:
        return None
    if isinstance(choice, Some):
        return {"some": [choice.least, choice.most], "of": messages.payload(list(choice.of))}
    if isinstance(choice, range):
        return _range_info(choice)
    return {"of": messages.payload(list(choice))}


def _range_info(choice: range) -> dict[str, Any]:
    return {"range": [choice.start, choice.stop]} if choice.step == 1 else {"of": list(choice)}


def _seat_fields(room: Room, move: Any) -> list[str]:
    """:returns: the names of the fields that are seats."""
    message = room.spec.messages.get(move.type)
    of_schema = message.seat_fields if message is not None else ()
    given = [name for name, value in (move.data or {}).items() if isinstance(value, Player)]
    open_ones = move.choices or {}
    return [*dict.fromkeys((*(n for n in of_schema if n in given or n in open_ones or n in (move.data or {})), *given))]
