"""The answer at a path where there is nothing: a page for people, JSON for programs."""

from __future__ import annotations

from html import escape
from typing import Any, Final

from twisted.web.resource import Resource

from gameserver.errors import Refused
from gameserver.web.answers import refusal, wrong_method
from gameserver.web.policy import secure

PAGE: Final = """\
<!DOCTYPE html>
<html lang="{language}" dir="{direction}">
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
      <div class="row center"><a class="button primary" href="{up}">{lobby}</a></div>
    </div>
  </main>
</body>
</html>
"""
"""Its links are relative: people may reach the server under a path of a host that it shares."""

NO_GAME: Final = ("No such game", "This server has no game of that name.")
LOBBY: Final = "To the lobby"
NOTHING: Final = ("There is nothing here", "The link may be mistyped, or what it led to is gone.")


class Missing(Resource):
    """
    No such page, file or game.

    :param texts: title and sentence of a page that every client gets; without them, only browsers get a page.
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
        language, direction, words = request.site.words(request)
        title, text, lobby = (escape(words.get(each, each)) for each in (*(self._texts or NOTHING), LOBBY))
        up = "../" * (len(request.postpath) - 1) or "./"
        body = PAGE.format(language=language, direction=direction, title=title, text=text, lobby=lobby, up=up).encode()
        secure(request)
        request.setResponseCode(404)
        request.setHeader(b"content-type", b"text/html; charset=utf-8")
        request.setHeader(b"vary", b"Accept-Language, Cookie")
        request.setHeader(b"content-length", str(len(body)).encode())
        return body


def wants_page(request: Any) -> bool:
    """Whether a person will see the answer: browsers ask for HTML when they go to a page, not for what it loads."""
    return request.method in (b"GET", b"HEAD") and b"text/html" in (request.getHeader(b"accept") or b"").lower()
