"""What there is to say of a draft before it is proposed: errors, examples, missing languages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from base.errors import BadDefinition, Remark
from base.located import Located
from rules.book import RuleBook
from rules.checking import check_files
from rules.checks.examples import Tried, try_examples
from rules.checks.types import parameter_fault
from rules.round_file import Round, flat
from rules.rule_file import RuleSet
from workflows.checking import check_process
from workflows.definition import Process
from workflows.known import Mails, known_to
from workflows.language_gaps import Gap, language_gaps
from workflows.process_file import read_process
from workflows.publishing import File


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A draft, checked."""

    remarks: tuple[Remark, ...]
    #: The examples of the rule file, or those of others that take this round.
    examples: tuple[Tried, ...] = ()
    gaps: tuple[Gap, ...] = ()
    #: None where the file cannot be read.
    located: Located | None = None
    content: Process | RuleSet | Round | None = None

    @property
    def errors(self) -> list[Remark]:
        """What keeps it from being published."""
        return [remark for remark in self.remarks if remark.severity == "error"]


def check_draft(file: File, text: str, beside: RuleBook, mails: Mails) -> Checked:
    """Everything there is to say of a draft.

    A round is also tried on the rule files of its calendar. If their examples come out differently
    with it, that is a warning, not an error: they came out with the round as it was.

    Arguments:
        beside: the rule sets and rounds in force, in whose place the draft comes.
    """
    kind, name = file
    book = RuleBook()
    try:
        if kind == "process":
            process, located = read_process(text, f"{name}.yaml")
            content: Process | RuleSet | Round = process
        else:
            content = book.add(text, f"{name}.yaml")
            located = book.located(content.name)
    except BadDefinition as error:
        return Checked(remarks=tuple(error.remarks))
    wrong = _another(file, content, located)
    if wrong:
        return Checked(remarks=(wrong,), located=located)
    examples: list[Tried] = []
    if isinstance(content, Process):
        remarks = check_process(content, located, known_to(beside, mails))
    else:
        book.add_missing(beside)
        files = {located.file: text}
        users = _users(content, book)
        files |= {f"{name}.yaml": book.text_of(name) for name in users}
        remarks = check_files(files, beside=book, untried=users)
        own = _own_faults(content, located, book)
        # What is wrong with this file is said of it, not of those that take its values.
        remarks = own + [
            one
            for one in remarks
            if one.file == located.file or (one.severity == "error" and not own)
        ]
        examples = _examples(content, book)
        if not any(one.severity == "error" for one in remarks):
            remarks += _otherwise(content, located, examples)
    remarks.sort(
        key=lambda one: (
            one.severity != "error", one.file != located.file, one.file, one.line, one.column,
        )
    )  # fmt: skip
    return Checked(
        remarks=tuple(remarks), examples=tuple(examples), gaps=tuple(language_gaps(located)),
        located=located, content=content,
    )  # fmt: skip


def _another(file: File, content: Process | RuleSet | Round, located: Located) -> Remark | None:
    """What is wrong where a text is of another kind or name than its draft."""
    kind, name = file
    key = {"process": "process", "rule_set": "rule_set", "round": "round"}[kind]
    found = content.process if isinstance(content, Process) else content.name
    fits = isinstance(content, Round) == (kind == "round") and found == name
    if fits:
        return None
    return located.remark((key,), f'this draft is about "{name}", and stays so: not "{found}"')


def _users(content: RuleSet | Round, book: RuleBook) -> list[str]:
    """The rule sets that take their values from a round."""
    if not isinstance(content, Round):
        return []
    return [one.name for one in book.rule_sets() if one.calendar == content.calendar]


def _own_faults(content: RuleSet | Round, located: Located, book: RuleBook) -> list[Remark]:
    """Values of a round that the rules of its calendar cannot use, each at its own place."""
    if not isinstance(content, Round):
        return []
    found: dict[Remark, None] = {}
    dates = flat(content.dates, {})
    for rules in (one for one in book.rule_sets() if one.calendar == content.calendar):
        for name, parameter in rules.parameters.items():
            place = ("dates", *name.split(".")) if name in dates else ("parameters", name)
            if name not in content.values(""):
                found[located.remark(("round",), f'"{name}" is missing: {rules.name} needs it')] = (
                    None
                )
            for area in ("", *content.countries):
                value = content.values(area).get(name)
                fault = None if value is None else parameter_fault(parameter, value)
                if fault and (not area or value != content.values("").get(name)):
                    there = ("countries", area, *place) if area else place
                    found[located.remark(there, f'"{name}" {fault}')] = None
    return list(found)


def _otherwise(
    content: RuleSet | Round, located: Located, examples: Sequence[Tried]
) -> list[Remark]:
    """A warning for each example of another file that comes out differently with this round."""
    if not isinstance(content, Round):
        return []
    return [
        located.remark(
            ("round",),
            f'"{one.name}" of {one.rule_set} comes out differently with this round: mend the '
            "example in the rule file when the round is published",
            "warning",
        )
        for one in examples
        if not one.as_expected
    ]


def _examples(content: RuleSet | Round, book: RuleBook) -> list[Tried]:
    if isinstance(content, RuleSet):
        rounds = book.rounds(content.calendar)
        return try_examples(content, book.located(content.name), rounds)
    found: list[Tried] = []
    for one in book.rule_sets():
        if one.calendar != content.calendar:
            continue
        names = {example.name for example in one.examples if example.round == content.round}
        tried = try_examples(one, book.located(one.name), book.rounds(one.calendar))
        found += [example for example in tried if example.name in names]
    return found
