"""
Which moves a player has now: what the game's ``moves`` says, of messages that are open to that player.

The game is asked when a step ends, at most once a player; what it said then serves the next step's messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from gameserver.errors import Refused
from gameserver.room import permission
from gameserver.room.seats import Player
from gameserver.room.turns import legal_moves
from gameserver.room.turns.legal_moves import LegalMoves
from gameserver.room.turns.move import Move
from gameserver.room.turns.move_infos import make_told
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
    seats: Iterable[str] = waited_for(room, state) if state is not None else ()
    if room.state.questions:
        seats = dict.fromkeys(seats)
        for asked in room.state.questions.values():
            seats.update((seat, None) for seat in asked.of if seat in room.seats and seat not in asked.answers)
    return [room.seats[seat] for seat in seats]


def none(room: RoomCore) -> LegalMoves:
    """:returns: no moves at all."""
    return LegalMoves(room, [])


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
        made = room.docs.__delitem__  # to look at a document makes it, which counts as no change
        if any(undo[0] != made for undo in journal.undo[before:]):
            raise RuntimeError("moves must change nothing, and draw no chance")
    if not given:
        return none(room)
    found, messages = legal_moves.held(room, given, room.publisher.legal.get(player.id)), room.spec.messages
    closed = [type for type in found.types if permission.why_not(room, messages.get(type), player, type) is not None]
    return found.without(closed) if closed else found


class AskedMoves:
    """
    What the game was asked in this step since anything changed last.

    :ivar stamp: a value that is another once anything has changed.
    :ivar by_seat: the moves of those who were looked at.
    :ivar all: the moves of all `players_to_ask`; None: they were not asked.
    """

    __slots__ = ("all", "by_seat", "stamp")

    def __init__(self, room: RoomCore, all: dict[str, LegalMoves] | None = None) -> None:
        self.stamp = stamp(room)
        self.by_seat: dict[str, LegalMoves] = {**all} if all else {}
        self.all = all


def stamp(room: RoomCore) -> tuple[int, int, int]:
    """:returns: a value that is another once anything has changed."""
    return room.journal.step, room.journal.rollbacks, len(room.journal.undo)


def asked_now(room: RoomCore) -> AskedMoves:
    """:returns: what the game was asked in this step since anything changed last; to be added to."""
    asked: AskedMoves | None = room.changes.asked
    if asked is None or asked.stamp != stamp(room):
        room.changes.asked = asked = AskedMoves(room)
    return asked


def found_before(room: RoomCore, player: Player) -> LegalMoves | None:
    """:returns: the moves of a player, as the game was asked for them last; None: something has changed since."""
    if not room.journal.undo and (found := room.publisher.legal.get(player.id)) is not None:
        return found
    return asked_now(room).by_seat.get(player.id)


def known(room: RoomCore, player: Player) -> LegalMoves:
    """
    :returns: the moves of a player, for which the game is asked if anything has changed since it was.
    :raises Exception: as `ask` does.
    """
    found = found_before(room, player)
    if found is None:
        found = ask(room, player)
        asked_now(room).by_seat[player.id] = found  # to ask may have made a document, which changes the stamp
    return found


def check(room: RoomCore) -> None:
    """
    Ask for the moves that there are after this step; what is wrong with them undoes it.

    :raises Exception: whatever the game raises, and what is wrong with its moves.
    """
    if room.spec.moves is None or not room.journal.undo:
        return
    asked, found = room.changes.asked, dict[str, LegalMoves]()
    before = asked.by_seat if asked is not None and asked.stamp == stamp(room) else found
    for player in players_to_ask(room):
        seat = player.id
        found[seat] = moves = before[seat] if seat in before else ask(room, player)
        if not moves.are_made and room.publisher.listeners(seat):
            make_told(room.spec, moves)
    room.changes.asked = AskedMoves(room, found)


def keep(room: RoomCore) -> None:
    """Note that nothing has changed since `check` on which moves could depend."""
    if room.changes.asked is not None:
        room.changes.asked.stamp = stamp(room)


def collect(room: RoomCore) -> dict[str, LegalMoves] | None:
    """:returns: by seat, the moves that there are now; None: not all who may have some were asked."""
    asked: AskedMoves | None = room.changes.asked
    return asked.all if asked is not None and asked.stamp == stamp(room) else None


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
