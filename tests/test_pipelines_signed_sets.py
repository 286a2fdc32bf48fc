import os
import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cli_runner import here
from publishing import LIST, PUBLISHER, Signer, fields, listed, publish

from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets import manifest, minisign
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.case.settings import SETTINGS
from heroes_forensics.pipelines.sets import hashsets, importing, signed_sets, trusting

SIGNER = Signer()


@pytest.fixture
def trusted() -> None:
    trusting.add_key(PUBLISHER, SIGNER.public)


def sets() -> list[tuple[object, ...]]:
    return [(row["name"], row["edition"], row["signature"]) for row in hashsets.list_sets()]


VERIFIED = f"verified({SIGNER.key_id}, {PUBLISHER})"


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("named", ["", manifest.NAME], ids=["folder", "manifest"])
def test_a_signed_set_is_imported_as_its_manifest_says(named: str, tmp_path: Path) -> None:
    folder = publish(
        tmp_path / "set", signer=SIGNER, counts={"md5": 10}, expires="2999-01-01", region="X"
    )
    made = importing.import_set(folder / named)
    assert made["added"]
    assert sets() == [("national", "2026-01", VERIFIED)]
    (row,) = hashsets.list_sets()
    assert (row["issuer"], row["kind"], row["region"]) == (PUBLISHER, "notable", "X")
    assert (row["expires"], row["sequence"], row["allowed"]) == ("2999-01-01", 1, [])
    assert row["source_sha256"] == sha256(LIST).hexdigest()
    assert "publisher counted" not in str(made["warnings"])
    assert not importing.import_set(folder)["added"]


TAMPERED: dict[str, str] = {
    "list.txt": "is not the one of its manifest",
    manifest.NAME: "does not hold",
    f"{manifest.NAME}.minisig": "does not hold",
}


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("name", TAMPERED)
def test_a_set_that_was_changed_is_refused_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    folder = publish(tmp_path / "set", signer=SIGNER)
    path = folder / name
    data = path.read_bytes()
    if name == "list.txt":
        path.write_bytes(listed(10, 1))
    elif name == manifest.NAME:
        path.write_bytes(data.replace(b'"sequence":1', b'"sequence":2'))
    else:
        path.write_bytes(Signer().sign((folder / manifest.NAME).read_bytes()))
    with pytest.raises(HashSetError, match=TAMPERED[name]):
        importing.import_set(folder)
    assert sets() == []
    assert not (laboratory.home() / "sets").exists()


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda path: path.unlink(), "cannot be read: No such file"),
        (lambda path: path.write_bytes(LIST[:-1]), "it has 329 bytes"),
        (lambda path: (path.unlink(), path.mkdir()), "is not the one of its manifest"),
        (a_pipe, "is not the one of its manifest"),
        (lambda path: (path.rename(path.with_name("x")), path.symlink_to("x")), "cannot be read"),
    ],
    ids=["missing", "short", "a folder", "a pipe", "a link"],
)
def test_a_file_that_is_not_what_the_manifest_lists_is_refused(
    change: Callable[[Path], object], said: str, tmp_path: Path
) -> None:
    folder = publish(tmp_path / "set", signer=SIGNER)
    change(folder / "list.txt")
    with pytest.raises(HashSetError, match=said) as caught:
        importing.import_set(folder)
    assert caught.value.hint
    assert sets() == []


@pytest.mark.parametrize(
    ("name", "limit"),
    [(manifest.NAME, manifest.MAX_BYTES), (f"{manifest.NAME}.minisig", minisign.MAX_BYTES)],
)
def test_a_manifest_or_signature_that_is_no_small_file_is_refused(
    name: str, limit: int, tmp_path: Path
) -> None:
    folder = publish(tmp_path / "set", signer=SIGNER)
    path = folder / name
    path.write_bytes(b"x" * (limit + 1))
    with pytest.raises(HashSetError, match="larger than"):
        importing.import_set(folder)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(HashSetError, match="is no file"):
        importing.import_set(folder)


def test_a_folder_without_a_manifest_and_several_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no heroes-hashset\.json in"):
        importing.import_set(tmp_path)
    file = fields()["files"][0]
    publish(tmp_path, files=[file, file | {"name": "more.txt"}])
    with pytest.raises(HashSetError, match="lists 2 files"):
        importing.import_set(tmp_path)


