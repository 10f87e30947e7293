"""Where the project runs in the server's own process, and both hear of each other at once; it needs no Django."""

from __future__ import annotations

from collections.abc import Callable, Sequence

heard_here: Callable[[Sequence[str]], None] | None = None
"""Called with primary keys, from any thread; None where the server is another process."""

take_here: Callable[[bytes], None] | None = None
"""Takes a notice, see `gameserver.room.notices`, in a thread; None where ``gameserver.django`` is not in use."""
