"""Making a validation record: known answers, the bundled evidence, and what a laboratory adds.

Every scan runs in a folder of its own with keys of its own, which are gone afterwards: neither the
laboratory's cases nor its high-water marks know of it. Supports a validation; it is none by itself.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from heroes_forensics.custody import keys, validation
from heroes_forensics.custody.statements import Record
from heroes_forensics.display import shown
from heroes_forensics.errors import HeroesError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.parsers.storage import segments
from heroes_forensics.pipelines.case import clock, laboratory
from heroes_forensics.pipelines.case.cases import read_only
from heroes_forensics.pipelines.case.environment import environment
from heroes_forensics.pipelines.case.journal import now
from heroes_forensics.pipelines.case.watch import Watch
from heroes_forensics.pipelines.checks import verifying
from heroes_forensics.pipelines.records import validations
from heroes_forensics.pipelines.runs.request import ScanRequest, ScanResult
from heroes_forensics.pipelines.runs.scan import scan
from heroes_forensics.pipelines.trials import demo, expectations, selftest
from heroes_forensics.pipelines.trials.expectations import Expected
from heroes_forensics.store import queries, tally
from heroes_forensics.store.database import Database

PASS: Final = "pass"  # noqa: S105 - a verdict
FAIL: Final = "fail"
_NAMED: Final = 20
"""Locators that differ and are named; more are counted."""
_TEXT: Final = 500
_VERIFIES: Final = frozenset({0, 7})
"""Exit codes of a record that is sound; nobody vouches for the key of a trial."""


class Wanted(NamedTuple):
    """What is asked for."""

    examiner: str
    folders: tuple[Path, ...] = ()
    method: str = ""
    """The laboratory's identifier and version of the method; empty: of its settings."""
    procedure: str = ""
    """Its own procedure, with the version; empty: of its settings."""
    deviations: tuple[str, ...] = ()
    host: str = ""
    """The laboratory's own reference of the machine."""


def validate(wanted: Wanted, *, passphrase: str | None, watch: Watch) -> Record:
    """Test, and keep a signed record of it; whether all passed is in it.

    Raises:
        UsageError: there is no laboratory, nobody is named, or an expectation makes no sense.
    """
    if not wanted.examiner.strip():
        raise UsageError(
            "a validation record names who tested", hint="say --examiner and the staff identifier"
        )
    for each in (*wanted.deviations, wanted.method, wanted.procedure, wanted.host, wanted.examiner):
        if len(each) > _TEXT or not each.isprintable():
            raise UsageError(
                f"a text is longer than {_TEXT} characters, or holds control characters"
            )
    stated = validations.stated()
    given = [(folder, *expectations.load(folder)) for folder in wanted.folders]
    ring = keys.load_ring(laboratory.home(), passphrase=passphrase)
    checks: list[JSON] = []
    for row in selftest.selftest(but=[selftest.BUNDLED]):
        watch.note(f"{row['name']}: {row['result']}")
        checks.append({name: str(row[name]) for name in ("name", "result", "detail")})
    data = [_bundled(watch)]
    for _, rows, text in given:
        digest = hashlib.sha256(text).hexdigest()
        data += [_tested(row, digest, watch) for row in rows]
    verdicts = [row["result"] for row in checks] + [row["verdict"] for row in data]
    facts = environment()
    if wanted.host:
        facts["host_ref"] = wanted.host
    body: JSON = {
        "format": validation.FORMAT,
        "time": now(),
        "laboratory": ring.domain,
        "examiner": wanted.examiner,
        "method": {
            "name": "heroes-forensics",
            "reference": wanted.method or stated["method"],
            "procedure": wanted.procedure or stated["procedure"],
            "scope": stated["scope"],
        },
        "environment": facts,
        "clock": clock.checked(),
        "isolation": next(
            (str(row["detail"]) for row in checks if row["name"] == "isolation of workers"), ""
        ),
        "deviations": list(wanted.deviations),
        "checks": checks,
        "data": data,
        "verdict": PASS if set(verdicts) == {PASS} else FAIL,
    }
    record = validation.FORM.signed(body, ring)
    validations.keep(record)
    return record


def _test(what: str, expected: object, found: object, differing: Sequence[str] = ()) -> JSON:
    named = list(differing[:_NAMED])
    if len(differing) > _NAMED:
        named.append(f"+ {len(differing) - _NAMED}")
    same = str(expected) == str(found) and not differing
    return {
        "what": what,
        "expected": str(expected),
        "found": str(found),
        "verdict": PASS if same else FAIL,
        "differing": named,
    }


def _row(  # noqa: PLR0913, PLR0917 - what is kept of one piece of evidence
    name: str,
    files: list[JSON],
    profile: str,
    sets: list[str],
    expectation: str | None,
    content: str | None,
    tests: list[JSON],
) -> JSON:
    good = bool(tests) and all(test["verdict"] == PASS for test in tests)
    return {
        "name": name,
        "files": files,
        "profile": profile,
        "sets": sets,
        "expectation_sha256": expectation,
        "content_sha256": content,
        "tests": tests,
        "verdict": PASS if good else FAIL,
    }


