"""What a command does when it fails by a fault of ours: one sentence, and the trace in the log."""

from __future__ import annotations

import os
import tempfile
import traceback
from pathlib import Path

import structlog

from base.ids import new_id

log = structlog.get_logger("keurmerk.cli")


def failed(error: Exception) -> str:
    """Put ``error`` into the log, and give back the sentence for whoever ran the command.

    A log that programs read (``KEURMERK_LOG_FORMAT=json``) gets a line with the trace. Where the
    error stream is read by people the trace would hide the sentence: it goes to a file beside it,
    which only this user can read. Neither has the values of variables: they may be secrets.
    """
    reference = new_id()
    if isinstance(structlog.get_config()["processors"][-1], structlog.processors.JSONRenderer):
        log.error("command failed", reference=reference, exc_info=error)
        place = "The log"
    else:
        trace = Path(tempfile.gettempdir()) / f"keurmerk-{reference}.log"
        try:
            _write(trace, error)
            place = str(trace)
        except OSError:
            log.error("command failed", reference=reference, exc_info=error)
            place = "The log"
    return f"Something went wrong that is our fault (reference {reference}). {place} tells what."


def _write(path: Path, error: Exception) -> None:
    text = "".join(traceback.format_exception(error))
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
