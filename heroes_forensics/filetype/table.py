"""The table of types. A row keeps its position for ever: rows are only added, at the end.

The position is what item rows, the case database and `content_sha256` hold. Media types are
those of the IANA registry where one is registered, else the ``x-`` name in common use.
"""

from enum import StrEnum
from typing import Final, NamedTuple


class FileClass(StrEnum):
    """What a type is good for, coarsely."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    ARCHIVE = "archive"
    DOCUMENT = "document"
    DATABASE = "database"
    EXECUTABLE = "executable"
    EMAIL = "email"
    TEXT = "text"
    OTHER = "other"


class FileType(NamedTuple):
    """One type by content."""

    name: str
    """Short, lower case, unique."""
    mime: str
    file_class: FileClass
    extensions: str = ""
    """Usual extensions, lower case, separated by spaces."""
    is_media: bool = False
    """A picture or a film that has pixels of its own: drawings (SVG, WMF) do not."""


_I = FileClass.IMAGE
_V = FileClass.VIDEO
_A = FileClass.AUDIO
_R = FileClass.ARCHIVE
_D = FileClass.DOCUMENT
_B = FileClass.DATABASE
_X = FileClass.EXECUTABLE
_E = FileClass.EMAIL
_T = FileClass.TEXT
_O = FileClass.OTHER

TYPES: Final[tuple[FileType, ...]] = (
    FileType("unknown", "application/octet-stream", _O),
    FileType("empty", "inode/x-empty", _O),
    # pictures
    FileType("jpeg", "image/jpeg", _I, "jpg jpeg jpe jfif", is_media=True),
    FileType("png", "image/png", _I, "png apng", is_media=True),
    FileType("gif", "image/gif", _I, "gif", is_media=True),
    FileType("webp", "image/webp", _I, "webp", is_media=True),
    FileType("bmp", "image/bmp", _I, "bmp dib", is_media=True),
    FileType("tiff", "image/tiff", _I, "tif tiff", is_media=True),
    FileType("heic", "image/heic", _I, "heic hif", is_media=True),
    FileType("heif", "image/heif", _I, "heif", is_media=True),
    FileType("avif", "image/avif", _I, "avif avifs", is_media=True),
    FileType("jp2", "image/jp2", _I, "jp2 jpx jpf jpm", is_media=True),
    FileType("j2k", "image/x-jp2-codestream", _I, "j2k j2c jpc", is_media=True),
    FileType("jxl", "image/jxl", _I, "jxl", is_media=True),
    FileType("jxr", "image/jxr", _I, "jxr wdp hdp", is_media=True),
    FileType("psd", "image/vnd.adobe.photoshop", _I, "psd psb", is_media=True),
    FileType("ico", "image/vnd.microsoft.icon", _I, "ico", is_media=True),
    FileType("cur", "image/x-win-cursor", _I, "cur", is_media=True),
    FileType("cr2", "image/x-canon-cr2", _I, "cr2", is_media=True),
    FileType("cr3", "image/x-canon-cr3", _I, "cr3", is_media=True),
    FileType("crw", "image/x-canon-crw", _I, "crw", is_media=True),
    FileType("nef", "image/x-nikon-nef", _I, "nef nrw", is_media=True),
    FileType("arw", "image/x-sony-arw", _I, "arw sr2 srf", is_media=True),
    FileType("dng", "image/x-adobe-dng", _I, "dng", is_media=True),
    FileType("pef", "image/x-pentax-pef", _I, "pef", is_media=True),
    FileType("raf", "image/x-fuji-raf", _I, "raf", is_media=True),
    FileType("orf", "image/x-olympus-orf", _I, "orf", is_media=True),
    FileType("rw2", "image/x-panasonic-rw2", _I, "rw2 rwl", is_media=True),
    FileType("x3f", "image/x-sigma-x3f", _I, "x3f", is_media=True),
    FileType("mrw", "image/x-minolta-mrw", _I, "mrw", is_media=True),
    FileType("pcx", "image/vnd.zbrush.pcx", _I, "pcx dcx", is_media=True),
    FileType("pnm", "image/x-portable-anymap", _I, "pnm pbm pgm ppm pam", is_media=True),
    FileType("xcf", "image/x-xcf", _I, "xcf", is_media=True),
    FileType("icns", "image/x-icns", _I, "icns", is_media=True),
    FileType("dds", "image/vnd.ms-dds", _I, "dds", is_media=True),
    FileType("exr", "image/x-exr", _I, "exr", is_media=True),
    FileType("hdr", "image/vnd.radiance", _I, "hdr", is_media=True),
    FileType("ilbm", "image/x-ilbm", _I, "iff ilbm lbm", is_media=True),
    FileType("sgi", "image/x-sgi", _I, "sgi rgb bw", is_media=True),
    FileType("ras", "image/x-sun-raster", _I, "ras", is_media=True),
    FileType("mng", "video/x-mng", _V, "mng jng", is_media=True),
    FileType("dicom", "application/dicom", _I, "dcm", is_media=True),
    FileType("qoi", "image/qoi", _I, "qoi", is_media=True),
    FileType("flif", "image/flif", _I, "flif", is_media=True),
    FileType("bpg", "image/bpg", _I, "bpg", is_media=True),
    FileType("dpx", "image/x-dpx", _I, "dpx", is_media=True),
    FileType("fits", "image/fits", _I, "fits", is_media=True),
    FileType("ani", "application/x-navi-animation", _I, "ani", is_media=True),
    FileType("svg", "image/svg+xml", _I, "svg"),
    FileType("wmf", "image/wmf", _I, "wmf"),
    FileType("emf", "image/emf", _I, "emf"),
    FileType("djvu", "image/vnd.djvu", _D, "djvu djv"),
    # films
    FileType("mp4", "video/mp4", _V, "mp4 f4v", is_media=True),
    FileType("m4v", "video/x-m4v", _V, "m4v", is_media=True),
    FileType("mov", "video/quicktime", _V, "mov qt", is_media=True),
    FileType("3gp", "video/3gpp", _V, "3gp", is_media=True),
    FileType("3g2", "video/3gpp2", _V, "3g2", is_media=True),
    FileType("mj2", "video/mj2", _V, "mj2 mjp2", is_media=True),
    FileType("avi", "video/x-msvideo", _V, "avi divx", is_media=True),
    FileType("mkv", "video/x-matroska", _V, "mkv mk3d", is_media=True),
    FileType("webm", "video/webm", _V, "webm", is_media=True),
    FileType("mpeg-ps", "video/mpeg", _V, "mpg mpeg vob mpe", is_media=True),
    FileType("mpeg-ts", "video/mp2t", _V, "m2ts m2t trp", is_media=True),
    FileType("mpeg-es", "video/mpv", _V, "m1v m2v mpv", is_media=True),
    FileType("mpeg4-es", "video/mp4v-es", _V, "cmp", is_media=True),
    FileType("h264", "video/h264", _V, "h264 264", is_media=True),
    FileType("h265", "video/h265", _V, "h265 265 hevc", is_media=True),
    FileType("wmv", "video/x-ms-wmv", _V, "wmv asf", is_media=True),
    FileType("flv", "video/x-flv", _V, "flv", is_media=True),
    FileType("swf", "application/vnd.adobe.flash.movie", _O, "swf"),
    FileType("ogv", "video/ogg", _V, "ogv ogm", is_media=True),
    FileType("realmedia", "application/vnd.rn-realmedia", _V, "rm rmvb", is_media=True),
    FileType("dv", "video/dv", _V, "dv dif", is_media=True),
    FileType("mxf", "application/mxf", _V, "mxf", is_media=True),
    FileType("ivf", "video/x-ivf", _V, "ivf", is_media=True),
    FileType("wtv", "video/x-wtv", _V, "wtv dvr-ms", is_media=True),
    FileType("amv", "video/x-amv", _V, "amv", is_media=True),
    FileType("flic", "video/x-flc", _V, "flc fli", is_media=True),
    FileType("bink", "video/x-bink", _V, "bik bk2", is_media=True),
    FileType("smacker", "video/x-smacker", _V, "smk", is_media=True),
    FileType("nut", "video/x-nut", _V, "nut", is_media=True),
    FileType("nsv", "video/x-nsv", _V, "nsv", is_media=True),
    FileType("y4m", "video/x-yuv4mpeg", _V, "y4m", is_media=True),
    FileType("cdxa", "video/x-cdxa", _V, "", is_media=True),
    # sound
    FileType("mp3", "audio/mpeg", _A, "mp3 mp2"),
    FileType("aac", "audio/aac", _A, "aac"),
    FileType("m4a", "audio/mp4", _A, "m4a m4b m4p f4a"),
    FileType("wav", "audio/vnd.wave", _A, "wav"),
    FileType("flac", "audio/flac", _A, "flac"),
    FileType("ogg", "audio/ogg", _A, "ogg oga opus spx"),
    FileType("wma", "audio/x-ms-wma", _A, "wma"),
    FileType("aiff", "audio/aiff", _A, "aif aiff aifc"),
    FileType("amr", "audio/amr", _A, "amr awb"),
    FileType("midi", "audio/midi", _A, "mid midi rmi"),
    FileType("ac3", "audio/ac3", _A, "ac3"),
    FileType("au", "audio/basic", _A, "au snd"),
    FileType("caf", "audio/x-caf", _A, "caf"),
    FileType("ape", "audio/x-ape", _A, "ape"),
    FileType("wavpack", "audio/x-wavpack", _A, "wv"),
    FileType("realaudio", "audio/vnd.rn-realaudio", _A, "ra"),
    # archives and images of media
    FileType("zip", "application/zip", _R, "zip"),
    FileType("jar", "application/java-archive", _R, "jar war"),
    FileType("apk", "application/vnd.android.package-archive", _R, "apk"),
    FileType("ipa", "application/x-ios-app", _R, "ipa"),
    FileType("rar", "application/vnd.rar", _R, "rar"),
    FileType("7z", "application/x-7z-compressed", _R, "7z"),
    FileType("gzip", "application/gzip", _R, "gz tgz svgz"),
    FileType("bzip2", "application/x-bzip2", _R, "bz2 tbz2"),
    FileType("xz", "application/x-xz", _R, "xz txz"),
    FileType("lzma", "application/x-lzma", _R, "lzma"),
    FileType("zstd", "application/zstd", _R, "zst"),
    FileType("lz4", "application/x-lz4", _R, "lz4"),
    FileType("lzip", "application/lzip", _R, "lz"),
    FileType("compress", "application/x-compress", _R, "z"),
    FileType("tar", "application/x-tar", _R, "tar"),
    FileType("cpio", "application/x-cpio", _R, "cpio"),
    FileType("cab", "application/vnd.ms-cab-compressed", _R, "cab"),
    FileType("arj", "application/x-arj", _R, "arj"),
    FileType("lha", "application/x-lha", _R, "lzh lha"),
    FileType("ace", "application/x-ace-compressed", _R, "ace"),
    FileType("sit", "application/x-stuffit", _R, "sit sitx"),
    FileType("xar", "application/x-xar", _R, "xar"),
    FileType("ar", "application/x-archive", _R, "a"),
    FileType("deb", "application/vnd.debian.binary-package", _R, "deb"),
    FileType("rpm", "application/x-rpm", _R, "rpm"),
    FileType("wim", "application/x-ms-wim", _R, "wim esd"),
    FileType("iso", "application/x-iso9660-image", _R, "iso"),
    FileType("squashfs", "application/vnd.squashfs", _R, "sqsh squashfs"),
    FileType("ewf", "application/x-ewf", _R, "e01 ex01 l01 s01"),
    FileType("qcow", "application/x-qemu-disk", _R, "qcow qcow2"),
    FileType("vmdk", "application/x-vmdk", _R, "vmdk"),
    FileType("vhd", "application/x-vhd", _R, "vhd"),
    FileType("vhdx", "application/x-vhdx", _R, "vhdx"),
    FileType("vdi", "application/x-virtualbox-vdi", _R, "vdi"),
    FileType("vma", "application/x-proxmox-vma", _R, "vma"),
    FileType("adb-backup", "application/x-adb-backup", _R, "ab"),
    # documents
    FileType("pdf", "application/pdf", _D, "pdf"),
    FileType("rtf", "application/rtf", _D, "rtf"),
    FileType("postscript", "application/postscript", _D, "ps eps"),
    FileType("ole", "application/x-ole-storage", _D),
    FileType("doc", "application/msword", _D, "doc dot"),
    FileType("xls", "application/vnd.ms-excel", _D, "xls xlt"),
    FileType("ppt", "application/vnd.ms-powerpoint", _D, "ppt pps"),
    FileType("vsd", "application/vnd.visio", _D, "vsd"),
    FileType("pub", "application/x-mspublisher", _D, "pub"),
    FileType(
        "docx",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _D,
        "docx docm dotx",
    ),
    FileType(
        "xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _D,
        "xlsx xlsm xlsb",
    ),
    FileType(
        "pptx",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _D,
        "pptx pptm ppsx",
    ),
    FileType("ooxml", "application/x-ooxml", _D, "vsdx"),
    FileType("odt", "application/vnd.oasis.opendocument.text", _D, "odt ott"),
    FileType("ods", "application/vnd.oasis.opendocument.spreadsheet", _D, "ods ots"),
    FileType("odp", "application/vnd.oasis.opendocument.presentation", _D, "odp otp"),
    FileType("odf", "application/x-opendocument", _D, "odg odf odb"),
    FileType("epub", "application/epub+zip", _D, "epub"),
    FileType("xps", "application/oxps", _D, "xps oxps"),
    FileType("iwork", "application/x-iwork", _D, "pages numbers key"),
    FileType("chm", "application/vnd.ms-htmlhelp", _D, "chm"),
    FileType("onenote", "application/onenote", _D, "one"),
    FileType("mobi", "application/x-mobipocket-ebook", _D, "mobi azw prc"),
    FileType("wordperfect", "application/vnd.wordperfect", _D, "wpd"),
    # databases and records of operating systems
    FileType("sqlite", "application/vnd.sqlite3", _B, "sqlite sqlite3 db db3 sqlitedb"),
    FileType("sqlite-wal", "application/x-sqlite-wal", _B, "wal db-wal sqlite-wal"),
    FileType("sqlite-journal", "application/x-sqlite-journal", _B, "db-journal"),
    FileType("access", "application/vnd.ms-access", _B, "mdb accdb"),
    FileType("ese", "application/x-ms-ese", _B, "edb jfm"),
    FileType("registry", "application/x-ms-registry", _B, "hve"),
    FileType("evtx", "application/x-ms-evtx", _B, "evtx"),
    FileType("evt", "application/x-ms-evt", _B, "evt"),
    FileType("thumbcache", "application/x-ms-thumbcache", _B),
    FileType("thumbcache-index", "application/x-ms-thumbcache-index", _B),
    FileType("thumbs-db", "application/x-ms-thumbs-db", _B),
    FileType("realm", "application/x-realm", _B, "realm"),
    FileType("plist", "application/x-plist", _B, "plist"),
    FileType("ds-store", "application/x-apple-ds-store", _B),
    FileType("chrome-cache", "application/x-chrome-cache", _B),
    FileType("binary-cookies", "application/x-binarycookies", _B, "binarycookies"),
    FileType("lnk", "application/x-ms-shortcut", _O, "lnk"),
    FileType("prefetch", "application/x-ms-prefetch", _O, "pf"),
    FileType("mft", "application/x-ntfs-mft", _B),
    # programs
    FileType("pe", "application/vnd.microsoft.portable-executable", _X, "exe dll sys ocx scr"),
    FileType("dos", "application/x-dosexec", _X, "exe"),
    FileType("elf", "application/x-elf", _X, "so ko elf"),
    FileType("mach-o", "application/x-mach-binary", _X, "dylib"),
    FileType("java-class", "application/java-vm", _X, "class"),
    FileType("dex", "application/x-dex", _X, "dex odex"),
    FileType("wasm", "application/wasm", _X, "wasm"),
    FileType("msi", "application/x-msi", _X, "msi msp"),
    FileType("script", "text/x-script", _X, "sh bash"),
    # mail
    FileType("eml", "message/rfc822", _E, "eml emlx"),
    FileType("mbox", "application/mbox", _E, "mbox"),
    FileType("msg", "application/vnd.ms-outlook", _E, "msg"),
    FileType("pst", "application/vnd.ms-outlook-pst", _E, "pst ost"),
    FileType("dbx", "application/x-ms-dbx", _E, "dbx"),
    # text
    FileType("text", "text/plain", _T, "txt log ini cfg csv md js css py c h java bat"),
    FileType("text-utf16", "text/plain;charset=utf-16", _T),
    FileType("xml", "application/xml", _T, "xml"),
    FileType("html", "text/html", _T, "html htm xhtml php"),
    FileType("json", "application/json", _T, "json"),
    FileType("vcard", "text/vcard", _T, "vcf"),
    FileType("calendar", "text/calendar", _T, "ics"),
    # other
    FileType("font", "font/sfnt", _O, "ttf otf ttc woff woff2"),
    FileType("riff", "application/x-riff", _O),
    FileType("torrent", "application/x-bittorrent", _O, "torrent"),
    FileType("pem", "application/x-pem-file", _O, "pem crt asc"),
    FileType("pcap", "application/vnd.tcpdump.pcap", _O, "pcap pcapng"),
    FileType("memory-dump", "application/x-memory-dump", _O, "dmp mdmp"),
    FileType("luks", "application/x-luks", _O, "luks"),
    FileType("bitlocker", "application/x-bitlocker", _O),
    FileType("keepass", "application/x-keepass", _O, "kdbx kdb"),
    FileType("salted", "application/x-openssl-encrypted", _O),
    FileType("age", "application/x-age-encryption", _O, "age"),
    # told by more than their first bytes (`parsers.containers.ending`)
    FileType("sfx", "application/x-self-extracting", _R, "exe"),
    FileType("installer", "application/x-installer", _R, "exe"),
    # what states whether the backup of a telephone around it is encrypted (`Manifest.plist`)
    FileType("itunes-manifest", "application/x-itunes-manifest", _B),
    FileType("firefox-cache", "application/x-firefox-cache", _B),
    FileType("dar", "application/x-dar", _R, "dar"),
)
"""Every type; the position of a row never changes."""

UNKNOWN: Final = 0
EMPTY: Final = 1
