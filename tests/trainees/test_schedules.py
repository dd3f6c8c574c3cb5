"""Schedules start what is due, once; failures are counted, told and pause them; seen over a clock that is moved."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
import time_machine

from partyschool.common import clock
from partyschool.jobs.models import Job
from partyschool.notices.models import Notice
from tests.factories.accounts import City
from tests.factories.trainees import CadreFactory, make_scheme
from tests.factories.years import sealed_year
from trainees.enums import Edition, Frequency
from trainees.models import ReportSchedule, YearlyAssessment
from trainees.services.schedules import Ran, run_due_schedules, save_schedule

pytestmark = pytest.mark.django_db
EVE = datetime(2025, 12, 31, 15, tzinfo=UTC)  # 23:00 of the same day at the school


@pytest.fixture
def calls(monkeypatch, staff):
    """What `build_reports` is asked for; the jobs are real rows."""
    asked = []

    def build(**given):
        asked.append((given["year"], given["quarter"]))
        return Job.objects.create(
            kind="build_reports", key=str(len(asked)), title="报告", owner=given["by"], params={}
        )

    monkeypatch.setattr("trainees.services.schedules.build_reports", build)
    return asked


def schedule(staff, *, now=EVE, **fields):
    given = {
        "name": "年度通报", "edition": Edition.FINAL, "frequency": Frequency.YEARLY, "month": 1, "day": 1,
        "at": time(2), **fields,
    }  # fmt: skip
    return save_schedule(schedule=ReportSchedule(**given), by=staff, now=now)


def quarterly(staff, **fields):
    return schedule(
        staff,
        name="季度",
        edition=Edition.PREVIEW,
        frequency=Frequency.QUARTERLY,
        day=5,
        at=time(9),
        **fields,
    )


def told():
    return list(
        Notice.objects.unscoped("tests")
        .filter(event__startswith="report_schedule.")
        .values_list("title", flat=True)
    )


def test_runs_at_the_turn_of_the_year_at_the_school(staff, calls):
    with time_machine.travel(EVE, tick=False) as traveller:
        made = schedule(staff, now=None)
        assert made.next_at == datetime(2025, 12, 31, 18, tzinfo=UTC)
        traveller.move_to(datetime(2025, 12, 31, 17, 59, 59, tzinfo=UTC))
        assert run_due_schedules() == Ran(0, 0)
        traveller.move_to(datetime(2025, 12, 31, 18, tzinfo=UTC))
        assert run_due_schedules() == Ran(1, 0)
        assert calls == [(2025, None)]
        assert run_due_schedules() == Ran(0, 0)
    made.refresh_from_db()
    assert made.next_at == datetime(2026, 12, 31, 18, tzinfo=UTC)
    assert (made.ordered_by, made.failures, made.last_job.key) == (staff, 0, "1")


def test_quarterly_run_over_the_turn_of_the_year(staff, calls):
    """At the school the fourth quarter is over while the clock in Greenwich still shows the old year."""
    with time_machine.travel(EVE, tick=False) as traveller:
        made = schedule(
            staff, now=None, name="季度", edition=Edition.PREVIEW, frequency=Frequency.QUARTERLY, day=1, at=time(0, 30)
        )  # fmt: skip
        assert made.next_at == datetime(2025, 12, 31, 16, 30, tzinfo=UTC)
        traveller.move_to(datetime(2025, 12, 31, 16, 29, 59, tzinfo=UTC))
        assert run_due_schedules() == Ran(0, 0)
        traveller.move_to(datetime(2025, 12, 31, 16, 30, tzinfo=UTC))
        assert run_due_schedules() == Ran(1, 0)
    assert calls == [(2025, 4)]
    made.refresh_from_db()
    assert made.next_at == datetime(2026, 3, 31, 16, 30, tzinfo=UTC)


def test_quarterly_run_closes_the_running_year_first(staff):
    cadre = CadreFactory(unit=City().finance_bureau)
    make_scheme(2025)
    now = clock.school_instant(date(2025, 10, 5), time(9))
    made = quarterly(staff, now=now - timedelta(days=1))
    assert made.next_at == now
    assert run_due_schedules(now=now) == Ran(1, 0)
    made.refresh_from_db()
    assert (made.last_job.params["year"], made.last_job.params["quarter"]) == (2025, 3)
    row = YearlyAssessment.objects.unscoped("tests").get(cadre=cadre, year=2025)
    assert (row.closed_at, row.closed_by, row.sealed) == (now, staff, False)


def test_a_run_missed_several_times_is_made_once(staff, calls):
    made = quarterly(staff)
    later = clock.school_instant(date(2026, 8, 1), time(12))
    assert run_due_schedules(now=later) == Ran(1, 0)
    assert run_due_schedules(now=later) == Ran(0, 0)
    assert calls == [(2026, 2)]
    made.refresh_from_db()
    assert made.next_at == clock.school_instant(date(2026, 10, 5), time(9))


def test_year_not_sealed_is_a_failure_that_tells_why_and_pauses_in_the_end(staff):
    CadreFactory(unit=City().finance_bureau)
    made = schedule(staff)
    day = made.next_at
    for failures in (1, 2, 3):
        assert run_due_schedules(now=day) == Ran(0, 1)
        made.refresh_from_db()
        assert (made.failures, made.active) == (failures, failures < 3)
        assert "2025" in made.last_error
        day += timedelta(days=1)
    assert len(told()) == 3
    assert run_due_schedules(now=day + timedelta(days=9)) == Ran(0, 0)


def test_resuming_makes_the_failed_run_at_once(staff, calls):
    made = schedule(staff)
    ReportSchedule.objects.filter(pk=made.pk).update(active=False, failures=3, last_error="x")
    made.refresh_from_db()
    made.active, now = True, EVE + timedelta(days=9)
    save_schedule(schedule=made, by=staff, now=now)
    assert (made.failures, made.last_error, made.next_at) == (0, "", now)
    assert run_due_schedules(now=now) == Ran(1, 0)
    assert calls == [(2025, None)]


def test_job_that_fails_is_counted_once_and_one_that_ends_well_clears_the_count(staff, calls):
    made = schedule(staff)
    run_due_schedules(now=made.next_at)
    Job.objects.unscoped("tests").update(state="failed", error="磁盘已满", finished_at=EVE)
    now = made.next_at + timedelta(hours=1)
    assert run_due_schedules(now=now) == Ran(0, 1)
    assert run_due_schedules(now=now) == Ran(0, 0)
    made.refresh_from_db()
    assert (made.failures, made.last_error) == (1, "磁盘已满")
    assert run_due_schedules(now=made.next_at) == Ran(1, 0)
    Job.objects.unscoped("tests").filter(key="2").update(state="done", finished_at=EVE)
    run_due_schedules(now=made.next_at + timedelta(hours=1))
    made.refresh_from_db()
    assert (made.failures, made.last_error) == (0, "")


def test_schedule_of_somebody_who_left_fails(staff, calls):
    made = schedule(staff)
    type(staff).objects.filter(pk=staff.pk).update(is_active=False)
    assert run_due_schedules(now=made.next_at) == Ran(0, 1)
    assert calls == []


def test_sealed_year_starts_the_real_reports(staff):
    CadreFactory(unit=City().finance_bureau)
    make_scheme(2025)
    sealed_year(staff)
    made = schedule(staff)
    assert run_due_schedules(now=made.next_at) == Ran(1, 0)
    made.refresh_from_db()
    assert (made.last_job.kind, made.last_job.params["year"]) == ("build_reports", 2025)
