"""MD5 of as many messages at once as a vector register has lanes, as LLVM assembly.

MD5 cannot be made faster for one message: each step waits for the one before it. Sixteen messages
side by side have no such chain between them, and a processor with vectors of 32-bit words does the
same step for all of them in one instruction. Steps, constants and rotations: RFC 1321, section 3.4.
The language: https://llvm.org/docs/LangRef.html.
"""

import math
from collections.abc import Iterator
from typing import Final

BLOCK: Final = 64
"""Bytes that one round of the function takes from each message."""

_WORDS: Final = 16
_SINES: Final = [int(abs(math.sin(step + 1)) * 2**32) for step in range(64)]
_TURNS: Final = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
_WORD_OF: Final = ((1, 0), (5, 1), (3, 5), (7, 0))
"""Factor and summand of the word that a step of each round takes, modulo 16."""


class _Text:
    """Lines of one function; each operation gets a name of its own."""

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.vector = f"<{lanes} x i32>"
        self.lines: list[str] = []
        self._names = 0

    def line(self, text: str) -> None:
        self.lines.append(text)

    def value(self, text: str) -> str:
        """Add an operation and return the name of its result."""
        self._names += 1
        self.lines.append(f"%v{self._names} = {text}")
        return f"%v{self._names}"

    def both(self, operation: str, one: str, other: str) -> str:
        return self.value(f"{operation} {self.vector} {one}, {other}")

    def every(self, number: int) -> str:
        """Return a vector that holds ``number`` in each lane."""
        return "<" + ", ".join([f"i32 {number}"] * self.lanes) + ">"

    def picked(self, one: str, other: str, positions: list[int]) -> str:
        mask = f"{self.vector} <" + ", ".join(f"i32 {position}" for position in positions) + ">"
        return self.value(f"shufflevector {self.vector} {one}, {self.vector} {other}, {mask}")


def program(lanes: int) -> str:
    """Return ``void md5(state, messages, counts, blocks)`` for ``lanes`` messages, at most 16.

    ``state`` points to 4 x ``lanes`` words (a of every lane, then b, c, d), which are read and
    written; ``messages`` to ``lanes`` pointers; ``counts`` to ``lanes`` 32-bit numbers, how many
    blocks are taken from each; ``blocks``, at least 1, is the largest of them. A lane that has
    taken its blocks reads the last of them again, and keeps its state. (One whose count is 0
    reads one block too: its pointer has to lead to 64 bytes.)
    """
    text = _Text(lanes)
    vector = text.vector
    starts = []
    for lane in range(lanes):
        place = text.value(f"getelementptr ptr, ptr %messages, i64 {lane}")
        starts.append(text.value(f"load ptr, ptr {place}"))
    counts = text.value(f"load {vector}, ptr %counts, align 4")
    lasts = []
    for lane in range(lanes):
        count = text.value(f"extractelement {vector} {counts}, i32 {lane}")
        most = text.value(f"call i32 @llvm.umax.i32(i32 {count}, i32 1)")
        lasts.append(text.value(f"zext i32 {text.value(f'sub i32 {most}, 1')} to i64"))
    places = [text.value(f"getelementptr {vector}, ptr %state, i64 {row}") for row in range(4)]
    first = [text.value(f"load {vector}, ptr {place}, align 4") for place in places]
    text.line("br label %block")
    text.line("block:")
    text.line("%number = phi i64 [0, %entry], [%next, %block]")
    for row, name in enumerate(first):
        text.line(f"%before{row} = phi {vector} [{name}, %entry], [%after{row}, %block]")
    before = [f"%before{row}" for row in range(4)]
    after = _steps(text, before, list(_words(text, starts, lasts)))
    narrow = text.value("trunc i64 %number to i32")
    alone = text.value(f"insertelement {vector} poison, i32 {narrow}, i32 0")
    now = text.value(
        f"shufflevector {vector} {alone}, {vector} poison, <{lanes} x i32> zeroinitializer"
    )
    busy = text.value(f"icmp ult {vector} {now}, {counts}")
    for row, (old, new) in enumerate(zip(before, after, strict=True)):
        total = text.both("add", old, new)
        choice = f"<{lanes} x i1> {busy}, {vector} {total}, {vector} {old}"
        text.line(f"%after{row} = select {choice}")
    text.line("%next = add i64 %number, 1")
    text.line("%more = icmp ult i64 %next, %blocks")
    text.line("br i1 %more, label %block, label %end")
    text.line("end:")
    for row, place in enumerate(places):
        text.line(f"store {vector} %after{row}, ptr {place}, align 4")
    return "\n".join(
        (
            f"declare {vector} @llvm.fshl.v{lanes}i32({vector}, {vector}, {vector})",
            "declare i32 @llvm.umax.i32(i32, i32)",
            "declare i64 @llvm.umin.i64(i64, i64)",
            "define void @md5(ptr %state, ptr %messages, ptr %counts, i64 %blocks) {",
            "entry:",
            *text.lines,
            "ret void",
            "}",
        )
    )


def _words(text: _Text, starts: list[str], lasts: list[str]) -> Iterator[str]:
    """Yield the 16 words of the block, each as a vector over the lanes: a transposition."""
    blocks = []
    for start, last in zip(starts, lasts, strict=True):
        index = text.value(f"call i64 @llvm.umin.i64(i64 %number, i64 {last})")
        offset = text.value(f"mul i64 {index}, {BLOCK}")
        blocks.append(text.value(f"getelementptr i8, ptr {start}, i64 {offset}"))
    for part in range(0, _WORDS, text.lanes):
        rows = []
        for block in blocks:
            place = text.value(f"getelementptr i32, ptr {block}, i64 {part}")
            rows.append(text.value(f"load {text.vector}, ptr {place}, align 1"))
        # Swap ever larger squares beside the diagonal.
        side = 1
        while side < text.lanes:
            for row in (each for each in range(text.lanes) if not each & side):
                one, other = rows[row], rows[row | side]
                columns = range(text.lanes)
                low = [text.lanes + (c & ~side) if c & side else c for c in columns]
                high = [text.lanes + c if c & side else c | side for c in columns]
                rows[row] = text.picked(one, other, low)
                rows[row | side] = text.picked(one, other, high)
            side *= 2
        yield from rows


def _steps(text: _Text, state: list[str], words: list[str]) -> list[str]:
    a, b, c, d = state
    for step in range(64):
        turn, inside = divmod(step, 16)
        factor, summand = _WORD_OF[turn]
        mixed = text.both("add", a, _mixed(text, turn, b, c, d))
        given = text.both(
            "add", words[(factor * step + summand) % _WORDS], text.every(_SINES[step])
        )
        total = text.both("add", mixed, given)
        turned = text.value(
            f"call {text.vector} @llvm.fshl.v{text.lanes}i32({text.vector} {total},"
            f" {text.vector} {total}, {text.vector} {text.every(_TURNS[turn][inside % 4])})"
        )
        a, b, c, d = d, text.both("add", b, turned), b, c
    return [a, b, c, d]


def _mixed(text: _Text, turn: int, b: str, c: str, d: str) -> str:
    """Return F, G, H or I of RFC 1321; F and G in the form with one operation less."""
    if turn == 0:
        return text.both("xor", d, text.both("and", b, text.both("xor", c, d)))
    if turn == 1:
        return text.both("xor", c, text.both("and", d, text.both("xor", b, c)))
    if turn == 2:  # noqa: PLR2004 - the third of four
        return text.both("xor", text.both("xor", b, c), d)
    return text.both("xor", c, text.both("or", b, text.both("xor", d, text.every(-1))))
