"""What the desk for rules and its API share: who may, what is in force, each step of a draft."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection

from base.errors import BadDefinition, BadInput, NotAllowed, NotFound, Problem
from base.i18n import N_
from models.database import reading, writing
from rules.book import RuleBook
from rules.country_values import own_values, with_country_values
from rules.round_file import Round
from rules.rule_file import RuleSet
from web.context import Context
from workflows import drafts
from workflows.administering import Administrator, administrator
from workflows.definition import Process
from workflows.draft_checks import Checked, check_draft
from workflows.files_in_force import KINDS, InForce, files_in_force, read_file
from workflows.impact import Impact, impact
from workflows.installed import installed_files
from workflows.process_impact import ProcessImpact, process_impact
from workflows.publishing import File
from workflows.publishing_drafts import publish_draft
from workflows.sweep import prepare

#: Of what moving open cases to another version would do: cases that are named, and counted.
MOVES_NAMED = 100
MOVES_COUNTED = 2000

NOT_AN_ADMINISTRATOR = N_("Rules, rounds and processes are changed by administrators.")


def administrator_of(connection: Connection, context: Context, person_id: str) -> Administrator:
    """The reader as an administrator.

    Raises:
        NotAllowed: she is none.
    """
    found = administrator(connection, person_id, context.tools.clock.now().date())
    if found is None:
        raise NotAllowed(NOT_AN_ADMINISTRATOR, ["administrator"])
    return found


def in_force(connection: Connection, context: Context, day: date | None = None) -> InForce:
    """The files in force on ``day``; today if left out."""
    day = day or context.tools.clock.now().date()
    return files_in_force(connection, context.tools.library, day)


def file_of(kind: str, name: str) -> File:
    """A file by kind and name.

    Raises:
        NotFound: there is no such kind.
    """
    if kind not in KINDS:
        raise NotFound(N_("There is no such file."))
    return kind, name


def begin(
    context: Context, person_id: str, file: File, *, area: str = "", text: str | None = None,
    why: str = "", installed: bool = False,
) -> str:  # fmt: skip
    """Begin a draft; gives its id.

    Arguments:
        area: the country or region whose values of a round it sets.
        text: what it begins with; the file in force if left out.
        installed: begin with the text that the installation has brought.

    Raises:
        NotAllowed: she is no administrator, or not of this area.
        NotFound: there is no such file, and no text for a new one.
        BadInput: an area is given for what is no round.
    """
    if area and file[0] != "round":
        raise BadInput(N_("Only rounds have values of countries."))
    now = context.tools.clock.now()
    with writing(context.database) as connection:
        who = administrator_of(connection, context, person_id)
        force = in_force(connection, context)
        base = force.texts.get(file, "")
        if installed:
            text = installed_files().get(file)
        if text is None:
            text = force.text(file)
        return drafts.begin(connection, who, file, text, base, now, area=area, why=why)


def begin_round(context: Context, person_id: str, model: File, name: str) -> str:
    """Begin the draft of a new round like ``model``; gives its id.

    Raises:
        BadInput: the name cannot be used, or there is such a round.
    """
    calendar = model[1].partition("/")[0]
    file = ("round", f"{calendar}/{name}")
    now = context.tools.clock.now()
    with writing(context.database) as connection:
        who = administrator_of(connection, context, person_id)
        force = in_force(connection, context)
        if file in force.texts:
            raise BadInput(N_("There is a round {round} already."), round=name)
        lines = [
            f'round: "{name}"' if line.startswith("round:") else line
            for line in force.text(model).splitlines()
        ]
        text = "\n".join(lines) + "\n"
        try:
            read_file(file, text)
        except BadDefinition as error:
            raise BadInput(
                N_("This name cannot be used: {why}"), [], why=error.remarks[0].message
            ) from None
        return drafts.begin(connection, who, file, text, "", now)


def check(context: Context, person_id: str, file: File, text: str) -> Checked:
    """What there is to say of a text in the place of a file.

    Raises:
        NotAllowed: she is no administrator.
    """
    with reading(context.database) as connection:
        administrator_of(connection, context, person_id)
        force = in_force(connection, context)
    return check_draft(file, text, force.book, context.templates)


def save(
    context: Context, person_id: str, draft_id: str, version: int, *, text: str | None, why: str,
    values: dict[str, str] | None = None, up_to_date: bool = False,
) -> None:  # fmt: skip
    """Keep what somebody wrote in a draft.

    Arguments:
        text: the whole text; only for a draft of the whole file.
        values: what she wrote in the boxes of her country, by name; only for such a draft.
        up_to_date: the draft now stands on the file in force; a country's values are put in there.

    Raises:
        BadInput: a value is none of its kind, or the whole text was sent for a country's draft.
    """
    now = context.tools.clock.now()
    with writing(context.database) as connection:
        who = administrator_of(connection, context, person_id)
        row = drafts.read_draft(connection, who, draft_id)
        force = in_force(connection, context, _day(row, now.date()))
        current = force.texts.get((row["kind"], row["name"]), "")
        if row["area"]:
            if text is not None and text != row["text"]:
                raise BadInput(N_("This draft sets the values of {area} only."), area=row["area"])
            text = _with_values(force, row, values or {}, current if up_to_date else row["text"])
        drafts.save(
            connection, who, draft_id, version, now, text=row["text"] if text is None else text,
            why=why, base=current if up_to_date else None,
        )  # fmt: skip


def _with_values(force: InForce, row: drafts.Row, values: dict[str, str], text: str) -> str:
    file = row["kind"], row["name"]
    mine, onto = read_file(file, row["text"]), read_file(file, text)
    if not (isinstance(mine, Round) and isinstance(onto, Round)):
        raise BadInput(N_("Only rounds have values of countries."))
    if text != row["text"]:
        # Her country's part as she has it, into the file as it is now.
        own = own_values(mine, row["area"])
        gone = dict.fromkeys(own_values(onto, row["area"]), "")
        values = {**gone, **own, **values}
    return with_country_values(force.book, onto, row["area"], values, text)


def step(
    context: Context, person_id: str, draft_id: str, version: int, what: str, *,
    first_day: date | None = None, gaps_known: bool = False, remark: str = "",
) -> None:  # fmt: skip
    """Take a draft a step further: propose, take_back, send_back, withdraw or publish.

    Raises:
        NotAllowed, NotPossible, Conflict, BadInput, BadDefinition: see ``workflows.drafts``.
    """
    now, library = context.tools.clock.now(), context.tools.library
    with writing(context.database) as connection:
        who = administrator_of(connection, context, person_id)
        if what == "propose":
            day = first_day or now.date()
            drafts.propose(
                connection, who, draft_id, version, now, mails=context.templates, first_day=day,
                beside=in_force(connection, context, max(day, now.date())), gaps_known=gaps_known,
            )  # fmt: skip
        elif what == "send_back" and not remark.strip():
            message = N_("Say what has to be different before it can be published.")
            raise BadInput(message, [Problem(where="remark", message=message)])
        elif what in {"take_back", "send_back"}:
            drafts.open_again(connection, who, draft_id, version, now, remark=remark)
        elif what == "withdraw":
            drafts.withdraw(connection, who, draft_id, version, now)
        else:
            publish_draft(
                connection, library, context.templates, who, draft_id, version, now, remark
            )
    if what == "publish":
        prepare(context.engine)


def impact_of(context: Context, person_id: str, draft_id: str, against: str | None) -> Impact:
    """What a draft would do to the cases there are.

    Raises:
        BadInput: it is a process file, which only cases to come take.
        BadDefinition: the file has errors.
    """
    now = context.tools.clock.now()
    with reading(context.database) as connection:
        who = administrator_of(connection, context, person_id)
        row = drafts.read_draft(connection, who, draft_id)
        content = read_file((row["kind"], row["name"]), row["text"])
        if not isinstance(content, RuleSet | Round):
            raise BadInput(N_("A process file changes only cases that begin later."))
        book = RuleBook.from_texts({f"{row['name']}.yaml": row["text"]})
        book.add_missing(in_force(connection, context).book)
        return impact(connection, content, book, now, against=against)


def process_impact_of(
    context: Context, person_id: str, draft_id: str, round_name: str | None, language: str
) -> ProcessImpact:
    """What a draft of a process file would do, if the open cases were moved to it.

    Raises:
        BadInput: it is no process file.
        BadDefinition: the file has errors.
    """
    now, library = context.tools.clock.now(), context.tools.library
    with reading(context.database) as connection:
        who = administrator_of(connection, context, person_id)
        row = drafts.read_draft(connection, who, draft_id)
        content = read_file((row["kind"], row["name"]), row["text"])
        if not isinstance(content, Process):
            raise BadInput(N_("This is no process file."))
        book = in_force(connection, context).book
        return process_impact(
            connection, library, content, book, now, language, round_name=round_name,
            named=MOVES_NAMED, most=MOVES_COUNTED,
        )  # fmt: skip


def _day(row: dict[str, Any], today: date) -> date:
    return max(row["first_day"] or today, today)
