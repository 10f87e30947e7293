"""A village in a real browser: six phones play a whole game, in which the server dies too; axe-core looks at it."""

from __future__ import annotations

import re
from typing import Any

from tests.e2e.browser import PHONE, TV, People, Someone, browse, need
from tests.e2e.kit import Server, ServerCase, from_thread

NAMES = ("Ann", "Bob", "Cleo", "Dan", "Eve", "Finn")
ROLES = ("Werewolf", "Seer", "Villager")
DEALT = re.compile("^(Your card|Night 1)$")
"""Heading once the cards are dealt, however long it took to look."""
LONG_S = 600
"""Nights and days end a few seconds after everybody has chosen; nothing here waits for their deadline."""
OPTIONS = {
    "Werewolves, or 0: by the number of players": 2,
    "Seconds to look at the cards": LONG_S,
    "Seconds of a night": LONG_S,
    "Seconds of a morning": 1,
    "Seconds of a day": LONG_S,
    "Seconds of an evening": 1,
}


class Villager:
    """
    Somebody at a phone, with all that was told to it.

    :ivar heard: every frame that the server sent to it.
    :ivar role: what its card says.
    """

    def __init__(self, someone: Someone) -> None:
        self.at = someone
        self.name = someone.name
        self.heard: list[str] = []
        self.role = ""
        someone.page.on("websocket", lambda socket: socket.on("framereceived", self._hear))

    def _hear(self, payload: str | bytes) -> None:
        self.heard.append(payload if isinstance(payload, str) else payload.decode())

    def look(self) -> str:
        """Look at the own card, and turn it over; where this takes long, it turns by itself, and is looked at again."""
        role = None
        while role is None:
            self.at.press("Look at your card")
            text: str = self.at.sees(".face-up").inner_text()
            role = next((line for line in text.splitlines() if line in ROLES), None)
            self.turn_over()
        self.role = role
        return text

    def turn_over(self) -> None:
        """Turn the card over, unless it was faster."""
        self.at.page.locator(".own-card > button[aria-expanded='true']").evaluate_all(
            "all => all.forEach((b) => b.click())"
        )
        self.at.page.locator(".face-up").wait_for(state="hidden")

    def choose(self, whom: Villager | None) -> None:
        """Press somebody, by night or by day, and see that it is taken, or that the time is over with it."""
        key = f"button[data-key='seat-{self.seat_of(whom)}']" if whom else "button[data-key='nobody']"
        phase = self.at.page.locator("main").get_attribute("data-phase")
        self.at.page.locator(key).click()
        self.at.sees(f"{key}[aria-pressed='true'], main:not([data-phase='{phase}'])")

    def seat_of(self, whom: Villager) -> str:
        seat: str = self.row_of(whom).get_attribute("data-seat")
        return seat

    def row_of(self, whom: Villager) -> Any:
        """Somebody in the list; the names of who has voted stand in other rows as well."""
        return self.at.page.locator(".villager").filter(has=self.at.page.locator(".name", has_text=whom.name))

    def say(self, text: str) -> None:
        """Say a line in the channel that one speaks in."""
        self._say(".talk", text)

    def say_among_wolves(self, text: str) -> None:
        """Say a line in the card, which nobody beside this phone sees."""
        self.at.press("Look at your card")
        self._say(".own-card", text)
        self.turn_over()

    def sees_among_wolves(self, text: str) -> None:
        """Wait until a line is seen in the card, and is seen no more when it is turned over."""
        line = self.at.page.locator(".own-card").get_by_text(text, exact=True)
        self.at.press("Look at your card")
        line.wait_for()
        self.turn_over()
        line.wait_for(state="hidden")

    def _say(self, where: str, text: str) -> None:
        field = self.at.page.locator(where).get_by_label("Say something", exact=True)
        field.fill(text)
        field.press("Enter")

    def sees_line(self, text: str) -> None:
        """Wait until a line is seen where everybody speaks, or the dead."""
        self.at.page.locator(".talk").get_by_text(text, exact=True).wait_for()


