"""JSON Schemas of rule and round files, for editors that complete and check while one writes.

They are made from the types in ``rules/rule_file.py`` and ``rules/round_file.py``: a key's
description is the ``#:`` comment above it. ``python -m rules.schema`` writes them anew; a test
compares the files with the types.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson
from pydantic import BaseModel

from rules import (  # noqa: F401 - providers
    case_facts,
    duplicate_facts,
    person_facts,
    project_facts,
    quality_label_facts,
    registry_facts,
    round_file,
    rule_file,
    school_facts,
    sent_exercise_facts,
    survey_facts,
)
from rules.facts import PROVIDERS
from rules.round_file import Round
from rules.rule_file import RuleSet

FOLDER = Path(__file__).resolve().parent / "schemas"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema (2020-12) of each kind of file as people write it, by the schema's file."""
    return {
        "rule_set.json": _with_providers(_schema(RuleSet, rule_file, "A rule file of Keurmerk")),
        "round.json": _schema(Round, round_file, "A round file of Keurmerk"),
    }


def as_text(schema: dict[str, Any]) -> str:
    """A schema as it stands in its file."""
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode() + "\n"


def _schema(model: type[BaseModel], module: ModuleType, title: str) -> dict[str, Any]:
    schema = model.model_json_schema(by_alias=True, mode="validation")
    kinds: dict[str, Any] = schema["$defs"]
    for name, comments in _comments(module).items():
        kind = schema if name == model.__name__ else kinds.get(name, {})
        for key, comment in comments.items():
            if key in kind.get("properties", {}):
                kind["properties"][key]["description"] = comment
    return {"$schema": _DIALECT, **schema, "title": title}


def _with_providers(schema: dict[str, Any]) -> dict[str, Any]:
    """With the providers there are, and what each tells, beside ``provider``."""
    known = "; ".join(f"{name}: {PROVIDERS[name].about}" for name in sorted(PROVIDERS))
    provider = schema["$defs"]["FactUse"]["properties"]["provider"]
    provider["description"] = f"{provider['description']} There are: {known}"
    provider["examples"] = sorted(PROVIDERS)
    return schema


def _comments(module: ModuleType) -> dict[str, dict[str, str]]:
    """The ``#:`` comment above each field of each type, by the field's name in a file."""
    source = inspect.getsource(module)
    lines = source.splitlines()
    found: dict[str, dict[str, str]] = {}
    types = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    for name, node in types.items():
        kind = getattr(module, name)
        if not issubclass(kind, BaseModel):
            continue
        parents = [types[base.__name__] for base in kind.__mro__ if base.__name__ in types]
        for part in [part for parent in parents for part in parent.body]:
            if not isinstance(part, ast.AnnAssign) or not isinstance(part.target, ast.Name):
                continue
            words: list[str] = []
            above = part.lineno - 2
            while lines[above].strip().startswith("#:"):
                words.insert(0, lines[above].strip().removeprefix("#:").strip())
                above -= 1
            field = kind.model_fields.get(part.target.id)
            if words and field is not None:
                found.setdefault(node.name, {})[field.alias or part.target.id] = " ".join(words)
    return found


def write() -> None:
    """Write the schemas' files."""
    FOLDER.mkdir(exist_ok=True)
    for file, schema in schemas().items():
        (FOLDER / file).write_text(as_text(schema), "utf-8")


if __name__ == "__main__":
    write()
