"""What decoding gives for films: of every container, damaged ones and hostile ones."""

import io
import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import films
import numpy as np
import pytest
from av.codec import Codec
from corpus import MEDIA, needs_media
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from heroes_forensics import filetype
from heroes_forensics.frames import MAX_PIXELS, Picture
from heroes_forensics.media import borders, film_frames, film_values, tones, video

FRAMES = films.film(1, shots=2)
SMALL = films.encoded(FRAMES)


def kind_of(data: bytes) -> str:
    return filetype.TYPES[filetype.sniff(data[:40_000])].name


def measured(data: bytes, kind: str = "", profile: str = "standard", **options: Any) -> video.Film:  # noqa: ANN401
    return video.measured(
        io.BytesIO(data),
        kind or kind_of(data),
        profile,
        tones.measured,
        borders.trimmed,
        **options,
    )


def sized(frames: list[films.Frame], width: int, height: int) -> list[films.Frame]:
    return [np.asarray(Image.fromarray(frame).resize((width, height))) for frame in frames]


KINDS: dict[str, tuple[str, str, str]] = {
    "mp4": ("mp4", "mpeg4", "yuv420p"),
    "mp4 with H.264": ("mp4", "libx264", "yuv420p"),
    "mp4 with H.265": ("mp4", "libx265", "yuv420p"),
    "mp4 with AV1": ("mp4", "libsvtav1", "yuv420p10le"),
    "mov": ("mov", "mpeg4", "yuv420p"),
    "mov with 10 bits": ("mov", "prores", "yuv422p10le"),
    "mov with runs": ("mov", "qtrle", "rgb24"),
    "mov with JPEG 2000": ("mov", "jpeg2000", "rgb24"),
    "3gp": ("3gp", "h263", "yuv420p"),
    "3g2": ("3g2", "h263", "yuv420p"),
    "avi": ("avi", "mpeg4", "yuv420p"),
    "avi with JPEG": ("avi", "mjpeg", "yuvj420p"),
    "avi without compression": ("avi", "rawvideo", "bgr24"),
    "mkv": ("matroska", "libx264", "yuv420p"),
    "webm": ("webm", "libvpx", "yuv420p"),
    "webm with VP9": ("webm", "libvpx-vp9", "yuv420p"),
    "mpeg-ps": ("vob", "mpeg2video", "yuv420p"),
    "mpeg-ps with MPEG-1": ("mpeg", "mpeg1video", "yuv420p"),
    "mpeg-ts": ("mpegts", "libx264", "yuv420p"),
    "mpeg-es": ("mpeg2video", "mpeg2video", "yuv420p"),
    "mpeg4-es": ("m4v", "mpeg4", "yuv420p"),
    "h264": ("h264", "libx264", "yuv420p"),
    "h265": ("hevc", "libx265", "yuv420p"),
    "wmv": ("asf", "wmv2", "yuv420p"),
    "flv": ("flv", "flv", "yuv420p"),
    "ogv": ("ogg", "libvpx", "yuv420p"),
    "dv": ("dv", "dvvideo", "yuv420p"),
    "mxf": ("mxf", "mpeg2video", "yuv420p"),
    "ivf": ("ivf", "libvpx", "yuv420p"),
    "wtv": ("wtv", "mpeg2video", "yuv420p"),
    "nut": ("nut", "mpeg4", "yuv420p"),
    "y4m": ("yuv4mpegpipe", "rawvideo", "yuv420p"),
}
"""Type by content, and how a film of it is made here."""
FIXED = {"h263": (352, 288), "dvvideo": (720, 576)}
LOUD = {"libx265": {"x265-params": "log-level=none"}, "libsvtav1": {"svtav1-params": "lp=1"}}


def of_kind(name: str) -> bytes:
    container, codec, pixels = KINDS[name]
    frames = sized(FRAMES, *FIXED[codec]) if codec in FIXED else FRAMES
    rate = 25 if codec in {"mpeg1video", "mpeg2video", "dvvideo"} else films.RATE
    options = LOUD.get(codec, {"crf": "20"} if codec == "libx264" else {})
    return films.encoded(
        frames, container=container, codec=codec, pixels=pixels, rate=rate, options=options
    )


