"""Acquisition logs in the layouts of their programs, of values that tests choose."""

MD5, SHA1, SHA256 = "0a" * 16, "1b" * 20, "2c" * 32
MARKED = "Marked-Person-Name"
"""Stands wherever a log has free text; it may appear nowhere."""


def ftk(  # noqa: PLR0913 - the parts of a log
    *,
    sectors: int = 32768,
    md5: str = MD5,
    sha1: str = SHA1,
    case: str = "2026/117",
    segments: tuple[str, ...] = ("disk.E01", "disk.E02"),
    bad: str = "",
    group: str = ",",
    verdict: str = "verified",
) -> str:
    """Return a log as FTK Imager 4 writes it."""
    grouped = f"{sectors:,}".replace(",", group)
    listed = "\n".join(f"  E:\\{MARKED}\\{name}" for name in segments)
    return f"""Created By AccessData\u00ae FTK\u00ae Imager 4.5.0.3

Case Information:
Acquired using: ADI4.5.0.3
Case Number: {case}
Evidence Number: EV-9
Unique description: {MARKED}
Examiner: {MARKED}
Notes: {MARKED}

--------------------------------------------------------------

Information for E:\\{MARKED}\\disk:

Physical Evidentiary Item (Source) Information:
[Device Info]
 Source Type: Physical
[Drive Geometry]
 Cylinders: 1{group}018
 Bytes per Sector: 512
 Sector Count: {grouped}
[Physical Drive Information]
 Drive Model: {MARKED}
 Drive Serial Number: SN-4471
 Source data size: 16 MB
 Sector count:    {sectors}
[Computed Hashes]
 MD5 checksum:    {md5}
 SHA1 checksum:   {sha1}
{bad}
Image Information:
 Acquisition started:   Sat Nov  7 20:20:36 2026
 Acquisition finished:  Sat Nov  7 21:01:18 2026
 Segment list:
{listed}

Image Verification Results:
 Verification started:  Sat Nov  7 21:01:19 2026
 Verification finished: Sat Nov  7 21:18:05 2026
 MD5 checksum:    {md5} : {verdict}
 SHA1 checksum:   {sha1} : {verdict}
"""


def guymager(
    *,
    size: int = 16777216,
    sha256: str = SHA256,
    state: str = "Finished successfully",
    bad: str = "No bad sectors encountered during acquisition.",
) -> str:
    """Return a log as Guymager 0.8 writes it."""
    return f"""
GUYMAGER ACQUISITION INFO FILE
==============================

Guymager
========

Version              : 0.8.13-2
Version timestamp    : 2023-02-20-15.50.35
libewf version       : 20140807 (not used as Guymager is configured to use its own EWF module)
Host name            : {MARKED}


Device information
==================
Command executed: bash -c "smartctl -a /dev/sdc"
Information returned:
----------------------------------------------------------------------------------------------------
   Serial Number:    {MARKED}
   User Capacity:    1,234 bytes [1 KB]
   Device size : 99 (9 B)
   Local Time is: 2020-01-01 00:00:00
   MD5 hash : {"ff" * 16}

Hidden areas: unknown


Acquisition
===========

Linux device            : /dev/sdc
Device size             : {size} (16.8MB)
Format                  : Expert Witness Format, sub-format Guymager - file extension is .Exx
Image meta data
   Case number          : 2026/117
   Evidence number      : EV-9
   Examiner             : {MARKED}
   Description          : {MARKED}
   Notes                : {MARKED}
Image path and file name: /home/{MARKED}/disk.Exx
Info  path and file name: /home/{MARKED}/disk.info
Hash calculation        : SHA-256
Source verification     : off
Image verification      : on

{bad}
State: {state}

MD5 hash                   : --
MD5 hash verified source   : --
MD5 hash verified image    : --
SHA1 hash                  : --
SHA1 hash verified source  : --
SHA1 hash verified image   : --
SHA256 hash                : {sha256}
SHA256 hash verified source: --
SHA256 hash verified image : {sha256}
Image verification OK. The image contains exactly the data that was written.

Acquisition started : 2026-01-09 11:50:17 (ISO format YYYY-MM-DD HH:MM:SS)
Verification started: 2026-01-09 11:53:14
Ended               : 2026-01-09 11:53:38 (0 hours, 3 minutes and 20 seconds)
Acquisition speed   : 21.58 MByte/s (0 hours, 2 minutes and 57 seconds)


Generated image files and their MD5 hashes
==========================================

No MD5 hashes available (configuration parameter CalcImageFileMD5 is off)
MD5                               Image file
n/a                               disk.E01
n/a                               disk.E02
"""


GERMAN = (
    ("GUYMAGER ACQUISITION INFO FILE", "GUYMAGER INFO-DATEI ZUR AKQUISITION"),
    ("Device size ", "Gr\u00f6sse "),
    ("   Case number  ", "   Fallnummer  "),
    ("   Evidence number  ", "   Asservatennummer  "),
    ("No bad sectors encountered during acquisition.",
     "Bei der Akquisition wurden keine defekte Sektoren entdeckt."),
    ("State: Finished successfully", "Status: Erfolgreich beendet"),
    ("SHA256 hash verified image ", "SHA256-Hash Image verifiziert "),
    ("SHA256 hash verified source", "SHA256-Hash Quellmedium verifiziert"),
    ("SHA256 hash ", "SHA256-Hash "),
    ("Acquisition started", "Beginn Akquisition"),
    ("Verification started", "Beginn MD5-Verifikation"),
    ("Ended ", "Ende "),
)  # fmt: skip
"""Labels as Guymager's own translation has them."""


def german(text: str) -> str:
    """Return a log of Guymager in German."""
    for ours, theirs in GERMAN:
        assert ours in text
        text = text.replace(ours, theirs)
    return text


def ewfacquire(*, size: int = 16777216, md5: str = MD5, errors: str = "") -> str:
    """Return what ewfacquire prints."""
    return f"""ewfacquire 20140813

Storage media information:
Type:\t\t\t\t\tRAW image
Media size:\t\t\t\t16 MB ({size} bytes)
Bytes per sector:\t\t\t512

Acquiry parameters:
Image path and filename:\t\t{MARKED}/disk.E01
Case number:\t\t\t\t2026/117
Description:\t\t\t\t{MARKED}
Evidence number:\t\t\tEV-9
Examiner name:\t\t\t\t{MARKED}

Acquiry started at: Nov 22, 2026 14:30:50

Acquiry completed at: Nov 22, 2026 14:31:50
{errors}
Written: 16 MiB ({size + 344} bytes) in 0 second(s).
MD5 hash calculated over data:\t\t{md5}
ewfacquire: SUCCESS
"""
