"""One file per supplier format, and the table of them.

The order is the order of recognition: first match wins, so exact signatures stand before
shapes, and the generic table last.
"""

from typing import Final

from heroes_forensics.hashsets.formats.base import Importer
from heroes_forensics.registry import Plugin

_HERE: Final = "heroes_forensics.hashsets.formats"

IMPORTERS: Final[tuple[Plugin[Importer], ...]] = (
    Plugin("kdb", f"{_HERE}.kdb:IMPORTER", "The Sleuth Kit and Autopsy databases (SQLite)."),
    Plugin("iped", f"{_HERE}.iped:IMPORTER", "IPED hash databases (SQLite)."),
    Plugin("nsrl-sqlite", f"{_HERE}.nsrl_sqlite:IMPORTER", "NIST NSRL RDS version 3 (SQLite)."),
    Plugin("encase", f"{_HERE}.encase:IMPORTER", "EnCase hash files, versions 4 to 6."),
    Plugin("bloom", f"{_HERE}.bloom:IMPORTER", "Bloom filters (DCSO, hashlookup): refused."),
    Plugin("tsk-index", f"{_HERE}.tsk_index:IMPORTER", "Indexes of The Sleuth Kit (.idx)."),
    Plugin("nsrl-delta", f"{_HERE}.nsrl_delta:IMPORTER", "NIST NSRL RDS version 3 delta (SQL)."),
    Plugin("vics", f"{_HERE}.vics:IMPORTER", "Project VIC VICS 1.x and 2.0 (JSON)."),
    Plugin("stopncii", f"{_HERE}.stopncii:IMPORTER", "A page of StopNCII (JSON)."),
    Plugin("stix", f"{_HERE}.stix:IMPORTER", "STIX 2.1 bundles (JSON)."),
    Plugin("tat", f"{_HERE}.tat:IMPORTER", "A page of Tech Against Terrorism (JSON)."),
    Plugin("misp", f"{_HERE}.misp:IMPORTER", "Events of MISP feeds (JSON)."),
    Plugin("ncmec", f"{_HERE}.ncmec:IMPORTER", "NCMEC hash sharing version 2 (XML)."),
    Plugin("c4all", f"{_HERE}.c4all:IMPORTER", "C4All and C4M indexes (XML)."),
    Plugin("openioc", f"{_HERE}.openioc:IMPORTER", "OpenIOC 1.0 and 1.1 (XML)."),
    Plugin("nsrl-text", f"{_HERE}.nsrl_text:IMPORTER", "NIST NSRL RDS versions 1.5 and 2 (text)."),
    Plugin("hashkeeper", f"{_HERE}.hashkeeper:IMPORTER", "HashKeeper sets (CSV)."),
    Plugin("hashdeep", f"{_HERE}.hashdeep:IMPORTER", "hashdeep 1.0 lists with sizes."),
    Plugin("ilook", f"{_HERE}.ilook:IMPORTER", "iLook hash sets, versions 1, 3 and 4."),
    Plugin("icse", f"{_HERE}.icse:IMPORTER", "Hash export of Interpol's ICSE (CSV)."),
    Plugin("griffeye", f"{_HERE}.griffeye:IMPORTER", "File lists of Griffeye Analyze (CSV)."),
    Plugin("xways", f"{_HERE}.xways:IMPORTER", "X-Ways Forensics lists under their algorithm."),
    Plugin("signals", f"{_HERE}.signals:IMPORTER", "Local signal files of ThreatExchange."),
    Plugin("pdq", f"{_HERE}.pdq:IMPORTER", "PDQ lists with qualities."),
    Plugin("vpdq", f"{_HERE}.vpdq:IMPORTER", "Films as lists of their frames (vPDQ)."),
    Plugin("bsd", f"{_HERE}.bsd:IMPORTER", "BSD and openssl tag lists: MD5 (name) = value."),
    Plugin("list", f"{_HERE}.lists:IMPORTER", "Bare, md5sum, sha*sum, md5deep, VirusShare lists."),
    Plugin("json", f"{_HERE}.objects:IMPORTER", "JSON lists of objects with named or mapped keys."),
    Plugin("csv", f"{_HERE}.table:IMPORTER", "CSV or TSV with named or mapped columns."),
)
