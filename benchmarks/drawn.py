"""Which pictures are called drawn, and which look-alikes reach grade A.

``python benchmarks/drawn.py`` takes photographs of the development half of the pool, as they are
and after the edits for development, and made-up pages, forms, screens and icons of other seeds than
those that recall is measured with, as they are and after the same edits. The grade is the one that
the program gives. Nothing here is a test; ``--insert`` puts the table into docs/perceptual.md.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import look_alikes
import numpy as np
import pool
import tables
from programs import ROOT, load
from recall import DOCUMENT, MEDIA, commit
from recall_measure import Chance, development

from heroes_forensics.frames import TIER_1, Rows
from heroes_forensics.hashsets import candidates
from heroes_forensics.media.edits.files import PNG

MARKS: Final = ("<!-- drawn: begin -->", "<!-- drawn: end -->")
SEEDS: Final = (1,)
"""Further series of look-alikes; the first one is what recall is measured with."""
EDITED: Final = 3
"""Of each kind: so many are edited."""
DRAWINGS: Final = frozenset(
    ("pil-blp1_jpeg.png", "pil-chi.gif", "pil-drawing_emf_ref.png", "pil-exif_text.png")
)
"""Of the pool: a map of a game, a patch on white, a disc and a pattern."""


@dataclass(slots=True)
class Count:
    """Pictures of one kind that may be compared."""

    made: int = 0
    drawn: int = 0
    """All of whose values of tier 1 are."""
    in_part: int = 0
    """Some of whose values are: grade A is open to them."""

    def add(self, rows: Rows) -> None:
        """Count one picture."""
        mine = rows[rows["view"] < TIER_1]
        if len(mine):
            found = candidates.drawn(mine)
            self.made += 1
            self.drawn += bool(found.all())
            self.in_part += bool(found.any() and not found.all())

    def cells(self) -> tuple[str, ...]:
        """Return how many were called what."""
        return f"{self.made:,}", f"{self.drawn:,}", f"{self.in_part:,}"


def photographs(folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what photographs and the drawings among them are called."""
    half = pool.pool(folder, held_out=False)
    fillers = tuple(member.picture() for member in half.fillers[:3])
    plain, edited, drawings = Count(), Count(), Count()
    for member in (*half.known, *half.distractors):
        is_drawing = member.path.name in DRAWINGS
        _, rows = pool.looked_at(member.path.read_bytes(), member.kind)
        (drawings if is_drawing else plain).add(rows)
        if is_drawing or member not in half.known:
            continue
        picture = member.picture()
        for edit in development():
            data = edit.made(picture, member.digest, fillers)
            edited.add(pool.looked_at(data, edit.save.kind)[1])
    yield "photographs", plain.cells()
    yield "their edits", edited.cells()
    yield "drawings of the pool", drawings.cells()


def alike(kind: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what look-alikes of a kind are called, and how near they come to one another."""
    plain, edited = Count(), Count()
    before, now = Chance(), Chance()
    for series in SEEDS:
        made = look_alikes.made(kind, series)
        looks = [pool.looked_at(PNG.encoded(each), "png") for each in made]
        first = [values[(rows["view"] == 0) & (rows["orientation"] == 0)] for values, rows in looks]
        for number, (values, rows) in enumerate(looks):
            plain.add(rows)
            others = np.concatenate([*first[:number], *first[number + 1 :]])
            found = pool.distances(values, others)
            now.add(found, (31,), rows)
            as_photograph = rows.copy()
            as_photograph["tones"] = candidates.LEAST_TONES
            before.add(found, (31,), as_photograph)
        for number, each in enumerate(made[:EDITED]):
            for edit in development():
                data = edit.made(each, bytes((series, number)) * 16, tuple(made[-3:]))
                edited.add(pool.looked_at(data, edit.save.kind)[1])
    yield kind, (*plain.cells(), f"{before.at_grade_a:,}", f"{now.at_grade_a:,}")
    yield f"{kind}: edits", edited.cells()


def text(folder: Path) -> str:
    """Measure, and return the table."""
    loads, start = [load()], time.process_time()
    head = ("pictures", "comparable", "drawn", "in part", "at grade A as photographs", "at grade A")
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * 5]
    rows = list(photographs(folder))
    for kind in look_alikes.KINDS:
        rows += alike(kind)
    for name, cells in rows:
        lines.append(f"| {' | '.join((name, *cells, *[''] * (5 - len(cells))))} |")
    seconds = time.process_time() - start
    return "\n".join(
        [
            f"At commit {commit()}; {seconds:,.0f} s of processor time.",
            "",
            *(*lines, "", *tables.machine([*loads, load()], ROOT), ""),
        ]
    )


def insert(found: str, marks: tuple[str, str]) -> None:
    """Put figures between marks of the document."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(marks[0])
    _, _, after = rest.partition(marks[1])
    DOCUMENT.write_text(f"{before}{marks[0]}\n\n{found}\n{marks[1]}{after}", encoding="utf-8")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--media", type=Path, default=MEDIA, metavar="DIR", help="benign pictures")
    parser.add_argument("--insert", action="store_true", help="write it into the document")
    options = parser.parse_args()
    found = text(options.media)
    print(found)
    if options.insert:
        insert(found, MARKS)


if __name__ == "__main__":
    main()
