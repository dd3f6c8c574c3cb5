"""A worker that dies in the middle of a real report: without anybody's doing the packet is there, once, whole, with the next number."""

import hashlib
import os
import signal
import time
from datetime import date
from pathlib import Path

import pytest

from partyschool.common.integrity import all_checks, faults_of
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job, StoredFile
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.jobs import fresh
from tests.factories.reports import ClosedYear
from tests.waiting import wait_for
from trainees.enums import CadreCategory, Rank
from trainees.models import Cadre, DocumentCounter, ReportPacket
from trainees.services.reports import build_reports

pytestmark = [pytest.mark.faults, pytest.mark.needs("fonts"), pytest.mark.django_db(transaction=True)]

SHORT = {"JOB_LEASE_SECONDS": "3", "SWEEP_SECONDS": "1"}
PATIENCE = 90
PROMISED = 180
"""Seconds from the death of a worker to the finished report, with the times of production."""
PEOPLE = 15_000
"""So many cadres without a credit that annex and notice take seconds each."""


@pytest.fixture(autouse=True)
def own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def year():
    closed = ClosedYear(close=False)
    Cadre.objects.bulk_create(
        Cadre(
            code=f"L{number:06}",
            name=f"学员{number}",
            unit=closed.city.finance_bureau,
            rank=Rank.STAFF,
            category=CadreCategory.CIVIL_SERVANT,
            joined_on=date(2020, 1, 1),
        )
        for number in range(PEOPLE)
    )
    closed.close()
    return closed


@pytest.fixture
def start_beat(spawn, tmp_path):
    def start(**environment):
        spawn(
            "beat",
            ["celery", "-A", "partyschool", "beat", f"--schedule={tmp_path / 'schedule'}", "--pidfile="],
            **environment,
        )

    return start


def order(closed):
    """Order the reports; the job of the large one."""
    closed.seal()
    parent = build_reports(year=2025, by=closed.staff)
    return parent, Job.objects.unscoped("tests").get(parent=parent, params__unit=closed.city.east.pk)


def children_of(process):
    pids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in pids]


def wait_until_percent(job, percent):
    wait_for(lambda: fresh(job).percent >= percent, PATIENCE, f"the report to be at {percent} %")
    assert fresh(job).state == JobState.RUNNING


def assert_all_is_there_once(parent, closed):
    assert (fresh(parent).state, fresh(parent).percent, fresh(parent).error) == (JobState.DONE, 100, "")
    packets = list(
        ReportPacket.objects.unscoped("tests")
        .select_related("notice", "annex", "manifest")
        .order_by("number")
    )
    assert [packet.number for packet in packets] == [1, 2, 3, 4, 5]
    assert {packet.recipient_id: packet.row_count for packet in packets} == {
        closed.city.east.pk: PEOPLE + 5,
        closed.city.west.pk: 2,
        closed.city.finance_bureau.pk: PEOPLE + 3,
        closed.city.culture_bureau.pk: 2,
        closed.city.cousin_bureau.pk: 2,
    }
    assert DocumentCounter.objects.get().last_number == 5
    used = [file for packet in packets for file in (packet.notice, packet.annex, packet.manifest)]
    assert sorted(file.pk for file in used) == sorted(StoredFile.objects.values_list("pk", flat=True))
    for file in used:
        with file.open() as content:
            data = content.read()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.size)
    for name in ("trainees.packets", "trainees.manifests", "trainees.deliveries"):
        assert list(faults_of(all_checks()[name])) == []
    told = Notice.objects.unscoped("tests").filter(event__startswith="report.issue:")
    assert told.count() == 1


@pytest.mark.parametrize("percent", [10, 62], ids=["in the annex", "in the notice"])
def test_killed_child_of_the_worker(year, start_worker, start_beat, percent):
    make_user("orgdept", unit=year.city.east)
    worker = start_worker(**SHORT)
    start_beat(**SHORT)
    parent, job = order(year)
    wait_until_percent(job, percent)
    for child in children_of(worker):
        os.kill(child, signal.SIGKILL)
    wait_for(lambda: not fresh(parent).is_live, PATIENCE, "the reports to be made")
    assert fresh(job).attempt == 2
    assert_all_is_there_once(parent, year)


def test_killed_worker_within_the_promised_time(year, start_worker, start_beat):
    """Lease and sweeper as in production; the new worker is what a service manager starts."""
    make_user("orgdept", unit=year.city.east)
    worker = start_worker()
    start_beat()
    parent, job = order(year)
    wait_until_percent(job, 10)
    os.killpg(worker.pid, signal.SIGKILL)
    died = time.monotonic()
    worker.wait()
    start_worker(name="second")
    wait_for(lambda: not fresh(parent).is_live, PROMISED, "the reports to be made")
    assert fresh(job).attempt == 2
    assert time.monotonic() - died < PROMISED
    assert_all_is_there_once(parent, year)
