"""
What a game says of what it sends: replies, events and documents, as JSON schemas for whoever writes a client.

Replies are what methods say that they return, the room's document is what ``state`` is annotated with. These were there
before anybody read them, for an author's own checker of types: what cannot be found while the game runs, or is no JSON,
is left out. ``events`` and ``docs`` are said to clients alone, and must be right.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Awaitable, Coroutine
from types import SimpleNamespace
from typing import Any, Final, get_args, get_origin, get_type_hints

import msgspec
from twisted.internet.defer import Deferred

from gameserver.errors import GameDefinitionError
from gameserver.game.settings import GameSettings

JsonSchema = dict[str, Any]

UNSAID: Final = object()
"""What a method returns that says nothing of it."""
NULL: Final[JsonSchema] = {"type": "null"}
_GROUP: Final = re.compile(r"group:(?:[A-Za-z0-9_-]{1,32}|\*)")
_DEFS: Final = "#/$defs/"


def reply_schema(returns: Any) -> JsonSchema | None:
    """
    :param returns: what a method is annotated to return, or `UNSAID`.
    :returns: the schema of the reply, or None where nobody can tell.
    """
    if get_origin(returns) in (Deferred, Awaitable, Coroutine):
        returns = get_args(returns)[-1]
    if returns is UNSAID:
        return None
    return _schema(returns)


def event_schemas(cls: type[GameSettings]) -> dict[str, JsonSchema]:
    """
    :returns: by their types, the events that ``events`` declares.
    :raises GameDefinitionError: one cannot travel as JSON.
    """
    return {name: _declared(cls, "events", name, kind) for name, kind in cls.events.items()}


def document_schemas(cls: type[GameSettings]) -> dict[str, JsonSchema]:
    """
    :returns: by their streams, the documents that clients have, as ``state`` and ``docs`` tell.
    :raises GameDefinitionError: one of ``docs`` is no stream, or cannot travel as JSON.
    """
    state = _annotation(cls, "state")
    found = _schema(state) if state not in (UNSAID, Any) else None
    schemas = {} if found is None else {"room": found}
    streams = {"room", "seat", "role:player", *(f"role:{role}" for role in cls.roles)}
    for stream, kind in cls.docs.items():
        if stream not in streams and _GROUP.fullmatch(stream) is None:
            raise GameDefinitionError(
                f"{cls.__name__}.docs: {stream!r} is nobody's document; one of {', '.join(sorted(streams))}, "
                f"group:NAME, or group:* for all groups."
            )
        schemas[stream] = _declared(cls, "docs", stream, kind)
    return schemas


def inlined(schema: JsonSchema) -> JsonSchema:
    """
    Put what a ``$ref`` refers to in its place, for readers that do not follow one.

    :returns: the schema; what holds itself keeps its reference, and ``$defs`` has it.
    """
    definitions = schema.get("$defs", {})
    needed: dict[str, None] = {}

    def replaced(node: Any, within: tuple[str, ...]) -> Any:
        if isinstance(node, list):
            return [replaced(item, within) for item in node]
        if not isinstance(node, dict):
            return node
        name = str(node.get("$ref", "")).removeprefix(_DEFS)
        rest = {key: replaced(item, within) for key, item in node.items() if key not in ("$ref", "$defs")}
        if name not in definitions:
            return rest
        if name in within:
            needed[name] = None
            return {"$ref": node["$ref"], **rest}
        return {**replaced(definitions[name], (*within, name)), **rest}

    found: JsonSchema = replaced(schema, ())
    kept: JsonSchema = {}
    while missing := [name for name in needed if name not in kept]:
        kept.update((name, replaced(definitions[name], (name,))) for name in missing)
    return {**found, "$defs": kept} if kept else found


def _declared(cls: type[GameSettings], setting: str, name: str, kind: Any) -> JsonSchema:
    try:
        return msgspec.json.schema(kind)
    except (TypeError, NameError) as error:
        raise GameDefinitionError(f"{cls.__name__}.{setting}[{name!r}]: {error}") from error


def _schema(kind: Any) -> JsonSchema | None:
    try:
        return msgspec.json.schema(kind)
    except (TypeError, NameError):
        return None


def _annotation(cls: type[GameSettings], name: str) -> Any:
    """:returns: what an attribute is annotated with, in the class that does so last; `UNSAID`: nobody can tell."""
    try:
        for base in cls.__mro__:
            said = inspect.get_annotations(base)
            if name in said:
                holder = SimpleNamespace(__annotations__={name: said[name]})
                module = vars(sys.modules[base.__module__])
                return get_type_hints(holder, module, dict(vars(base)), include_extras=True)[name]
    except (TypeError, NameError, AttributeError, SyntaxError, LookupError):
        pass  # it is for a checker of types alone
    return UNSAID
