"""Questionnaires: what is asked, of whom, on which scale; read once into values that never change.

``surveys/questionnaires/<name>.yaml`` holds one. Which levels a country offers is a setting and no
part of it.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from base.errors import NotFound
from base.i18n import N_, Text
from base.located import read_yaml, validated

FOLDER = Path(__file__).resolve().parent / "questionnaires"

#: What a sheet's byte says where a statement does not apply, and where it was passed over.
NOT_APPLICABLE = 0
LEFT_OUT = 255


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Answer(_Frozen):
    """One point of the agreement scale."""

    #: 1 to 5: what a sheet keeps.
    value: int = Field(ge=1, le=5)
    title: dict[str, str]
    #: What it stands for, in a sentence, where the source gives one.
    says: dict[str, str] = {}


class Group(_Frozen):
    """People who answer by one link."""

    #: school_leaders, teachers, students or trainers.
    group: str
    title: dict[str, str]
    #: Most minutes it takes; only told.
    minutes: int
    #: Whether it answers only where companies take part, by a link for each company.
    companies: bool = False


class Level(_Frozen):
    """An education level."""

    level: str
    title: dict[str, str]
    #: Whether companies can take part at this level.
    companies: bool = False


class Area(_Frozen):
    """A part of the questionnaire."""

    area: str
    title: dict[str, str]


class Wording(_Frozen):
    """A statement as some groups see it."""

    groups: tuple[str, ...]
    #: All, where left out.
    levels: tuple[str, ...] | None = None
    en: str
    nl: str
    fr: str
    de: str

    @property
    def texts(self) -> dict[str, str]:
        """The text per language."""
        return {"en": self.en, "nl": self.nl, "fr": self.fr, "de": self.de}


class Statement(_Frozen):
    """A statement; groups and levels it has no wording for are not asked."""

    id: str
    area: str
    kind: Literal["core", "optional"] = "core"
    texts: tuple[Wording, ...]

    def wording(self, group: str, level: str) -> dict[str, str] | None:
        """Its text per language for a group at a level; None where they are not asked."""
        for one in self.texts:
            if group in one.groups and (one.levels is None or level in one.levels):
                return one.texts
        return None


class Way(_Frozen):
    """What a school starts: a start of a process."""

    process: str
    start: str


class Questionnaire(_Frozen):
    """A questionnaire as a whole."""

    questionnaire: str
    languages: tuple[str, ...]
    title: dict[str, str]
    #: How a school gets an account.
    account: Way
    #: How it asks for the badge of an exercise, which it sends as ``exercise``.
    badge: Way
    scale: tuple[Answer, ...]
    not_applicable: dict[str, str]
    groups: tuple[Group, ...]
    levels: tuple[Level, ...]
    areas: tuple[Area, ...]
    statements: tuple[Statement, ...]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        known = {
            "group": [one.group for one in self.groups],
            "level": [one.level for one in self.levels],
            "area": [one.area for one in self.areas],
            "statement": [one.id for one in self.statements],
        }
        for what, names in known.items():
            if len(set(names)) < len(names):
                message = f"a {what} is there twice"
                raise ValueError(message)
        for one in self.statements:
            named = [
                ("area", one.area),
                *(("group", group) for text in one.texts for group in text.groups),
                *(("level", level) for text in one.texts for level in text.levels or ()),
            ]
            for what, name in named:
                if name not in known[what]:
                    message = f'the statement "{one.id}" names the {what} "{name}": there is none'
                    raise ValueError(message)
        return self

    def group(self, name: str) -> Group:
        """The group of that name.

        Raises:
            NotFound: there is none.
        """
        found = next((one for one in self.groups if one.group == name), None)
        if found is None:
            raise NotFound(N_("There is no group of participants “{name}”."), name=name)
        return found

    def level(self, name: str) -> Level:
        """The level of that name.

        Raises:
            NotFound: there is none.
        """
        found = next((one for one in self.levels if one.level == name), None)
        if found is None:
            raise NotFound(N_("There is no education level “{name}”."), name=name)
        return found

    def area(self, name: str) -> Area:
        """The area of that name.

        Raises:
            NotFound: there is none.
        """
        found = next((one for one in self.areas if one.area == name), None)
        if found is None:
            raise NotFound(N_("There is no area “{name}”."), name=name)
        return found

    def groups_at(self, *, with_companies: bool) -> list[str]:
        """The groups that answer an exercise, in their order."""
        return [one.group for one in self.groups if with_companies or not one.companies]

    def optional_at(self, level: str) -> list[Statement]:
        """The optional statements that some group is asked at ``level``."""
        return [
            one
            for one in self.statements
            if one.kind == "optional"
            and any(one.wording(group.group, level) for group in self.groups)
        ]

    def asked(self, group: str, level: str, optional: Collection[str]) -> list[dict[str, Any]]:
        """What a group is asked at a level, area by area, in the frozen form.

        Arguments:
            optional: ids of the optional statements that were chosen.
        """
        return [
            {
                "id": one.id, "area": area.area, "texts": texts, "help": None, "own": False,
            }
            for area in self.areas
            for one in self.statements
            if one.area == area.area and (one.kind == "core" or one.id in optional)
            for texts in [one.wording(group, level)]
            if texts is not None
        ]  # fmt: skip


def frozen_own(number: int, area: str, text: str, help_: str, language: str) -> dict[str, Any]:
    """A school's own statement in the frozen form; it exists in the one language it was written in.

    Arguments:
        number: 1 to 10.
    """
    texts: Text = {language: text}
    return {
        "id": f"own_{number}", "area": area, "texts": dict(texts), "help": {language: help_},
        "own": True,
    }  # fmt: skip


def questionnaires() -> list[Questionnaire]:
    """All that are installed, by name; raises as :func:`questionnaire`."""
    return [questionnaire(path.stem) for path in sorted(FOLDER.glob("*.yaml"))]


@lru_cache(maxsize=8)
def questionnaire(name: str) -> Questionnaire:
    """The questionnaire ``name``: selfie.

    Raises:
        NotFound: there is none of that name.
        BadDefinition: its file has errors; every place is named.
    """
    path = FOLDER / f"{name}.yaml"
    if not name.isidentifier() or not path.is_file():
        raise NotFound(N_("There is no questionnaire “{name}”."), name=name)
    return validated(Questionnaire, read_yaml(path.read_text("utf-8"), path.name))
