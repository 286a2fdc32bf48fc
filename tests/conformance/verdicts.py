"""What the row of one file says, from the results of the runs and the committed expectations."""

import json
from collections import Counter
from functools import cache
from typing import Any, Final, NamedTuple

from conformance.kept import UNLIKE
from conformance.results import HERE, Record

EQUAL: Final = "equal"
EXCEPTIONS: Final = "equal with named exceptions"
GAP: Final = "gap"
REFUSED: Final = "refused"
IMPORTED: Final = "imported"
PART: Final = "part"
SHORT: Final = "less found"
NONE: Final = "not compared"
DIFFERENT: Final = "different"
WORDS: Final = {
    EQUAL: "all that was expected, and nothing that was not",
    EXCEPTIONS: "likewise, but for files of which a committed row says why",
    GAP: "what was expected and not found is a gap that names why",
    REFUSED: "not examined, as one sentence says",
    IMPORTED: "a hash set with as many digests as expected",
    PART: "belongs to the image that is named, and was compared with it",
    SHORT: "something expected was not found, and no gap says so",
    NONE: "no other tool says what is in it, or there is nothing to find",
    DIFFERENT: "a difference that nothing explains",
}
_FILES: Final = ("files", "streams", "metadata files")


def _kept(key: str, name: str) -> Record | None:
    """Return the row of ``kept.json`` about one hash set or source."""
    return next((each for each in expected_of("kept.json") if each.get(key) == name), None)


class Row(NamedTuple):
    """The cells of a row."""

    expected: str
    found: str
    verdict: str
    why: str = ""


def negatives(family: str) -> list[str]:
    """Return the images in which nothing of a family may be found."""
    rows = [each for each in expected_of("answers.json") if each.get("family") == family]
    return [f"`{each['image'].partition('!')[0]}` (no {each['nothing']})" for each in rows]


@cache
def expected_of(name: str) -> list[dict[str, Any]]:
    """Return the rows of a committed file of what is expected."""
    rows: list[dict[str, Any]] = json.loads((HERE / name).read_text("utf-8"))
    return rows


def row(name: str, results: dict[str, Record]) -> Row:
    """Return what the table says of one file of the corpus."""
    about = results["files"][name]
    labels = [
        label for label in results["comparison"] if label == name or label.startswith(f"{name}!")
    ]
    if "part" in about:
        return _segment(name, about["part"], results)
    if hashset := next(
        (each for each in expected_of("kept.json") if each.get("hashset") == name), None
    ):
        return _hashset(name, hashset, results)
    if about["kind"] in {"key", "truth"}:
        return Row("", "digested as a file", NONE, "belongs to an image, and is none")
    if labels:
        return _image(labels, results)
    return _by_itself(name, results)


def _by_itself(name: str, results: dict[str, Record]) -> Row:
    """Return the row of what `run` does not compare."""
    if source := next(
        (each for each in expected_of("kept.json") if each.get("source") == name), None
    ):
        return _source(source, results["sources"][name], results["kept"].get(name))
    if name.startswith("images/"):
        return _alone(name, results)
    return _file(name, results)


def _alone(name: str, results: dict[str, Record]) -> Row:
    told = results["robustness"][name]["told"]
    return Row(
        "no image that can be opened (the index of the corpus)", "nothing", REFUSED, _said(told)
    )


def _said(text: str) -> str:
    return text.removeprefix("error: ").strip()


def _segment(name: str, image: str, results: dict[str, Record]) -> Row:
    record = results["robustness"][name]
    alone = f"alone: refused ({_said(record['told'])})" if record["told"] else "alone: examined"
    return Row("", alone, PART, f"of `{image}`")


def _hashset(name: str, expected: Record, results: dict[str, Record]) -> Row:
    record = results["robustness"][f"import {name}"]
    imported = record["imported"]
    wanted = f"{expected['md5']:,} different MD5 values ({', '.join(expected['tools'])})"
    if not imported:
        verdict = REFUSED if expected["md5"] == 0 else DIFFERENT
        return Row(wanted, "refused", verdict, _said(record["told"]))
    found = imported["accepted"].get("md5", 0)
    verdict = IMPORTED if found == expected["md5"] else DIFFERENT
    return Row(wanted, f"{found:,} MD5 values, format `{imported['format']}`", verdict)


