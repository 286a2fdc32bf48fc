"""Signatures in a PDF (PAdES): putting one in, and checking what is there.

A signature is an incremental update: the bytes of the file that was signed stay as they were, and
what comes behind them may be signatures and what belongs to them, nothing else. Whoever signs does
it with a certificate of his own; whether that is his is for who verifies to say, with roots of his
own choice. Nothing is fetched: no time stamp, no revocation. The time of a report is bound by the
ledger.

Needs the extra ``sign`` (pyHanko).
"""

import datetime as dt
import io
import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any, Final, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from heroes_forensics.errors import UsageError

MARK: Final = b"/ByteRange"
"""Stands in clear in every PDF that holds a signature."""

MAX_IDENTITY: Final = 1 << 20
"""Bytes of a file with a key and its certificates."""

_FIELD: Final = "Signature"
_MOST_FIELDS: Final = 10_000
"""Fields and notes of a file that are looked at, links of a long report included."""
_PEM: Final = b"-----BEGIN"


class Identity(NamedTuple):
    """Who signs: a private key and its certificate."""

    key: bytes
    """PKCS #8, DER, unencrypted: never written anywhere."""
    certificate: bytes
    """DER."""
    others: tuple[bytes, ...]
    """Certificates between it and a root, DER."""


class Found(NamedTuple):
    """One signature of a PDF."""

    signer: str
    """The subject of the certificate, as it says of itself."""
    certificate: str
    """SHA-256 of the certificate in hex."""
    good: bool
    """It is over these bytes, and its cryptography holds."""
    trusted: bool
    """Its certificate leads to one of the roots given."""


class Checked(NamedTuple):
    """What became of a PDF since it was made."""

    signatures: tuple[Found, ...]
    only_signed: bool
    """Nothing but signatures, and what belongs to them, was added."""
    seen: bool
    """A field of a signature has a place or a picture on a page, or does something there: it may
    cover what the report says, by a signature that is good."""


def installed() -> bool:
    """Say whether the extra ``sign`` is there."""
    return find_spec("pyhanko") is not None


# ---- who signs ---------------------------------------------------------------------------


def protected(data: bytes) -> bool:
    """Say whether a file with a key wants a passphrase."""
    try:
        _key_and_certificates(data, None)
    except (TypeError, ValueError):
        return True
    return False


def identity(data: bytes, passphrase: str | None) -> Identity:
    """Read a private key and its certificates from PKCS #12 or PEM.

    Raises:
        UsageError: there is none, the passphrase is wrong, or the certificate is not valid now.
    """
    try:
        key, certificates = _key_and_certificates(data, passphrase)
    except (TypeError, ValueError) as error:
        raise UsageError(
            "the key to sign with cannot be read",
            hint="it is PKCS #12 or PEM, and its passphrase has to be right",
        ) from error
    own = next((each for each in certificates if each.public_key() == key.public_key()), None)
    if own is None:
        raise UsageError(
            "the file with the key to sign with holds no certificate of this key",
            hint="put both into one file: a key alone says nothing about who signs",
        )
    now = dt.datetime.now(dt.UTC)
    if not own.not_valid_before_utc <= now <= own.not_valid_after_utc:
        raise UsageError(
            "the certificate of the key to sign with is not valid today: it is from "
            f"{own.not_valid_before_utc:%Y-%m-%d} to {own.not_valid_after_utc:%Y-%m-%d}"
        )
    der = serialization.Encoding.DER
    return Identity(
        key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
        own.public_bytes(der),
        tuple(each.public_bytes(der) for each in certificates if each != own),
    )


def _key_and_certificates(
    data: bytes, passphrase: str | None
) -> tuple[Any, list[x509.Certificate]]:
    secret = None if passphrase is None else passphrase.encode()
    if _PEM in data:
        key: Any = serialization.load_pem_private_key(data, secret)
        return key, x509.load_pem_x509_certificates(data)
    found, own, others = pkcs12.load_key_and_certificates(data, secret)
    if found is None:
        raise ValueError("no key")
    return found, [*([own] if own else []), *others]


# ---- signing and checking ----------------------------------------------------------------


