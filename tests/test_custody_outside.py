"""Signing keys that lie outside the program: a command, a token, a file made by openssl."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_runner import PROGRAM, Ran, here, process
from conftest import Tools
from custody_bundle import private_key
from scans import DEMO, NOTABLE
from signers import PIN, Command, command, described, module, token

from heroes_forensics.custody import keys, outside, pem, persons, signing_process
from heroes_forensics.errors import HeroesError, StoppedError, UsageError
from heroes_forensics.pipelines.case import laboratory

SET = ("--set", str(NOTABLE))


@pytest.fixture(autouse=True)
def _none_left() -> Iterator[None]:
    yield
    outside.end_all()


@pytest.fixture
def signer(tmp_path: Path) -> Command:
    """Make a command that signs, and a laboratory whose ledger key it is."""
    made = command(tmp_path / "signer")
    laboratory.init(laboratory.home(), domain="lab.example", signer=made.description)
    return made


def good(ran: Ran, code: int = 0) -> Ran:
    assert ran.code == code, ran.err
    return ran


def asked(signer: Command) -> int:
    path = signer.folder / "asked"
    return path.stat().st_size if path.exists() else 0


def scan(case: Path, *more: str) -> Ran:
    return process("scan", str(DEMO), "--case", str(case), *SET, "-q", *more)


def verified(case: Path) -> None:
    good(process("verify", str(case)))


def test_a_command_signs_from_behind_the_fence(signer: Command, tmp_path: Path) -> None:
    case = tmp_path / "case"
    good(scan(case))
    assert asked(signer) > 1, (
        "it writes outside of home and case each time, which the fence forbids"
    )
    verified(case)
    public = keys.public_pem(signer.key.public_key().public_bytes_raw())
    assert (case / "custody" / "keys" / "ledger.pem").read_bytes() == public
    for path in laboratory.home().rglob("*"):
        assert path.is_dir() or b"PRIVATE KEY" not in path.read_bytes()


def test_the_settings_of_a_laboratory_may_name_its_signer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = command(tmp_path / "signer")
    home = laboratory.home()
    home.mkdir(mode=0o700)
    settings = home / "laboratory.yaml"
    settings.write_text(made.description.read_text()[:-1] + ', "report": {"laboratory": "L"}}')
    settings.chmod(0o622)
    assert "can be written by others" in good(here(capsys, "init", *INIT), 2).err
    settings.chmod(0o600)
    assert good(here(capsys, "init", *INIT, "--json")).rows()[0]["signer"] == "command"
    good(here(capsys, "case", "create", str(tmp_path / "case")))


INIT = ("--domain", "lab.example", "--no-passphrase")


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("short", "answered 63 bytes instead of a signature of 64"),
        ("silent", "answered 0 bytes instead of a signature of 64"),
        ("wrong", "a signature that its public key does not verify"),
        ("flood", "answered more than a signature of 64 bytes"),
        ("exit", "ended with code 9 and without a signature"),
        ("hang", "did not answer within 1 seconds"),
    ],
)
def test_what_is_no_signature_is_said_in_a_sentence(tmp_path: Path, manner: str, said: str) -> None:
    made = command(tmp_path / "signer", seconds=1 if manner == "hang" else 60)
    key = outside.read(made.description.read_bytes())
    made.behave(manner)
    with pytest.raises(StoppedError, match=said) as refused:
        key.sign(b"message")
    assert "1234" not in f"{refused.value} {refused.value.hint}", "what it prints is not shown"
    if manner != "hang":
        made.behave("good")
        assert key.sign(b"message") == made.key.sign(b"message")


def test_a_message_of_megabytes_is_signed(tmp_path: Path) -> None:
    made = command(tmp_path / "signer")
    message = bytes(range(256)) * 20_000
    assert outside.read(made.description.read_bytes()).sign(message) == made.key.sign(message)


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    made = command(tmp_path / "signer")
    key = outside.Outside(made.key.public_key().public_bytes_raw(), ("/nowhere/sign",))
    with pytest.raises(StoppedError, match="cannot be started: No such file"):
        key.sign(b"message")


def test_the_process_that_speaks_to_it_is_killed(tmp_path: Path) -> None:
    key = outside.read(command(tmp_path / "signer").description.read_bytes())
    key.start()
    (helper,) = outside._RUNNING.values()  # noqa: SLF001 - what a kill from outside would meet
    helper._process.kill()  # noqa: SLF001
    helper._process.wait()  # noqa: SLF001
    with pytest.raises(StoppedError, match="has ended"):
        key.sign(b"message")
    key.sign(b"message")


def test_nothing_is_begun_that_could_not_be_signed(
    signer: Command, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case"
    good(here(capsys, "case", "create", str(case)))
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    signer.behave("exit")
    ran = good(here(capsys, "report", str(case)), 5)
    assert ran.err.count("error:") == 1
    assert (case / "custody" / "ledger.jsonl").read_bytes() == before
    good(here(capsys, "verify", str(case)))


def test_a_signer_that_is_lost_costs_nothing_that_was_gained(
    signer: Command, tmp_path: Path
) -> None:
    """Whenever it is lost, the next command signs what there is, and the result is the same."""
    whole = tmp_path / "whole"
    result = good(scan(whole, "--json")).rows()[-1]
    for lasts, ended in ((3, None), (4, "complete"), (6, "complete")):
        case = tmp_path / f"case-{lasts}"
        signer.behave(f"after {lasts}")
        cut = good(scan(case), 5)
        assert "the signer ended with code 9" in cut.err
        signer.behave("good")
        runs = good(process("case", "show", str(case), "--json")).rows()[0]["runs"]
        outcomes = [run["outcome"] for run in runs] if isinstance(runs, list) else []
        assert outcomes == [ended]
        if ended:  # only its end, or its report, was not signed
            good(process("report", str(case)))
        else:
            good(scan(case, "--resume"))
        verified(case)
        now = good(process("status", str(case), "--json")).rows()[0]
        assert now["content_sha256"] == result["content_sha256"]


def test_a_laboratory_moves_from_a_file_to_a_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case"
    good(here(capsys, "init", "--domain", "lab.example", "--no-passphrase"))
    good(here(capsys, "case", "create", str(case)))
    first = next(iter(here(capsys, "key", "list", "--json").rows()))
    made = command(tmp_path / "signer")
    rotate = ("key", "rotate", "--reason", "yearly", "--signer", str(made.description))
    good(here(capsys, *rotate))
    now, before, *_ = here(capsys, "key", "list", "--json").rows()
    assert (now["signer"], before["vkey"]) == ("command", first["vkey"])
    good(here(capsys, "case", "exhibit", str(case), "E-1", "--field", "make=x"))
    for vkey in (now["vkey"], before["vkey"]):
        good(here(capsys, "verify", str(case), "--key", str(vkey)))
    refused = good(here(capsys, *rotate), 2)
    assert "one that it had before" in refused.err


def test_a_person_signs_by_a_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case, made = tmp_path / "case", command(tmp_path / "signer")
    new = ("key", "new", "ex-031", "--no-passphrase", "--signer", str(made.description))
    made.behave("exit")
    good(here(capsys, *new), 5)
    made.behave("good")
    good(here(capsys, *new))
    good(here(capsys, "case", "create", str(case)))
    good(here(capsys, "case", "person", str(case), "ex-031", "--role", "examiner"))
    good(here(capsys, "key", "cosign", str(case), "--as", "ex-031"))
    note = max((case / "custody" / "checkpoints").iterdir()).read_text()
    assert "— case-local.invalid/person/ex-031 " in note
    assert here(capsys, "verify", str(case)).code == 7, "nobody vouches for a case-local key"
    assert persons.protection(laboratory.home(), "ex-031") == "command"


def held_back(pid: int) -> bool:
    """Say whether the kernel keeps the memory of a process from its own account, and from dumps."""
    limits = Path(f"/proc/{pid}/limits").read_text()
    row = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    return row.split()[4:6] == ["0", "0"] and Path(f"/proc/{pid}/environ").stat().st_uid == 0


@pytest.mark.parametrize("option", ["--passphrase-fd", "--pin-fd"])
def test_what_holds_secrets_leaves_no_dump(tool: Tools, option: str) -> None:
    """As another account than root: files of a process that is not dumpable belong to root."""
    other = [tool("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"]
    account = other if os.geteuid() == 0 else []
    reading, writing = os.pipe()
    arguments = [*account, *PROGRAM, "key", "rotate", "--reason", "x", option, str(reading)]
    started = subprocess.Popen(
        arguments, pass_fds=(reading,), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        os.close(reading)
        end = time.monotonic() + 60
        while time.monotonic() < end and not held_back(started.pid):
            time.sleep(0.02)
        assert held_back(started.pid)
        assert not held_back(os.getpid()), "the test can fail"
    finally:
        os.close(writing)
        started.kill()
        started.communicate(timeout=60)


# ---- tokens ------------------------------------------------------------------------------


WRONG = "pin-that-is-wrong-27182"


@pytest.fixture
def lab_token(tmp_path: Path, tool: Tools, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a token with the keys ``ledger`` and ``person``; return the description of the first."""
    tool("softhsm2-util")
    assert module(), "the module of SoftHSM is not where Debian has it"
    folder = tmp_path / "token"
    monkeypatch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
    return token(folder, "ledger", "person")


