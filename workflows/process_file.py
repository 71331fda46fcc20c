"""Process files, read: from text to a :class:`Process` and the place of everything in it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from base.errors import BadDefinition, Remark
from base.i18n import N_
from base.located import Located, read_yaml, validated
from workflows.definition import Process

#: Where the processes that come with the program are.
FOLDER = Path(__file__).resolve().parent


# YAML with positions is slow to read, and what is read never changes.
@lru_cache(maxsize=256)
def read_process(text: str, file: str) -> tuple[Process, Located]:
    """Read one process file.

    Whether what it says makes sense is for ``workflows.checking.check_process``.

    Arguments:
        text: the file's content.
        file: its name, for remarks.

    Raises:
        BadDefinition: it is no YAML, or not of the shape of a process; every place is named.
    """
    located = read_yaml(text, file)
    if not isinstance(located.data, dict):
        remark = located.remark(
            (), "a process file is a list of keys and values: process, states, …"
        )
        raise BadDefinition(N_("The file has errors."), [remark])
    return validated(Process, located), located


def load_processes(folder: Path = FOLDER) -> dict[str, tuple[Process, Located]]:
    """The processes of a folder by name, from its ``*.yaml`` files in order of name.

    Raises:
        BadDefinition: files cannot be read, or two files describe a process of the same name; the
            remarks of all files together.
    """
    found: dict[str, tuple[Process, Located]] = {}
    remarks: list[Remark] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            process, located = read_process(path.read_text("utf-8"), path.name)
        except BadDefinition as error:
            remarks.extend(error.remarks)
            continue
        if process.process in found:
            other = found[process.process][1].file
            message = f'there is a process "{process.process}" already, in {other}'
            remarks.append(located.remark(("process",), message))
        else:
            found[process.process] = (process, located)
    if remarks:
        raise BadDefinition(N_("The process files have errors."), remarks)
    return found
