"""Promises of a process, proved on its graph: they hold on every path, or it is not published.

``passes_one_of`` is proved by taking those triggers away: if the state can then still be reached,
the path that does is the counterexample.
"""

from __future__ import annotations

from workflows.checks.check import Check, Place
from workflows.definition import Promise
from workflows.graph import paths


def check_promises(check: Check) -> None:
    """Every promise, with the path or the step that breaks it."""
    for index, promise in enumerate(check.process.promises):
        place: Place = ("promises", index)
        if not check.named("state", promise.reaching, check.process.states, (*place, "reaching")):
            continue
        names = {name for _place, name, _step in check.steps()}
        known = [
            check.named("start or transition", trigger, names, (*place, "passes_one_of", number))
            for number, trigger in enumerate(promise.passes_one_of)
        ] + [
            check.named("start or transition", trigger, names, (*place, "not_linked", number))
            for number, trigger in enumerate(_named_unlinked(promise))
        ]
        if not all(known):
            continue
        if not (promise.passes_one_of or promise.not_linked or promise.sends_mail):
            message = "this promises nothing: say passes_one_of, not_linked or sends_mail"
            check.error(place, message)
        _passes(check, promise, place)
        _not_linked(check, promise, place)
        _sends_mail(check, promise, place)


def _named_unlinked(promise: Promise) -> list[str]:
    return promise.not_linked if isinstance(promise.not_linked, list) else []


def _passes(check: Check, promise: Promise, place: Place) -> None:
    if not promise.passes_one_of:
        return
    way = paths(check.process, without=promise.passes_one_of).get(promise.reaching)
    if way is not None:
        message = f'not kept: {" → ".join(way)} reaches "{promise.reaching}" past all of these'
        check.error((*place, "passes_one_of"), message)


def _not_linked(check: Check, promise: Promise, place: Place) -> None:
    """The steps promised (or, without any, those into the state) are taken by unlinked people."""
    if not promise.not_linked:
        return
    for _place, name, step in check.steps():
        into = [name] if promise.reaching in step.targets else []
        promised = _named_unlinked(promise) or promise.passes_one_of or into
        if name not in promised:
            continue
        for actor_name in step.by:
            actor = check.process.actors.get(actor_name)
            if actor is None:
                continue
            if actor.platform:
                message = f'not kept: "{name}" may be done by the platform, which is nobody'
                check.error((*place, "not_linked"), message)
            elif not actor.unless:
                message = (
                    f'not kept: "{name}" may be done by "{actor_name}", who may be linked to the '
                    "organisation (no unless: linked_to_organisation)"
                )
                check.error((*place, "not_linked"), message)


def _sends_mail(check: Check, promise: Promise, place: Place) -> None:
    if not promise.sends_mail:
        return
    for _place, name, step in check.steps():
        if promise.reaching in step.targets and (not step.mail or step.mail_if):
            message = f'not kept: "{name}" leads to "{promise.reaching}" and sends no mail'
            check.error((*place, "sends_mail"), message)
