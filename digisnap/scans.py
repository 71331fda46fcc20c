"""Completed scans: taken in from where teachers fill in Digisnap, and counted.

A scan comes without its teacher: the sender's own reference is kept, so that a scan that is sent
again replaces itself and is counted once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, delete, select

from base.errors import BadInput, Problem
from base.i18n import N_
from base.ids import new_id
from digisnap.areas import areas
from models.digisnap import DigisnapScan
from models.writes import insert

_scan = DigisnapScan.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A completed scan, as it is sent."""

    #: What the sender knows it by; no name and no mail address.
    reference: str
    completed_on: date
    #: Area of competence -> score; areas may be missing.
    scores: Mapping[str, int]


def take_in(connection: Connection, digisnap_id: str, scans: Sequence[Scan], today: date) -> int:
    """Keep completed scans of a list; all or none. Gives how many.

    Arguments:
        today: a scan is not completed later than that.

    Raises:
        BadInput: some cannot be used; each is named, and nothing was kept.
    """
    problems = [problem for number, scan in enumerate(scans) for problem in _wrong(number, scan)]
    problems += [
        Problem(where="scans", message=_OFTEN, values={"reference": reference})
        for reference, count in Counter(scan.reference for scan in scans).items()
        if count > 1
    ]
    problems += [
        Problem(where=f"scans[{number}].completed_on", message=_LATER)
        for number, scan in enumerate(scans)
        if scan.completed_on > today
    ]
    if problems:
        raise BadInput(N_("Some scans cannot be used; nothing was kept."), problems)
    references = [scan.reference for scan in scans]
    connection.execute(
        delete(_scan).where(_scan.c.digisnap_id == digisnap_id, _scan.c.reference.in_(references))
    )
    insert(
        connection,
        _scan,
        [
            {
                "id": new_id(), "digisnap_id": digisnap_id, "reference": scan.reference,
                "completed_on": scan.completed_on, "scores": dict(scan.scores),
            }
            for scan in scans
        ],
    )  # fmt: skip
    return len(scans)


_OFTEN = N_("The reference {reference} stands here twice.")
_LATER = N_("This day has not come yet.")


def _wrong(number: int, scan: Scan) -> list[Problem]:
    known = areas()
    where = f"scans[{number}]"
    problems = []
    if "@" in scan.reference:
        problems.append(
            Problem(
                where=f"{where}.reference",
                message=N_("A reference tells nobody who it was: no mail address."),
            )
        )
    for area, score in scan.scores.items():
        if area not in known.areas:
            problems.append(
                Problem(
                    where=f"{where}.scores", values={"area": area[:60], "known": list(known.areas)},
                    message=N_("There is no area {area}. There are: {known}."),
                )
            )  # fmt: skip
        elif not known.least <= score <= known.most:
            problems.append(
                Problem(
                    where=f"{where}.scores.{area}",
                    message=N_("A score lies between {least} and {most}."),
                    values={"least": known.least, "most": known.most},
                )
            )
    return problems


def counted(connection: Connection, digisnap_id: str) -> dict[str, Any]:
    """How many scans of a list are completed, and by area the sum and number of their scores."""
    query = select(_scan.c.scores).where(_scan.c.digisnap_id == digisnap_id)
    sums: dict[str, list[int]] = {}
    completed = 0
    for scores in connection.execute(query).scalars():
        completed += 1
        for area, score in scores.items():
            so_far = sums.setdefault(area, [0, 0])
            so_far[0] += score
            so_far[1] += 1
    return {"completed": completed, "sums": sums}


def averages(figures: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The average of each area over the figures of several lists; None where nobody has a score."""
    found: dict[str, float | None] = {}
    for area in areas().areas:
        parts = [one["sums"][area] for one in figures if area in one["sums"]]
        number = sum(part[1] for part in parts)
        found[area] = sum(part[0] for part in parts) / number if number else None
    return found
