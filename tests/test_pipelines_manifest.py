"""What a manifest may say, and what is refused before anything is begun."""

import json
import os
import re
import tempfile
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from corpus import ROOT
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import UsageError
from heroes_forensics.pipelines.batches import manifest, manifest_fields, manifest_table

PAGE = (ROOT / "docs/batch.md").read_text(encoding="utf-8")
SCHEMA = json.loads((ROOT / "heroes_forensics/pipelines/data/batch.schema.json").read_bytes())


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found
    return found[1]


def load(folder: Path, text: str, name: str = "batch.yaml") -> manifest.Manifest:
    (folder / name).write_text(text, encoding="utf-8")
    return manifest.load(folder / name)


def test_the_examples_of_the_page_mean_what_it_says(tmp_path: Path) -> None:
    first, second = load(tmp_path, example("yaml")).exhibits
    assert (first.label, second.label) == ("E-1", "E-2")
    assert first.case_dir == tmp_path / "cases/E-1"
    (source,) = first.sources
    assert source.path == tmp_path / "e1/disk.E01"
    assert source.expect == ("md5:00112233445566778899aabbccddeeff",)
    assert first.settings["exhibit_fields"] == {
        "description": "laptop",
        "seal": "B 004 118",
        "time_zone": "Europe/Berlin",
    }
    assert first.settings["authority"]["valid_from"] == "2024-11-01"
    assert first.settings["sets"] == ["national", str(tmp_path / "watch/list.csv")]
    assert "profile" not in first.settings
    assert (second.settings["profile"], second.settings["budget"]) == ("triage", "30m")
    assert second.settings["reference"] == "2024/117"
    assert len(second.sources) == 2
    rows = load(tmp_path, example("csv"), "batch.csv").exhibits
    assert [each.label for each in rows] == ["E-1", "E-2"]
    assert rows[0].sources == first.sources
    assert rows[0].settings["authority"]["issued_by"] == "Court X"
    assert rows[0].settings["sets"] == ["national", "watch"]
    assert [source.path.name for source in rows[1].sources] == ["stick.dd", "card.dd"]
    assert rows[1].settings["exhibit_fields"] == {"seal": "B 004 119"}


def test_the_schema_says_the_same() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    tree = json.loads(json.dumps(yaml.safe_load(example("yaml")), default=str))
    validator.validate(tree)
    for spoil in ("exhibits", "label", "sources"):
        spoilt = json.loads(json.dumps(tree))
        (spoilt if spoil == "exhibits" else spoilt["exhibits"][0]).pop(spoil)
        assert not validator.is_valid(spoilt)
    tree["typo"] = 1
    assert not validator.is_valid(tree)


def test_every_field_stands_on_the_page() -> None:
    table = PAGE[PAGE.index("## Fields") :]
    named = set(re.findall(r"`(\w+)`", table))
    known = {*SCHEMA["properties"], *SCHEMA["properties"]["exhibits"]["items"]["properties"]}
    assert known - {"exhibits"} <= named


BASE: dict[str, Any] = {"exhibits": [{"label": "E-1", "sources": ["a"]}]}


def spoilt(**changes: object) -> str:
    tree = json.loads(json.dumps(BASE))
    for path, value in changes.items():
        at = tree
        *way, last = path.split("__")
        for step in way:
            at = at[int(step[1:])] if step.startswith("n") and step[1:].isdigit() else at[step]
        at[last] = value
    return json.dumps(tree)


