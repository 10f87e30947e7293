"""The pages of a game of trivia, in headless Chromium: a shared screen and phones, each with all that it was told."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Final

from games.trivia.questions import CARDS, Card
from tests.e2e.browser import ARGUMENTS, chromium
from tests.e2e.kit import WAIT_S

PHONE: Final = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
SCREEN: Final = {"viewport": {"width": 1920, "height": 1080}}


@contextmanager
def started_browser() -> Iterator[Any]:
    """A browser; in the thread that it was made in, and no other."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


def flag_of(source: str) -> str:
    """:returns: the emoji of a flag that is drawn from ``flags/CODE.svg``."""
    return "".join(chr(ord(letter) - ord("a") + 0x1F1E6) for letter in PurePosixPath(source).stem)


@dataclass
class Page:
    """
    One device.

    :ivar heard: every frame that the server sent to it, over all of its sockets.
    :ivar faults: errors that its scripts raised, and what the browser would not run.
    """

    name: str
    context: Any
    page: Any
    heard: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @classmethod
    def open(cls, browser: Any, name: str, url: str, **device: Any) -> Page:
        """Open a page in a browser window that shares nothing with the others."""
        context = browser.new_context(**device)
        context.set_default_timeout(WAIT_S * 1000)
        self = cls(name, context, context.new_page())
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._hear))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._note)
        self.page.goto(url)
        return self

    def _hear(self, payload: str | bytes) -> None:
        self.heard.append(payload if isinstance(payload, str) else payload.decode("utf-8", "replace"))

    def _note(self, message: Any) -> None:
        # A lost connection is an error too, and what these tests are about.
        if message.type == "error" and not re.search(r"net::ERR_|WebSocket connection to", message.text):
            self.faults.append(message.text)

    def wait(self, selector: str, **which: Any) -> Any:
        """Wait until something of this kind is seen."""
        found = self.page.locator(selector, **which).first
        found.wait_for()
        return found

    def press(self, name: str) -> None:
        """Press a button, once it is there."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def join(self) -> None:
        """Give a name, and take a seat."""
        self.page.get_by_label("Your name").fill(self.name)
        self.press("Join")
        self.wait("h1", has_text="You are in!")

    def question(self, number: int) -> Question:
        """Wait for a question, and read it off the page."""
        self.wait(".scene.question .badge", has_text=re.compile(rf"^(Question )?{number} of "))
        text = self.wait(".question-text").inner_text()
        flag = self.page.locator(".picture img")
        return Question(
            " ".join(text.split()),
            flag_of(flag.get_attribute("src") or "") if flag.count() else "",
            tuple(self.page.locator(".choice .words").all_inner_texts()),
        )

    def answer(self, value: Any) -> None:
        """Give an answer: by button, or by typing it."""
        form = self.page.locator("#answer")
        if form.count():
            form.fill(str(value))
            form.press("Enter")
        else:
            at = (0 if value else 1) if isinstance(value, bool) else value
            self.page.locator("button.choice").nth(at).click()

    def scores(self) -> dict[str, int]:
        """Read the scores off the page."""
        rows = self.page.locator("ol[aria-label=Players] > li, ol[aria-label=Scores] > li")
        return {
            row.locator(".name").inner_text(): whole(row.locator(".points").evaluate("node => node.firstChild.data"))
            for row in rows.all()
        }


def whole(text: str) -> int:
    """Read a number as the pages write it."""
    return int(text.replace(",", "").replace("−", "-"))  # noqa: RUF001


@dataclass(frozen=True)
class Question:
    """A question as it stands on a page."""

    text: str
    picture: str
    choices: tuple[str, ...]

    @property
    def card(self) -> Card:
        """The question with its answer, of the file that the server read too."""
        wanted = set(self.choices) if self.choices != ("True", "False") else set()
        (card,) = {
            c.id: c
            for c in CARDS
            if " ".join(c.text.split()) == self.text and c.picture == self.picture and set(c.choices) == wanted
        }.values()
        return card

    @property
    def right(self) -> Any:
        """The right answer, as a player gives it."""
        card = self.card
        return self.choices.index(str(card.answer)) if card.kind == "choice" else card.answer

    def wrong(self, by: int = 1) -> Any:
        """An answer that is wrong; of numbers one that is ``by`` off."""
        card, right = self.card, self.right
        if card.kind == "choice":
            return (right + 1) % len(self.choices)
        if card.kind == "boolean":
            return not right
        return right + by if card.kind == "number" else "No idea whatsoever"


# What must not be told


def untold(heard: Sequence[str], cards: Sequence[Card]) -> Iterator[str]:
    """
    :param heard: every frame that one device was sent, in order, before what is told at the end of each question.
    :param cards: the questions of the game, in order.
    :returns: what was told too early: the text of a question before it was asked, or an answer before its reveal.
    """
    number = 0
    revealed = True
    messages = [json.loads(frame) for frame in heard]
    for at, (frame, message) in enumerate(zip(heard, messages, strict=True)):
        news = list(_news(message))
        for key, value in news:
            if key == "question" and value:
                number, revealed = value["number"], False
        revealed = revealed or _reveals(message)
        asked = {card.text for card in cards[:number]}
        for later in cards[number:]:
            # Of flags the same is asked each time.
            if later.text not in asked and json.dumps(later.text, ensure_ascii=False)[1:-1] in frame:
                yield f"question {later.text!r} before it was asked: {frame}"
        if _is_own_result(message) and any(_reveals(each) for each in messages[at : at + NEAR]):
            revealed = True
        if not revealed and number and _holds(_public(message), cards[number - 1]):
            yield f"the answer to {cards[number - 1].text!r} before its reveal: {frame}"


def _news(message: Any) -> Iterator[tuple[str, Any]]:
    """The entries of the room's document that a frame sets."""
    if message["op"] == "joined":
        yield from message["docs"].get("room", {}).items()
    elif message["op"] == "doc" and message["stream"] == "room":
        yield from (message["doc"] or {}).items()
    elif message["op"] == "patch" and message["stream"] == "room":
        for kind, path, *rest in message["ops"]:
            if kind == 0 and len(path) == 1:
                yield path[0], rest[0]