def sit_down(people: People, devices: list[dict[str, Any]], **options: Any) -> list[Villager]:
    """Ann makes a room with the options, and the others join it."""
    everybody = [Villager(people(name, **device)) for name, device in zip(NAMES, devices, strict=False)]
    ann = everybody[0].at.go("/play/werewolf/")
    ann.page.locator("summary", has_text="Options").click()
    for label, value in {**OPTIONS, **options}.items():
        ann.page.get_by_label(label).fill(str(value))
    ann.page.get_by_label("Your name").fill(ann.name)
    ann.press("New room")
    ann.page.wait_for_url("**room=*")
    code = ann.page.evaluate("new URLSearchParams(location.search).get('room')")
    for each in everybody[1:]:
        each.at.join("werewolf", code)
        each.at.sees_heading("Werewolf")
    for each in everybody:
        ann.sees(".seats .name", each.name)
    return everybody


class WerewolfPageTests(ServerCase):
    timeout = 300

    def setUp(self) -> None:
        super().setUp()
        need()

    async def test_six_pages_play_a_whole_game(self) -> None:
        """
        Wolves talk and kill, the seer sees, the dead whisper, the village votes, wins, and plays again; one page is
        reloaded, and the server is killed in the second night. What was said reached nobody else's socket.
        """
        server = self.server()
        await server.start()
        await browse(server.port, lambda people: self.play(server, people))

    def play(self, server: Server, people: People) -> None:
        everybody = sit_down(people, [{}] * 6, **{"Seconds to look at the cards": 5})
        everybody[0].at.press("Start")
        for each in everybody:
            each.at.sees("h1", DEALT)
            each.look()
        wolves = [each for each in everybody if each.role == "Werewolf"]
        (seer,) = (each for each in everybody if each.role == "Seer")
        first, second, third = (each for each in everybody if each.role == "Villager")
        self.assertEqual(len(wolves), 2)
        self.assertIn(wolves[1].name, wolves[0].look())
        self.night(everybody, 1)
        for each in everybody:
            each.at.page.locator(".talk").get_by_role("button", name="Send").wait_for(state="hidden")
            self.assertEqual(each.at.page.locator("main").inner_text().lower().count("werewol"), 0)
        wolves[0].say_among_wolves("fangs-1")
        for wolf in wolves:
            wolf.sees_among_wolves("fangs-1")
        self.all_choose(everybody, {wolves[0]: first, wolves[1]: first, seer: wolves[0], first: seer})
        living = [each for each in everybody if each is not first]
        for each in everybody:
            each.at.sees_heading("Day 1")
            each.at.sees(".villager.dead", first.name)
            self.assertEqual(each.at.page.locator(".villager.dead").count(), 1, each.name)
            self.assertEqual(each.at.page.locator(".was").count(), 0)
        self.assertIn(f"Night 1: {wolves[0].name} is a werewolf.", seer.look())
        first.say("boo-2")
        first.sees_line("boo-2")
        seer.say("It is the one on the left")
        for each in living:
            each.sees_line("It is the one on the left")
        wolves[0].choose(seer)
        for each in everybody:
            each.at.sees(".tally", "1 vote")
        for each in living[::-1]:
            if each is not wolves[0]:
                each.choose(wolves[0])
        self.night(everybody, 2)
        wolves[0].sees_line("boo-2")  # dead as well now, and told what the dead said
        wolves[1].at.page.reload()
        wolves[1].at.sees_heading("Night 2")
        # A browser asks for an icon behind the page: cut off there, it would complain, though nothing is wrong.
        wolves[1].at.page.wait_for_load_state("networkidle")
        from_thread(server.kill)
        for each in everybody:
            each.at.sees(".banner", "Reconnecting")
        from_thread(server.start)
        for each in everybody:
            each.at.page.locator(".banner").wait_for(state="hidden")
        living.remove(wolves[0])
        self.all_choose(living, {wolves[1]: second, seer: wolves[1]})
        living.remove(second)
        for each in living:
            each.at.sees_heading("Day 2")
        for each in living:
            each.choose(wolves[1] if each is not wolves[1] else third)
        for each in everybody:
            each.at.sees_heading("The village wins")
            self.assertEqual(each.at.page.locator(".was").count(), 6)
            self.assertIn("Werewolf", each.row_of(wolves[1]).inner_text())
            each.at.fits()
        self.check_heard(everybody, "fangs-1", wolves)
        self.check_heard(everybody, "boo-2", [first, second, wolves[0]])
        self.check_heard(everybody, '"wolf":true', [seer])
        self.check_heard(everybody, '"group:wolves"', wolves)
        everybody[0].at.press("Play again")
        for each in everybody:
            each.at.sees("h1", DEALT)
            each.look()
        self.assertEqual(sorted(each.role for each in everybody).count("Werewolf"), 2)

    def night(self, everybody: list[Villager], number: int) -> None:
        for each in everybody:
            each.at.sees_heading(f"Night {number}")

    def all_choose(self, living: list[Villager], choices: dict[Villager, Villager]) -> None:
        """Everybody chooses, who has nothing to say nobody: then the night is soon over."""
        for each in living:
            each.choose(choices.get(each))

    def check_heard(self, everybody: list[Villager], text: str, by: list[Villager]) -> None:
        heard = [each.name for each in everybody if any(text in frame for frame in each.heard)]
        self.assertEqual(heard, [each.name for each in everybody if each in by], text)


