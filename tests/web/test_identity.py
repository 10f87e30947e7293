"""Registering, logging in and out over HTTP; cookies, tickets, and who tries too often."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

from msgspec.structs import replace
from twisted.internet.defer import Deferred, fail

from gameserver.auth.invitations import Invitations
from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import User
from gameserver.node.sanctions import Sanction
from gameserver.protocol import names
from tests.protocol.test_names import MARKS, Measured
from tests.web.test_api import SECRET, Answer, ApiTests, Node, Quiz

PASSWORD = "correct horse"
HOME = "http://games.example:8080"
"""Where the pages of the server in these tests come from."""


class IdentityTestCase(ApiTests):
    settings: dict[str, Any] = {"auth": ["guests", "accounts"]}

    def setUp(self) -> None:
        super().setUp()
        self.node = Node(Quiz, **self.settings)

    def post(self, call: str, body: Any = None, *, token: str | None = None, **more: Any) -> Answer:
        """Call, as whoever has this token."""
        if token is not None:
            more["authorization"] = f"Bearer {token}"
        return self.node.ask("POST", f"/api/{call}", body, **more)

    def register(self, name: str = "Ann", **more: Any) -> Any:
        """:returns: what a new account is granted."""
        answer = self.post("register", {"name": name, "password": PASSWORD, **more})
        self.assertEqual(answer.status, 201, answer.body)
        return answer.json

    def login(self, name: str = "Ann", password: str = PASSWORD, **more: Any) -> Answer:
        return self.post("login", {"name": name, "password": password}, **more)

    def whoami(self, token: str) -> User:
        """:returns: whom a token proves."""
        return self.successResultOf(self.node.auth.authenticate(token, now_s=self.node.services.clock.now()))


class NamesTests(IdentityTestCase):
    """Names that come in over HTTP."""

    settings = {**IdentityTestCase.settings, "admins": ("Root",)}

    def test_length_before_work(self) -> None:
        """A name of 10,000 marks is refused before any of them is brought into its order, at every call."""
        with mock.patch.object(names, "unicodedata", Measured()) as measured:
            for call in ("guest", "register", "login"):
                answer = self.post(call, {"name": MARKS * 5_000, "password": PASSWORD})
                self.assertEqual((answer.status, answer.json["code"]), (400, "bad_data"), call)
            self.assertEqual(measured.code_points, 0)

    def test_budget_before_work(self) -> None:
        """Whoever may try no passwords has no name looked at that could not be somebody's who logged in from there."""
        address = "192.0.2.1"
        for _ in range(self.node.services.limits.refused_logins_per_address):
            self.node.services.budgets.charge(self.node.services.clock.monotonic(), "login", address)
        with mock.patch.object(names, "unicodedata", Measured()) as measured:
            self.assertIn(self.login(MARKS * 1000).status, (400, 429))
            self.assertEqual(measured.code_points, 0)
            self.assertEqual(self.login("Ann").status, 429)

    def test_guests_look_like_nobody(self) -> None:
        """No guest is made whose name is one that has rights, or could be taken for it."""
        for name in ("Root", "Roo\u0442", "r\u3164oot"):
            self.assertIn(self.post("guest", {"name": name}).json["code"], ("name_taken", "bad_data"))
        self.assertEqual(self.post("guest", {"name": "Roo\u0442"}).json["code"], "name_taken")
        self.assertEqual(self.post("register", {"name": "Roo\u0442", "password": PASSWORD}).json["code"], "forbidden")


