"""Several authenticators at once, and how settings choose them."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer
from zope.interface.verify import verifyObject

from gameserver.auth.chain import Chain, make_chain
from gameserver.auth.guests import Guests
from gameserver.errors import Refused, SettingError
from gameserver.interfaces import Caller, Grant, IAuthenticators, ICookies, IGuests, IPasswords, ISeesCallers, User
from gameserver.settings.settings import load
from tests.auth.kit import auth_context


@implementer(IPasswords, ICookies)
class Doorkeeper:
    """
    Knows one name with its password, and a cookie of that name.

    :ivar asked: what it was asked.
    """

    def __init__(self, kind: str, name: str, code: str = "unauthenticated") -> None:
        self.kind = kind
        self.asked: list[str] = []
        self._name = name
        self._code = code

    def owns(self, token: str) -> bool:
        return token.startswith(f"{self.kind}.")

    def authenticate(self, token: str, *, now_s: float) -> Deferred[User]:
        self.asked.append(token)
        return succeed(User(f"{self.kind}:1", self._name))

    def login(self, name: str, password: str, *, now_s: float) -> Deferred[Grant]:
        self.asked.append(name)
        if (name, password) != (self._name, "open"):
            return fail(Refused("No.", code=self._code))
        return succeed(Grant(User(f"{self.kind}:1", name), f"{self.kind}.token"))

    def authenticate_cookies(self, cookies: Any, *, now_s: float) -> Deferred[Grant | None]:
        if self.kind not in cookies:
            return succeed(None)
        return succeed(Grant(User(f"{self.kind}:1", self._name), f"{self.kind}.token"))


class Faulty(Doorkeeper):
    """Has a mistake in it."""

    def authenticate(self, token: str, *, now_s: float) -> Deferred[User]:
        raise KeyError("nickname")

    def login(self, name: str, password: str, *, now_s: float) -> Deferred[Grant]:
        return fail(ZeroDivisionError())

    def authenticate_cookies(self, cookies: Any, *, now_s: float) -> Deferred[Grant | None]:
        raise TypeError("None")


@implementer(ISeesCallers)
class Doorman(Doorkeeper):
    """Looks at who comes."""

    def authenticate(self, token: str, *, now_s: float, caller: Caller | None = None) -> Deferred[User]:
        return succeed(User(f"{self.kind}:1", repr(caller)))


class FaultTests(SynchronousTestCase):
    def test_fault_of_an_authenticator(self) -> None:
        """It is logged with its name, and proves nothing of who asked: nobody is told to stay away."""
        chain = Chain([Faulty("shop", "Ann"), Doorkeeper("two", "Bob")])
        for asked, fault in (
            (chain.authenticate("shop.x", now_s=0.0), KeyError),
            (chain.login("Ann", "open", now_s=0.0), ZeroDivisionError),
            (chain.authenticate_cookies({"shop": "x"}, now_s=0.0), TypeError),
        ):
            refused: Any = self.failureResultOf(asked, Refused).value
            self.assertEqual(refused.code, "busy")
            self.assertEqual(len(self.flushLoggedErrors(fault)), 1)

    def test_caller(self) -> None:
        """Who wants to know is told from where somebody comes; others are asked as ever."""
        chain = Chain([Doorman("one", "Ann"), Doorkeeper("two", "Bob")])
        caller = Caller("192.0.2.1", "/ws", {"cookie": "secret"})
        names = [self.successResultOf(chain.authenticate(f"{kind}.x", now_s=0.0, caller=caller)).name
                 for kind in ("one", "two")]  # fmt: skip
        self.assertEqual(names, ["Caller('192.0.2.1', '/ws')", "Bob"])


class ChainTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.one, self.two = Doorkeeper("one", "Ann"), Doorkeeper("two", "Bob")
        self.chain = Chain([self.one, self.two])

    def test_interface(self) -> None:
        """The chain is what sessions and HTTP calls ask."""
        verifyObject(IAuthenticators, self.chain)

    def test_token_goes_to_its_owner_alone(self) -> None:
        """Nobody else is bothered with it."""
        user = self.successResultOf(self.chain.authenticate("two.x", now_s=0.0))
        self.assertEqual((user.name, self.one.asked, self.two.asked), ("Bob", [], ["two.x"]))

    def test_nobodys_token(self) -> None:
        """A token that nobody owns is refused as any other bad one is."""
        refused = self.failureResultOf(self.chain.authenticate("three.x", now_s=0.0), Refused).value
        self.assertEqual(refused.code, "unauthenticated")

    def test_passwords_are_tried_in_turn(self) -> None:
        """The first who knows name and password lets in."""
        grant = self.successResultOf(self.chain.login("Bob", "open", now_s=0.0))
        self.assertEqual((grant.user.id, self.one.asked, self.two.asked), ("two:1", ["Bob"], ["Bob"]))
        self.failureResultOf(self.chain.login("Eve", "open", now_s=0.0), Refused)

    def test_busy_is_not_no(self) -> None:
        """One that cannot tell now ends the search: the next might say no to somebody it does not know."""
        chain = Chain([Doorkeeper("one", "Ann", code="busy"), self.two])
        refused = self.failureResultOf(chain.login("Bob", "open", now_s=0.0), Refused).value
        self.assertEqual((refused.code, self.two.asked), ("busy", []))

    def test_cookies(self) -> None:
        """Each looks for its own cookie; who has none of them is nobody."""
        grant = self.successResultOf(self.chain.authenticate_cookies({"two": "x"}, now_s=0.0))
        assert grant is not None
        self.assertEqual(grant.user.name, "Bob")
        self.assertIsNone(self.successResultOf(self.chain.authenticate_cookies({"three": "x"}, now_s=0.0)))

    def test_without_guests(self) -> None:
        """Where guests are not admitted a name is not enough."""
        with self.assertRaises(Refused) as caught:
            self.chain.guest("Ann")
        self.assertEqual(caught.exception.code, "unauthenticated")
        self.assertIsNone(self.chain.offering(IGuests))

    def test_without_passwords(self) -> None:
        """Where nobody has passwords, logging in is refused."""
        self.failureResultOf(Chain([]).login("Ann", "open", now_s=0.0), Refused)


class MakeTests(SynchronousTestCase):
    def test_default_is_guests(self) -> None:
        """Who sets nothing has guests."""
        (link,) = make_chain(auth_context()).links
        self.assertIsInstance(link, Guests)

    def test_dotted_path(self) -> None:
        """An authenticator of somebody else's is named by its module, and built by its ``make``."""
        module = ModuleType("elsewhere_auth.doorkeeper")
        module.make = lambda means: Doorkeeper("doorkeeper", "Ann")
        self.patch(
            sys, "modules", {**sys.modules, "elsewhere_auth": ModuleType("elsewhere_auth"), module.__name__: module}
        )
        chain = make_chain(auth_context(auth=["guests", module.__name__]))
        self.assertEqual([link.kind for link in chain.links], ["guests", "doorkeeper"])

    def test_missing_module(self) -> None:
        """What cannot be imported is a wrong setting, and the error names it."""
        with self.assertRaises(SettingError) as caught:
            make_chain(auth_context(auth=["nowhere.to.be.found"]))
        self.assertIn("nowhere.to.be.found", str(caught.exception))

    def test_module_without_make(self) -> None:
        """Nor can a module that is something else."""
        with self.assertRaises(SettingError) as caught:
            make_chain(auth_context(auth=["os.path"]))
        self.assertIn("os.path cannot be used", str(caught.exception))

    def test_wrong_settings(self) -> None:
        """Unknown names, none at all, and the same twice are refused when settings are read."""
        for wrong in (["passports"], [], ["guests", "guests"], ["..", "guests"], [""]):
            with self.assertRaises(SettingError):
                load({"auth": wrong})
        self.assertEqual(load(environ={"GAMESERVER_AUTH": "accounts guests"}).auth, ("accounts", "guests"))
