"""What a start says of the machine that it finds."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Any

from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from gameserver.operating.start_warnings import (
    warn_of_few_descriptors,
    warn_of_open_folders,
    warn_of_settings_without_effect,
)
from gameserver.settings.settings import Limits, Settings


class WarningTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.events: list[Any] = []
        globalLogPublisher.addObserver(self.events.append)
        self.addCleanup(globalLogPublisher.removeObserver, self.events.append)

    def test_folders_that_others_may_look_into(self) -> None:
        """The data folder and that of the store, each by its name, and only while it is so."""
        data, store = Path(self.mktemp()).absolute(), Path(self.mktemp()).absolute()
        settings = Settings(data=data, store=f"sqlite:{store / 'rooms'}")
        for folder, mode in ((data, 0o755), (store, 0o700)):
            folder.mkdir()
            folder.chmod(mode)
        warn_of_open_folders(settings)
        self.assertEqual([event["folder"] for event in self.events], [data])
        data.chmod(0o700)
        store.chmod(0o705)
        warn_of_open_folders(settings)
        self.assertEqual([event["folder"] for event in self.events], [data, store])

    def test_few_descriptors(self) -> None:
        """Where there are fewer than the limits promise it is said, with what to do."""
        limits = Limits(connections_per_address=5000, unauthenticated=1000)
        for most, said in ((5128, 0), (5127, 1)):
            self.events.clear()
            self.patch(resource, "getrlimit", lambda _, most=most: (most, most))
            warn_of_few_descriptors(limits)
            self.assertEqual(len(self.events), said)
        self.assertIn("LimitNOFILE or ulimit -n to 5128", self.events[0]["remedy"])

    def test_settings_without_effect(self) -> None:
        """Rights of accounts where there are none, and rules for games that there are not, with what to do."""
        rights, rules = {"admins": ("Ann",), "moderators": ("Bob",)}, ("users", "trivias=everyone", "chess=admin")
        sources = {"admins": "file games.toml", "create": "file games.toml"}
        for settings, said in (
            (Settings(**rights, sources=sources), ("admins (from file games.toml): ", "moderators (from default): ")),
            (Settings(**rights, auth=("guests", "accounts")), ()),
            (Settings(**rights, auth=("shop.users",)), ()),
            (Settings(**rights, auth=("django",)), ("admins", "moderators")),
            (
                Settings(create=rules, sources=sources),
                ("create (from file games.toml): trivias=everyone ",),
            ),
        ):
            self.events.clear()
            warn_of_settings_without_effect(settings, ("trivia", "chess"))
            for event, begin in zip(self.events, said, strict=True):
                self.assertTrue(event["text"].startswith(begin), event["text"])
        self.assertIn("did you mean trivia?", self.events[0]["text"])