@pytest.mark.usefixtures("trusted")
def test_editions_follow_each_other_and_an_older_one_has_to_be_allowed(tmp_path: Path) -> None:
    for number in (1, 2):
        importing.import_set(
            publish(tmp_path / str(number), listed(10, number), signer=SIGNER,
                    sequence=number, set_version=f"v{number}")
        )  # fmt: skip
    old = publish(tmp_path / "old", listed(5), signer=SIGNER, sequence=1, set_version="v1b")
    with pytest.raises(HashSetError, match="sequence 1, and 2 is installed"):
        importing.import_set(old)
    made = importing.import_set(old, allowed=["rollback"])
    assert made["allowed"] == ["rollback"]
    assert [(row["edition"], row["allowed"]) for row in hashsets.list_sets()] == [
        ("v1", []),
        ("v1b", ["rollback"]),
        ("v2", []),
    ]
    assert hashsets.show_set("national")["edition"] == "v2"
    assert {row["id"] for row in hashsets.list_sets()} == {made["id"]}
    assert not importing.import_set(tmp_path / "1")["added"]


@pytest.mark.usefixtures("trusted")
def test_a_damaged_edition_holds_a_rollback_up_all_the_same(tmp_path: Path) -> None:
    importing.import_set(publish(tmp_path / "new", signer=SIGNER, sequence=2, set_version="v2"))
    (path,) = (laboratory.home() / "sets").glob("*/v2.hset")
    path.write_bytes(b"damaged")
    (row,) = hashsets.list_sets()
    assert (row["name"], row["state"], row["sequence"]) == ("national", "damaged", 2)
    with pytest.raises(HashSetError, match="sequence 1, and 2 is installed"):
        importing.import_set(publish(tmp_path / "old", signer=SIGNER, set_version="v1"))


@pytest.mark.usefixtures("trusted")
def test_what_was_imported_unsigned_does_not_become_signed(tmp_path: Path) -> None:
    folder = publish(tmp_path / "set", signer=SIGNER)
    importing.import_set(
        folder / "list.txt",
        name="national", issuer=PUBLISHER, kind="notable", edition="2026-01", allowed=["unsigned"],
    )  # fmt: skip
    with pytest.raises(HashSetError, match="is there already, and differs"):
        importing.import_set(folder)
    importing.import_set(folder, edition="2026-01-signed")
    assert sets() == [
        ("national", "2026-01", "unsigned"),
        ("national", "2026-01-signed", VERIFIED),
    ]


def test_a_file_with_a_manifest_beside_it_says_so(tmp_path: Path) -> None:
    folder = publish(tmp_path / "set", signer=SIGNER)
    made = importing.import_set(folder / "list.txt", kind="notable")
    assert "lies beside the file" in str(made["warnings"])


@pytest.mark.parametrize("said", ["name", "issuer", "kind", "scheme", "region"])
def test_a_manifest_is_not_contradicted(said: str, tmp_path: Path) -> None:
    publish(tmp_path)
    given: dict[str, Any] = {said: "watch"}
    with pytest.raises(UsageError, match="is what its manifest says"):
        importing.import_set(tmp_path, **given)


def test_a_publisher_who_counts_otherwise_is_said(tmp_path: Path) -> None:
    publish(tmp_path, counts={"md5": 11, "pdq": 3})
    made = importing.import_set(tmp_path)
    assert "counted other digests: md5 11, read were 10; pdq 3, read were 0" in str(
        made["warnings"]
    )


def test_a_format_of_the_manifest_is_one_that_there_is(tmp_path: Path) -> None:
    file = fields()["files"][0]
    publish(tmp_path, files=[file | {"format": "nosuch"}])
    with pytest.raises(UsageError, match="nosuch"):
        importing.import_set(tmp_path)
    publish(tmp_path, files=[file | {"format": "list"}])
    assert importing.import_set(tmp_path)["format"] == "list"


def test_a_file_that_changes_after_it_was_digested_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = publish(tmp_path / "set")
    compare = signed_sets._compare  # noqa: SLF001 - the moment between the two readings

    def then_change(descriptor: int, file: manifest.ListedFile) -> None:
        compare(descriptor, file)
        (folder / "list.txt").write_bytes(listed(10, 1))

    monkeypatch.setattr(signed_sets, "_compare", then_change)
    with pytest.raises(HashSetError, match="changed while it was read"):
        importing.import_set(folder)
    assert sets() == []


