"""Canonical Huffman codes as tables: the next bits lead to a symbol and to how long its code is."""

from collections.abc import Sequence

LENGTH_BITS = 5
"""Low bits of an entry of a table: the length of the code; the symbol lies above."""


def table(lengths: Sequence[int], bits: int) -> list[int]:
    """Return what each value of the next ``bits`` bits means: symbol and length of its code.

    Codes are those of RFC 1951, 3.2.2: shorter ones first, then by symbol. Where no code is used at
    all the table is empty.

    Args:
        lengths: of the code of each symbol, 0 where it has none.
        bits: length of the longest code that may be.

    Raises:
        OSError: no code is like that.
    """
    found: list[int] = []
    order: list[list[int]] = [[] for _ in range(bits + 1)]
    for symbol, length in enumerate(lengths):
        order[length].append(symbol)
    for length in range(1, bits + 1):
        room = 1 << bits - length
        for symbol in order[length]:
            found += [symbol << LENGTH_BITS | length] * room
        if len(found) > 1 << bits:
            break
    if found and len(found) != 1 << bits:
        raise OSError("the compressed bytes are damaged")
    return found
