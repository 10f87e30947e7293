"""Compression of values, whatever the store."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gameserver import Game
from gameserver.interfaces import Commit
from gameserver.protocol import values
from gameserver.store.compression import compress, compressed_store, expand
from gameserver.store.memory.store import MemoryStore
from tests.node.registries import Place

LARGE = values.encode({"cells": [[None, 0, 1]] * 500})
NOISE = bytes((n * n * 31 + n * 7 + n // 3) % 251 for n in range(300))


class Big(Game):
    """Has a large document."""

    name = "big"
    needs_start = False

    def on_create(self) -> None:
        self.state["cells"] = [[None, 0, 1]] * 500


class PackTests(SynchronousTestCase):
    """The form of one value."""

    def test_large_value_compressed(self) -> None:
        """From the bound on a value is smaller, below it is as it was."""
        self.assertLess(len(compress(LARGE, len(LARGE))), len(LARGE) // 5)
        self.assertEqual(compress(LARGE, len(LARGE) + 1), LARGE)
        self.assertEqual(compress(LARGE, 0), LARGE)

    def test_form_stable(self) -> None:
        """What lies in stores is read by later versions: a frame of RFC 8878, behind two bytes."""
        self.assertEqual(compress(LARGE, 1)[:6], b"\0z\x28\xb5\x2f\xfd")
        self.assertEqual(compress(b"\0a", 0), b"\0=\0a")
        self.assertEqual(expand(b"\0z" + bytes.fromhex("28b52ffd2006310000616161616161")), b"aaaaaa")

    def test_not_compressed_where_it_grows(self) -> None:
        """A value that would be larger stays."""
        self.assertEqual(compress(b"abc", 1), b"abc")

    def test_broken_value_left(self) -> None:
        """What cannot be read is given on as it is."""
        for broken in (b"\0", b"\0?x", b"\0z", b"\0znothing", compress(LARGE, 1)[:-3]):
            self.assertEqual(expand(broken), broken)

    @given(
        st.binary(max_size=200) | st.sampled_from([LARGE, NOISE, b"\0z", b"\0=" + LARGE, b"\0" * 100]),
        st.integers(0, 99),
    )
    def test_comes_back(self, value: bytes, over_bytes: int) -> None:
        """Whatever the value and the setting."""
        self.assertEqual(expand(compress(value, over_bytes)), value)


class RoomTests(SynchronousTestCase):
    """Rooms through changes of the setting."""

    def test_rooms_of_all_settings_read(self) -> None:
        """A room stored without compression is read with it, and the other way round."""
        place = Place(Big)
        plain, sizes, codes = place.store, [], []
        for over_bytes in (0, 1000, 0):
            place.kill()
            place.store = compressed_store(plain, over_bytes)  # type: ignore[assignment]
            place.start()
            codes.append(place.create().room)
            place.settle()
            sizes.append(len(plain._rooms[codes[-1].id].parts["doc/room"]))
        self.assertEqual(sizes[0], sizes[2])
        self.assertLess(sizes[1], sizes[0] // 5)
        place.kill()
        place.start()
        rooms = [place.registry.find(room.code).room for room in codes]
        self.assertEqual([len(room.doc("room").root["cells"]) for room in rooms], [500] * 3)

    def test_same_bytes_again(self) -> None:
        """A commit that is repeated is the same, and one that has nothing to compress goes through as it is."""
        seen: list[Commit] = []
        store = MemoryStore()
        store.commit = lambda commits, *, now_ms: seen.extend(commits)  # type: ignore[method-assign,assignment,return-value]
        packed = compressed_store(store, 100)
        commit = Commit(room="r", code="R", game="g", fence=1, version=1, puts={"a": LARGE, "b": b"1"})
        small = Commit(room="r", code="R", game="g", fence=1, version=2, puts={"b": b"1"}, drops=("a",))
        for _ in range(2):
            packed.commit([commit, small], now_ms=1)
        self.assertEqual(seen[:2], seen[2:])
        self.assertIs(seen[1], small)
        self.assertEqual((seen[0].puts["b"], seen[0].puts["a"][:2]), (b"1", b"\0z"))
