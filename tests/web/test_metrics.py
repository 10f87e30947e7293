"""``/metrics``: each throttle has its number, and strangers are not told."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from twisted.logger import Logger

from gameserver.auth.invitations import Invitations
from gameserver.node.rooms_aside import RoomAside
from gameserver.settings.settings import KEYS
from tests.web.test_api import SECRET, Answer, ApiTests, Node, Quiz

LOCAL = "127.0.0.1"


class MetricsTests(ApiTests):
    settings: dict[str, Any] = {"auth": ["guests", "accounts"], "admins": ["Root"]}

    def setUp(self) -> None:
        super().setUp()
        self.node = Node(Quiz, **self.settings)

    def ask(self, **more: Any) -> Answer:
        return self.node.ask("GET", "/metrics", **{"host": LOCAL, **more})

    def numbers(self) -> dict[tuple[str, str], float]:
        """:returns: name and limit to number, as Prometheus reads them."""
        answer = self.ask()
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["content-type"].startswith("text/plain; version=0.0.4"))
        families = text_string_to_metric_families(answer.body.decode())
        return {(s.name, s.labels.get("limit", "")): s.value for family in families for s in family.samples}

    def test_every_limit_is_a_setting(self) -> None:
        """Whoever sees a number rise knows which setting to look at."""
        limits = {limit for name, limit in self.numbers() if name == "gameserver_throttled_total"}
        self.assertEqual({limit for limit in limits if f"limits.{limit}" not in KEYS}, set())
        self.assertLessEqual({"rooms", "unauthenticated", "hashes_waiting", "chat_per_s"}, limits)

    def test_rooms_and_seats(self) -> None:
        """What the node holds."""
        code = self.node.create()
        self.node.join(code)
        self.node.seconds.advance(0)
        found = self.numbers()
        self.assertEqual((found["gameserver_rooms", ""], found["gameserver_seats", ""]), (1, 1))
        self.assertEqual(found["gameserver_rooms_aside", ""], 0)
        self.node.registry.aside.keep(RoomAside("id", "K7QM", "quiz", "no way"), None, Logger())
        self.assertEqual(self.numbers()["gameserver_rooms_aside", ""], 1)

    def test_sizes(self) -> None:
        """The largest message sent, and how often one was too large."""
        sizes = self.node.services.sizes
        sizes.largest, sizes.refused = 70_000, 2
        found = self.numbers()
        self.assertEqual(found["gameserver_largest_message_bytes", ""], 70_000)
        self.assertEqual(found["gameserver_messages_too_large_total", ""], 2)

    def test_throttles_are_counted(self) -> None:
        """What is refused is counted under its limit."""
        for _ in range(103):
            self.node.ask("GET", "/api/rooms/XXXX")
        for _ in range(5):
            self.node.ask("POST", "/api/login", {"name": "Ann", "password": "wrong"})
        found = self.numbers()
        self.assertEqual(found["gameserver_throttled_total", "lookups_per_address"], 3)
        self.assertEqual(found["gameserver_throttled_total", "login_delay_s"], 2)

    def test_strangers(self) -> None:
        """From elsewhere it is refused, and so it is where a proxy brings it that is not trusted."""
        for more in ({"host": "192.0.2.1"}, {"x-forwarded-for": "192.0.2.1"}, {"forwarded": "for=192.0.2.1"}):
            self.assertRefused(self.ask(**more), 401, "unauthenticated")
        self.assertRefused(self.ask(host="192.0.2.1", **self.node.token()), 403, "forbidden")

    def test_administrator(self) -> None:
        """An administrator may look from anywhere."""
        body = {"name": "Root", "password": "correct horse", "invitation": Invitations([SECRET]).make("Root")}
        token = self.node.ask("POST", "/api/register", body).json["token"]
        self.assertEqual(self.ask(host="192.0.2.1", authorization=f"Bearer {token}").status, 200)

    def test_networks(self) -> None:
        """The operator says from where."""
        self.node = Node(Quiz, metrics=["10.0.0.0/8"])
        self.assertEqual((self.ask(host="10.1.2.3").status, self.ask().status), (200, 401))
