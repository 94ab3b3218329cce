"""The queue: what was committed runs once, what was rolled back was never said."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text

from cornerspot.db import session
from cornerspot.db.transaction import transaction
from cornerspot.jobs.dead import count_jobs, list_dead_jobs, retry_job
from cornerspot.jobs.performing import perform
from cornerspot.jobs.publishing import enqueue, enqueue_for_teams, publish
from cornerspot.jobs.queue import GiveUp, RunningJob
from cornerspot.jobs.registry import UnknownJob, reaction, task
from cornerspot.jobs.worker import JobsFailed, run_pending
from cornerspot.kit import clock
from cornerspot.kit.errors import Conflict, NotFound
from cornerspot.tenancy import CurrentTeam, current_team, system_scope, team_scope
from tests.factories.teams import Story, open_story


@dataclass(frozen=True)
class SomethingHappened:
    thing_id: UUID
    on: date
    note: str = ""
    other_id: UUID | None = None


seen: list[tuple[str, object]] = []


@reaction(SomethingHappened)
def remember(event: SomethingHappened) -> None:
    seen.append((current_team().slug, event))


@reaction(SomethingHappened)
def remember_again(event: SomethingHappened) -> None:
    seen.append(("again", event.thing_id))


@task("tests.write_then_fail")
def write_then_fail(name: str) -> None:
    session.execute(text("UPDATE teams SET name = :name WHERE id = :id"), {"name": name, "id": current_team().id})
    seen.append(("ran", name))
    if name == "fails":
        raise ValueError("This one fails.")
    if name == "gives up":
        raise GiveUp("No use.")


@task("tests.chain")
def chain(left: int) -> None:
    seen.append(("chain", left))
    if left:
        enqueue("tests.chain", left=left - 1)


@task("tests.global")
def everywhere() -> None:
    with pytest.raises(RuntimeError):
        current_team()
    seen.append(("global", None))


@pytest.fixture(autouse=True)
def clean(empty_queue: None) -> None:
    seen.clear()


def test_an_event_reaches_every_reaction_in_its_teams_scope(app: Flask, team: CurrentTeam) -> None:
    event = SomethingHappened(uuid4(), date(2026, 2, 28), "Ünï 🎉 'quoted'")
    with transaction():
        publish(event)
    assert run_pending(app) == 2
    assert (team.slug, event) in seen
    assert ("again", event.thing_id) in seen


def test_what_is_rolled_back_was_never_published(app: Flask, team: CurrentTeam) -> None:
    publish(SomethingHappened(uuid4(), date(2026, 2, 28)))
    session.rollback()
    with pytest.raises(ValueError), transaction():
        publish(SomethingHappened(uuid4(), date(2026, 2, 28)))
        raise ValueError
    assert run_pending(app) == 0
    assert seen == []


def test_a_savepoint_takes_its_events_with_it(app: Flask, team: CurrentTeam) -> None:
    with transaction():
        with pytest.raises(ValueError), session.begin_nested():
            publish(SomethingHappened(uuid4(), date(2026, 2, 28), "lost"))
            raise ValueError
        publish(SomethingHappened(uuid4(), date(2026, 2, 28), "kept"))
    run_pending(app)
    assert [event.note for _, event in seen if isinstance(event, SomethingHappened)] == ["kept"]


def test_publishing_is_one_statement(app: Flask, team: CurrentTeam) -> None:
    with transaction():
        publish(SomethingHappened(uuid4(), date(2026, 2, 28)))
    transactions = "SELECT count(DISTINCT xmin::text), count(*) FROM procrastinate_jobs"
    assert tuple(session.execute(text(transactions)).one()) == (1, 2)
    session.rollback()


def test_a_failing_job_leaves_nothing_and_waits_for_its_next_try(app: Flask, team: CurrentTeam) -> None:
    with transaction():
        enqueue("tests.write_then_fail", name="fails")
    with pytest.raises(JobsFailed):
        run_pending(app)
    name, waiting = session.execute(
        text(
            "SELECT (SELECT name FROM teams WHERE id = :id),"
            " (SELECT extract(epoch FROM scheduled_at - now()) FROM procrastinate_jobs)"
        ),
        {"id": team.id},
    ).one()
    assert name == team.name
    assert 0 < waiting <= 2
    assert count_jobs() == {"todo": 1}
    assert run_pending(app) == 0  # It is not due yet.
    session.rollback()


def test_the_eighth_failure_is_the_last_and_an_operator_can_retry(app: Flask, team: CurrentTeam) -> None:
    with transaction():
        enqueue("tests.write_then_fail", name="fails")
    for _ in range(8):
        with transaction():
            session.execute(text("UPDATE procrastinate_jobs SET scheduled_at = now()"))
        with pytest.raises(JobsFailed):
            run_pending(app)
    [dead] = list_dead_jobs()
    assert (dead.name, dead.team_id, dead.data) == ("tests.write_then_fail", str(team.id), {"name": "fails"})
    assert dead.tries == 8
    assert dead.failed_at is not None
    retry_job(dead.id)
    session.commit()
    assert list_dead_jobs() == []
    with pytest.raises(Conflict):
        retry_job(dead.id)
    session.rollback()
    with pytest.raises(JobsFailed):
        run_pending(app)
    assert count_jobs() == {"todo": 1}  # It has all its tries again.
    session.rollback()


def test_a_job_that_gives_up_is_dead_at_once(app: Flask, team: CurrentTeam) -> None:
    with transaction():
        enqueue("tests.write_then_fail", name="gives up")
    with pytest.raises(JobsFailed):
        run_pending(app)
    assert len(list_dead_jobs()) == 1
    session.rollback()


def test_retrying_a_job_that_is_not_there_says_so(app: Flask) -> None:
    with app.app_context(), system_scope("an operator"), pytest.raises(NotFound):
        retry_job(10**12)


def test_the_same_job_runs_once_however_often_it_is_handed_over(app: Flask, team: CurrentTeam) -> None:
    session.rollback()
    job = RunningJob(uuid4().int >> 66, "tests.write_then_fail", team.id, {"name": "New name"}, 1)
    perform(app, job)
    perform(app, job)
    assert seen == [("ran", "New name")]


def test_a_job_can_bring_about_others_which_run_too(app: Flask, team: CurrentTeam) -> None:
    with transaction():
        enqueue("tests.chain", left=3)
    assert run_pending(app) == 4
    assert [left for _, left in seen] == [3, 2, 1, 0]


def test_a_task_for_later_is_left_alone(app: Flask, team: CurrentTeam) -> None:
    with transaction():
        enqueue("tests.chain", at=clock.now() + timedelta(hours=1), left=0)
    assert run_pending(app) == 0


def test_a_task_of_no_team_runs_outside_of_every_team(app: Flask) -> None:
    with app.app_context(), system_scope("a test"), transaction():
        enqueue("tests.global")
    run_pending(app)
    assert seen == [("global", None)]


def test_a_task_runs_once_for_each_team_in_its_own_scope(app: Flask, story: Story) -> None:
    other = open_story(app)
    with app.app_context(), system_scope("a test"), transaction():
        enqueue_for_teams("tests.where", [story.team.id, other.team.id])
    run_pending(app)
    assert seen == [("where", story.team.slug), ("where", other.team.slug)]


@task("tests.where")
def where() -> None:
    seen.append(("where", current_team().slug))


def test_an_unknown_task_is_refused_when_it_is_asked_for(team: CurrentTeam) -> None:
    with pytest.raises(UnknownJob):
        enqueue("tests.no_such_task")


@pytest.mark.parametrize("value", [1.5, object(), ["a list"], {"a": 1}])
def test_a_job_carries_plain_values_only(team: CurrentTeam, value: object) -> None:
    with pytest.raises(TypeError):
        enqueue("tests.chain", left=value)


def test_the_moved_clock_holds_in_pending_jobs(app: Flask, team: CurrentTeam) -> None:
    moment = clock.now() - timedelta(days=200)
    with clock.moved_to(moment):
        with transaction():
            enqueue("tests.what_time")
        run_pending(app)
    assert seen == [("time", moment)]


@task("tests.what_time")
def what_time() -> None:
    seen.append(("time", clock.now()))


def test_pending_jobs_run_from_inside_another_teams_scope(app: Flask, story: Story, team: CurrentTeam) -> None:
    other = open_story(app)
    with transaction():
        enqueue_for_teams("tests.where", [other.team.id])
    run_pending(app)
    assert seen == [("where", other.team.slug)]
    assert current_team() == team


def test_entering_no_scope_is_what_a_system_publisher_does(app: Flask) -> None:
    with app.app_context(), team_scope(open_story(app).team), transaction():
        publish(SomethingHappened(uuid4(), date(2026, 1, 1), other_id=uuid4()))
    run_pending(app)
    assert len(seen) == 2


def test_what_a_job_carries_is_not_logged(
    app: Flask, team: CurrentTeam, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with transaction():
        enqueue("tests.fail_with_secret", name="secret-link")
    with pytest.raises(JobsFailed):
        run_pending(app)
    assert "secret-link" not in caplog.text + "".join(capfd.readouterr())


@task("tests.fail_with_secret")
def fail_with_secret(name: str) -> None:
    raise ValueError("The reason says nothing of it.")
