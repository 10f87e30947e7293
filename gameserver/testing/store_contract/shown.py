"""What `IShownRooms` promises, on every store that nodes share."""

from __future__ import annotations

from typing import Any

from gameserver.interfaces import BUSY, Commit, Outcome, Shown
from gameserver.testing.store_contract.case import ContractCase, change


def shown(room: str, made: int, *, game: str = "dice", is_open: bool = True, listing: bytes = b"{}") -> Shown:
    """:returns: what a node shows of a room."""
    return Shown(room=room, code=room.upper(), game=game, created_ms=made, is_open=is_open, listing=listing)


class ShownContract(ContractCase):
    """What nodes show one another of their rooms; part of `LeaseContract`."""

    async def node(self, name: str) -> Any:
        """Start a node's process, with a lease."""
        raise NotImplementedError

    async def commit(self, node: Any, *commits: Commit) -> list[Outcome]:
        """Commit these as that node."""
        raise NotImplementedError

    async def test_shown_to_others(self) -> None:
        """Newest first, of one game or of all; open ones oldest first; to others alone."""
        first, second = await self.node("a"), await self.node("b")
        for room in ("r1", "r2", "r3"):
            await self.commit(first, change(1, room=room))
        rooms = [shown("r1", 1), shown("r2", 2, is_open=False, listing='{"ü":1}'.encode()), shown("r3", 3, game="go")]
        await first.show_rooms(rooms, [])
        self.assertEqual(await second.shown_rooms(None, open_only=False, limit=10), rooms[::-1])
        self.assertEqual(await second.shown_rooms(None, open_only=False, limit=2), rooms[:0:-1])
        self.assertEqual(await second.shown_rooms("dice", open_only=False, limit=10), rooms[1::-1])
        self.assertEqual(await first.shown_rooms(None, open_only=False, limit=10), [])
        self.assertEqual(await second.shown_rooms("dice", open_only=True, limit=10), rooms[:1])
        again = shown("r2", 2, listing=b"[]")
        await first.show_rooms([again, shown("r1", 1, is_open=False)], [])
        self.assertEqual(await second.shown_rooms("dice", open_only=True, limit=10), [again])

    async def test_shown_by_a_busy_node(self) -> None:
        """A room is shown with whether its node has much to do, or is about to stop, as that node said last."""
        first, second, third = await self.node("a"), await self.node("b"), await self.node("c")
        for number, node in enumerate((first, second)):
            await self.commit(node, change(1, room=f"r{number}"))
            await node.show_rooms([shown(f"r{number}", number)], [])

        async def busy() -> list[bool]:
            return [room.is_busy for room in await third.shown_rooms("dice", open_only=True, limit=10)]

        self.assertEqual(await busy(), [False, False])
        await first.describe_node({"dice": 1}, draining=False, about={"load": str(BUSY)})
        self.assertEqual(await busy(), [True, False])
        await first.describe_node({"dice": 1}, draining=False, about={"load": str(BUSY - 1)})
        await second.describe_node({"dice": 1}, draining=True)
        self.assertEqual(await busy(), [False, True])

    async def test_shown_no_more(self) -> None:
        """Rooms go that their node runs no more, unless another shows them; and rooms that are not stored any more."""
        first, second = await self.node("a"), await self.node("b")
        for room in ("r1", "r2", "r3"):
            await self.commit(first, change(1, room=room))
        await first.show_rooms([shown("r1", 1), shown("r2", 2), shown("r3", 3)], [])
        await second.show_rooms([shown("r2", 2)], [])
        await first.show_rooms([], [("r1", "dice"), ("r2", "dice"), ("r9", "dice")])
        self.assertEqual(await first.shown_rooms(None, open_only=False, limit=10), [shown("r2", 2)])
        self.assertEqual(await second.shown_rooms(None, open_only=False, limit=10), [shown("r3", 3)])
        await self.commit(first, change(2, room="r3", ends=True))
        self.assertEqual(await second.shown_rooms(None, open_only=False, limit=10), [])
        self.assertEqual(await second.shown_rooms("dice", open_only=True, limit=10), [])
