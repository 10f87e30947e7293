"""A whole evening: a TV and six phones, three games one after the other, and what happens to phones meanwhile."""

from __future__ import annotations

import time
from typing import Any, Final

from gameserver.client import Room
from tests.e2e.browser import STEP_MS, TV, People, Someone, browse, need
from tests.e2e.kit import WAIT_S, Person, ServerCase, from_thread, only_long, together, until

ASLEEP_S: Final = 61.0
"""A phone sleeps for so long: no place is kept for it any more when it wakes."""


class EveningTests(ServerCase):
    timeout = 600

    def setUp(self) -> None:
        super().setUp()
        only_long()
        need()

    async def test_whole_evening(self) -> None:
        """
        Trivia, then sketch, then werewolf, with the same people: a phone sleeps for a minute, one has no network, the
        TV is loaded anew, the host is gone. Everybody gets everywhere by itself, with the name and the face.
        """
        server = self.server()
        await server.start()
        self.others = await self.people(server, "Dan", "Eve", "Finn")
        await browse(server.port, self.spend)

    def spend(self, people: People) -> None:
        """Spend it, in a thread."""
        tv = people("TV", TV)
        tv.go("/play/trivia/?role=screen")
        tv.press("New room on this screen")
        tv.page.wait_for_url("**room=*")
        code = self.code_of(tv)
        tv.sees(".there .code", code)
        ann, bob, cleo = people("Ann"), people("Bob"), people("Cleo")
        for phone in (ann, bob, cleo):
            phone.join("trivia", code)
            tv.sees(".seat", phone.name)
        from_thread(lambda: together(*(other.join(code) for other in self.others)))
        self.faces = {
            phone.name: tv.sees(".seat", phone.name).locator(".face").get_attribute("data-face")
            for phone in (ann, bob, cleo)
        }

        self.play_trivia(ann)

        # Bob has no network, and Cleo's phone sleeps, while the host goes on.
        bob.page.context.set_offline(True)
        bob.sees(".banner", "Your seat is kept.")
        sleeping = cleo.page.context.new_cdp_session(cleo.page)
        sleeping.send("Page.setWebLifecycleState", {"state": "frozen"})
        slept_s = time.monotonic()
        second = self.go_on(ann, "sketch", tv)
        self.assertNotEqual(second, code)
        self.arrives(bob, "sketch", second, before=lambda: bob.page.context.set_offline(False))
        self.wait_for(lambda: time.monotonic() - slept_s > ASLEEP_S, ann)
        sleeping.send("Page.setWebLifecycleState", {"state": "active"})
        self.arrives(cleo, "sketch", second)
        self.all_are_there(second)

        # The TV is loaded anew, in the middle of it.
        ann.press("Host")
        ann.page.get_by_role("dialog").get_by_role("button", name="Start", exact=True).click()
        ann.page.get_by_role("dialog").get_by_role("button", name="Pause", exact=True).wait_for()
        tv.page.reload()
        tv.sees(".there .code", second)
        ann.page.get_by_role("dialog").get_by_role("button", name="End the game", exact=True).click()
        ann.page.get_by_role("dialog").get_by_role("button", name="Play again", exact=True).wait_for()
        ann.page.get_by_role("dialog").get_by_role("button", name="Done", exact=True).click()

        # The host is gone: somebody else is host before long, and goes on.
        ann.page.context.close()
        people.all.remove(ann)
        host = self.next_host((bob, cleo), second)
        third = self.go_on(host, "werewolf", tv)
        for phone in (bob, cleo):
            self.arrives(phone, "werewolf", third)
        self.all_are_there(third)
        for phone in (bob, cleo):
            self.assertEqual(
                host.sees(".seat", phone.name).locator(".face").first.get_attribute("data-face"), self.faces[phone.name]
            )

    def code_of(self, someone: Someone) -> str:
        """:returns: the code of the room that a page is in."""
        code: str = someone.page.evaluate("new URLSearchParams(location.search).get('room')")
        return code

    def play_trivia(self, host: Someone) -> None:
        """Set the options, and play one question, which those without a browser answer."""
        host.press("Host")
        dialog = host.page.get_by_role("dialog", name="Host")
        dialog.get_by_text("Options", exact=True).click()
        dialog.get_by_label("Questions", exact=True).fill("1")
        dialog.get_by_role("button", name="Set these options").click()
        dialog.get_by_text("The next round is played so.").wait_for()
        dialog.get_by_role("button", name="Start", exact=True).click()
        dialog.get_by_role("button", name="End the game", exact=True).wait_for()
        room = self.others[0].room
        from_thread(lambda: until(lambda: room.info.status == "playing" and room.state["question"], "a question"))
        self.assertEqual(room.info.options["questions"], 1)
        dialog.get_by_role("button", name="End the game", exact=True).click()
        dialog.get_by_role("button", name="Play again", exact=True).wait_for()
        dialog.get_by_role("button", name="Done", exact=True).click()

    def go_on(self, host: Someone, game: str, tv: Someone) -> str:
        """Let the host go on with another game. :returns: the code of its room, in which host and TV are."""
        host.press("Host")
        dialog = host.page.get_by_role("dialog", name="Host")
        dialog.get_by_text("Another game, with everybody here").click()
        dialog.get_by_label("Game", exact=True).select_option(game)
        dialog.get_by_role("button", name="Go there with everybody").click()
        host.page.wait_for_url(f"**/play/{game}/**")
        code = self.code_of(host)
        self.arrives(host, game, code)
        self.arrives(tv, game, code, selector=".there .code", text=code)
        return code

    def arrives(
        self, who: Someone, game: str, code: str, *, before: Any = None, selector: str = ".bar .code", text: str = ""
    ) -> None:
        """Wait until a page is in this room of that game, without anybody's doing."""
        if before is not None:
            before()
        who.page.wait_for_url(f"**/play/{game}/**room={code}**", timeout=2 * STEP_MS)
        who.sees(selector, text or code)

    def all_are_there(self, code: str) -> None:
        """See that those without a browser have come by themselves, and that all have the names that they had."""
        for other in self.others:
            from_thread(lambda other=other: self.follow(other, code))
        names = {seat.name for seat in self.others[0].room.seats.values() if seat.role == "player"}
        self.assertLessEqual({"Bob", "Cleo", "Dan", "Eve", "Finn"}, names)

    async def follow(self, other: Person, code: str) -> None:
        """Wait until this client is in that room."""
        await until(lambda: code in other.client.rooms, f"{other.client.name} is in {code}")
        other._room = other.client.rooms[code]

    def wait_for(self, true: Any, awake: Someone) -> None:
        """Let the browser go on until it is true."""
        while not true():
            awake.page.wait_for_timeout(200)

    def next_host(self, phones: tuple[Someone, ...], code: str) -> Someone:
        """:returns: whose page has the host's button, once the host is away; who else was lent it gives it to Bob."""
        room: Room = self.others[0].client.rooms[code]

        def host_of() -> str:
            return next((seat.name for seat in room.seats.values() if seat.host), "")

        from_thread(lambda: until(lambda: host_of() not in ("", "Ann"), "another host", WAIT_S))
        name = host_of()
        host = next((phone for phone in phones if phone.name == name), None)
        if host is None:
            bob = next(seat.id for seat in room.seats.values() if seat.name == "Bob")
            own = next(each for each in self.others if each.client.name == name)
            from_thread(lambda: own.client.rooms[code].as_host("pass", bob))
            host = phones[0]
        host.page.get_by_role("button", name="Host", exact=True).wait_for(state="visible")
        return host
