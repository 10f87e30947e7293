"""
A game's ``quantize``: how finely clients are told the floats of its documents.

The game's own numbers stay as they are, so that many small changes add up; what is told of them is rounded, in patches
and in whole documents alike. Steps are such that the rounded number is the same in every language: a whole number, or
one divided by a whole number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

REST: Final = "*"
"""In ``quantize``, the step of all floats that no other key speaks of."""
_EXACT: Final = 2.0**53


class Quanta:
    """
    The steps of one game.

    :param setting: a checked ``quantize``: one step for all floats, or steps by key.
    """

    __slots__ = ("_named", "_rest")

    def __init__(self, setting: float | dict[str, float]) -> None:
        named = dict(setting) if isinstance(setting, dict) else {REST: setting}
        self._rest = named.pop(REST, None)
        self._named = named

    def step_of(self, path: Iterable[str | int]) -> float | None:
        """:returns: the step of a float at the end of this path: that of the nearest key which has one."""
        for key in reversed(tuple(path)) if self._named else ():
            step = self._named.get(key)  # type: ignore[arg-type]
            if step is not None:
                return step
        return self._rest

    def scale_of(self, path: Iterable[str | int]) -> int:
        """:returns: by what a float at this path is multiplied to be a whole number; 1 where nothing says more."""
        step = self.step_of(path)
        return round(1 / step) if step is not None and step < 1 else 1

    def rounded(self, value: Any, path: Sequence[str | int]) -> Any:
        """:returns: a value as it is told: the same, or a copy where it holds floats that are rounded."""
        return self._rounded(value, self.step_of(path))

    def _rounded(self, value: Any, step: float | None) -> Any:
        if type(value) is float:
            return value if step is None else round_to(value, step)
        if isinstance(value, dict):
            return {key: self._rounded(item, self._named.get(key, step)) for key, item in value.items()}
        if isinstance(value, list):
            return [self._rounded(item, step) for item in value]
        return value

    def rounded_ops(self, ops: list[list[Any]]) -> list[list[Any]]:
        """:returns: the ops of a patch as they are told."""
        return [[op[0], op[1], *(self.rounded(part, op[1]) for part in op[2:])] for op in ops]


def round_to(value: float, step: float) -> float:
    """:returns: the multiple of the step that is nearest; a value so large that it has no finer parts stays."""
    if step < 1:
        scale = round(1 / step)
        return round(value * scale) / scale if abs(value * scale) < _EXACT else value
    return round(value / step) * step + 0.0 if abs(value) < _EXACT else value


def is_step(step: Any) -> bool:
    """Whether this is a step to which numbers can be rounded alike everywhere."""
    if isinstance(step, bool) or not isinstance(step, (int, float)) or not 1e-9 <= step <= 1e9:
        return False
    whole = step if step >= 1 else 1 / step
    return abs(whole - round(whole)) < 1e-6 * whole


def is_setting(setting: Any) -> bool:
    """Whether this can be a game's ``quantize``."""
    if isinstance(setting, dict):
        return all(isinstance(key, str) and is_step(step) for key, step in setting.items())
    return setting is None or is_step(setting)