def sign(pdf: bytes, who: Identity) -> bytes:
    """Return the PDF with one signature more, behind its own bytes."""
    from asn1crypto import keys  # noqa: PLC0415 # comes with the extra: when it is used
    from asn1crypto import x509 as asn1  # noqa: PLC0415 # likewise
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter  # noqa: PLC0415
    from pyhanko.sign import fields, signers  # noqa: PLC0415 # likewise
    from pyhanko_certvalidator.registry import SimpleCertificateStore  # noqa: PLC0415 # likewise

    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    count = len(writer.prev.embedded_signatures)
    name = f"{_FIELD}{count + 1}"
    signer = signers.SimpleSigner(
        signing_cert=asn1.Certificate.load(who.certificate),
        signing_key=keys.PrivateKeyInfo.load(who.key),
        cert_registry=SimpleCertificateStore.from_certs(  # type: ignore[no-untyped-call] # has no types
            [asn1.Certificate.load(each) for each in who.others]
        ),
    )
    made = signers.PdfSigner(
        signers.PdfSignatureMetadata(
            field_name=name,
            md_algorithm="sha512",  # what Ed25519 asks for, and none is weaker
            subfilter=fields.SigSeedSubFilter.PADES,
        ),
        signer,
        new_field_spec=fields.SigFieldSpec(name, readable_field_name=name),
    ).sign_pdf(writer)
    signed: bytes = made.getvalue()
    if not signed.startswith(pdf):
        raise RuntimeError("the file that was signed was written anew")  # a bug of the library
    return signed


def check(pdf: bytes, roots: Sequence[bytes], moment: dt.datetime) -> Checked:
    """Check the signatures of a PDF, and what was added to its first revision.

    Args:
        pdf: the file.
        roots: certificates (DER) that are trusted.
        moment: when it was signed, as far as known: certificates have to be valid then.

    Raises:
        Exception: the file is no PDF that could be read; whatever a reader makes of it.
    """
    from asn1crypto import x509 as asn1  # noqa: PLC0415 # an extra: when it is used
    from pyhanko.pdf_utils.reader import PdfFileReader  # noqa: PLC0415 # likewise
    from pyhanko.sign import validation  # noqa: PLC0415 # likewise
    from pyhanko_certvalidator import ValidationContext  # noqa: PLC0415 # likewise

    reader = PdfFileReader(io.BytesIO(pdf))
    found = []
    for each in reader.embedded_signatures:
        context = ValidationContext(
            trust_roots=[asn1.Certificate.load(root) for root in roots],
            moment=moment,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )
        status = validation.validate_pdf_signature(each, context)
        covers = validation.SignatureCoverageLevel.ENTIRE_REVISION
        certificate = status.signing_cert
        found.append(
            Found(
                str(certificate.subject.human_friendly),
                certificate.sha256.hex(),
                good=bool(status.intact and status.valid and status.coverage >= covers),
                trusted=bool(status.trusted),
            )
        )
    end = _END.search(pdf)
    first = None if end is None else PdfFileReader(io.BytesIO(pdf[: end.end()]))
    only = first is not None and _only_signed(first, reader)
    return Checked(tuple(found), only_signed=only, seen=any(map(_is_seen, _fields(reader))))


_END: Final = re.compile(rb"startxref\s+\d+\s+%%EOF")
_MAY_CHANGE: Final = {
    "/Catalog": frozenset({"/AcroForm", "/DSS", "/Extensions", "/Perms", "/Version"}),
    "/Page": frozenset({"/Annots"}),
    "": frozenset({"/ModDate", "/Producer"}),
}
"""Entries that a signature may add or change, by type of the object; of a page see `_widgets`."""
_OF_A_FORM: Final = frozenset({"/Fields", "/SigFlags", "/DA", "/DR", "/Q"})
"""Entries of a form of signatures. Others let a reader make other pages of it (``/XFA``)."""
_ACTS: Final = frozenset({"/A", "/AA"})


