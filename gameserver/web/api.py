"""
The HTTP calls: guests, games, rooms, and whether this node is well.

``POST /api/guest``, ``GET /api/games``, ``GET`` and ``POST /api/rooms``, ``GET /api/rooms/CODE``, ``GET /api/server``,
``GET /api/qr``, ``/api/moderation``, ``/healthz``, ``/readyz``. What comes here has passed `gameserver.web.site.Front`.
All answers but the QR code's are JSON; errors are ``{"code", "message"}`` with the codes of the wire.

Nobody is told what the store has not yet: an answer about a room that has something to commit waits for that commit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Coroutine, Iterable
from functools import lru_cache
from inspect import cleandoc
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import segno
from klein import Klein
from msgspec import Raw, Struct
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.defer import TimeoutError as DeferredTimeout
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.server import Request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from gameserver import __version__, values
from gameserver.errors import CODES, Refused, StoreUnavailable
from gameserver.interfaces import User
from gameserver.room.names import check_name
from gameserver.room.operators import Announcement, Operators, RoomAct, SanctionWish
from gameserver.wire.codecs import json_depth
from gameserver.wire.messages import UserInfo

if TYPE_CHECKING:
    from gameserver.game.loader import Catalog
    from gameserver.game.spec import Spec
    from gameserver.room.keeper import Keeper
    from gameserver.room.room import Room
    from gameserver.web.addresses import Addresses
    from gameserver.web.pages import Pages
    from gameserver.wire.session import House

BODY_BYTES: Final = 64 * 1024
"""The largest body of a request, as large as a frame of the wire."""
LISTED_ROOMS: Final = 200
LISTED_BYTES: Final = 1 << 20
"""A listing ends at whichever comes first: options of rooms may be large."""
LOOK_S: Final = 2.0
"""How long a reader waits for a room that is at work."""
CREATE_S: Final = 15.0
"""How long a creator waits; a game's own step may take 10 s."""

QR_BYTES: Final = 256
"""The longest text of a QR code, for an address is shorter, and a phone would not read the next sizes from a TV."""
QR_MASK: Final = 2
"""Trying all eight patterns would cost four times as much: 25 ms instead of 7 for the longest text."""
QR_KEPT: Final = 64

STATUS: Final = {
    "bad_data": 400,
    "bad_message": 400,
    "unauthenticated": 401,
    "forbidden": 403,
    "wrong_password": 403,
    "not_found": 404,
    "unknown_op": 405,
    "too_large": 413,
    "rate_limited": 429,
    "game_error": 500,
    "busy": 503,
    "draining": 503,
}
"""Code to HTTP status; any other, a game's own too, is a `CONFLICT`."""
CONFLICT: Final = 409

_UNREADABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

T = TypeVar("T")
Body = TypeVar("Body", bound=Struct)


class GuestWish(Struct):
    """The body of ``POST /api/guest``."""

    name: str


class RoomWish(Struct):
    """The body of ``POST /api/rooms``."""

    game: str
    options: dict[str, Any] | None = None
    private: bool = False
    password: str | None = None


class Listing(Struct, frozen=True):
    """What anybody may know of a room; ``room`` is its code."""

    room: str
    game: str
    title: str
    status: str
    players: int
    max_players: int
    locked: bool
    needs_password: bool
    options: Any


class Message(Struct, frozen=True):
    """What clients may send in a game; ``schema`` is the JSON schema of its data."""

    by: str
    phase: str | None
    question: bool
    schema: dict[str, Any]


class About(Struct, frozen=True):
    """
    A game that is served.

    ``options`` is a JSON schema, or None where any options will do; ``messages`` is name to what clients may send,
    empty where the game takes any; ``page`` says whether the game brings a page of its own.
    """

    name: str
    title: str
    doc: str
    min_players: int
    max_players: int
    roles: dict[str, int]
    options: dict[str, Any] | None
    messages: dict[str, Message]
    page: bool


