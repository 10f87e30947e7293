"""Whoever plays while pages are looked at: a TV, two phones, and clients in Python for the rest of the room."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import msgspec

from gameserver.protocol.messages import ARRAYS
from tests.e2e.browser import PHONE, TV, People, Someone
from tests.e2e.kit import Person, Server, ServerCase, from_thread, together

NAMES: Final = (
    *("Cleo", "Maximiliane-Theodora the Great", "Dov", "\u0645\u0631\u064a\u0645", "Élodie", "Jo", 18 * "W"),
    *("Grandma", "Kim & Robin", "X", "Bartholomew", "Ping", "Nguyễn", "Olga", "Sven-Åke", "Tim", "Uma", "Vic", "Yusuf"),
)
"""Of all kinds and lengths, as people have them."""


BATCH: Final = 8
"""So many clients do something at once."""


def name_of(number: int) -> str:
    """:returns: the name of a player who is number so many, from 0."""
    return NAMES[number] if number < len(NAMES) else f"{NAMES[number % len(NAMES)][:12]} {number}"


class Hold:
    """What the server tells a page, which can be held back: the page then stays in the scene that it is in."""

    def __init__(self, someone: Someone) -> None:
        self._held: list[Any] | None = None
        self._page: Any = None
        self._server: Any = None
        self._packs = False
        self._ends_at_pause = False
        someone.page.route_web_socket("**/ws", self._connect)

    def _connect(self, page: Any) -> None:
        # What was held of a connection before this one is nothing to this one, which is told all of it anew.
        if self._held is not None:
            self._held = []
        self._page = page
        self._server = server = page.connect_to_server()
        page.on_message(lambda frame: self._pass_on(server, frame))
        server.on_message(lambda frame: self._tell(page, frame))

    def _pass_on(self, server: Any, frame: Any) -> None:
        self._packs = not isinstance(frame, str)
        server.send(frame)

    def host(self, act: str, code: str) -> None:
        """Do as the host of a room what their page knows nothing of."""
        if self._packs:
            number, names = next((number, names) for number, (op, names) in ARRAYS.items() if op == "host")
            fields = {"room": code, "act": act}
            self._server.send(msgspec.msgpack.encode([number, *map(fields.get, names)]))
        else:
            self._server.send(json.dumps({"op": "host", "room": code, "act": act}))

    def _tell(self, page: Any, frame: Any) -> None:
        if page is not self._page:
            return
        # An answer to whether the connection lives is let through: no page is to think that it has gone.
        is_pong = '"pong"' in frame if isinstance(frame, str) else bytes(frame[:2]) == b"\x93\x23"
        paused = '"paused":true' if isinstance(frame, str) else b"\xa6paused\xc3"  # as JSON and as MessagePack
        if self._ends_at_pause and paused in frame:
            self.stop()
        if self._held is None or is_pong:
            self._page.send(frame)
        else:
            self._held.append(frame)

    def stop(self) -> None:
        """From now on the page hears nothing."""
        if self._held is None:
            self._held = []

    def stop_at_pause(self) -> None:
        """It hears nothing from the word on that the game is paused."""
        self._ends_at_pause = True

    def go_on(self) -> None:
        """Tell all that was held back."""
        while self._held:  # what comes meanwhile comes after it
            self._page.send(self._held.pop(0))
        self._held = None
        self._ends_at_pause = False


class Party:
    """
    One room, of which the host sits at a phone, in the light; the other phone and the TV are dark.

    :ivar host: whose phone made the room.
    :ivar guest: the other phone, or None where one plays alone.
    :ivar tv: the shared screen, or None where the game has none.
    :ivar watcher: a phone that watches, or None where nobody does.
    :ivar others: clients without a page.
    """

    def __init__(self, case: ServerCase, server: Server, people: People, game: str, players: int, **wish: Any) -> None:
        self.case = case
        self.server = server
        self.people = people
        self.game = game
        self._holds: dict[str, Hold] = {}
        self.host = self._new("Ann", PHONE)
        self.tv: Someone | None = None
        self.watcher: Someone | None = None
        self.guest: Someone | None = None
        self.others: list[Person] = []
        self.code = self._create(wish)
        if players > 1:
            self.guest = self._new("Bob", PHONE).join(game, self.code)
            self.guest.page.wait_for_url("**room=*")
            self.guest.page.locator(".bar").wait_for()
        for first in range(0, max(0, players - 2), BATCH):
            numbers = range(first, min(first + BATCH, players - 2))
            self.others += from_thread(lambda numbers=numbers: together(*map(self._other, numbers)))
            self._breathe()

    def _create(self, wish: dict[str, Any]) -> str:
        page = self.host.page
        self.host.go(f"/play/{self.game}/")
        page.get_by_label("Your name").fill(self.host.name)
        if wish:
            page.locator("summary", has_text="Options").click()
        for label, value in wish.items():
            field = page.get_by_label(label, exact=True)
            if isinstance(value, bool):
                field.set_checked(value)
            elif field.evaluate("node => node.tagName") == "SELECT":
                field.select_option(label=str(value))
            else:
                field.fill(str(value))
        page.get_by_role("button", name="New room", exact=True).click()
        page.wait_for_url("**room=*")
        code: str = page.evaluate("new URLSearchParams(location.search).get('room')")
        return code

    def show(self) -> Someone:
        """Bring a TV. :returns: it."""
        self.tv = self._new("TV", TV).go(f"/play/{self.game}/?room={self.code}&role=screen")
        self.tv.page.locator("html.tv").wait_for()
        return self.tv

    def watch(self, others: int = 0) -> Someone:
        """Bring a phone that watches, and so many watchers without a page. :returns: the phone."""
        self.watcher = self._new("Wim", PHONE).go(f"/play/{self.game}/?room={self.code}&role=spectator")
        self.watcher.page.locator(".bar").wait_for()
        for number in range(others):
            from_thread(lambda number=number: self._watcher(number))
        self._breathe()
        return self.watcher

    async def _watcher(self, number: int) -> None:
        person = await self.case.person(self.server, name_of(number))
        await person.join(self.code, role="spectator")

    def _new(self, name: str, device: Any) -> Someone:
        someone = self.people(name, device, axe=True, color_scheme="light" if name == "Ann" else "dark")
        self._holds[name] = Hold(someone)
        return someone

    @property
    def pages(self) -> list[Someone]:
        """Host, guest, TV and watcher, as far as there are."""
        return [each for each in (self.host, self.guest, self.tv, self.watcher) if each is not None]

    @contextmanager
    def still(self, selector: str, *, paused: bool = False) -> Iterator[None]:
        """
        Wait until all pages show this, and keep all of them in that scene for as long as this is open.

        :param paused: whether the game waits, too: it would go on by itself before all have been looked at.
            Let the host do what comes next: nothing else is sure to come after the pause.
        """
        host = self._holds[self.host.name]
        if paused:  # as soon as one page is there: on a slow machine another one would come too late
            self.host.page.locator(selector).first.wait_for()
            for each in self.pages:
                self._holds[each.name].stop_at_pause()
            host.host("pause", self.code)
        for each in self.pages:
            each.page.locator(selector).first.wait_for()
            self._holds[each.name].stop()
        try:
            yield
        finally:
            if paused:
                host.host("unpause", self.code)
            for each in self.pages:
                self._holds[each.name].go_on()

    async def _other(self, number: int) -> Person:
        person = await self.case.person(self.server, name_of(number))
        await person.join(self.code)
        return person

    def each(self, act: Any) -> None:
        """Have each client without a page do something: a function that gives a coroutine."""
        for first in range(0, len(self.others), BATCH):
            some = list(enumerate(self.others))[first : first + BATCH]
            from_thread(lambda some=some: together(*(act(person, number) for number, person in some)))
            self._breathe()

    def _breathe(self) -> None:
        # What goes over the pages' sockets moves only while Playwright is called.
        self.host.page.wait_for_timeout(1)
