"""The whole way once with the bundled evidence: scan, match, sign, report, verify."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from heroes_forensics import demo as bundled
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines import scan, verifying
from heroes_forensics.pipelines.request import ScanRequest
from heroes_forensics.pipelines.watch import Watch
from heroes_forensics.store import queries
from heroes_forensics.store.database import Database


@contextmanager
def own_home(folder: Path) -> Iterator[None]:
    """Keep keys and sets of a trial run out of the laboratory's home."""
    before = os.environ.get("HEROES_HOME")
    os.environ["HEROES_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["HEROES_HOME"]
        else:
            os.environ["HEROES_HOME"] = before


def demo(directory: Path, watch: Watch, *, own_process: bool = False) -> JSON:
    """Scan the bundled evidence into ``directory``, and compare with what must be found.

    Everything, keys too, lies in ``directory`` afterwards.

    Raises:
        UsageError: the directory holds something already.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(
            f"{directory} is not empty", hint="name a new directory: heroes demo DIRECTORY"
        )
    with own_home(directory.absolute() / "home"):
        case = directory / "case"
        result = scan.scan(
            ScanRequest(
                case_dir=case,
                sources=(bundled.path(bundled.IMAGE),),
                exhibit="DEMO-1",
                exhibit_fields={"description": "generated demonstration disk"},
                sets=(
                    str(bundled.path(bundled.NOTABLE)),
                    str(bundled.path(bundled.KNOWN_GOOD)),
                ),
                reference="demonstration",
                own_process=own_process,
            ),
            watch,
        )
        checked = verifying.verify(case)
        differences = list(compared(case))
    code = 1 if differences or checked["exit_code"] not in {0, 7} else result.exit_code
    return {
        "type": "demo",
        "case_dir": str(case),
        "report": str(result.report),
        "findings": result.findings,
        "unexpected_gaps": result.unexpected_gaps,
        "content_sha256": result.content_sha256,
        "as_expected": not differences,
        "differences": len(differences),
        "verify": checked["headline"],
        "exit_code": code,
    }


def compared(case: Path) -> Iterator[str]:
    """Yield how a scan of the bundled image differs from what is known to be in it.

    Locators name what differs; the names themselves stay sealed.
    """
    truth = json.loads(bundled.path(bundled.TRUTH).read_bytes())
    wanted: dict[tuple[str, str], str] = {
        (volume["key"], file["sha256"]): file["expected"]
        for volume in truth["volumes"]
        for file in volume["files"]
    }
    database = Database.open(case / "case.db", read_only=True)
    try:
        matched: dict[int, str] = {
            number: "notable" if finding is not None else "known-good"
            for number, finding in database.rows(
                "SELECT item_id, max(finding) FROM match GROUP BY item_id"
            )
        }
        found: dict[tuple[str, str], str] = {}
        for item in queries.items(database):
            if item.sha256 is not None:
                key = (item.volume, item.sha256.hex())
                found[key] = max(found.get(key, ""), matched.get(item.id, ""))
    finally:
        database.close()
    for key, expected in wanted.items():
        if key not in found:
            yield f"a file of {key[0]} was not found"
        elif (found[key] == "notable") != (expected == "notable"):
            yield f"a file of {key[0]} was not matched as it should be"
