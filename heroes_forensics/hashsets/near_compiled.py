"""The tables of `heroes_forensics.hashsets.near_tables` looked into by compiled code.

It looks at what `near_tables.Looked` looks at, and leaves out what that leaves out; each near pair
comes once. Needs llvmlite (the extra ``fast``). Without it, or where a trial gives something else,
there is none, and the caller does it with numpy: what is found is the same either way.
"""

import ctypes
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.hashsets import compiling, near_rows, near_tables
from heroes_forensics.hashsets.near_rows import DISTANCE_BITS, ROW_BITS, Hashes
from heroes_forensics.hashsets.near_tables import (
    CANDIDATE_COST,
    CHUNKS,
    FURTHEST,
    PAIRS,
    PROBE_COST,
    RADIUS,
    WIDTH,
    Tables,
)

WORTH: Final = 1 << 12
"""Queries after which compiling, a tenth of a second, is worth it."""
ROOM: Final = 1 << 16
"""Pairs that are written before they are taken away."""
_TRIAL: Final = 24_000
"""Rows of the trial: enough that tables are not costlier than comparing."""
_ASKED: Final = 64
"""Queries of it with bits off anywhere."""

# For each query all buckets are weighed first, which also brings them into the cache; one whose
# buckets hold too much is left to the caller. Then each row of each bucket whose other half is near
# is compared. A pair is written by the first of the chunks that find it. Nothing is read beyond
# `n` rows, whatever the tables say; when the room is full, the query begins again in the next call.
PROGRAM: Final = """
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)
declare i64 @llvm.umin.i64(i64, i64)
declare i16 @llvm.ctpop.i16(i16)
declare i64 @llvm.ctpop.i64(i64)

define void @near(ptr noalias %queries, i64 %m, ptr noalias %off, ptr noalias %ids,
                  ptr noalias %partner, ptr noalias %rows, i64 %n, ptr noalias %masks,
                  ptr noalias %limits, i64 %k, i64 %budget, i64 %radius, i64 %most,
                  ptr noalias %out, i64 %room, ptr noalias %costly, ptr noalias %state) {
entry:
  %differs = alloca [4 x i64]
  %written = alloca i64
  %half = lshr i64 %budget, 1
  %first = load i64, ptr %state
  store i64 0, ptr %written
  br label %query
query:
  %q = phi i64 [%first, %entry], [%qnext, %nextquery]
  %before = load i64, ptr %written
  %more = icmp ult i64 %q, %m
  br i1 %more, label %begin, label %leave
begin:
  %base = mul i64 %q, 16
  %mine = getelementptr i16, ptr %queries, i64 %base
  br label %weighchunk
weighchunk:
  %wc = phi i64 [0, %begin], [%wcnext, %weighed]
  %wsum = phi i64 [0, %begin], [%wsumnext, %weighed]
  %wvalueplace = getelementptr i16, ptr %mine, i64 %wc
  %wvalue = load i16, ptr %wvalueplace
  %wtable = mul i64 %wc, 65537
  %wrows = mul i64 %wc, %n
  br label %weigh
weigh:
  %wk = phi i64 [0, %weighchunk], [%wknext, %weigh]
  %ws = phi i64 [%wsum, %weighchunk], [%wsumnext, %weigh]
  %wmaskplace = getelementptr i16, ptr %masks, i64 %wk
  %wmask = load i16, ptr %wmaskplace
  %wbucket16 = xor i16 %wvalue, %wmask
  %wbucket = zext i16 %wbucket16 to i64
  %wplace = add i64 %wtable, %wbucket
  %wlowplace = getelementptr i32, ptr %off, i64 %wplace
  %wlow32 = load i32, ptr %wlowplace
  %wlow = zext i32 %wlow32 to i64
  %whighplace = getelementptr i32, ptr %wlowplace, i64 1
  %whigh32 = load i32, ptr %whighplace
  %whigh = zext i32 %whigh32 to i64
  %wlength = sub i64 %whigh, %wlow
  %wsumnext = add i64 %ws, %wlength
  %wfirst = add i64 %wrows, %wlow
  %wahead = getelementptr i16, ptr %partner, i64 %wfirst
  call void @llvm.prefetch.p0(ptr %wahead, i32 0, i32 2, i32 1)
  %wknext = add i64 %wk, 1
  %wkmore = icmp ult i64 %wknext, %k
  br i1 %wkmore, label %weigh, label %weighed
weighed:
  %wcnext = add i64 %wc, 1
  %wcmore = icmp ult i64 %wcnext, 16
  br i1 %wcmore, label %weighchunk, label %judge
judge:
  %heavy = icmp ugt i64 %wsumnext, %most
  br i1 %heavy, label %tooheavy, label %chunk
tooheavy:
  %costlyplace = getelementptr i8, ptr %costly, i64 %q
  store i8 1, ptr %costlyplace
  br label %nextquery
chunk:
  %c = phi i64 [0, %judge], [%cnext, %chunkdone]
  %valueplace = getelementptr i16, ptr %mine, i64 %c
  %value = load i16, ptr %valueplace
  %other = xor i64 %c, 1
  %otherplace = getelementptr i16, ptr %mine, i64 %other
  %otherhalf = load i16, ptr %otherplace
  %table = mul i64 %c, 65537
  %rowbase = mul i64 %c, %n
  %chunkpartner = getelementptr i16, ptr %partner, i64 %rowbase
  %chunkids = getelementptr i32, ptr %ids, i64 %rowbase
  br label %bucket
bucket:
  %b = phi i64 [0, %chunk], [%bnext, %bucketdone]
  %maskplace = getelementptr i16, ptr %masks, i64 %b
  %mask = load i16, ptr %maskplace
  %limitplace = getelementptr i16, ptr %limits, i64 %b
  %limit = load i16, ptr %limitplace
  %bucket16 = xor i16 %value, %mask
  %bucketnumber = zext i16 %bucket16 to i64
  %place = add i64 %table, %bucketnumber
  %lowplace = getelementptr i32, ptr %off, i64 %place
  %low32 = load i32, ptr %lowplace
  %low = zext i32 %low32 to i64
  %highplace = getelementptr i32, ptr %lowplace, i64 1
  %high32 = load i32, ptr %highplace
  %high64 = zext i32 %high32 to i64
  %high = call i64 @llvm.umin.i64(i64 %high64, i64 %n)
  br label %scan
scan:
  %i = phi i64 [%low, %bucket], [%inext, %step]
  %inside = icmp ult i64 %i, %high
  br i1 %inside, label %look, label %bucketdone
look:
  %therehalfplace = getelementptr i16, ptr %chunkpartner, i64 %i
  %therehalf = load i16, ptr %therehalfplace
  %halfbits = xor i16 %therehalf, %otherhalf
  %halfcount = call i16 @llvm.ctpop.i16(i16 %halfbits)
  %maybe = icmp ule i16 %halfcount, %limit
  br i1 %maybe, label %read, label %step
read:
  %idplace = getelementptr i32, ptr %chunkids, i64 %i
  %id32 = load i32, ptr %idplace
  %id = zext i32 %id32 to i64
  %known = icmp ult i64 %id, %n
  br i1 %known, label %compare, label %step
compare:
  %rowat = mul i64 %id, 4
  %row0 = getelementptr i64, ptr %rows, i64 %rowat
  %row1 = getelementptr i64, ptr %row0, i64 1
  %row2 = getelementptr i64, ptr %row0, i64 2
  %row3 = getelementptr i64, ptr %row0, i64 3
  %mine1 = getelementptr i64, ptr %mine, i64 1
  %mine2 = getelementptr i64, ptr %mine, i64 2
  %mine3 = getelementptr i64, ptr %mine, i64 3
  %r0 = load i64, ptr %row0
  %r1 = load i64, ptr %row1
  %r2 = load i64, ptr %row2
  %r3 = load i64, ptr %row3
  %m0 = load i64, ptr %mine
  %m1 = load i64, ptr %mine1
  %m2 = load i64, ptr %mine2
  %m3 = load i64, ptr %mine3
  %x0 = xor i64 %r0, %m0
  %x1 = xor i64 %r1, %m1
  %x2 = xor i64 %r2, %m2
  %x3 = xor i64 %r3, %m3
  %p0 = call i64 @llvm.ctpop.i64(i64 %x0)
  %p1 = call i64 @llvm.ctpop.i64(i64 %x1)
  %p2 = call i64 @llvm.ctpop.i64(i64 %x2)
  %p3 = call i64 @llvm.ctpop.i64(i64 %x3)
  %p01 = add i64 %p0, %p1
  %p23 = add i64 %p2, %p3
  %distance = add i64 %p01, %p23
  %near = icmp ule i64 %distance, %radius
  br i1 %near, label %remember, label %step
remember:
  %d1 = getelementptr i64, ptr %differs, i64 1
  %d2 = getelementptr i64, ptr %differs, i64 2
  %d3 = getelementptr i64, ptr %differs, i64 3
  store i64 %x0, ptr %differs
  store i64 %x1, ptr %d1
  store i64 %x2, ptr %d2
  store i64 %x3, ptr %d3
  br label %earlier
earlier:
  %e = phi i64 [0, %remember], [%enext, %notby]
  %ebefore = icmp ult i64 %e, %c
  br i1 %ebefore, label %by, label %write
by:
  %ebitsplace = getelementptr i16, ptr %differs, i64 %e
  %ebits = load i16, ptr %ebitsplace
  %ecount16 = call i16 @llvm.ctpop.i16(i16 %ebits)
  %ecount = zext i16 %ecount16 to i64
  %eother = xor i64 %e, 1
  %eotherplace = getelementptr i16, ptr %differs, i64 %eother
  %eotherbits = load i16, ptr %eotherplace
  %eothercount16 = call i16 @llvm.ctpop.i16(i16 %eotherbits)
  %eothercount = zext i16 %eothercount16 to i64
  %eboth = add i64 %ecount, %eothercount
  %ehalf = icmp ule i64 %ecount, %half
  %epair = icmp ule i64 %eboth, %budget
  %efound = and i1 %ehalf, %epair
  br i1 %efound, label %step, label %notby
notby:
  %enext = add i64 %e, 1
  br label %earlier
write:
  %count = load i64, ptr %written
  %full = icmp uge i64 %count, %room
  br i1 %full, label %again, label %put
put:
  %key0 = shl i64 %q, 9
  %key1 = or i64 %key0, %distance
  %key2 = shl i64 %key1, 28
  %key = or i64 %key2, %id
  %outplace = getelementptr i64, ptr %out, i64 %count
  store i64 %key, ptr %outplace
  %counted = add i64 %count, 1
  store i64 %counted, ptr %written
  br label %step
step:
  %inext = add i64 %i, 1
  br label %scan
bucketdone:
  %bnext = add i64 %b, 1
  %bmore = icmp ult i64 %bnext, %k
  br i1 %bmore, label %bucket, label %chunkdone
chunkdone:
  %cnext = add i64 %c, 1
  %cmore = icmp ult i64 %cnext, 16
  br i1 %cmore, label %chunk, label %nextquery
nextquery:
  %qnext = add i64 %q, 1
  br label %query
again:
  br label %leave
leave:
  %stopped = phi i64 [%q, %query], [%q, %again]
  %done = phi i64 [%before, %query], [%before, %again]
  store i64 %stopped, ptr %state
  %donplace = getelementptr i64, ptr %state, i64 1
  store i64 %done, ptr %donplace
  ret void
}
"""


