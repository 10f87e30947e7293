"""
The site: one port for the WebSocket, the HTTP calls and the pages.

``/ws`` is the WebSocket, ``/`` a page that lists the games, and every other path is the API's.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from io import BytesIO
from string import Template
from typing import TYPE_CHECKING, Any, Final

from twisted.python.failure import Failure
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from gameserver.errors import Refused
from gameserver.web.api import BODY_BYTES, Api, allow, first_paragraph, log, refusal, wrong_method
from gameserver.wire.protocol import admits

if TYPE_CHECKING:
    from gameserver.game.loader import Catalog
    from gameserver.game.spec import Spec
    from gameserver.settings import Settings
    from gameserver.wire.protocol import admits
from gameserver.wire.session import House

IDLE_S: Final = 60
"""A connection on which nothing comes for so long is closed; one that became a WebSocket has pings of its own."""
DISCARDED_BYTES: Final = 1 << 20
"""Of a body that is too large so much is read and thrown away, for the client to read our answer; then we hang up."""
PREFLIGHT_S: Final = b"600"
"""How long a browser may remember what a page may do."""
TOO_LARGE: Final = b"HTTP/1.1 413 Request Entity Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

STYLE: Final = """
:root { color-scheme: light dark; font: 1.05rem/1.5 system-ui, sans-serif; }
body { max-width: 42rem; margin: 3rem auto; padding: 0 1.25rem; }
h1 { font-size: 1.6rem; }
ul { list-style: none; padding: 0; }
li { margin: .75rem 0; padding: .9rem 1.1rem; border: 1px solid #8884; border-radius: .6rem; }
p { margin: .2rem 0; }
small, footer { opacity: .7; }
"""
POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'"
)
"""Nothing but our own style sheet: no script, no picture, no frame."""

PAGE: Final = Template("""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Games</title>
<style>$style</style></head>
<body><h1>Games on this server</h1>
$games
<footer><p>The lobby comes later; until then a game's own client connects to <code>/ws</code>.</p></footer></body>
</html>
""")
ITEM: Final = Template("<li><strong>$title</strong> <small>$players</small><p>$doc</p></li>")


def site(house: House, catalog: Catalog | None, settings: Settings, websocket: IResource) -> Site:
    """
    :param house: what all sessions of this node share.
    :param catalog: if given, games that could not be loaded are listed with their errors.
    :param settings: for the origins that are admitted.
    :param websocket: what answers at ``/ws``.
    :returns: a factory for the endpoints to listen with.
    """
    front = Front(Api(house, catalog), settings.origin)
    return QuietSite(Root(websocket, Page(house.hall.specs.values()), front), house.clock.reactor)


class QuietSite(Site):
    """A site that keeps no access log, whose dates would be wrong with monotonic seconds, and speaks HTTP/1.1 only."""

    noisy = False

    def __init__(self, root: IResource, reactor: Any) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            root, requestFactory=BoundedRequest, timeout=IDLE_S, reactor=reactor, parsePOSTFormSubmission=False
        )

    def startFactory(self) -> None:
        """Twisted would open the log, and date it every second."""

    def log(self, request: Any) -> None:
        """Twisted would write a line for each request."""

    def acceptableProtocols(self) -> list[bytes]:
        """What is offered over TLS: a WebSocket cannot take over a connection of HTTP/2."""
        return [b"http/1.1"]

    def getResourceFor(self, request: Any) -> Any:
        """Set what every answer has, and find who answers."""
        request.setHeader(b"server", b"gameserver")
        request.setHeader(b"x-content-type-options", b"nosniff")
        return super().getResourceFor(request)  # type: ignore[no-untyped-call]


class BoundedRequest(Request):
    """A request whose body costs a bounded amount of memory, and never a file."""

    _body_bytes = 0
    _cut_off = False

    def gotLength(self, length: int | None) -> None:
        """The headers are in."""
        self.content = BytesIO()
        if length is not None and length > DISCARDED_BYTES:
            self._hang_up()

    def handleContentChunk(self, data: bytes) -> None:
        """Keep one byte more than is admitted, which tells that it was too much."""
        assert self.content is not None
        self.content.write(data[: max(0, BODY_BYTES + 1 - self._body_bytes)])
        self._body_bytes += len(data)
        if self._body_bytes > DISCARDED_BYTES:
            self._hang_up()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """All is in."""
        if not self._cut_off:
            # ``*`` stands for the server; Twisted would answer by itself, and say its version.
            path = b"/*" if path == b"*" else path
            super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]

    def processingFailed(self, reason: Failure) -> Failure:
        """A resource raised: Twisted would answer with a page of its own."""
        log.failure("{method} {path} failed", reason, method=self.method, path=self.path)
        body = refusal(self, Refused("The server failed at that.", code="game_error"))
        self.write(body)  # type: ignore[no-untyped-call]
        self.finish()  # type: ignore[no-untyped-call]
        return reason

    def _hang_up(self) -> None:
        if not self._cut_off:
            self._cut_off = True
            channel: Any = self.channel
            channel.transport.write(TOO_LARGE)
            channel.loseConnection()


class Root(Resource):
    """Who answers which path."""

    def __init__(self, websocket: IResource, page: IResource, api: IResource) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._websocket = websocket
        self._page = page
        self._api = api

    def getChildWithDefault(self, path: bytes, request: Any) -> IResource:
        """Find who answers; the API reads the whole path itself."""
        if not request.postpath:
            if path == b"ws":
                return self._websocket
            if path == b"":
                return self._page
        request.postpath.insert(0, request.prepath.pop())
        return self._api


class Front(Resource):
    """
    What stands before klein, for requests that it would stumble over, and for pages of other origins.

    :param origins: origins of pages that may call besides the server's own: lower case, ``scheme://host[:port]``.
    """

    isLeaf = True

    def __init__(self, api: Api, origins: Iterable[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._origins = frozenset(origins)
        self._klein = api.app.resource()
        self._routes = api.app.url_map.bind("")

    def render(self, request: Any) -> Any:
        """Answer, or let klein answer."""
        request.setHeader(b"vary", b"Origin")
        if not _is_sound(request):
            return self._say(request, refusal(request, Refused("That request cannot be read.", code="bad_message")))
        origin = request.getHeader(b"origin")
        host = request.getHeader(b"host") or b""
        admitted = origin is None or admits(origin.decode("latin-1"), host.decode("latin-1"), self._origins)
        if origin is not None and admitted:
            request.setHeader(b"access-control-allow-origin", origin)
            request.setHeader(b"access-control-expose-headers", b"Location, Retry-After")
        if not admitted and request.method not in (b"GET", b"HEAD"):
            refused = Refused("Pages of this origin may not do that.", code="forbidden")
            return self._say(request, refusal(request, refused))
        if request.method == b"OPTIONS":
            return self._say(request, self._preflight(request))
        return self._klein.render(request)

    def _preflight(self, request: Any) -> bytes:
        """
        A browser asks what a page may do.

        Source: https://fetch.spec.whatwg.org/#cors-preflight-fetch
        """
        methods = self._routes.allowed_methods("/" + b"/".join(request.postpath).decode())
        if not methods:
            return refusal(request, Refused("There is nothing at this path.", code="not_found"))
        request.setResponseCode(204)
        request.setHeader(b"allow", allow(methods))
        request.setHeader(b"access-control-allow-methods", allow(methods))
        request.setHeader(b"access-control-allow-headers", b"Authorization, Content-Type")
        request.setHeader(b"access-control-max-age", PREFLIGHT_S)
        return b""

    def _say(self, request: Any, body: bytes) -> int:
        request.write(body)
        request.finish()
        return NOT_DONE_YET


class Page(Resource):
    """The page at ``/``: which games there are."""

    isLeaf = True

    def __init__(self, specs: Iterable[Spec]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        items = "\n".join(_item(spec) for spec in specs)
        games = f"<ul>\n{items}\n</ul>" if items else "<p>There are none yet.</p>"
        self._page = PAGE.substitute(style=STYLE, games=games).encode()

    def render(self, request: Any) -> bytes:
        """Show it."""
        if request.method not in (b"GET", b"HEAD"):
            return wrong_method(request, ("GET", "HEAD"))
        request.setHeader(b"content-type", b"text/html; charset=utf-8")
        request.setHeader(b"cache-control", b"no-cache")
        request.setHeader(b"content-security-policy", POLICY.encode())
        request.setHeader(b"referrer-policy", b"no-referrer")
        # Twisted notes in its log each body that it has to leave out.
        request.setHeader(b"content-length", str(len(self._page)).encode())
        return b"" if request.method == b"HEAD" else self._page


def _is_sound(request: Any) -> bool:
    """Whether klein and werkzeug can read host, path and method; they raise, or log an error, where not."""
    try:
        request.getRequestHostname().decode("ascii").encode("idna")
        b"/".join(request.postpath).decode()
        request.method.decode("ascii")
    except UnicodeError:
        return False
    return True


def _item(spec: Spec) -> str:
    low, high = max(1, spec.cls.min_players), spec.cls.max_players
    players = f"{low} to {high} players" if low < high else f"{high} player{'s' if high > 1 else ''}"
    doc = first_paragraph(spec.cls.__doc__)
    return ITEM.substitute(title=escape(spec.title), players=players, doc=escape(doc))
