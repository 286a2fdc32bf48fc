r"""Where an entry lay, as a class: what a sealed finding may say about its path.

A table of path conventions, tried in order against the folder of an entry, lower case and with
``/`` around it; the first row that fits decides. Special places (a recycle bin, a messaging app)
come before general ones (a user folder). A deleted entry keeps the place its path shows; only what
no directory names any more is ``UNALLOCATED``. The class is an aid for reading, never evidence:
anybody can make a folder called DCIM.

Sources, all public: Microsoft ``KNOWNFOLDERID`` and the Windows profile layout; Filesystem
Hierarchy Standard 3.0; freedesktop.org Trash 1.0, Thumbnail Managing and XDG Base Directory
specifications; Apple File System Programming Guide; Android ``Environment`` and data storage
documentation; DCF 2.0 (CIPA DC-009) for DCIM; package names as published in the app stores.
"""

import re
from typing import Final

from heroes_forensics.model import Place

_SOMEBODY: Final = rb"(?:users|documents and settings|home)/[^/]+"
_ANDROID: Final = rb"(?:(?:data/)?media/\d+|storage/emulated/\d+|sdcard|mnt/sdcard)"

_TABLE: Final[tuple[tuple[Place, tuple[bytes, ...]], ...]] = (
    (
        Place.RECYCLE_BIN,
        (
            rb"/\$recycle\.bin/",
            rb"/recycler/",
            rb"/recycled/",
            rb"/\.trash(?:es|-\d+)?/",
            rb"/\.local/share/trash/",
        ),
    ),
    (
        Place.THUMBNAIL_STORE,
        (
            rb"/\.(?:cache/)?thumbnails/",
            rb"/com\.apple\.quicklook\.thumbnailcache/",
            rb"/photodata/thumbnails/",
            rb"\.photoslibrary/(?:resources/)?(?:derivatives|thumbnails|proxies)/",
        ),
    ),
    (
        Place.BROWSER_CACHE,
        (
            rb"/inetcache/",
            rb"/temporary internet files/",
            rb"/webcache/",
            (
                rb"/(?:chrome|chromium|edge|brave-browser|vivaldi|opera[^/]*|google-chrome)/"
                rb"(?:[^/]+/)*(?:code )?cache/"
            ),
            rb"/(?:mozilla|firefox|\.mozilla)/(?:[^/]+/)*cache2?/",
            rb"/cache/(?:mozilla|google-chrome|chromium|microsoft-edge|bravesoftware)/",
            rb"/caches/(?:com\.apple\.safari|com\.apple\.webkit|google/chrome|firefox)",
            (
                rb"/(?:com\.android\.chrome|org\.mozilla\.[a-z]+|com\.sec\.android\.app\.sbrowser|"
                rb"com\.opera\.browser|com\.brave\.browser|com\.microsoft\.emmx)/"
                rb"(?:cache|app_chrome|app_sbrowser)/"
            ),
        ),
    ),
    (
        Place.MESSAGING_APP,
        (
            (
                rb"/(?:com\.whatsapp(?:\.w4b)?|org\.telegram\.messenger(?:\.web)?|"
                rb"org\.thoughtcrime\.securesms|com\.viber\.voip|com\.tencent\.mm|com\.snapchat\.android|"
                rb"kik\.android|com\.facebook\.orca|jp\.naver\.line\.android|com\.discord|"
                rb"com\.skype\.raider|com\.wire|ch\.threema\.app|com\.kakao\.talk)/"
            ),
            rb"/group\.net\.whatsapp\.[^/]+/",
            (
                rb"/(?:group\.)?(?:net\.whatsapp\.whatsapp|ph\.telegra\.telegraph|"
                rb"org\.whispersystems\.signal|com\.viber|com\.tencent\.xin|"
                rb"com\.toyopagroup\.picaboo|com\.kik\.chat|com\.facebook\.messenger|"
                rb"jp\.naver\.line|com\.hammerandchisel\.discord|com\.skype\.skype|"
                rb"ch\.threema\.iapp|com\.iwilab\.kakaotalk)[^/]*/"
            ),
            rb"/whatsapp(?: business)?(?:/|desktop)",
            rb"/telegram(?: desktop)?/",
            rb"/(?:signal|viber|viberpc|discord|slack|wechat files|wechat)/",
            rb"/skype(?: for desktop)?/",
            rb"/library/(?:sms|messages)/",
            rb"/com\.android\.providers\.telephony/",
        ),
    ),
    (
        Place.CLOUD_FOLDER,
        (
            _SOMEBODY + rb"/onedrive[^/]*/",
            _SOMEBODY + rb"/(?:dropbox|google drive|googledrive|my drive|icloud ?drive|box|"
            rb"box sync|mega|megasync|nextcloud|owncloud|pcloud ?drive|yandex\.disk)[^/]*/",
            rb"/library/(?:mobile documents|cloudstorage)/",
        ),
    ),
    (
        Place.BACKUP,
        (
            rb"/mobilesync/backup/",
            rb"/backups\.backupdb/",
            rb"/system volume information/",
            rb"/windowsimagebackup/",
            rb"/filehistory/",
            rb"/timeshift/snapshots/",
        ),
    ),
    (
        Place.CAMERA_ROLL,
        (rb"/dcim/", rb"/pictures/camera roll/", rb"\.photoslibrary/", rb"/photostreamsdata/"),
    ),
    (
        Place.DOWNLOADS,
        (
            rb"/" + _SOMEBODY + rb"/downloads?/",
            rb"/root/downloads/",
            _ANDROID + rb"/downloads?/",
            rb"/com\.android\.providers\.downloads/",
        ),
    ),
    (
        Place.SYSTEM,
        (
            rb"^/windows(?:\.old)?/",
            rb"^/winnt/",
            rb"^/program files(?: \(x86\))?/",
            rb"^/programdata/",
            rb"^/\$(?:extend|windows|winreagent|sysreset)",
            rb"^/(?:bin|boot|dev|etc|lib(?:32|64|x32)?|opt|proc|run|sbin|srv|sys|usr|snap)/",
            rb"^/var/(?!mobile/)",
            rb"^/(?:private/)?(?:etc|var)/(?!mobile/)",
            rb"^/(?:system|library|applications|cores)/",
            rb"^/(?:vendor|product|apex|odm|oem|system_ext)/",
            rb"^/data/(?:app|dalvik-cache|system|misc|vendor)(?:/|_)",
        ),
    ),
    (
        Place.USER_FOLDER,
        (
            rb"/" + _SOMEBODY + rb"/",
            rb"^/root/",
            rb"/" + _ANDROID + rb"/",
            rb"^/(?:private/)?var/mobile/",
            rb"^/data/(?:data|user)/",
        ),
    ),
)

