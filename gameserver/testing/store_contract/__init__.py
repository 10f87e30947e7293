"""
The suite that every store passes: the project's own, and those that others write.

Derive a case from `StoreContract` and Trial's ``TestCase``, and say in ``process`` how a store is made. Each call of
``process`` must give a store over the same content, as the next process on the same machine would find it::

    class MyStoreTests(StoreContract, TestCase):
        async def setUp(self):
            self.path = self.mktemp()
            await super().setUp()

        def process(self):
            return MyStore(self.path)

A store that several nodes share provides `gameserver.interfaces.ILeases` as well, and passes `LeaseContract`, which
asks ``make`` for the store of a node's next process. Run both with ``trial``.
"""

from gameserver.testing.store_contract.asleep import SleepContract
from gameserver.testing.store_contract.books import BookContract
from gameserver.testing.store_contract.case import StoreCase, change
from gameserver.testing.store_contract.commits import CommitContract
from gameserver.testing.store_contract.leases import LeaseContract
from gameserver.testing.store_contract.rooms import RoomContract
from gameserver.testing.store_contract.tables import TableContract
from gameserver.testing.store_contract.users import UserContract

__all__ = ["LeaseContract", "StoreCase", "StoreContract", "change"]


class StoreContract(CommitContract, RoomContract, TableContract, UserContract, BookContract, SleepContract):
    """
    All that a server asks of a store: `IStore`, `ISleepStore`, `IUserStore` and `IBooks` of `gameserver.interfaces`.

    ``process()``, which you write, returns a store that was not started yet, over the same content at each call. The
    suite starts and stops it.
    """
