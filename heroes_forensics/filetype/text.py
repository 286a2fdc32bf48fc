"""Text, and the kinds of text that say in their first lines what they are."""

# ruff: noqa: PLR2004 - the numbers are those of the formats

import codecs
import re
from typing import Final

_WINDOW: Final = 4096
"""Bytes looked at."""
_FIRST_LOOK: Final = 64

_CONTROLS: Final = bytes(set(range(32)) - set(b"\a\b\t\n\f\r\x1b")) + b"\x7f"
"""Bytes that text does not hold."""

_HIGH_SHARE: Final = 0.3
"""Largest share of bytes above 127 in 8-bit text of an unknown character set."""

_MAIL: Final = re.compile(
    rb"(?:Return-Path|Received|Delivered-To|Message-ID|MIME-Version|From|To|Date|Subject"
    rb"|Content-Type|X-[A-Za-z0-9-]{1,60}|DKIM-Signature|Reply-To|Envelope-To): ?[^\r\n]*\r?\n",
    re.IGNORECASE,
)
_MAIL_PROOF: Final = re.compile(
    rb"^(?:Received|Message-ID|MIME-Version|From|Return-Path): ?\S", re.IGNORECASE | re.MULTILINE
)
_MBOX: Final = re.compile(rb"From [^\r\n]{3,200}\d\d:\d\d(?::\d\d)?[^\r\n]*\r?\n")
_EMLX: Final = re.compile(rb"\d{1,12}\s*\n")
_JSON: Final = re.compile(rb'(?:\{\s*(?:"|\})|\[\s*(?:[\[{"\]0-9-]|true|false|null))')
_HTML: Final = (
    b"<!doctype html",
    b"<html",
    b"<head",
    b"<body",
    b"<script",
    b"<title",
    b"<table",
    b"<?php",
)
_FIRST_WORDS: Final = (
    (b"%!ps", "postscript"),
    (b"{\\rtf", "rtf"),
    (b"begin:vcard", "vcard"),
    (b"begin:vcalendar", "calendar"),
    (b"-----begin ", "pem"),
    (b"#!", "script"),
)
# What a text can only be by its first letter is not looked for when it begins with another.
_FIRST_LETTERS: Final = frozenset(word[:1] for word, _ in _FIRST_WORDS)
_JSON_LETTERS: Final = frozenset({b"{", b"["})
_MAIL_LETTERS: Final = frozenset(
    letter for each in "RrDdMmFfTtSsCcXxEe0123456789" for letter in [each.encode()]
)


def _kind(head: bytes) -> str:
    """Name the kind of text that ``head``, without a byte order mark, begins."""
    start = head.lstrip()[:1024]
    low = start[:512].lower()
    first = low[:1]
    found = ""
    if first in _FIRST_LETTERS:
        found = next((name for word, name in _FIRST_WORDS if low.startswith(word)), "")
    if first == b"<":
        found = _markup(low)
    if not found and first in _JSON_LETTERS and _JSON.match(start):
        found = "json"
    return found or (_mail(head) if head[:1] in _MAIL_LETTERS else "") or "text"


def _markup(low: bytes) -> str:
    if low.startswith(_HTML):
        return "html"
    if not low.startswith((b"<?xml", b"<!--", b"<svg", b"<!doctype svg")):
        return ""
    for mark, name in ((b"<svg", "svg"), (b"<html", "html"), (b"<?xml", "xml")):
        if mark in low:
            return name
    return ""


def _mail(head: bytes) -> str:
    if _MBOX.match(head):
        return "mbox"
    number = _EMLX.match(head)
    at = number.end() if number else 0
    line = _MAIL.match(head, at)
    return "eml" if line and _MAIL_PROOF.search(head, at) and _second_header(head, at) else ""


def _second_header(head: bytes, at: int) -> bool:
    """Tell whether two different header lines come before the first empty line."""
    block = re.split(rb"\r?\n\r?\n", head[at:], maxsplit=1)[0]
    return len(_MAIL.findall(block + b"\n")) > 1


def sniff_text(head: bytes) -> str:
    """Return the name of a text type, or ``""`` when this is not text."""
    window = head[:_WINDOW]
    if window.startswith(codecs.BOM_UTF8):
        return _kind(window[3:]) if len(window.translate(None, _CONTROLS)) == len(window) else ""
    start = window[:_FIRST_LOOK]  # most of what is no text shows it here already
    if len(start.translate(None, _CONTROLS)) != len(start) or len(
        window.translate(None, _CONTROLS)
    ) != len(window):
        return _utf16_without_mark(window)
    if not window.isascii():
        try:
            codecs.getincrementaldecoder("utf-8")().decode(window)
        except UnicodeDecodeError:
            high = sum(byte > 127 for byte in window[:512])
            if high > _HIGH_SHARE * len(window[:512]):
                return ""
    return _kind(window)


def _utf16_without_mark(window: bytes) -> str:
    """Windows writes UTF-16 without a mark: Latin letters with a zero byte after (or before)."""
    if b"\0" not in window[:2]:
        return ""
    even = window[: len(window) & ~1][:256]
    for zeros, letters in ((even[1::2], even[::2]), (even[::2], even[1::2])):
        plain = len(letters.translate(None, _CONTROLS)) == len(letters) and letters.isascii()
        if len(letters) > 3 and plain and not zeros.strip(b"\0"):
            return "text-utf16"
    return ""


def sniff_utf16(head: bytes) -> str:
    """Text behind a UTF-16 byte order mark."""
    window = head[: min(len(head), _WINDOW) & ~1]
    try:
        decoded = codecs.getincrementaldecoder("utf-16")().decode(window)
    except UnicodeDecodeError:
        return ""
    plain = decoded.encode("utf-8", "surrogatepass")
    if len(plain.translate(None, _CONTROLS)) != len(plain):
        return ""
    kind = _kind(plain)
    return "text-utf16" if kind == "text" else kind
