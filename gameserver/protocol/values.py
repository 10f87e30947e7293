"""
What a JSON value is here, how it is copied, and how it becomes bytes.

A value is a dict with str keys, a list, str, int, float, bool, None or bytes. Whatever a game puts into a document,
an event or a reply passes through `plain`, which copies it or says what cannot be kept and where. In JSON, bytes are
``{"$bytes": base64}``; so that no real key is mistaken for that, a key that starts with ``$`` is written with a
second one (``$x`` as ``$$x``).

Values without bytes and without such keys, nearly all, go to msgspec as they are: `has_special` tells.
"""

from __future__ import annotations

from binascii import Error as Base64Error
from binascii import a2b_base64, b2a_base64
from collections.abc import Awaitable, Iterable, Mapping
from enum import Enum
from math import isfinite
from numbers import Number
from typing import Any, Final

import msgspec

from gameserver.errors import NotJSON
from gameserver.protocol.numerals import with_floats

MAX_DEPTH: Final = 32
"""The most containers inside one another; clients refuse deeper text, and so does the wire."""

MAX_INT: Final = 2**53
"""Beyond this JavaScript's numbers skip integers. Source: RFC 8259 section 6."""

_WRAPPED_DEPTH: Final = 2 * MAX_DEPTH
"""A row or a frame wraps documents in a few containers of its own."""

_BYTES: Final = "$bytes"

_NEVER_SPECIAL: Final = frozenset((str, int, float, bool, type(None)))

Path = tuple[str | int, ...]


class Packed(bytes):
    """One value as MessagePack, where it stands beside others that are JSON."""

    __slots__ = ()


class _Unfit(Exception):
    """A value is refused; on its way up, each container adds the key that led to it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        self.keys: list[str | int] = []

    def refusal(self, path: Path = ()) -> NotJSON:
        """Return the error that callers know, with the whole path."""
        return NotJSON(self.reason, (*path, *reversed(self.keys)))


def is_scalar(value: Any) -> bool:
    """
    Tell whether a value is str, int, float, bool or None, exactly, and may stand in JSON as it is.

    :returns: False as well for what `plain` would accept after a look: bytes, containers, subclasses.
    """
    kind = type(value)
    if kind is int:
        fits: bool = -MAX_INT <= value <= MAX_INT
        return fits
    if kind is str:
        return value.isascii() or _encodable(value)
    if kind is float:
        return isfinite(value)
    return kind is bool or value is None


def plain(value: Any, path: Path = ()) -> Any:
    """
    Copy a value to plain dicts, lists and scalars; tuples become lists.

    :param path: the keys and indexes that lead from the root to where the value is to stand. It goes before the path
        in an error, and each part of it counts as one container of the `MAX_DEPTH`.
    :raises NotJSON: JSON cannot hold it; the text says why, where, and what to do instead.
    """
    if (type(value) is str and value.isascii()) or is_scalar(value):
        return value
    try:
        return _copy(value, len(path) + 1)
    except _Unfit as unfit:
        raise unfit.refusal(path) from None


def plain_key(key: Any, path: Path = ()) -> str:
    """
    Return the key as an exact str.

    :param path: leads to the dict that is to have the key.
    :raises NotJSON: it is not a str, or holds a lone surrogate.
    """
    try:
        return _copy_key(key)
    except _Unfit as unfit:
        raise unfit.refusal((*path, _shown(key))) from None


def _copy(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return _copy_dict(value, depth)
    if isinstance(value, (list, tuple)):
        return _copy_list(value, depth)
    return _copy_leaf(value)


def _copy_dict(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    _check_depth(depth)
    copy: dict[str, Any] = {}
    key: Any = None
    try:
        for key, item in value.items():
            name = key if type(key) is str and key.isascii() else _copy_key(key)
            copy[name] = item if is_scalar(item) else _copy(item, depth + 1)
    except _Unfit as unfit:
        unfit.keys.append(_shown(key))
        raise
    return copy


def _copy_list(value: Iterable[Any], depth: int) -> list[Any]:
    _check_depth(depth)
    copy: list[Any] = []
    try:
        for item in value:
            copy.append(item if is_scalar(item) else _copy(item, depth + 1))
    except _Unfit as unfit:
        unfit.keys.append(len(copy))
        raise
    return copy


def _copy_leaf(value: Any) -> Any:
    if type(value) is bytes:
        return value
    if isinstance(value, str):
        return _copy_str(value)
    if isinstance(value, (int, float)) and not isinstance(value, Enum):
        return _copy_number(value)
    raise _Unfit(f"{_named(value)} cannot be kept as JSON: {_advice(value)}")


def _copy_str(value: str) -> str:
    if not _encodable(value):
        raise _Unfit("a str with half a surrogate pair cannot be kept as JSON: decode the text with errors='replace'")
    return str.__str__(value)


def _copy_number(value: float) -> float:
    number = int.__int__(value) if isinstance(value, int) else float.__float__(value)
    if is_scalar(number):
        return number
    if isinstance(number, float):
        raise _Unfit(f"{number} cannot be kept as JSON: use None")
    raise _Unfit("an int beyond 2**53 cannot be kept exactly by every client: use a str")


def _copy_key(key: Any) -> str:
    if not isinstance(key, str):
        raise _Unfit(f"a key must be a str, not {_named(key)}: use str(key)")
    return _copy_str(key)


def _check_depth(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _Unfit(f"more than {MAX_DEPTH} containers inside one another (does it hold itself?)")


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(key: Any) -> str | int:
    """A key for an error's path, in text that can be sent."""
    if type(key) is int:
        return key
    text = key if isinstance(key, str) else repr(key)
    return str.__str__(text).encode(errors="backslashreplace").decode()


