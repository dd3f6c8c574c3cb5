"""A job with children: what its row says follows from theirs, here and nowhere else."""

from typing import Any

from django.db.models import Avg, Count, Max, Q
from django.utils.translation import ngettext

from partyschool.common.locking import lock_row
from partyschool.jobs.enums import LIVE_STATES, JobState
from partyschool.jobs.models import Job


def refresh_parent(child: Job) -> None:
    """Write state, percent and times of the parent of `child`, if it has one, from all its children.

    Running until the last child ended; then failed if one failed, else cancelled if one was cancelled, else done.
    Concurrency: call it inside the transaction that changed the child; locks the parent, after the children. The children are
    counted by a statement that starts once the lock is held, so the last of several that end together sees the others.
    """
    if child.parent_id is None:
        return
    parent = lock_row(Job, child.parent_id)
    if parent.lease_token is not None:
        return  # its handler is still starting children, and will derive the state when it ends
    now_so = _derived(parent)
    Job.objects.unscoped("a parent follows its children").filter(pk=parent.pk).update(**now_so)
    refresh_parent(parent)


def _derived(parent: Job) -> dict[str, Any]:
    children = Job.objects.unscoped("a parent follows its children").filter(parent=parent)
    seen = children.aggregate(
        total=Count("pk"),
        waiting=Count("pk", filter=Q(state=JobState.QUEUED)),
        live=Count("pk", filter=Q(state__in=LIVE_STATES)),
        failed=Count("pk", filter=Q(state=JobState.FAILED)),
        cancelled=Count("pk", filter=Q(state=JobState.CANCELLED)),
        percent=Avg("percent"),
        finished_at=Max("finished_at"),
    )
    if seen["waiting"] == seen["total"]:
        state = JobState.QUEUED
    elif seen["live"]:
        state = JobState.RUNNING
    elif seen["failed"]:
        state = JobState.FAILED
    elif seen["cancelled"]:
        state = JobState.CANCELLED
    else:
        state = JobState.DONE
    started = None if state == JobState.QUEUED else parent.started_at or _first_start(children)
    return {
        "state": state,
        # 100 is said only when all is done.
        "percent": 100 if state == JobState.DONE else min(99, int(seen["percent"] or 0)),
        "steps_total": seen["total"],
        "steps_done": seen["total"] - seen["live"],
        "started_at": started,
        "finished_at": None if state in LIVE_STATES else seen["finished_at"],
        "lease_until": None,
        "error": _failed_parts(seen["failed"]) if state == JobState.FAILED else "",
    }


def _first_start(children: Any) -> Any:
    return (
        children.filter(started_at__isnull=False)
        .order_by("started_at")
        .values_list("started_at", flat=True)
        .first()
    )


def _failed_parts(number: int) -> str:
    return ngettext(
        "%(number)s part failed. Open it to see why, then try it again; the parts that are done stay as they are.",
        "%(number)s parts failed. Open them to see why, then try them again; the parts that are done stay as they are.",
        number,
    ) % {"number": number}
