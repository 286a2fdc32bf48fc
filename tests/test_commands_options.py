import os
import pty
import select
import signal
import sys
import termios
from pathlib import Path

import click
import pytest
from cli_runner import PROGRAM, here, stand_in

from heroes_forensics.commands import options
from heroes_forensics.custody import keys
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON


def given(data: bytes) -> int:
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    return reader


READ = {
    "one line": (b"correct horse\n", "correct horse"),
    "no line end": (b"correct horse", "correct horse"),
    "windows": (b"correct horse\r\n", "correct horse"),
    "first line only": (b"one\ntwo\n", "one"),
    "spaces are kept": (b" a b \n", " a b "),
    "umlaut": ("Schlüssel\n".encode(), "Schlüssel"),
}


@pytest.mark.parametrize(("data", "expected"), READ.values(), ids=READ)
def test_a_passphrase_is_the_first_line(data: bytes, expected: str) -> None:
    descriptor = given(data)
    assert options.passphrase_from(descriptor) == expected
    os.close(descriptor)


BAD = {
    "nothing": b"",
    "empty line": b"\nsecond\n",
    "not UTF-8": b"secret\xff\n",
    "too long": b"s" * 5000,
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_an_unusable_passphrase_is_refused_without_showing_it(data: bytes) -> None:
    descriptor = given(data)
    with pytest.raises(UsageError) as caught:
        options.passphrase_from(descriptor)
    os.close(descriptor)
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_descriptor_that_is_not_open_is_refused() -> None:
    with pytest.raises(UsageError, match="file descriptor 999 cannot be read"):
        options.passphrase_from(999)


def test_no_terminal_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(*arguments: object, **more: object) -> None:
        del arguments, more
        pytest.fail("a question was asked")

    monkeypatch.setattr(click, "prompt", ask)
    with Path(os.devnull).open() as nobody:
        monkeypatch.setattr(sys, "stdin", nobody)
        assert options.passphrase(None) is None
        with pytest.raises(UsageError, match="no terminal to ask on") as caught:
            options.new_passphrase(None, none=False)
    assert "--passphrase-fd" in caught.value.hint
    monkeypatch.setattr(sys, "stdin", None)
    assert options.passphrase(None) is None


def test_init_without_a_terminal_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    ran = here(capsys, "init", "--domain", "lab.example.org")
    assert ran.code == 2
    assert "--no-passphrase" in ran.err


def test_both_ways_at_once_are_refused() -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        options.new_passphrase(3, none=True)
    assert options.new_passphrase(None, none=True) is None


def on_a_terminal(arguments: list[str], answers: list[bytes]) -> tuple[int, bytes]:
    """Run the program on a terminal; answer each time it stops to echo, as a person would."""
    pid, master = pty.fork()
    if pid == 0:
        os.execv(PROGRAM[0], [*PROGRAM, *arguments])  # noqa: S606 # the program under test
    seen = b""
    waiting = 600
    asked = False
    while waiting:
        if not select.select([master], [], [], 0.1)[0]:
            waiting -= 1
            hidden = not termios.tcgetattr(master)[3] & termios.ECHO
            if hidden and not asked and answers:
                os.write(master, answers.pop(0))
            asked = hidden
            continue
        try:
            part = os.read(master, 4096)
        except OSError:  # the other end is closed
            break
        seen += part
        asked = False
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(master)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen


def test_a_person_at_a_terminal_is_asked_and_nothing_is_echoed(tmp_path: Path) -> None:
    code, seen = on_a_terminal(
        ["init", "--domain", "lab.example.org"], [b"open sesame\n", b"open sesame\n"]
    )
    assert code == 0, seen
    assert b"Passphrase for the new keys" in seen
    assert b"sesame" not in seen
    assert keys.protection(keys.home_folder()) == "passphrase"

    code, seen = on_a_terminal(["case", "create", str(tmp_path / "case")], [b"open sesame\n"])
    assert code == 0, seen
    assert b"sesame" not in seen


def test_keys_without_a_passphrase_need_no_question(tmp_path: Path) -> None:
    code, seen = on_a_terminal(["case", "create", str(tmp_path / "case")], [])
    assert code == 0, seen
    assert b"Passphrase" not in seen


def test_the_passphrase_reaches_the_pipeline(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def create(case_dir: Path, **facts: object) -> JSON:
        seen.append((case_dir, facts["passphrase"]))
        return {"uuid": "1"}

    stand_in(monkeypatch, "case.cases", create=create)
    descriptor = given(b"open sesame\n")
    ran = here(capsys, "case", "create", "C", "--passphrase-fd", str(descriptor))
    os.close(descriptor)
    assert ran.code == 0
    assert seen == [(Path("C"), "open sesame")]
    assert "sesame" not in ran.out + ran.err


def test_fields_are_cut_at_the_first_equals_sign() -> None:
    context, parameter = click.Context(click.Command("x")), click.Option(["--field"])
    found = options.pairs(context, parameter, ["make=A=B", " seal = 4"])
    assert options.fields(found, "--field") == {"make": "A=B", "seal": " 4"}
    for bad in ("make", "=x", " =x"):
        with pytest.raises(click.BadParameter, match="NAME=VALUE"):
            options.pairs(context, parameter, [bad])
    with pytest.raises(UsageError, match="twice"):
        options.fields([("make", "A"), ("make", "B")], "--field")


def test_expected_digests_are_brought_into_one_form() -> None:
    context, parameter = click.Context(click.Command("x")), click.Option(["--expect"])
    assert options.digests(context, parameter, [f"SHA1:{'AB' * 20}"]) == (f"sha1:{'ab' * 20}",)
