"""Codes of rooms: they get longer if those that are drawn are taken, and drawing ends."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game
from gameserver.errors import Refused
from gameserver.interfaces import User
from gameserver.node import codes
from gameserver.node.runner import RoomRunner
from gameserver.store.memory.store import MemoryStore
from tests.node.registries import Place


class Lobby(Game):
    """Waits for its host."""

    name = "lobby"


class Crowded(MemoryStore):
    """
    A store in which all codes are taken up to a length.

    :ivar drawn: those that were tried.
    """

    def __init__(self) -> None:
        super().__init__()
        self.taken_letters = 0
        self.drawn: list[str] = []

    def claim_code(self, code: str, room: str, *, now_ms: int) -> Deferred[bool]:
        """See `IStore.claim_code`."""
        self.drawn.append(code)
        if len(self.drawn) > 1000:
            raise AssertionError("it never ends")
        return succeed(False) if len(code) <= self.taken_letters else super().claim_code(code, room, now_ms=now_ms)


class CodesTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.store = Crowded()
        self.place = Place(Lobby, store=self.store)

    def create(self, **given: Any) -> RoomRunner:
        created = self.place.registry.create(User("a", "Ann"), "lobby", {}, **given)
        return self.place.get(Deferred.fromCoroutine(created))

    def test_short(self) -> None:
        """A code is as short as it may be, also where the first one drawn is taken."""
        code = self.create().room.code
        self.assertEqual(len(code), codes.SHORTEST_CODE)
        self.assertEqual(self.store.drawn, [code])

    def test_all_short_ones_rest(self) -> None:
        """Where all codes of four letters are taken or rest, one of five is found within a few tries."""
        self.store.taken_letters = codes.SHORTEST_CODE
        self.assertEqual(len(self.create().room.code), codes.SHORTEST_CODE + 1)
        self.assertEqual(len(self.store.drawn), codes.MISSES + 1)

    def test_private(self) -> None:
        """So with those of private rooms."""
        self.store.taken_letters = codes.PRIVATE_CODE
        self.assertEqual(len(self.create(private=True).room.code), codes.PRIVATE_CODE + 1)

    def test_ends(self) -> None:
        """Where none is found the room is refused, and nothing is kept of it."""
        self.store.taken_letters = 99
        refused = self.assertRaises(Refused, self.create)
        self.assertEqual(refused.code, "busy")
        self.assertEqual(len(self.store.drawn), codes.TRIES)
        self.assertEqual(list(self.place.registry.runners), [])
