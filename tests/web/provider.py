"""A provider of identities on this machine, which speaks OpenID Connect."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.notifications.conftest import free_port
from web.oidc.providers import Provider


@contextmanager
def provider_of(*people: dict[str, Any]) -> Iterator[str]:
    """The address of a provider that knows these people, by their claims."""
    port = free_port()
    known = [part for one in people for part in ("--user-claims", json.dumps(one))]
    process = subprocess.Popen(
        [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), *known],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert process.poll() is None
            try:
                httpx.get(f"{address}/.well-known/openid-configuration")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        process.kill()
        process.wait()


def at(address: str, **changed: Any) -> Provider:
    """The provider's entry in our file."""
    return Provider(
        **{
            "name": "school_login", "title": {"en": "School Login", "nl": "Schoollogin"},
            "issuer": address, "client_id": "keurmerk", "client_secret": "secret", **changed,
        }
    )  # fmt: skip


class OwnProvider:
    """A provider that signs whatever a test wants, with keys that change."""

    def __init__(self) -> None:
        self.key = self.other = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"})
        self.asked = 0
        owner = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/keys":
                    owner.asked += 1
                    answer: dict[str, Any] = {"keys": [owner.key.as_dict(private=False)]}
                else:
                    answer = {
                        "issuer": owner.address, "jwks_uri": f"{owner.address}/keys",
                        "authorization_endpoint": f"{owner.address}/authorize",
                        "token_endpoint": f"{owner.address}/token",
                        "end_session_endpoint": f"{owner.address}/logout",
                    }  # fmt: skip
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(answer).encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> OwnProvider:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def renew(self) -> None:
        """Sign with a new key from now on."""
        self.key = RSAKey.generate_key(2048, {"kid": f"{self.key.kid}+", "use": "sig"})

    def signed(self, claims: dict[str, Any], **header: Any) -> str:
        """A token of these claims."""
        given = {"alg": "RS256", "kid": self.key.kid, **header}
        return jwt.encode(given, claims, self.key, algorithms=["RS256", "RS384"])
