"""Somebody else's service with its keys at an address, over real TLS; and what such an address may do to a server."""

from __future__ import annotations

import signal
import time
from typing import Any, Final

import jwt
from twisted.internet.defer import Deferred
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import TestCase
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from gameserver.auth import fetch
from gameserver.auth.fetch import MOST_BYTES, Fetch, FetchFailed
from gameserver.web.listening import Listening
from tests.auth.jwt_kit import AUDIENCE, EC, ISSUER, OTHER_RSA, RSA, SECRET, claims, entry, file_of, key_set, public_pem
from tests.authority import Authority
from tests.e2e.kit import Server, ServerCase, _reactor, bare, sleep, until, within

ANN: Final = "Ann"


class Keys(Resource):
    """Answers as a path says, and counts how often the keys were asked for."""

    isLeaf = True

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.asked = 0
        self.body = key_set(entry(RSA, "a"), entry(EC, "c"))
        self.silent: list[Any] = []

    def render_GET(self, request: Any) -> Any:
        """Answer."""
        self.asked += 1
        what = request.path.strip(b"/")
        if what == b"silent":
            self.silent.append(request)
            return NOT_DONE_YET
        if what == b"large":
            return b"x" * (MOST_BYTES + 1)
        if what == b"away":
            request.redirect(b"/keys")
        elif what == b"missing":
            request.setResponseCode(404)
        return self.body


class KeysCase(TestCase):
    """An address with keys, over TLS."""

    async def start_keys(self, folder: str) -> None:
        self.authority = Authority(folder)
        words = self.authority.issue("localhost").words
        self.keys = Keys()
        site: Any = Site(self.keys)
        site.noisy = False
        port = await Listening(_reactor).endpoint(f"ssl:0:{words}:interface=127.0.0.1").listen(site)
        self.addCleanup(port.stopListening)
        self.url = f"https://127.0.0.1:{port.getHost().port}"


class FetchTests(KeysCase):
    """`Fetch`."""

    timeout = 60

    async def setUp(self) -> None:
        await self.start_keys(self.mktemp())
        self.fetch = Fetch(_reactor, self.authority.root)

    async def failed(self, url: str, reader: Fetch | None = None) -> str:
        return str(await self.assertFailure(within((reader or self.fetch)(url), url), FetchFailed))

    async def test_keys(self) -> None:
        """What stands at the address."""
        self.assertEqual(await within(self.fetch(f"{self.url}/keys"), "keys"), self.keys.body)

    async def test_log(self) -> None:
        """A connection is worth no line: some are made several times a second."""
        events: list[Any] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        await within(self.fetch(f"{self.url}/keys"), "keys")
        await self.failed("https://127.0.0.1:1")
        await sleep(0.1)
        self.assertEqual([formatEvent(event) for event in events if "factory" in formatEvent(event)], [])

    async def test_answers_that_are_none(self) -> None:
        """Another status, another place, and too much."""
        self.assertIn("404", await self.failed(f"{self.url}/missing"))
        self.assertIn("302", await self.failed(f"{self.url}/away"))
        self.assertIn("too large", await self.failed(f"{self.url}/large"))
        await self.failed(self.url.replace("https", "http"))
        await self.failed("https://127.0.0.1:1")

    async def test_other_authority(self) -> None:
        """Whoever cannot show a certificate of a trusted authority is not asked."""
        other = Fetch(_reactor, Authority(self.mktemp()).root)
        self.assertIn("certificate verify failed", await self.failed(f"{self.url}/keys", other))
        self.assertIn("certificate verify failed", await self.failed(f"{self.url}/keys", Fetch(_reactor)))
        self.assertEqual(self.keys.asked, 0)

    async def test_silence(self) -> None:
        """Who never answers is not waited for."""
        self.patch(fetch, "FETCH_S", 0.2)
        await self.failed(f"{self.url}/silent")


