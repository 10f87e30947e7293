"""
What tests with a real browser share: people at phones and TVs, each with a window of their own, and axe-core.

Playwright's calls block, so a test writes what the people do as a plain function and passes it to `browse`, which runs
it in a thread. Every wait is bounded. What a page says on its console as an error, such as a breach of its content
security policy, fails the test; and where something fails, what each page showed is reported with it.

Debian's chromium is used: Playwright's own browsers are not downloaded. Its headless shell opens a page with a tenth of
the work of the whole browser, which draws a window around it; without a shell, the browser is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, ClassVar, Final

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from tests.needs import cannot_run, program

_reactor: Any = reactor

TESTS: Final = "the pages in a real browser"
ARGUMENTS: Final = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
STEP_MS: Final = 20_000
"""How long a page may take to show what a step leads to; the machine may be slow."""

LAUNCH_MS: Final = 120_000
"""How long a browser may take to start: the first one is read from the disk."""

PHONE: Final = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
TV: Final = {"viewport": {"width": 1920, "height": 1080}}

AXE_FOLDER: Final = Path(__file__).parent / "axe"
AXE: Final = AXE_FOLDER / "node_modules" / "axe-core" / "axe.min.js"
SERIOUS: Final = ("serious", "critical")

FIELDS: Final = """() => {
  const all = [...document.querySelectorAll("input, select, textarea, button:disabled")];
  const seen = all.filter((node) => node.checkVisibility());
  const named = (node) => node.ariaLabel || (node.labels?.[0] ?? node).textContent.trim() || node.id;
  return seen.map((node) => `${named(node)}: ${node.disabled ? "disabled" : JSON.stringify(node.value)}`).join(", ");
}"""
"""What the fields say, which a page's text does not tell."""

RUN_AXE: Final = """async () => {
  const { violations } = await axe.run(document, { resultTypes: ["violations"] });
  return violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help, where: nodes.map((node) => `${node.html.slice(0, 200)} (${node.failureSummary ?? ""})`),
  }));
}"""


def need(*, axe: bool = False) -> None:
    """
    See that a browser can be started.

    :raises SkipTest: something is missing, see `tests.needs`.
    """
    chromium()
    if find_spec("playwright") is None:
        cannot_run(TESTS, "playwright is missing (pip install playwright)")
    if axe and not AXE.is_file():
        cannot_run(TESTS, "axe-core is missing (make needs)")


def chromium() -> str:
    """:returns: where Debian's chromium is."""
    return program("chromium-headless-shell", TESTS, instead="chromium")


