"""The same picture in several places: decoded once, and on record at each of them."""

import hashlib
import io
import json
import signal
import sqlite3
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import killing
import pytest
import worker_faults
from scans import folder, resumed, scanned
from test_pipelines_likeness import encoded, listing, picture
from test_pipelines_resuming import killed_at

from heroes_forensics.frames import Batch, Picture
from heroes_forensics.model import GAP_CODES
from heroes_forensics.pipelines.acts import erasing
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.examining import repeats
from heroes_forensics.pipelines.examining.decoding import Decoding, Wanted
from heroes_forensics.pipelines.workers.crews import Heard
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE
from heroes_forensics.pipelines.workers.supervisor import Supervisor
from heroes_forensics.store import derived

ALIKE: Final = {n: encoded(picture(n).resize((400, 300)), quality=80) for n in range(1, 5)}
"""Smaller than what is listed: candidates."""
HALF: Final = ALIKE[4][: len(ALIKE[4]) // 2]


def archive(*contents: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as writer:
        for number, data in enumerate(contents):
            writer.writestr(f"{number}.jpg", data)
    return stream.getvalue()


FILES: Final = {
    **{f"{turn}/{n}.jpg": data for turn in range(4) for n, data in ALIKE.items()},
    "half-1.jpg": HALF,
    "half-2.jpg": HALF,
    "a.zip": archive(ALIKE[1], ALIKE[2], ALIKE[1]),
    "b.zip": archive(encoded(picture(9)), ALIKE[2], encoded(picture(9))),
}
SEEN: Final = 16 + 2 + 3 + 3
DISTINCT: Final = 4 + 1
"""Pictures that are whole, each once."""
READ: Final = 11
"""Commit after which some pictures are on record, and others are not."""


@pytest.fixture
def evidence(tmp_path: Path) -> Path:
    return folder(tmp_path / "evidence", FILES)


@pytest.fixture
def listed(tmp_path: Path) -> str:
    return str(listing(tmp_path / "list.csv", 1, 3, 9))


@contextmanager
def decoded() -> Iterator[Counter[str]]:
    """Count what is given to decoders, by its type."""
    given: Counter[str] = Counter()
    real = Decoding.add

    def add(self: Decoding, wanted: Wanted) -> None:
        given[wanted.type] += 1
        real(self, wanted)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Decoding, "add", add)
        yield given


def compared(
    case: Path,
    *sources: Path,
    listed: str = "",
    **changes: Any,  # noqa: ANN401 - the fields of `ScanRequest`
) -> str:
    """Scan with a list, if there is one; return the digest of the result."""
    sets: dict[str, Any] = {"sets": (listed,), "set_options": {"kind": "notable"}} if listed else {}
    return scanned(case, *sources, **sets, **changes).content_sha256


def values(case: Path) -> Counter[tuple[Any, ...]]:
    """Open all perceptual values of a case: how often each item has which, whatever its number."""
    with cases.opened(case) as opened:
        places = dict(opened.database.rows("SELECT id, locator FROM item"))
        found = derived.values_of(opened.database, opened.sealer().open_values)
        plain = [(places[item], size, rows.tolist()) for item, size, _, rows in found]
    return Counter((place, size, repr([row[1:] for row in rows])) for place, size, rows in plain)


def ended(case: Path) -> Counter[tuple[Picture, str]]:
    with sqlite3.connect(case / "case.db") as database:
        rows = database.execute("SELECT status, gap FROM perceptual").fetchall()
    database.close()
    return Counter((Picture(status), GAP_CODES[gap]) for status, gap in rows)


def on_record(case: Path) -> tuple[int, int]:
    """Count the contents that are on record as decoded whole, and the pictures in part."""
    with sqlite3.connect(case / "case.db") as database:
        rows = database.execute(
            "SELECT count(DISTINCT CASE p.status WHEN ?1 THEN c.sha256 END), sum(p.status = ?2)"
            " FROM perceptual p JOIN content c ON c.item_id = p.item_id",
            {"1": int(Picture.DONE), "2": int(Picture.PARTIAL)},
        ).fetchone()
    database.close()
    return int(rows[0]), int(rows[1] or 0)


def test_the_result_is_the_same_with_and_without_and_with_any_workers(
    evidence: Path, listed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = set()
    for workers in (1, 4):
        with decoded() as given:
            case = tmp_path / f"{workers}"
            found.add(compared(case, evidence, listed=listed, workers=workers))
        assert given == {"jpeg": DISTINCT + 2}  # what comes in part is decoded at each place
    monkeypatch.setattr(repeats.Repeats, "add", lambda self, wanted, _: self._decoding.add(wanted))
    with decoded() as given:
        case = tmp_path / "each"
        found.add(compared(case, evidence, listed=listed, workers=4))
    assert given == {"jpeg": SEEN}
    assert len(found) == 1
    plain = killing.tables(tmp_path / "each")
    assert len(plain["match"]) >= 4 + 3 + 3
    for workers in (1, 4):
        ours = killing.tables(tmp_path / f"{workers}")
        assert {name for name in plain if ours[name] != plain[name]} <= {"ledger"}
        assert values(tmp_path / f"{workers}") == values(tmp_path / "each")
        assert verifying.verify(tmp_path / f"{workers}")["exit_code"] in {0, 7}
    assert ended(tmp_path / "1") == {
        (Picture.DONE, ""): SEEN - 2,
        (Picture.PARTIAL, "picture.partial"): 2,
    }


def test_a_run_that_was_killed_goes_on_with_what_is_on_record(
    evidence: Path, listed: str, tmp_path: Path
) -> None:
    """In depth, where more is compared than is kept."""
    whole, case = tmp_path / "whole", tmp_path / "case"
    expected = compared(whole, evidence, listed=listed, profile="deep")
    options = ("--set", listed, "--set-kind", "notable", "--profile", "deep")
    code = killed_at(f"after commit#{READ}", case, str(evidence), *options)
    assert code == -signal.SIGKILL
    whole_ones, parts = on_record(case)
    assert 0 < whole_ones < DISTINCT
    with decoded() as given:
        assert resumed(case).content_sha256 == expected
    assert given == {"jpeg": DISTINCT - whole_ones + 2 - parts}
    assert values(case) == values(whole)
    assert killing.tables(case)["match"] == killing.tables(whole)["match"]


def test_another_exhibit_takes_what_is_on_record(
    evidence: Path, listed: str, tmp_path: Path
) -> None:
    other = folder(tmp_path / "other", {**FILES, "z.jpg": encoded(picture(12))})
    case, alone = tmp_path / "case", tmp_path / "alone"
    compared(case, evidence, listed=listed)
    with decoded() as given:
        compared(case, other, listed=listed, exhibit="EX-2")
    assert given == {"jpeg": 2 + 1}  # what came in part, and what is new
    first = [row for row in views.findings(case) if str(row["locator"]).startswith("EX-1")]
    second = [row for row in views.findings(case) if str(row["locator"]).startswith("EX-2")]
    assert len(first) == len(second) > 0
    report = json.loads((case / "custody/report/report.json").read_text())
    contents = {*FILES.values(), *ALIKE.values(), encoded(picture(9)), encoded(picture(12))}
    digested = 2 * (len(FILES) + SEEN - 18) + 1
    assert report["coverage"]["equation"]["digested"] == digested
    assert report["distinct"] == len(contents)
    page = (case / "custody/report/report.html").read_text()
    assert f"{digested} entries were digested; they have {len(contents)} different" in page
    compared(alone, other, listed=listed)
    theirs = [(row["locator"], row["grade"], row["near"]) for row in views.findings(alone)]
    ours = [(row["locator"], row["grade"], row["near"]) for row in second]
    assert sorted(map(repr, ours)) == sorted(repr(row).replace("EX-1", "EX-2") for row in theirs)
    assert verifying.verify(case)["exit_code"] in {0, 7}


OTHERWISE: Final[dict[str, dict[str, Any]]] = {
    "another profile": {"profile": "deep"},
    "without the list": {"listed": ""},
    "what pictures say is asked for": {"media_metadata": True},
}


@pytest.mark.parametrize("what", OTHERWISE)
def test_a_run_that_asks_for_something_else_decodes_anew(
    what: str, listed: str, tmp_path: Path
) -> None:
    files = {"a.jpg": ALIKE[1], "b.jpg": ALIKE[1]}
    case = tmp_path / "case"
    compared(case, folder(tmp_path / "one", files), listed=listed)
    with decoded() as given:
        source = folder(tmp_path / "two", files)
        compared(case, source, **{"listed": listed, "exhibit": "EX-2", **OTHERWISE[what]})
    assert given == {"jpeg": 1}


def test_what_is_erased_is_decoded_anew(tmp_path: Path) -> None:
    case = tmp_path / "case"
    compared(case, folder(tmp_path / "one", {"a.jpg": ALIKE[1]}))
    why = {"justification": "no longer needed", "authority": "order 7", "rule": "R-1"}
    runs: Any = views.status(case)["runs"]
    erasing.erase(case, run=runs[0]["run"], **why)
    with decoded() as given:
        compared(case, folder(tmp_path / "two", {"a.jpg": ALIKE[1]}), exhibit="EX-2")
    assert given == {"jpeg": 1}


def test_each_copy_of_what_ends_decoders_is_a_gap_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_faults.THIS))
    bad = worker_faults.picture("segv")
    files = {f"{n}.jpg": bad for n in range(3)} | {"good.jpg": ALIKE[1], "same.jpg": ALIKE[1]}
    with decoded() as given:
        compared(tmp_path / "case", folder(tmp_path / "evidence", files), workers=2)
    assert given == {"jpeg": 3 + 1}
    assert ended(tmp_path / "case") == {(Picture.DONE, ""): 2, (Picture.GAP, "decoder.died"): 3}


