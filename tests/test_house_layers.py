"""The import contracts name every part of the package, so none can escape them."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from typing import Any

import pytest
from corpus import ROOT

PACKAGE = ROOT / "heroes_forensics"
MAY: dict[str, set[str]] = {
    "Only media/ may touch a picture decoder": {"media"},
    "Only parsers/ opens evidence": {"parsers"},
    "Only store/ knows the database": {"store"},
}


def contracts() -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return {row["name"]: row for row in settings["tool"]["importlinter"]["contracts"]}


def parts() -> set[str]:
    modules = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    return modules | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def test_every_part_has_its_layer() -> None:
    (layers,) = (row["layers"] for name, row in contracts().items() if name.startswith("Layers:"))
    named = {name.strip("() ").rpartition(".")[2] for row in layers for name in row.split("|")}
    assert parts() <= named


@pytest.mark.parametrize("contract", MAY)
def test_every_part_but_those_named_is_bound(contract: str) -> None:
    bound = {name.rpartition(".")[2] for name in contracts()[contract]["source_modules"]}
    assert parts() - MAY[contract] <= bound
    assert not bound & MAY[contract]


def test_every_library_that_is_imported_is_asked_for() -> None:
    """Those of an extra are imported where they are used: the program works without them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = [row for rows in project["optional-dependencies"].values() for row in rows]
    owners = packages_distributions()
    found, missing = set(), set()
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        late = {
            id(node)
            for function in ast.walk(tree)
            if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
        }
        for node in _run_time(tree):
            asked = _named(project["dependencies"] + (extras if id(node) in late else []))
            for name in _modules(node):
                if name not in sys.stdlib_module_names and name != PACKAGE.name:
                    found.add(name)
                    if not asked & {owner.lower() for owner in owners.get(name, ())}:
                        missing.add((name, path.name))
    assert {"numpy", "typst"} <= found
    assert missing == set()


def _named(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=\[ ]", row)[0].lower() for row in requirements}


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module.partition(".")[0]]
    return []


def _run_time(tree: ast.AST) -> list[ast.AST]:
    """Return every node but those that only a type checker sees."""
    nodes, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        else:
            waiting.extend(ast.iter_child_nodes(node))
    return nodes
