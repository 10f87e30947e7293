"""The composition root: from settings to the services that twistd runs. The only module that knows concrete classes."""

from __future__ import annotations

import atexit
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final

from twisted.application.service import IService, Service
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.error import CannotListenError
from twisted.logger import Logger

from gameserver import __version__
from gameserver.auth.chain import make_chain
from gameserver.auth.context import AuthContext
from gameserver.auth.django_app.tokens import shared_secrets
from gameserver.auth.fetch import Fetch
from gameserver.auth.hashing import Cost, Hasher
from gameserver.auth.notices import sender
from gameserver.auth.secrets import fingerprints, load_secrets
from gameserver.auth.threads import Threads
from gameserver.auth.tickets import Tickets
from gameserver.bots.workers import Workers
from gameserver.clock import WATCH_S, Clock, Cron, ProcessLoad, server_zone
from gameserver.cluster.lease import Lease
from gameserver.cluster.node import NodeFile
from gameserver.collecting import Collector
from gameserver.errors import GameServerError, StoreLocked, StoreUnavailable
from gameserver.game.spec import spec_of
from gameserver.guard.service import Guard, NoteFile
from gameserver.hangup import Hangup
from gameserver.interfaces import ILeases
from gameserver.node.creators import Creators
from gameserver.node.people import People
from gameserver.node.rooms import RoomRegistry
from gameserver.operating.control import Control
from gameserver.operating.draining import Draining, ServerProcess, stop
from gameserver.operating.last_start import say_other_secret, say_other_store
from gameserver.operating.places import check_all_sound, load_games, usable
from gameserver.operating.releases import Releases
from gameserver.operating.start_and_stop import place_of, say_node, say_not_closed, say_not_stored, say_what_is_served
from gameserver.operating.start_warnings import (
    warn_of_few_descriptors,
    warn_of_open_folders,
    warn_of_settings_without_effect,
)
from gameserver.operating.systemd import Systemd
from gameserver.protocol.messages import Close
from gameserver.settings.settings import Settings
from gameserver.store.compression import compressed_store
from gameserver.store.context import make_store
from gameserver.web.addresses import Addresses
from gameserver.web.compressed import Compressed
from gameserver.web.listening import Listening, cannot_listen, speaks_tls
from gameserver.web.site import site
from gameserver.websocket.cut_off import CutOff, close_everywhere
from gameserver.websocket.isolation import Isolation, serving_at
from gameserver.websocket.limits import Budgets, Strangers, most_connections
from gameserver.websocket.protocol import WebSocketEndpoint
from gameserver.websocket.proxies import Proxies
from gameserver.websocket.services import NodeServices
from gameserver.websocket.session import Session
from gameserver.websocket.sockets import hand_out_sockets
from gameserver.websocket.standing import Standing

STOP_S: Final = 4.5
"""How long a clean stop may take before it is cut short, once rooms are handed over; people wait five seconds."""
STOP_DELAY_S: Final = 5.0
"""How long a server that shares its store goes on serving, marked as not ready, before it stops, unless it is set."""
COMMIT_S: Final = 3.5
"""How long the store may take over the last commits; then the sockets are closed all the same."""
ROOM_FREE_S: Final = 60.0
"""So long after a room has ended, nobody asks it for anything any more."""

log = Logger(namespace="gameserver")


def build(settings: Settings, reactor: Any) -> IService:
    """
    Make the server.

    :returns: a service that opens the store and its rooms, then listens.
    :raises SettingError: a setting turned out wrong, or the machine refuses what it asks for.
    """
    with usable(settings, "data"):
        settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        warn_of_open_folders(settings)
        node_file = NodeFile(settings.data / "node", os.urandom)
    try:
        return _build(settings, reactor, node_file)
    except BaseException:
        node_file.close()
        raise


