"""A case as laboratories have it: people, a transfer, two runs, a time stamp, a disclosure.

Everything in it was made by the program's own verbs, over a real image where the corpus is at hand.
"""

import gzip
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import pyewf
import pytest
from corpus import EVIDENCE
from scans import DEMO, KNOWN_GOOD, NOTABLE
from timestamp_authority import Authority, authority

from heroes_forensics import cli
from heroes_forensics.custody import keys, notes, persons

EXAMINER: Final = "ex-031"
OFFICER: Final = "po-007"
CLERK: Final = "clerk-2"
"""Cosigns for a court, with a key that the laboratory has not."""
REAL: Final = "images/exfat/go-exfat.exfat.gz"
"""A small image of the corpus, made by other people."""
SEGMENTS: Final = 3
SCOPE: Final = (
    "kind=warrant", "reference=G-1", "issued_by=Court", "scope_text=all", "valid_from=2020-01-01",
)  # fmt: skip


def heroes(*arguments: object) -> None:
    """Run the program; it has to do what was asked."""
    code = cli.run([str(each) for each in arguments])
    assert code in {0, 3}, arguments


@dataclass(frozen=True)
class World:
    """Where everything lies, and the keys."""

    root: Path

    @property
    def home(self) -> Path:
        """The laboratory's."""
        return self.root / "home"

    @property
    def case(self) -> Path:
        """The case directory."""
        return self.root / "case"

    @property
    def bundle(self) -> Path:
        """The record in it; tests work on copies."""
        return self.case / "custody"

    @property
    def disclosed(self) -> Path:
        """One finding, disclosed."""
        return self.root / "f2.json"

    @property
    def second(self) -> Path:
        """The first of the files that the second run examined: an image in segments."""
        return self.root / "second.001"

    @property
    def first_page(self) -> bytes:
        """The page of the first report, which another one replaced."""
        return (self.root / "first.html").read_bytes()

    @property
    def roots(self) -> Path | None:
        """Of the authority that stamped; None where openssl is not installed."""
        found = Authority(self.root / "authority").roots
        return found if found.exists() else None

    @cached_property
    def ledger(self) -> str:
        """The UUID of the ledger."""
        first = (self.bundle / "ledger.jsonl").read_bytes().splitlines()[0]
        return str(json.loads(first)["body"]["ledger"])

    @cached_property
    def signer(self) -> keys.LedgerKey:
        """What signs the record: the key that an attacker inside the laboratory has."""
        return keys.load_ring(self.home).signer(self.ledger)

    @cached_property
    def people(self) -> Mapping[str, keys.LedgerKey]:
        """Keys of the laboratory's people by their names on a signature line."""
        found = [persons.load(self.home, each, passphrase=None) for each in (EXAMINER, OFFICER)]
        return {each.name: each for each in found}

    @cached_property
    def vkey(self) -> str:
        """What the laboratory publishes."""
        return str(keys.laboratory(self.home)["vkey"])


def made(root: Path) -> World:
    """Make the case below ``root``."""
    world = World(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(world.home))
        heroes("init", "--domain", "lab.example", "--no-passphrase")
        for person in (OFFICER, EXAMINER):
            heroes("key", "new", person, "--no-passphrase")
        heroes("case", "create", world.case, "--examiner", EXAMINER)
        for person in (OFFICER, EXAMINER):
            heroes("case", "person", world.case, person, "--role", "officer")
        heroes("case", "authority", world.case, *(f"--field={each}" for each in SCOPE))
        _handed_over(world)
        _witnessed(world, patch)
        if shutil.which("openssl"):
            _stamped(world)
        sets = ("--set", NOTABLE, "--set", KNOWN_GOOD)
        heroes("scan", DEMO, "--case", world.case, "--exhibit", "E-1", "--quiet", *sets)
        shutil.copy(world.bundle / "report" / "report.html", world.root / "first.html")
        _split(_media(), world.second)
        heroes("scan", world.second, "--case", world.case, "--exhibit", "E-2", "--quiet", *sets)
        why = ("--authority", "order 3", "--justification", "request 4")
        whom = ("--recipient", "counsel", "--organisation", "Chambers X")
        fields = ("--field", "hash_sha256", "--field", "match_kind")
        heroes("disclose", world.case, "F-2", *fields, "--output", world.disclosed, *whom, *why)
    return world


def _media() -> bytes:
    """Return a real medium; the bundled one, written out by libewf, where there is no corpus."""
    real = EVIDENCE / REAL if EVIDENCE else None
    if real is not None and real.exists():
        return gzip.decompress(real.read_bytes())
    handle = pyewf.handle()
    handle.open([str(DEMO)])
    media: bytes = handle.read_buffer(handle.get_media_size())
    handle.close()
    return media


def _split(media: bytes, first: Path) -> None:
    size = -(-len(media) // SEGMENTS // 512) * 512
    for number in range(SEGMENTS):
        part = media[number * size : (number + 1) * size]
        first.with_suffix(f".{number + 1:03d}").write_bytes(part)


def _handed_over(world: World) -> None:
    heroes("transfer", "hand-over", world.case, "--exhibit", "E-1", "--from", OFFICER, "--to",
           EXAMINER, "--place", "store room", "--purpose", "examination")  # fmt: skip
    for person in (OFFICER, EXAMINER):
        heroes("key", "cosign", world.case, "--as", person)


def _witnessed(world: World, patch: pytest.MonkeyPatch) -> None:
    """Let somebody outside sign a copy of the newest checkpoint."""
    signed, court = world.root / "signed.txt", world.root / "court"
    patch.setenv("HEROES_HOME", str(court))
    heroes("init", "--domain", "court.example", "--no-passphrase")
    heroes("key", "new", CLERK, "--no-passphrase")
    vkey = persons.vkey(court, CLERK)
    patch.setenv("HEROES_HOME", str(world.home))
    heroes("case", "person", world.case, CLERK, "--role", "witness", "--key", vkey)
    newest = max((world.bundle / "checkpoints").glob("*.txt"))
    patch.setenv("HEROES_HOME", str(court))
    heroes("key", "cosign", newest, "--as", CLERK, "--output", signed)
    patch.setenv("HEROES_HOME", str(world.home))
    heroes("case", "cosigned", world.case, signed)
    assert len(notes.parse(signed.read_bytes()).signatures) > 1


def _stamped(world: World) -> None:
    request, reply = world.root / "case.tsq", world.root / "case.tsr"
    heroes("timestamp", "request", world.case, "--output", request)
    stamper = authority(world.root / "authority")
    stamper.reply(request, reply)
    heroes("timestamp", "import", world.case, reply, "--tsa-roots", stamper.roots)
