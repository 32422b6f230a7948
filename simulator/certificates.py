"""Certificates of the city's applications, from an authority of the virtual ward's own beside the configuration."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from simulator.secret_files import SecretFiles

_AUTHORITY = "city"
_AUTHORITY_DAYS = 3650
_EARLIER = timedelta(days=1)  # clocks of others may be behind


class Authority:
    """Signs. Its certificate and key are files, the same over a restart. `now`: the time in UTC."""

    def __init__(self, secrets: SecretFiles, now: Callable[[], datetime]) -> None:
        self._secrets, self._now = secrets, now
        self.file = secrets.file(_AUTHORITY, "ca.pem")
        self._key_file = secrets.file(_AUTHORITY, "ca.key")
        if not (self.file.exists() and self._key_file.exists()):
            self._make()
        self._certificate = x509.load_pem_x509_certificate(self.file.read_bytes())
        key = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self._key = key

    def server(self, name: str, days: float) -> ssl.SSLContext:
        """A server's TLS whose certificate, for 127.0.0.1, is good for `days` from now."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(name, self._certificate.subject, key, days)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        file = self._secrets.file(name, "tls.pem")
        file.unlink(missing_ok=True)  # OpenSSL takes files only
        self._secrets.keep(file, _pem_key(key) + certificate.public_bytes(serialization.Encoding.PEM).decode())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        file.unlink()
        return context

    def _make(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ward-sim city")])
        certificate = (
            self._builder("ward-sim city", name, key, _AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(_MAY_SIGN, critical=True)
            .sign(key, hashes.SHA256())
        )
        for file, text in (
            (self.file, certificate.public_bytes(serialization.Encoding.PEM).decode()),
            (self._key_file, _pem_key(key)),
        ):
            file.unlink(missing_ok=True)
            self._secrets.keep(file, text)

    def _builder(
        self, name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, days: float
    ) -> x509.CertificateBuilder:
        now = self._now()
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _EARLIER)
            .not_valid_after(now + timedelta(days=days))
        )


_MAY_SIGN = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)


def _pem_key(key: ec.EllipticCurvePrivateKey) -> str:
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def utc(wall_us: int) -> datetime:
    return datetime.fromtimestamp(wall_us / 1e6, tz=UTC)
