"""Other engines taking the same step, each with its own way of keeping it in the database.

They are handed the finished rows. What they do themselves: read the case, check one date as the
step's guard does, move the state by their own means, and write everything in one transaction.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import ClassVar

from sqlalchemy import (
    Column,
    Engine,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    select,
    update,
)
from sqlalchemy.orm import Session

from benchmarks.databases import POSTGRESQL, Databases
from benchmarks.fire_raw import ADDED, Written
from models.cases import Case, Timer
from models.database import metadata, writing
from models.desk import Waiting
from models.messages import Mail

_case = Case.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_waiting = Waiting.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]

#: The guard: the evaluation period, and a day in it.
GUARD = {"opens": "2022-11-23", "closes": "2023-03-28", "today": "2023-02-07"}

_drop = delete(_timer).where(_timer.c.case_id == bindparam("case"))
_leave = delete(_waiting).where(_waiting.c.case_id == bindparam("case"))
_withdraw = (
    update(_mail)
    .where(_mail.c.case_id == bindparam("case"), _mail.c.event_id.is_(None))
    .where(_mail.c.status + "" == "waiting")
    .values(status="withdrawn")
)


class Peer(ABC):
    """One other engine."""

    #: As it is shown.
    name: ClassVar[str]
    #: What must be installed.
    module: ClassVar[str]

    def __init__(
        self, databases: Databases, kind: str, database: Engine, cases: Sequence[str]
    ) -> None:
        """Prepare: ``database`` holds ``cases``, all of them submitted."""
        self.database = database
        self.prepare(databases, kind, cases)

    @abstractmethod
    def prepare(self, databases: Databases, kind: str, cases: Sequence[str]) -> None:
        """Do what is not measured."""

    @abstractmethod
    def step(self, written: Written) -> None:
        """Approve one case."""

    def run(self, steps: Sequence[Written]) -> float:
        """Approve cases; gives the seconds it took."""
        start = perf_counter()
        for written in steps:
            self.step(written)
        return perf_counter() - start

    def close(self) -> None:
        """End what was started."""
        self.database.dispose()


def _write(session: Session, written: Written) -> None:
    """The rows of the step besides the case's own, in the quickest way SQLAlchemy has."""
    session.execute(_drop, {"case": written.case_id})
    session.execute(_leave, {"case": written.case_id})
    session.execute(_withdraw, {"case": written.case_id})
    for table in ADDED:
        if written.values[table]:
            session.execute(metadata.tables[table].insert(), written.values[table])


class _StateMachine(Peer):
    name = "python-statemachine with SQLAlchemy"
    module = "statemachine"

    def prepare(self, databases: Databases, kind: str, cases: Sequence[str]) -> None:
        from statemachine import State, StateMachine  # noqa: PLC0415 - not always installed

        class Approval(StateMachine):  # type: ignore[misc]
            """A submitted application."""

            submitted = State(initial=True)
            approved = State(final=True)
            refused = State(final=True)

            approve = submitted.to(approved, cond="in_time")
            refuse = submitted.to(refused)

            def __init__(self, case: Case, write: Callable[[], None]) -> None:
                self._write = write
                super().__init__(case, state_field="state")

            def in_time(self) -> bool:
                """The guard."""
                return GUARD["opens"] <= GUARD["today"] <= GUARD["closes"]

            def on_approve(self) -> None:
                """What comes with the step."""
                self._write()

        self._machine = Approval

    def step(self, written: Written) -> None:
        with Session(self.database) as session, session.begin():
            case = session.get(Case, written.case_id, with_for_update=True)
            if case is None:
                raise LookupError(written.case_id)
            self._machine(case, lambda: _write(session, written)).approve()
            case.since, case.version = written.changed["since"], written.changed["version"]
            case.head = written.changed["head"]


