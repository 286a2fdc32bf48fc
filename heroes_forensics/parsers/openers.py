"""What is opened inside evidence: a table, as text, so that naming a parser imports none."""

from typing import Final

PACKAGES: Final = (
    *("docx", "xlsx", "pptx", "ooxml", "odt", "ods", "odp", "odf", "epub", "xps", "iwork"),
    *("jar", "apk", "ipa"),
)
"""Documents and programs that are zip archives."""
_OLES: Final = ("ole", "doc", "xls", "ppt", "vsd", "pub", "msg", "msi", "thumbs-db")
"""Compound files."""
_STREAMS: Final = ("gzip", "bzip2", "xz", "lzma", "zstd", "lzip", "lz4", "compress")
_COMPRESSED: Final = "heroes_forensics.parsers.containers.compressed:open_compressed"
_METAFILE: Final = "heroes_forensics.parsers.containers.metafile:open_metafile"
APPENDED: Final = "heroes_forensics.parsers.containers.appended:open_appended"
_OLE: Final = "heroes_forensics.parsers.containers.ole:open_ole"
OPENED: Final = {
    **dict.fromkeys(_OLES, _OLE),
    **dict.fromkeys(_STREAMS, _COMPRESSED),
    "7z": "heroes_forensics.parsers.containers.sevenzip:open_7z",
    "adb-backup": "heroes_forensics.parsers.containers.adb:open_adb",
    **dict.fromkeys(("ar", "deb"), "heroes_forensics.parsers.containers.ar:open_ar"),
    "arj": "heroes_forensics.parsers.containers.arj:open_arj",
    "cab": "heroes_forensics.parsers.containers.cab:open_cab",
    "chrome-cache": "heroes_forensics.parsers.containers.chromecache:open_chrome_cache",
    "cpio": "heroes_forensics.parsers.containers.cpio:open_cpio",
    "dbx": "heroes_forensics.parsers.containers.dbx:open_dbx",
    "eml": "heroes_forensics.parsers.containers.mail:open_message",
    "itunes-manifest": "heroes_forensics.parsers.containers.itunes_plist:open_itunes_plist",
    "lha": "heroes_forensics.parsers.containers.lha:open_lha",
    "firefox-cache": "heroes_forensics.parsers.containers.firefoxcache:open_firefox_cache",
    "iso": "heroes_forensics.parsers.filesystems.tsk:open_tsk",
    "mbox": "heroes_forensics.parsers.containers.mail:open_mbox",
    "onenote": "heroes_forensics.parsers.containers.onenote:open_onenote",
    **dict.fromkeys(("emf", "wmf"), _METAFILE),
    "pdf": "heroes_forensics.parsers.containers.pdf:open_pdf",
    "pst": "heroes_forensics.parsers.containers.pst:open_pst",
    "rar": "heroes_forensics.parsers.containers.rar:open_rar",
    "rtf": "heroes_forensics.parsers.containers.rtf:open_rtf",
    "rpm": "heroes_forensics.parsers.containers.rpm:open_rpm",
    "squashfs": "heroes_forensics.parsers.filesystems.squashfs:open_squashfs",
    "sqlite": "heroes_forensics.parsers.containers.sqlite:open_sqlite",
    "sqlite-wal": "heroes_forensics.parsers.containers.sqlite_log:open_wal",
    "sqlite-journal": "heroes_forensics.parsers.containers.sqlite_log:open_journal",
    "tar": "heroes_forensics.parsers.containers.tar:open_tar",
    "thumbcache": "heroes_forensics.parsers.containers.thumbcache:open_thumbcache",
    "wim": "heroes_forensics.parsers.containers.wim:open_wim",
    "sfx": APPENDED,
    **dict.fromkeys(("zip", *PACKAGES), "heroes_forensics.parsers.containers.zip:open_zip"),
}
"""Types of `filetype` that are opened, and the function that does it: all but pictures and
films, which are opened where more lies in them."""

WITH_SECRETS: Final = frozenset({"7z", "adb-backup", "pdf", "zip", *PACKAGES, *_OLES})
"""Types that may be encrypted, and take what was given to open them."""
