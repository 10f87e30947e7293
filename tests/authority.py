"""A certificate authority for tests: a root, an authority between, and certificates as files."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Files:
    """A certificate with the one between in ``certificate``, and its key."""

    key: Path
    certificate: Path
    serial: int

    @property
    def words(self) -> str:
        """How an endpoint string names them."""
        return f"privateKey={self.key}:certKey={self.certificate}"


class Authority:
    """:param folder: where the files lie; made."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder).absolute()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._key, self._root = _authority("root", None)
        self._between_key, self._between = _authority("between", (self._key, self._root))
        self.root = self.folder / "root.pem"
        self.root.write_bytes(self._root.public_bytes(Encoding.PEM))

    def issue(self, host: str, name: str | None = None, *, days: int = 0) -> Files:
        """
        :param host: whom it is for, beside 127.0.0.1.
        :param name: of the files; the same name again writes over them.
        :param days: it is for the day before and after that many days from now.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))])
        builder = _builder(host, self._between.subject, key, days).add_extension(names, critical=False)
        certificate = builder.sign(self._between_key, hashes.SHA256())
        stem = name or host
        files = Files(self.folder / f"{stem}.key", self.folder / f"{stem}.pem", certificate.serial_number)
        files.key.touch(0o600)
        files.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        chain = (certificate, self._between)
        files.certificate.write_bytes(b"".join(each.public_bytes(Encoding.PEM) for each in chain))
        return files


def _authority(
    name: str, above: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    signer, issuer = (above[0], above[1].subject) if above else (key, _name(name))
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = _builder(name, issuer, key).add_extension(x509.BasicConstraints(True, None), critical=True)
    return key, builder.add_extension(usage, critical=True).sign(signer, hashes.SHA256())


def _builder(name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: int = 0) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC) + days * DAY
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
    )


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
