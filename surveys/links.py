"""The links of an exercise: made once, with what is asked frozen beside them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from surveys.exercises import invited_companies, own_statements
from surveys.questionnaire import frozen_own, questionnaire

#: Letters and digits that are not taken for one another when a link is typed from paper.
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"
#: Of 31 signs, twelve are a number of 59 bits: nobody guesses one.
LENGTH = 12


def new_token() -> str:
    """The end of a link's address."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def frozen_statements(
    connection: Connection, exercise: Mapping[str, Any]
) -> dict[str, list[dict[str, Any]]]:
    """What each group is asked, area by area: core and chosen statements, then the school's own.

    A group that is not invited (its number is 0) is asked nothing.
    """
    asked = questionnaire(exercise["questionnaire"])
    own = own_statements(connection, exercise["id"])
    found: dict[str, list[dict[str, Any]]] = {}
    for group in asked_groups(exercise):
        statements = asked.asked(group, exercise["level"], exercise["optional"])
        mine = [
            frozen_own(
                number, one["area"], one["versions"][group]["text"],
                one["versions"][group]["help"], exercise["language"],
            )
            for number, one in sorted(own.items()) if group in one["versions"]
        ]  # fmt: skip
        found[group] = [
            one for area in asked.areas for one in (*statements, *mine) if one["area"] == area.area
        ]
    return found


def asked_groups(exercise: Mapping[str, Any]) -> list[str]:
    """The groups that get a link, in the order of the questionnaire."""
    asked = questionnaire(exercise["questionnaire"])
    groups = asked.groups_at(with_companies=exercise["with_companies"])
    return [
        group for group in groups if asked.group(group).companies or exercise["invited"].get(group)
    ]


def link_rows(connection: Connection, exercise: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The links of an exercise: one a group; for groups of companies one a company."""
    asked = questionnaire(exercise["questionnaire"])
    companies = [one["id"] for one in invited_companies(connection, exercise["id"])]
    return [
        {
            "token": new_token(), "exercise_id": exercise["id"], "group": group,
            "company_id": company,
        }
        for group in asked_groups(exercise)
        for company in (companies if asked.group(group).companies else [None])
    ]  # fmt: skip
