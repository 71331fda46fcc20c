"""Commands in processes of their own, begun from one that has loaded the program already.

A command loads its modules and files for some seconds, most of which no test is about. So a server
loads them once, and every command is a fork of it: a process as any other, with its arguments, its
settings, its folder and its output, to be told to end or killed.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_server = multiprocessing.get_context("forkserver")
_server.set_forkserver_preload(["tests.preloaded"])


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a command ended, and what it wrote."""

    returncode: int
    stdout: str
    stderr: str


class Running:
    """``keurmerk`` with some arguments, in a process of its own."""

    def __init__(
        self, *arguments: str, folder: Path, settings: Mapping[str, str] | None = None,
        main: str = "service:main", log: Path | None = None,
    ) -> None:  # fmt: skip
        """Begin.

        Arguments:
            folder: where it runs.
            settings: by name, without the prefix; nothing else of Keurmerk's is set.
            main: what it calls, as ``module:function``, with the arguments behind its name.
            log: where its error stream goes, behind what is there; a new file if left out.
        """
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("KEURMERK_")
        }
        for name, value in (settings or {}).items():
            environment[f"KEURMERK_{name.upper()}"] = value
        place = Path(tempfile.mkdtemp(prefix="keurmerk-"))
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        self._out, self._log = place / "out", log or place / "log"
        self._process = _server.Process(
            target=_become,
            args=(main, arguments, str(folder), environment, str(self._out), str(self._log)),
        )
        self._process.start()

    @property
    def told(self) -> str:
        """What it has written to its error stream."""
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    @property
    def returncode(self) -> int | None:
        """What it ended with; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process.pid is not None
        os.kill(self._process.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def wait(self, timeout: float = 250) -> int:
        """Wait until it has ended; what it ended with."""
        self._process.join(timeout)
        assert self.returncode is not None, f"it did not end in {timeout} s: {self.told[-3000:]}"
        return self.returncode

    def ended(self, timeout: float = 250) -> Ended:
        """Wait until it has ended."""
        code = self.wait(timeout)
        return Ended(
            returncode=code, stdout=self._out.read_text(encoding="utf-8"), stderr=self.told
        )

    def until_told(self, words: str, timeout: float = 120) -> None:
        """Wait until it has said something on its error stream."""
        deadline = time.monotonic() + timeout
        while words not in self.told:
            assert self.returncode is None, f"it ended: {self.told[-3000:]}"
            assert time.monotonic() < deadline, f"it was never said: {self.told[-3000:]}"
            time.sleep(0.02)


def _become(
    main: str, arguments: tuple[str, ...], folder: str, environment: dict[str, str], out: str,
    log: str,
) -> None:  # fmt: skip
    """Be the command: what is called is its ``main``, and what it raises is its end."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, out), (2, log)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(file, number)
        os.close(file)
    sys.argv = ["keurmerk", *arguments]
    module, _, function = main.partition(":")
    getattr(importlib.import_module(module), function)()