REFUSED: dict[str, tuple[str, str]] = {
    "an unknown field": (spoilt(exhibit=1), "there is no field exhibit"),
    "an unknown field of an exhibit": (
        spoilt(exhibits__n0__lable="x"),
        "exhibit 1: there is no field lable",
    ),
    "an unknown field of a source": (
        spoilt(exhibits__n0__sources=[{"path": "a", "expected": "x"}]),
        "source 1: there is no field expected",
    ),
    "sources of no exhibit": (spoilt(sources=["b"]), "there is no field sources"),
    "exhibits of an exhibit": (
        spoilt(exhibits__n0__exhibits=[]),
        "exhibit 1: there is no field exhibits",
    ),
    "sources of a source": (
        spoilt(exhibits__n0__sources=[{"path": "a", "sources": ["b"]}]),
        "source 1: there is no field sources",
    ),
    "a key file that is no text": (spoilt(key_file=["k"]), "key_file"),
    "another format": (spoilt(format="heroes-batch/9"), "another format"),
    "no exhibit": (json.dumps({"exhibits": []}), "names no exhibit"),
    "no exhibits": (json.dumps({"cases": "x"}), "exhibits is no list"),
    "no object": ("- a\n", "is no object"),
    "nothing": ("", "is no object"),
    "no source": (spoilt(exhibits__n0__sources=[]), "exhibit 1 (E-1) has no source"),
    "a source without a path": (spoilt(exhibits__n0__sources=[{}]), "has no path"),
    "a label with a slash": (spoilt(exhibits__n0__label="a/b"), "exhibit label"),
    "a label twice": (
        json.dumps({"exhibits": BASE["exhibits"] * 2}),
        "names the exhibit E-1 twice",
    ),
    "a profile nobody knows": (spoilt(profile="thorough"), "profile is none of triage"),
    "a budget that is no time": (spoilt(budget="soon"), "budget: 'soon' is no time"),
    "workers that are no number": (spoilt(workers="many"), "workers is no whole number up to 512"),
    "a flag that is none": (spoilt(accept_damaged="maybe"), "neither true nor false"),
    "an authority without its court": (
        spoilt(authority={"kind": "warrant", "reference": "G-1"}),
        "the authority cannot be recorded",
    ),
    "a field that holds a list": (spoilt(exhibits__n0__make=["x"]), "make is no text"),
    "an anchor": ("exhibits: &x []\n", "anchor"),
    "no label": (json.dumps({"exhibits": [{"sources": ["a"]}]}), "exhibit 1 has no label"),
    "an exhibit that is none": (json.dumps({"exhibits": ["a"]}), "exhibit 1 is no object"),
    "a digest that is none": (
        spoilt(exhibits__n0__sources=[{"path": "a", "expect": "md5:12"}]),
        "exhibit 1 (E-1): source 1: expect: a value of md5 has 32 hexadecimal digits, not 2",
    ),
    "a digest of another source": (
        spoilt(exhibits__n0__sources=[{"path": "a", "expect": f"2:md5:{'0' * 32}"}]),
        "has the number of a source",
    ),
    "a digest nobody computes": (
        spoilt(exhibits__n0__sources=[{"path": "a", "expect": "crc32:12345678"}]),
        "the algorithm is one of",
    ),
    "a NUL in a path": (spoilt(exhibits__n0__sources=["a\0b"]), "control characters"),
    "an escape in a path": (spoilt(exhibits__n0__sources=["a\x1b[2J"]), "control characters"),
    "an escape in the name of a field": (spoilt(**{"a\x1b[2J": 1}), "no field a\\x1b[2J"),
    "a field name with an equals sign": (
        spoilt(exhibits__n0__fields={"a=b": "c"}),
        "a name with an equals sign",
    ),
    "too many workers": (spoilt(workers=513), "workers is no whole number up to 512"),
    "too many sources": (
        spoilt(exhibits__n0__sources=[f"{n}" for n in range(1001)]),
        "more than 1000 sources",
    ),
    "a source twice": (spoilt(exhibits__n0__sources=["a", "./a"]), "is the same file as source 1"),
    "a source of two exhibits": (
        json.dumps({"exhibits": [{"label": f"E-{n}", "sources": ["x/../a"]} for n in (1, 2)]}),
        "source 1 of exhibit E-2 is the same file as source 1 of exhibit E-1",
    ),
    "a case inside evidence": (
        spoilt(exhibits__n0__case="a/b/c"),
        "the case of exhibit E-1 lies inside a source of exhibit E-1",
    ),
    "a case inside the evidence of another": (
        json.dumps(
            {
                "exhibits": [
                    {"label": "E-1", "sources": ["phone"]},
                    {"label": "E-2", "sources": ["b"], "case": "phone/case"},
                ]
            }
        ),
        "the case of exhibit E-2 lies inside a source of exhibit E-1",
    ),
    "cases beside the evidence that is all of it": (spoilt(exhibits__n0__sources=["."]), "inside"),
    "a case inside a case": (
        json.dumps(
            {
                "exhibits": [
                    {"label": "E-1", "sources": ["a"], "case": "c"},
                    {"label": "E-2", "sources": ["b"], "case": "c/d"},
                ]
            }
        ),
        "the case of exhibit E-2 lies inside that of exhibit E-1",
    ),
    "two truths about a case": (
        json.dumps(
            {
                "exhibits": [
                    {"label": f"E-{n}", "sources": [f"{n}"], "case": "c", "examiner": f"ex-{n}"}
                    for n in (1, 2)
                ]
            }
        ),
        "share a case, and say another examiner of it",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_makes_no_sense_is_refused_with_its_place(name: str, tmp_path: Path) -> None:
    text, wanted = REFUSED[name]
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text)
    assert wanted in str(caught.value)
    assert "\n" not in str(caught.value)


TABLES: dict[str, tuple[str, str]] = {
    "no source column": ("exhibit,seal\nE-1,a\n", "line 2 lacks exhibit or source"),
    "a path column": ("exhibit,path\nE-1,a\n", "has a column path"),
    "an authority in one cell": (
        "exhibit,source,authority,authority.kind\nE-1,a,x,warrant\n",
        "has a column authority",
    ),
    "limits in one cell": ("exhibit,source,expand_limits\nE-1,a,5\n", "has a column expand_limits"),
    "a limit that there is not": (
        "exhibit,source,expand_limits.depth\nE-1,a,5\n",
        "the limit is one of ratio",
    ),
    "a limit that is none": (
        "exhibit,source,expand_limits.ratio\nE-1,a,-5\n",
        "the limit ratio is a whole number",
    ),
    "exhibits in a cell": ("exhibit,source,exhibits\nE-1,a,x\n", "there is no field exhibits"),
    "a column twice": ("exhibit,source,seal,seal\nE-1,a,1,2\n", "the column seal twice"),
    "a column without a name": ("exhibit,source,\nE-1,a,1\n", "a column without a name"),
    "a line after quoted line ends": (
        'exhibit,source,seal\nE-1,a,"1\n"\n\nE-1,b,2\n',
        "line 5 says another seal",
    ),
    "a NUL": ("exhibit,source\nE-1,a\0b\n", "holds a NUL"),
    "a label that is none": ("exhibit,source\nE 1,a\n", "an exhibit label is"),
    "a huge cell": (f"exhibit,source\nE-1,{'a' * 200_000}\n", "field larger than"),
    "a long path": (f"exhibit,source\nE-1,{'a' * 3000}\n", "longer than 2000 bytes"),
    "too many cells": ("exhibit,source\nE-1,a,b\n", "line 2 has another number of columns"),
    "too few cells": ("exhibit,source,seal\nE-1,a\n", "line 2 has another number of columns"),
    "two truths": ("exhibit,source,seal\nE-1,a,1\nE-1,b,2\n", "line 3 says another seal"),
    "an unknown column": ("exhibit,source,colour\nE-1,a,red\n", "there is no field colour"),
    "an open quote": ('exhibit,source\nE-1,"a\n', "is no table"),
    "nothing": ("", "names no exhibit"),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_makes_no_sense_is_refused_with_its_line(name: str, tmp_path: Path) -> None:
    text, wanted = TABLES[name]
    with pytest.raises(UsageError) as caught:
        load(tmp_path, text, "batch.csv")
    assert wanted in str(caught.value)


def test_exhibits_may_share_a_case(tmp_path: Path) -> None:
    text = spoilt(
        exhibits=[{"label": f"E-{n}", "sources": [f"{n}"], "case": "one"} for n in (1, 2)]
    )
    assert {each.case_dir for each in load(tmp_path, text).exhibits} == {tmp_path / "one"}


def test_the_folder_of_the_cases_may_be_given(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(spoilt(cases="there"))
    (exhibit,) = manifest.load(tmp_path / "b.yaml", cases_dir=Path("/else")).exhibits
    assert exhibit.case_dir == Path("/else/E-1")
    (exhibit,) = manifest.load(tmp_path / "b.yaml").exhibits
    assert exhibit.case_dir == tmp_path / "there/E-1"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_spreadsheets_write_is_read(separator: str, tmp_path: Path) -> None:
    lines = [
        ["exhibit", "source", "sets", "allow_expired", "expand_limits.bytes", "accept_damaged"],
        ["E-1", "a b.dd", '"one; two"', "two", "5G", "TRUE"],
        ["", "", "", "", "", ""],
        ["E-1", "c.dd", "", "", "", ""],
    ]
    text = "\ufeff" + "\r\n".join(separator.join(line) for line in lines) + "\r\n"
    (exhibit,) = load(tmp_path, text, "Batch.CSV").exhibits
    assert [source.path.name for source in exhibit.sources] == ["a b.dd", "c.dd"]
    assert exhibit.settings["sets"] == ["one", "two"]
    assert exhibit.settings["allow_expired"] == ["two"]
    assert exhibit.settings["expand_limits"] == {"bytes": 5 << 30}
    assert exhibit.settings["accept_damaged"] is True


def test_ten_thousand_exhibits_are_read(tmp_path: Path) -> None:
    tree = [{"label": f"E-{n}", "sources": [f"{n}.dd"]} for n in range(10_000)]
    found = load(tmp_path, json.dumps({"exhibits": tree})).exhibits
    assert len(found) == 10_000
    tree[9_999]["label"] = "E-0"
    with pytest.raises(UsageError, match="names the exhibit E-0 twice"):
        load(tmp_path, json.dumps({"exhibits": tree}))


def test_a_name_too_long_for_a_file_is_that_of_a_set(tmp_path: Path) -> None:
    found = load(tmp_path, spoilt(sets=["a" * 300]))
    assert found.exhibits[0].settings["sets"] == ["a" * 300]


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    for name, text in (
        ("pipe.yaml", "is no file"),
        (".", "is no file"),
        ("gone.yaml", "cannot be read"),
    ):
        with pytest.raises(UsageError, match=text):
            manifest.load(tmp_path / name)
    with (tmp_path / "huge.csv").open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(UsageError, match="larger than 8 MiB"):
        manifest.load(tmp_path / "huge.csv")


@given(st.text(max_size=300))
def test_no_table_on_earth_makes_it_crash(text: str) -> None:
    said = ""
    try:
        manifest_table.tree(text.encode("utf-8", "surrogatepass"), "it")
    except UsageError as error:
        said = str(error)
    assert "\n" not in said


JUNK = st.recursive(
    st.sampled_from(["", "a", "E-1", "/", "true", "15m", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*manifest_fields.TOP, *manifest_fields.EXHIBIT, "exhibits", "sources"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JUNK)
def test_no_tree_makes_it_crash(tree: object) -> None:
    said = "the manifest b.yaml"
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "b.yaml"
        path.write_text(json.dumps({"exhibits": tree}))
        try:
            manifest.load(path)
        except UsageError as error:
            said = str(error)
    assert said.startswith("the manifest b.yaml")
