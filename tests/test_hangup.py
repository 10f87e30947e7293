"""SIGHUP: files are read again, in a pass of the reactor, and only if there are any."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gameserver.hangup import Hangup


class FakeReactor:
    """A reactor that keeps the calls of other threads until a test makes them."""

    def __init__(self) -> None:
        self.calls: list[Callable[[], Any]] = []

    def callFromThread(self, call: Callable[[], Any]) -> None:
        self.calls.append(call)


class HangupTests(SynchronousTestCase):
    def setUp(self) -> None:
        # Before this process is sent one: its default would end the tests.
        self.strange: list[int] = []
        before = signal.signal(signal.SIGHUP, lambda number, _: self.strange.append(number))
        self.addCleanup(signal.signal, signal.SIGHUP, before)
        self.reactor = FakeReactor()
        self.read: list[str] = []

    def service(self, *names: str, in_terminal: bool = True) -> Hangup:
        """:returns: a service that runs, with so many things to read."""
        reloads = [lambda name=name: self.read.append(name) for name in names]
        service = Hangup(reloads, self.reactor, in_terminal=lambda: in_terminal)
        service.startService()
        return service

    def test_signal(self) -> None:
        """A signal has everything read again, once, when the reactor is at it."""
        self.service("a", "b")
        os.kill(os.getpid(), signal.SIGHUP)
        self.assertEqual((self.read, self.strange), ([], []))
        for call in self.reactor.calls:
            call()
        self.assertEqual(self.read, ["a", "b"])

    def test_nothing_to_read(self) -> None:
        """Without files and without a terminal, as under systemd, ``systemctl reload`` ends nothing."""
        self.service(in_terminal=False)
        os.kill(os.getpid(), signal.SIGHUP)
        for call in self.reactor.calls:
            call()
        self.assertEqual((len(self.reactor.calls), self.strange), (1, []))

    def test_terminal_closed(self) -> None:
        """Without files, in a terminal, the signal does what it does to any program."""
        self.service()
        os.kill(os.getpid(), signal.SIGHUP)
        self.assertEqual((self.reactor.calls, self.strange), ([], [signal.SIGHUP]))

    def test_stop(self) -> None:
        """When the service has stopped the signal is as it was before."""
        self.service("a").stopService()
        os.kill(os.getpid(), signal.SIGHUP)
        self.assertEqual((self.reactor.calls, self.strange), ([], [signal.SIGHUP]))
