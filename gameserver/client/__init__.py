"""
A client of the game server, for bots, load and tests: it speaks the whole protocol and comes back by itself.

::

    client = Client(reactor, "ws://127.0.0.1:8080/ws", name="Ann")
    await client.connect()
    room = await client.create("tictactoe")         # or client.join("K7QM"), client.match("tictactoe")
    await room.send("play", cell=4)                 # the reply; Refused where the game refuses
    await room.until(lambda room: room.state["turn"] == 0)
    event = await room.next_event("reveal")
    await client.close()                            # the seat is held; room.leave() gives it up

What comes on a connection passes through ``Client._hear``: an answer fires its request's Deferred, the rest goes to its
`Room`, whose mirror checks the counter of every stream. When a counter jumps, the room asks for what is missing.

A lost connection is dialled again after random, growing waits. Then ``hello`` says which user and which client this is,
each room is resumed from what it has seen, and requests without an answer are sent again:

- ``send``, ``chat`` and ``start``, and all else that changes a room, with their old ids, which the server applies once;
- ``join`` of a code, ``resume`` and ``leave``, which do no harm if sent twice;
- ``create`` and `Client.match` only if they were never written to a connection. One whose answer was lost may have made
  a room, and another would make a second: it fails with `ConnectionFailed`.

Every request is a Deferred that waits as long as it takes; ``request.addTimeout(3, reactor)`` gives up sooner, and then
it is not known whether it was done.
"""

from gameserver.client.client import Client
from gameserver.client.room import CHAT_LINES, Room
from gameserver.protocol.mirror import Event

__all__ = ["CHAT_LINES", "Client", "Event", "Room"]