class BannedTests(IdentityTestCase):
    """Whom an operator has banned from the server."""

    settings = {**IdentityTestCase.settings, "admins": ("Boss",)}

    def ban(self, **about: str) -> None:
        self.node.registry.watch.sanction(Sanction(id="", act="ban", **about))

    def test_user(self) -> None:
        """No login, no refresh, no ticket by token or cookie, no new password: nothing that proves anything."""
        grant = self.register()
        answer = self.post("login", {"name": "Ann", "password": PASSWORD, "cookie": True})
        cookie = answer.headers["set-cookie"].partition(";")[0]
        self.ban(user=grant["user"]["id"])
        self.assertEqual(self.login().status, 403)
        self.assertEqual(self.post("refresh", {"refresh": grant["refresh"]}).status, 403)
        self.assertEqual(self.post("tickets", token=grant["token"]).status, 403)
        self.assertEqual(self.post("tickets", cookie=cookie, origin=HOME).status, 403)
        change = {"old": PASSWORD, "new": PASSWORD + "s"}
        self.assertEqual(self.post("password", change, token=grant["token"]).status, 403)
        self.register("Bob")

    def test_address(self) -> None:
        """Nobody logs in from there, and nobody registers; elsewhere the same people do."""
        self.register()
        self.ban(address="192.0.2.0/24")
        self.assertEqual(self.login().status, 403)
        self.assertEqual(self.post("register", {"name": "Bob", "password": PASSWORD}).status, 403)
        self.assertEqual(self.login(host="198.51.100.1").status, 200)
        self.assertEqual(len(self.node.store._users), 1)

    def test_administrator(self) -> None:
        """An administrator whom a moderator has banned, with the whole address, still comes in and puts it right."""
        invite = Invitations([SECRET]).make("Boss")
        boss = self.register("Boss", invitation=invite)
        self.ban(user=boss["user"]["id"])
        self.ban(address="192.0.2.0/24")
        token = self.login("Boss").json["token"]
        for sanction in self.node.registry.watch.sanctions:
            path = f"/api/moderation/sanctions/{sanction.id}"
            lifted = self.node.ask("DELETE", path, authorization=f"Bearer {token}")
            self.assertEqual(lifted.status, 200)
        self.register("Bob")


class AccountTests(IdentityTestCase):
    def test_register_login_refresh_logout(self) -> None:
        """A whole life of an account."""
        made = self.register()
        self.assertEqual(set(made), {"token", "user", "expires_s", "refresh"})
        self.assertEqual((made["user"]["name"], made["user"]["rights"], made["expires_s"]), ("Ann", [], 900))
        again = self.login("ann").json
        self.assertEqual(again["user"], made["user"])
        refreshed = self.post("refresh", {"refresh": again["refresh"]}).json
        self.assertEqual(refreshed["user"], made["user"])
        self.assertEqual(self.post("logout", token=refreshed["token"]).json, {})
        self.assertRefused(self.post("tickets", token=refreshed["token"]), 401, "unauthenticated")
        self.assertEqual(self.post("tickets", token=made["token"]).status, 201)

    def test_guest_becomes_account(self) -> None:
        """A guest who registers keeps the id, and with it the seats."""
        guest = self.node.ask("POST", "/api/guest", {"name": "Ann"}).json
        made = self.post("register", {"name": "Ann", "password": PASSWORD}, token=guest["token"]).json
        self.assertEqual(made["user"]["id"], guest["user"]["id"])
        self.assertRefused(self.post("tickets", token=guest["token"]), 401, "unauthenticated")
        answer = self.post("register", {"name": "Bea", "password": PASSWORD}, token=made["token"])
        self.assertRefused(answer, 403, "forbidden")

    def test_taken(self) -> None:
        """A name that is taken, or looks like one, is a conflict."""
        self.register("Bill")
        for name in ("Bill", "B1LL"):
            answer = self.post("register", {"name": name, "password": PASSWORD})
            self.assertRefused(answer, 409, "name_taken")

    def test_reused_refresh_token(self) -> None:
        """The second use of a refresh token ends the login, and closes its connections."""
        made = self.register()
        newer = self.post("refresh", {"refresh": made["refresh"]}).json
        self.assertRefused(self.post("refresh", {"refresh": made["refresh"]}), 401, "unauthenticated")
        self.assertRefused(self.post("refresh", {"refresh": newer["refresh"]}), 401, "unauthenticated")
        self.assertRefused(self.post("tickets", token=newer["token"]), 401, "unauthenticated")
        self.assertEqual([user for user, _ in self.node.revoked], [made["user"]["id"]])

    def test_change_password(self) -> None:
        """Everybody else is out, at once."""
        made, other = self.register(), self.login().json
        changed = self.post("password", {"old": PASSWORD, "new": "battery staple"}, token=made["token"])
        for token in (made["token"], other["token"]):
            self.assertRefused(self.post("tickets", token=token), 401, "unauthenticated")
        self.assertEqual(self.whoami(changed.json["token"]).name, "Ann")
        self.assertIn((made["user"]["id"], None), self.node.revoked)
        wrong = self.post("password", {"old": PASSWORD, "new": "battery staple"}, token=changed.json["token"])
        self.assertRefused(wrong, 403, "wrong_password")

    def test_delete(self) -> None:
        """Gone, with the password."""
        made = self.register()
        self.assertRefused(self.post("delete", {"password": "wrong"}, token=made["token"]), 403, "wrong_password")
        self.assertEqual(self.post("delete", {"password": PASSWORD}, token=made["token"]).json, {})
        self.assertRefused(self.login(), 401, "unauthenticated")

    def test_without_accounts(self) -> None:
        """Where accounts are not admitted there is nothing to call."""
        self.node = Node(Quiz)
        for call, body in (
            ("register", {"name": "Ann", "password": PASSWORD}),
            ("login", {"name": "Ann", "password": PASSWORD}),
            ("refresh", {"refresh": "x"}),
            ("logout", None),
            ("password", {"old": "x", "new": "y"}),
            ("delete", {"password": "x"}),
        ):
            self.assertRefused(self.post(call, body), 404, "not_found")
        ways = self.node.ask("GET", "/api/auth").json
        self.assertEqual(ways, {"guests": True, "passwords": False, "registration": "closed"})

    def test_ways_in(self) -> None:
        """A page is told what it may ask."""
        ways = self.node.ask("GET", "/api/auth").json
        self.assertEqual(ways, {"guests": True, "passwords": True, "registration": "open"})

    def test_no_secret_in_answers(self) -> None:
        """No error repeats a password or a token."""
        made = self.register()
        for answer in (
            self.login(password="sesame-sesame"),
            self.post("refresh", {"refresh": made["refresh"] + "x"}),
            self.post("tickets", token=made["token"] + "x"),
            self.post("login", {"name": "Ann", "password": 5, "cookie": "sesame-sesame"}),
        ):
            self.assertGreaterEqual(answer.status, 400)
            for secret in (b"sesame", made["refresh"].encode(), made["token"].encode()):
                self.assertNotIn(secret, answer.body)


