import hashlib
import json
import shutil
import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from cli_runner import here
from report_example import FINDINGS
from scans import folder, scanned

from heroes_forensics.commands.export import export as verb
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.checks import verifying
from heroes_forensics.pipelines.handing import exporting
from heroes_forensics.pipelines.handing.exporting import export
from heroes_forensics.pipelines.handing.handing_out import KINDS, ExportRequest
from heroes_forensics.pipelines.sets import importing
from heroes_forensics.reports import EXPORTS, LISTS, hashlists, vics
from heroes_forensics.reports.disclosed import Disclosed, ExportOf
from heroes_forensics.reports.exchange import Digests, Items, LocalTimes
from heroes_forensics.reports.findings import Category, ItemVerdict

FILES = {
    f"private holiday {name}.txt": f"content of {name}\n".encode() for name in ("a", "b", "c", "d")
}
TO = {"recipient": "A. Example", "organisation": "Example Police"}
WHY = {"authority": "Gs 221/24", "justification": "case review"}
CONTEXT = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#Media"


def md5(name: str) -> str:
    data = FILES[f"private holiday {name}.txt"]
    return hashlib.md5(data, usedforsecurity=False).hexdigest()


def vics_set(path: Path, rows: dict[str, JSON], *, region: str = "US") -> Path:
    media = [
        {"MediaID": number, "MD5": md5(name), **fields}
        for number, (name, fields) in enumerate(rows.items(), start=7)
    ]
    path.write_text(json.dumps({"@odata.context": CONTEXT.format(region), "value": media}))
    return path


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """Return a case with three findings of two sets, one of them also by a list without codes."""
    first = vics_set(
        tmp_path / "us.json",
        {"a": {"Category": 1, "VictimIdentified": "true"}, "b": {"Category": 2}},
    )
    bare = tmp_path / "bare.txt"
    bare.write_text(f"{md5('b')}\n{md5('c')}\n")
    watch = tmp_path / "watch.txt"
    watch.write_text(f"{md5('d')}\n")
    importing.import_set(first, name="us", edition="1", kind="notable", profile="vics-us")
    importing.import_set(bare, name="bare", edition="1", kind="notable")
    importing.import_set(watch, name="own", edition="1", kind="adult-intimate")
    evidence = folder(tmp_path / "evidence", FILES)
    shutil.copy(evidence / "private holiday a.txt", evidence / "again.txt")
    made = tmp_path / "case"
    scanned(made, evidence, sets=("us", "bare", "own"))
    return made


def made(case: Path, folder: Path, **changes: Any) -> tuple[JSON, dict[str, bytes]]:  # noqa: ANN401
    result = export(ExportRequest(case, folder, **(TO | WHY | changes)))
    return result, {path.name: path.read_bytes() for path in folder.iterdir()}


def media(data: bytes) -> list[dict[str, Any]]:
    (case,) = json.loads(data)["value"]
    return list(case["Media"])


def test_a_vics_file_has_one_media_for_each_digest_and_all_its_places(
    case: Path, tmp_path: Path
) -> None:
    _, files = made(case, tmp_path / "out", format="vics", region="US")
    found = {row["MD5"]: row for row in media(files["vics-2.0.json"])}
    assert set(found) == {md5(name).upper() for name in "abc"}
    first = found[md5("a").upper()]
    assert len(first["MediaFiles"]) == 2
    assert (first["Category"], first["IsPrecategorized"]) == (1, True)
    assert first["PrecategorizationSource"] == "us 1"
    assert first["VictimIdentified"] is True
    assert "Category" not in found[md5("c").upper()]
    assert found[md5("b").upper()]["Category"] == 2
    body = json.loads(files["vics-2.0.json"])
    assert list(body) == ["@odata.context", "value"]
    assert "/US/$metadata#Cases" in body["@odata.context"]


def test_a_category_is_written_in_its_own_numbering_alone(case: Path, tmp_path: Path) -> None:
    for region in ("UK", "Default"):
        _, files = made(case, tmp_path / region, format="vics", region=region)
        assert not any("Category" in row for row in media(files["vics-2.0.json"]))


def test_the_same_findings_give_the_same_bytes(case: Path, tmp_path: Path) -> None:
    number = "00000000-0000-4000-8000-000000000001"
    _, first = made(case, tmp_path / "1", product="griffeye", case_id=number)
    _, again = made(case, tmp_path / "2", product="griffeye", case_id=number)
    assert first == again
    _, fresh = made(case, tmp_path / "3", product="griffeye")
    assert fresh["vics-2.0.json"] != first["vics-2.0.json"]
    assert {name for name in first if fresh[name] != first[name]} == {
        "vics-2.0.json",
        "SHA256SUMS",
    }


