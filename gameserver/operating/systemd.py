"""
What systemd is told of a server that runs as a service of ``Type=notify``: it is ready, alive, reloading, stopping.

Each is one datagram to the socket that ``NOTIFY_SOCKET`` names. If that is not set, nothing is sent.

Source: https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from twisted.application.service import Service
from twisted.logger import Logger

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall

PER_LIMIT: Final = 3
"""How often systemd is told that the process is alive, in the time after which it takes a silent one for hung."""
log = Logger(namespace="gameserver")


class Systemd(Service):
    """
    Tells systemd.

    :param reactor: its timer sends the sign of life, which so shows that the reactor is not hung.
    :param environ: the environment of this process, as systemd made it.
    """

    def __init__(self, reactor: Any, environ: Mapping[str, str] = os.environ) -> None:
        self._reactor = reactor
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._watchdog_s = _watchdog_s(environ)
        self._next: IDelayedCall | None = None

    @property
    def is_there(self) -> bool:
        """Whether systemd has named a socket."""
        return bool(self._address)

    def startService(self) -> None:
        """Begin to tell that the process is alive, if systemd has a watchdog for it."""
        super().startService()  # type: ignore[no-untyped-call]
        if self._address and self._watchdog_s:
            self._alive()

    def stopService(self) -> None:
        """Stop telling that the process is alive."""
        super().stopService()  # type: ignore[no-untyped-call]
        if self._next is not None and self._next.active():
            self._next.cancel()

    def ready(self) -> None:
        """Tell that rooms can be joined."""
        self._tell("READY=1", "STATUS=ready: rooms can be joined")

    def reload(self) -> None:
        """Tell that files were read again."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")
        self.ready()

    def stopping(self, within_s: float) -> None:
        """
        Tell that the server is about to stop.

        :param within_s: how many seconds that may take: systemd waits so long, whatever its ``TimeoutStopSec``.
        """
        self._tell(
            "STOPPING=1", f"EXTEND_TIMEOUT_USEC={round(within_s * 1e6)}", "STATUS=stopping: rooms are handed over"
        )

    def _alive(self) -> None:
        self._tell("WATCHDOG=1")
        self._next = self._reactor.callLater(self._watchdog_s / PER_LIMIT, self._alive)

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as to:
                to.setblocking(False)
                to.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            log.warn("systemd cannot be told {what}: {reason}", what=lines[0], reason=str(error))


def _watchdog_s(environ: Mapping[str, str]) -> float:
    """:returns: after how many seconds without a word systemd ends this process; 0: it does not."""
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return int(environ.get("WATCHDOG_USEC", "0")) / 1e6
    except ValueError:
        return 0.0