class ThrottleTests(IdentityTestCase):
    def test_unknown_and_wrong_are_the_same(self) -> None:
        """Status, words, headers and delays are the same for accounts that are and that are not."""
        self.register("Ann")
        for _ in range(6):
            wrong, unknown = self.login("Ann", "wrong password"), self.login("Nobody", "wrong password")
            self.assertEqual((wrong.status, wrong.body), (unknown.status, unknown.body))
            self.assertEqual(wrong.headers.keys(), unknown.headers.keys())
            self.assertEqual(wrong.headers.get("retry-after"), unknown.headers.get("retry-after"))
        self.assertEqual(wrong.status, 429)

    def test_growing_delay(self) -> None:
        """Each wrong password beyond the third doubles the wait; it is told, and the right one waits too, elsewhere."""
        self.register("Ann")
        waits = []
        for _ in range(12):
            answer = self.login("Ann", "wrong password", host="198.51.100.7")
            while answer.status == 429:
                waits.append(int(answer.headers["retry-after"]))
                self.node.seconds.advance(waits[-1])
                answer = self.login("Ann", "wrong password", host="198.51.100.7")
            self.assertEqual(answer.status, 401)
        self.assertEqual(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60])
        self.assertRefused(self.login("Ann", host="198.51.100.8"), 429, "rate_limited")
        self.node.seconds.advance(60)
        self.assertEqual(self.login("Ann", host="198.51.100.8").status, 200)

    def test_busy_is_no_wrong_password(self) -> None:
        """A password that could not be tried counts for nothing, neither for its account nor for its address."""
        self.register("Ann")
        for away in (Refused("Too many are logging in.", code="busy"), StoreUnavailable("it is away")):
            with mock.patch.object(self.node.auth, "login", lambda *_, away=away, **__: fail(away)):
                for _ in range(150):
                    self.assertRefused(self.login("Ann", host="198.51.100.7"), 503, "busy")
        self.assertEqual(self.login("Ann", host="198.51.100.7").status, 200)

    def test_undecided_in_time(self) -> None:
        """Who calls with a token that cannot be looked up in time is told so, and is not held back for it."""
        token = self.register("Ann")["token"]
        never: Deferred[Any] = Deferred()
        with mock.patch.object(self.node.auth, "authenticate", lambda *_, **__: never):
            waiting = self.node.begin("POST", "/api/tickets", {}, authorization=f"Bearer {token}")
            self.node.seconds.advance(self.node.services.limits.hello_s)
        self.assertRefused(Answer(waiting.value()), 503, "busy")
        self.assertEqual(self.post("tickets", token=token).status, 201)

    def test_owner_is_not_locked_out(self) -> None:
        """From where the owner logged in before, the owner still can, while somebody guesses elsewhere."""
        self.register("Ann")
        for _ in range(20):
            self.login("Ann", "wrong password", host="198.51.100.7")
        self.assertEqual(self.login("Ann").status, 200)

    def test_a_thousand_wrong_passwords(self) -> None:
        """Of a thousand guesses at a thousand accounts, from one address, a hundred are tried."""
        statuses = [self.login(f"user {n}", "password1").status for n in range(1000)]
        self.assertEqual((statuses.count(401), statuses.count(429)), (100, 900))
        self.assertEqual(self.node.services.budgets.throttled["login"], 900)
        self.register("Ann")
        self.assertEqual(self.login("Ann", host="198.51.100.9").status, 200)

    def test_a_thousand_wrong_passwords_of_one_account(self) -> None:
        """Of a thousand guesses at one account, from a thousand addresses, within a minute: eight are tried."""
        self.register("Ann")
        tried = 0
        for n in range(1000):
            answer = self.login("Ann", f"guess {n}", host=f"198.51.{n // 250}.{n % 250}")
            tried += answer.status == 401
            self.node.seconds.advance(0.06)
        self.assertLessEqual(tried, 9)
        self.assertEqual(self.node.services.budgets.throttled["account"], 1000 - tried)

    def test_many_at_once(self) -> None:
        """Guesses that are all sent before the first is answered are no more than one after the other."""
        self.register("Ann")
        asked = [
            self.node.begin("POST", "/api/login", {"name": "Ann", "password": f"guess {n}"}, host="198.51.100.7")
            for n in range(50)
        ]
        self.node.seconds.advance(0)
        statuses = [Answer(each.value()).status for each in asked]
        self.assertEqual((statuses.count(401), statuses.count(429)), (3, 47))

    def test_neighbours(self) -> None:
        """Wrong tokens hold back no password, nor do wrong passwords that of whoever came from there before."""
        self.register("Ann")
        self.post("register", {"name": "Bob", "password": PASSWORD}, host="198.51.100.9")
        for _ in range(130):
            self.post("tickets", token="x.y")
        self.assertEqual(self.login("Bob").status, 200)
        for n in range(130):
            self.login(f"user {n}", "password1")
        self.assertRefused(self.login("Cat"), 429, "rate_limited")
        self.assertEqual([self.login(name).status for name in ("Ann", "Bob")], [200, 200])

    def test_networks(self) -> None:
        """Addresses of one IPv6 network have one budget."""
        statuses = [self.login(f"user {n}", "password1", host=f"2001:db8::{n:x}").status for n in range(130)]
        self.assertEqual((statuses.count(401), statuses.count(429)), (100, 30))

    def test_good_logins_cost_nothing(self) -> None:
        """A school behind one address logs in."""
        self.register("Ann")
        for _ in range(150):
            self.assertEqual(self.login().status, 200)

    def test_registrations(self) -> None:
        """Twenty an hour and address."""
        names = [f"user {n:x}" for n in range(100)]
        statuses = [self.post("register", {"name": name, "password": PASSWORD}).status for name in names[:25]]
        self.assertEqual((statuses.count(201), statuses.count(429)), (20, 5))
        answer = self.post("register", {"name": names[30], "password": PASSWORD}, host="198.51.100.7")
        self.assertEqual(answer.status, 201)
        self.node.seconds.advance(3600)
        self.assertEqual(self.post("register", {"name": names[31], "password": PASSWORD}).status, 201)

    def test_old_passwords_are_guessed_no_faster(self) -> None:
        """Who found an open page guesses its password no faster than anybody else."""
        token = self.register()["token"]
        statuses = [self.post("delete", {"password": f"guess {n}"}, token=token).status for n in range(20)]
        self.assertEqual((statuses.count(403), statuses.count(429)), (3, 17))


