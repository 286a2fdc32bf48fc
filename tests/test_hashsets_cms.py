import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from publishing import PUBLISHER, publish

from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets import cms, manifest
from heroes_forensics.hashsets.cms import Pinned, anchor, holds, read
from heroes_forensics.pipelines.sets import importing, trusting

CONTENT = b"what is signed"
NOW = datetime.now(UTC) + timedelta(hours=1)
AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
SIGNER = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n"
IDS = "subjectKeyIdentifier=hash\n"


def openssl(folder: Path, *arguments: str) -> bytes:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    return subprocess.run([program, *arguments], cwd=folder, check=True, capture_output=True).stdout


@dataclass
class Office:
    """A body with certificates that openssl made."""

    folder: Path

    def certificate(
        self, name: str, extensions: str, *, by: str = "", key: str = "ec:P-256"
    ) -> None:
        kind, _, size = key.partition(":")
        (self.folder / f"{name}.cnf").write_text(
            f"[req]\ndistinguished_name=dn\n[dn]\n[ext]\n{extensions}{IDS}"
        )
        new = ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{size}"] * (kind == "ec")
        new = new or ["-newkey", f"rsa:{size}"]
        common = ["-nodes", "-keyout", f"{name}.key", "-subj", f"/CN={name}", "-config",
                  f"{name}.cnf"]  # fmt: skip
        if not by:
            openssl(self.folder, "req", "-x509", *new, *common, "-extensions", "ext",
                    "-days", "30", "-out", f"{name}.pem")  # fmt: skip
            return
        openssl(self.folder, "req", *new, *common, "-out", f"{name}.csr")
        openssl(self.folder, "x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.pem",
                "-CAkey", f"{by}.key", "-CAcreateserial", "-days", "20",
                "-extfile", f"{name}.cnf", "-extensions", "ext", "-out", f"{name}.pem")  # fmt: skip

    def sign(self, name: str, *options: str, content: bytes = CONTENT, form: str = "DER") -> bytes:
        (self.folder / "content").write_bytes(content)
        return openssl(
            self.folder,
            *("cms", "-sign", "-binary", "-in", "content", "-outform", form),
            *("-signer", f"{name}.pem", "-inkey", f"{name}.key", *options),
        )

    def pinned(self, name: str) -> Pinned:
        return Pinned(name, cms.read_certificate((self.folder / f"{name}.pem").read_bytes()))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = Office(tmp_path_factory.mktemp("office"))
    made.certificate("root", AUTHORITY, key="rsa:2048")
    made.certificate("middle", AUTHORITY, by="root", key="ec:P-384")
    made.certificate("signer", SIGNER, by="root")
    made.certificate("below", SIGNER, by="middle", key="rsa:3072")
    made.certificate("other", AUTHORITY)
    made.certificate("alone", SIGNER)
    made.certificate("noauthority", SIGNER, by="root")
    made.certificate("under", SIGNER, by="noauthority")
    made.certificate("mute", "basicConstraints=CA:FALSE\nkeyUsage=keyEncipherment\n", by="root")
    made.certificate("weak", SIGNER, by="root", key="rsa:1024")
    return made


SIGNED: dict[str, tuple[str, tuple[str, ...]]] = {
    "EC": ("signer", ()),
    "RSA": ("below", ("-certfile", "middle.pem")),
    "by key": ("signer", ("-keyid",)),
    "SHA-384": ("signer", ("-md", "sha384")),
    "SHA-512": ("below", ("-md", "sha512", "-certfile", "middle.pem")),
}


@pytest.mark.parametrize("name", SIGNED)
def test_what_openssl_signs_holds_and_nothing_else_does(name: str, office: Office) -> None:
    who, options = SIGNED[name]
    message = read(office.sign(who, *options))
    assert holds(message, CONTENT)
    assert not holds(message, CONTENT + b"x")
    assert anchor(message, [office.pinned("other"), office.pinned("root")], NOW) == "root"
    assert message.subject == f"CN={who}"


def test_the_signers_own_certificate_can_be_pinned(office: Office) -> None:
    for who in ("signer", "alone"):
        message = read(office.sign(who))
        assert holds(message, CONTENT)
        assert anchor(message, [office.pinned(who)], NOW) == who


def test_nobody_else_vouches(office: Office) -> None:
    message = read(office.sign("signer"))
    assert anchor(message, [], NOW) is None
    assert anchor(message, [office.pinned("other"), office.pinned("middle")], NOW) is None
    without = read(office.sign("below"))  # the authority between is missing
    assert anchor(without, [office.pinned("root")], NOW) is None
    assert anchor(without, [office.pinned("middle")], NOW) == "middle"


