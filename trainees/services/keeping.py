"""A topic that few chose is held all the same."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from courses.enums import OfferingState
from courses.models import Offering, SeatCount
from partyschool.audit.services.events import record_event
from partyschool.common.errors import NotFound, WrongState
from partyschool.common.locking import lock_row, locking_transaction

from .enrolments import given_reason


def keep_topic(*, offering_id: int, reason: str, by: Any, now: datetime | None = None) -> int:
    """Decide that a published offering below its minimum size is held: the minimum becomes the number of people it has. Returns it.

    The audit trail keeps the reason and the minimum before. Raises `InvalidInput` (reason), `NotFound`, `WrongState` when it is not
    published or not below the minimum, `Busy`. Concurrency: locks the offering row.
    """
    reason = given_reason(reason)
    with locking_transaction():
        try:
            offering = lock_row(Offering, offering_id)
        except Offering.DoesNotExist as error:
            raise NotFound(_("There is no such offering.")) from error
        taken = SeatCount.objects.filter(pk=offering_id).values_list("taken", flat=True).first() or 0
        if offering.state != OfferingState.PUBLISHED or taken >= offering.least:
            raise WrongState(
                _("“%(title)s” is not below its minimum size (any more).") % {"title": offering.title}
            )
        before, offering.least = offering.least, taken
        offering.save(update_fields=["least"])
        record_event(
            action="offering.keep",
            subject=offering,
            by=by,
            data={"reason": reason, "least_before": before, "least": taken},
            now=now,
        )
    return taken
