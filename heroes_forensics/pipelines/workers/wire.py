"""Frames between processes: one SOCK_SEQPACKET message each, checked before anything uses it.

A message is at most `MAX_FRAME` bytes. Control frames are JSON whose keys and types are listed
in `CONTROLS`; batches are rows of a known dtype plus a byte area, checked column by column.
Nothing is ever unpickled. Whatever fails the check is a `ProtocolViolationError`, after which the
process that sent it is not believed any more.
"""

import array
import json
import os
import re
import socket
import struct
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np

from heroes_forensics import described
from heroes_forensics.errors import HeroesError
from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import (
    ALGORITHM_BYTES,
    EDIT_VALUES,
    FILM_HASHES,
    MAX_EDITS,
    MAX_FRAME,
    MAX_PIXELS,
    ORIENTATIONS,
    PLUGIN_KINDS,
    ROW_TYPES,
    VALUE_BYTES,
    VIEWS,
    Batch,
    Container,
    Control,
    Distance,
    Frame,
    Made,
    Picture,
    Rows,
    Status,
    Supplied,
)
from heroes_forensics.hashsets.known import ALGORITHMS, KIND_WORD, VALUE_LIMIT
from heroes_forensics.model import (
    BLOCKS,
    GAP_TEXTS,
    JSON,
    MAX_SIZE,
    EntryKind,
    Place,
    is_policy,
)
from heroes_forensics.pipelines.workers import acquired

_BATCH: Final = struct.Struct("<cBII")
_KINDS: Final = tuple(ROW_TYPES)
MAX_DESCRIPTORS: Final = 250
"""Descriptors of one message; the kernel allows 253."""

CONTROLS: Final[dict[str, dict[str, type | tuple[type, ...]]]] = {
    # coordinator to zygote and worker
    "descriptors": {},
    "fork": {"role": str, "layers": list, "memory": int},
    "probe": {"role": str, "part": str, "targets": dict},
    "unit": {"id": int, "kind": str, "body": dict, "tasks": int, "seconds": int, "credit": dict},
    "credit": {"unit": int, "use": str, "bytes": int},
    "stop": {},
    # zygote to coordinator
    "forked": {"pid": int},
    "unforked": {},
    "died": {"pid": int, "status": int},
    # worker to coordinator
    "probed": {"row": str, "outcome": str},
    "progress": {"bytes": int, "items": int},
    "gap": {"where": str, "code": str, "detail": dict},
    "damage": {"ranges": list},
    "listing": {
        "entries": int,
        "directories": int,
        "directories_listed": int,
        "directories_not_listed": int,
        "directories_met_before": int,
        "sweep": str,
        "blocks": dict,
    },
    "opened": {"kind": str, "times": dict},
    "source": {"facts": dict},
    "acquisition": {"facts": dict},
    "volume": {"volume": dict},
    "media": {"bytes_read": int, "zero_bytes": int, "unread": list, "unread_ranges": int},
    "digests": {"digests": list},
    "rejected": {"line": int, "reason": str},
    "imported": {"facts": dict},
    "plugin": {"kind": str, "version": str, "threshold": int},
    "stream": {"item": int, "size": int, "use": str},
    "large": {"item": int, "size": int, "use": str},
    "want": {"unit": int, "use": str, "bytes": int},
    "served": {"reads": int, "bytes": int},
    "done": {"unit": int, "frames": int},
    "failed": {
        "unit": int,
        "exit_code": int,
        "message": str,
        "hint": str,
        "code": str,
        "task": int,
    },
}

