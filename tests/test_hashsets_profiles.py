import hashlib
import json
from pathlib import Path

import pytest
from scans import folder, scanned

from heroes_forensics.errors import UsageError
from heroes_forensics.hashsets.profiles import Profile, from_json, parse, tags_of
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.sets import importing

PROFILE = """
scheme: example
region: XX
version: "1"
source: a test
ucs: "3.0"
codes:
  "1": {label: one, verdict: notable_other, ucs: [first label, second label]}
  "2": {label: two, verdict: suspected}
"""


def test_labels_of_another_schema_become_tags_and_survive_the_record() -> None:
    profile = parse("example", PROFILE)
    assert from_json("example", profile.as_json()) == profile
    assert tags_of(profile, "1") == ("ucs:3.0:first label", "ucs:3.0:second label")
    assert tags_of(profile, "2") == tags_of(profile, "9") == tags_of(None, "1") == ()
    assert "ucs" not in Profile("n", "s", "r", "1", "x").as_json()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('ucs: "3.0"\n', "", "and not its version"),
        ("[first label, second label]", "first", "no list of labels"),
        ("first label", '""', "printable characters"),
        ("first label", '"a\\u001b[31m"', "printable characters"),
        ("first label", "x" * 101, "printable characters"),
        ("[first label, second label]", str(["a"] * 33), "no list of labels"),
    ],
)
def test_labels_that_make_no_sense_are_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        parse("example", PROFILE.replace(old, new))


def test_tags_stand_beside_the_category_of_a_finding(tmp_path: Path) -> None:
    profile = tmp_path / "own.yaml"
    profile.write_text(PROFILE)
    listed = tmp_path / "list.csv"
    digest = hashlib.sha256(b"a").hexdigest()
    listed.write_text(f"sha256,category\n{digest},1\n")
    importing.import_set(listed, name="own", kind="notable", scheme="example", profile=str(profile))
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", {"a": b"a"}), sets=("own",))
    (finding,) = views.findings(case)
    tags = ["ucs:3.0:first label", "ucs:3.0:second label"]
    assert finding["category"]["tags"] == tags  # type: ignore[index]
    report = case / "custody" / "report"
    assert json.loads((report / "report.json").read_bytes())["findings"][0]["category"]["tags"]
    assert tags[0] in (report / "report.html").read_text()
    assert "; ".join(tags) in (report / "findings.csv").read_text()
