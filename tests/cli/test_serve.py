"""``keurmerk serve`` as a process: how it begins, answers and ends."""

from __future__ import annotations

import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

import service
from base.settings import Settings
from cli import demo_service
from cli.context import Wiring
from cli.demo_data import demo_settings, web_address
from cli.demo_service import make_demo
from cli.serve import PATIENCE
from tests.cli.conftest import Command
from tests.notifications.conftest import free_port
from tests.processes import Running

TEACHER = {"Keurmerk-Person": "an.peeters@linde.example.org"}
#: Seconds within which a service that has nothing to do has to be gone: it waits for no request.
SOON = PATIENCE - 1

Serve = Callable[..., "Served"]


class Served:
    """A service in a process of its own."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self.port = free_port()
        self.greeting = f"Keurmerk is at http://127.0.0.1:{self.port}\n"
        self.process = Running(
            "serve", "--port", str(self.port), *arguments, folder=folder, settings=settings
        )

    def ready(self) -> Served:
        self.process.until_told("\n")
        assert self.process.told == self.greeting
        return self

    def end(self, number: signal.Signals) -> tuple[int, str, str]:
        self.process.send_signal(number)
        return self.ended()

    def ended(self) -> tuple[int, str, str]:
        done = self.process.ended(SOON)
        return done.returncode, done.stdout, done.stderr.removeprefix(self.greeting)

    def json(self, path: str) -> Any:
        request = Request(f"http://127.0.0.1:{self.port}/api/v1{path}", headers=TEACHER)
        with urlopen(request, timeout=SOON) as answer:
            return json.load(answer)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    begun: list[Served] = []

    def serve(*arguments: str, **settings: str) -> Served:
        begun.append(Served(tmp_path, *arguments, **settings))
        return begun[-1]

    yield serve
    for one in begun:
        one.process.kill()
        one.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_a_service_ends_at_a_signal_with_0(
    number: signal.Signals, serve: Serve, installed: Settings
) -> None:
    served = serve(database=installed.database).ready()
    assert served.end(number) == (0, "", "")


def test_a_request_under_way_is_answered(serve: Serve) -> None:
    served = serve("--demo").ready()
    case = served.json("/cases?state=draft")["cases"][0]
    body = json.dumps({"answers": {"esafety.policy": "no"}}).encode()
    with closing(socket.create_connection(("127.0.0.1", served.port), timeout=SOON)) as line:
        line.sendall(
            f"PATCH /api/v1/cases/{case['id']}/form HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Keurmerk-Person: {TEACHER['Keurmerk-Person']}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            + body[:10]
        )
        time.sleep(0.3)
        served.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", served.port), timeout=SOON)
        assert served.process.returncode is None
        line.sendall(body[10:])
        answer = b""
        while part := line.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert json.loads(answer.split(b"\r\n\r\n", 1)[1])["sections"][0]["fields"][0]["value"] == "no"
    assert served.ended() == (0, "", "")


def test_a_port_that_is_taken_is_said_before_anything_is_done(
    serve: Serve, installed: Settings
) -> None:
    first = serve(database=installed.database).ready()
    second = serve("--port", str(first.port), database=installed.database)
    done = second.process.ended(60)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"Nothing can listen on 127.0.0.1, port {first.port}: Address already in use. "
        "KEURMERK_HOST and KEURMERK_PORT, or --host and --port, name others.\n"
    )


def test_a_host_that_is_not_there_is_said(
    command: Command, installed: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    done = command("serve", "--host", "nowhere.invalid")
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("Nothing can listen on nowhere.invalid, port 8000: ")
    assert command("serve", "--port", "65536").code == 2


def test_an_address_is_written_as_a_browser_takes_it() -> None:
    assert web_address(Settings.model_construct(host="::1")) == "http://[::1]:8000"
    assert web_address(Settings.model_construct(host="127.0.0.2", port=1)) == "http://127.0.0.2:1"


def test_a_demo_that_was_interrupted_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    settings = demo_settings(Settings.model_construct(), tmp_path)
    wiring = Wiring(settings=lambda: settings, open=service.open_parts, app=service.application)
    with monkeypatch.context() as patched:
        patched.setattr(demo_service, "first_weeks", interrupted)
        with pytest.raises(KeyboardInterrupt):
            make_demo(wiring, settings)
    assert not (tmp_path / "keurmerk.db").exists()
    make_demo(wiring, settings)
    names = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert names == ["keurmerk.db"]
    made = (tmp_path / "keurmerk.db").stat().st_mtime_ns
    make_demo(wiring, settings)
    assert (tmp_path / "keurmerk.db").stat().st_mtime_ns == made
