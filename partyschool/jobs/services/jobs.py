"""Starting, cancelling and trying again: what people do with jobs."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Duplicate, WrongState
from partyschool.common.locking import lock_row, locking_transaction, violated_constraint
from partyschool.jobs.enums import LIVE_STATES, JobState
from partyschool.jobs.models import Job
from partyschool.jobs.rules import may_manage

from .families import refresh_parent
from .sending import send_new_job

OVER = (JobState.FAILED, JobState.CANCELLED)


class AlreadyEnded(WrongState):
    """The job is no longer waiting or running."""

    code = "job_ended"
    title = _("This job has already ended")


class NothingToRetry(WrongState):
    """The job did not fail and was not cancelled."""

    code = "nothing_to_retry"
    title = _("Only a failed or cancelled job can be tried again")


class AlreadyRunning(Duplicate):
    """The same work was started anew in the meantime."""

    code = "already_running"
    title = _("The same work is already under way")
    remedy = _("Look at the newer job in the list.")


def start_job(
    *,
    kind: str,
    key: str,
    title: str,
    params: dict[str, Any],
    by: Any,
    parent: Job | None = None,
    now: datetime | None = None,
) -> Job:
    """Write a job and, once the transaction is committed, ask a worker for it. Returns the live job of this `kind` and `key` if there is one.

    `key` names what the work is about (`"2025:14"`), with the owner in it where the result is personal; `params` are JSON-ready ids
    and figures, never personal data. With `parent`, a child of it with this kind and key is returned whatever its state: a part is
    started once and then retried. Start parent and children in one transaction; the parent itself is then never run.

    An unreachable broker is no error: the row waits and the sweeper sends it.
    Concurrency: no lock; the unique index `jobs_job_live_uq` decides between rivals.
    """
    now = now or clock.now()
    with transaction.atomic():
        while (job := _existing(kind, key, parent)) is None:
            try:
                with transaction.atomic():
                    job = Job.objects.create(
                        kind=kind,
                        key=key,
                        title=title,
                        params=params,
                        owner=by,
                        parent=parent,
                        created_at=now,
                    )
            except IntegrityError as error:
                # A rival was quicker; its row is found next time round, or has ended and this one may follow.
                if violated_constraint(error) != "jobs_job_live_uq":
                    raise
                continue
            if parent is None:
                record_event(action="job.start", subject=job, by=by, data={"kind": kind, "key": key}, now=now)
            else:
                refresh_parent(job)
            transaction.on_commit(partial(_ring, job.pk))
            break
    return job


def _existing(kind: str, key: str, parent: Job | None) -> Job | None:
    same = Job.objects.unscoped("one live job of a kind and key").filter(kind=kind, key=key)
    if parent is not None and (child := same.filter(parent=parent).first()):
        return child
    return same.filter(state__in=LIVE_STATES).first()


def _ring(job_id: UUID) -> None:
    """Send a committed job, unless children were started under it in the same transaction."""
    if not Job.objects.unscoped("is this a parent?").filter(parent_id=job_id).exists():
        send_new_job(job_id)


def cancel_job(*, job_id: UUID, by: Any, now: datetime | None = None) -> Job:
    """Stop a waiting or running job, with its unfinished children; a worker that is at it stops at its next step.

    Raises `AlreadyEnded`, `PermissionDenied`. Concurrency: locks the live children by pk, then the job.
    """
    now = now or clock.now()
    with locking_transaction():
        job = Job.objects.visible_to(by).get(pk=job_id)
        _require_manager(by, job)
        jobs = Job.objects.unscoped("a parent is cancelled with its parts")
        parts = list(
            jobs.filter(parent=job, state__in=LIVE_STATES)
            .order_by("pk")
            .select_for_update(no_key=True, of=("self",))
        )
        whole = lock_row(Job, job.pk)
        if whole.state not in LIVE_STATES:
            raise AlreadyEnded
        ended = {"state": JobState.CANCELLED, "finished_at": now, "lease_until": None, "lease_token": None}
        jobs.filter(pk__in=[part.pk for part in parts]).update(**ended)
        if parts and whole.lease_token is None:
            refresh_parent(parts[0])
        else:
            jobs.filter(pk=job.pk).update(**ended)
            refresh_parent(whole)
        record_event(action="job.cancel", subject=job, by=by, data={"was": whole.state}, now=now)
    return jobs.get(pk=job.pk)


def retry_job(*, job_id: UUID, by: Any, now: datetime | None = None) -> Job:
    """Put a failed or cancelled job, or the failed and cancelled children of one, back into the queue with a full count of attempts.

    Raises `NothingToRetry`, `AlreadyRunning`, `PermissionDenied`. Concurrency: locks the children by pk, then the job.
    """
    now = now or clock.now()
    try:
        with locking_transaction():
            job = Job.objects.visible_to(by).get(pk=job_id)
            _require_manager(by, job)
            jobs = Job.objects.unscoped("a parent is retried with its parts")
            parts = list(
                jobs.filter(parent=job, state__in=OVER)
                .order_by("pk")
                .select_for_update(no_key=True, of=("self",))
            )
            whole = lock_row(Job, job.pk)
            again = parts or ([] if jobs.filter(parent=job).exists() else [whole])
            if not again or whole.state not in OVER:
                raise NothingToRetry
            jobs.filter(pk__in=[one.pk for one in again]).update(
                state=JobState.QUEUED, attempt=0, percent=0, steps_done=0, steps_total=0, message="", error="",
                sent_at=None, started_at=None, finished_at=None, lease_until=None, lease_token=None,
            )  # fmt: skip
            refresh_parent(again[0])
            record_event(action="job.retry", subject=job, by=by, data={"parts": len(parts)}, now=now)
            for one in again:
                transaction.on_commit(partial(send_new_job, one.pk))
    except IntegrityError as error:
        if violated_constraint(error) == "jobs_job_live_uq":
            raise AlreadyRunning from error
        raise
    return jobs.get(pk=job.pk)


def _require_manager(by: Any, job: Job) -> None:
    if not may_manage(by, job):
        raise PermissionDenied
