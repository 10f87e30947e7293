"""
Reads every import of the package, and keeps the map true.

Imports run downward only, in no large circle, each third-party library has one door, and the rules know neither network
nor clock nor I/O. An import counts wherever it stands: at the top, in a function, or for types alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import gameserver

PACKAGE = Path(gameserver.__file__).parent

LAYERS = ("words", "rules", "face", "clock", "adapters", "web", "roots")
"""From the bottom up; a module imports its own layer and those below. The face is what a game's author imports."""

PLACES = {
    "gameserver": "face",
    "gameserver.errors": "words",
    "gameserver.files": "words",
    "gameserver.settings": "words",
    "gameserver.interfaces": "words",
    "gameserver.rates": "words",
    "gameserver.protocol": "words",
    "gameserver.store.keys": "words",
    "gameserver.store.schemes": "words",
    "gameserver.room.effects": "words",
    "gameserver.game": "rules",
    "gameserver.room": "rules",
    "gameserver.node": "rules",
    "gameserver.clock": "clock",
    "gameserver.websocket": "adapters",
    "gameserver.store": "adapters",
    "gameserver.cluster": "adapters",
    "gameserver.auth": "adapters",
    "gameserver.bots": "adapters",
    "gameserver.django": "web",
    "gameserver.web": "web",
    "gameserver.service": "roots",
    "gameserver.tap": "roots",
    "gameserver.cli": "roots",
    "gameserver.collecting": "roots",
    "gameserver.operating": "roots",
    "gameserver.hangup": "roots",
    "gameserver.guard": "roots",
    "gameserver.client": "roots",
    "gameserver.testing": "roots",
}
"""Module or package to its layer; the longest name that fits counts."""

DOORS = {
    "autobahn": ("gameserver.websocket", "gameserver.client.dial"),
    "txaio": ("gameserver.websocket", "gameserver.client.dial"),
    "txredisapi": ("gameserver.store.redis.connection",),
    "apscheduler": ("gameserver.clock",),
    "tzlocal": ("gameserver.clock",),
    "twisted.internet.reactor": ("gameserver.tap", "gameserver.cli"),
    "klein": ("gameserver.web", "gameserver.service"),
    "twisted.web": ("gameserver.web", "gameserver.service", "gameserver.auth.fetch"),
    "argon2": ("gameserver.auth.hashing",),
    "cryptography": ("gameserver.auth.tickets", "gameserver.auth.jwt_keys", "gameserver.web.certificates"),
    "prometheus_client": ("gameserver.web.metrics",),
    "jwt": ("gameserver.auth.jwt", "gameserver.auth.jwt_keys"),
    "django": ("gameserver.auth.django", "gameserver.auth.django_app", "gameserver.django"),
    "sqlite3": ("gameserver.store.sqlite.file",),
    "zstandard": ("gameserver.store.compression", "gameserver.web.compressing"),
    "brotli": ("gameserver.web.compressing",),
}
"""What is imported in one place only, and where."""

NOT_IN_RULES = ("twisted.internet", "time", "socket", "os", "threading", "asyncio", "subprocess", "select", "selectors")
YET_IN_RULES = ("twisted.internet.defer", "twisted.internet.interfaces")
"""The rules wait for Deferreds, and name the reactor's interfaces as types."""


def inside(name: str, package: str) -> bool:
    """Say whether a dotted name is a package's, or in it."""
    return name == package or name.startswith(f"{package}.")


def imports_of(source: str, module: str, *, package: bool = False) -> Iterator[str]:
    """Give the full name of everything that a module imports: ``from a import b`` is ``a.b``."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".") if package else module.split(".")[:-1]
            around = parts[: len(parts) - node.level + 1] if node.level else []
            base = ".".join([*around, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


@cache
def modules() -> dict[str, list[str]]:
    """Read the package: each module's name to what it imports."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
        if "_games" in parts:
            continue
        package = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if package else parts)
        found[name] = list(imports_of(path.read_text("utf-8"), name, package=package))
    return found


def place_of(module: str) -> str:
    """Give the longest name in `PLACES` that fits."""
    fits = [place for place in PLACES if inside(module, place) and (place != "gameserver" or module == place)]
    return max(fits, key=len, default="")


