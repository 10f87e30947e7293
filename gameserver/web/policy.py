"""The headers of every page: what a browser may load and run there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; connect-src 'self'{sockets}; "
    "object-src 'none'; {scripts}base-uri 'none'; form-action 'self'; frame-ancestors 'self'{ancestors}"
)
"""Scripts and styles are files of this server, and none stands in a page; for older browsers, sockets are named."""

_HOST = re.compile(rb"[A-Za-z0-9.-]+(:\d{1,5})?")


def ancestors(origins: Iterable[str]) -> str:
    """
    :param origins: those of pages that may connect; these pages may show ours in a frame.
    :returns: the policy's list of who may show our pages in a frame.
    """
    return "".join(f" {origin}" for origin in origins if origin.startswith(("http://", "https://")))


def secure(request: Any, *, script: str = "") -> None:
    """
    Set the headers that every page is sent with, and every file of a page.

    :param script: the SHA-256, in base64, of the page's import map, the only script that stands in the page itself.
    """
    host = request.getHeader(b"host") or b""
    sockets = f" ws://{host.decode()} wss://{host.decode()}" if _HOST.fullmatch(host) else ""
    # A room may be at another node, whose pages are named as those that may connect.
    sockets += request.site.ancestors + request.site.ancestors.replace(" http", " ws")
    scripts = f"script-src 'self' 'sha256-{script}'; " if script else ""
    policy = POLICY.format(sockets=sockets, scripts=scripts, ancestors=request.site.ancestors)
    request.setHeader(b"content-security-policy", policy.encode())
    request.setHeader(b"referrer-policy", b"no-referrer")
    request.setHeader(b"cache-control", b"no-cache")