def with_pin(tmp_path: Path, *arguments: str, pin: str = PIN, option: str = "--pin-fd") -> Ran:
    """Run a command line with a PIN on a descriptor."""
    file = tmp_path / "pin"
    file.write_text(f"{pin}\n")
    with file.open() as stream:
        done = subprocess.run(
            [sys.executable, "-c", "from heroes_forensics.cli import main; main()", *arguments,
             option, str(stream.fileno())],
            pass_fds=(stream.fileno(),), stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
    file.unlink()
    return Ran(done.returncode, done.stdout, done.stderr)


def test_a_token_signs_for_a_laboratory_and_a_person(
    lab_token: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case"
    init = ("init", "--domain", "lab.example", "--no-passphrase", "--signer", str(lab_token))
    assert "needs its PIN" in good(here(capsys, *init), 2).err
    assert "does not open" in good(with_pin(tmp_path, *init, pin=WRONG), 2).err
    good(with_pin(tmp_path, *init))
    good(with_pin(tmp_path, "scan", str(DEMO), "--case", str(case), *SET, "-q"))
    public = private_key("token ledger").public_key().public_bytes_raw()
    assert (case / "custody" / "keys" / "ledger.pem").read_bytes() == keys.public_pem(public)
    verified(case)

    new = ("key", "new", "ex-031", "--signer", str(described(lab_token.parent, "person")))
    good(with_pin(tmp_path, *new, option="--passphrase-fd"))
    good(with_pin(tmp_path, "case", "person", str(case), "ex-031", "--role", "examiner"))
    cosign = ("key", "cosign", str(case / "custody"), "--as", "ex-031", "--output")
    signed = tmp_path / "signed.txt"
    assert "needs its PIN" in good(here(capsys, *cosign, str(signed)), 2).err
    good(with_pin(tmp_path, *cosign, str(signed), option="--person-passphrase-fd"))
    good(with_pin(tmp_path, "case", "cosigned", str(case), str(signed)))
    verified(case)

    away = lab_token.parent / "away"
    tokens = lab_token.parent / "tokens"
    tokens.rename(away)
    tokens.mkdir()
    lost = good(with_pin(tmp_path, "report", str(case)), 5)
    assert "the token of the signer is not there" in lost.err
    tokens.rmdir()
    away.rename(tokens)
    good(with_pin(tmp_path, "report", str(case)))
    verified(case)
    good(with_pin(tmp_path, "key", "rotate", "--reason", "yearly"))
    good(with_pin(tmp_path, "case", "exhibit", str(case), "EX-1", "--field", "make=x"))
    assert (case / "custody" / "keys" / "ledger.pem").read_bytes() != keys.public_pem(public)
    verified(case)
    written = [path for root in (case, laboratory.home()) for path in root.rglob("*")]
    held = [path.read_bytes() for path in written if path.is_file()]
    assert not [data for data in held if PIN.encode() in data or WRONG.encode() in data]


@pytest.mark.parametrize("faulty", ["no such key", "no such token", "no such module"])
def test_a_token_that_is_not_as_described(lab_token: Path, faulty: str) -> None:
    outside.PIN.set(PIN)
    text = lab_token.read_text()
    what, said = {
        "no such key": ("key: ledger", "holds no such Ed25519 key"),
        "no such token": ("token: lab", "is not there"),
        "no such module": ("/softhsm/", "cannot be loaded"),
    }[faulty]
    changed = text.replace(what, what.rstrip("/") + "-2" + ("/" if "/" in what else ""))
    with pytest.raises(StoppedError, match=said):
        outside.read(changed.encode())
    outside.PIN.set(None)


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pkcs11", None)
    token = signing_process.Token({"module": "/m", "token": "t", "key": "k", "pin": PIN})
    with pytest.raises(signing_process.Fault, match="extra"):
        token.sign(b"message")
    assert "not installed" in outside.FAULTS["extra"]


# ---- descriptions, and keys made by openssl ----------------------------------------------

PUBLIC = "public_key: MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("signer: [/bin/sign]", "lacks its public key"),
        (f"signer: []\n{PUBLIC}", "whole path of a program"),
        (f"signer: [sign]\n{PUBLIC}", "whole path of a program"),
        (f"signer: /bin/sign\n{PUBLIC}", "is a list"),
        (f"signer: {{module: /m, token: t}}\n{PUBLIC}", "is a list"),
        (f"signer: {{module: m.so, token: t, key: k}}\n{PUBLIC}", "whole path"),
        (f"signer: [/bin/sign]\n{PUBLIC}\nseconds: 0", "number of seconds"),
        (f"signer: [/bin/sign]\n{PUBLIC}\nseconds: 1.5", "number of seconds"),
        (f"signer: [/bin/sign]\n{PUBLIC}\npin: 1234", "alone"),
        ("signer: [/bin/sign]\npublic_key: AAAA", "no Ed25519 key"),
        ("signer: [/bin/sign]\npublic_key: '!'", "no Ed25519 key"),
        ("- signer", "alone"),
        ("", "alone"),
        ("signer: [", "not YAML"),
    ],
)
def test_a_malformed_description_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as refused:
        outside.read(text.encode())
    assert "1234" not in str(refused.value)


