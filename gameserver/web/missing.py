"""What a path answers at which there is nothing: a page for whoever looks at it, JSON for programs."""

from __future__ import annotations

from typing import Any, Final

from twisted.web.resource import Resource

from gameserver.errors import Refused
from gameserver.web.answers import refusal, wrong_method
from gameserver.web.policy import secure

PAGE: Final = """\
<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>{title}</title>
  <link rel="icon" href="{up}static/icon.svg" type="image/svg+xml">
  <link rel="stylesheet" href="{up}static/style.css">
</head>
<body>
  <main class="page narrow">
    <div class="card stack center">
      <h1>{title}</h1>
      <p>{text}</p>
      <div class="row center"><a class="button primary" href="{up}">To the lobby</a></div>
    </div>
  </main>
</body>
</html>
"""
"""Links lead up from where it stands: people may reach the server under a path of a host that it shares."""

NO_GAME: Final = ("No such game", "This server has no game of that name.")
NOTHING: Final = ("There is nothing here", "The link may be mistyped, or what it led to is gone.")


class Missing(Resource):
    """
    No such page, file or game.

    :param texts: title and sentence of a page that is given to whoever asks; without them, to browsers alone.
    """

    isLeaf = True

    def __init__(self, texts: tuple[str, str] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._texts = texts

    def render(self, request: Any) -> bytes:
        """Say so."""
        if request.method not in (b"GET", b"HEAD"):
            return wrong_method(request, ("GET", "HEAD"))
        if self._texts is not None or wants_page(request):
            body = self._page(request)
        else:
            body = refusal(request, Refused("There is nothing at this path.", code="not_found"))
        return b"" if request.method == b"HEAD" else body

    def _page(self, request: Any) -> bytes:
        title, text = self._texts or NOTHING
        up = "../" * (len(request.postpath) - 1) or "./"
        body = PAGE.format(title=title, text=text, up=up).encode()
        secure(request)
        request.setResponseCode(404)
        request.setHeader(b"content-type", b"text/html; charset=utf-8")
        request.setHeader(b"content-length", str(len(body)).encode())
        return body


def wants_page(request: Any) -> bool:
    """Whether somebody looks at the answer: browsers name HTML for where they go, not for what a page loads."""
    return request.method in (b"GET", b"HEAD") and b"text/html" in (request.getHeader(b"accept") or b"").lower()
