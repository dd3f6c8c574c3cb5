"""Changing what the training rules say: figures, who decides on leave, what a cycle asks for. Each row has its days."""

from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import FigureCode, LeaveApprover, Rank
from trainees.models import CycleRequirement, LeaveTier, TrainingFigure

from .dated_rows import InvalidFigure, begin_row, end_row


def set_figure(
    *, code: str, value: Decimal, valid_from: date, source: str, by: User, now: datetime | None = None
) -> TrainingFigure:
    """Let `code` be `value` (in the unit that the code names) from `valid_from` on, as `source` says; returns the row.

    Days, errors and locks as in `begin_row`; raises besides `Busy`.
    """
    now = now or clock.now()
    if code not in FigureCode.values or value < 0:
        raise InvalidFigure(_("A figure is known and not below 0."))
    with locking_transaction():
        begun = begin_row(
            TrainingFigure.objects.filter(code=code),
            key={"code": code},
            values={"value": value, "valid_from": valid_from, "source": source},
            now=now,
        )
        was = str(begun.was.value) if begun.was else None
        data = {"code": code, "value": str(value), "from": valid_from.isoformat(), "was": was}
        record_event(action="figure.set", subject=begun.row, by=by, data=data, now=now)
    return begun.row


def set_leave_tier(
    *,
    most_half_days: int | None,
    approver: str,
    valid_from: date,
    source: str,
    by: User,
    now: datetime | None = None,
) -> LeaveTier:
    """Let `approver` decide on leaves of up to `most_half_days` (None: on all that are longer) from `valid_from` on, by `source`.

    Leaves that were asked for before keep whoever decides on them. Days, errors and locks as in `begin_row`; raises besides `Busy`.
    """
    now = now or clock.now()
    if approver not in LeaveApprover.values or (most_half_days is not None and most_half_days < 1):
        raise InvalidFigure(_("Say who decides, and on at least one half-day."))
    with locking_transaction():
        begun = begin_row(
            LeaveTier.objects.filter(most_half_days=most_half_days),
            key={"most_half_days": most_half_days},
            values={"approver": approver, "valid_from": valid_from, "source": source},
            now=now,
        )
        data = {
            "half_days": most_half_days,
            "approver": approver,
            "from": valid_from.isoformat(),
            "was": begun.was.approver if begun.was else None,
        }
        record_event(action="leave_tier.set", subject=begun.row, by=by, data=data, now=now)
    return begun.row


def end_leave_tier(*, tier_id: int, last_day: date, by: User, now: datetime | None = None) -> LeaveTier:
    """Let a tier hold until `last_day`: from then on the next longer one decides. Raises `NotFound`, `InvalidFigure`, `Busy`.

    Concurrency: locks the tier.
    """
    now = now or clock.now()
    with locking_transaction():
        try:
            tier = lock_row(LeaveTier, tier_id)
        except LeaveTier.DoesNotExist as error:
            raise NotFound(_("There is no such tier.")) from error
        end_row(tier, last_day=last_day, now=now)
        data = {"half_days": tier.most_half_days, "until": last_day.isoformat()}
        record_event(action="leave_tier.end", subject=tier, by=by, data=data, now=now)
    return tier


def set_cycle_requirement(
    *,
    rank: str,
    first_year: int,
    last_year: int,
    hours: Decimal,
    valid_from: date,
    source: str,
    by: User,
    now: datetime | None = None,
) -> CycleRequirement:
    """Ask `hours` class-hours of `rank` in the cycle of years that begins with `first_year`, from `valid_from` on, by `source`.

    Days, errors and locks as in `begin_row`; raises besides `Busy`.
    """
    now = now or clock.now()
    if rank not in Rank.values or hours < 0 or last_year < first_year:
        raise InvalidFigure(_("A cycle does not end before it begins, and asks for no less than nothing."))
    with locking_transaction():
        begun = begin_row(
            CycleRequirement.objects.filter(rank=rank, first_year=first_year),
            key={"rank": rank, "first_year": first_year},
            values={"last_year": last_year, "hours": hours, "valid_from": valid_from, "source": source},
            now=now,
        )
        data = {
            "rank": rank,
            "years": [first_year, last_year],
            "hours": str(hours),
            "from": valid_from.isoformat(),
            "was": str(begun.was.hours) if begun.was else None,
        }
        record_event(action="cycle.set", subject=begun.row, by=by, data=data, now=now)
    return begun.row
