"""Reads a page of another server, or posts to it, without blocking: TLS is verified, time and size are bounded."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol
from twisted.internet.ssl import Certificate, platformTrust, trustRootFromCertificates
from twisted.python.failure import Failure
from twisted.web.client import (
    Agent,
    BrowserLikePolicyForHTTPS,
    FileBodyProducer,
    HTTPConnectionPool,
    ResponseDone,
    _HTTP11ClientFactory,
)
from twisted.web.http_headers import Headers

FETCH_S: Final = 8.0
"""A client's ``hello`` may have to wait for it, and a connection that has not said hello is closed after 10 s."""
MOST_BYTES: Final = 256 * 1024


class QuietFactory(_HTTP11ClientFactory):
    """One connection; that one begins and ends is not worth two lines of the log."""

    noisy = False


class FetchFailed(Exception):
    """The page could not be read; the text says why, for the log."""


class Fetch:
    """
    :param ca: a PEM file with the certificate authorities that are trusted; None: those of the machine.
    :raises ValueError: there is none in the file.
    :raises OSError: the file cannot be read.
    """

    def __init__(self, reactor: Any, ca: Path | None = None) -> None:
        self._reactor = reactor
        trusted = platformTrust() if ca is None else _authorities(ca)
        pool = HTTPConnectionPool(reactor, persistent=False)
        pool._factory = QuietFactory
        self._agent = Agent(reactor, BrowserLikePolicyForHTTPS(trusted), connectTimeout=FETCH_S, pool=pool)

    def __call__(self, url: str) -> Deferred[bytes]:
        """
        :returns: the body of the answer. Redirections are not followed: the operator named this address.
        :raises FetchFailed: no answer came in time, its status is not 200, or it is too large.
        """
        return self._bounded(self._ask(b"GET", url, {}, None))

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Deferred[bytes]:
        """
        :param body: JSON.
        :returns: the body of the answer, as above.
        :raises FetchFailed: as above.
        """
        headers = {"content-type": "application/json", **headers}
        return self._bounded(self._ask(b"POST", url, headers, FileBodyProducer(BytesIO(body))))

    def _bounded(self, asking: Coroutine[Any, Any, bytes]) -> Deferred[bytes]:
        return Deferred.fromCoroutine(asking).addTimeout(FETCH_S, self._reactor).addErrback(_as_fetch_failed)

    async def _ask(self, method: bytes, url: str, more: Mapping[str, str], content: Any) -> bytes:
        said = {"accept": "application/json", "user-agent": "gameserver", **more}
        headers = Headers({name: [value] for name, value in said.items()})
        answer: Any = await self._agent.request(method, url.encode("ascii"), headers, content)
        body = Body()
        answer.deliverBody(body)
        read: bytes = await body.whole
        if answer.code != 200:
            raise FetchFailed(f"{url} answers {answer.code}")
        return read


class Body(Protocol):
    """Gathers a body, and hangs up on one that is too large."""

    def __init__(self) -> None:
        self.whole: Deferred[bytes] = Deferred(lambda _: self._hang_up())
        self._content = bytearray()

    def dataReceived(self, data: bytes) -> None:
        """Some more of it came."""
        self._content += data
        if len(self._content) > MOST_BYTES:
            self._hang_up()

    def connectionLost(self, reason: Failure | None = None) -> None:
        """No more will come."""
        if self.whole.called:
            return
        if reason is not None and reason.check(ResponseDone) and len(self._content) <= MOST_BYTES:
            self.whole.callback(bytes(self._content))
        else:
            self.whole.errback(FetchFailed("the answer was cut off, or too large"))

    def _hang_up(self) -> None:
        transport: Any = self.transport
        if transport is not None:
            transport.abortConnection()


def _authorities(path: Path) -> Any:
    pem = path.read_bytes()
    end = b"-----END CERTIFICATE-----\n"
    found = [part + end for part in pem.replace(b"\r", b"").split(end)[:-1]]
    if not found:
        raise ValueError(f"{path} holds no certificate in PEM")
    return trustRootFromCertificates([Certificate.loadPEM(each) for each in found])


def _as_fetch_failed(failure: Failure) -> Failure:
    if failure.check(FetchFailed):
        return failure
    reasons = getattr(failure.value, "reasons", None)
    why = reasons[0].value if reasons else failure.value
    return Failure(FetchFailed(str(why) or type(why).__name__))
