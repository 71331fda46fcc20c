"""YAML whose values know where they stand, and its validation with ``file:line:col``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.composer import Composer, ComposerError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, NodeEvent
from ruamel.yaml.scalarbool import ScalarBoolean

from base.errors import BadDefinition, Remark
from base.i18n import FALLBACK, N_, translate

Model = TypeVar("Model", bound=BaseModel)
Path = Sequence[str | int]

#: Larger files are not process or rule files; ruamel.yaml is slow enough to be a way to stall us.
MAX_CHARACTERS = 1_000_000
#: Aliases (``*name``) repeat what an anchor names, so that a short file can be endless.
MAX_VALUES = 100_000


@dataclass(frozen=True)
class Located:
    """The content of one YAML file, with the position of every key and value."""

    file: str
    text: str
    #: Plain dictionaries, lists and scalars.
    data: Any
    _tree: Any

    def position(self, path: Path) -> tuple[int, int]:
        """Line and column (from 1) of the key or item at ``path``, or of its nearest parent."""
        node, line, column = self._tree, 1, 1
        for step in path:
            if isinstance(node, CommentedMap) and step in node:
                row, col = node.lc.key(step)
            elif isinstance(node, CommentedSeq) and isinstance(step, int) and step < len(node):
                row, col = node.lc.item(step)
            else:
                # pydantic puts the member of a union into the path, too: no key of the file
                continue
            line, column, node = row + 1, col + 1, node[step]
        return line, column

    def remark(self, path: Path, message: str, severity: str = "error") -> Remark:
        """A remark about the place at ``path``."""
        line, column = self.position(path)
        return Remark(file=self.file, line=line, column=column, message=message, severity=severity)


def read_yaml(text: str, file: str) -> Located:
    """Read one YAML 1.2 document (``NO`` stays Norway, ``yes`` stays a word, dates become dates).

    Raises:
        BadDefinition: it is no YAML, has a key twice, or is too large; with the position.
    """
    if len(text) > MAX_CHARACTERS:
        raise _unreadable(file, 1, 1, f"the file has more than {MAX_CHARACTERS} characters")
    try:
        tree, data = _loaded(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = (error.problem or error.context or "this is not YAML").splitlines()[0]
        raise _unreadable(file, line, column, what) from None
    except RecursionError:
        raise _unreadable(file, 1, 1, "the file is nested too deeply") from None
    except (YAMLError, ValueError) as error:
        first = (str(error).splitlines() or ["this is not YAML"])[0]
        raise _unreadable(file, 1, 1, first) from None
    return Located(file=file, text=text, data=data, _tree=tree)


# Reading is slow, and what is published is read from its file and from the database.
@lru_cache(maxsize=256)
def _loaded(text: str) -> tuple[Any, Any]:
    """The tree of ``text`` with its places, and its plain values. Both are only read."""
    tree = _reader().load(text)
    return tree, _plain(tree, iter(range(MAX_VALUES)))


class _StrictComposer(Composer):
    """An anchor names one thing: the second of its name is an error, not a warning."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        named = isinstance(event, NodeEvent) and not isinstance(event, AliasEvent)
        if named and event.anchor in self.anchors:
            what = f"the anchor &{event.anchor} is there already"
            raise ComposerError(problem=what, problem_mark=event.start_mark)
        return super().compose_node(parent, index)


def _reader() -> YAML:
    reader = YAML(typ="rt", pure=True)
    reader.Composer = _StrictComposer
    return reader


def validated(model: type[Model], located: Located) -> Model:
    """``located`` as a ``model``.

    Raises:
        BadDefinition: with a remark for every value that does not fit.
    """
    try:
        return model.model_validate(located.data)
    except ValidationError as error:
        remarks = [_remark(model, located, dict(problem)) for problem in error.errors()]
        raise BadDefinition(N_("The file has errors."), remarks) from None


class Hint(str):
    """What follows a word nobody knows: the nearest known one, or nothing if none is near.

    In a remark about a file it is English, as the remark is. As a value of a sentence it is said in
    the sentence's language.
    """

    __slots__ = ("near",)
    near: str

    def __new__(cls, near: str) -> Hint:
        """The hint at ``near``; empty if that is."""
        hint = super().__new__(cls, _hint(near, FALLBACK))
        hint.near = near
        return hint

    def __getnewargs__(self) -> tuple[str]:
        return (self.near,)

    def say(self, language: str = FALLBACK) -> str:
        """The hint in ``language``."""
        return _hint(self.near, language)


def nearest(word: str, known: Iterable[str]) -> str:
    """A :class:`Hint` such as `` (did you mean "draft"?)``, or nothing where no word is near."""
    near = get_close_matches(word, list(known), n=1)
    return Hint(near[0] if near else "")


def _hint(near: str, language: str) -> str:
    if not near:
        return ""
    return " " + translate(N_('(did you mean "{near}"?)'), language, near=near)


def _plain(node: Any, left: Iterator[int]) -> Any:
    """``node`` without what ruamel.yaml adds; ``left`` runs out where aliases make it too much."""
    if next(left, None) is None:
        message = f"the file has more than {MAX_VALUES} values"
        raise ValueError(message)
    if isinstance(node, dict):
        return {str(key): _plain(value, left) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value, left) for value in node]
    if isinstance(node, bool | ScalarBoolean):  # first: bool is a kind of int
        return bool(node)
    for kind in (int, float, str):
        if isinstance(node, kind) and type(node) is not kind:
            return kind(node)
    return node


def _keys_at(model: type[BaseModel], path: Path) -> list[str]:
    """The keys a file may have at ``path``, as far as the types of ``model`` tell."""
    kind: Any = model
    for step in path:
        kind = _inner(kind)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            fields = {field.alias or name: field for name, field in kind.model_fields.items()}
            kind = fields[str(step)].annotation if str(step) in fields else None
        else:
            kind = (get_args(kind) or (None,))[-1]
    kind = _inner(kind)
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return []
    return [field.alias or name for name, field in kind.model_fields.items()]


def _inner(kind: Any) -> Any:
    """``kind`` without ``Annotated`` and ``| None``."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        inside = [part for part in get_args(kind) if part is not type(None)]
        kind = inside[0]
    return kind


def _remark(model: type[BaseModel], located: Located, problem: dict[str, Any]) -> Remark:
    path = tuple(problem["loc"])
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        hint = nearest(str(path[-1]), _keys_at(model, path[:-1]))
        message = f'"{path[-1]}" is not known here{hint}'
    elif problem["type"] == "missing":
        message = f'"{path[-1]}" is missing here'
    return located.remark(path, message)


def _unreadable(file: str, line: int, column: int, what: str) -> BadDefinition:
    remark = Remark(file=file, line=line, column=column, message=what)
    return BadDefinition(N_("The file cannot be read."), [remark])