def test_a_description_reads_as_it_was_written() -> None:
    for text in (f"signer: [/bin/sign, a b]\n{PUBLIC}\nseconds: 9",
                 f"signer: {{module: /m.so, token: t, key: k}}\n{PUBLIC}"):  # fmt: skip
        read = outside.read(text.encode())
        assert outside.read(read.description()) == read


def test_a_description_that_others_can_change_is_refused(signer: Command) -> None:
    del signer
    (path,) = (laboratory.home() / "keys" / outside.FOLDER).iterdir()
    path.chmod(0o620)
    with pytest.raises(UsageError, match="open to others"):
        keys.load_ring(laboratory.home())


OLD, NEW = "old words", "new words"


def openssl_key(tool: Tools, folder: Path, passphrase: str, *how: str) -> Path:
    """Make a key and protect it, as the page on custody says."""
    openssl, plain, path = tool("openssl"), folder / "plain.pem", folder / "key.pem"
    plain.write_text(pem.text(private_key("openssl")))
    given = ["-passout", f"pass:{passphrase}"]
    command_line = [openssl, "pkcs8", "-topk8", *how, "-in", str(plain), "-out", str(path), *given]
    subprocess.run(command_line, check=True, capture_output=True, timeout=60)
    plain.unlink()
    path.chmod(0o600)
    return path


