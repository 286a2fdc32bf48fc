import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from report_example import EXAMPLES

from heroes_forensics.errors import UsageError
from heroes_forensics.registry import Plugin, find
from heroes_forensics.reports import REPORTS, TABLES, compiled_page, html
from heroes_forensics.reports.base import FILE_NAMES, Renderer, Table

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("row", [row.name for row in REPORTS])
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_report_is_the_same_to_the_byte(name: str, row: str) -> None:
    plugin = find(REPORTS, row)
    report, language = EXAMPLES[name]
    golden = ROOT / "tests/golden" / f"{name}.{plugin.name}"
    assert plugin.load()(report, language=language) == golden.read_bytes()


def test_schema_and_golden_files_are_those_the_script_builds() -> None:
    done = subprocess.run(
        [sys.executable, "fixtures/golden.py", "--check"],
        cwd=ROOT, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", EXAMPLES)
def test_another_version_of_the_template_engine_compiles_the_page_itself(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled_page, "ENGINE", "0.0")
    html.template.cache_clear()
    report, language = EXAMPLES[name]
    golden = ROOT / "tests/golden" / f"{name}.html"
    with monkeypatch.context() as patch:
        patch.setattr(html, "module_from_spec", None)
        assert html.render(report, language=language) == golden.read_bytes()
    html.template.cache_clear()


def test_every_row_loads_and_has_a_file_name() -> None:
    rows: list[Plugin[Renderer] | Plugin[Table]] = [*REPORTS, *TABLES]
    assert len({row.name for row in rows}) == len(rows)
    assert {row.name for row in rows} == set(FILE_NAMES)
    for row in rows:
        assert callable(row.load())
        assert row.summary


def test_a_report_nobody_writes_is_refused() -> None:
    with pytest.raises(UsageError):
        find(REPORTS, "docx")


def test_reports_know_nothing_of_evidence() -> None:
    reports = ROOT / "heroes_forensics/reports"
    for path in reports.glob("*.py"):
        source = path.read_text("utf-8")
        for other in ("parsers", "media", "hashsets", "custody", "store", "pipelines", "frames"):
            assert f"heroes_forensics.{other}" not in source.replace(
                "heroes_forensics.hashing", ""
            ), path.name
    assert import_module("heroes_forensics.reports").REPORTS