class CookieTests(IdentityTestCase):
    def cookie_of(self, answer: Answer) -> str:
        """:returns: the cookie that a browser would send back; it is set as a cookie must be."""
        name, _, rest = answer.headers["set-cookie"].partition("=")
        value, *attributes = rest.split("; ")
        found = {each.partition("=")[0].lower(): each.partition("=")[2] for each in attributes}
        self.assertEqual((name, found["path"], found["samesite"].lower()), ("gameserver", "/", "strict"))
        self.assertIn("httponly", found)
        return f"{name}={value}"

    def logged_in(self) -> str:
        answer = self.post("register", {"name": "Ann", "password": PASSWORD, "cookie": True})
        self.assertNotIn("refresh", answer.json)
        return self.cookie_of(answer)

    def test_cookie_buys_tickets(self) -> None:
        """A page of ours with the cookie gets tickets, and nothing else."""
        cookie = self.logged_in()
        bought = self.post("tickets", cookie=cookie, origin=HOME)
        self.assertEqual((bought.status, bought.json["user"]["name"]), (201, "Ann"))
        self.assertEqual(set(bought.json), {"ticket", "user", "expires_s"})
        for call, body in (("rooms", {"game": "quiz"}), ("password", {"old": PASSWORD, "new": "x" * 8}),
                           ("delete", {"password": PASSWORD})):  # fmt: skip
            self.assertRefused(self.post(call, body, cookie=cookie, origin=HOME), 401, "unauthenticated")

    def test_foreign_and_missing_origin(self) -> None:
        """A cookie from elsewhere, or from nobody knows where, is refused; also from origins that may else call."""
        self.node = Node(Quiz, **self.settings, origin=["https://friend.example"])
        cookie = self.logged_in()
        for origin in ("https://evil.example", "https://friend.example", "null", "http://games.example", ""):
            for call in ("tickets", "logout"):
                self.assertRefused(self.post(call, cookie=cookie, origin=origin), 403, "forbidden")
        self.assertEqual(self.post("tickets", cookie=cookie, origin=HOME).status, 201)

    def test_logout_clears_the_cookie(self) -> None:
        """After a logout the cookie is empty, and the old one good for nothing."""
        cookie = self.logged_in()
        answer = self.post("logout", cookie=cookie, origin=HOME)
        self.assertEqual(self.cookie_of(answer), "gameserver=")
        self.assertIn("Max-Age=0", answer.headers["set-cookie"])
        self.assertRefused(self.post("tickets", cookie=cookie, origin=HOME), 401, "unauthenticated")

    def test_secure(self) -> None:
        """Where people come by TLS the cookie is for TLS and this host alone, and no plain connection can plant one."""
        self.node = Node(Quiz, **self.settings, public_url="https://games.example")
        answer = self.post("register", {"name": "Ann", "password": PASSWORD, "cookie": True})
        cookie = answer.headers["set-cookie"]
        self.assertTrue(cookie.startswith("__Host-gameserver="), cookie)
        self.assertIn("; Secure", cookie)
        self.assertNotIn("Domain", cookie)
        value = cookie.partition(";")[0].partition("=")[2]
        self.assertEqual(self.post("tickets", cookie=f"__Host-gameserver={value}", origin=HOME).status, 201)
        self.assertRefused(self.post("tickets", cookie=f"gameserver={value}", origin=HOME), 401, "unauthenticated")

    def test_under_a_path(self) -> None:
        """It is for this server's path of the host alone: no program under another path of it is sent it."""
        for scheme, name in (("https", "__Secure-gameserver"), ("http", "gameserver")):
            self.node = Node(Quiz, **self.settings, public_url=f"{scheme}://games.example/fun")
            for base in ("", "/fun"):
                body = {"name": f"Ann{base[1:]}", "password": PASSWORD, "cookie": True}
                cookie = self.node.ask("POST", f"{base}/api/register", body).headers["set-cookie"]
                self.assertTrue(cookie.startswith(f"{name}="), cookie)
                self.assertIn("; Path=/fun/;", f"{cookie};")
                value = cookie.partition(";")[0]
                bought = self.node.ask("POST", f"{base}/api/tickets", cookie=value, origin=HOME)
                self.assertEqual(bought.status, 201)

    def test_forged_cookie(self) -> None:
        """A cookie that was not given here proves nobody."""
        made = self.register()
        for value in ("x", made["token"], made["refresh"]):
            answer = self.post("tickets", cookie=f"gameserver={value}", origin=HOME)
            self.assertRefused(answer, 401, "unauthenticated")


