"""Names of processes on the command line."""

from __future__ import annotations

from collections.abc import Iterable

from base.errors import BadInput
from base.i18n import N_
from base.located import nearest


def known_process(name: str, known: Iterable[str]) -> str:
    """``name``, which is one of the ``known`` processes.

    Raises:
        BadInput: it is none; the sentence names the nearest, and all there are.
    """
    names = sorted(known)
    if name not in names:
        raise BadInput(
            N_("There is no process {name}{hint}. There are: {known}."),
            name=name, hint=nearest(name, names), known=names,
        )  # fmt: skip
    return name
