"""Tests for the HTTP calls, each through the real site, in memory."""

from __future__ import annotations

import json
from hashlib import shake_128
from itertools import count
from typing import Any, TypedDict

from msgspec import Struct
from twisted.internet.address import IPv4Address
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import Clock as Seconds
from twisted.internet.testing import StringTransport
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.resource import Resource
from zope.interface import implementer

from gameserver import Game, Move, Player, bot, message
from gameserver.auth.chain import make_chain
from gameserver.auth.context import AuthContext
from gameserver.auth.invitations import Invitations
from gameserver.auth.secrets import Secrets
from gameserver.auth.tickets import Tickets
from gameserver.clock import Clock
from gameserver.errors import CODES, Elsewhere, Refused, StoreUnavailable
from gameserver.game.function import FunctionGame
from gameserver.game.loader import BrokenGame, Catalog
from gameserver.game.spec import spec_of
from gameserver.interfaces import ISession, User
from gameserver.node.creators import Creators
from gameserver.node.heartbeat import BEAT_S
from gameserver.node.people import People
from gameserver.node.rooms import RoomRegistry
from gameserver.node.rooms_aside import RoomAside
from gameserver.node.runner import RoomRunner
from gameserver.protocol.messages import Form
from gameserver.room.effects import OneByOne, Requester
from gameserver.room.inputs.arrivals import SeatWish
from gameserver.room.inputs.due import CalendarCall
from gameserver.room.succession import Successor
from gameserver.settings.settings import load
from gameserver.store.memory.store import MemoryStore
from gameserver.web import api, calls
from gameserver.web.answers import CONFLICT, STATUS
from gameserver.web.calls import BODY_BYTES
from gameserver.web.site import site
from gameserver.websocket.limits import Budgets, Strangers
from gameserver.websocket.services import NodeServices
from gameserver.websocket.standing import Standing
from tests.auth.kit import fast_hasher


class Card(TypedDict):
    rank: int


class Table(TypedDict):
    top: Card


class Reveal(Struct):
    cards: list[Card]


class Cards(Game):
    """One message, whose types are told."""

    events = {"reveal": Reveal}
    state: Table

    @message
    def draw(self, player: Player) -> Card:
        return {"rank": 1}


class Quiz(Game):
    """
    Questions, and
    answers.

    Nobody reads this.
    """

    title = "Quiz & Co"
    max_players = 3
    roles = {"screen": 1}

    def on_create(self, rounds: int = 5, mood: str = "calm") -> None:
        """Make the room, unless somebody is angry."""
        if mood == "angry":
            raise Refused("Calm down first.")
        if mood == "broken":
            raise RuntimeError("a secret of the server")
        if mood == "brief":
            self.close("closed")


class Slow(Game):
    """Waits while it makes a room."""

    async def on_create(self) -> None:
        """Wait until the test goes on."""
        waiting: Deferred[None] = Deferred()
        GATES.append(waiting)
        await waiting

    async def on_join(self, player: Any) -> None:
        """Wait as well."""
        await self.on_create()


class Loose(FunctionGame):
    """Takes any options."""

    name = "loose"
    _gs_function_style = True
    handler = staticmethod(lambda *_: None)


GATES: list[Deferred[None]] = []


class Answer:
    """
    One answer of the server.

    :ivar headers: by name in lower case; of one that comes twice the last.
    """

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)


class Peer(StringTransport):
    """
    A client's end of a connection from some address.

    :ivar unread: what has come, and is still with the kernel.
    """

    def __init__(self, host: str) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", host, 1))  # type: ignore[no-untyped-call]
        self.unread = b""
        self.dataBuffer, self.offset, self._tempDataLen = b"", 0, 0  # all was sent

    def getHandle(self) -> Peer:
        """What stands for a socket."""
        return self

    def recv(self, size: int, flags: int) -> bytes:
        """Look at what is there."""
        if not self.unread:
            raise BlockingIOError
        return self.unread[:size]


@implementer(ISession)
class Listener(OneByOne):
    """A session that hears everything, and says nothing."""

    key = ""
    address = "192.0.2.9"
    form = Form.JSON

    def deliver(self, frame: bytes) -> None: ...

    def deliver_volatile(self, frame: bytes, slot: str) -> None: ...

    def seated(self, code: str, seat: str) -> None: ...

    def unseated(self, code: str) -> None: ...


SECRET = b"x" * 32


