"""The documentation is true where a machine can tell."""

import ast
import re
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import suppress

import click
import pytest
from corpus import ROOT

import heroes_forensics
from heroes_forensics import errors
from heroes_forensics.cli import VERBS
from heroes_forensics.hashing import ALGORITHMS
from heroes_forensics.hashsets.formats import IMPORTERS
from heroes_forensics.parsers.volumes import OPENERS
from heroes_forensics.reports import EXPORTS, REPORTS

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
TEXTS = {name: page.read_text(encoding="utf-8") for name, page in zip(NAMES, PAGES, strict=True)}
DECISIONS = [name for name in NAMES if name.startswith("docs/adr/")]
RECIPES = 7
STEPS = 6
REQUIREMENTS = 12


def test_the_tables_that_the_recipes_name_exist() -> None:
    text = TEXTS["CONTRIBUTING.md"]
    for name, rows in {
        "OPENERS": OPENERS,
        "IMPORTERS": IMPORTERS,
        "ALGORITHMS": ALGORITHMS,
        "REPORTS": REPORTS,
        "EXPORTS": EXPORTS,
        "VERBS": VERBS,
    }.items():
        assert rows
        assert f"`{name}`" in text


def test_each_recipe_has_six_steps() -> None:
    recipes = re.split(r"^### ", TEXTS["CONTRIBUTING.md"], flags=re.MULTILINE)[1:]
    assert len(recipes) == RECIPES
    for recipe in recipes:
        assert re.findall(r"^(\d)\. ", recipe, re.MULTILINE) == list("123456")[:STEPS]


