"""
How discs move: the same arithmetic as ``page/motion.js``, with which a page predicts what the server will do.

Places are whole numbers of tenths of a pixel, and speeds of tenths of a pixel a step, so that what is sent is exactly
what is computed with, and short. In between there are only ``+ - * /`` and square roots, which every machine rounds
alike (IEEE 754), and each step ends in whole numbers again. Both are tested with the paths in
``tests/games/arena_motion.json``.
"""

from math import sqrt
from typing import Final, NamedTuple

HZ: Final = 20
"""Steps a second."""
WIDTH: Final = 16_000
HEIGHT: Final = 9_000
RADIUS: Final = 260
PUSH: Final = 8
"""The strongest push, along each axis and as a vector."""
DASH: Final = 45
"""What a dash adds to the speed, for each unit of push."""
DASH_REST: Final = 24
"""Steps until the next dash."""
HIT: Final = 220
"""If discs meet faster than this, in tenths of a pixel a step, the slower one was hit."""


class Body(NamedTuple):
    """Where a disc is, how fast it moves, and `n`, the number of the last command that it has followed."""

    x: int
    y: int
    vx: int
    vy: int
    n: int


def step(body: Body, n: int, x: float, y: float, dash: bool) -> Body:
    """
    Move a disc that is pushed by one step.

    :param n: the number of the command. :param x: how hard, from ``-PUSH`` to ``PUSH``; `y` likewise. A longer vector
    than ``PUSH`` is shortened to it.
    :param dash: with a dash, which must be allowed.
    """
    length = sqrt(x * x + y * y)
    if length > PUSH:
        x, y = x * PUSH / length, y * PUSH / length
    vx, vy = body.vx * 0.8 + 4 * x, body.vy * 0.8 + 4 * y
    if dash:
        vx, vy = vx + DASH * x, vy + DASH * y
    across, vx_now = _wall(body.x + int(vx), int(vx), WIDTH)
    down, vy_now = _wall(body.y + int(vy), int(vy), HEIGHT)
    return Body(across, down, vx_now, vy_now, n)


def _wall(at: int, speed: int, size: int) -> tuple[int, int]:
    """Return place and speed along one axis: a wall gives half of the speed back."""
    if at < RADIUS:
        return RADIUS, int(abs(speed) / 2)
    if at > size - RADIUS:
        return size - RADIUS, -int(abs(speed) / 2)
    return at, speed


def bump(a: Body, b: Body) -> tuple[Body, Body, float]:
    """
    Move two discs apart if they touch, and swap the speeds that they have towards each other.

    :returns: both, and how fast they met, a tenth of a pixel a step; 0 if they did not.
    """
    dx, dy = b.x - a.x, b.y - a.y
    apart = dx * dx + dy * dy
    if apart >= 4 * RADIUS * RADIUS:
        return a, b, 0
    distance = sqrt(apart)
    # Of two in one place the first goes left.
    nx, ny = (dx / distance, dy / distance) if distance > 0 else (1.0, 0.0)
    gap = (2 * RADIUS - distance) / 2 + 1
    met = max(0, (a.vx - b.vx) * nx + (a.vy - b.vy) * ny)
    return _shoved(a, -gap, -met, nx, ny), _shoved(b, gap, met, nx, ny), met


def _shoved(body: Body, by: float, faster: float, nx: float, ny: float) -> Body:
    x, vx = _wall(body.x + int(by * nx), body.vx + int(faster * nx), WIDTH)
    y, vy = _wall(body.y + int(by * ny), body.vy + int(faster * ny), HEIGHT)
    return Body(x, y, vx, vy, body.n)
