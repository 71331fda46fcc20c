"""A Flemish school with one of everything that the addresses of the application are about."""

from __future__ import annotations

import dataclasses
import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx2
from starlette.testclient import TestClient

from base.ids import new_id
from digisnap.reports import make_reports
from models.access import MailLink, Passkey, Session
from models.cases import Case, Decision
from models.database import reading, writing
from models.desk import Comment, SavedView
from models.digisnap import Digisnap, DigisnapReport
from models.drafts import Draft
from models.registry import Label
from models.survey_results import SurveyBadge
from models.surveys import SurveyExercise
from notifications.choices import CALENDAR, UNSUBSCRIBE, address_of
from surveys import setup
from surveys.report import ReportSettings
from surveys.reporting import make_reports as make_survey_reports
from surveys.reporting import plan_reports
from tests.builders import Desk, add, add_grant, add_member, add_person, add_school
from tests.documents.making import pdf
from tests.surveys.exercises import (
    ACCOUNT,
    EXERCISE,
    NUMBERS,
    SET,
    link_in_mail,
    publish_beside,
    register,
    token_of,
)
from tests.surveys.making import GROUPS, add_exercise, add_sheets, some, statement
from tests.web.conftest import client_as, context_of
from tests.workflows.quality_labels import settings_book
from tests.workflows.school_rights import RULES, give
from web.context import Context
from web.sessions import hashed

FILE = ("round", "school_label/2023-2024")
CODE = "Digisnap_88Xf2y"
#: When two stages of the one case were kept: it is being written, and it has been submitted.
DRAFT, SUBMITTED = "draft", "submitted"


