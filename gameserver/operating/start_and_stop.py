"""What the log says once a server listens, and when its stop took too long."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from twisted.internet.defer import TimeoutError
from twisted.logger import Logger

if TYPE_CHECKING:
    from twisted.python.failure import Failure

    from gameserver.node.runner import RoomRunner

SHOWN: Final = 10
"""So many rooms are named by their codes."""
log: Final = Logger(namespace="gameserver")


def place_of(bound: Any) -> str:
    """
    :param bound: the address of a port, as Twisted returns it.
    :returns: it in one word: ``127.0.0.1:8080``, ``[::1]:8080`` or ``unix:/run/games.sock``.
    """
    host, port, path = (getattr(bound, name, None) for name in ("host", "port", "name"))
    if isinstance(host, str) and isinstance(port, int):
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return f"unix:{path.decode() if isinstance(path, bytes) else path}" if path else str(bound)


def counted(count: int, thing: str) -> str:
    """:returns: ``1 room``, or ``2 rooms``."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def say_what_is_served(games: int, awake: int, asleep: int) -> None:
    """
    Log how many games and rooms there are.

    :param awake: rooms that are open at this node.
    :param asleep: rooms that sleep in the store.
    """
    text = "{games}, {rooms} awake, {asleep} asleep"
    log.info(text, games=counted(games, "game"), rooms=counted(awake, "room"), asleep=asleep)


def say_node(node: str, name: str | None) -> None:
    """
    Log by which names others know this node.

    :param node: what logs and ``gameserver drain`` call it.
    :param name: what it is called in addresses, if anything.
    """
    if name is None:
        log.info("this is node {node}, without a node_name", node=node)
    else:
        log.info("this is node {node}, node_name {name}", node=node, name=name)


def say_not_stored(failure: Failure, runners: Iterable[RoomRunner], within_s: float) -> None:
    """
    Log that not all rooms were stored at the end, and what follows from that.

    :param runners: the open rooms.
    :param within_s: how long the store had for it.
    """
    if not failure.check(TimeoutError):
        log.failure("the stop was cut short: rooms cannot be stored", failure)
        return
    codes = sorted(runner.room.code for runner in runners if runner.is_stored and not runner.commits.settled)
    log.error(
        "the stop was cut short: within {s} seconds the store did not take the last steps of {rooms} ({codes})."
        " The next start goes on from the steps before; nobody was told of those that are missing, but in games of"
        " durability relaxed or none, and clients ask again for what had no answer",
        s=within_s,
        rooms=counted(len(codes), "room"),
        codes=", ".join((*codes[:SHOWN], *(["…"] if len(codes) > SHOWN else []))) or "none that is known",
    )


def say_not_closed(failure: Failure, within_s: float) -> None:
    """
    Log that the server could not close all that it had open.

    :param within_s: how long it had for it.
    """
    if not failure.check(TimeoutError):
        log.failure("the stop was cut short", failure)
        return
    text = "the stop was cut short: not all ports and connections were closed within {s} seconds; {rest}"
    log.error(text, s=within_s, rest="the end of the process closes them, and clients come back as after any end")