class Node:
    """
    A node without a port.

    :param given: settings.
    """

    def __init__(self, *games: type[Game], catalog: Catalog | None = None, **given: Any) -> None:
        self.seconds = Seconds()
        clock = Clock(self.seconds, lambda: 1_700_000_000.0)
        self.store = MemoryStore()
        numbers = count()

        def entropy(size: int) -> bytes:
            return shake_128(str(next(numbers)).encode()).digest(size)

        specs = {spec_of(game).name: spec_of(game) for game in games}
        settings = load({"host": [".example"], **given})
        creators = Creators(settings.create)
        people = People((*settings.admins, *settings.moderators))
        self.registry = RoomRegistry(
            specs,
            self.store,
            clock,
            entropy,
            rooms_per_user=3,
            creators=creators,
            people=people,
            users=self.store,
            rooms_made=(settings.limits.rooms_made_per_user, settings.limits.rooms_made_per_address),
        )
        self.revoked: list[tuple[str, str | None]] = []
        means = AuthContext(
            settings=settings,
            secrets=Secrets([SECRET]),
            clock=clock,
            entropy=entropy,
            users=self.store,
            hasher=fast_hasher(),
            reactor=self.seconds,
            revoke=lambda user, login: self.revoked.append((user, login)),
        )
        self.auth = make_chain(means)
        self.services = NodeServices(
            registry=self.registry,
            authenticators=self.auth,
            clock=clock,
            limits=settings.limits,
            budgets=Budgets(settings.limits),
            entropy=entropy,
            tickets=Tickets([SECRET], self.store, entropy),
            strangers=Strangers(settings.limits.unauthenticated),
            hasher=means.hasher,
            standing=Standing((), self.auth, clock, settings.recheck_s),
        )
        self.websocket = Resource()  # type: ignore[no-untyped-call]
        self.site = site(self.services, catalog, settings, self.websocket)
        Deferred.fromCoroutine(self.registry.start())

    def connect(self, host: str = "192.0.2.1") -> tuple[Any, Peer]:
        """Open a connection."""
        protocol: Any = self.site.buildProtocol(IPv4Address("TCP", host, 1))
        transport = Peer(host)
        protocol.makeConnection(transport)
        return protocol, transport

    def begin(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        host: str = "192.0.2.1",
        **headers: str,
    ) -> Peer:
        """Send a request; its answer may have to wait."""
        protocol, transport = self.connect(host)
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        headers = {"host": "games.example:8080", **headers}
        if content:
            headers["content-length"] = str(len(content))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
        protocol.dataReceived(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + content)
        return transport

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        """Send a request, let the pass end, and read the answer."""
        transport = self.begin(method, path, body, **more)
        self.seconds.advance(0)
        return Answer(transport.value())

    def token(self, name: str = "Ann") -> dict[str, str]:
        """Make a guest; :returns: the header that proves it."""
        return {"authorization": f"Bearer {self.auth.guest(name)[1]}"}

    def create(self, game: str = "quiz", **more: Any) -> str:
        """Make a room; :returns: its code."""
        code: str = self.ask("POST", "/api/rooms", {"game": game, **more}, **self.token()).json["room"]
        return code

    def join(self, code: str, name: str = "Bob") -> Deferred[None]:
        """Take a seat as somebody new."""
        user, _ = self.auth.guest(name)
        seat = SeatWish(name)
        return Deferred.fromCoroutine(
            self.registry.join(Requester(Listener(), user, 1), self.registry.find(code), seat)
        )

    def runner(self, code: str) -> RoomRunner:
        """:returns: the room's."""
        return self.registry.find(code)


class ApiTests(SynchronousTestCase):
    """What all tests here begin with."""

    def setUp(self) -> None:
        GATES.clear()
        self.node = Node(Quiz, Slow, Loose)

    def assertRefused(self, answer: Answer, status: int, code: str, about: str = "") -> None:
        """The answer is an error, in JSON, with a text for people."""
        self.assertEqual((answer.status, answer.json["code"]), (status, code), answer.body)
        self.assertEqual(set(answer.json), {"code", "message"})
        self.assertIn(about, answer.json["message"])
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(answer.headers["cache-control"], "no-store")
        self.assertEqual(answer.headers["x-content-type-options"], "nosniff")


class GuestTests(ApiTests):
    """``POST /api/guest``."""

    def test_guest(self) -> None:
        """A guest gets a token that proves who it is."""
        answer = self.node.ask("POST", "/api/guest", {"name": " Ann "})
        self.assertEqual(answer.status, 200)
        user = self.successResultOf(self.node.auth.authenticate(answer.json["token"], now_s=1_700_000_000.0))
        self.assertEqual(answer.json["user"], {"id": user.id, "name": "Ann", "rights": []})
        self.assertEqual(answer.headers["content-type"], "application/json")
        self.assertEqual(answer.headers["cache-control"], "no-store")

    def test_name_refused(self) -> None:
        """A name that cannot be is bad data, and the text says where."""
        for name in ("", " ", "x" * 33, "a\u202eb"):
            self.assertRefused(self.node.ask("POST", "/api/guest", {"name": name}), 400, "bad_data", "$.name")

    def test_wrong_type_refused(self) -> None:
        """Types are checked strictly, and the text says where they are wrong."""
        for body in ({"name": 5}, {"name": None}, {"name": ["Ann"]}):
            self.assertRefused(self.node.ask("POST", "/api/guest", body), 400, "bad_data", "$.name")
        self.assertRefused(self.node.ask("POST", "/api/guest", {}), 400, "bad_data", "`name`")

    def test_unreadable_refused(self) -> None:
        """What is no JSON object is a bad message, however it is broken."""
        for raw in (
            b"",
            b"[]",
            b"5",
            b"{",
            b'{"name":"\xff"}',
            b'{"name":"\\ud800"}',
            b'{"name":"Ann"}x',
            b"\xef\xbb\xbf{}",
        ):
            self.assertRefused(self.node.ask("POST", "/api/guest", raw=raw), 400, "bad_message")

    def test_depth_bomb_refused(self) -> None:
        """Deep nesting is refused before anything is built from it."""
        for bomb in (b'{"name":' + b"[" * 30_000, b'{"a":' * 10_000):
            self.assertRefused(self.node.ask("POST", "/api/guest", raw=bomb), 400, "bad_message", "32")

    def test_large_body_refused(self) -> None:
        """A body has a limit; one that just fits is read."""
        fits = b'{"name":"Ann"}'.ljust(BODY_BYTES)
        self.assertEqual(self.node.ask("POST", "/api/guest", raw=fits).status, 200)
        self.assertRefused(self.node.ask("POST", "/api/guest", raw=fits + b" "), 413, "too_large")

    def test_guests_not_admitted(self) -> None:
        """Where guests are not admitted, that is told, and asking uses the budget up."""

        def guest(name: str) -> tuple[User, str]:
            raise Refused("No guests here.", code="unauthenticated")

        self.patch(self.node.auth, "guest", guest)
        answer = self.node.ask("POST", "/api/guest", {"name": "Ann"})
        self.assertRefused(answer, 401, "unauthenticated", "No guests here.")
        self.assertEqual(answer.headers["www-authenticate"], "Bearer")


