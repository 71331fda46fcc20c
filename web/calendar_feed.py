"""The deadlines of somebody's cases as a calendar (RFC 5545).

A deadline that is 24:00 of a day is an event of that whole day, any other moment one of no length.
An event keeps its UID as long as its case has that deadline, so that a calendar moves it and does
not show it twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from icalendar import Alarm, Calendar, Event

from base.i18n import N_, translate
from web.api.shapes import Ahead
from web.standing import Standing, last_day

#: When one is reminded of a whole day's deadline: 09:00 the day before, counted from its 00:00.
BEFORE_DAY = timedelta(hours=-15)
#: … and of a moment's.
BEFORE_MOMENT = timedelta(days=-1)
#: How often a calendar should look again.
REFRESH = timedelta(hours=12)


def calendar_of(
    standings: Sequence[Standing], language: str, public_url: str, now: datetime
) -> bytes:
    """The calendar of everything that happens by itself in some cases.

    Arguments:
        public_url: of this installation: events link to their case, and are its own by it.
        now: when it was made.
    """
    found = Calendar()
    found.add("prodid", "-//Keurmerk//Keurmerk//EN")
    found.add("version", "2.0")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", translate(N_("Keurmerk: deadlines"), language))
    found.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for one in standings:
        if one.next and one.next.fires:
            step = one.next.fires.title
            found.add_component(_event(one, one.next, step, language, public_url, now))
    content: bytes = found.to_ical()
    return content


def _event(
    one: Standing, coming: Ahead, step: str, language: str, public_url: str, now: datetime
) -> Event:
    event, zone = Event(), ZoneInfo(one.zone)
    local = coming.at.astimezone(zone)
    whole_day = local.time() == time(0)
    name = f"{one.name}: {one.state}"
    event.add("uid", f"{one.id}-{coming.name}@{public_url.partition('://')[2]}")
    event.add("dtstamp", now)
    event.add("summary", name)
    event.add("url", f"{public_url}/cases/{one.id}")
    event.add(
        "description",
        "\n".join(
            [
                one.what,
                translate(N_("If nobody acts: {step}."), language, step=step),
                f"{public_url}/cases/{one.id}",
            ]
        ),
    )
    if whole_day:
        day = last_day(coming.at, one.zone)
        event.add("dtstart", day)
        event.add("dtend", day + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    else:
        event.add("dtstart", coming.at)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", name)
    alarm.add("trigger", BEFORE_DAY if whole_day else BEFORE_MOMENT)
    event.add_component(alarm)
    return event
