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
from heroes_forensics.hashsets.layout import SAME_DIGEST

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
# No place is read beyond `count`, whatever the table says. Then, for each key that was found, every
# row that has it and the same rest is written; when the room is full, that query begins again in
# the next call.
PROGRAM: Final = """
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

define void @match(ptr noalias %first, ptr noalias %wanted, ptr noalias %rest, i64 %n,
                   ptr noalias %key, ptr noalias %there, ptr noalias %meta, i64 %count, i64 %words,
                   ptr noalias %queries, ptr noalias %records, i64 %room, ptr noalias %state) {
entry:
  %begin = load i64, ptr %state
  %last = sub i64 %n, 1
  br label %query
query:
  %i = phi i64 [%begin, %entry], [%after, %next]
  %before = phi i64 [0, %entry], [%written, %next]
  %more = icmp ult i64 %i, %n
  br i1 %more, label %ahead, label %leave
ahead:
  %far0 = add i64 %i, 24
  %far = call i64 @llvm.umin.i64(i64 %far0, i64 %last)
  %farplace = getelementptr i64, ptr %first, i64 %far
  %farrow = load i64, ptr %farplace
  %farword = mul i64 %farrow, %words
  %farrest = getelementptr i32, ptr %there, i64 %farword
  call void @llvm.prefetch.p0(ptr %farrest, i32 0, i32 3, i32 1)
  %farmeta = getelementptr i32, ptr %meta, i64 %farrow
  call void @llvm.prefetch.p0(ptr %farmeta, i32 0, i32 3, i32 1)
  %farkey = getelementptr i64, ptr %key, i64 %farrow
  call void @llvm.prefetch.p0(ptr %farkey, i32 0, i32 3, i32 1)
  %wantplace = getelementptr i64, ptr %wanted, i64 %i
  %want = load i64, ptr %wantplace
  %mineword = mul i64 %i, %words
  %mine = getelementptr i32, ptr %rest, i64 %mineword
  %firstplace = getelementptr i64, ptr %first, i64 %i
  %row0 = load i64, ptr %firstplace
  br label %scan
scan:
  %row = phi i64 [%row0, %ahead], [%further, %step]
  %written = phi i64 [%before, %ahead], [%stepped, %step]
  %inside = icmp ult i64 %row, %count
  br i1 %inside, label %look, label %next
look:
  %keyplace = getelementptr i64, ptr %key, i64 %row
  %keythere = load i64, ptr %keyplace
  %same = icmp eq i64 %keythere, %want
  br i1 %same, label %words0, label %next
words0:
  %rowword = mul i64 %row, %words
  %theirs = getelementptr i32, ptr %there, i64 %rowword
  br label %word
word:
  %w = phi i64 [0, %words0], [%wnext, %alike]
  %wmore = icmp ult i64 %w, %words
  br i1 %wmore, label %compare, label %met
compare:
  %a = getelementptr i32, ptr %mine, i64 %w
  %b = getelementptr i32, ptr %theirs, i64 %w
  %aword = load i32, ptr %a
  %bword = load i32, ptr %b
  %alikeword = icmp eq i32 %aword, %bword
  br i1 %alikeword, label %alike, label %step
alike:
  %wnext = add i64 %w, 1
  br label %word
met:
  %full = icmp uge i64 %written, %room
  br i1 %full, label %leave, label %put
put:
  %queryplace = getelementptr i64, ptr %queries, i64 %written
  store i64 %i, ptr %queryplace
  %metaplace = getelementptr i32, ptr %meta, i64 %row
  %record32 = load i32, ptr %metaplace
  %record = zext i32 %record32 to i64
  %recordplace = getelementptr i64, ptr %records, i64 %written
  store i64 %record, ptr %recordplace
  %counted = add i64 %written, 1
  br label %step
step:
  %stepped = phi i64 [%written, %compare], [%counted, %put]
  %further = add i64 %row, 1
  br label %scan
next:
  %after = add i64 %i, 1
  br label %query
leave:
  %stopped = phi i64 [%i, %query], [%i, %met]
  store i64 %stopped, ptr %state
  %donplace = getelementptr i64, ptr %state, i64 1
  store i64 %before, ptr %donplace
  ret void
}
"""


