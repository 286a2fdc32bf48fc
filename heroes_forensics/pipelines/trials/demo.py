"""The whole way once with the bundled evidence: scan, match, sign, report, verify."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from heroes_forensics import demo as bundled
from heroes_forensics.custody import private
from heroes_forensics.errors import DONE, GAPS, UsageError
from heroes_forensics.model import JSON, EntryFlag, is_policy, reuse_word
from heroes_forensics.pipelines.case.watch import Watch
from heroes_forensics.pipelines.checks import verifying
from heroes_forensics.pipelines.runs import scan
from heroes_forensics.pipelines.runs.request import ScanRequest
from heroes_forensics.store import queries
from heroes_forensics.store.database import Database

_EXHIBIT: Final = "DEMO-1"
_OPENED: Final = "/m@"
"""In a locator, before the place of a member in its container."""
_CARVED: Final = "c@"
"""What the locator of something begins with that no file leads to."""


def _deleted(item: queries.Item) -> bool:
    return not item.flags & EntryFlag.ALLOCATED and reuse_word(item.flags) == "not-reused"


_WAYS: Final[dict[str, Callable[[queries.Item], bool]]] = {
    "deleted": _deleted,
    "carved": lambda item: item.locator.startswith(_CARVED),
    "nested": lambda item: item.locator.count(_OPENED) > 1,
    "decrypted": lambda item: item.parent is None and item.locator.startswith("m@"),
}
"""How an item shows that it was found in the way that the truth names."""


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

    Everything, keys too, lies in ``directory`` afterwards; so does the key file of the backup.
    What must stay closed is a gap that is expected, and does not make the exit code another one.

    Raises:
        UsageError: the directory holds something already.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise UsageError(
            f"{directory} is not empty", hint="name a new directory: heroes demo DIRECTORY"
        )
    with own_home(directory.absolute() / "home"):
        case, keys = directory / "case", directory / "keys.yaml"
        directory.mkdir(parents=True, exist_ok=True)
        private.write_new(keys, bundled.path(bundled.KEYS).read_bytes())
        result = scan.scan(
            ScanRequest(
                case_dir=case,
                sources=tuple(map(bundled.path, (bundled.IMAGE, bundled.CARD, bundled.BACKUP))),
                exhibit=_EXHIBIT,
                exhibit_fields={"description": "generated disk, memory card and backup"},
                sets=(
                    str(bundled.path(bundled.NOTABLE)),
                    str(bundled.path(bundled.KNOWN_GOOD)),
                ),
                carve=True,
                key_files=(keys,),
                reference="demonstration",
                own_process=own_process,
            ),
            watch,
        )
        checked = verifying.verify(case)
        differences = [*compared(case), *hidden(case)]
    code = DONE if result.exit_code == GAPS else result.exit_code
    if differences or checked["exit_code"] not in {0, 7}:
        code = 1
    wanted = json.loads(bundled.path(bundled.TRUTH).read_bytes())["depth"]
    return {
        "type": "demo",
        "case_dir": str(case),
        "report": str(result.report),
        "findings": result.findings,
        "unexpected_gaps": result.unexpected_gaps,
        "expected_gaps": len(wanted["gaps"]),
        "hidden": [each["how"] for each in wanted["items"]],
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


def hidden(case: Path) -> Iterator[str]:
    """Yield how a scan of all three sources differs from what is known not to lie open in them."""
    truth = json.loads(bundled.path(bundled.TRUTH).read_bytes())["depth"]
    closed = Counter((f"{_EXHIBIT}/{gap['source']}", gap["code"]) for gap in truth["gaps"])
    database = Database.open(case / "case.db", read_only=True)
    try:
        notable = {
            number
            for (number,) in database.rows("SELECT item_id FROM match WHERE finding IS NOT NULL")
        }
        items = list(queries.items(database))
        of_volumes = [code for (code,) in database.rows("SELECT code FROM gap")]
    finally:
        database.close()
    for each in truth["items"]:
        source, digest = f"{_EXHIBIT}/{each['source']}", bytes.fromhex(each["sha256"])
        same = (item for item in items if (item.source, item.sha256) == (source, digest))
        if not any(_WAYS[each["how"]](item) and item.id in notable for item in same):
            yield f"a picture of {source} was not {each['how']} and matched"
    gaps = Counter(
        (item.source, item.gap) for item in items if item.gap and not is_policy(item.gap)
    )
    if gaps != closed or not all(map(is_policy, of_volumes)):
        yield "not examined is something else than what must stay closed"
