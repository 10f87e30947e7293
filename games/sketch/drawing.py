"""
Strokes, as pages send them and as they are kept.

A stroke is ``[colour, width, joined, points]``; of the width `FILL` it is paint, poured out at its one point.
``points`` are bytes, three for each point: twelve bits for x and twelve for y, from the upper left corner of a sheet of
4096 by 4096, which pages show four wide and three high. A page ends a stroke after 128 points and goes on with another
where it ended; that one is ``joined``, so that both are undone at once.
"""

from typing import Annotated, Any, Final

from msgspec import Meta

from gameserver import Refused

COLOURS: Final = 16
WIDTHS: Final = 5
FILL: Final = 4
MOST_FILLS: Final = 40
"""In one drawing: for each of them all pages look at every point of the sheet."""
MOST_POINTS: Final = 128
"""In one stroke: a page that comes late misses at most so much of a line, and only until the stroke ends."""
MOST_BYTES: Final = 96 * 1024
"""Of the points of all strokes of a drawing; a minute of scribbling takes some 20 KiB."""
MOST_STROKES: Final = 1500

Colour = Annotated[int, Meta(ge=0, lt=COLOURS)]
Width = Annotated[int, Meta(ge=0, lt=WIDTHS)]
Points = Annotated[bytes, Meta(min_length=3, max_length=3 * MOST_POINTS)]


def check(strokes: list[Any], points: bytes, *, width: int = 0) -> None:
    """:raises Refused: ``bad_data``, these are no points; ``full``, the sheet or the paint is used up."""
    if len(points) % 3:
        raise Refused("A point is three bytes.", code="bad_data", path="$.points")
    if width == FILL:
        if len(points) != 3:
            raise Refused("Paint is poured out at one point.", code="bad_data", path="$.points")
        if sum(stroke[1] == FILL for stroke in strokes) >= MOST_FILLS:
            raise Refused("There is no paint left. Take something back, or wipe the sheet.", code="full")
    if len(strokes) >= MOST_STROKES or sum(len(stroke[3]) for stroke in strokes) + len(points) > MOST_BYTES:
        raise Refused("The sheet is full. Take something back, or wipe it.", code="full")


def undo(strokes: list[Any]) -> None:
    """Take the last line back, with the strokes that it is made of."""
    while strokes:
        if not strokes.pop()[2]:
            return
