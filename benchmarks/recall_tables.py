"""Figures of recall as Markdown: every edit, what was found wrongly, and what was wanted."""

import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from pool import ALIKE
from recall_measure import PHASH, PHOTOGRAPHS, RADII, TIERS, Chance, Edited, Results, radius_of

from heroes_forensics.hashsets.measuring import at_most, upper_bound

_WIDTH: Final = 100
WANTED: Final = (("tier 1", 0.67), ("tier 2", 0.8))
"""Share of edits found within the first radius, on average over the edits."""


def _others(results: Results) -> list[str]:
    names = [name for name in results.chances.get(PHOTOGRAPHS, {}) if name not in TIERS]
    return [f"{name}, {radius_of(name)}" for name in names]


def columns(results: Results) -> list[str]:
    """Return what was measured of each edit: program and radius."""
    return [*(f"{tier}, {radius}" for tier in TIERS for radius in RADII), *_others(results)]


def share(each: Edited, column: str) -> float:
    """Return which share of the pictures that an edit was made of was found."""
    return each.hits.get(column, 0) / max(each.made, 1)


def mean(edits: Iterable[Edited], column: str) -> float:
    """Return the average over edits, each counting as much as any other."""
    found = [share(each, column) for each in edits if each.made]
    return sum(found) / max(len(found), 1)


def all_of(results: Results) -> list[str]:
    """Return everything that was measured."""
    return [
        *_conditions(results),
        *("", *_means(results)),
        *("", *edits(results)),
        *("", *films(results)),
        *("", *chances(results)),
        *("", *wanted(results)),
        "",
    ]


def _paragraph(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, break_on_hyphens=False, break_long_words=False)


def _conditions(results: Results) -> list[str]:
    versions = ", ".join(f"{name} {version}" for name, version in results.peers.items())
    left = "; ".join(f"{count} {why}" for why, count in sorted(results.left_out.items()))
    lines = _paragraph(
        f"The {results.half} half of the pool, measured at commit {results.commit}: "
        f"{results.known} known pictures, {results.distractors} distractors, {results.fillers} "
        f"that fill collages; {results.known_looked_for} known pictures looked for after each of "
        f"{len(results.edits)} edits. Left out of the pool: {left}; pictures within {ALIKE} bits "
        f"of one another, or of one name, count as near duplicates. Peers: {versions}. "
        f"{results.seconds:,.0f} s of processor time, without the peers."
    )
    if results.stopped:
        lines += ["", "**The run was stopped before its end.**"]
    return lines


def _means(results: Results) -> list[str]:
    names = columns(results)
    every = results.edits.values()
    lines = [f"| mean recall over | edits | {' | '.join(names)} |"]
    lines.append("|---|---:|" + "---:|" * len(names))
    choices: Sequence[tuple[str, Callable[[Edited], bool]]] = (
        ("all edits", lambda each: each.made > 0),
        ("held-out edits", lambda each: each.held_out),
        ("edits for development", lambda each: not each.held_out),
    )
    for text, wanted in choices:
        chosen = [each for each in every if wanted(each)]
        if chosen:
            lines.append(_row((text, str(len(chosen))), chosen, names))
    for family in dict.fromkeys(each.family for each in every):
        chosen = [each for each in every if each.family == family]
        lines.append(_row((family, str(len(chosen))), chosen, names))
    return lines


def _row(first: Sequence[str], chosen: Sequence[Edited], names: Sequence[str]) -> str:
    cells = [*first, *(f"{mean(chosen, name):.0%}" for name in names)]
    return f"| {' | '.join(cells)} |"


def edits(results: Results) -> list[str]:
    """Return the table of edits."""
    names = columns(results)
    head = ("family", "edit", "", "comparable", *names)
    lines = [f"| {' | '.join(head)} |", "|---|---|---|---:|" + "---:|" * len(names)]
    for name, each in results.edits.items():
        first = (
            *(each.family, name, "held out" if each.held_out else ""),
            f"{each.comparable} of {each.made}",
        )
        lines.append(_row(first, [each], names))
    return lines