def module_of(imported: str, known: dict[str, list[str]]) -> str:
    """Give the module that an imported name is, or is in: ``gameserver.errors.Refused`` is in ``gameserver.errors``."""
    while imported not in known and "." in imported:
        imported = imported.rpartition(".")[0]
    return imported


def faults(known: dict[str, list[str]]) -> list[str]:
    """List what breaks the rules of layers and adapters."""
    found = []
    for module, imports in known.items():
        place = place_of(module)
        for target in sorted({module_of(item, known) for item in imports if inside(item, "gameserver")} - {module}):
            other = place_of(target)
            if not other or not place:
                continue
            here, there = LAYERS.index(PLACES[place]), LAYERS.index(PLACES[other])
            if there > here:
                found.append(f"{module} ({PLACES[place]}) imports {target} ({PLACES[other]})")
            elif PLACES[place] == PLACES[other] == "adapters" and place != other:
                found.append(f"{module} imports {target}, another adapter")
    return found


def at_wrong_door(known: dict[str, list[str]]) -> list[str]:
    """List imports of third-party libraries elsewhere than at their door."""
    return [
        f"{module} imports {item}; the door is {' and '.join(doors)}"
        for library, doors in DOORS.items()
        for module, imports in known.items()
        for item in imports
        if inside(item, library) and not any(inside(module, door) for door in doors)
    ]


def impure(known: dict[str, list[str]]) -> list[str]:
    """List what the rules import of network, clock and I/O; the game loader reads files, which is what it is for."""
    return [
        f"{module} imports {item}"
        for module, imports in known.items()
        if any(inside(module, package) for package in ("gameserver.game", "gameserver.room", "gameserver.node"))
        for item in imports
        if any(inside(item, name) for name in NOT_IN_RULES) and not any(inside(item, name) for name in YET_IN_RULES)
    ]


MOST_IN_CIRCLE = 6
"""So many modules of one folder may know each other."""


def graph_of(known: dict[str, list[str]]) -> dict[str, set[str]]:
    """Give the modules of the package that each of them imports."""
    own = {name: {module_of(item, known) for item in imports if inside(item, "gameserver")} - {name}
           for name, imports in known.items()}  # fmt: skip
    return {name: found & known.keys() for name, found in own.items()}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Give the groups of modules that all lead to each other, the largest first; Tarjan's algorithm."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            place = stack.index(node)
            found.append(sorted(stack[place:]))
            del stack[place:]

    for node in graph:
        if node not in index:
            visit(node)
    return sorted((group for group in found if len(group) > 1), key=len, reverse=True)


def too_close(known: dict[str, list[str]]) -> list[str]:
    """List the circles that have more modules than may be, or lead through several folders."""
    return [
        f"{len(group)} modules know each other: {', '.join(group)}"
        for group in circles(graph_of(known))
        if len(group) > MOST_IN_CIRCLE or len({module.rpartition(".")[0] for module in group}) > 1
    ]


class PackageTests(SynchronousTestCase):
    """The package as it is."""

    def setUp(self) -> None:
        self.known = modules()

    def test_every_module_has_a_place(self) -> None:
        """A new module is put on the map, in `PLACES`, before it is used."""
        self.assertEqual([module for module in self.known if not place_of(module)], [])

    def test_imports_run_downward(self) -> None:
        """No module imports a layer above its own, no adapter another."""
        self.assertEqual(faults(self.known), [])

    def test_one_door_for_each_library(self) -> None:
        """Who wants a library goes through the module that wraps it."""
        self.assertEqual(at_wrong_door(self.known), [])

    def test_rules_are_pure(self) -> None:
        """A room is run without network, clock and I/O."""
        self.assertEqual(impure(self.known), [])

    def test_no_large_circles(self) -> None:
        """Few modules know each other, and only in one folder, types included: each can be read without the others."""
        self.assertEqual(too_close(self.known), [])

    def test_words_inside_packages_cost_nothing(self) -> None:
        """Packages that hold words import nothing themselves, or whoever reads the words would load an adapter."""
        for package in ("gameserver.protocol", "gameserver.store"):
            self.assertEqual(self.known.get(package, []), [], package)

    def test_plugin_is_light(self) -> None:
        """Every twistd on the machine loads the plugin; it imports nothing of ours."""
        plugin = PACKAGE.parent / "twisted" / "plugins" / "gameserver_plugin.py"
        imports = list(imports_of(plugin.read_text("utf-8"), "gameserver_plugin"))
        self.assertEqual(imports, ["twisted.application.service.ServiceMaker"])


