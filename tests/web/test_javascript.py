"""Tests for the JavaScript sources, as far as they can be checked without running them; `make js-test` runs them."""

from __future__ import annotations

import re
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gameserver.protocol.messages import ARRAYS, RoomInfo, SeatInfo, TeamInfo
from gameserver.settings.settings import Limits
from gameserver.web import pages
from gameserver.websocket.hello import told_limits

ROOT = Path(__file__).parents[2]
BUNDLES = {"gameserver.js", "game-chat.js"}
MOST_LINES = 400

SHARED = """
    BASE account announce api ask attempt awake chatBox cleanCode clockCountdown countdown el enter eveningLine
    faceField fill gameName header hostButton identity inviteUrl keepAwake keyHere language languageField leftMs
    lobbyChat loginAddress newsBanner openShare ownProfile parts query recognise render said saveAccount saveName
    savedName seatColor seatList shareCard startButton statusBanner t teamList toast turnCountdown urlOf words
"""
"""What authors import from /static/page.js: it may grow, and loses nothing."""


class SourceTests(SynchronousTestCase):
    """What is true of the sources."""

    def test_arrays_are_the_servers(self) -> None:
        """The client packs and reads each message's fields in the order in which the server has them."""
        text = (ROOT / "clients/js/src/arrays.js").read_text("utf-8")
        told = {int(n): (op, tuple(names.split())) for n, op, names in re.findall(r'\[(\d+), "(\w+)", "(.*?)"\]', text)}
        self.assertEqual(told, ARRAYS)

    def test_types_are_the_servers(self) -> None:
        """What a page reads of a room, a seat and a team has a type for each field that the server tells."""
        text = (ROOT / "clients/js/gameserver.d.ts").read_text("utf-8")
        for name, told in (("Info", RoomInfo), ("Seat", SeatInfo), ("TeamInfo", TeamInfo)):
            found = re.search(rf"^export interface {name} \{{$(.*?)^\}}$", text, re.MULTILINE | re.DOTALL)
            fields = re.findall(r"^  (\w+)\??:", found[1] if found else "", re.MULTILINE)
            self.assertEqual(sorted(fields), sorted(told.__struct_fields__), name)

    def test_limits_are_named(self) -> None:
        """So is each limit that `welcome` tells."""
        text = (ROOT / "clients/js/gameserver.d.ts").read_text("utf-8")
        comment = text[: text.index("readonly limits:")].rpartition("/**")[2]
        self.assertEqual(set(re.findall(r"`(\w+)`", comment)), set(told_limits(Limits(), 1)))

    def test_no_source_is_long(self) -> None:
        """A source has one subject, and at most 400 lines."""
        folders = (ROOT / "clients/js/src", pages.STATIC, ROOT / "games")
        sources = [path for folder in folders for path in folder.rglob("*.js") if "node_modules" not in path.parts]
        self.assertGreater(len(sources), 60)
        long = [path.name for path in sources if len(path.read_text("utf-8").splitlines()) > MOST_LINES]
        self.assertEqual([name for name in long if name not in BUNDLES], [])


class SharedTests(SynchronousTestCase):
    """What pages share."""

    def test_kit_is_told(self) -> None:
        """Each name that the kit gives stands in its guide."""
        guide = (ROOT / "docs/guides/kit.rst").read_text("utf-8")
        text = (pages.STATIC / "kit" / "kit.js").read_text("utf-8")
        found = [
            name for names in re.findall(r"^export \{ (.*?) \} from", text, re.MULTILINE) for name in names.split(", ")
        ]
        self.assertGreater(len(found), 40)
        for name in found:
            self.assertRegex(guide, rf"``(new )?{name}\b", f"{name} is not in the guide")

    def test_classes_are_told(self) -> None:
        """The guide's classes are those of the style sheets, and it tells of each that its own page uses."""
        guide = (ROOT / "docs/guides/kit.rst").read_text("utf-8")
        look = guide.partition("\nThe look\n")[2]
        told = set(re.findall(r"``([a-z][a-z0-9-]*)``", look.partition("\n====")[2]))
        styles = "".join((pages.STATIC / name).read_text("utf-8") for name in ("style.css", "kit/kit.css"))
        self.assertGreater(len(told), 50)
        self.assertEqual(told - set(re.findall(r"\.([a-z][a-z0-9-]*)", styles)) - {"main", "ol"}, set())  # elements
        used = {name for names in re.findall(r'class: \[?"(.*?)"', guide) for name in names.split()}
        self.assertLessEqual({"stack", "spread", "center-seats"}, used)
        self.assertEqual(used - told - {"scene", "middle"}, set(), "scene and middle stand with the stage")

    def test_exports(self) -> None:
        """`page.js` gives authors what it says, each name from the one module that has it."""
        text = (pages.STATIC / "page.js").read_text("utf-8")
        shared: list[str] = []
        for names, path in re.findall(r'^export \{ (.*?) \} from "\./(.*?)";$', text, re.MULTILINE):
            source = (pages.STATIC / path).read_text("utf-8")
            has = re.findall(r"^export (?:async )?(?:function|const) (\w+)", source, re.MULTILINE)
            self.assertEqual(set(names.split(", ")) - set(has), set(), path)
            shared += names.split(", ")
        self.assertEqual(sorted(shared), sorted(SHARED.split()))
