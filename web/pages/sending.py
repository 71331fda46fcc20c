"""What a page's form sends, read in one place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from base.errors import BadInput
from base.i18n import N_
from web.api.sent import can_be_kept

#: Fields and files one form has at most. The most fields are those of a rule file's values.
MOST_FIELDS, MOST_FILES = 3000, 20
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
#: A single text is never longer: a form's longest text, with some to spare for a good sentence.
MOST_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that was sent."""

    field: str
    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Sent:
    """The fields and files of a form."""

    fields: Mapping[str, Sequence[str]]
    files: Sequence[Upload] = ()

    def get(self, name: str, default: str = "") -> str:
        """The last value of a field."""
        found = self.fields.get(name)
        return found[-1] if found else default

    def number(self, name: str) -> int | None:
        """A whole number that the page itself put there; None where there is none."""
        text = self.get(name)
        return int(text) if _DIGITS.fullmatch(text) else None

    def all(self, name: str) -> Sequence[str]:
        """Every value of a field."""
        return self.fields.get(name, ())

    def under(self, prefix: str) -> dict[str, str]:
        """The fields whose names begin with ``prefix``, by the rest of the name."""
        return {
            name.removeprefix(prefix): values[-1]
            for name, values in self.fields.items()
            if name.startswith(prefix)
        }


async def read_form(request: Request) -> Sent:
    """What was sent; a file field that was left empty is left out.

    Raises:
        BadInput: it is no form, or has more parts than any form of ours.
    """
    try:
        async with request.form(
            max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=MOST_BYTES
        ) as form:
            fields: dict[str, list[str]] = {}
            files: list[Upload] = []
            for name, value in form.multi_items():
                if isinstance(value, UploadFile):
                    content = await value.read()
                    if value.filename or content:
                        files.append(Upload(field=name, name=value.filename or "", content=content))
                else:
                    fields.setdefault(name, []).append(_kept(value))
            return Sent(fields=fields, files=files)
    except HTTPException as error:
        if error.status_code == 400:
            raise BadInput(N_("This form cannot be read. Open the page again.")) from None
        raise


def _kept(text: str) -> str:
    """``text`` without what no database keeps: NUL and halves of surrogates; nobody types them."""
    if can_be_kept(text):
        return text
    return text.replace("\0", "").encode("utf-8", "ignore").decode()


#: What a page has before anything was sent.
NOTHING_SENT = Sent(fields={})
#: For a route's parameters: ``sent: Form``.
Form = Annotated[Sent, Depends(read_form)]
