"""Telling each player what has changed in their moves, and in the prompt and the undo that go with them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from gameserver.protocol import messages, msgpack
from gameserver.room.publish.audience import hand_out
from gameserver.room.publish.sessions import audience_of
from gameserver.room.seats import Player
from gameserver.room.turns import clocks, legal
from gameserver.room.turns.legal_moves import LastTold, LegalMoves
from gameserver.room.turns.move_infos import make_told
from gameserver.room.turns.state import Prompt
from gameserver.room.turns.turn_info import prompt_info

if TYPE_CHECKING:
    from gameserver.room.room import Room

_NO_PROMPTS: Final[Mapping[str, Prompt]] = {}

NOTHING_TOLD: Final = LastTold(b"")
TOLD_BEFOREHAND: Final = LastTold(b"joined")
"""In place of what was told before the end of the step: what there is then differs from it, even if it is nothing."""


def tell(room: Room) -> None:
    """Tell each player for whom moves, prompt or undo differ from what that player was told."""
    publisher = room.publisher
    if room.journal.undo or not publisher.legal:  # else they are what they were
        publisher.legal = _collect(room)
    whispers, undoers = _whispers(room), room.undoing.allowed if room.spec.undoes else ()
    for player in room.seats.of_role("player"):
        seat = player.id
        sessions = publisher.listeners(seat)
        if not sessions:
            publisher.moves.pop(seat, None)
            continue
        last, found = publisher.moves.get(seat, NOTHING_TOLD), publisher.legal.get(seat)
        if found is not None and not found.are_made:
            found = _made(room, player, found)
        whisper, undo = whispers.get(seat), seat in undoers
        is_nothing = (found is None or not found.moves) and whisper is None and not undo
        if is_nothing and not last.frame:
            continue
        told = found.told if found is not None else None
        if told is not None and told is last.told and undo is last.undo and whisper == last.whisper:
            continue  # it says the same as before, see `LegalMoves.again`
        frame = _frame(room, _info(room, found, whisper, undo))
        publisher.moves[seat] = LastTold(frame if not is_nothing else b"", told, whisper, undo)
        if frame == last.frame:
            continue
        hand_out(room, audience_of(sessions), frame, partial(msgpack.repack, frame), f"{room.code}/moves")


def told(room: Room, player: Player) -> messages.MovesInfo:
    """:returns: what a player is told of their moves."""
    found = room.publisher.legal.get(player.id)
    if found is not None and not found.are_made:
        found = _made(room, player, found)
    return _info(room, found, _whispers(room).get(player.id), player.id in room.undoing.allowed)


def told_with_joined(room: Room, player: Player, info: messages.MovesInfo) -> None:
    """
    Somebody has come to a seat, and was told its moves with ``joined``: what comes next is compared with that.

    :param info: what `told` says at the end of a step, when others with the same seat were told the same.
    """
    is_nothing = not (info.moves or info.prompt or info.undo)
    room.publisher.moves[player.id] = NOTHING_TOLD if is_nothing else LastTold(_frame(room, info))


def told_beforehand(room: Room, player: Player, info: messages.MovesInfo) -> None:
    """
    Somebody has come back, and was told its moves with ``joined``, as they were before this step: it may end them.

    :param info: what `told` said.
    """
    if info.moves or info.prompt or info.undo:
        room.publisher.moves.setdefault(player.id, TOLD_BEFOREHAND)


def _frame(room: Room, info: messages.MovesInfo) -> bytes:
    return messages.encode(messages.Moves(room.code, info.moves, info.more, info.prompt, info.undo))


def _made(room: Room, player: Player, found: LegalMoves) -> LegalMoves:
    """
    Make what is told of moves that were looked at for nobody so far.

    :returns: these moves, or none where they cannot be told.
    """
    try:
        make_told(room.spec, found)
    except ValueError as error:
        room.game_calls.log_failure("moves", error, player)
        found = room.publisher.legal[player.id] = legal.none(room)
    return found


def _info(room: Room, found: LegalMoves | None, whisper: Prompt | None, undo: bool) -> messages.MovesInfo:
    """
    :param whisper: what is shown to that player alone.
    :param undo: whether that player may take something back.
    """
    if found is None:
        return messages.MovesInfo([], False, prompt_info(whisper), undo)
    most = room.spec.max_moves
    moves: list[Any] = found.told[:most]
    return messages.MovesInfo(moves, len(found.moves) > most, prompt_info(whisper), undo)


def _whispers(room: Room) -> Mapping[str, Prompt]:
    """:returns: by seat, what is shown to one player alone."""
    state = room.state.turns
    return clocks.top_of(state).whispers if state is not None else _NO_PROMPTS


def _collect(room: Room) -> dict[str, LegalMoves]:
    if room.spec.moves is None:
        return {}
    found = legal.collect(room)
    return found if found is not None else {player.id: _known(room, player) for player in legal.players_to_ask(room)}


def _known(room: Room, player: Player) -> LegalMoves:
    """The step holds whatever ``moves`` does, for example somebody's leaving: where it fails, there are none."""
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
