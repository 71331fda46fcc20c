"""Facts about a case itself: declared here, so that rule files can be checked, and filled in above.

``workflows/facts.py`` knows cases and their forms.
"""

from __future__ import annotations

from rules.criteria import FactType
from rules.facts import declare

declare(
    "missing_in_section",
    FactType.INTEGER,
    {"section": FactType.TEXT},
    least=0,
    about="How many required answers and pieces of evidence a section of the case’s form lacks.",
)
