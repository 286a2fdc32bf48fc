"""``heroes formats``: what this program reads and writes."""

from collections.abc import Iterator
from importlib import import_module
from typing import Final

import click

from heroes_forensics.commands import options
from heroes_forensics.commands.output import Output
from heroes_forensics.commands.text import hanging, string
from heroes_forensics.commands.verb import Verb
from heroes_forensics.errors import DONE
from heroes_forensics.hashing import Algorithm
from heroes_forensics.model import JSON
from heroes_forensics.registry import Plugin

SOURCES: Final = (
    ("ewf", "EnCase images E01 and Ex01, single and split"),
    ("raw", "Raw images, single and split (.001, .000, .aa)"),
    ("qcow2", "QEMU disks"),
    ("vhd", "Virtual PC and Hyper-V disks"),
    ("vhdx", "Hyper-V disks"),
    ("vmdk", "VMware disks with their extents"),
    ("dmg", "Apple disk images"),
    ("directory", "A folder"),
    ("itunes-backup", "A backup folder of iTunes or Finder, with the names of its manifest"),
    ("tar", "A tar archive of a device, within gzip, bzip2, xz or Zstandard too"),
    ("zip", "A zip archive of a device"),
    ("7z", "A 7z archive of a device"),
    ("aff4", "AFF4 disk images, striped ones too"),
    ("aff4-logical", "AFF4-L volumes of files"),
    ("ad1", "AD1 logical images of FTK Imager, single and split"),
    ("adb-backup", "A backup of an Android device (adb backup)"),
    ("file", "A single file (--as file)"),
)

TABLES: Final = (
    ("file system", "heroes_forensics.parsers.volumes:OPENERS"),
    ("acquisition log", "heroes_forensics.parsers.acquisition:LOGS"),
    ("hash set", "heroes_forensics.hashsets.formats:IMPORTERS"),
    ("algorithm", "heroes_forensics.hashing:ALGORITHMS"),
    ("report", "heroes_forensics.reports:REPORTS"),
    ("report on paper", "heroes_forensics.reports:PAPER"),
    ("table", "heroes_forensics.reports:TABLES"),
    ("export", "heroes_forensics.reports:EXPORTS"),
    ("export of a list", "heroes_forensics.reports:LISTS"),
)
"""Tables of text rows: nothing that they name is imported."""


@click.command("formats", cls=Verb)
@options.json_option
def formats(*, as_json: bool) -> int:
    """List the formats of evidence, hash sets, reports and exports.

    Examples:
      heroes formats
      heroes formats --json
    """
    out = Output(as_json=as_json)
    table = ""
    for row in _rows():
        if not as_json and row["table"] != table:
            out.lines(([""] if table else []) + [str(row["table"]).upper()])
            table = str(row["table"])
        out.show(row, "format", _text)
    return DONE


def _rows() -> Iterator[JSON]:
    for name, summary in SOURCES:
        yield {"table": "source", "name": name, "summary": summary}
    for table, target in TABLES:
        module, _, attribute = target.partition(":")
        for row in getattr(import_module(module), attribute):
            plugin = row.plugin if isinstance(row, Algorithm) else row
            if isinstance(plugin, Plugin):
                yield {"table": table, "name": plugin.name, "summary": plugin.summary}


def _text(row: JSON) -> Iterator[str]:
    yield from hanging(f"  {string(row, 'name'):<14}", string(row, "summary").rstrip("."))
