"""Trivia night as friends play it: a screen and phones in a real browser, and a hundred phones in one room."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from games.trivia import scoring
from games.trivia.questions import Card
from games.trivia.scoring import Given, Mark
from gameserver.errors import Refused
from tests.e2e.browser import need
from tests.e2e.kit import ASK_S, WAIT_S, Person, Server, ServerCase, from_thread, together, within
from tests.e2e.trivia_pages import NEAR, PHONE, SCREEN, Page, Question, started_browser, untold, whole

T = TypeVar("T")

QUESTIONS = 5
SECONDS = 120
"""Nothing here waits for a deadline: each question ends when all have answered, or is ended by the host."""

PHONES = 100


def eventually(read: Callable[[], T], expected: T, pages: list[Page]) -> T:
    """Read again until it is as expected, or for too long; the browser goes on meanwhile."""
    end_s = time.monotonic() + WAIT_S
    while (found := read()) != expected and time.monotonic() < end_s:
        pages[0].page.wait_for_timeout(ASK_S * 1000)
    return found


class BrowserTests(ServerCase):
    """A whole game in Chromium."""

    timeout = 300

    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_whole_game(self) -> None:
        """
        One phone goes offline in the middle of a question and comes back, one reloads, the server is killed between two
        questions; all scores are right on every device, and nothing was told before its time.
        """
        server = self.server()
        await server.start()
        await deferToThread(self.play, server)

    def play(self, server: Server) -> None:
        """Play it, in a thread."""
        with started_browser() as browser:
            evening = Evening(self, server, browser)
            try:
                evening.run()
            except BaseException:
                evening.keep_pictures()
                raise
            self.assertEqual({each.name: each.faults for each in evening.all if each.faults}, {})


class Evening:
    """One game, with what was answered and what must come of it."""

    def __init__(self, case: ServerCase, server: Server, browser: Any) -> None:
        self.case = case
        self.server = server
        self.url = f"http://127.0.0.1:{server.port}/play/trivia/"
        self.browser = browser
        self.screen = Page.open(browser, "screen", f"{self.url}?role=screen", **SCREEN)
        self.phones: list[Page] = []
        self.cards: list[Card] = []
        self.marks: dict[str, Mark] = {}
        self.expected: dict[str, int] = {}

    @property
    def all(self) -> list[Page]:
        """Every device."""
        return [self.screen, *self.phones]

    @property
    def host(self) -> Page:
        """Who came first."""
        return self.phones[0]

    def run(self) -> None:
        """From the code on the screen to the podium, and once again."""
        self.open_room()
        ann, bob, cyd = self.phones
        ann.press("Start the game")
        # All at ease; Ann and Bob know it.
        self.ask(1, lambda q: [(ann, q.right), (bob, q.right), (cyd, q.wrong(40))])
        self.next()
        self.ask(2, lambda q: [(ann, q.right), (cyd, q.right), (bob, q.wrong(30))], offline=cyd)
        self.next()
        self.ask(3, lambda q: [(ann, q.wrong(20)), (bob, q.right), (cyd, q.right)], reload=bob)
        self.next(restart=True)
        # Bob does not answer: the host ends it.
        self.ask(4, lambda q: [(ann, q.right), (cyd, q.right)], skip=True)
        self.next()
        self.ask(5, lambda q: [(ann, q.right), (bob, q.wrong(10)), (cyd, q.right)])
        self.advance("Go on", ".podium")
        self.check_scores(phones_only=True)
        best = max(self.expected.values())
        winners = sorted(name for name, score in self.expected.items() if score == best)
        for page in self.all:
            names = sorted(page.page.locator(".step-1 .winner .name").all_inner_texts())
            self.case.assertEqual(names, winners, page.name)
        self.check_secrets()
        ann.press("Play again")
        for page in self.all:
            page.wait(".scene.question")
        self.case.assertEqual(
            [whole(phone.wait(".strip .points").evaluate("n => n.firstChild.data")) for phone in self.phones], [0, 0, 0]
        )

    def open_room(self) -> None:
        """The screen makes a room, three phones come in by its link, and the first is host."""
        page = self.screen.page
        page.locator("summary", has_text="Options").click()
        page.get_by_label("Questions", exact=True).fill(str(QUESTIONS))
        page.get_by_label("Seconds for each").fill(str(SECONDS))
        page.get_by_label("Quick answers give more points").uncheck()
        self.screen.press("New room on this screen")
        link = self.screen.wait(".share .address[href]").get_attribute("href")
        code = re.search(r"room=([A-Z0-9]+)", link)[1]
        self.case.assertEqual(self.screen.wait(".share .code").inner_text(), code)
        eventually(lambda: page.locator(".share img").evaluate("image => image.naturalWidth > 0"), True, self.all)
        for name in ("Ann", "Bob", "Cyd"):
            phone = Page.open(self.browser, name, f"{self.url}?room={code}", **PHONE)
            self.phones.append(phone)
            phone.join()
            self.expected[name] = 0
        names = eventually(lambda: page.locator(".people .seat .name").all_inner_texts(), list(self.expected), self.all)
        self.case.assertEqual(names, list(self.expected))

    def ask(
        self,
        number: int,
        plan: Callable[[Question], list[tuple[Page, Any]]],
        *,
        offline: Page | None = None,
        reload: Page | None = None,
        skip: bool = False,
    ) -> None:
        """One question, from the screen's asking to the reveal on every device; the plan is the order of answers."""
        questions = [page.question(number) for page in self.all]
        question = questions[0]
        self.case.assertEqual(questions, [question] * len(questions), "all see the same")
        self.cards.append(question.card)
        given = plan(question)
        for done, (phone, value) in enumerate(given):
            last = done == len(given) - 1 and not skip
            if phone is offline:
                phone.context.set_offline(True)
                # What is answered without a network is said when there is one again.
                phone.answer(value)
                phone.wait(".banner", has_text="Reconnecting")
                phone.wait(".note-line", has_text="Sending")
                self.answered(done)
                phone.context.set_offline(False)
                phone.wait(".note-line", has_text="Locked in")
            else:
                phone.answer(value)
            if not last:
                self.answered(done + 1)
            if phone is reload and not last:
                phone.page.reload()
                phone.wait(".note-line", has_text="Locked in")
        if skip:
            self.host.press("End question")
        self.host.wait(".scene.reveal")
        self.hold()
        for page in self.all:
            page.wait(".scene.reveal")
        self.count(question, given)
        for phone in self.phones:
            expected = self.marks[phone.name].points
            shown = phone.page.locator(".verdict .big-number")
            self.case.assertEqual(
                whole(shown.inner_text().lstrip("+")) if shown.count() else 0, expected, (phone.name, question)
            )
        self.check_strips()

    def answered(self, count: int) -> None:
        """Wait until the screen has counted so many."""
        self.screen.wait(".answered", has_text=re.compile(rf"^{count} of 3 answered$"))

    def count(self, question: Question, given: list[tuple[Page, Any]]) -> None:
        """What the scores must be now, by the game's own rules: speed does not count."""
        streaks = {name: self.marks[name].streak if name in self.marks else 0 for name in self.expected}
        self.marks = scoring.mark(
            question.card,
            {phone.name: Given(value, 0.0) for phone, value in given},
            streaks,
            right=question.right,
            seconds=SECONDS,
            speed=False,
        )
        for name, mark in self.marks.items():
            self.expected[name] += mark.points

    def next(self, *, restart: bool = False) -> None:
        """See the scores, and go on to the next question."""
        self.advance("Go on", ".board")
        self.check_scores()
        if restart:
            self.restart()
        self.advance("Next question", ".scene.question")
        self.host.press("Resume")

    def hold(self) -> None:
        """Pause, since the clock goes on while we look, and looking may take as long as it likes."""
        self.host.press("Pause")
        for phone in self.phones:
            phone.wait(".strip .badge", has_text="Paused")

    def advance(self, button: str, seen: str) -> None:
        """Press a button of the host's, who may do so in a pause; everybody sees what comes."""
        self.host.press(button)
        for page in self.all:
            page.wait(seen)

    def restart(self) -> None:
        """Kill the server between two questions, and start it again: everybody comes back by themselves."""
        before = [len(page.heard) for page in self.all]
        from_thread(self.server.restart)
        for page, heard in zip(self.all, before, strict=True):

            def is_back(page: Page = page, heard: int = heard) -> bool:
                return any(json.loads(frame)["op"] == "joined" for frame in page.heard[heard:])

            self.case.assertTrue(eventually(is_back, True, self.all), f"{page.name} is back")
            page.page.locator(".banner").wait_for(state="hidden")
        self.check_scores()

    def check_scores(self, *, phones_only: bool = False) -> None:
        """Every device shows the scores as they must be."""
        for page in self.phones if phones_only else self.all:
            found = eventually(page.scores, self.expected, self.all)
            self.case.assertEqual(found, self.expected, page.name)

    def check_strips(self) -> None:
        """Each phone shows its own score."""
        for phone in self.phones:
            read = phone.page.locator(".strip .points")
            found = eventually(
                lambda read=read: whole(read.evaluate("n => n.firstChild.data")), self.expected[phone.name], self.all
            )
            self.case.assertEqual(found, self.expected[phone.name], phone.name)

    def check_secrets(self) -> None:
        """Search every byte that was sent to any device."""
        for page in self.all:
            self.case.assertGreater(len(page.heard), 20, f"{page.name} was listened to")
            self.case.assertEqual(list(untold(page.heard, self.cards)), [], page.name)

    def keep_pictures(self) -> None:
        """Keep what each device showed when it failed, in trial's folder."""
        for page in self.all:
            try:
                page.page.screenshot(path=f"trivia-{page.name}.png", timeout=5000)
            except Exception as error:  # noqa: BLE001
                page.faults.append(f"no picture: {error}")


