"""What CI installs is what the tests ask for; what make offers is what the documentation says."""

import re
import subprocess

from corpus import ROOT

SCRIPT = (ROOT / ".ci" / "run").read_text()
EVERYWHERE = {"gzip", "python3", "sha256sum", "tar", "unshare"}
"""Programs that Debian installs always, or that Python brings along."""
IMAGES = "filesystem_images.py"
MAKES_IMAGES = r"from filesystem_images import (?:\([^)]*\brun\b|.*\brun\b)"
"""Its ``run`` skips a test where the program is not there."""
TARGETS = {
    *("demo", "test", "check", "lint", "types", "contracts", "fix", "fixtures", "docs", "bench"),
    *("conformance", "faults", "offline", "constraints", "clean"),
}


def test_every_program_that_a_test_asks_for_is_installed_by_ci() -> None:
    table = re.search(r"^TOOLS=\((.*?)^\)", SCRIPT, re.MULTILINE | re.DOTALL)
    assert table is not None
    installed = {row.partition(":")[0] for row in table[1].split()}
    asked: set[str] = set()
    for path in (ROOT / "tests").rglob("*.py"):
        text = path.read_text()
        asked |= set(re.findall(r"\b(?:tool|which)\(\"([\w.+-]+)\"", text))
        if path.name == IMAGES or re.search(MAKES_IMAGES, text):
            asked |= set(re.findall(r"\brun\(\s*\"([\w.+-]+)\"", text))
    assert {"fls", "mkfs.xfs"} <= asked
    assert asked <= installed | EVERYWHERE


def test_make_has_its_targets_and_lists_them() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*?)\n\n", makefile, re.MULTILINE | re.DOTALL)
    assert phony is not None
    assert set(phony[1].replace("\\\n", "").split()) >= TARGETS
    listed = subprocess.run(
        ["make", "-s", "-C", str(ROOT), "help"], check=True, capture_output=True, text=True
    ).stdout
    assert {row.split()[1] for row in listed.splitlines()} >= TARGETS


def test_the_script_of_ci_is_valid_and_calls_make_check() -> None:
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)
    assert "make -k check" in SCRIPT
