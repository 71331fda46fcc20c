"""Badges: who gets one, what is signed, and that a stranger can verify it with nothing but that."""

from __future__ import annotations

import base64
import gzip
import json
import stat
import threading
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.testclient import TestClient

from base.clock import VirtualClock
from base.errors import BadSetting, KeurmerkError, NotAllowed, NotMet
from models.survey_results import SurveyBadge
from rules.judge import Judge
from surveys.badge_keys import read_keys
from surveys.badges import Issuer
from tests.builders import add_school
from tests.surveys.conftest import MORNING, Survey, opened
from tests.workflows.quality_labels import settings_book
from workflows.verifying import verify

ELEVEN = {"school_leaders": 1, "teachers": 3, "students": 7}


def ask(survey: Survey, case_id: str, *, by: str | None = None, school: str = "") -> str:
    taken = survey.desk.engine.start(
        "selfie_badge", "ask", organisation_id=school or survey.desk.school,
        actor_id=by or survey.coordinator, payload={"exercise": case_id},
    )  # fmt: skip
    return str(taken.case["id"])


def badges(survey: Survey) -> list[dict[str, Any]]:
    return survey.desk.rows(SurveyBadge)


def decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


class Stranger:
    """Knows nothing but what is published, and verifies."""

    def __init__(self, web: TestClient) -> None:
        self._get = web.get

    def trusted(self, token: str) -> dict[str, Any]:
        """The claims of a credential that its issuer signed."""
        header, payload, signature = token.split(".")
        told = json.loads(decoded(header))
        assert told["alg"] == "EdDSA"
        claims = json.loads(decoded(payload))
        did = claims["iss"]
        assert did.startswith("did:web:")
        assert did == "did:web:keurmerk.example"
        document = self._get("/.well-known/did.json").json()
        assert document["id"] == did
        assert told["kid"] in document["assertionMethod"]
        (method,) = [m for m in document["verificationMethod"] if m["id"] == told["kid"]]
        jwk = method["publicKeyJwk"]
        assert "d" not in jwk
        key = Ed25519PublicKey.from_public_bytes(decoded(jwk["x"]))
        key.verify(decoded(signature), f"{header}.{payload}".encode())
        return dict(claims)

    def is_revoked(self, claims: dict[str, Any]) -> bool:
        """Whether the list that the credential names says so."""
        status = claims["credentialStatus"]
        address = status["statusListCredential"].removeprefix("https://keurmerk.example")
        listed = self.trusted(self._get(address).text)
        subject = listed["credentialSubject"]
        assert listed["id"] == status["statusListCredential"]
        assert subject["statusPurpose"] == status["statusPurpose"] == "revocation"
        assert subject["encodedList"][0] == "u"
        bits = gzip.decompress(decoded(subject["encodedList"][1:]))
        assert len(bits) * 8 >= 131_072
        index = int(status["statusListIndex"])
        return bool(bits[index // 8] >> (7 - index % 8) & 1)


@pytest.mark.parametrize(
    ("people", "unmet"),
    [
        ({**ELEVEN, "students": 6}, ["together"]),
        ({"school_leaders": 0, "teachers": 12, "students": 40}, ["leaders"]),
        ({"school_leaders": 2, "teachers": 0, "students": 40}, ["teachers"]),
        ({"school_leaders": 2, "teachers": 12, "students": 0}, ["students"]),
        ({"school_leaders": 1, "teachers": 2, "students": 7, "trainers": 5}, ["together"]),
    ],
)  # fmt: skip
def test_criteria_that_are_not_met_are_named(
    survey: Survey, people: dict[str, int], unmet: list[str]
) -> None:
    case_id = survey.exercise(people)
    with pytest.raises(NotMet) as refused:
        ask(survey, case_id)
    (decision,) = refused.value.findings
    wrong = [one["criterion"] for one in decision.findings("nl") if one["outcome"] != "met"]
    assert wrong == unmet
    assert badges(survey) == []


@pytest.mark.parametrize(("days", "unmet"), [(1, []), (2, ["waited"])])
def test_how_long_a_school_waits_is_a_setting(
    sqlite_engine: sqlalchemy.Engine, judge: Judge, tmp_path: Path, days: int,
    unmet: list[str],
) -> None:  # fmt: skip
    book = settings_book("selfie_badge", {"selfie_badge/standing": {"BE": {"after_days": days}}})
    clock = VirtualClock(MORNING - timedelta(hours=1))
    survey = opened(sqlite_engine, clock, judge, tmp_path, book)
    case_id = survey.exercise(ELEVEN)  # its last day was yesterday
    if not unmet:
        ask(survey, case_id)
        return
    with pytest.raises(NotMet) as refused:
        ask(survey, case_id)
    (decision,) = refused.value.findings
    wrong = [one for one in decision.findings("nl") if one["outcome"] != "met"]
    assert [one["criterion"] for one in wrong] == unmet
    assert "aanvragen: 2" in str(wrong)


def test_what_cannot_be_asked_for(survey: Survey) -> None:
    running = survey.exercise(ELEVEN, last_day=MORNING.date())
    unlocked = survey.exercise(ELEVEN, locked_at=None)
    done = survey.exercise(ELEVEN)
    with survey.desk.database.begin() as connection:
        other, _teachers = add_school(connection, "De Andere")
    foreign = survey.exercise(ELEVEN, school=other)
    for case_id in (running, unlocked, foreign, "nonsense", ""):
        with pytest.raises(KeurmerkError) as refused:
            ask(survey, case_id)
        assert refused.value.status == 422
    unknown, known = (pytest.raises(NotMet), pytest.raises(NotMet))
    with unknown as first:
        ask(survey, "0" * 36)
    with known as second:
        ask(survey, foreign)
    assert first.value.say() == second.value.say(), "of another school's nothing is told"
    for person in (survey.desk.reviewer, survey.authority, survey.desk.teachers[1]):
        with pytest.raises(NotAllowed):
            ask(survey, done, by=person)
    ask(survey, done)
    with pytest.raises(NotMet):
        ask(survey, done)
    assert len(badges(survey)) == 1


def test_a_stranger_verifies_a_badge_and_sees_that_it_is_revoked(survey: Survey) -> None:
    case_id = ask(survey, survey.exercise(ELEVEN))
    other = ask(survey, survey.exercise(ELEVEN, level="adult"))
    badge, standing = (
        next(row for row in badges(survey) if row["case_id"] == one) for one in (case_id, other)
    )
    web = survey.client(None)
    stranger = Stranger(web)
    token = web.get(f"/badges/{badge['id']}/credential.jwt").text
    assert token == web.get(f"/api/v1/badges/{badge['id']}").json()["credential"]
    claims = stranger.trusted(token)
    assert claims["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert claims["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert claims["issuer"]["id"] == claims["iss"]
    assert claims["jti"] == claims["id"] == f"https://keurmerk.example/badges/{badge['id']}"
    assert claims["nbf"] == int(MORNING.timestamp())
    subject = claims["credentialSubject"]
    assert claims["sub"] == subject["id"] == f"urn:uuid:{survey.desk.school}"
    assert subject["identifier"][0]["identityHash"] == "Sint-Jan"
    assert subject["achievement"]["criteria"]["narrative"]
    assert subject["achievement"] == web.get(
        "/badges/selfie", headers={"accept-language": "nl"}
    ).json()  # fmt: skip
    assert not stranger.is_revoked(claims)

    header, payload, signature = token.split(".")
    forged = json.loads(decoded(payload))
    forged["credentialSubject"]["identifier"][0]["identityHash"] = "De Andere"
    body = base64.urlsafe_b64encode(json.dumps(forged).encode()).rstrip(b"=").decode()
    with pytest.raises(InvalidSignature):
        stranger.trusted(f"{header}.{body}.{signature}")

    for person in (survey.coordinator, survey.desk.coordinator):
        with pytest.raises(NotAllowed):
            survey.desk.fire(case_id, "revoke", person, reason="Zomaar")
    with pytest.raises(KeurmerkError):
        survey.desk.fire(case_id, "revoke", survey.administrator, reason=" ")
    survey.desk.fire(case_id, "revoke", survey.administrator, reason="Zelf ingevuld")
    assert stranger.is_revoked(claims)
    good = stranger.trusted(web.get(f"/badges/{standing['id']}/credential.jwt").text)
    assert not stranger.is_revoked(good)
    page = web.get(f"/badges/{badge['id']}", headers={"accept-language": "nl"}).text
    assert "ingetrokken" in page
    assert "Zelf ingevuld" not in page, "the reason is the school's to know"
    assert verify(survey.desk.database).faults == []
    mails = [row["template"] for row in survey.desk.mails()]
    assert mails == ["selfie_badge/awarded", "selfie_badge/awarded", "selfie_badge/revoked"]


def test_a_picture_carries_its_credential(survey: Survey) -> None:
    ask(survey, survey.exercise(ELEVEN))
    (badge,) = badges(survey)
    web = survey.client(None)
    drawn = ET.fromstring(web.get(f"/badges/{badge['id']}/badge.svg").text)
    (baked,) = drawn.findall("{https://purl.imsglobal.org/ob/v3p0}credential")
    assert Stranger(web).trusted(baked.attrib["verify"])["jti"].endswith(badge["id"])
    for path in ("/badges/none", "/badges/none/credential.jwt", "/badges/status/1"):
        assert web.get(path).status_code == 404
    assert web.get("/badges/selfie.svg").headers["content-type"] == "image/svg+xml"
    assert web.get("/badges/issuer").json()["id"] == "did:web:keurmerk.example"


def test_two_who_ask_at_one_instant_get_one_badge(
    engine: sqlalchemy.Engine, judge: Judge, tmp_path: Path
) -> None:
    survey = opened(engine, VirtualClock(MORNING), judge, tmp_path)
    case_id = survey.exercise(ELEVEN)
    refused: list[KeurmerkError] = []

    def once() -> None:
        try:
            ask(survey, case_id)
        except KeurmerkError as error:
            refused.append(error)

    threads = [threading.Thread(target=once) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(badges(survey)) == 1
    assert [error.status for error in refused] in ([422], [409])


def test_keys_are_made_once_and_kept_to_themselves(tmp_path: Path) -> None:
    file = tmp_path / "new" / "key.json"
    (first,) = read_keys(file)
    assert read_keys(file)[0].id == first.id
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [one.name for one in file.parent.iterdir()] == ["key.json"]
    issuer = Issuer(url="http://127.0.0.1:8000/keurmerk", name="K", keys=[first])
    assert issuer.did == "did:web:127.0.0.1%3A8000:keurmerk"


@pytest.mark.parametrize(
    "content", ["", "{}", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "AAAA"}]}', "[1]"]
)
def test_a_file_without_such_keys_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key.json"
    file.write_text(content)
    with pytest.raises(BadSetting, match=r"key\.json.*KEURMERK_BADGE_KEY"):
        read_keys(file)
