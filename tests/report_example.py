"""A fixed report with something of everything, and a poor one: golden files are made of them."""

from dataclasses import replace
from typing import Final

from heroes_forensics.model import Moment, TimeRule
from heroes_forensics.reports.checking import commands
from heroes_forensics.reports.coverage import Area, Coverage, GapGroup, LaneCount, TypeCount
from heroes_forensics.reports.devices import Device, Metadata
from heroes_forensics.reports.error_rates import ErrorRate, FalsePairs, FoundAgain
from heroes_forensics.reports.evidence import (
    Acquisition,
    Blocks,
    DigestCheck,
    Equation,
    FileTime,
    Note,
    Reading,
    Segment,
    Source,
    StatedDigest,
    TimeColumn,
    Volume,
)
from heroes_forensics.reports.findings import (
    Category,
    FilmLikeness,
    Finding,
    Likeness,
    TimeRange,
    counted,
    left_out,
)
from heroes_forensics.reports.inside import Containers, ExpandLimits, Pictures
from heroes_forensics.reports.model import (
    Act,
    ActField,
    AlgorithmCount,
    Attempt,
    Authority,
    Case,
    Checkpoint,
    Compared,
    Environment,
    Event,
    Exhibit,
    Fact,
    HashSet,
    Interruption,
    Library,
    NearCount,
    Probes,
    Program,
    Report,
    Run,
    Signer,
)
from heroes_forensics.reports.processing import Processing
from heroes_forensics.reports.stated import DeclaredMethod, Laboratory, Stated, Validation
from heroes_forensics.reports.verdict import decide