def _named(value: Any) -> str:
    name = type(value).__name__
    return f"an {name}" if name[0] in "aeiouAEIOU" else f"a {name}"


def _advice(value: Any) -> str:
    """What an author should write instead."""
    if isinstance(value, Enum):
        return "store its .value"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "use bytes(...)"
    if isinstance(value, Mapping):
        return "use dict(...)"
    if isinstance(value, Awaitable):
        return "await it first"
    if isinstance(value, Number):
        return "use an int, a float or a str"
    if isinstance(value, Iterable) and not isinstance(value, type):
        return "use a list"
    if hasattr(value, "isoformat"):
        return "store its .timestamp() or .isoformat()"
    if hasattr(value, "id"):
        return "store its id"
    return "store its name" if callable(value) else "store its fields in a dict"


def has_special(value: Any) -> bool:
    """
    Tell whether a value must go through `to_wire` before it is JSON: it holds bytes, or a key that starts with ``$``.

    :param value: plain, or tracked.
    """
    if isinstance(value, dict):
        for key in value:
            if key[:1] == "$":
                return True
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        return isinstance(value, bytes)
    for item in value:  # noqa: SIM110 - a generator takes twice the time
        if type(item) not in _NEVER_SPECIAL and has_special(item):
            return True
    return False


def to_wire(value: Any) -> Any:
    """Copy a plain value with bytes as ``{"$bytes": base64}`` and every key that starts with ``$`` doubled."""
    if isinstance(value, dict):
        return {f"${key}" if key[:1] == "$" else key: to_wire(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_wire(item) for item in value]
    if isinstance(value, bytes):
        return {_BYTES: b2a_base64(value, newline=False).decode("ascii")}
    return value


def is_bytes(value: dict[str, Any]) -> bool:
    """Whether an object of decoded JSON stands for bytes, be they well formed or not."""
    return len(value) == 1 and _BYTES in value


def from_wire(value: Any) -> Any:
    """
    Undo `to_wire`.

    :param value: decoded JSON from anywhere.
    :raises NotJSON: a ``$bytes`` that is not base64, an unknown key with a single ``$``, or far too deep.
    """
    try:
        return _from_wire(value, 1)
    except _Unfit as unfit:
        raise unfit.refusal() from None


def _from_wire(value: Any, depth: int) -> Any:
    if isinstance(value, dict):
        return _dict_from_wire(value, depth)
    if isinstance(value, list):
        return _list_from_wire(value, depth)
    return value


def _dict_from_wire(value: dict[str, Any], depth: int) -> dict[str, Any] | bytes:
    if is_bytes(value):
        return _bytes_from_wire(value[_BYTES])
    _check_wrapped_depth(depth)
    copy = {}
    key = ""
    try:
        for key, item in value.items():
            copy[_key_from_wire(key)] = _from_wire(item, depth + 1)
    except _Unfit as unfit:
        unfit.keys.append(key)
        raise
    return copy


def _list_from_wire(value: list[Any], depth: int) -> list[Any]:
    _check_wrapped_depth(depth)
    copy: list[Any] = []
    try:
        for item in value:
            copy.append(_from_wire(item, depth + 1))
    except _Unfit as unfit:
        unfit.keys.append(len(copy))
        raise
    return copy


def _key_from_wire(key: str) -> str:
    if key[:1] != "$":
        return key
    if key[:2] != "$$":
        raise _Unfit("a key that starts with `$` is written with `$$`")
    return key[1:]


def _bytes_from_wire(text: Any) -> bytes:
    if not isinstance(text, str):
        raise _Unfit("`$bytes` is base64 in a str")
    try:
        return a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError):
        raise _Unfit("`$bytes` is not base64") from None


def _check_wrapped_depth(depth: int) -> None:
    if depth > _WRAPPED_DEPTH:
        raise _Unfit(f"more than {_WRAPPED_DEPTH} containers inside one another")


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()
encode_as_it_is: Final = _encoder.encode
"""The same as `encode` for a value of which is known that it is not special."""


def encode(value: Any, *, special: bool | None = None) -> bytes:
    """
    Return a plain or tracked value as JSON.

    :param special: what `has_special` says of it, where the caller knows; None looks.
    """
    if has_special(value) if special is None else special:
        value = to_wire(value)
    return _encoder.encode(value)


def decode(data: bytes) -> Any:
    """
    Undo `encode`.

    :raises NotJSON: it is not JSON in UTF-8, or not as `encode` writes it.
    """
    try:
        value = _decoder.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotJSON(f"not JSON: {error}") from None
    # A key may begin with the escaped form of the sign as well.
    return from_wire(value) if b'"$' in data or b'"\\u0024' in data else value


_unpack: Final = msgspec.msgpack.Decoder()


def read(data: bytes | msgspec.Raw) -> Any:
    """
    Read a value that a client sent, in either form.

    :param data: `Packed`, or else JSON.
    :returns: a plain value.
    :raises NotJSON: it is not well formed, or says what JSON could not.
    """
    if type(data) is not Packed:
        return _plain_of(decode(bytes(data)))
    try:
        value = _unpack.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise NotJSON(f"not MessagePack: {error}") from None
    return _plain_of(value)


def received(value: Any) -> Any:
    """
    Read, as `read` does, a value that came inside a client's message, and was decoded with it.

    :param value: as JSON has it.
    :raises NotJSON: as `read`.
    """
    return _plain_of(from_wire(value))


def _plain_of(value: Any) -> Any:
    try:
        return plain(value)
    except NotJSON:
        return plain(with_floats(value))


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON: 1 and 1.0 are, since many clients have one kind of number; True is not."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(item, other[key]) for key, item in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
