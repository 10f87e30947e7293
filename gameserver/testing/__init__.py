"""
Test a game without sockets, without a reactor, and without waiting.

>>> table = Table(TicTacToe, seed=7)
>>> ann, bob = table.join("Ann"), table.join("Bob")
>>> table.start()
>>> ann.send("play", cell=4)
>>> table.advance(30)

What runs is the real server: sessions that read and write JSON, the registry, the room and its row in a store; only the
store is in memory, and the clock turns when `Table.advance` says so.
"""

from gameserver.testing.table import Table
from gameserver.testing.visitor import Event, Visitor

__all__ = ["Event", "Table", "Visitor"]
