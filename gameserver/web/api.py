"""
The HTTP calls: games, rooms, and whether this node is well.

Calls about accounts and logins are in `gameserver.web.identity`, those for moderators in `gameserver.web.moderation`.

Requests have passed `gameserver.web.site.Front`. All answers but QR codes and ``/metrics`` are JSON; errors are
``{"code", "message"}`` with the codes of the wire.

No answer says what is not in the store yet: one about a room that has something to commit waits for that commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw
from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import Request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from gameserver import __version__
from gameserver.errors import Elsewhere, Refused, StoreUnavailable
from gameserver.interfaces import User
from gameserver.node.codes import as_typed
from gameserver.node.directory import address_of_node
from gameserver.node.listings import Listing, listing_of, seats_of
from gameserver.protocol.messages import UserInfo
from gameserver.room import admission
from gameserver.room.chat.moderation import has_right
from gameserver.settings.settings import Settings
from gameserver.web.answers import address_of, answer, refusal, wrong_method
from gameserver.web.calls import STEP_S, RequestBody, app, shielded
from gameserver.web.identity import Identity
from gameserver.web.listings import about, without_refs
from gameserver.web.moderation import ModerationApi
from gameserver.web.openapi import describe
from gameserver.web.qr import QR_BYTES, Pictures
from gameserver.web.revoking import RevokeApi
from gameserver.web.shapes import Created, Games, Guest, GuestWish, Ready, Rooms, RoomWish, Server, Status

if TYPE_CHECKING:
    from gameserver.game.loader import Catalog
    from gameserver.node.runner import RoomRunner
    from gameserver.room.room import Room
    from gameserver.web.addresses import Addresses
    from gameserver.web.metrics import Metrics
    from gameserver.web.pages import Pages
    from gameserver.websocket.services import NodeServices

LISTED_ROOMS: Final = 200
SKIPPED_ROOMS: Final = 2000
"""How many rooms a request may skip."""
LISTED_BYTES: Final = 1 << 20
"""A listing ends at so many bytes, or at its most rooms: options of rooms may be large."""
ROOMS_A_REQUEST: Final = 20
"""To list so many rooms costs as much as a request, and counts as one more."""
LOOK_S: Final = 2.0
"""How long a request waits for what it asks of a room that is at work."""


class Api(Identity, ModerationApi, RevokeApi):
    """
    :param services: what the sessions of this node share, too.
    :param catalog: if given, its broken games are listed to administrators, beside those that are served.
    :param pages: knows which games bring a page.
    :param addresses: where people reach this server.
    """

    app = app

    def __init__(
        self,
        services: NodeServices,
        catalog: Catalog | None,
        pages: Pages,
        addresses: Addresses,
        settings: Settings | None = None,
    ) -> None:
        super().__init__(services, settings or Settings())
        self._addresses = addresses
        self._creating: Counter[str] = Counter()
        self._pictures = Pictures()
        self._pages = pages
        self._broken = catalog.broken if catalog is not None else []
        self._games: dict[tuple[bool, bool], Raw] = {}
        self.list_games()

    def list_games(self) -> None:
        """Make the list of games anew, since they may have changed."""
        specs = self._services.registry.specs.values()
        served = [about(spec, page=self._pages.has_own(spec.name)) for spec in specs]
        ways = self.ways_of_all
        self._pages.told = {game.name: msgspec.json.encode({"game": game, "ways": ways}).decode() for game in served}
        broken = [{"name": each.name, "error": each.error} for each in self._broken]
        for inline, games in ((False, served), (True, list(map(without_refs, served)))):
            self._games[inline, False] = Raw(msgspec.json.encode({"games": games}))
            self._games[inline, True] = Raw(msgspec.json.encode({"games": games, "broken": broken}))

    @cached_property
    def _description(self) -> Raw:
        """What `describe` returns. Made when first asked for, as `Metrics` is: most servers are never asked."""
        return Raw(msgspec.json.encode(describe(tuple(app.described), self._settings.public_url)))

    @cached_property
    def _metrics(self) -> Metrics:
        from gameserver.web.metrics import Metrics, Numbers  # with Prometheus' client, which takes time to import

        return Metrics([Numbers(self._services)], self._settings.metrics)

    # Calls

    @app.call("post", "/api/guest", takes=GuestWish, gives=Guest, problems=(401, 409))
    async def guest(self, request: Request, sent: RequestBody[GuestWish]) -> bytes:
        """Make a guest."""
        self._admit(request)
        wish = sent.read()
        services = self._services
        user, token = services.authenticators.guest(
            services.registry.people.admit(wish.name, services.limits.name_chars)
        )
        return answer(request, {"token": token, "user": UserInfo(user.id, user.name, list(user.rights))})

    @app.call(
        "get",
        "/api/games",
        gives=Games,
        token="optional",
        problems=(400,),
        query=(("refs", False, "`inline`: no schema has `$ref`, but where something holds itself."),),
    )
    async def games(self, request: Request) -> bytes:
        """List the games; to administrators also those that could not be loaded, with their errors."""
        refs = request.args.get(b"refs", [b""])[0]
        if refs not in (b"", b"inline"):
            raise Refused("There is refs=inline, or nothing.", code="bad_data", path="$.refs")
        all_of_them = False
        if request.getHeader(b"authorization") is not None:
            all_of_them = "admin" in (await self._caller(request)).rights
        return answer(request, self._games[bool(refs), all_of_them])

    @app.call(
        "get",
        "/api/rooms",
        gives=Rooms,
        problems=(400, 404),
        query=(
            ("game", False, "Only rooms of this game."),
            ("open", False, "`true`: only rooms in which somebody new finds a seat without a password."),
            ("skip", False, "So many come before those that are listed."),
        ),
    )
    async def rooms(self, request: Request) -> bytes:
        """List public rooms, the newest first; one that stays at work for too long is left out."""
        registry = self._services.registry
        names = request.args.get(b"game")
        specs = list(registry.specs.values()) if not names else [registry.spec(names[0].decode("utf-8", "replace"))]
        open_only, skip = _page_of(request)
        public = [
            runner
            for runner in reversed(list(registry.runners))
            if not runner.room.state.private
            and runner.room.spec in specs
            and (not open_only or admission.open_roles(runner.room))
        ]
        most = skip + LISTED_ROOMS
        looked_at = public[:most]
        asleep = await registry.sleeping_listings(specs[0] if names else None, most, open_only=open_only)
        elsewhere = await registry.shown_elsewhere(specs[0].name if names else None, most, open_only=open_only)
        self._charge(request, "http", min(len(looked_at) + len(asleep) + len(elsewhere), most) / ROOMS_A_REQUEST)
        made = [runner.room.state.created for runner in looked_at]
        looks = [Deferred.fromCoroutine(self._look_or_pass(runner)) for runner in looked_at]
        found = zip(made, await gatherResults(looks), strict=True)
        awake = [(made_s, msgspec.json.encode(listing)) for made_s, listing in found if listing is not None]
        rows = sorted([*awake, *asleep, *elsewhere], key=lambda row: row[0], reverse=True)[skip:most]
        listed: list[Raw] = []
        size_bytes = 0
        for _, row in rows:
            if size_bytes + len(row) <= LISTED_BYTES:
                size_bytes += len(row)
                listed.append(Raw(row))
        return answer(request, {"rooms": listed})

    @app.call("post", "/api/rooms", takes=RoomWish, gives=Created, status=201, token="required", problems=(404, 409))
    async def create(self, request: Request, sent: RequestBody[RoomWish]) -> bytes:
        """Make a room, without taking a seat in it."""
        user = await self._caller(request)
        wish = sent.read()
        runner = await self._in_time(shielded(self._create(user, wish, address_of(request))), STEP_S)
        request.setHeader(b"location", f"{self._settings.base_path}/api/rooms/{runner.room.code}".encode())
        return answer(request, {"room": runner.room.code}, status=201)

    @app.call("get", "/api/rooms/{code}", gives=Listing, token="optional", problems=(400, 404))
    async def room(self, request: Request, code: str) -> bytes:
        """
        Tell of one room, a private one as well, to whoever knows its code; 307: it is elsewhere.

        Who keeps order is told who sits in it, too, since what is done about users is done by their ids.
        """
        runner = await self._find(request, code)
        if request.getHeader(b"authorization") is not None and has_right(await self._caller(request)):
            return answer(request, await self._look(runner, seats_of))
        return answer(request, await self._look(runner))

    @app.call("get", "/api/server", gives=Server)
    async def server(self, request: Request) -> bytes:
        """Tell what runs here, and where people reach it."""
        addresses = self._addresses
        told = {"name": "gameserver", "version": __version__, "public_url": addresses.public_url}
        return answer(request, {**told, "urls": addresses.urls})

    @app.call("get", "/api/qr", gives="image/svg+xml", problems=(400,), query=(("text", True, "At most 256 bytes."),))
    async def qr(self, request: Request) -> bytes:
        """Draw a text as a QR code."""
        texts = request.args.get(b"text") or [b""]
        if not 0 < len(texts[0]) <= QR_BYTES:
            raise Refused(f"Ask with ?text=, at most {QR_BYTES} bytes.", code="bad_data")
        try:
            text = texts[0].decode()
        except UnicodeDecodeError:
            raise Refused("The text must be UTF-8.", code="bad_data") from None
        body = self._pictures.get(text)
        if body is None:
            self._check_budget(request, "qr")
            self._charge(request, "qr")
            body = self._pictures.draw(text)
        request.setHeader(b"content-type", b"image/svg+xml")
        request.setHeader(b"content-security-policy", b"default-src 'none'")
        request.setHeader(b"cache-control", b"private, max-age=3600")
        request.setHeader(b"content-length", str(len(body)).encode())
        return body

    @app.call("get", "/api/openapi.json", gives="application/json")
    async def openapi(self, request: Request) -> bytes:
        """Describe these calls."""
        return answer(request, self._description)

    @app.call("get", "/healthz", gives=Status)
    async def healthy(self, request: Request) -> bytes:
        """The process runs."""
        return answer(request, {"status": "ok"})

    @app.call("get", "/readyz", gives=Ready, problems=(503,))
    async def ready(self, request: Request) -> bytes:
        """New players may be sent here."""
        registry = self._services.registry
        if registry.draining:
            rooms = sum(1 for _ in registry.runners)
            raise Refused(f"This server is about to stop; {rooms} rooms are here still.", code="draining")
        if not registry.store_answers:
            lease = ", or this server's lease on it was not renewed" if registry.leased.is_shared else ""
            raise Refused(f"The store does not answer{lease}; the log says why.", code="busy")
        return answer(request, Ready("ok", registry.aside.in_words()))

    @app.call("get", "/metrics", gives="text/plain", token="optional")
    async def metrics(self, request: Request) -> bytes:
        """Tell Prometheus how busy this node is."""
        forwarded = request.getHeader(b"x-forwarded-for") is not None or request.getHeader(b"forwarded") is not None
        trusted = address_of(request) != getattr(request.client, "host", "")
        if not self._metrics.admits(address_of(request), forwarded=forwarded and not trusted):
            user = await self._caller(request)
            if "admin" not in user.rights:
                raise Refused(code="forbidden")
        body = self._metrics.text()
        answer(request, None)
        request.setHeader(b"content-type", self._metrics.content_type)
        request.setHeader(b"content-length", str(len(body)).encode())
        return body

    # What comes to nothing

    @app.handle_errors(Refused)
    def refused(self, request: Any, failure: Failure) -> bytes:
        """A call is refused."""
        refused = failure.value
        assert isinstance(refused, Refused)
        if isinstance(refused, Elsewhere):
            there = f"{self._settings.base_path}/api/rooms/{refused.code_there}".encode()
            if refused.url is not None:  # the same call at another node
                _, api, call = request.uri.partition(b"/api/")
                there = address_of_node(refused.url).encode() + api + call
            request.setHeader(b"location", there)
            return answer(request, {"room": refused.code_there, "url": refused.url}, status=307)
        return refusal(request, refused)

    @app.handle_errors(StoreUnavailable)
    def unstored(self, request: Any, failure: Failure) -> bytes:
        """The store was asked for something, and does not answer."""
        return refusal(request, Refused("The store does not answer.", code="busy"))

    @app.handle_errors(HTTPException)
    def unrouted(self, request: Any, failure: Failure) -> bytes:
        """No call has this path, or none this method."""
        if isinstance(failure.value, MethodNotAllowed):
            return wrong_method(request, ("OPTIONS", *(failure.value.valid_methods or ())))
        return refusal(request, Refused("There is nothing at this path.", code="not_found"))

    @app.handle_errors(Exception)
    def failed(self, request: Any, failure: Failure) -> bytes:
        """A bug of ours: it is logged, and tells the client nothing."""
        log.failure("{method} {path} failed", failure, method=request.method, path=request.path)
        return refusal(request, Refused("The server failed at that.", code="game_error"))

    # Steps of calls

    async def _find(self, request: Request, code: str) -> RoomRunner:
        """
        :returns: the room of a code.
        :raises Refused: as `RunningRooms.reach`; ``rate_limited`` to an address that guessed too often, whether or not
            there is such a room; except for a listed room, and one that was found from this address before.
        """
        budgets, address = self._services.budgets, address_of(request)
        registry = self._services.registry
        try:
            if registry.here(code) is None:
                registry.aside.check_room(code, as_typed(code))
                if not budgets.vouched(address, as_typed(code)):
                    self._check_budget(request, "lookup")  # before the store is asked
            runner = await registry.reach(code)
        except Refused as refused:
            if refused.code == "not_found":  # a room that is being mended is asked for again and again
                self._charge(request, "lookup")
            raise
        if runner.room.state.private and not budgets.vouched(address, runner.room.code):
            self._check_budget(request, "lookup")
            budgets.vouch(address, runner.room.code)
        return runner

    async def _create(self, user: User, wish: RoomWish, address: str) -> RoomRunner:
        """:raises Refused: the game refuses, or the user may not."""
        registry = self._services.registry
        if registry.store_away:
            raise Refused("The store does not answer.", code="busy")
        # The registry limits the rooms in which the creator has a seat; those that nobody has entered are limited here.
        empty = registry.rooms_of.empty_of(user.id)
        asleep = (await registry.sleeping_rooms_of(user.id)).empty
        if len(empty) + len(asleep) + self._creating[user.id] >= registry.rooms_per_user:
            for runner in empty:
                await runner.told()
            raise Refused(
                f"{registry.rooms_per_user} of your rooms are still empty; use those first.", code="forbidden"
            )
        self._creating[user.id] += 1
        try:
            runner = await registry.create(
                user,
                wish.game,
                wish.options or {},
                private=wish.private,
                password=wish.password,
                address=address,
            )
        finally:
            self._creating[user.id] -= 1
            self._creating += Counter()  # forgets whoever has none left
        if runner.over:
            raise Refused("The game closed the room at once.")
        await runner.look(listing_of)
        return runner

    async def _look_or_pass(self, runner: RoomRunner) -> Listing | None:
        """:returns: as `_look`; None where that refuses."""
        try:
            return await self._look(runner)
        except Refused:
            return None

    async def _look(self, runner: RoomRunner, what: Callable[[Room], Listing] | None = None) -> Listing:
        """
        :param what: makes the listing of a room; None: the one for everybody.
        :returns: the listing, which says nothing that is not in the store.
        :raises Refused: ``busy``: it took too long.
        """
        if self._services.registry.store_away and not runner.commits.settled:
            raise Refused(code="busy")
        return await self._in_time(runner.look(what or listing_of), LOOK_S)


log = Logger(namespace="gameserver.web")


def _page_of(request: Request) -> tuple[bool, int]:
    """
    :returns: whether only open rooms are listed, and how many rooms are skipped.
    :raises Refused: ``bad_data``: that is no number, or too large.
    """
    skip = (request.args.get(b"skip") or [b"0"])[0]
    if not skip.isdigit() or len(skip) > len(str(SKIPPED_ROOMS)) or int(skip) > SKIPPED_ROOMS:
        raise Refused(f"Skip 0 to {SKIPPED_ROOMS} rooms.", code="bad_data", path="$.skip")
    return request.args.get(b"open") == [b"true"], int(skip)
