import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from cli_runner import PROGRAM, here, process, stand_in

from heroes_forensics import __version__, cli, errors
from heroes_forensics.commands.status import _text
from heroes_forensics.errors import HeroesError
from heroes_forensics.model import JSON
from heroes_forensics.registry import Plugin

ROOT = Path(__file__).parent.parent
NAMES = [row.name for row in cli.VERBS]

# Modules that cost time or open evidence: help, completion and version need none of them.
HEAVY = frozenset(
    {
        *("numpy", "sqlalchemy", "dfvfs", "pytsk3", "pyewf", "rich", "jinja2", "cryptography"),
        *("pyrage", "yaml", "sqlite3", "asyncio", "json.tool", "email", "http"),
    }
)


def leaves() -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for row in cli.VERBS:
        command = row.load()
        yield (row.name,), command
        if isinstance(command, click.Group):
            for name, inner in command.commands.items():
                yield (row.name, name), inner


@pytest.mark.parametrize("row", cli.VERBS, ids=NAMES)
def test_the_table_says_what_the_verb_says(row: Plugin[click.Command]) -> None:
    command = row.load()
    assert command.name == row.name
    assert (command.help or "").splitlines()[0] == row.summary
    assert len(row.summary) <= 66, "one line at 80 columns"


def test_verbs_are_listed_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    files = {path.stem for path in (ROOT / "heroes_forensics/commands").glob("*.py")}
    assert set(NAMES) <= files


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(*each, id=" ".join(each[0])) for each in leaves()]
)
def test_every_verb_has_help_examples_and_json(
    path: tuple[str, ...], command: click.Command, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = here(capsys, *path, "--help")
    assert ran.code == 0
    assert not ran.err
    assert "Example" in ran.out
    assert f"heroes {' '.join(path)}" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80
    options = {name for each in command.params for name in each.opts}
    assert isinstance(command, click.Group) or path == ("completion",) or "--json" in options
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.name


def test_no_secret_has_an_option() -> None:
    """A secret comes through a descriptor, whose number everybody may see."""
    found = set()
    for path, command in leaves():
        for parameter in command.params:
            for option in parameter.opts:
                if re.search(r"pass|pin\b|secret|identity", option):
                    number = isinstance(parameter.type, click.IntRange) and option.endswith("-fd")
                    assert number or getattr(parameter, "is_flag", False), (path, option)
                    found.add(option)
    assert {"--passphrase-fd", "--pin-fd", "--identity-fd", "--signer-passphrase-fd"} <= found


def loaded_after(*arguments: str, environment: dict[str, str] | None = None) -> set[str]:
    code = (
        "import sys; from heroes_forensics import cli; sys.stdout = open('/dev/null', 'w');"
        f"cli.run({list(arguments)!r}); print(sorted(sys.modules), file=sys.stderr)"
    )
    ran = process(program=[sys.executable, "-c", code], environment=environment)
    return set(ast.literal_eval(ran.err.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], [], *([n, "--help"] for n in NAMES)]
)
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    loaded = loaded_after(*arguments)
    assert "heroes_forensics.cli" in loaded
    assert not loaded & HEAVY
    verbs = {name for name in loaded if name.startswith("heroes_forensics.pipelines.")}
    assert verbs <= {"heroes_forensics.pipelines.case", "heroes_forensics.pipelines.case.watch"}


def test_the_guard_can_fail() -> None:
    assert "sqlite3" in loaded_after("status", "/nonexistent")


def test_help_of_the_program_imports_no_verb() -> None:
    loaded = loaded_after("--help")
    assert (
        not {f"heroes_forensics.commands.{name}" for name in NAMES if name != "completion"} & loaded
    )


def test_the_end_of_the_program_looks_for_no_cycles() -> None:
    code = (
        "import atexit, gc; atexit.register(lambda: print(gc.get_freeze_count() > 0));"
        "from heroes_forensics.cli import main; main()"
    )
    done = process("--version", program=(sys.executable, "-c", code))
    assert done.code == 0
    assert done.out.splitlines()[-1] == "True"


