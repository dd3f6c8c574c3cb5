"""Citizen numbers: who looks at a full one says why; somebody is found by one without its being written down anywhere."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common.crypto import lookup_digest
from partyschool.common.errors import InvalidInput, NotFound
from partyschool.common.locking import locking_transaction
from trainees.models import Cadre

LEAST_REASON = 4


class ReasonMissing(InvalidInput):
    """A full citizen number is shown for a reason only."""

    code = "reason_missing"
    title = gettext_lazy("Please say why you need the number")
    remedy = gettext_lazy("Your reason is kept in the audit trail.")


def reveal_citizen_no(*, cadre_id: int, reason: str, by: User, now: datetime | None = None) -> str:
    """The full citizen number of a cadre whom `by` may see, or '' if none is stored.

    The event (with the reason, without the number) is committed before the number is returned.
    Raises `ReasonMissing`, `NotFound`.
    """
    reason = reason.strip()
    if len(reason) < LEAST_REASON:
        raise ReasonMissing
    with locking_transaction():
        cadre = Cadre.objects.visible_to(by).filter(pk=cadre_id).first()
        if cadre is None:
            raise NotFound(_("There is no such cadre within your scope."))
        record_event(
            action="cadre.reveal_citizen_no", subject=cadre, by=by, data={"reason": reason[:200]}, now=now
        )
    return cadre.reveal_citizen_no()


def find_by_citizen_no(*, number: str, by: User, now: datetime | None = None) -> Cadre:
    """The cadre with this citizen number (18 characters, valid), if `by` may see the person.

    Found by the keyed hash. The event tells who looked and whom they found, never the number. Nobody is told whether somebody outside
    their scope has it. Raises `NotFound`.
    """
    with locking_transaction():
        cadre = Cadre.objects.visible_to(by).filter(citizen_no_digest=lookup_digest(number)).first()
        record_event(
            action="cadre.find_by_citizen_no",
            subject=cadre if cadre is not None else Cadre._meta.label,
            by=by,
            data={"found": cadre is not None},
            now=now,
        )
    if cadre is None:
        raise NotFound(_("No cadre within your scope has this citizen number."))
    return cadre
