"""Rows of the conformance test: text and JSON formats."""

import json
from base64 import b64encode
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
ICSE_HEAD: Final = (
    "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;"
    "Series name;Number of submissions;File Available;Media Type;Baseline"
)

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
        format="stopncii",
        build=listed('{"count": 2, "hasMoreRecords": false, "hashRecords": [\n', "\n]}"),
        record=lambda s: _json(
            {"signalType": "ImagePDQ", "hashValue": s.pdq.hex(), "hashStatus": "Active"}
        ),
        carries=("pdq",),
        json=True,
        repeats=False,
        unbounded=False,
        bad=b'{"signalType": "ImagePDQ", "hashValue": "abc"}',
        extra=b'{"hashRecords": [{"signalType": "VideoMD5", "colour": 1, "hashValue": "'
        + S[0].md5.hex().encode()
        + b'"}]}',
        long=quoted,
    ),
    Row(
        format="tat",
        build=listed('{"count": 2, "next": null, "results": [\n', "\n]}"),
        record=lambda s: _json(
            {"id": 7, "hash_digest": s.sha256.hex(), "algorithm": "SHA256", "deleted": False}
        ),
        carries=("sha256",),
        json=True,
        bad=b'{"hash_digest": "abc", "algorithm": "SHA256"}',
        nothing=_json({"hash_digest": MD5_0, "algorithm": "MD5"}),
        extra=listed('{"results": [', "]}")(
            [_json({"hash_digest": S[0].md5.hex(), "algorithm": "md5", "colour": 2})]
        ),
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
        format="icse",
        build=lines(ICSE_HEAD),
        record=lambda s: (
            f"{s.md5.hex().upper()};{s.sha1.hex()};{b64encode(s.photodna).decode()};42;yes;no;"
            'n;"a; ""series""";3;yes;Image;Yes'
        ).encode(),
        carries=("md5", "sha1", "photodna"),
        bad=b"abc;;;42;yes;no;no;x;3;yes;Image;yes",
        nothing=f"{MD5_0};{SHA1_0};;1".encode(),
        extra=lines(ICSE_HEAD + ";colour")([f"{S[0].md5.hex()};;;1".encode()]),
    ),
    Row(
        format="signals",
        build=lines(),
        record=lambda s: f"pdq {s.pdq.hex()}".encode(),
        carries=("pdq",),
        bad=b"pdq abc",
        nothing=f"video_md5 {MD5_0}".encode(),
    ),
    Row(
        format="pdq",
        options=Options(algorithm="pdq"),
        build=lines("hash,quality,name"),
        record=lambda s: f"{s.pdq.hex()},88,a, b.jpg".encode(),
        carries=("pdq",),
        bad=b"abc,88",
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
        format="list",
        layout="PDQ",
        options=Options(algorithm="pdq"),
        build=lines("# a comment"),
        record=lambda s: s.pdq.hex().encode(),
        carries=("pdq",),
        bad=b"abc",
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
