"""
The site: one port for the WebSocket, the HTTP calls and the pages.

``/ws`` is the WebSocket, `gameserver.web.pages` knows the paths of pages, every other path is the API's, or nobody's.
Where people reach the server under a path of a host that it shares, a proxy may remove that path or leave it:
everything is served with it and without it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import unquote_to_bytes, urlsplit

from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure
from twisted.web.http import REQUEST_ENTITY_TOO_LARGE
from twisted.web.resource import IResource, Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from gameserver.errors import Refused
from gameserver.web.addresses import Addresses
from gameserver.web.answers import address_of, allow, refusal
from gameserver.web.api import Api, log
from gameserver.web.calls import BODY_BYTES
from gameserver.web.channel import HttpConnection
from gameserver.web.compressed import Compressed
from gameserver.web.handshake import Handshake
from gameserver.web.hosts import Hosts
from gameserver.web.missing import Missing, wants_page
from gameserver.web.pages import Pages
from gameserver.web.pipelining import FairQueue, KeptBytes
from gameserver.web.policy import ancestors
from gameserver.web.static_files import to_folder
from gameserver.websocket.limits import Connections
from gameserver.websocket.protocol import admits
from gameserver.websocket.proxies import LOCAL, Proxies

if TYPE_CHECKING:
    from gameserver.game.loader import Catalog
    from gameserver.game.spec import Spec
    from gameserver.settings.settings import Settings
    from gameserver.websocket.services import NodeServices

IDLE_S: Final = 360
"""
How long a connection may be idle before it is closed. A request that is on its way just then is lost, so it is longer
than browsers keep idle connections, which is 300 seconds at most.
"""
DISCARDED_BYTES: Final = 1 << 20
"""How much of too large a body is read and thrown away, so that the client reads our answer; then we hang up."""
PREFLIGHT_S: Final = b"600"
"""How long, in seconds, a browser may remember the answer to a preflight request."""
HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
"""Headers of every answer; pages have more, see `gameserver.web.policy`."""
TLS_ONLY: Final = b"max-age=31536000"
"""For a year, a browser that came by TLS uses nothing but TLS."""


def site(
    services: NodeServices,
    catalog: Catalog | None,
    settings: Settings,
    websocket: IResource,
    addresses: Addresses | None = None,
    compressed: Compressed | None = None,
) -> QuietSite:
    """
    Put together all that a port serves.

    :param services: what all sessions of this node share.
    :param catalog: if given, games that could not be loaded are listed with their errors.
    :param settings: those of this node.
    :param websocket: the resource at ``/ws``.
    :param addresses: where people reach this server, for links and QR codes.
    :param compressed: forms of pages' files.
    :returns: a factory for the endpoints to listen with.
    """
    places = catalog.places if catalog is not None else None
    pages = Pages(services.registry.specs.values(), places, compressed)
    api = Api(services, catalog, pages, addresses or Addresses(settings.public_url), settings)
    front = Front(api, settings.origin)
    root = Root(Handshake(websocket), pages, front, settings.node_path, settings.base_path)
    hosts = Hosts(settings.public_url, (*settings.host, urlsplit(settings.node_url or "").hostname or ""))
    made = QuietSite(root, services, Proxies(settings.trusted_proxy), hosts, ancestors(settings.origin))

    def serve(spec: Spec, place: str) -> None:
        pages.serve(spec, place)
        if catalog is not None:
            catalog.broken[:] = [broken for broken in catalog.broken if broken.place != place]
        api.list_games()

    made.serve = serve
    made.compress = pages.compress
    made.words = pages.words
    made.public_url = settings.public_url
    return made


class QuietSite(Site):
    """
    A site that speaks HTTP/1.1 only, and keeps no access log: its dates would be wrong, made of monotonic seconds.

    :param services: what all sessions of this node share.
    :param proxies: those whose headers are believed when they tell a client's address.
    :param hosts: the hosts that this server answers to.
    :param ancestors: what the policy of pages says about who may show them in frames.
    :ivar connections: counts the HTTP connections of each address.
    :ivar queue: the order in which their requests are answered.
    :ivar kept: counts the bytes that are kept for them.
    """

    noisy = False
    serve: Callable[[Spec, str], None] = staticmethod(lambda spec, place: None)
    """Call this with a game that is served from now on, and the place that it was loaded from."""
    public_url: str | None = None
    """Where people reach this server, as its operator has set it."""
    compress: Callable[[], Deferred[None] | None] = staticmethod(lambda: None)
    """Call this once the server listens."""
    words: Callable[[Any], tuple[str, str, Mapping[str, str]]] = staticmethod(lambda request: ("en", "ltr", {}))
    """The language and texts for the answer to a request; see `Pages.words`."""
    protocol = HttpConnection  # type: ignore[assignment]

    def __init__(
        self, root: IResource, services: NodeServices, proxies: Proxies, hosts: Hosts, ancestors: str = ""
    ) -> None:
        self.proxies = proxies
        self.hosts = hosts
        self.ancestors = ancestors
        self._clock = services.clock
        self.budgets = services.budgets
        self.strangers = services.strangers
        self.connections = Connections(services.limits.connections_per_address)
        self.request_s = services.limits.request_s
        self.queue = FairQueue(services.clock)
        self.kept = KeptBytes(services.limits.http_bytes, partial(services.budgets.held_back, "kept"))
        super().__init__(  # type: ignore[no-untyped-call]
            root,
            requestFactory=BoundedRequest,
            timeout=IDLE_S,
            reactor=services.clock.reactor,
            parsePOSTFormSubmission=False,
        )

    def startFactory(self) -> None:
        """Do nothing; Twisted would open the log, and make its date every second."""

    def log(self, request: Any) -> None:
        """Do nothing; Twisted would write a line for each request."""

    def acceptableProtocols(self) -> list[bytes]:
        """Offer HTTP/1.1 alone over TLS: a WebSocket cannot take over a connection of HTTP/2."""
        return [b"http/1.1"]

    def getResourceFor(self, request: Any) -> Any:
        """Set the headers that every answer has, and find the resource that answers."""
        request.setHeader(b"server", b"gameserver")
        for name, value in HEADERS:
            request.setHeader(name, value)
        if request.isSecure():
            request.setHeader(b"strict-transport-security", TLS_ONLY)
            request.setHeader(b"cross-origin-opener-policy", b"same-origin")
        refused = self._refused(request)
        if refused is not None:
            return No(refused)
        return super().getResourceFor(request)  # type: ignore[no-untyped-call]

    def _refused(self, request: Any) -> Refused | None:
        """:returns: why this request is refused, if it is."""
        hosts = [host.decode("latin-1") for host in request.requestHeaders.getRawHeaders(b"host", [])]
        if not all(map(self.hosts.know, hosts)):
            return Refused(code="unknown_host")
        # WebSockets have a limit of their own, and after a restart all of a network's come back at once.
        if request.requestHeaders.hasHeader(b"upgrade") and request.postpath[-1:] == [b"ws"]:
            return None
        if not self.budgets.take(self._clock.monotonic(), "http", address_of(request)):
            return Refused(code="rate_limited")
        return None


class No(Resource):
    """Answers every request with the same refusal."""

    isLeaf = True

    def __init__(self, refused: Refused) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._refused = refused

    def render(self, request: Any) -> bytes:
        """Say why."""
        return refusal(request, self._refused)


class BoundedRequest(Request):
    """A request whose body costs a bounded amount of memory, and never a file."""

    _body_bytes = 0
    _cut_off = False

    def getClientAddress(self) -> Any:
        """Return the client's address, whatever trusted proxies the request came through."""
        address = self._proxies.client(self.client, self._joined(b"x-forwarded-for"))
        return self.client if address == LOCAL else IPv4Address("TCP", address, 0)

    def getRequestHostname(self) -> bytes:
        """Return the host of the request; through a UNIX socket a request without one means this machine."""
        here: Any = self.host
        if not self.requestHeaders.hasHeader(b"host") and not hasattr(here, "host"):
            return b"localhost"
        return cast(bytes, super().getRequestHostname())  # type: ignore[no-untyped-call]

    def isSecure(self) -> bool:
        """Whether the client speaks TLS, as far as we know."""
        return self.scheme == "https"

    @property
    def scheme(self) -> str | None:
        """``http`` or ``https`` as the client knows it, or None where it cannot be told; see `Proxies.scheme`."""
        forwarded = self._joined(b"x-forwarded-proto")
        return self._proxies.scheme(self.client, forwarded, secure=super().isSecure())  # type: ignore[no-untyped-call]

    @property
    def _proxies(self) -> Proxies:
        channel: Any = self.channel
        return cast(Proxies, channel.site.proxies)

    def _joined(self, name: bytes) -> str:
        return b",".join(self.requestHeaders.getRawHeaders(name, [])).decode("latin-1")

    @property
    def kept_bytes(self) -> int:
        """How many bytes of its body are kept."""
        return min(self._body_bytes, BODY_BYTES + 1)

    def gotLength(self, length: int | None) -> None:
        """The headers have come: refuse a body that is much too large."""
        self.content = BytesIO()
        if length is not None and length > DISCARDED_BYTES:
            self._hang_up()

    def handleContentChunk(self, data: bytes) -> None:
        """Keep what is admitted, and one byte more, by which a reader sees that the body was too large."""
        assert self.content is not None
        self.content.write(data[: max(0, BODY_BYTES + 1 - self._body_bytes)])
        self._body_bytes += len(data)
        if self._body_bytes > DISCARDED_BYTES:
            self._hang_up()

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """All of the request has come: have it answered."""
        if not self._cut_off:
            # ``*`` stands for the server; Twisted would answer by itself, and say its version.
            path = b"/*" if path == b"*" else path
            super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]

    def processingFailed(self, reason: Failure) -> Failure:
        """Answer where a resource raised; Twisted would answer with a page of its own."""
        log.failure("{method} {path} failed", reason, method=self.method, path=self.path)
        body = refusal(self, Refused("The server failed at that.", code="game_error"))
        self.write(body)  # type: ignore[no-untyped-call]
        self.finish()  # type: ignore[no-untyped-call]
        return reason

    def _hang_up(self) -> None:
        if not self._cut_off:
            self._cut_off = True
            channel: Any = self.channel
            channel.refuse(REQUEST_ENTITY_TOO_LARGE)


