"""Plots as SVG, by hand: one line, both axes logarithmic or not, readable on light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

WIDTH, HEIGHT = 560, 320
LEFT, RIGHT, TOP, BOTTOM = 76, 24, 40, 52
GREY, LINE = "#808080", "#2f7fd1"
"""Both have contrast enough on white and on black."""

SMALL_WIDTH, SMALL_HEIGHT = 300, 190
OLD = "#c0703f"

Points = Sequence[tuple[float, float]]
Series = Sequence[tuple[str, str, Points]]
"""Of each line its name, its colour and its points."""


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


def compare(title: str, unit: str, series: Series) -> str:
    """
    Draw lines into one small picture, both axes logarithmic: what does not grow is level.

    :param unit: of y.
    :param series: from left to right; all y are above 0.
    """
    left, right, top, bottom = 44, 28, 24, 34
    points = [point for _, _, line in series for point in line]
    (x_low, x_high), (y_low, y_high) = (_decades([point[axis] for point in points]) for axis in (0, 1))
    across = (SMALL_WIDTH - left - right) / (x_high - x_low)
    up = (SMALL_HEIGHT - top - bottom) / (y_high - y_low)

    def place(x: float, y: float) -> tuple[float, float]:
        return left + across * (log10(x) - x_low), SMALL_HEIGHT - bottom - up * (log10(y) - y_low)

    parts = []
    end_x, end_y = place(10.0**x_high, 10.0**y_high)
    for power in range(y_low, y_high + 1):
        _, y = place(10.0**x_low, 10.0**power)
        parts.append(f'<path d="M{left} {y:.1f}H{end_x:.1f}" stroke="{GREY}" stroke-opacity=".35"/>')
        parts.append(_text(left - 5, y + 4, f"{10.0**power:,g}", size=10, anchor="end"))
    for power in range(x_low, x_high + 1):
        x, _ = place(10.0**power, 10.0**y_low)
        parts.append(f'<path d="M{x:.1f} {SMALL_HEIGHT - bottom}V{end_y:.1f}" stroke="{GREY}" stroke-opacity=".35"/>')
        parts.append(_text(x, SMALL_HEIGHT - bottom + 14, f"{10.0**power:,g}", size=10, anchor="middle"))
    at = float(left)
    for name, colour, line in series:
        drawn = [place(*point) for point in line]
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in drawn]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in drawn)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<circle cx="{at + 4:.1f}" cy="12" r="4" fill="{colour}"/>')
        parts.append(_text(at + 12, 16, name, size=11))
        at += 24 + 7 * len(name)
    parts.append(_text(at, 16, unit, size=11))
    size = f'viewBox="0 0 {SMALL_WIDTH} {SMALL_HEIGHT}" width="{SMALL_WIDTH}" height="{SMALL_HEIGHT}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="sans-serif">'
    return f"{head}\n<title>{title}</title>\n" + "\n".join(parts) + "\n</svg>\n"


def _decades(values: Sequence[float]) -> tuple[int, int]:
    """:returns: the powers of ten between which all are; at least one apart."""
    low, high = floor(log10(min(values))), ceil(log10(max(values)))
    return low, max(high, low + 1)