class GamesTests(ApiTests):
    """``GET /api/games``."""

    def test_games(self) -> None:
        """A game is listed with what a lobby needs; its docstring by the first paragraph alone."""
        quiz, slow, loose = self.node.ask("GET", "/api/games").json["games"]
        options = quiz.pop("options")
        self.assertEqual(
            quiz,
            {
                "name": "quiz",
                "title": "Quiz & Co",
                "doc": "Questions, and answers.",
                "min_players": 1,
                "max_players": 3,
                "roles": {"screen": 1},
                "host_may": ["end", "again", "pause", "unpause", "lock", "unlock", "kick", "mute", "pass"],
                "messages": {},
                "events": {},
                "docs": {},
                "levels": {},
                "max_bots": 0,
                "ready": False,
                "clocks": [],
                "page": False,
            },
        )
        text = json.dumps(options)
        for part in ('"rounds"', '"integer"', '"mood"', '"calm"'):
            self.assertIn(part, text)
        self.assertEqual((slow["name"], slow["roles"]), ("slow", {}))
        self.assertIsNone(loose["options"])

    def test_turns(self) -> None:
        """Of a game with moves: its bots, whether it waits for all to be ready, its clocks, and who may send what."""

        class Timed(Game):
            turn_s = 45
            max_players = 4
            max_bots = 2
            ready_check = clock_option = True

            def moves(self, player: Player) -> list[Move]:
                return []

            @message(turn=True)
            def take(self, player: Player) -> None: ...

            @message(turn="any")
            def resign(self, player: Player) -> None: ...

            @message
            def wave(self, player: Player) -> None: ...

            @bot("low", title="Plays low")
            def low(self, player: Player, moves: list[Move]) -> Move:
                return moves[0]

        (game,) = Node(Timed).ask("GET", "/api/games").json["games"]
        self.assertEqual(game["levels"], {"low": "Plays low", "random": "Random"})
        self.assertEqual((game["max_bots"], game["ready"]), (2, True))
        self.assertEqual(game["clocks"], ["45s", "none", "30s", "2m", "10m+5s", "1d"])
        turns = {name: each["turn"] for name, each in game["messages"].items()}
        self.assertEqual(turns, {"take": True, "resign": "any", "wave": False})

    def test_schemas(self) -> None:
        """What a client gets, besides what it sends: replies, events and documents; in place, where that is asked."""
        node = Node(Cards)
        told = {refs: node.ask("GET", f"/api/games{refs}").json["games"][0] for refs in ("", "?refs=inline")}
        for refs, game in told.items():
            self.assertEqual((list(game["events"]), list(game["docs"])), (["reveal"], ["room"]))
            self.assertEqual('"$ref"' in json.dumps(game), not refs)
        card = told["?refs=inline"]["messages"]["draw"]["reply"]
        self.assertEqual(card["properties"]["rank"], {"type": "integer"})
        self.assertEqual(told["?refs=inline"]["events"]["reveal"]["properties"]["cards"]["items"], card)
        self.assertEqual(told["?refs=inline"]["docs"]["room"]["properties"]["top"], card)
        self.assertRefused(node.ask("GET", "/api/games?refs=all"), 400, "bad_data")

    def test_broken(self) -> None:
        """Broken games are told to administrators: their errors name files and lines of the server."""
        catalog = Catalog(broken=[BrokenGame("chess", "/srv/chess.py", "SyntaxError: no (chess.py, line 3)")])
        node = Node(Quiz, catalog=catalog, auth=("guests", "accounts"), admins=["Root"])
        invitation = Invitations([SECRET]).make("Root")
        registered = {"name": "Root", "password": "correct horse"}
        root = node.ask("POST", "/api/register", {**registered, "invitation": invitation}).json["token"]
        bob = node.ask("POST", "/api/register", {**registered, "name": "Bob"}).json["token"]
        answer = node.ask("GET", "/api/games", authorization=f"Bearer {root}")
        self.assertEqual(answer.json["broken"], [{"name": "chess", "error": "SyntaxError: no (chess.py, line 3)"}])
        for headers in ({}, node.token(), {"authorization": f"Bearer {bob}"}):
            answer = node.ask("GET", "/api/games", **headers)
            self.assertEqual((answer.status, list(answer.json)), (200, ["games"]))
        self.assertRefused(node.ask("GET", "/api/games", authorization="Bearer x.y"), 401, "unauthenticated")
        self.assertNotIn("broken", self.node.ask("GET", "/api/games").json)


