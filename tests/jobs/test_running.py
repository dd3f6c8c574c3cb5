"""What a worker does with one job: once, whatever happens, and with words that help."""

import uuid

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import OperationalError

from partyschool.common.errors import NotFound
from partyschool.jobs import registry
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job, StoredFile
from partyschool.jobs.registry import job_kind
from partyschool.jobs.services.files import store_file
from partyschool.jobs.services.jobs import cancel_job
from partyschool.jobs.services.running import run_job
from tests.factories.accounts import make_user
from tests.factories.jobs import expire_lease, fresh, make_job

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_user("staff")


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def handle():
    """Register a handler for the length of one test; returns the kind."""
    kinds = []

    def register(function):
        kind = f"tests.{uuid.uuid4().hex[:20]}"
        job_kind(kind)(function)
        kinds.append(kind)
        return kind

    yield register
    for kind in kinds:
        del registry._handlers[kind]


def raising(error):
    def handler(job, progress):
        raise error

    return handler


def test_run_calls_the_handler_and_ends_the_job(staff, handle):
    seen = []
    job = make_job(staff, kind=handle(lambda job, progress: seen.append(job.params)), year=2025)
    assert run_job(job_id=job.pk) == JobState.DONE
    assert seen == [{"year": 2025}]
    row = fresh(job)
    assert (row.state, row.percent, row.lease_token, row.error) == (JobState.DONE, 100, None, "")


def test_run_again_does_nothing(staff, handle):
    seen = []
    job = make_job(staff, kind=handle(lambda job, progress: seen.append(job.pk)))
    assert [run_job(job_id=job.pk) for _ in range(3)] == [JobState.DONE, None, None]
    assert seen == [job.pk]


def test_results_and_end_are_committed_together(staff, handle):
    def handler(job, progress):
        with progress.finishing():
            store_file(job=job, name="报告.pdf", content_type="application/pdf", content=b"%PDF")

    job = make_job(staff, kind=handle(handler))
    run_job(job_id=job.pk)
    file = StoredFile.objects.get()
    assert (file.job, file.size) == (job, 4)
    with file.open() as kept:
        assert kept.read() == b"%PDF"


def test_expected_refusal_is_told_in_its_own_words(staff, handle):
    job = make_job(staff, kind=handle(raising(NotFound("2031"))))
    assert run_job(job_id=job.pk) == JobState.FAILED
    assert fresh(job).error.splitlines()[:2] == [str(NotFound.title), "2031"]
    assert len(fresh(job).error.splitlines()) == 3


def test_fault_is_told_without_its_text(staff, handle):
    job = make_job(staff, kind=handle(raising(KeyError("张三的身份证"))))
    assert run_job(job_id=job.pk) == JobState.FAILED
    assert "KeyError" in fresh(job).error
    assert "张三" not in fresh(job).error


def test_unknown_kind_fails(staff):
    job = make_job(staff, kind="tests.nobody")
    assert run_job(job_id=job.pk) == JobState.FAILED
    assert fresh(job).error.startswith("当前版本的平台不支持")


def test_too_long_work_fails(staff, handle):
    job = make_job(staff, kind=handle(raising(SoftTimeLimitExceeded())))
    run_job(job_id=job.pk)
    assert "9 分钟" in fresh(job).error


def test_passing_fault_is_tried_again_up_to_the_limit(staff, handle):
    job = make_job(staff, kind=handle(raising(OperationalError("gone"))))
    states = []
    for _ in range(Job.MAX_ATTEMPTS):
        states.append(run_job(job_id=job.pk))
        assert run_job(job_id=job.pk) is None  # it waits first
        expire_lease(job)
    assert states == [JobState.QUEUED, JobState.QUEUED, JobState.QUEUED, JobState.FAILED]
    assert fresh(job).error.startswith("多次无法连接")


def test_job_cancelled_during_work_stays_cancelled(staff, handle):
    def handler(job, progress):
        cancel_job(job_id=job.pk, by=staff)
        progress.report(1, 2)
        pytest.fail("went on")

    job = make_job(staff, kind=handle(handler))
    assert run_job(job_id=job.pk) is None
    assert fresh(job).state == JobState.CANCELLED


def test_second_handler_for_a_kind_is_refused(handle):
    kind = handle(lambda job, progress: None)
    with pytest.raises(ValueError, match=kind):
        job_kind(kind)(lambda job, progress: None)
