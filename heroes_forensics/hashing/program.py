"""Digests of as many messages at once as a vector register has lanes, as LLVM assembly.

A digest cannot be made faster for one message: each step waits for the one before it. Sixteen
messages side by side have no such chain between them, and a processor with vectors of 32-bit words
does the same step for all of them in one instruction. What several algorithms read is loaded and
sorted into lanes once, and their steps take turns: while one waits for its last step, the others
go on. Each has four parts of four equal turns, so that there are four loops: written out, the same
steps take four times as long to compile. Steps, constants and rotations: RFC 1321, section 3.4, for
MD5; FIPS 180-4, sections 4, 5 and 6, for SHA-1 and SHA-256. The language:
https://llvm.org/docs/LangRef.html.
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

_PARTS: Final = 4
"""Parts of each algorithm, and turns of each part."""
_SHA1_STEPS: Final = 80
_TABLES: Final = [
    f"@{name} = private constant [64 x i32] [" + ", ".join(f"i32 {word}" for word in words) + "]"
    for name, words in (("sines", _SINES), ("roots", _CUBE_ROOTS))
]

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
        self.here = "entry"
        """The label of the block of code that lines go to."""
        self._names = self._loops = 0

    def line(self, text: str) -> None:
        self.lines.append(text)

    def loop(
        self, turns: int, values: Sequence[str], body: Callable[[str, list[str]], list[str]]
    ) -> list[str]:
        """Add a loop and return its values after the last turn.

        Args:
            turns: how often, at least once.
            values: vectors before the first turn.
            body: what adds one turn: takes its number (64 bits) and the values, returns the next.
        """
        self._loops += 1
        head, before = f"loop{self._loops}", self.here
        number, after = f"%{head}_turn", f"%{head}_after"
        names = [f"%{head}_{index}" for index in range(len(values))]
        self.line(f"br label %{head}")
        self.line(f"{head}:")
        self.here = head
        place = len(self.lines)
        made = body(number, names)
        self.lines[place:place] = [
            f"{number} = phi i64 [0, %{before}], [{after}, %{head}]",
            *(
                f"{name} = phi {self.vector} [{first}, %{before}], [{later}, %{head}]"
                for name, first, later in zip(names, values, made, strict=True)
            ),
        ]
        self.line(f"{after} = add i64 {number}, 1")
        more = self.value(f"icmp ult i64 {after}, {turns}")
        self.here = f"{head}_end"
        self.line(f"br i1 {more}, label %{head}, label %{self.here}")
        self.line(f"{self.here}:")
        return made

    def step(self, turn: str, steps: int, offset: int) -> str:
        """Return the number of a step: of ``steps`` in each turn the one at ``offset``."""
        first = self.value(f"mul i64 {turn}, {steps}")
        return self.value(f"add i64 {first}, {offset}")

    def constant(self, table: str, step: str) -> str:
        """Return a vector that holds a word of a table in each lane."""
        place = self.value(f"getelementptr i32, ptr @{table}, i64 {step}")
        return self.spread(self.value(f"load i32, ptr {place}, align 4"))

    def kept(self, array: str, step: str) -> str:
        """Return a vector of an array."""
        place = self.value(f"getelementptr {self.vector}, ptr {array}, i64 {step}")
        return self.value(f"load {self.vector}, ptr {place}, align {4 * self.lanes}")

    def keep(self, array: str, step: str, value: str) -> None:
        """Put a vector into an array."""
        place = self.value(f"getelementptr {self.vector}, ptr {array}, i64 {step}")
        self.line(f"store {self.vector} {value}, ptr {place}, align {4 * self.lanes}")

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
    for name in algorithms:
        text.line(f"%{name} = alloca {vector}, i64 {_SHA1_STEPS}, align {4 * lanes}")
    text.line("br label %block")
    text.line("block:")
    text.here = "block"
    heads = len(text.lines)
    words = list(_words(text, starts, lasts))
    now = text.spread(text.value("trunc i64 %number to i32"))
    busy = text.value(f"icmp ult {vector} {now}, {counts}")
    if set(algorithms) != {"md5"}:
        at_end = text.value(f"icmp eq {vector} {now}, {length_at}")
        turned = _big_endian(text, words, at_end)
    for name in algorithms:
        for index, word in enumerate(words if name == "md5" else turned):
            text.keep(f"%{name}", str(index), word)
    before = [f"%before{row}" for row in range(rows)]
    after = _stepped(text, algorithms, before)
    for row, (old, new) in enumerate(zip(before, after, strict=True)):
        choice = f"<{lanes} x i1> {busy}, {vector} {text.both('add', old, new)}, {vector} {old}"
        text.line(f"%after{row} = select {choice}")
    phis = ["%number = phi i64 [0, %entry], [%next, %" + text.here + "]"]
    for row, name in enumerate(first):
        phis.append(f"%before{row} = phi {vector} [{name}, %entry], [%after{row}, %{text.here}]")
    text.lines[heads:heads] = phis
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
            *_TABLES,
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


def _stepped(text: _Text, algorithms: Sequence[str], state: list[str]) -> list[str]:
    """Return the words of all algorithms after all steps of a block."""
    for part in range(_PARTS):
        if part == _PARTS - 1 and "sha1" in algorithms:
            for step in range(_SHA1_STEPS - 20, _SHA1_STEPS - _WORDS):
                _sha1_word(text, str(step), text.kept("%sha1", str(step)))

        def turn(number: str, state: list[str], part: int = part) -> list[str]:
            words = iter(state)
            made: list[str] = []
            for name in algorithms:
                own = list(islice(words, len(INITIAL[name])))
                made += _STEPS[name](text, part, number, own)
            return made

        state = text.loop(_PARTS, state, turn)
    return state


def _md5(text: _Text, part: int, number: str, state: list[str]) -> list[str]:
    a, b, c, d = state
    factor, summand = _WORD_OF[part]
    for inside in range(4):
        step = text.step(number, 4, 16 * part + inside)
        mixed = text.both("add", a, _mixed(text, part, b, c, d))
        order = text.value(f"mul i64 {step}, {factor}")
        order = text.value(f"add i64 {order}, {summand}")
        word = text.kept("%md5", text.value(f"and i64 {order}, {_WORDS - 1}"))
        given = text.both("add", word, text.constant("sines", step))
        turned = text.turned(text.both("add", mixed, given), _TURNS[part][inside])
        a, b, c, d = d, text.both("add", b, turned), b, c
    return [a, b, c, d]


def _mixed(text: _Text, part: int, b: str, c: str, d: str) -> str:
    """Return F, G, H or I of RFC 1321; F and G in the form with one operation less."""
    if part == 0:
        return _choice(text, b, c, d)
    if part == 1:
        return _choice(text, d, b, c)
    if part == 2:  # noqa: PLR2004 - the third of four
        return text.both("xor", b, c, d)
    return text.both("xor", c, text.both("or", b, text.both("xor", d, text.every(-1))))


def _choice(text: _Text, b: str, c: str, d: str) -> str:
    """Return Ch of FIPS 180-4: bits of ``c`` where ``b`` has one, else bits of ``d``."""
    return text.both("xor", d, text.both("and", b, text.both("xor", c, d)))


def _majority(text: _Text, b: str, c: str, d: str) -> str:
    """Return Maj of FIPS 180-4: what two of three bits say."""
    return text.both("or", text.both("and", b, c), text.both("and", d, text.both("or", b, c)))


def _sha1(text: _Text, part: int, number: str, state: list[str]) -> list[str]:
    a, b, c, d, e = state
    function = (_choice, _parity, _majority, _parity)[part]
    for inside in range(5):
        step = text.step(number, 5, 20 * part + inside)
        word = text.kept("%sha1", step)
        given = text.both("add", e, text.every(_SHA1[part]), word)
        total = text.both("add", given, function(text, b, c, d), text.turned(a, 5))
        a, b, c, d, e = total, a, text.turned(b, 30), c, d
        if part < _PARTS - 1:
            _sha1_word(text, step, word)
    return [a, b, c, d, e]


def _sha1_word(text: _Text, step: str, word: str) -> None:
    """Add the word of the message schedule that comes 16 after that of a step."""
    later = (text.kept("%sha1", text.value(f"add i64 {step}, {at}")) for at in (13, 8, 2))
    made = text.turned(text.both("xor", word, *later), 1)
    text.keep("%sha1", text.value(f"add i64 {step}, {_WORDS}"), made)


def _parity(text: _Text, b: str, c: str, d: str) -> str:
    return text.both("xor", b, c, d)


def _sha256(text: _Text, part: int, number: str, state: list[str]) -> list[str]:
    a, b, c, d, e, f, g, h = state
    for inside in range(4):
        step = text.step(number, 4, 16 * part + inside)
        word = text.kept("%sha256", step)
        known = text.both("add", word, text.constant("roots", step))
        given = text.both("add", h, known)
        first = text.both("add", given, _choice(text, e, f, g), _sum(text, e, (6, 11, 25)))
        second = text.both("add", _majority(text, a, b, c), _sum(text, a, (2, 13, 22)))
        d = text.both("add", d, first)
        a, b, c, d, e, f, g, h = text.both("add", first, second), a, b, c, d, e, f, g
        if part < _PARTS - 1:
            one, seventh, other = (
                text.kept("%sha256", text.value(f"add i64 {step}, {at}")) for at in (1, 9, 14)
            )
            small = _sigma(text, one, (7, 18), 3), _sigma(text, other, (17, 19), 10)
            made = text.both("add", word, seventh, *small)
            text.keep("%sha256", text.value(f"add i64 {step}, {_WORDS}"), made)
    return [a, b, c, d, e, f, g, h]


def _sum(text: _Text, value: str, turns: Sequence[int]) -> str:
    """Return a capital sigma of FIPS 180-4: three rotations to the right, combined."""
    return text.both("xor", *(text.turned(value, 32 - bits) for bits in turns))


def _sigma(text: _Text, value: str, turns: Sequence[int], shift: int) -> str:
    """Return a small sigma of FIPS 180-4: two rotations to the right and a shift, combined."""
    shifted = text.both("lshr", value, text.every(shift))
    return text.both("xor", shifted, *(text.turned(value, 32 - bits) for bits in turns))


_STEPS: Final[Mapping[str, Callable[[_Text, int, str, list[str]], list[str]]]] = {
    "md5": _md5,
    "sha1": _sha1,
    "sha256": _sha256,
}