class RuleTests(SynchronousTestCase):
    """The rules find what they are for, on packages made up here."""

    def test_imports_of(self) -> None:
        """Every form of import is seen, also those in functions and for types."""
        source = """
import a.b, c
from d import e as f
from . import g
from ..h import i
if TYPE_CHECKING:
    from j import k
def late():
    import l
"""
        found = sorted(imports_of(source, "gameserver.room.room"))
        self.assertEqual(found, ["a.b", "c", "d.e", "gameserver.h.i", "gameserver.room.g", "j.k", "l"])
        self.assertEqual(list(imports_of("from . import g", "gameserver.room", package=True)), ["gameserver.room.g"])

    def test_upward(self) -> None:
        """An import upward is found, one downward is not."""
        known = {
            "gameserver.errors": [],
            "gameserver.room.room": ["gameserver.errors.Refused", "gameserver.websocket.session.Session"],
            "gameserver.websocket.session": ["gameserver.room.room.Room", "gameserver.protocol.json_codec"],
            "gameserver.protocol.json_codec": [],
        }
        self.assertEqual(
            faults(known), ["gameserver.room.room (rules) imports gameserver.websocket.session (adapters)"]
        )

    def test_circles(self) -> None:
        """A circle is found however long its way is; what hangs on it is none of it."""
        graph = {"a": {"b"}, "b": {"c", "d"}, "c": {"a"}, "d": {"e"}, "e": set(), "f": {"g", "a"}, "g": {"f"}}
        self.assertEqual(circles(graph), [["a", "b", "c"], ["f", "g"]])

    def test_too_close(self) -> None:
        """Two folders in a circle are one too many; in one folder a few modules may be."""
        known = {
            "gameserver.room.room": ["gameserver.room.bots.seats.Bots"],
            "gameserver.room.bots.seats": ["gameserver.room.room.Room"],
            "gameserver.room.groups": ["gameserver.room.teams.Team"],
            "gameserver.room.teams": ["gameserver.room.groups.Group"],
        }
        self.assertEqual(
            too_close(known), ["2 modules know each other: gameserver.room.bots.seats, gameserver.room.room"]
        )
        long = {f"gameserver.room.m{n}": [f"gameserver.room.m{(n + 1) % 7}.X"] for n in range(7)}
        self.assertEqual([fault[:9] for fault in too_close(long)], ["7 modules"])

    def test_words_inside_adapters(self) -> None:
        """The rules may name the wire's messages, which are words."""
        known = {
            "gameserver.protocol.messages": ["gameserver.store.keys.X"],
            "gameserver.room.room": ["gameserver.protocol.messages.Hello"],
            "gameserver.store.keys": [],
        }
        self.assertEqual(faults(known), [])

    def test_adapters_apart(self) -> None:
        """An adapter that imports another is found."""
        known = {"gameserver.auth.tokens": ["gameserver.store.sqlite.store.Store"], "gameserver.store.sqlite.store": []}
        self.assertEqual(
            faults(known), ["gameserver.auth.tokens imports gameserver.store.sqlite.store, another adapter"]
        )

    def test_doors(self) -> None:
        """The reactor is found in every spelling, and other parts of Twisted are free."""
        known = {
            "gameserver.clock": [
                "twisted.internet.reactor",
                "twisted.internet.task.Clock",
                "apscheduler.triggers.cron",
            ],
            "gameserver.tap": ["twisted.internet.reactor"],
            "gameserver.websocket.protocol": ["autobahn.twisted.websocket.X", "klein.Klein"],
        }
        found = at_wrong_door(known)
        self.assertEqual(
            [fault.partition(";")[0] for fault in found],
            ["gameserver.clock imports twisted.internet.reactor", "gameserver.websocket.protocol imports klein.Klein"],
        )

    def test_purity(self) -> None:
        """Rules may wait for Deferreds, and nothing else of the network."""
        known = {
            "gameserver.room.room": ["twisted.internet.defer.Deferred", "twisted.internet.task", "time.monotonic"],
            "gameserver.clock": ["time"],
            "gameserver.game.game": ["timeit"],
        }
        self.assertEqual(
            impure(known),
            [f"gameserver.room.room imports {item}" for item in ("twisted.internet.task", "time.monotonic")],
        )