class Someone:
    """
    A person at a device: one window, with a memory of its own.

    :ivar page: Playwright's.
    :ivar complaints: what the page said on its console as an error, and what it threw.
    """

    def __init__(self, name: str, page: Any, base: str) -> None:
        self.name = name
        self.page = page
        self.complaints: list[str] = []
        self._base = base
        page.set_default_timeout(STEP_MS)
        page.on("console", lambda said: self._hear(said) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def go(self, path: str) -> Someone:
        """Open a page of the server's."""
        self.page.goto(self._base + path)
        return self

    def create(self, game: str) -> str:
        """Make a room on a game's page, and give its code."""
        self.go(f"/play/{game}/")
        self.page.get_by_label("Your name").fill(self.name)
        self.page.get_by_role("button", name="New room", exact=True).click()
        self.page.wait_for_url("**room=*")
        code: str = self.page.evaluate("new URLSearchParams(location.search).get('room')")
        return code

    def join(self, game: str, code: str) -> Someone:
        """Open the link of a room, and sit down."""
        self.go(f"/play/{game}/?room={code}")
        self.page.get_by_label("Your name").fill(self.name)
        self.page.get_by_role("button", name="Join", exact=True).click()
        return self

    def press(self, name: str) -> None:
        """Click the button of this name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def sees(self, selector: str, text: str | re.Pattern[str] | None = None) -> Any:
        """Wait until this is visible; a text must be in it, or found in it."""
        found = self.page.locator(selector)
        found = found.filter(has_text=text) if text is not None else found
        found.first.wait_for(state="visible")
        return found.first

    def counts(self, selector: str, at_least: int) -> int:
        """Wait until so many match, be they visible or not. :returns: how many do."""
        found = self.page.locator(selector)
        found.nth(at_least - 1).wait_for(state="attached")
        count: int = found.count()
        return count

    def hears(self, text: str) -> None:
        """Wait until a screen reader was told this last."""
        self.page.locator("#said, body > [aria-live=polite]").filter(has_text=text).first.wait_for(state="attached")

    def sees_none(self, selector: str) -> None:
        """Wait until nothing matches. (Playwright polls ``wait_for_function`` by eval, which our pages forbid.)"""
        self.page.locator(selector).first.wait_for(state="detached")

    def sees_heading(self, text: str) -> None:
        """Wait until the page's heading is this."""
        self.page.get_by_role("heading", level=1, name=text, exact=True).wait_for(state="visible")

    @property
    def heading(self) -> str:
        """What the page's heading says now."""
        text: str = self.page.locator("h1").first.inner_text()
        return text

    def fits(self) -> None:
        """See that nothing stands out to the side."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.name}'s page is {wide} pixels too wide: {self.page.url}"

    def examine(self, where: str) -> list[str]:
        """Let axe-core look, in a window that was opened for it; gives what is serious."""
        if self.page.evaluate("typeof axe") == "undefined":
            self.page.add_script_tag(path=str(AXE))
        found = [each for each in self.page.evaluate(RUN_AXE) if each["impact"] in SERIOUS]
        return [f"{where}: {each['id']} ({each['impact']}): {each['help']}: {each['where']}" for each in found]

    def _hear(self, said: Any) -> None:
        url = said.location.get("url", "")
        if "WebSocket connection to" in said.text:  # the browser's word for a lost connection
            return
        if "ERR_CONNECTION" in said.text and url.endswith("/healthz"):  # the page looks whether the server is there
            return
        self.complaints.append(f"{said.text} {url}")

    def __str__(self) -> str:
        try:
            text = self.page.locator("body").inner_text(timeout=2000)
            return f"{self.name} at {self.page.url} sees:\n{text}\nwith {self.page.evaluate(FIELDS) or 'no fields'}"
        except Exception as error:  # noqa: BLE001 - this only tells of a failure that is on its way already
            return f"{self.name}'s page cannot be read: {error}"


class People:
    """Whoever is at a browser in one test."""

    def __init__(self, browser: Any, base: str) -> None:
        self._browser = browser
        self._base = base
        self.all: list[Someone] = []

    def __call__(self, name: str, device: Any = PHONE, *, axe: bool = False, **context: Any) -> Someone:
        """Somebody new; for axe-core the page's policy is set aside, and so is movement, which has odd colours."""
        if axe:
            context.update(bypass_csp=True, reduced_motion="reduce")
        page = self._browser.new_context(**device, **context).new_page()
        someone = Someone(name, page, self._base)
        self.all.append(someone)
        return someone

    def leave(self) -> None:
        """All go home: their windows draw nothing any more while others are looked at."""
        self.check()
        for each in self.all:
            each.page.context.close()
        self.all.clear()

    def check(self) -> None:
        """See that nobody's page complained."""
        complaints = [f"{each.name}: {text}" for each in self.all for text in each.complaints]
        assert not complaints, complaints


def browse(port: int, scenario: Callable[[People], object], path: str = "") -> Deferred[None]:
    """Let people do this in a browser with the server on a port, perhaps under a path."""
    browser = Browser.idle.pop() if Browser.idle else Browser()
    return browser.run(lambda opened: _play(opened, f"http://127.0.0.1:{port}{path}", scenario))


class Browser:
    """
    A browser, and the thread in which all calls to it are made, as Playwright wants it.

    It takes a second of processor time to start, and so stays for the next test of this process, which finds nothing
    of the one before: each person's window has a memory of its own. It ends with the process, whose end Playwright's
    own process sees.

    :cvar idle: those that no test uses now.
    """

    idle: ClassVar[list[Browser]] = []

    def __init__(self) -> None:
        self._asked: SimpleQueue[tuple[Callable[[Any], None], Deferred[None]]] = SimpleQueue()
        Thread(target=self._live, name="browser", daemon=True).start()

    def run(self, work: Callable[[Any], None]) -> Deferred[None]:
        """Do this with Playwright's browser. :returns: fires when it is done, and all windows are closed."""
        done: Deferred[None] = Deferred()
        self._asked.put((work, done))
        return done

    def _live(self) -> None:
        from playwright.sync_api import sync_playwright

        try:
            with sync_playwright() as playwright:
                opened = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS), timeout=LAUNCH_MS)
                while self._do(opened, *self._asked.get()):
                    pass
        except BaseException:  # noqa: BLE001 - it does not start, which the test is told
            _, done = self._asked.get()
            _reactor.callFromThread(done.errback, Failure())

    def _do(self, opened: Any, work: Callable[[Any], None], done: Deferred[None]) -> bool:
        failure: Failure | None = None
        try:
            work(opened)
        except BaseException:  # noqa: BLE001 - the test is told
            failure = Failure()
        usable = self._tidy(opened)
        _reactor.callFromThread(self._done, done, failure, usable=usable)
        return usable

    def _tidy(self, opened: Any) -> bool:
        """Close all windows. :returns: whether the next test may have this browser; where not, it ends."""
        from playwright.sync_api import Error

        try:
            for context in opened.contexts:
                context.close()
        except Error:  # one that cannot, or has died, is no fault of what was tested
            return False
        return bool(opened.is_connected())

    def _done(self, done: Deferred[None], failure: Failure | None, *, usable: bool) -> None:
        if usable:
            self.idle.append(self)
        if failure is None:
            done.callback(None)
        else:
            done.errback(failure)


def _play(browser: Any, base: str, scenario: Callable[[People], object]) -> None:
    people = People(browser, base)
    try:
        scenario(people)
        people.check()
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        shown = "\n\n".join([*map(str, people.all), *(text for each in people.all for text in each.complaints)])
        raise AssertionError(f"{why}\n\n{shown}") from error
