"""
``/metrics``, for Prometheus: what this node holds, and what its throttles held back.

Nothing is counted for it: it reads what other parts keep anyway, when somebody asks. The numbers show how busy a server
is, so only administrators may see them, and the networks that the setting ``metrics`` names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from gameserver.websocket.services import NodeServices

THROTTLES: Final = {
    "connections": "connections_per_address",
    "http": "http_per_address",
    "kept": "http_bytes",
    "qr": "qr_per_address",
    "messages": "requests_per_s",
    "frames": "frames_per_s",
    "refused": "refused_per_s",
    "chat": "chat_per_s",
    "join": "refused_joins_per_address",
    "password": "refused_joins_per_address",
    "user": "refused_joins_per_user",
    "lookup": "lookups_per_address",
    "login": "refused_logins_per_address",
    "block": "blocks_per_user",
    "token": "refused_logins_per_address",
    "account": "login_delay_s",
    "registration": "registrations_per_address",
}
"""What `Budgets.throttled` counts, by the limit that held it back."""


class Numbers(Collector):
    """The numbers of one node. :param services: the node's."""

    def __init__(self, services: NodeServices) -> None:
        self._services = services

    def collect(self) -> Iterable[Metric]:
        """Read all numbers as they are."""
        services, hasher = self._services, self._services.hasher
        rooms = list(services.registry.runners)
        yield _gauge("rooms", "Open rooms.", len(rooms))
        yield _gauge("asleep", "Rooms that sleep in the store.", services.registry.sleeper.count)
        about = "Rooms that no release could run yet."
        yield _gauge("rooms_aside", about, len(services.registry.aside))
        yield _gauge("seats", "Seats in open rooms.", sum(len(runner.room.seats) for runner in rooms))
        yield _gauge("unauthenticated", "Connections that have not said who they are.", len(services.strangers))
        yield _gauge("largest_message_bytes", "The largest message sent; 0: none of 1 KiB.", services.sizes.largest)
        text = "Connections closed since a message was larger than the client was told."
        yield CounterMetricFamily("gameserver_messages_too_large", text, value=services.sizes.refused)
        yield _gauge("hashing", "Passwords that are hashed or wait for it.", hasher.asked if hasher else 0)
        notifier = services.registry.notifier
        if notifier is not None:
            yield _gauge("notices_waiting", "Notices that django.webhook has not taken yet.", len(notifier))
            yield CounterMetricFamily("gameserver_notices_failed", "Tries that it did not take.", value=notifier.failed)
        throttled = CounterMetricFamily(
            "gameserver_throttled", "What was refused or closed, by the limit that did it.", labels=["limit"]
        )
        for limit, count in self._throttled():
            throttled.add_metric([limit], count)
        yield throttled

    def _throttled(self) -> Iterator[tuple[str, int]]:
        services, hasher = self._services, self._services.hasher
        by_limit: Counter[str] = Counter()
        for name, limit in THROTTLES.items():
            by_limit[limit] += services.budgets.throttled[name]
        yield from by_limit.items()
        yield "unauthenticated", services.strangers.closed
        yield "rooms", services.registry.too_many_rooms
        yield "hashes_waiting", hasher.refused if hasher else 0


class Metrics:
    """
    What ``/metrics`` answers, and to whom.

    :param numbers: collectors of numbers.
    :param networks: those from which anybody may read them.
    """

    def __init__(self, numbers: Iterable[Collector], networks: Iterable[str]) -> None:
        self._networks = [ip_network(network, strict=False) for network in networks]
        self._registry = CollectorRegistry()
        for each in numbers:
            self._registry.register(each)

    def admits(self, address: str, *, forwarded: bool) -> bool:
        """
        Whether a request may read the numbers without a token.

        :param address: the client's.
        :param forwarded: a proxy brought the request that is not known to be trusted: its client may be anywhere.
        """
        try:
            client = ip_address(address)
        except ValueError:
            return False
        return not forwarded and any(client in network for network in self._networks)

    def text(self) -> bytes:
        """:returns: all numbers, as Prometheus reads them."""
        return generate_latest(self._registry)

    content_type = CONTENT_TYPE_PLAIN_0_0_4.encode()


def _gauge(name: str, about: str, value: float) -> Metric:
    found: Any = GaugeMetricFamily(f"gameserver_{name}", about, value=value)
    metric: Metric = found
    return metric