def _reveals(message: Any) -> bool:
    return any(key == "reveal" and value for key, value in _news(message))


def _is_own_result(message: Any) -> bool:
    """Whether a player is told how the own answer was: a part of the reveal, which may follow it."""
    own = message["op"] == "patch" and message["stream"] == "seat"
    return own and any(path == ["right"] and rest[0] is not None for _, path, *rest in message["ops"])


def _public(message: Any) -> Any:
    """A frame without what may be told: who is asked and has answered, and what this very player has."""
    if "info" in message:
        told = {key: message["info"][key].get("answer", []) for key in ("asked", "answered")}
        assert all(seat.isdecimal() for seats in told.values() for seat in seats), message
        message = {**message, "info": {**message["info"], **{key: len(seats) for key, seats in told.items()}}}
    if message["op"] == "patch" and message["stream"] == "seat":
        return {**message, "ops": [op for op in message["ops"] if op[1] != ["answer"]]}
    if message["op"] == "joined" and "seat" in message["docs"]:
        own = {key: value for key, value in message["docs"]["seat"].items() if key != "answer"}
        message = {**message, "docs": {**message["docs"], "seat": own}}
    return message


NEAR: Final = 4
"""So many frames one step of the game may be."""

ASKED: Final = {"choices", "text", "category", "picture", "unit", "difficulty", "kind"}


def _holds(value: Any, card: Card, key: str = "") -> bool:
    """Whether an answer stands in this, by its own words or under a name that could only mean it."""
    if isinstance(value, dict):
        if "choices" in value and "kind" in value:
            value = {k: v for k, v in value.items() if k not in ASKED}
        return any(_holds(item, card, name) for name, item in value.items())
    if isinstance(value, list):
        if len(value) == 3 and value[0] == 0 and isinstance(value[1], list):
            key = str(value[1][-1]) if value[1] else ""
            return _holds(value[2], card, key)
        return any(_holds(item, card, key) for item in value)
    if key in ("answer", "value", "right") and value is not None:
        return True
    words = [str(each) for each in (card.answer, *card.accept)] if card.kind in ("choice", "text") else []
    if isinstance(value, str):
        return any(word in value for word in words if len(word) > 2)
    is_number = card.kind == "number" and isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and abs(value) > 1000 and value == card.answer
