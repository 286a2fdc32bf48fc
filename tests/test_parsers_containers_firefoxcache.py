"""Caches of browsers: entries of Firefox, contents that were sent packed, and real profiles."""

import gzip
import hashlib
import http.server
import shutil
import struct
import subprocess
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scans import folder, scanned
from storage_images import Memory
from test_media_perceptual import encoded, gradient
from test_parsers_containers_chromecache import simple
from test_parsers_containers_ending import told
from test_pipelines_expanding import PNG, paths

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.cachemetadata import LONGEST, metadata_in
from heroes_forensics.parsers.containers.chromecache import open_chrome_cache
from heroes_forensics.parsers.containers.firefoxcache import open_firefox_cache
from heroes_forensics.parsers.containers.pieces import Pieces
from heroes_forensics.pipelines.checks import views

ADDRESS = b"https://a.example/p.jpg"
JPEG = encoded(gradient(80, 60, seed=3), "JPEG")
PAGE = b"<html>words</html>" * 9000


def entry(
    body: bytes, coding: bytes = b"", *, version: int = 3, tags: bytes = b"O^partitionKey=%28x%29,"
) -> bytes:
    """Write an entry as ``netwerk/cache2`` has it."""
    key = tags + b":" + ADDRESS
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n"
    head += b"Content-Encoding: " + coding + b"\r\n" if coding else b""
    numbers = [version, 1, 1_700_000_000, 1_700_000_000, 5, 1_700_000_100, len(key)]
    numbers += [0] if version > 1 else []
    out = bytes(4 + 2 * -(-len(body) // 262_144)) + struct.pack(f">{len(numbers)}I", *numbers)
    out += key + b"\0request-method\0GET\0response-head\0" + head + b"\0"
    out += struct.pack(">I", version) if version == 4 else b""
    return body + out + struct.pack(">I", len(body))


def members(found: Pieces) -> dict[str, bytes]:
    """Return what can be read, by locator."""
    every = list(found.entries())
    assert not [each for each in every if isinstance(each, Gap)]
    return {
        each.locator: found.open(each.handle).pread(0, max(each.size, 1 << 24))
        for each in every
        if isinstance(each, Entry)
    }


@pytest.mark.parametrize("version", [1, 2, 3, 4])
@pytest.mark.parametrize("body", [JPEG, PAGE, PNG * 400, gzip.compress(PAGE)], ids=len)
def test_an_entry_is_known_by_its_end_and_gives_its_content(body: bytes, version: int) -> None:
    data = entry(body, version=version)
    assert told(data) == ("firefox-cache", False)
    found = open_firefox_cache(Memory(data))
    assert members(found) == {"m@0x0": body, f"m@{len(body):#x}": data[len(body) :]}
    content = next(each for each in found.entries() if isinstance(each, Entry))
    assert content.path == ADDRESS


@pytest.mark.parametrize("tags", [b"", b"a,", b"O^userContextId=1&partitionKey=%28https%2Cx%29,a,"])
def test_the_address_stands_behind_the_tags(tags: bytes) -> None:
    data = entry(JPEG, tags=tags)
    found = metadata_in(data[-LONGEST:], len(data))
    assert found is not None
    assert (found.start, found.address) == (len(JPEG), ADDRESS)


def _raw(data: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    return engine.compress(data) + engine.flush()


@pytest.mark.parametrize(
    ("coding", "packed"),
    [(b"br", brotli.compress(PAGE)), (b"deflate", zlib.compress(PAGE)), (b"Deflate", _raw(PAGE))],
)
def test_what_was_sent_packed_is_expanded(coding: bytes, packed: bytes) -> None:
    for found in (
        open_firefox_cache(Memory(entry(packed, coding))),
        open_chrome_cache(
            Memory(simple(ADDRESS, packed, b"HTTP/1.1 200\0content-encoding:" + coding + b"\0"))
        ),
    ):
        bodies = members(found)
        (plain,) = (body for locator, body in bodies.items() if locator.startswith("x@"))
        assert plain == PAGE
        assert packed in bodies.values()


@pytest.mark.parametrize("coding", [b"", b"gzip", b"identity", b"br, gzip"])
def test_other_codings_are_left_to_the_content(coding: bytes) -> None:
    assert len(members(open_firefox_cache(Memory(entry(PAGE, coding))))) == 2


def test_brotli_gives_no_more_than_is_asked_for_and_tells_damage() -> None:
    bomb = brotli.compress(bytes(1 << 28), quality=1)
    found = open_firefox_cache(Memory(entry(bomb, b"br")))
    plain = [each for each in found.entries() if isinstance(each, Entry)][1]
    assert plain.size == -1
    assert found.open(plain.handle).pread(0, 1000) == bytes(1000)
    packed = brotli.compress(PAGE)
    for damaged, error in ((packed[: len(packed) // 2], UnsupportedError), (b"\xff" * 99, OSError)):
        found = open_firefox_cache(Memory(entry(damaged, b"br")))
        plain = [each for each in found.entries() if isinstance(each, Entry)][1]
        with pytest.raises(error):
            found.open(plain.handle).pread(0, 1 << 20)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_whatever_the_bytes_what_is_found_lies_in_the_file(junk: bytes, at: int) -> None:
    whole = entry(JPEG)
    data = whole[: -at or None] + junk
    found = metadata_in(data[-LONGEST:], len(data))
    assert found is None or found.start < len(data)
    if found is None:
        with pytest.raises(EvidenceError):
            open_firefox_cache(Memory(data))


@pytest.mark.parametrize("size", [0, 9 << 20])
def test_contents_are_examined_with_digests_of_their_own(size: int, tmp_path: Path) -> None:
    large = PNG + bytes(size)
    files = {"a": entry(JPEG), "b": entry(brotli.compress(large), b"br"), "c": entry(large)}
    result = scanned(tmp_path / "case", folder(tmp_path / "e", files), names="clear")
    found = paths(tmp_path / "case")
    assert result.counts["closes"]
    assert {found[name]["content_type"] for name in files} == {"firefox-cache"}
    digests = [row["sha256"] for row in found.values()]
    assert digests.count(hashlib.sha256(JPEG).hexdigest()) == 1
    assert digests.count(hashlib.sha256(large).hexdigest()) == 2
    assert result.counts["pictures_decoded"] == (2 if size else 3)
    if size:  # how long it is nobody says before it is expanded
        assert found[f"b/{ADDRESS.decode()}/$expanded"]["size"] == -1
        assert {gap["code"] for gap in views.gaps(tmp_path / "case")} == {"picture.limit"}


def test_under_triage_a_content_is_looked_at_as_it_is(tmp_path: Path) -> None:
    source = folder(tmp_path / "e", {"a": entry(JPEG)})
    scanned(tmp_path / "case", source, names="clear", profile="triage")
    assert paths(tmp_path / "case")["a"]["content_type"] == "jpeg"


SENT = {
    "/": (b"<img src='/p.jpg'><img src='/b.jpg'>", b""),
    "/p.jpg": (JPEG, b""),
    "/b.jpg": (brotli.compress(encoded(gradient(64, 64, seed=5), "JPEG")), b"br"),
}


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body, coding = SENT.get(self.path, (b"", b""))
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if self.path == "/" else "image/jpeg")
        self.send_header("Cache-Control", "max-age=100000")
        if coding:
            self.send_header("Content-Encoding", coding.decode())
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


BROWSERS = {
    "firefox-esr": ("--headless", "--profile", "profile", "--screenshot"),
    "chromium": (
        *("--headless", "--no-sandbox", "--disable-gpu", "--user-data-dir=profile"),
        *("--disable-background-networking", "--screenshot=shot.png"),
    ),
}


@pytest.mark.parametrize("program", BROWSERS)
def test_the_cache_of_a_real_browser_gives_what_was_sent(
    program: str, address: str, tmp_path: Path
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    said = b'user_pref("network.http.accept-encoding", "gzip, deflate, br");\n'
    said += b'user_pref("app.update.enabled", false);\n'
    profile = folder(tmp_path, {"profile/user.js": said}) / "profile"
    options = BROWSERS[program] + (("shot.png",) if program == "firefox-esr" else ())
    subprocess.run(
        [program, *options, address],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        timeout=120,
        check=False,
    )
    digests = []
    for path in sorted(profile.rglob("*")):
        parents = {each.name for each in path.parents}
        if path.is_file() and "entries" in parents and "cache2" in parents:
            found: Pieces = open_firefox_cache(Memory(path.read_bytes()))
        elif path.is_file() and "Cache_Data" in parents and path.name.endswith("_0"):
            found = open_chrome_cache(Memory(path.read_bytes()))
        else:
            continue
        digests += [hashlib.sha256(body).hexdigest() for body in members(found).values()]
    for name, (body, coding) in SENT.items():
        plain = brotli.decompress(body) if coding else body
        assert hashlib.sha256(plain).hexdigest() in digests, name
