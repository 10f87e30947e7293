"""
Prints what is not translated in the pages and the sample games: ``python -m tests.words``.

Authors have ``gameserver words`` for their own games, which finds it in the same way.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from gameserver.game.loader import load
from gameserver.game.spec import spec_of
from gameserver.web.untranslated import Part, faults, of_game, shared

CHAT: Final = Path(__file__).parent.parent / "clients/js/src/game-chat/words.js"


def parts() -> Iterable[Part]:
    """:returns: all that is translated."""
    first = shared()
    chat = re.findall(r"^  (\w+):", CHAT.read_text("utf-8"), re.MULTILINE)
    first.said.update({f"chat/{name}": True for name in chat if name != "failed"})
    catalog = load((), entry_points=False)
    return [first, *(of_game(spec_of(cls), catalog.places[name], first) for name, cls in catalog.games.items())]


if __name__ == "__main__":
    found = [line for part in parts() for line in faults(part)]
    sys.stdout.write("\n".join(found or ["All is translated."]) + "\n")
    raise SystemExit(bool(found))