ANSWERS: Final[dict[str, frozenset[str]]] = {
    "inspect": frozenset({"source", "volume", "gap"}),
    "acquisition_log": frozenset({"acquisition"}),
    "media_digest": frozenset({"progress", "media", "digests"}),
    "media_fill": frozenset({"progress", "media"}),
    "media_follow": frozenset({"digests"}),
    "inventory": frozenset({"opened", "entries", "gap", "damage", "listing"}),
    "orphans": frozenset({"entries", "gap", "damage", "listing"}),
    "carve": frozenset({"entries", "gap", "damage", "listing"}),
    "content": frozenset({"contents", "stream", "large", "damage"}),
    "serve": frozenset({"served"}),
    "decode": frozenset({"perceptual", "hashes", "supplied", "metadata"}),
    "plugin": frozenset({"plugin"}),
    "edit": frozenset({"edited", "made"}),
    "distances": frozenset({"distances"}),
    "expand": frozenset({"opened", "entries", "contents", "stream", "large", "containers"}),
    "import": frozenset({"known", "values", "rejected", "imported"}),
    "canary": frozenset(),
}
"""Frames that a unit of each kind may answer with, beside ``want``, ``done`` and ``failed``."""


class ProtocolViolationError(HeroesError):
    """A frame that no correct worker sends."""


class Received(NamedTuple):
    """One message and the descriptors that came with it."""

    frame: Frame
    descriptors: tuple[int, ...]