def _image(labels: list[str], results: dict[str, Record]) -> Row:
    """Return the row of an image, or of an archive with several."""
    records = [results["comparison"][label] for label in labels]
    counts: Counter[str] = Counter()
    expected: Counter[str] = Counter()
    gaps: Counter[str] = Counter()
    keyed: Counter[str] = Counter()
    also: set[str] = set()
    for record in records:
        counts.update(record["counts"])
        expected.update(record["expected"])
        gaps.update(record["gaps"])
        keyed.update(record["with its key"])
        also |= set(record["also"])
    answers = [results["answers"][label] for label in labels if label in results["answers"]]
    wanted = [*_wanted(labels, expected, also), *_published(labels)]
    if counts["images refused"]:
        return Row("; ".join(wanted), "nothing", REFUSED, _said(records[0]["remark"]))
    found = [*_found(counts), *_answered(answers)]
    if keyed:
        found.append(f"with its key: {_listed(keyed)}")
    bad = any(record["differences"] for record in [*records, *answers])
    verdict, why = _judged(counts, gaps, sum(each.get("otherwise", 0) for each in answers), labels)
    if bad:
        verdict, why = DIFFERENT, ""
    return Row("; ".join(wanted), "; ".join(found), verdict, why)


def _wanted(labels: list[str], expected: Counter[str], also: set[str]) -> list[str]:
    tools = [tool for tool in expected if not tool.endswith("media")]
    told = [f"{expected[tool]:,} files ({tool or 'manifest'})" for tool in tools]
    if told and also:
        told[-1] += f", also {', '.join(sorted(also))}"
    if expected["media"]:
        told.append("digests of the media")
    if expected["decrypted media"]:
        told.append("the decrypted volume")
    for table in expected_of("deleted.json"):
        if table["image"] in labels:
            tool = table["tool"].partition(" (")[0]
            told.append(f"{len(table['files'])} deleted files ({tool})")
    members = [each for each in expected_of("members.json") if each["image"] in labels]
    if members:
        number = sum(each.get("members", len(each.get("files", ()))) for each in members)
        told.append(
            f"{number:,} members ({', '.join(sorted({t for m in members for t in m['tools']}))})"
        )
    return told


def _published(labels: list[str]) -> list[str]:
    told = []
    for each in expected_of("answers.json"):
        if each["image"] in labels and "answers" in each:
            told.append(f"{len(each['answers'])} published digests ({each['whom']})")
        if each["image"] in labels and "nothing" in each:
            told.append(f"*negative*: no {each['nothing']}")
    return told


def _found(counts: Counter[str]) -> list[str]:
    told = []
    if number := sum(counts[key] for key in _FILES):
        told.append(f"{number:,} files")
    if number := sum(count for key, count in counts.items() if key.startswith("apart: ")):
        told.append(f"{number} listed apart")
    if counts["media"]:
        told.append("media")
    for key, word in (
        ("deleted files", "deleted files"),
        ("archive members", "members"),
        ("archive members that are gaps", "members as gaps"),
        ("files of ours alone", "files of ours alone, each committed"),
    ):
        if counts[key]:
            told.append(f"{counts[key]:,} {word}")
    return told


def _answered(answers: list[Record]) -> list[str]:
    told = []
    for each in answers:
        if "answers" in each:
            told.append(f"{each['found']} published digests as findings")
            if each.get("otherwise"):
                told.append(f"{each['otherwise']} otherwise")
        told += [f"{each[key]} {key[9:]}" for key in each if key.startswith("nothing: ")]
    return told


