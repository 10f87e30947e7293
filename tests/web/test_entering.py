"""Coming in as another system's user: by a password, by its session, and with a ticket from elsewhere."""

from __future__ import annotations

from typing import Any

from tests.web.test_api import Answer, ApiTests, Node, Quiz
from tests.web.test_identity import HOME

MAIL = f"{'ann' * 60}@mail.example"
"""As long as addresses of mail may be."""


class EnteringTests(ApiTests):
    def setUp(self) -> None:
        super().setUp()
        self.start()

    def start(self, *auth: str, **settings: Any) -> None:
        """Start a server that has these beside the shop's users."""
        self.node = Node(Quiz, auth=["tests.web.shop", *auth], **settings)
        self.shop: Any = self.node.auth.links[0]

    def post(self, call: str, body: Any = None, *, cookie: str = "", origin: str = HOME, **more: Any) -> Answer:
        return self.node.ask("POST", f"/api/{call}", body, cookie=cookie, origin=origin, **more)

    def keep(self, answer: Answer) -> str:
        """:returns: the cookie that the browser keeps, as it sends it."""
        return answer.headers["set-cookie"].partition(";")[0]

    def whoever(self, answer: Answer) -> str:
        """:returns: the name of whoever a ticket lets in."""
        self.assertEqual(answer.status, 201, answer.body)
        now_s = self.node.services.clock.now()
        token = self.successResultOf(self.node.services.tickets.redeem(answer.json["ticket"], now_s=now_s))
        user = self.successResultOf(self.node.auth.authenticate(token, now_s=now_s))
        self.assertEqual(answer.json["user"]["name"], user.name)
        return str(user.name)

    def test_password(self) -> None:
        """A page that logs in keeps a cookie that it cannot read; it buys tickets for as long as the login lasts."""
        answer = self.post("login", {"name": MAIL, "password": "open", "cookie": True})
        self.assertEqual(answer.status, 200, answer.body)
        header = answer.headers["set-cookie"].lower()
        for part in ("httponly", "samesite=strict", "max-age=3600"):
            self.assertIn(part, header)
        cookie = self.keep(answer)
        self.assertNotIn(answer.json["token"], cookie)
        bought = self.post("tickets", cookie=cookie)
        self.assertEqual(self.whoever(bought), MAIL)
        self.assertNotIn("elsewhere", bought.json)
        self.node.seconds.advance(3600)
        self.assertRefused(self.post("tickets", cookie=cookie), 401, "unauthenticated")

    def test_without_a_cookie(self) -> None:
        """A program keeps its token itself."""
        self.assertNotIn("set-cookie", self.post("login", {"name": "ann", "password": "open"}).headers)

    def test_log_out(self) -> None:
        """The cookie is taken away; with it alone nothing else can be done."""
        cookie = self.keep(self.post("login", {"name": "ann", "password": "open", "cookie": True}))
        self.assertRefused(self.post("logout", {}, cookie=cookie, origin=""), 403, "forbidden")
        answer = self.post("logout", {}, cookie=cookie)
        self.assertEqual((answer.status, self.keep(answer)), (200, "gameserver="))
        self.assertIn("max-age=0", answer.headers["set-cookie"].lower())
        self.assertRefused(self.post("rooms", {"game": "quiz"}, cookie=cookie), 401, "unauthenticated")

    def test_who_may_not_come_in_any_more(self) -> None:
        """The token in the cookie is proved each time."""
        cookie = self.keep(self.post("login", {"name": "ann", "password": "open", "cookie": True}))
        self.shop.closed.add("ann")
        self.assertRefused(self.post("tickets", cookie=cookie), 401, "unauthenticated")

    def test_forged(self) -> None:
        """Neither a ticket nor a token is such a cookie, nor one of another server."""
        ticket = self.post("tickets", cookie="shop=ann").json["ticket"]
        for value in ("kept.", "kept.x", f"kept.{ticket}", "shop.ann", "kept.shop.ann"):
            self.assertRefused(self.post("tickets", cookie=f"gameserver={value}"), 401, "unauthenticated")

    def test_session_of_the_other_system(self) -> None:
        """It makes a browser somebody that has never been here; a page is told that only the other can end it."""
        bought = self.post("tickets", cookie="shop=bob")
        self.assertEqual((self.whoever(bought), bought.json["elsewhere"]), ("bob", True))
        self.assertRefused(self.post("tickets", cookie="shop=stale"), 401, "unauthenticated")

    def test_several_cookies(self) -> None:
        """Who logged in here is that one; where that has ended, a session counts; where that has ended, an account."""
        self.start("accounts", "guests")
        kept = self.keep(self.post("login", {"name": "ann", "password": "open", "cookie": True}))
        self.assertEqual(self.whoever(self.post("tickets", cookie=f"{kept}; shop=bob")), "ann")
        self.shop.closed.add("ann")
        self.assertEqual(self.whoever(self.post("tickets", cookie=f"{kept}; shop=bob")), "bob")
        account = self.keep(self.post("register", {"name": "Cyd", "password": "correct horse", "cookie": True}))
        self.assertEqual(self.whoever(self.post("tickets", cookie=f"{account}; shop=stale")), "Cyd")

    def test_ticket_from_elsewhere(self) -> None:
        """It logs in once; a page keeps that in a cookie."""
        ticket = self.post("tickets", cookie="shop=bob").json["ticket"]
        entered = self.post("enter", {"ticket": ticket, "cookie": True})
        self.assertEqual((entered.status, entered.json["user"]["name"]), (200, "bob"))
        self.assertEqual(self.whoever(self.post("tickets", cookie=self.keep(entered))), "bob")
        self.assertRefused(self.post("enter", {"ticket": ticket, "cookie": True}), 401, "unauthenticated")
        self.assertRefused(self.post("enter", {"ticket": "x"}), 401, "unauthenticated")

    def test_who_is_banned(self) -> None:
        """Whoever the server does not want is given no login by a ticket either."""
        ticket = self.post("tickets", cookie="shop=bob").json["ticket"]
        self.shop.closed.add("bob")
        answer = self.post("enter", {"ticket": ticket, "cookie": True})
        self.assertRefused(answer, 401, "unauthenticated")
        self.assertNotIn("set-cookie", answer.headers)

    def test_ways_in(self) -> None:
        """A page is told that this browser brought a session, and where else people log in."""
        self.start(login_url="https://shop.example/enter/")
        for cookie, sessions in (("shop=stale", True), ("other=x", None), ("", None)):
            ways = self.node.ask("GET", "/api/auth", cookie=cookie).json
            self.assertEqual((ways["passwords"], ways.get("sessions")), (True, sessions))
            self.assertEqual(ways["login_url"], "https://shop.example/enter/")