@pytest.mark.parametrize("version", ["2.0", "1.3"])
def test_what_is_written_can_be_imported_again(version: str, case: Path, tmp_path: Path) -> None:
    made(case, tmp_path / "out", format="vics", version=version)
    report = importing.import_set(tmp_path / "out" / f"vics-{version}.json", kind="watch")
    assert (report["format"], report["records"], report["rejected"]) == ("vics", 3, 0)
    assert report["accepted"] == {"md5": 3, "sha1": 3}
    assert report["unknown_fields"] == []


@pytest.mark.parametrize("product", ["griffeye", "axiom", "xways", "autopsy"])
def test_each_list_of_a_product_is_read_by_our_importer(
    product: str, case: Path, tmp_path: Path
) -> None:
    _, files = made(case, tmp_path / "out", product=product)
    lists = [name for name in files if name.endswith((".md5.txt", ".kdb"))]
    assert {name.partition(".")[0] for name in lists} == {
        "category-vics-1",
        "category-vics-2",
        "category-none",
    }
    total = 0
    for name in lists:
        report = importing.import_set(tmp_path / "out" / name, name=name[:20], kind="watch")
        total += int(str(report["accepted"]["md5"]))  # type: ignore[index]
    assert total == 4  # a; b of two sets; c


@pytest.mark.skipif(shutil.which("hfind") is None, reason="needs hfind (sleuthkit)")
def test_hfind_finds_what_the_database_for_autopsy_holds(case: Path, tmp_path: Path) -> None:
    made(case, tmp_path / "out", product="autopsy")
    database = tmp_path / "out" / "category-vics-1.kdb"
    for name, there in (("a", True), ("d", False)):
        command = ["hfind", str(database), md5(name)]
        found = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ("Hash Not Found" not in found.stdout) is there


def test_no_name_leaves_unless_it_is_opened_first(case: Path, tmp_path: Path) -> None:
    _, files = made(case, tmp_path / "out", product="griffeye")
    assert not any(b"holiday" in data for data in files.values())
    before = _events(case)
    _, files = made(case, tmp_path / "named", product="griffeye", with_names=True)
    assert b"private holiday a.txt" in files["vics-2.0.json"]
    new = [event["type"] for event in _events(case)[len(before) :]]
    assert new.index("sealed.opened") < new.index("disclosure.made")
    disclosed = next(e for e in reversed(_events(case)) if e["type"] == "disclosure.made")
    assert {"name", "path"} <= set(disclosed["body"]["fields"])


def _events(case: Path) -> list[Any]:
    lines = (case / "custody" / "ledger.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_who_got_what_and_why_is_on_record(case: Path, tmp_path: Path) -> None:
    result, files = made(case, tmp_path / "out", product="xways")
    (disclosed,) = [e["body"] for e in _events(case) if e["type"] == "disclosure.made"]
    assert disclosed["recipient"] == "A. Example"
    assert disclosed["legal_basis"] == "Gs 221/24"
    assert len(disclosed["findings"]) == result["findings"]
    assert disclosed["disclosure_sha256"] == hashlib.sha256(files["SHA256SUMS"]).hexdigest()
    exported = {e["body"]["file_sha256"] for e in _events(case) if e["type"] == "export.made"}
    assert exported == {
        hashlib.sha256(data).hexdigest() for name, data in files.items() if name != "SHA256SUMS"
    }
    assert verifying.verify(case)["exit_code"] == 7
    assert not any(md5(name) in (case / "custody" / "ledger.jsonl").read_text() for name in "abcd")


def test_intimate_pictures_of_adults_go_alone(case: Path, tmp_path: Path) -> None:
    _, files = made(case, tmp_path / "out", product="axiom")
    assert not any(md5("d") in data.decode("utf-8", "replace").lower() for data in files.values())
    _, files = made(case, tmp_path / "own", product="axiom", kind="adult-intimate")
    assert files["category-none.md5.txt"].decode().split() == [md5("d")]


def test_codes_of_a_supplier_make_no_path(tmp_path: Path) -> None:
    table = tmp_path / "odd.csv"
    table.write_text(f"md5,category\n{md5('a')},../../x\n{md5('b')},=cmd\n")
    importing.import_set(table, name="odd", edition="1", kind="notable")
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", FILES), sets=("odd",))
    _, files = made(case, tmp_path / "out", format="places")
    assert set(files) == {
        "category-other-1.places.csv",
        "category-other-2.places.csv",
        "SHA256SUMS",
    }
    text = (
        files["category-other-2.places.csv"].decode()
        + files["category-other-1.places.csv"].decode()
    )
    assert ",'=cmd," in text


def test_an_entry_that_contradicts_its_item_is_in_no_list(tmp_path: Path) -> None:
    table = tmp_path / "odd.csv"
    table.write_text(f"md5,size\n{md5('a')},999\n{md5('b')},\n")
    importing.import_set(table, name="odd", edition="1", kind="notable")
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", FILES), sets=("odd",))
    result, files = made(case, tmp_path / "out", product="axiom")
    assert (result["findings"], result["left_out"]) == (2, 1)
    assert files["category-none.md5.txt"].decode().split() == [md5("b")]
    assert len(files["category-none.places.csv"].splitlines()) == 3


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"recipient": " ", "product": "axiom"}, "--recipient is missing"),
        ({"authority": "", "product": "axiom"}, "--authority is missing"),
        ({"format": "other"}, "no export is called 'other'"),
        ({"format": "vics", "version": "9.9"}, "VICS 9.9"),
        ({"format": "vics", "region": "a/b"}, "VICS 2.0 a/b"),
        ({"format": "vics", "case_id": "x"}, "no GUID"),
        ({"format": "md5", "kind": "watch"}, "no current finding of kind watch"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    changes: dict[str, str], says: str, case: Path, tmp_path: Path
) -> None:
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    with pytest.raises(UsageError, match=says):
        made(case, tmp_path / "out", **changes)
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before
    assert not (tmp_path / "out").exists()


