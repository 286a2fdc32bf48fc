"""Digests of many messages side by side, several times as fast as one after the other.

Needs llvmlite (the extra ``fast``), which turns `program` into machine code when it is asked to;
without it, and where the result differs from hashlib's on a trial, hashlib does the work. The
digests are the same either way.
"""

import ctypes
import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.hashing.program import BLOCK, INITIAL, program

SHORT: Final = 1 << 10
"""Messages below so many bytes are not worth the book-keeping."""
COPIED: Final = 64 << 10
"""Messages below so many bytes are copied: cheaper than two turns."""
ALONE: Final = 3
"""A message longer than so many times its fair share of all lanes would leave them idle."""

ALL: Final = ("md5", "sha1", "sha256")
_WIDE: Final = 8
"""From so many lanes on, SHA-1 and SHA-256 are faster side by side than with the instructions that
processors have for one message."""

_NOBODY: Final = -1
_NEVER: Final = 1 << 62
"""Blocks left of no message."""

_Call = Callable[[int, int, int, int, int], object]
Digests = tuple[bytes, ...]
"""Digests of one message, in the order of the algorithms."""


class Lanes:
    """The compiled function and how many messages it takes at once."""

    def __init__(self, width: int, algorithms: tuple[str, ...], call: _Call, owner: object) -> None:
        self.width = width
        self.algorithms = algorithms
        self._initial = np.array([word for name in algorithms for word in INITIAL[name]], "<u4")
        self._call = call
        self._owner = owner
        """The compiler: the machine code goes when it goes."""

    def digests(self, messages: Sequence[bytes]) -> list[Digests]:
        """Return the digests of each message."""
        if not messages:
            return []
        states = np.tile(self._initial, (len(messages), 1))
        sizes = np.fromiter(map(len, messages), dtype="<i8", count=len(messages))
        # What is short is copied to where its end follows it; of what is long, only its end is.
        long = sizes >= COPIED
        whole = np.where(long, sizes // BLOCK, 0)
        if long.any():
            self._in_turn(messages, whole, states)
        parts: list[bytes] = []
        for message, size in zip(messages, sizes.tolist(), strict=True):
            parts += (message if size < COPIED else message[size - size % BLOCK :], _end(size))
        joined = b"".join(parts)
        blocks = (sizes + (BLOCK + 8)) // BLOCK - whole
        starts = (np.cumsum(blocks) - blocks) * BLOCK + _address(joined)
        self._together(starts.astype("<u8"), blocks, states)
        return self._found(states)

    def _found(self, states: npt.NDArray[np.uint32]) -> list[Digests]:
        """Return the digests that final states stand for."""
        columns: list[list[bytes]] = []
        first = 0
        for name in self.algorithms:
            words = len(INITIAL[name])
            part = states[:, first : first + words].astype("<u4" if name == "md5" else ">u4")
            data, size = part.tobytes(), 4 * words
            columns.append([data[start : start + size] for start in range(0, len(data), size)])
            first += words
        return list(zip(*columns, strict=True))

    def _in_turn(
        self,
        messages: Sequence[bytes],
        blocks: npt.NDArray[np.int64],
        states: npt.NDArray[np.uint32],
    ) -> None:
        """Feed ``blocks[n]`` blocks of the message n into ``states[n]``, for each n.

        The longest go first, and a lane that has done one takes the next, so that none waits for
        another before there is nothing left to take.
        """
        width = self.width
        order = iter(np.argsort(-blocks, kind="stable")[: np.count_nonzero(blocks)].tolist())
        state = np.zeros((len(self._initial), width), dtype="<u4")
        pointers, busy = np.zeros((2, width), dtype="<u8")
        counts = np.zeros(width, dtype="<u4")
        addresses = state.ctypes.data, pointers.ctypes.data, counts.ctypes.data
        left = np.full(width, _NEVER)
        # A lane with nothing to do reads, too.
        readable = _address(messages[int(blocks.argmax())])
        owners = [_NOBODY] * width
        done = list(range(width))
        while True:
            for lane in done:
                if owners[lane] != _NOBODY:
                    states[owners[lane]] = state[:, lane]
                owners[lane] = owner = next(order, _NOBODY)
                if owner != _NOBODY:
                    state[:, lane] = self._initial
                    left[lane], pointers[lane] = blocks[owner], _address(messages[owner])
                    busy[lane] = 1
                else:
                    left[lane], pointers[lane], busy[lane] = _NEVER, readable, 0
            step = int(left.min())
            if step >= _NEVER:
                return
            taken = busy * np.uint64(step)
            counts[:] = taken
            self._call(*addresses, step, 0)
            pointers += taken * np.uint64(BLOCK)
            left -= taken.astype("<i8")
            done = np.flatnonzero(left == 0).tolist()

    def _together(
        self,
        places: npt.NDArray[np.uint64],
        blocks: npt.NDArray[np.int64],
        states: npt.NDArray[np.uint32],
    ) -> None:
        """Feed the last ``blocks[n]`` blocks, at ``places[n]``, into ``states[n]``, for each n.

        Messages of nearly the same length go together, so that few lanes wait for others.
        """
        width = self.width
        state = np.zeros((len(self._initial), width), dtype="<u4")
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
            self._call(
                state.ctypes.data,
                pointers.ctypes.data,
                counts.ctypes.data,
                int(counts[0]),
                1,
            )
            states[group] = state[:, :used].T


def _address(message: bytes) -> int:
    return int(np.frombuffer(message, dtype="u1").ctypes.data) if message else 0


def _end(size: int) -> bytes:
    """Return what follows a message of so many bytes, as RFC 1321 3.1 and 3.2 say.

    SHA has the length in the other order of bytes: `program` sees to that.
    """
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
            cpu=binding.get_host_cpu_name(), features=features.flatten(), opt=1
        )
        width = width_of(features)
        algorithms = ALL if width >= _WIDE else ALL[:1]
        assembly = binding.parse_assembly(program(width, algorithms))
        engine = binding.create_mcjit_compiler(assembly, machine)
        engine.finalize_object()
        address = engine.get_function_address("digests")
    except (RuntimeError, OSError):
        return None  # a processor or a policy that knows no compiling while running
    pointers = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    call = ctypes.CFUNCTYPE(None, *pointers, ctypes.c_uint64, ctypes.c_uint32)(address)
    lanes = Lanes(width, algorithms, call, engine)
    return lanes if _agrees(lanes) else None


