"""Random moves as lines of Python, to paste into a test."""

from __future__ import annotations

import keyword
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from gameserver.testing.visitor import Visitor

SHOWN: Final = 10
"""So many of the last moves are shown one by one."""


class PlayedStep(NamedTuple):
    """
    One thing that was done.

    :param who: None for the table itself.
    :param verb: the type of a message, or what else was done: ``advance``, ``join``, ``leave`` …
    :param sent: whether it is a message.
    :param refused: the code, if it was refused.
    """

    who: Visitor | None
    verb: str
    data: Any
    sent: bool = False
    refused: str | None = None


def script(call: str, steps: list[PlayedStep], visitors: list[Visitor], *, restarts: bool = False) -> str:
    """
    :param call: what is to be called for the steps before the last ones, with ``{steps}`` where their number stands.
    :param visitors: everybody who came, as `Table.visitors`.
    :param restarts: whether the server was restarted after each step.
    """
    early, last = steps[:-SHOWN], steps[-SHOWN:]
    names = _names(visitors)
    joined = [step.who for step in last if step.verb == "join" and not step.sent]
    here = [v for v in visitors if v not in joined and any(step.who is v for step in last)]
    lines = [call.format(steps=len(early))] if early else []
    if here:
        left = ", ".join(names[v] for v in here)
        lines.append(f"{left} = {', '.join(f'table.visitors[{visitors.index(v)}]' for v in here)}")
    for step in last:
        lines += [_line(step, names), *["table.restart()"] * restarts]
    return "\n".join(f"    {line}" for line in lines)


def _line(step: PlayedStep, names: dict[Visitor, str]) -> str:
    line = _call(step, names)
    return f"# refused ({step.refused}): {line}" if step.refused else line


def _call(step: PlayedStep, names: dict[Visitor, str]) -> str:
    arguments = "" if step.data is None else repr(step.data)
    if step.sent:
        arguments = ", ".join(filter(None, (repr(step.verb), arguments)))
        return f"{_name(step, names)}.send({arguments})"
    if step.verb == "join":
        name, role = step.data
        call = f"table.join({name!r})" if role == "player" else f"table.join({name!r}, {role!r})"
        return f"{names[step.who]} = {call}" if step.who in names else call
    if step.who is None:
        return f"table.{step.verb}({arguments})"
    return f"{_name(step, names)}.{method_of(step.verb)}({arguments})"


def method_of(verb: str) -> str:
    """:returns: the name of a visitor's method for a verb."""
    return "say" if verb == "chat" else verb


def _name(step: PlayedStep, names: dict[Visitor, str]) -> str:
    return names[step.who] if step.who is not None else "table"


def _names(visitors: list[Visitor]) -> dict[Visitor, str]:
    """A variable for everybody: the name, with a number for those whose name an earlier one has."""
    names: dict[Visitor, str] = {}
    for number, visitor in enumerate(visitors):
        name = re.sub(r"\W+", "_", visitor.name.lower()).strip("_") or "visitor"
        if not name.isidentifier() or keyword.iskeyword(name) or name == "table":
            name = f"visitor_{name}"
        names[visitor] = f"{name}{number}" if name in names.values() else name
    return names
