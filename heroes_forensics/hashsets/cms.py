"""Detached signatures in CMS (``.p7s``), by a certificate that a pinned certificate vouches for.

Read are messages as ``openssl cms -sign -binary -outform DER`` writes them: DER, one signer, the
content left out, signed attributes, RSA of 2048 bits or more (PKCS #1 v1.5) or ECDSA over P-256,
P-384 or P-521, with SHA-256 or better. The pinned certificate is the signer's own or that of an
authority above it. The time of signing that a message states is not used: its signer wrote it.
Formats: RFC 5652 and RFC 5280.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import new, sha256
from hmac import compare_digest
from typing import Annotated, Any, Final, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.asn1 import TLV, Explicit, Implicit, SetOf
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import verification
from cryptography.x509.verification import Criticality, ExtensionPolicy

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets import trust

SUFFIX: Final = trust.CMS_SUFFIX
MAX_BYTES: Final = trust.CMS_BYTES

_MAX_CERTIFICATES: Final = 8
_MAX_DEPTH: Final = 4
_RSA_BITS: Final = 2048
_DATA: Final = x509.ObjectIdentifier("1.2.840.113549.1.7.1")
_DATA_OCTETS: Final = bytes.fromhex("2a864886f70d010701")
"""The same as content octets."""
_SIGNED_DATA: Final = x509.ObjectIdentifier("1.2.840.113549.1.7.2")
_CONTENT_TYPE: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST: Final = x509.ObjectIdentifier("1.2.840.113549.1.9.4")
_OBJECT_TAG: Final = b"\x06"
_OCTETS_TAG: Final = b"\x04"
_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.1": hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_RSA: Final = {
    "1.2.840.113549.1.1.1": "",  # rsaEncryption: the digest is that of the message
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
_ECDSA: Final = {
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
}


@asn1.sequence
class _Algorithm:
    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null | None


@asn1.sequence
class _Attribute:
    type: x509.ObjectIdentifier
    values: SetOf[TLV]


@asn1.sequence
class _IssuerAndSerial:
    issuer: TLV
    serial: int


@asn1.sequence
class _SignerInfo:
    version: int
    sid: _IssuerAndSerial | Annotated[bytes, Implicit(0)]
    digest: _Algorithm
    signed: Annotated[SetOf[_Attribute] | None, Implicit(0)]
    algorithm: _Algorithm
    signature: bytes
    unsigned: Annotated[SetOf[_Attribute] | None, Implicit(1)]


@asn1.sequence
class _Encapsulated:
    content_type: x509.ObjectIdentifier
    content: Annotated[bytes | None, Explicit(0)]


@asn1.sequence
class _SignedData:
    version: int
    digests: SetOf[TLV]
    encapsulated: _Encapsulated
    certificates: Annotated[SetOf[x509.Certificate] | None, Implicit(0)]
    crls: Annotated[SetOf[x509.CertificateRevocationList] | None, Implicit(1)]
    signers: SetOf[_SignerInfo]


@asn1.sequence
class _Message:
    content_type: x509.ObjectIdentifier
    content: Annotated[_SignedData, Explicit(0)]


@dataclass(frozen=True, slots=True)
class Message:
    """A message taken apart; nothing of it is checked yet."""

    signer: Any
    certificate: x509.Certificate
    """The signer's own."""
    others: tuple[x509.Certificate, ...]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the signer's certificate, in upper-case hex."""
        return fingerprint(self.certificate)

    @property
    def subject(self) -> str:
        """Who signed, by the certificate's own words, in a form that is safe to show."""
        return shown(self.certificate.subject.rfc4514_string(), limit=200)


class Pinned(NamedTuple):
    """A certificate that is trusted for a publisher."""

    key_id: str
    certificate: x509.Certificate


def fingerprint(certificate: x509.Certificate) -> str:
    """Return the SHA-256 of a certificate in upper-case hex, as ``openssl x509`` says it."""
    return sha256(certificate.public_bytes(serialization.Encoding.DER)).hexdigest().upper()