class JwtTests(KeysCase, ServerCase):
    """A server that believes this service."""

    async def setUp(self) -> None:
        ServerCase.setUp(self)
        await self.start_keys(str(self.folder / "authority"))

    def believing(self, **environ: str) -> Server:
        return self.server(
            **{
                "GAMESERVER_AUTH": "guests jwt",
                "GAMESERVER_JWT_ISSUER": ISSUER,
                "GAMESERVER_JWT_AUDIENCE": AUDIENCE,
                "GAMESERVER_JWT_RIGHTS_CLAIM": "roles",
                **environ,
            }
        )

    def token(self, key: Any = RSA, algorithm: str = "RS256", kid: str | None = "a", **more: Any) -> str:
        return jwt.encode(claims(time.time(), **more), key, algorithm, None if kid is None else {"kid": kid})

    async def hello(self, server: Server, token: str) -> dict[str, Any]:
        """:returns: what hello is answered."""

        def say(connection: Any) -> Any:
            connection.say(op="hello", token=token)
            return connection.hear()

        heard: dict[str, Any] = await within(bare(server.port, say), "an answer to hello")
        return heard

    async def test_address(self) -> None:
        """Users of the service play, and guests beside them; forged tokens are refused; the keys are asked for once."""
        server = self.believing(GAMESERVER_JWT_JWKS=f"{self.url}/keys", GAMESERVER_JWT_CA=str(self.authority.root))
        await server.start()
        ann = await self.person(server, ANN, token=self.token(roles=["admin"]))
        bob = await self.person(server, "Bob")
        room = await ann.create("tictactoe")
        await bob.join(room.code)
        await ann.sees(lambda room: room.info.status == "playing", "the game begins")
        self.assertEqual((ann.client.user.name, ann.client.user.rights), (ANN, ["admin"]))  # type: ignore[union-attr]
        self.assertTrue(ann.client.user.id.startswith("jwt:https%3A%2F%2F"))  # type: ignore[union-attr]
        again = await self.hello(server, self.token(EC, "ES256", "c"))
        self.assertEqual(again["user"]["id"], ann.client.user.id)  # type: ignore[union-attr]
        for token in (self.token(OTHER_RSA), self.token(exp=1), self.token(aud="shop"), self.token(iss="x"),
                      self.token(SECRET, "HS256")):  # fmt: skip
            heard = await self.hello(server, token)
            self.assertEqual((heard["op"], heard["code"]), ("error", "unauthenticated"), heard)
        heard = await self.hello(server, self.token(kid="b"))
        self.assertEqual((heard["op"], heard["code"]), ("error", "busy"), "the issuer may have this key by now")
        answer = await server.http("POST", "/api/rooms", {"game": "tictactoe"}, token=self.token())
        self.assertEqual(answer.status, 201)
        self.assertEqual(self.keys.asked, 1)
        self.assertNotIn("eyJ", server.output)

    async def test_address_that_is_not_trusted(self) -> None:
        """Keys from whoever sits at that address are not taken: nobody is let in by them."""
        server = self.believing(GAMESERVER_JWT_JWKS=f"{self.url}/keys")
        await server.start()
        heard = await self.hello(server, self.token())
        self.assertEqual(heard["op"], "error")
        await until(lambda: "certificate verify failed" in server.output, "the log says why")
        self.assertEqual(self.keys.asked, 0)

    async def test_key_file(self) -> None:
        """A key in a file, which is read again on SIGHUP."""
        path = file_of(str(self.folder / "key.pem"), public_pem(RSA), 0o644)
        server = self.believing(GAMESERVER_JWT_KEY=str(path))
        await server.start()
        self.assertEqual((await self.hello(server, self.token(kid=None)))["op"], "welcome")
        path.write_bytes(public_pem(OTHER_RSA))
        server.signal(signal.SIGHUP)
        heard: dict[str, Any] = {}
        while heard.get("op") != "welcome":
            heard = await within(Deferred.fromCoroutine(self.hello(server, self.token(OTHER_RSA))), "the new key")
        self.assertEqual((await self.hello(server, self.token()))["op"], "error")

    async def test_settings_that_say_too_little(self) -> None:
        """The server does not start, and says which setting is missing."""
        path = str(file_of(str(self.folder / "key.pem"), public_pem(RSA), 0o644))
        for environ, said in (
            ({"GAMESERVER_JWT_ISSUER": ""}, "jwt.issuer"),
            ({"GAMESERVER_JWT_AUDIENCE": ""}, "jwt.audience"),
            ({}, "jwt.key"),
            ({"GAMESERVER_JWT_KEY": path, "GAMESERVER_JWT_JWKS": "https://a.example"}, "jwt.key"),
            ({"GAMESERVER_JWT_KEY": "/nowhere"}, "jwt.key"),
            ({"GAMESERVER_JWT_JWKS": "http://a.example/keys"}, "jwt.jwks"),
            ({"GAMESERVER_JWT_JWKS": "https://a.example/keys", "GAMESERVER_JWT_CA": path}, "jwt.ca"),
        ):
            server = self.believing(**environ)
            server.spawn()
            self.assertEqual(await server.ended(), 1, environ)
            self.assertIn(said, server.output)