def _only_signed(first: Any, reader: Any) -> bool:  # noqa: ANN401 - classes of the extra
    """Say whether every object of the first revision is still what it was, but for signatures.

    What is added hangs on nothing but the entries that may change. The first revision is what the
    bytes before the first end of a file are by themselves: what stands behind them may say that
    there was none, and readers would show another document.

    Args:
        first: the file up to there.
        reader: all of it.
    """
    if reader.xrefs.total_revisions < first.xrefs.total_revisions:
        return False
    if reader.trailer_view.raw_get("/Root") != first.trailer_view.raw_get("/Root"):
        return False
    if set(_entry(reader.root, "/AcroForm", {})) - _OF_A_FORM:
        return False
    if any(_type_of(each) != "/Sig" for each in _fields(reader)):
        return False
    old, freed = set(), set()
    for revision in range(first.xrefs.total_revisions):
        old |= first.xrefs.explicit_refs_in_revision(revision)
    for revision in range(1, reader.xrefs.total_revisions):
        freed |= reader.xrefs.refs_freed_in_revision(revision)
    return not freed & old and all(
        _same(first.get_object(ref), reader.get_object(ref)) for ref in old
    )


def _same(before: Any, now: Any) -> bool:  # noqa: ANN401 - objects of a PDF
    """Say whether an object is the one it was, but for what a signature may change of it."""
    if type(before) is not type(now):
        return False
    named = isinstance(before, dict)
    if not named:
        return _bytes(before) == _bytes(now)
    kind = str(before.get("/Type", ""))
    if kind == "/Metadata":  # what the file says of itself, beside its date of change
        return str(now.get("/Type", "")) == kind
    may = _MAY_CHANGE.get(kind, frozenset())
    for name in set(before) | set(now):
        if name in may:
            continue
        pair = [_bytes(each.raw_get(name)) if name in each else None for each in (before, now)]
        if pair[0] != pair[1]:
            return False
    if getattr(before, "encoded_data", b"") != getattr(now, "encoded_data", b""):
        return False
    return kind != "/Page" or _widgets(before, now)


def _widgets(before: Any, now: Any) -> bool:  # noqa: ANN401 - pages
    """Say whether a page has what was on it, and beside it fields of signatures alone."""
    was, found = (list(_entry(each, "/Annots", ())) for each in (before, now))
    kept = {_bytes(each) for each in was}
    new = [each.get_object() for each in found if _bytes(each) not in kept]
    fields = all(
        _entry(each, "/Subtype", "") == "/Widget" and _type_of(each) == "/Sig" for each in new
    )
    return fields and len(found) - len(new) == len(was)


def _entry(of: Any, name: str, default: Any) -> Any:  # noqa: ANN401 - likewise
    """Return an entry itself, also where a reference to it stands."""
    return of[name] if name in of else default  # noqa: SIM401 - get() gives the reference


def _fields(reader: Any) -> Iterator[Any]:  # noqa: ANN401 - likewise
    """Yield the fields of the form, their parts, and every widget that a page shows.

    Raises:
        ValueError: there are more than anybody signs.
    """
    form = [*_entry(_entry(reader.root, "/AcroForm", {}), "/Fields", ())]
    for page in range(int(reader.root["/Pages"]["/Count"])):
        shown = reader.find_page_for_modification(page)[0].get_object()
        form += _entry(shown, "/Annots", ())
        if len(form) > _MOST_FIELDS:
            raise ValueError("more fields than anybody signs")
    for each in form:
        found = each.get_object()
        if _entry(found, "/Subtype", "/Widget") == "/Widget":
            yield found
            yield from (kid.get_object() for kid in _entry(found, "/Kids", ()))


def _type_of(field: Any) -> str:  # noqa: ANN401 - likewise
    return str(_entry(field, "/FT", "") or _entry(_entry(field, "/Parent", {}), "/FT", ""))


def _is_seen(field: Any) -> bool:  # noqa: ANN401 - likewise
    """Say whether a field has a place or a picture on a page, or does something.

    What the flags of a widget say of hiding is not believed: a reader may print what it hides.
    """
    box = [float(each) for each in _entry(field, "/Rect", ())]
    place = bool(box) and box[:2] != box[2:]
    pictures = [each.get_object() for each in _entry(field, "/AP", {}).values()]
    painted = any(getattr(each, "data", b"x").strip() for each in pictures)
    return place or painted or bool(_ACTS & set(field))


def _bytes(value: Any) -> bytes:  # noqa: ANN401 - an object of a PDF
    stream = io.BytesIO()
    value.write_to_stream(stream, None)
    return stream.getvalue()
