import json
from dataclasses import replace
from typing import Any

import pytest
from report_example import POOR, RICH

from heroes_forensics.reports import html
from heroes_forensics.reports.clauses import FRONT, clauses
from heroes_forensics.reports.messages import LANGUAGES, messages
from heroes_forensics.reports.model import Report


def states(report: Report) -> dict[str, str]:
    document: Any = json.loads(json.dumps(report.to_json()))
    return {f"{each.rule} {each.code}": each.state for each in clauses(document)}


def test_what_nobody_stated_is_named() -> None:
    missing = {code for code, state in states(POOR).items() if state == "not_stated"}
    assert missing == {
        "iso17025 b", "iso17025 c", "iso17025 e", "iso17025 g", "iso17025 h", "iso17025 i",
        "iso17025 o", "acpo 2", "acpo 4", "iso27037 out",
    }  # fmt: skip
    assert "not_stated" not in states(replace(RICH)).values()


def test_an_item_that_is_not_described_is_named() -> None:
    bare = replace(RICH.exhibits[0], description="", make="", serial="")
    assert states(replace(RICH, exhibits=(*RICH.exhibits, bare)))["iso17025 g"] == "not_stated"


def test_all_sixteen_clauses_are_there_and_every_section_exists() -> None:
    document: Any = RICH.to_json()
    rows = clauses(document)
    assert [row.code for row in rows if row.rule == "iso17025"] == list("abcdefghijklmnop")
    assert {name for row in rows for name in row.sections} <= {FRONT, *html.SECTIONS}
    assert all(row.sections for row in rows if row.state != "not_applicable")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_supports_and_never_complies(language: str) -> None:
    catalogue = messages(language)
    said = " ".join(
        catalogue.text(key, **dict.fromkeys(catalogue.placeholders(key), "x"))
        for key in catalogue.keys()  # noqa: SIM118 # not a dict
    ).lower()
    for word in ("complies", "compliant", "conforms to", "konform", "entspricht der norm"):
        assert word not in said
    assert {"en": "supports", "de": "stützt"}[language] in said