class Columns(NamedTuple):
    """The rows of a group, in columns: sorted keys, the bytes after them, records."""

    key: Keys
    rest: Counts
    """Shape (n, words)."""
    meta: Counts


class Search(NamedTuple):
    """The compiled functions."""

    call: Callable[[int, int, int, int, int, int, int], object]
    match: Callable[..., object]
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

    def records(
        self, first: Indexes, wanted: Keys, rest: Counts, columns: Columns
    ) -> tuple[Indexes, Indexes]:
        """Return (query, record) of every row that has the key of a query and the bytes after it.

        Args:
            first: of each query the first row of its key, as `rows` gives it.
            wanted: the keys.
            rest: shape (m, words): the bytes after them.
            columns: where they are looked for.
        """
        first, wanted, rest = map(np.ascontiguousarray, (first, wanted, rest))
        columns = Columns(*map(np.ascontiguousarray, columns))
        count, words = columns.rest.shape
        whole = len(columns.key) == len(columns.meta) == count
        if not whole or len(wanted) != len(first) or rest.shape != (len(first), words):
            raise ValueError("the columns have other lengths")
        if len(first) and not 0 <= int(first.min()) <= int(first.max()) < count:
            raise ValueError("there is no such row")
        found: list[tuple[Indexes, Indexes]] = []
        room = 2 * len(first) + SAME_DIGEST
        state = np.zeros(2, np.int64)
        while (begun := int(state[0])) < len(first):
            query, record = np.empty(room, np.int64), np.empty(room, np.int64)
            mine = (first.ctypes.data, wanted.ctypes.data, rest.ctypes.data, len(first))
            places = (each.ctypes.data for each in columns)
            out = (query.ctypes.data, record.ctypes.data, room, state.ctypes.data)
            self.match(*mine, *places, count, words, *out)
            if state[0] == begun:
                room *= 4
            done = int(state[1])
            found.append((query[:done], record[:done]))
        nothing = np.empty(0, np.int64)
        if len(found) == 1:
            return found[0]
        return (
            np.concatenate([nothing, *(query for query, _ in found)]),
            np.concatenate([nothing, *(record for _, record in found)]),
        )


def compiled() -> Search | None:
    """Compile for this processor; None without llvmlite, or where it is wrong."""
    made = compiling.compiled(PROGRAM, "search", "match")
    if made is None:
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_uint64
    kinds = (pointer, number, pointer, pointer, number, number, pointer)
    call = ctypes.CFUNCTYPE(None, *kinds)(made.addresses[0])
    more = (*(pointer,) * 3, number, *(pointer,) * 3, number, number, pointer, pointer)
    match = ctypes.CFUNCTYPE(None, *more, number, pointer)(made.addresses[1])
    search = Search(call, match, made.owner)
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
    low = np.where(there & (at < len(key)), at, -1)
    if not np.array_equal(search.rows(wanted, radix, key, shift), low):
        return False
    rest = (key >> np.uint64(7)).astype(np.uint32) & np.uint32(1)
    columns = Columns(
        key, np.stack([rest, rest + 1], axis=1), np.arange(9, 9 + len(key), dtype="<u4")
    )
    query = np.flatnonzero(low >= 0)
    asked = columns.rest[low[query]]
    asked[::3, 1] ^= 8
    expected = [
        (number, 9 + row)
        for number, (want, ends) in enumerate(zip(wanted[query], asked, strict=True))
        for row in np.flatnonzero((key == want) & (columns.rest == ends).all(axis=1)).tolist()
    ]
    found = search.records(low[query], wanted[query], asked, columns)
    return list(zip(*(column.tolist() for column in found), strict=True)) == expected


_PREPARED: list[Search | None] = []


def prepared() -> Search | None:
    """Return the compiled search of this process; it is compiled once."""
    if not _PREPARED:
        _PREPARED.append(compiled())
    return _PREPARED[0]