class Root(Resource):
    """
    Finds who answers at which path.

    :param bases: the paths under which people reach this server; one that is below another comes before it.
    """

    def __init__(self, websocket: IResource, pages: Pages, api: Front, *bases: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._websocket = websocket
        self._pages = pages
        self._api = api
        self._bases = [[unquote_to_bytes(name) for name in base.split("/")[1:]] for base in bases if base]
        self._first = {b"ws", *pages.first, *api.first}

    def getChildWithDefault(self, path: bytes, request: Any) -> IResource:
        """Find the resource that answers; pages and API read the whole path themselves."""
        names, base = self._inside([path, *request.postpath])
        request.prepath, request.postpath = [], names
        if not names:
            return to_folder(base[-1])
        if names == [b"ws"]:
            return self._websocket
        found = self._pages.find(request)
        if found is not None:
            return found
        return Missing() if names[0] not in self._api.first and wants_page(request) else self._api

    def _inside(self, names: list[bytes]) -> tuple[list[bytes], list[bytes]]:
        """
        :returns: the names after a base, or all where the path has none; and that base. A base may have the name of
            something of ours, such as ``/play``: what follows it tells them apart.
        """
        for base in self._bases:
            rest = names[len(base) :]
            if names[: len(base)] == base and (rest[0] in self._first if rest else names[0] not in self._first):
                return rest, base
        return names, []


class Front(Resource):
    """
    Stands before klein, for requests that klein cannot handle, and for pages of other origins.

    :param origins: origins of pages that may call besides the server's own: lower case, ``scheme://host[:port]``.
    :ivar first: the first names of the paths of calls.
    """

    isLeaf = True

    def __init__(self, api: Api, origins: Iterable[str]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._origins = frozenset(origins)
        self._klein = api.app.resource()
        self._routes = api.app.url_map.bind("")
        self.first = {rule.rule.split("/")[1].encode() for rule in api.app.url_map.iter_rules()}

    def render(self, request: Any) -> Any:
        """Answer what klein cannot, or let klein answer."""
        request.setHeader(b"vary", b"Origin")
        if not _is_sound(request):
            return self._say(request, refusal(request, Refused("That request cannot be read.", code="bad_message")))
        origin = request.getHeader(b"origin")
        host = request.getHeader(b"host") or b""
        admitted = origin is None or admits(
            origin.decode("latin-1"), host.decode("latin-1"), self._origins, request.scheme
        )
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
        Answer a browser that asks what a page may do.

        Source: https://fetch.spec.whatwg.org/#cors-preflight-fetch
        """
        methods = self._routes.allowed_methods("/" + b"/".join(request.postpath).decode())
        if not methods:
            return refusal(request, Refused("There is nothing at this path.", code="not_found"))
        request.setResponseCode(204)
        allowed = allow(("OPTIONS", *methods))
        request.setHeader(b"allow", allowed)
        request.setHeader(b"access-control-allow-methods", allowed)
        request.setHeader(b"access-control-allow-headers", b"Authorization, Content-Type")
        request.setHeader(b"access-control-max-age", PREFLIGHT_S)
        return b""

    def _say(self, request: Any, body: bytes) -> int:
        request.write(body)
        request.finish()
        return NOT_DONE_YET


def _is_sound(request: Any) -> bool:
    """Whether klein and werkzeug can read host, path and method; else they would raise, or log an error."""
    try:
        request.getRequestHostname().decode("ascii").encode("idna")
        b"/".join(request.postpath).decode()
        request.method.decode("ascii")
    except UnicodeError:
        return False
    return True
