"""Interchange formats of real cases: what is in them and on record, what other programs read."""

import csv
import errno
import hashlib
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
import rdflib
from cli_runner import here
from corpus import ROOT, evidence
from scans import DEMO, KNOWN_GOOD, NOTABLE, Noted, folder, scanned

from heroes_forensics import durable
from heroes_forensics.custody import seal
from heroes_forensics.errors import StoppedError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.acts import acting, erasing
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.handing import handed_items
from heroes_forensics.pipelines.handing.exporting import export
from heroes_forensics.pipelines.handing.handing_out import ExportRequest
from heroes_forensics.pipelines.report import sealed_report
from heroes_forensics.pipelines.runs import rematching
from heroes_forensics.pipelines.runs.rematching import MatchRequest
from heroes_forensics.pipelines.sets import importing
from heroes_forensics.reports import EXPORTS
from heroes_forensics.reports.dfxml import NAMESPACE, OURS

NAMES: Final = [row.name for row in EXPORTS]
OF_ITEMS: Final = [name for name in NAMES if name != "case"]
TOLD: Final = {
    "recipient": "A. Example",
    "organisation": "Office",
    "authority": "Gs 1",
    "justification": "comparison",
}
D, H = f"{{{NAMESPACE}}}", f"{{{OURS}}}"
ODD: Final = {
    name: f"content {number}\n".encode()
    for number, name in enumerate(
        (
            "=private plan.txt",
            "private|pipe",
            "private\nline",
            "private\u202ecod.txt",
            "private <&>",
        )
    )
}
NOT_UTF8: Final = b"private caf\xe9"
ADULT: Final = b"private adult\n"


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case of two exhibits: the demonstration, and a folder with odd names."""
    made = tmp_path_factory.mktemp("made")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(made / "home"))
        odd = folder(made / "odd", {**ODD, "adult.txt": ADULT})
        (Path(os.fsdecode(os.fsencode(odd) + b"/" + NOT_UTF8))).write_bytes(b"latin\n")
        table = made / "adult.txt"
        table.write_text(hashlib.md5(ADULT, usedforsecurity=False).hexdigest() + "\n")
        importing.import_set(table, name="adult", edition="1", kind="adult-intimate")
        sets = (str(NOTABLE), str(KNOWN_GOOD), "adult")
        scanned(made / "case", DEMO, exhibit="EX-1", sets=sets)
        scanned(made / "case", odd, exhibit="EX-2", sets=sets)
        given = {
            "evidence": ["EX-2"],
            "from": "po-007",
            "to": "ex-031",
            "place": "store",
            "purpose": "x",
        }
        acting.act(made / "case", "custody.transferred", given)
    return made / "case"


@pytest.fixture(autouse=True)
def home(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEROES_HOME", str(case.parent / "home"))


def made(case: Path, out: Path, **changes: Any) -> tuple[JSON, dict[str, bytes]]:  # noqa: ANN401
    result = export(ExportRequest(case, out, **(TOLD | changes)))
    return result, {path.name: path.read_bytes() for path in out.iterdir()}


def content(files: dict[str, bytes]) -> bytes:
    return b"".join(data for name, data in sorted(files.items()) if name != "SHA256SUMS")


def events(case: Path) -> list[Any]:
    lines = (case / "custody" / "ledger.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def inventory(case: Path) -> list[JSON]:
    return list(views.inventory(case))


@pytest.fixture(scope="module")
def notable(case: Path) -> dict[str, str]:
    """Return the digests of items with a finding of kind notable, by locator."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(case.parent / "home"))
        wanted = {row["locator"] for row in views.findings(case) if row["kind"] == "notable"}
        return {
            str(row["locator"]): str(row["md5"])
            for row in inventory(case)
            if row["locator"] in wanted
        }


@pytest.mark.parametrize("name", NAMES)
def test_two_exports_of_a_case_are_the_same_to_the_byte(
    name: str, case: Path, tmp_path: Path
) -> None:
    _, first = made(case, tmp_path / "1", format=name, with_names=True)
    _, again = made(case, tmp_path / "2", format=name, with_names=True)
    assert first == again


