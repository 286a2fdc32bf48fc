from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runner import here, stand_in
from report_example import FINDINGS

from heroes_forensics.commands.inspect import text as tree_text
from heroes_forensics.commands.verify import text as verification_text
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.report.sealed_report import Handover


@pytest.fixture(autouse=True)
def _columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


TREE: JSON = {
    "source": "disk.E01",
    "kind": "image",
    "format": "ewf",
    "reader": "libewf",
    "reader_version": "1",
    "size": 64_023_257_088,
    "sector_size": 512,
    "segments": [{"name": "disk.E01", "size": 1500}, {"name": "disk.E02", "size": 20}],
    "stored_digests": [f"md5:{'3f' * 16}"],
    "health": [{"code": "source.truncated", "detail": {"declared": 2000, "real": 1000}}],
    "notes": ["a note"],
    "partition_table": {"scheme": "gpt", "sector_size": 512, "partitions": 2, "notes": []},
    "volumes": [
        {
            "key": "p2048",
            "kind": "volume",
            "file_system": "ntfs",
            "offset": 1_048_576,
            "size": 4096,
            "type": "basic",
            "volumes": [
                {"key": "p2048.vss1", "kind": "volume", "file_system": "ntfs", "size": 4096}
            ],
        },
        {
            "key": "p4096",
            "kind": "volume",
            "file_system": None,
            "offset": 2_097_152,
            "size": 4096,
            "gap": {"code": "volume.encrypted", "detail": {"system": "bitlocker"}},
            "label\x1b[2J": "x",
        },
    ],
    "unallocated": [{"offset": 0, "size": 1000}],
    "gaps": [{"where": "p2048", "code": "volume.truncated", "detail": {}}],
}


def test_a_source_is_shown_as_a_tree() -> None:
    assert list(tree_text(TREE)) == [
        "disk.E01",
        "│  format     ewf, read by libewf 1",
        "│  size       64.0 GB (64,023,257,088 bytes), sectors of 512 bytes",
        "│  files      2",
        "│             disk.E01, 1.5 kB (1,500 bytes)",
        "│             disk.E02, 20 bytes",
        "│  table      gpt, 2 partitions, sectors of 512 bytes",
        f"│  stored     md5:{'3f' * 16}",
        "│  note       a note",
        "│  ! the image is shorter than it declares (declared 2.0 kB, real 1.0 kB)",
        "│  ! p2048: the volume reaches beyond the end of the image",
        "├─ p2048  ntfs, 4.0 kB (4,096 bytes), at byte 1,048,576",
        "│  │  partition type basic",
        "│  └─ p2048.vss1  ntfs, 4.0 kB (4,096 bytes)",
        "├─ p4096  volume, 4.0 kB (4,096 bytes), at byte 2,097,152",
        "│     ! not examined: the volume is encrypted (system bitlocker)",
        r"│     label\x1b[2J  x",
        "└─ in no volume: 1.0 kB (1,000 bytes) in 1 range, not examined",
    ]


def test_the_tree_is_json_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def inspect(
        path: Path,
        *,
        treat_as: str,
        accept_damaged: bool,
        key_files: tuple[Path, ...],
        own_process: bool,
    ) -> JSON:
        asked.append((path, treat_as, accept_damaged, key_files))
        assert not own_process  # the process of the tests is not to be locked
        return TREE

    stand_in(monkeypatch, "evidence.inspecting", inspect=inspect)
    keys = ("--key-file", "keys.yaml")
    ran = here(capsys, "inspect", "disk.E01", "--as", "image", *keys, "--json")
    assert ran.rows() == [{"type": "source", **TREE}]
    assert asked == [(Path("disk.E01"), "image", False, (Path("keys.yaml"),))]


VERIFIED: JSON = {
    "headline": "does not verify: ledger.jsonl line 4: the digest of the line before is another",
    "exit_code": 6,
    "problems": [
        {"class": "information", "code": "i", "where": "", "text": "a key of the case"},
        {"class": "broken", "code": "chain", "where": "ledger.jsonl line 4", "text": "differs"},
        {"class": "incomplete", "code": "no-authority", "where": "", "text": "no authority"},
        {"class": "new", "code": "n", "where": "", "text": "of a later version"},
    ],
    "events": 12,
}


