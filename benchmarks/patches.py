"""
How many bytes a patch takes: fifty bodies move, twenty times a second, before twenty viewers.

``python benchmarks/patches.py`` walks the bodies through a room of this framework, counts what each viewer is sent, and
gives the same walk to the encoder of Colyseus 0.18 (``@colyseus/schema``, at the version that ``colyseus_schema``
pins), which it installs into a folder of its own. Whole messages are counted, for both.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from gameserver import Game
from gameserver.protocol import messages, msgpack
from gameserver.testing import Table
from gameserver.testing.wires import PlainTransport
from gameserver.websocket.session import Session

BODIES = 50
VIEWERS = 20
TICK_HZ = 20
TICKS = 200
WORLD = 1000.0
SPEED = 120.0
"""Units a second."""
FOLDER = Path(__file__).parent / "colyseus_schema"


class Arena(Game):
    """Bodies that follow a walk."""

    needs_start = False
    late_join = True
    max_players = VIEWERS + 1
    durability = "none"
    tick_hz = TICK_HZ
    walk: ClassVar[list[list[tuple[float, float]]]] = []

    def on_create(self) -> None:
        self.state["bodies"] = {str(i): {"x": x, "y": y} for i, (x, y) in enumerate(self.walk[0])}
        self.secret["tick"] = 0

    def on_tick(self, dt_s: float) -> None:
        self.secret["tick"] += 1
        for body, (x, y) in zip(self.state["bodies"].values(), self.walk[self.secret["tick"]], strict=True):
            body["x"] = x
            body["y"] = y


class Viewer(PlainTransport):
    """A connection that counts what it is sent."""

    def __init__(self, table: Table, number: int, form: messages.Form) -> None:
        self.sizes: list[int] = []
        binary = form is not messages.Form.JSON
        self._session = Session(table.services, self, f"viewer {number}", binary=binary)
        ops = 4 if form is messages.Form.COLUMNS else None
        for op, fields in (
            ("hello", {"guest": {"name": f"viewer {number}"}, "ops": ops}),
            ("join", {"id": 1, "room": table.code}),
        ):
            self._session.receive(
                msgpack.say(op, fields) if binary else json.dumps({"op": op, **fields}).encode(), binary=binary
            )
        table.settle()
        self.sizes.clear()

    def send(self, frame: bytes) -> None:
        """The server sends."""
        self.sizes.append(len(frame))

    def close(self, code: int, reason: str) -> None:
        """The server closes."""
        raise RuntimeError(f"closed with {code}: {reason}")


def walk_of(rounded: Callable[[float], float]) -> list[list[tuple[float, float]]]:
    """:returns: for each tick the places of all bodies; every body moves in both directions at every tick."""
    chance = random.Random(1)
    places = [[chance.uniform(100, WORLD - 100), chance.uniform(100, WORLD - 100)] for _ in range(BODIES)]
    speeds = [[chance.choice((-1, 1)) * chance.uniform(40, SPEED) for _ in range(2)] for _ in range(BODIES)]
    ticks = []
    for _ in range(TICKS + 2):
        for place, speed in zip(places, speeds, strict=True):
            for axis in range(2):
                if not 0 < place[axis] + speed[axis] / TICK_HZ < WORLD:
                    speed[axis] = -speed[axis]
                place[axis] += speed[axis] / TICK_HZ
        ticks.append([(rounded(x), rounded(y)) for x, y in places])
    return ticks


def ours(walk: list[list[tuple[float, float]]], quantize: float | None, form: messages.Form) -> tuple[float, float]:
    """:returns: the mean bytes of a patch, and the milliseconds of a tick."""
    game = type("Arena", (Arena,), {"walk": walk, "quantize": quantize})
    table = Table(game)
    table.join("host")
    table.visitors[0].drop()
    viewers = [Viewer(table, number, form) for number in range(VIEWERS)]
    for viewer in viewers:
        viewer.sizes.clear()
    began = time.process_time()
    while len(viewers[0].sizes) < TICKS // 2:
        table.advance(1 / TICK_HZ)
    spent_ms = (time.process_time() - began) * 1000 / len(viewers[0].sizes)
    sizes = [size for viewer in viewers for size in viewer.sizes[2:]]
    return sum(sizes) / len(sizes), spent_ms


def theirs(walk: list[list[tuple[float, float]]], types: list[str], folder: Path) -> dict[str, float]:
    """:returns: by type of field, the mean bytes of a patch."""
    (folder / "walk.json").write_text(json.dumps({"types": types, "ticks": walk}))
    done = subprocess.run(
        ["node", "measure.mjs", "walk.json"], cwd=folder, check=True, capture_output=True, text=True, timeout=120
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> int:
    """Print the table."""
    cases: list[tuple[str, Callable[[float], float], list[str], float]] = [
        ("whole units", lambda v: float(round(v)), ["number", "int16"], 1),
        ("tenths", lambda v: round(v, 1), ["number", "float32"], 0.1),
        ("any float", lambda v: v, ["number", "float32", "float64"], 0.01),
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(FOLDER, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)
        for title, rounded, types, step in cases:
            walk: Any = walk_of(rounded)
            sys.stdout.write(f"{title}: {BODIES} bodies, x and y at every tick\n")
            for kind, size in theirs(walk, types, folder).items():
                sys.stdout.write(f"  Colyseus, {kind:24} {size:8.1f} bytes\n")
            for quantize in (None, step):
                for form in messages.Form:
                    size, spent_ms = ours(walk, quantize, form)
                    label = f"ours, {form.name.lower()}, quantize={quantize}"
                    sys.stdout.write(f"  {label:34} {size:8.1f} bytes   {spent_ms:6.2f} ms of CPU a tick\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
