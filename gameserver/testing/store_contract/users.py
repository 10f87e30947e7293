"""What `IUserStore` promises."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace
from twisted.internet.defer import gatherResults
from zope.interface.verify import verifyObject

from gameserver.errors import StoreUnavailable
from gameserver.interfaces import IUserStore, Put, UserRow
from gameserver.testing.store_contract.case import NOW_MS, StoreCase

ANN: Final = UserRow(id="account:1", name_key="ann", version=1, value=b'{"name":"Ann"}')
BOB: Final = UserRow(id="account:2", name_key="bob", version=1, value=b'{"name":"Bob"}')


class UserContract(StoreCase):
    """How a store keeps users, and what is good once."""

    def test_user_interface_provided(self) -> None:
        """It has all the methods."""
        verifyObject(IUserStore, self.store)

    async def test_user_new_row(self) -> None:
        """A row is found by its id and by its name; others are not there."""
        self.assertIsNone(await self.store.user(ANN.id))
        self.assertEqual(await self.store.put_user(ANN), Put.STORED)
        self.assertEqual(await self.store.user(ANN.id), ANN)
        self.assertEqual(await self.store.user_named("ann"), ANN)
        self.assertEqual((await self.store.user(BOB.id), await self.store.user_named("Ann")), (None, None))

    async def test_user_survives_the_process(self) -> None:
        """The next process finds what the one before wrote."""
        await self.store.put_user(ANN)
        await self.restart()
        self.assertEqual(await self.store.user_named("ann"), ANN)

    async def test_user_change(self) -> None:
        """The next version replaces the row."""
        await self.store.put_user(ANN)
        changed = replace(ANN, version=2, value=b"\x00\xff changed")
        self.assertEqual(await self.store.put_user(changed), Put.STORED)
        self.assertEqual(await self.store.user(ANN.id), changed)

    async def test_user_stale_versions(self) -> None:
        """Whoever read an older row, or skips one, changes nothing; of two changes at once one is done."""
        await self.store.put_user(ANN)
        two = replace(ANN, version=2, value=b"2")
        await self.store.put_user(two)
        for stale in (
            replace(ANN, value=b"x"),
            replace(two, value=b"x"),
            replace(two, version=4),
            replace(two, version=0),
        ):
            self.assertEqual(await self.store.put_user(stale), Put.STALE)
        self.assertEqual(await self.store.put_user(replace(BOB, version=2)), Put.STALE)
        self.assertEqual(await self.store.user(ANN.id), two)
        put = [self.store.put_user(replace(two, version=3, value=value)) for value in (b"a", b"b")]
        self.assertEqual(sorted(each.value for each in await gatherResults(put)), ["stale", "stored"])

    async def test_user_retry(self) -> None:
        """The same row again is stored, as a retry is after an answer that was lost."""
        for _ in range(2):
            self.assertEqual(await self.store.put_user(ANN), Put.STORED)

    async def test_user_name_taken(self) -> None:
        """No two users have one name; whoever comes second changes nothing."""
        await self.store.put_user(ANN)
        self.assertEqual(await self.store.put_user(replace(BOB, name_key="ann")), Put.TAKEN)
        self.assertIsNone(await self.store.user(BOB.id))
        await self.store.put_user(BOB)
        self.assertEqual(await self.store.put_user(replace(BOB, name_key="ann", version=2)), Put.TAKEN)
        self.assertEqual(await self.store.user(BOB.id), BOB)

    async def test_user_new_name_frees_the_old(self) -> None:
        """After a change of name others may take the old one."""
        await self.store.put_user(ANN)
        await self.store.put_user(replace(ANN, name_key="anna", version=2))
        self.assertIsNone(await self.store.user_named("ann"))
        self.assertEqual((await self.store.user_named("anna")).id, ANN.id)
        self.assertEqual(await self.store.put_user(replace(BOB, name_key="ann")), Put.STORED)

    async def test_user_without_a_name(self) -> None:
        """Rows without a name do not stand in each other's way, and free the name that they had."""
        await self.store.put_user(ANN)
        gone = replace(ANN, name_key=None, version=2)
        self.assertEqual(await self.store.put_user(gone), Put.STORED)
        self.assertEqual(await self.store.put_user(replace(BOB, name_key=None)), Put.STORED)
        self.assertEqual(await self.store.user(ANN.id), gone)
        self.assertIsNone(await self.store.user_named("ann"))
        self.assertIsNone(await self.store.user_named(""))

    async def test_user_drop(self) -> None:
        """A user who is dropped is gone, with the name; dropping again does nothing."""
        await self.store.put_user(ANN)
        for _ in range(2):
            await self.store.drop_user(ANN.id)
        self.assertEqual((await self.store.user(ANN.id), await self.store.user_named("ann")), (None, None))
        self.assertEqual(await self.store.put_user(replace(BOB, name_key="ann")), Put.STORED)

    async def test_user_strange_words(self) -> None:
        """Ids and names hold any letters."""
        strange = replace(ANN, id="guest:\u00e4'\";{}\x00", name_key="\u5b89 --\U0001f3b2:*")
        await self.store.put_user(strange)
        self.assertEqual(await self.store.user(strange.id), strange)
        self.assertEqual(await self.store.user_named("\u5b89 --\U0001f3b2:*"), strange)

    async def test_users_read_some_at_a_time(self) -> None:
        """All of them come, however many there are."""
        rows = {f"account:{n}": replace(ANN, id=f"account:{n}", name_key=f"n{n}") for n in range(1100)}
        rows["account:7"] = replace(rows["account:7"], name_key=None)
        await gatherResults([self.store.put_user(row) for row in rows.values()])
        found: dict[str, UserRow] = {}
        cursor = ""
        while True:
            cursor, some = await self.store.some_users(cursor)
            found.update((row.id, row) for row in some)
            if not cursor:
                break
        self.assertEqual(found, rows)

    async def test_spend_once(self) -> None:
        """What is good once is new once, also for the next process."""
        spend = {"now_ms": NOW_MS, "until_ms": NOW_MS + 60_000}
        self.assertTrue(await self.store.spend("t1", **spend))
        self.assertFalse(await self.store.spend("t1", **spend))
        self.assertTrue(await self.store.spend("t2", **spend))
        both = await gatherResults([self.store.spend("t3", **spend) for _ in range(2)])
        self.assertEqual(sorted(both), [False, True])
        await self.restart()
        self.assertFalse(await self.store.spend("t1", **spend))

    async def test_user_closed(self) -> None:
        """After its stop a store answers nothing."""
        await self.store.stop()
        for asked in (self.store.put_user(ANN), self.store.user("x"), self.store.spend("t", now_ms=0, until_ms=1)):
            with self.assertRaises(StoreUnavailable):
                await asked
