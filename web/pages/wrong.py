"""What is wrong with a form, by field: a field that is not named has nothing wrong with it."""

from __future__ import annotations


class Wrong(dict[str, str]):
    """Sentences by the ids of their fields, in the order in which they are shown."""

    def __missing__(self, field: str) -> str:
        """Nothing."""
        return ""
