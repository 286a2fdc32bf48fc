import re
from importlib.resources import files
from pathlib import Path
from typing import Final

import pytest

from heroes_forensics.errors import UsageError
from heroes_forensics.model import GAP_TEXTS, Place
from heroes_forensics.reports.findings import Grade, ItemVerdict, SetKind
from heroes_forensics.reports.html import SECTIONS
from heroes_forensics.reports.messages import LANGUAGES, messages
from heroes_forensics.reports.model import VerdictWord

ALWAYS = (
    "Material no body has listed yet cannot be found by this method; "
    "no match does not lower the priority of an exhibit."
)
FORBIDDEN = {
    "en": r"\bclean|negative|court-proof|tamper|innocen|\bgreen\b|recall|\b0 false",
    "de": r"\bsauber|negativ|gerichtsfest|manipul|unschuld|\bgrün",
}
PACKAGE = files("heroes_forensics.reports")
SOURCES = "".join(
    PACKAGE.joinpath(name).read_text("utf-8")
    for name in (
        "data/report.html.j2",
        "html.py",
        "charts.py",
        "chart_findings.py",
        "pdf.py",
        "checking.py",
        "clauses.py",
        "messages.py",
    )
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_catalogue_has_the_same_keys_and_placeholders(language: str) -> None:
    english, other = messages("en"), messages(language)
    assert other.keys() == english.keys()
    for key in english.keys():  # noqa: SIM118 # not a dict
        assert other.placeholders(key) == english.placeholders(key), key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_report_says_more_than_it_may(language: str) -> None:
    catalogue = messages(language)
    for key in catalogue.keys():  # noqa: SIM118 # not a dict
        filled = catalogue.text(key, **dict.fromkeys(catalogue.placeholders(key), "1"))
        assert not re.search(FORBIDDEN[language], filled, re.IGNORECASE), key
        assert filled.strip() == filled
        assert filled


def test_the_sentence_of_page_one_stands_word_for_word() -> None:
    assert messages("en").text("always.unlisted") == ALWAYS
    for said in ("not-compared", "not-performed"):
        assert "comparison: not performed" in messages("en").text(f"perceptual.{said}")


def test_the_four_words() -> None:
    words = [messages("en").text(f"verdict.{word}") for word in VerdictWord.__args__]  # type: ignore[attr-defined]
    assert words == ["MATCHES", "NO MATCH IN THE EXAMINED PART", "NOT EXAMINABLE", "UNFINISHED"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_text(language: str) -> None:
    keys = messages(language).keys()
    codes = [f"gap.{code}" for code in GAP_TEXTS]
    codes += [f"place.{place.name.lower().replace('_', '-')}" for place in Place]
    for group, words in (("grade", Grade), ("item_verdict", ItemVerdict), ("kind", SetKind)):
        codes += [f"{group}.{word}" for word in words.__args__]  # type: ignore[attr-defined]
    assert not set(codes) - keys


def test_english_gaps_are_those_of_the_model() -> None:
    assert messages("en").text("gap.stream.short") == GAP_TEXTS["stream.short"]


NAMED_SECTIONS: Final[dict[str, set[str]]] = {
    "alarm.mismatch": {"integrity"},
    "limitations.absence": {"coverage"},
    "limitations.inside": {"coverage", "method"},
    "limitations.isolation": {"quality"},
    "custody.intro": {"exhibits"},
    "data.intro": {"quality", "custody"},
    "findings.summary": {"result"},
    "names.opened": {"findings"},
    "method.containers": {"quality"},
    "method.intro": {"result"},
    "method.pictures": {"quality"},
    "method.plugin_rule": {"quality"},
    "pdf.attached_check": {"check"},
    "script.what": {"check"},
}
"""Which section a message sends its reader to, by number."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_sections_are_named_by_the_numbers_they_have(language: str) -> None:
    catalogue, seen = messages(language), 0
    for key in sorted(catalogue.keys()):
        text = catalogue.text(key, **dict.fromkeys(catalogue.placeholders(key), "x"))
        for number in re.findall(r"\b(?:[Ss]ection|Abschnitt) (\d+)\b", text):
            assert SECTIONS[int(number) - 1] in NAMED_SECTIONS[key], key
            seen += 1
    assert seen >= len(NAMED_SECTIONS)


def test_every_message_is_used() -> None:
    keys = messages("en").keys()
    used = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', SOURCES))
    groups = set(re.findall(r'"([a-z_]+)\."', SOURCES)) | set(
        re.findall(r'\bw\("([a-z_]+)"', SOURCES)
    )
    titles = {f"{section}.title" for section in SECTIONS}
    assert {key for key in keys - used - titles if key.split(".")[0] not in groups} == set()


def test_a_code_nobody_knows_is_shown_as_it_is() -> None:
    assert messages("de").word("gap", "new.code", "an English sentence") == "an English sentence"
    assert messages("de").word("gap", "new.code") == "new.code"


def test_another_language_is_refused_with_what_there_is() -> None:
    with pytest.raises(UsageError) as caught:
        messages("../../etc/passwd")
    assert caught.value.hint == "choose from: en, de"


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (0, "0 bytes", "0 Byte"),
        (999, "999 bytes", "999 Byte"),
        (1_000, "1.0 kB", "1,0 kB"),
        (1_999_999, "1.9 MB", "1,9 MB"),
        (64_023_257_088, "64.0 GB", "64,0 GB"),
        (10**16, "10000.0 TB", "10000,0 TB"),
        (-1, "not known", "nicht bekannt"),
    ],
)
def test_sizes(value: int, english: str, german: str) -> None:
    assert messages("en").size(value) == english
    assert messages("de").size(value) == german


def test_numbers() -> None:
    assert messages("en").number(1_234_567) == "1,234,567"
    assert messages("de").number(1_234_567) == "1.234.567"


SOURCES_OF_THEIR_OWN = ("zip", "tar", "sevenzip", "adb", "ad1")
"""Containers that are evidence by themselves, and so have a row in the table of volumes."""


def test_every_search_for_orphans_is_told_in_each_language() -> None:
    """What listers say of it is English; a report says it in its own language."""
    parsers = Path(str(PACKAGE)).parent / "parsers"
    paths = [parsers / f"containers/{name}.py" for name in SOURCES_OF_THEIR_OWN]
    told: set[str] = set()
    for path in (*paths, *parsers.glob("filesystems/*.py"), *parsers.glob("recovery/*.py")):
        source = path.read_text("utf-8")
        told |= set(re.findall(r'\b(?:sweep|NO_SWEEP|done)(?:: Final)? ?= ?"([^"]+)"', source))
        if table := re.search(r"SWEPT: Final = \{(.*?)\}", source, re.DOTALL):
            told |= set(re.findall(r': "([^"]+)"', table[1]))
    assert len(told) > 15
    for language in LANGUAGES:
        assert {f"sweep.{each}" for each in told} <= messages(language).keys()
