"""What `IStore` promises of commits: versions, fences, outcomes, and how a room ends."""

from __future__ import annotations

from msgspec.structs import replace
from zope.interface.verify import verifyObject

from gameserver.interfaces import IStore, Stored
from gameserver.testing.store_contract.case import BEHIND, FENCED, NOW_MS, STORED, StoreCase, change


class CommitContract(StoreCase):
    """How `IStore.commit` writes rooms."""

    def test_interface_provided(self) -> None:
        """It has the methods of the interface, with its signatures."""
        verifyObject(IStore, self.store)

    async def test_first_version_creates_room(self) -> None:
        """Version 1 creates the room with all that was committed, and nothing else."""
        self.assertEqual(await self.commit(change(1, {"room": b"{}", "doc/room": b"[1]"})), [STORED])
        self.assertEqual(
            await self.store.open_rooms(["r1"]),
            [
                Stored(
                    room="r1",
                    code="R1",
                    game="dice",
                    fence=2,
                    version=1,
                    at_ms=NOW_MS,
                    parts={"room": b"{}", "doc/room": b"[1]"},
                )
            ],
        )

    async def test_later_version_changes_its_parts_alone(self) -> None:
        """A commit writes and deletes the parts that it names; the others stay."""
        await self.commit(change(1, {"room": b"1", "timers": b"2", "seat/a": b"3"}))
        later = change(2, {"timers": b"4", "seat/b": b"5"}, drops=["seat/a", "seat/never"])
        self.assertEqual(await self.commit(later, now_ms=NOW_MS + 7), [STORED])
        stored = await self.open()
        self.assertEqual(stored.parts, {"room": b"1", "timers": b"4", "seat/b": b"5"})
        self.assertEqual((stored.version, stored.at_ms), (2, NOW_MS + 7))

    async def test_bytes_kept_exactly(self) -> None:
        """Values and names come back as they were: empty, binary, large, in any script."""
        parts = {"empty": b"", "answer/s/k\0é/🎲 '\"%/1": bytes(range(256)), "doc/room": b"x" * 1_000_000}
        await self.commit(change(1, parts))
        self.assertEqual((await self.open()).parts, parts)

    async def test_any_name_dropped_exactly(self) -> None:
        """A name of any text is deleted, and no other."""
        names = ["answer/s/k\0é/🎲 '\"%/1", "answer/s/k\0é/🎲 '\"%/2", "a\\u0000", "a\n[]{}"]
        await self.commit(change(1, dict.fromkeys(names, b"kept")))
        self.assertEqual(await self.commit(change(2, {}, drops=names[::2])), [STORED])
        self.assertEqual((await self.open()).parts, dict.fromkeys(names[1::2], b"kept"))

    async def test_rooms_of_one_call_keep_their_own(self) -> None:
        """Of rooms that share a call each gets its own parts and entries, also beside one that is not written."""
        await self.commit(*(change(1, {"old": b"1"}, room=room) for room in ("r1", "r2", "r3", "r4")))
        await self.open("r2")
        rooms = ("r1", "r2", "r3", "r4")
        calls = [
            change(
                2,
                {f"a/{room}": room.encode(), "b": b"b" + room.encode()},
                room=room,
                drops=["old"] if room == "r4" else [],
                entries={("t", room): b"e" + room.encode(), ("t", "gone"): None},
            )
            for room in rooms
        ]
        calls[2] = change(2, room="r3", ends=True)
        self.assertEqual(await self.commit(*calls), [STORED, FENCED, STORED, STORED])
        opened = {stored.room: dict(stored.parts) for stored in await self.store.open_rooms(rooms)}
        self.assertEqual(
            opened,
            {
                "r1": {"old": b"1", "a/r1": b"r1", "b": b"br1"},
                "r2": {"old": b"1"},
                "r4": {"a/r4": b"r4", "b": b"br4"},
            },
        )
        entries = [await self.store.read_entries(room, "t", [room]) for room in rooms]
        self.assertEqual(entries, [[b"er1"], [None], [None], [b"er4"]])

    async def test_rooms_apart(self) -> None:
        """Parts of the same name in two rooms are two parts."""
        await self.commit(change(1, {"room": b"a"}), change(1, {"room": b"b"}, room="r2"))
        await self.commit(change(2, {}, drops=["room"]))
        self.assertEqual((await self.open("r1")).parts, {})
        self.assertEqual((await self.open("r2")).parts, {"room": b"b"})

    async def test_no_commits_no_outcomes(self) -> None:
        """Committing nothing succeeds."""
        self.assertEqual(await self.commit(), [])

    async def test_commits_not_awaited_stored_in_order(self) -> None:
        """Calls are done in the order in which they were made, without waiting for each other."""
        made = [self.store.commit([change(version)], now_ms=NOW_MS) for version in (1, 2, 3, 4)]
        ids = self.store.room_ids()
        self.assertEqual([await done for done in made], [[STORED]] * 4)
        self.assertEqual(await ids, ["r1"])
        self.assertEqual((await self.open()).parts, {"room": b"4"})

    async def test_known_version_stored_and_not_written(self) -> None:
        """A version that the store already has is answered STORED, and nothing of it is written."""
        await self.commit(change(1))
        await self.commit(change(2))
        self.assertEqual(await self.commit(change(2, {"room": b"other", "more": b""}), now_ms=NOW_MS + 5), [STORED])
        stored = await self.open()
        self.assertEqual((stored.version, stored.at_ms, stored.parts), (2, NOW_MS, {"room": b"2"}))

    async def test_creation_repeated_stored_once(self) -> None:
        """The retry of a room's creation is STORED, and there is one room."""
        self.assertEqual(await self.commit(change(1)), [STORED])
        self.assertEqual(await self.commit(change(1)), [STORED])
        self.assertEqual(await self.store.room_ids(), ["r1"])

    async def test_version_gap_not_written(self) -> None:
        """A version that does not follow the stored one writes nothing: FENCED an older, BEHIND a newer."""
        for version in (1, 2, 3):
            await self.commit(change(version))
        for version, outcome in ((5, BEHIND), (2, FENCED), (1, FENCED)):
            self.assertEqual(await self.commit(change(version, {"room": b"no"}, drops=["room"])), [outcome])
        stored = await self.open()
        self.assertEqual((stored.version, stored.parts), (3, {"room": b"3"}))

    async def test_later_version_of_no_room_behind(self) -> None:
        """Only version 1 creates a room, or a commit of the whole room."""
        self.assertEqual(await self.commit(change(2)), [BEHIND])
        self.assertEqual(await self.store.room_ids(), [])

    async def test_whole_room_replaces_what_is_left_of_it(self) -> None:
        """A store that lost the newest commits is given the whole room; what is not in it is gone."""
        await self.commit(change(1, {"room": b"1", "doc/room": b"old", "seat/a": b"a"}))
        whole = change(7, {"room": b"7", "doc/room": b"new"}, whole=True)
        self.assertEqual(await self.commit(whole), [STORED])
        self.assertEqual(await self.commit(whole), [STORED])
        self.assertEqual(await self.commit(change(8, {"room": b"8"})), [STORED])
        stored = await self.open()
        self.assertEqual((stored.version, stored.parts), (8, {"room": b"8", "doc/room": b"new"}))
        self.assertEqual(await self.store.room_ids(), ["r1"])

    async def test_whole_room_of_which_nothing_is_left(self) -> None:
        """A store that lost a room has it again, with its code."""
        self.assertEqual(await self.commit(change(7, fence=3, whole=True)), [STORED])
        self.assertEqual(await self.store.room_ids(), ["r1"])
        self.assertIs(await self.store.claim_code("R1", "other", now_ms=NOW_MS), False)
        self.assertEqual(((await self.open()).fence, (await self.open()).version), (4, 7))

    async def test_whole_room_of_older_owner_fenced(self) -> None:
        """A node that has lost a room cannot bring it back."""
        await self.commit(change(1))
        await self.open()
        self.assertEqual(await self.commit(change(7, whole=True)), [FENCED])
        await self.commit(change(2, fence=2, ends=True))
        self.assertEqual(await self.commit(change(8, whole=True)), [FENCED])

    async def test_end_needs_no_whole_room(self) -> None:
        """A room may end though the store lost some of it, or all."""
        await self.commit(change(1))
        self.assertEqual(await self.commit(change(5, ends=True)), [STORED])
        self.assertEqual(await self.commit(change(5, room="r2", ends=True)), [STORED])
        self.assertEqual(await self.store.room_ids(), [])
        self.assertIs(await self.store.claim_code("R2", "other", now_ms=NOW_MS), False)

    async def test_older_fence_fenced(self) -> None:
        """Once a room was opened its older owner is FENCED, the newer one goes on."""
        await self.commit(change(1))
        fence = (await self.open()).fence
        self.assertEqual(await self.commit(change(2, {"room": b"old"})), [FENCED])
        self.assertEqual(await self.commit(change(2, {"room": b"new"}, fence=fence)), [STORED])
        self.assertEqual(await self.commit(change(3, {"room": b"old"})), [FENCED])
        self.assertEqual((await self.open()).parts, {"room": b"new"})

    async def test_older_fence_repeating_known_version_fenced(self) -> None:
        """An older owner learns of the newer one even from a retry of what was stored."""
        await self.commit(change(1))
        await self.open()
        self.assertEqual(await self.commit(change(1)), [FENCED])

    async def test_outcomes_each_in_order(self) -> None:
        """Each commit of one call has its own outcome, in order: one that is FENCED does not hinder the others."""
        await self.commit(change(1, room="a"), change(1, room="b"), change(1, room="c"))
        await self.open("b")
        outcomes = await self.commit(
            change(1, room="d"),
            change(2, room="b"),
            change(2, room="a"),
            change(9, room="c"),
            change(1, room="c"),
            change(2, room="e"),
        )
        self.assertEqual(outcomes, [STORED, FENCED, STORED, BEHIND, STORED, BEHIND])
        self.assertEqual(await self.store.room_ids(), ["a", "b", "c", "d"])
        self.assertEqual([stored.version for stored in await self.store.open_rooms("abcd")], [2, 1, 1, 1])

    async def test_creation_under_code_of_another_fenced(self) -> None:
        """A code that another room claimed or has makes no second room."""
        await self.store.claim_code("R1", "other", now_ms=NOW_MS)
        self.assertEqual(await self.commit(change(1)), [FENCED])
        self.assertEqual(await self.store.room_ids(), [])

    async def test_whole_room_may_be_of_another_game(self) -> None:
        """A room that is stored whole has the game of that commit, and keeps its code, its tables and its place."""
        await self.commit(change(1, {"a": b"1"}, entries={("t", "k"): b"e"}), change(1, room="r2"))
        renamed = replace(change(2, {"b": b"2"}), game="poker", whole=True)
        self.assertEqual(await self.commit(renamed), [STORED])
        await self.restart()
        stored = await self.open()
        self.assertEqual((stored.game, stored.code, stored.parts), ("poker", "R1", {"b": b"2"}))
        self.assertEqual(await self.store.read_entries("r1", "t", ["k"]), [b"e"])
        self.assertEqual(await self.store.room_ids(), ["r1", "r2"])

    async def test_end_deletes_room(self) -> None:
        """A room that ended is gone with all its parts; another of the same id would begin empty."""
        await self.commit(change(1, {"room": b"1", "seat/a": b"2"}), change(1, room="r2"))
        self.assertEqual(await self.commit(change(2, ends=True)), [STORED])
        self.assertEqual(await self.store.room_ids(), ["r2"])
        self.assertEqual(await self.store.open_rooms(["r1"]), [])

    async def test_end_repeated_stored(self) -> None:
        """The retry of a room's last commit is STORED, after a restart as well."""
        await self.commit(change(1))
        await self.commit(change(2, ends=True))
        self.assertEqual(await self.commit(change(2, ends=True)), [STORED])
        await self.restart()
        self.assertEqual(await self.commit(change(2, ends=True)), [STORED])
        self.assertEqual(await self.store.room_ids(), [])

    async def test_born_and_ended_in_one_commit(self) -> None:
        """A first commit may end the room; its retry is STORED, and no room comes of either."""
        for _ in range(2):
            self.assertEqual(await self.commit(change(1, ends=True)), [STORED])
            self.assertEqual(await self.store.room_ids(), [])

    async def test_after_end_fenced(self) -> None:
        """Nothing but that retry is stored for a room that ended: it does not rise again."""
        await self.commit(change(1))
        await self.open()
        await self.commit(change(2, fence=2, ends=True))
        for version, fence in ((2, 1), (1, 1), (1, 2), (3, 2), (2, 3)):
            self.assertEqual(await self.commit(change(version, fence=fence)), [FENCED])
        self.assertEqual(await self.store.room_ids(), [])

    async def test_creation_under_resting_code_fenced(self) -> None:
        """The last commit of a room that ended is no retry for another room that takes its code."""
        await self.commit(change(1, ends=True))
        self.assertEqual(await self.commit(replace(change(1, ends=True), room="r2")), [FENCED])
        self.assertEqual(await self.commit(replace(change(1), room="r2")), [FENCED])
        self.assertEqual(await self.store.room_ids(), [])