class PagedTests(ApiTests):
    """``GET /api/rooms``, page by page."""

    def test_skip_and_open(self) -> None:
        """The newest first; so many behind others; those alone that have a seat for somebody new."""
        codes = [self.node.create() for _ in range(5)]
        self.node.runner(codes[3]).room.state.locked = True

        def listed(query: str) -> list[str]:
            return [row["room"] for row in self.node.ask("GET", f"/api/rooms?{query}").json["rooms"]]

        self.assertEqual(listed("skip=2"), codes[2::-1])
        self.assertEqual(listed("open=true"), [codes[4], *codes[2::-1]])
        self.assertEqual(listed("open=true&skip=1&game=quiz"), codes[2::-1])
        self.assertEqual(listed("skip=2000"), [])
        for wrong in ("-1", "x", "2001", "1.5", "9" * 5000):
            self.assertRefused(self.node.ask("GET", f"/api/rooms?skip={wrong}"), 400, "bad_data")


class NextTests(ApiTests):
    """Of a room from which all have gone on in another."""

    def test_leads_there(self) -> None:
        """The old code leads to the new room; in the list only that one stands."""
        old, new = self.node.create(), self.node.create()
        gone = Successor("id", new, "quiz", {}, "u", "1", "k", 1, until=self.node.runner(old).room.now + 3600)
        self.node.runner(old).room.state.next = gone
        answer = self.node.ask("GET", f"/api/rooms/{old}")
        self.assertEqual((answer.status, answer.json), (307, {"room": new, "url": None}))
        self.assertEqual(answer.headers["location"], f"/api/rooms/{new}")
        rooms = self.node.ask("GET", "/api/rooms").json["rooms"]
        self.assertEqual([room["room"] for room in rooms], [new])