def test_docs_equal_the_help() -> None:
    ran = process(program=[sys.executable, str(ROOT / "docs/cli.py"), "--check"])
    assert ran.code == 0, ran.err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert here(capsys, "--version").out == f"heroes {__version__}\n"


# ---- errors and exit codes ---------------------------------------------------------------

CODES = {
    "HeroesError": 1,
    "UsageError": 2,
    "CaseBusyError": 4,
    "StoppedError": 5,
    "CustodyError": 6,
    "UntrustedError": 7,
    "EvidenceError": 20,
    "HashSetError": 30,
}


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def case(case_dir: Path) -> JSON:
        del case_dir
        raise error

    stand_in(monkeypatch, "checks.views", status=case)


@pytest.mark.parametrize(("name", "code"), CODES.items(), ids=CODES)
def test_an_error_carries_its_exit_code(
    name: str, code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    error: HeroesError = getattr(errors, name)("the thing is wrong", hint="do this")
    fail_with(monkeypatch, error)
    ran = here(capsys, "status", "CASE")
    assert ran == (code, "", "error: the thing is wrong\nhint:  do this\n")


def test_every_error_of_ours_is_in_the_table() -> None:
    ours = {
        name
        for name, each in vars(errors).items()
        if isinstance(each, type) and issubclass(each, HeroesError)
    }
    assert ours == set(CODES)


def test_errors_are_json_too_where_json_was_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, errors.EvidenceError("cannot be opened", hint="look"))
    ran = here(capsys, "status", "CASE", "--json")
    assert ran.code == 20
    assert ran.rows() == [
        {"type": "error", "message": "cannot be opened", "hint": "look", "exit_code": 20}
    ]
    assert ran.err.startswith("error: cannot be opened\n")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), EOFError(), click.Abort()])
def test_an_interruption_is_130(
    error: BaseException, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, error)
    assert here(capsys, "status", "CASE") == (130, "", "error: interrupted\n")


USAGE = {
    "no verb of this name": (["scam"], "no such command"),
    "no such option": (["scan", "--hurry", "x", "--case", "c"], "no such option"),
    "no time": (["scan", "x", "--case", "c", "--budget", "soon"], "write 90s, 15m"),
    "argument missing": (["inspect"], "missing argument"),
    "option missing": (["scan", "x"], "missing option"),
    "not a choice": (["scan", "x", "--case", "c", "--verify", "never"], "invalid value"),
    "not a pair": (["scan", "x", "--case", "c", "--exhibit-field", "make"], "NAME=VALUE"),
    "digest too short": (["scan", "x", "--case", "c", "--expect", "sha256:00"], "64 hexadecimal"),
    "digest of half bytes": (["scan", "x", "--case", "c", "--expect", "md5:abc"], "32 hexadecimal"),
    "digest of what": (["scan", "x", "--case", "c", "--expect", "crc32:00"], "md5, sha1"),
    "digest not computed": (
        ["scan", "x", "--case", "c", "--expect", f"sha512:{'0' * 128}"],
        "md5, sha1, sha256:",
    ),
    "digest not hexadecimal": (["scan", "x", "--case", "c", "--expect", "md5:zz"], "hexadecimal"),
}


@pytest.mark.parametrize(("arguments", "text"), USAGE.values(), ids=USAGE)
def test_a_request_that_makes_no_sense_is_2(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = here(capsys, *arguments)
    assert ran.code == 2
    assert not ran.out
    message, hint = ran.err.splitlines()
    assert message.startswith("error: ")
    assert text in message.lower() or text in message
    assert hint.startswith("hint:  see: heroes")


def test_a_bug_is_named_by_type_and_place_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, ZeroDivisionError("holiday/IMG_1234.jpg"))
    ran = here(capsys, "status", "CASE")
    assert ran.code == 1
    assert "this is a bug: ZeroDivisionError at heroes_forensics/commands/status.py:" in ran.err
    assert "IMG_1234" not in ran.err
    assert "Traceback" not in ran.err