class WerewolfAccessibilityTests(ServerCase):
    """axe-core finds nothing serious, on a phone in the light and on a TV in the dark."""

    timeout = 300

    def setUp(self) -> None:
        super().setUp()
        need(axe=True)

    async def test_no_serious_fault_from_lobby_to_end(self) -> None:
        server = self.server()
        await server.start()
        await browse(server.port, self.look)

    def look(self, people: People) -> None:
        phone = {"device": {**PHONE, "color_scheme": "light"}, "axe": True}
        everybody = sit_down(
            people,
            [phone, phone, {}, {}, {}],
            **{"Seconds to look at the cards": 5, "Werewolves, or 0: by the number of players": 1},
        )
        ann, bob = everybody[0].at, everybody[1].at
        code = ann.page.evaluate("new URLSearchParams(location.search).get('room')")
        tv = people("TV", {**TV, "color_scheme": "dark"}, axe=True).go(f"/play/werewolf/?room={code}&role=screen")
        tv.sees_heading("Werewolf")
        faults = self.examine("lobby", ann, tv)
        ann.press("Start")
        for each in everybody:
            each.look()
            each.at.sees_heading("Night 1")
        (wolf,) = (each for each in everybody if each.role == "Werewolf")
        victim = next(each for each in everybody[2:] if each is not wolf)
        everybody[0].at.press("Look at your card")
        faults += self.examine("night", ann, bob, tv)
        for each in everybody:
            each.choose(victim if each is wolf else None)
        tv.sees_heading("Day 1")
        bob.sees_heading("Day 1")
        for each in everybody:
            if each not in (victim, wolf):
                each.choose(wolf)
        tv.sees(".tally", "3 votes")
        faults += self.examine("day", bob, victim.at if victim.at in (ann, bob) else ann, tv)
        wolf.choose(None)
        for each in (ann, bob, tv):
            each.sees_heading("The village wins")
            each.fits()
        faults += self.examine("end", ann, tv)
        assert not faults, "\n".join(faults)

    def examine(self, where: str, *everybody: Someone) -> list[str]:
        return [fault for each in everybody for fault in each.examine(f"werewolf, {where}, {each.name}")]
