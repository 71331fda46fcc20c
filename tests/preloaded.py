"""What the server of :mod:`tests.processes` has loaded before a command begins."""

from __future__ import annotations

from importlib import import_module

import service  # noqa: F401
import web.app  # noqa: F401
from cli.app import COMMANDS
from notifications.templates import Templates
from rules.book import RuleBook
from workflows.process_file import load_processes

for module in COMMANDS.values():
    import_module(module)
load_processes()
RuleBook.from_folder()
Templates()
