"""Plots as SVG, by hand: one line, both axes logarithmic or not, readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10

WIDTH, HEIGHT = 560, 320
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 40, 52
GREY, LINE = "#808080", "#2f7fd1"
"""Both have contrast enough on white and on black."""

Points = Sequence[tuple[float, float]]


def plot(title: str, x_label: str, y_label: str, points: Points, *, marks: Sequence[float]) -> str:
    """
    :param points: from left to right; x is drawn logarithmically, y from 0.
    :param marks: where the y axis has a line and a number; the last is its end.
    :returns: the picture.
    """
    first, last = log10(points[0][0]), log10(points[-1][0])
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + wide * (log10(x) - first) / (last - first), TOP + high * (1 - y / marks[-1])

    parts = [_text(LEFT, 22, title, size=15)]
    for mark in marks:
        _, y = place(points[0][0], mark)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GREY}" stroke-opacity=".35"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{mark:,g}", anchor="end"))
    for x_value, y_value in points:
        x, y = place(x_value, y_value)
        parts.append(_text(x, HEIGHT - BOTTOM + 18, f"{x_value:,g}", anchor="middle"))
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{LINE}"/>')
        parts.append(_text(x, y - 9, f"{y_value:,.3g}" if y_value < 1000 else f"{y_value:,.0f}", anchor="middle"))
    line = " ".join("{:.1f},{:.1f}".format(*place(*point)) for point in points)
    parts.append(f'<polyline points="{line}" fill="none" stroke="{LINE}" stroke-width="2"/>')
    parts.append(_text(LEFT + wide / 2, HEIGHT - 12, x_label, anchor="middle"))
    middle = TOP + high / 2
    turned = f' transform="rotate(-90 16 {middle:.1f})"'
    parts.append(_text(16, middle, y_label, anchor="middle", more=turned))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    return f'{head} role="img" font-family="sans-serif">\n<title>{title}</title>\n' + "\n".join(parts) + "\n</svg>\n"


def marks_to(most: float) -> list[float]:
    """:returns: 0 and four or five round numbers, the last of them above this."""
    unit = 10.0 ** int(log10(most) if most >= 1 else log10(most) - 1)
    step = next(unit * part for part in (0.2, 0.25, 0.5, 1.0, 2.0, 2.5) if unit * part * 5 > most * 1.12)
    return [step * n for n in range(6)]


def _text(x: float, y: float, text: str, *, size: int = 12, anchor: str = "start", more: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{GREY}" text-anchor="{anchor}"{more}>{text}</text>'
