"""Digests of as many messages at once as a vector register has lanes, as LLVM assembly.

A digest cannot be made faster for one message: each step waits for the one before it. Sixteen
messages side by side have no such chain between them, and a processor with vectors of 32-bit words
does the same step for all of them in one instruction. What several algorithms read is loaded and
sorted into lanes once. Steps, constants and rotations: RFC 1321, section 3.4, for MD5; FIPS 180-4,
sections 4, 5 and 6, for SHA-1 and SHA-256. The language: https://llvm.org/docs/LangRef.html.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Final

BLOCK: Final = 64
"""Bytes that one round of the function takes from each message."""

_WORDS: Final = 16
_PARAMETERS: Final = "ptr %state, ptr %messages, ptr %counts, i64 %blocks, i32 %final"
_FIRST_WORDS: Final = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)


def _primes() -> Iterator[int]:
    return (n for n in count(2) if all(n % divisor for divisor in range(2, math.isqrt(n) + 1)))


def _cube_root(number: int) -> int:
    """Return the largest whole number whose cube is not above ``number``."""
    low, high = 0, 1 << (number.bit_length() // 3 + 1)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle)
    return low


_SINES: Final = [int(abs(math.sin(step + 1)) * 2**32) for step in range(64)]
_TURNS: Final = ((7, 12, 17, 22), (5, 9, 14, 20), (4, 11, 16, 23), (6, 10, 15, 21))
_WORD_OF: Final = ((1, 0), (5, 1), (3, 5), (7, 0))
"""Factor and summand of the word that a step of each round of MD5 takes, modulo 16."""
_SHA1: Final = (0x5A827999, 0x6ED9EBA1, 0x8F1BBCDC, 0xCA62C1D6)
_CUBE_ROOTS: Final = [_cube_root(prime << 96) % 2**32 for prime in islice(_primes(), 64)]

INITIAL: Final[Mapping[str, tuple[int, ...]]] = {
    "md5": _FIRST_WORDS[:4],
    "sha1": _FIRST_WORDS,
    "sha256": tuple(math.isqrt(prime << 64) % 2**32 for prime in islice(_primes(), 8)),
}
"""The words that each algorithm starts with, in the order in which its digest has them."""


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

    def both(self, operation: str, first: str, *others: str) -> str:
        """Return what an operation makes of the first and each further value in turn."""
        for other in others:
            first = self.value(f"{operation} {self.vector} {first}, {other}")
        return first

    def every(self, number: int) -> str:
        """Return a vector that holds ``number`` in each lane."""
        return "<" + ", ".join([f"i32 {number}"] * self.lanes) + ">"

    def spread(self, number: str) -> str:
        """Return a vector that holds a 32-bit value in each lane."""
        alone = self.value(f"insertelement {self.vector} poison, i32 {number}, i32 0")
        return self.value(
            f"shufflevector {self.vector} {alone}, {self.vector} poison,"
            f" <{self.lanes} x i32> zeroinitializer"
        )

    def chosen(self, mask: str, one: str, other: str) -> str:
        """Return in each lane one value where the bit of the mask is set, else the other."""
        choice = f"<{self.lanes} x i1> {mask}, {self.vector} {one}, {self.vector} {other}"
        return self.value(f"select {choice}")

    def picked(self, one: str, other: str, positions: list[int]) -> str:
        mask = f"{self.vector} <" + ", ".join(f"i32 {position}" for position in positions) + ">"
        return self.value(f"shufflevector {self.vector} {one}, {self.vector} {other}, {mask}")

    def turned(self, value: str, bits: int) -> str:
        """Return a value whose words are rotated to the left."""
        return self.value(
            f"call {self.vector} @llvm.fshl.v{self.lanes}i32({self.vector} {value},"
            f" {self.vector} {value}, {self.vector} {self.every(bits)})"
        )

    def swapped(self, value: str) -> str:
        """Return a value whose words have their bytes in the other order."""
        return self.value(f"call {self.vector} @llvm.bswap.v{self.lanes}i32({self.vector} {value})")


def program(lanes: int, algorithms: Sequence[str]) -> str:
    """Return ``void digests(state, messages, counts, blocks, final)`` for at most 16 messages.

    ``state`` points to ``lanes`` words for each word of each algorithm, in the order of
    ``algorithms`` and of `INITIAL`, which are read and written; ``messages`` to ``lanes`` pointers;
    ``counts`` to ``lanes`` 32-bit numbers, how many blocks are taken from each; ``blocks``, at
    least 1, is the largest of them. Where ``final`` is not 0, the last block of each ends with the
    length of the message in bits as MD5 has it: the lower word first. A lane that has taken its
    blocks reads the last of them again, and keeps its state. (One whose count is 0 reads one block
    too: its pointer has to lead to 64 bytes.)
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
        number = text.value(f"extractelement {vector} {counts}, i32 {lane}")
        most = text.value(f"call i32 @llvm.umax.i32(i32 {number}, i32 1)")
        lasts.append(text.value(f"zext i32 {text.value(f'sub i32 {most}, 1')} to i64"))
    ends = text.both("sub", counts, text.spread("%final"))
    length_at = text.both("or", ends, text.both("sub", text.spread("%final"), text.every(1)))
    rows = sum(len(INITIAL[name]) for name in algorithms)
    places = [text.value(f"getelementptr {vector}, ptr %state, i64 {row}") for row in range(rows)]
    first = [text.value(f"load {vector}, ptr {place}, align 4") for place in places]
    text.line("br label %block")
    text.line("block:")
    text.line("%number = phi i64 [0, %entry], [%next, %block]")
    for row, name in enumerate(first):
        text.line(f"%before{row} = phi {vector} [{name}, %entry], [%after{row}, %block]")
    words = list(_words(text, starts, lasts))
    now = text.spread(text.value("trunc i64 %number to i32"))
    busy = text.value(f"icmp ult {vector} {now}, {counts}")
    if set(algorithms) != {"md5"}:
        at_end = text.value(f"icmp eq {vector} {now}, {length_at}")
        turned = _big_endian(text, words, at_end)
    row = 0
    for name in algorithms:
        before = [f"%before{row + index}" for index in range(len(INITIAL[name]))]
        after = _STEPS[name](text, before, words if name == "md5" else turned)
        for old, new in zip(before, after, strict=True):
            choice = f"<{lanes} x i1> {busy}, {vector} {text.both('add', old, new)}, {vector} {old}"
            text.line(f"%after{row} = select {choice}")
            row += 1
    text.line("%next = add i64 %number, 1")
    text.line("%more = icmp ult i64 %next, %blocks")
    text.line("br i1 %more, label %block, label %end")
    text.line("end:")
    for row, place in enumerate(places):
        text.line(f"store {vector} %after{row}, ptr {place}, align 4")
    return "\n".join(
        (
            f"declare {vector} @llvm.fshl.v{lanes}i32({vector}, {vector}, {vector})",
            f"declare {vector} @llvm.bswap.v{lanes}i32({vector})",
            "declare i32 @llvm.umax.i32(i32, i32)",
            "declare i64 @llvm.umin.i64(i64, i64)",
            f"define void @digests({_PARAMETERS}) {{",
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


def _big_endian(text: _Text, words: list[str], at_end: str) -> list[str]:
    """Return the words as SHA reads them; where the block ends with the length, that too."""
    swapped = [text.swapped(word) for word in words]
    low, high = words[-2:]
    return [
        *swapped[:-2],
        text.chosen(at_end, high, swapped[-2]),
        text.chosen(at_end, low, swapped[-1]),
    ]


def _md5(text: _Text, state: list[str], words: list[str]) -> list[str]:
    a, b, c, d = state
    for step in range(64):
        turn, inside = divmod(step, 16)
        factor, summand = _WORD_OF[turn]
        mixed = text.both("add", a, _mixed(text, turn, b, c, d))
        given = text.both(
            "add", words[(factor * step + summand) % _WORDS], text.every(_SINES[step])
        )
        turned = text.turned(text.both("add", mixed, given), _TURNS[turn][inside % 4])
        a, b, c, d = d, text.both("add", b, turned), b, c
    return [a, b, c, d]


def _mixed(text: _Text, turn: int, b: str, c: str, d: str) -> str:
    """Return F, G, H or I of RFC 1321; F and G in the form with one operation less."""
    if turn == 0:
        return _choice(text, b, c, d)
    if turn == 1:
        return _choice(text, d, b, c)
    if turn == 2:  # noqa: PLR2004 - the third of four
        return text.both("xor", b, c, d)
    return text.both("xor", c, text.both("or", b, text.both("xor", d, text.every(-1))))


def _choice(text: _Text, b: str, c: str, d: str) -> str:
    """Return Ch of FIPS 180-4: bits of ``c`` where ``b`` has one, else bits of ``d``."""
    return text.both("xor", d, text.both("and", b, text.both("xor", c, d)))


def _majority(text: _Text, b: str, c: str, d: str) -> str:
    """Return Maj of FIPS 180-4: what two of three bits say."""
    return text.both("or", text.both("and", b, c), text.both("and", d, text.both("or", b, c)))


def _sha1(text: _Text, state: list[str], words: list[str]) -> list[str]:
    a, b, c, d, e = state
    words = list(words)
    for step in range(80):
        if step >= _WORDS:
            mixed = text.both("xor", words[-3], words[-8], words[-14], words[-16])
            words.append(text.turned(mixed, 1))
        turn = step // 20
        function = (_choice, _parity, _majority, _parity)[turn]
        given = text.both("add", e, text.every(_SHA1[turn]), words[step])
        total = text.both("add", given, function(text, b, c, d), text.turned(a, 5))
        a, b, c, d, e = total, a, text.turned(b, 30), c, d
    return [a, b, c, d, e]


def _parity(text: _Text, b: str, c: str, d: str) -> str:
    return text.both("xor", b, c, d)


def _sha256(text: _Text, state: list[str], words: list[str]) -> list[str]:
    a, b, c, d, e, f, g, h = state
    words = list(words)
    for step in range(64):
        if step >= _WORDS:
            one = _sigma(text, words[-15], (7, 18), 3)
            other = _sigma(text, words[-2], (17, 19), 10)
            words.append(text.both("add", words[-16], words[-7], one, other))
        given = text.both("add", h, text.every(_CUBE_ROOTS[step]), words[step])
        first = text.both("add", given, _choice(text, e, f, g), _sum(text, e, (6, 11, 25)))
        second = text.both("add", _majority(text, a, b, c), _sum(text, a, (2, 13, 22)))
        d = text.both("add", d, first)
        a, b, c, d, e, f, g, h = text.both("add", first, second), a, b, c, d, e, f, g
    return [a, b, c, d, e, f, g, h]


def _sum(text: _Text, value: str, turns: Sequence[int]) -> str:
    """Return a capital sigma of FIPS 180-4: three rotations to the right, combined."""
    return text.both("xor", *(text.turned(value, 32 - bits) for bits in turns))


def _sigma(text: _Text, value: str, turns: Sequence[int], shift: int) -> str:
    """Return a small sigma of FIPS 180-4: two rotations to the right and a shift, combined."""
    shifted = text.both("lshr", value, text.every(shift))
    return text.both("xor", shifted, *(text.turned(value, 32 - bits) for bits in turns))


_STEPS: Final[Mapping[str, Callable[[_Text, list[str], list[str]], list[str]]]] = {
    "md5": _md5,
    "sha1": _sha1,
    "sha256": _sha256,
}
