"""What a player may answer to a question of each kind."""

from collections.abc import Mapping
from typing import Annotated, Any

from msgspec import Meta

from gameserver import Refused

from .questions import MAX_ANSWER, Card

MOST = 10**15
"""More than any number that is asked for; in every client integers are exact up to this."""

Value = (
    bool
    | Annotated[int, Meta(ge=-MOST, le=MOST)]
    | Annotated[float, Meta(ge=-MOST, le=MOST)]
    | Annotated[str, Meta(max_length=MAX_ANSWER)]
)
"""The index of a choice, true or false, a number, or words."""


def checked(question: Mapping[str, Any], value: bool | int | float | str) -> bool | int | float | str:
    """
    :param question: as everybody sees it.
    :returns: the answer, if it is one.
    :raises Refused: ``bad_data``.
    """
    kind = question["kind"]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "choice" and not (type(value) is int and 0 <= value < len(question["choices"])):
        raise _bad("Answer with the number of a choice, from 0.")
    if kind == "boolean" and not isinstance(value, bool):
        raise _bad("Answer with true or false.")
    if kind == "number" and not is_number:
        raise _bad("Answer with a number.")
    if kind == "text" and not (isinstance(value, str) and value.strip()):
        raise _bad("Answer with words.")
    return value.strip() if isinstance(value, str) else value


def right_value(card: Card, question: Mapping[str, Any]) -> bool | int | float | str:
    """:returns: the right answer, as a player would give it."""
    if card.kind == "choice":
        index: int = question["choices"].index(card.answer)
        return index
    return card.answer


def _bad(text: str) -> Refused:
    return Refused(text, code="bad_data", path="$.value")
