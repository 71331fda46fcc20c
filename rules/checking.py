"""Whether rule and round files make sense: everything ``keurmerk check`` says of them.

Reading a file finds what is no rule or round file at all. This finds what is one and would not do:
names of nothing, values of the wrong type, texts that are missing, criteria nothing can meet, days
in the wrong order, and examples that do not come out. Notes repeat what stands in no source.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache

from base.errors import BadDefinition, Remark
from base.located import Located
from rules import (  # noqa: F401 - they register providers
    case_facts,
    duplicate_facts,
    person_facts,
    project_facts,
    quality_label_facts,
    registry_facts,
    school_facts,
    sent_exercise_facts,
    survey_facts,
)
from rules.book import RuleBook
from rules.checks import rounds as round_checks
from rules.checks.check import Check, Remarks
from rules.checks.examples import check_examples
from rules.checks.names import check_names
from rules.checks.satisfying import check_satisfying
from rules.checks.texts import check_texts
from rules.checks.types import check_types
from rules.round_file import Round
from rules.rule_file import RuleSet


def check_rule_set(
    rule_set: RuleSet, located: Located, rounds: Sequence[Round], *, try_examples: bool = True
) -> list[Remark]:
    """Everything there is to say of a rule file, in the order of its lines.

    A file with an ``error`` cannot be published.

    Arguments:
        rounds: the rounds of the rule set's calendar.
        try_examples: whether its examples have to come out.
    """
    check = Check(located=located, rule_set=rule_set, rounds=rounds)
    check_names(check)
    names_known = not check.failed
    check_types(check)
    check_texts(check)
    if not check.failed:
        check_satisfying(check)
    if names_known and try_examples:
        check_examples(check)
    return check.sorted()


def check_round(
    call: Round, located: Located, rule_sets: Sequence[RuleSet], others: Sequence[Round] = ()
) -> list[Remark]:
    """Everything there is to say of a round file, in the order of its lines.

    Arguments:
        rule_sets: those of the round's calendar.
        others: the other rounds of the calendar.
    """
    check = Remarks(located=located)
    round_checks.check_round(check, call, rule_sets, others)
    return check.sorted()


def check_book(book: RuleBook, untried: Collection[str] = ()) -> list[Remark]:
    """Everything there is to say of the rule sets and rounds of a book, file by file.

    Arguments:
        untried: rule sets whose examples came out before, with the rounds there were then.
    """
    checked: list[RuleSet | Round] = [*book.rule_sets(), *book.rounds()]
    texts: dict[str, set[tuple[str, str]]] = {}
    for one in checked:
        located = book.located(one.name)
        texts.setdefault(one.calendar, set()).add((located.file, located.text))
    beside = {calendar: frozenset(some) for calendar, some in texts.items()}
    return [
        remark for one in checked
        for remark in _checked(beside[one.calendar], one.name, one.name not in untried)
    ]  # fmt: skip


# Each process that is published asks this of the same files. A file is right or wrong by itself and
# by the files of its calendar: what changes in another calendar changes nothing here.
@lru_cache(maxsize=1024)
def _checked(files: frozenset[tuple[str, str]], name: str, tried: bool) -> tuple[Remark, ...]:
    return tuple(_check(_book(files), [name], () if tried else (name,)))


@lru_cache(maxsize=64)
def _book(files: frozenset[tuple[str, str]]) -> RuleBook:
    book = RuleBook()
    for file, text in sorted(files):
        book.add(text, file)
    return book


def check_files(
    files: Mapping[str, str], beside: RuleBook | None = None, untried: Collection[str] = ()
) -> list[Remark]:
    """Everything there is to say of some rule and round files.

    Arguments:
        files: texts by file name.
        beside: rule sets and rounds there are besides; a file replaces the one of its name.
        untried: rule sets whose examples need not come out.
    """
    book, names = RuleBook(), []
    remarks: list[Remark] = []
    for file, text in files.items():
        try:
            names.append(book.add(text, file).name)
        except BadDefinition as error:
            remarks.extend(error.remarks)
    if beside:
        book.add_missing(beside)
    return remarks + _check(book, names, untried)


def _check(book: RuleBook, names: Sequence[str], untried: Collection[str]) -> list[Remark]:
    remarks: list[Remark] = []
    rule_sets = {one.name: one for one in book.rule_sets()}
    for name in names:
        if name in rule_sets:
            rule_set = rule_sets[name]
            calls = book.rounds(rule_set.calendar)
            remarks += check_rule_set(
                rule_set, book.located(name), calls, try_examples=name not in untried
            )
        else:
            call = book.round(name)
            users = [one for one in rule_sets.values() if one.calendar == call.calendar]
            others = [one for one in book.rounds(call.calendar) if one is not call]
            remarks += check_round(call, book.located(name), users, others)
    return remarks