def test_a_digest_that_its_bytes_do_not_have_gives_values_to_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that reads says of another picture that it is the one on the list."""
    files = {"1.jpg": encoded(picture(9)), "2.jpg": ALIKE[1], "3.jpg": ALIKE[1]}
    evidence = folder(tmp_path / "evidence", files)
    other, listed_one = (hashlib.sha256(files[name]).digest() for name in ("1.jpg", "2.jpg"))
    real = Supervisor.run

    def run(self: Supervisor) -> Iterator[Heard]:
        for heard in real(self):
            if isinstance(heard.frame, Batch) and heard.frame.kind == "contents":
                rows = heard.frame.rows.copy()
                for row in rows:
                    if bytes(row["sha256"]) == other:
                        row["sha256"] = listed_one
                heard = heard._replace(frame=Batch("contents", rows))  # noqa: PLW2901 # its lie
            yield heard

    monkeypatch.setattr(Supervisor, "run", run)
    case = tmp_path / "case"
    compared(case, evidence, listed=str(listing(tmp_path / "list.csv", 1)), workers=1)
    assert [str(row["locator"])[-3:] for row in views.findings(case)] == ["d:1", "d:2"]
    assert ended(case) == {(Picture.GAP, "stream.changed"): 1, (Picture.DONE, ""): 2}
