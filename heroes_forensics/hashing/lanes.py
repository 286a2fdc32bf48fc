"""MD5 of many messages side by side, five times as fast as one after the other.

Needs llvmlite (the extra ``fast``), which turns `md5_program` into machine code when it is asked
to; without it, and where the result differs from hashlib's on a trial, hashlib does the work. The
digests are the same either way.
"""

import ctypes
import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.hashing.md5_program import BLOCK, program

SHORT: Final = 1 << 10
"""Messages below so many bytes are not worth the book-keeping."""
COPIED: Final = 64 << 10
"""Messages below so many bytes are copied: cheaper than two turns."""
ALONE: Final = 3
"""A message longer than so many times its fair share of all lanes would leave them idle."""

_INITIAL: Final = np.array([0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476], dtype="<u4")
_Call = Callable[[int, int, int, int], object]


class Lanes:
    """The compiled function and how many messages it takes at once."""

    def __init__(self, width: int, call: _Call, owner: object) -> None:
        self.width = width
        self._call = call
        self._owner = owner
        """The compiler: the machine code goes when it goes."""

    def digests(self, messages: Sequence[bytes]) -> list[bytes]:
        """Return the 16 bytes of the MD5 of each message."""
        if not messages:
            return []
        states = np.tile(_INITIAL, (len(messages), 1))
        sizes = np.fromiter(map(len, messages), dtype="<i8", count=len(messages))
        # What is short is copied to where its end follows it; of what is long, only its end is.
        long = sizes >= COPIED
        whole = np.where(long, sizes // BLOCK, 0)
        if long.any():
            places = np.zeros(len(messages), dtype="<u8")
            for position in np.flatnonzero(long).tolist():
                places[position] = _address(messages[position])
            self._run(places, whole, states)
        parts: list[bytes] = []
        for message, size in zip(messages, sizes.tolist(), strict=True):
            parts += (message if size < COPIED else message[size - size % BLOCK :], _end(size))
        joined = b"".join(parts)
        blocks = (sizes + (BLOCK + 8)) // BLOCK - whole
        starts = (np.cumsum(blocks) - blocks) * BLOCK + _address(joined)
        self._run(starts.astype("<u8"), blocks, states)
        data = states.tobytes()
        return [data[start : start + 16] for start in range(0, len(data), 16)]

    def _run(
        self,
        places: npt.NDArray[np.uint64],
        blocks: npt.NDArray[np.int64],
        states: npt.NDArray[np.uint32],
    ) -> None:
        """Feed ``blocks[n]`` blocks at the address ``places[n]`` into ``states[n]``, for each n.

        Messages of nearly the same length go together, so that few lanes wait for others.
        """
        width = self.width
        state = np.zeros((4, width), dtype="<u4")
        pointers = np.zeros(width, dtype="<u8")
        counts = np.zeros(width, dtype="<u4")
        order = np.argsort(-blocks, kind="stable")
        order = order[: int(np.count_nonzero(blocks))]
        for start in range(0, len(order), width):
            group = order[start : start + width]
            used = len(group)
            pointers[:] = places[group[0]]  # a lane without a message reads what the first reads
            pointers[:used] = places[group]
            counts[:used], counts[used:] = blocks[group], 0
            state[:, :used] = states[group].T
            self._call(state.ctypes.data, pointers.ctypes.data, counts.ctypes.data, int(counts[0]))
            states[group] = state[:, :used].T


def _address(message: bytes) -> int:
    return int(np.frombuffer(message, dtype="u1").ctypes.data) if message else 0


def _end(size: int) -> bytes:
    """Return what follows a message of so many bytes, as RFC 1321 3.1 and 3.2 say."""
    return _PADDING[size % BLOCK] + (8 * size % 2**64).to_bytes(8, "little")


_PADDING: Final = [b"\x80" + b"\0" * ((BLOCK - 9 - size) % BLOCK) for size in range(BLOCK)]


def compiled() -> Lanes | None:
    """Return the function for this processor; None without llvmlite or where it is wrong."""
    try:
        binding = import_module("llvmlite.binding")
    except ImportError:
        return None
    try:
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
        features = binding.get_host_cpu_features()
        machine = binding.Target.from_default_triple().create_target_machine(
            cpu=binding.get_host_cpu_name(), features=features.flatten(), opt=2
        )
        width = width_of(features)
        engine = binding.create_mcjit_compiler(binding.parse_assembly(program(width)), machine)
        engine.finalize_object()
        address = engine.get_function_address("md5")
    except (RuntimeError, OSError):
        return None  # a processor or a policy that knows no compiling while running
    pointers = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    call = ctypes.CFUNCTYPE(None, *pointers, ctypes.c_uint64)(address)
    lanes = Lanes(width, call, engine)
    return lanes if _agrees(lanes) else None


def width_of(features: Mapping[str, bool]) -> int:
    """Return how many 32-bit words a vector register of the processor holds."""
    return 16 if features.get("avx512f") else 8 if features.get("avx2") else 4


def _agrees(lanes: Lanes) -> bool:
    """Say whether a trial over lengths around every border gives what hashlib gives."""
    data = bytes(range(251)) * 40
    trial = [data[start : start + size] for start, size in enumerate((*range(130), 4096, 9999))]
    return lanes.digests(trial) == [_alone(message) for message in trial]


def _alone(message: bytes) -> bytes:
    return hashlib.md5(message, usedforsecurity=False).digest()


_PREPARED: list[Lanes] = []


def prepare() -> bool:
    """Compile, once, for this process and those forked from it; say whether it worked."""
    if not _PREPARED:
        lanes = compiled()
        if lanes is not None:
            _PREPARED.append(lanes)
    return bool(_PREPARED)


def prepared() -> bool:
    """Say whether `md5_many` works side by side in this process."""
    return bool(_PREPARED)


def md5_many(messages: Sequence[bytes]) -> list[bytes]:
    """Return the MD5 of each message, side by side where that is faster.

    Args:
        messages: whole messages, in memory.

    Returns:
        16 raw bytes for each, in their order.
    """
    if not _PREPARED:
        return [_alone(message) for message in messages]
    order = sorted(
        (n for n, message in enumerate(messages) if len(message) >= SHORT),
        key=lambda n: len(messages[n]),
    )
    total = sum(len(messages[n]) for n in order)
    lanes = _PREPARED[0]
    while order and len(messages[order[-1]]) * lanes.width > ALONE * total:
        total -= len(messages[order.pop()])
    together = dict(zip(order, lanes.digests([messages[n] for n in order]), strict=True))
    return [together.get(n) or _alone(message) for n, message in enumerate(messages)]