@pytest.mark.parametrize("days", [-2, 25, 4000])
def test_a_certificate_counts_in_its_time(days: int, office: Office) -> None:
    message = read(office.sign("signer"))
    then = NOW + timedelta(days=days)
    assert anchor(message, [office.pinned("root"), office.pinned("signer")], then) is None


def test_who_may_not_sign_is_nobody(office: Office) -> None:
    mute = read(office.sign("mute"))
    assert anchor(mute, [office.pinned("root"), office.pinned("mute")], NOW) is None
    under = read(office.sign("under", "-certfile", "noauthority.pem"))
    assert anchor(under, [office.pinned("root")], NOW) is None


def test_weak_keys_and_digests_do_not_count(office: Office) -> None:
    assert not holds(read(office.sign("weak")), CONTENT)
    with pytest.raises(UsageError, match="no certificate that can be pinned"):
        office.pinned("weak")
    assert not holds(read(office.sign("signer", "-md", "sha1")), CONTENT)


def test_a_signature_without_attributes_does_not_hold(office: Office) -> None:
    assert not holds(read(office.sign("signer", "-noattr")), CONTENT)


OTHER: dict[str, Callable[[Office], bytes]] = {
    "nothing": lambda _: b"",
    "PEM": lambda office: office.sign("signer", form="PEM"),
    "with its content": lambda office: office.sign("signer", "-nodetach"),
    "without its certificate": lambda office: office.sign("signer", "-nocerts"),
    "two signers": lambda office: office.sign("signer", "-signer", "alone.pem", "-inkey",
                                              "alone.key"),
    "cut short": lambda office: office.sign("signer")[:-1],
    "more behind it": lambda office: office.sign("signer") + b"\0",
    "too large": lambda office: office.sign("signer") + bytes(cms.MAX_BYTES),
    "depth": lambda _: b"\x30\x80" * 20_000,
    "RSA-PSS": lambda office: office.sign("below", "-keyopt", "rsa_padding_mode:pss"),
    "a certificate": lambda office: (office.folder / "root.pem").read_bytes(),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER)
def test_anything_else_is_refused_in_one_sentence(name: str, office: Office) -> None:
    with pytest.raises(HashSetError, match="no detached CMS signature of one signer"):
        read(OTHER[name](office))


@given(st.data())
def test_no_change_of_a_signature_holds_or_crashes(office: Office, data: st.DataObject) -> None:
    good = GOOD.setdefault("signed", office.sign("signer"))
    changed = bytearray(good)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        message = read(bytes(changed))
    except HashSetError:
        return
    trusted = anchor(message, [office.pinned("root")], NOW)
    same = message.certificate == read(good).certificate
    assert not (trusted and not same)
    if holds(message, CONTENT) and trusted:  # what is not signed may change: other certificates
        assert message.signer.signature == read(good).signer.signature


GOOD: dict[str, bytes] = {}


def test_a_set_signed_by_a_certificate_is_verified(tmp_path: Path, office: Office) -> None:
    folder = publish(tmp_path / "set")
    said = (folder / manifest.NAME).read_bytes()
    signature = folder / f"{manifest.NAME}{cms.SUFFIX}"
    signature.write_bytes(office.sign("below", "-certfile", "middle.pem", content=said))
    with pytest.raises(HashSetError, match="no key is pinned"):
        importing.import_set(folder)
    made = trusting.add_key(PUBLISHER, str(office.folder / "root.pem"), kinds=("notable",))
    assert (made["key_type"], made["key_id"]) == (
        "x509",
        cms.fingerprint(office.pinned("root").certificate),
    )
    assert list(trusting.list_keys()) == [made]
    signature.write_bytes(office.sign("signer", content=said + b"x"))
    with pytest.raises(HashSetError, match="does not hold"):
        importing.import_set(folder)
    signature.write_bytes(office.sign("alone", content=said))
    with pytest.raises(HashSetError, match="not pinned for its publisher"):
        importing.import_set(folder)
    signature.write_bytes(office.sign("below", "-certfile", "middle.pem", content=said))
    assert importing.import_set(folder)["signature"] == f"verified({made['key_id']}, CN=below)"


@pytest.mark.parametrize("option", [(), ("-keyid",)])
def test_a_certificate_with_an_extension_twice_vouches_for_nobody(
    option: tuple[str, ...], office: Office
) -> None:
    usage, constraints = bytes.fromhex("0603551d0f"), bytes.fromhex("0603551d13")
    twice = office.sign("alone", *option).replace(constraints, usage)
    try:
        found = anchor(read(twice), [office.pinned("alone")], NOW)
    except HashSetError as error:
        assert "no detached CMS signature" in str(error)  # noqa: PT017 - either is a refusal
    else:
        assert found is None
