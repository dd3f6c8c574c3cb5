"""The bell and the sweeper: whatever is lost is sent again."""

import re
import time

import pytest
from celery import current_app
from django.db.models import F

from partyschool.common import clock
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job
from partyschool.jobs.services.leases import claim_job
from partyschool.jobs.services.sending import RESEND_AFTER, Swept, sweep_jobs
from tests.factories.accounts import make_user
from tests.factories.jobs import expire_lease, fresh, make_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_user("staff")


@pytest.fixture(autouse=True)
def own_queue(monkeypatch, settings):
    """A database of the broker that no worker listens to."""
    monkeypatch.setenv(
        "CELERY_BROKER_URL", re.sub(r"(virtual_host=|/)\d+$", r"\g<1>15", settings.CELERY_BROKER_URL)
    )
    with current_app.connection_for_write() as broker:
        broker.default_channel.client.delete("celery")


@pytest.fixture
def dead_broker(own_queue, monkeypatch, tmp_path):
    """The broker's address leads nowhere."""
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis+socket://{tmp_path}/nobody.sock?virtual_host=0")


def queued():
    """How many messages wait at the broker."""
    with current_app.connection_for_write() as broker:
        return broker.default_channel.client.llen("celery")


def test_start_sends_after_the_commit(staff, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = make_job(staff)
        assert fresh(job).sent_at is None
    assert queued() == 1
    assert fresh(job).sent_at is not None


def test_parent_is_not_sent(staff, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        parent = make_job(staff)
        make_job(staff, parent=parent)
    assert queued() == 1
    assert fresh(parent).sent_at is None


def test_start_without_broker_keeps_the_job_and_does_not_hang(
    staff, dead_broker, django_capture_on_commit_callbacks
):
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        job = make_job(staff)
    assert time.monotonic() - began < 8
    assert (fresh(job).state, fresh(job).sent_at) == (JobState.QUEUED, None)


def test_sweep_sends_what_was_never_sent_once(staff):
    job = make_job(staff)
    assert sweep_jobs() == Swept(sent=1, given_up=0)
    assert fresh(job).sent_at is not None
    assert sweep_jobs() == Swept(sent=0, given_up=0)


def test_sweep_without_broker_leaves_all_unsent(staff, dead_broker):
    jobs = [make_job(staff) for _ in range(3)]
    assert sweep_jobs() == Swept(sent=0, given_up=0)
    assert [fresh(job).sent_at for job in jobs] == [None, None, None]


def test_sweep_sends_again_what_nobody_took(staff):
    job = make_job(staff)
    sweep_jobs()
    Job.objects.unscoped("tests").filter(pk=job.pk).update(sent_at=F("sent_at") - RESEND_AFTER)
    assert sweep_jobs().sent == 1


def test_sweep_leaves_a_working_job_alone(staff):
    claim_job(make_job(staff).pk)
    assert sweep_jobs() == Swept(sent=0, given_up=0)


def test_sweep_sends_a_job_whose_worker_died_once(staff):
    job = make_job(staff)
    sweep_jobs()
    claim_job(job.pk)
    Job.objects.unscoped("tests").filter(pk=job.pk).update(lease_until=clock.now())
    assert [sweep_jobs().sent for _ in range(2)] == [1, 0]


def test_sweep_gives_up_a_job_that_killed_every_worker(staff):
    parent = make_job(staff)
    job = make_job(staff, parent=parent)
    for _ in range(Job.MAX_ATTEMPTS):
        assert claim_job(job.pk) is not None
        expire_lease(job)
    assert claim_job(job.pk) is None
    assert sweep_jobs() == Swept(sent=0, given_up=1)
    row = fresh(job)
    assert (row.state, row.lease_token) == (JobState.FAILED, None)
    assert row.error.startswith("任务已中断 4 次")
    assert fresh(parent).state == JobState.FAILED


def test_sweep_leaves_parents_and_ended_jobs_alone(staff):
    parent = make_job(staff)
    child = make_job(staff, parent=parent)
    Job.objects.unscoped("tests").filter(pk=child.pk).update(
        state=JobState.CANCELLED, finished_at=clock.now()
    )
    assert sweep_jobs() == Swept(sent=0, given_up=0)
