"""Where the project runs in the server's own process, and what it changes is heard at once; it needs no Django."""

from __future__ import annotations

from collections.abc import Callable, Sequence

heard_here: Callable[[Sequence[str]], None] | None = None
"""Called with primary keys, from any thread; None where the server is another process."""
