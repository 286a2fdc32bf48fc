"""Decoding a film within limits.

`measured` takes a seekable file object of hostile bytes and returns numbers; no pixel leaves it.
What the container is says the caller from the content (`heroes_forensics.filetype`); FFmpeg tries
the one demuxer of that type and the decoders of `DECODERS`, all of them of moving pictures: sound,
subtitles and data are skipped packet by packet, and no decoder of theirs can be opened. It reads
nothing but the file object: no name, no address and no other file, whatever the film refers to. It
makes no thread and writes no log. What is cut off or damaged is decoded as far as it goes; a film
that takes longer than its profile allows is looked at in key frames from then on, and left at the
end of its time.
"""

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

import av
import av.logging
from av.stream import Discard
from av.video.stream import VideoStream

from heroes_forensics.frames import MAX_PIXELS, Picture
from heroes_forensics.media import ebml
from heroes_forensics.media.film_frames import NOTHING, Keeper, Kept, Measure, Trim, luma
from heroes_forensics.media.metadata import Notes

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.codeccontext import VideoCodecContext
    from av.video.frame import VideoFrame

DEMUXERS: Final = {
    **dict.fromkeys(("mp4", "m4v", "mov", "3gp", "3g2", "mj2"), "mov"),
    **dict.fromkeys(("mkv", "webm"), "matroska"),
    "avi": "avi",
    "amv": "avi",
    "mpeg-ps": "mpeg",
    "mpeg-ts": "mpegts",
    "mpeg-es": "mpegvideo",
    "mpeg4-es": "m4v",
    "h264": "h264",
    "h265": "hevc",
    "wmv": "asf",
    "flv": "flv",
    "ogv": "ogg",
    "realmedia": "rm",
    "dv": "dv",
    "mxf": "mxf",
    "ivf": "ivf",
    "wtv": "wtv",
    "nut": "nut",
    "y4m": "yuv4mpegpipe",
}
"""Types of `heroes_forensics.filetype` that are decoded, and the FFmpeg demuxer of each. None of
them is a playlist, and none opens what another file holds."""

_DECODERS: Final = """
h264 hevc vp8 vp9 libdav1d vvc mpeg1video mpeg2video mpeg4 h261 h263 h263i h263p flv vc1 theora
msmpeg4 msmpeg4v1 msmpeg4v2 wmv1 wmv2 wmv3 vp3 vp6 vp6a vp6f vp7 rv10 rv20 rv30 rv40 svq1 svq3
cinepak indeo2 indeo3 indeo4 indeo5 mjpeg mjpegb amv dvvideo prores dnxhd cfhd jpeg2000 huffyuv
ffvhuff ffv1 utvideo lagarith rawvideo msrle msvideo1 qtrle rpza smc png flashsv flashsv2
camtasia zmbv mss1 mss2
"""
DECODERS: Final = frozenset(_DECODERS.split())
"""Decoders of FFmpeg that may be opened."""

SECONDS: Final = {"triage": 60.0, "standard": 1200.0, "deep": 3600.0}
"""How long one film may take, by profile."""
LATE: Final = 0.75
"""Share of that time after which only key frames are looked at."""

STANDARD_MILLISECONDS: Final = 500
"""``standard`` looks at two frames a second."""
KEY_MILLISECONDS: Final = 250
"""Key frames that follow closer upon one another are passed over: some films have no others."""
STILL_FRAMES: Final = 30
"""So many decoded frames are looked at once however little the film says that time moves on."""

MAX_STREAMS: Final = 4
"""Moving pictures in one film that are looked at: a second one can be there to be overlooked."""
BUFFER: Final = 1 << 18
"""Bytes that are read at once."""
_MAX_TIME: Final = 1 << 31
"""Milliseconds; a film may state any time."""


class Film(NamedTuple):
    """What decoding one film gave."""

    status: Picture
    gap: str
    """A key of `model.GAP_TEXTS`, or empty."""
    width: int = 0
    """Pixels, of the first frame that was decoded."""
    height: int = 0
    frames: int = 0
    """Frames looked at."""
    milliseconds: int = 0
    """How long it is, as the container states it, at least to the last frame kept; never 0."""
    dull: int = 0
    """Frames looked at that say nothing: black, plain, blurred, tiny."""
    kept: Kept = NOTHING


class LimitError(Exception):
    """A film is larger than a decoder may take."""


class _RefusedError(OSError):
    """The film refers to something outside of itself."""


class _LateError(Exception):
    """The time that a film may take is over."""