def pair() -> tuple[socket.socket, socket.socket]:
    """Make two connected ends, both closed on exec."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(channel: socket.socket, frame: Frame, descriptors: Sequence[int] = ()) -> None:
    """Send one frame as one message.

    Raises:
        ValueError: the frame is larger than a message may be.
        OSError: the other end is gone.
    """
    send_bytes(channel, encode(frame), descriptors)


def send_bytes(channel: socket.socket, data: bytes, descriptors: Sequence[int] = ()) -> None:
    """Send an encoded frame as one message.

    Raises:
        ValueError: the frame is larger than a message may be.
        BlockingIOError: the socket does not wait, and takes nothing now.
        OSError: the other end is gone.
    """
    if len(data) > MAX_FRAME:
        raise ValueError(f"a frame of {len(data)} bytes is larger than {MAX_FRAME}")
    if descriptors:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        channel.sendmsg([data], ancillary)
    else:
        channel.send(data)


def receive(channel: socket.socket) -> Received | None:
    """Return the next frame, or None when the other end is closed.

    Raises:
        ProtocolViolationError: the message is no frame we know; what came with it is closed.
    """
    space = socket.CMSG_SPACE(MAX_DESCRIPTORS * array.array("i").itemsize)
    data, ancillary, flags, _ = channel.recvmsg(MAX_FRAME + 1, space)
    descriptors = array.array("i")
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            whole = len(payload) - len(payload) % descriptors.itemsize
            descriptors.frombytes(payload[:whole])
    if not data and not descriptors:
        return None
    cut = flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC)
    try:
        return Received(decode(b"" if cut else data), tuple(descriptors))
    except ProtocolViolationError:
        for descriptor in descriptors:
            os.close(descriptor)
        raise


def encode(frame: Frame) -> bytes:
    """Return the bytes of one message."""
    if isinstance(frame, Control):
        return b"J" + json.dumps({"kind": frame.kind, "body": frame.body}).encode()
    head = _BATCH.pack(b"B", _KINDS.index(frame.kind), len(frame.rows), len(frame.area))
    return head + frame.rows.tobytes() + frame.area


def decode(data: bytes) -> Frame:
    """Parse and check one message.

    Raises:
        ProtocolViolationError: it is no frame we know.
    """
    if data[:1] == b"J":
        return _decode_control(data)
    if data[:1] == b"B" and len(data) >= _BATCH.size:
        return _decode_batch(data)
    raise ProtocolViolationError("a message is neither a control frame nor a batch")


def _decode_control(data: bytes) -> Control:
    try:
        message = json.loads(data[1:], parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise ProtocolViolationError("a control frame is not JSON") from error
    if not isinstance(message, dict) or set(message) != {"kind", "body"}:
        raise ProtocolViolationError("a control frame has other keys than kind and body")
    kind, body = message["kind"], message["body"]
    rule = CONTROLS.get(kind) if isinstance(kind, str) else None
    if rule is None or not isinstance(body, dict) or set(body) != set(rule):
        raise ProtocolViolationError("a control frame has an unknown kind or wrong keys")
    for key, wanted in rule.items():
        value = body[key]
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise ProtocolViolationError(f"{kind}.{key} has the wrong type")
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise ProtocolViolationError(f"{kind}.{key} is out of range")
    inside = _INSIDE.get(kind)
    if inside is not None:
        inside(body)
    return Control(kind, body)


def _gap_inside(body: JSON) -> None:
    if body["code"] not in GAP_TEXTS:
        raise ProtocolViolationError("a gap has an unknown code")
    if str(body["where"]).encode(errors="replace").translate(None, _LOCATOR_BYTES):
        raise ProtocolViolationError("the place of a gap is no locator")
    detail = body["detail"]
    values = detail.items() if isinstance(detail, dict) else ()
    if len(values) > MAX_DETAIL or not all(_plain(each) for pair in values for each in pair):
        raise ProtocolViolationError("the detail of a gap holds more than numbers and words")


def _failed_inside(body: JSON) -> None:
    code = str(body["code"])
    # What a worker failed at was to be examined: it cannot say that a profile left it out.
    if code and (code not in GAP_TEXTS or is_policy(code)):
        raise ProtocolViolationError("a failure has a code of no gap")


def _plain(value: object) -> bool:
    """Say whether a value is a number or a word of our own vocabularies could be."""
    if isinstance(value, str):
        return _WORD.fullmatch(value) is not None
    return value is None or (isinstance(value, int) and -(2**63) <= value < 2**63)


def _damage_inside(body: JSON) -> None:
    _check_ranges(body["ranges"])


def _media_inside(body: JSON) -> None:
    _check_ranges(body["unread"])
    if any(isinstance(value, int) and value < 0 for value in body.values()):
        raise ProtocolViolationError("a pass over the media has a negative count")


def _digests_inside(body: JSON) -> None:
    rows = body["digests"]
    for row in rows if isinstance(rows, list) else ():
        values = tuple(row.values()) if isinstance(row, dict) and set(row) == _DIGEST else ()
        if not values or not all(_plain(each) for each in values):
            raise ProtocolViolationError("a digest of the media is none")


def _acquisition_inside(body: JSON) -> None:
    fault = acquired.fault(body["facts"])
    if fault:
        raise ProtocolViolationError(f"what is said of an acquisition log has no {fault}")


def _check_ranges(ranges: object) -> None:
    """Refuse ranges of media that hold more than numbers and one of our words."""
    for row in ranges if isinstance(ranges, list) else ():
        values = row.items() if isinstance(row, dict) else (("", ""),)
        if len(values) > MAX_DETAIL or not all(_plain(each) for pair in values for each in pair):
            raise ProtocolViolationError("a range of the media holds more than numbers and words")


def _listing_inside(body: JSON) -> None:
    if _WORD.fullmatch(str(body["sweep"])) is None:
        raise ProtocolViolationError("a listing names no sweep of ours")
    if any(isinstance(value, int) and value < 0 for value in body.values()):
        raise ProtocolViolationError("a listing has a negative count")
    blocks = body["blocks"]
    for name, value in blocks.items() if isinstance(blocks, dict) else ():
        is_count = isinstance(value, int) and not isinstance(value, bool)
        if name not in BLOCKS or not is_count or not 0 <= value <= MAX_SIZE:
            raise ProtocolViolationError("a listing has an impossible number of bytes")


def _opened_inside(body: JSON) -> None:
    times = body["times"]
    rules = times.items() if isinstance(times, dict) else ()
    for name, rule in rules:
        if name not in {"m", "a", "c", "b"} or not isinstance(rule, list) or len(rule) != 2:  # noqa: PLR2004 - resolution and zone
            raise ProtocolViolationError("an opened volume has an impossible time basis")
        resolution, zone = rule
        if not isinstance(resolution, int) or resolution < 0 or zone not in ZONES:
            raise ProtocolViolationError("an opened volume has an impossible time basis")
    if _WORD.fullmatch(str(body["kind"])) is None:
        raise ProtocolViolationError("an opened volume is of no kind of ours")


def _probed_inside(body: JSON) -> None:
    if any(_WORD.fullmatch(str(body[name])) is None for name in ("row", "outcome")):
        raise ProtocolViolationError("a probe names no attempt of ours")


def _plugin_inside(body: JSON) -> None:
    if body["kind"] not in PLUGIN_KINDS or _WORD.fullmatch(str(body["version"])) is None:
        raise ProtocolViolationError("a plug-in is of no kind or version")
    _counts_inside(body)


def _counts_inside(body: JSON) -> None:
    if any(isinstance(value, int) and value < 0 for value in body.values()):
        raise ProtocolViolationError("a frame has a negative count")


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _decode_batch(data: bytes) -> Batch:
    _, index, count, area_length = _BATCH.unpack_from(data)
    if index >= len(_KINDS):
        raise ProtocolViolationError("a batch has an unknown kind")
    kind = _KINDS[index]
    dtype = ROW_TYPES[kind]
    if len(data) != _BATCH.size + count * dtype.itemsize + area_length:
        raise ProtocolViolationError("a batch has the wrong length")
    rows: Rows = np.frombuffer(data, dtype, count, _BATCH.size)
    area = data[len(data) - area_length :] if area_length else b""
    check = _CHECKS.get(kind)
    for name in dtype.names or ():
        if name.endswith("_offset") and name != "first_offset":
            length = rows[name.replace("_offset", "_length")].astype(np.uint64)
            if np.any(rows[name].astype(np.uint64) + length > area_length):
                raise ProtocolViolationError(f"{kind}.{name} points outside its area")
    if check is not None:
        check(rows, area)
    return Batch(kind, rows, area)


def _check_entries(rows: Rows, area: bytes) -> None:
    if not np.isin(rows["kind"], _ENTRY_KINDS).all() or (rows["place"] > max(Place)).any():
        raise ProtocolViolationError("an entry has an unknown kind or place")
    if (rows["size"] < -1).any() or (rows["size"] > MAX_SIZE).any():
        raise ProtocolViolationError("an entry has an impossible size")
    if (rows["handle_length"] > rows.dtype["handle"].itemsize).any():
        raise ProtocolViolationError("an entry has an impossible handle")
    spans = zip(rows["locator_offset"].tolist(), rows["locator_length"].tolist(), strict=True)
    locators = b"".join([area[start : start + length] for start, length in spans])
    if not rows["locator_length"].all() or locators.translate(None, _LOCATOR_BYTES):
        raise ProtocolViolationError("a locator holds other characters than it may")


def _check_contents(rows: Rows, area: bytes) -> None:
    del area
    if not np.isin(rows["status"], _STATUSES).all() or (rows["gap"] > len(GAP_TEXTS)).any():
        raise ProtocolViolationError("a content row has an unknown status or gap")
    if (rows["type"] >= len(TYPES)).any():
        raise ProtocolViolationError("a content row has an unknown type")
    if ((rows["status"] == Status.GAP) != (rows["gap"] > 0)).any():
        raise ProtocolViolationError("a content row has a gap without a reason, or the reverse")
    if (rows["bytes_read"] < 0).any() or (rows["digested"] > 1).any():
        raise ProtocolViolationError("a content row has an impossible count")
    if ((rows["status"] == Status.DONE) & (rows["digested"] == 0)).any():
        raise ProtocolViolationError("a content row is done without digests")


def _check_perceptual(rows: Rows, area: bytes) -> None:
    hashed, status = rows["hashed"], rows["status"]
    if area or not np.isin(status, _PICTURES).all() or (rows["gap"] > len(GAP_TEXTS)).any():
        raise ProtocolViolationError("a picture row has an unknown status or gap")
    if (np.isin(status, (Picture.GAP, Picture.PARTIAL)) != (rows["gap"] > 0)).any():
        raise ProtocolViolationError("a picture row has a gap without a reason, or the reverse")
    if ((hashed > 0) & ~np.isin(status, (Picture.DONE, Picture.PARTIAL))).any():
        raise ProtocolViolationError("a picture row has values and was not decoded")
    if (hashed > FILM_HASHES).any() or ((hashed > 0) & (rows["frames"] == 0)).any():
        raise ProtocolViolationError("a picture row has an impossible number of values")
    pixels = rows["width"].astype(np.uint64) * rows["height"].astype(np.uint64)
    if ((hashed > 0) & ((pixels == 0) | (pixels > MAX_PIXELS))).any():
        raise ProtocolViolationError("a picture row has an impossible size")


def _check_hashes(rows: Rows, area: bytes) -> None:
    algorithm = rows["algorithm"]
    if area or (algorithm >= len(ALGORITHM_BYTES)).any() or (rows["view"] >= len(VIEWS)).any():
        raise ProtocolViolationError("a perceptual value is of an unknown algorithm or view")
    if (rows["orientation"] >= ORIENTATIONS).any() or (rows["quality"] > _BEST_QUALITY).any():
        raise ProtocolViolationError("a perceptual value has an impossible orientation or quality")
    if (rows["tones"] > _ALL_TONES).any():
        raise ProtocolViolationError("a perceptual value has more tones than there are")
    is_pdq = algorithm == 0
    if (~is_pdq & ((rows["view"] > 0) | (rows["orientation"] > 0))).any():
        raise ProtocolViolationError("only PDQ has values of other views and orientations")
    values = np.frombuffer(rows["value"].tobytes(), "u1").reshape(len(rows), VALUE_BYTES)
    beyond = np.arange(VALUE_BYTES) >= _ALGORITHM_BYTES[algorithm][:, None]
    if values[beyond].any():
        raise ProtocolViolationError("a perceptual value is longer than its algorithm makes it")


def _check_supplied(rows: Rows, area: bytes) -> None:
    status = rows["status"]
    if area or not np.isin(status, _SUPPLIED).all():
        raise ProtocolViolationError("a value of a plug-in has an unknown status")
    width = rows.dtype["value"].itemsize
    values = np.frombuffer(rows["value"].tobytes(), "u1").reshape(len(rows), width)
    if values[status != Supplied.VALUE].any():
        raise ProtocolViolationError("a plug-in gave no value, and there is one")


def _check_edited(rows: Rows, area: bytes) -> None:
    if area or (rows["edit"] >= MAX_EDITS).any() or (rows["view"] >= len(VIEWS)).any():
        raise ProtocolViolationError("a value of an edited picture is of an unknown edit or view")
    if (rows["orientation"] >= ORIENTATIONS).any() or (rows["quality"] > _BEST_QUALITY).any():
        raise ProtocolViolationError("an edited picture has an impossible orientation or quality")
    if (rows["tones"] > _ALL_TONES).any():
        raise ProtocolViolationError("an edited picture has more tones than there are")


def _check_made(rows: Rows, area: bytes) -> None:
    status, values = rows["status"], rows["values"]
    if area or not np.isin(status, _MADE).all() or (rows["edit"] >= MAX_EDITS).any():
        raise ProtocolViolationError("an edit has an unknown number or status")
    if (values > EDIT_VALUES).any() or ((values > 0) != (status == Made.DONE)).any():
        raise ProtocolViolationError("an edit has an impossible number of values")
    pixels = rows["width"].astype(np.uint64) * rows["height"].astype(np.uint64)
    if ((values > 0) & ((pixels == 0) | (pixels > MAX_PIXELS))).any():
        raise ProtocolViolationError("an edit has an impossible size")


def _check_distances(rows: Rows, area: bytes) -> None:
    status = rows["status"]
    if area or not np.isin(status, _DISTANCES).all():
        raise ProtocolViolationError("a distance has an unknown status")
    failed = rows[status == Distance.FAILED]
    if failed["entry"].any() or failed["distance"].any():
        raise ProtocolViolationError("a value was not compared, and there is a distance")


def _check_metadata(rows: Rows, area: bytes) -> None:
    try:
        for _ in described.unpacked(rows, area):
            pass
    except ValueError as error:
        raise ProtocolViolationError("metadata of a picture says what none may") from error


def _check_containers(rows: Rows, area: bytes) -> None:
    if (
        area
        or not np.isin(rows["status"], _CONTAINERS).all()
        or (rows["gap"] > len(GAP_TEXTS)).any()
    ):
        raise ProtocolViolationError("a container row has an unknown status or gap")
    if ((rows["status"] == Container.GAP) != (rows["gap"] > 0)).any():
        raise ProtocolViolationError("a container row has a gap without a reason, or the reverse")
    if (rows["listed"] > MAX_SIZE).any() or (rows["directories"] > rows["listed"]).any():
        raise ProtocolViolationError("a container row has an impossible count")
    if (rows["expanded"] < 0).any() or (rows["depth"] == 0).any():
        raise ProtocolViolationError("a container row has an impossible count")


MAX_DETAIL: Final = 16
"""Facts about one gap."""
_DIGEST: Final = frozenset({"alg", "computed"})
ZONES: Final = frozenset({"utc", "local-unknown"})
_WORD: Final = re.compile(r"[A-Za-z0-9 ._:,/+()-]{1,80}", re.ASCII)


def _check_known(rows: Rows, area: bytes) -> None:
    del area
    if ((rows["has"] == 0) & (rows["values"] == 0)).any() or (rows["has"] > _ALL_DIGESTS).any():
        raise ProtocolViolationError("a known record has no digest, or an unknown one")
    if (rows["size"] < -1).any() or (rows["entry"] < -1).any():
        raise ProtocolViolationError("a known record has an impossible size or number")


def _check_values(rows: Rows, area: bytes) -> None:
    if (rows["quality"] < -1).any() or (rows["quality"] > _BEST_QUALITY).any():
        raise ProtocolViolationError("a value has an impossible quality")
    if (rows["value_length"] == 0).any() or (rows["value_length"] > VALUE_LIMIT).any():
        raise ProtocolViolationError("a value has an impossible length")
    places = rows["kind_offset"].astype(np.int64) << 16 | rows["kind_length"]
    for at in np.unique(places).tolist():
        if KIND_WORD.fullmatch(area[at >> 16 : (at >> 16) + (at & 0xFFFF)]) is None:
            raise ProtocolViolationError("a value is of a kind that is no word")


_INSIDE: Final[dict[str, Callable[[JSON], None]]] = {
    "acquisition": _acquisition_inside,
    "gap": _gap_inside,
    "failed": _failed_inside,
    "damage": _damage_inside,
    "media": _media_inside,
    "digests": _digests_inside,
    "listing": _listing_inside,
    "opened": _opened_inside,
    "plugin": _plugin_inside,
    "probed": _probed_inside,
    **dict.fromkeys(("progress", "stream", "large", "want", "served"), _counts_inside),
}
_ENTRY_KINDS: Final = np.array(sorted(EntryKind), dtype="u1")
_STATUSES: Final = np.array(sorted(Status), dtype="u1")
_LOCATOR_BYTES: Final = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.:-_+@$=,~"
_PICTURES: Final = np.array(sorted(Picture), dtype="u1")
_SUPPLIED: Final = np.array(sorted(Supplied), dtype="u1")
_MADE: Final = np.array(sorted(Made), dtype="u1")
_DISTANCES: Final = np.array(sorted(Distance), dtype="u1")
_CONTAINERS: Final = np.array(sorted(Container), dtype="u1")
_ALL_DIGESTS: Final = sum(row.bit for row in ALGORITHMS)
_BEST_QUALITY: Final = 100
_ALL_TONES: Final = 100
_ALGORITHM_BYTES: Final = np.array(ALGORITHM_BYTES)
_CHECKS: Final = {
    "known": _check_known,
    "values": _check_values,
    "entries": _check_entries,
    "contents": _check_contents,
    "perceptual": _check_perceptual,
    "containers": _check_containers,
    "hashes": _check_hashes,
    "supplied": _check_supplied,
    "edited": _check_edited,
    "made": _check_made,
    "distances": _check_distances,
    "metadata": _check_metadata,
}