def test_a_folder_with_anything_in_it_is_refused(case: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x")
    with pytest.raises(UsageError, match="not an empty folder"):
        made(case, tmp_path / "out", product="axiom")


def test_the_verb_needs_one_program_or_one_format(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [f"--{name}={value}" for name, value in (TO | WHY).items()]
    out = f"--out={tmp_path / 'out'}"
    assert here(capsys, "export", str(case), out, *said).code == 2
    done = here(capsys, "export", str(case), out, *said, "--for", "autopsy")
    assert (done.code, "category-vics-1.kdb" in done.out) == (0, True)
    with sqlite3.connect(tmp_path / "out" / "category-vics-1.kdb") as database:
        assert database.execute("SELECT count(*) FROM hashes").fetchone() == (1,)


def test_every_product_has_its_recipe() -> None:
    page = Path(__file__).parent.parent / "docs" / "exports.md"
    text = page.read_text()
    for name in (*exporting.PRODUCTS, *exporting.FORMATS, *(row.name for row in EXPORTS)):
        assert f"`{name}`" in text


def test_the_verb_offers_what_there_is() -> None:
    offered = {
        option.name: list(option.type.choices)
        for option in verb.params
        if isinstance(option.type, click.Choice)
    }
    assert offered == {
        "product": list(exporting.PRODUCTS),
        "form": [*exporting.FORMATS, *(row.name for row in EXPORTS)],
        "kind": list(KINDS),
        "items": list(get_args(Items)),
        "digests": list(get_args(Digests)),
        "local_times": list(get_args(LocalTimes)),
    }
    assert [row.name for row in LISTS] == list(exporting.FORMATS)


def disclosed(
    number: int, code: str, *, sha1: bytes = b"1", verdict: ItemVerdict = "notable_other"
) -> Disclosed:
    """Return a finding on an item whose MD5 is that of others made here."""
    category = Category(verdict, code, "", "vics", "US")
    finding = replace(
        FINDINGS[0], number=f"F-{number:06d}", category=category, locator=f"EX-1/{number}"
    )
    return Disclosed(
        finding=finding,
        md5=b"m" * 16,
        sha1=sha1 * 20,
        sha256=sha1 * 32,
        mime="image/png",
        first_byte=None,
        algorithms=("md5",),
        command="",
    )


OF = ExportOf("", "", "heroes-forensics", "0", "00000000-0000-4000-8000-000000000001")


def test_a_number_that_sets_contradict_is_not_written() -> None:
    def category(*rows: Disclosed) -> object:
        (one,) = media(vics.render(rows, OF, region="US"))
        return one.get("Category")

    assert category(disclosed(1, "1"), disclosed(2, "1")) == 1
    assert category(disclosed(1, "1"), disclosed(2, "2")) is None
    grave = disclosed(2, "2", verdict="baseline_illegal")
    assert category(disclosed(1, "1"), grave) == 2


def test_files_made_to_share_an_md5_are_not_taken_for_one_another(tmp_path: Path) -> None:
    rows = [disclosed(1, "1"), disclosed(2, "1", sha1=b"2")]
    (one,) = media(vics.render(rows, OF, region="US"))
    assert "SHA1" not in one
    assert len(one["MediaFiles"]) == 2
    path = tmp_path / "x.kdb"
    path.write_bytes(hashlists.kdb(rows))
    with sqlite3.connect(path) as database:
        assert list(database.execute("SELECT md5, sha1, sha2_256 FROM hashes")) == [
            (b"m" * 16, None, None)
        ]
