"""The option ``--language``, the same for every command that has it."""

from __future__ import annotations

from typing import Annotated

import typer

from base.errors import BadInput
from base.i18n import FALLBACK, LANGUAGES, N_
from base.located import nearest


def known_language(code: str) -> str:
    """``code``, which is a language there is.

    Raises:
        BadInput: it is none; the sentence names those there are.
    """
    if code not in LANGUAGES:
        raise BadInput(
            N_("There is no language {name}{hint}. There are: {known}."),
            name=code, hint=nearest(code, LANGUAGES), known=LANGUAGES,
        )  # fmt: skip
    return code


Language = Annotated[
    str,
    typer.Option("--language", callback=known_language, help=f"Language: {', '.join(LANGUAGES)}."),
]
#: What a command speaks that is not told a language.
DEFAULT = FALLBACK