@pytest.mark.parametrize("name", NAMES)
def test_who_got_what_is_on_record_and_the_case_verifies(
    name: str, case: Path, tmp_path: Path
) -> None:
    before = len(events(case))
    result, files = made(case, tmp_path / "out", format=name)
    new = events(case)[before:]
    assert [event["type"] for event in new if event["type"] != "ledger.checkpointed"] == [
        *("export.made" for _ in range(len(files) - 1)),
        "disclosure.made",
    ]
    (disclosed,) = [event["body"] for event in new if event["type"] == "disclosure.made"]
    assert disclosed["recipient"] == "A. Example"
    assert disclosed["disclosure_sha256"] == hashlib.sha256(files["SHA256SUMS"]).hexdigest()
    assert len(disclosed["findings"]) == result["findings"] == 6
    sums = dict(line.split("  ")[::-1] for line in files["SHA256SUMS"].decode().splitlines())
    for event in new:
        if event["type"] == "export.made":
            assert event["body"]["recipient"] == "A. Example"
            assert event["body"]["format"].startswith(f"{name}: ")
            assert event["body"]["file_sha256"] in sums.values()
    assert sums == {
        file: hashlib.sha256(data).hexdigest()
        for file, data in files.items()
        if file != "SHA256SUMS"
    }
    assert verifying.verify(case)["exit_code"] == 7


@pytest.mark.parametrize("name", NAMES)
def test_no_name_is_in_it_unless_it_is_opened_first(name: str, case: Path, tmp_path: Path) -> None:
    _, files = made(case, tmp_path / "blind", format=name)
    assert b"private" not in content(files)
    assert b"holiday" not in content(files).lower()
    before = len(events(case))
    _, files = made(case, tmp_path / "named", format=name, with_names=True)
    new = [event["type"] for event in events(case)[before:]]
    assert new.index("sealed.opened") < new.index("disclosure.made")
    fields = [e["body"]["fields"] for e in events(case) if e["type"] == "disclosure.made"]
    assert [{"name", "path"} & set(each) for each in fields[-2:]] == [set(), {"name", "path"}]
    opened = next(e for e in events(case)[before:] if e["type"] == "sealed.opened")["body"]
    if name == "case":
        assert len(opened["findings"]) == 6
    else:
        assert b"private" in content(files)
        assert (opened["findings"], opened["what"]) == (
            *("all", "names and paths of all items, for an export"),
        )
    assert verifying.verify(case)["exit_code"] == 7


@pytest.mark.parametrize("name", OF_ITEMS)
@pytest.mark.parametrize("digests", ["all", "unlisted", "none"])
def test_digests_are_those_that_were_asked_for(
    name: str, digests: str, case: Path, tmp_path: Path, notable: dict[str, str]
) -> None:
    _, files = made(case, tmp_path / "out", format=name, digests=digests)
    text = content(files).decode()
    listed = set(notable.values())
    others = {str(row["md5"]) for row in inventory(case) if row["md5"]} - listed
    adult = hashlib.md5(ADULT, usedforsecurity=False).hexdigest()
    assert adult not in text
    others.discard(adult)
    if name == "timesketch" and digests != "none":  # an item without any time has no line there
        others &= {str(row["md5"]) for row in inventory(case) if row["times"]}
    if digests == "none":  # a word for it would tell which are listed
        assert "withheld" not in text
    there = set(re.findall(r"\b[0-9a-f]{32}\b", text))
    assert bool(listed & there) == (digests == "all")
    assert (listed <= there) == (digests == "all")
    assert (others <= there) == (digests != "none")
    assert bool(others & there) == (digests != "none")


@pytest.mark.parametrize("name", NAMES)
def test_of_findings_alone_nothing_else_is_told(
    name: str, case: Path, tmp_path: Path, notable: dict[str, str]
) -> None:
    result, files = made(case, tmp_path / "out", format=name, items="findings")
    text = content(files).decode()
    assert result["items"] == len(notable)
    for row in inventory(case):
        rest = re.escape(str(row["locator"]).removeprefix(f"{row['source']}/{row['volume']}/"))
        whole = rf"{row['source']}[/,]{row['volume']}[/,]{rest}(?![\w/@-])"
        assert bool(re.search(whole, text)) == (row["locator"] in notable)


