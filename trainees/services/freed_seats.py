"""Ringing for a worker when seats may have become free: those in line are asked within seconds, not at the next sweep."""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Q

from partyschool.jobs.services.sending import ring
from trainees.enums import IN_LINE_STATES, WaitingState
from trainees.models import WaitingEntry

TASK = "waiting.promote"


def promote_soon(*offering_ids: int, cadre_id: int | None = None) -> None:
    """After the commit, have the lines of these offerings asked. With `cadre_id` also those in which this cadre was skipped: what
    stood in the way may be gone.

    Costs one look at an index where nobody waits. Nothing is lost without broker or worker: a sweep each minute asks again.
    """
    transaction.on_commit(partial(_ring_for, offering_ids, cadre_id), robust=True)


def _ring_for(offering_ids: tuple[int, ...], cadre_id: int | None) -> None:
    wanted = Q(offering__in=offering_ids, state__in=IN_LINE_STATES)
    if cadre_id is not None:
        wanted |= Q(cadre=cadre_id, state=WaitingState.SKIPPED)
    lines = WaitingEntry.objects.filter(wanted).unscoped("whose line is asked").order_by("offering")
    for offering_id in lines.values_list("offering", flat=True).distinct():
        ring(TASK, offering_id)


def seats_have_changed(*, offering_id: int, **_signal: Any) -> None:
    """What `courses.signals.seats_changed` leads to."""
    promote_soon(offering_id)
