"""
How much the parts of the package know of one another; ``python benchmarks/coupling.py`` prints it.

It counts the files that one committed ``send`` enters and how often it goes from one file to another; cycles of imports
(those for types alone count too); the slots of `Room` and those that are assigned from outside its folder; and long
files.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import gameserver
from gameserver import Game, Player, message
from gameserver.room.room import Room
from gameserver.testing import Table

PACKAGE = Path(gameserver.__file__).parent
LONG = 400
"""Lines of a file that is read at one sitting."""
FILES, CHANGES = 18, 30
"""So many files a committed ``send`` enters at most, and so often it goes from one to another."""
CYCLE, SLOTS = 6, 20
"""So many modules a cycle of imports has at most, and so many slots `Room`."""


class Counter(Game):
    """A game whose state one message changes."""

    def on_create(self) -> None:
        self.state = {"n": 0}

    @message
    def count(self, player: Player) -> None:
        """One more."""
        self.state["n"] += 1


def way_of_a_message() -> tuple[int, int]:
    """
    :returns: how many files of the package one committed ``send`` enters, and how often it changes file: in the form in
        which our clients send it, with the room, and within a pass of the reactor, as behind a socket. What the test
        kit does as the client, or asks while it waits, is none of it.
    """
    table = Table(Counter)
    ann = table.join("Ann")
    reactor_pass = table.services.registry.reactor_pass

    def send() -> None:
        reactor_pass.begin()
        asked = ann.ask("send", type="count", data={}, room=table.code)
        reactor_pass.end()
        table.settle()
        assert asked is None or asked.called

    send()
    way: list[str] = []

    def enter(frame: FrameType, event: str, _: Any) -> None:
        name = frame.f_code.co_filename
        if event == "call" and _is_servers(name) and (not way or way[-1] != name) and not _is_kits(frame):
            way.append(name)

    sys.setprofile(enter)
    try:
        send()
    finally:
        sys.setprofile(None)
    return len(set(way)), len(way) - 1


def _is_servers(name: str) -> bool:
    return name.startswith(str(PACKAGE)) and "/testing/" not in name


def _is_kits(frame: FrameType) -> bool:
    """Whether the test kit, and not the server, came to call this; but where it hands over what a client sent."""
    above: FrameType | None = frame
    while above is not None and _is_servers(above.f_code.co_filename):
        if above.f_code.co_name == "receive":
            return False
        above = above.f_back
    return above is not None and "/testing/" in above.f_code.co_filename


def imports() -> dict[str, set[str]]:
    """:returns: which modules each module of the package imports, wherever in it, and be it for types alone."""
    paths = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in sources()}
    known = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    found: dict[str, set[str]] = {}
    for name, path in known.items():
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                full = [f"{node.module}.{alias.name}" for alias in node.names]
                found[name] |= {one if one in known else node.module for one in full} & known.keys()
            elif isinstance(node, ast.Import):
                found[name] |= {alias.name for alias in node.names} & known.keys()
        found[name].discard(name)
    return found


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """:returns: the strongly connected parts of a graph that have more than one member, largest first (Tarjan)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    parts: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            part = []
            while not part or part[-1] != node:
                part.append(stack.pop())
            parts.append(sorted(part))

    for node in graph:
        if node not in index:
            visit(node)
    return sorted((part for part in parts if len(part) > 1), key=len, reverse=True)


def slots_of_room() -> set[str]:
    """:returns: the slots of `Room`, with those that it inherits."""
    return {slot for cls in Room.__mro__ for slot in getattr(cls, "__slots__", ())}


def assigned_outside() -> set[str]:
    """:returns: slots of `Room` that files outside ``room/`` assign, and how those in it besides ``room.py`` do."""
    slots, found = slots_of_room(), set()
    for path in sources():
        if path in (PACKAGE / "room" / "room.py", PACKAGE / "room" / "core.py"):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                if (
                    isinstance(target, ast.Attribute)
                    and target.attr in slots
                    and ast.unparse(target.value).endswith("room")
                ):
                    found.add(target.attr)
    return found


def length(path: Path) -> int:
    """:returns: how many lines a file has."""
    return len(path.read_text("utf-8").splitlines())


def sources() -> Iterator[Path]:
    """:returns: the files of the package."""
    return (path for path in sorted(PACKAGE.rglob("*.py")) if "_games" not in path.parts)


def main() -> int:
    """Print it all."""
    files, changes = way_of_a_message()
    lines = {path: length(path) for path in sources()}
    parts = cycles(imports())
    across = [part for part in parts if len({name.rpartition(".")[0] for name in part}) > 1]
    print(f"one committed send: {files} files, {changes} changes of file")
    print(f"cycles with types: {[len(part) for part in parts]}; across folders: {len(across)}")
    print(f"slots of Room: {len(slots_of_room())}; assigned from other files: {sorted(assigned_outside())}")
    print(f"lines: {sum(lines.values())}")
    for path, count in lines.items():
        if count > LONG:
            print(f"  {count} {path.relative_to(PACKAGE)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
