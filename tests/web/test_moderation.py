"""What operators do over HTTP: rooms, sanctions, the log, announcements; each with the right alone."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.node import sanctions
from gameserver.node.moderation import Sanction
from gameserver.websocket.proxies import Proxies
from tests.web.test_api import Answer, Node, Quiz


class ModerationTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.node = Node(Quiz)
        guest = self.node.auth.authenticate

        def authenticate(token: str, *, now_s: float, caller: Any = None) -> Deferred[User]:
            rights = lambda user: replace(user, rights=("moderator",)) if user.name == "Mod" else user  # noqa: E731
            return guest(token, now_s=now_s).addCallback(rights)

        self.node.auth.authenticate = authenticate  # type: ignore[method-assign]
        self.mod = self.node.token("Mod")
        self.code = self.node.create()
        self.node.join(self.code, "Bob")
        self.node.seconds.advance(0)
        (self.bob,) = self.room.seats.values()

    @property
    def room(self) -> Any:
        return self.node.runner(self.code).room

    def act(self, **wish: Any) -> Answer:
        return self.node.ask("POST", f"/api/moderation/rooms/{self.code}", wish, **self.mod)

    def log(self, query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.node.ask("GET", f"/api/moderation/log{query}", **self.mod).json["log"]
        return found

    def test_right(self) -> None:
        """Without a token 401, without the right 403, and nothing is done."""
        calls = (
            ("POST", f"/api/moderation/rooms/{self.code}", {"act": "kick", "seat": self.bob.id}),
            ("GET", "/api/moderation/sanctions", None),
            ("POST", "/api/moderation/sanctions", {"act": "ban", "user": self.bob.user_id}),
            ("DELETE", "/api/moderation/sanctions/x", None),
            ("GET", "/api/moderation/log", None),
            ("POST", "/api/moderation/announcements", {"text": "hi"}),
        )
        for method, path, body in calls:
            self.assertEqual(self.node.ask(method, path, body).status, 401, path)
            self.assertEqual(self.node.ask(method, path, body, **self.node.token("Ann")).status, 403, path)
        self.assertEqual((list(self.room.seats), self.log()), ([self.bob.id], []))

    def test_proxies_are_not_banned(self) -> None:
        """All would be who come through it; addresses in a network of proxies may be those of clients."""
        self.node.site.proxies = Proxies(["192.0.2.7", "10.0.0.0/16"])  # type: ignore[attr-defined]
        for address, status in (("192.0.2.7", 400), ("192.0.2.0/24", 400), ("10.0.0.0/8", 400), ("10.0.0.9", 201)):
            wish = {"act": "ban", "address": address}
            answer = self.node.ask("POST", "/api/moderation/sanctions", wish, **self.mod)
            self.assertEqual(answer.status, status, address)
        wish = {"act": "ban", "address": "192.0.2.7"}
        answer = self.node.ask("POST", "/api/moderation/sanctions", wish, **self.mod)
        self.assertIn("ban 192.0.2.7, a proxy", str(answer.json))

    def test_right_before_the_body(self) -> None:
        """Who may not is told nothing else: neither what is wrong with a body, nor which addresses are proxies."""
        self.node.site.proxies = Proxies(["192.0.2.7"])  # type: ignore[attr-defined]
        ann = self.node.token("Ann")
        for path in ("sanctions", "announcements", f"rooms/{self.code}", f"quarantine/{self.code}"):
            for wish in ({}, {"act": "ban", "address": "192.0.2.7"}, {"act": 1}):
                answer = self.node.ask("POST", f"/api/moderation/{path}", wish, **ann)
                self.assertEqual(answer.status, 403, (path, wish))

    def test_room(self) -> None:
        """Mute, slow mode, links, kick, ban and unban, as a host does, each in the log."""
        self.assertEqual(self.act(act="mute", seat=self.bob.id, s=60, reason="spam").status, 200)
        self.assertEqual(self.room.talking.mute_of(self.bob.user_id).reason, "spam")
        self.act(act="unmute", seat=self.bob.id)
        self.assertIsNone(self.room.talking.mute_of(self.bob.user_id))
        self.act(act="shadow", seat=self.bob.id)
        self.assertTrue(self.room.talking.mute_of(self.bob.user_id).shadow)
        self.act(act="slow", s=5)
        self.act(act="links", on=False)
        self.assertEqual((self.room.talking.slow_s, self.room.talking.links), (5, False))
        self.act(act="ban", seat=self.bob.id, s=60)
        self.assertEqual(list(self.room.seats), [])
        self.assertEqual(self.act(act="unban", name="bob").status, 200)
        acts = [(entry["act"], entry["by"]["name"]) for entry in reversed(self.log())]
        self.assertEqual(acts, [(act, "Mod") for act in ("mute", "unmute", "shadow", "slow", "links", "ban", "unban")])

    def test_room_refused(self) -> None:
        """No such room, seat, act or time."""
        self.assertEqual(self.act(act="kick", seat="99").status, 404)
        self.assertEqual(self.act(act="kick").status, 404)
        self.assertEqual(self.act(act="unban", name="Nobody").status, 400)
        self.assertEqual(self.act(act="explode").status, 400)
        self.assertEqual(self.act(act="mute", seat=self.bob.id, s=-1).status, 400)
        self.assertEqual(self.node.ask("POST", "/api/moderation/rooms/NONE", {"act": "kick"}, **self.mod).status, 404)

    def test_sanctions(self) -> None:
        """Made, listed, enforced at once and lifted; a ban ends the seats that its user has."""
        made = self.node.ask(
            "POST", "/api/moderation/sanctions", {"act": "ban", "user": self.bob.user_id, "s": 60}, **self.mod
        )
        self.assertEqual((made.status, made.json["user"]), (201, self.bob.user_id))
        self.assertEqual(list(self.room.seats), [])
        listed = self.node.ask("GET", "/api/moderation/sanctions", **self.mod).json["sanctions"]
        self.assertEqual([s["id"] for s in listed], [made.json["id"]])
        lifted = self.node.ask("DELETE", f"/api/moderation/sanctions/{made.json['id']}", **self.mod)
        again = self.node.ask("DELETE", f"/api/moderation/sanctions/{made.json['id']}", **self.mod)
        self.assertEqual((lifted.status, again.status), (200, 404))
        self.assertEqual([entry["act"] for entry in self.log()], ["unban", "kick", "ban"])

    def test_sanctions_refused(self) -> None:
        """About nobody, about both, no address, half the internet, no such game."""
        for wish, status in (
            ({"act": "ban"}, 400),
            ({"act": "ban", "user": "guest:1", "address": "192.0.2.1"}, 400),
            ({"act": "ban", "address": "nowhere"}, 400),
            ({"act": "ban", "address": "0.0.0.0/1"}, 400),
            ({"act": "mute", "address": "192.0.2.0/24"}, 400),
            ({"act": "mute", "user": "guest:1", "game": "none"}, 404),
        ):
            answer = self.node.ask("POST", "/api/moderation/sanctions", wish, **self.mod)
            self.assertEqual(answer.status, status, wish)

    def test_nobody(self) -> None:
        """Whom there is not cannot be sanctioned, above all not by a name; a guest who has left can."""
        left = self.node.auth.guest("Eve")[0].id
        for user, status in (("Bob", 404), ("account:1", 404), ("guest:1", 404), ("", 400), (self.bob.user_id, 201),
                             (left, 201), ("jwt:corp:7", 201)):  # fmt: skip
            answer = self.node.ask("POST", "/api/moderation/sanctions", {"act": "ban", "user": user}, **self.mod)
            self.assertEqual(answer.status, status, user)

    def test_who_sits_there(self) -> None:
        """Who keeps order learns the users behind the seats, and nobody else does."""
        path = f"/api/rooms/{self.code}"
        seen = self.node.ask("GET", path, **self.mod).json
        bob = {"seat": self.bob.id, "user": self.bob.user_id, "name": "Bob", "role": "player", "online": True}
        self.assertEqual(seen.pop("seats"), [bob])
        for who in ({}, self.node.token("Ann")):
            self.assertEqual(self.node.ask("GET", path, **who).json, seen)

    def test_banned_moderator(self) -> None:
        """Who is banned keeps no order: neither others are banned, nor is that ban lifted, with a good token."""
        boss = self.mod
        other = self.node.token("Mod")
        user = self.successResultOf(self.node.auth.authenticate(other["authorization"][7:], now_s=0))
        wish = {"act": "ban", "user": user.id}
        id = self.node.ask("POST", "/api/moderation/sanctions", wish, **boss).json["id"]
        self.mod = other
        for method, path, body in (
            ("POST", "/api/moderation/sanctions", {"act": "ban", "user": self.bob.user_id}),
            ("DELETE", f"/api/moderation/sanctions/{id}", None),
            ("GET", "/api/moderation/log", None),
            ("POST", "/api/moderation/announcements", {"text": "hi"}),
        ):
            self.assertEqual(self.node.ask(method, path, body, **other).status, 403, path)
        self.assertEqual(self.act(act="kick", seat=self.bob.id).status, 403)
        self.assertEqual(list(self.room.seats), [self.bob.id])
        self.assertEqual(len(self.node.registry.watch.sanctions), 1)

    def test_banned_user_makes_nothing(self) -> None:
        """No room and no ticket for who is banned; and from a banned address, for nobody, nor a guest."""
        ann = self.node.token("Ann")
        user = self.successResultOf(self.node.auth.authenticate(ann["authorization"][7:], now_s=0))
        calls = (("rooms", {"game": "quiz"}), ("tickets", None))
        for wish in ({"user": user.id}, {"address": "192.0.2.0/24"}):
            wish = {"act": "ban", **wish}
            made = self.node.ask("POST", "/api/moderation/sanctions", wish, **self.mod, host="198.51.100.1")
            self.assertEqual(made.status, 201)
            for call, body in calls:
                self.assertEqual(self.node.ask("POST", f"/api/{call}", body, **ann).status, 403, call)
            ann = self.node.token("Eve")
        self.assertEqual(self.node.ask("POST", "/api/guest", {"name": "Eve"}).status, 403)
        self.assertEqual(self.node.ask("POST", "/api/guest", {"name": "Eve"}, host="198.51.100.1").status, 200)
        self.assertEqual(len(list(self.node.registry.runners)), 1)

    def test_address(self) -> None:
        """A range is kept out of one game."""
        wish = {"act": "ban", "address": "2001:db8::/32", "game": "quiz"}
        self.assertEqual(self.node.ask("POST", "/api/moderation/sanctions", wish, **self.mod).status, 201)
        watch, now = self.node.registry.watch, self.node.registry.clock.now()
        self.assertEqual(watch.ban_of("guest:1", "2001:db8::1", "quiz", now), "")
        self.assertIsNone(watch.ban_of("guest:1", "2001:db8::1", "other", now))
        self.assertIsNone(watch.ban_of("guest:1", "2001:db9::1", "quiz", now))

    def test_many_addresses_are_read_once(self) -> None:
        """A hello that asks for a thousand bans of addresses reads none of them again."""
        watch, now = self.node.registry.watch, self.node.registry.clock.now()
        for n in range(1000):
            watch.sanction(Sanction(id="", act="ban", address=f"198.51.{n // 250}.{n % 250}/32"))
        read: list[str] = []

        def noting(text: str, strict: bool = True) -> Any:
            read.append(text)
            return ip_network(text, strict=strict)

        self.patch(sanctions, "ip_network", noting)
        for _ in range(3):
            self.assertIsNone(watch.ban_of("guest:1", "203.0.113.1", "", now))
            self.assertEqual(watch.ban_of("guest:1", "198.51.3.249", "", now), "")
            self.assertIsNone(watch.ban_of("guest:1", "local", "", now))
        self.assertLessEqual(len(read), 1000)
        self.assertEqual(len(set(read)), len(read))

    def test_log(self) -> None:
        """The newest first, by kind, and page by page."""
        for n in range(5):
            self.act(act="slow", s=n)
        self.act(act="mute", seat=self.bob.id)
        entries = self.log()
        self.assertEqual([entry["act"] for entry in entries], ["mute", *["slow"] * 5])
        self.assertEqual(len(self.log("?kind=mute")), 1)
        self.assertEqual(len(self.log(f"?before={entries[2]['id']}")), 3)

    def test_announcement(self) -> None:
        """It is kept for whoever listens later; an empty one is refused."""
        for text, status in (("Back at noon", 201), ("", 400)):
            answer = self.node.ask("POST", "/api/moderation/announcements", {"text": text}, **self.mod)
            self.assertEqual(answer.status, status)
        session: Any = object()
        found: list[Any] = []
        Deferred.fromCoroutine(
            self.node.registry.lobby_chat.listen(session, User("u", "U"), "server", None)
        ).addCallback(found.append)
        self.assertEqual([line["text"] for line in found[0]["lines"]], ["Back at noon"])

    def test_banned_user_cannot_come_back(self) -> None:
        """Neither to this room nor to another of the game."""
        self.node.ask("POST", "/api/moderation/sanctions", {"act": "ban", "user": self.bob.user_id}, **self.mod)
        from gameserver.room.effects import Requester
        from gameserver.room.inputs.arrivals import SeatWish
        from tests.web.test_api import Listener

        requester = Requester(Listener(), User(self.bob.user_id, "Bob"), 1)
        seat = SeatWish("Bob")
        joining = Deferred.fromCoroutine(self.node.registry.join(requester, self.node.registry.find(self.code), seat))
        self.node.seconds.advance(0)
        self.assertEqual(self.failureResultOf(joining, Refused).value.code, "forbidden")
