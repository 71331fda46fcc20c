"""The option ``--output``: a file that is written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, TextIO

import typer

from base.errors import BadInput
from base.i18n import N_
from base.ids import new_id

Output = Annotated[
    Path | None, typer.Option("--output", help="File to write; printed if left out.")
]


@contextmanager
def output(path: Path | None) -> Iterator[TextIO]:
    """Where a command writes: the file at ``path``, or the standard output if there is none.

    The file appears, or is replaced, when all of it is written: whoever reads it meanwhile, or
    after a failure, finds what was there before. A device or pipe (``/dev/stdout``) is written to
    as it is.

    Raises:
        BadInput: nothing can be written there; the sentence says why.
    """
    if path is None:
        yield sys.stdout
    elif path.exists() and not (path.is_file() or path.is_dir()):
        with _sentences(path), path.open("w", encoding="utf-8", newline="") as device:
            yield device
    else:
        with _sentences(path), _replaced(path.resolve()) as file:
            yield file


@contextmanager
def _replaced(target: Path) -> Iterator[TextIO]:
    if target.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    part = target.with_name(f".{new_id()}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as file:
            yield file
        if target.exists():
            shutil.copymode(target, part)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def _sentences(path: Path) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        if not path.parent.exists():
            raise BadInput(
                N_("{name} cannot be written: there is no folder {folder}."),
                name=path, folder=path.parent,
            ) from None  # fmt: skip
        raise BadInput(
            N_("{name} cannot be written: {why}."), name=path, why=error.strerror or error
        ) from None
