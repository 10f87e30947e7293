"""How the store that a setting names is made, and what its module is given for that."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from msgspec import Struct

from gameserver.interfaces import IBooks, ISleepStore, IStore, IUserStore
from gameserver.settings.settings import Settings
from gameserver.store.schemes import named_store


class StoreContext(Struct, frozen=True, kw_only=True):
    """
    What a server gives the ``make`` of a store's module.

    :ivar settings: all settings of the server; ``settings.error("store", text)`` makes the error to raise for an
        address that cannot be.
    :ivar address: what the setting ``store`` says: a URL with its scheme, or what follows the colon after a dotted
        path. Relative paths in it start at the working folder; make them absolute, since a daemon changes its folder.
    :ivar reactor: for connections, threads and timers; the store's Deferreds fire in its thread.
    :ivar node: the name of this node, which stays the same after a restart.
    :ivar secrets: the fingerprints of this node's secrets, that of the one that signs first, for a store that nodes
        share.
    """

    settings: Settings
    address: str
    reactor: Any
    node: str = ""
    secrets: Sequence[str] = ()


def make_store(settings: Settings, reactor: Any, *, node: str = "", secrets: Sequence[str] = ()) -> Any:
    """
    Make the store that the setting ``store`` names. It is not started yet.

    :param node: the name of this node, for a store that nodes share.
    :param secrets: the fingerprints of its secrets, the one that signs first.
    :returns: a store: it provides `IStore`, `ISleepStore`, `IUserStore` and `IBooks`, and `ILeases` if nodes can share
        it.
    :raises SettingError: the address is wrong, its module cannot be used, or what that made is no store.
    """
    try:
        named = named_store(settings.store)
    except ValueError as error:
        raise settings.error("store", f"expected {error}") from None
    try:
        # Imported only here: a store's module may import what the others do not need, as Redis's imports the reactor.
        make = import_module(named.module).make
    except (ImportError, AttributeError) as error:
        raise settings.error("store", f"{named.module} cannot be used: {error}") from error
    context = StoreContext(settings=settings, address=named.address, reactor=reactor, node=node, secrets=secrets)
    store = make(context)
    missing = [
        contract.__name__ for contract in (IStore, ISleepStore, IUserStore, IBooks) if not contract.providedBy(store)
    ]
    if missing:
        raise settings.error("store", f"{named.module} makes what does not provide {', '.join(missing)}")
    return store
