"""Whether what a process file says makes sense: every remark with its line and column.

Reading a file (``workflows.process_file``) finds what is no process at all. This finds what is one
and would not do: names of nothing, states nobody reaches or leaves, timers that never come, texts
and mails that are missing, and promises that are not kept.
"""

from __future__ import annotations

from base.errors import Remark
from base.located import Located
from workflows.checks.check import Check, Checker, Known
from workflows.checks.forms import check_form
from workflows.checks.mails import check_optional_mails
from workflows.checks.names import check_names
from workflows.checks.parties import check_parties
from workflows.checks.rounds import check_rounds
from workflows.checks.shape import check_shape
from workflows.checks.texts import check_texts
from workflows.checks.timers import check_timers
from workflows.definition import Process
from workflows.promises import check_promises

CHECKERS: tuple[Checker, ...] = (
    check_names,
    check_parties,
    check_texts,
    check_shape,
    check_form,
    check_rounds,
    check_timers,
    check_optional_mails,
    check_promises,
)


def check_process(process: Process, located: Located, known: Known) -> list[Remark]:
    """Everything there is to say of a process file, in the order of its lines.

    A file with an ``error`` cannot be published.

    Arguments:
        located: where the parts of ``process`` stand.
        known: what the file may name besides its own parts.
    """
    check = Check(process=process, located=located, known=known)
    for checker in CHECKERS:
        checker(check)
    return sorted(check.remarks, key=lambda remark: (remark.line, remark.column))