class UntoldTests(TestCase):
    """The search for secrets finds them."""

    def test_finds(self) -> None:
        """An answer and a question that are told too early are found wherever they stand; what may be told is not."""
        first = Card("What is the capital of Norway?", "Capitals", "easy", "choice", "Oslo", choices=("Oslo", "Rome"))
        later = Card("How high is Mount Everest?", "Geography", "easy", "number", 8848)
        public = {"number": 1, "kind": "choice", "text": first.text, "choices": ["Oslo", "Rome"]}
        asked = {"op": "patch", "stream": "room", "ops": [[0, ["question"], public], [0, ["reveal"], None]]}
        own = {"op": "patch", "stream": "seat", "ops": [[0, ["answer"], 0]]}
        people = {"asked": {"answer": ["1", "2"]}, "answered": {"answer": ["1"]}}
        info = {"op": "room", "stream": "room", "info": people}
        shown = {"op": "patch", "stream": "room", "ops": [[0, ["reveal"], {"answer": "Oslo", "value": 0}]]}

        result = {"op": "patch", "stream": "seat", "ops": [[0, ["right"], True], [0, ["gained"], 1000]]}

        def told(*messages: Any) -> int:
            return len(list(untold([json.dumps(each) for each in messages], [first, later])))

        self.assertEqual(told(asked, own, info, result, shown), 0)
        leaks: list[Any] = [
            {"op": "patch", "stream": "room", "ops": [[0, ["hint"], "it is Oslo"]]},
            {"op": "patch", "stream": "room", "ops": [[0, ["question", "right"], 0]]},
            {"op": "patch", "stream": "seat", "ops": [[0, ["right"], True]]},
            {"op": "event", "stream": "room", "data": {"value": 0}},
            {"op": "doc", "stream": "role:player", "doc": {"deck": [later.text]}},
        ]
        for leak in leaks:
            self.assertEqual(told(asked, leak, *[info] * NEAR, shown), 1, leak)
            self.assertEqual(told(asked, own, shown, leak), int("deck" in str(leak)), leak)