def measured(  # noqa: PLR0913 - what makes values of frames comes from the caller
    stream: BinaryIO,
    kind: str,
    profile: str,
    measure: Measure,
    trim: Trim,
    *,
    moved: Callable[[], object] = lambda: None,
    clock: Callable[[], float] = time.monotonic,
    notes: Notes | None = None,
) -> Film:
    """Decode one film and measure the frames that the profile wants.

    Args:
        stream: the bytes of the film, seekable; it is not closed.
        kind: a key of `DEMUXERS`.
        profile: a key of `SECONDS`.
        measure: makes values and quality of luma.
        trim: cuts uniform borders off luma.
        moved: called for each read and each packet, so that others see that it goes on.
        clock: gives seconds, by which the time of the film is counted.
        notes: takes the metadata of the film; None: it is not looked at.

    Raises:
        OSError: never for what the bytes are; only ``stream`` itself may raise it.
    """
    timer = _Timer(clock, SECONDS[profile])
    source = _Source(stream, timer, moved)
    look = _Look(profile, Keeper(measure, trim), timer, moved)
    try:
        look.is_damaged = DEMUXERS[kind] == "matroska" and ebml.ends_early(stream)
        with _opened(source, kind) as container:
            if notes is not None:
                notes.film(container)
            look.film(container)
    except _LateError:
        pass  # the timer knows
    except LimitError:
        look.is_too_large = True
    except MemoryError:
        look.lacks_memory = True
    except Exception:  # noqa: BLE001 - a demuxer raises what it likes; it is about the film
        look.is_damaged = True
    if source.error is not None:
        raise source.error
    return look.result()


class _Timer:
    """The time that one film has."""

    def __init__(self, clock: Callable[[], float], seconds: float) -> None:
        self._clock = clock
        self._ends = clock() + seconds
        self._hurries = self._ends - (1 - LATE) * seconds
        self.is_late = False
        """Whether not everything was looked at for want of time."""

    def hurries(self) -> bool:
        """Tell whether from now on less is looked at.

        Raises:
            _LateError: the time is over.
        """
        now = self._clock()
        self.is_late |= now > self._hurries
        if now > self._ends:
            raise _LateError
        return self.is_late


