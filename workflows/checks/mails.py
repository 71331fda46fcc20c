"""Mails that may be turned off: none of them is the only word of something that happened."""

from __future__ import annotations

from workflows.checks.check import Check


def check_optional_mails(check: Check) -> None:
    """Each is a reminder or a digest of the process; what tells of a step always goes out."""
    process = check.process
    told = {template for _place, _name, step in check.steps() for template in step.mail}
    reminding = {template for timer in process.timers.values() for template in timer.mail}
    reminding |= {digest.mail for digest in process.digests.values()}
    for index, template in enumerate(process.optional_mails):
        place = ("optional_mails", index)
        if template in told:
            message = (
                f'the mail "{template}" tells of a step: only reminders and digests can be '
                "turned off"
            )
            check.error(place, message)
        else:
            check.named("reminder or digest", template, reminding, place)
        if template in process.optional_mails[:index]:
            check.error(place, f'"{template}" stands here twice')
