"""QR codes (ISO/IEC 18004) as drawings of our own: kept on paper, read by a camera."""

from typing import Final

QUIET: Final = 4
"""Modules of white around a code, as its standard asks for."""


def drawn(data: bytes, *, label: str = "") -> str:
    """Return ``data`` as a QR code of error correction M (15 %), drawn as SVG.

    Args:
        data: what a reader gets, byte for byte; 2,331 bytes at most.
        label: what a program that reads aloud says; plain text without markup.

    Raises:
        segno.DataOverflowError: ``data`` is longer.
    """
    import segno  # noqa: PLC0415 # only where a code is drawn

    code = segno.make(data, error="m", mode="byte", micro=False, boost_error=False)
    side = code.symbol_size(border=QUIET)[0]
    path = "".join(
        f"M{start} {top}h{stop - start}v1h{start - stop}z"
        for top, row in enumerate(code.matrix_iter(border=QUIET))
        for start, stop in _runs(bytes(row))
    )
    said = f'role="img" aria-label="{label}"' if label else 'aria-hidden="true"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" {said} '
        f'shape-rendering="crispEdges"><path d="{path}"/></svg>'
    )


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Return where dark modules begin and end."""
    found: list[tuple[int, int]] = []
    start = row.find(1)
    while start >= 0:
        stop = row.find(0, start)  # never absent: the margin is white
        found.append((start, stop))
        start = row.find(1, stop)
    return found
