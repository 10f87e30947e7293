"""Warns if this start has another store or secret than the last one with this data folder, and says what that costs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from twisted.logger import Logger

from gameserver.errors import StoreUnavailable
from gameserver.files import write_whole
from gameserver.interfaces import ILeases
from gameserver.store.sqlite.file import count_rooms

if TYPE_CHECKING:
    from gameserver.node.rooms import RoomRegistry

STORE_FILE: Final = "store"
"""File in the data folder with the address of its store, without user and password."""
BOOK: Final = "secret"
"""The book of a store that has the fingerprint of the secret with which its users' tokens are signed."""
_LOGIN: Final = re.compile(r"//[^@/]*@")
log: Final = Logger(namespace="gameserver")


def say_other_store(folder: Path, store: str) -> None:
    """
    Warn if rooms were left behind in another store, and remember this one.

    :raises OSError: the folder cannot be written.
    """
    path, shown = folder / STORE_FILE, _LOGIN.sub("//", store).partition("?")[0]
    last = path.read_text("utf-8").strip() if path.exists() else ""
    if last == shown:
        return
    if last.startswith("sqlite:"):
        count = count_rooms(last.removeprefix("sqlite:"))
        if count:
            log.warn(
                "{count} rooms are left behind in {last}: this start has another store, {store}."
                " gameserver export and import move them",
                count=count,
                last=last,
                store=shown,
            )
    elif last and not last.startswith("memory:"):
        log.warn(
            "this start has another store, {store}: what rooms {last} has are left behind."
            " gameserver export and import move them",
            store=shown,
            last=last,
        )
    write_whole(path, shown.encode() + b"\n")


async def say_other_secret(store: Any, registry: RoomRegistry, fingerprints: Sequence[str]) -> None:
    """
    Warn if guests cannot come back to their seats, since another secret signed their tokens; and remember this one.

    :param store: nothing is done for one that nodes share, which checks their secrets itself.
    :param fingerprints: those of this node's secrets, the one that signs first.
    """
    if ILeases.providedBy(store) or not fingerprints:
        return
    try:
        known = (await store.read_book(BOOK)).get("fingerprint", b"").decode()
        seats = sum(len(runner.room.seats) for runner in registry.runners)
        if known and known not in fingerprints and seats:
            log.warn(
                "the secret is another than the one that the store's users have tokens of: the guests of {seats} seats"
                " in {rooms} rooms are strangers now, and cannot come back to them; accounts log in again."
                " Put the old file back, if there is one, and start again",
                seats=seats,
                rooms=sum(1 for _ in registry.runners),
            )
        if known != fingerprints[0]:
            await store.write_book(BOOK, {"fingerprint": fingerprints[0].encode()})
    except StoreUnavailable as error:
        log.warn("it is not known which secret the store's users have tokens of: {reason}", reason=str(error))
