"""YAML whose values know where they stand, and its validation with ``file:line:col``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from base.errors import BadDefinition, Remark
from base.i18n import FALLBACK, N_, translate
from base.yaml_reader import Node, Places, Unreadable, read_node

Model = TypeVar("Model", bound=BaseModel)
Path = Sequence[str | int]

#: Larger files are not process or rule files.
MAX_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Located:
    """The content of one YAML file, with the position of every key and value."""

    file: str
    text: str
    #: Plain dictionaries, lists and scalars.
    data: Any
    _places: Places

    def position(self, path: Path) -> tuple[int, int]:
        """Line and column (from 1) of the key or item at ``path``, or of its nearest parent."""
        places, line, column = self._places, 1, 1
        for step in path:
            if isinstance(places, dict) and step in places:
                line, column, places = places[str(step)]
            elif isinstance(places, list) and isinstance(step, int) and step < len(places):
                line, column, places = places[step]
            # else pydantic put the member of a union into the path, too: no key of the file
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
        data, places = _loaded(text)
    except Unreadable as error:
        raise _unreadable(file, error.line, error.column, error.what) from None
    return Located(file=file, text=text, data=data, _places=places)


# What is published is read from its file and from the database. Both parts are only read.
@lru_cache(maxsize=256)
def _loaded(text: str) -> Node:
    return read_node(text)


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
