"""Staff give places."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.common.locking import locking_transaction
from partyschool.common.prepared import PreparedStatement
from trainees.enums import EnrolmentOrigin
from trainees.models import Cadre
from trainees.rules.electives import enrolment_denial
from trainees.selectors.electives import facts_for_cadre

from .electives import SHARE_ROUND, claim_place, refusal_of

_LOCK_CADRE = PreparedStatement(
    "lock_cadre", "SELECT FROM trainees_cadre WHERE id = %(cadre)s FOR NO KEY UPDATE", {"cadre": "bigint"}
)


def enrol_cadre(*, cadre_id: int, offering_id: int, by: Any, now: datetime | None = None) -> int:
    """Enrol a cadre whom `by` may see in a published offering of any kind, in or out of a round; returns the enrolment's id.

    The rules are those of the cadre's own selection, but for the round's window: seats, eligibility, limit and clashes bind staff too.
    Raises the denials of `trainees.rules.electives.enrolment_denial`, `NotFound`, `Busy`.
    Concurrency: as `select_topic`.
    """
    if not Cadre.objects.visible_to(by).filter(pk=cadre_id).exists():
        raise NotFound(_("There is no such cadre within your scope."))
    facts = None
    try:
        with locking_transaction():
            facts = facts_for_cadre(
                cadre_id=cadre_id, offering_id=offering_id, locks=(_LOCK_CADRE, SHARE_ROUND)
            )
            at = now or clock.now()
            if found := enrolment_denial(facts, at):
                raise found[1]
            return claim_place(facts, origin=EnrolmentOrigin.STAFF, action="enrolment.enrol", by=by, now=at)
    except IntegrityError as error:
        if facts is not None and (denial := refusal_of(error, facts)):
            raise denial from error
        raise
