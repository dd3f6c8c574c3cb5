"""Ringing for a worker. The row in the database is the promise; a message that is lost is sent again by the sweeper."""

import logging
import uuid
from dataclasses import dataclass
from datetime import timedelta

from celery import current_app
from django.conf import settings
from django.db import connection
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from partyschool.common.locking import locking_transaction
from partyschool.jobs.enums import LIVE_STATES, JobState
from partyschool.jobs.models import Job

from .families import refresh_parent

log = logging.getLogger(__name__)

SEND_SECONDS = 2
RESEND_AFTER = timedelta(seconds=60)
"""A waiting job that no worker took so long after its message: the message may be lost. Sending it twice does no harm."""
SWEEP_AT_MOST = 200

# Never sent, or sent long ago; or left by a worker whose lease ran out since the last message.
DUE = """
UPDATE jobs_job SET sent_at = clock_timestamp()
WHERE id IN (
    SELECT id FROM jobs_job due
    WHERE state = ANY(%(live)s) AND attempt < %(most)s
      AND (lease_until < clock_timestamp() OR (lease_until IS NULL AND state = %(queued)s))
      AND (sent_at IS NULL OR sent_at < lease_until OR sent_at < clock_timestamp() - make_interval(secs => %(resend)s))
      AND (lease_token IS NOT NULL OR NOT EXISTS (SELECT FROM jobs_job child WHERE child.parent_id = due.id))
    ORDER BY created_at, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
)
RETURNING id
"""


@dataclass(frozen=True)
class Swept:
    """What one sweep did: messages sent, jobs given up."""

    sent: int
    given_up: int


def ring(task: str, argument: str | int) -> bool:
    """Ask a worker to do `task` with one id; False if the broker cannot be reached (a sweeper must find the work then).

    A connection of its own, given up after `SEND_SECONDS`: a page never hangs on the broker.
    """
    options = {
        **settings.CELERY_BROKER_TRANSPORT_OPTIONS,
        "socket_connect_timeout": SEND_SECONDS,
        "socket_timeout": SEND_SECONDS,
        "max_retries": 1,
        "connect_retries_timeout": SEND_SECONDS,
    }
    try:
        with current_app.connection_for_write(
            connect_timeout=SEND_SECONDS, transport_options=options
        ) as broker:
            current_app.send_task(task, args=[argument], connection=broker, retry=False, ignore_result=True)
    except (OperationalError, OSError, *current_app.connection_for_write().connection_errors) as error:
        log.warning("%s %s is left to the sweeper, the broker cannot be reached: %s", task, argument, error)
        return False
    return True


def send_job(job_id: uuid.UUID) -> bool:
    """Ask a worker to take job `job_id`; False if the broker cannot be reached (nothing is lost: the sweeper asks again)."""
    return ring("jobs.run", str(job_id))


def send_new_job(job_id: uuid.UUID) -> None:
    """`send_job` for a row that was just committed, and note that it was sent."""
    if send_job(job_id):
        Job.objects.unscoped("the sender notes what it sent").filter(pk=job_id, sent_at__isnull=True).update(
            sent_at=Now()
        )


def sweep_jobs() -> Swept:
    """Send what was never sent or whose worker died, and give up jobs that ended their worker `MAX_ATTEMPTS` times.

    Concurrency: rows are marked as sent by one UPDATE with SKIP LOCKED, so sweepers side by side do not send the same row.
    """
    given_up = sum(_give_up(job_id) for job_id in _exhausted())
    with connection.cursor() as cursor:
        cursor.execute(
            DUE,
            {
                "live": list(LIVE_STATES),
                "queued": JobState.QUEUED,
                "most": Job.MAX_ATTEMPTS,
                "resend": RESEND_AFTER.total_seconds(),
                "limit": SWEEP_AT_MOST,
            },
        )
        due = [row[0] for row in cursor.fetchall()]
    for position, job_id in enumerate(due):
        if not send_job(job_id):
            Job.objects.unscoped("the broker is down").filter(pk__in=due[position:]).update(sent_at=None)
            return Swept(position, given_up)
    return Swept(len(due), given_up)


def _exhausted() -> list[uuid.UUID]:
    jobs = Job.objects.unscoped("the sweeper looks at all jobs")
    return list(
        jobs.filter(state=JobState.RUNNING, lease_until__lt=Now(), attempt__gte=Job.MAX_ATTEMPTS).values_list(
            "pk", flat=True
        )
    )


def _give_up(job_id: uuid.UUID) -> bool:
    """Fail a job that no worker survived. Concurrency: the UPDATE repeats the condition; child before parent."""
    error = _(
        "The work broke off %(times)s times without an error message, last because its process ended or took too long. "
        "Tell the system administrator; once the cause is removed, try again."
    ) % {"times": Job.MAX_ATTEMPTS}
    with locking_transaction():
        jobs = Job.objects.unscoped("the sweeper gives up a job")
        hit = jobs.filter(pk=job_id, state=JobState.RUNNING, lease_until__lt=Now()).update(
            state=JobState.FAILED, error=error, finished_at=Now(), lease_until=None, lease_token=None
        )
        if hit:
            refresh_parent(jobs.get(pk=job_id))
    return bool(hit)
