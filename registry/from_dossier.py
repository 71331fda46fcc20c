"""From a dossier to records."""

from __future__ import annotations

from base.errors import Problem
from base.i18n import N_
from registry.dossier import Dossier
from registry.records import (
    ActivityRecord,
    LabelRecord,
    PersonRecord,
    ProjectRecord,
    Records,
    SchoolName,
    SchoolRecord,
)
from registry.values import folded


def records_of(dossier: Dossier, prefix: str = "") -> tuple[Records, list[Problem]]:
    """What a dossier says, as records; and the names in it that could mean two people.

    Arguments:
        prefix: path to the dossier in its file, such as ``[3].``.
    """
    found, problems = Records(), list[Problem]()
    at = dossier.school
    school = SchoolName(at.country, at.name, at.place)
    found.schools.append(
        SchoolRecord(
            where=f"{prefix}school", name=at.name, country=at.country, place=at.place,
            area=at.area or at.country, registered_on=at.registered_on, validated=at.validated,
            zone=at.zone, province=at.province or "",
        )
    )  # fmt: skip
    emails: dict[str, list[str]] = {}
    for number, one in enumerate(dossier.teachers):
        where = f"{prefix}teachers[{number}]"
        emails.setdefault(folded(one.name), []).append(one.email)
        found.people.append(
            PersonRecord(
                where=where, email=one.email, name=one.name, language=one.language,
                validated=one.validated, school=school, role=one.role, first_day=one.first_day,
                last_day=one.last_day,
            )
        )  # fmt: skip
        for count, done in enumerate(one.activities):
            place = f"{where}.activities[{count}]"
            found.activities.append(
                ActivityRecord(where=place, email=one.email, kind=done.kind, on=done.on)
            )
    for number, project in enumerate(dossier.projects):
        where = f"{prefix}projects[{number}]"
        founders = tuple(sorted(founder.country for founder in project.founders))
        found.projects.append(
            ProjectRecord(where=where, title=project.title, founders=founders, school=school)
        )
        for count, label in enumerate(project.labels):
            place = f"{where}.labels[{count}]"
            holder = label.holder
            if holder and "@" not in holder:
                meant = list(dict.fromkeys(emails.get(folded(holder), [holder])))
                holder = meant[0]
                if len(meant) > 1:
                    problems.append(
                        Problem(
                            where=f"{place}.holder", message=N_(
                                "{count} teachers have this name. Write the mail address instead."
                            ), values={"count": len(meant)},
                        )
                    )  # fmt: skip
            named = label.school_at_grant
            here = named is not None and folded(named) == folded(at.name)
            found.labels.append(
                LabelRecord(
                    where=place, kind=label.kind, granted_on=label.granted_on, valid_from=None,
                    valid_until=None, holder=holder, project=project.title, founders=founders,
                    school=school if here else SchoolName(at.country, named) if named else None,
                    only_once=False,
                )
            )  # fmt: skip
    for number, held in enumerate(dossier.labels):
        found.labels.append(
            LabelRecord(
                where=f"{prefix}labels[{number}]", kind=held.kind, granted_on=held.granted_on,
                valid_from=held.valid_from, valid_until=held.valid_until, school=school,
                holder=None, project=None, founders=None, only_once=True,
            )
        )  # fmt: skip
    return found, problems
