"""The declaration of honour that a school's principal signs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from base.i18n import Text, say
from documents.typesetting import breakable, typeset
from documents.words import area_name, filled, known_language, texts, words


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a declaration says."""

    school: str
    #: Town; may be empty.
    place: str
    area: str
    #: What is applied for.
    label: Text | str
    #: The round's title.
    round: Text | str = ""
    #: By which the application is known.
    reference: str
    #: The local day the page is made.
    made_on: date
    #: Title of the form's section where the signed page is added.
    step: Text | str
    #: What the principal declares; None: the list in ``documents/texts/declaration.yaml``.
    statements: Sequence[Text | str] | None = None


def render_declaration(data: Declaration, language: str) -> bytes:
    """The declaration as PDF/UA-1 in ``language`` (English where it does not exist).

    The same data gives the same bytes.
    """
    language = known_language(language)
    text = words("declaration", language, school=data.school, step=say(data.step, language))
    facts = {
        "school": data.school, "place": data.place, "area": area_name(data.area, language),
        "reference": data.reference,
    }  # fmt: skip
    label = " ".join(dict.fromkeys([say(data.label, language), say(data.round, language)])).strip()
    statements = texts("declaration")["statements"] if data.statements is None else data.statements
    return typeset(
        "declaration.typ",
        {
            "language": language,
            "title": filled(text["document_title"], school=data.school),
            "date": data.made_on.isoformat(),
            "words": text,
            "label": label,
            "facts": [[text[name], breakable(value)] for name, value in facts.items() if value],
            "intro": text["intro"],
            "statements": [say(statement, language) for statement in statements],
            "what_next": text["what_next"],
        },
        data.made_on,
    )
