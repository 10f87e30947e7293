"""Who is this, and is it the same client as before: ``hello``, and what is sent behind it."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from gameserver import Game, Player, message
from gameserver.auth.guests import LIFETIME_S, Guests
from gameserver.interfaces import Caller, IAuthenticators, User
from tests.websocket.kit import WireTestCase

KEY = "a-client_key-of-32-characters-00"


class Plain(Game):
    """Answers."""

    name = "plain"
    needs_start = False
    messages_per_s = 1000

    @message
    def echo(self, player: Player, value: Any = None) -> Any:
        return value


class Slow:
    """Takes its time to look at a token."""

    def __init__(self, inner: IAuthenticators) -> None:
        self.inner = inner
        self.waiting: list[tuple[Deferred[User], str, float]] = []

    def guest(self, name: str) -> tuple[User, str]:
        return self.inner.guest(name)

    def authenticate(self, token: str, *, now_s: float, caller: Caller | None = None) -> Deferred[User]:
        done: Deferred[User] = Deferred()
        self.waiting.append((done, token, now_s))
        return done

    def go_on(self) -> None:
        """Answer the oldest."""
        done, token, now_s = self.waiting.pop(0)
        self.inner.authenticate(token, now_s=now_s).chainDeferred(done)


class HelloTestCase(WireTestCase):
    games = (Plain,)

    def refused(self, **fields: Any) -> None:
        """See that this hello is refused, and that another may follow."""
        peer = self.rig.connect()
        (answer,) = peer.say("hello", **fields)
        self.assert_error(answer, "unauthenticated")
        self.assertIsNone(peer.closed)
        peer.hello()


class HelloTests(HelloTestCase):
    def test_guest(self) -> None:
        """A guest gets an id, a token, a client key, the time, and the limits by their names."""
        welcome = self.rig.guest("Ann").welcome
        self.assertEqual(set(welcome), {"op", "user", "token", "client", "now", "limits"})
        self.assertEqual(set(welcome["user"]), {"id", "name", "rights"})
        self.assertEqual((welcome["user"]["name"], welcome["user"]["rights"]), ("Ann", []))
        self.assertEqual(welcome["now"], round(self.rig.clock.now() * 1000))
        limits = welcome["limits"]
        self.assertGreater(limits.pop("message_bytes"), 2**20)
        self.assertEqual(
            limits,
            {"frame_bytes": 65_536, "depth": 32, "ping_s": 25, "queue_bytes": 2**20, "chat_chars": 500,
             "chat_data_bytes": 1024, "name_chars": 32, "rooms": 10},
        )  # fmt: skip

    def test_guests_are_different(self) -> None:
        """Two guests of one name are two users with keys of their own."""
        ann, bob = self.rig.guest("Ann").welcome, self.rig.guest("Ann").welcome
        for path in (("user", "id"), ("token",), ("client",)):
            a, b = ann, bob
            for key in path:
                a, b = a[key], b[key]
            self.assertNotEqual(a, b)

    def test_token_again(self) -> None:
        """A token brings back the same user, on many connections at once."""
        ann = self.rig.guest("Ann")
        for _ in range(3):
            self.assertEqual(ann.again().welcome["user"], ann.welcome["user"])

    def test_token_after_a_crash(self) -> None:
        """Tokens outlive the process."""
        ann = self.rig.guest("Ann")
        self.rig.crash()
        self.assertEqual(ann.again().welcome["user"], ann.welcome["user"])

    def test_forged_tokens(self) -> None:
        """Whatever is not exactly a token of this server is refused, in the same words."""
        token = self.rig.guest().welcome["token"]
        kind, body, signature = token.split(".")
        other = Guests([b"\x01" * 32], self.rig.entropy, self.rig.clock.now).guest("Ann")[1]
        again = "B" if body[5] != "B" else "C"
        for forged in ("", ".", "..", kind, f"{kind}.", f"{kind}..", f"{kind}.{body}", f"{kind}.{body}.",
                       f"{kind}..{signature}", f"{body}.{signature}", f"accounts.{body}.{signature}", token + "A",
                       token + ".", token[:-1], f"{kind}.{body[:5]}{again}{body[6:]}.{signature}",
                       f"{kind}.{body}=.{signature}", f" {token}", token + "\n", token.upper(), other,
                       "guests.\u00e4.\u00f6", "\x00", "guests." + "A" * 8_000, "a.b" * 500,
                       f"{kind}.{signature}.{body}"):  # fmt: skip
            self.refused(token=forged)
            self.rig.advance(5)

    def test_expired_token(self) -> None:
        """After half a year a guest is somebody new; a second before, the same."""
        ann = self.rig.guest()
        self.rig.advance(LIFETIME_S - 1)
        back = ann.again()
        self.assertEqual(back.welcome["user"], ann.welcome["user"])
        self.rig.advance(2)
        self.refused(token=ann.welcome["token"])

    def test_nothing_given(self) -> None:
        """Neither token, ticket nor guest: refused; a ticket that nobody sold as well."""
        self.refused()
        self.refused(ticket="T")
        self.refused(token=None, guest=None)

    def test_names(self) -> None:
        """1 to 32 code points that can be seen, without spaces around them."""
        for name in ("", " ", "\t\n", "x" * 33, "a\x00b", "a\nb", "a\u202eb", "\u200b", "a\u2028b", "\ue000", "\u0378"):
            self.refused(guest={"name": name})
            self.rig.advance(5)
        for name, clean in (("x" * 32, "x" * 32), (" Ann ", "Ann"), ("\U0001f3b2" * 32, "\U0001f3b2" * 32),
                            ("e\u0301" * 32, "\u00e9" * 32), ("<b>Ann</b>", "<b>Ann</b>"), ("\u5b89", "\u5b89"),
                            ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469")):  # fmt: skip
            self.assertEqual(self.rig.guest(name).welcome["user"]["name"], clean)

    def test_client_key(self) -> None:
        """A key that came from a welcome is kept; none, or what could be none of ours, gets a new one."""
        ann = self.rig.guest()
        key = ann.welcome["client"]
        self.assertEqual(ann.again(client=key).welcome["client"], key)
        renewed = {key}
        for client in (None, "", "short", "x" * 65, "with space in it", "new\nline-at-end", KEY + "\n", "\u00e4" * 12):
            given = ann.again(client=client).welcome["client"]
            self.assertNotIn(given, (client, *renewed))
            self.assertGreaterEqual(len(given), 16)
            renewed.add(given)

    def test_requests_before_hello(self) -> None:
        """Before hello nothing is done, whatever it is; with the request's number, and the session stays."""
        ann = self.rig.guest().create("plain")
        asked: list[dict[str, Any]] = [
            {"op": "create", "id": 3, "game": "plain"},
            {"op": "join", "id": 4, "room": ann.room},
            {"op": "join", "id": 5, "game": "plain", "match": {}},
            {"op": "resume", "id": 6, "room": ann.room, "resume": ann.secret},
            {"op": "send", "id": 7, "type": "echo", "room": ann.room},
            {"op": "chat", "id": 8, "text": "hi", "room": ann.room},
            {"op": "start", "id": 9, "room": ann.room},
            {"op": "leave", "id": 10, "room": ann.room},
        ]
        peer = self.rig.connect()
        ann.take()
        for request in asked:
            self.assert_error(peer.ask(**request), "unauthenticated", request["id"])
        self.assertEqual(ann.take(), [])
        peer.hello().join(ann.room)

    def test_second_hello(self) -> None:
        """Who has said hello is who it is; a second one changes nothing."""
        ann = self.rig.guest("Ann").create("plain")
        bob = self.rig.guest("Bob")
        for fields in ({"guest": {"name": "Eve"}}, {"token": bob.welcome["token"]}, {"token": "x"}, {}):
            (answer,) = ann.say("hello", **fields)
            self.assertEqual((answer["op"], answer["id"]), ("error", None))
        self.assertIsNone(ann.closed)
        self.assertEqual(ann.ask("send", id=2, type="echo", data={"value": 1})["data"], 1)
        self.assertEqual(ann.joined["seats"][0]["name"], "Ann")

    def test_within_ten_seconds(self) -> None:
        """A refused hello does not prolong the ten seconds; a good one ends them."""
        late, good = self.rig.connect(), self.rig.connect()
        self.rig.advance(9)
        late.say("hello")
        good.say("hello")
        good.hello()
        self.rig.advance(1.1)
        self.assertEqual((late.closed, good.closed), (4001, None))
        self.rig.advance(1000)
        self.assertIsNone(good.closed)


