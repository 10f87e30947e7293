"""
What a game declares about what it sends: replies, events and documents, as JSON schemas for whoever writes a client.

The schema of a reply comes from the return annotation of its method, that of the room's document from the annotation of
``state``. Authors may write these for their type checker alone: an annotation that cannot be evaluated, or is not JSON,
is left out. ``events`` and ``docs`` are declared for clients alone, and must be right.
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
"""In place of an annotation that is not there."""
NULL: Final[JsonSchema] = {"type": "null"}
_GROUP: Final = re.compile(r"group:(?:[A-Za-z0-9_-]{1,32}|\*)")
_DEFS: Final = "#/$defs/"


def reply_schema(returns: Any) -> JsonSchema | None:
    """
    :param returns: what a method is annotated to return, or `UNSAID`.
    :returns: the schema of the reply, or None where it is not known.
    """
    if get_origin(returns) in (Deferred, Awaitable, Coroutine):
        returns = get_args(returns)[-1]
    if returns is UNSAID:
        return None
    return _schema(returns)


def event_schemas(cls: type[GameSettings]) -> dict[str, JsonSchema]:
    """
    :returns: the JSON schemas of the events that ``events`` declares, by type.
    :raises GameDefinitionError: one cannot travel as JSON.
    """
    return {name: _declared(cls, "events", name, kind) for name, kind in cls.events.items()}


def document_schemas(cls: type[GameSettings]) -> dict[str, JsonSchema]:
    """
    :returns: the JSON schemas of the documents that clients have, by stream, from ``state`` and ``docs``.
    :raises GameDefinitionError: a key of ``docs`` is no stream, or its type cannot travel as JSON.
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

    :returns: the schema; a type that contains itself keeps its reference, and stands in ``$defs``.
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
    """:returns: an attribute's annotation, of the first class of the MRO that has one; `UNSAID`: there is none."""
    try:
        for base in cls.__mro__:
            said = inspect.get_annotations(base)
            if name in said:
                holder = SimpleNamespace(__annotations__={name: said[name]})
                module = vars(sys.modules[base.__module__])
                return get_type_hints(holder, module, dict(vars(base)), include_extras=True)[name]
    except (TypeError, NameError, AttributeError, SyntaxError, LookupError):
        pass  # it may be meant for a type checker alone
    return UNSAID
