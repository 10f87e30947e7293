"""Ports of this machine, for tests that start servers."""

from __future__ import annotations

import random
import socket
from collections import deque
from functools import cache
from pathlib import Path
from typing import Final

FIRST, LAST, AT_ONCE = 20_000, 32_000, 1000
"""All ports for tests, and how many of them one of trial's processes has."""

_given: Final[deque[int]] = deque(maxlen=AT_ONCE // 2)


@cache
def own_ports(folder: str | None = None) -> range:
    """
    :param folder: the name of this process's; trial's processes have one each, which is called by a number.
    :returns: the ports that this process may give away: no other of the same run of trial gives them away meanwhile.
    """
    name = Path.cwd().name if folder is None else folder
    if not name.isdigit():
        return range(FIRST, LAST)
    begin = FIRST + int(name) * AT_ONCE % (LAST - FIRST)
    return range(begin, begin + AT_ONCE)


def free_port() -> int:
    """
    Find a free port below those that the system gives to outgoing connections.

    A client that dials a dead server's port from the very same one would connect to itself. Nobody listens there before
    some time has passed, or while a server is started again; until then nobody else may be given the same one.
    """
    while True:
        port = random.SystemRandom().choice(own_ports())
        if port in _given:
            continue
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
            _given.append(port)
            return port


def listens(port: int) -> bool:
    """Say whether somebody is at this port."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
