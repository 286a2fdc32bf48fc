"""Category profiles: what the raw codes of one scheme, region and version mean here.

A profile is data (YAML), chosen per set at import and recorded with the set. The shipped ones
are `unverified`: the numbering of most schemes is not public, so an agency reviews them or
supplies its own. A code without a mapping is ``uncategorised``, never ``non_pertinent``.

A profile may also say which labels of INHOPE's Universal Classification Schema a code stands for;
they become tags (``ucs:<version>:<label>``) and decide nothing. The labels are an agency's to load:
none are built in.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from heroes_forensics.errors import UsageError
from heroes_forensics.hashsets.known import KNOWN_GOOD, NOTABLE, VERDICTS
from heroes_forensics.model import JSON

MAX_PROFILE: Final = 1 << 18
"""Bytes of a profile; the largest scheme known has a few dozen codes."""

_FIELDS: Final = {
    "scheme",
    "region",
    "version",
    "source",
    "reviewed_by",
    "unverified",
    "codes",
    "ucs",
}
_MAX_LABELS: Final = 32
_MAX_LABEL: Final = 100


class Code(NamedTuple):
    """One raw code of a scheme."""

    label: str
    verdict: str
    ucs: tuple[str, ...] = ()
    """Labels of the Universal Classification Schema."""


@dataclass(frozen=True, slots=True)
class Profile:
    """The codes of one scheme in one region."""

    name: str
    scheme: str
    region: str
    version: str
    source: str
    reviewed_by: str = ""
    unverified: bool = True
    ucs: str = ""
    """Version of the Universal Classification Schema whose labels the codes name."""
    codes: dict[str, Code] = field(default_factory=dict)

    def as_json(self) -> JSON:
        """Return the form that is recorded in the header of a set file."""
        return {
            "name": self.name,
            "scheme": self.scheme,
            "region": self.region,
            "version": self.version,
            "source": self.source,
            "reviewed_by": self.reviewed_by,
            "unverified": self.unverified,
            **({"ucs": self.ucs} if self.ucs else {}),
            "codes": {
                code: {"label": row.label, "verdict": row.verdict}
                | ({"ucs": list(row.ucs)} if row.ucs else {})
                for code, row in self.codes.items()
            },
        }


_SHOWN: Final = frozenset({"scheme", "region", "version", "ucs"})


def parse(name: str, text: str) -> Profile:
    """Read one profile from YAML.

    Raises:
        UsageError: it is not YAML, or a field is missing, unknown or of the wrong type.
    """
    import yaml  # noqa: PLC0415 # a scan reads no profile, and starts sooner without

    if len(text) > MAX_PROFILE:
        raise UsageError(f"category profile {name} is larger than {MAX_PROFILE} bytes")
    try:
        body = yaml.safe_load(text)
        _check_plain(name, text, body)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"category profile {name} is not YAML") from error
    return from_json(name, body)


def _check_plain(name: str, text: str, body: object) -> None:
    """Refuse what would be read otherwise than a person reads it: of a code twice, one is lost.

    Raises:
        UsageError: there is an alias, or a key twice.
    """
    import yaml  # noqa: PLC0415 # likewise

    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
        raise UsageError(f"category profile {name} has an alias", hint="write it out instead")
    waiting = [(yaml.compose(text, yaml.SafeLoader), body)]
    while waiting:
        node, value = waiting.pop()
        if isinstance(node, yaml.MappingNode) and isinstance(value, dict):
            if len(node.value) != len(value):
                raise UsageError(f"category profile {name} has a key twice")
            inside = [below for _, below in node.value]
            waiting += zip(inside, value.values(), strict=True)
        elif isinstance(node, yaml.SequenceNode) and isinstance(value, list):
            waiting += zip(node.value, value, strict=True)


def from_json(name: str, body: object) -> Profile:
    """Check the fields of a profile that came as plain data.

    Raises:
        UsageError: a field is missing, unknown or of the wrong type.
    """
    if not isinstance(body, dict):
        raise UsageError(f"category profile {name} is not a mapping of fields")
    odd = sorted(str(key) for key in set(body) - _FIELDS - {"name"})
    if odd:
        raise UsageError(f"category profile {name} has an unknown field: {odd[0]}")
    texts = {}
    for key in ("scheme", "region", "version", "source", "reviewed_by", "ucs"):
        value = body.get(key, "")
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise UsageError(f"category profile {name}: {key} is not text")
        texts[key] = str(value)
        if key in _SHOWN and not texts[key].isprintable():
            raise UsageError(f"category profile {name}: {key} is not printable")
    unverified = body.get("unverified", True)
    if not isinstance(unverified, bool):
        raise UsageError(f"category profile {name}: unverified is neither true nor false")
    return Profile(name=name, unverified=unverified, codes=_codes(name, body), **texts)


def recorded(body: JSON) -> Profile | None:
    """Return the profile that the header of a set file keeps; None where it keeps none.

    Raises:
        UsageError: a field is missing, unknown or of the wrong type.
    """
    return from_json(str(body.get("name", "")), body) if body else None


def _codes(name: str, body: dict[str, object]) -> dict[str, Code]:
    table = body.get("codes")
    if not isinstance(table, dict):
        raise UsageError(f"category profile {name} has no table of codes")
    codes = {}
    for raw, row in table.items():
        if isinstance(raw, bool) or not isinstance(raw, str | int) or not isinstance(row, dict):
            raise UsageError(f"category profile {name}: a code is not text, or has no fields")
        label, verdict = row.get("label", ""), row.get("verdict")
        if str(raw) in codes:
            raise UsageError(f"category profile {name} has the code {raw} twice")
        if not str(raw).isprintable() or not str(label).isprintable():
            raise UsageError(f"category profile {name}: a code or its label is not printable")
        if not isinstance(label, str) or set(row) - {"label", "verdict", "ucs"}:
            raise UsageError(f"category profile {name}: code {raw} has an unknown field")
        if verdict not in VERDICTS:
            raise UsageError(
                f"category profile {name}: code {raw} has no verdict of the list",
                hint="choose from: " + ", ".join(VERDICTS),
            )
        codes[str(raw)] = Code(label, str(verdict), _ucs(name, str(raw), row.get("ucs", [])))
    if any(code.ucs for code in codes.values()) and not body.get("ucs"):
        raise UsageError(
            f"category profile {name} names labels of the Universal Classification Schema and not"
            " its version",
            hint="add a field ucs with the version, such as ucs: 3.0",
        )
    return codes


def _ucs(name: str, code: str, labels: object) -> tuple[str, ...]:
    if not isinstance(labels, list) or len(labels) > _MAX_LABELS:
        raise UsageError(f"category profile {name}: ucs of code {code} is no list of labels")
    for label in labels:
        if (
            not isinstance(label, str)
            or not 1 <= len(label.strip()) <= len(label) <= _MAX_LABEL
            or not label.isprintable()
        ):
            raise UsageError(
                f"category profile {name}: a label of code {code} is not 1 to {_MAX_LABEL}"
                " printable characters"
            )
    return tuple(labels)


@cache
def shipped() -> Mapping[str, Profile]:
    """Return the profiles that come with the package, by name."""
    folder = files("heroes_forensics.hashsets") / "data" / "profiles"
    return {
        name: parse(name, item.read_text(encoding="utf-8"))
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if (name := item.name.removesuffix(".yaml")) != item.name
    }


def choose(scheme: str, region: str) -> Profile | None:
    """Return the shipped profile for a scheme and region, else the scheme's default one."""
    table = shipped()
    return table.get(f"{scheme}-{region.lower()}") or table.get(f"{scheme}-default")


