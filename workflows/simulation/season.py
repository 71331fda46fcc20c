"""When a simulated round begins, until when people come, and when the clock stops."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from base.days import start_of, zone_of
from base.errors import BadInput, NotFound
from base.i18n import N_
from base.located import nearest
from rules.round_file import Round, flat
from workflows.definition import Process

#: How long people come to a round that names no days, and how long the clock runs after the last
#: day of one that does: what is open then has had its time.
YEAR = timedelta(days=365)
#: How long it runs at least after the last of them may have come.
QUARTER = timedelta(days=91)
#: Where neither the round nor its process names a day.
ANY_DAY = date(2023, 1, 2)


@dataclass(frozen=True, kw_only=True)
class Season:
    """One round in one area."""

    #: Its name within the calendar; None: the process goes by none.
    round: str | None
    #: A country or region.
    area: str
    zone: ZoneInfo
    #: What the round sets there; None is not set.
    values: Mapping[str, Any]
    begins: datetime
    #: From then on nobody begins anything more.
    closes: datetime
    #: Whether the round says so itself: then some come too late.
    has_window: bool
    #: Where the clock stops at the latest.
    ends: datetime


def round_of(process: Process, calls: list[Round], name: str | None) -> Round | None:
    """The round that is meant; None where the process goes by none.

    Arguments:
        calls: those of the process's calendar.
        name: as somebody wrote it; if left out the newest, where each says from when it holds.

    Raises:
        BadInput: none is named where one has to be, or one is named and there are none.
        NotFound: there is none of that name.
    """
    names = [call.round for call in calls]
    if process.round is None:
        if name:
            raise BadInput(N_("{process} goes by no rounds: leave --round out."),
                           process=process.process)  # fmt: skip
        return None
    wanted = (name or "").removeprefix(f"{process.round}/")
    if wanted in names:
        return calls[names.index(wanted)]
    if wanted:
        raise NotFound(
            N_("There is no round {name}{hint}. There are: {known}."),
            name=name, hint=nearest(wanted, names), known=names,
        )  # fmt: skip
    if len(calls) == 1 or (calls and all(call.first_day for call in calls)):
        return max(calls, key=lambda call: call.first_day or ANY_DAY)
    raise BadInput(
        N_("Say which round of {process} with --round: {known}."),
        process=process.process, known=names,
    )  # fmt: skip


def season_of(call: Round | None, area: str, first_day: date | None = None) -> Season:
    """When a round begins and ends in an area, by the days it names there.

    People come until its first window closes, or for a year where it has none.

    Arguments:
        first_day: of a round that names no days; the first on which it holds if left out.

    Raises:
        BadInput: the round names its own days.
    """
    values = call.values(area) if call else {}
    named = flat(call.dates, {}) if call else {}
    known = {name: day for name in named if isinstance(day := values.get(name), date)}
    if first_day and known:
        raise BadInput(N_("The round names its days itself: leave --from out."))
    own = first_day or (call.first_day if call else None) or ANY_DAY
    first = min(known.values(), default=own)
    last = max(known.values(), default=first)
    closing = [day for name, day in known.items() if name.endswith(".closes") and day > first]
    closes = min([*closing, first + YEAR])
    zone = zone_of(area)
    return Season(
        round=call.round if call else None, area=area, zone=zone, values=values,
        begins=start_of(first, zone), closes=start_of(closes, zone), has_window=bool(closing),
        ends=start_of(max(last + YEAR, closes + QUARTER), zone),
    )  # fmt: skip
