"""Rows of the conformance test: text and JSON formats."""

import json
from typing import Final

from hashset_conformance import NOTHING, Row, lines, listed, quoted
from hashset_samples import S, Sample

from heroes_forensics.hashsets.formats.base import Options

MD5_0: Final = NOTHING["md5"]
SHA1_0: Final = NOTHING["sha1"]


def _json(fields: dict[str, object]) -> bytes:
    return json.dumps(fields).encode()


def _vics(sample: Sample, **more: object) -> bytes:
    digests = {"MD5": sample.md5.hex().upper(), "SHA1": sample.sha1.hex()}
    return _json({"MediaID": 7, **digests, "MediaSize": sample.size, "Category": 1, **more})


_VICS: Final = listed(
    '{"@odata.context": "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/'
    '$metadata#Media",\n"value": [\n',
    "\n]}\n",
)


def _nsrl(sample: Sample) -> bytes:
    digests = f'"{sample.sha1.hex().upper()}","{sample.md5.hex().upper()}","00000000"'
    return f'{digests},"a ""b"", c.txt",{sample.size},1,"362",""'.encode()


_NSRL_HEAD: Final = (
    '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"'
)
_HASHDEEP_HEAD: Final = ("%%%% HASHDEEP-1.0", "%%%% size,md5,sha1,sha256,filename", "## comment")

ROWS: Final = (
    Row(
        format="vics",
        build=_VICS,
        record=_vics,
        carries=("md5", "sha1", "size"),
        json=True,
        bad=b'{"MD5": "abc", "MediaID": 3}',
        nothing=_json({"MediaID": 1, "MD5": MD5_0, "SHA1": SHA1_0}),
        extra=_VICS([_vics(S[0], Colour="red")]),
        long=quoted,
    ),
    Row(
        format="nsrl-text",
        build=lines(_NSRL_HEAD, end="\r\n"),
        record=_nsrl,
        carries=("md5", "sha1", "size"),
        bad=b'"abc","abc","0","x",5,1,"362",""',
        nothing=f'"{SHA1_0}","{MD5_0}","00000000","a",5,1,"362",""'.encode(),
    ),
    Row(
        format="hashdeep",
        build=lines(*_HASHDEEP_HEAD),
        record=lambda s: (
            f"{s.size},{s.md5.hex()},{s.sha1.hex()},{s.sha256.hex()},/x/a, b (1).txt".encode()
        ),
        carries=("md5", "sha1", "sha256", "size"),
        bad=b"5,abc,abc,abc,name",
        nothing=f"0,{MD5_0},{SHA1_0},,name".encode(),
    ),
    Row(
        format="bsd",
        build=lines(),
        record=lambda s: f"SHA1 (a (b) = c) = {s.sha1.hex()}".encode(),
        carries=("sha1",),
        bad=b"SHA1 (a) = abc",
        nothing=f"SHA1 (a) = {SHA1_0}".encode(),
    ),
    Row(
        format="list",
        layout="bare",
        build=lines("# a comment"),
        record=lambda s: s.md5.hex().encode(),
        carries=("md5",),
        bad=b"abc",
        nothing=MD5_0.encode(),
    ),
    Row(
        format="list",
        layout="md5deep with sizes",
        build=lines(),
        record=lambda s: f"{s.size:10d}  {s.md5.hex()}  /x/a b.txt".encode(),
        carries=("md5", "size"),
        bad=b"        12  abc  /x",
        nothing=f"{0:10d}  {MD5_0}  /x".encode(),
    ),
    Row(
        format="csv",
        build=lines("MD5;SHA-1;File Size;name"),
        record=lambda s: f'{s.md5.hex()};{s.sha1.hex()};{s.size};"a;b"'.encode(),
        carries=("md5", "sha1", "size"),
        bad=b"abc;;5;x",
        nothing=f"{MD5_0};{SHA1_0};0;x".encode(),
        extra=f"md5,colour\n{S[0].md5.hex()},red\n".encode(),
    ),
)

OPTIONS: Final = (
    Options(),
    Options(algorithm="md5"),
    Options(algorithm="pdq"),
    Options(columns=("md5", "ignore")),
    Options(mapping={"MD5": "sha1"}),
)
"""What an operator may say, fitting or not."""