def read_certificate(data: bytes) -> x509.Certificate:
    """Read one certificate in PEM or DER.

    Raises:
        UsageError: it is not one, or its key is of no kind that counts here.
    """
    try:
        text = b"-----BEGIN" in data
        found = (
            x509.load_pem_x509_certificate(data) if text else x509.load_der_x509_certificate(data)
        )
        _strong(found.public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UsageError(
            "this is no certificate that can be pinned",
            hint="give one certificate in PEM or DER, of RSA 2048 or more, or of P-256 or more",
        ) from error
    return found


def read(data: bytes) -> Message:
    """Take a signature file apart.

    Raises:
        HashSetError: it is not a detached signature by one signer whose certificate is in it.
    """
    try:
        return _taken_apart(data)
    except (
        ValueError,
        TypeError,
        OverflowError,
        UnsupportedAlgorithm,
        x509.DuplicateExtension,
    ) as error:
        raise HashSetError(
            "the signature beside the manifest is no detached CMS signature of one signer, in DER",
            hint="make it with: openssl cms -sign -binary -outform DER",
        ) from error


def _taken_apart(data: bytes) -> Message:
    """Take a message apart; whatever it is not is a `ValueError`."""
    if len(data) > MAX_BYTES:
        raise ValueError(len(data))
    message = asn1.decode_der(_Message, data)
    body = message.content
    signers = body.signers.as_list()
    certificates = body.certificates.as_list() if body.certificates is not None else []
    if (
        message.content_type != _SIGNED_DATA
        or body.encapsulated.content_type != _DATA
        or body.encapsulated.content is not None
        or len(signers) != 1
        or len(certificates) > _MAX_CERTIFICATES
    ):
        raise ValueError("not one signer of a detached content")
    (certificate,) = [each for each in certificates if _is_of(signers[0].sid, each)]
    others = tuple(each for each in certificates if each is not certificate)
    return Message(signers[0], certificate, others)


def anchor(message: Message, pinned: Sequence[Pinned], now: datetime) -> str | None:
    """Return the id of the pinned certificate that vouches for the signer; None when none does.

    Args:
        message: its certificates may form a chain of up to four.
        pinned: the signer's own certificate, or authorities.
        now: an aware time at which every certificate has to be valid.
    """
    own = message.certificate
    if not own.not_valid_before_utc <= now <= own.not_valid_after_utc or not _may_sign(own):
        return None
    for key_id, certificate in pinned:
        if certificate == own or _chained(message, certificate, now):
            return key_id
    return None


def holds(message: Message, content: bytes) -> bool:
    """Tell whether the signature is that of the signer's certificate, over ``content``."""
    signer = message.signer
    try:
        digest = _DIGESTS[signer.digest.algorithm.dotted_string]
        if signer.signed is None:
            return False
        attributes = signer.signed.as_list()
        stated = _only(attributes, _MESSAGE_DIGEST, _OCTETS_TAG)
        kind = _only(attributes, _CONTENT_TYPE, _OBJECT_TAG)
        actual = new(digest.name, content).digest()
        if kind != _DATA_OCTETS or not compare_digest(stated, actual):
            return False
        _verify(message.certificate, signer, digest, asn1.encode_der(signer.signed))
    except (InvalidSignature, ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        return False
    return True


def _verify(
    certificate: x509.Certificate,
    signer: Any,  # noqa: ANN401 - of the decoder
    digest: hashes.HashAlgorithm,
    signed: bytes,
) -> None:
    """Check a signature over the signed attributes; any refusal is an exception."""
    public = _strong(certificate.public_key())
    algorithm = signer.algorithm.algorithm.dotted_string
    if isinstance(public, rsa.RSAPublicKey):
        if _RSA[algorithm] not in {"", digest.name}:
            raise ValueError("two digests")
        public.verify(signer.signature, signed, padding.PKCS1v15(), digest)
    else:
        if _ECDSA[algorithm] != digest.name:
            raise ValueError("two digests")
        public.verify(signer.signature, signed, ec.ECDSA(digest))


def _strong(public: object) -> rsa.RSAPublicKey | ec.EllipticCurvePublicKey:
    if isinstance(public, rsa.RSAPublicKey) and public.key_size >= _RSA_BITS:
        return public
    curves = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, curves):
        return public
    raise ValueError("the key of a certificate is weak, or of a kind that does not count here")


def _is_of(sid: Any, certificate: x509.Certificate) -> bool:  # noqa: ANN401 - of the decoder
    """Tell whether a signer names this certificate, by issuer and serial number or by key."""
    if isinstance(sid, bytes):
        try:
            found = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        except x509.ExtensionNotFound:
            return False
        return found.value.digest == sid
    name = certificate.issuer.public_bytes()
    return bool(
        sid.serial == certificate.serial_number
        and name[-len(sid.issuer.data) :] == (sid.issuer.data)
    )


def _may_sign(certificate: x509.Certificate) -> bool:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except (x509.ExtensionNotFound, x509.DuplicateExtension, ValueError):
        return False
    return usage.digital_signature


def _chained(message: Message, root: x509.Certificate, now: datetime) -> bool:
    authority = ExtensionPolicy.permit_all().require_present(
        x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority
    )
    authority = authority.require_present(x509.KeyUsage, Criticality.AGNOSTIC, _signs_certificates)
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store([root]))
        .time(now)
        .max_chain_depth(_MAX_DEPTH)
        .extension_policies(ca_policy=authority, ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()
    )
    try:
        verifier.verify(message.certificate, list(message.others))
    except (verification.VerificationError, ValueError):
        return False
    return True


def _is_authority(policy: object, certificate: object, found: x509.BasicConstraints) -> None:
    del policy, certificate
    if not found.ca:
        raise ValueError("no authority")


def _signs_certificates(policy: object, certificate: object, found: x509.KeyUsage) -> None:
    del policy, certificate
    if not found.key_cert_sign:
        raise ValueError("an authority that may not sign certificates")


def _only(attributes: list[Any], kind: x509.ObjectIdentifier, tag: bytes) -> bytes:
    """Return the one value of the one attribute of a kind."""
    (attribute,) = [each for each in attributes if each.type == kind]
    (value,) = attribute.values.as_list()
    if bytes(value.tag_bytes) != tag:
        raise ValueError("a value of another type")
    return bytes(value.data)