class Town:
    """The desk, a person of each role, and the way back to how it was."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        self.places: dict[str, str] = {
            "school_id": desk.school, "person_id": desk.reviewer, "name": "school_label",
            "process": "school_label", "way": "apply", "section": "esafety", "trigger": "approve",
            "sequence": "2", "kind": "csv", "key": "y" * 43, "provider": "nobody", "number": "1",
            "group": "teachers", "colleague_id": desk.teachers[0],
        }  # fmt: skip
        self.people = self._people()
        context = context_of(desk, folder)
        changed = {"badge_key": folder / "key.json"}
        context = dataclasses.replace(
            context, settings=context.settings.model_copy(update=changed),
            move=lambda _goal: (0, 0),
        )  # fmt: skip
        self.app: Any = client_as(desk, context, None).app
        self.clients = {
            role: client_as(desk, context, person) for role, person in self.people.items()
        }
        self._publish()
        self._rights_and_digisnap(context)
        self._surveys(context)
        self._file = str(desk.database.url.database)
        self._kept: dict[str, sqlite3.Connection] = {}
        case_id = self._draft()
        self._keep(DRAFT)
        self._submitted(case_id)
        self._keep(SUBMITTED)
        self._now = SUBMITTED

    def _people(self) -> dict[str, str | None]:
        desk = self.desk
        with writing(desk.database) as connection:
            other, others = add_school(connection, "Andere School", nql_on=None)
            self.places["other_school_id"] = other
            principal = add_person(connection, "Petra Principal")
            add_member(connection, desk.school, principal, role="principal")
            away = add_person(connection, "Paul Elsewhere")
            add_member(connection, other, away, role="principal")
            abroad = add_person(connection, "Ans Abroad")
            add_grant(connection, abroad, "nso_reviewer", "NL")
            clerk = add_person(connection, "Ada Admin")
            add_grant(connection, clerk, "administrator", "*")
            team = add_person(connection, "Dirk Digisnap")
            add_grant(connection, team, "digisnap_team", "BE-VLG")
            authority = add_person(connection, "Agnes Authority")
            add_grant(connection, authority, "survey_authority", "BE-VLG")
        return {
            "nobody": None, "teacher": desk.teachers[0], "survey_coordinator": desk.teachers[1],
            "principal": principal, "teacher_elsewhere": others[0], "principal_elsewhere": away,
            "reviewer": desk.reviewer, "reviewer_elsewhere": abroad,
            "coordinator": desk.coordinator, "css": desk.css, "administrator": clerk,
            "digisnap_team": team, "survey_authority": authority,
        }  # fmt: skip

    def person(self, role: str) -> str:
        """The id of somebody."""
        found = self.people[role]
        assert found is not None
        return found

    def _publish(self) -> None:
        settings = {
            EXERCISE: {"2022-2023": {"BE-VLG": {**SET, "levels_count_separately": True}}},
            "user_right": {"standing": {"BE-VLG": RULES}},
            "digisnap_request": {
                "standing": {"BE-VLG": {"report_min_completed": 2, "answer_within_days": 5}}
            },
            ACCOUNT: {}, "selfie_badge": {},
        }  # fmt: skip
        for process, values in settings.items():
            publish_beside(self.desk, process, settings_book(process, values))

    def _rights_and_digisnap(self, context: Context) -> None:
        desk, principal = self.desk, self.person("principal")
        desk.extra["principal"] = principal
        request = desk.engine.start(
            "digisnap_request", "request", actor_id=principal, organisation_id=desk.school,
            payload={"lists": "Dag"},
        )  # fmt: skip
        desk.fire(
            request.case["id"], "send_codes", self.person("digisnap_team"), codes=f"{CODE} Dag"
        )
        (row,) = desk.rows(Digisnap)
        give(desk, principal)
        with writing(desk.database) as connection:
            report = add(
                connection,
                DigisnapReport(
                    person_id=principal, title="Rapport",
                    lists=[{"id": row["id"], "name": "Dag", "school": "Sint-Jan"}], language="nl",
                    zone="Europe/Brussels", least=0, asked_at=desk.clock.now(),
                ),
            )  # fmt: skip
        self.clients["principal"].post("/digisnap/links", data={"code": CODE})
        make_reports(desk.database, desk.clock, context.files)
        waiting = desk.engine.start(
            "digisnap_request", "request", actor_id=principal, organisation_id=desk.school,
            payload={"lists": "Avond"},
        )  # fmt: skip
        self.places |= {
            "report_id": report, "digisnap_id": row["id"], "request": str(waiting.case["id"]),
            "right": give(desk, desk.teachers[2]), "code": CODE,
        }  # fmt: skip

    def _surveys(self, context: Context) -> None:
        desk, hers = self.desk, self.person("survey_coordinator")
        account = register(desk, hers)
        desk.engine.fire(account, "activate", hers, link=link_in_mail(desk, account))
        label = desk.published
        with reading(desk.database) as connection:
            day = desk.clock.now().date()
            desk.published = desk.engine.tools.library.in_force(connection, ACCOUNT, day)
        desk.fill_in(account, by=hers)
        desk.published = label
        desk.engine.fire(account, "save_profile", hers)

        def begin(level: str) -> str:
            taken = desk.engine.start(
                EXERCISE, "begin", actor_id=hers, organisation_id=desk.school,
                payload={"level": level}, round_name="2022-2023",
            )  # fmt: skip
            case_id = str(taken.case["id"])
            setup.save_numbers(desk.database, case_id, NUMBERS, with_companies=False)
            setup.save_dates(desk.database, case_id, date(2022, 11, 23), date(2022, 11, 29), "nl")
            return case_id

        running = begin("primary")
        desk.engine.fire(running, "make_links", hers)
        exercise = begin("upper_secondary_vocational")
        asked = [statement(f"s{at}") for at in range(3)]
        with writing(desk.database) as connection:
            past = Case(
                **{**desk.case(running), "id": new_id(), "state": "reported", "is_open": False,
                   "unique_key": None}
            )  # fmt: skip
            done = add_exercise(
                connection, desk.school, dict.fromkeys(GROUPS, asked), case_id=add(connection, past)
            )
            for group in GROUPS:
                add_sheets(connection, done, group, some(6, 3))
        desk.clock.advance(timedelta(minutes=1))
        plan_reports(desk.database)
        make_survey_reports(
            desk.database, desk.clock, lambda *_: ReportSettings(threshold=3, scope="group")
        )
        (over,) = desk.rows(SurveyExercise, id=done)
        desk.engine.start(
            "selfie_badge", "ask", organisation_id=desk.school, actor_id=hers,
            payload={"exercise": over["case_id"]},
        )  # fmt: skip
        self.places |= {
            "running": running, "exercise": exercise, "over": over["case_id"],
            "badge_id": desk.rows_of(SurveyBadge)[0]["id"],
            "questionnaire": token_of(desk, running, "teachers"),
        }  # fmt: skip
        other = desk.engine.start(
            ACCOUNT, "register", actor_id=self.person("teacher_elsewhere"),
            organisation_id=self.places["other_school_id"],
            payload={"school_email": "info@andere.example", "privacy_policy": "yes"},
        )  # fmt: skip
        self.places["step_link"] = link_in_mail(desk, str(other.case["id"]))

    def _draft(self) -> str:
        desk = self.desk
        desk.until(2022, 11, 23, 8)
        (row,) = desk.rows(Case, process="school_label", organisation_id=desk.school)
        case_id = str(row["id"])
        desk.engine.fire(case_id, "start", desk.teachers[0])
        desk.fill_in(case_id)
        now, teacher = desk.clock.now(), desk.teachers[0]
        later = now + timedelta(days=3000)
        with writing(desk.database) as connection:
            label = add(
                connection,
                Label(
                    kind="school_label", organisation_id=desk.school, round="2023-2024",
                    valid_from=date(2023, 3, 1), valid_until=date(2024, 12, 31), case_id=case_id,
                    granted_on=date(2023, 3, 1),
                ),
            )  # fmt: skip
            comment = Comment(case_id=case_id, author_id=desk.reviewer, text="?", written_at=now)
            view = SavedView(person_id=desk.reviewer, name="Mijn", query="", saved_at=now)
            session = Session(
                key_hash=hashed("k"), person_id=teacher, made_at=now, seen_at=now,
                expires_at=later, how="mail",
            )  # fmt: skip
            passkey = Passkey(
                person_id=teacher, name="Laptop", credential_id="c", public_key=b"", made_at=now
            )
            self.places |= {
                "label_id": label, "comment_id": add(connection, comment),
                "view_id": add(connection, view), "session_id": add(connection, session),
                "passkey_id": add(connection, passkey),
                "calendar": str(address_of(connection, teacher, CALENDAR, now)),
                "unsubscribe": str(address_of(connection, teacher, UNSUBSCRIBE, now)),
                "open_key": "o" * 43,
            }  # fmt: skip
            connection.execute(
                MailLink.__table__.insert(),  # type: ignore[attr-defined]
                {"key_hash": hashed("o" * 43), "person_id": teacher, "expires_at": later},
            )
        begun = self.clients["administrator"].post(
            f"/rules/files/{FILE[0]}/{FILE[1]}", data={"do": "begin"}, follow_redirects=False
        )
        assert begun.status_code == 303, begun.text
        (draft,) = desk.rows(Draft)
        self.places |= {
            "case_id": case_id, "draft_id": draft["id"], "evidence_id": self._uploaded(case_id),
        }  # fmt: skip
        return case_id

    def _uploaded(self, case_id: str) -> str:
        """A file of the form, as it is uploaded; gives its id."""
        answer = self.clients["teacher"].post(
            f"/api/v1/cases/{case_id}/evidence/files", data={"field": "esafety.evidence"},
            files={"file": ("beleid.pdf", pdf(), "application/pdf")},
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def _submitted(self, case_id: str) -> None:
        desk = self.desk
        desk.engine.fire(case_id, "submit", desk.teachers[0])
        desk.clock.advance(timedelta(minutes=1))
        sent = [row for row in desk.events(case_id) if row["trigger"] == "submit"]
        mail = desk.mails(template="school_label/submitted", person_id=desk.teachers[0])[0]
        notices = desk.notices(person_id=desk.teachers[0])
        self.places |= {
            "mail_id": mail["id"], "notice_id": notices[0]["id"],
            "sequence": str(sent[-1]["sequence"]),
            "decision_id": desk.rows(Decision, organisation_id=desk.school)[0]["id"],
        }  # fmt: skip

    def _keep(self, stage: str) -> None:
        self._kept[stage] = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._file)) as now:
            now.backup(self._kept[stage])

    def _back_to(self, stage: str) -> None:
        with closing(sqlite3.connect(self._file)) as now:
            self._kept[stage].backup(now)
        self._now = stage

    def ask(self, role: str, route: str, line: dict[str, Any]) -> httpx2.Response:
        """Ask a route as somebody, and undo what that did."""
        method, path = route.split(" ", maxsplit=1)
        stage = line.get("stage", SUBMITTED)
        if stage != self._now:
            self._back_to(stage)
        other = {name: self.places.get(one, one) for name, one in line.get("with", {}).items()}
        places = {**self.places, **other}
        client: TestClient = self.clients[role]
        client.cookies.clear()
        file = line.get("file")
        answer = client.request(
            method, path.replace(":path", "").format(**places),
            params=self._filled(line.get("query"), places),
            json=self._filled(line.get("json"), places),
            data=self._filled(line.get("form"), places),
            files={"file": ("a.csv", file, "text/csv")} if file else None,
            follow_redirects=False,
        )  # fmt: skip
        if method != "GET" and answer.status_code < 400:
            self._back_to(stage)
        return answer

    def _filled(self, sent: Any, places: dict[str, str]) -> Any:
        """What is sent, with what there is for the names in it."""
        if isinstance(sent, dict):
            return {key: self._filled(value, places) for key, value in sent.items()}
        if isinstance(sent, list):
            return [self._filled(value, places) for value in sent]
        return sent.format(**places) if isinstance(sent, str) else sent

    def close(self) -> None:
        """Forget how it was."""
        for one in self._kept.values():
            one.close()
