"""
A small process beside a node that ends the node when a step of a game never returns, and says which room that was.

The node's own process cannot do that: while a step holds the interpreter's lock, none of its threads runs. See
`gameserver.guard.service` for the node's side, and `gameserver.guard.process` for the other.
"""