def _judged(
    counts: Counter[str], gaps: Counter[str], otherwise: int, labels: list[str]
) -> tuple[str, str]:
    """Return verdict and reason of an image without a difference."""
    why = []
    if counts["images too large to unpack"]:
        large = counts["images too large to unpack"]
        why.append(f"{large} of {len(labels)} larger than the comparison unpacks")
    if counts["files out of scope"]:
        why.append(
            f"{counts['files out of scope']} files of a file system or volume that is not opened"
        )
    if counts["archive members that are gaps"]:
        why.append("members that are not unpacked")
    if missing := _undeleted(labels):
        why.append(f"{missing} deleted files")
    named = {code: count for code, count in gaps.items() if not code.startswith("policy.")}
    if why:
        return GAP if named or gaps else NONE, "; ".join([*why, *([_listed(gaps)] if gaps else [])])
    if counts["exceptions"] or otherwise:
        told = [f"{counts['exceptions']} in `exceptions.json`"] if counts["exceptions"] else []
        told += _otherwise(labels) if otherwise else []
        return EXCEPTIONS, "; ".join(told)
    compared = any(counts[key] for key in (*_FILES, "media", "archive members"))
    if not compared and not any(key.startswith("apart") for key in counts):
        return (GAP, _listed(gaps)) if gaps else (NONE, "no other tool lists a file in it")
    return EQUAL, f"gaps besides: {_listed(gaps)}" if gaps else ""


def _undeleted(labels: list[str]) -> int:
    tables = [each for each in expected_of("deleted.json") if each["image"] in labels]
    return sum(len(each["files"]) - each["at_least"] for each in tables)


def _otherwise(labels: list[str]) -> list[str]:
    answers = [
        each
        for row in expected_of("answers.json")
        if row["image"] in labels
        for each in row.get("answers", ())
    ]
    return sorted({f"{each['why']}" for each in answers if "ours" in each})


def _listed(counts: Counter[str]) -> str:
    return ", ".join(
        f"`{code}` {count:,}" if count > 1 else f"`{code}`"
        for code, count in sorted(counts.items())
    )


def _source(expected: Record, record: Record, kept: Record | None) -> Row:
    """Return the row of what was scanned by itself."""
    what = "digest of the media" if "sha1" in expected else "files, by path and SHA-256"
    wanted = f"{record['expected']} {what} ({', '.join(expected['tools'])})"
    found = f"{record['found']}, scanned by itself"
    for each in expected_of("kept.json"):
        if each.get("file") == expected["source"] and not each["digests"] and "gap" not in each:
            wanted += f"; *negative*: no {each['what']} ({', '.join(each['tools'])})"
    if record["differences"] or (kept and kept["differences"]):
        return Row(wanted, found, DIFFERENT)
    if record["gaps"]:
        return Row(
            wanted, found, GAP, f"{expected.get('why', '')}: {_listed(Counter(record['gaps']))}"
        )
    return Row(wanted, found, EQUAL)


def _file(name: str, results: dict[str, Record]) -> Row:
    """Return the row of a file that is no image."""
    record = results["kept"][name]
    rows = [each for each in expected_of("kept.json") if each.get("file") == name]
    picture = results["pictures"].get(name)
    backup = next((each for each in results["sources"] if name.startswith(f"{each}/")), None)
    wanted, found = ["its own digests (index of the corpus)"], ["its digests"]
    for each, counts in zip(rows, record["compared"], strict=True):
        tools = ", ".join(each["tools"])
        mark = "*negative*: no " if not each["digests"] and "gap" not in each else ""
        number = "" if not each["digests"] else f"{counts['expected']} "
        wanted.append(f"{mark}{number}{each['what']} ({tools})")
        if each["digests"]:
            found.append(f"{counts['found']} {each['what']}")
    if record["findings"]:
        found.append(f"{record['findings']} findings of expected digests")
    if backup:
        wanted.append(f"its name in the manifest, with `{backup}`")
    if name.startswith(UNLIKE):
        wanted.append("*negative*: near no value published for others")
    if picture:
        wanted.append("a PDQ value of its authors within 10 bits")
        near = picture["distance"]
        found.append("no value: too small or without structure" if near is None else f"{near} bits")
    return Row("; ".join(wanted), "; ".join(found), *_of_file(rows, record, picture))


def _of_file(rows: list[Record], record: Record, picture: Record | None) -> tuple[str, str]:
    """Return verdict and reason of a file that is no image."""
    texts = [each[key] for each in rows for key in ("short", "why") if key in each]
    gaps: Counter[str] = Counter(record["gaps"])
    if record["differences"]:
        return DIFFERENT, ""
    if any("short" in each for each in rows):
        return SHORT, "; ".join(texts)
    if gaps:
        return GAP, "; ".join([*texts, _listed(gaps)])
    if picture and picture["distance"] is None:
        return EXCEPTIONS, "neither side counts below quality 50 or 64 pixels"
    return EQUAL, "; ".join(texts)
