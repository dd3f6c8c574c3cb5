"""One worker at a time: who holds the lease works, who lost it writes nothing."""

import threading
import uuid

import pytest
from django.db import connection

from partyschool.jobs.enums import JobState
from partyschool.jobs.models import StoredFile
from partyschool.jobs.services.files import store_file
from partyschool.jobs.services.jobs import cancel_job
from partyschool.jobs.services.leases import JobCancelled, LeaseLost, claim_job, renew_lease
from partyschool.jobs.services.progress import Heartbeat, Progress
from tests.factories.accounts import make_user
from tests.factories.jobs import expire_lease, fresh, make_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_user("staff")


def progress_of(job):
    return Progress(job, Heartbeat(job))


def test_claim_waiting_job_runs_it(staff):
    job = claim_job(make_job(staff).pk)
    assert (job.state, job.attempt) == (JobState.RUNNING, 1)
    assert job.lease_token is not None


def test_claim_leased_job_gives_none(staff):
    job = claim_job(make_job(staff).pk)
    assert claim_job(job.pk) is None
    assert fresh(job).lease_token == job.lease_token


def test_claim_unknown_job_gives_none(db):
    assert claim_job(uuid.uuid4()) is None


def test_claim_expired_lease_takes_it_over(staff):
    first = claim_job(make_job(staff).pk)
    expire_lease(first)
    second = claim_job(first.pk)
    assert second.attempt == 2
    assert second.lease_token != first.lease_token


def test_late_worker_cannot_finish_store_or_renew(staff):
    late = claim_job(make_job(staff).pk)
    expire_lease(late)
    claim_job(late.pk)
    assert renew_lease(late) is False
    with pytest.raises(LeaseLost), progress_of(late).finishing():
        pytest.fail("the late worker came in")
    with pytest.raises(LeaseLost):
        store_file(job=late, name="a.txt", content_type="text/plain", content=b"late")
    with pytest.raises(LeaseLost):
        progress_of(late).report(1, 2)
    assert fresh(late).state == JobState.RUNNING
    assert StoredFile.objects.count() == 0


def test_expired_lease_that_nobody_took_can_be_renewed(staff):
    job = claim_job(make_job(staff).pk)
    expire_lease(job)
    assert renew_lease(job) is True
    assert claim_job(job.pk) is None


def test_cancelled_job_stops_its_worker(staff):
    job = claim_job(make_job(staff).pk)
    cancel_job(job_id=job.pk, by=staff)
    with pytest.raises(JobCancelled):
        progress_of(job).report(1, 2)
    with pytest.raises(JobCancelled), progress_of(job).finishing():
        pytest.fail("the cancelled worker came in")
    assert fresh(job).state == JobState.CANCELLED


def test_finishing_that_fails_keeps_the_lease_and_nothing_else(staff):
    job = claim_job(make_job(staff).pk)

    def store_and_break():
        with progress_of(job).finishing():
            store_file(job=job, name="a.txt", content_type="text/plain", content=b"x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store_and_break()
    assert StoredFile.objects.count() == 0
    assert fresh(job).state == JobState.RUNNING


def test_report_writes_percent_and_never_says_100_before_the_end(staff):
    job = claim_job(make_job(staff).pk)
    progress_of(job).report(5, 5, "x" * 300)
    row = fresh(job)
    assert (row.percent, row.steps_done, row.steps_total, len(row.message)) == (99, 5, 5, 200)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_twelve_workers_claim_one_job_and_one_gets_it(staff):
    job = make_job(staff)
    barrier, won = threading.Barrier(12, timeout=30), []

    def claim():
        try:
            barrier.wait()
            if claimed := claim_job(job.pk):
                won.append(claimed)
        finally:
            connection.close()

    rivals = [threading.Thread(target=claim) for _ in range(12)]
    for rival in rivals:
        rival.start()
    for rival in rivals:
        rival.join(60)
    assert [one.attempt for one in won] == [1]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_heartbeat_renews_during_one_long_step(staff, settings):
    settings.JOB_LEASE_SECONDS = 1
    job = claim_job(make_job(staff).pk)
    with Heartbeat(job):
        threading.Event().wait(2.5)
        assert claim_job(job.pk) is None
    threading.Event().wait(1.1)
    assert claim_job(job.pk) is not None


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_heartbeat_learns_of_the_lost_lease(staff, settings):
    settings.JOB_LEASE_SECONDS = 1
    job = claim_job(make_job(staff).pk)
    expire_lease(job)
    claim_job(job.pk)
    with Heartbeat(job) as heartbeat:
        threading.Event().wait(1)
        assert heartbeat.lost
        with pytest.raises(LeaseLost):
            Progress(job, heartbeat).report(1, 2)
