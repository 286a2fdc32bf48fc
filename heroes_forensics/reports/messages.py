"""Text of reports by language: catalogues of messages with named placeholders.

A catalogue is a YAML file of nested maps under ``data/messages``; a message is found by its
dotted key. English is complete by definition (its texts of gaps are those of the model), and
every other one has the same keys and the same placeholders.

What is read is the JSON beside it, which ``fixtures/golden.py`` makes of it: two processes of every
scan want these texts, and to load and run a reader of YAML took each of them 15 ms.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Final

from heroes_forensics.errors import UsageError
from heroes_forensics.model import GAP_TEXTS

LANGUAGES: Final = ("en", "de")


class Messages:
    """One catalogue: `text` for messages that must be there, `word` for codes of open lists."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = dict(texts)

    def keys(self) -> frozenset[str]:
        """Return every key."""
        return frozenset(self._texts)

    def placeholders(self, key: str) -> frozenset[str]:
        """Return the names that the message ``key`` wants filled in."""
        parsed = Formatter().parse(self._texts[key])
        return frozenset(name for _, name, _, _ in parsed if name is not None)

    def text(self, key: str, /, **values: str | int) -> str:
        """Return the message ``key`` with its placeholders filled in.

        Raises:
            KeyError: there is no such message, or a value is missing: a bug.
        """
        return self._texts[key].format(**values)

    def word(self, group: str, code: str, fallback: str = "") -> str:
        """Return the text of a code, or ``fallback``, or the code when there is neither."""
        return self._texts.get(f"{group}.{code}") or fallback or code

    def number(self, value: int) -> str:
        """Write a whole number with the language's separator."""
        return f"{value:,}".replace(",", self._texts["format.thousands"])

    def decimal(self, value: str) -> str:
        """Write a number that stands as text with a point, such as a percentage."""
        return value.replace(".", self._texts["format.decimal"])

    def size(self, value: int) -> str:
        """Write a number of bytes in its decimal unit, rounded towards zero."""
        if value < 0:
            return self._texts["format.unknown"]
        for factor, unit in ((10**12, "TB"), (10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
            if value >= factor:
                whole, tenth = divmod(value * 10 // factor, 10)
                return f"{self.decimal(f'{whole}.{tenth}')} {unit}"
        return self.text("format.bytes", count=value)


@cache
def messages(language: str) -> Messages:
    """Load the catalogue of a language.

    Raises:
        UsageError: there is none.
    """
    if language not in LANGUAGES:
        raise UsageError(
            f"there are no report texts in {language!r}",
            hint="choose from: " + ", ".join(LANGUAGES),
        )
    texts = json.loads(_data(language, "json"))
    if language == "en":
        texts.update((f"gap.{code}", text) for code, text in GAP_TEXTS.items())
    return Messages(language, texts)


def compiled(language: str) -> bytes:
    """Return the JSON of a catalogue, made of its YAML: one row a message, by dotted key."""
    import yaml  # noqa: PLC0415 # here alone: see above

    texts = dict(_flat(yaml.safe_load(_data(language, "yaml"))))
    return json.dumps(texts, ensure_ascii=False, indent=0).encode() + b"\n"


def _data(language: str, form: str) -> bytes:
    folder = files("heroes_forensics.reports").joinpath("data/messages")
    return folder.joinpath(f"{language}.{form}").read_bytes()


def _flat(tree: Mapping[str, object], above: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{above}{key}.")
        else:
            rows.append((f"{above}{key}", str(value)))
    return rows
