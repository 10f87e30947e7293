"""
A few commands to a Redis, in blocking calls: the process beside a node says what the node was at when it ended.

Only Python's own modules are used, since that process must be small, and ready at once.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any, Final

WAIT_S: Final = 0.6
"""For one answer: the end of a node that hangs must not wait for a store that hangs."""


class NoRedis(Exception):
    """The Redis does not answer, or answers with an error."""


def tell(address: dict[str, Any], *commands: list[str | bytes]) -> None:
    """
    Have a Redis carry commands out.

    :param address: the fields of `gameserver.store.redis.address.Address`.
    :raises NoRedis: it is not known whether it carried them out.
    """
    try:
        host = _master(address) if address["kind"] == "redis+sentinel" else None
        with _connected(address, host) as connection:
            lines = connection.makefile("rb")
            if address.get("password"):
                _ask(connection, lines, ["AUTH", *filter(None, [address.get("user")]), address["password"]])
            if address.get("db"):
                _ask(connection, lines, ["SELECT", str(address["db"])])
            for command in commands:
                _ask(connection, lines, command)
    except (OSError, ValueError, LookupError) as error:
        raise NoRedis(f"{type(error).__name__}: {error}") from error


def _connected(address: dict[str, Any], host: tuple[str, int] | None) -> socket.socket:
    if address["kind"] == "redis+unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(WAIT_S)
        connection.connect(address["name"])
        return connection
    name, port = host or address["hosts"][0]
    connection = socket.create_connection((name, port), timeout=WAIT_S)
    if address["kind"] == "rediss":
        return ssl.create_default_context(cafile=address.get("ca")).wrap_socket(connection, server_hostname=name)
    return connection


def _master(address: dict[str, Any]) -> tuple[str, int]:
    failed: Exception = NoRedis("no Sentinel")
    for name, port in address["hosts"]:
        try:
            with socket.create_connection((name, port), timeout=WAIT_S) as connection:
                asked = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", address["name"]]
                host, found = _ask(connection, connection.makefile("rb"), asked)
                return host.decode(), int(found)
        except (OSError, ValueError, TypeError, NoRedis) as error:
            failed = error
    raise NoRedis(f"no Sentinel tells the master: {failed}")


def _ask(connection: socket.socket, lines: Any, command: Any) -> Any:
    """:returns: the answer. Source: the Redis serialization protocol, RESP2"""
    words = [word.encode() if isinstance(word, str) else word for word in command]
    said = b"".join([b"*%d\r\n" % len(words), *(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)])
    connection.sendall(said)
    return _answer(lines)


def _answer(lines: Any) -> Any:
    line = lines.readline()
    kind, rest = line[:1], line[1:].strip()
    if kind == b"$":
        return None if rest == b"-1" else lines.read(int(rest) + 2)[:-2]
    if kind == b"*":
        return [_answer(lines) for _ in range(int(rest))]
    if kind in (b"+", b":"):
        return rest
    raise NoRedis(rest.decode("utf-8", "replace") or "the connection was closed")
