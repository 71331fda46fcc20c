"""A process in words: what its file says, for people who do not read files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from base.i18n import N_, Text, say, translate
from rules.open_values import explained
from rules.wording import fill
from workflows.definition import Process, TimerRule
from workflows.publishing import Published
from workflows.time_in_words import TimeInWords


@dataclass(frozen=True, kw_only=True)
class StateRead:
    """A state under its names, and who may do what in it."""

    name: str
    title: str
    to_school: str
    waits_for: str
    final: bool
    #: What can be done in it, and by whom.
    steps: list[tuple[str, str]]


@dataclass(frozen=True, kw_only=True)
class TimerRead:
    """What happens by itself."""

    name: str
    #: In which states; empty for a start.
    states: str
    when: str
    #: What it does.
    does: str


@dataclass(frozen=True, kw_only=True)
class RuleSetRead:
    """A rule set with its criteria in words."""

    name: str
    title: str
    criteria: list[str]


def states(process: Process, language: str) -> list[StateRead]:
    """Every state, in the file's order."""
    found = []
    for name, state in process.states.items():
        steps = [
            (say(step.title, language), _actors(process, step.by, language))
            for step in process.transitions.values()
            if name in step.source
        ]
        waits = say(process.actors[state.waits_for].title, language) if state.waits_for else ""
        found.append(
            StateRead(
                name=name, title=say(state.title, language),
                to_school=say(state.to_school, language), waits_for=waits, final=state.final,
                steps=steps,
            )
        )  # fmt: skip
    return found


def time_in_words(
    published: Published, round_name: str | None, area: str, language: str
) -> TimeInWords:
    """How the times of a process are said, with the values of a round for an area."""
    process = published.process
    steps = [*process.starts.values(), *process.transitions.values()]
    return TimeInWords(
        language=language, values=published.values(round_name, area),
        about=explained(published.book, process.round) if process.round else {},
        own={ask.name: ask.title for step in reversed(steps) for ask in step.asks},
    )  # fmt: skip


def timers(process: Process, times: TimeInWords) -> list[TimerRead]:
    """Everything that happens by itself: starts, what is due in a state, and the daily mails."""
    language = times.language
    found = [
        TimerRead(name=name, when=times.point(start.at), does=say(start.title, language), states="")
        for name, start in process.starts.items()
        if start.at
    ]
    found += [
        TimerRead(
            name=name, when=times.timer(rule), does=what_it_does(process, rule, language),
            states=", ".join(say(process.states[one].title, language) for one in rule.states),
        )
        for name, rule in process.timers.items()
    ]  # fmt: skip
    for name, digest in process.digests.items():
        when = translate(N_("on working days at {time}"), language, time=digest.at)
        does = translate(
            N_("one mail about all cases that wait, to {who}"), language,
            who=process.actors[digest.to].title,
        )  # fmt: skip
        titles = ", ".join(say(process.states[one].title, language) for one in digest.waiting)
        found.append(TimerRead(name=name, when=when, does=does, states=titles))
    return found


def mails(process: Process, times: TimeInWords) -> list[tuple[str, str, str]]:
    """Every mail of a step or timer: its template, what it is sent by, and who gets it."""
    found, language = [], times.language
    for step in [*process.starts.values(), *process.transitions.values()]:
        for template, actor in step.mail.items():
            found.append((template, say(step.title, language), _actors(process, [actor], language)))
    for rule in process.timers.values():
        for template, actor in rule.mail.items():
            found.append((template, times.timer(rule), _actors(process, [actor], language)))
    return found


def rule_sets(
    published: Published, round_name: str | None, area: str, language: str
) -> list[RuleSetRead]:
    """The rule sets of a process with their criteria as sentences, filled for a round and area."""
    values: Mapping[str, Any] = published.values(round_name, area)
    found = []
    for name in published.parts["rule_sets"]:
        rules = published.book.rule_set(name)
        places = {**dict.fromkeys(rules.parameters), **values, "actual": "…", "missing": "…"}
        criteria = []
        for one in rules.criteria:
            operands = [operand for _, written in one.comparisons() for operand in written]
            required = _filled(operands[0], values) if operands else "…"
            criteria.append(
                fill(say(one.text, language), {**places, "required": required}, language)
            )
        found.append(RuleSetRead(name=name, title=say(rules.title, language), criteria=criteria))
    return found


def open_settings(
    published: Published, round_name: str | None, area: str
) -> list[tuple[str, Text | str]]:
    """What nobody has set in a round for an area: name, and what it is."""
    if round_name is None or published.process.round is None:
        return []
    about = explained(published.book, published.process.round)
    values = published.values(round_name, area)
    return [(name, about.get(name, "")) for name, value in values.items() if value is None]


def _filled(operand: Any, values: Mapping[str, Any]) -> Any:
    text = str(operand)
    if text.startswith("${") and text.endswith("}"):
        return values.get(text[2:-1])
    return operand


def _actors(process: Process, names: list[str], language: str) -> str:
    return ", ".join(say(process.actors[name].title, language) for name in names)


def what_it_does(process: Process, rule: TimerRule, language: str) -> str:
    """What a timer does when it is due."""
    if rule.fire:
        return say(process.transitions[rule.fire].title, language)
    readers = _actors(process, list(dict.fromkeys(rule.mail.values())), language)
    return translate(N_("a reminder to {who}"), language, who=readers)
