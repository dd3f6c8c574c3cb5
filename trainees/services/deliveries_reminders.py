"""Deliveries that nobody has received: the unit is reminded once, then staff and the organisation department are told, once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import FigureCode, PacketState
from trainees.models import PacketDelivery, PacketReceipt
from trainees.selectors.figures import figure

from .deliveries_notices import tell_still_unread, tell_unread

REMINDED, ESCALATED = 1, 2


@dataclass(frozen=True)
class Chased:
    """How many deliveries were reminded of and how many were reported."""

    reminded: int
    escalated: int


def tend_deliveries(*, now: datetime | None = None) -> Chased:
    """Remind of deliveries without a receipt after so many days, and report them after as many days more. Safe to run at any time.

    Concurrency: locks one delivery at a time, then asks again whether it is still unread and still due.
    """
    at = now or clock.now()
    wait = timedelta(days=float(figure(FigureCode.RECEIPT_REMIND_DAYS, on=clock.school_date(at))))
    new = unread().filter(reminders=0, delivered_at__lte=at - wait)
    late = unread().filter(reminders=REMINDED, reminded_at__lte=at - wait)
    keys_late = list(late.order_by("pk").values_list("pk", flat=True))
    keys_new = list(new.order_by("pk").values_list("pk", flat=True))
    return Chased(
        sum(_chase(pk, REMINDED, at) for pk in keys_new), sum(_chase(pk, ESCALATED, at) for pk in keys_late)
    )


def unread() -> QuerySet[PacketDelivery]:
    """Deliveries of packets in force that nobody has received."""
    receipts = PacketReceipt._base_manager.filter(delivery=OuterRef("pk"))
    deliveries: Any = PacketDelivery.objects.unscoped("the portal reminds everybody")
    return deliveries.filter(~Exists(receipts), packet__state=PacketState.VALID)


def _chase(delivery_id: int, step: int, now: datetime) -> bool:
    """Take one step for one delivery, unless somebody received it or the step was taken meanwhile."""
    with locking_transaction():
        locked = lock_row(PacketDelivery, delivery_id)
        if locked.reminders != step - 1 or not unread().filter(pk=delivery_id).exists():
            return False
        locked.reminders, locked.reminded_at = step, now
        locked.save(update_fields=["reminders", "reminded_at"])
        days = (clock.school_date(now) - clock.school_date(locked.delivered_at)).days
        data = {"unit": locked.unit.code, "days": days}
        if step == REMINDED:
            data["told"] = tell_unread(locked, days)
            record_event(action="report.remind", subject=locked.packet, by=None, data=data, now=now)
        else:
            data["told"] = tell_still_unread(locked)
            record_event(action="report.escalate", subject=locked.packet, by=None, data=data, now=now)
    return True
