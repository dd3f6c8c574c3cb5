from typing import Any
from uuid import uuid4

from partyschool.jobs.models import Job
from partyschool.jobs.services.jobs import start_job


def make_job(
    by: Any,
    *,
    kind: str = "tests.work",
    key: str = "",
    title: str = "测试工作",
    parent: Job | None = None,
    **params: Any,
) -> Job:
    """A job started through the service."""
    return start_job(kind=kind, key=key or uuid4().hex, title=title, params=params, by=by, parent=parent)


def fresh(job: Job) -> Job:
    """The row as it is now."""
    return Job.objects.unscoped("tests").get(pk=job.pk)


def expire_lease(job: Job) -> None:
    """As if the worker had not renewed the lease for long."""
    from datetime import timedelta

    from partyschool.common import clock

    Job.objects.unscoped("tests").filter(pk=job.pk).update(
        lease_until=clock.now() - timedelta(minutes=5), sent_at=None
    )
