"""From the case database to the report model: what was examined inside files."""

from collections.abc import Iterator
from typing import Final, Literal

from heroes_forensics.frames import Container, Picture, Status
from heroes_forensics.model import GAP_CODES, GAP_TEXTS, LIMITS, is_limit, is_policy
from heroes_forensics.reports.coverage import GapGroup
from heroes_forensics.reports.inside import Containers, Pictures
from heroes_forensics.store import derived
from heroes_forensics.store.database import Database

EXAMPLES: Final = 5
"""Locators shown beside a group of gaps."""

_OF_EXHIBIT: Final = (
    " JOIN item i ON i.id = t.item_id JOIN volume v ON v.id = +i.volume_id"
    " JOIN source s ON s.id = v.source_id WHERE s.exhibit_id=?1"
)
"""The sign keeps SQLite from going through all items by the index of their places."""
_ABOUT: Final[dict[str, Literal["picture", "container"]]] = {
    "perceptual": "picture",
    "container": "container",
}


def pictures(database: Database, exhibit: int, seen: int) -> Pictures:
    """Count what became of the pictures of an exhibit; ``seen`` of them were read or tried."""
    by_status = dict.fromkeys(Picture, 0)
    over_limit = 0
    ((compared, small),) = database.rows(
        f"SELECT total(t.compared > 0), total(t.compared = 0) FROM perceptual t{_OF_EXHIBIT}"  # noqa: S608 - fixed
        " AND t.status IN (?2, ?3)",
        (exhibit, Picture.DONE, Picture.PARTIAL),
    )
    for status, gap, count in database.rows(
        f"SELECT t.status, t.gap, count(*) FROM perceptual t{_OF_EXHIBIT}"  # noqa: S608 - fixed
        " GROUP BY t.status, t.gap",
        (exhibit,),
    ):
        by_status[Picture(status)] += count
        if status == Picture.GAP and is_limit(GAP_CODES[gap]):
            over_limit += count
    return Pictures(
        seen=max(seen, sum(by_status.values())),
        decoded=by_status[Picture.DONE],
        in_part=by_status[Picture.PARTIAL],
        undecodable=by_status[Picture.GAP] - over_limit,
        over_limit=over_limit,
        known_good=by_status[Picture.KNOWN_GOOD],
        matched=by_status[Picture.MATCHED],
        other_types=by_status[Picture.POLICY],
        compared=int(compared),
        not_matchable=int(small),
    )


def containers(database: Database, exhibit: int, seen: int) -> Containers:
    """Count what became of the archives found in an exhibit; ``seen`` of them were read."""
    by_status = dict.fromkeys(Container, 0)
    in_part = other_types = members = 0
    for status, gap, kind, with_members, count, listed in database.rows(
        "SELECT t.status, t.gap, t.kind, t.listed > 0, count(*), total(t.listed)"  # noqa: S608 - fixed
        f" FROM container t{_OF_EXHIBIT} GROUP BY t.status, t.gap, t.kind, t.listed > 0",
        (exhibit,),
    ):
        members += int(listed)
        if kind == derived.PICTURE and status != Container.GAP:
            continue  # counted among the pictures, and what it holds among the members
        by_status[Container(status)] += count
        in_part += count if status == Container.GAP and with_members else 0
        if GAP_CODES[gap] == "policy.container-type":
            other_types += count
    digested = over_limit = 0
    for status, gap, count in (
        database.rows(
            f"SELECT t.status, t.gap, count(*) FROM content t{_OF_EXHIBIT}"  # noqa: S608 - fixed
            " AND i.parent IS NOT NULL GROUP BY t.status, t.gap",
            (exhibit,),
        )
        if members
        else ()
    ):
        digested += count if status == Status.DONE else 0
        over_limit += count if GAP_CODES[gap] in LIMITS else 0
    return Containers(
        seen=max(seen, sum(by_status.values())),
        opened=by_status[Container.DONE],
        in_part=in_part,
        not_opened=by_status[Container.GAP] - in_part,
        known_good=by_status[Container.KNOWN_GOOD],
        by_profile=by_status[Container.POLICY] - other_types,
        other_types=other_types,
        members=members,
        members_digested=digested,
        members_over_limit=over_limit,
    )


def gaps(database: Database, exhibit: int) -> Iterator[GapGroup]:
    """Yield the gaps of pictures and containers of an exhibit, by code."""
    for table in derived.TABLES:
        for position, count in database.rows(
            f"SELECT t.gap, count(*) FROM {table} t{_OF_EXHIBIT}"  # noqa: S608 - fixed
            " AND t.gap > 0 GROUP BY t.gap",
            (exhibit,),
        ):
            code = GAP_CODES[position]
            yield GapGroup(
                code=code,
                count=count,
                policy=is_policy(code),
                text=GAP_TEXTS[code],
                examples=tuple(_examples(database, table, exhibit, position)),
                about=_ABOUT[table],
            )


def _examples(database: Database, table: str, exhibit: int, position: int) -> Iterator[str]:
    for label, key, locator in database.rows(
        f"SELECT s.label, v.key, i.locator FROM {table} t{_OF_EXHIBIT}"  # noqa: S608 - fixed
        " AND t.gap=?2 ORDER BY i.id LIMIT ?3",
        (exhibit, position, EXAMPLES),
    ):
        yield f"{label}/{key}/{locator}"
