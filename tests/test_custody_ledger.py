import os
from pathlib import Path

import pytest
from custody_bundle import SIGNER, SOFTWARE, opened, private_key

from heroes_forensics.custody import chain, keys, ledger, merkle, notes
from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON


def grown(count: int = 4) -> tuple[ledger.Ledger, list[bytes]]:
    clock, book, lines = ledger.Clock(), ledger.Ledger(), []
    for number in range(count):
        kind, body = ("ledger.opened", opened()) if not number else note(number)
        line = book.compose(kind, body, actor=SOFTWARE, stamp=clock.stamp())
        book.take(line)
        lines.append(line)
    return book, lines


def note(number: int) -> tuple[str, JSON]:
    return "quality.noted", {"kind": "limitation", "text": f"Nr. {number} ä"}


def short() -> list[bytes]:
    """Return two short lines: every byte of them is tried."""
    book, lines = ledger.Ledger(), []
    for number in range(2):
        line = book.compose(*note(number), actor=SOFTWARE, stamp=ledger.Clock().stamp())
        book.take(line)
        lines.append(line)
    return lines


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)


def test_a_ledger_is_taken_up_where_it_stands() -> None:
    book, lines = grown()
    again = ledger.Ledger(lines)
    assert (again.size, again.root) == (4, book.root)
    assert book.root == merkle.root(map(merkle.leaf, lines))
    assert book.root_at(2) == merkle.root(map(merkle.leaf, lines[:2]))
    stamp = ledger.Clock().stamp()
    line = again.compose(*note(4), actor=SOFTWARE, stamp=stamp)
    assert chain.verify([*lines, line]) == []


def test_composing_takes_nothing() -> None:
    book, _ = grown()
    before = (book.size, book.root)
    book.compose(*note(4), actor=SOFTWARE, stamp=ledger.Clock().stamp())
    assert (book.size, book.root) == before


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("weather.observed", {"rain": True}),
        ("quality.noted", {"kind": "limitation"}),
        ("quality.noted", {"kind": "limitation", "text": "x", "more": 1}),
        ("quality.noted", {"kind": "limitation", "text": "\ud800"}),
    ],
)
def test_what_the_vocabulary_does_not_hold_is_not_written(kind: str, body: JSON) -> None:
    book, _ = grown()
    with pytest.raises(CustodyError):
        book.compose(kind, body, actor=SOFTWARE, stamp=ledger.Clock().stamp())


def test_lines_that_do_not_follow_are_refused() -> None:
    _, lines = grown()
    for wrong in ([lines[0], lines[2]], [lines[1]], [lines[0], lines[0]], [lines[0][:-1]]):
        with pytest.raises(CustodyError, match="does not verify"):
            ledger.Ledger(wrong)


def test_a_checkpoint_signs_what_is_there() -> None:
    book, _ = grown()
    parsed = notes.parse(book.checkpoint(SIGNER))
    assert notes.read_checkpoint(parsed.text) == (SIGNER.name, 4, book.root)
    assert notes.verdict(parsed, notes.of(SIGNER)).good


def test_a_ledger_that_was_rewritten_is_never_signed() -> None:
    book, _ = grown()
    last = notes.read_checkpoint(notes.parse(book.checkpoint(SIGNER)).text)
    assert book.checkpoint(SIGNER, last=last)
    other, _ = grown()  # other times, so other lines
    shorter, _ = grown(2)
    stranger = keys.LedgerKey(keys.origin("lab.example", "x"), private_key("ledger"))
    for unlike, signer in ((other, SIGNER), (shorter, SIGNER), (book, stranger)):
        with pytest.raises(CustodyError, match="continuation"):
            unlike.checkpoint(signer, last=last)


@pytest.mark.usefixtures("_no_waiting")
def test_a_file_cut_at_any_byte_is_made_whole_again(tmp_path: Path) -> None:
    lines = short()
    whole, path = b"".join(lines), tmp_path / "ledger.jsonl"
    for cut in range(len(whole) + 1):
        path.write_bytes(whole[:cut])
        done = ledger.project(path, lines)
        assert path.read_bytes() == whole
        assert done.appended == len(lines) - whole[:cut].count(b"\n")
        assert done.cut == len(whole[:cut]) - whole[:cut].rfind(b"\n") - 1


def test_a_file_that_is_not_there_is_made(tmp_path: Path) -> None:
    _, lines = grown()
    path = tmp_path / "ledger.jsonl"
    assert ledger.project(path, lines) == (0, 4)
    assert path.read_bytes() == b"".join(lines)
    assert path.stat().st_mode & 0o077 == 0
    assert ledger.project(path, lines) == (0, 0)


def test_zeros_that_a_power_cut_left_are_a_torn_line(tmp_path: Path) -> None:
    _, lines = grown()
    path = tmp_path / "ledger.jsonl"
    path.write_bytes(lines[0] + lines[1][:20] + bytes(30))
    assert ledger.project(path, lines).cut == 50
    assert path.read_bytes() == b"".join(lines)


def test_a_file_that_disagrees_is_left_as_it_is(tmp_path: Path) -> None:
    _, lines = grown()
    whole = b"".join(lines)
    path = tmp_path / "ledger.jsonl"
    wrong = {
        "longer": whole + lines[0],
        "longer by a byte": whole + b"x",
        "another byte": whole.replace(b"Nr. 2", b"Nr. 7"),
        "another line": lines[0] + lines[2],
        "another torn line": lines[0] + b"{",
        "zeros in the middle": lines[0] + bytes(len(lines[1])) + lines[2],
    }
    wrong["another torn line"] = lines[0] + b"{x"
    for name, data in wrong.items():
        path.write_bytes(data)
        with pytest.raises(CustodyError):
            ledger.project(path, lines)
        assert path.read_bytes() == data, name


def test_appending_is_one_write_at_the_end(tmp_path: Path) -> None:
    _, lines = grown()
    path = tmp_path / "ledger.jsonl"
    ledger.project(path, lines[:1])
    ledger.append(path, lines[1:])
    assert path.read_bytes() == b"".join(lines)


def test_a_link_in_the_place_of_the_ledger_is_not_followed(tmp_path: Path) -> None:
    _, lines = grown()
    target, path = tmp_path / "target", tmp_path / "ledger.jsonl"
    target.write_bytes(b"")
    path.symlink_to(target)
    with pytest.raises(OSError, match="symbolic"):
        ledger.project(path, lines)
    assert target.read_bytes() == b""


def test_the_steady_clock_starts_with_the_process() -> None:
    clock = ledger.Clock()
    one, two = clock.stamp(), clock.stamp()
    assert one.proc == two.proc == clock.proc != ledger.Clock().proc
    assert 0 <= one.mono <= two.mono
    assert chain.is_time(one.time)