def _build(settings: Settings, reactor: Any, node_file: NodeFile) -> IService:
    zone = server_zone(settings.time_zone)
    calendar = partial(Cron, timezone=zone)
    catalog = load_games(settings, calendar)
    for broken in catalog.broken:
        log.error("the game {name} ({place}) cannot be served: {error}", **_fields(broken))
    check_all_sound(settings, catalog)
    warn_of_settings_without_effect(settings, (*catalog.games, *(broken.name for broken in catalog.broken)))
    clock = Clock(reactor, time.time, zone)
    with usable(settings, "secret"):
        secrets = load_secrets(settings.secret or settings.data / "secret", os.urandom)
    store = make_store(settings, reactor, node=node_file.name, secrets=fingerprints(secrets))
    lease = Lease(store, clock, os.urandom, lease_s=settings.lease_s) if ILeases.providedBy(store) else None
    limits = settings.limits
    warn_of_few_descriptors(limits)
    cost = Cost(limits.hash_kib, limits.hash_passes)
    hasher = Hasher(Threads(reactor, limits.hash_threads), cost=cost, waiting=limits.hashes_waiting)
    registry = RoomRegistry(
        {name: spec_of(game) for name, game in catalog.games.items()},
        compressed_store(store, settings.compress_bytes),
        clock,
        os.urandom,
        rooms_per_user=limits.rooms,
        chat_chars=limits.chat_chars,
        name_chars=limits.name_chars,
        chat_data_bytes=limits.chat_data_bytes,
        lease=lease,
        game_bytes=settings.game_bytes,
        creators=Creators(settings.create),
        hasher=hasher,
        people=People((*settings.admins, *settings.moderators)),
        users=store,
        reports=(limits.reports_per_user, limits.reports_per_address),
        rooms_per_address=limits.rooms_per_address,
        rooms_made=(limits.rooms_made_per_user, limits.rooms_made_per_address),
        options_bytes=limits.options_bytes,
        free_s=ROOM_FREE_S,
        sleep_s=settings.sleep_s,
    )
    with usable(settings, "data"):
        if hasattr(store, "replaced"):  # a file, which may turn out to be damaged
            store.replaced = registry.store_again
        guard = Guard(settings, NoteFile(settings.data, os.urandom), store, reactor, shared=lease is not None)
    guard.watch(registry)
    registry.show_rooms()
    sessions: dict[Session, None] = {}
    context = AuthContext(
        settings=settings,
        secrets=secrets,
        clock=clock,
        entropy=os.urandom,
        users=store,
        hasher=hasher,
        reactor=reactor,
        revoke=partial(close_everywhere, sessions, registry.news),
    )
    # A Django project seals tickets with the secret that it shares; the token in them is checked like any other.
    tickets = Tickets((*context.secrets, *shared_secrets(settings)), store, os.urandom)
    strangers = Strangers(limits.unauthenticated, most_connections())
    chain = make_chain(context)
    send = sender(context)
    if send is not None:
        registry.notify(send)
    standing = Standing(sessions, chain, clock, settings.recheck_s)
    context.rechecks.append(standing.recheck)
    registry.news.add(CutOff(sessions, standing, context.rereads))
    isolation = Isolation(lease, clock, sessions, serving_at(settings.public_url, Fetch(reactor), reactor))
    services = NodeServices(
        registry=registry,
        authenticators=chain,
        clock=clock,
        limits=limits,
        budgets=Budgets(limits),
        entropy=os.urandom,
        tickets=tickets,
        strangers=strangers,
        hasher=hasher,
        standing=standing,
        isolated=lambda: isolation.isolated,
    )
    endpoint = WebSocketEndpoint(
        services, settings.origin, reactor, sessions, Proxies(settings.trusted_proxy), native=settings.native
    )
    addresses = Addresses(settings.public_url)
    compressed = Compressed(settings.data / "assets", Threads(reactor, 1))
    factory = site(services, catalog, settings, endpoint.resource(), addresses, compressed)
    systemd = Systemd(reactor)
    by_itself = STOP_DELAY_S if lease is not None else 0.0
    draining = Draining(
        registry.leased,
        reactor,
        delay_s=by_itself if settings.stop_delay_s is None else settings.stop_delay_s,
        limit_s=settings.stop_limit_s,
        serves=lambda: node.opened,
    )
    registry.leased.drain = partial(reactor.callLater, 0, stop, reactor)
    registry.leased.load = ProcessLoad(reactor.seconds, time.process_time)
    root = ServerProcess(draining, systemd, settings.stop_limit_s + STOP_S)
    node = Node(settings, registry, endpoint, factory, clock, reactor, addresses, node_file, fingerprints(secrets))
    node.on_ready = systemd.ready
    systemd.setServiceParent(root)  # type: ignore[no-untyped-call]
    collector = Collector(
        reactor, lambda: registry.reactor_pass.number, there=lambda: sum(1 for _ in registry.runners) + len(sessions)
    )
    collector.setServiceParent(root)  # type: ignore[no-untyped-call]
    games = Releases(settings.games, registry, clock, calendar, factory.serve)
    games.setServiceParent(root)  # type: ignore[no-untyped-call]
    Control(settings.data, registry, reactor).setServiceParent(root)  # type: ignore[no-untyped-call]
    guard.setServiceParent(root)  # type: ignore[no-untyped-call]
    node.setServiceParent(root)  # type: ignore[no-untyped-call]
    workers = Workers(reactor)
    workers.setServiceParent(root)  # type: ignore[no-untyped-call]
    registry.search_with(workers.search)
    standing.setServiceParent(root)  # type: ignore[no-untyped-call]
    isolation.setServiceParent(root)  # type: ignore[no-untyped-call]
    listening = [node.listening.reload] if any(map(speaks_tls, settings.listen)) else []
    reloads = [*listening, *context.reloads, *([systemd.reload] if systemd.is_there else [])]
    Hangup(reloads, reactor).setServiceParent(root)  # type: ignore[no-untyped-call]
    return root


