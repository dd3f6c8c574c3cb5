"""Workers and brokers that die in the middle of a job: without anybody's doing it is done, once, with one whole file."""

import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from partyschool.embedded.programs import find_broker
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job, StoredFile
from partyschool.jobs.services.sending import send_job
from tests.factories.accounts import make_user
from tests.factories.jobs import fresh, make_job
from tests.waiting import wait_for

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

SHORT = {"JOB_LEASE_SECONDS": "3", "SWEEP_SECONDS": "1"}
"""So that a test takes seconds; the last test of this file has the times of production."""
PATIENCE = 60


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def run_celery(spawn, tmp_path):
    """``run_celery("worker")`` or ``("beat")``: a real process of the portal with the tests' jobs, ready to work."""

    def start(part, *, name="", **environment):
        name = name or part
        more = {
            "worker": ["--concurrency=1", f"--hostname={name}@%h"],
            "beat": [f"--schedule={tmp_path / 'schedule'}", "--pidfile="],
        }[part]
        process = spawn(
            name,
            ["celery", "-A", "tests.faults.portal_with_test_jobs", part, "--loglevel=INFO", *more],
            **environment,
        )
        log, sign = tmp_path / f"{name}.log", {"worker": " ready.", "beat": "beat: Starting"}[part]

        def ready():
            assert process.poll() is None, log.read_text(errors="replace")
            return sign in log.read_text(errors="replace")

        wait_for(ready, PATIENCE, f"{name} to be ready")
        return process

    return start


@pytest.fixture
def trace(tmp_path):
    return tmp_path / "trace"


def start_slow(trace, steps=15):
    return make_job(make_user("staff"), kind="tests.slow", trace=str(trace), steps=steps)


def attempts(trace: Path) -> list[int]:
    return [int(line) for line in trace.read_text().splitlines()] if trace.exists() else []


def wait_for_middle(job: Job) -> None:
    wait_for(lambda: fresh(job).steps_done >= 3, PATIENCE, "the job to be in the middle")


def wait_for_end(job: Job, seconds: float = PATIENCE) -> Job:
    wait_for(lambda: not fresh(job).is_live, seconds, f"{fresh(job).state} job to end")
    return fresh(job)


def assert_done_once(job: Job) -> None:
    row = fresh(job)
    assert (row.state, row.percent, row.error) == (JobState.DONE, 100, "")
    file = StoredFile.objects.get(job=job)
    with file.open() as stored:
        assert hashlib.sha256(stored.read()).hexdigest() == file.sha256


def test_killed_child_of_the_worker(run_celery, trace):
    run_celery("worker", **SHORT)
    run_celery("beat", **SHORT)
    job = start_slow(trace)
    wait_for_middle(job)
    os.kill(attempts(trace)[0], signal.SIGKILL)
    wait_for_end(job)
    assert_done_once(job)
    assert len(attempts(trace)) == 2
    assert fresh(job).attempt == 2


@pytest.mark.parametrize("whole_group", [True, False], ids=["with its children", "its main process alone"])
def test_killed_worker_and_a_new_one(run_celery, trace, whole_group):
    worker = run_celery("worker", **SHORT)
    run_celery("beat", **SHORT)
    job = start_slow(trace)
    wait_for_middle(job)
    (os.killpg if whole_group else os.kill)(worker.pid, signal.SIGKILL)
    worker.wait()
    run_celery("worker", name="second", **SHORT)
    wait_for_end(job)
    assert_done_once(job)


def test_parts_of_a_killed_worker_complete_their_parent(run_celery, trace):
    worker = run_celery("worker", **SHORT)
    run_celery("beat", **SHORT)
    staff = make_user("staff")
    from django.db import transaction

    with transaction.atomic():
        parent = make_job(staff, kind="tests.set")
        parts = [
            make_job(staff, kind="tests.slow", parent=parent, trace=str(trace), steps=5) for _ in range(3)
        ]
    wait_for(lambda: fresh(parts[0]).steps_done >= 2, PATIENCE, "the first part to be in the middle")
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    run_celery("worker", name="second", **SHORT)
    wait_for_end(parent)
    for part in parts:
        assert_done_once(part)
    assert (fresh(parent).state, fresh(parent).percent, fresh(parent).steps_done) == (JobState.DONE, 100, 3)