class PipeliningTests(HelloTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.ann = self.rig.guest().create("plain")
        self.slow = Slow(self.rig.services.authenticators)
        self.rig.services = type(self.rig.services)(
            self.rig.registry, self.slow, self.rig.clock, self.rig.limits, self.rig.services.budgets, self.rig.entropy
        )
        self.peer = self.rig.connect()
        self.peer.post("hello", token=self.ann.welcome["token"], client=self.ann.welcome["client"])

    def test_what_follows_waits(self) -> None:
        """Hello, join and sixteen messages in one go are answered in order, hello first."""
        self.peer.post("join", id=1, room=self.ann.room)
        for id in range(2, 17):
            self.peer.post("send", id=id, type="echo", data={"value": id})
        self.assertEqual(self.peer.take(), [])
        self.slow.go_on()
        heard = self.peer.take()
        self.assertEqual(self.ops(heard)[:2], ["welcome", "joined"])
        self.assertEqual([m["data"] for m in heard if m["op"] == "ok"], list(range(2, 17)))

    def test_seventeenth_is_busy(self) -> None:
        """One message more than may wait is told busy at once, uses up no id, and those before it are done."""
        self.peer.post("join", id=1, room=self.ann.room)
        for id in range(2, 17):
            self.peer.post("send", id=id, type="echo")
        (busy,) = self.peer.say("send", id=17, type="echo")
        self.assert_error(busy, "busy", 17)
        self.slow.go_on()
        self.assertEqual([m["id"] for m in self.peer.take() if m["op"] == "ok"], list(range(2, 17)))
        self.assertEqual(self.peer.ask("send", id=17, type="echo")["op"], "ok")

    def test_64_kib(self) -> None:
        """So many bytes may wait, and not one more."""
        join = self.peer.frame("join", id=1, room=self.ann.room)
        bare = len(self.peer.frame("send", id=2, type="echo", data={"value": "x" * 1000})) - 1000
        self.peer.write(join)
        self.peer.post("send", id=2, type="echo", data={"value": "x" * (32_768 - len(join) - bare)})
        self.peer.post("send", id=3, type="echo", data={"value": "x" * (32_768 - bare)})
        self.assert_error(self.peer.say("send", id=4, type="echo")[0], "busy", 4)
        self.slow.go_on()
        self.assertEqual([m["id"] for m in self.peer.take() if m["op"] == "ok"], [2, 3])

    def test_malformed_behind_it(self) -> None:
        """What waits may be malformed: that is told in its turn, and what is too much is told at once."""
        self.peer.write(b"{")
        for _ in range(15):
            self.peer.post("ping", at=1)
        self.assertEqual([m["code"] for m in self.peer.raw(b"{")], ["bad_message"])
        self.slow.go_on()
        self.assertEqual(self.ops(self.peer.take()), ["welcome", "error", *["pong"] * 15])

    def test_refused_hello(self) -> None:
        """Behind a refused hello what waited is refused too, and another hello may follow, even at once."""
        peer = self.rig.connect()
        peer.post("hello", token="forged")
        peer.post("join", id=1, room=self.ann.room)
        peer.post("hello", token=self.ann.welcome["token"])
        peer.post("join", id=2, room=self.ann.room)
        self.slow.go_on()
        self.slow.go_on()
        heard = peer.take()
        self.assertEqual([(m["op"], m.get("id")) for m in heard][:2], [("error", None), ("error", 1)])
        self.slow.go_on()
        self.assertEqual(self.ops(peer.take())[:2], ["welcome", "joined"])

    def test_lost_while_waiting(self) -> None:
        """A connection that ends before its hello is answered does nothing more."""
        self.peer.post("join", id=1, room=self.ann.room)
        self.ann.take()
        self.peer.drop()
        self.slow.go_on()
        self.assertEqual(self.peer.take(), [])
        self.assertEqual(self.ann.take(), [])

    def test_not_decided_in_time(self) -> None:
        """
        A hello that the server cannot decide within ten seconds is busy, never 4001, which clients take for final; what
        waited is not done, and there is as much time again to say hello.
        """
        self.peer.post("join", id=1, room=self.ann.room)
        self.ann.take()
        self.rig.advance(10.1)
        self.assertEqual([(m["id"], m["code"]) for m in self.peer.take()], [(None, "busy"), (1, "unauthenticated")])
        self.assertIsNone(self.peer.closed)
        self.slow.go_on()
        self.assertEqual((self.peer.take(), self.ann.take()), ([], []))
        self.rig.advance(9)
        self.peer.post("hello", token=self.ann.welcome["token"])
        self.slow.go_on()
        self.assertEqual(self.ops(self.peer.take()), ["welcome"])

    def test_silence_after_busy(self) -> None:
        """Who says nothing after that is closed."""
        self.rig.advance(10.1)
        self.assert_error(self.peer.take()[0], "busy")
        self.rig.advance(10.1)
        self.assertEqual(self.peer.closed, 4001)

    def test_lost_while_deciding(self) -> None:
        """Nobody goes on finding out whose a connection was that has ended."""
        self.peer.drop()
        self.assertTrue(self.slow.waiting[0][0].called)