class CreateTests(ApiTests):
    """``POST /api/rooms``."""

    def test_room_of_another_node(self) -> None:
        """Whoever asks for it is led to the same call there, whatever that is."""

        async def reach(code: str) -> None:
            raise Elsewhere("K7QM", "wss://games.example/n/b/ws")

        self.patch(self.node.registry, "reach", reach)
        answer = self.node.ask("GET", "/api/rooms/k7qm?x=1")
        self.assertEqual(
            (answer.status, answer.headers["location"]), (307, "https://games.example/n/b/api/rooms/k7qm?x=1")
        )
        self.assertEqual(answer.json, {"room": "K7QM", "url": "wss://games.example/n/b/ws"})

    def test_created(self) -> None:
        """The room is there, and in the store; nobody has a seat in it."""
        answer = self.node.ask("POST", "/api/rooms", {"game": "quiz", "options": {"rounds": 2}}, **self.node.token())
        self.assertEqual(answer.status, 201)
        code = answer.json["room"]
        self.assertEqual(answer.json, {"room": code})
        self.assertEqual(answer.headers["location"], f"/api/rooms/{code}")
        self.assertEqual(len(self.successResultOf(self.node.store.room_ids())), 1)
        self.assertEqual(len(self.node.runner(code).room.seats), 0)

    def test_not_told_before_stored(self) -> None:
        """Nobody learns of a room before the store has it."""
        self.node.store.fail = StoreUnavailable("away")
        self.patch(self.node.store, "claim_code", lambda *_, **__: _fired(True))
        transport = self.node.begin("POST", "/api/rooms", {"game": "quiz"}, **self.node.token())
        self.node.seconds.advance(0)
        self.assertEqual(transport.value(), b"")
        self.node.store.fail = None
        self.node.seconds.pump([0.1] * 5)
        self.assertEqual(Answer(transport.value()).status, 201)

    def test_made_of_late(self) -> None:
        """An address makes so many in an hour, under whatever names."""
        node = Node(Quiz, **{"limits.rooms_made_per_address": 3})
        for _ in range(3):
            node.create()
        self.assertRefused(node.ask("POST", "/api/rooms", {"game": "quiz"}, **node.token()), 429, "rate_limited")
        node.seconds.advance(1200)
        node.create()

    def test_store_away(self) -> None:
        """Where the store does not answer, a room cannot be made, and the client may try again."""
        self.node.store.fail = StoreUnavailable("away")
        answer = self.node.ask("POST", "/api/rooms", {"game": "quiz"}, **self.node.token())
        self.assertRefused(answer, 503, "busy")

    def test_too_late(self) -> None:
        """A creator does not wait forever for the store."""
        transport = self.node.begin("POST", "/api/rooms", {"game": "slow"}, **self.node.token())
        self.node.store.hold()
        for gate in GATES:
            gate.callback(None)
        self.node.seconds.advance(calls.STEP_S)
        self.assertRefused(Answer(transport.value()), 503, "busy")

    def test_game_too_slow(self) -> None:
        """A game that takes too long to make its room has failed."""
        transport = self.node.begin("POST", "/api/rooms", {"game": "slow"}, **self.node.token())
        self.node.seconds.advance(calls.STEP_S - 1)
        self.assertRefused(Answer(transport.value()), 500, "game_error")
        self.assertEqual(len(self.flushLoggedErrors(CancelledError)), 1)

    def test_client_gone(self) -> None:
        """A client that goes away while its room is made leaves a room that is whole."""
        token = self.node.token()
        protocol, _ = self.node.connect()
        body = b'{"game":"slow"}'
        head = f"POST /api/rooms HTTP/1.1\r\nhost: a\r\nauthorization: {token['authorization']}\r\n"
        protocol.dataReceived(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        protocol.connectionLost(Failure(ConnectionError()))
        GATES.pop().callback(None)
        self.node.seconds.advance(0)
        self.assertEqual([k.room.spec.name for k in self.node.registry.runners], ["slow"])

    def test_token_needed(self) -> None:
        """Without a token, or with one that is not ours, there is no room."""
        for header in ("", "Bearer", "Bearer x.y", "Basic QTpC", "Bearer \xff\xfe", "Bearer " + "x" * 5000):
            answer = self.node.ask("POST", "/api/rooms", {"game": "quiz"}, authorization=header)
            self.assertRefused(answer, 401, "unauthenticated")
            self.assertEqual(answer.headers["www-authenticate"], "Bearer")
        self.assertEqual(list(self.node.registry.runners), [])

    def test_refused_by_game(self) -> None:
        """The game's refusal is told, and no room is left."""
        angry = {"game": "quiz", "options": {"mood": "angry"}}
        answer = self.node.ask("POST", "/api/rooms", angry, **self.node.token())
        self.assertRefused(answer, 409, "refused", "Calm down first.")
        self.assertEqual(list(self.node.registry.runners), [])

    def test_game_failed(self) -> None:
        """A game's bug tells the client nothing."""
        answer = self.node.ask(
            "POST", "/api/rooms", {"game": "quiz", "options": {"mood": "broken"}}, **self.node.token()
        )
        self.assertRefused(answer, 500, "game_error")
        self.assertNotIn(b"secret", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_closed_at_once(self) -> None:
        """A room that its game closed while it was made is not given out."""
        brief = {"game": "quiz", "options": {"mood": "brief"}}
        self.assertRefused(self.node.ask("POST", "/api/rooms", brief, **self.node.token()), 409, "refused")

    def test_bad_options(self) -> None:
        """Options that do not fit are bad data, with the place."""
        for options in ({"rounds": "two"}, {"laps": 3}):
            body = {"game": "quiz", "options": options}
            answer = self.node.ask("POST", "/api/rooms", body, **self.node.token())
            self.assertRefused(answer, 400, "bad_data", "$")
        for wish in ({"options": []}, {"private": 1}, {"password": 7}):
            answer = self.node.ask("POST", "/api/rooms", {"game": "quiz", **wish}, **self.node.token())
            self.assertRefused(answer, 400, "bad_data", f"$.{next(iter(wish))}")

    def test_bytes_are_no_options(self) -> None:
        """Bytes, though they travel as an object, are no options, also of a game that takes any."""
        for game in ("quiz", "loose"):
            body = {"game": game, "options": {"$bytes": "AA=="}}
            answer = self.node.ask("POST", "/api/rooms", body, **self.node.token())
            self.assertRefused(answer, 400, "bad_data", "$.options")

    def test_unknown_game(self) -> None:
        """There is no such game."""
        self.assertRefused(self.node.ask("POST", "/api/rooms", {"game": "go"}, **self.node.token()), 404, "not_found")

    def test_rooms_aside_are_named(self) -> None:
        """It is ready all the same; and they are counted for whoever is to be woken."""
        for code in ("K7QM", "K7QN"):
            self.node.registry.aside.keep(RoomAside(code, code, "quiz", "no way"), None, Logger())
        answer = self.node.ask("GET", "/readyz")
        aside = "rooms kept aside, until a release can run them: quiz 2"
        self.assertEqual((answer.status, answer.json), (200, {"status": "ok", "aside": aside}))

    def test_draining(self) -> None:
        """A node that is about to stop makes no rooms."""
        self.node.registry.leased.closed = True
        answer = self.node.ask("POST", "/api/rooms", {"game": "quiz"}, **self.node.token())
        self.assertRefused(answer, 503, "draining")

    def test_empty_rooms_bounded(self) -> None:
        """Rooms without seats cost no seat, so that they have a bound of their own."""
        token = self.node.token()
        answers = [self.node.ask("POST", "/api/rooms", {"game": "quiz"}, **token) for _ in range(4)]
        self.assertEqual([a.status for a in answers], [201, 201, 201, 403])
        self.assertEqual(self.node.ask("POST", "/api/rooms", {"game": "quiz"}, **self.node.token("Bob")).status, 201)

    def test_rooms_being_made_bounded(self) -> None:
        """Those that are still being made count."""
        token = self.node.token()
        for _ in range(3):
            self.node.begin("POST", "/api/rooms", {"game": "slow"}, **token)
        answer = self.node.ask("POST", "/api/rooms", {"game": "quiz"}, **token)
        self.assertRefused(answer, 403, "forbidden")
        for gate in GATES:
            gate.callback(None)


class RoomsTests(ApiTests):
    """``GET /api/rooms`` and ``GET /api/rooms/CODE``."""

    def rooms(self, query: str = "") -> list[str]:
        """:returns: the codes of what is listed."""
        return [room["room"] for room in self.node.ask("GET", f"/api/rooms{query}").json["rooms"]]

    def test_listed(self) -> None:
        """A public room is listed with what a lobby shows; the newest comes first."""
        code = self.node.create(options={"rounds": 2})
        self.node.join(code)
        self.node.seconds.advance(0)
        later = self.node.create("loose", options={"any": [1]}, password="sesame")
        loose, quiz = self.node.ask("GET", "/api/rooms").json["rooms"]
        self.assertEqual(
            quiz,
            {
                "room": code,
                "game": "quiz",
                "title": "Quiz & Co",
                "status": "lobby",
                "players": 1,
                "max_players": 3,
                "locked": False,
                "needs_password": False,
                "open_to": ["player", "screen"],
                "host": "Bob",
                "here": 1,
                "made_ms": round(self.node.services.clock.now() * 1000),
                "options": {"rounds": 2, "mood": "calm"},
            },
        )
        self.assertEqual((loose["room"], loose["needs_password"], loose["options"]), (later, True, {"any": [1]}))

    def sleep(self, code: str) -> None:
        """Have a room leave memory."""
        runner = self.node.registry.get(code)
        assert runner is not None
        self.node.seconds.advance(0)
        self.assertTrue(self.node.registry.sleeper.put_to_sleep(runner))
        self.node.seconds.advance(0)
        self.assertIsNone(self.node.registry.get(code))

    def test_listed_asleep(self) -> None:
        """A room that sleeps is listed as if it were awake, in its place, and a look at it wakes it."""
        codes = []
        for number in range(3):
            codes.append(self.node.create(options={"rounds": number + 1}))
            self.node.seconds.advance(1)
        before = self.node.ask("GET", "/api/rooms").json
        self.assertEqual(self.rooms(), codes[::-1])
        self.sleep(codes[1])
        self.assertEqual(self.node.ask("GET", "/api/rooms").json, before)
        self.assertEqual(self.rooms("?game=loose"), [])
        told = self.node.ask("GET", f"/api/rooms/{codes[1].lower()}")
        self.assertEqual((told.status, told.json), (200, before["rooms"][1]))
        self.assertIsNotNone(self.node.registry.get(codes[1]))

    def test_private_room_asleep_not_listed(self) -> None:
        """Nor does sleep make a room public."""
        code = self.node.create(private=True)
        self.sleep(code)
        self.assertEqual(self.rooms(), [])
        self.assertEqual(self.node.ask("GET", f"/api/rooms/{code}").json["room"], code)

    def test_empty_rooms_asleep_bounded(self) -> None:
        """Rooms that one made and nobody came to have a bound, awake or asleep."""
        token = self.node.token()
        for _ in range(3):
            made = self.node.ask("POST", "/api/rooms", {"game": "quiz"}, **token)
            self.sleep(made.json["room"])
        self.assertRefused(self.node.ask("POST", "/api/rooms", {"game": "quiz"}, **token), 403, "forbidden")

    def test_password_not_told(self) -> None:
        """Neither a password nor what it was made to is told."""
        self.node.create(password="sesame")
        answer = self.node.ask("GET", "/api/rooms")
        self.assertNotIn(b"sesame", answer.body)
        self.assertNotIn(b'"password"', answer.body)

    def test_private_not_listed(self) -> None:
        """A private room is never listed, but told to whoever knows its code, however it is typed."""
        code = self.node.create(private=True)
        public = self.node.create()
        self.assertEqual(self.rooms(), [public])
        for typed in (code, code.lower(), f"{code[:4]}-{code[4:]}", f"{code[:4]}%20{code[4:]}"):
            self.assertEqual(self.node.ask("GET", f"/api/rooms/{typed}").json["room"], code)

    def test_one_game(self) -> None:
        """The listing may be of one game; of one that is not served there is none."""
        quiz, loose = self.node.create(), self.node.create("loose")
        self.assertEqual(self.rooms("?game=quiz"), [quiz])
        self.assertEqual(self.rooms("?game=loose"), [loose])
        for name in ("go", "%ff", ""):
            self.assertRefused(self.node.ask("GET", f"/api/rooms?game={name}"), 404, "not_found")

    def test_bounded(self) -> None:
        """A listing is bounded in rooms and in bytes."""
        self.patch(api, "LISTED_ROOMS", 2)
        codes = [self.node.create() for _ in range(3)]
        self.assertEqual(self.rooms(), codes[:0:-1])
        self.patch(api, "LISTED_BYTES", 300)
        self.assertEqual(self.rooms(), codes[:1:-1])

    def test_large_ones_hide_nobody(self) -> None:
        """A room that does not fit is left out, and the others are not; what is too large to be shown is no option."""
        plain = self.node.create()
        for _ in range(3):
            large = self.node.create("loose", options={"text": "x" * 2000})
            self.patch(api, "LISTED_BYTES", 1000)
            self.assertEqual((self.rooms(), self.rooms("?game=loose")), ([plain], []), large)
        wish = {"game": "loose", "options": {"text": "x" * 4096}}
        self.assertRefused(self.node.ask("POST", "/api/rooms", wish, **self.node.token()), 413, "too_large")
        self.assertEqual(len(list(self.node.registry.runners)), 4)

    def test_not_told_before_stored(self) -> None:
        """What a room did is told once the store has it, in the listing as in the room's own answer."""
        code = self.node.create()
        self.node.store.hold()
        self.node.join(code)
        self.node.seconds.advance(0)
        asked = [self.node.begin("GET", path) for path in ("/api/rooms", f"/api/rooms/{code}")]
        self.node.seconds.advance(0)
        self.assertEqual([transport.value() for transport in asked], [b"", b""])
        self.node.store.release()
        self.node.seconds.advance(0)
        self.assertEqual(Answer(asked[0].value()).json["rooms"][0]["players"], 1)
        self.assertEqual(Answer(asked[1].value()).json["players"], 1)

    def test_end_not_told_before_stored(self) -> None:
        """A room that has closed is there until the store has its end, in the listing and for who asks."""
        code = self.node.create()
        self.node.store.hold()
        self.node.registry.find(code).post(CalendarCall("close"))
        self.node.seconds.advance(0)
        asked = [self.node.begin("GET", path) for path in ("/api/rooms", f"/api/rooms/{code}")]
        self.node.seconds.advance(0)
        self.assertEqual([transport.value() for transport in asked], [b"", b""])
        self.node.store.release()
        self.node.seconds.advance(0)
        self.assertEqual(Answer(asked[0].value()).json["rooms"], [])
        self.assertRefused(Answer(asked[1].value()), 404, "not_found")

    def test_store_away(self) -> None:
        """While the store is away, rooms that it has as they are are told, and others are not."""
        code, other = self.node.create(), self.node.create()
        self.node.store.fail = StoreUnavailable("away")
        self.node.join(code)
        self.node.seconds.advance(0)
        self.assertEqual(self.rooms(), [other])
        self.assertRefused(self.node.ask("GET", f"/api/rooms/{code}"), 503, "busy")

    def test_half_done_not_told(self) -> None:
        """Half of a step is not told; a room that takes long holds up no listing."""
        code = self._slow_room()
        public = self.node.create()
        self.node.join(code)
        listing, room = self.node.begin("GET", "/api/rooms"), self.node.begin("GET", f"/api/rooms/{code}")
        self.node.seconds.advance(api.LOOK_S)
        self.assertEqual([r["room"] for r in Answer(listing.value()).json["rooms"]], [public])
        self.assertRefused(Answer(room.value()), 503, "busy")
        again = self.node.begin("GET", f"/api/rooms/{code}")
        GATES.pop().callback(None)
        self.node.seconds.advance(0)
        self.assertEqual(Answer(again.value()).json["players"], 1)

    def test_undone_not_told(self) -> None:
        """A step that fails in the end was never told."""
        code = self._slow_room()
        self.failureResultOf(self._failing_join(code))
        self.assertEqual(self.node.ask("GET", f"/api/rooms/{code}").json["players"], 0)

    def test_unknown_room(self) -> None:
        """There is no such room."""
        for path in ("/api/rooms/XXXX", "/api/rooms/%F0%9F%8E%B2", f"/api/rooms/{'X' * 3000}"):
            self.assertRefused(self.node.ask("GET", path), 404, "not_found")

    def _slow_room(self) -> str:
        transport = self.node.begin("POST", "/api/rooms", {"game": "slow"}, **self.node.token())
        GATES.pop().callback(None)
        self.node.seconds.advance(0)
        code: str = Answer(transport.value()).json["room"]
        return code

    def _failing_join(self, code: str) -> Deferred[None]:
        joined = self.node.join(code)
        asked = self.node.begin("GET", f"/api/rooms/{code}")
        GATES.pop().errback(Refused("No."))
        self.node.seconds.advance(0)
        self.assertEqual(Answer(asked.value()).json["players"], 0)
        return joined


LOOKUPS = 100
"""So many wrong codes an address may try at once."""


class BudgetTests(ApiTests):
    """Who guesses is stopped; who does not, is not."""

    def test_codes(self) -> None:
        """After so many unknown codes an address is told to wait, for a private one that is right as well; others are
        not.
        """
        code = self.node.create(private=True)
        for _ in range(LOOKUPS):
            self.assertRefused(self.node.ask("GET", "/api/rooms/XXXX"), 404, "not_found")
        limited = self.node.ask("GET", f"/api/rooms/{code}")
        self.assertRefused(limited, 429, "rate_limited")
        self.assertIn("retry-after", limited.headers)
        self.assertEqual(self.node.ask("GET", f"/api/rooms/{code}", host="192.0.2.2").status, 200)
        self.node.seconds.advance(10)
        self.assertEqual(self.node.ask("GET", f"/api/rooms/{code}").status, 200)

    def test_room_that_is_being_mended(self) -> None:
        """It is no guess, however often a page that waits for it looks."""
        self.node.registry.aside.keep(RoomAside("id", "K7QM", "quiz", "no way"), None, Logger())
        for _ in range(LOOKUPS + 1):
            self.assertRefused(self.node.ask("GET", "/api/rooms/k7qm"), 503, "quarantined", "Your seat is kept.")

    def test_neighbours_of_a_guesser(self) -> None:
        """Whoever shares the address still sees rooms that are listed, and those that were seen from there before."""
        listed, seen, new = self.node.create(), self.node.create(private=True), self.node.create(private=True)
        self.node.ask("GET", f"/api/rooms/{seen}")
        for _ in range(LOOKUPS + 30):
            self.node.ask("GET", "/api/rooms/XXXX")
        self.assertEqual([self.node.ask("GET", f"/api/rooms/{code}").status for code in (listed, seen)], [200, 200])
        self.assertRefused(self.node.ask("GET", f"/api/rooms/{new}"), 429, "rate_limited")

    def test_tokens(self) -> None:
        """Who brings forged tokens is told to wait; who shares the address and brings a good one is not."""
        codes = []
        for _ in range(LOOKUPS + 1):
            answer = self.node.ask("POST", "/api/rooms", {"game": "quiz"}, authorization="Bearer x.y")
            codes.append(answer.json["code"])
        self.assertEqual(codes, ["unauthenticated"] * LOOKUPS + ["rate_limited"])
        answer = self.node.ask("POST", "/api/rooms", {"game": "quiz"}, **self.node.token())
        self.assertEqual(answer.status, 201)

    def test_good_calls_cost_nothing(self) -> None:
        """A school behind one address may make its guests and look at its room."""
        code = self.node.create()
        for _ in range(2 * LOOKUPS):
            self.assertEqual(self.node.ask("GET", f"/api/rooms/{code}").status, 200)
            self.assertEqual(self.node.ask("POST", "/api/guest", {"name": "Ann"}).status, 200)


class HealthTests(ApiTests):
    """``/healthz`` and ``/readyz``."""

    def test_well(self) -> None:
        """All is well."""
        for path in ("/healthz", "/readyz"):
            answer = self.node.ask("GET", path)
            self.assertEqual((answer.status, answer.json), (200, {"status": "ok"}))

    def test_draining(self) -> None:
        """A node that is about to stop is alive, but not ready."""
        self.node.registry.leased.closed = True
        self.assertRefused(self.node.ask("GET", "/readyz"), 503, "draining")
        self.assertEqual(self.node.ask("GET", "/healthz").status, 200)

    def test_store_away(self) -> None:
        """The same while the store does not answer."""
        code = self.node.create()
        self.node.store.fail = StoreUnavailable("away")
        self.node.join(code)
        self.node.seconds.advance(0)
        answer = self.node.ask("GET", "/readyz")
        self.assertRefused(answer, 503, "busy")
        self.assertNotIn("lease", str(answer.json), "this store has none")
        self.assertEqual(self.node.ask("GET", "/healthz").status, 200)
        self.node.store.fail = None
        self.node.seconds.pump([0.1] * 20)
        self.assertEqual(self.node.ask("GET", "/readyz").status, 200)

    def test_store_away_while_nobody_plays(self) -> None:
        """A node that has nothing to store finds out as well, and that the store is back."""
        self.node.store.fail = StoreUnavailable("away")
        self.node.seconds.advance(BEAT_S)
        self.assertRefused(self.node.ask("GET", "/readyz"), 503, "busy")
        self.node.store.fail = None
        self.node.seconds.advance(BEAT_S)
        self.assertEqual(self.node.ask("GET", "/readyz").status, 200)


class ErrorTests(ApiTests):
    """What comes to nothing."""

    def test_unknown_path(self) -> None:
        """There is nothing there, in JSON."""
        for path in ("/api", "/api/", "/api/games/", "/nothing", "//api//games", "/ws/x", "/api/rooms/A/B", "*"):
            self.assertRefused(self.node.ask("GET", path), 404, "not_found")

    def test_wrong_method(self) -> None:
        """The methods that would do are named."""
        answer = self.node.ask("DELETE", "/api/rooms")
        self.assertRefused(answer, 405, "unknown_op")
        self.assertEqual(answer.headers["allow"], "GET, HEAD, OPTIONS, POST")
        self.assertRefused(self.node.ask("GET", "/api/guest"), 405, "unknown_op")
        self.assertRefused(self.node.ask("BREW", "/api/games"), 405, "unknown_op")

    def test_head(self) -> None:
        """The headers of an answer may be had without it."""
        full, head = self.node.ask("GET", "/api/games"), self.node.ask("HEAD", "/api/games")
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.headers["content-length"], str(len(full.body)))

    def test_bug(self) -> None:
        """A bug of ours is logged, and tells the client nothing."""

        def fail(name: str) -> tuple[User, str]:
            raise ZeroDivisionError("a secret of the server")

        self.patch(self.node.auth, "guest", fail)
        answer = self.node.ask("POST", "/api/guest", {"name": "Ann"})
        self.assertRefused(answer, 500, "game_error")
        self.assertNotIn(b"secret", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_statuses(self) -> None:
        """Only codes of the table have a status of their own; a game's own codes are conflicts."""
        self.assertEqual(set(STATUS) - set(CODES), set())
        for code in ("refused", "room_full", "room_locked", "room_over", "not_your_turn"):
            self.assertEqual(STATUS.get(code, CONFLICT), 409)


def _fired(value: Any) -> Deferred[Any]:
    fired: Deferred[Any] = Deferred()
    fired.callback(value)
    return fired
