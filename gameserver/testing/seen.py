"""
What somebody at a table knows, as values to send: ids, cards, keys and indices of documents, events and replies.

Each value stands under its origin, which is where it was found, without saying at which index: all cards of a hand are
``seat/hand/[]``. What is learned of one of them helps with the others.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

import msgspec

from gameserver.room.seats import Player

if TYPE_CHECKING:
    from gameserver.testing.visitor import Visitor

MOST_VALUES: Final = 300
"""So many values are looked at; a document may hold a hundred thousand."""
MOST_OF_A_LIST: Final = 12
"""So many items of a list or dict are looked at."""
MOST_EVENTS: Final = 5
"""So many of the last events are looked at."""


class Seen:
    """
    What one visitor knows at present.

    :param replies: what the game answered to this visitor last, by the message's type.
    """

    def __init__(self, visitor: Visitor, replies: Iterable[tuple[str, Any]], dice: random.Random) -> None:
        self._dice = dice
        self._seats = visitor.seats
        self._left = MOST_VALUES
        self._fitting: dict[int, dict[str, list[Any]]] = {}
        self.values: dict[str, list[Any]] = {"me": [visitor.id], "seats": list(visitor.seats)}
        for stream in sorted(visitor.docs, key=lambda stream: stream == "room"):
            self._walk(visitor.docs[stream], stream.partition(":")[0])
        for type, reply in replies:
            self._walk(reply, f"reply to {type}")
        for event in visitor.inbox[-MOST_EVENTS:]:
            self._walk(event.data, f"event {event.type}")
        people = visitor.seats.values()
        self.values["names"] = [seat["name"] for seat in people]
        self.values["numbers"] = [seat["number"] for seat in people if seat["number"] is not None]

    def fitting(self, kind: Any) -> dict[str, list[Any]]:
        """:returns: the values that a type takes, by origin."""
        found = self._fitting.get(id(kind))  # to hash it would take longer
        if found is None:
            found = {origin: [v for v in values if self._fits(v, kind)] for origin, values in self.values.items()}
            self._fitting[id(kind)] = found = {origin: values for origin, values in found.items() if values}
        return found

    def dicts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """:returns: the dicts that were found, with their origins."""
        for origin, values in self.values.items():
            yield from ((origin, value) for value in values if isinstance(value, dict))

    def _fits(self, value: Any, kind: Any) -> bool:
        try:
            msgspec.convert(value, kind, strict=True, dec_hook=self._seat, builtin_types=(bytes,), str_keys=True)
        except msgspec.ValidationError:
            return False
        return True

    def _seat(self, kind: type, value: Any) -> Any:
        if kind is not Player or value not in self._seats:
            raise ValueError("no such seat")
        return value

    def _walk(self, value: Any, origin: str) -> None:
        if self._left <= 0 or value is None or isinstance(value, bool):
            return
        self._left -= 1
        self.values.setdefault(origin, []).append(value)
        if isinstance(value, dict):
            keys = self._some(list(value))
            self.values.setdefault(f"{origin}/keys", []).extend(keys)
            for key in keys:
                self._walk(value[key], f"{origin}/{self._step(key)}")
        elif isinstance(value, list):
            indices = self._some(list(range(len(value))))
            self.values.setdefault(f"{origin}/#", []).extend(indices)
            for index in indices:
                self._walk(value[index], f"{origin}/[]")

    def _step(self, key: str) -> str:
        """Return the name of a field, but ``*`` for ids: one is like the other."""
        return key if key.isidentifier() and key not in self._seats else "*"

    def _some(self, items: list[Any]) -> list[Any]:
        if len(items) <= MOST_OF_A_LIST:
            return items
        return [items[n] for n in sorted(self._dice.sample(range(len(items)), MOST_OF_A_LIST))]
