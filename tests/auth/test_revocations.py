"""Tokens of other systems that were revoked: known after a restart and on other nodes, and bounded in number."""

from __future__ import annotations

from typing import Any

import jwt
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gameserver.auth import revocations
from gameserver.auth.chain import make_chain
from gameserver.auth.django import DjangoTickets
from gameserver.auth.django_app.tokens import ORDERS_KIND, OrderClaims
from gameserver.auth.jwt import LOGOUT
from gameserver.auth.revocations import REREAD_S, Revocations
from gameserver.auth.tokens import Signer
from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import Order, User
from tests.auth.jwt_kit import AUDIENCE, ISSUER, claims, file_of
from tests.auth.kit import START_S, auth_context

ANN = User("shop:ann", "Ann", ("moderator",))


class RevocationsTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.context = auth_context()
        self.revoked = self.node()

    def node(self) -> Revocations:
        """:returns: what another node of this store knows, or this one after a restart."""
        return Revocations(self.context.users, self.context.clock)

    def add(self, user: str, rights: tuple[str, ...] | None = None, given_s: float | None = None) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.revoked.add(Order(user, rights, given_s))))

    def apply(self, user: User, made_s: float, revoked: Revocations | None = None) -> Any:
        return Deferred.fromCoroutine((revoked or self.revoked).apply(user, made_s))

    def test_tokens_from_before(self) -> None:
        """They are good no more; those that are made later are."""
        self.assertEqual(self.successResultOf(self.apply(ANN, START_S)), ANN)
        self.add("shop:ann")
        for made_s in (START_S - 100, START_S):
            refused: Any = self.failureResultOf(self.apply(ANN, made_s), Refused).value
            self.assertEqual(refused.code, "unauthenticated")
        self.assertEqual(self.successResultOf(self.apply(ANN, START_S + 1)), ANN)
        bob = User("shop:bob", "Bob")
        self.assertEqual(self.successResultOf(self.apply(bob, 0)), bob)

    def test_other_rights(self) -> None:
        """Who has other rights now stays, with those."""
        self.add("shop:ann", ())
        self.assertEqual(self.successResultOf(self.apply(ANN, START_S)).rights, ())
        self.assertEqual(self.successResultOf(self.apply(ANN, START_S + 1)).rights, ("moderator",))

    def test_late_or_again(self) -> None:
        """An order that comes late, or is sent again by somebody who saw it, undoes none that was given after it."""
        self.add("shop:ann", ("moderator",), START_S - 5)
        self.add("shop:ann", None, START_S - 4)
        self.add("shop:ann", ("moderator",), START_S - 5)
        self.failureResultOf(self.apply(ANN, START_S - 10), Refused)
        self.add("shop:ann", ("moderator",), START_S - 3)
        self.assertEqual(self.successResultOf(self.apply(ANN, START_S - 10)).rights, ("moderator",))

    def test_restart_and_other_nodes(self) -> None:
        """The store has it: a node that was up hears of it soon, one that starts at once."""
        other = self.node()
        self.successResultOf(self.apply(ANN, START_S, other))
        self.add("shop:ann")
        self.failureResultOf(self.apply(ANN, START_S, self.node()), Refused)
        self.context.reactor.advance(REREAD_S)
        self.failureResultOf(self.apply(ANN, START_S, other), Refused)

    def test_store_away(self) -> None:
        """A node that knows nothing yet says nothing; one that knew something goes by it."""
        self.add("shop:ann")
        self.failureResultOf(self.apply(ANN, START_S), Refused)
        self.context.reactor.advance(REREAD_S)
        self.context.users.fail = StoreUnavailable("away")
        self.failureResultOf(self.apply(ANN, START_S), Refused)
        self.failureResultOf(self.apply(ANN, START_S, self.node()), StoreUnavailable)

    def test_bounded(self) -> None:
        """The oldest are forgotten, in the store too."""
        self.patch(revocations, "MOST", 3)
        for n in range(5):
            self.add(f"shop:{n}")
        book = self.successResultOf(self.context.users.read_book(revocations.BOOK))
        self.assertEqual(sorted(book), ["shop:2", "shop:3", "shop:4"])


class OrdersTests(SynchronousTestCase):
    """Who may say that a user is out."""

    def test_project(self) -> None:
        """A Django project signs with the secret that it shares; its order is for one server, and not for ever."""
        users = DjangoTickets([b"x" * 32], 32, "https://games.example")

        def order(secret: bytes = b"x" * 32, aud: str = "https://games.example", exp: int = 100) -> Any:
            orders = OrderClaims(users=[("5", None), ("6", ("moderator",))], exp=exp, aud=aud, given_s=START_S)
            return users.orders_of(Signer([secret], ORDERS_KIND).sign(orders), now_s=50.0)

        given = [Order("django:5", None, START_S), Order("django:6", ("moderator",), START_S)]
        self.assertEqual(self.successResultOf(order()), given)
        for forged in (order(secret=b"y" * 32), order(aud="https://other.example"), order(exp=50)):
            self.failureResultOf(forged, Refused)
        self.assertIsNone(self.successResultOf(users.orders_of("django.x.y", now_s=50.0)))

    def test_issuer(self) -> None:
        """A logout token of the issuer's ends what it signed for this user, and is no token to come in with."""
        path = str(file_of(self.mktemp(), b"s" * 32))
        given = {"auth": ["jwt"], "jwt.issuer": ISSUER, "jwt.audience": [AUDIENCE], "jwt.key": path}
        chain = make_chain(auth_context(**given))

        def sign(**more: Any) -> str:
            return jwt.encode(claims(START_S, **more), b"s" * 32, "HS256")

        token = sign(sub="5")
        user = self.successResultOf(chain.authenticate(token, now_s=START_S))
        logout = sign(sub="5", events={LOGOUT: {}})
        self.failureResultOf(chain.authenticate(logout, now_s=START_S), Refused)
        self.failureResultOf(chain.orders_of(token, now_s=START_S), Refused)
        (order,) = self.successResultOf(chain.orders_of(logout, now_s=START_S))
        self.assertEqual(order, Order(user.id))
        self.successResultOf(chain.revoke(order, now_s=START_S))
        self.failureResultOf(chain.authenticate(token, now_s=START_S), Refused)
        self.failureResultOf(chain.look_again(user, now_s=START_S), Refused)
        self.successResultOf(chain.authenticate(sign(sub="6"), now_s=START_S))