@pytest.mark.parametrize("name", KINDS)
def test_films_of_every_type_are_decoded(name: str) -> None:
    data = of_kind(name)
    assert kind_of(data) == name.partition(" ")[0]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    found = measured(data, profile="deep")
    assert (found.status, found.gap) == (Picture.DONE, "")
    assert found.frames >= len(FRAMES) - 2
    assert found.width * found.height > 0
    reference = measured(SMALL, profile="deep").kept
    distances = np.bitwise_count(found.kept.value[:, None] ^ reference.value[None]).sum(2)
    assert (distances.min(axis=0) <= 31).mean() > 0.9


def test_types_and_decoders_are_those_there_are() -> None:
    names = {row.name for row in filetype.TYPES if row.file_class is filetype.FileClass.VIDEO}
    assert set(video.DEMUXERS) <= names
    assert {name.partition(" ")[0] for name in KINDS} | {"m4v", "mj2", "realmedia", "amv"} == set(
        video.DEMUXERS
    )
    for name in video.DECODERS:
        assert Codec(name, "r").type == "video"
    for name in video.DEMUXERS.values():
        assert name in " ".join(av.formats_available).replace(",", " ").split()
    playlists = {
        "concat",
        "hls",
        "dash",
        "image2",
        "lavfi",
        "rtsp",
        "sdp",
        "imf",
        "webm_dash_manifest",
    }
    assert not playlists & set(video.DEMUXERS.values())


def test_a_profile_says_how_closely_a_film_is_looked_at() -> None:
    data = films.encoded(
        films.film(2, shots=3), codec="libx264", options={"g": "12", "keyint_min": "12"}
    )
    looked = {profile: measured(data, profile=profile).frames for profile in video.SECONDS}
    assert looked == {"triage": 6, "standard": 12, "deep": 72}


def test_times_are_those_of_the_frames() -> None:
    found = measured(SMALL, profile="deep")
    shown = {round(1000 * index / films.RATE) for index in range(len(FRAMES))}
    assert all(min(abs(at - each) for each in shown) <= 1 for at in found.kept.at.tolist())
    assert (np.diff(found.kept.at.astype(np.int64)) >= 0).all()
    assert abs(found.milliseconds - 4000) < 100
    late = films.encoded(FRAMES, container="mpegts", codec="mpeg2video", rate=25)
    assert measured(late).kept.at[0] < 500  # its clock begins at more than a second


def test_what_does_not_move_is_kept_once() -> None:
    still = films.encoded([FRAMES[0]] * 60)
    found = measured(still, profile="deep")
    assert found.frames == 60
    assert len(found.kept.at) == 1


def test_frames_that_say_nothing_are_counted() -> None:
    black = films.encoded([np.zeros((180, 320, 3), np.uint8)] * 12)
    found = measured(black, profile="deep")
    assert (found.status, found.frames, found.dull, len(found.kept.at)) == (Picture.DONE, 12, 12, 0)
    tiny = films.encoded(sized(FRAMES[:12], 48, 48))
    assert measured(tiny, profile="deep").dull == 12


def test_borders_are_a_view_of_their_own() -> None:
    boxed = [np.pad(frame, ((40, 40), (0, 0), (0, 0))) for frame in FRAMES]
    found = measured(films.encoded(boxed))
    plain = measured(SMALL)
    assert set(plain.kept.view.tolist()) == {0}
    inside = found.kept.value[found.kept.view == 1]
    assert len(inside) == len(plain.kept.value)
    distances = np.bitwise_count(inside[:, None] ^ plain.kept.value[None]).sum(2)
    assert (distances.min(axis=0) <= 31).all()


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 255))
def test_borders_of_any_colour_are_cut_off(above: int, left: int, colour: int) -> None:
    rows = np.asarray(Image.fromarray(FRAMES[0]).convert("L"))
    framed = np.pad(rows, ((above, 0), (left, 7)), constant_values=colour)
    inside = borders.trimmed(framed)
    assert inside.shape == borders.trimmed(rows).shape
    assert borders.trimmed(np.full((90, 70), colour, np.uint8)).shape == (90, 70)


# ---- luma --------------------------------------------------------------------------------

