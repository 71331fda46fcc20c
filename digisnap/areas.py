"""The areas of competence of a scan, its scale, and the training proposed for each: a data file."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from base.located import read_yaml, validated

FILE = Path(__file__).with_name("areas.yaml")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Area(_Part):
    """One area of competence."""

    title: dict[str, str]
    #: What training for it is about, as one looks for it at KlasCement.
    training: dict[str, str]


class Areas(_Part):
    """The areas, and the scale of their scores, both ends inclusive."""

    least: int
    most: int
    areas: dict[str, Area] = Field(min_length=1)


@lru_cache(maxsize=1)
def areas() -> Areas:
    """The areas there are.

    Raises:
        BadDefinition: the file cannot be read.
    """
    return validated(Areas, read_yaml(FILE.read_text(encoding="utf-8"), FILE.name))