class CrowdTests(ServerCase):
    """As many phones as a room holds."""

    async def test_hundred_phones(self) -> None:
        """A hundred phones answer one question at once; each is counted, once."""
        server = self.server()
        await server.start()
        people: list[Person] = await together(*(self.person(server, f"Phone {n}") for n in range(PHONES)))
        host = people[0]
        options = {"questions": 1, "seconds": SECONDS, "speed": False, "categories": ["Stars"]}
        room = await host.create("trivia", options=options)
        await together(*(each.join(room.code) for each in people[1:]))
        await self.start(host)
        await together(
            *(
                each.sees(lambda room: room.info.phase == "question" and room.state["question"], "the question")
                for each in people
            )
        )
        asked = host.room.state["question"]
        self.assertEqual(sorted(asked["asked"]), sorted(each.room.seat.id for each in people))
        value = {each.room.seat.id: n % len(asked["choices"]) for n, each in enumerate(people)}
        await together(*(each.send("answer", value=value[each.room.seat.id], number=1) for each in people))
        await together(*(each.sees(lambda room: room.state["reveal"], "the reveal") for each in people))
        reveal = host.room.state["reveal"]
        self.assertEqual({seat: each["value"] for seat, each in reveal["answers"].items()}, value)
        for each in people:
            score = {entry["seat"]: entry["score"] for entry in each.room.state["scores"]}
            self.assertEqual(score, {seat: 1000 * (given == reveal["value"]) for seat, given in value.items()})
            self.assertEqual(each.room.state["reveal"], reveal)
            self.assertEqual(each.room.jumps, 0)

    async def start(self, host: Person) -> None:
        """Start, and do not wait for 3-2-1."""
        await within(host.room.start(), "the game starts")
        try:
            await host.send("skip", phase="countdown")
        except Refused:  # it was over already
            pass
