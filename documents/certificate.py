"""The certificate of a label."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from base.i18n import Text, say
from documents.qr import qr_code
from documents.typesetting import breakable, typeset
from documents.words import area_name, day_in_words, filled, known_language, words


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """What a certificate says."""

    #: Number by which the label is known: the label's id, or a shorter one.
    number: str
    #: The school that holds it, or where the person who does worked; empty for a project's.
    school: str
    #: Town; may be empty.
    place: str
    #: Country or region: ``BE-VLG``. Its NSO assessed the application; empty: the CSS did.
    area: str
    #: Who holds a personal label; and for which project, which alone holds a project's.
    person: str = ""
    project: str = ""
    #: The label's title.
    label: Text | str
    #: The round's title, such as 2023-2024; empty where the label's title says it.
    round: Text | str = ""
    #: Local days; first and last day of validity, both inclusive, None where it has no end.
    granted_on: date
    valid_from: date | None
    valid_until: date | None
    #: Address of the page that confirms it.
    verify_url: str
    #: Name of the NSO, where it is not simply that of its area.
    nso: str = ""


def render_certificate(data: Certificate, language: str) -> bytes:
    """The certificate as PDF/UA-1 in ``language`` (English where it does not exist).

    The same data gives the same bytes; the file says it was made on the day of the grant.
    """
    language = known_language(language)
    label, area = say(data.label, language), area_name(data.area, language)
    country = area_name(data.area[:2], language)
    holder = data.person or data.school or data.project
    text = words(
        "certificate", language, label=label, holder=holder, area=area, url=data.verify_url,
        project=data.project,
    )  # fmt: skip
    days = {
        "awarded_on": data.granted_on, "valid_from": data.valid_from,
        "valid_until": data.valid_until,
    }  # fmt: skip
    title = " ".join(dict.fromkeys([label, say(data.round, language)])).strip()
    where = [data.school if data.person else "", data.place, area, country]
    return typeset(
        "certificate.typ",
        {
            "language": language,
            "title": filled(text["document_title"], label=label, holder=holder),
            "date": data.granted_on.isoformat(),
            "words": text,
            "label": title,
            "holder": breakable(holder),
            "where": breakable(", ".join(dict.fromkeys(part for part in where if part))),
            "project": breakable(text["for_project"]) if data.person and data.project else "",
            "days": [
                [text[name], day_in_words(day, language)] for name, day in days.items() if day
            ],
            "mark": _mark(data),
            "number": data.number,
            "nso": data.nso or text["nso" if data.area else "css"],
            "url": data.verify_url,
            "shown_url": breakable(data.verify_url.split("://", maxsplit=1)[-1]),
            "qr": qr_code(data.verify_url),
        },
        data.granted_on,
    )


def _mark(data: Certificate) -> list[str]:
    """The years in the ornament."""
    days = [data.valid_from or data.granted_on, data.valid_until or data.granted_on]
    years: list[Any] = [day.year for day in days]
    return [str(year) for year in dict.fromkeys(years)]
