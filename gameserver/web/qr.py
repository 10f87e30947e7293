"""QR codes: pictures of addresses, for phones to look at."""

from __future__ import annotations

from io import BytesIO
from typing import Final

QR_BYTES: Final = 256
"""The longest text of a QR code: addresses are shorter, and a phone could not read a larger code from a TV."""
QR_MASK: Final = 2
"""One fixed mask pattern: to try all eight would take 25 ms instead of 7 for the longest text."""
QR_KEPT: Final = 64


class Pictures:
    """Keeps the latest QR codes, since many phones ask for the same one."""

    def __init__(self) -> None:
        self._drawn: dict[str, bytes] = {}

    def get(self, text: str) -> bytes | None:
        """:returns: the picture of a text, if it is kept."""
        return self._drawn.get(text)

    def draw(self, text: str) -> bytes:
        """:returns: a new picture of a text, which is kept; the oldest one is forgotten."""
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
