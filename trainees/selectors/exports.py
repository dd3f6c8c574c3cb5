"""The workbooks of the credit report that somebody ordered."""

from typing import Any

from partyschool.jobs.models import Job, StoredFile
from partyschool.jobs.selectors.jobs import JobView

KIND = "credit_report"
MOST = 30


def exports_of(user: Any) -> list[JobView]:
    """The newest ones of `user`, whether they are done or not. Two queries."""
    jobs = list(Job.objects.visible_to(user).filter(owner=user, kind=KIND).order_by("-created_at")[:MOST])
    files: dict[Any, list[StoredFile]] = {}
    for file in StoredFile.objects.filter(job__in=[job.pk for job in jobs]).order_by("created_at"):
        files.setdefault(file.job_id, []).append(file)
    return [JobView(job=job, files=files.get(job.pk, [])) for job in jobs]
