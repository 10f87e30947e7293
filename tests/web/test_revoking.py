"""``POST /api/revoke``."""

from __future__ import annotations

from typing import Any

from gameserver.auth.invitations import Invitations
from gameserver.errors import StoreUnavailable
from tests.web.test_api import SECRET
from tests.web.test_identity import IdentityTestCase


class RevokeTests(IdentityTestCase):
    settings = {**IdentityTestCase.settings, "admins": ("Boss",)}

    def setUp(self) -> None:
        super().setUp()
        self.boss = self.register("Boss", invitation=Invitations([SECRET]).make("Boss"))["token"]
        self.ann = self.register("Ann")

    def revoke(self, body: Any = None, token: str | None = None) -> Any:
        return self.post("revoke", body or {"user": self.ann["user"]["id"]}, token=token)

    def test_administrator(self) -> None:
        """All logins of an account end, and with them its connections and its tokens."""
        self.assertEqual(self.revoke(token=self.boss).status, 200)
        self.assertIn((self.ann["user"]["id"], None), self.node.revoked)
        self.assertRefused(self.post("tickets", token=self.ann["token"]), 401, "unauthenticated")
        self.assertEqual(self.login("Ann").status, 200)

    def test_who_may_not(self) -> None:
        """Nobody, not whoever it is about, and not with something that somebody signed for something else."""
        self.assertRefused(self.revoke(), 401, "unauthenticated")
        self.assertRefused(self.revoke(token=self.ann["token"]), 403, "forbidden")
        for token in ("", "x", "django-orders.x.y", self.boss):
            self.assertRefused(self.revoke({"token": token}), 401, "unauthenticated")
        self.assertEqual(self.node.revoked, [])

    def test_nobody(self) -> None:
        """Who is not there cannot be cut off, and that is said."""
        for user in ("account:nobody", "shop:5"):
            self.assertRefused(self.revoke({"user": user}, token=self.boss), 404, "not_found")
        self.assertRefused(self.revoke({"rights": []}, token=self.boss), 400, "bad_data")

    def test_store_away(self) -> None:
        """Nothing is known of it: it is to be said again."""
        users = self.node.auth.links[1]
        self.patch(users, "revoke", lambda *_, **__: (_ for _ in ()).throw(StoreUnavailable("away")))
        self.assertRefused(self.revoke(token=self.boss), 503, "busy")
