"""Chains of certificates that a careless reader would take: none of them vouches for a signer."""

from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from test_hashsets_cms import AUTHORITY, CONTENT, NOW, SIGNER, Office, openssl

from heroes_forensics.hashsets import cms
from heroes_forensics.hashsets.cms import anchor, holds, read

_LAST: Final = "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n"
_UNKNOWN: Final = "1.2.3.4.5=critical,DER:0500\n"
_ELSEWHERE: Final = "nameConstraints=critical,permitted;dirName:dn_x\n[dn_x]\nO=Another\n[more]\n"
_DOMAIN: Final = "nameConstraints=critical,excluded;DNS:example.org\n"

CHAINS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "a middle for other names": (("middle", AUTHORITY + _ELSEWHERE, ""), ("leaf", SIGNER, "")),
    "a middle without a domain": (
        ("middle", AUTHORITY + _DOMAIN, ""),
        ("leaf", f"{SIGNER}subjectAltName=DNS:a.example.org\n", ""),
    ),
    "a rule in the leaf that nobody knows": (("leaf", SIGNER + _UNKNOWN, ""),),
    "a rule in the middle that nobody knows": (
        ("middle", AUTHORITY + _UNKNOWN, ""),
        ("leaf", SIGNER, ""),
    ),
    "a middle that is the last": (
        ("middle", _LAST, ""),
        ("further", AUTHORITY, ""),
        ("leaf", SIGNER, ""),
    ),
    "a weak key in the middle": (("middle", AUTHORITY, "rsa:1024"), ("leaf", SIGNER, "")),
    "a leaf that signs certificates alone": (
        ("leaf", "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign\n", ""),
    ),
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = Office(tmp_path_factory.mktemp("office"))
    made.certificate("root", AUTHORITY)
    return made


def _signed(office: Office, names: list[str]) -> cms.Message:
    between = b"".join((office.folder / f"{name}.pem").read_bytes() for name in names[:-1])
    (office.folder / "between.pem").write_bytes(between)
    more = ("-certfile", "between.pem") if between else ()
    message = read(office.sign(names[-1], *more))
    assert holds(message, CONTENT)
    return message


def _made(office: Office, chain: tuple[tuple[str, str, str], ...], at: str) -> list[str]:
    above, names = "root", []
    for name, extensions, key in chain:
        own = f"{at}-{name}"
        office.certificate(own, extensions, by=above, key=key or "ec:P-256")
        names.append(own)
        above = own
    return names


@pytest.mark.parametrize("case", CHAINS)
def test_a_chain_that_breaks_a_rule_vouches_for_nobody(case: str, office: Office) -> None:
    names = _made(office, CHAINS[case], case.replace(" ", "-"))
    assert anchor(_signed(office, names), [office.pinned("root")], NOW) is None


def test_a_chain_that_keeps_the_rules_vouches(office: Office) -> None:
    """The control: what is altered above is what is refused."""
    chain = (("middle", AUTHORITY, ""), ("further", _LAST, ""), ("leaf", SIGNER, ""))
    names = _made(office, chain, "sound")
    assert anchor(_signed(office, names), [office.pinned("root")], NOW) == "root"


def _again(office: Office, name: str, *options: str) -> None:
    """Have the root sign the request of the sound leaf once more."""
    base = "plain-leaf"
    if not (office.folder / f"{base}.csr").exists():
        _made(office, (("leaf", SIGNER, ""),), "plain")
    openssl(
        office.folder,
        *("x509", "-req", "-in", f"{base}.csr", "-CA", "root.pem", "-CAkey", "root.key"),
        *("-CAcreateserial", "-extfile", f"{base}.cnf", "-extensions", "ext"),
        *("-out", f"{name}.pem", *options),
    )
    Path(office.folder / f"{name}.key").write_bytes((office.folder / f"{base}.key").read_bytes())


def test_a_root_whose_time_is_over_vouches_for_nobody(office: Office) -> None:
    _again(office, "long", "-days", "60")
    message = _signed(office, ["long"])
    assert anchor(message, [office.pinned("root")], NOW + timedelta(days=20)) == "root"
    assert anchor(message, [office.pinned("root")], NOW + timedelta(days=40)) is None


def test_a_certificate_issued_with_sha1_is_of_nobody_above(office: Office) -> None:
    _again(office, "sha1", "-days", "20", "-sha1")
    message = _signed(office, ["sha1"])
    assert anchor(message, [office.pinned("root")], NOW) is None
    assert anchor(message, [office.pinned("sha1")], NOW) == "sha1"  # pinned itself: nothing above


def test_another_curve_of_the_same_size_does_not_hold(office: Office) -> None:
    office.certificate("koblitz", SIGNER, by="root", key="ec:secp256k1")
    assert not holds(read(office.sign("koblitz")), CONTENT)
