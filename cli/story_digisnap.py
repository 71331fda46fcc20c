"""What a story does with Digisnap: link somebody to a list, send scans, ask for the report."""

from __future__ import annotations

import random

from base.days import local_day, zone_of
from base.errors import BadInput
from base.i18n import N_
from cli.context import Parts
from cli.story_file import ReportWanted, Scans
from digisnap.areas import areas
from digisnap.lists import link
from digisnap.reports import make_reports
from digisnap.scans import Scan
from models.database import reading, writing
from workflows.digisnap_desk import my_lists, new_report, scans_arrive


def link_list(parts: Parts, code: str, person_id: str) -> None:
    """Link a person to the list of a code, as its page does.

    Raises:
        NotAllowed: she has the right nowhere.
        BadInput: there is no such list where she has it.
    """
    now = parts.clock.now()
    with writing(parts.database) as connection:
        link(connection, person_id, code, now, local_day(now, zone_of("BE")))


def send_scans(parts: Parts, wanted: Scans, person_id: str) -> None:
    """Send as many completed scans, as the program of the team does.

    Raises:
        NotAllowed, NotFound: as :func:`workflows.digisnap_desk.scans_arrive`.
    """
    known, today = areas(), local_day(parts.clock.now(), zone_of("BE"))
    chance = random.Random(wanted.code)  # noqa: S311 - the same story every time
    scans = [
        Scan(
            reference=f"scan-{number}", completed_on=today,
            scores={area: chance.randint(known.least, known.most) for area in known.areas},
        )
        for number in range(wanted.times)
    ]  # fmt: skip
    with writing(parts.database) as connection:
        scans_arrive(connection, parts.engine.tools, person_id, wanted.code, scans)


def order_report(parts: Parts, wanted: ReportWanted, person_id: str) -> None:
    """Ask for a report, and make what is asked for, as the service does in the background.

    Raises:
        BadInput, NotFound, NotPossible: as :func:`workflows.digisnap_desk.new_report`.
    """
    tools = parts.engine.tools
    with reading(parts.database) as connection:
        ids = {one.name: one.id for one in my_lists(connection, tools, person_id)}
    unknown = [name for name in wanted.lists if name not in ids]
    if unknown:
        raise BadInput(N_("The story has nobody and nothing called {name}."), name=unknown[0])
    with writing(parts.database) as connection:
        new_report(
            connection, tools, person_id, lists=[ids[name] for name in wanted.lists],
            title=wanted.title, with_training=wanted.training, language=wanted.language,
        )  # fmt: skip
    make_reports(parts.database, parts.clock, parts.files)
