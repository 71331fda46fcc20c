"""``python -m benchmarks [NAME …]``: measures, and prints a table for each."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import warnings
from collections.abc import Sequence
from types import ModuleType

import structlog

from base.garbage import collect_seldom
from benchmarks.databases import POSTGRESQL, SQLITE, databases

#: In the order in which they are run; each is a module of this package.
NAMES = ("fire", "decisions", "timers", "screening", "queue", "reports", "answers")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="scripts/bench", description="Measures Keurmerk beside the raw driver and others."
    )
    made.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all if none")
    made.add_argument("--quick", action="store_true", help="small sizes: to see that it runs")
    made.add_argument("--rounds", type=int, default=5, help="in turns, to take the medians of")
    made.add_argument("--sqlite-only", action="store_true", help="leave PostgreSQL out")
    for name in NAMES:
        module(name).options(made.add_argument_group(name))
    return made


def module(name: str) -> ModuleType:
    """A benchmark: ``options`` adds to the command line, ``measure`` gives a report."""
    return importlib.import_module(f"benchmarks.{name}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks named, or all; gives the exit code."""
    command = parser()
    given = command.parse_args(arguments)
    if unknown := [name for name in given.names if name not in NAMES]:
        command.error(f"there is no {unknown[0]}; there are {', '.join(NAMES)}")
    collect_seldom()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    # platformdirs, as the PostgreSQL server is started where no desktop session runs
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR ")
    kinds = [SQLITE] if given.sqlite_only else [SQLITE, POSTGRESQL]
    with databases(kinds) as place:
        for name in given.names or NAMES:
            module(name).measure(place, given).show()
    return 0


if __name__ == "__main__":
    sys.exit(main())
