"""Reports that are made by themselves: what is due is started, what fails is counted, told, and paused in the end.

Starting reports may be repeated without harm (the same job is returned while it lives, unchanged reports stay as they are), so a run
is started first and noted afterwards: whenever the portal dies, the run is not lost.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Busy, DomainError, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job
from partyschool.notices.services.notices import send_notice
from trainees.models import ReportSchedule
from trainees.models.schedules import FAULTS_MOST
from trainees.rules.schedules import Period, last_due, next_due, period_of

from .reports import build_reports

ERROR_MOST = 400


class NobodyOrders(WrongState):
    """Whoever set the schedule up is no member of staff any more."""

    code = "nobody_orders"
    title = gettext_lazy("The schedule is on behalf of nobody on the staff")
    remedy = gettext_lazy("Open the schedule and save it: from then on it runs on your behalf.")


@dataclass(frozen=True)
class Ran:
    """How many schedules were started and how many failed."""

    started: int
    failed: int


def save_schedule(*, schedule: ReportSchedule, by: User, now: datetime | None = None) -> ReportSchedule:
    """Store a new or changed schedule, from now on on behalf of `by`; it is next due at the first of its times that is to come.

    One that was paused and is active now is resumed: its failures are forgotten, and the run that failed is made at once.
    Concurrency: locks the schedule, in the transaction of the administration's form where there is one.
    """
    at = now or clock.now()
    with transaction.atomic():
        before = lock_row(ReportSchedule, schedule.pk) if schedule.pk else None
        resumed = before is not None and schedule.active and not before.active
        schedule.ordered_by, schedule.next_at = by, _next(schedule, at)
        if before is not None and resumed and before.last_error:
            schedule.next_at = at
        if resumed:
            schedule.failures, schedule.last_error, schedule.last_job = 0, "", None
        schedule.save()
        if resumed:
            record_event(action="report_schedule.resume", subject=schedule, by=by, now=at)
    return schedule


def run_due_schedules(*, now: datetime | None = None) -> Ran:
    """Start what is due, and look what became of what was started. Safe to run at any time, at the same time too.

    A run that was missed several times is made once, for the last of the times. What fails is tried again a day later.
    Concurrency: starts without a lock; then locks the schedule and notes the run, unless a rival did.
    """
    at = now or clock.now()
    failed = sum(_look_after(schedule, at) for schedule in _unsettled())
    due = (
        ReportSchedule.objects.filter(active=True, next_at__lte=at)
        .select_related("ordered_by")
        .order_by("pk")
    )
    outcomes = [_run(schedule, at) for schedule in due]
    return Ran(outcomes.count(True), failed + outcomes.count(False))


def _run(schedule: ReportSchedule, now: datetime) -> bool | None:
    """Start one run; None if there is nothing to note (a rival was quicker, or everything is busy)."""
    job, fault = None, ""
    try:
        job = _start(schedule, now)
    except Busy:
        return None
    except DomainError as refusal:
        with translation.override(settings.LANGUAGE_CODE):
            fault = f"{refusal} {refusal.what_to_do}".strip()
    with locking_transaction():
        locked = lock_row(ReportSchedule, schedule.pk)
        if not locked.active or locked.next_at != schedule.next_at:
            return None
        if job is None:
            _note_failure(locked, fault, now)
            return False
        locked.last_at, locked.last_job, locked.last_error = now, job, ""
        locked.next_at = _next(locked, now)
        locked.save()
        data = {"job": str(job.pk)}
        record_event(action="report_schedule.run", subject=locked, by=locked.ordered_by, data=data, now=now)
    return True


def _start(schedule: ReportSchedule, now: datetime) -> Job:
    """Raises `NobodyOrders`, and what `build_reports` raises."""
    staff = RoleGrant.objects.valid_on(clock.school_date(now)).filter(
        role=Role.STAFF, user=schedule.ordered_by
    )
    if schedule.ordered_by is None or not (schedule.ordered_by.is_active and staff.exists()):
        raise NobodyOrders
    period = due_period(schedule, now)
    return build_reports(
        year=period.year,
        quarter=period.quarter,
        doc_type=schedule.doc_type,
        by=schedule.ordered_by,
        now=now,
    )


def _unsettled() -> list[ReportSchedule]:
    """Schedules whose last job has ended, which is not yet counted."""
    ended = ReportSchedule.objects.filter(
        last_error="", last_job__state__in=[JobState.FAILED, JobState.CANCELLED]
    )
    well = ReportSchedule.objects.filter(failures__gt=0, last_error="", last_job__state=JobState.DONE)
    return [*ended.order_by("pk"), *well.order_by("pk")]


def _look_after(schedule: ReportSchedule, now: datetime) -> bool:
    """Count what became of the last job; whether it failed."""
    with locking_transaction():
        locked = lock_row(ReportSchedule, schedule.pk)
        if locked.last_job_id != schedule.last_job_id or locked.last_error or not locked.last_job_id:
            return False
        job = Job.objects.unscoped("the job of a schedule").get(pk=locked.last_job_id)
        if job.state == JobState.DONE:
            locked.failures = 0
            locked.save(update_fields=["failures"])
            return False
        if job.state not in (JobState.FAILED, JobState.CANCELLED):
            return False
        with translation.override(settings.LANGUAGE_CODE):
            _note_failure(locked, job.error or f"{job.title}: {job.get_state_display()}", now)
    return True


def _note_failure(locked: ReportSchedule, fault: str, now: datetime) -> None:
    """Count one failure of a locked schedule, tell staff, and pause it after the last one; else it is tried again a day later."""
    locked.failures += 1
    locked.last_at, locked.last_error = now, fault[:ERROR_MOST]
    locked.active = locked.failures < FAULTS_MOST
    tomorrow = clock.school_date(now) + timedelta(days=1)
    locked.next_at = clock.school_instant(tomorrow, locked.at)
    locked.save()
    _tell_staff(locked, now)
    data = {"failures": locked.failures, "paused": not locked.active, "error": locked.last_error}
    record_event(action="report_schedule.fail", subject=locked, by=None, data=data, now=now)


def _tell_staff(schedule: ReportSchedule, now: datetime) -> None:
    staff = RoleGrant.objects.valid_on(clock.school_date(now)).filter(role=Role.STAFF).values("user")
    with translation.override(settings.LANGUAGE_CODE):
        title = (
            _("Reports not made: %(name)s") if schedule.active else _("Report schedule paused: %(name)s")
        ) % {"name": schedule.name}
        then = (
            _("The next attempt is on %(time)s.") % {"time": clock.in_words(schedule.next_at)}
            if schedule.active
            else _("After %(number)s failures in a row it waits until it is resumed.")
            % {"number": schedule.failures}
        )
        send_notice(
            recipients=User.objects.filter(pk__in=staff, is_active=True),
            event=f"report_schedule.fail:{schedule.pk}:{now:%Y%m%d%H%M%S}",
            title=title,
            body=f"{schedule.last_error}\n{then}",
            url=reverse("admin:trainees_reportschedule_change", args=[schedule.pk]),
        )


def due_period(schedule: ReportSchedule, now: datetime) -> Period:
    """What a run at `now` reports: the period of the last of the schedule's times."""
    last = last_due(
        frequency=schedule.frequency, month=schedule.month, day=schedule.day, at=schedule.at, until=now
    )
    return period_of(frequency=schedule.frequency, due=last)


def _next(schedule: ReportSchedule, after: datetime) -> datetime:
    return next_due(
        frequency=schedule.frequency, month=schedule.month, day=schedule.day, at=schedule.at, after=after
    )