def verdict_of(profile: Profile | None, kind: str, code: str, *, categorised: bool) -> str:
    """Derive the verdict of one record.

    Args:
        profile: the profile recorded with the set, if any.
        kind: the kind of the set; only ``notable`` and ``known-good`` give verdicts.
        code: the raw code, empty when the record has none.
        categorised: whether the set uses categories at all. Where it does, a record without one
            has no class; where it does not, being listed is all there is to say.

    Returns:
        A row of `VERDICTS`, or nothing for kinds that give none.
    """
    if kind == KNOWN_GOOD:
        return "known_good"
    if kind != NOTABLE:
        return ""
    if not code:
        return "uncategorised" if categorised else "notable_other"
    row = profile.codes.get(code) if profile else None
    return row.verdict if row else "uncategorised"


def label_of(profile: Profile | None, code: str) -> str:
    """Return the issuer's label of a code, empty when none is known."""
    row = profile.codes.get(code) if profile else None
    return row.label if row else ""


def tags_of(profile: Profile | None, code: str) -> tuple[str, ...]:
    """Return the labels of the Universal Classification Schema that a code stands for, as tags."""
    row = profile.codes.get(code) if profile else None
    return tuple(f"ucs:{profile.ucs}:{label}" for label in row.ucs) if profile and row else ()
