"""The import contracts name every part of the package, so none can escape them."""

import tomllib
from typing import Any

import pytest
from corpus import ROOT

PACKAGE = ROOT / "heroes_forensics"
MAY: dict[str, set[str]] = {
    "Only media/ may touch a picture decoder": {"media"},
    "Only parsers/ opens evidence": {"parsers"},
    "Only hashsets/ and store/ know the database": {"hashsets", "store"},
}


def contracts() -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {row["name"]: row for row in settings["tool"]["importlinter"]["contracts"]}


def parts() -> set[str]:
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    return modules | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def test_every_part_has_its_layer() -> None:
    (layers,) = (row["layers"] for row in contracts().values() if row["type"] == "layers")
    named = {name.strip("() ").rpartition(".")[2] for row in layers for name in row.split("|")}
    assert parts() <= named


@pytest.mark.parametrize("contract", MAY)
def test_every_part_but_those_named_is_bound(contract: str) -> None:
    bound = {name.rpartition(".")[2] for name in contracts()[contract]["source_modules"]}
    assert parts() - MAY[contract] <= bound
    assert not bound & MAY[contract]
