import json
from dataclasses import replace
from typing import Any

import pytest
from report_example import POOR, RICH

from heroes_forensics.reports import html
from heroes_forensics.reports.clauses import FRONT, clauses
from heroes_forensics.reports.messages import LANGUAGES, messages
from heroes_forensics.reports.model import Report

TEXT = messages("en").text
assert RICH.stated is not None
STATED = RICH.stated


def states(report: Report) -> dict[str, str]:
    document: Any = json.loads(json.dumps(report.to_json()))
    return {f"{each.rule} {each.code}": each.state for each in clauses(document)}


def test_what_nobody_stated_is_named() -> None:
    missing = {code for code, state in states(POOR).items() if state == "not_stated"}
    assert missing == {
        "iso17025 b", "iso17025 c", "iso17025 e", "iso17025 g", "iso17025 h", "iso17025 i",
        "iso17025 n", "iso17025 o", "iso17025 p", "acpo 2", "acpo 4", "iso27037 out",
    }  # fmt: skip
    whole = replace(RICH, stated=replace(STATED, external=("Digests of A-2: the seizing unit.",)))
    assert "not_stated" not in states(whole).values()


@pytest.mark.parametrize(("code", "name"), [("n", "deviations"), ("p", "external")])
def test_annex_d_says_what_section_11_says(code: str, name: str) -> None:
    texts: tuple[tuple[str, ...], ...] = ((), ("something",))
    for said in texts:
        changed = {"deviations": STATED.deviations, "external": STATED.external, name: said}
        stated = replace(STATED, deviations=changed["deviations"], external=changed["external"])
        report = replace(RICH, stated=stated)
        assert (states(report)[f"iso17025 {code}"] == "given") == bool(said)
        page = html.render(report).decode()
        row = page[page.index(f'<th scope="row">{TEXT(f"quality.{name}")}') :]
        assert (TEXT("format.not_stated") in row[: row.index("</tr>")]) == (not said)


def test_a_self_test_of_the_laboratory_stands_where_none_ran_in_the_case() -> None:
    assert RICH.environment is not None
    report = replace(RICH, environment=replace(RICH.environment, self_test="not-run"))
    cited = RICH.methods[0].validation
    assert cited is not None
    page = html.render(report).decode()
    row = page[page.index(f'<th scope="row">{TEXT("quality.self_test")}') :]
    assert cited.id in row[: row.index("</tr>")]
    assert TEXT("method.passed") in row[: row.index("</tr>")]
    without = html.render(replace(report, methods=())).decode()
    row = without[without.index(f'<th scope="row">{TEXT("quality.self_test")}') :]
    assert f"<td>{TEXT('self_test.not-run')}</td>" in row[: row.index("</tr>")]


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
