"""The fence: durable_rules in a process of its own.

Its C code can be made to crash, to hang and to mix up two facts, so it never runs where a case is
handled. :class:`Fence` starts ``rules/fenced.py`` when it is first needed and feeds it batches. The
process is thrown away after any exception, a missed deadline, or when it has registered so many
rule sets that what it leaks counts; the batch is then asked once more of a fresh one.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from base.errors import Fault
from base.i18n import N_
from base.ids import new_id
from rules import fenced
from rules.durable import SEEN_BIT, Program

#: How long a batch may take, in seconds.
DEADLINE = 1.0
#: How long a fresh process may take to register a rule set, its own start included, in seconds.
START_DEADLINE = 10.0
#: How many facts go in one batch, if the rule set has few rules.
BATCH = 500
#: How many rules a batch may try on its facts: far less than what takes a second.
BATCH_RULES = 10_000
#: After so many rule sets the process is replaced: each costs it some 0.4 MB for ever.
MAX_PROGRAMS = 100

_UNAVAILABLE = N_("The rules could not be applied. Nothing was decided. Reference: {reference}.")

log = structlog.get_logger("keurmerk.rules")


class FenceBroken(Fault):
    """durable_rules gave no answer, twice. Nothing was decided."""

    code = "rules_unavailable"


class _Failure(Exception):
    """The process gave no usable answer; the text says why."""


def batch_size(program: Program) -> int:
    """How many facts to ask about in one batch."""
    return max(20, min(BATCH, BATCH_RULES // len(program.bits)))


class Fence:
    """Asks durable_rules. Safe to use from many threads, which take turns, and after a fork.

    Close it, or use it as a context manager; a forgotten one is ended with this process.
    """

    def __init__(self, *, deadline: float = DEADLINE, max_programs: int = MAX_PROGRAMS) -> None:
        """Prepare; the process is started by the first batch.

        Arguments:
            deadline: for one batch, in seconds.
            max_programs: how many rule sets one process registers in its life.
        """
        self._deadline = deadline
        self._max_programs = max_programs
        self._engine = _engine_file()
        self._renew()
        #: How often the process had to be replaced because it failed.
        self.failures = 0

    def _renew(self) -> None:
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._child: _Child | None = None

    @property
    def pid(self) -> int | None:
        """The process there is now, if any."""
        return self._child.process.pid if self._child else None

    def masks(
        self,
        program: Program,
        facts: Sequence[bytes],
        meanwhile: Callable[[], None] | None = None,
    ) -> list[int]:
        """The bits of the rules of ``program`` that fire for each of ``facts``.

        Arguments:
            facts: lines of :meth:`Program.encode`, at most :func:`batch_size` of them.
            meanwhile: is called exactly once, while the process works.

        Raises:
            FenceBroken: two processes in a row crashed, hung or answered nonsense.
        """
        if not facts:
            return []
        to_do = [meanwhile] if meanwhile else []

        def once() -> None:
            if to_do:
                to_do.pop()()

        if self._owner != os.getpid():
            # A forked copy of us: the process belongs to the original, and so do its locks.
            self._renew()
        with self._lock:
            try:
                return self._ask(program, facts, once)
            except _Failure as failure:
                self._failed(program, failure)
            try:
                return self._ask(program, facts, once)
            except _Failure as failure:
                self._failed(program, failure)
                reference = new_id()
                log.error("rules_unavailable", rule_set=program.name, reference=reference)
                raise FenceBroken(_UNAVAILABLE, reference=reference) from None

    def close(self) -> None:
        """End the process. A later batch starts another."""
        with self._lock:
            self._drop()

    def __enter__(self) -> Fence:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(
        self, program: Program, facts: Sequence[bytes], meanwhile: Callable[[], None]
    ) -> list[int]:
        child = self._child
        if child and program.key not in child.programs and child.registered >= self._max_programs:
            self._drop()
            child = None
        done = False
        try:
            if child is None:
                child = self._child = _Child(self._engine)
            number = child.register(program)
            body = fenced.PROGRAM.pack(number) + b"\n".join(facts)
            answer = child.exchange(b"D", body, self._deadline, meanwhile)
            masks = _masks(answer, len(facts), program)
            done = True
        except TimeoutError:
            raise _Failure("no answer in time") from None
        except OSError as error:
            raise _Failure(f"{type(error).__name__} between us") from None
        finally:
            # Also when something else stopped us: an answer still on its way would be taken for
            # the next one.
            if not done:
                self._drop()
        return masks

    def _failed(self, program: Program, failure: _Failure) -> None:
        self.failures += 1
        log.warning("fence_replaced", rule_set=program.name, why=str(failure))

    def _drop(self) -> None:
        if self._child:
            self._child.end()
            self._child = None


class _Child:
    """One process inside the fence."""

    def __init__(self, engine: str) -> None:
        ours, theirs = socket.socketpair()
        inside = str(Path(fenced.__file__).resolve())
        kept = ("PATH", "LD_LIBRARY_PATH")
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own file, without a shell
                [sys.executable, "-I", "-S", inside, engine, str(os.getpid())],
                stdin=theirs.fileno(),
                stdout=theirs.fileno(),
                stderr=subprocess.DEVNULL,
                cwd="/",
                # Settings and their secrets stay outside.
                env={name: os.environ[name] for name in kept if name in os.environ},
                # Control-C in a terminal is for us: the process ends when we do.
                process_group=0,
            )
        self.process = process
        self._socket = ours
        #: Kills the process, once; also when this object is forgotten and when Python ends.
        self.end = weakref.finalize(self, _end, process, ours, os.getpid())
        self._asked = 0
        self.programs: dict[str, int] = {}
        #: durable_rules rule sets registered so far: a program may need several.
        self.registered = 0

    def register(self, program: Program) -> int:
        """The number of ``program`` in this process."""
        number = self.programs.get(program.key)
        if number is None:
            wanted = {"rules": program.rules, "bits": dict(program.bits)}
            self.exchange(b"R", json.dumps(wanted).encode("ascii"), START_DEADLINE)
            number = self.programs[program.key] = len(self.programs)
            self.registered += len(program.rules)
        return number

    def exchange(
        self, kind: bytes, body: bytes, seconds: float, meanwhile: Callable[[], None] | None = None
    ) -> bytes:
        """Send one frame and give back the body of its answer.

        Raises:
            _Failure: it did not come in time, or is an error or nonsense.
        """
        deadline = time.monotonic() + seconds
        self._asked += 1
        self._socket.settimeout(seconds)
        self._socket.sendall(fenced.HEAD.pack(kind, self._asked, len(body)) + body)
        if meanwhile:
            meanwhile()
        answered, number, length = fenced.HEAD.unpack(self._read(fenced.HEAD.size, deadline))
        if length > fenced.MAX_FRAME:
            raise _Failure("nonsense")
        answer = self._read(length, deadline)
        if answered == b"E":
            raise _Failure(f"error inside: {answer[:100].decode('ascii', 'replace')}")
        if (answered, number) != (kind, self._asked):
            raise _Failure("the answer to another question")
        return answer

    def _read(self, length: int, deadline: float) -> bytes:
        found = bytearray()
        while len(found) < length:
            # What is there already is taken, even if we ourselves were late to look.
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            part = self._socket.recv(length - len(found))
            if not part:
                raise _Failure(_how(self.process))
            found += part
        return bytes(found)


def _masks(answer: bytes, count: int, program: Program) -> list[int]:
    if len(answer) != 8 * count:
        raise _Failure("not one answer for each fact")
    masks = list(struct.unpack(f"<{count}Q", answer))
    seen = 1 << SEEN_BIT
    if any(mask & ~program.mask or not mask & seen for mask in masks):
        raise _Failure("an answer without its shape")
    return masks


def _engine_file() -> str:
    spec = importlib.util.find_spec("durable_rules_engine")
    if spec is None or spec.origin is None:
        raise Fault(N_("durable_rules is not installed. scripts/run installs what is missing."))
    return str(Path(spec.origin).resolve())


def _how(process: subprocess.Popen[bytes]) -> str:
    """Why ``process`` answers no more."""
    try:
        code = process.wait(timeout=1)
    except subprocess.TimeoutExpired:
        return "it closed its end"
    return f"it ended by {signal.Signals(-code).name}" if code < 0 else f"it ended with {code}"


def _end(process: subprocess.Popen[bytes], ours: socket.socket, owner: int) -> None:
    """Kill and bury ``process``: it has no state worth saving."""
    if os.getpid() == owner:
        process.kill()
        process.wait()
    else:
        # In a forked copy of us: the process is not ours to end, and not ours to wait for.
        process.returncode = 0
    ours.close()
