"""The browser that tests share: what happens in one is over when it ends."""

from __future__ import annotations

from twisted.trial.unittest import TestCase

from tests.e2e.browser import Browser, People, browse, need

REMEMBERED = """(() => {
  const known = [localStorage.getItem("k"), document.cookie];
  localStorage.setItem("k", "1");
  document.cookie = "a=b";
  return known;
})()"""


class BrowserTests(TestCase):
    timeout = 60

    def setUp(self) -> None:
        need()

    async def test_nothing_is_left(self) -> None:
        """
        The same browser serves the next test, which finds nothing in it; whatever fails there is told with what each
        page showed, and ends nothing.
        """
        used: list[object] = []

        def play(people: People) -> None:
            ann = people("Ann")
            ann.page.context.route("**/*", lambda asked: asked.fulfill(body="<h1>Hello</h1>", content_type="text/html"))
            used.append(ann.page.context.browser)
            self.assertEqual(ann.page.context.browser.contexts, [ann.page.context])
            self.assertEqual(ann.go("/").page.evaluate(REMEMBERED), [None, ""])

        def stumble(people: People) -> None:
            self.assertTrue(people("Bob").page)
            raise LookupError("as it should")

        for scenario in (play, stumble, play):
            try:
                await browse(9, scenario)
            except AssertionError as error:
                self.assertIs(scenario, stumble, error)
                self.assertIn("LookupError: as it should", str(error))
                self.assertIn("Bob at about:blank", str(error))
        self.assertEqual(len(used), 2)
        self.assertIs(used[0], used[1])

    async def test_a_browser_that_ended(self) -> None:
        """Nobody is given it again."""
        before = list(Browser.idle)

        def end(people: People) -> None:
            people("Ann").page.context.browser.close()

        await browse(9, end)
        self.assertLessEqual(len(Browser.idle), max(len(before) - 1, 0))