class Api:
    """
    :param house: what the sessions of this node share, too.
    :param catalog: if given, its broken games are listed beside those that are served.
    :param pages: knows which games bring a page.
    :param addresses: where people reach this server.
    """

    app = Klein()

    def __init__(self, house: House, catalog: Catalog | None, pages: Pages, addresses: Addresses) -> None:
        self._house = house
        self._addresses = addresses
        self._operators = Operators(house.hall)
        self._creating: Counter[str] = Counter()
        specs = house.hall.specs.values()
        games: dict[str, Any] = {"games": [about(spec, page=pages.has_own(spec.name)) for spec in specs]}
        if catalog is not None:
            games["broken"] = [{"name": broken.name, "error": broken.error} for broken in catalog.broken]
        self._games = Raw(msgspec.json.encode(games))

    # Calls

    @app.route("/api/guest", methods=["POST"])
    async def guest(self, request: Request) -> bytes:
        """Make a guest."""
        self._check_budget(request)
        wish = self._body(request, GuestWish)
        try:
            user, token = self._house.authenticator.guest(check_name(wish.name, self._house.limits.name_chars))
        except Refused as refused:
            if refused.code == "unauthenticated":
                self._charge(request)
            raise
        return answer(request, {"token": token, "user": UserInfo(user.id, user.name, list(user.rights))})

    @app.route("/api/games", methods=["GET"])
    async def games(self, request: Request) -> bytes:
        """List the games, and those that could not be loaded."""
        return answer(request, self._games)

    @app.route("/api/rooms", methods=["GET"])
    async def rooms(self, request: Request) -> bytes:
        """List public rooms, the newest first; one that stays at work for too long is left out."""
        hall = self._house.hall
        names = request.args.get(b"game")
        specs = hall.specs.values() if not names else [hall.spec(names[0].decode("utf-8", "replace"))]
        public = [
            keeper
            for keeper in reversed(list(hall.keepers))
            if not keeper.room.private and not keeper.over and keeper.room.spec in specs
        ]
        looks = [Deferred.fromCoroutine(self._look_or_pass(keeper)) for keeper in public[:LISTED_ROOMS]]
        listed: list[Raw] = []
        size_bytes = 0
        for listing in await gatherResults(looks):
            row = msgspec.json.encode(listing)
            size_bytes += len(row)
            if listing is not None and size_bytes <= LISTED_BYTES:
                listed.append(Raw(row))
        return answer(request, {"rooms": listed})

    @app.route("/api/rooms", methods=["POST"])
    async def create(self, request: Request) -> bytes:
        """Make a room, without taking a seat in it."""
        user = await self._caller(request)
        wish = self._body(request, RoomWish)
        keeper = await self._in_time(_shielded(self._create(user, wish)), CREATE_S)
        request.setHeader(b"location", b"/api/rooms/" + keeper.room.code.encode())
        return answer(request, {"room": keeper.room.code}, status=201)

    @app.route("/api/rooms/<code>", methods=["GET"])
    async def room(self, request: Request, code: str) -> bytes:
        """Tell of one room, a private one as well: whoever knows its code may ask."""
        self._check_budget(request)
        try:
            keeper = self._house.hall.find(code)
        except Refused:
            self._charge(request)
            raise
        return answer(request, await self._look(keeper))

    # Moderation: whoever calls needs the right

    @app.route("/api/moderation/rooms/<code>", methods=["POST"])
    async def moderate(self, request: Request, code: str) -> bytes:
        """Act on a room: mute, kick, ban and the like."""
        user = await self._caller(request)
        acting = self._operators.act(user, code, self._body(request, RoomAct))
        await self._in_time(_shielded(acting), CREATE_S)
        return answer(request, {})

    @app.route("/api/moderation/sanctions", methods=["GET"])
    async def sanctions(self, request: Request) -> bytes:
        """List the mutes and bans of the whole server, and of single games."""
        user = await self._caller(request)
        return answer(request, {"sanctions": self._operators.sanctions(user)})

    @app.route("/api/moderation/sanctions", methods=["POST"])
    async def sanction(self, request: Request) -> bytes:
        """Mute or ban a user, or ban addresses, everywhere or in one game."""
        user = await self._caller(request)
        making = self._operators.sanction(user, self._body(request, SanctionWish))
        return answer(request, await self._in_time(_shielded(making), CREATE_S), status=201)

    @app.route("/api/moderation/sanctions/<id>", methods=["DELETE"])
    async def lift(self, request: Request, id: str) -> bytes:
        """End a sanction."""
        self._operators.lift(await self._caller(request), id)
        return answer(request, {})

    @app.route("/api/moderation/log", methods=["GET"])
    async def moderation_log(self, request: Request) -> bytes:
        """Tell the newest entries of the moderation log: what was done, and what was reported."""
        user = await self._caller(request)
        kind, before = (_argument(request, name) for name in (b"kind", b"before"))
        return answer(request, {"log": self._operators.log(user, kind=kind, before=before)})

    @app.route("/api/moderation/announcements", methods=["POST"])
    async def announce(self, request: Request) -> bytes:
        """Tell something to everybody who listens."""
        user = await self._caller(request)
        await self._operators.announce(user, self._body(request, Announcement))
        return answer(request, {}, status=201)

    @app.route("/api/server", methods=["GET"])
    async def server(self, request: Request) -> bytes:
        """Tell what runs here, and where people reach it."""
        addresses = self._addresses
        told = {"name": "gameserver", "version": __version__, "public_url": addresses.public_url}
        return answer(request, {**told, "urls": addresses.urls})

    @app.route("/api/qr", methods=["GET"])
    async def qr(self, request: Request) -> bytes:
        """Draw a text as a QR code."""
        texts = request.args.get(b"text") or [b""]
        if not 0 < len(texts[0]) <= QR_BYTES:
            raise Refused(f"Ask with ?text=, at most {QR_BYTES} bytes.", code="bad_data")
        try:
            body = qr_code(texts[0].decode())
        except UnicodeDecodeError:
            raise Refused("The text must be UTF-8.", code="bad_data") from None
        request.setHeader(b"content-type", b"image/svg+xml")
        request.setHeader(b"content-security-policy", b"default-src 'none'")
        request.setHeader(b"cache-control", b"private, max-age=3600")
        request.setHeader(b"content-length", str(len(body)).encode())
        return body

    @app.route("/healthz", methods=["GET"])
    async def healthy(self, request: Request) -> bytes:
        """The process runs."""
        return answer(request, {"status": "ok"})

    @app.route("/readyz", methods=["GET"])
    async def ready(self, request: Request) -> bytes:
        """New players may be sent here."""
        hall = self._house.hall
        if hall.draining:
            raise Refused(code="draining")
        if not hall.store_answers:
            raise Refused("The store does not answer.", code="busy")
        return answer(request, {"status": "ok"})

    # What comes to nothing

    @app.handle_errors(Refused)
    def refused(self, request: Any, failure: Failure) -> bytes:
        """A call is refused."""
        assert isinstance(failure.value, Refused)
        return refusal(request, failure.value)

    @app.handle_errors(StoreUnavailable)
    def unstored(self, request: Any, failure: Failure) -> bytes:
        """The store was asked for something, and does not answer."""
        return refusal(request, Refused("The store does not answer.", code="busy"))

    @app.handle_errors(HTTPException)
    def unrouted(self, request: Any, failure: Failure) -> bytes:
        """No call has this path, or none this method."""
        if isinstance(failure.value, MethodNotAllowed):
            return wrong_method(request, failure.value.valid_methods or ())
        return refusal(request, Refused("There is nothing at this path.", code="not_found"))

    @app.handle_errors(Exception)
    def failed(self, request: Any, failure: Failure) -> bytes:
        """A bug of ours: it is logged, and tells the client nothing."""
        log.failure("{method} {path} failed", failure, method=request.method, path=request.path)
        return refusal(request, Refused("The server failed at that.", code="game_error"))

    # Steps of calls

    async def _caller(self, request: Request) -> User:
        """
        :returns: whoever the ``Authorization`` header proves.
        :raises Refused: ``unauthenticated``, which uses up the address's budget if there was a token.
        """
        self._check_budget(request)
        scheme, _, token = (request.getHeader(b"authorization") or b"").strip().partition(b" ")
        if scheme.lower() != b"bearer" or not token.strip():
            raise Refused("Send a token: Authorization: Bearer TOKEN.", code="unauthenticated")
        house = self._house
        try:
            return await house.authenticator.authenticate(token.strip().decode("latin-1"), now_s=house.clock.now())
        except Refused:
            self._charge(request)
            raise

    def _body(self, request: Request, kind: type[Body]) -> Body:
        """
        :returns: the request's body.
        :raises Refused: ``too_large``, ``bad_message`` or ``bad_data``.
        """
        assert request.content is not None
        body = request.content.read(BODY_BYTES + 1)
        if len(body) > BODY_BYTES:
            raise Refused(f"A body has at most {BODY_BYTES} bytes.", code="too_large")
        if not body.lstrip(b" \t\r\n").startswith(b"{"):
            raise Refused("The body must be a JSON object.", code="bad_message")
        depth = self._house.limits.depth
        if body.count(b"{") + body.count(b"[") > depth and json_depth(body) > depth:
            raise Refused(f"At most {depth} lists and objects inside one another.", code="bad_message")
        try:
            return msgspec.json.decode(body, type=kind)
        except msgspec.ValidationError as error:
            raise Refused(str(error), code="bad_data") from None
        except _UNREADABLE:
            raise Refused("The body is not JSON.", code="bad_message") from None

    async def _create(self, user: User, wish: RoomWish) -> Keeper:
        """:raises Refused: the game refuses, or the user may not."""
        hall = self._house.hall
        if hall.store_away:
            raise Refused("The store does not answer.", code="busy")
        # Rooms where the creator has a seat are counted by the hall; those that nobody has come to yet, here.
        empty = sum(1 for keeper in hall.keepers if keeper.room.creator == user.id and not keeper.room.seats)
        if empty + self._creating[user.id] >= hall.rooms_per_user:
            raise Refused(f"{hall.rooms_per_user} of your rooms are still empty; use those first.", code="forbidden")
        self._creating[user.id] += 1
        try:
            keeper = await hall.create(
                user, wish.game, wish.options or {}, private=wish.private, password=wish.password
            )
        finally:
            self._creating[user.id] -= 1
            self._creating += Counter()  # forgets whoever has none left
        if keeper.over:
            raise Refused("The game closed the room at once.")
        await keeper.look(listing_of)
        return keeper

    async def _look_or_pass(self, keeper: Keeper) -> Listing | None:
        """:returns: what may be told of a room now, or None."""
        try:
            return await self._look(keeper)
        except Refused:
            return None

    async def _look(self, keeper: Keeper) -> Listing:
        """
        :returns: what may be told of a room: nothing that the store has not.
        :raises Refused: ``busy``: it took too long.
        """
        if self._house.hall.store_away and not keeper.commits.settled:
            raise Refused(code="busy")
        return await self._in_time(keeper.look(listing_of), LOOK_S)

    async def _in_time(self, work: Deferred[T], most_s: float) -> T:
        """:raises Refused: ``busy``: it took longer."""
        try:
            return await work.addTimeout(most_s, self._house.clock.reactor)
        except DeferredTimeout:
            raise Refused(code="busy") from None

    # Who tries too often

    def _check_budget(self, request: Request) -> None:
        """:raises Refused: ``rate_limited``: too much was refused to this address."""
        if not self._house.budgets.left(self._house.clock.monotonic(), address_of(request), None):
            raise Refused(code="rate_limited")

    def _charge(self, request: Request) -> None:
        """A guess was wrong."""
        self._house.budgets.charge(self._house.clock.monotonic(), address_of(request), None)


