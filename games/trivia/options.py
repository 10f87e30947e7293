"""The options of a room that depend on which questions there are."""

from typing import Annotated, Any

from msgspec import Meta

from gameserver import Refused

from . import questions as cards

Category = Annotated[str, Meta(extra_json_schema={"enum": cards.CATEGORIES})]
Language = Annotated[str, Meta(title="Played in", extra_json_schema={"enum": cards.LANGUAGES})]
"""A page in one of these languages chooses its own."""


def check(options: dict[str, Any]) -> None:
    """
    Check that there are questions that fit.

    :param options: all options of a room, as ``Trivia.on_create`` names them.
    :raises Refused: ``bad_data``; its path names the option.
    """
    categories, language = options["categories"], options["language"]
    if unknown := sorted(set(categories) - set(cards.CATEGORIES)):
        raise _bad(f"There is no category {unknown[0]!r}.", "categories")
    if language not in cards.LANGUAGES:
        raise _bad(f"There are no questions in {language!r}.", "language")
    there = len(cards.matching(categories, options["difficulty"], language))
    if there < options["questions"]:
        raise _bad(f"There are only {there} questions like that.", "questions")


def _bad(text: str, name: str) -> Refused:
    return Refused(text, code="bad_data", path=f"$.options.{name}")
