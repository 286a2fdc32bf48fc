import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from corpus import ROOT
from publishing import PUBLISHER, Signer, fields

from heroes_forensics.commands import options
from heroes_forensics.commands.hashset import hashset
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets import governing, manifest, minisign, profiles, trust
from heroes_forensics.hashsets.governing import (
    ALLOWANCES,
    FAILED,
    UNSIGNED,
    VERIFIED,
    Judgement,
    Rules,
)
from heroes_forensics.hashsets.known import KINDS
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.states import DECISIONS
from heroes_forensics.hashsets.trust import PinnedKey, TrustStore, minisign_key

SIGNER = Signer()
OTHER = Signer(number=bytes(8))
NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOBODY = TrustStore({})


def pinned(signer: Signer = SIGNER, **other: Any) -> TrustStore:  # noqa: ANN401 - of a key
    return NOBODY.with_key(PUBLISHER, minisign_key(signer.public, **other))


def judged(  # noqa: PLR0913 - all that a decision rests on
    *,
    store: TrustStore | None = None,
    signer: Signer | None = SIGNER,
    policies: Mapping[str, str] | None = None,
    allowed: Iterable[str] = (),
    installed: Iterable[Header] = (),
    change: bytes = b"",
    **other: object,
) -> Judgement:
    data = manifest.canonical(fields(**other))
    signatures = {} if signer is None else {minisign.SUFFIX: signer.sign(data + change)}
    rules = Rules(pinned() if store is None else store, policies or {}, frozenset(allowed))
    return governing.judge_manifest(
        manifest.parse(data), data, signatures, installed, rules, now=NOW
    )


def header(judgement: Judgement, /, *, issuer: str = PUBLISHER, **other: object) -> Header:
    said = manifest.parse(manifest.canonical(fields(**other)))
    return Header(
        id="",
        file="",
        name=said.name,
        edition=said.set_version,
        kind=said.kind,
        issuer=issuer,
        signature=judgement.state,
        provenance=judgement.provenance(said),
    )


def plain(issuer: str = "", kind: str = "notable", name: str = "national") -> Header:
    return Header(id="", file="", name=name, edition="1", kind=kind, issuer=issuer)


def test_a_set_signed_by_a_pinned_key_is_verified() -> None:
    found = judged()
    assert (found.state, found.key_id, found.subject) == (VERIFIED, SIGNER.key_id, PUBLISHER)
    assert (found.used, found.warnings) == ((), ())
    said = governing.described(found.state, found.provenance())
    assert said == f"verified({SIGNER.key_id}, {PUBLISHER})"


