"""What steps compute: the effects there are, by topic."""

from __future__ import annotations

from workflows.effects import accounts, duplicates, labels, projects, schools  # noqa: F401 - they register them
from workflows.effects.effect import EFFECTS

__all__ = ["EFFECTS"]
