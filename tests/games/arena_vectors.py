"""
How discs of the arena move, written down: the server's arithmetic and the page's are both held to it.

After a change of ``games/arena/motion.py`` that is meant: ``python -m tests.games.arena_vectors``, and the same change
in ``games/arena/page/motion.js``.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any, Final

from games.arena import motion
from games.arena.motion import HEIGHT, PUSH, RADIUS, WIDTH, Body, bump, step

FILE: Final = Path(__file__).with_name("arena_motion.json")
CONSTANTS: Final = ("HZ", "WIDTH", "HEIGHT", "RADIUS", "PUSH", "DASH", "DASH_REST", "HIT")
PATHS: Final = 40
STEPS: Final = 60
PAIRS: Final = 400


def vectors() -> dict[str, Any]:
    """:returns: constants, paths of discs that follow commands, and pairs that meet; the same each time."""
    chance = Random(2718)
    return {
        "constants": {name: getattr(motion, name) for name in CONSTANTS},
        "paths": [_path(chance) for _ in range(PATHS)],
        "pairs": [_pair(chance) for _ in range(PAIRS)],
    }


def _somewhere(chance: Random, speed: int) -> Body:
    x, y = chance.randint(RADIUS, WIDTH - RADIUS), chance.randint(RADIUS, HEIGHT - RADIUS)
    return Body(x, y, chance.randint(-speed, speed), chance.randint(-speed, speed), 0)


def _path(chance: Random) -> dict[str, Any]:
    """A disc that is pushed for a while this way, then that way; walls come in its way."""
    body = start = _somewhere(chance, 600)
    commands: list[Any] = []
    bodies: list[Any] = []
    x = y = 0
    for n in range(1, STEPS + 1):
        if n % 7 == 1:
            x, y = chance.randint(-PUSH, PUSH), chance.randint(-PUSH, PUSH)
        dash = chance.random() < 0.1
        body = step(body, n, x, y, dash)
        commands.append([n, x, y, dash])
        bodies.append(list(body))
    return {"start": list(start), "commands": commands, "bodies": bodies}


def _pair(chance: Random) -> list[Any]:
    """Two discs, most of them so near that they touch, one pair in one place."""
    a = _somewhere(chance, 500)
    near = [chance.randint(-2 * RADIUS, 2 * RADIUS) if chance.random() < 0.97 else 0 for _ in range(2)]
    b = Body(a.x + near[0], a.y + near[1], chance.randint(-500, 500), chance.randint(-500, 500), 0)
    *after, met = bump(a, b)
    return [list(a), list(b), [list(body) for body in after], met]


if __name__ == "__main__":
    lines = [f'"{name}": [\n' + ",\n".join(map(json.dumps, vectors()[name])) + "\n]" for name in ("paths", "pairs")]
    FILE.write_text(f'{{\n"constants": {json.dumps(vectors()["constants"])},\n' + ",\n".join(lines) + "\n}\n", "utf-8")