# Store and policy


def test_the_store_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "office.pub"
    path.write_text(f"untrusted comment: x\n{SIGNER.public}\n")
    made = trusting.add_key(PUBLISHER, str(path), kinds=("notable",), valid_to="2020-01-01")
    assert (made["key_id"], made["kinds"], made["counts_now"]) == (
        SIGNER.key_id,
        ["notable"],
        False,
    )
    assert list(trusting.list_keys()) == [made]
    store = laboratory.home() / trusting.STORE
    assert stat.S_IMODE(store.stat().st_mode) == 0o600
    store.chmod(0o644)
    with pytest.raises(UsageError, match="open to others"):
        list(trusting.list_keys())
    store.chmod(0o600)
    assert trusting.remove_key(PUBLISHER)["left"] == 0
    assert list(trusting.list_keys()) == []


@pytest.mark.parametrize(
    ("text", "policies"),
    [
        ("", {}),
        ("hash_sets: {}", {}),
        ("hash_sets: {signatures: {notable: require}}", {"notable": "require"}),
        ("hash_sets: {signatures: warn}", dict.fromkeys(
            ("notable", "known-good", "watch", "adult-intimate", "exclude"), "warn")),
    ],
)  # fmt: skip
def test_a_policy_is_read_from_the_settings(text: str, policies: dict[str, str]) -> None:
    settings(text)
    assert trusting.policies() == policies


def settings(text: str) -> Path:
    home = laboratory.home()
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = home / SETTINGS
    path.write_text(text)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hash_sets: {signatures: perhaps}", "no policy"),
        ("hash_sets: {signatures: {evil: require}}", "field that there is not: evil"),
        ("hash_sets: {signatures: [require]}", "no table"),
        ("hash_sets: {colour: red}", "colour"),
        ("colour: red", "colour"),
        ("- 1", "no table"),
        ("a: &a [x]\nb: *a", "anchor"),
        ("a: !!python/name:os.system x", "tag"),
    ],
)
def test_settings_that_make_no_sense_are_refused(text: str, said: str) -> None:
    settings(text)
    with pytest.raises(UsageError, match=said):
        trusting.policies()


def test_settings_that_others_may_write_are_refused() -> None:
    settings("hash_sets: {signatures: off}").chmod(0o620)
    with pytest.raises(UsageError, match="written by others"):
        trusting.policies()


def test_the_policy_require_refuses_what_nobody_signed(tmp_path: Path) -> None:
    settings("hash_sets: {signatures: {notable: require}}")
    publish(tmp_path)
    with pytest.raises(HashSetError, match="policy requires"):
        importing.import_set(tmp_path)
    with pytest.raises(HashSetError, match="policy requires"):
        importing.import_set(tmp_path / "list.txt", kind="notable")
    assert importing.import_set(tmp_path / "list.txt", kind="watch")["added"]


def test_the_policy_warn_takes_it_and_says_failed(tmp_path: Path) -> None:
    trusting.add_key(PUBLISHER, SIGNER.public)
    settings("hash_sets: {signatures: warn}")
    publish(tmp_path, signer=Signer())
    made = importing.import_set(tmp_path)
    assert made["signature"] == "failed"
    assert "does not hold" in str(made["warnings"])


def test_a_person_pins_a_key_imports_and_takes_it_away(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path, signer=SIGNER)
    ran = here(capsys, "hashset", "import", str(tmp_path))
    assert ran.code == 30
    assert "no key is pinned for its publisher Example Office" in ran.err
    ran = here(capsys, "hashset", "trust", "add", PUBLISHER, SIGNER.public, "--until", "2999-12-31")
    assert f"key {SIGNER.key_id} (minisign), for every kind of set, until 2999-12-31" in ran.out
    ran = here(capsys, "hashset", "import", str(tmp_path))
    assert (ran.code, VERIFIED in ran.out) == (0, True)
    assert VERIFIED in here(capsys, "hashset", "list").out
    assert VERIFIED in here(capsys, "hashset", "show", "national").out
    assert SIGNER.key_id in here(capsys, "hashset", "trust", "list").out
    ran = here(capsys, "hashset", "trust", "remove", PUBLISHER, SIGNER.key_id)
    assert "has no pinned key any more" in ran.out
    assert "No key is pinned" in here(capsys, "hashset", "trust", "list").out
