"""A whole build of a sealed year: units and departments, workers that die at the worst places, rivals, and somebody who changes his mind.

Whatever happens, each packet is made once and whole, numbers have no gap, and what was finished is never made again.
"""

import hashlib
from datetime import timedelta

import pytest

from partyschool.common import clock
from partyschool.common.integrity import all_checks, faults_of
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job, StoredFile
from partyschool.jobs.services.files import remove_orphans
from partyschool.jobs.services.jobs import cancel_job, retry_job
from partyschool.jobs.services.sending import send_job
from tests.factories.accounts import make_unit
from tests.factories.jobs import fresh
from tests.factories.reports import ClosedYear
from tests.waiting import wait_for
from trainees.models import DocumentCounter, ReportPacket
from trainees.services.reports import build_reports

pytestmark = [pytest.mark.faults, pytest.mark.needs("fonts"), pytest.mark.django_db(transaction=True)]

SHORT = {"JOB_LEASE_SECONDS": "3", "SWEEP_SECONDS": "1"}
PATIENCE = 100
UNITS = 10
RECIPIENTS = UNITS + 5
"""Two departments, their three bureaux, and the units added here."""


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def year():
    closed = ClosedYear(close=False)
    for number in range(UNITS):
        closed.cadre(make_unit(closed.city.east, name=f"东区第{number}局"), 40)
    closed.close()
    closed.seal()
    return closed


def parts_of(parent):
    return Job.objects.unscoped("tests").filter(parent=parent)


def packets():
    return ReportPacket.objects.unscoped("tests").select_related("notice", "annex", "manifest")


def wait_for_packets(least):
    wait_for(lambda: packets().count() >= least, PATIENCE, f"{least} packets")


def wait_for_end(parent):
    wait_for(lambda: not fresh(parent).is_live, PATIENCE, "the build to end")


def assert_each_once(number):
    """`number` packets of different recipients with the numbers from 1 on, each with its three whole files, and no other row of a file."""
    made = list(packets().order_by("number"))
    assert [packet.number for packet in made] == list(range(1, number + 1))
    assert len({packet.recipient_id for packet in made}) == number
    assert DocumentCounter.objects.get().last_number == number
    files = [file for packet in made for file in (packet.notice, packet.annex, packet.manifest)]
    assert sorted(file.pk for file in files) == sorted(StoredFile.objects.values_list("pk", flat=True))
    for file in files:
        with file.open() as content:
            data = content.read()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.size)
    for check in ("trainees.packets", "jobs.files", "jobs.queue"):
        assert list(faults_of(all_checks()[check])) == []


# Six times per packet something is brought to the disk: the third packet begins with the 13th.
@pytest.mark.parametrize(
    ("place", "orphans"),
    [("fsync:13", 1), ("fsync:14", 1), ("fsync:18", 3), ("packet:3", 3)],
    ids=["in the middle of a file", "between a file and its row", "after the last file", "before the commit"],
)
def test_worker_that_dies_while_it_stores_a_packet(year, spawn, tmp_path, place, orphans):
    died = tmp_path / "died"
    parent = build_reports(year=2025, by=year.staff)
    app = ["celery", "-A", "tests.faults.portal_that_dies"]
    environment = {**SHORT, "DIES": place, "DIED": str(died)}
    spawn("worker", [*app, "worker", "--concurrency=1", "--loglevel=INFO"], **environment)
    spawn("beat", [*app, "beat", f"--schedule={tmp_path / 'schedule'}", "--pidfile="], **SHORT)
    wait_for(died.exists, PATIENCE, "the worker to die")
    finished = set(packets().values_list("pk", "issued_at"))
    assert len(finished) == 2
    wait_for_end(parent)
    assert (fresh(parent).state, fresh(parent).percent, fresh(parent).error) == (JobState.DONE, 100, "")
    assert_each_once(RECIPIENTS)
    assert finished <= set(packets().values_list("pk", "issued_at"))
    attempts = sorted(parts_of(parent).values_list("attempt", flat=True))
    assert attempts == [1] * (RECIPIENTS - 1) + [2]
    # What the dead worker left on the disk has no row, and is swept away; nothing else is.
    assert remove_orphans(now=clock.now() + timedelta(hours=7)) == orphans
    assert_each_once(RECIPIENTS)


def test_two_workers_make_each_packet_once_however_often_they_are_rung_for(year, start_worker, tmp_path):
    start_worker(name="first")
    start_worker(name="second")
    parent = build_reports(year=2025, by=year.staff)
    for job_id in parts_of(parent).values_list("pk", flat=True):
        assert send_job(job_id)
    wait_for_end(parent)
    assert (fresh(parent).state, fresh(parent).steps_done) == (JobState.DONE, RECIPIENTS)
    assert_each_once(RECIPIENTS)
    assert set(parts_of(parent).values_list("attempt", flat=True)) == {1}
    for name in ("first", "second"):
        assert "Task jobs.run[" in (tmp_path / f"{name}.log").read_text(errors="replace")


def test_cancelled_build_keeps_what_is_done_and_goes_on_when_tried_again(year, start_worker):
    start_worker()
    parent = build_reports(year=2025, by=year.staff)
    wait_for_packets(2)
    cancel_job(job_id=parent.pk, by=year.staff)
    assert fresh(parent).state == JobState.CANCELLED
    done = set(packets().values_list("pk", "number", "issued_at"))
    assert 2 <= len(done) < RECIPIENTS
    ended = parts_of(parent).filter(state=JobState.DONE).count()
    assert ended == len(done)
    assert parts_of(parent).filter(state=JobState.CANCELLED).count() == RECIPIENTS - ended
    assert_each_once(len(done))
    retry_job(job_id=parent.pk, by=year.staff)
    wait_for_end(parent)
    assert fresh(parent).state == JobState.DONE
    assert_each_once(RECIPIENTS)
    assert done <= set(packets().values_list("pk", "number", "issued_at"))
