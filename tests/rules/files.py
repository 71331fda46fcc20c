"""A small rule file and a small round file for the tests of this folder, to be broken in places."""

from __future__ import annotations

from base.errors import BadDefinition, Remark
from rules.book import RuleBook
from rules.checking import check_files
from rules.criteria import Value
from rules.round_file import Round, read_round
from rules.rule_file import RuleSet, read_rule_set

RULES = """\
rule_set: loan/fit
title: {en: Fit, nl: Geschikt}
languages: [en, nl]
parameters:
  enough: {type: integer, about: How many teachers}
  since: {type: date, about: From when on}
  strict: {type: boolean, about: Whether the school must be validated}
facts:
  teachers:
    provider: active_teachers
    with: {since: ${since}}
criteria:
  - id: teachers
    fact: teachers
    at_least: ${enough}
    text: {en: "At least {required} since {since}", nl: "Minstens {required} sinds {since}"}
    remedy: {en: "{missing} to go", nl: "Nog {missing}"}
  - id: checked
    only_if: ${strict}
    fact: school_validated
    is_true: true
    text: {en: Checked, nl: Nagekeken}
    found: {en: "it is: {actual}", nl: "het is: {actual}"}
    remedy: {en: Ask, nl: Vraag}
examples:
  - name: all well
    round: "2030"
    facts: {teachers: 3, school_validated: true}
    expect: met
  - name: more than enough
    round: "2030"
    area: BE-VLG
    facts: {teachers: 30}
    expect: {teachers: met, checked: does_not_apply}
  - name: too few
    parameters: {enough: 3, since: 2029-01-01, strict: false}
    facts: {teachers: 2}
    expect: {teachers: unmet, checked: does_not_apply}
"""

ROUND = """\
round: "2030"
calendar: loan
title: {en: Year 2030, nl: Jaar 2030, fr: Année 2030, de: Jahr 2030}
dates:
  opening: 2030-01-10
  window: {opens: 2030-01-10, closes: 2030-02-10}
  change: {opens: 2030-02-11, closes: 2030-03-10}
parameters:
  enough: 3
  since: 2029-01-01
  strict: true
countries:
  BE:
    dates:
      window: {closes: 2030-02-05}
    parameters:
      enough: 2
  BE-VLG:
    parameters:
      strict: false
"""


def rule_set(text: str = RULES) -> RuleSet:
    """The rule set of a rule file."""
    return read_rule_set(text, "rules.yaml")[0]


def call(text: str = ROUND) -> Round:
    """The round of a round file."""
    return read_round(text, "round.yaml")[0]


def changed(text: str, old: str, new: str) -> str:
    """``text`` with its one ``old`` replaced; an error if it is not there just once."""
    assert text.count(old) == 1, (text.count(old), old)
    return text.replace(old, new)


def remarks(files: dict[str, str]) -> list[Remark]:
    """What the checker says of files, beside the small ones."""
    return check_files(files, beside=RuleBook.from_texts({"rules.yaml": RULES, "round": ROUND}))


def of_rules(old: str, new: str) -> list[str]:
    """What the checker says of the small rule file, changed in one place."""
    return [str(one) for one in remarks({"f": changed(RULES, old, new)})]


def of_round(old: str, new: str) -> list[str]:
    """What the checker says of the small round file, changed in one place."""
    return [str(one) for one in remarks({"f": changed(ROUND, old, new)})]


def unreadable(error: BadDefinition) -> list[str]:
    """The remarks of an error as lines."""
    return [str(remark) for remark in error.remarks]


Values = dict[str, Value | None]
