"""Trivia's own questions of a host: how they are read, who is asked, and that nobody else sees them."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from games.trivia import Trivia
from games.trivia.own import CATEGORY, MOST_QUESTIONS, read
from games.trivia.questions import Card
from gameserver import Refused
from gameserver.testing import Table, Visitor

PASTED = """\
Who broke the blue vase?
 Aunt   Erna
Uncle Karl
The cat

When did Ann and Bob marry?
1998
\t
Where was that?\tZyzzyva / Zyzzyva on Sea
Ann can whistle.\tfalse\r
Where do we live?\tHere\tThere"""


def card(text: str, kind: Any, answer: Any, **more: Any) -> Card:
    return Card(text, CATEGORY, "medium", kind, answer, **more)


class ReadTests(SynchronousTestCase):
    def fault(self, text: str) -> tuple[str, str | None]:
        """:returns: the code and the path of what is said of this."""
        refused = self.assertRaises(Refused, read, text)
        return refused.code, refused.path

    def test_all_kinds(self) -> None:
        """Typed, with empty lines, or pasted from a table, with tabs; the first answer is the right one."""
        self.assertEqual(
            read(PASTED),
            [
                card("Who broke the blue vase?", "choice", "Aunt Erna", choices=("Aunt Erna", "The cat", "Uncle Karl")),
                card("When did Ann and Bob marry?", "number", 1998),
                card("Where was that?", "text", "Zyzzyva", accept=("Zyzzyva on Sea",)),
                card("Ann can whistle.", "boolean", False),
                card("Where do we live?", "choice", "Here", choices=("Here", "There")),
            ],
        )
        self.assertEqual(read("\n \n"), [])
        self.assertEqual(len(read("One?\nyes\n\n\n\nOne?\nyes")), 1)

    def test_single_answers(self) -> None:
        """Numbers as people write them, true and false in each language of the pages, and else words."""
        for answer, value in (
            ("-3,5", -3.5),
            ("−3", -3),  # noqa: RUF001
            ("12 000", 12_000),
            ("0.5", 0.5),
            ("Wahr", True),
            ("falso", False),
            ("faux", False),
            ("3 men", "3 men"),
            ("AC/DC", "AC/DC"),
            ("/", "/"),
        ):
            (found,) = read(f"Q?\n{answer}")
            self.assertEqual((found.answer, type(found.answer)), (value, type(value)), answer)

    def test_faults(self) -> None:
        """What is not as it must be is named by its line."""
        six = "\n".join("abcdef")
        for text, line in (
            ("One?\n1\n\nTwo?", 4),
            ("One?\n1\n\nTwo?\nyes\nyes", 4),
            (f"\nOne?\n{six}\ng", 2),
            ("Q" * 301 + "\n1", 1),
            ("One?\nright\n" + "w" * 101, 3),
            ("One?\n1,250", 2),
            ("One?\n3.142", 2),
            ("One?\n" + "9" * 20, 2),
        ):
            self.assertEqual(self.fault(text), ("bad_data", f"$.text[{line}]"), text)
        self.assertEqual(len(read(f"One?\n{six}")[0].choices), 6)
        many = "\n\n".join(f"Question {n}?\nyes" for n in range(MOST_QUESTIONS + 1))
        self.assertEqual(self.fault(many), ("bad_data", "$.text"))


class AskedTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Trivia, seed=5, options={"questions": 6})
        self.ann, self.bob = self.table.join("Ann"), self.table.join("Bob")
        self.screen = self.table.join("TV", "screen")

    def play(self) -> list[dict[str, Any]]:
        """:returns: the questions of a whole game, each as all see it."""
        asked = []
        self.table.start()
        self.table.advance(3)
        while self.table.status == "playing":
            if self.table.phase == "question":
                asked.append(dict(self.table.state["question"]))
                self.table.restart()
            self.ann.send("skip")
        return asked

    def test_alone(self) -> None:
        """With ``only`` there are no others; their author is not asked, and everybody else is."""
        self.assertEqual(self.ann.send("own_questions", text=PASTED, only=True), 5)
        self.assertEqual(self.table.state["own"], 5)
        asked = self.play()
        self.assertEqual({each["text"] for each in asked}, {found.text for found in read(PASTED)})
        for each in asked:
            self.assertEqual((each["asked"], each["by"], each["of"]), ([self.bob.id], self.ann.id, 5))

    def test_among_others(self) -> None:
        """They come first; what is missing are others, of which nobody is the author."""
        self.ann.send("own_questions", text=PASTED)
        asked = self.play()
        own = [each for each in asked if each["category"] == CATEGORY]
        self.assertEqual((len(own), len(asked)), (5, 6))
        (other,) = (each for each in asked if each not in own)
        self.assertEqual((other["asked"], other["by"]), ([self.ann.id, self.bob.id], None))
        self.assertEqual(self.ann.send("own_questions", text="", only=True), 0)
        self.assertNotIn(CATEGORY, [each["category"] for each in self.play()])

    def test_author_alone(self) -> None:
        """With nobody else there the author is asked, rather than nobody."""
        self.bob.leave()
        self.ann.send("own_questions", text=PASTED, only=True)
        self.assertEqual({tuple(each["asked"]) for each in self.play()}, {(self.ann.id,)})

    def test_secret(self) -> None:
        """Nobody is sent an answer before the reveal, and a question only when it is asked."""
        self.ann.send("own_questions", text="Where was that?\nZyzzyva", only=True)
        people: list[Visitor] = [self.ann, self.bob, self.screen]
        self.assertNotIn(b"Where was that", b"".join(each.seen() for each in people))
        self.table.start()
        self.table.advance(3)
        for each in people:
            self.assertIn(b"Where was that", each.seen())
            self.assertNotIn(b"Zyzzyva", each.seen())
        self.bob.send("answer", value="zyzzyva")
        self.assertIn(b"Zyzzyva", self.screen.seen())
        self.assertEqual(self.bob.state["gained"], 1000)

    def test_who_may(self) -> None:
        """The host alone, and not while a game is played; what is refused leaves the questions as they were."""
        refused = self.assertRaises(Refused, self.bob.send, "own_questions", text=PASTED)
        self.assertEqual(refused.code, "forbidden")
        self.ann.send("own_questions", text=PASTED)
        self.assertRaises(Refused, self.ann.send, "own_questions", text="One?")
        self.assertEqual(self.table.state["own"], 5)
        self.table.start()
        self.assertRaises(Refused, self.ann.send, "own_questions", text=PASTED)
