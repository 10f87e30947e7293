"""How the setting ``store`` names a store: one of this package, of another package, or of a module."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from twisted.internet import reactor
from twisted.trial.unittest import SynchronousTestCase, TestCase

from gameserver.errors import SettingError
from gameserver.settings.settings import Settings, load
from gameserver.store.context import make_store
from gameserver.store.memory.store import MemoryStore
from gameserver.store.schemes import OWN, NamedStore, named_store
from gameserver.store.sqlite.store import SQLiteStore
from gameserver.testing.store_contract import StoreContract
from tests.store.acme import install


class Installed(SynchronousTestCase):
    """Packages that are on the path as long as a test runs."""

    def setUp(self) -> None:
        self.patch(sys, "path", list(sys.path))
        before = set(sys.modules)
        self.addCleanup(lambda: [sys.modules.pop(name) for name in set(sys.modules) - before])

    def install(self, **package: str) -> None:
        sys.path.insert(0, str(install(Path(self.mktemp()), **package)))

    def made(self, store: str) -> Any:
        return make_store(load({"store": store}), reactor)

    def refused(self, store: str) -> str:
        return str(self.assertRaises(SettingError, self.made, store))


class OwnTests(Installed):
    def test_each_scheme_is_served(self) -> None:
        """What this package registers is there, each in the same way."""
        for kind, cls in (("memory:", MemoryStore), ("sqlite:rooms", SQLiteStore)):
            self.assertIs(type(self.made(kind)), cls)
        for begin, module in OWN.items():
            self.assertEqual(named_store(f"{begin}x"), NamedStore(module, f"{begin}x"))

    def test_wrong(self) -> None:
        """What names no store is told what does, before anything is made."""
        for wrong in ("mysql://localhost", "rooms.sqlite3", "sqlite", ":x", "redis:localhost", "C:\\rooms"):
            text = str(self.assertRaises(SettingError, load, {"store": wrong}))
            self.assertIn("expected sqlite:, memory:, redis://, ", text)
            self.assertIn(f"or the dotted path of a module and a colon, not {wrong!r}", text)
        self.assertIn("nothing behind it", self.refused("memory:rooms"))

    def test_settings_made_by_hand(self) -> None:
        """Settings that nobody read are refused with the same words."""
        error = self.assertRaises(SettingError, make_store, Settings(store="mysql://x"), reactor)
        self.assertIn("expected sqlite:, memory:", str(error))


class PackageTests(Installed):
    def test_scheme_of_a_package(self) -> None:
        """An installed package's scheme is served by its module, which is told the whole address."""
        self.install()
        path = Path(self.mktemp())
        self.assertEqual(named_store(f"acme:{path}"), NamedStore("acme_store", f"acme:{path}"))
        self.assertEqual(type(self.made(f"acme:{path}")).__name__, "AcmeStore")

    def test_known_in_errors(self) -> None:
        """Whoever mistypes it is told that it is there."""
        self.install()
        self.assertIn("redis+sentinel://, acme:, or the dotted", self.refused("acne:x"))

    def test_refused_by_its_module(self) -> None:
        """What its module refuses is an error of the setting."""
        self.install()
        self.assertEqual(self.refused("acme:"), "store (from option --store): expected acme: and a path")

    def test_two_packages_of_one_scheme(self) -> None:
        """Nobody guesses which of the two is meant."""
        self.install()
        self.install(package="other_store")
        self.assertIn("one package that offers acme:, of acme_store and other_store", self.refused("acme:x"))

    def test_own_scheme_is_not_taken(self) -> None:
        """Whatever is installed, this package's own schemes are its own."""
        self.install(scheme="sqlite")
        self.install(package="other_store", scheme="redis")
        self.assertIs(type(self.made("sqlite:rooms")), SQLiteStore)
        self.assertIn("expected sqlite:", self.refused("redis:localhost"))

    def test_dotted_path(self) -> None:
        """A module that no entry point names is told what stands behind the colon."""
        self.install(scheme="unused")
        self.assertEqual(named_store("acme_store.inner:x:y"), NamedStore("acme_store.inner", "x:y"))
        self.install(package="shop")
        (Path(sys.path[0]) / "shop" / "stores.py").write_text("from shop import make\n")
        self.assertEqual(type(self.made("shop.stores:rooms")).__name__, "AcmeStore")

    def test_module_that_is_none(self) -> None:
        """One that is not there, or has no ``make``, or makes something else, is named."""
        self.install(package="empty", scheme="empty", source="")
        self.install(package="wrong", scheme="wrong", source="make = str")
        self.assertIn("nowhere.stores cannot be used: No module named", self.refused("nowhere.stores:x"))
        self.assertIn("empty cannot be used: module 'empty' has no attribute 'make'", self.refused("empty:x"))
        text = self.refused("wrong:x")
        self.assertIn("wrong makes what does not provide IStore, ISleepStore, IUserStore, IBooks", text)


class PackageContractTests(StoreContract, TestCase):
    """Such a store passes the public suite, as it was made by a server."""

    async def setUp(self) -> None:  # type: ignore[override]
        self.patch(sys, "path", [str(install(Path(self.mktemp()))), *sys.path])
        self.addCleanup(sys.modules.pop, "acme_store", None)
        self.path = self.mktemp()
        await super().setUp()

    def process(self) -> Any:
        return make_store(load({"store": f"acme:{self.path}"}), reactor)
