"""
Which stores there are: how the setting ``store`` may begin, and the module that makes such a store.

A module's ``make`` is called with a `gameserver.store.context.StoreContext`, and returns the store. Installed packages
add schemes: an entry point in the group ``gameserver.stores``, with the scheme as its name and the module as its value.
Any other module is named by its dotted path.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

ENTRY_POINTS: Final = "gameserver.stores"
"""The group of entry points in which packages offer stores."""

OWN: Final = {
    "sqlite:": "gameserver.store.sqlite.store",
    "memory:": "gameserver.store.memory.store",
    "redis://": "gameserver.store.redis.store",
    "rediss://": "gameserver.store.redis.store",
    "redis+unix://": "gameserver.store.redis.store",
    "redis+sentinel://": "gameserver.store.redis.store",
}
"""How addresses of this package's own stores begin, each with its module; no other package can take their schemes."""

_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")


class NamedStore(Struct, frozen=True):
    """
    What one value of the setting ``store`` names.

    :ivar module: the full name of the module whose ``make`` makes the store.
    :ivar address: what ``make`` is given: the whole value, or what follows the colon after a dotted path.
    """

    module: str
    address: str


def named_store(value: str) -> NamedStore:
    """
    Say which store a value of the setting ``store`` names. Nothing is imported for it.

    :param value: ``SCHEME:REST`` or ``DOTTED.PATH:REST``.
    :raises ValueError: it names no store, or several packages offer its scheme; the text says what is expected.
    """
    for begin, module in OWN.items():
        if value.startswith(begin):
            return NamedStore(module, value)
    kind, colon, rest = value.partition(":")
    if colon and _DOTTED.fullmatch(kind):
        return NamedStore(kind, rest)
    offers = _offers()
    modules = offers.get(kind, ()) if colon else ()
    if len(modules) > 1:
        raise ValueError(f"one package that offers {kind}:, of {' and '.join(modules)}")
    if not modules:
        known = ", ".join([*OWN, *(f"{scheme}:" for scheme in sorted(offers))])
        raise ValueError(f"{known}, or the dotted path of a module and a colon")
    return NamedStore(modules[0], value)


def _offers() -> dict[str, list[str]]:
    """:returns: the modules that installed packages offer, by scheme; several for one are the operator's mistake."""
    from importlib.metadata import entry_points  # imported here, since it imports much that our own stores do not need

    own = {begin.partition(":")[0] for begin in OWN}
    offers: dict[str, set[str]] = {}
    for point in entry_points(group=ENTRY_POINTS):
        if point.name not in own:
            offers.setdefault(point.name, set()).add(point.value)
    return {scheme: sorted(modules) for scheme, modules in offers.items()}
