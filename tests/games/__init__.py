"""The sample games, played at a `Table`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from hypothesis import strategies as st

from gameserver import Game, Refused
from gameserver.game.importing import sample_folder
from gameserver.game.loader import load
from gameserver.testing import Table, Visitor

Input = tuple[str, int, Any]
"""What, by which of the visitors who ever came, and with what."""


@cache
def sample(name: str) -> type[Game]:
    """:returns: a sample game's class, as the server would serve it."""
    folder = sample_folder()
    assert folder is not None, "the sample games are not there"
    return load([str(folder / f"{name}.py")], sample_games=False, entry_points=False).games[name]


def inputs(messages: st.SearchStrategy[tuple[str, Any]], most: int = 25) -> st.SearchStrategy[list[Input]]:
    """:returns: makes lists of random inputs; ``messages`` makes types and data."""
    who = st.integers(0, 4)
    one = st.one_of(
        st.tuples(st.just("send"), who, messages),
        st.tuples(st.just("advance"), st.just(0), st.sampled_from([0.25, 1, 1.5, 3, 30, 60, 121])),
        st.tuples(st.just("join"), st.just(0), st.sampled_from(["Ann", "Bob", "Cleo"])),
        st.tuples(st.sampled_from(["drop", "resume", "leave", "start"]), who, st.none()),
        st.tuples(st.just("say"), who, st.sampled_from(["hi", "gg"])),
    )
    return st.lists(one, max_size=most)


def apply(table: Table, one: Input) -> str:
    """
    Do one input.

    :returns: what came of it; every input has an outcome, the same with and without restarts.
    """
    what, who, data = one
    try:
        if what == "advance":
            table.advance(data)
        elif what == "join":
            table.join(data)
        elif table.visitors:
            _apply_to(table.visitors[who % len(table.visitors)], what, data)
    except Refused as refused:
        assert refused.code != "game_error", refused.__cause__
        return refused.code
    return "ok"


def _apply_to(visitor: Visitor, what: str, data: Any) -> None:
    if visitor.left is not None or visitor.online == (what == "resume"):
        return
    if what == "send":
        visitor.send(*data)
    elif what == "say":
        visitor.say(data)
    else:
        getattr(visitor, what)()


def play(game: type[Game], todo: Sequence[Input], *, restart_after: frozenset[int], amnesia: bool = False) -> Any:
    """
    Play a list of inputs, with two players at the table.

    :param restart_after: after which inputs the process dies.
    :returns: the outcomes, and the row at the end; None for a room that has closed.
    """
    table = Table(game, seed=11, amnesia=amnesia)
    table.join("Ann")
    table.join("Bob")
    outcomes = []
    for number, one in enumerate(todo):
        if table.status == "closed":
            break
        outcomes.append(apply(table, one))
        if number in restart_after and table.status != "closed":
            table.restart()
    return outcomes, None if table.status == "closed" else table.row
