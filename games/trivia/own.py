"""
Questions of the host's own, as people type or paste them: a question, its answers below it, the right one first, and an
empty line before the next::

    Who broke the blue vase?
    Aunt Erna
    Uncle Karl
    The cat

    When did Ann and Bob marry?
    1998

    Ann can whistle.
    true

Several answers are choices. A single one is true or false; a number, for which the nearest answer wins; or words to be
typed. If several words are right, write a slash with spaces between them: ``Auntie / Aunt Erna``. A line with tabs, as
pasted from a spreadsheet, is a whole question.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from gameserver import Refused

from .answers import MOST
from .questions import MAX_ANSWER, MAX_TEXT, Card

CATEGORY: Final = "Questions of our own"
MOST_QUESTIONS: Final = 100
MOST_CHARS: Final = 20_000
"""Of all that is pasted, in code points."""
MOST_CHOICES: Final = 6

TRUE: Final = frozenset(("true", "wahr", "richtig", "verdadero", "vrai"))
FALSE: Final = frozenset(("false", "falsch", "falso", "faux"))
"""In each language of the pages."""

_NUMBER: Final = re.compile(r"[-−]?(\d+([.,]\d+)?|\d{1,3}( \d{3})+)")  # noqa: RUF001 - what some make of a minus
_GROUPED: Final = re.compile(r"[-−]?\d{1,3}([.,'’]\d{3})+")  # noqa: RUF001
"""Thousands to some, and decimals to others."""


def read(text: str) -> list[Card]:
    """
    :param text: as above. :returns: the questions, in their order; one that is there twice, once. :raises Refused:
    ``bad_data``; its path ends with the number of the wrong line, from 1.
    """
    cards = {card.id: card for card in (_card(*block) for block in _blocks(text))}
    if len(cards) > MOST_QUESTIONS:
        raise Refused("These are more than 100 questions.", code="bad_data", path="$.text")
    return list(cards.values())


def _blocks(text: str) -> Iterator[tuple[int, list[str]]]:
    """:returns: of each question the number of its first line, and its lines, without spaces that do not show."""
    first, lines = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        cells = [" ".join(cell.split()) for cell in line.split("\t")]
        told = [cell for cell in cells if cell]
        is_whole = len(told) > 1
        if lines and (is_whole or not told):
            yield first, lines
            lines = []
        if is_whole:
            yield number, told
        elif told:
            first = first if lines else number
            lines.append(told[0])
    if lines:
        yield first, lines


def _card(first: int, lines: list[str]) -> Card:
    question, *answers = lines
    if len(question) > MAX_TEXT:
        raise _bad("A question has 300 characters at most.", first)
    if not answers:
        raise _bad("This question has no answer below it.", first)
    for number, answer in enumerate(answers, first + 1):
        if len(answer) > MAX_ANSWER:
            raise _bad("An answer has 100 characters at most.", number)
    about: dict[str, Any] = {"text": question, "category": CATEGORY, "difficulty": "medium"}
    if len(answers) > 1:
        if len(answers) > MOST_CHOICES:
            raise _bad("A question has six answers at most. Is an empty line missing before the next?", first)
        if len(set(answers)) < len(answers):
            raise _bad("Two of these answers are the same.", first)
        return Card(**about, kind="choice", answer=answers[0], choices=tuple(sorted(answers)))
    return _single(about, answers[0], first + 1)


def _single(about: dict[str, Any], answer: str, line: int) -> Card:
    """:returns: a question with one answer."""
    word = answer.casefold()
    if word in TRUE | FALSE:
        return Card(**about, kind="boolean", answer=word in TRUE)
    if _GROUPED.fullmatch(answer):
        raise _bad("Write that number without a sign between its thousands, such as 1250.", line)
    if _NUMBER.fullmatch(answer):
        value = float(answer.replace("−", "-").replace(",", ".").replace(" ", ""))  # noqa: RUF001
        if abs(value) > MOST:
            raise _bad("That number is too large.", line)
        return Card(**about, kind="number", answer=int(value) if value.is_integer() else value)
    right, *others = [each.strip() for each in answer.split(" / ") if each.strip()] or [answer]
    return Card(**about, kind="text", answer=right, accept=tuple(others))


def _bad(text: str, line: int) -> Refused:
    return Refused(text, code="bad_data", path=f"$.text[{line}]")
