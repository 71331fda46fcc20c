"""What is in force: processes, rule sets, rounds."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from pydantic import BaseModel, Field

from base.i18n import say
from models.database import reading
from web.api.outcomes import EVERYBODY, EVERYBODY_ONE, PICTURE
from web.api.shapes import Name
from web.context import Context, Here
from web.language import Language
from workflows.diagram import diagram
from workflows.publishing import Published

router = APIRouter(tags=["definitions"])


class RoundShown(BaseModel):
    """A round with its dates and parameters."""

    process: str
    name: str
    title: str
    sha256: str
    values: dict[str, Any] = Field(description="null: no source gives it.")
    inferred: dict[str, str] = Field(description="Values that are a reading of ours, and why.")


class ProcessShown(BaseModel):
    """A process in force."""

    name: str
    title: str
    release: int
    sha256: str
    states: list[Name]
    triggers: list[Name]
    rounds: list[str]


class RuleSetShown(BaseModel):
    """A rule set in force."""

    process: str
    name: str
    title: str
    sha256: str
    criteria: list[Name]
    text: str = Field(description="The file, as it was published.")


@router.get("/processes", summary="Processes in force", responses=EVERYBODY)
def processes(context: Here, language: Language) -> list[ProcessShown]:
    """Every process with its release."""
    return [
        ProcessShown(
            name=one.process.process, title=say(one.process.title, language), release=one.number,
            sha256=one.parts["process"],
            states=[
                Name(name=name, title=say(state.title, language))
                for name, state in one.process.states.items()
            ],
            triggers=[
                Name(name=name, title=say(step.title, language))
                for name, step in one.process.transitions.items()
            ],
            rounds=one.rounds,
        )
        for one in in_force(context)
    ]  # fmt: skip


@router.get(
    "/processes/{name}/diagram", summary="A process as a picture", response_class=Response,
    responses=EVERYBODY_ONE | PICTURE,
)  # fmt: skip
def process_diagram(
    context: Here,
    language: Language,
    name: str,
    format: Literal["svg", "dot", "mermaid"] = "svg",  # noqa: A002 - the command line's own word
) -> Response:
    """The process in force as SVG, or as the text of DOT or Mermaid."""
    with reading(context.database) as connection:
        published = context.tools.library.in_force(
            connection, name, context.tools.clock.now().date()
        )
    drawn = diagram(published.process, language, format)
    if format == "svg":
        return Response(drawn, media_type="image/svg+xml")
    return PlainTextResponse(drawn)


@router.get("/rule-sets", summary="Rule sets in force", responses=EVERYBODY)
def rule_sets(context: Here, language: Language) -> list[RuleSetShown]:
    """Every rule set of every process in force."""
    return [
        RuleSetShown(
            process=one.process.process, name=name,
            title=say(one.book.rule_set(name).title, language), sha256=sha256,
            criteria=[
                Name(name=criterion.id, title=say(criterion.text, language))
                for criterion in one.book.rule_set(name).criteria
            ],
            text=one.book.text_of(name),
        )
        for one in in_force(context)
        for name, sha256 in one.parts["rule_sets"].items()
    ]  # fmt: skip


@router.get("/rounds", summary="Rounds in force", responses=EVERYBODY)
def rounds(context: Here, language: Language, area: str = "") -> list[RoundShown]:
    """Every round of every process in force, with its values in an area (BE-VLG)."""
    return [
        RoundShown(
            process=one.process.process, name=call.round, title=say(call.title, language),
            sha256=sha256, values=dict(call.values(area)), inferred=dict(call.inferred),
        )
        for one in in_force(context)
        for name, sha256 in one.parts["rounds"].items()
        for call in [one.book.round(name)]
    ]  # fmt: skip


def in_force(context: Context) -> list[Published]:
    """What is in force today, by name."""
    with reading(context.database) as connection:
        return context.tools.library.all_in_force(connection, context.tools.clock.now().date())
