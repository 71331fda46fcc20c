"""Checks of a mail's file, before it is used: what is wrong, and in which line and column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from jinja2 import TemplateSyntaxError, meta, nodes
from jinja2.sandbox import SandboxedEnvironment

from base.errors import Remark
from notifications.values import LISTS, VALUES

_OUTSIDE = re.compile(r"!\[|<img|https?://(?!\{)", re.IGNORECASE)
_JINJA = re.compile(r"\{\{|\{%")


def check(file: str, text: str, environment: SandboxedEnvironment) -> list[Remark]:
    """Everything wrong with the template ``text`` that reading it can show.

    Arguments:
        file: its name, for the remarks.
        environment: what it is compiled in; its filters are those there are.
    """
    lines = text.splitlines()
    found = set(_outside(lines))
    try:
        tree = environment.parse(text)
    except TemplateSyntaxError as error:
        line = lines[error.lineno - 1] if error.lineno <= len(lines) else ""
        at = _JINJA.search(line)
        found.add((error.lineno, at.start() + 1 if at else 1, str(error.message)))
    else:
        inside = list(tree.find_all(nodes.Node))
        # In this order: Jinja cannot tell the values of a tree with unknown filters.
        found.update(_filters(inside, lines, environment))
        found.update(_names(tree, inside, lines, environment))
    return [
        Remark(file=file, line=line, column=column, message=message)
        for line, column, message in sorted(found)
    ]


_Place = tuple[int, int, str]


def _outside(lines: Iterable[str]) -> Iterator[_Place]:
    for number, line in enumerate(lines, 1):
        if at := _OUTSIDE.search(line):
            message = "nothing from outside may be loaded or linked in a mail"
            yield number, at.start() + 1, message


def _filters(
    inside: list[nodes.Node], lines: list[str], environment: SandboxedEnvironment
) -> Iterator[_Place]:
    for used in inside:
        if not isinstance(used, nodes.Filter | nodes.Test):
            continue
        kind, known, fine = "filter", set(environment.filters), "upper"
        if isinstance(used, nodes.Test):
            kind, known, fine = "test", set(environment.tests), "defined"
        name = getattr(used, "name", "")
        if name not in known:
            before = r"\|" if kind == "filter" else r"\bis(?:\s+not)?\s"
            column = _column(lines, used.lineno, rf"{before}\s*(?P<at>{re.escape(name)})\b")
            yield used.lineno, column, _unknown(kind, name, known)
            # Put a known one there, so that the rest can be looked at.
            vars(used)["name"] = fine


def _names(
    tree: nodes.Template, inside: list[nodes.Node], lines: list[str],
    environment: SandboxedEnvironment,
) -> Iterator[_Place]:  # fmt: skip
    names = [node for node in inside if isinstance(node, nodes.Name)]
    given = {one.name for one in names} - environment.globals.keys()
    if any(one.ctx != "load" for one in names):  # it has values of its own: who is seen where?
        given = meta.find_undeclared_variables(tree)
    for value in names:
        if value.ctx == "load" and value.name in given and value.name not in VALUES:
            column = _column(lines, value.lineno, rf"\b(?P<at>{value.name})\b")
            yield value.lineno, column, _unknown("value", value.name, VALUES)
    inner = [node for node in inside if isinstance(node, nodes.Getattr | nodes.Getitem)]
    for name, fields in VALUES.items():
        if fields is not None and name in given:
            yield from _fields(inner, name, fields, lines)
    for loop in [node for node in inside if isinstance(node, nodes.For)]:
        if isinstance(loop.iter, nodes.Name) and isinstance(loop.target, nodes.Name):
            items = LISTS.get(loop.iter.name)
            if items is not None and loop.iter.name in given:
                its = loop.find_all((nodes.Getattr, nodes.Getitem))
                yield from _fields(its, loop.target.name, items, lines)


def _fields(
    inner: Iterable[nodes.Expr], value: str, fields: frozenset[str], lines: list[str]
) -> Iterator[_Place]:
    for node in inner:
        field: str | None = None
        if isinstance(node, nodes.Getattr) and _is(node.node, value):
            field = node.attr
        elif isinstance(node, nodes.Getitem) and _is(node.node, value):
            field = str(node.arg.value) if isinstance(node.arg, nodes.Const) else None
        if field is not None and field not in fields:
            pattern = rf"\b{value}\s*(?:\.\s*|\[\s*['\"])(?P<at>{re.escape(field)})"
            message = _unknown(f"field of “{value}”", field, fields)
            yield node.lineno, _column(lines, node.lineno, pattern), message


def _is(node: nodes.Node, name: str) -> bool:
    return isinstance(node, nodes.Name) and node.name == name


def _column(lines: list[str], number: int, pattern: str) -> int:
    """Where the pattern's ``at`` begins in a line; Jinja itself tells lines only."""
    line = lines[number - 1]
    for opened in _JINJA.finditer(line):
        if found := re.compile(pattern).search(line, opened.end()):
            return found.start("at") + 1
    return 1


def _unknown(kind: str, name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), n=1)
    hint = f"; did you mean “{near[0]}”?" if near else ""
    return f"there is no {kind} called “{name}”{hint}"