class Node(Service):
    """
    One server process: it opens rooms first, then sockets, and at the end closes in the opposite order.

    :param factory: speaks HTTP, and hands WebSockets to ``endpoint``.
    :param addresses: collects the address of each port, for pages and the log.
    :param node_file: holds the name of this node; locked until the end.
    :param secrets: the fingerprints of its secrets, the one that signs first.
    :ivar opened: its rooms are open.
    :ivar on_ready: called once rooms can be joined.
    """

    def __init__(
        self,
        settings: Settings,
        registry: RoomRegistry,
        endpoint: WebSocketEndpoint,
        factory: Any,
        clock: Clock,
        reactor: Any,
        addresses: Addresses | None = None,
        node_file: NodeFile | None = None,
        secrets: Sequence[str] = (),
    ) -> None:
        self._secrets = secrets
        self._node_file = node_file
        self._clock = clock
        self._settings = settings
        self._registry = registry
        self._endpoint = endpoint
        self._factory = factory
        self._reactor = reactor
        self._addresses = addresses or Addresses(settings.public_url)
        self.listening = Listening(reactor, settings.trusted_proxy)
        self._ports: list[Any] = []
        self._starting: Deferred[None] | None = None
        self._watch: Any = None
        self.opened = False
        self.on_ready: Callable[[], object] = lambda: None

    def startService(self) -> None:
        """Open the rooms, then listen; a server that cannot do either ends."""
        super().startService()  # type: ignore[no-untyped-call]
        self._starting = Deferred.fromCoroutine(self._start())
        self._starting.addErrback(self._cannot_start)

    def stopService(self) -> Deferred[None]:
        """Commit every room, close every socket with 4010, within `STOP_S`."""
        super().stopService()  # type: ignore[no-untyped-call]
        stopping = Deferred.fromCoroutine(self._stop()).addTimeout(STOP_S, self._reactor)
        return stopping.addErrback(say_not_closed, STOP_S).addCallback(self._let_go)

    async def _start(self) -> None:
        try:
            await self._registry.start()
        except (StoreLocked, StoreUnavailable) as error:
            raise self._settings.error("store", str(error)) from None
        self.opened = True
        with usable(self._settings, "data"):
            say_other_store(self._settings.data, self._settings.store)
        await say_other_secret(self._registry.store, self._registry, self._secrets)
        for text in self._settings.listen:
            try:
                port = await self.listening.endpoint(text).listen(self._factory)
            except (CannotListenError, OSError) as error:
                raise self._settings.error("listen", cannot_listen(text, error)) from None
            hand_out_sockets(port)
            self._ports.append(port)
            self._addresses.add(text, port.getHost())
            log.info("listening at {place}", place=place_of(port.getHost()))
        self._factory.compress()
        await self._tell_address()
        self._watch = self._reactor.callLater(WATCH_S, self._watch_clock)
        awake = sum(1 for _ in self._registry.runners)
        say_what_is_served(len(self._registry.specs), awake, self._registry.sleeper.count)
        if self._node_file is not None and self._registry.leased.is_shared:
            say_node(self._node_file.name, self._settings.node_name)
        if aside := self._registry.aside.in_words():
            log.warn("{aside}", aside=aside)
        log.info("frames are read and written {way}", way=self._endpoint.watch.way)
        for url in self._addresses.urls:
            log.info("open {url}/", url=url)
        self.on_ready()

    async def _tell_address(self) -> None:
        """Tell other nodes the address of this one, which may be known only once it listens."""
        address = self._settings.node_address or next(iter(self._addresses.urls), "")
        about = {"release": __version__}
        if self._settings.node_name is not None:
            about["name"] = self._settings.node_name
        if address:
            with suppress(StoreUnavailable):
                await self._registry.known_as(address, **about)

    async def _stop(self) -> None:
        if self._starting is not None:
            self._starting.cancel()
        if self._watch is not None and self._watch.active():
            self._watch.cancel()
        await gatherResults([_stopped(port) for port in self._ports])
        if self.opened:
            rooms = Deferred.fromCoroutine(self._registry.stop()).addTimeout(COMMIT_S, self._reactor)
            rooms.addErrback(say_not_stored, self._registry.runners, COMMIT_S)
            await rooms
        self._endpoint.close_all(Close.GOING, "this server is stopping")
        # The close frames are written in the reactor's next pass.
        await _next_pass(self._reactor)

    def _watch_clock(self) -> None:
        """A step of the wall clock must neither fire timers nor stall them."""
        stepped_s = self._clock.adjust()
        if stepped_s:
            log.warn("the wall clock was stepped by {s} seconds; timers go on as before", s=round(stepped_s, 1))
            self._registry.shift(stepped_s)
        self._watch = self._reactor.callLater(WATCH_S, self._watch_clock)

    def _cannot_start(self, failure: Any) -> None:
        if not failure.check(Exception) or not self.running:
            return
        if failure.check(GameServerError):
            log.critical("the server cannot start: {reason}", reason=failure.getErrorMessage())
        else:
            log.failure("the server cannot start", failure)
        # After twistd, which removes its pid file, and would exit with status 0.
        atexit.register(end_process, 1)
        self._reactor.callWhenRunning(self._reactor.stop)

    def _let_go(self, _: object) -> None:
        if self._node_file is not None:
            self._node_file.close()


def end_process(status: int) -> None:
    """End the process at once with this exit status, after its output is flushed."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _stopped(port: Any) -> Deferred[Any]:
    stopped = port.stopListening()
    return stopped if isinstance(stopped, Deferred) else gatherResults([])


def _next_pass(reactor: Any) -> Deferred[None]:
    done: Deferred[None] = Deferred()
    reactor.callLater(0.05, done.callback, None)
    return done


def _fields(broken: Any) -> dict[str, str]:
    return {"name": broken.name, "place": broken.place, "error": broken.error}
