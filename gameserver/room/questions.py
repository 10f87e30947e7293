"""The questions that a room asks at present: who is asked, who has answered what, and when all are in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import structs

from gameserver.errors import Refused
from gameserver.protocol import values
from gameserver.room.state import Answer as Answer
from gameserver.room.state import Asked

if TYPE_CHECKING:
    from gameserver.room.core import RoomCore
    from gameserver.room.seats import Player


class OpenQuestions:
    """The open questions of one room."""

    __slots__ = ("_room",)

    def __init__(self, room: RoomCore) -> None:
        self._room = room

    @property
    def open(self) -> Mapping[str, Asked]:
        """The questions that are asked at present, by name."""
        return self._room.state.questions

    def ask(self, name: str, players: Sequence[Player], s: float | None) -> None:
        """
        Ask these players; with none of them it is complete at once, see
        `gameserver.room.game_calls.complete_questions`.
        """
        room = self._room
        self._put(name, Asked(tuple(dict.fromkeys(p.id for p in players)), room.time))
        room.timers.cancel(name)
        if s is not None:
            room.timers.arm(name, room.time + room.timers.seconds(s), show=True, kind="question")

    def take_back(self, name: str, player: Player) -> None:
        """Take a player's answer back; see `gameserver.game.question.Asking.take_back`."""
        asked = self.open.get(name)
        if asked is not None and player.id in asked.answers:
            rest = {seat: a for seat, a in asked.answers.items() if seat != player.id}
            self._put(name, structs.replace(asked, answers=rest))

    def close(self, name: str) -> None:
        """Stop asking, and forget the answers."""
        if name in self.open:
            self._room.journal.remove_from(self._room.state, "questions", name)
            self._room.timers.cancel(name)

    def close_all(self) -> None:
        """Stop asking anything."""
        for name in list(self.open):
            self.close(name)

    def why_not(self, name: str, player: Player, *, revise: bool) -> Refused | None:
        """:returns: why this player may not answer that now; None: the player may."""
        asked = self.open.get(name)
        if asked is None:
            return Refused("That is not asked now.")
        if player.id not in asked.of:
            return Refused("You are not asked.", code="forbidden")
        if player.id in asked.answers and not revise:
            return Refused("You have answered.")
        return None

    def answer(self, name: str, player: Player, value: Any) -> None:
        """Keep what the question's method returned."""
        asked = self.open.get(name)
        if asked is None:
            return
        answer = Answer(values.plain(value), max(0.0, self._room.time - asked.at))
        self._put(name, structs.replace(asked, answers={**asked.answers, player.id: answer}))

    def finish(self, name: str) -> dict[Player, Answer[Any]]:
        """Close a question. :returns: copies of its answers, by players who are still here, in the order they came."""
        asked = self.open[name]
        self.close(name)
        seats = self._room.seats
        return {seats[seat]: _copied(answer) for seat, answer in asked.answers.items() if seat in seats}

    def shift(self, delta_s: float) -> None:
        """Time stood still for so long: move the times at which questions were asked by as much."""
        for name, asked in list(self.open.items()):
            self._put(name, structs.replace(asked, at=asked.at + delta_s))

    def asked(self) -> dict[str, list[str]]:
        """:returns: the seats that each question is asked of, of those that are still here."""
        return {name: self.here(asked.of) for name, asked in self.open.items()}

    def answered(self) -> dict[str, list[str]]:
        """:returns: by question, the seats that have answered and are still here, in the order of their answers."""
        return {name: self.here(asked.answers) for name, asked in self.open.items()}

    def here(self, seats: Iterable[str]) -> list[str]:
        """:returns: those of these seats that have not ended."""
        return [seat for seat in seats if seat in self._room.seats]

    def _put(self, name: str, asked: Asked) -> None:
        self._room.journal.put_in(self._room.state, "questions", name, asked)


def _copied(answer: Answer[Any]) -> Answer[Any]:
    return Answer(values.plain(answer.value), answer.after_s)
