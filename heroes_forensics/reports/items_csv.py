"""CSV for an export: the columns of ``items.csv``, then the finding of the item, a row for each.

An item with two findings has two rows, one without any has one row with empty cells. Every cell is
inert in a spreadsheet; see `heroes_forensics.reports.csv`.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from heroes_forensics.reports.csv import cell
from heroes_forensics.reports.exchange import Exporter, Handed, Matter
from heroes_forensics.reports.findings import Finding
from heroes_forensics.reports.items import COLUMNS, lines

OF_FINDINGS: Final = (
    "finding", "finding_kind", "grade", "set", "issuer", "edition", "category_code",
    "category_scheme", "category_region", "verdict",
)  # fmt: skip
OF_PATHS: Final = ("path", "path_hex")
_NO_FINDING: Final = "," * len(OF_FINDINGS)


def write(matter: Matter, blocks: Iterable[Handed]) -> Iterator[bytes]:
    """Yield the table, one block after the other."""
    columns = (*COLUMNS, *OF_FINDINGS, *(OF_PATHS if matter.names else ()))
    yield (",".join(columns) + "\r\n").encode()
    for block in blocks:
        yield "".join(_rows(matter, block)).encode()


def _rows(matter: Matter, block: Handed) -> Iterator[str]:
    items = block.items
    rows = lines(items, [""] * len(items.locators), kept_back=True)
    for position, line in enumerate(rows):
        end = "\r\n"
        if matter.names:
            path = items.paths[position] if items.paths else b""
            end = f",{cell(path)},{path.hex()}\r\n"
        for found in block.findings.get(position, (None,)):
            yield line + (_NO_FINDING if found is None else _finding(found)) + end


def _finding(finding: Finding) -> str:
    category = finding.category
    texts = (
        *(finding.number, finding.kind, finding.grade, finding.set_name, finding.issuer),
        *(finding.edition, category.code, category.scheme, category.region, category.verdict),
    )
    return "".join(f",{cell(text)}" for text in texts)


EXPORT: Final = Exporter("items.csv", write, items=("all", "findings"), digests="all")
