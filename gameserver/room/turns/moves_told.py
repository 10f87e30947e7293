"""Telling each player what has changed of that one's moves, and of what belongs to them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gameserver.protocol import messages, msgpack, values
from gameserver.room.publish.audience import hand_out
from gameserver.room.publish.sessions import audience_of
from gameserver.room.seats import Player
from gameserver.room.turns import clocks, legal
from gameserver.room.turns.legal_moves import LegalMoves
from gameserver.room.turns.move_infos import check_told, move_infos
from gameserver.room.turns.told import prompt_info

if TYPE_CHECKING:
    from gameserver.room.room import Room


def tell(room: Room) -> None:
    """Tell each player whose moves, or what belongs to them, are others than that player was told."""
    publisher = room.publisher
    if room.journal.undo or not publisher.legal:  # else they are what they were
        publisher.legal = _collect(room)
    for player in room.players:
        sessions = publisher.listeners(player.id)
        if not sessions:
            publisher.moves.pop(player.id, None)
            continue
        found = _to_tell(room, player)
        info = _beside(room, player, found)
        packed = found.packed if found else b" "
        meaning = packed and packed + values.encode(info, special=False)
        if meaning and meaning == publisher.moves.get(player.id, _NOTHING):
            continue
        if found:
            info.moves = move_infos(room.spec, found)
        frame = messages.encode(messages.Moves(room.code, info.moves, info.more, info.prompt, info.undo))
        if not meaning and frame == publisher.moves.get(player.id):
            continue
        publisher.moves[player.id] = meaning or frame
        hand_out(room, audience_of(sessions), frame, partial(msgpack.repack, frame), f"{room.code}/moves")


def told(room: Room, player: Player) -> messages.MovesInfo:
    """:returns: what a player is told of the own moves."""
    found = _to_tell(room, player)
    info = _beside(room, player, found)
    if found:
        info.moves = move_infos(room.spec, found)
    return info


def _to_tell(room: Room, player: Player) -> LegalMoves | None:
    """:returns: the moves of a player: none where they were looked at for nobody so far, and are nothing to be told."""
    found = room.publisher.legal.get(player.id)
    if found:
        try:
            check_told(found)
        except ValueError as error:
            room.game_calls.log_failure("moves", error, player)
            found = room.publisher.legal[player.id] = legal.none(room)
    return found


def _beside(room: Room, player: Player, found: LegalMoves | None) -> messages.MovesInfo:
    """:returns: what a player is told besides the moves."""
    state = room.state.turns
    whisper = clocks.top_of(state).whispers.get(player.id) if state is not None else None
    more = found is not None and len(found) > room.spec.max_moves
    return messages.MovesInfo([], more, prompt_info(whisper), room.undoing.allows(player))


_NOTHING = b" " + values.encode(messages.MovesInfo([], False, None, False), special=False)
"""What is not told to somebody who was told nothing before."""


def _collect(room: Room) -> dict[str, LegalMoves]:
    if room.spec.moves is None:
        return {}
    return {player.id: _known(room, player) for player in legal.players_to_ask(room)}


def _known(room: Room, player: Player) -> LegalMoves:
    """The step is what it is, such as somebody's leaving: a game that cannot say the moves has none."""
    found = legal.found_before(room, player)
    if found is not None:
        return found
    before = room.journal.mark()
    try:
        return legal.known(room, player)
    except Exception as error:  # noqa: BLE001 - the game's own code
        room.journal.rollback(before)
        room.game_calls.log_failure("moves", error, player)
        return legal.none(room)
