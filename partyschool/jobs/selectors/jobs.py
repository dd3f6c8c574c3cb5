"""What the pages about jobs show."""

import math
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import ngettext

from partyschool.common import clock
from partyschool.common.paging import Page, keyset_page
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job, StoredFile
from partyschool.jobs.rules import may_manage

TONES = {
    JobState.QUEUED: "neutral",
    JobState.RUNNING: "running",
    JobState.DONE: "success",
    JobState.FAILED: "danger",
    JobState.CANCELLED: "warning",
}


@dataclass(frozen=True)
class JobView:
    """One job as a page shows it. `rate` is steps per minute, `remaining` the time left, both None where unknown."""

    job: Job
    files: list[StoredFile] = field(default_factory=list)
    parts: list["JobView"] = field(default_factory=list)
    rate: float | None = None
    remaining: timedelta | None = None
    manageable: bool = False

    @property
    def tone(self) -> str:
        return TONES[JobState(self.job.state)]

    @property
    def can_cancel(self) -> bool:
        return self.manageable and self.job.is_live

    @property
    def can_retry(self) -> bool:
        return self.manageable and self.job.state in {JobState.FAILED, JobState.CANCELLED}

    @property
    def remaining_label(self) -> str:
        """The time left in words, rounded up."""
        if self.remaining is None:
            return ""
        seconds = max(1, self.remaining.total_seconds())
        if seconds < 60:
            return ngettext("%(n)s second", "%(n)s seconds", math.ceil(seconds)) % {"n": math.ceil(seconds)}
        minutes = math.ceil(seconds / 60)
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}


def page_of_jobs(*, reader: Any, state: str = "", after: str = "", before: str = "", size: int = 30) -> Page:
    """The jobs that `reader` may see, newest first, each with its owner; parts are shown with the job they belong to."""
    jobs = Job.objects.visible_to(reader).filter(parent__isnull=True).select_related("owner")
    if state:
        jobs = jobs.filter(state=state)
    return keyset_page(jobs, order=("-created_at", "-id"), size=size, after=after, before=before)


def view_of_job(*, job: Job, reader: Any, now: datetime | None = None) -> JobView:
    """`job` with its parts, files, speed and what `reader` may do with it."""
    now = now or clock.now()
    parts = list(Job.objects.visible_to(reader).filter(parent=job).order_by("created_at", "id"))
    files: dict[Any, list[StoredFile]] = {}
    for file in StoredFile.objects.filter(job__in=[job, *parts]).order_by("created_at", "id"):
        files.setdefault(file.job_id, []).append(file)
    rate, remaining = _speed(job, now)
    return JobView(
        job=job,
        files=files.get(job.pk, []),
        parts=[
            JobView(job=part, files=files.get(part.pk, []), manageable=may_manage(reader, part))
            for part in parts
        ],
        rate=rate,
        remaining=remaining,
        manageable=may_manage(reader, job),
    )


def _speed(job: Job, now: datetime) -> tuple[float | None, timedelta | None]:
    """Steps per minute since the attempt began, and the time left at that speed."""
    if job.state != JobState.RUNNING or not job.started_at or not job.steps_done or not job.steps_total:
        return None, None
    seconds = (now - job.started_at).total_seconds()
    if seconds < 1:
        return None, None
    left = seconds / job.steps_done * (job.steps_total - job.steps_done)
    return 60 * job.steps_done / seconds, timedelta(seconds=round(left))
