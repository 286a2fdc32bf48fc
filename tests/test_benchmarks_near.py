"""The benchmark of near values asks every index the same, and says what an index missed."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import near
import near_stores
import numpy as np
import pytest
from corpus import ROOT

from heroes_forensics.hashsets import near as index
from heroes_forensics.hashsets import near_compiled

COUNT = 3_000


@pytest.fixture(params=near.SHAPES)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    near.made(tmp_path, COUNT, request.param)
    return tmp_path


def test_lists_have_what_is_asked_for(folder: Path) -> None:
    values = near_stores.values(folder)
    queries = np.fromfile(folder / "queries", np.uint8).reshape(-1, near_stores.WIDTH)
    assert values.shape == (COUNT, 32)
    assert len(queries) == near.QUERIES
    mine, theirs = np.ascontiguousarray(queries).view("<u8"), np.array(values).view("<u8")
    nearest = np.array([int(np.bitwise_count(theirs ^ query).sum(axis=1).min()) for query in mine])
    within = np.count_nonzero(nearest <= near_stores.RADIUS)
    assert near.QUERIES * 0.35 < within <= near.QUERIES // 2
    assert len(set(nearest[nearest <= near_stores.RADIUS].tolist())) > 20


def test_ours_is_complete_and_an_index_that_is_not_is_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "WORTH", near_compiled.WORTH)  # which the benchmark changes
    near_stores.make_hset(folder)
    truth = near_stores.measured("all", folder)
    said = near_stores.measured("hset", folder)
    if importlib.util.find_spec("llvmlite"):
        fast = near_stores.measured("hset-fast", folder)
        assert near.complete(truth, fast) == "yes"
    assert truth["found"] > near.QUERIES * 0.35
    assert near.complete(truth, said) == "yes"
    assert set(said["seconds"]) == {"16", "64", "512"}
    assert near.complete(truth, said | {"found": truth["found"] - 7, "answer": ""}).startswith(
        f"no: 7 fewer of {truth['found']:,}"
    )
    assert near.complete({}, said) == "not known"


def test_the_same_pairs_in_another_order_are_the_same_answer() -> None:
    draw = np.random.default_rng(1)
    query, row = draw.integers(0, 40, 90), np.arange(90)
    distance = draw.integers(0, 31, 90)
    order = draw.permutation(90)
    whole = near_stores.answer([(query, row, distance)])
    mixed = (query[order], row[order], distance[order])
    assert near_stores.answer([mixed]) == whole
    mixed[2][3] += 1
    assert near_stores.answer([mixed]) != whole


def test_the_table_says_how_much_faster_ours_is() -> None:
    def one(cost: float, answer: str) -> dict[str, Any]:
        seconds = {"16": cost, "64": cost, "512": cost}
        said = {"made": 1.0, "built": 2.0, "seconds": seconds, "RssAnon": 5e6}
        return said | {"found": 3, "answer": answer}

    found = near.Lists(COUNT, "uniform", truth=one(4, "a"))
    found.said = {"all": one(4, "a"), "hset": one(0.5, "a"), "faiss-flat": one(5, "b")}
    found.missing = {"threatexchange": "not installed"}
    lines = near.table([found])
    assert "| 8.0 |  | 3 | yes |" in lines[2]
    assert "| 2.0 | 1.00 | 5 |" in lines[3]
    assert "| 10.0 |  | 3 | no: 0 fewer of 3 |" in lines[4]
    assert lines[5].endswith("`PDQIndex`: left out, not installed")


@pytest.mark.slow
def test_the_whole_script_runs_and_fills_its_table(tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "benchmarks" / "near.py"), "--quick"]
    kept = near.KEPT.read_text() if near.KEPT.exists() else None
    try:
        done = subprocess.run(
            [*command, "--folder", str(tmp_path)], check=True, capture_output=True, text=True
        )
    finally:
        if kept is not None:
            near.KEPT.write_text(kept)
    assert "| 20,000 | real-like | `.hset` |" in done.stdout
    assert "no: " not in done.stdout
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - names alone