class Asked(NamedTuple):
    """Some queries."""

    queries: Hashes
    """Shape (m, 32), at most 2**26."""
    radius: int
    """0 to `heroes_forensics.hashsets.near_tables.FURTHEST`."""


class NearSearch(NamedTuple):
    """The compiled function."""

    call: Callable[..., object]
    owner: object
    """The compiler: the machine code goes when it goes."""

    def pairs(
        self, tables: Tables, rows: Hashes, asked: Asked, costly: npt.NDArray[np.uint8]
    ) -> Iterator[npt.NDArray[np.uint64]]:
        """Yield near pairs, each once and each in one number, but those of costly queries.

        Args:
            tables: of ``rows``.
            rows: shape (n, 32).
            asked: the queries.
            costly: set to 1 for each query that would cost more than comparing all rows.
        """
        queries, rows = map(np.ascontiguousarray, (asked.queries, rows))
        if rows.shape != (tables.count, WIDTH) or queries.shape != (len(costly), WIDTH):
            raise ValueError("tables, rows and queries do not go together")
        parts: tuple[npt.NDArray[np.generic], ...] = (tables.off, tables.ids, tables.partner, rows)
        columns = [np.ascontiguousarray(part) for part in parts]
        masks, limits = _plan(asked.radius)
        numbers = (len(masks), asked.radius // PAIRS, asked.radius, most(len(rows), len(masks)))
        out = np.empty(ROOM, np.uint64)
        state = np.zeros(2, np.int64)
        while (first := int(state[0])) < len(queries):
            self.call(
                *(queries.ctypes.data, len(queries)),
                *(*(column.ctypes.data for column in columns), len(rows)),
                *(masks.ctypes.data, limits.ctypes.data, *numbers),
                *(out.ctypes.data, len(out), costly.ctypes.data, state.ctypes.data),
            )
            if state[0] == first:  # one query has more than there is room for
                out = np.empty(4 * len(out), np.uint64)
            else:
                yield out[: int(state[1])].copy()


def most(rows: int, masks: int) -> int:
    """Return how many rows of buckets may be looked at, to cost no more than all rows do."""
    return max(0, rows - PROBE_COST * CHUNKS * masks) // CANDIDATE_COST


def _plan(radius: int) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.uint16]]:
    """Return which values are looked at, as what they differ in, and the limits of the others."""
    every = near_tables.classes(radius)
    limits = [np.full(len(one.masks), one.limit, np.uint16) for one in every]
    return np.concatenate([one.masks for one in every]), np.concatenate(limits)


