"""The JSON Schema of process files, for editors that complete and check while one writes.

It is made from the types of ``MODULES``: a key's description is the ``#:`` comment above it.
``python -m workflows.schema`` writes it anew; a test compares the file with the types.
"""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from types import ModuleType
from typing import Any

import orjson

from workflows import definition, form_definition, points_in_time
from workflows.definition import Process

#: Where the types of a process file stand.
MODULES = (definition, form_definition, points_in_time)

FILE = Path(__file__).resolve().parent / "schemas" / "process.json"

#: Values that a file writes as a phrase: type -> what the phrase looks like.
PHRASES: dict[str, dict[str, Any]] = {
    "At": {
        "pattern": r"^(end of|([01][0-9]|2[0-3]):[0-5][0-9] on) (round|yearly|case)\.[a-z0-9_.]+$",
        "examples": ["end of round.first_window.closes", "09:00 on round.publication"],
    },
    "Span": {
        "pattern": r"^([0-9]{1,4}|round\.[a-z0-9_.]+) ((working )?days?|hours?)$",
        "examples": ["14 days", "2 working days", "round.judge_within_days working days"],
    },
}


def process_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a process file as people write it."""
    schema = Process.model_json_schema(by_alias=True, mode="validation")
    kinds: dict[str, Any] = schema["$defs"]
    for name, phrase in PHRASES.items():
        described = kinds[name].get("description", "")
        kinds[name] = {"title": name, "type": "string", "description": described, **phrase}
    for kind_name, comments in _comments().items():
        kind = schema if kind_name == Process.__name__ else kinds.get(kind_name, {})
        for key, comment in comments.items():
            if key in kind.get("properties", {}):
                kind["properties"][key]["description"] = comment
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "A process file of Keurmerk",
    }


def _comments() -> dict[str, dict[str, str]]:
    """The ``#:`` comment above each field of each type, by the field's name in a file."""
    found: dict[str, dict[str, str]] = {}
    for module in MODULES:
        found |= _comments_in(module)
    return found


def _comments_in(module: ModuleType) -> dict[str, dict[str, str]]:
    source = inspect.getsource(module)
    lines = source.splitlines()
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.ClassDef):
            continue
        fields = getattr(module, node.name).model_fields
        for part in node.body:
            if not isinstance(part, ast.AnnAssign) or not isinstance(part.target, ast.Name):
                continue
            words: list[str] = []
            above = part.lineno - 2
            while lines[above].strip().startswith("#:"):
                words.insert(0, lines[above].strip().removeprefix("#:").strip())
                above -= 1
            if words:
                key = fields[part.target.id].alias or part.target.id
                found.setdefault(node.name, {})[key] = " ".join(words)
    return found


def as_text() -> str:
    """The schema as it stands in its file."""
    return orjson.dumps(process_schema(), option=orjson.OPT_INDENT_2).decode() + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(as_text(), "utf-8")
