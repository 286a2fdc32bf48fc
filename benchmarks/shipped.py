"""The figures that come with the program: what `recall.py` measured of held-out pictures, as data.

Reports cite them where a laboratory has measured nothing itself.
"""

from pathlib import Path
from typing import Any, Final

from programs import ROOT
from recall_measure import PHOTOGRAPHS, RADII, TIERS, Chance, Results

from heroes_forensics.custody import chain, events
from heroes_forensics.hashsets import measuring

DATA: Final = ROOT / "heroes_forensics" / "custody" / "data" / "shipped-figures.json"


def figures(results: Results) -> bytes:
    """Return them as one line of canonical JSON."""
    body = {
        "format": "heroes-shipped-figures/1",
        "commit": results.commit,
        "stopped": results.stopped,
        "pictures": {
            "compared": results.known + results.distractors,
            "edited": results.known_looked_for,
            "distractors": results.distractors,
            "left_out": [
                {"why": why, "files": files} for why, files in sorted(results.left_out.items())
            ],
        },
        "edits": [
            {
                "name": name,
                "family": each.family,
                "held_out": each.held_out,
                "made": each.made,
                "failed": 0,
                "comparable": each.comparable,
                **{
                    f"tier{number}_{radius}": each.hits.get(f"{tier}, {radius}", 0)
                    for number, tier in enumerate(TIERS, start=1)
                    for radius in RADII
                },
            }
            for name, each in results.edits.items()
        ],
        "chances": [
            _chance(kind, number, programs[tier])
            for kind, programs in results.chances.items()
            for number, tier in enumerate(TIERS, start=1)
            if tier in programs
        ],
    }
    return chain.canonical(body) + b"\n"


def _chance(kind: str, tier: int, chance: Chance) -> dict[str, Any]:
    def count(counts: dict[str, int], radius: int) -> int:
        return counts.get(str(radius), 0)

    return {
        "of": "edited" if kind == PHOTOGRAPHS else "look-alikes",
        "what": events.key_for(kind),
        "tier": tier,
        "looked_at": chance.looked_at,
        "comparisons": chance.comparisons,
        "closest": chance.least,
        **{f"pairs_{radius}": count(chance.within, radius) for radius in RADII},
        **{f"pictures_{radius}": count(chance.pictures, radius) for radius in RADII},
        **{
            f"upper_{radius}": measuring.at_most(
                measuring.upper_bound(count(chance.within, radius), chance.comparisons)
            )
            for radius in RADII
        },
    }


def write(saved: Path) -> None:
    """Write the figures of a run that was kept into the package."""
    results = Results.read(saved.read_text(encoding="utf-8"))
    DATA.write_bytes(figures(results))
