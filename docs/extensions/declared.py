"""
Lists made from what the code declares, so that no page can differ from it.

``.. error-codes::`` lists `gameserver.errors.CODES`; ``.. server-settings:: [TABLE]`` the settings of
`gameserver.settings`, of one of its tables where that is named.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util.docutils import SphinxDirective

from gameserver import errors, settings
from gameserver.errors import CODES, PASSING
from gameserver.settings import LISTS, PREFIX, TABLES, Settings


class Declared(SphinxDirective):
    """A list or table; subclasses write it as reStructuredText."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """:returns: what the text says."""
        for module in (errors, settings):
            self.env.note_dependency(str(module.__file__))
        source, _ = self.get_source_info()
        holder = nodes.Element()
        self.state.nested_parse(StringList(list(self.lines()), source), self.content_offset, holder)
        return list(holder.children)

    def lines(self) -> Iterable[str]:
        """:returns: lines of reStructuredText."""
        raise NotImplementedError


class ErrorCodes(Declared):
    """A table of each code with the text that stands beside it."""

    def lines(self) -> Iterator[str]:
        """:returns: code, text, and whether it passes."""
        yield from (".. list-table::", "   :header-rows: 1", "")
        yield from ("   * - code", "     - text, unless it says more", "     - the same request may be sent again")
        for code, text in CODES.items():
            yield from (f"   * - ``{code}``", f"     - {text}", f"     - {'yes' if code in PASSING else ''}")


class ServerSettings(Declared):
    """Each setting with what its class says of it, its default, and its name in the environment."""

    def lines(self) -> Iterator[str]:
        """:returns: a definition list."""
        table = self.arguments[0] if self.arguments else ""
        kind = TABLES[table] if table else Settings
        told = sentences(kind)
        for field in fields(kind):
            if "read" in field.metadata:
                key = f"{table}.{field.name}" if table else field.name
                variable = PREFIX + key.upper().replace(".", "_")
                text = told[field.name]
                yield from (f"``{field.name}``", f"    {text[0].upper()}{text[1:]}", "")
                listed = "A list. " if key in LISTS else ""
                yield from (f"    {listed}Default: {default_of(field)}. In the environment: ``{variable}``.", "")


def sentences(kind: type) -> dict[str, str]:
    """:returns: the ``:param`` entries of a class's docstring by name."""
    entries = re.split(r"^:param (\w+): ", inspect.getdoc(kind) or "", flags=re.MULTILINE)[1:]
    return {name: " ".join(text.split()) for name, text in zip(entries[::2], entries[1::2], strict=True)}


def default_of(field: Field[Any]) -> str:
    """:returns: a default as an operator would write it."""
    if field.name == "hash_threads":
        return "processors - 1, at most 4"  # what it is here is this machine's
    value = field.default_factory() if field.default_factory is not MISSING else field.default
    if value is None or value in ("", ()):
        return "none"
    if isinstance(value, bool):
        return f"``{str(value).lower()}``"
    if isinstance(value, tuple | list):
        return ", ".join(f"``{item}``" for item in value)
    return f"``{value:g}``" if isinstance(value, float) else f"``{Path(value) if isinstance(value, Path) else value}``"


def setup(app: Any) -> dict[str, Any]:
    """Called by Sphinx."""
    app.add_directive("error-codes", ErrorCodes)
    app.add_directive("server-settings", ServerSettings)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
