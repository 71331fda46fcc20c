"""How often one may try: sign-ins, mails that are asked for, uploads, questionnaires.

The counts are in the memory of this process, under keys of which no address can be read, and gone
when their time is over.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import re
import secrets
from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from base.clock import SystemClock


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How often one address may ask for some paths."""

    name: str
    #: Methods it counts.
    methods: frozenset[str]
    #: Paths it counts; the whole of one must match.
    paths: re.Pattern[str]
    limit: RateLimitItem
    #: Bodies it counts: of so many bytes at least.
    least: int = 0

    def counts(self, method: str, path: str, size: int) -> bool:
        """Whether a request is one of those that are counted."""
        fits = method in self.methods and size >= self.least
        return fits and self.paths.fullmatch(path) is not None


def _policy(name: str, methods: str, paths: str, limit: str, least: int = 0) -> Policy:
    return Policy(
        name=name, methods=frozenset(methods.split()), paths=re.compile(paths),
        limit=parse(limit), least=least,
    )  # fmt: skip


#: What is larger than this, in bytes, is a file: no text of a form is.
LARGE = 200_000

#: A school is often one address for all its pupils and teachers: what a class does in an hour fits.
POLICIES = (
    _policy("sign-in", "POST", r"/sign-in(/.*)?", "60 per 10 minutes"),
    _policy("provider", "GET", r"/sign-in/with/.*", "120 per 10 minutes"),
    _policy("mail link", "POST", r"/sign-in/mail", "20 per 10 minutes"),
    _policy("upload", "POST", r"/.*/(files|evidence)(/.*)?", "300 per 10 minutes"),
    _policy("large", "POST PUT PATCH", r"/.*", "300 per 10 minutes", least=LARGE),
    # A page saves by itself while one types: a staff room with twenty of them fits.
    _policy("form", "POST", r"/cases/[^/]+/form/.*", "6000 per 10 minutes"),
    # Only what begins one: it leaves a row behind. All pupils of a large school, behind one
    # address, may begin when a bell rings, and nobody who has begun is stopped in the middle.
    _policy(
        "questionnaire", "POST", r"/s/[^/]+|/api/v1/questionnaires/[^/]+/begin", "3000 per minute"
    ),
)
#: Mails with a link to one mail address; what is more is not sent, and not told.
MAILS = parse("5 per hour")


class Limits:
    """The counts of one process."""

    def __init__(
        self, policies: tuple[Policy, ...] = POLICIES, mails: RateLimitItem = MAILS
    ) -> None:
        """Nobody has tried anything yet."""
        self.policies, self.mails = policies, mails
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._salt = secrets.token_bytes(16)

    def wait(self, method: str, path: str, address: str | None, size: int = 0) -> int:
        """How long an address that asks too often has to wait, in seconds; 0: it may ask.

        Arguments:
            size: of the body, in bytes, as the request says it.
        """
        for policy in self.policies:
            if policy.counts(method, path, size):
                who = self._hidden(policy.name, network(address))
                if not self._limiter.hit(policy.limit, who):
                    # The store goes by the machine's clock, too.
                    until = self._limiter.get_window_stats(policy.limit, who).reset_time
                    return max(1, math.ceil(until - SystemClock().now().timestamp()))
        return 0

    def may_mail(self, email: str) -> bool:
        """Whether one more mail may be asked for to this mail address."""
        return self._limiter.hit(self.mails, self._hidden("mail", email))

    def _hidden(self, kind: str, who: str) -> str:
        return hashlib.blake2b(f"{kind} {who}".encode(), key=self._salt, digest_size=16).hexdigest()


def network(address: str | None) -> str:
    """What counts as one address: of IPv6, the network that one household or school is given."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