def _bundled(watch: Watch) -> JSON:
    """Scan the evidence that comes with the program."""
    from heroes_forensics import demo as bundled  # noqa: PLC0415 - its name is that of the pipeline

    sources = [bundled.path(name) for name in (bundled.IMAGE, bundled.CARD, bundled.BACKUP)]
    sets = [_sha256(bundled.path(name)) for name in (bundled.NOTABLE, bundled.KNOWN_GOOD)]
    truth, content = _sha256(bundled.path(bundled.TRUTH)), None
    watch.note("scanning the bundled evidence")
    try:
        with tempfile.TemporaryDirectory(prefix="heroes-validation-") as folder:
            facts: dict[str, Any] = demo.demo(Path(folder) / "demo", watch)
        content = str(facts["content_sha256"])
        tests = [
            _test("files that differ from what is known", 0, facts["differences"]),
            _test("unexpected gaps", facts["expected_gaps"], facts["unexpected_gaps"]),
            _test("the record verifies", "yes", _yes(facts["exit_code"] in {0, 3})),
        ]
    except HeroesError as error:
        tests = [_test("the scan ends", "yes", f"no: {error}")]
    files = [_file(path) for path in sources]
    return _row("bundled demonstration", files, "standard", sets, truth, content, tests)


def _tested(wanted: Expected, expectation: str, watch: Watch) -> JSON:
    """Scan one piece of a laboratory's evidence and compare it with what is expected."""
    watch.note(f"scanning {shown(wanted.name)}")
    content = None
    files: list[JSON] = []
    sets: list[str] = []
    try:
        files, sets = _files(wanted.source), [_sha256(Path(path)) for path in wanted.sets]
        with (
            tempfile.TemporaryDirectory(prefix="heroes-validation-") as folder,
            demo.own_home(Path(folder) / "home"),
        ):
            case = Path(folder) / "case"
            result = scan(
                ScanRequest(
                    case_dir=case,
                    sources=(wanted.source,),
                    sets=wanted.sets,
                    set_options={"kind": wanted.set_kind} if wanted.set_kind else {},
                    profile=wanted.profile,
                    treat_as=wanted.treat_as,
                    calibration="none",
                ),
                watch,
            )
            content = result.content_sha256
            with read_only(case) as database:
                tests = list(_compared(wanted, result, database))
            checked = verifying.verify(case)["exit_code"]
            tests.append(_test("the record verifies", "yes", _yes(checked in _VERIFIES)))
    except (HeroesError, OSError) as error:
        said = str(error) if isinstance(error, HeroesError) else error.strerror
        tests = [_test("the scan ends", "yes", f"no: {said}"[:_TEXT])]
    return _row(wanted.name, files, wanted.profile, sets, expectation, content, tests)


def _compared(wanted: Expected, result: ScanResult, database: Database) -> Iterator[JSON]:
    counts = _counts(result, database)
    for name, number in wanted.counts.items():
        yield _test(f"count of {name.replace('_', ' ')}", number, counts[name])
    if wanted.media:
        media = _media(database)
        for each in wanted.media:
            algorithm, _, value = each.partition(":")
            yield _test(f"{algorithm} of the media", value, media.get(algorithm, "not computed"))
    if wanted.digests or wanted.listed:
        yield from _digests(wanted, database)


def _counts(result: ScanResult, database: Database) -> dict[str, int]:
    volumes = [number for (number,) in database.rows("SELECT id FROM volume")]
    cells = tally.cells(database)
    sums = queries.total([queries.equation(database, number, cells) for number in volumes])
    return {
        "entries": sums.listed,
        "directories": sums.directories,
        "digested": sums.digested,
        "without_content": sums.no_content,
        "policy": sums.policy,
        "gaps": sums.gaps,
        "findings": result.findings,
    }


def _media(database: Database) -> dict[str, str]:
    found: dict[str, str] = {}
    for (text,) in database.rows("SELECT facts FROM verification ORDER BY id"):
        for row in json.loads(text)["digests"]:
            if row["computed"]:
                found[str(row["alg"])] = str(row["computed"])
    return found


def _digests(wanted: Expected, database: Database) -> Iterator[JSON]:
    left = dict(wanted.digests)
    differing: list[str] = []
    computed: set[bytes] = set()
    for item in queries.items(database):
        digests = {"md5": item.md5, "sha1": item.sha1, "sha256": item.sha256}
        if wanted.listed and (own := digests[wanted.listed.algorithm]) is not None:
            computed.add(own)
        expected = left.pop(item.full_locator, None)
        if expected is not None:
            algorithm, _, value = expected.partition(":")
            own = digests[algorithm]
            if own is None or own.hex() != value:
                differing.append(item.full_locator)
    differing += left
    if wanted.digests:
        number = len(wanted.digests)
        yield _test("digests by locator", number, number - len(differing), differing)
    if wanted.listed:
        listed = wanted.listed
        what = f"{listed.algorithm} of another tool's list {listed.sha256[:16]}"
        yield _test(f"{what}, found", len(listed.digests), len(listed.digests & computed))
        if listed.only:
            yield _test(f"{what}, others", 0, len(computed - listed.digests))


def _files(source: Path) -> list[JSON]:
    """Return size and SHA-256 of each file of an image; none of a folder, which has no one form."""
    if source.is_dir():
        return []
    found = segments.discover(source)
    slots = segments.open_slots(found)
    try:
        rows: list[JSON] = []
        for slot in slots:
            with open(f"/proc/self/fd/{slot.fd}", "rb") as stream:  # noqa: PTH123 - a descriptor
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            rows.append({"size": slot.size, "sha256": digest})
        return rows
    finally:
        for slot in slots:
            os.close(slot.fd)


def _file(path: Path) -> JSON:
    return {"size": path.stat().st_size, "sha256": _sha256(path)}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _yes(value: bool) -> str:  # noqa: FBT001 - a word, not an option
    return "yes" if value else "no"