NTFS_TIMES: Final = TimeRule(100, "utc")
FAT_TIMES: Final = TimeRule(2_000_000_000, "local-unknown")
NTFS_COLUMNS: Final = tuple(TimeColumn(which, 100, "utc") for which in ("m", "a", "c", "b"))
FAT_COLUMNS: Final = (
    TimeColumn("m", 2_000_000_000, "local-unknown"),
    TimeColumn("a", 86_400_000_000_000, "local-unknown"),
    TimeColumn("b", 10_000_000, "local-unknown"),
)
LAPTOP_SIZE: Final = 64_023_257_088
SYSTEM: Final = Volume(
    key="p2048",
    file_system="ntfs",
    offset=1_048_576,
    size=51_200_000_000,
    state="examined",
    sweep="mft",
    times=NTFS_COLUMNS,
    equation=Equation(48_213, 48_213, 41_377, 6_604, 212, 20, 6_598, 6_595, 2, 1),
    blocks=Blocks(
        volume=51_200_000_000,
        allocated=38_004_101_120,
        unallocated=13_195_894_784,
        volume_slack=4_096,
        items=37_181_220_353,
        file_slack=98_304_511,
        metadata=724_510_720,
        unclaimed=65_536,
        slack_searched=98_304_511,
        searched=13_195_898_880,
    ),
)
EXCHANGE: Final = Volume(
    key="p100001792",
    file_system="exfat",
    offset=51_200_917_504,
    size=4_294_967_296,
    state="examined",
    sweep="orphan files, time-bounded",
    times=FAT_COLUMNS,
    equation=Equation(1_604, 1_604, 1_555, 49, 0, 0, 49, 49, 0, 0),
)
LOCKED: Final = Volume(
    key="p108390400",
    file_system="unknown",
    offset=55_495_884_800,
    size=8_527_372_288,
    state="encrypted",
    encryption="bitlocker",
)
LAPTOP: Final = Source(
    label="laptop.E01",
    format="ewf",
    reader="ewf chunk reader 1",
    size=LAPTOP_SIZE,
    declared_size=LAPTOP_SIZE,
    segments=(Segment("laptop.E01", 1_572_864_000), Segment("laptop.E02", 811_204_608)),
    mount_read_only=False,
    account_may_write=True,
    digests=(
        DigestCheck(
            "md5", "media", "match", "3f" * 16, "3f" * 16, "container"
        ),
        DigestCheck(
            "sha256", "media", "match", "a1" * 32, "a1" * 32, "acquisition-log"
        ),
        DigestCheck("sha1", "media", "baseline", "5c" * 20),
    ),
    acquisitions=(
        Acquisition("container", "not stated; on Windows 10", "ADI4.5.0.3"),
        Acquisition(
            "acquisition-log",
            "FTK Imager",
            "4.5.0.3",
            started="2026-01-12T09:14:02",
            ended="2026-01-12T10:02:51",
            zone="not stated",
            finished=True,
            size=LAPTOP_SIZE,
            bad_sectors=8,
            digests=(StatedDigest("sha256", "a1" * 32),),
            differs=("segments",),
            log_sha256="7e" * 32,
        ),
    ),
    readings=(
        Reading("match", "2024-05-06T08:40:11.000000Z", LAPTOP_SIZE, 0, 31_204_770_816),
    ),
    volumes=(SYSTEM, EXCHANGE, LOCKED),
)  # fmt: skip
STICK: Final = Source(
    label="stick.raw",
    format="raw",
    reader="raw reader 1",
    size=8_053_063_680,
    segments=(Segment("stick.raw", 8_053_063_680),),
    mount_read_only=True,
    account_may_write=False,
    digests=(DigestCheck("sha256", "media", "baseline", "b2" * 32),),
    volumes=(
        Volume(
            key="p0",
            file_system="fat32",
            offset=0,
            size=8_053_063_680,
            state="examined",
            sweep="orphan files, time-bounded",
            times=FAT_COLUMNS,
            equation=Equation(902, 902, 846, 56, 0, 0, 56, 56, 0, 0),
        ),
    ),
)
DISK: Final = Source(
    label="backup.vhdx",
    format="vhdx",
    reader="dfvfs 20260924",
    size=250_059_350_016,
    segments=(Segment("backup.vhdx", 31_088_508_928),),
    digests=(DigestCheck("sha256", "media", "mismatch", "c3" * 32, "c4" * 32, "operator"),),
    alarms=("mismatch", "changed"),
    health=(Note("source.truncated", "the image is shorter than it declares"),),
    volumes=(
        Volume(
            key="p2048",
            file_system="luks",
            offset=1_048_576,
            size=250_057_000_000,
            state="encrypted",
            encryption="luks",
        ),
    ),
)
LAPTOP_COVERAGE: Final = Coverage.of(
    (LAPTOP,),
    item_bytes=38_404_120_331,
    item_bytes_examined=38_391_006_914,
    types=(
        TypeCount("picture", 18_204, 18_197, 12_003_441_002, misnamed=12),
        TypeCount("film", 412, 411, 19_220_113_920),
        TypeCount("document", 2_977, 2_977, 1_604_112_400),
        TypeCount("archive", 311, 310, 2_440_000_118),
        TypeCount("other", 21_040, 21_037, 3_136_452_891),
    ),
    gaps=(
        GapGroup("stream.unreadable", 14, policy=False, size=9_113_417,
                 examples=("laptop.E01/p2048/4711-3-128-1", "laptop.E01/p2048/4719-1-128-1")),
        GapGroup("stream.reallocated", 6, policy=False, size=4_000_000,
                 examples=("laptop.E01/p2048/90210-2-128-1",)),
        GapGroup("directory.unreadable", 2, policy=False, examples=("laptop.E01/p2048/7001-1",)),
        GapGroup("policy.metadata", 212, policy=True, size=512_000_000),
        GapGroup("container.ratio", 1, policy=False, about="container",
                 examples=("laptop.E01/p2048/70012-1-128-1",)),
        GapGroup("container.ratio", 40, policy=False, about="member", size=812_000_000,
                 examples=("laptop.E01/p2048/70012-1-128-1/m@0x1f40",)),
        GapGroup("picture.undecodable", 9, policy=False, about="picture",
                 examples=("laptop.E01/p2048/38119-4-128-1",)),
        GapGroup("picture.limit", 2, policy=False, about="picture",
                 examples=("laptop.E01/p2048/38120-4-128-1",)),
        GapGroup("policy.picture-type", 330, policy=True, about="picture"),
        GapGroup("policy.container-type", 12, policy=True, about="container"),
    ),
    areas=(
        Area("laptop.E01/p108390400", "volume.encrypted", 8_527_372_288),
        Area("laptop.E01/p2048.vss1", "policy.snapshots", 51_200_000_000, policy=True),
        Area("laptop.E01/p2048.vss2", "policy.snapshots", 51_200_000_000, policy=True),
    ),
    pictures=Pictures(18_204, 17_816, 31, 9, 2, 6, 3, 330, compared=17_002, not_matchable=845),
    containers=Containers(311, 290, 1, 4, 3, 0, 12, 6_044, 5_990, 40),
)  # fmt: skip
STICK_COVERAGE: Final = Coverage.of(
    (STICK,),
    item_bytes=3_221_225_472,
    item_bytes_examined=3_221_225_472,
    types=(
        TypeCount("picture", 640, 640, 1_900_000_000),
        TypeCount("film", 22, 22, 1_300_000_000),
        TypeCount("other", 184, 184, 21_225_472),
    ),
)
DISK_COVERAGE: Final = Coverage.of(
    (DISK,),
    item_bytes=0,
    item_bytes_examined=0,
    areas=(Area("backup.vhdx/p2048", "volume.encrypted", 250_057_000_000),),
)
TELEPHONE_COVERAGE: Final = Coverage.of(
    (),
    item_bytes=64_000_000_000,
    item_bytes_examined=9_600_000_000,
    lanes=(
        LaneCount("media", 9_412, 9_412, 9_600_000_000, 9_600_000_000),
        LaneCount("rest", 201_118, 0, 54_400_000_000, 0),
    ),
)
NOTABLE: Final = HashSet(
    name="National reference set",
    issuer="Example Central Office",
    edition="2024-04",
    kind="notable",
    format="vics-2.0",
    records=1_204_881,
    source_sha256="d4" * 32,
    digests=(AlgorithmCount("md5", 1_204_881), AlgorithmCount("sha1", 1_190_440)),
    near=(NearCount("pdq", 704_680, below_quality=1_204, probes=Probes(40, 0)),),
    not_compared=(AlgorithmCount("photodna", 1_102_877),),
    rejected=3,
    allowed=("expired",),
    state="disputed",
    reason="entries of 2023 are being reviewed",
    profile="vics-us-unverified",
    probes=Probes(1000, 0),
)
WATCH: Final = HashSet(
    name="Case list 7",
    issuer="Unit 4",
    edition="1",
    kind="watch",
    format="hashdeep",
    records=12,
    source_sha256="e5" * 32,
    digests=(AlgorithmCount("sha256", 12),),
)
KNOWN_GOOD: Final = HashSet(
    name="Reference data set, minimal",
    issuer="Example Institute",
    edition="2024.03.1",
    kind="known-good",
    format="nsrl-3",
    records=31_440_102,
    source_sha256="f6" * 32,
    digests=(AlgorithmCount("sha1", 31_440_102), AlgorithmCount("sha256", 31_440_102)),
    signature="verified",
    key_id="35F29F57018DF0CC",
    signer="Example Institute",
    expires="2027-12-31",
    probes=Probes(1000, 0),
)
TO_NOTABLE: Final = Compared(
    "National reference set", "Example Central Office", "2024-04", "notable", 1_204_881, rejected=3,
    state="disputed", sources=("laptop.E01",),
)  # fmt: skip
TO_WATCH: Final = Compared(
    "Case list 7", "", "", "watch", 12, sources=("stick.raw",), every_source=False
)
ONE: Final = Category(
    "baseline_illegal", "1", "Category 1", "VICS", "US", tags=("ucs:3.0:example label",)
)
TWO: Final = Category("nationally_illegal", "2", "Category 2", "VICS", "US")
NO_CATEGORY: Final = Category("uncategorised")
BORN: Final = FileTime.of("b", Moment(1_709_571_906, 123_456_700), NTFS_TIMES)
CHANGED: Final = FileTime.of("m", Moment(1_709_571_999, 500_000_000), NTFS_TIMES)
FAT_CHANGED: Final = FileTime.of("m", Moment(1_700_000_000, 0), FAT_TIMES)
FINDINGS: Final = (
    Finding(
        "F-000001", "A-1", "laptop.E01", "laptop.E01/p2048/38110-4-128-1", "notable",
        "same-sha1-and-size", "National reference set", "Example Central Office", "2024-04", ONE,
        481_204, "jpeg", "picture", "messaging-app", victim_identified=True, times=(CHANGED, BORN),
    ),
    Finding(
        "F-000002", "A-1", "laptop.E01", "laptop.E01/p2048/38111-2-128-1", "notable",
        "same-md5", "National reference set", "Example Central Office", "2024-04", TWO,
        1_204_991, "png", "picture", "downloads", allocated=False, reuse="in-part",
        victim_identified=False, offender_identified=False, times=(CHANGED, BORN),
    ),
    Finding(
        "F-000003", "A-1", "laptop.E01", "laptop.E01/p100001792/e:4412", "notable",
        "size-conflict", "National reference set", "Example Central Office", "2024-04", ONE,
        9_223_110, "mp4", "film", "camera-roll", listed_size=9_223_108, times=(FAT_CHANGED,),
    ),
    Finding(
        "F-000004", "A-1", "laptop.E01", "laptop.E01/p2048/50001-1-128-1", "notable",
        "digest-conflict", "National reference set", "Example Central Office", "2024-04", ONE,
        2_000, "gif", "picture", "browser-cache",
    ),
    Finding(
        "F-000005", "A-1", "laptop.E01", "laptop.E01/p2048/50880-1-128-1", "watch",
        "same-content", "Case list 7", "Unit 4", "1", NO_CATEGORY,
        77_120, "pdf", "document", "user-folder", times=(BORN,),
    ),
    Finding(
        "F-000006", "A-1", "laptop.E01", "laptop.E01/p2048/60001-9-128-1", "notable",
        "same-md5-and-size", "National reference set", "Example Central Office", "2024-04", TWO,
        33_000, "jpeg", "picture", "recycle-bin", status="withdrawn",
        reason="the unit was read again and gave another digest",
    ),
    Finding(
        "F-000007", "A-1", "laptop.E01", "laptop.E01/p2048/61001-1-128-1", "notable",
        "candidate-a", "National reference set", "Example Central Office", "2024-04", TWO,
        51_000, "jpeg", "picture", "camera-roll",
        near=Likeness(
            "pdq", "trimmed", 14, 31, 97, None, 16, 11_274_880, expected="0.00017", more=3
        ),
    ),
    Finding(
        "F-000009", "A-1", "laptop.E01", "laptop.E01/p2048/61003-1-128-1", "notable",
        "candidate-a", "National reference set", "Example Central Office", "2024-04", TWO,
        9_100_000, "mp4", "film", "camera-roll",
        near=Likeness(
            "pdq", "as-is", 2, 31, 88, 90, 960, 676_492_800, expected="0.011",
            film=FilmLikeness(
                22, 120, 21, 30, (TimeRange(61_500, 72_000), TimeRange(3_600_000, 3_601_000)),
                (TimeRange(0, 10_500),),
            ),
            more=48, more_at_least=True,
        ),
    ),
    Finding(
        "F-000010", "A-1", "laptop.E01", "laptop.E01/p2048/61004-1-128-1", "notable",
        "candidate-b", "National reference set", "Example Central Office", "2024-04", TWO,
        48_000, "png", "picture", "downloads",
        near=Likeness("pdq", "as-is", 6, 31, 100, 96, 16, 11_274_880, drawn=True),
    ),
    Finding(
        "F-000008", "A-1", "laptop.E01", "laptop.E01/p2048/61002-1-128-1", "notable",
        "lead", "National reference set", "Example Central Office", "2024-04", NO_CATEGORY,
        52_000, "jpeg", "picture", "camera-roll",
        near=Likeness("phash-64", "as-is", 4, 4, 55, 80, 1, 704_680),
    ),
)  # fmt: skip
LOCAL: Final = [finding for finding in FINDINGS if finding.exhibit == "A-1"]
LOCAL_MATCHES: Final = counted(LOCAL)
RUNS: Final = (
    Run(
        uuid="7a0c1f34-5b1e-4c55-9d2a-0f6a6f2b9a10",
        purpose="scan",
        started="2024-05-06T08:12:44.000000Z",
        ended="2024-05-06T09:47:03.000000Z",
        outcome="complete",
        profile="standard",
        isolation="a1",
        workers=2,
        interruptions=1,
        expand_limits=ExpandLimits(100, 4 << 30, 10_000, 16),
        breaks=(
            Interruption(
                "crash", "2024-05-06T08:40:00.000000Z", resumed="2024-05-06T08:40:01.000000Z"
            ),
        ),
        probes=(Attempt("open-file", refused=True), Attempt("connect-tcp", refused=False)),
        missing=("namespaces: EPERM", "landlock: ENOSYS"),
        notes=(Note("clock-not-synchronised"), Note("clock-set-back")),
    ),
)
RICH: Final = Report(
    number="2024-0117-R1",
    version=2,
    issued="2024-05-06T09:48:30.000000Z",
    program=Program("heroes-forensics", "0.1.0"),
    case=Case(
        uuid="3d8f3c7e-8f1a-4a53-9a53-8c0b6f5f2f11",
        ledger="00000000-0000-4000-8000-000000000001",
        signer=Signer("laboratory", "Example Forensic Laboratory, Unit 4", "12" * 32),
        reference="ABC/117/2024",
        customer="Example Public Prosecutor",
        examiner="ex-031",
        authority=Authority(
            "Search warrant", "Gs 221/24", "Example District Court", "2024-05-02", "2024-11-02"
        ),
    ),
    names="sealed",
    examined_from="2024-05-06T08:12:44.000000Z",
    examined_to="2024-05-06T09:47:03.000000Z",
    content_sha256="9e" * 32,
    distinct=151_007,
    error_rates=(
        ErrorRate(
            source="laboratory",
            sha256="7c" * 32,
            pictures=1_204,
            edited=100,
            edits=112,
            found=(
                FoundAgain(1, 31, "65.0", "54.8", "74.3"),
                FoundAgain(1, 40, "69.1", "59.0", "78.0"),
            ),
            false_pairs=(
                FalsePairs("as-is", 1, 31, 0, 22_911_204, "1.4e-7"),
                FalsePairs("edited", 1, 31, 2, 211_904_332, "3.0e-8"),
            ),
            name="3fa94c0011223344",
            laboratory="lab.example.org",
            measured="2024-04-02T10:00:00.000000Z",
            runs=("3d8f3c7e-8f1a-4a53-9a53-8c0b6f5f2f14",),
        ),
    ),
    exhibits=(
        Exhibit(
            label="A-1",
            verdict=decide(LAPTOP_COVERAGE, LOCAL_MATCHES, finished=True, notable_sets=1),
            coverage=LAPTOP_COVERAGE,
            description="Notebook computer, black, one solid-state disk",
            make="Example",
            model="Note 14",
            serial="SN-4471-0093",
            seal="B 004 117",
            officer="Sgt. 5521",
            lims="L-2024-5512",
            time_zone="Europe/Berlin",
            further=(Fact("condition", "sealed, without damage"), Fact("shelf", "4 B")),
            matches=LOCAL_MATCHES,
            left_out=left_out(LOCAL),
            compared=(TO_NOTABLE,),
            sources=(LAPTOP,),
            metadata=Metadata(18_259, 4_120, 14_137, 2, 311),
        ),
        Exhibit(
            label="A-2",
            verdict=decide(STICK_COVERAGE, (), finished=True, notable_sets=1),
            coverage=STICK_COVERAGE,
            description="USB stick",
            seal="B 004 118",
            compared=(replace(TO_NOTABLE, sources=("stick.raw",)), TO_WATCH),
            sources=(STICK,),
        ),
        Exhibit(
            label="A-3",
            verdict=decide(DISK_COVERAGE, (), finished=True, notable_sets=1),
            coverage=DISK_COVERAGE,
            description="External disk",
            sources=(DISK,),
        ),
        Exhibit(
            label="A-4",
            verdict=decide(TELEPHONE_COVERAGE, (), finished=False, notable_sets=1),
            coverage=TELEPHONE_COVERAGE,
            description="Mobile telephone",
        ),
    ),
    hash_sets=(NOTABLE, WATCH, KNOWN_GOOD),
    findings=FINDINGS,
    devices=(
        Device("D-3f9a0c1b22de", by_serial=True, files=14, findings=2, exhibits=("A-1",)),
        Device("M-0177ac55e9b0", by_serial=False, files=3_902, findings=0, exhibits=("A-1", "A-2")),
    ),
    runs=RUNS,
    environment=Environment(
        host="ws-12",
        os="Debian GNU/Linux 12",
        python="3.11.2",
        self_test="pass",
        libraries=(Library("dfvfs", "20260924"), Library("pytsk3", "20260715")),
    ),
    checkpoint=Checkpoint(
        size=42,
        root="ab" * 32,
        origin="lab.example/custody/00000000-0000-4000-8000-000000000001",
    ),
    acts=(
        Act(
            seq=1,
            time="2024-05-06T08:10:02.402117Z",
            topic="record",
            type="authority.recorded",
            actor="ex-031",
            fields=(ActField("kind", "warrant"), ActField("reference", "Gs 221/24")),
        ),
        Act(
            seq=4,
            time="2024-05-06T08:11:00.000000Z",
            topic="custody",
            type="custody.transferred",
            actor="ex-031",
            of=("A-1", "A-2"),
            fields=(
                ActField("from", "po-007"),
                ActField("to", "ex-031"),
                ActField("place", "store room"),
                ActField("seal_before", "B 004 118"),
            ),
            signed=("po-007",),
            unsigned=("ex-031",),
        ),
        Act(
            seq=38,
            time="2024-05-06T09:30:00.000000Z",
            topic="data",
            type="sealed.opened",
            actor="ex-031",
            of=("F-000001",),
            fields=(
                ActField("justification", "request 4 of the court"),
                ActField("legal_basis", "Gs 221/24"),
            ),
        ),
        Act(
            seq=40,
            time="2024-05-06T09:41:00.000000Z",
            topic="quality",
            type="review.recorded",
            actor="ex-044",
            fields=(ActField("object_ref", "F-000001"), ActField("outcome", "agree")),
        ),
    ),
    processing=(
        Processing(
            seq=12,
            time="2024-05-06T08:12:00.000000Z",
            action="collection",
            type="run.started",
            who="ex-031",
            who_is="person",
            of=("A-1/1",),
            reason="scan",
            legal_basis="Gs 221/24",
            legal_basis_from="act",
        ),
        Processing(
            seq=38,
            time="2024-05-06T09:30:00.000000Z",
            action="consultation",
            type="sealed.opened",
            who="ex-031",
            who_is="person",
            of=("F-000001",),
            reason="confirmation",
        ),
    ),
    events=(
        Event(0, "2024-05-06T08:10:02.118443Z", "ledger.opened", "heroes-forensics"),
        Event(1, "2024-05-06T08:10:02.402117Z", "authority.recorded", "ex-031", "Gs 221/24"),
        Event(2, "2024-05-06T08:12:44.000000Z", "run.started", "heroes-forensics", "scan"),
    ),
    commands=commands(
        key="keys/lab.pem",
        checkpoint="checkpoints/00000042.txt",
        origin="lab.example/custody/00000000-0000-4000-8000-000000000001",
    ),
    limitations=("Exhibit A-3 was received with a torn seal.",),
    methods=(
        DeclaredMethod(
            method="M-04, version 3",
            procedure="SOP 4.2",
            validation=Validation(
                "3fa94c5512ab9d70",
                "5d" * 32,
                "2024-04-02T10:00:00.000000Z",
                "pass",
                "0.1.0",
                same_software=False,
            ),
        ),
    ),
    laboratory=Laboratory(
        name="Example Forensic Laboratory, Unit 4",
        address="Example Street 4, 12345 Example",
        contact="+00 000 0000, unit4@lab.example",
        accreditation="D-PL-00000, Example Accreditation Body",
        scope="Digital forensics: data carriers",
        method_in_scope=True,
        procedure="SOP 14, edition 3",
        validation="VR 2024-02",
        fingerprint="https://lab.example/keys, or by telephone",
    ),
    stated=Stated(
        purpose="Whether listed material is on the items.",
        questions=("Is there listed material on A-1 to A-4?", "When was it stored there?"),
        received="2024-05-03",
        classification="Restricted",
        reviewer="ex-044",
        authorised_by="ex-002",
        deviations=("A-4 was examined for half an hour only, by order of the prosecutor.",),
        controls=("Control image 3: 12 of 12 planted files found.",),
    ),
    replaces="2024-0117-R0",
)
POOR: Final = Report(
    number="R-1",
    version=1,
    issued="2024-05-06T09:48:30Z",
    program=Program("heroes-forensics", "0.1.0"),
    case=Case(
        uuid="3d8f3c7e-8f1a-4a53-9a53-8c0b6f5f2f12",
        ledger="00000000-0000-4000-8000-000000000002",
        signer=Signer("case-local"),
    ),
    names="clear",
    examined_from=None,
    examined_to=None,
    content_sha256="00" * 32,
    error_rates=(
        ErrorRate(
            source="program",
            sha256="8d" * 32,
            pictures=169,
            edited=46,
            edits=112,
            found=(
                FoundAgain(1, 31, "65.0", "50.2", "78.0"),
                FoundAgain(2, 31, "79.3", "65.5", "89.5"),
            ),
            false_pairs=(
                FalsePairs("look-alikes", 1, 31, 40, 228_480, "2.3e-4", "screens_of_one_program"),
            ),
            name="37b76ae2d4a1",
            unfinished=True,
        ),
    ),
    exhibits=(
        Exhibit(
            label="1",
            verdict=decide(STICK_COVERAGE, (), finished=True, notable_sets=0),
            coverage=STICK_COVERAGE,
        ),
    ),
)
EXAMPLES: Final = {"report": (RICH, "en"), "bericht": (POOR, "de")}
