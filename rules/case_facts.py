"""Facts about a case itself: declared here, so that rule files can be checked, and filled in above.

``workflows/facts.py`` knows cases and their forms.
"""

from __future__ import annotations

from rules.criteria import FactType
from rules.facts import declare

declare(
    "sent_answer",
    FactType.TEXT,
    {"name": FactType.TEXT},
    about="What was sent along with the step under this name: an answer of a list, or yes or no.",
    sent=True,
)
declare(
    "sent_number",
    FactType.INTEGER,
    {"name": FactType.TEXT},
    about="The number that was sent along with the step under this name.",
    sent=True,
)
declare(
    "form_answer",
    FactType.TEXT,
    {"field": FactType.TEXT},
    about="The answer to a field of the case’s form: an answer of a list, or yes or no.",
)
declare(
    "missing_in_section",
    FactType.INTEGER,
    {"section": FactType.TEXT},
    least=0,
    about="How many required answers and pieces of evidence a section of the case’s form lacks.",
)
declare(
    "sent_sum",
    FactType.INTEGER,
    {"starting": FactType.TEXT},
    about="The sum of the numbers sent along with the step under names that start so.",
    sent=True,
)
declare(
    "sent_least",
    FactType.INTEGER,
    {"starting": FactType.TEXT},
    about="The least of the numbers sent along with the step under names that start so.",
    sent=True,
)
declare(
    "sent_largest",
    FactType.INTEGER,
    {"starting": FactType.TEXT},
    about="The largest of the numbers sent along with the step under names that start so.",
    sent=True,
)
declare(
    "earlier_submissions",
    FactType.INTEGER,
    {
        "trigger": FactType.TEXT,
        "since": FactType.DATE,
        "until": FactType.DATE,
        "standing": FactType.BOOLEAN,
    },
    least=0,
    about="How many other cases of this process and person saw a step between two days, inclusive.",
)
declare(
    "earlier_outcomes",
    FactType.INTEGER,
    {"state": FactType.TEXT},
    least=0,
    about="How many other cases of this process, person and project are in a state.",
)
declare(
    "days_beyond_first_partner",
    FactType.INTEGER,
    {"trigger": FactType.TEXT, "months": FactType.INTEGER},
    least=0,
    about="By how many days it is later than so many months after a step of the first partner.",
)
declare(
    "sent_school_known",
    FactType.TEXT,
    {"name": FactType.TEXT, "place": FactType.TEXT, "area": FactType.TEXT},
    about="The school there is already of the name and town sent along; – where there is none.",
    sent=True,
)
