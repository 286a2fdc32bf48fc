"""A row that was changed behind the ledger's back does not verify, whichever table it is in."""

import shutil
import sqlite3
from pathlib import Path

import pytest
from scans import demo_scan, scanned

from heroes_forensics.pipelines.checks import verifying

CHANGES = {
    "a match": "UPDATE match SET grade='digest-conflict' WHERE finding=1",
    "a finding withdrawn": "UPDATE match SET status='withdrawn' WHERE finding=1",
    "a match gone": "DELETE FROM match WHERE finding=1",
    "a match added": "INSERT INTO match (item_id, hashset_id, unit_id, record, grade, verdict,"
    " facts, status) SELECT item_id, hashset_id, unit_id, record + 9000, grade, verdict, facts,"
    " status FROM match WHERE finding=1",
    "an item of no unit": "UPDATE item SET unit_id=9999 WHERE id=1",
    "a digest": "UPDATE content SET sha256=zeroblob(32) WHERE sha256 IS NOT NULL",
    "a gap gone": "DELETE FROM gap WHERE id=1",
    "a volume": "UPDATE volume SET state='gap'",
    "a verification": "UPDATE verification SET status='mismatch'",
    "a set": "UPDATE hashset SET facts=json_set(facts, '$.issuer', 'X')",
    "a source": "UPDATE source SET label='EX-9/' || id",
    "a fraction": "UPDATE item SET size=size + 0.5 WHERE id=1",
}


@pytest.fixture(scope="module")
def sound_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case with findings, and with a gap that is no item: a volume of no known kind."""
    root = tmp_path_factory.mktemp("sound")
    image = root / "image.raw"
    image.write_bytes(b"no file system " * 4096)
    demo_scan(root / "case")
    scanned(root / "case", image, exhibit="EX-2", treat_as="image")
    return root / "case"


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_row_of_the_database_does_not_verify(
    change: str, sound_case: Path, tmp_path: Path
) -> None:
    case = tmp_path / "case"
    shutil.copytree(sound_case, case)
    assert verifying.verify(case)["exit_code"] != 6
    with sqlite3.connect(case / "case.db") as database:
        assert database.execute(CHANGES[change]).rowcount > 0
    database.close()
    assert verifying.verify(case)["exit_code"] == 6