def test_a_key_of_openssl_is_taken_under_scrypt_alone(tmp_path: Path, tool: Tools) -> None:
    home, made = tmp_path / "home", private_key("openssl").public_key().public_bytes_raw()
    weak = openssl_key(tool, tmp_path, OLD, "-v2", "aes-256-cbc")
    with pytest.raises(UsageError, match="weaker than scrypt"):
        laboratory.init(home, domain="lab.example", passphrase=OLD, signer=weak)
    path = openssl_key(tool, tmp_path, OLD, "-scrypt")
    with pytest.raises(UsageError, match="does not open"):
        laboratory.init(home, domain="lab.example", passphrase=NEW, signer=path)
    with pytest.raises(UsageError, match="needs its passphrase"):
        laboratory.init(home, domain="lab.example", signer=path)
    laboratory.init(home, domain="lab.example", passphrase=OLD, signer=path)
    ring = keys.load_ring(home, passphrase=OLD)
    assert keys.public_bytes(ring.ledger) == made
    path.chmod(0o640)
    with pytest.raises(HeroesError, match="open to others"):
        laboratory.signing_key(path, OLD)


def test_a_key_without_protection_is_taken_when_said(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text(pem.text(private_key("openssl")))
    path.chmod(0o600)
    with pytest.raises(UsageError, match="not protected by a passphrase"):
        laboratory.signing_key(path, "secret")
    assert laboratory.signing_key(path, None) is not None