def test_the_result_of_verify_comes_first_and_problems_by_class() -> None:
    lines = list(verification_text(VERIFIED))
    assert lines[0].startswith("Result: does not verify: ledger.jsonl line 4:")
    heads = [line for line in lines if line.isupper() or line[:5].isupper()]
    assert [head.split(":")[0] for head in heads] == [
        "DOES NOT VERIFY",
        "INCOMPLETE",
        "FOR INFORMATION",
        "NEW",
    ]
    assert "  - ledger.jsonl line 4: differs [chain]" in lines
    assert "tamper" not in "\n".join(lines).lower()


@pytest.mark.parametrize("code", [0, 6, 7])
def test_verify_exits_as_it_found(
    code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[object] = []

    def verify(path: Path, **more: object) -> JSON:
        asked.append((path, more))
        return {**VERIFIED, "exit_code": code}

    stand_in(monkeypatch, "checks.verifying", verify=verify)
    (tmp_path / "keys").write_text("# ours\nlab+1+A\n\n lab+2+B \n")
    arguments = ["verify", "C", "--key", "k", "--trust", str(tmp_path / "keys"), "--anchor", "7:00"]
    ran = here(capsys, *arguments, "--policy", "strict", "--json")
    assert ran.code == code
    assert [row["type"] for row in ran.rows()] == ["problem"] * 4 + ["verification"]
    assert ran.rows()[-1]["problems"] == 4
    assert asked == [
        (
            Path("C"),
            {
                "trusted": ["k", "lab+1+A", "lab+2+B"],
                "anchors": ("7:00",),
                "roots": None,
                "evidence": (),
                "hashsets": (),
                "disclosures": (),
                "installation": False,
                "rebuild": False,
                "signer_roots": None,
                "strict": True,
            },
        )
    ]


def test_a_file_of_keys_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    ran = here(capsys, "verify", "C", "--trust", "/nonexistent")
    assert ran.code == 2
    assert "/nonexistent" in ran.err


ITEMS: tuple[JSON, ...] = (
    {
        "locator": "E/1/p0/1",
        "size": 1234,
        "status": "done",
        "content_type": "jpeg",
        "misnamed": False,
        "place": "system",
    },
    {
        "locator": "E/1/p0/2",
        "size": -1,
        "status": "gap",
        "gap": "stream.short",
        "allocated": False,
        "path": "caf\ufffd",
        "path_b64": "Y2Fm6Q==",
    },
)


class Rows:
    """Rows that say whether they were closed."""

    def __init__(self, *rows: JSON) -> None:
        self.rows = rows
        self.closed = False

    def __call__(self, *arguments: object, **more: object) -> Iterator[JSON]:
        del arguments, more
        try:
            yield from self.rows
        finally:
            self.closed = True


def test_the_inventory_in_lines(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = Rows(*ITEMS)
    stand_in(monkeypatch, "checks.views", inventory=rows)
    ran = here(capsys, "inventory", "C")
    assert ran.out.splitlines() == [
        "E/1/p0/1  1,234  done  jpeg  system",
        (
            "E/1/p0/2  -  gap: fewer bytes could be read than the metadata states  -  deleted  -"
            r"  caf\xe9"
        ),
    ]
    assert rows.closed
    assert here(capsys, "inventory", "C", "--json").rows() == [
        {"type": "item", **row} for row in ITEMS
    ]


def test_gaps_are_listed_with_their_reason(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    again: JSON = {"where": "E/1/p0/3", "code": "policy.excluded", "path": "a/b.zip"}
    rows = Rows(
        {"where": "E/1/p2", "code": "volume.encrypted", "detail": {"system": "luks"}},
        *[again] * 3,
        {"where": "E/1/f", "code": "stream.short", "detail": {"size": -1, "bytes_read": 0}},
    )
    stand_in(monkeypatch, "checks.views", gaps=rows)
    assert here(capsys, "inventory", "C", "--gaps").out.splitlines() == [
        "E/1/p2  the volume is encrypted (system luks)",
        "E/1/p0/3  on the list of excluded content (by the profile)  a/b.zip  (3 times)",
        "E/1/f  fewer bytes could be read than the metadata states (size not stated, bytes_read 0)",
    ]
    told = here(capsys, "inventory", "C", "--gaps", "--json").rows()
    assert [row["type"] for row in told] == ["gap"] * 5
    assert here(capsys, "inventory", "C", "--gaps", "--exhibit", "E").code == 2


def finished(case_dir: object) -> bool:
    """Stand in for a case whose runs all came to their end."""
    del case_dir
    return False


def test_an_empty_case_is_said_to_be_empty(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_in(
        monkeypatch,
        "checks.views",
        inventory=Rows(),
        gaps=Rows(),
        findings=Rows(),
        unfinished=finished,
    )
    assert here(capsys, "inventory", "C").out == "No item is on record.\n"
    assert here(capsys, "inventory", "C", "--gaps").out.endswith("heroes status C\n")
    assert here(capsys, "inventory", "C", "--json").out == ""
    out = here(capsys, "findings", "C").out
    assert out.startswith("There is no finding.\nMaterial no body has listed yet")


def test_findings_of_the_report_model(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = [each.to_json() for each in FINDINGS]
    rows = [{**row, "type": "finding", "content_type": row["type"]} for row in plain]
    stand_in(monkeypatch, "checks.views", findings=Rows(*rows), unfinished=finished)
    out = here(capsys, "findings", "C").out
    assert "F-000002  same MD5 (size not stated)\n" in out
    assert f"\n{len(FINDINGS)} findings, 1 of them withdrawn.\n" in out
    assert "heroes inventory CASE --gaps" in out
    found = here(capsys, "findings", "C", "--json").rows()
    assert [row["type"] for row in found] == ["finding"] * len(FINDINGS)
    assert [row["content_type"] for row in found][:2] == ["jpeg", "png"]
    assert "          jpeg, 481.2 kB, messaging application, victim identified\n" in out


def test_coordinates_can_be_copied(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def locate(case_dir: Path, finding: str) -> JSON:
        assert (case_dir, finding) == (Path("C"), "F-1")
        command = r"icat -o 2048 'a b\n.E01' 64-128-1"
        return {"locator": "E/1", "commands": [{"tool": "The Sleuth Kit", "command": command}]}

    stand_in(monkeypatch, "checks.locating", locate=locate)
    monkeypatch.setenv("HEROES_CASE", "C")
    out = here(capsys, "locate", "F-1").out
    assert "\nThe Sleuth Kit:\n  icat -o 2048 'a b\\n.E01' 64-128-1\n" in out
    assert here(capsys, "locate", "F-1", "--case", "C", "--json").rows()[0]["type"] == "location"


STATUS: JSON = {
    "case": "u",
    "reference": "2024/1",
    "names": "sealed",
    "runs": [{"run": "r", "started": "2024", "ended": None, "outcome": "open"}],
    "equation": {"listed": 3, "digested": 1, "gaps": 1, "not_reached": 1, "closes": False},
    "volumes": [{"volume": "E/1/p0", "file_system": "ntfs", "listed": 3, "closes": True}],
    "gaps": [{"code": "stream.short", "count": 1, "policy": False}],
    "findings": 1,
    "content_sha256": "ab",
}


def test_status_for_people_and_programs(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def status(case_dir: Path) -> JSON:
        del case_dir
        return STATUS

    stand_in(monkeypatch, "checks.views", status=status)
    out = here(capsys, "status", "C").out
    assert "Case u, reference 2024/1\n" in out
    assert "  2024 to no end on record\n" in out
    assert "all: 3 listed = 1 digested + 1 not examined + 1 not reached; NOT YET CLOSED\n" in out
    assert "1  fewer bytes could be read than the metadata states\n" in out
    assert "content_sha256 ab\n" in out
    assert here(capsys, "status", "C", "--json").rows() == [{"type": "status", **STATUS}]


def test_following_ends_with_ctrl_c_and_is_no_failure(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def events(case_dir: Path, *, follow: bool) -> Iterator[JSON]:
        assert (case_dir, follow) == (Path("C"), True)
        yield {"type": "finding", "time": "12:00", "state": "confirmed", "finding": "F-000001"}
        yield {"type": "stage", "time": "12:01", "name": "closing"}
        raise KeyboardInterrupt

    stand_in(monkeypatch, "checks.views", events=events)
    ran = here(capsys, "status", "C", "--follow")
    assert ran.out == "12:00  confirmed F-000001\n12:01  stage: name closing\n"
    assert (ran.code, ran.err) == (0, "")


def test_names_are_opened_with_a_reason_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def open_names(case_dir: Path, **more: object) -> Iterator[JSON]:
        asked.append((case_dir, more))
        yield {"type": "name", "finding": "F-000001", "locator": "E/1", "path": "a\x1b[2Jb"}

    stand_in(monkeypatch, "checks.opening", open_names=open_names)
    assert here(capsys, "open", "C").code == 2
    assert here(capsys, "open", "C", "--justification", "j").code == 2
    assert not asked
    ran = here(capsys, "open", "C", "--finding", "F-1", "--justification", "j", "--authority", "a")
    assert ran.out == "F-000001  E/1\n          a\\x1b[2Jb\n"
    assert asked == [
        (
            Path("C"),
            {
                "findings": ("F-1",),
                "justification": "j",
                "authority": "a",
                "examiner": "",
                "passphrase": None,
            },
        )
    ]


@pytest.mark.parametrize(("results", "code"), [(("pass", "skip"), 0), (("pass", "fail"), 1)])
def test_a_check_that_failed_is_seen(
    results: tuple[str, ...],
    code: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checks: list[JSON] = [{"type": "check", "name": "n", "result": each} for each in results]
    rows = Rows(*checks)
    stand_in(monkeypatch, "trials.selftest", selftest=rows, preflight=rows)
    for arguments in (["selftest"], ["selftest", "--preflight", "C", "image.E01"]):
        ran = here(capsys, *arguments)
        assert ran.code == code
        assert ran.out.splitlines()[-1].startswith("1 passed")
        rows_seen = here(capsys, *arguments, "--json").rows()
        assert [row["type"] for row in rows_seen] == ["check", "check", "selftest"]
    assert here(capsys, "selftest", "image.E01").code == 2


def test_sets_are_imported_listed_and_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[JSON] = []

    def import_set(path: Path, **more: object) -> JSON:
        asked.append({"path": path, **more})
        rejected = [{"where": f"line {number}", "reason": "bad digest"} for number in range(12)]
        return {"name": "s", "added": len(asked) == 1, "records": 5, "rejected": 12,
                "warnings": ["look"], "rejected_records": rejected}  # fmt: skip

    passed: JSON = {"name": "a", "edition": "2026-01", "result": "pass"}
    checks = Rows(passed, {"name": "b", "result": "fail", "detail": "d"})
    sets = Rows({"name": "s", "kind": "notable", "records": 5})
    stand_in(monkeypatch, "sets.importing", import_set=import_set)
    stand_in(monkeypatch, "sets.hashsets", verify_set=checks, list_sets=sets)
    ran = here(capsys, "hashset", "import", "l.csv", "--map", "Sum=md5", "--accept-rejects")
    assert ran.code == 0
    assert "The set s was imported." in ran.out
    assert "  - where line 0, reason bad digest\n" in ran.out
    assert "  - and 2 more\n! look\n" in ran.out
    assert asked[0]["mapping"] == ["Sum=md5"]
    assert asked[0]["accept_rejects"] is True
    assert "The set s was there already." in here(capsys, "hashset", "import", "l.csv").out
    assert here(capsys, "hashset", "list").out == "s\n  notable, 5 records, issuer not stated\n"
    ran = here(capsys, "hashset", "verify")
    assert ran.code == 30
    assert ran.out == "a 2026-01: verifies\nb: DOES NOT VERIFY: d\n"


def test_a_new_report_names_its_files(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def report(case_dir: Path, level: str, handover: Handover, **more: object) -> JSON:
        del case_dir
        assert (level, handover.is_empty) == ("standard", True)
        assert more == {"language": "de", "examiner": "", "passphrase": None, "pen": None}
        return {"type": "report", "number": 2, "folder": str(tmp_path), "files": ["report.html"]}

    stand_in(monkeypatch, "report.reporting", at_level=report)
    ran = here(capsys, "report", "C", "--language", "de")
    assert ran.out == f"Report 2 was written to {tmp_path}:\n  report.html\n"
