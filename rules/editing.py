"""Files as forms: the values and texts of a file, and the file with some of them changed.

Only what changes changes: comments, order and spaces of the file stay as they are (ruamel.yaml).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from base.errors import BadInput, Problem
from base.i18n import LANGUAGES, N_
from base.located import Located
from rules.criteria import Comparison
from rules.round_file import UNKNOWN
from rules.rule_file import shielded, unshielded

Kind = Literal["day", "number", "yes_no", "word", "sentence", "operand"]
Path = tuple[str | int, ...]

NO_DAY = N_("Write a day as 2023-01-31, or unknown.")
NO_NUMBER = N_("Write a whole number, or unknown.")
NO_ANSWER = N_("Write true or false, or unknown.")
GONE = N_("This part of the file is not there any more.")
NOT_BY_FORM = N_("The form cannot change a file written like this one. Change its text.")

#: Keys whose value is a text in each language.
TEXTS = ("title", "about", "text", "found", "remedy", "hint", "to_school", "ahead")
#: Names and references: changing one is changing the file, which is for its text.
_NAMES = {
    "rule_set", "round", "calendar", "process", "id", "fact", "only_if", "provider", "type", "name",
    "languages", "examples", "inferred", "with", "facts", "countries", "subject", "unique", "zone",
    "matches",
}  # fmt: skip
#: What a criterion compares its fact with: a value of the round or one of its own, in turn.
_OPERANDS = {one.value for one in Comparison} - {
    Comparison.IS_TRUE, Comparison.IS_FALSE, Comparison.PRESENT, Comparison.MATCHES
}  # fmt: skip
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value of a file that a form shows."""

    #: Its keys, joined by a slash: ``dates/first_window/closes``.
    path: str
    kind: Kind
    #: As a form shows it; unknown where the file says so.
    value: str
    #: The line it stands on.
    line: int


def values_of(located: Located) -> list[Value]:
    """The days, numbers, answers and texts of a file that can be changed one by one."""
    return [
        Value(path=written(path), kind=kind, value=shown(value), line=located.position(path)[0])
        for path, kind, value in _walk(located.data, ())
    ]


def written(path: Path) -> str:
    """A path as one word."""
    return "/".join(str(step) for step in path)


def shown(value: Any) -> str:
    """A value as a form shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _walk(data: Any, path: Path) -> Iterator[tuple[Path, Kind, Any]]:
    if isinstance(data, dict):
        for key, value in data.items():
            if key not in _NAMES or (path and path[-1] in {"dates", "parameters"}):
                yield from _walk(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            if isinstance(value, dict):
                yield from _walk(value, (*path, index))
    elif path:
        yield path, kind_of(data, path), data


def kind_of(value: Any, path: Path) -> Kind:
    """What a value is, by itself and by where it stands."""
    if path[-1] in _OPERANDS or (isinstance(value, str) and value.startswith("${")):
        return "operand"
    if isinstance(value, bool):
        return "yes_no"
    if isinstance(value, int):
        return "number"
    if isinstance(value, date) or (path[0] == "dates" and value == UNKNOWN):
        return "day"
    return "sentence" if path[-1] in LANGUAGES else "word"


def read(text: str, kind: Kind, where: str) -> Any:
    """What somebody wrote into a form's box, as the file has it.

    Raises:
        BadInput: it is no value of that kind.
    """
    text = text.strip()
    if kind == "operand":
        return _operand(text)
    if text == UNKNOWN and kind != "sentence":
        return UNKNOWN
    if kind == "day":
        try:
            if _DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise BadInput(NO_DAY, [Problem(where=where, message=NO_DAY)])
    if kind == "number":
        if re.fullmatch(r"-?[0-9]{1,9}", text):
            return int(text)
        raise BadInput(NO_NUMBER, [Problem(where=where, message=NO_NUMBER)])
    if kind == "yes_no":
        if text in {"true", "false"}:
            return text == "true"
        raise BadInput(NO_ANSWER, [Problem(where=where, message=NO_ANSWER)])
    return text


def _operand(text: str) -> Any:
    """What a criterion compares with: a value of the round as it stands, or one of its own.

    Whether it suits the fact is for the check to say.
    """
    if re.fullmatch(r"-?[0-9]{1,9}", text):
        return int(text)
    if text in {"true", "false"}:
        return text == "true"
    try:
        return date.fromisoformat(text) if _DAY.fullmatch(text) else text
    except ValueError:
        return text


def changed(text: str, changes: Mapping[Path, Any]) -> str:
    """A file with some values changed, and all the rest as it stands.

    Arguments:
        changes: the new value by path; None takes the key away, and what is empty then with it.
            Keys that are not there are added.

    Raises:
        BadInput: a path leads nowhere in this file, or ruamel.yaml cannot keep the file as it is.
    """
    writer = YAML(typ="rt", pure=True)
    writer.preserve_quotes, writer.width = True, 1_000_000
    writer.indent(mapping=2, sequence=4, offset=2)
    try:
        tree = writer.load(shielded(text))
    except (YAMLError, ValueError, TypeError) as error:
        # What is read here (base/yaml_reader.py) is not always what ruamel.yaml reads: a tab.
        raise BadInput(NOT_BY_FORM) from error
    for path, value in changes.items():
        _put(tree, path, value)
    out = io.StringIO()
    writer.dump(tree, out)
    found: str = unshielded(out.getvalue())
    return found


def _put(tree: Any, path: Path, value: Any) -> None:
    parents: list[tuple[Any, Any]] = []
    node = tree
    for step in path[:-1]:
        if isinstance(node, list):
            if not (isinstance(step, int) and step < len(node)):
                raise BadInput(GONE, [Problem(where=written(path), message=GONE)])
        elif step not in node:
            if value is None:
                return
            node[step] = CommentedMap()
        parents.append((node, step))
        node = node[step]
    if not isinstance(node, dict):
        raise BadInput(GONE, [Problem(where=written(path), message=GONE)])
    if value is not None:
        node[path[-1]] = value
        return
    node.pop(path[-1], None)
    for parent, step in reversed(parents):
        if parent[step] or not isinstance(parent, dict):
            break
        del parent[step]
