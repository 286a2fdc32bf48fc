from pathlib import Path

import pytest
from scans import DEMO, NOTABLE, demo_scan, scanned

from heroes_forensics.custody import keys
from heroes_forensics.errors import UsageError
from heroes_forensics.pipelines.case import cases, laboratory
from heroes_forensics.pipelines.sets import hashsets, importing
from heroes_forensics.pipelines.trials import selftest

DOMAIN = "lab.example.org"
PHRASE = "open sesame"


def move_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEROES_HOME", str(folder))
    return folder


def preflight(case: Path, *sources: Path) -> dict[object, str]:
    rows = selftest.preflight(case, sources)
    return {row["name"]: f"{row['result']}: {row['detail']}" for row in rows}


def test_sets_imported_before_there_was_a_laboratory_stay_usable(tmp_path: Path) -> None:
    importing.import_set(NOTABLE, name="national")
    home = laboratory.home()
    local = home / "keys" / laboratory.CATALOGUE_RING
    before = laboratory.catalogue_ring(home).set_key
    laboratory.init(home, domain=DOMAIN, passphrase=PHRASE)
    assert not local.exists()
    assert laboratory.catalogue_ring(home, PHRASE).set_key == before
    result = scanned(tmp_path / "case", DEMO, sets=("national",), passphrase=PHRASE)
    assert result.findings == 6
    (checked,) = hashsets.verify_set("national", passphrase=PHRASE)
    assert checked["result"] == "pass"


def test_an_init_that_is_refused_takes_no_key(tmp_path: Path) -> None:
    del tmp_path
    importing.import_set(NOTABLE)
    home = laboratory.home()
    with pytest.raises(UsageError):
        laboratory.init(home, domain="no domain")
    assert keys.protection(home, laboratory.CATALOGUE_RING) == "case-local"
    (checked,) = hashsets.verify_set()
    assert checked["result"] == "pass"


@pytest.mark.parametrize("there", ["", DOMAIN])
@pytest.mark.parametrize("here", ["", "other.example.org"])
def test_a_case_of_another_home_says_where_its_keys_are_not(
    there: str, here: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = tmp_path / "case"
    if there:
        laboratory.init(laboratory.home(), domain=there)
    cases.create(case)
    home = move_home(tmp_path / "another", monkeypatch)
    if here:
        laboratory.init(home, domain=here)
    with (
        pytest.raises(UsageError, match=r"the keys of this case are not in .*another") as caught,
        cases.opened(case),
    ):
        pass
    assert "HEROES_HOME" in caught.value.hint
    assert preflight(case)["keys"].startswith("fail: the keys of this case are not in")


def test_the_keys_of_a_case_are_named_before_a_scan(tmp_path: Path) -> None:
    case = tmp_path / "case"
    assert preflight(case)["keys"] == "pass: none yet: the case gets its own"
    demo_scan(case)
    laboratory.init(laboratory.home(), domain=DOMAIN)
    assert preflight(case)["keys"] == "pass: the case's own"
    assert preflight(tmp_path / "new")["keys"] == "pass: laboratory, file"
    cases.create(tmp_path / "new")
    assert preflight(tmp_path / "new")["keys"] == "pass: laboratory, file"


def test_a_source_that_this_account_can_write_to_is_a_warning(tmp_path: Path) -> None:
    image = tmp_path / "disk.dd"
    image.write_bytes(bytes(512))
    said = preflight(tmp_path / "case", image)["source disk.dd"]
    assert said == "pass: 1 part can be read; warning: this account could write to it"
    image.chmod(0o400)
    assert preflight(tmp_path / "case", image)["source disk.dd"] == "pass: 1 part can be read"
