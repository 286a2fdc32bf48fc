"""Locators say where a stream lies, and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import UsageError
from heroes_forensics.parsers.filesystems.locators import Locator, icat_command, parse_locator

numbers = st.integers(0, 2**32 - 1)
addresses = st.integers(0, 2**64 - 1)


@given(
    st.builds(
        Locator,
        kind=st.sampled_from(
            ["ntfs", "fat12", "ext4", "hfsplus", "iso9660", "apfs", "xfs", "squashfs"]
        ),
        address=addresses,
        sequence=st.none() | numbers,
        parent=addresses,
        parent_sequence=st.none() | numbers,
        type=numbers,
        id=numbers,
        ordinal=numbers,
    )
)
def test_text_and_parts_are_inverse(locator: Locator) -> None:
    assert parse_locator(str(locator)) == locator


COMMANDS = {
    "ntfs/i64-3/u5-5/a128-1/n0": "icat -r -o 2048 e.raw 64-128-1",
    "fat32/i22/u4/a1-0/n0": "icat -r -o 2048 e.raw 22-1-0",
    "ext4/i2/u2/a0-0/n0": "icat -r -o 2048 e.raw 2",
    "hfsplus/i25/u18/a4353-1/n0": "icat -r -o 2048 e.raw 25-4353-1",
    "apfs/i16/u2/a1-0/n0": None,
}


@pytest.mark.parametrize(("locator", "command"), COMMANDS.items(), ids=COMMANDS)
def test_it_becomes_the_coordinates_of_icat(locator: str, command: str | None) -> None:
    assert icat_command(locator, "e.raw", 2048) == command


def test_a_command_can_be_pasted_whatever_the_image_is_called() -> None:
    command = icat_command("ext4/i2/u2/a0-0/n0", "a b;c.raw", 6, sector_size=4096)
    assert command == "icat -r -b 4096 -o 6 'a b;c.raw' 2"


BAD = {
    "empty": "",
    "a name": "ntfs/i64-3/u5-5/a128-1/n0/holiday.jpg",
    "too few parts": "ntfs/i64-3/u5-5",
    "not a number": "ntfs/ix/u5-5/a128-1/n0",
    "other digits": "ntfs/i\u0661/u5-5/a128-1/n0",
    "negative": "ntfs/i-1/u5-5/a128-1/n0",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_locator(text)
