"""Pillow's readers as they are used here: limits set, metadata passed over, one thread each.

Pillow calls what reads a format a plugin. Those of AVIF and TIFF read EXIF on their own; theirs are
replaced by readers that do not. Everything that is set here is set once a process, by `prepare`.
"""

import io
import re
from functools import cache
from importlib.resources import files
from typing import Any, Final

from PIL import AvifImagePlugin, Image, ImageFile, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from heroes_forensics.frames import MAX_PIXELS

FORMATS: Final = {
    "jpeg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "webp": "WEBP",
    "bmp": "BMP",
    "tiff": "TIFF",
    "avif": "AVIF",
    "jp2": "JPEG2000",
    "j2k": "JPEG2000",
}
"""Types of `heroes_forensics.filetype` that Pillow decodes, and what it calls them."""

_STORED: Final = frozenset({"avif", "heic", "heif"})
"""Types whose sample comes with the package: encoding one takes long, or cannot be done here."""


_AVIF: Final[Any] = vars(AvifImagePlugin)["_avif"]
"""libavif, as Pillow binds it."""


_ORIENTATION: Final = 0x0112
_EXIF_ITEM: Final = re.compile(rb"(infe[\x02\x03].{7,9})Exif", re.DOTALL)
"""The entry of an item with Exif in the list of items of a HEIF (ISO/IEC 14496-12)."""
_UNREADABLE: Final = b"\0"
"""Stands for Exif that is none."""


class Avif(ImageFile.ImageFile):
    """Pillow's reader of AVIF without what it makes of EXIF, ICC and XMP."""

    format = "AVIF"

    def _open(self) -> None:
        data = self.fp.read() if self.fp is not None else b""
        try:
            self._decoder: Any = _AVIF.AvifDecoder(data, "auto", 1)
        except ValueError:
            # libavif refuses a file for Exif that is none: it is tried without.
            data, count = _EXIF_ITEM.subn(rb"\1none", data)
            if not count:
                raise
            self._decoder = _AVIF.AvifDecoder(data, "auto", 1)
            self.info["exif"] = _UNREADABLE
        size, self.n_frames, self._mode, _, exif, *_ = self._decoder.get_info()
        if exif:  # none where that of the file is no Exif
            self.info["exif"] = exif  # as it is: nobody reads it but `metadata.Notes`
        self._size = size
        self.is_animated = self.n_frames > 1
        self._at = 0
        self._rewind()

    def _rewind(self) -> None:
        self.tile = [ImageFile._Tile("raw", (0, 0, *self.size), 0, self.mode)]  # noqa: SLF001 - as above

    def seek(self, frame: int) -> None:
        """Choose a frame; it is decoded by `load`."""
        if self._seek_check(frame):
            self._at = frame
            self._rewind()

    def tell(self) -> int:
        """Return which frame is chosen."""
        return self._at

    def load(self) -> Any:  # noqa: ANN401 - Pillow's own
        """Decode the frame."""
        if self.tile:
            self.fp = io.BytesIO(self._decoder.get_frame(self._at)[0])
        return super().load()

    def load_seek(self, pos: int) -> None:
        """Do nothing: what is loaded lies in memory."""


class Tiff(TiffImagePlugin.TiffImageFile):
    """Pillow's reader of TIFF without what it does with EXIF and orientation."""

    def _setup(self) -> None:
        self.tag_v2.pop(_ORIENTATION, None)
        super()._setup()

    def load_end(self) -> None:
        """Do nothing: no EXIF is read, and no orientation applied."""


@cache
def prepare() -> None:
    """Set Pillow's limits and take its readers of metadata away; once a process."""
    Image.preinit()
    Image.init()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    Image.register_open(Avif.format, Avif, AvifImagePlugin._accept)  # noqa: SLF001 - as its own
    Image.register_open("TIFF", Tiff, TiffImagePlugin._accept)  # noqa: SLF001 - as its own
    for marker in (*range(0xFFE1, 0xFFEE), 0xFFEF, 0xFFFE):  # all but JFIF and Adobe
        name, text, _ = JpegImagePlugin.MARKER[marker]
        JpegImagePlugin.MARKER[marker] = (name, text, JpegImagePlugin.Skip)
    for chunk in ("tEXt", "zTXt", "iTXt", "iCCP", "eXIf"):
        setattr(PngImagePlugin.PngStream, f"chunk_{chunk}", _passed_over)


def _passed_over(chunks: Any, position: int, length: int) -> bytes:  # noqa: ANN401 - Pillow's own
    """Return the bytes of a PNG chunk, for its checksum, and keep nothing of them."""
    del position
    data: bytes = ImageFile._safe_read(chunks.fp, length)  # noqa: SLF001 - as its own readers do
    return data


def sample(kind: str) -> bytes:
    """Return a small picture of a type: to warm up its decoder, and for tests."""
    if kind in _STORED:
        name = "data/sample.avif" if kind == "avif" else "data/sample.heic"
        return files("heroes_forensics.media").joinpath(name).read_bytes()
    stream = io.BytesIO()
    options = {"no_jp2": True} if kind == "j2k" else {}
    Image.linear_gradient("L").save(stream, FORMATS[kind], **options)
    return stream.getvalue()
