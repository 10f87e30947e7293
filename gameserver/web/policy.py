"""The headers of every page: what a browser may load and run there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; connect-src 'self'{sockets}; "
    "object-src 'none'; {scripts}base-uri 'none'; form-action 'self'; frame-ancestors 'self'{ancestors}"
)
"""Scripts and styles are files of this server, none stands in a page; older browsers want sockets named."""

_HOST = re.compile(rb"[A-Za-z0-9.-]+(:\d{1,5})?")


def ancestors(origins: Iterable[str]) -> str:
    """
    :param origins: of pages that may connect; those may show ours in a frame.
    :returns: what the policy says of them.
    """
    return "".join(f" {origin}" for origin in origins if origin.startswith(("http://", "https://")))


def secure(request: Any, *, script: str = "") -> None:
    """
    Set what every page and every file of one is sent with.

    :param script: the SHA-256 in base64 of what alone stands in the page itself, its import map.
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
