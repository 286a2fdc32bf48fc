from pathlib import Path

import pytest
from hashset_samples import KEY, S, frames_of

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import Control
from heroes_forensics.hashsets.catalogue import Catalogue
from heroes_forensics.hashsets.describing import Description

LIST = "".join(f"{sample.md5.hex()}\n" for sample in S[:10]).encode()


@pytest.mark.parametrize(
    "said",
    [
        {"sha256": "../../../out"},
        {"sha256": ""},
        {"size": 10**4000},
        {"size": True},
        {"records": -1},
        {"nature": "nothing"},
        {"format": "\x1b[2J"},
        {"warnings": ["x"] * 10_000},
        {"skipped": [1]},
        {"provenance": {"publisher": "somebody"}},
    ],
    ids=str,
)
def test_a_report_that_no_importer_writes_is_refused(
    said: dict[str, object], tmp_path: Path
) -> None:
    home = tmp_path / "a" / "home"
    *rows, last = frames_of(LIST)
    assert isinstance(last, Control)
    facts = last.body["facts"]
    assert isinstance(facts, dict)
    told = [*rows, Control("imported", {"facts": facts | said})]
    with pytest.raises(HashSetError, match="another form"):
        Catalogue(home).add(told, Description("demo", kind="notable"), KEY)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("body", [{"line": "1", "reason": "x"}, {"line": 1, "reason": "\x1b[2J"}])
def test_a_bad_record_is_a_number_and_a_word(body: dict[str, object], tmp_path: Path) -> None:
    told = [Control("rejected", body), *frames_of(LIST)]
    with pytest.raises(HashSetError, match="another form"):
        Catalogue(tmp_path).add(told, Description("demo", kind="notable"), KEY)
