"""The form: sections, steps and fields that make sense together."""

from __future__ import annotations

from workflows.checks.check import Check, Place
from workflows.form_definition import Form, FormField

#: What only fields of one type may say.
OWN_KEYS = {
    "yes_no": {"must_be"},
    "text": {"max_characters", "without"},
    "choice": {"choices"},
    "evidence": {"kinds", "accept", "max_megabytes", "at_most"},
}


def check_form(check: Check) -> None:
    """The form, if there is one."""
    form = check.process.form
    if form is None:
        return
    place: Place = ("form",)
    for index, state in enumerate(form.edited_in):
        there = (*place, "edited_in", index)
        known = check.named("state", state, check.process.states, there)
        if known and check.process.states[state].final:
            check.error(there, f'"{state}" is final: nothing is edited in it any more')
    for index, actor in enumerate(form.edited_by):
        there = (*place, "edited_by", index)
        if check.named("actor", actor, check.process.actors, there) and check.is_platform(actor):
            check.error(there, "the platform fills in no form")
    _sections(check, form)
    if form.titled_by is not None:
        texts = {
            f"{section.section}.{field.name}"
            for section in form.sections
            for field in section.fields
            if field.type == "text"
        }
        check.named("text field", form.titled_by, texts, (*place, "titled_by"))


def _sections(check: Check, form: Form) -> None:
    names: set[str] = set()
    steps: dict[int, str] = {}
    for index, section in enumerate(form.sections):
        place: Place = ("form", "sections", index)
        if section.section in names:
            check.error((*place, "section"), f'there are two sections "{section.section}"')
        names.add(section.section)
        if section.step in steps:
            message = f'step {section.step} is "{steps[section.step]}" already'
            check.error((*place, "step"), message)
        steps.setdefault(section.step, section.section)
        if section.document:
            there = (*place, "document")
            check.named("document", section.document, check.known.documents, there)
        fields: set[str] = set()
        for number, field in enumerate(section.fields):
            there = (*place, "fields", number)
            if field.name in fields:
                check.error((*there, "name"), f'there are two fields "{field.name}" here')
            fields.add(field.name)
            _field(check, field, there)


def _field(check: Check, field: FormField, place: Place) -> None:
    for kind, keys in OWN_KEYS.items():
        for key in sorted(keys & field.model_fields_set):
            if kind != field.type:
                check.error((*place, key), f'"{key}" is for fields of type {kind}')
    if field.type == "choice" and not field.choices:
        check.error(place, "say what can be chosen: choices")
    if field.type != "evidence":
        return
    for index, kind in enumerate(field.accept):
        check.named("kind of file", kind, check.known.file_kinds, (*place, "accept", index))
    if "file" in field.kinds and not field.accept:
        check.error(place, "say which kinds of file are accepted: accept: [pdf, jpg]")
    if "file" not in field.kinds and field.accept:
        check.error((*place, "accept"), "no files are taken here: add file to kinds")