@pytest.mark.parametrize("name", NAMES)
def test_every_link_leads_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXTS[name]):
        if not target.startswith(("https://", "http://", "mailto:", "#")):
            assert (ROOT / name).parent.joinpath(target.partition("#")[0]).exists(), target


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_is_named_is_there(name: str) -> None:
    found = re.findall(r"`((?:heroes_forensics|fixtures|tests|docs|\.ci)/[\w./-]+)`", TEXTS[name])
    assert [path for path in found if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_verb_that_is_named_exists(name: str) -> None:
    known = {row.name for row in VERBS}
    blocks = "\n".join(re.findall(r"```\n(.*?)```", TEXTS[name], re.DOTALL))
    named = set(re.findall(r"`heroes ([a-z]+)", TEXTS[name]))
    named |= set(re.findall(r"^\s*heroes ([a-z]+)", blocks, re.MULTILINE))
    assert named <= known


def verbs(verb: click.Command) -> Iterator[click.Command]:
    """Yield a verb, and all that it has of its own."""
    yield verb
    for inner in getattr(verb, "commands", {}).values():
        yield from verbs(inner)


OPTIONS = {
    option
    for row in VERBS
    for verb in verbs(row.load())
    for parameter in verb.params
    for option in parameter.opts
} | {"--version", "--help"}


def options_of(text: str) -> set[str]:
    """Return the options that commands of ours are given in a text."""
    commands = re.findall(r"heroes [a-z]+[^`\n\"]*", text)
    return {option for line in commands for option in re.findall(r" (--[a-z][a-z-]*)", line)}


@pytest.mark.parametrize("name", NAMES)
def test_every_option_that_a_page_names_exists(name: str) -> None:
    assert options_of(TEXTS[name]) <= OPTIONS


def commands_of_the_readme() -> list[str]:
    """Return the whole commands of ours in it: lines of blocks, and those in a sentence."""
    text = TEXTS["README.md"].replace("\\\n", " ")
    blocks = "\n".join(re.findall(r"```\n(.*?)```", text, re.DOTALL))
    lines = re.findall(r"^heroes (.+)$", blocks, re.MULTILINE)
    return lines + re.findall(r"`heroes ([a-z]+ [^`\n]+)`", text)


def said(node: ast.AST) -> str:
    """Return a text of the source; ``1`` stands for what is filled in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(said(part) for part in node.values)
    return str(node.value) if isinstance(node, ast.Constant) else "1"


def commands_of_hints() -> Iterator[str]:
    """Yield the commands that messages tell people to run: what stands behind ``: heroes``."""
    for path in ROOT.glob("heroes_forensics/**/*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
        parts = {id(part) for node in joined for part in node.values}
        for node in nodes:
            if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in parts:
                yield from re.findall(r": heroes ([a-z]+(?: [^;`\n]+)?)$", said(node))


COMMANDS = sorted({*commands_of_the_readme(), *commands_of_hints()})


def test_commands_are_found_in_messages_too() -> None:
    assert {"hashset list", "selftest", "scan --case DIR --resume"} <= {*commands_of_hints()}


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_readme_and_of_messages_is_one(line: str) -> None:
    """It is taken apart as the program does, and not run."""
    name, *arguments = shlex.split(line.replace("FILE 1", "FILE"))  # an option is filled in
    verb = next(row.load() for row in VERBS if row.name == name)
    if isinstance(verb, click.Group):
        verb = verb.commands[arguments.pop(0)]
    with suppress(click.exceptions.Exit):  # of --help
        verb.make_context(name, arguments)


def test_every_option_that_a_message_names_exists() -> None:
    source = "\n".join(path.read_text() for path in ROOT.glob("heroes_forensics/**/*.py"))
    assert options_of(source) >= {"--case", "--resume"}
    assert options_of(source) - OPTIONS == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_target_of_make_that_is_named_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z]+)", TEXTS[name], re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("name", NAMES)
def test_no_page_knows_the_machine_it_was_written_on(name: str) -> None:
    text = TEXTS[name]
    assert not re.search(r"/(?:home|root|work|Users|tmp|opt)/\w", text)
    assert "design.md" not in text
    assert "TODO" not in text


def _rooms(package: str) -> str:
    _, _, text = TEXTS["docs/ARCHITECTURE.md"].partition(f"## Rooms of `{package}`")
    return text.partition("|---|")[2].partition("\n## ")[0]


def test_every_module_of_pipelines_stands_in_its_room() -> None:
    package = ROOT / "heroes_forensics" / "pipelines"
    written = {
        name: sorted(re.findall(r"`([a-z_]+)`", modules))
        for name, modules in re.findall(
            r"^\| `([a-z]+)/` \|[^|]*\|(.*)\|$", _rooms("pipelines"), re.MULTILINE
        )
    }
    there = {
        path.parent.name: sorted(each.stem for each in path.parent.glob("[a-z]*.py"))
        for path in package.glob("*/__init__.py")
    }
    assert written == there
    assert not list(package.glob("[a-z]*.py"))


def test_the_rooms_of_parsers_are_those_there_are() -> None:
    package = ROOT / "heroes_forensics" / "parsers"
    rows = re.findall(r"^\| `([a-z]+)/` \|[^|]*\|([^|]*)\|", _rooms("parsers"), re.MULTILINE)
    assert sorted(room for room, _ in rows) == sorted(
        path.parent.name for path in package.glob("*/__init__.py")
    )
    for room, modules in rows:
        for module in re.findall(r"`([a-z_]+)`", modules):
            assert (package / room / f"{module}.py").is_file(), module
    beside = _rooms("parsers").partition("Beside them")[2]
    there = {path.stem for path in package.glob("[a-z]*.py")}
    assert set(re.findall(r"`([a-z_]+)`", beside)) == there


def test_every_module_of_hash_sets_has_its_room() -> None:
    there = {path.stem for path in (ROOT / "heroes_forensics" / "hashsets").glob("[a-z]*.py")}
    assert sorted(re.findall(r"`([a-z_]+)`", _rooms("hashsets"))) == sorted(there)


def test_the_layers_are_those_of_the_contract() -> None:
    text = TEXTS["docs/ARCHITECTURE.md"].partition("\ncli ")[2].partition("```")[0]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = project["tool"]["importlinter"]["contracts"]
    (layers,) = (row["layers"] for row in contracts if row["name"].startswith("Layers:"))
    rows = [re.split(r"\s{2,}", line)[0].split(" │ ") for line in f"cli {text}".splitlines()]
    assert rows == [[each.rpartition(".")[2] for each in row.split(" | ")] for row in layers]


def test_the_changelog_is_open_for_the_next_release() -> None:
    text = TEXTS["CHANGELOG.md"]
    assert re.search(r"^## Unreleased$", text, re.MULTILINE)
    headings = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert headings <= {"Added", "Changed", "Fixed", "Security"}


def test_the_exit_codes_of_the_readme_are_those_of_the_code() -> None:
    table = TEXTS["README.md"].partition("## Exit codes")[2].partition("## ")[0]
    written = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    classes: list[type[errors.HeroesError]] = [
        found
        for found in vars(errors).values()
        if isinstance(found, type) and issubclass(found, errors.HeroesError)
    ]
    used = {found.exit_code for found in classes} | {
        *(errors.DONE, errors.GAPS, errors.MATCHES, errors.MATCHES_AND_GAPS, errors.INTERRUPTED),
    }
    assert written == used


@pytest.mark.parametrize("name", DECISIONS)
def test_a_decision_has_its_four_parts_and_fits_a_page(name: str) -> None:
    parts = re.findall(r"^## (.+)$", TEXTS[name], re.MULTILINE)
    assert parts == ["Context", "Options", "Decision", "Consequences"]
    number = re.match(r"docs/adr/(\d{4})-", name)
    assert number is not None
    assert TEXTS[name].startswith(f"# {number[1]}: ")
    assert len(TEXTS[name].splitlines()) < 80


def test_decisions_are_numbered_in_order_and_each_number_is_given_once() -> None:
    numbers = [int(name.removeprefix("docs/adr/")[:4]) for name in sorted(DECISIONS)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_tests_that_pages_name_exist() -> None:
    named = {
        name for text in TEXTS.values() for name in re.findall(r"`(tests/\w+\.py(?:::\w+)?)`", text)
    }
    assert len(named) > REQUIREMENTS
    for name in named:
        file, _, test = name.partition("::")
        assert (ROOT / file).exists(), name
        assert not test or f"\ndef {test}(" in (ROOT / file).read_text(), name


def test_every_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    rows = [*project["project"]["dependencies"], *(row for extra in extras for row in extra)]
    runtime = [re.split(r"[<>=\[ ]", row)[0] for row in rows]
    first, _, second = TEXTS["docs/dependencies.md"].partition("## Development only")
    cells = re.findall(r"^\| ([\w., -]+) \|", first, re.MULTILINE)
    listed = {name for cell in cells for name in cell.split(", ")}
    assert listed - {"package"} == set(runtime)
    for group in project["dependency-groups"].values():
        for row in group:
            if isinstance(row, str):
                assert re.split(r"[<>=\[ ]", row)[0] in second


def test_the_version_is_stated_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == heroes_forensics.__version__
