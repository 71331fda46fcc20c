"""The graph of a process: every state can be reached and left, and none is waited in for ever."""

from __future__ import annotations

from workflows.checks.check import Check, Place
from workflows.graph import can_reach, edges, paths


def check_shape(check: Check) -> None:
    """Reachability, ends, and what each state waits for."""
    process = check.process
    for part in ("starts", "states", "actors"):
        if not getattr(process, part):
            check.error((part,), f"a process has at least one of its {part}")
    reached = paths(process)
    out = {edge.source for edge in edges(process)}
    ends = [name for name, state in process.states.items() if state.final]
    if process.states and not ends:
        check.error(("states",), "no state is final, so no case ever ends")
    ending = can_reach(process, ends)
    for name, state in process.states.items():
        place: Place = ("states", name)
        if name not in reached:
            check.error(place, f'the state "{name}" cannot be reached from any start')
        if state.final:
            _final(check, name, place)
            continue
        if name not in out:
            check.error(place, f'no transition leads out of "{name}": make it final or add one')
        elif ends and name not in ending:
            check.error(place, f'from "{name}" no final state can be reached')
        _waiting(check, name, state.waits_for, place)
    _nobody_fires(check)
    _starts(check)
    _readers(check)


def _final(check: Check, name: str, place: Place) -> None:
    for trigger in dict.fromkeys(e.trigger for e in edges(check.process) if e.source == name):
        check.error((*place, "final"), f'"{name}" is final, but "{trigger}" leads out of it')
    if check.process.states[name].waits_for:
        check.error((*place, "waits_for"), f'"{name}" is final: it waits for nobody')


def _waiting(check: Check, name: str, actor: str | None, place: Place) -> None:
    timers = [timer for timer in check.process.timers.values() if name in timer.states]
    fires = any(timer.fire for timer in timers)
    if actor is None:
        if not fires:
            message = f'say who "{name}" waits for, or add a timer that leads out of it'
            check.error(place, message)
        return
    if actor not in check.process.actors:
        return
    there = (*place, "waits_for")
    if check.is_platform(actor):
        if not fires:
            message = f'"{name}" waits for the platform, but no timer fires anything in it'
            check.error(there, message)
        return
    if not any(
        name in step.source and actor in step.by for step in check.process.transitions.values()
    ):
        message = f'"{name}" waits for "{actor}", who can do nothing in it'
        check.error(there, message)
    if not fires and not any(timer.mail for timer in timers):
        message = (
            f'"{name}" can wait for "{actor}" for ever: no timer fires a transition in it, '
            "and none writes to anybody"
        )
        check.warning(there, message)


def _nobody_fires(check: Check) -> None:
    """A step that only the platform may take needs something that makes the platform take it."""
    fired = {timer.fire for timer in check.process.timers.values()}
    for name, step in check.process.transitions.items():
        if all(check.is_platform(actor) for actor in step.by) and name not in fired:
            message = f'only the platform may do "{name}", and no timer fires it'
            check.error(("transitions", name, "by"), message)


def _starts(check: Check) -> None:
    for name, start in check.process.starts.items():
        place: Place = ("starts", name)
        platform = any(check.is_platform(actor) for actor in start.by)
        if start.at and not platform:
            message = "what begins by itself is done by the platform: add it to by"
            check.error((*place, "at"), message)
        if start.at and not start.every:
            check.error((*place, "at"), "say for whom it begins by itself: every: organisation")
        if start.every and not start.at:
            check.error((*place, "every"), "say when it begins by itself: at")
        if start.every and start.every != check.process.subject:
            message = f"a case is about one {check.process.subject}, not about one {start.every}"
            check.error((*place, "every"), message)
        if start.until and not start.at:
            check.error((*place, "until"), "only what begins by itself can be made up for: add at")
        if platform and not start.at and all(check.is_platform(actor) for actor in start.by):
            check.error((*place, "by"), f'only the platform may do "{name}": say when with at')


def _readers(check: Check) -> None:
    """A mail to the one who did something has a reader only where somebody has done it."""
    names = {name for _place, name, _step in check.steps()}
    for name, actor in check.process.actors.items():
        if not actor.did or not set(actor.did) <= names:
            continue
        done = check.person_triggers(actor.did)
        without = paths(check.process, without=done)
        for place, trigger, step in check.steps():
            sources: list[str | None] = list(getattr(step, "source", [None]))
            for channel, messages in (("mail", step.mail), ("notice", step.notice)):
                for template, reader in messages.items():
                    if reader == name and trigger not in done:
                        _unread(check, (*place, channel, template), name, sources, without)
        for timer_name, timer in check.process.timers.items():
            for template, reader in timer.mail.items():
                if reader == name:
                    there = ("timers", timer_name, "mail", template)
                    _unread(check, there, name, list(timer.states), without)


def _unread(
    check: Check,
    place: Place,
    actor: str,
    states: list[str | None],
    without: dict[str, tuple[str, ...]],
) -> None:
    did = ", ".join(check.process.actors[actor].did)
    for state in states:
        if state is None:
            check.warning(
                place, f"this may reach nobody: nobody has done any of {did} before a start"
            )
            return
        if state in without:
            way = " → ".join(without[state])
            message = f"this may reach nobody: by way of {way} no person has done any of {did}"
            check.warning(place, message)
            return
