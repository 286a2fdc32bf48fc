import json

from hypothesis import given
from hypothesis import strategies as st
from report_example import EXAMPLES, RICH
from rfc8785 import dumps

from heroes_forensics.reports import json as report_json


def test_the_bytes_are_canonical() -> None:
    for report, _ in EXAMPLES.values():
        data = report_json.render(report)
        assert data.endswith(b"}\n")
        assert data[:-1] == dumps(json.loads(data))


def test_the_language_does_not_matter() -> None:
    assert report_json.render(RICH, language="de") == report_json.render(RICH)


@given(
    st.dictionaries(st.text("abc_", min_size=1), st.integers(-(2**53) + 1, 2**53 - 1) | st.text())
)
def test_any_plain_document_is_canonical(document: dict[str, int | str]) -> None:
    assert report_json.encode(dict(document))[:-1] == dumps(dict(document))