def compiled() -> NearSearch | None:
    """Compile for this processor; None without llvmlite, or where it is wrong."""
    made = compiling.compiled(PROGRAM, "near")
    if made is None:
        return None
    pointer, number = ctypes.c_void_p, ctypes.c_uint64
    kinds = (pointer, number, *(pointer,) * 4, number, pointer, pointer, *(number,) * 4)
    call = ctypes.CFUNCTYPE(None, *kinds, pointer, number, pointer, pointer)(made.addresses[0])
    search = NearSearch(call, made.owner)
    return search if _agrees(search) else None


def _agrees(search: NearSearch) -> bool:
    """Say whether a trial gives what comparing gives."""
    draw = np.random.default_rng(1)
    rows = draw.integers(0, 256, (_TRIAL, WIDTH), dtype=np.uint8)
    distance = draw.integers(0, 56, _ASKED)
    bits = [near_tables.anywhere(8 * WIDTH, distance, draw)]
    bits += [near_tables.through_one(draw) for _ in range(3)]
    masks = np.packbits(np.concatenate(bits), axis=1, bitorder="little")
    queries = rows[: len(masks)] ^ masks
    rows[-_ASKED:] = rows[:_ASKED]
    tables = near_tables.built(rows)
    for radius in (0, 17, RADIUS, FURTHEST):
        costly = np.zeros(len(queries), np.uint8)
        found = search.pairs(tables, rows, Asked(queries, radius), costly)
        mine = np.sort(np.concatenate([np.empty(0, np.uint64), *found]))
        wanted = [near_rows.packed(*one) for one in near_rows.within(rows, queries, radius)]
        theirs = np.sort(np.concatenate([np.empty(0, np.uint64), *wanted]))
        theirs = theirs[costly[theirs >> (ROW_BITS + DISTANCE_BITS)] == 0]
        if not np.array_equal(mine, theirs):
            return False
    return True


_PREPARED: list[NearSearch | None] = []


def prepared() -> NearSearch | None:
    """Return the compiled search of this process; it is compiled once."""
    if not _PREPARED:
        _PREPARED.append(compiled())
    return _PREPARED[0]