class _Source:
    """The file object as FFmpeg sees it; it remembers when reading itself failed."""

    def __init__(self, stream: BinaryIO, timer: _Timer, moved: Callable[[], object]) -> None:
        self._stream = stream
        self._timer = timer
        self._moved = moved
        self.error: OSError | None = None

    def read(self, size: int) -> bytes:
        """Return at most ``size`` bytes."""
        self._moved()
        self._timer.hurries()
        try:
            return self._stream.read(size)
        except OSError as error:
            self.error = error
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a byte."""
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        """Return the byte that is read next."""
        return self._stream.tell()


def _opened(source: _Source, kind: str) -> "InputContainer":
    prepare()
    source.seek(0)
    return av.open(
        source,
        mode="r",
        format=DEMUXERS[kind],
        options={"max_pixels": str(MAX_PIXELS), "threads": "1"},
        container_options={
            "codec_whitelist": ",".join(sorted(DECODERS)),
            "protocol_whitelist": "none",
        },
        metadata_errors="surrogateescape",
        buffer_size=BUFFER,
        io_open=_refuse,
    )


def _refuse(url: str, flags: int, options: dict[str, str]) -> None:
    """Open nothing, whatever a film refers to."""
    del url, flags, options
    raise _RefusedError


@cache
def prepare() -> None:
    """Silence FFmpeg, once a process: what it says may hold names."""
    av.logging.set_level(None)


class _Track:
    """One moving picture of a film."""

    def __init__(self, stream: VideoStream, start: float, interval: int, *, keys: bool) -> None:
        context = stream.codec_context
        context.thread_count = 1
        context.thread_type = "NONE"
        context.options = {"max_pixels": str(MAX_PIXELS)}
        self.stream = stream
        self._context = context
        self._start = start
        self._interval = interval
        self._tick = 1000 * float(stream.time_base or 0)
        self._frame = 1000 / float(stream.guessed_rate or 25)
        self._at = 0.0
        """Of the frame decoded last."""
        self._asked = self._looked = -float(_MAX_TIME)
        """Times of the packet decoded last, and of the frame looked at last."""
        self._since = 0
        """Frames decoded since one was looked at."""
        self._keys = keys
        self._is_alone = bool(context.codec.intra_only)
        """Whether each packet can be decoded by itself."""
        if keys:
            self.only_keys()

    def only_keys(self) -> None:
        """Look at key frames alone from now on."""
        self._keys = True
        self._interval = KEY_MILLISECONDS
        self._context.skip_frame = "NONKEY"
        self.stream.discard = Discard.nonkey

    def decoded(self, packet: "Packet[Any]") -> "list[VideoFrame]":
        """Decode a packet, unless nothing of it would be looked at.

        Raises:
            LimitError: its pictures are too large.
        """
        if self._context.width * self._context.height > MAX_PIXELS:
            raise LimitError
        if packet.size and packet.pts is not None and (self._is_alone or self._keys):
            at = packet.pts * self._tick
            if abs(at - self._asked) < self._interval and self._since < STILL_FRAMES:
                self._since += 1
                return []
            self._asked = at
        return packet.decode()

    def time_of(self, frame: "VideoFrame") -> int:
        """Return when a frame is shown, milliseconds; as good as can be said."""
        said = frame.pts if frame.pts is not None else frame.dts
        if said is not None and self._tick:
            self._at = said * self._tick - self._start
        else:
            self._at += self._frame
        return _bounded(self._at)

    def wants(self, frame: "VideoFrame", at: int) -> bool:
        """Tell whether a frame is to be looked at."""
        self._since += 1
        apart = abs(at - self._looked)
        key = bool(frame.key_frame) and apart >= KEY_MILLISECONDS
        if not (key or apart >= self._interval or self._since >= STILL_FRAMES):
            return False
        self._looked, self._since = at, 0
        return True


class _Look:
    """One film on its way: what was seen of it, and why not all."""

    def __init__(
        self, profile: str, keeper: Keeper, timer: _Timer, moved: Callable[[], object]
    ) -> None:
        self._profile = profile
        self._keeper = keeper
        self._timer = timer
        self._moved = moved
        self._size = (0, 0)
        self._milliseconds = 0
        self._is_film = True
        self._decoded = 0
        self.is_damaged = False
        self.is_too_large = False
        self.lacks_memory = False

    def film(self, container: "InputContainer") -> None:
        """Look at the moving pictures of a container.

        Raises:
            LimitError: one is too large.
            _LateError: there is no time left.
        """
        self._milliseconds = _bounded((container.duration or 0) / 1000)
        found = [each for each in container.streams if isinstance(each, VideoStream)]
        if not found:
            self._is_film = not len(container.streams)  # else: sound alone
            return
        tracks = {each.index: self._track(container, each) for each in found if _is_decoded(each)}
        self.is_damaged |= len(tracks) < len(found)
        for number in list(tracks)[MAX_STREAMS:]:
            del tracks[number]
            self.is_too_large = True
        for stream in container.streams:
            if stream.index not in tracks:
                stream.discard = Discard.all
        self._frames(container, tracks)

    def _track(self, container: "InputContainer", stream: VideoStream) -> _Track:
        start = (container.start_time or 0) / 1000
        interval = STANDARD_MILLISECONDS if self._profile == "standard" else 0
        return _Track(stream, start, interval, keys=self._profile == "triage")

    def _frames(self, container: "InputContainer", tracks: dict[int, _Track]) -> None:
        if not tracks:
            return
        was_late = False
        for packet in container.demux([track.stream for track in tracks.values()]):
            self._moved()
            if self._timer.hurries() and not was_late:
                was_late = True
                for track in tracks.values():
                    track.only_keys()
            self.is_damaged |= packet.is_corrupt
            try:
                self._look(tracks[packet.stream.index], packet)  # the last ones have no number
            except (av.FFmpegError, ValueError) as error:
                if isinstance(error, MemoryError):
                    raise
                self.is_damaged = True

    def _look(self, track: _Track, packet: "Packet[Any]") -> None:
        for frame in track.decoded(packet):
            if frame.width * frame.height > MAX_PIXELS:
                raise LimitError
            if not self._decoded:
                self._size = frame.width, frame.height
            self._decoded += 1
            self.is_damaged |= bool(frame.is_corrupt)
            at = track.time_of(frame)
            if track.wants(frame, at):
                self._keeper.look(at, luma(frame), track.stream.index)
                self._moved()

    def result(self) -> Film:
        """Return what was seen."""
        gap = self._gap()
        if not self._is_film:
            status = Picture.DONE
        elif not self._decoded:
            status, gap = Picture.GAP, gap or "film.undecodable"
            if gap == "film.partial":
                gap = "film.undecodable"
        else:
            status = Picture.PARTIAL if gap else Picture.DONE
        keeper, kept = self._keeper, self._keeper.result()
        length = max([1, self._milliseconds, *kept.at[-1:].tolist()])
        return Film(status, gap, *self._size, keeper.looked, length, keeper.dull, kept)

    def _gap(self) -> str:
        if self.lacks_memory:
            return "decoder.memory"
        if self.is_too_large or self._keeper.is_thinned:
            return "film.limit"
        if self._timer.is_late:
            return "film.time"
        return "film.partial" if self.is_damaged else ""


def _is_decoded(stream: VideoStream) -> bool:
    context: VideoCodecContext | None = stream.codec_context  # None where FFmpeg has no decoder
    return context is not None and context.codec.name in DECODERS


def _bounded(milliseconds: float) -> int:
    return int(min(max(milliseconds, 0), _MAX_TIME))
