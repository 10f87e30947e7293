"""Starts a server and its victim for one attack, and measures what the attack did to them."""

from __future__ import annotations

import http.client
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from gameserver.auth.invitations import Invitations
from gameserver.auth.secrets import read_secrets
from tests.attack.line import ATTACKER, VICTIM, Ended, Line, Socket
from tests.e2e.kit import ROOT, Answer, Server

GAMES: Final = Path(__file__).parent / "games"
MEDIAN_MS: Final = 20.0
GROWTH_BYTES: Final = 64 * 2**20
START_S: Final = 40.0
LEAST_S: Final = 3.0
"""For which the other client's answers are measured: a median of few would say little."""
CHEAP: Final = {"GAMESERVER_LIMITS_HASH_KIB": "64", "GAMESERVER_LIMITS_HASH_PASSES": "1"}
"""What is attacked is not Argon2."""

F = TypeVar("F", bound="Callable[[Stage], Outcome]")


@dataclass(frozen=True)
class Outcome:
    """
    What an attack came to.

    :ivar ended: how the attacker was ended: a close code, a status, ``open``.
    :ivar fault: what it got that it must not get; empty where it got nothing.
    """

    ended: str
    fault: str = ""


@dataclass(frozen=True)
class Attack:
    """
    One attack.

    :ivar item: what it is about, by the numbers of the list that it was made from.
    :ivar settings: the server's, beside the usual ones, as ``LIMITS_ROOMS``.
    :ivar descriptors: how many the server may have; None: as the system says.
    """

    name: str
    item: str
    run: Callable[[Stage], Outcome]
    settings: Mapping[str, str]
    descriptors: int | None


ATTACKS: Final[dict[str, Attack]] = {}


def attack(item: str, descriptors: int | None = None, **settings: str) -> Callable[[F], F]:
    """Enter a function as an attack; its name and docstring say what it does."""

    def enter(run: F) -> F:
        ATTACKS[run.__name__] = Attack(run.__name__, item, run, settings, descriptors)
        return run

    return enter


@dataclass
class Result:
    """An attack, measured."""

    attack: Attack
    outcome: Outcome
    took_ms: list[float] | str
    grown_bytes: int
    faults: list[str] = field(default_factory=list)


class Stage:
    """
    A server, for one attack.

    :param s: how long a flood lasts.
    """

    def __init__(self, server: Server, s: float) -> None:
        self.server = server
        self.s = s
        self.lines: list[Line] = []

    @property
    def port(self) -> int:
        """The server's."""
        return self.server.port

    def line(self, source: str = ATTACKER, **how: Any) -> Line:
        """:returns: a new connection."""
        self.lines.append(Line(self.port, source, **how))
        return self.lines[-1]

    def socket(self, source: str = ATTACKER, **how: Any) -> Socket:
        """:returns: a new WebSocket, which has not said hello."""
        line = Socket(self.port, source, **how)
        self.lines.append(line)
        return line

    def guest(self, name: str = "Eve", source: str = ATTACKER, **how: Any) -> Socket:
        """:returns: a new WebSocket of a guest."""
        line = self.socket(source, **how)
        line.hello(name)
        return line

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        source: str = ATTACKER,
        **headers: str,
    ) -> Answer:
        """:returns: the answer to a whole call of HTTP; a refusal to talk is status 0."""
        sent = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        asked = {"content-type": "application/json", **headers}
        if token is not None:
            asked["authorization"] = f"Bearer {token}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30, source_address=(source, 0))
        try:
            connection.request(method, path, sent, asked)
            answer = connection.getresponse()
            return Answer(answer.status, answer.read())
        except (OSError, http.client.HTTPException):
            return Answer(0, b"{}")
        finally:
            connection.close()

    def account(self, name: str, *, source: str = VICTIM) -> str:
        """:returns: the token of a new account; one of a moderator where settings name it."""
        invitation = Invitations(read_secrets(self.server.data / "secret")).make(name)
        wish = {"name": name, "password": PASSWORD, "invitation": invitation}
        answer = self.ask("POST", "/api/register", wish, source=source)
        if answer.status != 201:
            raise Ended(f"{name} is not registered: {answer.status} {answer.body!r}")
        return str(answer.json["token"])

    @property
    def log(self) -> str:
        """What the server said."""
        return self.server.output


PASSWORD: Final = "correct horse battery"


def measure(attack: Attack, s: float) -> Result:
    """Start all, attack, and stop all, by pid."""
    folder = Path(tempfile.mkdtemp(prefix="gameserver-attack-"))
    environ = {**CHEAP, **{f"GAMESERVER_{key}": value for key, value in attack.settings.items()}}
    server = Server(folder, games=GAMES, environ=environ, descriptors=attack.descriptors)
    victim: subprocess.Popen[str] | None = None
    stage = Stage(server, s)
    try:
        server.spawn()
        _wait_ready(stage)
        victim = _play(server.port)
        before, began_s = _peak_from_now(server.pid), time.monotonic()
        try:
            outcome = attack.run(stage)
        except (Ended, OSError) as error:
            outcome = Outcome("failed", f"the attack could not be made: {error}")
        time.sleep(max(0.0, LEAST_S - (time.monotonic() - began_s)))
        grown = _memory(server.pid, "VmHWM") - before if server.exit_status is None else 0
        took_ms = _stop(victim)
        return _judge(Result(attack, outcome, took_ms, grown), stage)
    finally:
        for line in stage.lines:
            line.close()
        if victim is not None and victim.poll() is None:
            victim.kill()
            victim.wait()
        server.finish()
        shutil.rmtree(folder, ignore_errors=True)


def _judge(result: Result, stage: Stage) -> Result:
    took_ms, faults = result.took_ms, result.faults
    if stage.server.exit_status is not None:
        faults.append(f"the process ended with {stage.server.exit_status}")
    if isinstance(took_ms, str):
        faults.append(f"the other client had no answer: {took_ms}")
    elif statistics.median(took_ms) >= MEDIAN_MS:
        faults.append("slow")
    if result.grown_bytes >= GROWTH_BYTES:
        faults.append("memory")
    if tracebacks := stage.log.count("Traceback (most recent"):
        faults.append(f"{tracebacks} tracebacks")
    if result.outcome.fault:
        faults.append(result.outcome.fault)
    return result


def _wait_ready(stage: Stage) -> None:
    end_s = time.monotonic() + START_S
    while stage.server.exit_status is None and time.monotonic() < end_s:
        if stage.server.listens() and stage.ask("GET", "/readyz", source=VICTIM).status == 200:
            return
        time.sleep(0.02)
    raise SystemExit(f"the server does not start:\n{stage.log}")


def _play(port: int) -> subprocess.Popen[str]:
    victim = subprocess.Popen(
        [sys.executable, "-m", "tests.attack.victim", str(port)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert victim.stdout is not None
    if victim.stdout.readline() != "ready\n":
        raise SystemExit("the other client could not begin to play")
    return victim


def _stop(victim: subprocess.Popen[str]) -> list[float] | str:
    told, _ = victim.communicate(timeout=120)
    took: list[float] | str = json.loads(told) if told else "it ended"
    return took or "it ended"


def _memory(pid: int, what: str) -> int:
    """:returns: bytes: ``VmRSS`` for now, ``VmHWM`` for the most there were."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(what))


def _peak_from_now(pid: int) -> int:
    """:returns: the memory now; what was before counts no more."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return _memory(pid, "VmRSS")
