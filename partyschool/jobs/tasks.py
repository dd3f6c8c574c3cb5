"""Thin Celery tasks: the work and its rules are in the services."""

import logging
from uuid import UUID

from celery import shared_task

from partyschool.jobs.services.files import remove_orphans
from partyschool.jobs.services.running import run_job
from partyschool.jobs.services.sending import sweep_jobs

log = logging.getLogger(__name__)


@shared_task(name="jobs.run")
def run(job_id: str) -> None:
    """Do one job, if it is still to be done."""
    run_job(job_id=UUID(job_id))


@shared_task(name="jobs.sweep")
def sweep() -> None:
    """Send again what got lost."""
    swept = sweep_jobs()
    if swept.sent or swept.given_up:
        log.info("sweep: %s sent, %s given up", swept.sent, swept.given_up)


@shared_task(name="jobs.remove_orphans")
def clean() -> None:
    """Remove bytes of attempts that died."""
    if removed := remove_orphans():
        log.info("%s orphaned files removed", removed)