def about(spec: Spec, *, page: bool) -> About:
    """:returns: what is told of a game."""
    cls = spec.cls
    return About(
        name=spec.name,
        title=spec.title,
        doc=first_paragraph(cls.__doc__),
        min_players=cls.min_players,
        max_players=cls.max_players,
        roles=cls.roles,
        options=spec.options.json_schema() if spec.options is not None else None,
        messages={
            name: Message(message.by, message.phase, message.question, message.schema.json_schema())
            for name, message in spec.messages.items()
        },
        page=page,
    )


@lru_cache(QR_KEPT)
def qr_code(text: str) -> bytes:
    """:returns: an SVG picture, dark on white with a margin, for any theme of the page around it."""
    picture = BytesIO()
    code = segno.make(text, micro=False, error="m", boost_error=False, mask=QR_MASK)
    code.save(picture, kind="svg", border=3, xmldecl=False, omitsize=True, dark="#000", light="#fff")
    return picture.getvalue()


def listing_of(room: Room) -> Listing:
    """:returns: what is told of a room."""
    return Listing(
        room=room.code,
        game=room.spec.name,
        title=room.spec.title,
        status=room.status,
        players=sum(1 for _ in room.seats.of_role("player")),
        max_players=room.game_class.max_players,
        locked=room.locked,
        needs_password=room.password is not None,
        options=values.to_wire(room.options),
    )


