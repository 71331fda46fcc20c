"""How many took part so far: what the chart of an exercise shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from base.i18n import Text
from models.surveys import SurveyCompany, SurveySheet
from surveys.exercises import invited_companies
from surveys.links import asked_groups
from surveys.questionnaire import questionnaire

_sheet = SurveySheet.__table__  # type: ignore[attr-defined]
_company = SurveyCompany.__table__  # type: ignore[attr-defined]

#: How the values of a round name the recommended minimum of a group.
RECOMMENDED = "recommended_minimum_"


@dataclass(frozen=True, kw_only=True)
class Participation:
    """One group, or the trainers of one company."""

    group: str
    title: Text
    #: Name of the company; empty for a group of the school.
    company: str
    #: Questionnaires submitted.
    submitted: int
    #: People invited; None where there is no number to compare with.
    invited: int | None
    #: Least number that is recommended; None where the country has set none.
    recommended: int | None

    @property
    def percent(self) -> int | None:
        """Submitted of invited, rounded down; more than 100 where a link was used more often.

        None where nobody knows how many were invited.
        """
        return self.submitted * 100 // self.invited if self.invited else None


def participation(
    connection: Connection, exercise: Mapping[str, Any], values: Mapping[str, Any]
) -> list[Participation]:
    """Who has taken part until now, group by group (SEED-000, 2.5).

    Trainers are told in numbers, not in per cent, company by company.

    Arguments:
        values: of the round, for the recommended minimum of each group.
    """
    asked = questionnaire(exercise["questionnaire"])
    query = (
        select(_sheet.c.group, _company.c.name, func.count())
        .outerjoin(_company, _company.c.id == _sheet.c.company_id)
        .where(_sheet.c.exercise_id == exercise["id"])
        .group_by(_sheet.c.group, _company.c.name)
        .order_by(_company.c.name)
    )
    counts: dict[str, dict[str, int]] = {}
    for group, company, count in connection.execute(query):
        counts.setdefault(group, {})[company or ""] = count
    companies = [one["name"] for one in invited_companies(connection, exercise["id"])]
    found: list[Participation] = []
    for group in asked_groups(exercise):
        minimum = values.get(f"{RECOMMENDED}{group}")
        title = asked.group(group).title
        of_companies = asked.group(group).companies
        names = companies if of_companies else [""]
        found += [
            Participation(
                group=group, title=title, company=name,
                submitted=counts.get(group, {}).get(name, 0),
                invited=None if of_companies else exercise["invited"].get(group),
                recommended=minimum if isinstance(minimum, int) else None,
            )
            for name in names
        ]  # fmt: skip
    return found
