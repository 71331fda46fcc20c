"""What runs inside the fence: a process that owns the C module of durable_rules and nothing else.

It is started as a file, without site-packages and without anything of ours, so that it starts in
milliseconds and can leak nothing: ``python -I -S fenced.py MODULE PARENT``.

A frame is a head (kind, number, length) and a body. The answer to a frame has its number.

======= ============================================= =============================================
kind    body                                          answer
======= ============================================= =============================================
``R``   JSON: ``rules`` (texts) and ``bits`` by rule  ``R``, empty; program n is the n-th registered
``D``   program (4 bytes), one fact a line            ``D``, 8 bytes a fact: the bits that fired
======= ============================================= =============================================

After anything unexpected the answer is ``E`` with the kind of error, and the process ends: a fact
that was only half taken in would give the next one its reasons.
"""

from __future__ import annotations

import contextlib
import importlib.machinery
import importlib.util
import json
import os
import re
import resource
import select
import signal
import struct
import sys
from types import ModuleType
from typing import Any

HEAD = struct.Struct("<cQI")
PROGRAM = struct.Struct("<I")
#: The rule that always fires.
SEEN = "seen"
#: A frame is never longer, in bytes.
MAX_FRAME = 16 * 2**20
#: The operating system ends this process when one frame takes longer, in seconds: the C code never
#: gives way to Python, so nothing else could stop it once the parent is gone.
PATIENCE = 10.0
#: How often an idle process looks whether its parent is still there, in seconds.
PULSE = 2.0
#: More memory than this is a fault, in bytes.
MEMORY = 2 * 2**30


class UnexpectedError(Exception):
    """durable_rules answered something it never should."""


class Program:
    """A rule set spread over one or more durable_rules rule sets, and its one session each."""

    def __init__(self, engine: ModuleType, name: str, wanted: dict[str, Any]) -> None:
        self._engine = engine
        self._bits: dict[str, int] = wanted["bits"]
        self._handles = [
            engine.create_ruleset(f"{name}_{number}", rules)
            for number, rules in enumerate(wanted["rules"])
        ]

    def decide(self, fact: str) -> int:
        """The bits of the rules that fire for ``fact``; the fact is forgotten again."""
        mask = 0
        for handle in self._handles:
            mask |= self._fired(handle, fact)
        return mask

    def _fired(self, handle: int, fact: str) -> int:
        engine = self._engine
        outcome, state = engine.assert_fact(handle, fact)
        if outcome != 0:
            raise UnexpectedError
        started = engine.start_action_for_state(handle, state)
        if not started:
            raise UnexpectedError
        message = started[1]
        mask = 0
        fired = set()
        while message:
            # {"name": {"m": …}}: the name is all that counts.
            name = message.split('"', 2)[1]
            if name in fired:
                raise UnexpectedError
            fired.add(name)
            mask |= 1 << self._bits[name]
            message = engine.complete_and_start_action(handle, state)
        if SEEN not in fired:
            raise UnexpectedError
        if engine.retract_fact(handle, fact)[0] != 0:
            raise UnexpectedError
        return mask


def main(module: str, parent: int) -> None:
    """Answer frames until the parent closes its end or is gone.

    Arguments:
        module: the file of ``durable_rules_engine``.
        parent: the process that started this one.
    """
    confine()
    answers = os.dup(1)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    loader = importlib.machinery.ExtensionFileLoader("durable_rules_engine", module)
    spec = importlib.util.spec_from_file_location("durable_rules_engine", module, loader=loader)
    if spec is None:
        raise UnexpectedError
    engine = importlib.util.module_from_spec(spec)
    loader.exec_module(engine)
    programs: list[Program] = []
    while head := read(HEAD.size, parent):
        kind, number, length = HEAD.unpack(head)
        body = read(length, parent)
        if len(body) < length or length > MAX_FRAME:
            return
        try:
            signal.setitimer(signal.ITIMER_REAL, PATIENCE)
            answer = serve(engine, programs, kind, body)
            signal.setitimer(signal.ITIMER_REAL, 0)
        except BaseException as error:  # noqa: BLE001 - the parent is told and this process ends
            answer = describe(error)
            write(answers, HEAD.pack(b"E", number, len(answer)) + answer)
            sys.exit(3)
        write(answers, HEAD.pack(kind, number, len(answer)) + answer)


def serve(engine: ModuleType, programs: list[Program], kind: bytes, body: bytes) -> bytes:
    """The answer to one frame."""
    if kind == b"R":
        programs.append(Program(engine, f"k{len(programs)}", json.loads(body)))
        return b""
    (number,) = PROGRAM.unpack_from(body)
    decide = programs[number].decide
    masks = [decide(fact) for fact in body[PROGRAM.size :].decode("ascii").split("\n")]
    return struct.pack(f"<{len(masks)}Q", *masks)


def describe(error: BaseException) -> bytes:
    """The kind of ``error`` and its number, never its text: that can hold the whole fact."""
    number = re.search(r"error code: \d+", str(error))
    return f"{type(error).__name__} {number[0] if number else ''}".strip().encode(
        "ascii", "replace"
    )


def confine() -> None:
    """Give up what this process does not need, and what could outlive or disturb its parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The system's own answer to the alarm, which needs no help from Python: the end.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    # A core dump would write personal facts to a disk.
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):  # not every system can
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def read(length: int, parent: int) -> bytes:
    """``length`` bytes from the parent; fewer if it is gone."""
    poll = select.poll()
    poll.register(0, select.POLLIN)
    found = bytearray()
    while len(found) < length:
        if not poll.poll(PULSE * 1000):
            # Another process may have inherited the other end of the pipe and hold it open.
            if os.getppid() != parent:
                break
            continue
        part = os.read(0, length - len(found))
        if not part:
            break
        found += part
    return bytes(found)


def write(file: int, data: bytes) -> None:
    """Write all of ``data``."""
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
