"""Rows of the conformance test: text and JSON formats."""

import json
from base64 import b64encode
from collections.abc import Sequence
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


def _insert(sample: Sample) -> bytes:
    digests = (getattr(sample, name).hex().upper() for name in ("sha256", "sha1", "md5"))
    texts = "','".join((*digests, "00000000", "a''b; (c), d.txt"))
    return f"INSERT INTO FILE VALUES('{texts}',{sample.size},7);".encode()


def _script(records: Sequence[bytes]) -> bytes:
    return b"BEGIN TRANSACTION;\n" + b"".join(record + b"\n" for record in records) + b"COMMIT;\n"


_NSRL_HEAD: Final = (
    '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"'
)
_HASHDEEP_HEAD: Final = ("%%%% HASHDEEP-1.0", "%%%% size,md5,sha1,sha256,filename", "## comment")
ICSE_HEAD: Final = (
    "MD5;SHA1;PhotoDNA;Image ID;Is distributed;Victim identified;Offender identified;"
    "Series name;Number of submissions;File Available;Media Type;Baseline"
)
HASHKEEPER_HEAD: Final = (
    '"file_id","hashset_id","file_name","directory","hash","file_size","date_modified",'
    '"time_modified","time_zone","comments","date_accessed","time_accessed"'
)
ILOOK_3: Final = "V3Hash,HashSHA1,FileName,FilePath,FileSize,HashSHA256,HashSHA384,HashSHA512"

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
        format="stix",
        build=listed('{"type": "bundle", "id": "bundle--1", "objects": [\n', "\n]}"),
        record=lambda s: _json(
            {
                "type": "file",
                "id": "file--1",
                "size": s.size,
                "hashes": {"MD5": s.md5.hex(), "SHA-256": s.sha256.hex(), "SHA512": s.sha512.hex()},
            }
        ),
        carries=("md5", "sha256", "sha512", "size"),
        json=True,
        bad=b'{"type": "file", "hashes": {"MD5": "abc"}}',
        nothing=_json({"type": "file", "hashes": {"MD5": MD5_0, "SHA-1": SHA1_0}}),
        long=quoted,
    ),
    Row(
        format="misp",
        build=listed('{"Event": {"info": "x", "Attribute": [\n', "\n]}}"),
        record=lambda s: _json(
            {"type": "filename|sha256", "value": f"a|b|{s.sha256.hex()}", "uuid": "1"}
        ),
        carries=("sha256",),
        json=True,
        bad=b'{"type": "md5", "value": "abc"}',
        nothing=_json({"type": "md5", "value": MD5_0}),
        long=quoted,
    ),
    Row(
        format="hashkeeper",
        build=lines(HASHKEEPER_HEAD, end="\r\n"),
        record=lambda s: (
            f'41,671,"a ""b"", c.pdb",,"{s.md5.hex().upper()}",{s.size},,,,,,'.encode()
        ),
        carries=("md5", "size"),
        bad=b'41,671,"a",,"abc",5,,,,,,',
        nothing=f'41,671,"a",,"{MD5_0}",5,,,,,,'.encode(),
        extra=lines(HASHKEEPER_HEAD + ',"colour"')(
            [f'41,671,"a",,"{S[0].md5.hex()}",5,,,,,,,red'.encode()]
        ),
    ),
    Row(
        format="ilook",
        layout="V3",
        build=lines(ILOOK_3, end="\r\n"),
        record=lambda s: (
            f"{s.md5.hex().upper()},{s.sha1.hex().upper()},a, b.tar.gz,\\,{s.size},"
            f"{s.sha256.hex()},,{s.sha512.hex()}"
        ).encode(),
        carries=("md5", "sha1", "sha256", "sha512", "size"),
        bad=b"abc,,a,\\,5,,,",
        nothing=f"{MD5_0},{SHA1_0},a,\\,0,,,".encode(),
    ),
    Row(
        format="ilook",
        layout="V4",
        build=lines(f"{ILOOK_3},CreateTime,ModTime,LastAccessTime".replace("V3", "V4")),
        record=lambda s: (
            f"{s.md5.hex()},{s.sha1.hex()},a,D:\\x\\,{s.size},,,,16.4.2008 14:29:24,,".encode()
        ),
        carries=("md5", "sha1", "size"),
        bad=b"abc,,a,\\,5,,,,,,",
    ),
    Row(
        format="ilook",
        layout="V1",
        build=lines("V1Hash,HashType,SetDescription,FileName,FilePath,FileSize"),
        record=lambda s: f"{s.md5.hex()},MD5,x,a, b,c,\\d\\,{s.size}".encode(),
        carries=("md5", "size"),
        bad=f"{MD5_0},MD5".encode(),
    ),
    Row(
        format="griffeye",
        build=lines(
            "Category;File Path;File Type;Created Date;Source ID;MD5;SHA-1;EXIF: CreateDate"
        ),
        record=lambda s: (
            f'Not relevant;"C:\\a;b";jpg;01.01.0001;EX-1;{s.md5.hex().upper()};{s.sha1.hex()};'
        ).encode(),
        carries=("md5", "sha1"),
        bad=b"x;y;jpg;;;abc;;",
        nothing=f"x;y;jpg;;;{MD5_0};{SHA1_0};".encode(),
        extra=f"File Path,Category,Source ID,MD5,colour\na,b,c,{S[0].md5.hex()},red\n".encode(),
    ),
    Row(
        format="xways",
        layout="SHA-1",
        build=lines("SHA-1", end="\r\n"),
        record=lambda s: s.sha1.hex().upper().encode(),
        carries=("sha1",),
        bad=b"abc",
        nothing=SHA1_0.encode(),
    ),
    Row(
        format="xways",
        layout="ed2k",
        build=lines("ed2k", end="\r\n"),
        record=lambda s: s.ed2k.hex().upper().encode(),
        carries=("ed2k",),
        bad=b"abc",
    ),
    Row(
        format="nsrl-delta",
        build=_script,
        record=_insert,
        carries=("md5", "sha1", "sha256", "size"),
        bad=b"INSERT INTO FILE VALUES('abc','abc','abc','x','y',5,1);",
        nothing=f"INSERT INTO FILE(sha1,md5) VALUES('{SHA1_0}','{MD5_0}');".encode(),
        long=lambda text: b"INSERT INTO FILE(sha1,file_name) VALUES('','" + text + b"');",
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
        format="vpdq",
        build=lines(),
        record=lambda s: f"0,88,{s.pdq.hex()},0".encode(),
        carries=("vpdq",),
        bad=b"0,88,abc,0",
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
        format="json",
        layout="list",
        build=listed("[\n", "\n]"),
        record=lambda s: _json(
            {"sha1": s.sha1.hex(), "PDQ-Hash": s.pdq.hex(), "size": s.size, "tags": ["x"]}
        ),
        carries=("sha1", "pdq", "size"),
        json=True,
        bad=b'{"sha1": "abc"}',
        nothing=_json({"sha1": SHA1_0, "md5": MD5_0}),
        extra=f'[{{"md5": "{S[0].md5.hex()}", "colour": 5}}]'.encode(),
        long=quoted,
    ),
    Row(
        format="json",
        layout="under a key",
        build=listed('{"issuer": "x", "hashes": [\n', '\n], "count": 5}'),
        record=lambda s: _json({"MD5": s.md5.hex(), "File Size": str(s.size), "class": None}),
        carries=("md5", "size"),
        json=True,
        bad=b'{"md5": 5}',
        long=quoted,
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
