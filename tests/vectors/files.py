"""The files of conversations, and how the messages of a client are compared with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILES = sorted(Path(__file__).parent.glob("*.json"))


def read(path: Path) -> dict[str, Any]:
    """:returns: a conversation."""
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def told(message: dict[str, Any]) -> dict[str, Any]:
    """:returns: what a message says: a field that is null is one that is left out."""
    return {key: value for key, value in message.items() if value is not None}
