"""Changing a figure of the training rules: what held keeps its days, what is new begins on its own."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput
from partyschool.common.locking import locking_transaction
from trainees.enums import FigureCode
from trainees.models import TrainingFigure


class InvalidFigure(InvalidInput):
    """The figure cannot begin like this: in the past, without a source, or below nothing."""

    code = "invalid_figure"


def set_figure(
    *, code: str, value: Decimal, valid_from: date, source: str, by: User, now: datetime | None = None
) -> TrainingFigure:
    """Let `code` be `value` (in the unit that the code names) from `valid_from` on, as `source` says; returns the row.

    The row that holds on that day ends the day before; a row that begins later keeps its begin, and the new one ends before it. A
    row that begins on that very day and has not begun yet is put right instead. The past is not changed.
    Raises `InvalidFigure`, `Busy`.
    Concurrency: locks the rows of the code, then reads them, so that two changes follow each other; that rows never overlap holds
    on any path (exclusion constraint).
    """
    now = now or clock.now()
    if code not in FigureCode.values or value < 0 or not source.strip():
        raise InvalidFigure(_("A figure is not below 0 and names the document it comes from."))
    if valid_from < clock.school_date(now):
        raise InvalidFigure(_("What held until today stays: a figure begins today or later."))
    with locking_transaction():
        rows = TrainingFigure.objects.filter(code=code)
        list(rows.select_for_update(no_key=True).order_by("pk"))
        holding = rows.filter(Q(valid_until__isnull=True) | Q(valid_until__gte=valid_from)).filter(
            valid_from__lte=valid_from
        )
        before = holding.first()
        data = {
            "code": code,
            "value": str(value),
            "from": valid_from.isoformat(),
            "was": str(before.value) if before else None,
        }
        if before and before.valid_from == valid_from:
            if valid_from == clock.school_date(now):
                raise InvalidFigure(
                    _("The value of today has begun today already: let another one begin tomorrow.")
                )
            figure = before
            figure.value, figure.source = value, source.strip()
            figure.save(update_fields=["value", "source"])
        else:
            later = rows.filter(valid_from__gt=valid_from).order_by("valid_from").first()
            until = later.valid_from - timedelta(days=1) if later else None
            if before:
                before.valid_until = valid_from - timedelta(days=1)
                before.save(update_fields=["valid_until"])
            figure = TrainingFigure.objects.create(
                code=code, value=value, valid_from=valid_from, valid_until=until, source=source.strip()
            )
        record_event(action="figure.set", subject=figure, by=by, data=data, now=now)
    return figure
