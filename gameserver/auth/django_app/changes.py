"""How server and project call each other where both run in one process; this module needs no Django."""

from __future__ import annotations

from collections.abc import Callable, Sequence

heard_here: Callable[[Sequence[str]], None] | None = None
"""Called with primary keys, from any thread; None where the server is another process."""

take_here: Callable[[bytes], None] | None = None
"""Takes a notice, see `gameserver.room.notices`, in a thread; None where ``gameserver.django`` is not in use."""
