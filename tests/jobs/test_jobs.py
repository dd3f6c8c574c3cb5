"""What people do with jobs, and what a parent's row says."""

import threading

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, connection, transaction

from partyschool.audit.models import AuditEvent
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job
from partyschool.jobs.services.jobs import AlreadyEnded, AlreadyRunning, NothingToRetry, cancel_job, retry_job
from partyschool.jobs.services.leases import claim_job
from partyschool.jobs.services.progress import Heartbeat, Progress
from partyschool.jobs.services.running import _fail
from tests.factories.accounts import make_user
from tests.factories.jobs import fresh, make_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_user("staff")


@pytest.fixture
def family(staff):
    parent = make_job(staff, key="2025")
    return parent, [make_job(staff, key=f"2025:{number}", parent=parent) for number in range(3)]


def finish(job):
    with Progress(claimed := claim_job(job.pk), Heartbeat(claimed)).finishing():
        pass


def fail(job):
    _fail(claim_job(job.pk), "坏了")


def audited():
    return list(AuditEvent.objects.unscoped("tests").order_by("id").values_list("action", flat=True))


def test_start_same_kind_and_key_returns_the_live_job(staff):
    job = make_job(staff, key="2025")
    assert make_job(staff, key="2025") == job
    assert make_job(staff, key="2026") != job
    assert audited() == ["job.start", "job.start"]


def test_start_after_the_end_is_a_new_job(staff):
    job = make_job(staff, key="2025")
    finish(job)
    assert make_job(staff, key="2025") != job


def test_start_child_again_returns_it_whatever_its_state(family, staff):
    parent, children = family
    finish(children[0])
    assert make_job(staff, key="2025:0", parent=parent) == children[0]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_ten_rivals_start_one_job(staff):
    barrier, seen = threading.Barrier(10, timeout=30), []

    def start():
        try:
            barrier.wait()
            seen.append(make_job(staff, key="2025").pk)
        finally:
            connection.close()

    rivals = [threading.Thread(target=start) for _ in range(10)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(60)
    assert len(seen) == 10
    assert len(set(seen)) == 1
    assert Job.objects.unscoped("tests").count() == 1


def test_parent_is_never_claimed(family):
    assert claim_job(family[0].pk) is None


def test_parent_follows_its_children(family):
    parent, children = family
    assert fresh(parent).state == JobState.QUEUED
    finish(children[0])
    row = fresh(parent)
    assert (row.state, row.percent, row.steps_done, row.steps_total) == (JobState.RUNNING, 33, 1, 3)
    assert row.finished_at is None
    finish(children[1])
    finish(children[2])
    row = fresh(parent)
    assert (row.state, row.percent, row.steps_done) == (JobState.DONE, 100, 3)
    assert row.started_at <= row.finished_at


def test_parent_fails_when_the_last_child_ended_and_one_failed(family):
    parent, children = family
    fail(children[0])
    assert fresh(parent).state == JobState.RUNNING
    finish(children[1])
    finish(children[2])
    row = fresh(parent)
    assert row.state == JobState.FAILED
    assert row.error.startswith("有 1 个子任务失败")


def test_retry_parent_retries_what_failed_alone(family, staff):
    parent, children = family
    fail(children[0])
    finish(children[1])
    finish(children[2])
    retry_job(job_id=parent.pk, by=staff)
    assert [fresh(child).state for child in children] == [JobState.QUEUED, JobState.DONE, JobState.DONE]
    assert fresh(parent).state == JobState.RUNNING
    finish(children[0])
    assert (fresh(parent).state, fresh(parent).error) == (JobState.DONE, "")
    assert audited() == ["job.start", "job.retry"]


def test_cancel_parent_cancels_what_has_not_ended(family, staff):
    parent, children = family
    finish(children[0])
    claim_job(children[1].pk)
    cancel_job(job_id=parent.pk, by=staff)
    assert [fresh(child).state for child in children] == [
        JobState.DONE,
        JobState.CANCELLED,
        JobState.CANCELLED,
    ]
    assert fresh(parent).state == JobState.CANCELLED
    assert fresh(parent).finished_at is not None


def test_handler_that_starts_children_is_run_again_after_its_death(staff):
    parent = claim_job(make_job(staff, key="2025").pk)
    child = make_job(staff, key="2025:1", parent=parent)
    assert fresh(parent).state == JobState.RUNNING
    Job.objects.unscoped("tests").filter(pk=parent.pk).update(lease_until="2020-01-01T00:00Z")
    again = claim_job(parent.pk)
    assert again is not None
    assert make_job(staff, key="2025:1", parent=again) == child
    with Progress(again, Heartbeat(again)).finishing():
        pass
    assert fresh(parent).state == JobState.QUEUED
    finish(child)
    assert fresh(parent).state == JobState.DONE


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_children_that_end_together_complete_the_parent(staff):
    parent = make_job(staff, key="2025")
    children = [make_job(staff, key=f"2025:{number}", parent=parent) for number in range(8)]
    claimed = [claim_job(child.pk) for child in children]
    barrier = threading.Barrier(8, timeout=30)

    def end(job):
        try:
            barrier.wait()
            with Progress(job, Heartbeat(job)).finishing():
                pass
        finally:
            connection.close()

    workers = [threading.Thread(target=end, args=[job]) for job in claimed]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert (fresh(parent).state, fresh(parent).steps_done) == (JobState.DONE, 8)


def test_cancel_ended_job_is_refused(staff):
    job = make_job(staff)
    finish(job)
    with pytest.raises(AlreadyEnded):
        cancel_job(job_id=job.pk, by=staff)


def test_retry_done_or_running_job_is_refused(staff):
    job = make_job(staff)
    for _ in range(2):
        with pytest.raises(NothingToRetry):
            retry_job(job_id=job.pk, by=staff)
        if fresh(job).is_live:
            finish(job)


def test_retry_beside_a_newer_job_is_refused(staff):
    job = make_job(staff, key="2025")
    fail(job)
    make_job(staff, key="2025")
    with pytest.raises(AlreadyRunning):
        retry_job(job_id=job.pk, by=staff)
    assert fresh(job).state == JobState.FAILED


def test_retry_gives_all_attempts_again(staff):
    job = make_job(staff)
    fail(job)
    retry_job(job_id=job.pk, by=staff)
    row = fresh(job)
    assert (row.state, row.attempt, row.error, row.finished_at) == (JobState.QUEUED, 0, "", None)


def test_auditor_sees_but_may_not_cancel_or_retry(staff):
    auditor = make_user("auditor")
    job = make_job(staff)
    with pytest.raises(PermissionDenied):
        cancel_job(job_id=job.pk, by=auditor)
    fail(job)
    with pytest.raises(PermissionDenied):
        retry_job(job_id=job.pk, by=auditor)


def test_stranger_does_not_find_the_job(staff):
    with pytest.raises(Job.DoesNotExist):
        cancel_job(job_id=make_job(staff).pk, by=make_user("leader"))


def test_database_refuses_to_delete_a_job(staff):
    job = make_job(staff)
    with pytest.raises(DatabaseError, match="DELETE on jobs_job is refused"), transaction.atomic():
        job.delete()