@pytest.mark.parametrize("name", NAMES)
def test_of_one_exhibit_nothing_of_another_is_told(name: str, case: Path, tmp_path: Path) -> None:
    kind = "notable" if name == "case" else "watch"
    result, files = made(case, tmp_path / "out", format=name, exhibit="EX-1", kind=kind)
    assert not re.search(rb"\bEX-2\b|po-007", content(files))  # nor who handed it over
    assert set(files) & {"EX-1-1.dfxml"} == ({"EX-1-1.dfxml"} if name == "dfxml" else set())
    assert "EX-2-1.dfxml" not in files
    of_one = sum(row["exhibit"] == "EX-1" for row in inventory(case))
    assert result["items"] == (6 if name == "case" else of_one)
    made_of = [e["body"]["format"] for e in events(case) if e["type"] == "export.made"]
    assert made_of[-1].endswith("exhibit: EX-1)")
    with pytest.raises(UsageError, match="no current finding of kind notable"):
        made(case, tmp_path / "list", format="md5", exhibit="EX-2")
    for other in ("EX-2", "EX-3"):
        with pytest.raises(UsageError, match=r"no exhibit 'EX-3'|no current finding"):
            made(case, tmp_path / other, format=name, exhibit=other, items="findings")
    if name == "case":
        assert b"po-007" in content(made(case, tmp_path / "whole", format=name, kind=kind)[1])


