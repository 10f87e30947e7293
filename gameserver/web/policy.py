"""The headers of every page: what a browser may load and run there."""

from __future__ import annotations

import re
from typing import Any, Final

POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; connect-src 'self'{sockets}; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
"""Scripts and styles are files of this server, none stands in a page; older browsers want sockets named."""

_HOST = re.compile(rb"[A-Za-z0-9.-]+(:\d{1,5})?")


def secure(request: Any) -> None:
    """Set what every page and every file of one is sent with."""
    host = request.getHeader(b"host") or b""
    sockets = f" ws://{host.decode()} wss://{host.decode()}" if _HOST.fullmatch(host) else ""
    request.setHeader(b"content-security-policy", POLICY.format(sockets=sockets).encode())
    request.setHeader(b"referrer-policy", b"no-referrer")
    request.setHeader(b"cache-control", b"no-cache")
