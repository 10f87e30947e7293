"""
The contracts between the rooms and what is around them: what each promises, what its Deferreds fire and fail with.

Implementations are chosen in `gameserver.service` alone. Each contract has a suite under ``tests/contracts`` that runs
on every implementation.
"""

from gameserver.interfaces.asleep import (
    Asleep,
    DueRooms,
    ISleepStore,
    Listed,
    SleepingRooms,
    SleepingTotal,
    Slept,
    StoreTime,
)
from gameserver.interfaces.leases import Heir, ILease, ILeaseHolder, ILeases, LeaseRenewal, OtherNodes
from gameserver.interfaces.news import BookChange, INews
from gameserver.interfaces.rooms import IClock, ISession
from gameserver.interfaces.shown import IShownRooms, Shown
from gameserver.interfaces.stores import (
    Commit,
    IBooks,
    IStore,
    IUserStore,
    Located,
    Outcome,
    Put,
    Stored,
    TableSize,
    TableSizes,
    UserRow,
)
from gameserver.interfaces.users import (
    Caller,
    Grant,
    IAccounts,
    IAuthenticator,
    IAuthenticators,
    ICookies,
    IGuests,
    IHasher,
    IPasswords,
    IRechecks,
    ISeesCallers,
    ISessions,
    ITickets,
    LoginFacts,
    Order,
    User,
    is_guest,
)

__all__ = [
    "IClock",
    "ISession",
    "Commit",
    "Stored",
    "Located",
    "TableSize",
    "TableSizes",
    "Outcome",
    "IStore",
    "UserRow",
    "Put",
    "IUserStore",
    "LoginFacts",
    "IBooks",
    "Asleep",
    "Slept",
    "StoreTime",
    "DueRooms",
    "Listed",
    "SleepingRooms",
    "SleepingTotal",
    "ISleepStore",
    "BookChange",
    "INews",
    "LeaseRenewal",
    "Heir",
    "OtherNodes",
    "Shown",
    "IShownRooms",
    "ILeases",
    "ILease",
    "ILeaseHolder",
    "User",
    "is_guest",
    "Caller",
    "Grant",
    "IAuthenticator",
    "IGuests",
    "IPasswords",
    "IAccounts",
    "ICookies",
    "ISeesCallers",
    "ISessions",
    "IRechecks",
    "Order",
    "IAuthenticators",
    "ITickets",
    "IHasher",
]
