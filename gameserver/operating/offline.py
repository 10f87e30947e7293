"""Works with a server's store, in the server's place, while it does not run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from twisted.internet.defer import CancelledError, Deferred

from gameserver.auth.secrets import fingerprints, load_secrets
from gameserver.clock import Clock, Cron, server_zone
from gameserver.cluster.node import NodeFile
from gameserver.game.spec import spec_of
from gameserver.interfaces import ILeases
from gameserver.node.rooms import RoomRegistry
from gameserver.operating.places import load_games, usable
from gameserver.store.compression import compressed_store
from gameserver.store.context import make_store

if TYPE_CHECKING:
    from gameserver.game.spec import Spec
    from gameserver.settings.settings import Settings

T = TypeVar("T")

LEASE_S: Final = 30.0
"""How long the rooms of a shared store are held, at most, by a command that was killed."""


class Offline:
    """
    A server's store, opened in the server's place.

    :param settings: those of the server.
    :ivar store: the store.
    :ivar registry: has the store and the games; none of its rooms is run.
    :raises SettingError: the server runs, or a setting is wrong.
    """

    def __init__(self, settings: Settings, reactor: Any) -> None:
        self._later: Any = None
        with usable(settings, "data"):
            settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._node = NodeFile(settings.data / "node", os.urandom)
        try:
            specs, self._clock = served(settings, reactor)
            with usable(settings, "secret"):
                secrets = load_secrets(settings.secret or settings.data / "secret", os.urandom)
            made = make_store(settings, reactor, node=self._node.name, secrets=fingerprints(secrets))
            self.store: Any = compressed_store(made, settings.compress_bytes)
            self.registry = RoomRegistry(specs, self.store, self._clock, os.urandom)
            self.registry.mending.only_look()
        except BaseException:
            self._node.close()
            raise

    async def start(self) -> None:
        """
        Open the store.

        :raises StoreLocked: another process has it open.
        :raises StoreUnavailable: it does not answer.
        """
        await self.store.start()
        if ILeases.providedBy(self.store):
            await self.store.acquire_lease(os.urandom(16).hex(), for_ms=round(LEASE_S * 1000))
            self._renew()
        await self.registry.watch.start()
        await self.registry.unclean.read()

    def _renew(self) -> None:
        def renewed(_: object) -> None:
            self._later = self._clock.later(LEASE_S / 5, self._renew)

        # A store that does not answer is asked again, as a server does; until the lease is over it may be back.
        self.store.renew_lease(for_ms=round(LEASE_S * 1000)).addBoth(renewed)

    async def stop(self) -> None:
        """Close the store, and unlock the data folder."""
        try:
            if ILeases.providedBy(self.store):
                if self._later is not None and self._later.active():
                    self._later.cancel()
                await self.store.release_lease()
            await self.store.stop()
        finally:
            self._node.close()


def served(settings: Settings, reactor: Any) -> tuple[dict[str, Spec], Clock]:
    """
    :returns: the games that a server with these settings serves, by name, and its clock.
    :raises SettingError: a setting is wrong.
    :raises GameLoadError: a place of games cannot be used.
    """
    zone = server_zone(settings.time_zone)
    catalog = load_games(settings, partial(Cron, timezone=zone))
    return {name: spec_of(game) for name, game in catalog.games.items()}, Clock(reactor, time.time, zone)


def run(reactor: Any, settings: Settings, work: Callable[[Offline], Coroutine[Any, Any, T]]) -> T:
    """
    Do something with a server's store, in its place; the reactor runs until that is done.

    :returns: what ``work`` returns.
    :raises Exception: what it raises; and as `Offline` and `Offline.start`.
    """
    offline = Offline(settings, reactor)

    async def all_of_it() -> T:
        await offline.start()
        try:
            return await work(offline)
        finally:
            await offline.stop()

    return until_done(reactor, all_of_it)


def until_done(reactor: Any, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """
    Run the reactor until something is done.

    :returns: what ``work`` returns.
    :raises Exception: what it raises.
    :raises KeyboardInterrupt: a signal has stopped the reactor; ``work`` was cancelled, and has cleaned up.
    """
    results: list[T] = []
    failures: list[Any] = []
    is_stopped = False

    def begin() -> None:
        done = Deferred.fromCoroutine(work())
        done.addCallbacks(results.append, failures.append)
        reactor.addSystemEventTrigger("before", "shutdown", stop, done)
        done.addCallback(lambda _: is_stopped or reactor.stop())

    def stop(done: Deferred[Any]) -> Deferred[Any]:
        nonlocal is_stopped
        is_stopped = True
        done.cancel()
        return done

    reactor.callWhenRunning(begin)
    reactor.run()
    if failures and not failures[0].check(CancelledError):
        failures[0].raiseException()
    if not results:
        raise KeyboardInterrupt
    return results[0]
