"""The screens that pages are looked at on, what is looked for, and the pictures that are kept."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from twisted.trial.unittest import SkipTest

from tests.e2e.browser import Someone

PHONES: Final = ((320, 568), (375, 667), (568, 320), (932, 430))
LAPTOP: Final = (1366, 768)
TVS: Final = ((1280, 720), (1920, 1080), (3840, 2160))

ALL: Final = os.environ.get("GAMESERVER_LOOK") == "all"
"""Whether all sizes and numbers of players are looked at, as `make look` does; else two sizes."""

WANTED: Final = tuple(os.environ.get("GAMESERVER_LOOK_SIZES", "").split())
"""The sizes that are looked at, such as ``320x568``; all where it names none."""

PICTURES: Final = os.environ.get("GAMESERVER_LOOK_PICTURES")
"""The folder that pictures are kept in; none where it is not set."""

MEASURE: Final = (Path(__file__).parent / "measure.js").read_text("utf-8")
SETTLED: Final = (
    "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 60))))"
)


class Look:
    """
    What was found on the pages of one game.

    :param name: of the game and how many play it, for reports and pictures.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[str] = []
        self.looked = 0
        self._examined: set[str] = set()

    def at(
        self,
        someone: Someone,
        scene: str,
        *,
        see: Sequence[str] = (),
        sizes: Sequence[tuple[int, int]] = (),
        field: str | None = None,
        kind: str | None = None,
    ) -> None:
        """
        Look at a page as it is now, on each screen that its device may have.

        :param see: what must be seen without scrolling, by selector.
        :param sizes: others than those of the device.
        :param field: where somebody types, by selector: the sizes are what a keyboard leaves then.
        :param kind: what scenes made of the same parts have in common: but in `make look` axe looks at one of them.
        """
        tv = someone.page.evaluate("document.documentElement.classList.contains('tv')")
        for size in sizes or _sizes(tv=tv):
            if field is not None:
                someone.page.set_viewport_size({"width": size[0], "height": 2 * size[1]})
                someone.page.evaluate(SETTLED)
                someone.page.locator(field).first.focus()
            someone.page.set_viewport_size({"width": size[0], "height": size[1]})
            someone.page.evaluate(SETTLED)
            self._unzoom(someone)
            where = f"{self.name}, {scene}, {someone.name} at {size[0]}x{size[1]}"
            touch = size in PHONES
            found = someone.page.evaluate(f"({MEASURE})", {"tv": tv, "touch": touch, "see": list(see)})
            self.faults += [f"{where}: {fault}" for fault in dict.fromkeys(found)]
            self.looked += 1
            if PICTURES:
                self._keep(someone, f"{self.name} {scene} {someone.name} {size[0]}x{size[1]}")
        examined = f"{scene}, {someone.name}" if ALL else f"{kind or scene}, {tv}"
        if field is None and examined not in self._examined:
            self._examined.add(examined)
            self.faults += [f"{self.name}, {each}" for each in someone.examine(f"{scene}, {someone.name}")]

    def _unzoom(self, someone: Someone) -> None:
        """Undo that a page was zoomed into as its screen became another, which is no phone's doing."""
        if someone.page.evaluate("visualViewport.scale > 1.01"):
            devtools = someone.page.context.new_cdp_session(someone.page)
            devtools.send("Emulation.setPageScaleFactor", {"pageScaleFactor": 1})
            devtools.detach()
            someone.page.evaluate(SETTLED)

    def _keep(self, someone: Someone, title: str) -> None:
        folder = Path(str(PICTURES))
        folder.mkdir(parents=True, exist_ok=True)
        name = re.sub(r"[^A-Za-z0-9]+", "-", title)
        someone.page.screenshot(path=folder / f"{name}.png", scale="css")


def _sizes(*, tv: bool) -> tuple[tuple[int, int], ...]:
    if not ALL:
        return TVS[:1] if tv else (PHONES[0], PHONES[2])
    sizes = (*TVS, LAPTOP) if tv else (*PHONES, LAPTOP)
    return tuple(size for size in sizes if not WANTED or "x".join(map(str, size)) in WANTED)


def only_all() -> None:
    """
    See that there is time for all of it.

    :raises SkipTest: this is no `make look`.
    """
    if not ALL:
        raise SkipTest("make look")
