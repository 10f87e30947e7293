"""
Rooms that an older release of their game stored: the game rewrites their documents before anything else happens.

``migrate(row, from_version)`` gets all documents as one JSON tree, and changes it or returns another. What it left is
checked and becomes the room's documents; it is stored with what ``on_load`` does. If it fails, nothing is.
"""

from __future__ import annotations

from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final

from gameserver.errors import CannotMigrate, NoRoom, NotJSON
from gameserver.protocol import values
from gameserver.room import quota, release
from gameserver.room.documents.document import Document

if TYPE_CHECKING:
    from gameserver.room.contract import RunningGame
    from gameserver.room.room import Room

Trees = dict[str, dict[str, Any]]
"""Documents by name: ``room``, ``secret``, ``seat:ID``, ``group:NAME``, ``role:NAME``."""

_ALONE: Final = {"state": "room", "secret": "secret"}
_BY_NAME: Final = {"seats": "seat", "groups": "group", "roles": "role"}


def migrate(room: Room) -> None:
    """
    Bring the documents of a room that was just read to the version that its game has now.

    :raises CannotMigrate: the game has no way from there to here, or failed at it.
    """
    names = ["room", "secret", *(f"role:{role}" for role in ("player", *room.game_class.roles))]
    names += [f"seat:{seat}" for seat in room.seats] + [group.key for group in room.groups.values()]
    trees: Trees = {name: {} for name in names}
    trees.update((name, document.plain()) for name, document in room.docs.items())
    before = {name: values.encode(tree) for name, tree in trees.items()}
    held_bytes = quota.measure(room)
    after, row = migrated(_without_room(room.game), trees, release.plain(room), room.state.version)
    release.take(room, row)
    for name, was in before.items():
        tree = after.get(name, {})
        if values.encode(tree) != was:
            _replace(room, name, tree)
    size_bytes, most_bytes = quota.measure(room), room.game_class.max_row_bytes
    if size_bytes > max(most_bytes, held_bytes):
        raise CannotMigrate(f"migrate left {size_bytes} bytes, and a room keeps at most {most_bytes} (max_row_bytes)")
    room.journal.set(room.state, "version", room.game_class.version)


class _Absent:
    """Stands for all that a game has of its room."""

    def _refuse(self, *_: Any) -> Any:
        raise NoRoom(
            "In migrate there is no room yet. Change the row, as in row['state']['score'] = 0 or"
            " row['seats'][id]['score'] = 0; what is to be done to the room, do in on_load(self)."
        )

    __getattr__ = __getitem__ = __setitem__ = __delitem__ = __contains__ = __iter__ = __len__ = __call__ = _refuse


def _without_room(game: RunningGame) -> RunningGame:
    """:returns: the same game, with nothing but its own methods: a change to its room here can only be a mistake."""
    blank: RunningGame = type(game)()
    absent = dict.fromkeys(("_gs_room", "state", "secret", "random", "chat"), _Absent())
    blank.__dict__.update(absent, log=getattr(game, "log", None))
    return blank


def _replace(room: Room, name: str, tree: dict[str, Any]) -> None:
    """Replace a document; what clients know of it is of no use any more, so that none can resume across this."""
    old = room.doc(name)
    document = room.docs[name] = Document(room.journal, tree, name=name)
    document.special = document.special or values.has_special(tree)
    document.fields = old.fields
    if document.fields is not None:
        document.fields.begin_anew(tree)
    room.share.sizes[name] = len(values.encode(tree))
    room.journal.parts.documents[document.part] = name
    if name != "secret":
        room.publisher.streams.number(name)


def migrated(game: RunningGame, trees: Trees, named: dict[str, Any], from_version: int) -> tuple[Trees, dict[str, Any]]:
    """
    :param trees: all documents of the room, and an empty one for each seat, group and role that has none.
    :param named: see `release.plain`.
    :param from_version: the game's version that stored them.
    :returns: the documents as this version has them, and the row.
    :raises CannotMigrate: the game has no way from there to here, or failed at it.
    """
    version = game.version
    if from_version > version:
        raise CannotMigrate(f"version {from_version} of the game stored it, and this is version {version}")
    if not callable(getattr(game, "migrate", None)):
        raise CannotMigrate(
            f"version {from_version} of the game stored it, this is version {version}, and the game has no"
            " migrate(row, from_version)"
        )
    row = {**to_row(trees), **values.plain(named)}
    try:
        result: Any = game.migrate(row, from_version)  # type: ignore[attr-defined]
    except (Exception, SystemExit) as error:
        raise CannotMigrate(f"migrate failed: {type(error).__name__}: {error}") from error
    if isawaitable(result):
        raise CannotMigrate("migrate must not be async")
    row = _json(row if result is None else result)
    return from_row({key: row[key] for key in row if key not in release.KEYS}, set(trees)), row


def to_row(trees: Trees) -> dict[str, Any]:
    """:returns: documents in the shape that ``migrate`` is given."""
    row: dict[str, Any] = {key: trees.get(name, {}) for key, name in _ALONE.items()}
    for key, kind in _BY_NAME.items():
        row[key] = {name.partition(":")[2]: tree for name, tree in trees.items() if name.startswith(f"{kind}:")}
    return row


def _json(row: Any) -> dict[str, Any]:
    try:
        row = values.plain(row)
    except NotJSON as error:
        raise CannotMigrate(f"what migrate left is no JSON: {error}") from error
    if not isinstance(row, dict):
        raise CannotMigrate(f"migrate returns a row, or None where it changed the one it was given, not {row!r:.80}")
    return row


def from_row(row: Any, known: set[str]) -> Trees:
    """
    Undo `to_row`.

    :param known: the names of documents that there may be besides those of the room and the server.
    :raises CannotMigrate: it is not of that shape.
    """
    row = _json(row)
    if row.keys() != {*_ALONE, *_BY_NAME}:
        raise CannotMigrate(f"what migrate left must have the keys {', '.join([*_ALONE, *_BY_NAME])}, and no others")
    trees: Trees = {name: row[key] for key, name in _ALONE.items()}
    for key, kind in _BY_NAME.items():
        if not isinstance(row[key], dict):
            raise CannotMigrate(f"what migrate left in {key} must be a dict")
        trees.update((f"{kind}:{name}", tree) for name, tree in row[key].items())
    for name, tree in trees.items():
        if name not in known and name not in _ALONE.values():
            raise CannotMigrate(f"migrate made a document of {name!r}, which the room has not")
        if not isinstance(tree, dict):
            raise CannotMigrate(f"what migrate left as the document of {name!r} must be a dict")
    return trees