def test_stopped_worker_that_wakes_up_late_writes_nothing(run_celery, trace):
    """A process that stood still (paused machine) goes on after another one has taken its job."""
    run_celery("worker", **SHORT)
    run_celery("beat", **SHORT)
    job = start_slow(trace)
    wait_for_middle(job)
    sleeper = attempts(trace)[0]
    os.kill(sleeper, signal.SIGSTOP)
    run_celery("worker", name="second", **SHORT)
    wait_for_end(job)
    os.kill(sleeper, signal.SIGCONT)
    time.sleep(4)
    assert_done_once(job)
    assert len(attempts(trace)) == 2


def test_message_delivered_five_times_is_one_attempt(run_celery, trace):
    job = start_slow(trace, steps=5)
    for _ in range(4):
        assert send_job(job.pk)
    run_celery("worker", **SHORT)
    run_celery("worker", name="second", **SHORT)
    run_celery("beat", **SHORT)
    wait_for_end(job)
    time.sleep(3)
    assert_done_once(job)
    assert len(attempts(trace)) == 1


def test_long_silent_step_keeps_its_lease(run_celery, trace):
    run_celery("worker", **SHORT)
    run_celery("worker", name="second", **SHORT)
    run_celery("beat", **SHORT)
    job = make_job(make_user("staff"), kind="tests.silent", trace=str(trace), seconds=9)
    wait_for_end(job)
    assert_done_once(job)
    assert len(attempts(trace)) == 1


def test_deadly_job_is_given_up_and_the_worker_goes_on(run_celery, trace):
    run_celery("worker", **SHORT)
    run_celery("beat", **SHORT)
    deadly = make_job(make_user("staff"), kind="tests.deadly")
    job = start_slow(trace, steps=3)
    row = wait_for_end(deadly, 90)
    assert (row.state, row.attempt) == (JobState.FAILED, Job.MAX_ATTEMPTS)
    assert row.error.startswith("任务已中断 4 次")
    wait_for_end(job)
    assert_done_once(job)


# --- the broker --------------------------------------------------------------------------------------------------------------------------


class Broker:
    """A broker of this test alone, which may be killed without harm to others. It keeps nothing, as after a lost disk."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "broker.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = find_broker()
        assert program is not None
        self.process = subprocess.Popen(
            [
                program,
                "--port",
                "0",
                "--unixsocket",
                str(self.socket),
                "--save",
                "",
                "--dir",
                str(self.socket.parent),
            ],
            stdout=subprocess.DEVNULL,
        )
        wait_for(self.socket.exists, 20, "the broker to start")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.socket.unlink()


@pytest.fixture
def broker(tmp_path_factory, monkeypatch):
    """A broker of our own, for this process and those it starts."""
    own = Broker(tmp_path_factory.mktemp("b"))
    monkeypatch.setenv("CELERY_BROKER_URL", f"redis+socket://{own.socket}?virtual_host=0")
    own.start()
    yield own
    if own.process and own.process.poll() is None:
        own.kill()


def test_broker_dies_in_the_middle_and_comes_back_empty(broker, run_celery, trace):
    run_celery("worker", **SHORT)
    run_celery("beat", **SHORT)
    running, waiting = start_slow(trace), start_slow(trace, steps=3)
    wait_for_middle(running)
    broker.kill()
    time.sleep(3)
    broker.start()
    wait_for_end(running, 150)
    wait_for_end(waiting, 150)
    assert_done_once(running)
    assert_done_once(waiting)


def test_job_started_while_the_broker_is_down(broker, run_celery, trace):
    broker.kill()
    job = start_slow(trace, steps=3)
    assert (fresh(job).state, fresh(job).sent_at) == (JobState.QUEUED, None)
    broker.start()
    run_celery("worker", **SHORT)
    run_celery("beat", **SHORT)
    wait_for_end(job)
    assert_done_once(job)
    assert len(attempts(trace)) == 1


# --- with the times of production --------------------------------------------------------------------------------------------------------


def test_killed_worker_with_production_times_takes_less_than_three_minutes(run_celery, trace):
    worker = run_celery("worker")
    run_celery("beat")
    job = start_slow(trace)
    wait_for_middle(job)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    run_celery("worker", name="second")
    wait_for_end(job, 180)
    assert_done_once(job)