class _Spiff(Peer):
    name = "SpiffWorkflow"
    module = "SpiffWorkflow"

    _kept = Table(
        "spiff_workflow", MetaData(),
        Column("case_id", String, primary_key=True), Column("content", Text, nullable=False),
    )  # fmt: skip

    def prepare(self, databases: Databases, kind: str, cases: Sequence[str]) -> None:
        from SpiffWorkflow.bpmn.parser import BpmnParser  # noqa: PLC0415 - not always installed
        from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer  # noqa: PLC0415
        from SpiffWorkflow.bpmn.util.task import TaskFilter  # noqa: PLC0415
        from SpiffWorkflow.bpmn.workflow import BpmnWorkflow  # noqa: PLC0415
        from SpiffWorkflow.util.task import TaskState  # noqa: PLC0415

        parser = BpmnParser()
        parser.add_bpmn_file(str(Path(__file__).with_name("approval.bpmn")))
        workflow = BpmnWorkflow(parser.get_spec("approval"))
        workflow.do_engine_steps()
        self._serializer = BpmnWorkflowSerializer()
        self._ready = TaskFilter(state=TaskState.READY, manual=True)
        content = self._serializer.serialize_json(workflow)
        self._kept.metadata.create_all(self.database)
        with writing(self.database) as connection:
            rows = [{"case_id": case, "content": content} for case in cases]
            connection.execute(self._kept.insert(), rows)

    def step(self, written: Written) -> None:
        mine = self._kept.c.case_id == written.case_id
        with Session(self.database) as session, session.begin():
            content = session.execute(
                select(self._kept.c.content).where(mine).with_for_update()
            ).scalar_one()
            workflow = self._serializer.deserialize_json(content)
            (task,) = workflow.get_tasks(task_filter=self._ready)
            task.data.update(GUARD, trigger="approve")
            task.run()
            workflow.do_engine_steps()
            (task,) = workflow.get_tasks(task_filter=self._ready)
            if task.task_spec.name != "approved":
                raise AssertionError(task.task_spec.name)
            content = self._serializer.serialize_json(workflow)
            session.execute(update(self._kept).where(mine).values(content=content))
            _move(session, written)
            _write(session, written)


class _Dbos(Peer):
    name = "DBOS"
    module = "dbos"

    def prepare(self, databases: Databases, kind: str, cases: Sequence[str]) -> None:
        from dbos import DBOS, SQLAlchemyDatasource  # noqa: PLC0415 - not always installed

        self._dbos = DBOS
        own = databases.fresh(kind, migrated=False)
        own.dispose()
        DBOS(
            config={
                "name": "approval", "log_level": "ERROR", "console_log_level": "ERROR",
                "system_database_url": own.url.render_as_string(hide_password=False),
            }
        )  # fmt: skip
        source = SQLAlchemyDatasource.create(
            self.database.url.render_as_string(hide_password=False), engine=self.database
        )
        steps: dict[str, Written] = {}
        level = "READ COMMITTED" if kind == POSTGRESQL else "SERIALIZABLE"

        @source.transaction(isolation_level=level)  # type: ignore[untyped-decorator]
        def approved(case_id: str) -> None:
            session = source.sql_session()
            state = session.execute(
                select(_case.c.state).where(_case.c.id == case_id).with_for_update()
            ).scalar_one()
            if state != "submitted" or not GUARD["opens"] <= GUARD["today"] <= GUARD["closes"]:
                raise AssertionError(state)
            _move(session, steps[case_id])
            _write(session, steps[case_id])

        @DBOS.workflow()  # type: ignore[untyped-decorator]
        def approve(case_id: str) -> None:
            approved(case_id)

        self._steps, self._approve = steps, approve
        DBOS.launch()

    def step(self, written: Written) -> None:
        # A workflow's arguments are kept as JSON: the rows are handed over beside it.
        self._steps[written.case_id] = written
        self._approve(written.case_id)

    def close(self) -> None:
        self._dbos.destroy(destroy_registry=True)
        super().close()


def _move(session: Session, written: Written) -> None:
    session.execute(update(_case).where(_case.c.id == written.case_id).values(**written.changed))


PEERS: list[type[Peer]] = [_Dbos, _StateMachine, _Spiff]