def bound(chance: Chance, radius: int) -> str:
    """Return the rate of false pairs, or what it is below with a confidence of 95 %."""
    close = chance.within.get(str(radius), 0)
    if not chance.comparisons:
        return "nothing compared"
    if close:
        return f"{close / chance.comparisons:.1e}"
    return f"none; < {at_most(upper_bound(0, chance.comparisons))}"


def chances(results: Results) -> list[str]:
    """Return the table of what was found wrongly."""
    head = (
        *("pictures", "looked at", "as", "comparisons", "closest, bits"),
        *(f"pairs ≤ {radius}" for radius in RADII),
        f"pictures with one ≤ {RADII[0]}",
        "with one at grade A",
        "rate",
    )
    lines = [f"| {' | '.join(head)} |", "|---|---:|---|" + "---:|" * 7]
    for kind, programs in results.chances.items():
        for program, chance in programs.items():
            first = str(PHASH_OR_FIRST.get(program, RADII[0]))
            cells = (
                *(kind, f"{chance.looked_at:,}", program, f"{chance.comparisons:,}"),
                *(str(chance.least), f"{chance.within.get(first, 0):,}"),
                f"{chance.within[str(RADII[1])]:,}" if str(RADII[1]) in chance.within else "",
                f"{chance.pictures.get(first, 0):,}",
                "" if chance.at_grade_a is None else f"{chance.at_grade_a:,}",
                bound(chance, int(first)),
            )
            lines.append(f"| {' | '.join(cells)} |")
    return lines


PHASH_OR_FIRST: Final = {PHASH: radius_of(PHASH)}
"""Radii that are others than the first one."""


def films(results: Results) -> list[str]:
    """Return the table of films, and how many match that should not."""
    if not results.films:
        return ["Films were not looked for."]
    names = list(dict.fromkeys(name for each in results.films.values() for name in each.hits))
    lines = [f"| edit of a film | films | {' | '.join(names)} |"]
    lines.append("|---|---:|" + "---:|" * len(names))
    for name, each in results.films.items():
        lines.append(_row((name, f"{each.made}"), [each], names))
    lines.append(_row(("mean over edits", ""), list(results.films.values()), names))
    left = "; ".join(f"{count} {why}" for why, count in sorted(results.film_left_out.items()))
    at = f"Films at commit {results.films_commit}: " if results.films_commit else ""
    said = (
        f"{at}{results.films_looked_for} of {results.films_known} known films looked for, among "
        f"{results.films_listed} that are listed{f' (left out: {left})' if left else ''}; "
        f"{results.false_films} of {results.film_pairs:,} comparisons of different films matched."
    )
    return [*lines, "", *_paragraph(said)]


def wanted(results: Results) -> list[str]:
    """Return what was wanted beside what was measured."""
    every = list(results.edits.values())
    held_out = [each for each in every if each.held_out]
    lines = ["| wanted | measured | |", "|---|---:|---|"]
    for tier, least in WANTED:
        for text, chosen in (("all edits", every), ("held-out edits", held_out)):
            column = f"{tier}, {RADII[0]}"
            found = mean(chosen, column)
            said = "reached" if found >= least else "not reached"
            if chosen:
                lines.append(
                    f"| {tier} within {RADII[0]} bits, mean over {text}: ≥ {least:.0%} "
                    f"| {found:.1%} | {said} |"
                )
    for kind, programs in results.chances.items():
        chance = programs.get(TIERS[0])
        if chance is not None:
            at_a = chance.at_grade_a
            below = at_most(upper_bound(0, max(1, chance.looked_at)))
            said = "not graded" if at_a is None else "not reached" if at_a else "reached"
            lines.append(
                f"| {kind}: no other picture at grade A | {at_a or 0:,} of {chance.looked_at:,} in "
                f"{chance.comparisons:,} comparisons, < {below} "
                f"a picture | {said} |"
            )
    return lines
