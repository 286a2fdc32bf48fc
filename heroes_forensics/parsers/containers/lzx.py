"""LZX as WIM files use it: each chunk by itself, and addresses of calls put back.

The form is that of MS-PATCH and of cabinets, with the changes that wimlib documents: no header of
a chunk says whether calls were translated, they always were, and the length of a block may be
said in one bit.
"""

from array import array
from typing import Final

from heroes_forensics.parsers.containers.huffman import LENGTH_BITS, table
from heroes_forensics.parsers.containers.xpress import copied

_MASK: Final = (1 << LENGTH_BITS) - 1
_VERBATIM, _ALIGNED, _STORED = 1, 2, 3
_USUAL: Final = 32768
"""Bytes of a block that one bit says."""
_LONG_CODES: Final = 249
_PRECODES, _PRECODE_BITS, _CODE_BITS, _ALIGNED_BITS = 20, 15, 16, 7
_SLOTS: Final = {15: 30, 16: 32, 17: 34, 18: 36, 19: 38, 20: 42, 21: 50}
"""Slots of positions, by the power of 2 of the chunk."""
_EXTRA: Final = (0, 0, *(min(17, slot // 2 - 1) for slot in range(2, 50)))
"""Bits that follow the slot of a position."""
_BASE: Final = tuple(sum(1 << bits for bits in _EXTRA[:slot]) for slot in range(50))
_FIRST_OFFSET: Final = 3
_CALLS: Final = 12_000_000
"""Length of the file that calls were translated for, whatever file it is."""
_CALL_TAIL: Final = 10
_DAMAGED: Final = "the compressed bytes are damaged"


class _Bits:
    """Words of 16 bits, the first bit highest."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.words = array("H", data + bytes(len(data) & 1))
        self.at = 0
        """Number of the next word."""
        self.buffer = 0
        self.left = 0
        """Bits in the buffer."""

    def fill(self) -> None:
        """Have 32 bits at least; behind the end there are zeros, though not for ever."""
        while self.left < 32:  # noqa: PLR2004
            word = self.words[self.at] if self.at < len(self.words) else 0
            self.buffer = (self.buffer & (1 << self.left) - 1) << 16 | word
            self.left += 16
            self.at += 1
        if self.at > len(self.words) + 4:
            raise OSError(_DAMAGED)

    def take(self, count: int) -> int:
        """Return the next bits, at most 17."""
        self.fill()
        self.left -= count
        return self.buffer >> self.left & (1 << count) - 1

    def symbol(self, codes: list[int], bits: int) -> int:
        """Return the symbol of the next code."""
        if not codes:
            raise OSError(_DAMAGED)
        self.fill()
        found = codes[self.buffer >> self.left - bits & (1 << bits) - 1]
        self.left -= found & _MASK
        return found >> LENGTH_BITS

    def aligned(self) -> int:
        """Go to the next word, at least one bit further; return its offset in bytes."""
        self.fill()
        words = self.at - (self.left - 1) // 16  # behind the word that holds the next bit
        self.at, self.buffer, self.left = words, 0, 0
        return 2 * words

    def go_to(self, offset: int) -> None:
        """Go on at an offset in bytes, which is even."""
        self.at, self.buffer, self.left = offset // 2, 0, 0


class _Chunk:
    """One chunk on its way."""

    def __init__(self, data: bytes, size: int, order: int) -> None:
        self.bits = _Bits(data)
        self.size = size
        self.order = order
        self.out = bytearray()
        self.recent = [1, 1, 1]
        """Offsets of the matches before."""
        self.main = [0] * (256 + 8 * _SLOTS[order])
        self.long = [0] * _LONG_CODES

    def block(self) -> None:
        """Unpack the next block."""
        bits = self.bits
        kind = bits.take(3)
        length = _USUAL
        if not bits.take(1):
            length = bits.take(16)
            if self.order > 15:  # noqa: PLR2004 - chunks longer than usual
                length = length << 8 | bits.take(8)
        if not 0 < length <= self.size - len(self.out):
            raise OSError(_DAMAGED)
        if kind == _STORED:
            self._stored(length)
            return
        if kind not in {_VERBATIM, _ALIGNED}:
            raise OSError(_DAMAGED)
        aligned: list[int] = []
        if kind == _ALIGNED:
            aligned = table([bits.take(3) for _ in range(8)], _ALIGNED_BITS)
        self._lengths(self.main, 0, 256)
        self._lengths(self.main, 256, len(self.main))
        self._lengths(self.long, 0, _LONG_CODES)
        self._matched(length, aligned)

    def _stored(self, length: int) -> None:
        at = self.bits.aligned()
        data = self.bits.data
        if at + 12 + length > len(data):
            raise OSError(_DAMAGED)
        self.recent = [int.from_bytes(data[at + n : at + n + 4], "little") for n in (0, 4, 8)]
        self.out += data[at + 12 : at + 12 + length]
        self.bits.go_to(at + 12 + length + (length & 1))

    def _lengths(self, lengths: list[int], at: int, end: int) -> None:
        """Read lengths of codes, as differences from those of the block before."""
        bits = self.bits
        codes = table([bits.take(4) for _ in range(_PRECODES)], _PRECODE_BITS)
        while at < end:
            symbol = bits.symbol(codes, _PRECODE_BITS)
            run, value = 1, 0
            if symbol == 17:  # noqa: PLR2004 - zeros
                run = 4 + bits.take(4)
            elif symbol == 18:  # noqa: PLR2004 - many zeros
                run = 20 + bits.take(5)
            elif symbol == 19:  # noqa: PLR2004 - the same several times
                run = 4 + bits.take(1)
                symbol = bits.symbol(codes, _PRECODE_BITS)
                if symbol > 16:  # noqa: PLR2004
                    raise OSError(_DAMAGED)
                value = (lengths[at] - symbol) % 17
            else:
                value = (lengths[at] - symbol) % 17
            run = min(run, end - at)
            lengths[at : at + run] = [value] * run
            at += run

    def _matched(self, length: int, aligned: list[int]) -> None:
        """Unpack bytes and matches of a block."""
        bits, out = self.bits, self.out
        main, long = table(self.main, _CODE_BITS), table(self.long, _CODE_BITS)
        if not main:
            raise OSError(_DAMAGED)
        end = len(out) + length
        done = len(out)
        words, count = bits.words, len(bits.words)
        add = out.append
        while done < end:
            if bits.left < 16:  # noqa: PLR2004 - in place: a call for each byte is too slow
                at = bits.at
                word = words[at] if at < count else 0
                if at > count + 4:
                    raise OSError(_DAMAGED)
                bits.buffer = (bits.buffer & (1 << bits.left) - 1) << 16 | word
                bits.left += 16
                bits.at = at + 1
            found = main[bits.buffer >> bits.left - 16 & 0xFFFF]
            bits.left -= found & _MASK
            symbol = found >> LENGTH_BITS
            if symbol < 256:  # noqa: PLR2004 - a byte as it is
                add(symbol)
                done += 1
                continue
            size = symbol & 7
            if size == 7:  # noqa: PLR2004 - more follows
                size += bits.symbol(long, _CODE_BITS)
            size += 2
            offset = self._offset(symbol - 256 >> 3, aligned)
            if not 0 < offset <= done or done + size > end:
                raise OSError(_DAMAGED)
            copied(out, offset, size)
            done += size

    def _offset(self, slot: int, aligned: list[int]) -> int:
        """Return how far back a match lies, and remember it."""
        bits, recent = self.bits, self.recent
        if slot < _FIRST_OFFSET:
            offset = recent[slot]
            recent[slot], recent[0] = recent[0], offset
            return offset
        extra = _EXTRA[slot]
        offset = _BASE[slot] - 2
        if aligned and extra >= 3:  # noqa: PLR2004 - the last three have a code
            offset += bits.take(extra - 3) << 3
            offset += bits.symbol(aligned, _ALIGNED_BITS)
        else:
            offset += bits.take(extra)
        recent[:] = [offset, recent[0], recent[1]]
        return offset


def unpacked(data: bytes, size: int, order: int) -> bytes:
    """Return the ``size`` bytes that a chunk unpacks to.

    Args:
        data: the chunk.
        size: how many bytes it unpacks to.
        order: power of 2 of the length of a whole chunk, 15 to 21.

    Raises:
        OSError: it is damaged.
    """
    if order not in _SLOTS:
        raise OSError(_DAMAGED)
    chunk = _Chunk(data, size, order)
    while len(chunk.out) < size:
        chunk.block()
    return _with_calls(chunk.out)


def _with_calls(data: bytearray) -> bytes:
    """Put back relative addresses behind the bytes 0xE8, which were made absolute."""
    at = data.find(b"\xe8")
    while 0 <= at < len(data) - _CALL_TAIL:
        absolute = int.from_bytes(data[at + 1 : at + 5], "little", signed=True)
        if -at <= absolute < _CALLS:
            relative = absolute - at if absolute >= 0 else absolute + _CALLS
            data[at + 1 : at + 5] = relative.to_bytes(4, "little", signed=True)
        at = data.find(b"\xe8", at + 5)
    return bytes(data)