FORMATS = (
    *("yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuv420p10le", "yuv444p12le", "yuv420p10be"),
    *("yuva420p", "gray", "gray10le", "gray16le", "nv12", "yuyv422", "uyvy422", "rgb24", "bgr0"),
    *("gbrp", "rgb555le", "p010le", "rgba64le", "yuv410p"),
)


@pytest.mark.parametrize("name", FORMATS)
def test_luma_is_that_of_the_picture_in_every_pixel_format(name: str) -> None:
    picture = Image.fromarray(FRAMES[0])
    frame = av.VideoFrame.from_ndarray(np.array(picture), format="rgb24").reformat(
        format=name, threads=1
    )
    found = film_frames.luma(frame)
    expected = np.asarray(picture.convert("L"))
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 4


def test_large_frames_are_made_smaller_and_not_too_small() -> None:
    assert film_frames.luma(av.VideoFrame(4096, 2160, "yuv420p")).shape == (1080, 2048)
    assert film_frames.luma(av.VideoFrame(1920, 1080, "yuv420p")).shape == (1080, 1920)


# ---- damage ------------------------------------------------------------------------------

CUT = ("avi", "mkv", "webm", "mpeg-ps", "mpeg-ts", "mpeg-es", "h264", "wmv", "flv", "ogv", "nut")


