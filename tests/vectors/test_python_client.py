"""The client's part of the conversations, by the client for Python, in JSON and in MessagePack."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.vectors.files import FILES, read, told
from tests.vectors.listen import Listener


class ClientTests(SynchronousTestCase):
    binary = False

    def converse(self, path: Path) -> None:
        """Play a conversation; what the client says, and what it knows after each frame, is as the file has it."""
        listener, known = Listener(binary=self.binary), {}
        expected: dict[str, Any] = known
        for number, step in enumerate(read(path)["steps"]):
            where = f"{path.stem}, step {number}: {json.dumps(step)[:300]}"
            if "call" in step:
                listener.call(*step["call"])
            elif "lost" in step:
                listener.lose()
            if "says" in step and "other" not in step:
                self.assertEqual([told(message) for message in listener.said()], [told(step["says"])], where)
            elif "hears" in step:
                listener.hear(step)
                expected.update(step["mirror"])
                self.assertEqual(json.loads(json.dumps(listener.mirror())), expected, where)
        self.assertEqual(listener.said(), [], path.stem)

    def test_each(self) -> None:
        """All of them."""
        for path in FILES:
            self.converse(path)


class PackedTests(ClientTests):
    binary = True
