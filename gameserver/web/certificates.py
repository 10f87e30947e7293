"""
TLS: the certificate that this server shows, read from files, and read again on demand.

Open connections keep the certificate that they were opened with. After `Certificate.reload`, new ones get what the
files hold by then; files that cannot be used are refused, and the certificate stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509 import Certificate as X509
from cryptography.x509 import load_pem_x509_certificates
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.ssl import AcceptableCiphers, CertificateOptions, TLSVersion
from zope.interface import implementer

CIPHERS: Final = AcceptableCiphers.fromOpenSSLCipherString("ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL")
"""
For TLS 1.2, those with forward secrecy and authenticated encryption; those of TLS 1.3 are all of that kind.

Source: https://wiki.mozilla.org/Security/Server_Side_TLS, "intermediate"
"""
PROTOCOLS: Final = [b"http/1.1"]
"""A WebSocket cannot take over a connection of HTTP/2."""


@implementer(IOpenSSLServerConnectionCreator)
class Certificate:
    """
    A certificate with its key, as files hold them.

    :param key: PEM: the private key.
    :param certificate: PEM: the server's certificate, and those between it and the authority.
    :param chain: PEM: more of those between; None: there are none.
    :param now: tells the time, in UTC.
    :raises ValueError: the files cannot be used; the text names the one.
    :raises OSError: one cannot be read.
    """

    def __init__(
        self,
        key: Path,
        certificate: Path,
        chain: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._now = now
        # twistd changes its folder when it becomes a daemon, and the files are read again after that.
        self._key = key.absolute()
        self._files = [path.absolute() for path in (certificate, chain) if path is not None]
        self._options, self._own = self._read()

    def reload(self) -> None:
        """
        Show what the files hold now.

        :raises ValueError: they cannot be used, or clients would refuse what is in them; nothing is changed.
        :raises OSError: the same.
        """
        options, own = self._read()
        if fault := self._fault_of(own):
            raise ValueError(fault)
        self._options, self._own = options, own

    @property
    def fault(self) -> str:
        """Why clients refuse the certificate that is shown: not valid yet, or not any more; empty: it is valid."""
        return self._fault_of(self._own)

    def _fault_of(self, own: X509) -> str:
        now, first, last = self._now(), own.not_valid_before_utc, own.not_valid_after_utc
        fault = f"expired at {last:%F %R} UTC" if now >= last else f"is not valid before {first:%F %R} UTC"
        return "" if first <= now < last else f"the certificate in {self._files[0]} {fault}"

    def serverConnectionForTLS(self, protocol: Any) -> SSL.Connection:
        """Begin a connection with the certificate that is shown. Twisted calls this."""
        return SSL.Connection(self._options.getContext(), None)

    def __repr__(self) -> str:
        return f"Certificate({str(self._files[0])!r})"

    def _read(self) -> tuple[CertificateOptions, X509]:
        key = _key_of(self._key)
        found = [each for path in self._files for each in _found_in(path)]
        own, *between = map(crypto.X509.from_cryptography, found)
        options = CertificateOptions(
            privateKey=key,
            certificate=own,
            extraCertChain=between,
            acceptableCiphers=CIPHERS,
            acceptableProtocols=PROTOCOLS,
            raiseMinimumTo=TLSVersion.TLSv1_2,
        )
        try:
            options.getContext()
        except SSL.Error:
            raise ValueError(f"{self._key} is not the key of {self._files[0]}") from None
        return options, found[0]


def _key_of(path: Path) -> crypto.PKey:
    """:returns: a file's key. :raises ValueError: it has none; the text does not quote the file."""
    try:
        return crypto.PKey.from_cryptography_key(load_pem_private_key(path.read_bytes(), None))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        raise ValueError(f"{path} holds no private key in PEM without a password") from None


def _found_in(path: Path) -> list[X509]:
    try:
        return load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        raise ValueError(f"{path} holds no certificate in PEM") from None