class RightsTests(IdentityTestCase):
    settings = {"auth": ["guests", "accounts"], "create": ["users", "quiz=everyone"]}

    def test_who_may_create(self) -> None:
        """Rules for all games, and others for one."""
        from tests.web.test_api import Loose

        self.node = Node(Quiz, Loose, **self.settings)
        guest = self.node.token()
        user = {"authorization": f"Bearer {self.register()['token']}"}
        for game, who, status in (("quiz", guest, 201), ("loose", guest, 403), ("loose", user, 201)):
            self.assertEqual(self.node.ask("POST", "/api/rooms", {"game": game}, **who).status, status, (game, who))


class OwnAccountTests(IdentityTestCase):
    """What an account's owner may change, with a token or from a page of this server."""

    settings = {**IdentityTestCase.settings, "admins": ("Root",)}

    def cookie(self, name: str = "Ann", **more: str) -> dict[str, str]:
        """Log in as a page does; :returns: what the browser sends from then on."""
        answer = self.post("login", {"name": name, "password": PASSWORD, "cookie": True}, **more)
        self.assertEqual(answer.status, 200)
        return {"cookie": answer.headers["set-cookie"].partition(";")[0], "origin": HOME}

    def logins(self, **more: str) -> list[dict[str, Any]]:
        """:returns: where the account is logged in."""
        answer = self.node.ask("GET", "/api/logins", **more)
        self.assertEqual(answer.status, 200, answer.body)
        found: list[dict[str, Any]] = answer.json["logins"]
        return found

    def test_name(self) -> None:
        """Who is called otherwise stays who it is, logs in by the new name, and leaves the old one to others."""
        grant = self.register()
        answer = self.post("name", {"name": "Cleo", "password": PASSWORD}, token=grant["token"])
        self.assertEqual((answer.status, answer.json["user"]["name"]), (200, "Cleo"))
        self.assertEqual(self.whoami(grant["token"]).name, "Cleo")
        self.assertEqual(self.login("Cleo").json["user"]["id"], grant["user"]["id"])
        self.assertEqual(self.login("Ann").status, 401)
        self.register("Ann")

    def test_no_name(self) -> None:
        """Nobody gets a name that is another's, looks like one or has rights, or any without the password."""
        token = self.register()["token"]
        self.register("Bob")
        for name, password, status, code in (
            ("Bob", PASSWORD, 409, "name_taken"),
            ("b0b", PASSWORD, 409, "name_taken"),
            ("Root", PASSWORD, 403, "forbidden"),
            ("", PASSWORD, 400, "bad_data"),
            ("Cleo", "wrong", 403, "wrong_password"),
        ):
            answer = self.post("name", {"name": name, "password": password}, token=token)
            self.assertEqual((answer.status, answer.json["code"]), (status, code), name)
        self.assertEqual(self.whoami(token).name, "Ann")
        self.assertEqual(
            self.post("name", {"name": "ANN", "password": PASSWORD}, token=token).json["user"]["name"], "ANN"
        )

    def test_rights_stay(self) -> None:
        """An administrator is one by name, and keeps it."""
        root = self.register("Root", invitation=Invitations([SECRET]).make("Root"))
        answer = self.post("name", {"name": "Cleo", "password": PASSWORD}, token=root["token"])
        self.assertEqual((answer.status, answer.json["code"]), (403, "forbidden"))

    def test_logins(self) -> None:
        """One sees each device by what it calls itself, and ends any of them, at once."""
        token = self.register()["token"]
        phone = self.cookie(**{"user-agent": "Phone\u00e9/1 " + "x" * 500})
        found = self.logins(authorization=f"Bearer {token}")
        self.assertEqual(sorted(login["device"][:8] for login in found), ["", "Phone/1 "])
        self.assertLessEqual(max(len(login["device"]) for login in found), 200)
        self.assertEqual([login["current"] for login in found].count(True), 1)
        (other,) = [login for login in found if not login["current"]]
        answer = self.post("logins", {"end": other["id"]}, token=token)
        self.assertEqual([login["current"] for login in answer.json["logins"]], [True])
        self.assertEqual(self.post("tickets", **phone).status, 401)
        self.assertEqual(self.post("logins", {"end": other["id"]}, token=token).status, 200, "again does no harm")

    def page_token(self, page: dict[str, str]) -> str:
        """:returns: what a page has for a moment: its cookie buys a ticket, which buys a token."""
        ticket = self.post("tickets", **page).json["ticket"]
        token: str = self.post("enter", {"ticket": ticket}).json["token"]
        return token

    def test_all_others(self) -> None:
        """None stands for every login but the one that asks; ending that one takes its cookie away."""
        tokens = [self.register()["token"], self.login().json["token"]]
        page = self.cookie()
        own = self.page_token(page)
        left = self.post("logins", {"end": None}, token=own).json["logins"]
        self.assertEqual([login["current"] for login in left], [True])
        for token in tokens:
            self.assertEqual(self.node.ask("GET", "/api/logins", authorization=f"Bearer {token}").status, 401)
        answer = self.post("logins", {"end": left[0]["id"]}, token=own)
        self.assertEqual((answer.status, answer.json["logins"]), (200, []))
        self.assertIn("Max-Age=0", answer.headers["set-cookie"])
        self.assertEqual(self.post("tickets", **page).status, 401)

    def test_cookie_alone(self) -> None:
        """A cookie changes nothing by itself."""
        self.register()
        page = self.cookie()
        self.assertEqual(self.post("name", {"name": "Cleo", "password": PASSWORD}, **page).status, 401)
        self.assertEqual(self.post("logins", {"end": None}, **page).status, 401)
        self.assertEqual(self.node.ask("GET", "/api/logins", **page).status, 401)

    def test_guest(self) -> None:
        """A guest has no account to change."""
        token = self.post("guest", {"name": "Ann"}).json["token"]
        for call, body in (("name", {"name": "Bo", "password": "x"}), ("logins", {"end": None})):
            answer = self.post(call, body, token=token)
            self.assertEqual((answer.status, answer.json["code"]), (403, "forbidden"), call)

    def test_guessing(self) -> None:
        """The password that a new name needs is guessed no faster than a login's."""
        token = self.register()["token"]
        answers = [self.post("name", {"name": "Cleo", "password": f"wrong {n}"}, token=token) for n in range(20)]
        self.assertEqual(answers[-1].status, 429)

    def test_older_rows(self) -> None:
        """A login of before this was kept is shown, and goes on."""
        grant = self.register()
        row = self.node.store._users[grant["user"]["id"]]
        account = json.loads(row.value)
        for login in account["logins"].values():
            del login["began_s"], login["device"]
        self.node.store._users[grant["user"]["id"]] = replace(row, value=json.dumps(account).encode())
        (login,) = self.logins(authorization=f"Bearer {grant['token']}")
        self.assertEqual((login["began_s"], login["device"], login["current"]), (None, "", True))
        self.assertEqual(self.post("refresh", {"refresh": grant["refresh"]}).status, 200)
