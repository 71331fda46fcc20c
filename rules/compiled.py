"""Compiled rule sets, kept by their hash."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from rules.criteria import BoundRuleSet
from rules.fitting import unusable

Compiled = TypeVar("Compiled")


class BySha(Generic[Compiled]):
    """The most recently used compiled rule sets, by their hash. Safe to use from many threads."""

    def __init__(self, compile_: Callable[[BoundRuleSet], Compiled], size: int = 256) -> None:
        """Keep ``size`` results of ``compile_``."""
        self._compile = compile_
        self._size = size
        self._kept: OrderedDict[str, tuple[BoundRuleSet, Compiled]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, bound: BoundRuleSet) -> Compiled:
        """The compiled form of ``bound``.

        Raises:
            BadDefinition: it cannot be compiled, or another rule set bears the same hash.
        """
        with self._lock:
            kept = self._kept.get(bound.sha256)
            if kept is not None:
                self._kept.move_to_end(bound.sha256)
        if kept is not None:
            if kept[0] is not bound and kept[0] != bound:
                raise unusable(bound.name, "another rule set has its hash")
            return kept[1]
        compiled = self._compile(bound)
        with self._lock:
            self._kept[bound.sha256] = (bound, compiled)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return compiled
