"""Made-up files of suppliers, as large as real ones: nothing in them is of a real set."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np

PART: Final = 1 << 14
"""Records made at once."""
_CONTEXT: Final = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"


def _hex(count: int, width: int) -> Iterator[list[str]]:
    draw = np.random.Generator(np.random.Philox(key=count))
    for start in range(0, count, PART):
        text = draw.bytes(min(PART, count - start) * width).hex().upper()
        yield [text[at : at + 2 * width] for at in range(0, len(text), 2 * width)]


def vics(path: Path, count: int) -> None:
    """Write a VICS 2.0 set of pictures: MD5, SHA-1, size, category, flags, dates."""
    number = 0
    with path.open("w", encoding="ascii") as stream:
        stream.write(f'{{"@odata.context":"{_CONTEXT}","value":[')
        for values in _hex(count, 36):
            lines = []
            for value in values:
                number += 1
                lines.append(
                    f'{{"MediaID":{number},"Category":{number % 4},"MD5":"{value[:32]}",'
                    f'"SHA1":"{value[32:]}","MediaSize":{1000 + number},'
                    '"MimeType":"image/jpeg","VictimIdentified":false,'
                    '"OffenderIdentified":false,"IsDistributed":true,"Series":"","Tags":"",'
                    '"DateUpdated":"2024-05-02T10:11:12Z"}'
                )
            stream.write(("," if number > len(lines) else "") + ",".join(lines))
        stream.write("]}")


_TABLES: Final = """
PRAGMA journal_mode=OFF;
PRAGMA synchronous=OFF;
CREATE TABLE VERSION (version TEXT, build_set TEXT, build_date TEXT, release_date TEXT,
                      description TEXT);
INSERT INTO VERSION VALUES ('2026.09.1', 'modern minimal', '', '', 'made up');
CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL,
                   crc32 VARCHAR, file_name VARCHAR, file_size INTEGER, package_id INTEGER);
CREATE TABLE PKG (package_id INTEGER, name TEXT, version TEXT, operating_system_id INTEGER,
                  manufacturer_id INTEGER, language TEXT, application_type TEXT);
"""


def nsrl(path: Path, count: int) -> None:
    """Write an NSRL RDS 3 database: three digests, a name and a size a row."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(_TABLES)
        connection.execute("BEGIN")
        number = 0
        for values in _hex(count, 68):
            connection.executemany(
                "INSERT INTO FILE VALUES (?, ?, ?, '00000000', 'file.dll', ?, ?)",
                (
                    (value[:64], value[64:104], value[104:], at, at % 1000)
                    for at, value in enumerate(values, number + 1)
                ),
            )
            number += len(values)
        connection.execute("COMMIT")
