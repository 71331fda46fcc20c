"""YAML as plain values, each with its place: the core of YAML 1.2, dates, anchors and merge keys.

libyaml finds the parts of the text; what they mean is decided here
(docs/decisions/0007-libyaml-reads.md).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeAlias

from yaml import (
    AliasEvent,
    MappingEndEvent,
    MappingStartEvent,
    MarkedYAMLError,
    ScalarEvent,
    SequenceEndEvent,
    StreamEndEvent,
    YAMLError,
)
from yaml.cyaml import CParser

#: Aliases (``*name``) repeat what an anchor names, so that a short file can be endless.
MAX_VALUES = 100_000
#: Of lists and mappings in one another; a process file has a dozen.
MAX_DEPTH = 100

#: What is in a mapping by its keys, or in a list: line and column (from 1) of the key or item, and
#: what is in that. None for a scalar.
Places: TypeAlias = "dict[str, Place] | list[Place] | None"
Place: TypeAlias = tuple[int, int, Places]
#: A value and the places in it.
Node: TypeAlias = tuple[Any, Places]

_TEXT_TAGS = {None, "!", "tag:yaml.org,2002:str"}
_MERGE = "<<"
_WORDS = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_FIRST_OF_NUMBERS = frozenset("+-.0123456789")
_NUMBERS: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"), date.fromisoformat),
    (
        re.compile(
            r"[0-9]{4}(?:-[0-9]{2}){2}[Tt ][0-9]{2}(?::[0-9]{2}){2}(?:\.[0-9]+)?"
            r"(?:Z|[-+][0-9]{2}:[0-9]{2})?"
        ),
        datetime.fromisoformat,
    ),
    (re.compile(r"[-+]?[0-9][0-9_]*"), lambda text: int(text.replace("_", ""))),
    (re.compile(r"[-+]?0(?:b[01]+|o[0-7]+|x[0-9a-fA-F]+)"), lambda text: int(text, 0)),
    (
        re.compile(r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"),
        lambda text: float(text.replace("_", "")),
    ),
    (
        re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"),
        lambda text: float(text.replace(".", "")),
    ),
)


class Unreadable(ValueError):
    """A text that cannot be read, with the line and column (from 1) of what is wrong."""

    def __init__(self, what: str, line: int = 1, column: int = 1) -> None:
        super().__init__(what)
        self.what, self.line, self.column = what, line, column


def read_node(text: str) -> Node:
    """The one document of ``text``.

    Raises:
        Unreadable: it is no YAML, or has something twice, too much, or what is not for our files.
    """
    try:
        return _Reader(text).document()
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = ", ".join(part for part in (error.problem, error.context) if part)
        raise _at(mark, what) if mark else Unreadable(what) from None
    except (YAMLError, UnicodeEncodeError) as error:  # a character that no text has
        raise Unreadable(str(error).splitlines()[0]) from None


class _Reader:
    def __init__(self, text: str) -> None:
        self._event: Callable[[], Any] = CParser(text).get_event
        self._values = 0
        self._anchors: set[str] = set()
        #: What an anchor names, and how many values that is.
        self._named: dict[str, tuple[Node, int]] = {}

    def document(self) -> Node:
        self._event()  # the stream begins
        if isinstance(self._event(), StreamEndEvent):
            return None, None
        node = self._node(self._event(), 1)
        self._event()  # the document ends
        event = self._event()
        if not isinstance(event, StreamEndEvent):
            raise _at(event.start_mark, "expected one document, but found another")
        return node

    def _node(self, event: Any, depth: int) -> Node:
        kind, anchor = type(event), event.anchor
        if kind is AliasEvent:
            return self._repeated(event)
        before = self._values
        self._count(event, 1)
        if anchor is not None:
            if anchor in self._anchors:
                raise _at(event.start_mark, f"the anchor &{anchor} is there already")
            self._anchors.add(anchor)
        node: Node
        if kind is ScalarEvent:
            node = _scalar(event), None
        elif event.tag is not None:
            raise _tagged(event)
        elif depth > MAX_DEPTH:
            raise _at(event.start_mark, "the file is nested too deeply")
        elif kind is MappingStartEvent:
            node = self._mapping(depth)
        else:
            node = self._list(depth)
        if anchor is not None:
            self._named[anchor] = node, self._values - before
        return node

    def _repeated(self, event: Any) -> Node:
        if event.anchor not in self._named:
            raise _at(event.start_mark, f"found undefined alias {event.anchor!r}")
        node, size = self._named[event.anchor]
        self._count(event, size)
        return node

    def _count(self, event: Any, values: int) -> None:
        self._values += values
        if self._values > MAX_VALUES:
            raise _at(event.start_mark, f"the file has more than {MAX_VALUES} values")

    def _list(self, depth: int) -> Node:
        data: list[Any] = []
        places: list[Place] = []
        while not isinstance(event := self._event(), SequenceEndEvent):
            value, inside = self._node(event, depth + 1)
            mark = event.start_mark
            data.append(value)
            places.append((mark.line + 1, mark.column + 1, inside))
        return data, places

    def _mapping(self, depth: int) -> Node:
        data: dict[str, Any] = {}
        places: dict[str, Place] = {}
        merged: list[tuple[dict[str, Any], Any]] = []
        while not isinstance(event := self._event(), MappingEndEvent):
            key, mark = _key(event), event.start_mark
            if key in data:
                raise _at(mark, f'the key "{key}" is there already')
            merging = key == _MERGE and not event.style and not merged
            event = self._event()
            value, inside = self._node(event, depth + 1)
            if merging:
                merged = _mappings(event, value, inside)
            else:
                data[key] = value
                places[key] = mark.line + 1, mark.column + 1, inside
        # Its own keys win, then the first mapping it takes keys from.
        for more, where in merged:
            data, places = {**more, **data}, {**where, **places}
        return data, places


def _key(event: Any) -> str:
    if type(event) is not ScalarEvent:
        raise _at(event.start_mark, "a key is a word, not a list, a mapping or an alias")
    if event.tag not in _TEXT_TAGS:
        raise _tagged(event)
    return str(event.value)  # a name, also where it looks like a year, a date or true


def _mappings(event: Any, value: Any, inside: Any) -> list[Node]:
    """The mappings of a merge key: one, or a list of them."""
    nodes = [(value, inside)]
    if isinstance(value, list):
        nodes = [(item, place[2]) for item, place in zip(value, inside, strict=True)]
    if not all(isinstance(one, dict) for one, _ in nodes):
        raise _at(event.start_mark, f"{_MERGE} takes the keys of mappings only")
    return nodes


def _scalar(event: Any) -> Any:
    if event.tag not in _TEXT_TAGS:
        raise _tagged(event)
    text = str(event.value)
    if event.style or event.tag:  # quoted, in a block, or said to be text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] in _FIRST_OF_NUMBERS:
        for pattern, value in _NUMBERS:
            if pattern.fullmatch(text):
                try:
                    return value(text)
                except ValueError as error:  # the 30th of February, or 5,000 digits
                    raise _at(event.start_mark, str(error).split(";")[0]) from None
    return text


def _tagged(event: Any) -> Unreadable:
    tag = str(event.tag).replace("tag:yaml.org,2002:", "!!")
    return _at(event.start_mark, f"the tag {tag} says nothing here: leave it out")


def _at(mark: Any, what: str) -> Unreadable:
    return Unreadable(what, mark.line + 1, mark.column + 1)
