"""
From a method's signature to the schema of its data.

``def play(self, player, cell: Annotated[int, Meta(ge=0, le=8)])`` becomes a struct with one field, which decodes a
message's data strictly (no field is unknown, no type is guessed) and calls the method with it. A parameter that is a
`Player` travels as the id of a seat.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, get_type_hints

import msgspec
from msgspec import NODEFAULT, Raw, ValidationError
from msgspec import inspect as types

from gameserver.errors import GameDefinitionError, NotJSON, Refused
from gameserver.game.described import UNSAID
from gameserver.protocol import values
from gameserver.protocol.numerals import Wholes, fails_at_float, inside, kinds_in
from gameserver.room.seats import Player

if TYPE_CHECKING:
    from gameserver.room.room import Room

_UNUSUAL: Final = re.compile(rb'"\$|\\u0024|[0-9]{16}')
"""What needs a closer look: keys with ``$`` may wrap bytes, and long numbers are not the same in every client."""
_UNUSUAL_PACKED: Final = re.compile(
    rb"[\xcf\xd3\xc4-\xc9\xd4-\xd8]|\xca[\x7f\xff][\x80-\xff]|\xcb[\x7f\xff][\xf0-\xff]"
)
"""
The same in MessagePack: heads of long integers, bytes and extensions, and floats that are no numbers; some texts match
as well.
"""
_STRICT: Final = (
    *(types.StructType, types.StrType, types.BoolType, types.NoneType, types.CustomType, types.EnumType),
    *(types.LiteralType, types.UnionType, types.ListType, types.TupleType, types.VarTupleType),
)
_IMMUTABLE = (type(None), bool, int, float, str, bytes)


class Schema:
    """
    What a method takes.

    :param name: of the struct, for the JSON schema.
    :param function: the function itself, unbound.
    :param skip: how many leading parameters (``self``, the sender) are not data.
    :param defaults_only: every parameter needs a default, as a room's options do.
    :ivar returns: the function's return annotation, or `UNSAID`.
    :raises GameDefinitionError: the signature cannot be a schema.
    """

    def __init__(self, name: str, function: Callable[..., Any], skip: int, *, defaults_only: bool = False) -> None:
        self.name = name
        self._room: Room | None = None
        where = within_class(function)
        parameters = list(inspect.signature(function).parameters.values())
        skip = next((i for i, p in enumerate(parameters[:skip], 1) if p.kind is p.VAR_POSITIONAL), skip)
        self._taken = frozenset(p.name for p in parameters[:skip] if p.kind is p.POSITIONAL_OR_KEYWORD)
        parameters = parameters[skip:]
        named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        self.open = any(p.kind is p.VAR_KEYWORD for p in parameters)
        if rest := next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None):
            raise GameDefinitionError(f"{where}: *{rest} has no name on the wire; name each parameter.")
        if hidden := next((p.name for p in named if p.kind is p.POSITIONAL_ONLY), None):
            raise GameDefinitionError(f"{where}: {hidden!r} travels by its name; leave out the / behind it.")
        if defaults_only and any(p.default is p.empty for p in named):
            missing = next(p.name for p in named if p.default is p.empty)
            raise GameDefinitionError(f"{where}: the option {missing!r} needs a default: {missing}: ... = ...")
        self.fields = [p.name for p in named]
        self._defaults = {p.name: p.default for p in named if p.default is not p.empty}
        try:
            hints = get_type_hints(function, include_extras=True)
            self.returns = hints.get("return", UNSAID)
            self.struct = msgspec.defstruct(
                name, [_field(p, hints) for p in named], forbid_unknown_fields=not self.open, kw_only=True
            )
            self._decoder = msgspec.json.Decoder(self.struct, dec_hook=self._seat)
            self._unpacker = msgspec.msgpack.Decoder(self.struct, dec_hook=self._seat)
        except (TypeError, NameError) as error:
            said = str(error).replace(f"{function.__module__}.", "")  # types of the game's own
            raise GameDefinitionError(f"{where}: {said}") from error
        kinds = list(kinds_in(types.type_info(self.struct)))
        foreign = next((k.cls for k in kinds if isinstance(k, types.CustomType) and k.cls is not Player), None)
        if foreign is not None:
            raise GameDefinitionError(f"{where}: {foreign.__name__} is not a type that travels as JSON")
        # msgspec takes bytes from any base64 string; on the wire bytes and strings are told apart.
        self._simple = not self.open and not any(isinstance(kind, types.BytesType) for kind in kinds)
        # MessagePack may hold keys that are no texts, which JSON cannot, where nothing says what keys should be.
        self._exact = self._simple and not any(isinstance(k, (types.AnyType, types.DictType)) for k in kinds)
        self.seats = any(isinstance(kind, types.CustomType) for kind in kinds)
        self.seat_fields = tuple(one.name for one in _fields_of(self.struct) if _has_seat(one.type))
        self.bounded = not _holds_itself(types.type_info(self.struct), ())
        self._wholes = Wholes(self.struct)
        self._wholes_of: dict[type[msgspec.Struct], Wholes] = {}
        # For these types msgspec takes just what we do, whatever the text; a whole float (2.0) for an int comes the
        # slow way.
        self.strict = self._simple and all(isinstance(kind, _STRICT) for kind in kinds)
        values_ = ", ".join(f"{p.name}=s.{p.name}" if p.kind is p.KEYWORD_ONLY else f"s.{p.name}" for p in named)
        self._calls = f"lambda game, player, s: f(game, player, {values_})"
        self.decode_json: Callable[[Raw], Any] = self._decoder.decode
        # One call per signature, made once: a dict of arguments for each message would cost more than the decoding.
        self.arguments: Callable[[Any], dict[str, Any]] = eval(
            f"lambda s: {{{', '.join(f'{f!r}: s.{f}' for f in self.fields)}}}"
        )

    def decode(self, data: bytes | Raw, room: Room) -> dict[str, Any]:
        """
        :param data: one value as it came over the wire: `gameserver.protocol.values.Packed`, or else JSON.
        :param room: where seats are looked up.
        :returns: the arguments by name.
        :raises Refused: ``bad_data``, with the path.
        """
        packed = type(data) is values.Packed
        text = data if packed else bytes(data)
        if text == (b"\xc0" if packed else b"null"):
            text = values.Packed(b"\x80") if packed else b"{}"
        self._room = room
        try:
            try:
                if not packed and (self.strict or (self._simple and _UNUSUAL.search(text) is None)):
                    return self.arguments(self._decoder.decode(text))
                if packed and self._exact and _UNUSUAL_PACKED.search(text) is None:
                    return self.arguments(self._unpacker.decode(text))
            except ValidationError as error:
                if not fails_at_float(error):
                    raise
                return self._convert(self._wholes.taken(values.read(text)))
            return self._convert(values.read(text))
        except (ValidationError, NotJSON, RecursionError, UnicodeDecodeError, msgspec.DecodeError) as error:
            raise _bad_data(error) from None
        finally:
            self._room = None

    def calls(self, function: Callable[..., Any]) -> Callable[[Any, Any, Any], Any]:
        """
        :param function: the method whose schema this is.
        :returns: calls it with a game, a sender, and the struct of its data.
        """
        called: Callable[[Any, Any, Any], Any] = eval(self._calls, {"f": function})
        return called

    def caller(self, function: Callable[..., Any]) -> Callable[[Room, Player, Raw | bytes], Any]:
        """
        :param function: the method whose schema this is.
        :returns: calls it for a room and a sender with what a client sent; raises `Refused`, ``bad_data`` with the
            path, and whatever the method raises.
        """

        def check_and_call(room: Room, player: Player, data: Raw | bytes) -> Any:
            return function(room.game, player, **self.decode(data, room))

        return check_and_call

    def check(self, data: dict[str, Any]) -> dict[str, Any]:
        """
        Check a plain value, such as a room's options.

        :raises Refused: ``bad_data``, with the path.
        """
        try:
            return self._convert(data)
        except ValidationError as error:
            raise _bad_data(error) from None

    def fixed(self, room: Room, data: dict[str, Any], samples: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """
        Read the data of a move, of which some fields are open.

        :param data: as JSON; seats are ids.
        :param samples: by open field, values that it may have, all of which must fit.
        :returns: the fields that are not open, as `canonical` has them, defaults filled in.
        :raises Refused: ``bad_data``, with the path.
        """
        self._room = room
        try:
            if not samples:  # most moves are buttons; what is wrong with one is said below
                with suppress(ValidationError):
                    whole = msgspec.convert(data, self.struct, strict=True, dec_hook=self._seat, builtin_types=(bytes,))
                    return self._with_more(self.canonical(whole), data, samples)
            given = {**data, **{name: each[0] for name, each in samples.items() if each}}
            unknown = samples.keys() - self._names if not self.open else set()
            if (missing := self._required - given.keys() - samples.keys()) or unknown:
                wrong = min(missing or unknown)
                text = "misses the field" if missing else "leaves a field open that it has not:"
                raise ValidationError(f"It {text} `{wrong}`")
            read = self._part(given, self._loose)
            others = {name: list(each[1:]) for name, each in samples.items() if len(each) > 1}
            if others:
                self._part(others, self._lists)
        except ValidationError as error:
            raise _bad_data(error) from None
        finally:
            self._room = None
        fields = {**self._defaults, **{name: getattr(read, name) for name in given if name in self._names}}
        canonical = self.canonical({name: value for name, value in fields.items() if name not in samples})
        return self._with_more(canonical, data, samples)

    def _part(self, given: dict[str, Any], kind: type[msgspec.Struct]) -> Any:
        """:param kind: a struct of the fields that are given. :returns: one of it; whole floats are taken."""
        try:
            return msgspec.convert(given, kind, strict=True, dec_hook=self._seat, builtin_types=(bytes,))
        except ValidationError as error:
            if not (self._wholes.there and fails_at_float(error)):
                raise
            wholes = self._wholes_of.setdefault(kind, Wholes(kind))
            taken = wholes.taken(given)
            return msgspec.convert(taken, kind, strict=True, dec_hook=self._seat, builtin_types=(bytes,))

    def _with_more(self, fixed: dict[str, Any], data: dict[str, Any], samples: Mapping[str, Any]) -> dict[str, Any]:
        """:returns: the same, with all other fields where the method takes ``**more``."""
        if self.open:
            fixed.update((name, value) for name, value in data.items() if name not in self._names | samples.keys())
        return fixed

    def fit(self, all_data: list[Any]) -> bool:
        """
        :param all_data: of moves that leave nothing open.
        :returns: whether all of them surely fit; where it is False, ask `fixed` about each one.
        """
        if self.seats:
            return False
        try:
            msgspec.convert({"all": all_data}, self._many, strict=True, builtin_types=(bytes,))
        except ValidationError:
            return False
        return True

    def canonical(self, arguments: dict[str, Any] | msgspec.Struct) -> dict[str, Any]:
        """:returns: arguments as plain JSON, with ids of seats for players: the form in which two are compared."""
        plain: dict[str, Any] = msgspec.to_builtins(arguments, builtin_types=(bytes,), enc_hook=_id_of)
        return plain

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(self.fields)

    @cached_property
    def _many(self) -> Any:
        """
        A struct with a list of structs with the same fields, unknown to the garbage collector: it is thrown away at
        once.

        msgspec keeps what it knows of a struct's types; those of a bare list it would read anew each time.
        """
        hints = get_type_hints(self.struct, include_extras=True)
        fields: list[Any] = [
            (name, hints[name], None) if name in self._defaults else (name, hints[name]) for name in self.fields
        ]
        kind = msgspec.defstruct(self.name, fields, forbid_unknown_fields=not self.open, kw_only=True, gc=False)
        return msgspec.defstruct("Many", [("all", list[kind])], gc=False)  # type: ignore[valid-type]

    @cached_property
    def _required(self) -> frozenset[str]:
        return self._names - self._defaults.keys()

    @cached_property
    def _loose(self) -> type[msgspec.Struct]:
        """The same struct, of which any field may be missing."""
        return self._any_of(lambda hint: hint)

    @cached_property
    def _lists(self) -> type[msgspec.Struct]:
        """The same, with a list of values in place of each field's value."""
        return self._any_of(lambda hint: list[hint])  # type: ignore[valid-type]

    def _any_of(self, kind: Callable[[Any], Any]) -> type[msgspec.Struct]:
        """:param kind: makes the type of a field from its own. :returns: a struct of which any field may be missing."""
        hints = get_type_hints(self.struct, include_extras=True)
        return msgspec.defstruct(
            self.name,
            [(name, kind(hints[name]) | msgspec.UnsetType, msgspec.UNSET) for name in self.fields],
            forbid_unknown_fields=not self.open,
            kw_only=True,
        )

    def as_json(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """:returns: arguments that `check` gave, as plain JSON, defaults included."""
        plain: dict[str, Any] = values.plain(msgspec.to_builtins(arguments, builtin_types=(bytes,)))
        return plain

    def json_schema(self) -> dict[str, Any]:
        """:returns: a JSON schema, for forms and for documentation."""
        schema = msgspec.json.schema(self.struct, schema_hook=lambda kind: {"type": "string", "format": "seat"})
        properties = schema["$defs"][self.struct.__name__]["properties"]
        for name, default in self._defaults.items():
            # msgspec leaves out defaults that are made anew each time.
            properties[name].setdefault("default", msgspec.to_builtins(default))
        return schema

    def _convert(self, value: Any) -> dict[str, Any]:
        try:
            converted = self._strictly(value)
        except ValidationError as error:
            if not (self._wholes.there and fails_at_float(error)):
                raise
            converted = self._strictly(self._wholes.taken(value))
        arguments = self.arguments(converted)
        if self.open:
            arguments.update({k: v for k, v in value.items() if k not in arguments})
            if taken := self._taken & arguments.keys():  # Python has no two arguments of one name
                raise ValidationError(f"Object contains unknown field `{min(taken)}`")
        return arguments

    def _strictly(self, value: Any) -> Any:
        return msgspec.convert(
            value, self.struct, strict=True, dec_hook=self._seat, builtin_types=(bytes,), str_keys=True
        )

    def _seat(self, kind: type, value: Any) -> Any:
        if kind is not Player:
            raise NotImplementedError(f"{kind} is not a type that travels as JSON")
        player = self._room.seats.get(value) if self._room is not None and isinstance(value, str) else None
        if player is None:
            raise ValueError("no such seat in this room")
        return player


def _id_of(value: Any) -> str:
    if isinstance(value, Player):
        return value.id
    raise NotImplementedError(f"{type(value)} is not a type that travels as JSON")


def within_class(function: Callable[..., Any]) -> str:
    """:returns: how an author names a method: ``TicTacToe.play``."""
    return function.__qualname__.rpartition("<locals>.")[2]


def _field(parameter: inspect.Parameter, hints: dict[str, Any]) -> tuple[str, Any, Any]:
    kind = hints.get(parameter.name, Any)
    default = parameter.default
    if default is parameter.empty:
        return parameter.name, kind, NODEFAULT
    if not isinstance(default, _IMMUTABLE):
        return parameter.name, kind, msgspec.field(default_factory=lambda: copy.deepcopy(default))
    return parameter.name, kind, default


def _holds_itself(kind: types.Type, within: tuple[types.Type, ...]) -> bool:
    """Return whether values of a type may be nested without limit."""
    if any(kind is outer for outer in within):
        return True
    return any(_holds_itself(inner, (*within, kind)) for inner in inside(kind))


def _fields_of(struct: type[msgspec.Struct]) -> tuple[types.Field, ...]:
    found = types.type_info(struct)
    return found.fields if isinstance(found, types.StructType) else ()


def _has_seat(kind: types.Type) -> bool:
    return any(isinstance(one, types.CustomType) for one in kinds_in(kind))


def _bad_data(error: Exception) -> Refused:
    text, _, path = str(error).partition(" - at ")
    of_key, _, path = path.rpartition("`$")  # of a key, msgspec says: at `key` in `$.v`
    return Refused(f"{text} for a key" if of_key else text, code="bad_data", path=f"${path.rstrip('`')}")