def test_what_contradicts_its_entries_is_handed_on_without_digests(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every grade is taken for one that contradicts: no real set has an entry that does."""
    grades = frozenset(str(row["grade"]) for row in views.findings(case))
    monkeypatch.setattr(handed_items, "CONFLICTS", grades)
    result, files = made(case, tmp_path / "out", format="jsonl", items="findings", digests="all")
    rows = [json.loads(line) for line in content(files).splitlines()]
    assert {row["sha256"] for row in rows} == {"withheld"}
    assert result["withheld"] == len(rows) > 0


def test_intimate_pictures_of_adults_go_alone_by_name_too(case: Path, tmp_path: Path) -> None:
    adult = hashlib.sha256(ADULT).hexdigest()
    _, files = made(case, tmp_path / "1", format="jsonl", with_names=True)
    rows = [json.loads(line) for line in content(files).splitlines()]
    (row,) = [row for row in rows if row["sha256"] == "withheld"]
    assert (row["path"], row["findings"]) == ("", [])
    assert b"adult.txt" not in content(files)
    _, files = made(case, tmp_path / "2", format="jsonl", kind="adult-intimate", items="findings")
    (row,) = [json.loads(line) for line in content(files).splitlines()]
    assert row["sha256"] == adult


def test_json_lines_are_the_inventory_with_findings(case: Path, tmp_path: Path) -> None:
    _, files = made(case, tmp_path / "out", format="jsonl", kind="notable")
    rows = {row["locator"]: row for row in map(json.loads, content(files).splitlines())}
    expected = {str(row["locator"]): row for row in inventory(case)}
    assert rows.keys() == expected.keys()
    for locator, row in expected.items():
        found = rows[locator]
        assert set(found) - set(row) == {"first_byte", "findings"}
        if found["sha256"] != "withheld":
            assert {name: found[name] for name in row} == row
    numbers = [each["finding"] for row in rows.values() for each in row["findings"]]
    assert sorted(numbers) == sorted(
        str(row["number"]) for row in views.findings(case) if row["kind"] == "notable"
    )


def test_a_table_has_every_item_and_every_finding(case: Path, tmp_path: Path) -> None:
    _, files = made(case, tmp_path / "out", format="csv", with_names=True)
    rows = list(csv.DictReader(io.StringIO(files["items.csv"].decode(), newline=""), strict=True))
    locators = {f"{row['source']}/{row['volume']}/{row['locator']}" for row in rows}
    assert locators == {row["locator"] for row in inventory(case)}
    paths = {bytes.fromhex(row["path_hex"]) for row in rows}
    assert {name.encode() for name in ODD} | {NOT_UTF8} <= paths
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


# ---- other programs ------------------------------------------------------------------------------


def test_mactime_makes_a_timeline_of_every_item(
    tool: Callable[[str], str], case: Path, tmp_path: Path
) -> None:
    mactime = tool("mactime")
    _, files = made(case, tmp_path / "out", format="bodyfile", with_names=True)
    lines = files["items.body"].decode().splitlines()
    assert len(lines) == len(inventory(case))
    ran = subprocess.run(
        [mactime, "-b", tmp_path / "out" / "items.body", "-d", "-y"],
        capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "TZ": "UTC"},
    )  # fmt: skip
    found = list(csv.DictReader(io.StringIO(ran.stdout)))
    dated = {line.split("|")[1] for line in lines if any(map(int, line.split("|")[7:]))}
    assert {row["File Name"] for row in found} == dated
    assert len(dated) > len(lines) // 2
    row = next(row for row in inventory(case) if row["source"] == "EX-2/1" and row["size"])
    modified = int(row["times"]["m"]["seconds"])  # type: ignore[index]
    stamp = subprocess.run(
        ["date", "-u", "-d", f"@{modified}", "+%Y-%m-%dT%H:%M:%SZ"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    at = [each for each in found if each["Date"] == stamp and "m" in each["Type"]]
    assert str(row["size"]) in {each["Size"] for each in at}


def test_the_graph_conforms_to_the_ontology_and_a_broken_one_does_not(
    case: Path, tmp_path: Path
) -> None:
    _, files = made(case, tmp_path / "out", format="case", with_names=True)
    graph = json.loads(files["case.jsonld"])
    broken = tmp_path / "broken.jsonld"
    digest = next(
        digest
        for node in graph["@graph"]
        for facet in node.get("uco-core:hasFacet", ())
        for digest in facet.get("uco-observable:hash", ())
    )
    digest["uco-types:hashMethod"] = ["MD5", "SHA1"]
    broken.write_text(json.dumps(graph))
    issued = case / "custody" / "report" / "case.jsonld"
    for paths, code in (([tmp_path / "out" / "case.jsonld", issued], 0), ([broken], 1)):
        ran = subprocess.run(
            [Path(sys.executable).with_name("case_validate"), "--built-version", "case-1.4.0",
             *map(str, paths)],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert (ran.returncode, "Conforms: True" in ran.stdout) == (code, code == 0), ran.stdout
        assert "UserWarning" not in ran.stderr  # it warns of words that no ontology has


FINDINGS_OF: Final = """
PREFIX case: <https://ontology.caseontology.org/case/investigation/>
PREFIX core: <https://ontology.unifiedcyberontology.org/uco/core/>
PREFIX analysis: <https://ontology.unifiedcyberontology.org/uco/analysis/>
PREFIX observable: <https://ontology.unifiedcyberontology.org/uco/observable/>
PREFIX types: <https://ontology.unifiedcyberontology.org/uco/types/>
SELECT DISTINCT ?number ?class ?locator ?md5 WHERE {
  ?record case:rootExhibitNumber "EX-1" ; core:object ?file .
  ?result a analysis:AnalyticResult ; core:object ?file ; core:name ?number ;
    core:hasFacet/analysis:classification/analysis:class ?class .
  ?relation core:source ?file ; core:target ?image ; core:hasFacet/observable:path ?locator .
  ?image a observable:Image .
  OPTIONAL { ?file core:hasFacet/observable:hash ?hash .
    ?hash types:hashMethod "MD5" ; types:hashValue ?md5 }
}
"""


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_all_findings_of_an_exhibit_are_one_query_away(
    case: Path, tmp_path: Path, notable: dict[str, str]
) -> None:
    _, files = made(case, tmp_path / "out", format="case")
    wanted = {
        str(row["number"]): row
        for row in views.findings(case)
        if row["exhibit"] == "EX-1" and row["kind"] == "notable"
    }
    graph = rdflib.Graph().parse(data=files["case.jsonld"], format="json-ld")
    found = {str(number): rest for number, *rest in graph.query(FINDINGS_OF)}  # type: ignore[misc]
    assert found.keys() == wanted.keys()
    for number, (_, locator, digest) in found.items():
        assert str(locator) == wanted[number]["locator"]
        assert str(digest) == notable[str(locator)]

    issued = (case / "custody" / "report" / "case.jsonld").read_bytes()
    graph = rdflib.Graph().parse(data=issued, format="json-ld")
    found = {str(number): rest for number, *rest in graph.query(FINDINGS_OF)}  # type: ignore[misc]
    assert found.keys() == wanted.keys()
    assert {digest for _, _, digest in found.values()} == {None}
    assert not any(digest.encode() in issued for digest in notable.values())


def test_report_and_export_name_the_same_things_alike(case: Path, tmp_path: Path) -> None:
    _, files = made(case, tmp_path / "out", format="case")
    issued = json.loads((case / "custody" / "report" / "case.jsonld").read_bytes())["@graph"]
    ours = json.loads(files["case.jsonld"])["@graph"]
    kinds = {"uco-observable:File", "uco-observable:Image", "uco-analysis:AnalyticResult"}
    for kind in kinds - {"uco-analysis:AnalyticResult"}:
        assert {n["@id"] for n in ours if n["@type"] == kind} <= {
            n["@id"] for n in issued if n["@type"] == kind
        }


ORDER: Final = (
    *("parent_object", "filename", "error", "partition", "id", "name_type", "filesize", "alloc"),
    *("orphan", "compressed", "inode", "uid", "mtime", "ctime", "atime", "crtime", "hashdigest"),
)
"""Elements of a file object in the order in which the schema of DFXML 1.2.0 wants them."""


def test_a_document_has_the_elements_of_the_schema_in_their_order(
    case: Path, tmp_path: Path
) -> None:
    """With the schema at hand (HEROES_DFXML_SCHEMA names ``dfxml.xsd``), xmllint says it too."""
    _, files = made(case, tmp_path / "out", format="dfxml", with_names=True)
    assert set(files) == {"EX-1-1.dfxml", "EX-2-1.dfxml", "SHA256SUMS"}
    for name in set(files) - {"SHA256SUMS"}:
        document = ET.fromstring(files[name])  # noqa: S314 - what we wrote ourselves
        assert [child.tag.removeprefix(D) for child in document][:3] == [
            *("metadata", "creator", "source"),
        ]
        serials = []
        for item in document.iter(f"{D}fileobject"):
            tags = [child.tag for child in item]
            ours = [tag for tag in tags if tag.startswith(H)]
            assert tags[len(tags) - len(ours) :] == ours
            positions = [ORDER.index(tag.removeprefix(D)) for tag in tags if tag not in ours]
            assert positions == sorted(positions)
            serials.append(int(str(item.findtext(f"{D}id"))))
        assert serials == list(range(1, len(serials) + 1))
        schema = os.environ.get("HEROES_DFXML_SCHEMA")
        if schema:
            subprocess.run(
                ["xmllint", "--nonet", "--noout", "--schema", schema, tmp_path / "out" / name],
                check=True, capture_output=True, timeout=60,
            )  # fmt: skip


FIWALK: Final = {
    "images/bulk_extractor/nps-2010-emails.E01": 28,
    "images/dfvfs/hfsplus.raw.gz": 10,
}
"""Images, and how many files fiwalk finds in use there, with an address and content."""


@pytest.mark.parametrize(("image", "count"), FIWALK.items(), ids=FIWALK)
def test_fiwalk_sees_the_same_files_sizes_and_digests(
    image: str,
    count: int,
    tool: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fiwalk = tool("fiwalk")
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "home"))
    source = unpacked(evidence(image), tmp_path)
    scanned(tmp_path / "case", source, exhibit="EX-1")
    _, files = made(tmp_path / "case", tmp_path / "out", format="dfxml", with_names=True)
    ran = subprocess.run([fiwalk, "-x", str(source)], capture_output=True, check=True, timeout=120)
    theirs, ours = regular(ran.stdout), regular(files["EX-1-1.dfxml"])
    assert theirs <= ours
    assert len(theirs) >= count
    # What they do not tell: forks, and what the file system keeps for itself.
    assert all(
        ":" in name or name.startswith("$") or "fork" in name for _, name, *_ in ours - theirs
    )


def unpacked(path: Path, into: Path) -> Path:
    if path.suffix != ".gz":
        return path
    target = into / path.stem
    with target.open("wb") as stream:
        subprocess.run(["gzip", "-dc", str(path)], stdout=stream, check=True, timeout=60)
    return target


def regular(data: bytes) -> set[tuple[str, ...]]:
    """Return address, name, size, MD5 and SHA-1 of the files in use that have content."""
    found: set[tuple[str, ...]] = set()
    for item in ET.fromstring(data).iter(f"{D}fileobject"):  # noqa: S314 - of programs we ran
        digests = {
            str(each.get("type")).lower(): str(each.text) for each in item.iter(f"{D}hashdigest")
        }
        in_use = item.findtext(f"{D}alloc") == "1" or item.findtext(f"{D}alloc_inode") == "1"
        if item.findtext(f"{D}name_type") == "r" and in_use and "md5" in digests:
            name, size = item.findtext(f"{D}filename"), item.findtext(f"{D}filesize")
            inode = item.findtext(f"{D}inode")
            if inode:  # members of archives have none, and nobody else looks at them
                found.add((inode, str(name), str(size), digests["md5"], digests["sha1"]))
    return found


# ---- what cannot be done -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format": "case", "items": "all"}, "case is written of findings alone"),
        ({"format": "csv", "items": "some"}, "--items is one of all, findings"),
        ({"format": "csv", "digests": "some"}, "--digests is one of all, unlisted, none"),
        ({"format": "csv", "local_times": "utc"}, "--local-times is one of leave-out, label"),
        (
            {"format": "csv", "items": "findings", "kind": "watch"},
            "no current finding of kind watch",
        ),
        ({"format": "csv", "recipient": ""}, "--recipient is missing"),
        ({"format": "vics", "items": "all"}, "always of findings, with their digests"),
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


def test_a_disk_that_fails_at_any_call_leaves_nothing_of_an_export(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = durable._write  # noqa: SLF001 - the hook of faults
    inside = f"{tmp_path}/"
    for call in range(1, 40):
        left = call

        def full(descriptor: int, data: bytes) -> int:
            nonlocal left
            if str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith(inside):
                left -= 1
                if left == 0:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(descriptor, data)

        out = tmp_path / f"out {call}"
        before = len(events(case))
        monkeypatch.setattr(durable, "_write", full)
        try:
            made(case, out, format="dfxml")
        except StoppedError as error:
            assert "No space" in str(error)  # noqa: PT017 - and nothing is left
            assert not out.exists()
            assert len(events(case)) == before
        else:
            break
    assert call > 3
    assert (out / "EX-1-1.dfxml").exists()
    assert verifying.verify(case)["exit_code"] == 7


def test_an_export_that_is_interrupted_leaves_nothing(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = durable._write  # noqa: SLF001 - the hook of faults

    def interrupted(descriptor: int, data: bytes) -> int:
        if str(Path(f"/proc/self/fd/{descriptor}").readlink()).startswith(f"{tmp_path}/out"):
            raise KeyboardInterrupt
        return real(descriptor, data)

    monkeypatch.setattr(durable, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        made(case, tmp_path / "out", format="jsonl")
    assert not (tmp_path / "out").exists()
    assert verifying.verify(case)["exit_code"] == 7


@pytest.fixture
def own(case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the case that may be changed, with a home of its own."""
    for name in ("case", "home"):
        shutil.copytree(case.parent / name, tmp_path / "own" / name)
    monkeypatch.setenv("HEROES_HOME", str(tmp_path / "own" / "home"))
    return tmp_path / "own" / "case"


def test_what_is_withdrawn_is_not_handed_on(own: Path, tmp_path: Path) -> None:
    table = tmp_path / "adult.txt"
    table.write_text(hashlib.md5(b"other", usedforsecurity=False).hexdigest() + "\n")
    importing.import_set(table, name="adult", edition="2", kind="adult-intimate")
    _, files = made(own, tmp_path / "1", format="csv", kind="adult-intimate", items="findings")
    assert len(content(files).splitlines()) == 2
    _, files = made(own, tmp_path / "list", format="md5", kind="adult-intimate")
    assert hashlib.md5(ADULT, usedforsecurity=False).hexdigest().encode() in content(files).lower()
    rematching.match(MatchRequest(own, ("adult",)), Noted())
    keys = [seal.new_identity()[1]]
    whom = ("Judge A.", "Court X", "request 4", "order")
    court = sealed_report.Handover(tmp_path / "court.age", keys, *whom)
    assert sealed_report.sealed_report(own, court)["findings"] == 6
    for name, items in (("csv", "findings"), ("md5", ""), ("vics", "")):
        with pytest.raises(UsageError, match="no current finding of kind adult-intimate"):
            made(own, tmp_path / "2", format=name, kind="adult-intimate", items=items)


def test_an_erased_case_hands_on_no_name_and_a_reduced_one_its_findings(
    own: Path, tmp_path: Path, notable: dict[str, str]
) -> None:
    closed = {"justification": "closed", "authority": "s. 77", "rule": "10 years"}
    erasing.erase(own, run=None, **closed)
    before = len(events(own))
    with pytest.raises(UsageError, match="was erased"):
        made(own, tmp_path / "1", format="jsonl", with_names=True)
    assert "sealed.opened" not in [event["type"] for event in events(own)[before:]]
    _, files = made(own, tmp_path / "2", format="jsonl")
    assert len(content(files).splitlines()) == len(inventory(own))
    erasing.reduce(own, older_than=None, **closed)
    with pytest.raises(UsageError, match="the case was reduced"):
        made(own, tmp_path / "3", format="jsonl")
    for name in NAMES:
        result, files = made(own, tmp_path / name, format=name, items="findings")
        assert (result["items"], result["findings"]) == (len(notable), len(notable))
        told = re.findall("EX-1/1[/,]p[0-9]+[/,][a-z0-9/-]+", content(files).decode())
        assert set(notable) <= {locator.replace(",", "/") for locator in told}
    assert verifying.verify(own)["exit_code"] == 7


# ---- as people use it ----------------------------------------------------------------------------


def commands() -> list[str]:
    """Return the commands of the page on exports."""
    text = (ROOT / "docs" / "exports.md").read_text().replace("\\\n", " ")
    blocks = "\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL))
    return re.findall(r"^heroes (export .+)$", blocks, re.MULTILINE)


def test_every_format_has_a_command_in_the_documentation() -> None:
    text = " ".join(commands())
    for name in NAMES:
        assert f"--format {name}" in text


@pytest.mark.parametrize("line", commands())
def test_the_commands_of_the_documentation_run(
    line: str, case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"CASE": str(case), "HANDOVER": str(tmp_path / "out")}
    ran = here(capsys, *(places.get(word, word) for word in shlex.split(line)))
    assert (ran.code, ran.err) == (0, "")
    assert "The disclosure is on record." in ran.out
    assert (tmp_path / "out" / "SHA256SUMS").exists()


def test_the_verb_says_what_it_left_out(
    case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = [f"--{name}={value}" for name, value in TOLD.items()]
    ran = here(
        capsys, "export", str(case), f"--out={tmp_path / 'out'}", *said, "--format", "csv",
        "--digests", "unlisted",
    )  # fmt: skip
    assert ran.code == 0
    assert "7 items without digests, which were kept back." in ran.out
    ran = here(
        capsys,
        "export",
        str(case),
        f"--out={tmp_path / 'two'}",
        *said,
        "--format",
        "case",
        "--json",
    )
    (row,) = ran.rows()
    assert (row["type"], row["items"], row["findings"]) == ("export", 6, 6)
    shutil.rmtree(tmp_path / "out")
