import io
import json
from hashlib import sha256

import pytest
from hashset_samples import S, imported, read
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets import manifest, publishing
from heroes_forensics.hashsets.formats.base import Value
from heroes_forensics.hashsets.publishing import Listed, Written


def entry(number: int, **more: object) -> Listed:
    made = S[number % len(S)]
    fields: dict[str, object] = {"category": 1} | more
    return Listed(number + 1, made.md5, made.sha1, made.sha256, 100 + number, **fields)  # type: ignore[arg-type]


def written(*entries: Listed, region: str = "US") -> tuple[bytes, Written]:
    stream = io.BytesIO()
    found = publishing.write(entries, region, stream)
    return stream.getvalue(), found


VALUES = st.lists(
    st.one_of(
        st.builds(Value, st.just("pdq"), st.binary(min_size=32, max_size=32), st.integers(-1, 100)),
        st.builds(
            Value,
            st.sampled_from(["phash-64", "dhash-64"]),
            st.binary(min_size=8, max_size=8),
            st.integers(-1, 100),
        ),
    ),
    unique=True,
    max_size=30,
)


@given(st.one_of(st.none(), st.integers(0, 10**9)), VALUES)
def test_what_is_written_is_read_again(category: int | None, values: list[Value]) -> None:
    listed = entry(0, category=category, values=tuple(values))
    data, _ = written(listed)
    (record,) = read(data).records
    assert (record.md5, record.sha1, record.sha256) == (listed.md5, listed.sha1, listed.sha256)
    assert (record.entry, record.size) == (1, 100)
    assert record.category == ("" if category is None else str(category))
    assert record.values == tuple(values)


def test_a_list_is_recognised_as_vics_and_says_its_region() -> None:
    data, found = written(*(entry(number) for number in range(3)))
    facts = imported(data).facts
    assert (facts["format"], facts["version"], facts["region"]) == ("vics", "2.0", "US")
    assert (facts["records"], facts["rejected"], facts["unknown_fields"]) == (3, 0, [])
    assert found == Written(len(data), sha256(data).hexdigest())
    assert [row["MediaID"] for row in json.loads(data)["value"]] == [1, 2, 3]


def test_the_same_entries_give_the_same_bytes() -> None:
    assert written(entry(0), entry(1)) == written(entry(0), entry(1))
    assert json.loads(written()[0])["value"] == []


def test_the_manifest_is_one_that_is_read() -> None:
    _, found = written(entry(0))

    def described(publisher: str) -> bytes:
        return publishing.described(
            found,
            name="national",
            publisher=publisher,
            edition="2026-01",
            kind="watch",
            region="US",
            counts={"md5": 1},
        )

    read_again = manifest.parse(described("Example Office"))
    assert (read_again.name, read_again.publisher, read_again.kind) == (
        "national",
        "Example Office",
        "watch",
    )
    (file,) = read_again.files
    assert (file.name, file.size, file.sha256, file.format) == ("list.json", *found, "vics")
    with pytest.raises(HashSetError, match="'publisher'"):
        described(" ")
