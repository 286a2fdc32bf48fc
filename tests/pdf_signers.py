"""Keys and certificates of made-up people, to sign PDF files with."""

import datetime as dt
from functools import cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

PASSPHRASE = "correct horse"  # noqa: S105 # of keys that are made here


class Person(NamedTuple):
    """A key with its certificate, as files."""

    p12: bytes
    """PKCS #12 under `PASSPHRASE`."""
    pem: bytes
    """Key without a passphrase, and certificate."""
    certificate: bytes
    """PEM alone."""


@cache
def person(
    name: str = "Examiner 31", kind: str = "rsa", *, days: int = 30, authority: str = ""
) -> Person:
    """Return somebody with a certificate, ended when ``days`` is negative.

    It is signed by himself, or by the key of somebody else.
    """
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = (
        rsa.generate_private_key(65537, 2048)
        if kind == "rsa"
        else ed25519.Ed25519PrivateKey.generate()
    )
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_cert_sign=not authority,
        key_encipherment=False, data_encipherment=False, key_agreement=False, crl_sign=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    issuer, signing = subject, key
    if authority:
        above = person(authority)
        issuer = x509.load_pem_x509_certificate(above.certificate).subject
        loaded = serialization.load_pem_private_key(above.pem, None)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        signing = loaded
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=60))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=not authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(signing, hashes.SHA256() if isinstance(signing, rsa.RSAPrivateKey) else None)
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    secret = serialization.BestAvailableEncryption(PASSPHRASE.encode())
    plain = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return Person(
        pkcs12.serialize_key_and_certificates(b"key", key, made, None, secret),
        plain + certificate,
        certificate,
    )
