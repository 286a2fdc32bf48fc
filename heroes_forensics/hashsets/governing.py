"""May this set be used, and what is said of where it comes from?

One place decides, for sets with a manifest and for plain files: the signature against the keys
pinned for its publisher, the sequence against what is installed, expiry, and whether a name moves
from one publisher to another. What is refused can be allowed by an explicit option; the option is
then part of what is known of the set for ever, and stands in ledger and report.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.manifest import Manifest, end_of
from heroes_forensics.hashsets.signatures import FORMS
from heroes_forensics.hashsets.trust import PinnedKey, TrustStore
from heroes_forensics.model import JSON

VERIFIED: Final = "verified"
UNSIGNED: Final = "unsigned"
FAILED: Final = "failed"
STATES: Final[dict[str, str]] = {
    VERIFIED: "a pinned key of the publisher signed the manifest, and every file is as it says",
    UNSIGNED: "nobody who is trusted stands for it: there is no signature, or none by a known key",
    FAILED: "the signature does not hold, and the policy `warn` let the set in all the same",
}

REQUIRE: Final = "require"
WARN: Final = "warn"
OFF: Final = "off"
POLICIES: Final[dict[str, str]] = {
    REQUIRE: "only sets that verify are taken",
    WARN: "a set that does not verify is taken, and said to be `failed` or `unsigned`",
    OFF: "signatures are not looked at",
}
DEFAULT: Final = ""
"""No policy is set: signatures that are there have to verify, and sets of a publisher with a key
pinned for their kind have to be signed."""

ALLOWANCES: Final[dict[str, str]] = {
    "unsigned": "a set without a signature where one is required",
    "unknown-issuer": "a set signed by a publisher of whom no key is pinned",
    "rollback": "an edition that is older than the one installed",
    "expired": "an edition whose time is over",
    "other-issuer": "a set whose name belongs to another publisher",
}
"""What an operator can allow by name; the option is ``--allow-`` and the word."""


def option_of(allowance: str) -> str:
    """Return the option of the command line that allows it."""
    return f"--allow-{allowance}"


_SKEW: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the laboratory and the operator say."""

    trust: TrustStore = field(default_factory=lambda: TrustStore({}))
    policies: Mapping[str, str] = field(default_factory=dict)
    """By kind; a kind that is missing has the `DEFAULT`."""
    allowed: frozenset[str] = frozenset()
    """Rows of `ALLOWANCES`."""

    def policy(self, kind: str) -> str:
        """Return the policy for sets of a kind."""
        return self.policies.get(kind, DEFAULT)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came out, if it was not a refusal."""

    state: str = UNSIGNED
    key_id: str = ""
    subject: str = ""
    type: str = ""
    used: tuple[str, ...] = ()
    """Rows of `ALLOWANCES` without which the set would have been refused."""
    warnings: tuple[str, ...] = ()

    def provenance(self, manifest: Manifest | None = None) -> JSON:
        """Return what is recorded with the edition."""
        body: JSON = {"allowed": list(self.used)} if self.used else {}
        if self.state != UNSIGNED or self.key_id:
            body |= {"key_id": self.key_id, "subject": self.subject, "key_type": self.type}
        if manifest is not None:
            body |= {
                "publisher": manifest.publisher,
                "manifest_sha256": manifest.sha256,
                "sequence": manifest.sequence,
                "previous": manifest.previous,
                "issued": manifest.issued,
                "expires": manifest.expires,
                "kind_word": manifest.kind_word,
                "handling": manifest.handling,
            }
        return body


def judge_manifest(  # noqa: PLR0913 - all that a decision rests on
    manifest: Manifest,
    data: bytes,
    signatures: Mapping[str, bytes],
    installed: Iterable[Header],
    rules: Rules,
    *,
    now: datetime | None = None,
) -> Judgement:
    """Decide on a set with a manifest.

    Args:
        manifest: as it was read from ``data``.
        data: the manifest's bytes, which the signature is over.
        signatures: detached signatures found beside it, by the suffix of their file.
        installed: headers of what the catalogue holds.
        rules: those of the laboratory and of this call.
        now: an aware time; the machine's clock when missing.

    Raises:
        HashSetError: the set is refused; the hint says what to do.
    """
    now = now or datetime.now(UTC)
    judging = _Judging(rules, manifest.kind)
    judging.signature(manifest, data, signatures, now)
    judging.order(manifest, list(installed), now)
    return judging.judgement()


def judge_file(header: Header, installed: Iterable[Header], rules: Rules) -> Judgement:
    """Decide on a set that came without a manifest, whose kind is known now.

    Raises:
        HashSetError: the set is refused; the hint says what to do.
    """
    judging = _Judging(rules, header.kind)
    judging.missing(header.issuer, "a file without a manifest")
    judging.owner(header.name, header.issuer, list(installed))
    return judging.judgement()


def judge_use(header: Header, rules: Rules, *, now: datetime | None = None) -> tuple[str, ...]:
    """Decide whether an edition of the catalogue may be used in a run that begins now.

    Args:
        header: of the edition.
        rules: those of the laboratory and of this call.
        now: an aware time; the machine's clock when missing.

    Returns:
        The rows of `ALLOWANCES` without which it would have been refused.

    Raises:
        HashSetError: it may not be used.
    """
    said = header.provenance
    before: object = said.get("allowed") or ()
    allowed = frozenset(before if isinstance(before, list) else ())
    expires = str(said.get("expires") or "")
    used = []
    if expires and (now or datetime.now(UTC)) >= end_of(expires) and "expired" not in allowed:
        if "expired" not in rules.allowed:
            raise HashSetError(
                f"hash set {shown(header.name)} {header.edition} expired: its manifest says"
                f" {expires}",
                hint="import the present edition, or allow it for this run, which is recorded:"
                f" --allow-expired {shown(header.name)}",
            )
        used.append("expired")
    if (
        rules.policy(header.kind) == REQUIRE
        and header.signature != VERIFIED
        and not allowed & {"unsigned", "unknown-issuer"}
    ):
        raise HashSetError(
            f"hash set {shown(header.name)} {header.edition} is {header.signature},"
            " and the laboratory's policy requires signatures",
            hint="import its signed manifest: heroes hashset import FOLDER",
        )
    return tuple(used)


class _Judging:
    """One decision in the making."""

    def __init__(self, rules: Rules, kind: str) -> None:
        self._rules = rules
        self._kind = kind
        self._policy = rules.policy(kind)
        self._used: list[str] = []
        self._warnings: list[str] = []
        self._state, self._key_id, self._subject, self._type = UNSIGNED, "", "", ""

    def judgement(self) -> Judgement:
        warnings = (
            *self._warnings,
            *(f"allowed by option: {ALLOWANCES[name]}" for name in self._used),
        )
        return Judgement(
            self._state,
            self._key_id,
            self._subject,
            self._type,
            tuple(dict.fromkeys(self._used)),
            warnings,
        )

    def signature(
        self, manifest: Manifest, data: bytes, signatures: Mapping[str, bytes], now: datetime
    ) -> None:
        if self._policy == OFF:
            self._warnings.append("signatures are not looked at: the laboratory's policy is off")
        elif not signatures:
            self.missing(manifest.publisher, "its manifest has no signature beside it")
        else:
            try:
                self._signed(manifest, data, signatures, now)
            except HashSetError as error:
                if self._policy != WARN:
                    raise
                self._state = FAILED
                self._warnings.append(f"{error} (taken: the laboratory's policy is warn)")

    def missing(self, publisher: str, why: str) -> None:
        """Without a signature: fine, unless one is expected."""
        pinned = self._rules.trust.pinned_for(publisher, self._kind)
        if self._policy == REQUIRE or (pinned and self._policy == DEFAULT):
            because = (
                f"a key of {shown(publisher)} is pinned"
                if pinned
                else "the laboratory's policy requires signatures"
            )
            self._unless(
                "unsigned",
                f"the hash set is not signed ({why}), and {because}",
                "import its signed manifest, or",
            )
        elif pinned and self._policy == WARN:
            self._warnings.append(f"not signed, though a key of {shown(publisher)} is pinned")

    def _signed(
        self, manifest: Manifest, data: bytes, signatures: Mapping[str, bytes], now: datetime
    ) -> None:
        publisher = manifest.publisher
        keys = self._rules.trust.keys(publisher)
        pinned = {key.type for key in keys}
        found = [FORMS[suffix](signatures[suffix]) for suffix in FORMS if suffix in signatures]
        offered = next((each for each in found if each.type in pinned), found[0])
        if not keys:
            self._key_id, self._type = offered.key_id, offered.type
            if self._policy == WARN:
                self._warnings.append(f"no key of {shown(publisher)} is pinned")
                return
            self._unless(
                "unknown-issuer",
                f"the hash set is signed by key {offered.key_id},"
                f" and no key is pinned for its publisher {shown(publisher)}",
                "ask the publisher for the key over another way and pin it"
                " (heroes hashset trust add), or",
            )
            return
        key = offered.pinned(keys, now)
        if key is None:
            raise HashSetError(
                f"the hash set is signed by key {offered.key_id},"
                f" which is not pinned for its publisher {shown(publisher)}",
                hint="if the publisher says that it has this new key, pin it: heroes hashset"
                " trust add",
            )
        if not offered.holds(key, data):
            raise HashSetError(
                "the signature of the hash set does not hold: its manifest or the signature"
                " was changed",
                hint="get the set again from its publisher, and report this if it stays so",
            )
        self._usable(key, manifest, now)
        self._state, self._key_id, self._type = VERIFIED, key.id, key.type
        self._subject = offered.subject or publisher

    def _usable(self, key: PinnedKey, manifest: Manifest, now: datetime) -> None:
        if not key.lasts(now):
            raise HashSetError(
                f"the hash set is signed by key {key.id}, which is pinned for another time",
                hint="see heroes hashset trust list; ask the publisher for its present key",
            )
        if not key.covers(manifest.kind):
            raise HashSetError(
                f"the hash set is signed by key {key.id}, which is pinned for sets of kind"
                f" {', '.join(key.kinds)}, not {manifest.kind}",
                hint="see heroes hashset trust list; pin the key for this kind if it is right",
            )

    def order(self, manifest: Manifest, installed: list[Header], now: datetime) -> None:
        """Hold the edition against time and against those that are here already."""
        self.owner(manifest.name, manifest.publisher, installed)
        if manifest.expired(now):
            self._unless(
                "expired",
                f"the hash set expired: its manifest says {manifest.expires}",
                "ask the publisher for the present edition, or",
            )
        if _moment(manifest.issued) > now + _SKEW:
            self._warnings.append("the manifest was issued in the future: check the clock")
        editions = [
            header.provenance
            for header in installed
            if (header.name, header.issuer) == (manifest.name, manifest.publisher)
            and "sequence" in header.provenance
            and (self._state != VERIFIED or header.signature == VERIFIED)
        ]
        if any(body.get("manifest_sha256") == manifest.sha256 for body in editions):
            return  # the very same, again
        last = max(editions, key=_sequence, default=None)
        if last is None:
            return
        if manifest.sequence <= _sequence(last):
            self._unless(
                "rollback",
                f"the hash set has sequence {manifest.sequence}, and {_sequence(last)}"
                " is installed: an older edition would take the place of a newer one",
                "use the newest edition, or",
            )
        elif (
            manifest.sequence == _sequence(last) + 1
            and manifest.previous
            and manifest.previous != last.get("manifest_sha256")
        ):
            self._warnings.append("the manifest names another predecessor than the one installed")

    def owner(self, name: str, publisher: str, installed: list[Header]) -> None:
        """Refuse a name that was bound to another publisher by a signed import."""
        bound = {
            header.issuer
            for header in installed
            if header.name == name and header.signature == VERIFIED
        }
        if bound and publisher not in bound:
            self._unless(
                "other-issuer",
                f"the name {shown(name)} belongs to the signed sets of"
                f" {', '.join(shown(each) for each in sorted(bound))},"
                f" and this one is of {shown(publisher) or 'nobody named'}",
                "give it another name, or",
            )

    def _unless(self, allowance: str, message: str, hint: str) -> None:
        if allowance in self._rules.allowed:
            self._used.append(allowance)
            return
        raise HashSetError(
            message,
            hint=f"{hint} allow it by name, which is recorded: {option_of(allowance)}",
        )


def _sequence(body: JSON) -> int:
    value = body.get("sequence")
    return value if isinstance(value, int) else -1


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def described(signature: str, provenance: JSON) -> str:
    """Return the state of a signature as people read it, for example ``verified(ID, SUBJECT)``."""
    key_id, subject = provenance.get("key_id"), provenance.get("subject")
    if signature != VERIFIED or not key_id:
        return signature
    return f"{signature}({key_id}, {subject})"
