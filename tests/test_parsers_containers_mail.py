"""Messages and mailboxes: what other programs take out of real ones, we do."""

import base64
import binascii
import gzip
import mailbox
import re
from email.message import EmailMessage
from pathlib import Path

import pytest
from corpus import evidence
from filesystem_images import run as ran
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry
from heroes_forensics.parsers.base import FileSystem
from heroes_forensics.parsers.containers import mail

MESSAGES = ("tika-testEmailWithPNGAtt.eml", "tika-testRFC822_multipart_attachments.eml")


def listed(found: FileSystem) -> list[Entry]:
    return [entry for entry in found.entries() if isinstance(entry, Entry)]


def content(found: FileSystem, entry: Entry) -> bytes:
    reader = found.open(entry.handle)
    return reader.pread(0, reader.size)


PREAMBLE = b"This is a multi-part message in MIME format."
"""What stands before the first part is none; ripMIME writes it out all the same."""


def plain(data: bytes) -> bytes:
    """Return a text without what programs make of its line ends; a picture stays what it is."""
    return data if b"\0" in data else data.replace(b"\r\n", b"\n").strip()


@pytest.mark.parametrize("name", MESSAGES)
def test_what_ripmime_takes_out_of_a_message_is_a_member(name: str, tmp_path: Path) -> None:
    path = evidence(f"mail/{name}")
    found = mail.open_message(Memory(path.read_bytes()))
    ours = {plain(content(found, entry)) for entry in listed(found)}
    ran("ripmime", "-i", path, "-d", tmp_path)
    theirs = {plain(each.read_bytes()) for each in tmp_path.iterdir()} - {b"", PREAMBLE}
    assert len(theirs) >= 2
    assert theirs <= ours


@pytest.mark.parametrize("name", ["iped-test_mbox.mbox.gz", "tika-complex.mbox"])
def test_a_mailbox_has_the_messages_that_python_finds_in_it(name: str, tmp_path: Path) -> None:
    data = evidence(f"mail/{name}").read_bytes()
    if name.endswith(".gz"):
        data = gzip.decompress(data)
    found = mail.open_mbox(Memory(data))
    entries = listed(found)
    (tmp_path / "box").write_bytes(data)
    with (tmp_path / "box").open("rb"):
        box = mailbox.mbox(tmp_path / "box", create=False)
        wanted = [box.get_bytes(key).rstrip() for key in box.iterkeys()]
        box.close()
    assert [content(found, entry).replace(b"\r\n", b"\n").rstrip() for entry in entries] == [
        each.replace(b"\r\n", b"\n") for each in wanted
    ]


def message(number: int, attached: bytes) -> bytes:
    made = EmailMessage()
    made["From"], made["Subject"] = "a@b.example", f"message {number}"
    made.set_content("text\n")
    made.add_attachment(attached, maintype="image", subtype="png", filename=f"../p{number}.png")
    return made.as_bytes()


def test_parts_have_the_names_that_were_given_and_numbers_without_one() -> None:
    found = mail.open_message(Memory(message(1, b"\x89PNG")))
    text, picture = listed(found)
    assert (text.locator, text.path) == ("p0", b"$part-0")
    assert (picture.locator, picture.path) == ("p1", b"../p1.png")
    assert content(found, picture) == b"\x89PNG"


def test_separators_across_pieces_are_seen_once(monkeypatch: pytest.MonkeyPatch) -> None:
    line = b"From a@b.example Thu Jan  1 00:00:00 2020\n"
    messages = [message(number, bytes([number]) * 700) for number in range(9)]
    data = b"\n".join(line + each for each in messages)
    for size in (317, 401, 999, 5000):
        monkeypatch.setattr(mail, "_CHUNK", size)
        found = mail.open_mbox(Memory(data))
        entries = listed(found)
        assert [content(found, each).strip() for each in entries] == [m.strip() for m in messages]
        starts = [each.start() for each in re.finditer(re.escape(line), data)]
        assert [each.locator for each in entries] == [f"m@{at:#x}" for at in starts]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_a_message_behind_an_empty_one_is_a_message(end: bytes) -> None:
    line = b"From a@b.example Thu Jan  1 00:00:00 2020" + end
    inside = message(1, b"\x89PNG").replace(b"\n", end)
    found = mail.open_mbox(Memory(line + end + line + end + line + inside))
    assert [content(found, each) for each in listed(found)] == [end, end, inside]


def test_what_is_none_is_refused() -> None:
    for data in (b"", b"From here on", b"From a\n"):
        with pytest.raises(EvidenceError):
            mail.open_mbox(Memory(data))


