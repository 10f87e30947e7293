"""`WhoseTurn`: what a game reads of its turns; all that changes them is in `gameserver.room.turns.turns`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gameserver.room.seats import Player
from gameserver.room.turns import legal, ring
from gameserver.room.turns.move import Move
from gameserver.room.turns.ring import key_of, who_is
from gameserver.room.turns.state import TurnsState
from gameserver.room.turns.waiting import waited_for

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore
    from gameserver.room.turns.ring import Who


class WhoseTurn:
    """Whose turn it is, and who is waited for."""

    __slots__ = ("_room",)

    def __init__(self, room: RoomCore) -> None:
        self._room = room

    @property
    def order(self) -> list[Any]:
        """Who takes turns, in that order: players, or groups; without those who are out."""
        return self._from(0)

    def order_from(self, who: Who) -> list[Any]:
        """
        Return `order`, beginning with somebody, or with the next one where that one is out.

        :raises ValueError: that one takes no turns at all.
        """
        return self._from(self._place(who))

    @property
    def current(self) -> Any:
        """Whose turn it is, a player or a group; None: nobody's, or whoever had it has left or is out."""
        state = self._room.state.turns
        if state is None or state.at is None:
            return None
        key = state.ring[state.at]
        return who_is(self._room, key) if ring.seats_of(self._room, key) else None

    @property
    def active(self) -> list[Player]:
        """Who is waited for now: those of the call on top, or else those whose turn it is. Everybody sees it."""
        state = self._room.state.turns
        return [self._room.seats[seat] for seat in waited_for(self._room, state)] if state is not None else []

    @property
    def stage(self) -> str | None:
        """The name of the call on top; None: it has none, or none is open."""
        state = self._room.state.turns
        return state.calls[-1].stage if state is not None and state.calls else None

    @property
    def number(self) -> int:
        """The number of this turn: 1 for a room's first, one more with each, and never less again except by undo."""
        state = self._room.state.turns
        return state.number if state is not None else 0

    @property
    def round(self) -> int:
        """The round: 1 when turns begin, and one more each time that `next` comes round."""
        state = self._room.state.turns
        return state.round if state is not None else 0

    def legal(self, player: Player) -> list[Move]:
        """Return what a player may send now, of what ``moves`` of the game says."""
        return list(legal.ask(self._room, player).moves)

    # Within

    def _begun(self, verb: str) -> TurnsState:
        state = self._room.state.turns
        if state is None or not (state.ring or state.calls):
            raise RuntimeError(f"{verb}: no turns are taken; begin them with self.turns.begin()")
        return state

    def _place(self, who: Who) -> int:
        state = self._begun("turns")
        key = ring.owner_of(state, self._room, key_of(who))
        if key not in state.ring:
            raise ValueError(f"{who!r} takes no turns")
        return state.ring.index(key)

    def _from(self, place: int) -> list[Any]:
        room, state = self._room, self._room.state.turns
        if state is None:
            return []
        keys = [*state.ring[place:], *state.ring[:place]]
        return [who_is(room, key) for key in keys if ring.seats_of(room, key)]
