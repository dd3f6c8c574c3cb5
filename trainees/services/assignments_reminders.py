"""Units are reminded before the nominations end, and their organisation department is told afterwards: once each for a deadline."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F

from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.locking import locking_transaction
from trainees.enums import AssignmentState, FigureCode
from trainees.models import AssignmentQuota
from trainees.selectors.figures import figures_on

from .assignments_locks import lock_assignment
from .assignments_notices import tell_missing


@dataclass(frozen=True)
class Tended:
    """How many quotas were reminded of and how many were reported."""

    reminded: int
    escalated: int


def tend_assignments(*, now: datetime | None = None) -> Tended:
    """Do what is due for every quota with open places; safe to run as often as one likes.

    Reminders go out `remind_days` before the nominations end, reports `escalate_days` after. Concurrency: locks one assignment at a
    time, as whoever nominates does.
    """
    at = now or clock.now()
    figures = figures_on(FigureCode.REMIND_DAYS, FigureCode.ESCALATE_DAYS, on=clock.school_date(at))
    ahead = timedelta(days=float(figures[FigureCode.REMIND_DAYS]))
    behind = timedelta(days=float(figures[FigureCode.ESCALATE_DAYS]))
    missing = AssignmentQuota.objects.filter(
        assignment__state=AssignmentState.ISSUED, nominated__lt=F("seats")
    ).order_by("assignment", "pk")
    soon = missing.filter(
        reminded_at=None, assignment__nominate_by__gt=at, assignment__nominate_by__lte=at + ahead
    )
    late = missing.filter(escalated_at=None, assignment__nominate_by__lte=at - behind)
    return Tended(
        sum(_tell_once(pk, assignment_id, at, "reminded_at") for pk, assignment_id in _keys(soon)),
        sum(_tell_once(pk, assignment_id, at, "escalated_at") for pk, assignment_id in _keys(late)),
    )


def _keys(quotas: object) -> list[tuple[int, int]]:
    return list(quotas.values_list("pk", "assignment"))  # type: ignore[attr-defined]  # a queryset


def _tell_once(quota_id: int, assignment_id: int, now: datetime, mark: str) -> bool:
    """Tell of one quota, unless somebody nominated, or told, meanwhile."""
    with locking_transaction():
        assignment = lock_assignment(assignment_id)
        quota = AssignmentQuota.objects.select_related("unit", "assignment__offering").get(pk=quota_id)
        still = assignment.state == AssignmentState.ISSUED and quota.nominated < quota.seats
        if not still or getattr(quota, mark) is not None:
            return False
        setattr(quota, mark, now)
        quota.save(update_fields=[mark])
        escalated = mark == "escalated_at"
        told = tell_missing(quota, escalated=escalated)
        action = f"assignment.{'escalate' if escalated else 'remind'}"
        data = {"unit": quota.unit_id, "missing": quota.seats - quota.nominated, "told": told}
        record_event(action=action, subject=assignment, by=None, data=data, now=now)
    return True
