"""Made-up pictures that stand beside one in a collage: shades of all sizes, as photographs have.

Nobody's picture is needed for them, and none can spoil the collages of another.
"""

from functools import cache

import numpy as np
from PIL import Image

SEEDS = (101, 102, 103)
_LEVELS = 6


@cache
def others() -> tuple[Image.Image, ...]:
    """Return three pictures, always the same."""
    return (_clouds(SEEDS[0], 640, 480), _clouds(SEEDS[1], 640, 426), _clouds(SEEDS[2], 480, 640))


def _clouds(seed: int, width: int, height: int) -> Image.Image:
    """Return shades of all sizes, the small ones weaker."""
    random = np.random.default_rng(seed)
    rows = np.zeros((height, width, 3))
    for level in range(_LEVELS):
        shades = random.integers(0, 256, (3 << level, 4 << level, 3)).astype(np.uint8)
        layer = Image.fromarray(shades).resize((width, height), Image.Resampling.BICUBIC)
        rows += (np.asarray(layer) - 127.5) / 1.5**level
    return Image.fromarray(np.clip(128 + 0.8 * rows, 0, 255).astype(np.uint8))
