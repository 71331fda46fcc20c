"""Forms as pages get them: names and texts, each once."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from base.errors import BadInput
from web.api.sent import UNKEEPABLE, can_be_kept

#: Boxes a form has at most.
MOST = 3000


async def form_of(request: Request) -> dict[str, str]:
    """The texts of a form by name; files are left out.

    Raises:
        BadInput: a text has a character that cannot be kept.
    """
    async with request.form(max_fields=MOST, max_files=0) as form:
        found = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    if not all(can_be_kept(name) and can_be_kept(value) for name, value in found.items()):
        raise BadInput(UNKEEPABLE)
    return found


#: For a route's parameters: the form that was sent.
Posted = Annotated[dict[str, str], Depends(form_of)]
