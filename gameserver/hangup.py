"""
What an operator's ``kill -HUP`` does: files are read again, and nobody is disconnected.

Where there are no files to read again, SIGHUP ends the server, as it ends any program whose terminal is closed.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable
from typing import Any

from twisted.application.service import Service
from twisted.logger import Logger

log = Logger(namespace="gameserver")


class Hangup(Service):
    """
    :param reloads: called, one after the other, in the reactor's thread; none may raise.
    :param install: `signal.signal` or the like; it works in the main thread alone, where services start.
    """

    def __init__(
        self, reloads: Iterable[Callable[[], object]], reactor: Any, install: Callable[..., Any] = signal.signal
    ) -> None:
        self._reloads = tuple(reloads)
        self._reactor = reactor
        self._install = install
        self._before: Any = None

    def startService(self) -> None:
        """Listen to the signal, if there is anything to read again."""
        super().startService()  # type: ignore[no-untyped-call]
        if self._reloads:
            # A signal may come between any two instructions: the files are read in the reactor's next pass.
            self._before = self._install(signal.SIGHUP, lambda *_: self._reactor.callFromThread(self.reload))

    def stopService(self) -> None:
        """Leave the signal as it was."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._before is not None:
            self._install(signal.SIGHUP, self._before)
            self._before = None

    def reload(self) -> None:
        """Read everything again."""
        log.info("SIGHUP: files are read again")
        for each in self._reloads:
            each()
