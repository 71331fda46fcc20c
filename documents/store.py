"""Where the content of files is kept: once, under the name of its SHA-256, and never changed.

Several rows may name one content, so a content is removed only when none does any more, and whoever
writes a row that names one puts it before, so that no row is without its file, and once more after,
since the last row that named it before may have gone meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from base.canonical import sha256
from base.errors import Fault, NotFound
from base.i18n import N_

_NAME = re.compile(r"[0-9a-f]{64}")


class FileStore(Protocol):
    """Keeps contents under their SHA-256. Putting the same content twice keeps it once."""

    def put(self, content: bytes) -> str:
        """Keep ``content``; gives its SHA-256. When it returns, the content survives a crash."""
        ...

    def get(self, name: str) -> bytes:
        """The content whose SHA-256 is ``name``.

        Raises:
            NotFound: there is none.
            Fault: what is kept is not what was put.
        """
        ...

    def has(self, name: str) -> bool:
        """Whether there is a content with the SHA-256 ``name``."""
        ...

    def remove(self, name: str, needed: Callable[[], bool]) -> bool:
        """Remove the content whose SHA-256 is ``name``, unless it is needed; gives whether it went.

        One that is not there any more has gone. What a crash left half removed is settled by the
        next call with the same name.

        Arguments:
            needed: whether something still names it. Asked once nobody can find the content any
                more, so that whoever puts it meanwhile puts it anew.
        """
        ...


class FolderStore:
    """A folder: ``ab/cd/abcd…``, each file written once and read-only from then on."""

    def __init__(self, folder: Path) -> None:
        """Use ``folder``; it is made when the first content is put."""
        self.folder = folder

    def put(self, content: bytes) -> str:
        """Keep ``content``; gives its SHA-256. When it returns, the content survives a crash."""
        name = sha256(content)
        path = self._path(name)
        if path.is_file() and path.stat().st_size == len(content):
            return name
        _make_folders(path.parent, self.folder.parent)
        # A name of its own in the same folder, then a rename: nobody ever sees half a file, and
        # two who put the same content at once both end with the whole of it.
        handle, draft = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fchmod(file.fileno(), 0o440)
                os.fsync(file.fileno())
            Path(draft).replace(path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        _sync_folder(path.parent)
        return name

    def get(self, name: str) -> bytes:
        """The content whose SHA-256 is ``name``.

        Raises:
            NotFound: there is none.
            Fault: what is kept is not what was put.
        """
        try:
            content = self._path(name).read_bytes()
        except FileNotFoundError:
            raise NotFound(N_("This file is not there.")) from None
        if sha256(content) != name:
            raise Fault(N_("The file {name} was changed after it was stored."), name=name)
        return content

    def has(self, name: str) -> bool:
        """Whether there is a content with the SHA-256 ``name``."""
        return bool(_NAME.fullmatch(name)) and self._path(name).is_file()

    def remove(self, name: str, needed: Callable[[], bool]) -> bool:
        """Remove the content whose SHA-256 is ``name``, unless it is needed; gives whether it went.

        Arguments:
            needed: whether something still names it; asked while the content is set aside.
        """
        path = self._path(name)
        aside = path.with_name(f".leaving-{name}")
        with contextlib.suppress(FileNotFoundError):
            path.replace(aside)
        if not aside.exists():
            return True
        if needed():
            aside.replace(path)
        else:
            aside.unlink(missing_ok=True)
        _sync_folder(path.parent)
        return not path.exists()

    def _path(self, name: str) -> Path:
        # Only 64 hexadecimal digits become a path, so no name leads out of the folder.
        if not _NAME.fullmatch(name):
            raise NotFound(N_("This file is not there."))
        return self.folder / name[:2] / name[2:4] / name


def _make_folders(folder: Path, top: Path) -> None:
    """Make ``folder``, and make its entry in each folder above it, up to ``top``, durable."""
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    above = folder.parent
    while above.is_relative_to(top):
        _sync_folder(above)
        if above == top:
            break
        above = above.parent


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
