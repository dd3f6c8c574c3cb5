"""Looking somebody's training record up: with a reason, which the audit trail keeps before the record is shown."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common.errors import InvalidInput, NotFound
from partyschool.common.locking import locking_transaction
from partyschool.common.plaintext import single_line
from trainees.models import Cadre
from trainees.selectors.records import COMPARED_MOST

LEAST_REASON = 4
REASON_MOST = 200


class LookReasonMissing(InvalidInput):
    """A training record is opened for a reason only."""

    code = "look_reason_missing"
    title = gettext_lazy("Please say why you look this person up")
    remedy = gettext_lazy("Write at least four characters; your reason is kept in the audit trail.")


class TooManyCompared(InvalidInput):
    """More people than fit side by side."""

    code = "too_many_compared"
    title = gettext_lazy("Too many people at once")


def look_up(*, cadre_ids: Sequence[int], reason: str, by: User, now: datetime | None = None) -> list[Cadre]:
    """Open the training records of up to four cadres whom `by` may see, for `reason`; returns them in the order asked for.

    One event per cadre, with the reason and, when people are compared, how many, is committed before anything is shown; it opens
    the record for `trainees.selectors.looks.LOOK_LASTS`. Raises `LookReasonMissing`, `TooManyCompared`, `NotFound` (one of them is
    not in scope; then nothing is recorded and nothing opened).
    """
    reason = single_line(reason)
    if len(reason) < LEAST_REASON:
        raise LookReasonMissing
    if len(reason) > REASON_MOST:
        raise InvalidInput(_("The reason has more than %(most)s characters.") % {"most": REASON_MOST})
    wanted = list(dict.fromkeys(cadre_ids))
    if len(wanted) > COMPARED_MOST:
        raise TooManyCompared(_("At most %(most)s people are compared.") % {"most": COMPARED_MOST})
    with locking_transaction():
        found = Cadre.objects.visible_to(by).filter(by.scope.unit_condition("unit__path")).in_bulk(wanted)
        if not wanted or len(found) < len(wanted):
            raise NotFound(_("There is no such cadre within your scope."))
        cadres = [found[pk] for pk in wanted]
        for cadre in cadres:
            data = {"reason": reason, **({"compared": len(cadres)} if len(cadres) > 1 else {})}
            record_event(action="cadre.look_up", subject=cadre, by=by, data=data, now=now)
    return cadres


def record_print(*, cadre: Cadre, reason: str, by: User, now: datetime | None = None) -> None:
    """Keep that `by` took the record of `cadre` along as a file, and the reason it was looked up for."""
    record_event(action="cadre.print_record", subject=cadre, by=by, data={"reason": reason}, now=now)


def record_export(*, cadres: Sequence[Cadre], reason: str, by: User, now: datetime | None = None) -> None:
    """Keep that `by` took a comparison of `cadres` along as a file: one event per person."""
    for cadre in cadres:
        record_event(
            action="cadre.compare_export",
            subject=cadre,
            by=by,
            data={"reason": reason, "compared": len(cadres)},
            now=now,
        )
