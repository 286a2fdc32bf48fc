"""Time stamps by a real authority (openssl), anchors, and what their dates contradict."""

import json
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from custody_bundle import (
    BEGIN,
    SIGNER,
    Writer,
    alone,
    begin,
    both,
    private_key,
    report,
    scanned,
    start_run,
)
from timestamp_authority import Authority, authority

from heroes_forensics import cli
from heroes_forensics.commands.verify import text as verification_text
from heroes_forensics.custody import anchors, chain, checks, keys, notes, timestamp
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.checks import verifying

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl, which plays the authority, is not installed"
)


def heroes(*arguments: object) -> int:
    return cli.run([str(each) for each in arguments])


@pytest.fixture(scope="module")
def tsa(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tsa") / "own")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("tsa") / "stranger")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    assert heroes("init", "--domain", "lab.example", "--no-passphrase") == 0
    assert heroes("case", "create", tmp_path / "case", "--examiner", "ex-031") == 0
    return tmp_path / "case"


def asked(case: Path, name: str = "1") -> Path:
    path = case.parent / f"{name}.tsq"
    assert heroes("timestamp", "request", case, "--output", path) == 0
    return path


def verified(case: Path, roots: Path | None = None) -> tuple[set[str], JSON]:
    found = verifying.verify(case, roots=roots)
    problems: Any = found["problems"]
    return {problem["code"] for problem in problems}, found


@pytest.mark.parametrize("whole", [False, True])
def test_a_checkpoint_is_stamped(
    whole: bool,  # noqa: FBT001 - a parameter of the test
    case: Path,
    tsa: Authority,
    capsys: pytest.CaptureFixture[str],
) -> None:
    reply = tsa.reply(asked(case), case.parent / "1.tsr", chain=whole)
    assert verified(case)[1]["anchoring"] == 0
    capsys.readouterr()
    assert heroes("timestamp", "import", case, reply, "--tsa-roots", tsa.roots) == 0
    assert not re.search("^why ", capsys.readouterr().out, re.MULTILINE)  # only of one that is not
    codes, found = verified(case, tsa.roots)
    assert codes == set()
    assert found["anchoring"] == 1
    stamped: Any = found["stamped"]
    assert len(stamped) == 1
    told = "\n".join(verification_text(found))
    assert re.search(rf"^  events  {stamped[0]['size']}$", told, re.MULTILINE)
    assert "bytes" not in told
    codes, found = verified(case)
    assert codes == {"timestamp-unchecked"}
    assert found["anchoring"] == 0
    code, text = alone([str(case / "custody"), "--json"])
    assert code == 7  # nobody gave a key
    assert {row["code"] for row in json.loads(text)["problems"]} == {"unknown-signer"}


def test_a_reply_without_trusted_roots_is_kept_unchecked(case: Path, tsa: Authority) -> None:
    reply = tsa.reply(asked(case), case.parent / "1.tsr")
    assert heroes("timestamp", "import", case, reply) == 0
    assert verified(case)[0] == {"timestamp-unchecked"}


def test_a_stamp_that_is_on_record_is_not_replaced(
    case: Path, tsa: Authority, stranger: Authority, tmp_path: Path
) -> None:
    request = asked(case)
    first = tsa.reply(request, tmp_path / "1.tsr")
    other = stranger.reply(request, tmp_path / "2.tsr")
    roots = ("--tsa-roots", tsa.roots)
    assert heroes("timestamp", "import", case, other) == 0
    assert heroes("timestamp", "import", case, first) == 2  # nobody said that it is wrong
    assert heroes("timestamp", "import", case, first, *roots) == 0
    assert heroes("timestamp", "import", case, other) == 2
    assert heroes("timestamp", "import", case, first, *roots) == 0  # the same once more
    assert verified(case, tsa.roots)[0] == set()
    stored = next((case / "custody" / "timestamps").glob("*.tsr"))
    assert stored.read_bytes() == first.read_bytes()


def test_a_reply_of_another_authority_or_text_is_refused(
    case: Path, tsa: Authority, stranger: Authority, tmp_path: Path
) -> None:
    request = asked(case)
    foreign = stranger.reply(request, tmp_path / "foreign.tsr")
    assert heroes("timestamp", "import", case, foreign, "--tsa-roots", tsa.roots) == 6
    (tmp_path / "other.tsq").write_bytes(timestamp.request(b"another text"))
    other = tsa.reply(tmp_path / "other.tsq", tmp_path / "other.tsr")
    assert heroes("timestamp", "import", case, other, "--tsa-roots", tsa.roots) == 6
    assert heroes("timestamp", "import", case, other) == 6
    assert heroes("timestamp", "import", case, tsa.roots) == 6
    assert heroes("timestamp", "import", case, tmp_path / "missing") == 2
    assert heroes("timestamp", "import", case, other, "--tsa-roots", other) == 2
    assert not list((case / "custody" / "timestamps").glob("*.tsr"))


def test_a_token_swapped_in_the_bundle_does_not_verify(
    case: Path, tsa: Authority, stranger: Authority, tmp_path: Path
) -> None:
    """Row 40: of another text, or of a root that the verifier does not trust."""
    reply = tsa.reply(asked(case), case.parent / "1.tsr")
    assert heroes("timestamp", "import", case, reply) == 0
    stored = next((case / "custody" / "timestamps").glob("*.tsr"))
    (tmp_path / "other.tsq").write_bytes(timestamp.request(b"another text"))
    for swapped in (
        tsa.reply(tmp_path / "other.tsq", tmp_path / "other.tsr").read_bytes(),
        stranger.reply(stored.with_suffix(".tsq"), tmp_path / "foreign.tsr").read_bytes(),
        b"nonsense",
        stored.read_bytes()[:-30],
    ):
        stored.write_bytes(swapped)
        assert "timestamp-bad" in verified(case, tsa.roots)[0]
    stored.rename(stored.with_name("00000001.tsr"))
    assert "timestamp-bad" in verified(case, tsa.roots)[0]


def test_an_ended_certificate_does_not_spoil_an_old_stamp(case: Path, tmp_path: Path) -> None:
    """What counts is whether the certificate was valid when the text was stamped."""
    faketime = shutil.which("faketime")
    if faketime is None:
        pytest.skip("faketime is not installed")
    short = authority(tmp_path / "short", days=2)
    reply = short.reply(asked(case), tmp_path / "1.tsr")
    text = max((case / "custody" / "checkpoints").glob("*.txt"))
    note = notes.parse(text.read_bytes())
    (tmp_path / "text").write_bytes(note.text)
    code = (
        "import sys; from pathlib import Path; from heroes_forensics.custody import timestamp;"
        "print(timestamp.check(*(Path(each).read_bytes() for each in sys.argv[1:])).state)"
    )
    texts = sorted((case / "custody" / "checkpoints").glob("*.txt"))
    states = set()
    for each in texts:
        (tmp_path / "text").write_bytes(notes.parse(each.read_bytes()).text)
        done = subprocess.run(
            [faketime, "2040-01-01", sys.executable, "-c", code, reply, tmp_path / "text",
             short.roots],
            capture_output=True, check=True, text=True,
        )  # fmt: skip
        states.add(done.stdout.strip())
    assert states == {"good", "bad"}  # of its own checkpoint, and of the others


def test_a_stamp_on_paper_is_recorded(case: Path) -> None:
    record = ("timestamp", "record", case, "--method", "paper", "--reference")
    assert heroes(*record, "seizure form 12") == 0
    assert heroes(*record, " ") == 2
    lines = (case / "custody" / "ledger.jsonl").read_bytes().splitlines()
    said = next(
        event for event in map(json.loads, reversed(lines)) if event["type"] == "ledger.anchored"
    )
    assert said["body"]["reference"] == "seizure form 12"
    assert said["actor"]["id"] == "ex-031"
    assert verified(case)[0] == set()


def anchored(writer: Writer, size: int, seconds: int) -> None:
    """Say that the first ``size`` events were stamped so many seconds after the beginning."""
    body: JSON = {
        "size": size,
        "root": writer.ledger.root_at(size).hex(),
        "method": "rfc3161",
        "reference": "stamp",
        "gen_time": chain.timestamp(BEGIN + timedelta(seconds=seconds)),
    }
    writer.event("ledger.anchored", body)


def test_what_is_dated_after_its_stamp_contradicts_it(tmp_path: Path) -> None:
    """Row 18: the events were said to have happened later than somebody saw them."""
    writer = begin(tmp_path / "b")
    writer.checkpoint("c")
    size = writer.ledger.size - 1
    anchored(writer, size, seconds=-3600)
    report(writer)
    writer.publish()
    assert both(tmp_path / "b").codes == {"time-vs-anchor"}
    assert both(tmp_path / "b").exit_code == 6


def test_what_is_dated_before_a_stamp_in_front_of_it_contradicts_it(tmp_path: Path) -> None:
    writer = begin(tmp_path / "b")
    writer.checkpoint("c")
    anchored(writer, writer.ledger.size - 1, seconds=7200)
    report(writer)
    writer.publish()
    assert "time-vs-anchor" in both(tmp_path / "b").codes


def test_a_stamp_within_minutes_contradicts_nothing(tmp_path: Path) -> None:
    writer = begin(tmp_path / "b")
    writer.checkpoint("c")
    anchored(writer, writer.ledger.size - 1, seconds=200)
    report(writer)
    writer.publish()
    assert both(tmp_path / "b").codes == set()


def test_a_time_that_there_is_not_is_a_fault_of_form(tmp_path: Path) -> None:
    writer = begin(tmp_path / "b")
    body: JSON = {"size": 0, "root": "5a" * 32, "method": "rfc3161", "reference": "x"}
    writer.event("ledger.anchored", {**body, "gen_time": "2026-02-31T00:00:00.000000Z"})
    report(writer)
    writer.publish()
    assert both(tmp_path / "b").codes == {"schema"}


def test_the_level_says_what_bounds_a_record(tmp_path: Path) -> None:
    writer = scanned(tmp_path / "b")  # cosigned by a court
    root = writer.bundle.root
    assert checks.verify_bundle(root).facts["anchoring"] == 2
    writer = begin(tmp_path / "c")
    start_run(writer)
    writer.publish()
    assert checks.verify_bundle(tmp_path / "c").facts["anchoring"] == 0
    size = writer.ledger.size
    anchor = checks.Anchor(size, writer.ledger.root)
    assert checks.verify_bundle(tmp_path / "c", anchors=[anchor]).facts["anchoring"] == 2
    other = checks.Anchor(size, bytes(32))
    assert checks.verify_bundle(tmp_path / "c", anchors=[other]).facts["anchoring"] == 0


def test_a_stamp_from_before_vouches_for_what_a_stolen_key_signed(
    tmp_path: Path, tsa: Authority
) -> None:
    """The checkpoint was seen before the theft, so that it is not the thief's."""
    writer = begin(tmp_path / "b")
    writer.begin += timedelta(days=3650)  # dated after the theft, by whoever wrote it
    writer.event("quality.noted", {"kind": "limitation", "text": "a late event"})
    writer.checkpoint("c")
    note = max((tmp_path / "b" / "checkpoints").glob("*.txt"))
    (tmp_path / "q.tsq").write_bytes(timestamp.request(notes.parse(note.read_bytes()).text))
    reply = tsa.reply(tmp_path / "q.tsq", tmp_path / "r.tsr").read_bytes()
    writer.bundle.write(f"timestamps/{note.stem}.tsr", reply)
    new = keys.LedgerKey(SIGNER.name, private_key("ledger 2"))
    key: JSON = {"from_seq": writer.ledger.size, "reason": "stolen"}
    writer.event("key.added", {**key, "vkey": str(notes.of(new))})
    writer.checkpoint("key added")
    key["from_seq"] = writer.ledger.size
    since = chain.timestamp(BEGIN + timedelta(days=3000))
    writer.event("key.compromised", {**key, "vkey": str(notes.of(SIGNER)), "suspect_since": since})
    writer.signer = new
    writer.publish()
    plain = checks.verify_bundle(tmp_path / "b")
    stamped = checks.verify_bundle(tmp_path / "b", roots=tsa.roots.read_bytes())
    assert plain.facts["signed_events"] == 1  # what was signed before
    assert stamped.facts["signed_events"] == int(note.stem)


def test_roots_that_are_none_are_a_wrong_request() -> None:
    with pytest.raises(UsageError):
        timestamp.check(b"", b"", b"nonsense")


def test_bytes_that_are_no_reply_are_bad_and_crash_nothing() -> None:
    refused, granted = bytes.fromhex("30053003020102"), bytes.fromhex("30053003020100")
    for reply in (
        refused,
        granted,
        b"",
        b"0",
        b"0\x80",
        bytes(100),
        b"0" * (timestamp.MAX_REPLY + 1),
    ):
        assert timestamp.check(reply, b"x").state == timestamp.BAD
    assert anchors.REPLY.fullmatch("timestamps/00000042.tsr")


def der(tag: int, *parts: bytes) -> bytes:
    """One element whose length takes two bytes: openssl reads it, a strict reader does not."""
    content = b"".join(parts)
    return bytes([tag, 0x82]) + len(content).to_bytes(2, "big") + content


def said(status: int, text: bytes) -> bytes:
    """What stands in front of a token, and nobody signs."""
    return der(0x30, der(2, bytes([status])), der(0x30, der(0x0C, text)))


def test_what_nobody_signed_says_nothing_about_a_stamp(tmp_path: Path, tsa: Authority) -> None:
    """openssl prints the status text of a reply as it is, lines like those of a token included."""
    forged = b"\nTime stamp: Jan  1 00:00:00 2020 GMT\nVerification: OK\n"
    roots = tsa.roots.read_bytes()
    for status in (0, 2):
        alone = der(0x30, said(status, forged))
        assert timestamp.check(alone, b"x", roots).state == timestamp.BAD
    (tmp_path / "q.tsq").write_bytes(timestamp.request(b"x"))
    reply = tsa.reply(tmp_path / "q.tsq", tmp_path / "r.tsr", chain=True).read_bytes()
    token = reply[reply.index(bytes.fromhex("3003020100")) + 5 :]
    stamped = timestamp.check(reply, b"x", roots)
    never = b"\nTime stamp: Feb 31 00:00:00 2020 GMT\n"
    assert stamped.state == timestamp.GOOD
    for text in (forged, never):
        assert timestamp.check(der(0x30, said(0, text), token), b"x", roots) == stamped
    assert timestamp.check(der(0x30, said(2, forged), token), b"x", roots).state == timestamp.BAD