def width_of(features: Mapping[str, bool]) -> int:
    """Return how many 32-bit words a vector register of the processor holds."""
    return 16 if features.get("avx512f") else 8 if features.get("avx2") else 4


def _agrees(lanes: Lanes) -> bool:
    """Say whether a trial over lengths around every border gives what hashlib gives."""
    data = bytes(range(251)) * 40
    trial = [data[start : start + size] for start, size in enumerate((*range(130), 4096, 9999))]
    # One that is not copied has its whole blocks digested apart from its end.
    trial.append(data * (COPIED // len(data) + 1))
    return lanes.digests(trial) == [_alone(message, lanes.algorithms) for message in trial]


def _alone(message: bytes, algorithms: Sequence[str]) -> Digests:
    return tuple(hashlib.new(name, message, usedforsecurity=False).digest() for name in algorithms)


_PREPARED: list[Lanes] = []


def prepare() -> bool:
    """Compile, once, for this process and those forked from it; say whether it worked."""
    if not _PREPARED:
        lanes = compiled()
        if lanes is not None:
            _PREPARED.append(lanes)
    return bool(_PREPARED)


def prepared() -> tuple[str, ...]:
    """Return the algorithms that `digest_many` does side by side in this process, if any.

    They are the first one of `ALL`, or all of them.
    """
    return _PREPARED[0].algorithms if _PREPARED else ()


def digest_many(messages: Sequence[bytes]) -> list[Digests]:
    """Return the digests of each message, side by side where that is faster.

    Args:
        messages: whole messages, in memory.

    Returns:
        Raw bytes for each algorithm of `prepared`, for each message in their order.
    """
    if not _PREPARED:
        return [()] * len(messages)
    lanes = _PREPARED[0]
    order = sorted(
        (n for n, message in enumerate(messages) if len(message) >= SHORT),
        key=lambda n: len(messages[n]),
    )
    total = sum(len(messages[n]) for n in order)
    while order and len(messages[order[-1]]) * lanes.width > ALONE * total:
        total -= len(messages[order.pop()])
    together = dict(zip(order, lanes.digests([messages[n] for n in order]), strict=True))
    return [
        together.get(n) or _alone(message, lanes.algorithms) for n, message in enumerate(messages)
    ]
