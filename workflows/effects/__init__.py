"""What steps compute: the effects there are, by topic."""

from __future__ import annotations

from workflows.effects import (  # noqa: F401 - they register them
    accounts,
    badges,
    digisnap,
    duplicates,
    labels,
    projects,
    rights,
    roles,
    schools,
    surveys,
)
from workflows.effects.effect import EFFECTS

__all__ = ["EFFECTS"]
