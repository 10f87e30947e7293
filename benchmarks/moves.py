"""
What a step's work with moves costs beside the game's own call of ``moves``.

``python -m benchmarks.moves`` prints two tables, in microseconds of processor time. The first is for 50 moves of the
plainest kind, buttons with a card and a number; any game that has to find out what is legal takes longer to make them.
It has medians of many alternating rounds. The second is for whole random games, with all players connected: all that a
step does with moves (ask for them, check them against their messages, send them, and look whether the next message is
one of them), compared with the game's own call alone.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Annotated, Any

from msgspec import Meta

from benchmarks.play_outs import GIVEN, SAMPLES, game_of
from gameserver import Game, Move, Player, message
from gameserver.game.spec import spec_of
from gameserver.room.turns import legal, publish_moves
from gameserver.room.turns.known_moves import KnownMoves
from gameserver.testing import Table

ROUNDS = 1000
GAMES = 3


class Buttons(Game):
    """Fifty moves, each a card of the hand that may be played, as games look for them."""

    min_players = 1

    def on_start(self) -> None:
        self.state["cards"] = [f"{suit}{rank}" for suit in "CDSH" for rank in range(13)][:50]
        self.turns.begin()

    def moves(self, player: Player) -> list[Move]:
        return [Move("play", {"card": card, "on": n}, "{card}") for n, card in enumerate(self.state["cards"])]

    @message(turn=True)
    def play(self, player: Player, card: str, on: Annotated[int, Meta(ge=0, le=99)] = 0) -> None:
        self.turns.next()


def microseconds(call: Callable[[], Any]) -> float:
    """:returns: how long a call takes."""
    began = time.process_time_ns()
    call()
    return (time.process_time_ns() - began) / 1e3


def fifty() -> None:
    """Measure fifty plain moves, and print."""
    table = Table(Buttons, seed=1)
    table.join("Ann").start()
    room = table.room
    player = room.players[0]
    took: dict[str, list[float]] = {}

    def ask_and_tell() -> None:
        room.changes.asked = None
        room.journal.undo.append((int,))  # a step that has changed something
        legal.check(room)
        legal.keep(room)
        publish_moves.tell(room)
        room.journal.undo.clear()
        room.publisher.outbox.clear()

    def measure(what: str, call: Callable[[], Any]) -> None:
        took.setdefault(what, []).append(microseconds(call))

    def forget() -> None:
        room.publisher.moves.clear()
        room.publisher.legal.clear()

    for _ in range(ROUNDS):
        measure("own call", lambda: list(room.game.moves(player)))
        ask_and_tell()
        measure("asked, the same as before", lambda: legal.ask(room, player))
        measure("asked and told, the same as before", ask_and_tell)
        forget()
        measure("asked, each given before", lambda: legal.ask(room, player))
        measure("asked and told, each given before", ask_and_tell)
        forget()
        room.spec.known_moves = KnownMoves()
        measure("asked and told, none given before", ask_and_tell)
    room.changes.asked = None
    own = median(took["own call"])
    for what, each in took.items():
        print(f"{what}: {median(each):.0f} us, {median(each) / own:.2f} times")


@contextmanager
def timed(game: type[Game], took: Counter[str]) -> Iterator[None]:
    """Add up what the game's own call takes, as ``own``, and all of a step's work with moves, as ``all``."""
    spec = spec_of(game)
    own, inside = spec.moves, Counter[str]()

    def moves(*args: Any) -> list[Move]:
        began = time.process_time_ns()
        found = list(own(*args) or ())  # type: ignore[misc]
        took["own"] += time.process_time_ns() - began
        took["asked"] += 1
        took["moves"] += len(found)
        return found

    def within(call: Callable[..., Any]) -> Callable[..., Any]:
        def measured(*args: Any) -> Any:
            began = time.process_time_ns()
            inside["deep"] += 1
            try:
                return call(*args)
            finally:
                inside["deep"] -= 1
                if not inside["deep"]:
                    took["all"] += time.process_time_ns() - began

        return measured

    parts = [(legal, "check"), (legal, "keep"), (legal, "admit"), (publish_moves, "tell"), (publish_moves, "told")]
    before = [(owner, name, getattr(owner, name)) for owner, name in parts]
    spec.moves = moves
    for owner, name, call in before:
        setattr(owner, name, within(call))
    try:
        yield
    finally:
        spec.moves = own
        for owner, name, call in before:
            setattr(owner, name, call)


def whole_games(name: str) -> None:
    """Measure some games by chance, and print."""
    game, enough = game_of(name)
    took: Counter[str] = Counter()
    for seed in range(GAMES + 1):
        took = Counter() if seed <= 1 else took  # the first one is to get warm
        with timed(game, took):
            took["steps"] += Table(game, seed=seed).play_out(seed, min(enough, 200))
    own, steps = took["own"] / took["steps"] / 1e3, took["steps"]
    print(
        f"{name}: {took['all'] / took['own']:.2f} times the own {own:.0f} us; asked {took['asked'] / steps:.1f} times"
        f" a step, {took['moves'] / took['asked']:.0f} moves each"
    )


def main() -> None:
    """Measure, and print."""
    fifty()
    for name in (*SAMPLES, *GIVEN):
        whole_games(name)


if __name__ == "__main__":
    main()
