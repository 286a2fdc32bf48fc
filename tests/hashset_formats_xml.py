"""Rows of the conformance test: XML formats."""

from collections.abc import Callable, Sequence
from typing import Final

from hashset_conformance import NOTHING, Row
from hashset_samples import S, Sample

_NAMESPACE: Final = "https://hashsharing.ncmec.org/hashsharing/v2"


def _inside(head: str, foot: str) -> Callable[[Sequence[bytes]], bytes]:
    start, end = f'<?xml version="1.0"?>\n{head}\n'.encode(), f"{foot}\n".encode()
    return lambda records: start + b"\n".join(records) + end


def _ncmec(md5: str, sha1: str, more: str = "") -> bytes:
    prints = f"<fingerprints><md5>{md5}</md5><sha1>{sha1}</sha1>{more}</fingerprints>"
    kind = '<member id="4">M</member><classification>A1</classification>'
    return f"<image>{kind}{prints}</image>".encode()


def _c4all(md5: str, size: object, more: str = "") -> bytes:
    path = "<path><![CDATA[2c\\<17>\\]]></path>"
    return f"<Image>{path}<hash>{md5}</hash><fileSize>{size}</fileSize>{more}</Image>".encode()


def _ioc(sha256: str) -> bytes:
    context = '<Context document="FileItem" search="FileItem/Sha256sum" type="mir"/>'
    content = f'<Content type="sha256">{sha256}</Content>'
    return f'<IndicatorItem id="1" condition="is">{context}{content}</IndicatorItem>'.encode()


_ANSWER: Final = _inside(f'<queryResult xmlns="{_NAMESPACE}"><images>', "</images></queryResult>")
_INDEX: Final = _inside('<ReportIndex version="2.0" source="x" dll="x">', "</ReportIndex>")


def _photodna(sample: Sample) -> str:
    return f"<pdna>{sample.photodna.hex()}</pdna>"


ROWS: Final = (
    Row(
        format="ncmec",
        build=_ANSWER,
        record=lambda s: _ncmec(s.md5.hex(), s.sha1.hex(), _photodna(s)),
        carries=("md5", "sha1", "photodna"),
        twice=True,
        bad=_ncmec("abc", "abc"),
        nothing=_ncmec(NOTHING["md5"], NOTHING["sha1"]),
        extra=_ANSWER([_ncmec(S[0].md5.hex(), "").replace(b"</image>", b"<colour/></image>")]),
        long=lambda text: b"<image><id>" + text + b"</id></image>",
    ),
    Row(
        format="c4all",
        build=_INDEX,
        record=lambda s: _c4all(s.md5.hex(), s.size),
        carries=("md5", "size"),
        bad=_c4all("abc", 5),
        nothing=_c4all(NOTHING["md5"], 0),
        extra=_INDEX([_c4all(S[0].md5.hex(), 5, "<colour>red</colour>")]),
        long=lambda text: b"<Image><notes>" + text + b"</notes></Image>",
    ),
    Row(
        format="openioc",
        build=_inside(
            '<ioc><definition><Indicator operator="OR">', "</Indicator></definition></ioc>"
        ),
        record=lambda s: _ioc(s.sha256.hex()),
        carries=("sha256",),
        bad=_ioc("abc"),
        nothing=_ioc(NOTHING["sha256"]),
        long=lambda text: b"<IndicatorItem><Content>" + text + b"</Content></IndicatorItem>",
    ),
)