def first_paragraph(doc: str | None) -> str:
    """:returns: a docstring's first paragraph, in one line."""
    return " ".join(cleandoc(doc or "").partition("\n\n")[0].split())


def answer(request: Request, value: Any, *, status: int = 200) -> bytes:
    """:returns: the body, once the request's headers are set for it."""
    body = msgspec.json.encode(value)
    request.setResponseCode(status)
    request.setHeader(b"content-type", b"application/json")
    request.setHeader(b"cache-control", b"no-store")
    request.setHeader(b"content-length", str(len(body)).encode())
    return body


def refusal(request: Request, refused: Refused) -> bytes:
    """:returns: the body of an error, once the request's headers are set for it."""
    status = STATUS.get(refused.code, CONFLICT)
    if status == 401:
        request.setHeader(b"www-authenticate", b"Bearer")
    elif status == 429:
        request.setHeader(b"retry-after", b"1")
    text = refused.text if refused.path is None else f"{refused.text} - at `{refused.path}`"
    return answer(request, {"code": refused.code, "message": text}, status=status)


def wrong_method(request: Request, methods: Iterable[str]) -> bytes:
    """:returns: the body of an error that names the methods that would do."""
    request.setHeader(b"allow", allow(methods))
    return refusal(request, Refused(CODES["unknown_op"], code="unknown_op"))


def address_of(request: Request) -> str:
    """:returns: whose request it is, for budgets."""
    return getattr(request.getClientAddress(), "host", "local")


def _argument(request: Request, name: bytes) -> str | None:
    """:returns: an argument of the address, if there is one."""
    values_ = request.args.get(name)
    return values_[0].decode("utf-8", "replace") if values_ else None


def allow(methods: Iterable[str]) -> bytes:
    """:returns: an ``Allow`` header; everybody may ask for ``OPTIONS``."""
    return ", ".join(sorted({*methods, "OPTIONS"})).encode()


def _shielded(work: Coroutine[Any, Any, T]) -> Deferred[T]:
    """:returns: fires with the result; cancelling it, as when a client goes away, does not break off the work."""
    shield: Deferred[T] = Deferred()
    Deferred.fromCoroutine(work).chainDeferred(shield)
    return shield


log = Logger(namespace="gameserver.web")
