"""
What the value of a setting may be: each reader takes it as it was given, and returns it in the form that is used.

A reader raises `Wrong` with what would be right; `gameserver.settings.settings` says which setting it was, and from
where.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class Wrong(Exception):
    """A value is not what it must be; the text says what would be right."""


@dataclass(frozen=True)
class Number:
    """A number within bounds, whole unless `fraction`."""

    low: float
    high: float
    fraction: bool = False

    def __call__(self, value: object) -> int | float:
        kinds = (int, float) if self.fraction else (int,)
        if isinstance(value, bool) or not isinstance(value, kinds) or not self.low <= value <= self.high:
            raise Wrong(f"a {'' if self.fraction else 'whole '}number from {self.low} to {self.high}")
        return value

    def from_text(self, text: str) -> object:
        """Read a number from a text of the environment; a text that is none is returned as it is."""
        try:
            return float(text) if self.fraction else int(text)
        except ValueError:
            return text


def setting(default: Any, read: Callable[[object], Any]) -> Any:
    """Declare a setting, with the reader that checks its value and turns it into its type."""
    return field(default=default, metadata={"read": read})


def byte_count(default: int, low: int, high: int) -> Any:
    """Declare a setting that is a number of bytes."""
    return setting(default, Number(low, high))


def count(default: int, high: int) -> Any:
    """Declare a setting that is a number of things, at least one."""
    return setting(default, Number(1, high))


def seconds(default: float) -> Any:
    """Declare a setting that is a time, from 0.1 to 3600 seconds."""
    return setting(default, Number(0.1, 3600, fraction=True))


def text(value: object) -> str:
    """Read a text; whitespace around it is dropped."""
    if not isinstance(value, str) or not value.strip():
        raise Wrong("a text that is not empty")
    if "\0" in value:
        raise Wrong("a text without a NUL character")
    return value.strip()


def texts(value: object) -> tuple[str, ...]:
    """Read a list; one text is a list of one."""
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)):
        raise Wrong("a list of texts")
    return tuple(text(item) for item in value)


def yes_or_no(value: object) -> bool:
    """Read yes or no."""
    if not isinstance(value, bool):
        raise Wrong("true or false")
    return value


def path(value: object) -> Path:
    """Read a path; relative ones start at the working folder of the start, and ``~`` is a home."""
    try:
        return Path(value if isinstance(value, Path) else text(value)).expanduser()
    except RuntimeError:
        raise Wrong(f"a path from the root: {value} begins with a home that is not known") from None
