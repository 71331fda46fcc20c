"""Parties, and everything that names one: actors, asks, and what may exist only once."""

from __future__ import annotations

from workflows.checks.check import Check, Place
from workflows.definition import Actor, Ask, Step
from workflows.form import fields
from workflows.subjects import KINDS

#: What an ask of each type can fill.
_FILLS = {"person": "person", "organisation": "organisation", "project": "project"}


def check_parties(check: Check) -> None:
    """Every party is filled by something, and what names one names one there is."""
    for name in check.process.parties:
        if name in KINDS:
            message = f'"{name}" is what every case can be about: choose another name'
            check.error(("parties", name), message)
    _actors(check)
    _filled(check)
    _starts(check)


def _kind(check: Check, name: str) -> str | None:
    """What a party, or a column of the case itself, is."""
    if name in check.process.parties:
        return check.process.parties[name].kind
    return name if name in KINDS else None


def _party(check: Check, name: str, kind: str, place: Place) -> bool:
    """Whether ``name`` is a party of this kind, or what the case itself is about."""
    if not check.named("party", name, [*check.process.parties, *KINDS], place):
        return False
    if _kind(check, name) != kind:
        check.error(place, f'"{name}" is no {kind}')
        return False
    return True


def _actors(check: Check) -> None:
    for name, actor in check.process.actors.items():
        place: Place = ("actors", name)
        if actor.party:
            _party(check, actor.party, "person", (*place, "party"))
        if actor.area_of:
            there = (*place, "area_of")
            check.named("party", actor.area_of, check.process.parties, there)
        _only_with(check, actor, place)
        if actor.address:
            _address(check, name, actor, place)


def _only_with(check: Check, actor: Actor, place: Place) -> None:
    """Keys that say more about one way to be an actor, and nothing about another."""
    ways = {
        "grant": (actor.grant, {"scope", "area_of"}),
        "linked_to": (actor.linked_to == "organisation", {"roles"}),
        "address": (actor.address, {"named"}),
    }
    for way, (used, keys) in ways.items():
        for key in sorted(keys & actor.model_fields_set):
            if not used:
                check.error((*place, key), f'"{key}" belongs to {way}, which is not here')
    if actor.area_of and "scope" in actor.model_fields_set and actor.scope == "all":
        check.error((*place, "area_of"), "a right for all areas is not that of one party")


def _address(check: Check, name: str, actor: Actor, place: Place) -> None:
    """An address is known while the step that asks for it is taken, and not after."""
    for there, step_name, step in check.steps():
        asks = {ask.name: ask.type for ask in step.asks}
        for template, reader in step.notice.items():
            if reader == name:
                message = f'"{name}" has no account, and so reads no notices'
                check.error((*there, "notice", template), message)
        for template, reader in step.mail.items():
            if reader == name and asks.get(actor.address or "") != "email":
                message = f'"{step_name}" asks for no mail address under "{actor.address}"'
                check.error((*there, "mail", template), message)
    for timer_name, timer in check.process.timers.items():
        for template, reader in timer.mail.items():
            if reader == name:
                message = f'the address of "{name}" is not kept: a timer cannot write to it'
                check.error(("timers", timer_name, "mail", template), message)
    if actor.named and not any(
        ask.name == actor.named for _place, _name, step in check.steps() for ask in step.asks
    ):
        check.error((*place, "named"), f'no step asks for "{actor.named}"')


def _filled(check: Check) -> None:
    filled: set[str] = set()
    for place, _name, step in check.steps():
        if step.becomes and _party(check, step.becomes, "person", (*place, "becomes")):
            filled.add(step.becomes)
        for index, ask in enumerate(step.asks):
            there: Place = (*place, "asks", index)
            _ask(check, ask, there)
            if ask.becomes and ask.type in _FILLS:
                _party(check, ask.becomes, _FILLS[ask.type], (*there, "becomes"))
                filled.add(ask.becomes)
    for name in check.process.parties:
        if name not in filled:
            message = f'nothing fills the party "{name}": a step or an ask becomes it'
            check.error(("parties", name), message)


def _ask(check: Check, ask: Ask, place: Place) -> None:
    own = {
        "choices": {"choice"}, "must_be": {"yes_no"}, "least": {"number"}, "most": {"number"},
        "max_characters": {"text", "text_per_section"}, "without": {"text"}, "becomes": set(_FILLS),
    }  # fmt: skip
    for key, types in own.items():
        if key in ask.model_fields_set and ask.type not in types:
            message = f'"{key}" is for asks of type {", ".join(sorted(types))}'
            check.error((*place, key), message)
    if ask.type == "choice" and not ask.choices:
        check.error(place, "say what can be chosen: choices")
    if ask.least is not None and ask.most is not None and ask.least > ask.most:
        check.error((*place, "most"), f"{ask.most} is less than {ask.least}: nothing can be given")
    _of_starts(check, ask, place)
    if ask.must_be and not ask.required:
        message = "where one answer only is possible it has to be given: add required: true"
        check.error((*place, "must_be"), message)


def _of_starts(check: Check, ask: Ask, place: Place) -> None:
    for key in ("answers", "only_if"):
        if getattr(ask, key) and place[0] != "starts":
            check.error((*place, key), f'"{key}" is for the asks of starts')
    if ask.answers is None:
        return
    there: Place = (*place, "answers")
    known = {key: field for key, _section, field in fields(check.process)}
    if not check.named("field", ask.answers, known, there):
        return
    field = known[ask.answers]
    if field.type != ask.type or set(ask.choices) != set(field.choices):
        check.error(there, f'"{ask.answers}" takes another kind of answer')
        return
    if ask.private:
        check.error(there, "what is private is not kept in the form, either")
    form = check.process.form
    most = field.max_characters or (form.max_characters if form else 0)
    if ask.type == "text" and (ask.max_characters > most or set(field.without) - set(ask.without)):
        message = f'"{ask.answers}" takes less: give both the same max_characters and without'
        check.error(there, message)


def _starts(check: Check) -> None:
    subject = check.process.subject
    for name, start in check.process.starts.items():
        place: Place = ("starts", name)
        if start.about == "actor" and subject != "person":
            message = f"a case is about one {subject}, and whoever starts it is a person"
            check.error((*place, "about"), message)
        if start.about == "made" and not start.effect:
            message = f"nothing makes the {subject} it is about: add an effect that does"
            check.error((*place, "about"), message)
        if start.about == "given" and not start.every and _fills(start, subject):
            message = f"an ask fills the {subject} already: say about: made, or leave it out"
            check.warning((*place, "asks"), message)


def _fills(step: Step, name: str) -> bool:
    return step.becomes == name or any(ask.becomes == name for ask in step.asks)
