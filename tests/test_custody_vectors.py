"""The committed vectors, and those of the format's specification where they are at hand."""

import base64
import hashlib
import json
import runpy
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from corpus import ROOT
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from custody_bundle import both, private_key

from heroes_forensics.custody import chain, commitments, merkle, notes

OURS: dict[str, Any] = json.loads((ROOT / "tests/golden/custody-vectors.json").read_text())
SHARED = ROOT.parent / "shared" / "examples" / "custody-vectors"
needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="no vectors of the specification")


def shared(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SHARED / name).read_text())
    return found


def edits() -> Iterator[Any]:
    for case in OURS["edits"]:
        yield pytest.param("ours", case, id=case["name"])
    if SHARED.is_dir():
        for case in shared("negative-cases.json")["cases"]:
            yield pytest.param("shared", case, id=f"specification: {case['name']}")


def unpack(folder: Path) -> Path:
    """Write the bundle that the committed vectors hold."""
    for name, content in OURS["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content.encode() if isinstance(content, str) else bytes.fromhex(content["hex"])
        path.write_bytes(data)
    return folder


def folder_of(which: str, tmp_path: Path) -> tuple[Path, str]:
    """Return a copy of one set of vectors and the key to trust."""
    target = tmp_path / "bundle"
    if which == "ours":
        return unpack(target), OURS["vkeys"]["laboratory"]
    shutil.copytree(SHARED, target)
    return target, shared("vectors.json")["vkeys"]["lab"]


def edit(folder: Path, operation: dict[str, Any]) -> None:
    """Apply one operation of a negative case."""
    path = folder / operation["file"]
    data = path.read_bytes()
    lines = data.splitlines(keepends=True)
    match operation["op"]:
        case "replace":
            old, new = operation["old"].encode(), operation["new"].encode()
            assert old in data
            path.write_bytes(data.replace(old, new))
            return
        case "cut_tail_bytes":
            path.write_bytes(data[: -operation["n"]])
            return
        case "delete_line":
            del lines[operation["n"]]
        case "swap_lines":
            one, two = operation["a"], operation["b"]
            lines[one], lines[two] = lines[two], lines[one]
        case "duplicate_line":
            lines.insert(operation["n"], lines[operation["n"]])
        case unknown:
            pytest.fail(f"unknown operation {unknown}")
    path.write_bytes(b"".join(lines))


def test_the_committed_vectors_are_what_the_script_makes() -> None:
    script = runpy.run_path(str(ROOT / "fixtures/custody.py"))
    assert script["vectors"]() == OURS


def test_our_bundle_verifies(tmp_path: Path) -> None:
    folder, key = folder_of("ours", tmp_path)
    seen = both(folder, trust=key)
    assert seen.codes == set(OURS["expect"])
    assert seen.exit_code == 0


@pytest.mark.parametrize(("which", "case"), list(edits()))
def test_an_edit_is_reported_by_both_verifiers(
    which: str, case: dict[str, Any], tmp_path: Path
) -> None:
    folder, key = folder_of(which, tmp_path)
    for operation in case["ops"]:
        edit(folder, operation)
    seen = both(folder, trust=key)
    assert set(case["expect_at_least"]) <= seen.codes
    assert seen.exit_code == 6


def test_our_hashes_follow_from_the_lines() -> None:
    lines = [line.encode() for line in OURS["files"]["ledger.jsonl"].splitlines(keepends=True)]
    assert [hashlib.sha256(line).hexdigest() for line in lines] == OURS["line_sha256"]
    leaves = [hashlib.sha256(b"\0" + line).digest() for line in lines]
    assert [leaf.hex() for leaf in leaves] == OURS["leaf_hashes"]
    roots = [merkle.root(leaves[:size]).hex() for size in range(len(leaves) + 1)]
    assert roots == OURS["roots_by_size"]
    top = bytes.fromhex(roots[-1])
    path = [bytes.fromhex(step) for step in OURS["inclusion_of_3"]]
    assert merkle.included(leaves[3], 3, len(leaves), path, top)
    proof = [bytes.fromhex(step) for step in OURS["consistency_from_7"]]
    assert merkle.consistent(7, bytes.fromhex(roots[7]), len(leaves), top, proof)


def test_our_commitment_opens() -> None:
    case = OURS["commitment"]
    name = next(name for name in OURS["files"] if name.endswith("commitments.jsonl"))
    line = next(row for row in OURS["files"][name].splitlines() if case["finding"] in row)
    salt = bytes.fromhex(case["salt"])
    assert commitments.opens(line.encode(), case["field"], salt, case["value"])


def test_the_seeds_make_the_keys() -> None:
    for name, vkey in (("ledger", "ledger"), ("ledger", "laboratory"), ("witness", "witness")):
        seed = hashlib.sha256(OURS["seeds"][name].encode()).digest()
        public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
        assert notes.vkey(OURS["vkeys"][vkey]).public == public
        assert private_key(name).public_key().public_bytes_raw() == public


@needs_shared
def test_the_vectors_of_the_specification() -> None:
    given = shared("vectors.json")
    leaves = [merkle.leaf(bytes.fromhex(text)) for text in given["rfc6962_leaves_hex"]]
    for size, root in enumerate(given["rfc6962_roots"]):
        assert merkle.root(leaves[:size]).hex() == root
    proof = [step.hex() for step in merkle.inclusion(leaves[:7], 3)]
    assert proof == given["rfc6962_inclusion_3_of_7"]
    for old in (3, 4):
        proof = [step.hex() for step in merkle.consistency(leaves[:7], old)]
        assert proof == given[f"rfc6962_consistency_{old}_7"]
    for example in given["canonical_examples"]:
        assert chain.canonical(example["value"]).hex() == example["utf8_hex"]
    case = given["commitment_example"]
    salt = bytes.fromhex(case["salt"])
    assert commitments.commitment(case["name"], salt, case["value"]) == case["commitment"]
    case = given["inventory_example"]
    key = bytes.fromhex(case["key_hex"])
    assert commitments.inventory_salt(key, case["index"]).hex() == case["salt"]
    row = case["row"].encode()
    assert commitments.inventory_leaf(key, case["index"], row).hex() == case["leaf"]


@needs_shared
def test_the_ledger_of_the_specification(tmp_path: Path) -> None:
    given = shared("vectors.json")
    lines = (SHARED / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    assert chain.verify(lines) == []
    assert [chain.line_sha256(line) for line in lines] == given["ledger_line_sha256"]
    leaves = [merkle.leaf(line) for line in lines]
    assert [leaf.hex() for leaf in leaves] == given["ledger_leaf_hashes"]
    roots = [merkle.root(leaves[:size]).hex() for size in range(6)]
    assert roots == given["ledger_roots_by_size"]
    assert [step.hex() for step in merkle.inclusion(leaves, 4)] == given["ledger_inclusion_4_of_5"]
    assert [step.hex() for step in merkle.consistency(leaves, 3)] == given["ledger_consistency_3_5"]
    findings = (SHARED / "findings.commitments.jsonl").read_bytes().splitlines(keepends=True)
    assert [merkle.leaf(line).hex() for line in findings] == given["findings_leaf_hashes"]
    assert merkle.root(map(merkle.leaf, findings)).hex() == given["findings_root"]
    folder, key = folder_of("shared", tmp_path)
    seen = both(folder, trust=key)
    # It was made without a start of its run and without an authority, and says so.
    assert {"run-incomplete", "unauthorised-work"} <= seen.codes
    assert seen.exit_code == 0
    assert both(folder, trust=key, strict=True).exit_code == 7
    assert both(folder, trust=None).exit_code == 7


@needs_shared
def test_the_notes_of_the_specification_are_signed_to_the_same_bytes() -> None:
    given = shared("vectors.json")
    for size in (3, 5):
        data = (SHARED / f"checkpoint-{size}.txt").read_bytes()
        note = notes.parse(data)
        says = notes.read_checkpoint(note.text)
        assert notes.checkpoint_text(says.origin, says.size, says.root) == note.text
        seed = hashlib.sha256(given["seeds"]["lab"].encode()).digest()
        signature = Ed25519PrivateKey.from_private_bytes(seed).sign(note.text)
        key = notes.vkey(given["vkeys"]["lab"])
        encoded = base64.b64encode(key.key_id + signature).decode()
        assert f"— {key.name} {encoded}\n".encode() in data
        for name in ("witness", "examiner"):
            verdict = notes.verdict(note, notes.vkey(given["vkeys"][name]))
            assert verdict.good == verdict.present == (size == 5)


@needs_shared
def test_the_disclosure_of_the_specification_leads_to_its_checkpoint() -> None:
    given = shared("disclosure-F-000002.json")
    finding, event = given["finding"], given["event"]
    line = finding["line"].encode()
    for opening in given["openings"]:
        salt = bytes.fromhex(opening["salt"])
        assert commitments.opens(line, opening["name"], salt, opening["value"])
    body = json.loads(event["line"])["body"]
    path = [base64.b64decode(step) for step in finding["path"]]
    size, top = finding["tree_size"], bytes.fromhex(body["root"])
    assert merkle.included(merkle.leaf(line), finding["index"], size, path, top)
    says = notes.read_checkpoint(notes.parse(given["checkpoint"].encode()).text)
    path = [base64.b64decode(step) for step in event["path"]]
    leaf = merkle.leaf(event["line"].encode())
    assert merkle.included(leaf, event["index"], says.size, path, says.root)
