"""How often it is looked for what to throw away."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """Look less often: nearly all that is made at the start stays, and a long work makes no waste.

    Looking took a tenth of either.
    """
    gc.set_threshold(10_000)
