"""A stranger who reads ``/api/openapi.json`` and tries everything in it: schemathesis, for a bounded time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Final

from twisted.internet.threads import deferToThread

from tests.e2e.kit import ServerCase

SCHEMATHESIS: Final = Path(sys.executable).parent / "schemathesis"
BOUNDED_S: Final = 25
"""How long it may try; what it finds by then counts."""
UNCHECKED: Final = "positive_data_acceptance"
"""That what fits a schema is accepted: names and passwords have rules that no schema can tell."""


class SchemathesisTests(ServerCase):
    async def test_description_holds(self) -> None:
        """Every answer is as described, whatever is asked; nothing crashes, and the server is well after it."""
        loose = ["REGISTRATIONS_PER_ADDRESS", "REFUSED_LOGINS_PER_ADDRESS", "LOOKUPS_PER_ADDRESS", "ROOMS"]
        loose += ["ROOMS_PER_ADDRESS", "ROOMS_MADE_PER_USER", "ROOMS_MADE_PER_ADDRESS"]
        environ = {f"GAMESERVER_LIMITS_{limit}": "10000" for limit in loose}
        cheap = {"GAMESERVER_LIMITS_HASH_KIB": "64", "GAMESERVER_LIMITS_HASH_PASSES": "1"}
        server = self.server(GAMESERVER_AUTH="guests accounts", **environ, **cheap)
        await server.start()
        token = (await server.http("POST", "/api/guest", {"name": "Ann"})).json["token"]
        command = [
            *(str(SCHEMATHESIS), "run", f"http://127.0.0.1:{server.port}/api/openapi.json"),
            *("--max-time", str(BOUNDED_S), "--max-examples", "15", "--seed", "1", "--no-color"),
            *("--exclude-checks", UNCHECKED, "--warnings", "off", "--generation-database", "none"),
            *("--header", f"Authorization: Bearer {token}"),
        ]
        # What it has tried stands in its report, be it text or not.
        options = {"capture_output": True, "encoding": "utf-8", "errors": "replace"}
        done = await deferToThread(subprocess.run, command, cwd=server.folder, **options)
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])
        self.assertRegex(done.stdout, r"[1-9]\d* generated")
        self.assertEqual((await server.http("GET", "/healthz")).status, 200)
        self.assertNotIn("Traceback", server.output)
