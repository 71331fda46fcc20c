"""The examples of docs/api.md, sent as they stand to the demo as it is served."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.cli.test_serve import Served

PAGE = (Path(__file__).resolve().parents[1] / "docs/api.md").read_text(encoding="utf-8")
#: Commands, and the answer shown to the last of them.
EXAMPLES = [
    (re.split(r"^\$ ", commands.replace("\\\n", " "), flags=re.MULTILINE)[1:], json.loads(shown))
    for commands, shown in re.findall(r"```console\n(.*?)```\n\n```json\n(.*?)```", PAGE, re.DOTALL)
]


def sent(command: str, port: int, case: str) -> Any:
    """What ``curl`` would print."""
    words = shlex.split(command.replace("$CASE", case))
    assert words[0] == "curl"
    headers, data, method = {}, None, None
    for option, value in zip(words[2::2], words[3::2], strict=True):
        match option:
            case "-H":
                name, text = value.split(": ", maxsplit=1)
                headers[name] = text
            case "-d":
                data = value.encode()
            case "-X":
                method = value
            case _:
                pytest.fail(f"the page uses {option}, which this test does not know")
    address = words[1].replace("127.0.0.1:8000", f"127.0.0.1:{port}")
    try:
        with urlopen(Request(address, data, headers, method=method), timeout=10) as answer:
            return json.load(answer)
    except HTTPError as error:
        return json.load(error)


def part(shown: Any, answer: Any) -> Any:
    """Of ``answer`` what ``shown`` shows."""
    if isinstance(shown, dict) and isinstance(answer, dict):
        return {key: part(value, answer.get(key)) for key, value in shown.items()}
    if isinstance(shown, list) and isinstance(answer, list) and len(shown) == len(answer):
        return [part(one, other) for one, other in zip(shown, answer, strict=True)]
    return shown if shown == "…" and isinstance(answer, str) else answer


def test_the_examples_answer_as_shown(tmp_path: Path) -> None:
    served = Served(tmp_path, "--demo").ready()
    case = ""
    try:
        for commands, shown in EXAMPLES:
            answer = None
            for command in commands:
                answer = sent(command, served.port, case)
                if "cases" in answer:
                    case = answer["cases"][0]["id"]
            assert part(shown, answer) == shown
    finally:
        served.process.kill()
        served.process.wait()


def test_there_are_examples_of_reading_stepping_saving_and_an_error() -> None:
    assert [len(commands) for commands, _ in EXAMPLES] == [1, 1, 1, 1, 3, 1]