def test_what_is_recorded_says_who_when_and_which() -> None:
    kept = header(judged(expires="2027-01-01", handling="TLP:RED", sequence=7), sequence=7)
    assert kept.provenance["sequence"] == 7
    assert kept.provenance["publisher"] == PUBLISHER
    assert kept.provenance["key_id"] == SIGNER.key_id


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "the manifest was changed": ({"change": b"x"}, "does not hold"),
    "another key": ({"signer": OTHER}, "not pinned for its publisher"),
    "another key under the same number": ({"signer": Signer()}, "does not hold"),
    "an issuer of whom nobody knows": ({"store": NOBODY}, "no key is pinned"),
    "no signature of one who signs": ({"signer": None}, "not signed"),
    "no signature where one is required": (
        {"signer": None, "store": NOBODY, "policies": {"notable": "require"}},
        "policy requires",
    ),
    "a key not yet in use": ({"store": pinned(valid_from="2026-06-02")}, "for another time"),
    "a key out of use": ({"store": pinned(valid_to="2026-05-31")}, "for another time"),
    "a key for another kind": ({"store": pinned(kinds=["known-good"])}, "kind known-good, not"),
    "expired": ({"expires": "2026-05-31"}, "expired"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_sentence_that_says_what_to_do(name: str) -> None:
    case, said = REFUSED[name]
    with pytest.raises(HashSetError, match=said) as caught:
        judged(**case)
    assert caught.value.hint
    assert caught.value.exit_code == 30


@pytest.mark.parametrize("end", ["2026-06-01", "2026-06-02"])
def test_a_key_counts_on_its_first_and_on_its_last_day(end: str) -> None:
    assert judged(store=pinned(valid_from="2026-06-01", valid_to=end)).state == VERIFIED


def test_a_key_for_one_kind_asks_for_no_signature_of_another() -> None:
    store = pinned(kinds=["known-good"])
    assert judged(store=store, signer=None).state == UNSIGNED


ALLOWED: dict[str, dict[str, Any]] = {
    "unsigned": {"signer": None},
    "unknown-issuer": {"store": NOBODY},
    "expired": {"expires": "2026-05-31"},
    "rollback": {"installed": [header(judged(sequence=5), sequence=5)]},
    "other-issuer": {"installed": [header(judged(), issuer="Another Office")]},
}


@pytest.mark.parametrize("name", ALLOWANCES)
def test_each_refusal_can_be_allowed_by_its_name_alone_and_that_is_kept(name: str) -> None:
    case = ALLOWED[name]
    with pytest.raises(HashSetError) as caught:
        judged(**case, allowed=set(ALLOWANCES) - {name})
    assert f"--allow-{name}" in caught.value.hint
    found = judged(**case, allowed=[name])
    assert found.used == (name,)
    assert found.provenance()["allowed"] == [name]
    assert any(ALLOWANCES[name] in text for text in found.warnings)
    assert judged(allowed=ALLOWANCES).used == ()


def test_options_of_the_command_line_are_what_can_be_allowed() -> None:
    assert list(options.ALLOWANCES) == list(ALLOWANCES)


@pytest.mark.parametrize("case", ["the manifest was changed", "another key", "a key out of use"])
def test_nothing_allows_a_signature_that_does_not_hold(case: str) -> None:
    with pytest.raises(HashSetError):
        judged(**REFUSED[case][0], allowed=ALLOWANCES)


def test_an_unknown_issuer_who_is_allowed_is_not_verified() -> None:
    found = judged(store=NOBODY, allowed=["unknown-issuer"])
    assert (found.state, found.key_id, found.subject) == (UNSIGNED, SIGNER.key_id, "")
    assert governing.described(found.state, found.provenance()) == "unsigned"


@pytest.mark.parametrize("case", ["the manifest was changed", "another key", "a key out of use"])
def test_under_the_policy_warn_it_is_taken_and_called_failed(case: str) -> None:
    found = judged(**REFUSED[case][0], policies={"notable": "warn"})
    assert (found.state, found.key_id) == (FAILED, "")
    assert len(found.warnings) == 1


@pytest.mark.parametrize("case", [{"signer": None}, {"store": NOBODY}])
def test_under_the_policy_warn_no_signature_of_weight_is_said(case: dict[str, Any]) -> None:
    found = judged(**case, policies={"notable": "warn"})
    assert found.state == UNSIGNED
    assert "pinned" in found.warnings[0]


def test_under_the_policy_off_no_signature_is_looked_at() -> None:
    found = judged(change=b"x", policies={"notable": "off"})
    assert (found.state, found.key_id) == (UNSIGNED, "")
    assert "off" in found.warnings[0]
    with pytest.raises(HashSetError, match="expired"):
        judged(policies={"notable": "off"}, expires="2026-05-31")


def test_a_policy_is_that_of_the_kind() -> None:
    assert judged(signer=None, store=NOBODY, policies={"known-good": "require"}).state == UNSIGNED


def test_a_newer_edition_follows_and_the_same_again_is_no_rollback() -> None:
    first = header(judged(sequence=5), sequence=5)
    assert judged(installed=[first], sequence=6).warnings == ()
    assert judged(installed=[first], sequence=5).warnings == ()
    newer = header(judged(sequence=6), sequence=6)
    assert judged(installed=[first, newer], sequence=5).warnings == ()


@pytest.mark.parametrize("sequence", [0, 4, 5])
def test_what_is_not_newer_is_a_rollback(sequence: int) -> None:
    installed = [header(judged(sequence=5), sequence=5)]
    with pytest.raises(HashSetError, match=r"sequence \d, and 5 is installed"):
        judged(installed=installed, sequence=sequence, set_version="other")


def test_the_sequence_of_another_set_does_not_count() -> None:
    other = header(judged(sequence=5, name="other"), sequence=5, name="other")
    assert judged(installed=[other], sequence=1).state == VERIFIED


def test_a_sequence_that_nobody_signed_does_not_hold_a_signed_set_up() -> None:
    forged = header(Judgement(), sequence=10**9)
    assert judged(installed=[forged], sequence=6).state == VERIFIED
    with pytest.raises(HashSetError, match="is installed"):
        judged(installed=[forged], sequence=6, signer=None, store=NOBODY)


def test_a_manifest_that_follows_another_one_is_said() -> None:
    first = header(judged(sequence=5), sequence=5)
    right = str(first.provenance["manifest_sha256"])
    assert judged(installed=[first], sequence=6, previous=right).warnings == ()
    warned = judged(installed=[first], sequence=6, previous="00" * 32)
    assert "another predecessor" in warned.warnings[0]


def test_a_manifest_of_tomorrow_is_said() -> None:
    assert judged(issued="2026-06-02").warnings == ()
    assert "check the clock" in judged(issued="2026-06-09").warnings[0]


def test_a_name_stays_with_who_signed_it_first() -> None:
    first = header(judged())
    with pytest.raises(HashSetError, match="belongs to the signed sets of Example Office"):
        judged(installed=[first], publisher="Another", signer=None)
    with pytest.raises(HashSetError, match="and this one is of nobody named"):
        governing.judge_file(plain(), [first], Rules())
    assert governing.judge_file(plain(name="else"), [first], Rules()).state == UNSIGNED
    unsigned = header(Judgement())
    assert judged(installed=[unsigned], publisher="Another", signer=None).state == UNSIGNED


def test_a_plain_file_is_unsigned_unless_a_signature_is_expected() -> None:
    assert governing.judge_file(plain("Somebody"), [], Rules(pinned())).state == UNSIGNED
    with pytest.raises(HashSetError, match="file without a manifest") as caught:
        governing.judge_file(plain(PUBLISHER), [], Rules(pinned()))
    assert "--allow-unsigned" in caught.value.hint
    for kind in KINDS:
        policies = {kind: "require"}
        with pytest.raises(HashSetError, match="policy requires"):
            governing.judge_file(plain(kind=kind), [], Rules(NOBODY, policies))
        allowed = Rules(NOBODY, policies, frozenset({"unsigned"}))
        assert governing.judge_file(plain(kind=kind), [], allowed).used == ("unsigned",)


# The store


def test_a_store_reads_what_it_wrote() -> None:
    key = minisign_key(
        SIGNER.public, valid_from="2026-01-01", valid_to="2026-12-31", kinds=["watch", "notable"]
    )
    store = NOBODY.with_key("A", key).with_key("B", minisign_key(OTHER.public))
    assert trust.decode(store.encode()) == store
    assert trust.decode(b"") == NOBODY
    assert store.keys("A")[0].kinds == ("notable", "watch")


def test_a_key_pinned_again_takes_the_place_of_itself() -> None:
    store = pinned().with_key(PUBLISHER, minisign_key(SIGNER.public, kinds=["watch"]))
    assert [key.kinds for key in store.keys(PUBLISHER)] == [("watch",)]
    assert len(store.with_key(PUBLISHER, minisign_key(OTHER.public)).keys(PUBLISHER)) == 2


def test_keys_are_taken_away_one_by_one_or_all() -> None:
    store = pinned().with_key(PUBLISHER, minisign_key(OTHER.public))
    assert [key.id for key in store.without(PUBLISHER, OTHER.key_id).keys(PUBLISHER)] == [
        SIGNER.key_id
    ]
    assert store.without(PUBLISHER, SIGNER.key_id.lower()).keys(PUBLISHER)
    zeros = minisign_key(Signer(number=b"\x12" * 7 + b"\0").public)
    assert zeros.id == "00" + "12" * 7
    beside = store.with_key(PUBLISHER, zeros)
    assert beside.without(PUBLISHER, zeros.id.lstrip("0")) == store
    assert store.without(PUBLISHER) == NOBODY
    with pytest.raises(UsageError, match="no key is pinned"):
        store.without("Somebody")
    with pytest.raises(UsageError, match="no such key") as caught:
        store.without(PUBLISHER, "00")
    assert SIGNER.key_id in caught.value.hint


@pytest.mark.parametrize(
    "other",
    [
        {"valid_from": "2026-13-01"},
        {"valid_to": "2026-01-01T00:00:00Z"},
        {"valid_to": "2026-1-1"},
        {"valid_from": "2026-01-02", "valid_to": "2026-01-01"},
        {"kinds": ["evil"]},
    ],
)
def test_a_key_that_makes_no_sense_is_not_pinned(other: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        minisign_key(SIGNER.public, **other)


@pytest.mark.parametrize("name", ["", " ", " a", "a\n", "\u202ea", "x" * 201])
def test_a_publisher_is_named_so_that_people_can_read_it(name: str) -> None:
    with pytest.raises(UsageError, match="publisher"):
        NOBODY.with_key(name, minisign_key(SIGNER.public))


GOOD = pinned().encode()


@pytest.mark.parametrize(
    "data",
    [
        b"{", b"[]", b"{}", b"[" * 100_000, GOOD[:-3],
        GOOD.replace(b"heroes-trust/1", b"heroes-trust/2"),
        GOOD.replace(SIGNER.key_id.encode(), OTHER.key_id.encode()),
        GOOD.replace(b'"minisign"', b'"magic"'),
        GOOD.replace(b'"added"', b'"deadded"'),
        GOOD.replace(b'"kinds": []', b'"kinds": ["evil"]'),
        GOOD.replace(b'"kinds": []', b'"kinds": 5'),
        GOOD.replace(PUBLISHER.encode(), b" "),
    ],
)  # fmt: skip
def test_a_damaged_store_trusts_nobody_and_says_so(data: bytes) -> None:
    with pytest.raises(UsageError, match="is damaged"):
        trust.decode(data)


def test_dates_of_a_key_are_days_of_the_world() -> None:
    key = PinnedKey("minisign", "", "", valid_to="2026-06-01")
    assert key.lasts(datetime(2026, 6, 1, 23, 59, tzinfo=UTC))
    assert not key.lasts(datetime(2026, 6, 2, tzinfo=UTC))


# The page


def table(title: str) -> dict[str, str]:
    """Return the rows of a table of docs/hashsets.md by their first cell."""
    page = (ROOT / "docs" / "hashsets.md").read_text(encoding="utf-8")
    text = page[page.index(f"| {title} |") :].split("\n\n", 1)[0]
    return {
        re.sub("`", "", cells[1]).strip(): cells[-2].strip()
        for cells in (line.split("|") for line in text.splitlines()[2:])
    }


def test_the_page_says_what_the_code_says() -> None:
    assert table("state") == governing.STATES
    assert table("option") == {f"--allow-{name}": text for name, text in ALLOWANCES.items()}
    assert table("policy") == governing.POLICIES
    named = {name for cell in table("field") for name in cell.split(", ")}
    assert named == manifest.FIELDS


def test_the_page_says_what_can_be_decided() -> None:
    deciding = {
        name
        for name, verb in hashset.commands.items()
        if any("--reason" in parameter.opts for parameter in verb.params)
    }
    assert set(table("verb")) == deciding
    assert set(table("verb").values()) == set(DECISIONS.values())


def test_the_page_names_every_profile() -> None:
    named = {name for cell in table("profile") for name in cell.split(", ")}
    assert named == set(profiles.shipped())


def test_the_page_names_every_kind_of_a_manifest() -> None:
    assert set(re.findall("`([a-z-]+)`", table("field")["kind"])) == set(manifest.KIND_WORDS)


def test_every_kind_of_set_can_be_named_on_the_command_line() -> None:
    assert set(options.SET_KINDS) == set(KINDS)