def test_parts_within_parts_without_end_are_refused_or_read() -> None:
    nested = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(3000)
    )
    try:
        found = mail.open_message(Memory(nested))
    except EvidenceError:
        return
    for entry in listed(found):
        content(found, entry)


@given(st.binary(max_size=400), st.sampled_from([b"", b"From a 2020\n", b"MIME-Version: 1.0\n"]))
def test_no_bytes_make_it_crash(junk: bytes, first: bytes) -> None:
    for opened in (mail.open_message, mail.open_mbox):
        try:
            found: FileSystem = opened(Memory(first + junk))
        except EvidenceError:
            continue
        for entry in listed(found):
            try:
                content(found, entry)
            except OSError:
                continue


def test_a_message_that_was_encoded_as_a_whole_is_one_part_and_opens_in_turn() -> None:
    inner = b"Subject: inside\r\nMIME-Version: 1.0\r\n\r\ntext of the message inside\r\n"
    outer = (
        b"Subject: outside\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n"
        b'Content-Disposition: attachment; filename="in.eml"\r\n\r\n'
        + base64.encodebytes(inner)
        + b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        + inner
        + b"\r\n--b--\r\n"
    )
    found = mail.open_message(Memory(outer))
    entries = [each for each in found.entries() if isinstance(each, Entry)]
    contents = [found.open(each.handle).pread(0, 1 << 16) for each in entries]
    assert [each.path for each in entries] == [b"in.eml", b"$part-1"]
    assert contents[0] == inner
    assert contents[1].startswith(b"text of the message inside")


def uuencoded(name: str, data: bytes, *, blanks: bool = True, end: str = "end") -> str:
    lines = [binascii.b2a_uu(data[at : at + 45]).decode() for at in range(0, len(data), 45)]
    text = "".join(lines) + "`\n"
    if not blanks:
        text = "".join(line.rstrip(" \n") + "\n" for line in text.splitlines())
    return f"begin 644 {name}\n{text}{end}\n"


@pytest.mark.parametrize("encoding", ["7bit", "base64", "quoted-printable"])
def test_what_was_uuencoded_in_the_text_is_a_member(encoding: str) -> None:
    first, second = bytes(range(256)) * 3, b"\xff\xd8\xff" + bytes(60)
    text = "Hello,\nbegin 12 of the story\n\n" + uuencoded("a.jpg", first)
    text += "and\n" + uuencoded("b.jpg", second, blanks=False) + "Bye\n"
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.set_content(text, cte=encoding)
    message.add_attachment(b"begin 644 no.jpg\n#0V%T\n`\nend\n", maintype="image", subtype="x")
    found = mail.open_message(Memory(message.as_bytes()))
    body, *inside, _ = listed(found)
    assert [each.path for each in inside] == [b"a.jpg", b"b.jpg"]
    assert [content(found, each) for each in inside] == [first, second]
    assert re.fullmatch(r"p0@0x[0-9a-f]+", inside[0].locator)
    assert content(found, body).startswith(b"Hello")


@pytest.mark.parametrize("end", ["", "begin 644 next\n#0V%T"])
def test_uuencoded_lines_without_an_end_cannot_be_read(end: str) -> None:
    text = "From: a@example.org\n\n" + uuencoded("a", b"x" * 100, end=end)
    found = mail.open_message(Memory(text.encode()))
    with pytest.raises(OSError, match=r"damaged|missing"):
        content(found, listed(found)[1])


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
@pytest.mark.parametrize("where", ["in front", "behind"])
def test_what_is_written_in_front_of_and_behind_parts_is_a_member(where: str, ends: bytes) -> None:
    hidden = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9
    lines = base64.encodebytes(hidden)
    more = b"some words\nContent-Transfer-Encoding: base64\n\n" + lines + b"\nmore words\n"
    more += uuencoded("a.png", hidden).encode()
    plain = message(1, b"attached").replace(b"\n\n--", b"\n\n%s--", 1)
    whole = plain.replace(b"%s", more if where == "in front" else b"")
    whole += b"\n" + (more if where == "behind" else b"")
    found = mail.open_message(Memory(whole.replace(b"\n", ends)))
    text, attached, outside, first, second = listed(found)
    assert content(found, attached) == b"attached"
    assert content(found, outside).split()[:2] == [b"some", b"words"]
    assert (outside.locator, first.locator[:3], second.locator[:3]) == ("r0", "r0@", "r0@")
    assert content(found, first) == content(found, second) == hidden
    assert text.locator == "p0"


def test_some_lines_around_parts_are_no_members_and_many_are() -> None:
    for size, count in ((4095, 0), (4096, 1)):  # and the end of a line
        whole = message(1, b"attached") + b"\n" + b"w" * size
        assert len(listed(mail.open_message(Memory(whole)))) == 2 + count
