"""What a worker does with one job."""

import logging
from datetime import timedelta
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from partyschool.common.errors import Busy, DomainError
from partyschool.common.locking import locking_transaction
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job
from partyschool.jobs.registry import UnknownKind, handler_of

from .families import refresh_parent
from .leases import JobStopped, claim_job, lock_leased
from .progress import Heartbeat, Progress

log = logging.getLogger(__name__)

PASSING = (Busy, OperationalError, InterfaceError, ConnectionError, TimeoutError)
"""Faults that go by: the job is tried again by itself, later each time."""
WAIT_PER_ATTEMPT = timedelta(seconds=10)


def run_job(*, job_id: UUID) -> JobState | None:
    """Do the work of job `job_id` if it is to be had; returns the state it was left in, or None if there was nothing to do.

    Safe to call any number of times for the same job, in any number of processes: the lease lets one of them work, and only the
    holder of the lease can end the job. Expected refusals and faults end as the job's error; nothing is raised for them.
    """
    job = claim_job(job_id)
    if job is None:
        return None
    try:
        handler = handler_of(job.kind)
        with Heartbeat(job) as heartbeat:
            progress = Progress(job, heartbeat)
            handler(job, progress)
            if not progress.finished:
                with progress.finishing():
                    pass
    except JobStopped as stop:
        log.info("job %s (%s) stopped: %s", job.pk, job.kind, type(stop).__name__)
        return None
    except PASSING as error:
        _mend_connection()
        return _try_again(job, error)
    except Exception as error:
        if not isinstance(error, DomainError):
            log.exception("job %s (%s) failed", job.pk, job.kind)
        _mend_connection()
        return _fail(job, _explained(error))
    return JobState.DONE


def _mend_connection() -> None:
    """Let go of a connection that the fault has cut, so that the job's end can be written over a new one."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def _explained(error: Exception) -> str:
    """What the reader of the job's page is told: what happened and what to do, never a traceback."""
    if isinstance(error, DomainError):
        return "\n".join(str(line) for line in (error.title, error.facts, error.what_to_do) if line)
    if isinstance(error, UnknownKind):
        return _("This version of the portal does not know this kind of work. Tell the system administrator.")
    if isinstance(error, SoftTimeLimitExceeded):
        minutes = settings.CELERY_TASK_SOFT_TIME_LIMIT // 60
        return _("The work took more than %(minutes)s minutes. Choose a smaller part and start again.") % {
            "minutes": minutes
        }
    return _(
        "The portal made a mistake here (%(fault)s); nothing was changed. Try again, and tell the system administrator if it fails again."
    ) % {"fault": type(error).__name__}


def _try_again(job: Job, error: Exception) -> JobState | None:
    """Put the job back to wait a little; after the last attempt it fails."""
    if job.attempt >= Job.MAX_ATTEMPTS:
        log.warning("job %s (%s) failed for the last time: %s", job.pk, job.kind, error)
        return _fail(
            job,
            _(
                "The database or another service could not be reached several times. Nothing was changed. Try again later."
            ),
        )
    log.warning("job %s (%s) waits after attempt %s: %s", job.pk, job.kind, job.attempt, error)
    return _leave(job, JobState.QUEUED, lease_until=Now() + WAIT_PER_ATTEMPT * job.attempt)


def _fail(job: Job, error: str) -> JobState | None:
    return _leave(job, JobState.FAILED, error=error, finished_at=Now(), lease_until=None)


def _leave(job: Job, state: JobState, **columns: object) -> JobState | None:
    """Write the end of this worker's attempt, if the job is still its own. Concurrency: the job, then its parent."""
    try:
        with locking_transaction():
            lock_leased(job)
            Job.objects.unscoped("a worker leaves its job").filter(pk=job.pk).update(
                state=state, lease_token=None, **columns
            )
            refresh_parent(job)
    except JobStopped:
        return None
    return state
