"""QR codes: pictures of addresses, for phones to look at."""

from __future__ import annotations

from io import BytesIO
from typing import Final

QR_BYTES: Final = 256
"""The longest text of a QR code, for an address is shorter, and a phone would not read the next sizes from a TV."""
QR_MASK: Final = 2
"""Trying all eight patterns would cost four times as much: 25 ms instead of 7 for the longest text."""
QR_KEPT: Final = 64


class Pictures:
    """The latest QR codes: many phones look at one."""

    def __init__(self) -> None:
        self._drawn: dict[str, bytes] = {}

    def get(self, text: str) -> bytes | None:
        """:returns: one that was drawn already."""
        return self._drawn.get(text)

    def draw(self, text: str) -> bytes:
        """:returns: a new one; the oldest is forgotten."""
        if len(self._drawn) >= QR_KEPT:
            del self._drawn[next(iter(self._drawn))]
        body = self._drawn[text] = qr_code(text)
        return body


def qr_code(text: str) -> bytes:
    """:returns: an SVG picture, dark on white with a margin, for any theme of the page around it."""
    import segno  # most servers are never asked for a picture

    picture = BytesIO()
    code = segno.make(text, micro=False, error="m", boost_error=False, mask=QR_MASK)
    code.save(picture, kind="svg", border=3, xmldecl=False, omitsize=True, dark="#000", light="#fff")
    return picture.getvalue()
