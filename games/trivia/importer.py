"""
Imports questions of the Open Trivia Database, https://opentdb.com (CC BY-SA 4.0)::

    curl 'https://opentdb.com/api.php?amount=50' > some.json
    python -m games.trivia.importer some.json more.json

The questions go to ``data/opentdb.json``, besides those that are there; the server reads them when it starts.
Of the site's encodings this reads the default, HTML codes.
"""

import argparse
import sys
from collections.abc import Sequence
from html import unescape
from pathlib import Path
from typing import Literal

import msgspec

from .questions import DATA, Card, Difficulty, File, fault

SOURCE = "Open Trivia Database, https://opentdb.com (CC BY-SA 4.0)"
TARGET = DATA / "opentdb.json"


class Found(msgspec.Struct):
    """A question of the database; its texts hold HTML codes."""

    type: Literal["multiple", "boolean"]
    difficulty: Difficulty
    category: str
    question: str
    correct_answer: str
    incorrect_answers: list[str]


class Answered(msgspec.Struct):
    """What the database answered; code 0 is success."""

    response_code: int
    results: list[Found]


def read(data: bytes) -> tuple[list[Card], list[str]]:
    """
    :param data: what the database answered, as JSON.
    :returns: the questions, and what is wrong with those that were left out.
    :raises ValueError: that is not what the database answers.
    """
    try:
        answered = msgspec.json.decode(data, type=Answered)
    except msgspec.DecodeError as error:
        raise ValueError(f"not an answer of the Open Trivia Database: {error}") from None
    if answered.response_code:
        raise ValueError(f"the database answered with code {answered.response_code}, and no questions")
    cards, faults = [], []
    for found in answered.results:
        card = card_of(found)
        if wrong := fault(card):
            faults.append(f"{card.text!r}: {wrong}")
        else:
            cards.append(card)
    return cards, faults


def card_of(found: Found) -> Card:
    """:returns: the same as a `Card`, codes decoded; its choices sorted, so that the order gives nothing away."""
    text, category, right = (_plain(t) for t in (found.question, found.category, found.correct_answer))
    if found.type == "boolean":
        return Card(f"True or false: {text}", category, found.difficulty, "boolean", right.lower() == "true")
    choices = sorted([right, *map(_plain, found.incorrect_answers)])
    return Card(text, category, found.difficulty, "choice", right, choices=tuple(choices))


def write(cards: Sequence[Card], target: Path) -> int:
    """
    Add questions to a file of ours.

    :returns: how many of them the file did not have.
    """
    old = msgspec.json.decode(target.read_bytes(), type=File).questions if target.exists() else []
    all_ = {card.id: card for card in [*cards, *old]}
    lines = b",\n".join(msgspec.json.encode(card) for card in all_.values())
    head = b'{"source": ' + msgspec.json.encode(SOURCE) + b', "questions": [\n'
    target.write_bytes(head + lines + b"\n]}\n")
    return len(all_) - len({card.id for card in old})


def main(arguments: Sequence[str] | None = None) -> int:
    """:returns: 0, or 1 where a file could not be read."""
    parser = argparse.ArgumentParser("games.trivia.importer", description="Take over questions of opentdb.com.")
    parser.add_argument("files", nargs="+", type=Path, help="what its API answered, as JSON")
    parser.add_argument("--to", type=Path, default=TARGET, help="the file that they are added to")
    chosen = parser.parse_args(arguments)
    found: list[Card] = []
    for path in chosen.files:
        try:
            cards, faults = read(path.read_bytes())
        except (OSError, ValueError) as error:
            sys.stderr.write(f"{path}: {error}\n")
            return 1
        found += cards
        for wrong in faults:
            sys.stderr.write(f"{path}: left out {wrong}\n")
    sys.stdout.write(f"{write(found, chosen.to)} new questions in {chosen.to}\n")
    return 0


def _plain(text: str) -> str:
    return " ".join(unescape(text).split())


if __name__ == "__main__":
    sys.exit(main())
