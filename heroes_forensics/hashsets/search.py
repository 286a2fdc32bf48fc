"""Finding many keys in sorted buckets, compiled: what `hset` does with numpy, a few times as fast.

Needs llvmlite (the extra ``fast``). Without it, or where a trial gives something else, there is no
compiled search and the caller does it with numpy. What is found is the same either way.
"""

import ctypes
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.hashsets import compiling

WORTH: Final = 1 << 18
"""Queries after which compiling, a tenth of a second, is worth it."""
LARGE: Final = 1 << 22
"""Rows from which on a look-up waits for memory; below, numpy is nearly as fast, and the compiler
is 17 MB of memory and a library of 70 MB."""

Keys = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint32]
Indexes = npt.NDArray[np.int64]

# For each query the bucket is read from the table, then the bucket from its start. Two prefetches
# run ahead, for the table and for the bucket: a large index waits for memory and for nothing else.
# No place is read beyond `count`, whatever the table says.
_PROGRAM: Final = """
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
declare i64 @llvm.umin.i64(i64, i64)

define void @search(ptr noalias %wanted, i64 %n, ptr noalias %radix, ptr noalias %key, i64 %count,
                    i64 %shift, ptr noalias %out) {
entry:
  %last = sub i64 %n, 1
  %nothing = icmp eq i64 %n, 0
  br i1 %nothing, label %done, label %query
query:
  %i = phi i64 [0, %entry], [%after, %next]
  %far0 = add i64 %i, 48
  %far = call i64 @llvm.umin.i64(i64 %far0, i64 %last)
  %farplace = getelementptr i64, ptr %wanted, i64 %far
  %farkey = load i64, ptr %farplace
  %farbucket = lshr i64 %farkey, %shift
  %farradix = getelementptr i32, ptr %radix, i64 %farbucket
  call void @llvm.prefetch.p0(ptr %farradix, i32 0, i32 3, i32 1)
  %near0 = add i64 %i, 24
  %near = call i64 @llvm.umin.i64(i64 %near0, i64 %last)
  %nearplace = getelementptr i64, ptr %wanted, i64 %near
  %nearkey = load i64, ptr %nearplace
  %nearbucket = lshr i64 %nearkey, %shift
  %nearradix = getelementptr i32, ptr %radix, i64 %nearbucket
  %nearrow = load i32, ptr %nearradix
  %nearrow64 = zext i32 %nearrow to i64
  %nearrows = getelementptr i64, ptr %key, i64 %nearrow64
  call void @llvm.prefetch.p0(ptr %nearrows, i32 0, i32 3, i32 1)
  %place = getelementptr i64, ptr %wanted, i64 %i
  %want = load i64, ptr %place
  %bucket = lshr i64 %want, %shift
  %lowplace = getelementptr i32, ptr %radix, i64 %bucket
  %low32 = load i32, ptr %lowplace
  %low = zext i32 %low32 to i64
  %highplace = getelementptr i32, ptr %lowplace, i64 1
  %high32 = load i32, ptr %highplace
  %high64 = zext i32 %high32 to i64
  %high = call i64 @llvm.umin.i64(i64 %high64, i64 %count)
  br label %scan
scan:
  %row = phi i64 [%low, %query], [%further, %step]
  %inside = icmp ult i64 %row, %high
  br i1 %inside, label %look, label %next
look:
  %rowplace = getelementptr i64, ptr %key, i64 %row
  %there = load i64, ptr %rowplace
  %less = icmp ult i64 %there, %want
  br i1 %less, label %step, label %met
step:
  %further = add i64 %row, 1
  br label %scan
met:
  %same = icmp eq i64 %there, %want
  %hit = select i1 %same, i64 %row, i64 -1
  br label %next
next:
  %found = phi i64 [-1, %scan], [%hit, %met]
  %outplace = getelementptr i64, ptr %out, i64 %i
  store i64 %found, ptr %outplace
  %after = add i64 %i, 1
  %more = icmp ult i64 %after, %n
  br i1 %more, label %query, label %done
done:
  ret void
}
"""


class Search(NamedTuple):
    """The compiled function."""

    call: Callable[[int, int, int, int, int, int, int], object]
    owner: object
    """The compiler: the machine code goes when it goes."""

    def rows(self, wanted: Keys, radix: Counts, key: Keys, shift: int) -> Indexes:
        """Return the first row of each key, -1 where there is none.

        Args:
            wanted: the keys to find.
            radix: first row of each bucket, and one more.
            key: sorted keys.
            shift: bits of a key that do not choose its bucket; ``radix`` has a bucket for every
                value of the others.
        """
        wanted, radix, key = map(np.ascontiguousarray, (wanted, radix, key))
        if len(radix) <= 1 << (64 - shift):
            raise ValueError("the table of buckets is too short")
        out = np.empty(len(wanted), np.int64)
        places = (wanted.ctypes.data, len(wanted), radix.ctypes.data, key.ctypes.data)
        self.call(*places, len(key), shift, out.ctypes.data)
        return out


def compiled() -> Search | None:
    """Compile for this processor; None without llvmlite, or where it is wrong."""
    made = compiling.compiled(_PROGRAM, "search")
    if made is None:
        return None
    kinds = (ctypes.c_void_p, ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p)
    numbers = (ctypes.c_uint64, ctypes.c_uint64, ctypes.c_void_p)
    call = ctypes.CFUNCTYPE(None, *kinds, *numbers)(made.address)
    search = Search(call, made.owner)
    return search if _agrees(search) else None


def _agrees(search: Search) -> bool:
    """Say whether a trial gives what numpy gives."""
    key = np.sort(np.arange(1, 400, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15))
    key[7:9] = key[6]
    shift = 59
    edges = np.arange(33, dtype=np.uint64) << np.uint64(shift)
    radix = np.searchsorted(key, edges[:-1]).astype(np.uint32)
    radix = np.append(radix, np.uint32(len(key)))
    wanted = np.concatenate([key[::3], key + np.uint64(1), [np.uint64(0), ~np.uint64(0)]])
    at = np.searchsorted(key, wanted)
    there = key[np.minimum(at, len(key) - 1)] == wanted
    return np.array_equal(
        search.rows(wanted, radix, key, shift), np.where(there & (at < len(key)), at, -1)
    )


_PREPARED: list[Search | None] = []


def prepared() -> Search | None:
    """Return the compiled search of this process; it is compiled once."""
    if not _PREPARED:
        _PREPARED.append(compiled())
    return _PREPARED[0]
