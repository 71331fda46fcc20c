"""What a story does with exercises: set one up, and answer its questionnaires."""

from __future__ import annotations

import random
from collections.abc import Mapping

from base.errors import BadInput
from base.i18n import N_
from cli.context import Parts
from cli.story_file import Respond, SetUp
from models.database import reading
from surveys import setup
from surveys.answering import begin, submit
from surveys.exercises import exercise_of, links_of
from surveys.opening import Links
from surveys.questionnaire import LEFT_OUT, NOT_APPLICABLE, questionnaire

#: Mostly agreement, sometimes nothing: so that a report has something to tell.
ANSWERS = (2, 3, 3, 4, 4, 4, 5, 5, NOT_APPLICABLE, LEFT_OUT)


def set_up(parts: Parts, case_id: str, wanted: SetUp) -> None:
    """Set an exercise up, through the functions that its pages use.

    Raises:
        BadInput: something of it cannot be used; what came before it is kept.
        NotPossible: the links have been made.
    """
    database = parts.database
    if wanted.numbers is not None:
        setup.save_numbers(database, case_id, wanted.numbers, with_companies=wanted.with_companies)
    for name, sector in wanted.companies.items():
        setup.register_company(database, case_id, name, sector)
    if wanted.optional:
        setup.choose_optional(database, case_id, wanted.optional)
    with reading(database) as connection:
        exercise = exercise_of(connection, case_id)
    groups = questionnaire(exercise["questionnaire"]).groups_at(
        with_companies=exercise["with_companies"]
    )
    for one in wanted.statements:
        versions = {group: {"text": one.text, "help": one.help} for group in groups}
        setup.save_statement(database, case_id, None, one.area, versions)
    if wanted.days:
        first, last = wanted.days
        setup.save_dates(database, case_id, first, last, wanted.language)


def group_title(parts: Parts, case_id: str, group: str) -> Mapping[str, str]:
    """What a group of an exercise is called, in each language."""
    with reading(parts.database) as connection:
        exercise = exercise_of(connection, case_id)
    return questionnaire(exercise["questionnaire"]).group(group).title


def respond(parts: Parts, case_id: str, wanted: Respond) -> None:
    """Fill in questionnaires over the link of a group, each as a person would.

    Raises:
        BadInput: the group, or the company, has no link.
        NotPossible: the exercise is not open.
    """
    with reading(parts.database) as connection:
        exercise = exercise_of(connection, case_id)
        tokens = [
            row["token"]
            for row in links_of(connection, exercise["id"])
            if row["group"] == wanted.group and row["company"] == wanted.company
        ]
        if not tokens:
            raise BadInput(N_("There is no group of participants “{name}”."), name=wanted.group)
    links = Links(parts.database)
    statements = links.open(tokens[0], parts.clock.now()).link.statements
    chance = random.Random(wanted.group)  # noqa: S311 - the same story every time
    for _ in range(wanted.times):
        now = parts.clock.now()
        key = begin(links, tokens[0], now)
        answers = [chance.choice(ANSWERS) for _statement in statements]
        submit(links, tokens[0], key, answers, now)
