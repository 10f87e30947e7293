"""
Which moves a player has now: what the game's ``moves`` says, of messages that are open to that player.

The game is asked when a step ends, at most once a player; what it said then serves the next step's messages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.errors import Refused
from gameserver.room import permission
from gameserver.room.seats import Player
from gameserver.room.turns import legal_moves
from gameserver.room.turns.legal_moves import LegalMoves
from gameserver.room.turns.move import Move
from gameserver.room.turns.move_infos import check_told
from gameserver.room.turns.waiting import waited_for

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore


def players_to_ask(room: RoomCore) -> list[Player]:
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


def none(room: RoomCore) -> LegalMoves:
    """:returns: no moves at all."""
    return LegalMoves(room, [], {})


def ask(room: RoomCore, player: Player) -> LegalMoves:
    """
    :returns: the moves of a player, now.
    :raises Exception: whatever ``moves`` raises, and what is wrong with what it gives.
    """
    moves, journal = room.spec.moves, room.journal
    if moves is None:
        return none(room)
    before = len(journal.undo)
    given: list[Move] = list(moves(room.game, player) or ())
    if len(journal.undo) > before:
        made = room.docs.__delitem__  # to look at a document that is not there yet changes nothing
        if any(undo[0] != made for undo in journal.undo[before:]):
            raise RuntimeError("moves must change nothing, and draw no chance")
    if not given:
        return none(room)
    types, read = legal_moves.check(room, given)
    messages = room.spec.messages
    closed = [type for type in types if permission.why_not(room, messages.get(type), player, type) is not None]
    if closed:
        places = [place for place, move in enumerate(given) if move.type not in closed]
        read = {new: read[old] for new, old in enumerate(places) if old in read}
        given = [given[place] for place in places]
    return LegalMoves(room, given, read)


def stamp(room: RoomCore) -> tuple[int, int, int]:
    """:returns: something else once anything has changed."""
    return room.journal.step, room.journal.rollbacks, len(room.journal.undo)


def asked_now(room: RoomCore) -> dict[str, LegalMoves]:
    """:returns: by seat, what the game was asked in this step since anything changed last; to be added to."""
    asked: tuple[Any, dict[str, LegalMoves]] | None = room.changes.asked
    now = stamp(room)
    if asked is None or asked[0] != now:
        room.changes.asked = asked = (now, {})
    return asked[1]


def found_before(room: RoomCore, player: Player) -> LegalMoves | None:
    """:returns: the moves of a player, as the game was asked for them last; None: something has changed since."""
    if not room.journal.undo and (found := room.publisher.legal.get(player.id)) is not None:
        return found
    return asked_now(room).get(player.id)


def known(room: RoomCore, player: Player) -> LegalMoves:
    """
    :returns: the moves of a player, for which the game is asked if anything has changed since it was.
    :raises Exception: as `ask` does.
    """
    found = found_before(room, player)
    if found is None:
        found = ask(room, player)
        asked_now(room)[player.id] = found
    return found


def check(room: RoomCore) -> None:
    """
    Ask for the moves that there are after this step; what is wrong with them undoes it.

    :raises Exception: whatever the game raises, and what is wrong with its moves.
    """
    if room.spec.moves is None or not room.journal.undo:
        return
    for player in players_to_ask(room):
        moves = known(room, player)
        if moves and room.publisher.listeners(player.id):
            check_told(moves, room.publisher.legal.get(player.id))


def keep(room: RoomCore) -> None:
    """Nothing has changed since `check` that moves could rest on."""
    if room.changes.asked is not None:
        room.changes.asked = (stamp(room), room.changes.asked[1])


def admit(room: RoomCore, player: Player, type: str, data: dict[str, Any]) -> None:
    """
    :param data: of a message, as its schema reads it, as JSON.
    :raises Refused: ``not_legal``: it is none of the player's moves.
    """
    if room.spec.moves is not None and not any(
        legal.covers(data) for legal in known(room, player).of_message(type, data)
    ):
        raise Refused(code="not_legal")


def admit_untyped(room: RoomCore, player: Player, type: str, data: Any) -> None:
    """
    :param data: of a message of the function style, which has no schema: all fields of a move must be in it.
    :raises Refused: ``not_your_turn`` or ``not_legal``.
    """
    refused = permission.why_not(room, None, player, type)
    if refused is not None:
        raise refused
    if room.spec.moves is None or type not in room.spec.turn_types:
        return
    fields = {} if data is None else data
    if not isinstance(fields, dict) or not any(
        found.covers(fields) for found in known(room, player).of_message(type, fields)
    ):
        raise Refused(code="not_legal")
