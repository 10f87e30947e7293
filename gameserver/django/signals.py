"""
The signals about rooms that a project may receive; see ``docs/django.rst``.

Each has ``notice``, a `gameserver.room.notices.Notice`; ``game_over`` has ``result`` too, the new row. ``game_over`` is
sent once for each round, in the transaction that keeps its row; the others may come twice, with the same ``notice.id``.
If a receiver raises, the server sends the notice again later.
"""

from __future__ import annotations

from typing import Final

from django.dispatch import Signal

game_started: Final = Signal()
game_over: Final = Signal()
player_left: Final = Signal()
