"""Who may work on a job: one worker at a time, by a lease that it renews, or loses."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Now

from partyschool.common.locking import locking_transaction
from partyschool.jobs.enums import LIVE_STATES, JobState
from partyschool.jobs.models import Job

from .families import refresh_parent

# A job with children is nobody's work, unless the worker that was starting them died in the middle (it left its token).
# The database's clock decides, so that workers on machines with different clocks agree. `clock_timestamp()` moves on inside a transaction.
CLAIM = """
UPDATE jobs_job
SET state = %(running)s, attempt = attempt + 1, lease_token = %(token)s, lease_until = clock_timestamp() + %(lease)s,
    started_at = clock_timestamp(), percent = 0, steps_done = 0, steps_total = 0, message = '', error = ''
WHERE id = %(id)s AND state = ANY(%(live)s) AND attempt < %(most)s
  AND (lease_until IS NULL OR lease_until < clock_timestamp())
  AND (lease_token IS NOT NULL OR NOT EXISTS (SELECT FROM jobs_job child WHERE child.parent_id = jobs_job.id))
RETURNING *
"""


class JobStopped(Exception):
    """This worker must not go on with the job. Handlers let it pass."""


class JobCancelled(JobStopped):
    """Somebody cancelled the job."""


class LeaseLost(JobStopped):
    """The lease ran out and another worker took the job, or the job ended otherwise."""


def lease_length() -> timedelta:
    """How long a worker holds a job without renewing the lease."""
    return timedelta(seconds=settings.JOB_LEASE_SECONDS)


def claim_job(job_id: uuid.UUID) -> Job | None:
    """Take job `job_id` for this worker: the job with a fresh `lease_token`, or None if it is not to be had (taken, ended, unknown).

    Concurrency: one UPDATE whose condition is the lease, so of any number of rivals one gets the row. Child before parent.
    """
    with locking_transaction():
        claimed = list(
            # A worker takes whatever job is due: nobody's scope is asked, so not through the manager that asks for one.
            Job._base_manager.raw(
                CLAIM,
                {
                    "id": job_id,
                    "token": uuid.uuid4(),
                    "lease": lease_length(),
                    "running": JobState.RUNNING,
                    "live": list(LIVE_STATES),
                    "most": Job.MAX_ATTEMPTS,
                },
            )
        )
        if not claimed:
            return None
        refresh_parent(claimed[0])
    return claimed[0]


def renew_lease(job: Job, **progress: object) -> bool:
    """Hold the lease of `job` for another full length and write `progress` columns; False if it is no longer this worker's.

    A lease that ran out but was not taken by another is simply held again.
    """
    mine = Job.objects.unscoped("a worker renews its lease").filter(
        pk=job.pk, lease_token=job.lease_token, state=JobState.RUNNING
    )
    return bool(mine.update(lease_until=Now() + lease_length(), **progress))


def lock_leased(job: Job) -> Job:
    """The row of `job`, locked until the transaction ends, if this worker still holds the lease.

    Raises `JobCancelled` or `LeaseLost`. Concurrency: FOR NO KEY UPDATE on the job, so that nobody can take the lease in between.
    """
    row = (
        Job.objects.unscoped("a worker ends its job")
        .select_for_update(no_key=True, of=("self",))
        .filter(pk=job.pk, lease_token=job.lease_token, state=JobState.RUNNING)
        .first()
    )
    if row is None:
        raise stop_reason(job)
    return row


def stop_reason(job: Job) -> JobStopped:
    """Why `job` is no longer this worker's."""
    state = (
        Job.objects.unscoped("a worker asks why it was stopped")
        .filter(pk=job.pk)
        .values_list(F("state"), flat=True)
        .first()
    )
    return JobCancelled(str(job.pk)) if state == JobState.CANCELLED else LeaseLost(str(job.pk))
