"""Ports of this machine, for tests that start servers."""

from __future__ import annotations

import random
import socket


def free_port() -> int:
    """
    Find a free port below those that the system gives to outgoing connections.

    A client that dials a dead server's port from the very same one would connect to itself.
    """
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def listens(port: int) -> bool:
    """Say whether somebody is at this port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
