"""Whoever may no longer be connected is cut off, and rights are up to date."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from msgspec.structs import replace
from twisted.internet.defer import Deferred, fail, succeed
from zope.interface import implementer

from gameserver.auth.chain import Chain
from gameserver.errors import Refused, StoreUnavailable
from gameserver.interfaces import IRechecks, Order, User
from gameserver.websocket.services import NodeServices
from gameserver.websocket.standing import Standing
from tests.websocket.kit import Peer
from tests.websocket.test_session_front_door import FrontDoorTestCase

EVERY_S = 60.0


@implementer(IRechecks)
class Directory:
    """
    Somebody else's users, of whom it is known what they may at each moment.

    :ivar rights: user id to rights; who is missing is out, an exception is raised.
    """

    kind = "shop"

    def __init__(self) -> None:
        self.rights: dict[str, Any] = {}

    def owns(self, token: str) -> bool:
        return token.startswith("shop.")

    def authenticate(self, token: str, *, now_s: float) -> Deferred[User]:
        _, name, login = token.split(".")
        return self.look_again(User(f"shop:{name}", name, (), login), now_s=now_s)

    def keeps(self, user_id: str) -> bool:
        return user_id.startswith("shop:")

    def look_again(self, user: User, *, now_s: float) -> Deferred[User]:
        rights = self.rights.get(user.id, Refused("Out.", code="unauthenticated"))
        return fail(rights) if isinstance(rights, Exception) else succeed(replace(user, rights=rights))

    def revoke(self, order: Order, *, now_s: float) -> Deferred[None]:
        if order.rights is None:
            self.rights.pop(order.user, None)
        else:
            self.rights[order.user] = order.rights
        return succeed(None)

    def orders_of(self, token: str, *, now_s: float) -> Deferred[Any]:
        return succeed(None)


class StandingTests(FrontDoorTestCase):
    def setUp(self) -> None:
        super().setUp()
        rig, self.directory = self.rig, Directory()
        old = rig.services
        chain = Chain([self.directory, *old.authenticators.links])  # type: ignore[attr-defined]
        rig.services = NodeServices(rig.registry, chain, rig.clock, rig.limits, old.budgets, rig.entropy, old.tickets)
        self.standing = Standing(Connected(rig.peers), chain, rig.clock, EVERY_S)
        self.standing.startService()
        self.addCleanup(self.standing.stopService)

    def connect(self, name: str, *rights: str, login: str = "1") -> Peer:
        """Connect as a user of the shop who has these rights."""
        self.directory.rights[f"shop:{name}"] = rights
        peer = self.rig.connect()
        self.assertEqual(peer.say("hello", token=f"shop.{name}.{login}")[0]["op"], "welcome")
        return peer

    def obey(self, *orders: Order) -> None:
        self.successResultOf(Deferred.fromCoroutine(self.standing.obey(orders)))

    def test_out(self) -> None:
        """All connections of a user who may not play are closed at once, and of nobody else."""
        ann, tab, bob, guest = (
            self.connect("ann"),
            self.connect("ann", login="2"),
            self.connect("bob"),
            self.rig.guest("Guest"),
        )
        self.obey(Order("shop:ann"))
        self.assertEqual([each.closed for each in (ann, tab, bob, guest)], [4003, 4003, None, None])

    def test_rights_follow(self) -> None:
        """Who was a moderator mutes nobody any more, in mid-game, and whoever is one now does."""
        ann, bob = self.connect("ann", "moderator"), self.connect("bob")
        ann.create("plain")
        bob.join(ann.room)
        ann.ask("send", id=2, type="echo", data={"value": 1})
        self.obey(Order("shop:ann", ()), Order("shop:bob", ("moderator",)))
        self.assertEqual((ann.session.user.rights, bob.session.user.rights), ((), ("moderator",)))
        for peer, name, rights in ((ann, "ann", []), (bob, "bob", ["moderator"])):
            told = [message for message in peer.take() if message["op"] == "user"]
            self.assertEqual(told, [{"op": "user", "user": {"id": f"shop:{name}", "name": name, "rights": rights}}])
        self.assertEqual((ann.closed, bob.closed), (None, None))
        self.assertEqual(ann.ask("send", id=3, type="echo", data={"value": 2})["data"], 2)

    def test_looked_up_again(self) -> None:
        """Nobody says anything: all who are connected are looked up again, again and again."""
        ann, bob = self.connect("ann"), self.connect("bob", "admin")
        for _ in range(3):
            self.rig.advance(EVERY_S)
        self.assertEqual((ann.closed, bob.session.user.rights), (None, ("admin",)))
        del self.directory.rights["shop:ann"]
        self.directory.rights["shop:bob"] = ()
        self.rig.advance(EVERY_S)
        self.assertEqual((ann.closed, bob.closed, bob.session.user.rights), (4003, None, ()))

    def test_many(self) -> None:
        """Of many each connection is looked at once, and others have their turn between."""
        looks: list[int] = []
        users = [User(f"guest:{n}", "Guest") for n in range(200)]

        class Crowd:
            def __iter__(self) -> Any:
                looks.append(len(users))
                return iter([SimpleNamespace(user=user) for user in users])

        standing = Standing(Crowd(), self.rig.services.authenticators, self.rig.clock, EVERY_S)
        standing.startService()
        self.addCleanup(standing.stopService)
        delays: list[float] = []
        later = self.rig.time.callLater
        self.patch(self.rig.time, "callLater", lambda s, *a: (delays.append(s), later(s, *a))[1])
        self.rig.time.advance(EVERY_S)
        self.assertEqual((looks, delays.count(0.0)), ([200], 4))

    def test_cannot_be_told(self) -> None:
        """Where that cannot be told, or fails, everybody stays, and it is tried again."""
        ann = self.connect("ann")
        for why in (Refused("Too many.", code="busy"), StoreUnavailable("away"), KeyError("a mistake")):
            self.directory.rights["shop:ann"] = why
            self.rig.advance(EVERY_S)
            self.assertIsNone(ann.closed)
        self.assertEqual(len(self.flushLoggedErrors(KeyError)), 1)
        del self.directory.rights["shop:ann"]
        self.rig.advance(EVERY_S)
        self.assertEqual(ann.closed, 4003)

    def test_stopped(self) -> None:
        """A server that stops looks no more."""
        ann = self.connect("ann")
        self.standing.stopService()
        del self.directory.rights["shop:ann"]
        self.rig.advance(10 * EVERY_S)
        self.assertIsNone(ann.closed)
        self.standing.startService()


class Connected:
    """The sessions of these peers, as they come and go."""

    def __init__(self, peers: list[Peer]) -> None:
        self._peers = peers

    def __iter__(self) -> Any:
        return iter([peer.session for peer in self._peers])
