"""What a game's code itself says of the data that it takes: the words and numbers that it compares with."""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType
from typing import Any, Final

MOST_OF_A_NAME: Final = 50
"""So many items of one list or dict that the code names are taken."""
NEAR: Final = 8
"""So many words after a word belong to it."""
MOST_CHARS: Final = 32
"""Longer strings are texts for people."""


def words(function: Any) -> list[str]:
    """:returns: the words in lower case that a ``payload_handler`` compares with: its messages, most likely."""
    found = {w for c in _constants(function) for w in _strings(c) if w.isidentifier() and w.islower()}
    return sorted(found)


def near(function: Any) -> dict[str, dict[str, float]]:
    """
    What stands close behind each word in a ``payload_handler``: ``data["card"]`` behind ``action == "play"``.

    :returns: words behind a word, with how close they are, 0 to 1.
    """
    used = [w for code in _codes(function) for i in dis.get_instructions(code) for w in _strings(_constant(i))]
    used = [w for w in used if w.isidentifier() and w.islower()]
    found: dict[str, dict[str, float]] = {}
    for place, word in enumerate(used):
        behind = found.setdefault(word, {})
        for distance, other in enumerate(used[place + 1 : place + 1 + NEAR], 1):
            behind[other] = max(behind.get(other, 0.0), 1 / distance)
    return found


def compared(cls: type, function: Any) -> list[str | int]:
    """:returns: strings and numbers in a method's code, and in what it names of its class and its module."""
    found: dict[str | int, None] = {}
    for constant in _constants(function):
        found.update(dict.fromkeys(_plain(constant)))
    for name in _names(function):
        value = getattr(cls, name, None) if _is_own(cls, name) else function.__globals__.get(name)
        if isinstance(value, list | dict | set) and not name.isupper():
            continue  # it may be no constant, and the same seed is to do the same
        found.update(dict.fromkeys(list(_plain(value))[:MOST_OF_A_NAME]))
    found.pop(function.__doc__ or "", None)
    return list(found)


def _is_own(cls: type, name: str) -> bool:
    return any(name in vars(base) for base in cls.__mro__ if not base.__module__.startswith("gameserver."))


def _codes(function: Any) -> Iterator[CodeType]:
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    todo = [code] if code is not None else []
    while todo:
        code = todo.pop()
        yield code
        todo += [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _constants(function: Any) -> Iterator[Any]:
    for code in _codes(function):
        yield from (constant for constant in code.co_consts if not isinstance(constant, CodeType))


def _constant(instruction: dis.Instruction) -> Any:
    return instruction.argval if instruction.opcode in dis.hasconst else None


def _names(function: Any) -> list[str]:
    return [name for code in _codes(function) for name in code.co_names]


def _plain(value: Any) -> Iterator[str | int]:
    """:returns: the strings and numbers in a value, in an order that is the same each time."""
    if isinstance(value, str):
        if 0 < len(value) <= MOST_CHARS and " " not in value:
            yield value
    elif isinstance(value, int) and not isinstance(value, bool):
        yield value
    elif isinstance(value, set | frozenset):
        yield from _plain(sorted(value, key=repr))
    elif isinstance(value, tuple | list | dict):
        for item in value:
            yield from _plain(item)


def _strings(constant: Any) -> list[str]:
    if isinstance(constant, str):
        return [constant]
    return [s for item in constant for s in _strings(item)] if isinstance(constant, tuple | frozenset) else []
