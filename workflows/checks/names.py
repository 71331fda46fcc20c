"""Every name a process file uses is the name of something."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workflows.checks.check import Check, Place
from workflows.definition import Step
from workflows.log_words import MOVE, UNDO
from workflows.subjects import KINDS

#: The engine's own words: a step taken back, a case moved to another version.
RESERVED = {UNDO, MOVE}
#: Keys the engine adds to what a step carries.
RESERVED_ASKS = {"form", "mails"}


def check_names(check: Check) -> None:
    """Names of actors, states, triggers, rule sets, effects and rights."""
    _head(check)
    _actors(check)
    for name, state in check.process.states.items():
        if state.waits_for:
            actor = state.waits_for
            check.named("actor", actor, check.process.actors, ("states", name, "waits_for"))
    _steps(check)
    for name, timer in check.process.timers.items():
        place: Place = ("timers", name)
        _each(check, "state", timer.states, check.process.states, (*place, "while"))
        _each(check, "state", timer.paused_in, check.process.states, (*place, "paused_in"))
        _messages(check, timer.mail, (*place, "mail"), notices=False)
        if timer.fire:
            check.named("transition", timer.fire, check.process.transitions, (*place, "fire"))
    for name, digest in check.process.digests.items():
        place = ("digests", name)
        _each(check, "state", digest.waiting, check.process.states, (*place, "waiting"))
        _template(check, digest.mail, (*place, "mail"), notice=False)
        known = check.named("actor", digest.to, check.process.actors, (*place, "to"))
        if known and not check.process.actors[digest.to].grant:
            message = f'a digest goes to the holders of a right; "{digest.to}" has no grant'
            check.error((*place, "to"), message)


def _head(check: Check) -> None:
    process = check.process
    try:
        ZoneInfo(process.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f'"{process.zone}" is no time zone: write one such as Europe/Brussels'
        check.error(("zone",), message)
    for index, part in enumerate(process.unique):
        if part == "round" and process.round is None:
            message = "the process has no round, so a case cannot be unique within one"
            check.error(("unique", index), message)
        else:
            known = {"round", *KINDS, *process.parties, *process.keeps}
            check.named("party", part, known, ("unique", index))
    for index, part in enumerate(process.keeps):
        if part in process.keeps[:index]:
            check.error(("keeps", index), f'"{part}" stands here twice')
        elif part in {"round", *KINDS, *process.parties}:
            message = f'"{part}" is the name of something else of a case: choose another name'
            check.error(("keeps", index), message)
    if not process.unique:
        for name, state in process.states.items():
            if state.frees:
                message = "nothing is unique in this process, so there is nothing to free"
                check.warning(("states", name, "frees"), message)


def _actors(check: Check) -> None:
    triggers = {name for _place, name, _step in check.steps()}
    for name, actor in check.process.actors.items():
        place: Place = ("actors", name)
        if actor.grant:
            check.named("right", actor.grant, check.known.rights, (*place, "grant"))
        _each(check, "start or transition", actor.did, triggers, (*place, "did"))
        _each(check, "start or transition", actor.link_of, triggers, (*place, "link_of"))
    used = {
        *(actor for _place, _name, step in check.steps() for actor in step.by),
        *(actor for _place, _name, step in check.steps() for actor in step.mail.values()),
        *(actor for _place, _name, step in check.steps() for actor in step.notice.values()),
        *(actor for timer in check.process.timers.values() for actor in timer.mail.values()),
        *(digest.to for digest in check.process.digests.values()),
        *(state.waits_for for state in check.process.states.values()),
        *(check.process.form.edited_by if check.process.form else []),
    }
    for name in check.process.actors:
        if name not in used:
            check.warning(("actors", name), f'the actor "{name}" is not used')


def _steps(check: Check) -> None:
    process = check.process
    for place, name, step in check.steps():
        if name in RESERVED:
            check.error(place, f'"{name}" is a word of the engine: choose another name')
        if place[0] == "transitions" and name in process.starts:
            message = f'"{name}" is the name of a start, too: a log could not tell them apart'
            check.error(place, message)
        _branches(check, step, place)
        _each(check, "actor", step.by, process.actors, (*place, "by"))
        _each(check, "rule set", step.guard, check.known.rule_sets, (*place, "guard"))
        for effect in step.effect:
            check.named("effect", effect, check.known.effects, (*place, "effect", effect))
        _messages(check, step.mail, (*place, "mail"), notices=False)
        _messages(check, step.notice, (*place, "notice"), notices=True)
        _asks(check, step, place)
        if step.records and process.form is None:
            check.error((*place, "records"), "the process has no form to record")
    for name, transition in process.transitions.items():
        place = ("transitions", name)
        _each(check, "state", transition.source, process.states, (*place, "from"))
        if transition.undo and transition.effect:
            message = "a step with an effect cannot be taken back: leave out undo or effect"
            check.error((*place, "undo"), message)


def _branches(check: Check, step: Step, place: Place) -> None:
    if isinstance(step.to, str):
        check.named("state", step.to, check.process.states, (*place, "to"))
        return
    if not step.to:
        check.error((*place, "to"), "say which state it leads to")
    for index, branch in enumerate(step.to):
        there: Place = (*place, "to", index)
        check.named("state", branch.to, check.process.states, (*there, "to"))
        _each(check, "rule set", branch.when, check.known.rule_sets, (*there, "when"))
        if not branch.when and index < len(step.to) - 1:
            message = "a branch without when is always taken: it has to be the last"
            check.error(there, message)


def _asks(check: Check, step: Step, place: Place) -> None:
    asked: set[str] = set()
    for index, ask in enumerate(step.asks):
        there: Place = (*place, "asks", index)
        if ask.name in asked:
            check.error((*there, "name"), f'"{ask.name}" is asked twice')
        if ask.name in RESERVED_ASKS:
            message = f'"{ask.name}" is a word of the engine: choose another name'
            check.error((*there, "name"), message)
        if ask.type == "text_per_section" and check.process.form is None:
            check.error((*there, "type"), "the process has no form, so there are no sections")
        asked.add(ask.name)


def _each(check: Check, what: str, words: list[str], known: Collection[str], place: Place) -> None:
    seen: set[str] = set()
    for index, word in enumerate(words):
        if word in seen:
            check.error((*place, index), f'"{word}" stands here twice')
        seen.add(word)
        check.named(what, word, known, (*place, index))


def _messages(check: Check, messages: Mapping[str, str], place: Place, *, notices: bool) -> None:
    for template, actor in messages.items():
        there = (*place, template)
        _template(check, template, there, notice=notices)
        if check.named("actor", actor, check.process.actors, there) and check.is_platform(actor):
            check.error(there, f'"{actor}" is the platform, which reads no mail')


def _template(check: Check, template: str, place: Place, *, notice: bool) -> None:
    folder = f"{check.process.process}/"
    ours = {name.removeprefix(folder) for name in check.known.templates if name.startswith(folder)}
    if not check.named("mail", template, ours, place):
        return
    languages = check.known.templates[folder + template]
    for language in check.languages():
        if language not in languages:
            check.error(place, f'the mail "{template}" does not exist in "{language}"')
        elif notice and not languages[language]:
            check.error(place, f'the mail "{template}" has no notice in "{language}"')