@pytest.mark.parametrize("name", CUT)
def test_a_film_that_is_cut_off_is_decoded_as_far_as_it_goes(name: str) -> None:
    data = of_kind(name)
    whole, cut = (
        measured(data, profile="deep"),
        measured(data[: len(data) // 2], kind_of(data), profile="deep"),
    )
    assert cut.status in {Picture.DONE, Picture.PARTIAL}
    assert 0 < cut.frames < whole.frames


def index_first(data: bytes) -> bytes:
    """Move the index of an MP4 in front of what it points to."""
    at, film = data.index(b"moov") - 4, data.index(b"mdat") - 4
    index = bytearray(data[at:])
    table = index.index(b"stco") + 8
    for place in range(table + 4, table + 4 + 4 * int.from_bytes(index[table : table + 4]), 4):
        moved = int.from_bytes(index[place : place + 4]) + len(index)
        index[place : place + 4] = moved.to_bytes(4)
    return data[:film] + bytes(index) + data[film:at]


def test_an_mp4_that_is_cut_off_says_so() -> None:
    data = index_first(SMALL)
    assert measured(data, profile="deep").frames == len(FRAMES)
    cut = measured(data[: 2 * len(data) // 3], profile="deep")
    assert (cut.status, cut.gap) == (Picture.PARTIAL, "film.partial")
    assert 0 < cut.frames < len(FRAMES)
    lost = measured(SMALL[: len(SMALL) // 2], profile="deep")  # its index was at the end
    assert (lost.status, lost.gap, lost.frames) == (Picture.GAP, "film.undecodable", 0)


@given(st.data())
@settings(max_examples=60)
def test_damaged_films_end_in_order(data: st.DataObject) -> None:
    broken = bytearray(SMALL)
    for _ in range(data.draw(st.integers(1, 20))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    kind = data.draw(st.sampled_from(["mp4", "avi", "mkv", "mpeg-ts", "flv", "wmv", "h264"]))
    found = measured(bytes(broken), kind)
    assert found.status in {Picture.DONE, Picture.PARTIAL, Picture.GAP}
    assert (found.status == Picture.DONE) == (not found.gap)
    assert (found.status == Picture.GAP) <= (not len(found.kept.at))


def test_ffmpeg_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("mp4", "mkv", "mpeg-ts"):
        data = bytearray(of_kind(name))
        data[len(data) // 3 : len(data) // 2] = os.urandom(len(data) // 2 - len(data) // 3)
        measured(bytes(data), name)
    assert capfd.readouterr() == ("", "")


def test_what_cannot_be_read_is_no_fault_of_the_film() -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 10_000:
                raise OSError(5, "Input/output error")
            return super().read(size if size is None else min(size, 4096))

    with pytest.raises(OSError, match="Input/output"):
        video.measured(Broken(SMALL), "mp4", "deep", tones.measured, borders.trimmed)


# ---- hostile films -----------------------------------------------------------------------

PLAYLISTS = {
    "concat": b"ffconcat version 1.0\nfile '/etc/hostname'\nduration 5\n",
    "hls": b"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n/etc/hostname\n#EXT-X-ENDLIST\n",
    "dash": b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>',
    "sdp": b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_no_playlist_is_followed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(video, "_refuse", lambda url, *_: opened.append(url))
    for kind in video.DEMUXERS:
        assert measured(PLAYLISTS[name] * 20, kind).frames == 0
    assert not opened


def box(name: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return (8 + len(data)).to_bytes(4, "big") + name + data


def elsewhere(data: bytes, path: bytes) -> bytes:
    """Make a MOV say that what it shows lies in another file."""
    short = path.rsplit(b"/", 1)[-1][:63]
    alias = bytes(8) + bytes(2) + bytes([len(b"disk")]) + b"disk".ljust(27, b"\0") + bytes(12)
    alias += bytes([len(short)]) + short.ljust(63, b"\0") + bytes(16) + bytes(4) + bytes(16)
    for number in (2, 18):
        alias += number.to_bytes(2, "big") + len(path).to_bytes(2, "big")
        alias += path + bytes(len(path) % 2)
    alias += b"\xff\xff\0\0"
    reference = box(b"dref", bytes(4), (1).to_bytes(4, "big"), box(b"alis", bytes(4), alias))
    at = data.index(b"dref") - 4
    old = data[at : at + int.from_bytes(data[at : at + 4], "big")]
    grown = len(reference) - len(old)
    data = data.replace(old, reference)
    for name in (b"dinf", b"minf", b"mdia", b"trak", b"moov"):
        place = data.index(name) - 4
        size = int.from_bytes(data[place : place + 4], "big") + grown
        data = data[:place] + size.to_bytes(4, "big") + data[place + 4 :]
    return data


def test_a_film_in_another_file_is_not_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = films.encoded(FRAMES, container="mov")
    (tmp_path / "other.mov").write_bytes(made)
    hostile = elsewhere(made, bytes(tmp_path / "other.mov"))
    opened: list[str] = []

    def remember(url: str, flags: int, options: dict[str, str]) -> io.BytesIO:
        del flags, options
        opened.append(url)
        return io.BytesIO(made)

    # The reference is one that FFmpeg follows when it is told to.
    with av.open(
        io.BytesIO(hostile),
        container_options={"enable_drefs": "1", "use_absolute_path": "1"},
        io_open=remember,
    ):
        assert opened
    opened.clear()
    monkeypatch.setattr(video, "_refuse", remember)
    measured(hostile, "mov")
    assert not opened


def test_sound_is_not_decoded() -> None:
    target = io.BytesIO()
    with av.open(target, "w", format="mp4") as out:
        sound = out.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        frame.sample_rate = 8000
        out.mux(sound.encode(frame))
        out.mux(sound.encode(None))
    found = measured(target.getvalue(), "mp4")
    assert (found.status, found.frames, len(found.kept.at)) == (Picture.DONE, 0, 0)
    timer = video._Timer(lambda: 0.0, 60)  # noqa: SLF001 - as a film is opened
    source = video._Source(target, timer, lambda: None)  # noqa: SLF001
    # What FFmpeg's decoder tells of sound when it may look at it, and when it may not.
    with video._opened(source, "mp4") as container:  # noqa: SLF001
        shut = str(container.streams.audio[0].codec_context.format)
    with av.open(io.BytesIO(target.getvalue())) as container:
        heard = str(container.streams.audio[0].codec_context.format)
    assert (shut == "None") != (heard == "None")


def test_a_second_moving_picture_is_looked_at_too() -> None:
    target = io.BytesIO()
    with av.open(target, "w", format="matroska") as out:
        streams = []
        for _ in range(2):
            stream = out.add_stream("mpeg4", rate=films.RATE)
            stream.height, stream.width, stream.bit_rate = 180, 320, 2_000_000
            streams.append(stream)
        for index, pair in enumerate(zip(films.film(3, 1), films.film(4, 1), strict=True)):
            for stream, picture in zip(streams, pair, strict=True):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts = index
                out.mux(stream.encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
    both = measured(target.getvalue(), "mkv", "deep")
    second = measured(films.encoded(films.film(4, 1)), "mp4", "deep")
    distances = np.bitwise_count(second.kept.value[:, None] ^ both.kept.value[None]).sum(2)
    assert (distances.min(axis=1) <= 31).mean() > 0.9
    whole = both.kept.at[both.kept.view == 0]
    assert len(np.unique(whole)) == len(whole)


def test_a_film_of_giant_frames_is_not_decoded() -> None:
    data = bytearray(of_kind("avi without compression"))
    at = data.index(b"strf") + 8
    data[at + 4 : at + 12] = (30_000).to_bytes(4, "little") * 2
    found = measured(bytes(data), "avi")
    assert found.status == Picture.GAP
    assert found.gap in {"film.limit", "film.undecodable"}
    assert MAX_PIXELS < 30_000 * 30_000


def test_a_film_that_takes_too_long_is_looked_at_in_key_frames_and_then_left() -> None:
    data = films.encoded(
        films.film(5, shots=3), codec="libx264", options={"g": "12", "keyint_min": "12"}
    )
    ticks = itertools.count()
    calls = sum(1 for _ in clocked(data, ticks))
    late = measured(data, profile="deep", clock=pace(video.SECONDS["deep"] / calls * 1.1))
    assert (late.status, late.gap) == (Picture.PARTIAL, "film.time")
    assert 40 < late.frames < 72
    none = measured(data, profile="deep", clock=pace(video.SECONDS["deep"]))
    assert (none.status, none.gap) == (Picture.GAP, "film.time")


def clocked(data: bytes, ticks: Iterator[int]) -> list[int]:
    seen: list[int] = []

    def clock() -> float:
        seen.append(next(ticks))
        return 0.0

    measured(data, profile="deep", clock=clock)
    return seen


def pace(seconds: float) -> Any:  # noqa: ANN401 - a function
    ticks = itertools.count()
    return lambda: next(ticks) * seconds


def test_of_countless_frames_evenly_spread_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(film_frames, "SAME_BITS", -1)
    whole = measured(SMALL, profile="deep")
    assert (whole.kept.view == 0).sum() == whole.frames == len(FRAMES)
    monkeypatch.setattr(film_frames, "MAX_KEPT", 8)
    thinned = measured(SMALL, profile="deep")
    assert (thinned.status, thinned.gap) == (Picture.PARTIAL, "film.limit")
    assert 4 <= len(thinned.kept.at) <= 8
    steps = np.diff(np.unique(thinned.kept.at).astype(np.int64))
    assert steps.max() <= 2 * steps.min() + 2
    assert thinned.kept.at[-1] > 3000


MANY = ("mp4 with H.264", "mp4 with H.265", "mp4 with AV1", "webm with VP9", "avi with JPEG")


def threads() -> int:
    return sum(1 for _ in Path("/proc/self/task").iterdir())


@pytest.mark.parametrize("name", MANY)
def test_decoding_takes_one_thread(name: str) -> None:
    data = of_kind(name)
    before = threads()
    seen: set[int] = set()
    found = measured(data, moved=lambda: seen.add(threads()))
    assert found.frames
    assert seen == {before}


def test_the_rows_of_a_film() -> None:
    film_values.prepare()
    status, gap, width, height, frames, length, rows = film_values.examined(
        io.BytesIO(SMALL), "mp4", "standard"
    )
    assert (status, gap, width, height) == (Picture.DONE, "", 320, 180)
    assert frames >= len(rows) > 0
    assert (rows["at"] <= length).all()
    assert (rows["algorithm"] == 0).all()
    assert (rows["orientation"] == 0).all()
    assert (rows["quality"] >= 50).all()


@needs_media
def test_real_films_are_decoded() -> None:
    assert MEDIA is not None
    ends = []
    for path in sorted(MEDIA.iterdir()):
        data = path.read_bytes()
        if kind_of(data) in video.DEMUXERS:
            found = measured(data)
            ends.append((found.status, found.gap))
    assert len(ends) >= 14
    assert set(ends) == {(Picture.DONE, "")}
