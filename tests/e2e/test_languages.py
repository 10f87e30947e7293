"""Pages in other languages, in a real browser: by its wish, by choice, and from right to left."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.browser import PHONE, TV, People, Someone, browse, need
from tests.e2e.kit import ServerCase

MEASURE = Path(__file__).parent.parent / "look" / "measure.js"
MIRRORED = "lang=en-x-rtl"


class LanguageTests(ServerCase):
    """The sample pages."""

    timeout = 300

    def setUp(self) -> None:
        super().setUp()
        need()

    def fits(self, someone: Someone, *, tv: bool = False, direction: str = "rtl") -> None:
        """See that nothing is cut, lies over something else, or stands out of a page that runs in this direction."""
        self.assertEqual(someone.page.evaluate("document.documentElement.dir || 'ltr'"), direction)
        told = {"tv": tv, "touch": False, "see": []}
        faults = someone.page.evaluate(f"(told) => ({MEASURE.read_text('utf-8').strip().rstrip(';')})(told)", told)
        # What says the same twice is as wrong, or as right, in any direction.
        self.assertEqual([each for each in faults if " buttons " not in each], [], someone.page.url)

    async def test_languages(self) -> None:
        """German is what the browser wants, Spanish what is chosen, and mirrored English fits its screen."""
        server = self.server()
        await server.start()

        def scenario(people: People) -> None:
            hans = people("Hans", locale="de-DE")
            hans.go("/play/trivia/?room=ZZZZ").sees_heading("Den Raum gibt es nicht")
            hans.complaints.clear()  # the browser's own word for that answer
            hans.go("/play/trivia/").sees_heading("Quizabend")
            self.assertEqual(hans.page.evaluate("document.documentElement.lang"), "de")
            hans.page.get_by_text("Fragen auf dem großen Bildschirm").wait_for()
            hans.page.get_by_text("Optionen").click()
            hans.page.get_by_label("Sekunden pro Frage").wait_for()
            questions = hans.page.get_by_label("Spielsprache")
            self.assertEqual(questions.locator("option:checked").text_content(), "Deutsch")
            hans.page.get_by_label("Dein Name").fill("Hans")
            choice = hans.page.get_by_label("Sprache", exact=True)
            choice.focus()  # which a finger does, and `select_option` does not
            choice.select_option("es")
            hans.page.get_by_role("button", name="Nueva sala", exact=True).wait_for()
            self.assertEqual(hans.page.get_by_label("Tu nombre").input_value(), "Hans")
            hans.press("Nueva sala")
            hans.sees_heading("¡Estás dentro!")
            hans.sees(".seat", "anfitrión")
            hans.press("Preguntas propias")
            own = hans.page.locator("#own-questions")
            own.fill("¿Quién?\nAnn\nBob\n\n¿Cuándo?")
            hans.press("Usarlas")
            hans.sees(".error", "Línea 5: Esta pregunta no tiene respuesta debajo.")
            own.fill("¿Quién?\nAnn\nBob\n\n¿Cuándo?\n1998")
            hans.press("Usarlas")
            hans.sees("p", "2 preguntas propias")
            hans.page.get_by_role("button", name="Anfitrión", exact=True).click()
            hans.page.get_by_text("Opciones", exact=True).click()
            asked = hans.page.get_by_label("Se juega en").locator("option:checked")
            self.assertEqual(asked.text_content(), "Español")
            hans.page.keyboard.press("Escape")
            hans.go("/").sees_heading("Juguemos juntos")
            hans.page.locator("#games").get_by_role("heading", name="Noche de trivia").wait_for()
            hans.fits()

            ann, tv = people("Ann", PHONE), people("TV", TV)
            ann.go(f"/?{MIRRORED}").sees("#games article")
            self.fits(ann)
            ann.go(f"/play/trivia/?{MIRRORED}").sees_heading("Trivia night")
            self.fits(ann)
            ann.page.get_by_label("Your name").fill("Ann")
            ann.press("New room")
            ann.sees_heading("You are in!")
            self.fits(ann)
            code = ann.page.evaluate("new URLSearchParams(location.search).get('room')")
            tv.go(f"/play/trivia/?room={code}&role=screen&{MIRRORED}").sees(".seat", "Ann")
            self.fits(tv, tv=True)
            ann.press("Start the game")
            ann.sees(".question-text")
            self.fits(ann)
            tv.sees(".question-text")
            self.fits(tv, tv=True)

            ann.page.set_viewport_size({"width": 320, "height": 568})
            for language in ("de", "es", "fr", "en"):
                ann.go(f"/play/trivia/?room={code}&lang={language}").sees(".bar .by-word")
                ann.sees(".question-text")
                self.fits(ann, direction="ltr")
            ann.go(f"/play/trivia/?room={code}&{MIRRORED}").sees(".question-text")
            self.fits(ann)
            self.speak_by_remote(tv, "Deutsch")
            tv.sees("html[lang=de] .question-text")
            tv.go(f"/play/trivia/?room={code}&role=screen").sees("html[lang=de] .question-text")
            self.fits(tv, tv=True, direction="ltr")

        await browse(server.port, scenario)

    def speak_by_remote(self, tv: Someone, language: str) -> None:
        """Choose the language of a TV with what its remote has: arrows, and OK."""
        for wanted in ("Language", language):
            for _ in range(8):
                tv.page.keyboard.press("ArrowDown")
                if tv.page.evaluate("document.activeElement.textContent") == wanted:
                    break
            height = tv.page.evaluate("document.activeElement.getBoundingClientRect().height")
            self.assertGreaterEqual(height, 44, wanted)
            tv.page.keyboard.press("Enter")
            if wanted != language:
                tv.sees("dialog")
        tv.sees_none("dialog")
