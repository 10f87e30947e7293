"""
What an operator's ``kill -HUP`` does: files are read again, and nobody is disconnected.

Where there are no files to read again, a server in a terminal is ended by SIGHUP, as any program whose terminal is
closed; one without a terminal, such as a service of systemd, goes on.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable
from typing import Any

from twisted.application.service import Service
from twisted.logger import Logger

log = Logger(namespace="gameserver")


class Hangup(Service):
    """
    Reads files again at SIGHUP.

    :param reloads: called, one after the other, in the reactor's thread; none may raise.
    :param install: `signal.signal` or the like; it works in the main thread alone, where services start.
    :param in_terminal: says whether this process has a terminal that may be closed; None: ask the system.
    """

    def __init__(
        self,
        reloads: Iterable[Callable[[], object]],
        reactor: Any,
        install: Callable[..., Any] = signal.signal,
        in_terminal: Callable[[], bool] | None = None,
    ) -> None:
        self._reloads = tuple(reloads)
        self._reactor = reactor
        self._install = install
        self._in_terminal = in_terminal or _has_terminal
        self._before: Any = None

    def startService(self) -> None:
        """Listen to the signal, if there is anything to read again, or nothing that the signal should end."""
        super().startService()  # type: ignore[no-untyped-call]
        if self._reloads or not self._in_terminal():
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
        log.info("SIGHUP: files are read again" if self._reloads else "SIGHUP: there are no files to read again")
        for each in self._reloads:
            each()


def _has_terminal() -> bool:
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
