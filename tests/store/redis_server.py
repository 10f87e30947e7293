"""
A real redis-server of a test's own: on a free port, in a folder of its own, ended by its process id.

Where there is no redis-server the tests say so and are skipped; with CI=true they fail: see `tests.needs`.
"""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.needs import program
from tests.ports import free_port

READY_S: Final = 40.0
"""How long a server may take to answer after its start."""


def redis_program() -> str:
    """
    Find redis-server.

    :raises SkipTest: it is not there, see `tests.needs`.
    """
    return program("redis-server", "the store on a real Redis")


@cache
def has_tls() -> bool:
    """Say whether this redis-server was built with TLS."""
    asked = subprocess.run(
        [redis_program(), "--port", "0", "--tls-port", "1"], capture_output=True, text=True, check=False
    )
    return "Bad directive" not in asked.stdout + asked.stderr


class RedisServer:
    """
    One redis-server, with an append-only file unless told otherwise.

    :param options: as on its command line, before the defaults: ``("--appendonly", "no")``.
    :param tls: whether it speaks TLS at ``port``, with a certificate for 127.0.0.1 alone.
    :param sentinel_of: be a Sentinel instead, alone, which calls the Redis at that port ``main``.
    :ivar folder: its files: data, ``socket``, ``ca.pem``.
    """

    def __init__(self, *options: str, tls: bool = False, sentinel_of: int | None = None) -> None:
        self._program = redis_program()
        self.folder = Path(tempfile.mkdtemp(prefix="gs-redis-"))
        self.socket = self.folder / "socket"
        self.port = free_port()
        self._options = options
        self._tls = tls
        self._sentinel_of = sentinel_of
        if tls:
            write_certificates(self.folder)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> RedisServer:
        """Start it, also after a `kill`, and wait until it answers."""
        ports = ["--port", str(self.port)]
        if self._tls:
            files = {"--tls-cert-file": "cert.pem", "--tls-key-file": "key.pem", "--tls-ca-cert-file": "ca.pem"}
            given = [text for option, name in files.items() for text in (option, str(self.folder / name))]
            ports = ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no", *given]
        always = ["--bind", "127.0.0.1", "--unixsocket", str(self.socket), "--dir", str(self.folder), "--save", ""]
        aof = ["--appendonly", "yes", "--appendfsync", "always"]
        command = [self._program, *always, *ports, *aof, *self._options]
        if self._sentinel_of is not None:
            command = [self._program, str(self._write_sentinel(self._sentinel_of)), "--sentinel"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._wait()
        return self

    def signal(self, number: int) -> None:
        """Send it a signal: SIGSTOP freezes it, SIGCONT thaws it."""
        assert self._process is not None
        self._process.send_signal(number)

    def kill(self) -> None:
        """Let it die on the spot; its files stay."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(READY_S)
            self._process = None

    def remove(self) -> None:
        """End it, and delete its files."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ask(self, *command: str | bytes | int) -> Any:
        """
        Ask it over a connection of the test's own, and wait; errors come back as text that begins with ``-``.

        :raises OSError: it is not there, or went away before it had answered.
        """
        parts = [str(part).encode() if not isinstance(part, bytes) else part for part in command]
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(READY_S)
            link.connect(str(self.socket))
            link.sendall(b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts))
            with link.makefile("rb") as lines:
                return read_answer(lines)

    def keys(self) -> list[str]:
        """List all keys, sorted."""
        return sorted(key.decode() for key in self.ask("KEYS", "*"))

    def _write_sentinel(self, master: int) -> Path:
        path = self.folder / "sentinel.conf"
        path.write_text(
            f"bind 127.0.0.1\nport {self.port}\nunixsocket {self.socket}\ndir {self.folder}\n"
            f"sentinel monitor main 127.0.0.1 {master} 1\n"
            "sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 5000\n"
        )
        return path

    def _wait(self) -> None:
        until = time.monotonic() + READY_S
        while True:
            try:
                if self.ask("PING") == "+PONG":
                    return
            except OSError:
                pass
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"redis-server does not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.01)


def read_answer(lines: Any) -> Any:
    """
    :param lines: a file of what Redis says.
    :returns: what a command came to.
    :raises ConnectionError: the connection ended before the answer did.
    """
    line = lines.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("redis-server hung up before it had answered")
    kind, rest = line[:1], line[1:-2]
    if kind == b"$":
        return None if rest == b"-1" else _read_bytes(lines, int(rest))
    if kind == b"*":
        return [read_answer(lines) for _ in range(int(rest))]
    return int(rest) if kind == b":" else line[:-2].decode()


def _read_bytes(lines: Any, size: int) -> bytes:
    text: bytes = lines.read(size + 2)
    if len(text) < size + 2:
        raise ConnectionError("redis-server hung up in the middle of an answer")
    return text[:-2]


def write_certificates(folder: Path) -> None:
    """Make an authority (``ca.pem``), and a certificate of it for 127.0.0.1 (``cert.pem``, ``key.pem``)."""
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test's authority")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "redis")])
    now = datetime.now(UTC)

    def certificate(subject: x509.Name, public: Any, extension: Any) -> bytes:
        made = x509.CertificateBuilder(
            issuer_name=ca_name,
            subject_name=subject,
            public_key=public,
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(hours=1),
            not_valid_after=now + timedelta(days=1),
        ).add_extension(extension, critical=False)
        return made.sign(ca_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    is_ca = x509.BasicConstraints(ca=True, path_length=None)
    its_address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    (folder / "ca.pem").write_bytes(certificate(ca_name, ca_key.public_key(), is_ca))
    (folder / "cert.pem").write_bytes(certificate(name, key.public_key(), its_address))
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "key.pem").write_bytes(pem)