def test_a_bug_shows_its_trace_when_asked_to(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEROES_DEBUG", "1")
    fail_with(monkeypatch, ZeroDivisionError("division"))
    ran = here(capsys, "status", "CASE")
    assert ran.code == 1
    assert "Traceback" in ran.err


def test_an_error_cannot_act_on_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(monkeypatch, errors.UsageError("bad \x1b[2J\u202e", hint="C:\\new"))
    ran = here(capsys, "status", "CASE")
    assert ran.err == "error: bad \\x1b[2J\\u202e\nhint:  C:\\new\n"


# ---- streams -----------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [["--help"], ["formats"], ["formats", "--json"]])
def test_a_reader_that_went_away_is_no_failure(arguments: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [*PROGRAM, *arguments], stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60
        )
    finally:
        os.close(writer)
    assert done.returncode == 0
    assert done.stderr == b""


def test_a_full_disk_behind_standard_output_is_said() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PROGRAM, "formats"], stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert done.returncode == 5
    assert b"No space left" in done.stderr
    assert done.stderr.count(b"\n") == 2


def test_results_go_to_stdout_and_nothing_else() -> None:
    ran = process("formats")
    assert ran.code == 0
    assert "EnCase" in ran.out
    assert ran.err == ""


def test_another_encoding_is_no_crash() -> None:
    ran = process("formats", "--json", environment={"PYTHONIOENCODING": "ascii"})
    assert ran.code == 0
    assert ran.rows()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_no_file_takes_the_place_of_a_closed_stream(closed: str) -> None:
    code = (
        "import os; from heroes_forensics import cli; cli._hold_standard_streams();"
        "found = os.open(cli.__file__, os.O_RDONLY); print('shown'); os._exit(found)"
    )
    ran = process(program=["sh", "-c", f'exec {sys.executable} -c "{code}" {closed}'])
    assert ran.code > 2
    ran = process(program=["sh", "-c", f"exec {sys.executable} -c '{PROGRAM[2]}' formats {closed}"])
    assert ran.code == 0
    assert ran.err == ""


# ---- completion --------------------------------------------------------------------------


def complete(words: str) -> str:
    return process(
        environment={
            "_HEROES_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split(" ")) - 1),
        }
    ).out


def test_verbs_and_options_complete() -> None:
    assert complete("heroes in") == "plain,inspect\nplain,inventory\nplain,init\n"
    assert "plain,--verify\n" in complete("heroes scan --")
    assert complete("heroes scan --verify be") == "plain,before\n"
    assert "plain,import\n" in complete("heroes hashset i")
    assert "plain,--help\n" in complete("heroes --h")


def test_completion_loads_nothing_heavy() -> None:
    loaded = loaded_after(
        environment={
            "_HEROES_COMPLETE": "bash_complete",
            "COMP_WORDS": "heroes scan --",
            "COMP_CWORD": "2",
        }
    )
    assert not loaded & HEAVY


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_completion_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    ran = here(capsys, "completion", shell)
    assert ran.code == 0
    assert "_HEROES_COMPLETE" in ran.out


def test_formats_lists_every_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = here(capsys, "formats", "--json").rows()
    assert {row["type"] for row in rows} == {"format"}
    tables = {str(row["table"]) for row in rows}
    others = {"export", "export of a list", "acquisition log", "report on paper"}
    assert tables == others | {"source", "file system", "hash set", "algorithm", "report", "table"}
    assert {"ewf", "vics", "sha256", "html", "items", "dfxml", "kdb"} <= {
        row["name"] for row in rows
    }
    assert all(json.dumps(row["summary"]) for row in rows)


def test_formats_imports_no_code_of_a_format() -> None:
    loaded = loaded_after("formats")
    assert not loaded & {"numpy", "sqlalchemy", "dfvfs", "pytsk3", "pyewf", "jinja2"}


@pytest.mark.parametrize("path", [(), ("case",), ("hashset",)])
def test_a_group_alone_shows_its_help_in_lines(
    path: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = here(capsys, *path, "--help")
    alone = here(capsys, *path)
    assert alone.code == 2
    assert alone.err.strip() == asked.out.strip()


def test_the_command_that_goes_on_names_the_case(tmp_path: Path) -> None:
    lines = _text(
        {"runs": [{"run": "r", "interruptions": [{"cause": "operator"}]}]}, case_dir=tmp_path
    )
    assert f"heroes scan --case {tmp_path} --resume" in re.sub(r"\n +", " ", "\n".join(lines))
