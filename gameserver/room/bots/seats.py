"""`Bots`: the seats of a room that bots have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from gameserver.errors import Refused
from gameserver.protocol.names import check_name, name_key, numbered
from gameserver.room import seating
from gameserver.room.admission import is_full
from gameserver.room.rounds import begin_by_itself
from gameserver.room.seat_names import NamesOfOthers
from gameserver.room.seats import Player

if TYPE_CHECKING:
    from gameserver.room.room import Room

BOT_ID: Final = "bot:"
"""The beginning of the user id of a bot's seat; no user has such an id."""


class Bots:
    """
    The bots of a room: ``self.bots`` of a game. Iterating gives their seats.

    >>> class Nim(Game):
    ...     def on_create(self):
    ...         self.bots.add("random", name="Robbie")
    ...     def moves(self, player):
    ...         return [Move("take", {"n": 1})]
    ...     @message(turn=True)
    ...     def take(self, player: Player, n: int) -> None:
    ...         self.turns.next()
    """

    __slots__ = ("_room",)

    def __init__(self, room: Room) -> None:
        self._room = room

    def __iter__(self) -> Iterator[Player]:
        return iter(list(self._room.seats.index.bots.values()))

    def __len__(self) -> int:
        return len(self._room.seats.index.bots)

    @property
    def levels(self) -> list[str]:
        """The levels that this game has; a bot for which none is named plays the first."""
        return list(self._room.spec.bots)

    def add(self, level: str | None = None, name: str | None = None) -> Player:
        """
        Give a bot a seat; ``on_join`` is called for it.

        :param level: how it plays, one of `levels`; by default the first.
        :param name: what it is called; by default the level's title. A name that somebody has already gets a number.
        :returns: its seat.
        :raises ValueError: there is no such level, or that is no name.
        :raises Refused: ``room_full``: all seats are taken, or there are as many bots as may be.
        """
        room = self._room
        if not room.spec.bots:
            raise ValueError("this game has no bots: it has neither moves nor a method marked with @bot")
        found = room.spec.bots.get(self.levels[0] if level is None else level)
        if found is None:
            raise ValueError(f"there is no level {level!r}, but {', '.join(self.levels)}")
        if len(self) >= room.spec.max_bots:
            raise Refused(f"This room has at most {room.spec.max_bots} bots.", code="room_full")
        most = room.context.name_chars
        try:
            called = check_name(name if name is not None else found.title[:most], most)
        except Refused as refused:
            raise ValueError(refused.text) from None
        taken = NamesOfOthers(room.seats)
        if name_key(called) in taken:
            called = numbered(called, taken, most)
        seat = seating.take(room, f"{BOT_ID}{room.state.next_seat}", called, {}, "player", bot=found.name)
        room.teams.welcome(seat)
        room.finish_later(room.game.on_join(seat))
        room.finish_later(begin_by_itself(room))
        return seat

    def remove(self, player: Player) -> None:
        """
        Take the seat away from a bot; ``on_leave`` is called for it.

        :raises ValueError: a person sits there.
        """
        if player.bot is None:
            raise ValueError(f"{player!r} is no bot")
        if player.id in self._room.seats:
            seating.end(self._room, player, "left", None)
            self._room.finish_later(self._room.game.on_leave(player))


async def make_place(room: Room) -> None:
    """Before a round people take the place of bots: where all seats are taken, the bot that came last goes."""
    bots = room.seats.index.bots
    if bots and room.state.status != "playing" and is_full(room):
        await send_away(room, room.seats[max(bots, key=int)])


async def send_away(room: Room, bot: Player) -> None:
    """A bot's seat ends because people want it so, also where the game then fails."""
    seating.end(room, bot, "left", None)
    await room.game_calls.alone("on_leave", room.game.on_leave, bot)
