"""The class of the place says what a path would say, without the path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.model import Place
from heroes_forensics.parsers.place import place_of

PLACES = {
    # Windows
    b"Users/ann/Documents/a.jpg": Place.USER_FOLDER,
    b"Documents and Settings/ann/Desktop/a.jpg": Place.USER_FOLDER,
    b"Users/ann/Downloads/a.jpg": Place.DOWNLOADS,
    b"Users/ann/Downloads/set/b/a.jpg": Place.DOWNLOADS,
    b"Users/ann/Pictures/Camera Roll/a.jpg": Place.CAMERA_ROLL,
    b"Users/ann/OneDrive - Firm/a.jpg": Place.CLOUD_FOLDER,
    b"Users/ann/Dropbox/a.jpg": Place.CLOUD_FOLDER,
    b"Users/ann/AppData/Local/Microsoft/Windows/INetCache/IE/X/a.jpg": Place.BROWSER_CACHE,
    b"Users/ann/AppData/Local/Google/Chrome/User Data/P/Cache/f_1": Place.BROWSER_CACHE,
    b"Users/ann/AppData/Local/Mozilla/Firefox/x/cache2/A": Place.BROWSER_CACHE,
    b"Users/ann/AppData/Local/Microsoft/Windows/Explorer/thumbcache_256.db": Place.THUMBNAIL_STORE,
    b"Users/ann/Pictures/Thumbs.db": Place.THUMBNAIL_STORE,
    b"Users/ann/AppData/Roaming/Telegram Desktop/tdata/a": Place.MESSAGING_APP,
    b"Users/ann/AppData/Roaming/Apple Computer/MobileSync/Backup/x/ab/abcd": Place.BACKUP,
    b"$Recycle.Bin/S-1-5-21-1/$R1.jpg": Place.RECYCLE_BIN,
    b"RECYCLER/S-1/Dc1.jpg": Place.RECYCLE_BIN,
    b"Windows/System32/a.dll": Place.SYSTEM,
    b"Program Files (x86)/x/a.dll": Place.SYSTEM,
    b"System Volume Information/x": Place.BACKUP,
    # Linux
    b"home/ann/a.jpg": Place.USER_FOLDER,
    b"home/ann/Downloads/a.jpg": Place.DOWNLOADS,
    b"home/ann/.local/share/Trash/files/a.jpg": Place.RECYCLE_BIN,
    b"home/ann/.cache/thumbnails/large/a.png": Place.THUMBNAIL_STORE,
    b"home/ann/.cache/mozilla/firefox/x/cache2/entries/A": Place.BROWSER_CACHE,
    b"usr/lib/a.so": Place.SYSTEM,
    b"var/log/syslog": Place.SYSTEM,
    # macOS
    b"Users/ann/.Trash/a.jpg": Place.RECYCLE_BIN,
    b"Users/ann/Library/Messages/Attachments/a/b.jpg": Place.MESSAGING_APP,
    b"Users/ann/Library/Mobile Documents/com~apple~CloudDocs/a": Place.CLOUD_FOLDER,
    b"Users/ann/Pictures/Photos Library.photoslibrary/originals/A/B.heic": Place.CAMERA_ROLL,
    b"Users/ann/Pictures/L.photoslibrary/resources/derivatives/A/B": Place.THUMBNAIL_STORE,
    b"System/Library/x": Place.SYSTEM,
    # Android
    b"data/media/0/DCIM/Camera/IMG_1.jpg": Place.CAMERA_ROLL,
    b"data/media/0/Download/a.jpg": Place.DOWNLOADS,
    b"data/media/0/DCIM/.thumbnails/1.jpg": Place.THUMBNAIL_STORE,
    b"data/media/0/DCIM/Camera/.trashed-1700000000-IMG.jpg": Place.RECYCLE_BIN,
    b"data/media/0/Android/media/com.whatsapp/WhatsApp/Media/a.jpg": Place.MESSAGING_APP,
    b"data/data/org.telegram.messenger/cache/a": Place.MESSAGING_APP,
    b"data/data/com.android.chrome/cache/a": Place.BROWSER_CACHE,
    b"data/data/com.example/files/a": Place.USER_FOLDER,
    b"system/app/a.apk": Place.SYSTEM,
    # iOS
    b"private/var/mobile/Media/DCIM/100APPLE/IMG_1.HEIC": Place.CAMERA_ROLL,
    b"private/var/mobile/Library/SMS/Attachments/a/b.jpg": Place.MESSAGING_APP,
    b"private/var/mobile/Media/PhotoData/Thumbnails/V2/a": Place.THUMBNAIL_STORE,
    b"private/var/mobile/Library/Notes/a": Place.USER_FOLDER,
    # no convention
    b"a.jpg": Place.UNKNOWN,
    b"holiday/usr/a.jpg": Place.UNKNOWN,
    b"": Place.UNKNOWN,
}


@pytest.mark.parametrize(("path", "place"), PLACES.items(), ids=[p.decode() for p in PLACES])
def test_the_conventions_of_five_systems(path: bytes, place: Place) -> None:
    assert place_of(path, allocated=True) is place
    assert place_of(path, allocated=True) is place  # and from the cache


def test_a_deleted_entry_keeps_the_place_its_path_shows() -> None:
    assert place_of(b"Users/ann/Downloads/a", allocated=False) is Place.DOWNLOADS


def test_what_no_directory_names_is_unallocated() -> None:
    assert place_of(b"$orphan/77", allocated=False) is Place.UNALLOCATED
    assert place_of(b"$orphan/77", allocated=True) is Place.UNKNOWN


@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_have_a_place(path: bytes, allocated: bool) -> None:  # noqa: FBT001
    assert place_of(path, allocated) in Place