_RULES: Final = tuple((place, re.compile(b"|".join(patterns))) for place, patterns in _TABLE)
_THUMBNAILS: Final = re.compile(
    rb"(?:ehthumbs(?:_vista)?|thumbs|thumbcache_[^/]+|iconcache_[^/]+)\.db|\.thumbdata.*"
)
"""Names of thumbnail stores that lie in any folder."""
_TRASHED: Final = b".trashed-"
"""Android 11 and later rename what is moved to the bin of the media store."""
_ORPHAN: Final = (b"$orphan/", b"$OrphanFiles/")

_CACHE_LIMIT: Final = 4096
_cache: dict[bytes, Place] = {}


def place_of(path: bytes, allocated: bool) -> Place:  # noqa: FBT001 - the question is the argument
    """Return the class of the place an entry lay in.

    Args:
        path: components joined with ``/``, without a leading one, as in `Entry.path`.
        allocated: name and metadata are in use.
    """
    folder, slash, name = path.rpartition(b"/")
    if b"humb" in name and _THUMBNAILS.fullmatch(name.lower()):
        return Place.THUMBNAIL_STORE
    if name.startswith(_TRASHED):
        return Place.RECYCLE_BIN
    place = _cache.get(folder)
    if place is None:
        place = _of_folder(folder + slash)
        if len(_cache) >= _CACHE_LIMIT:
            _cache.clear()
        _cache[folder] = place
    if place is Place.UNKNOWN and not allocated and path.startswith(_ORPHAN):
        return Place.UNALLOCATED
    return place


def _of_folder(folder: bytes) -> Place:
    text = b"/" + folder.lower()
    return next((place for place, rule in _RULES if rule.search(text)), Place.UNKNOWN)
