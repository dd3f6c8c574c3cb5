"""Swapping one topic for another that has a seat, all or nothing."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.utils import translation
from django.utils.translation import gettext as _

from partyschool.common import clock
from partyschool.common.errors import Denial, Full, InvalidInput
from partyschool.common.locking import locking_transaction
from trainees.enums import EnrolmentOrigin
from trainees.rules.electives import SeatFacts, is_on_show, selection_denial
from trainees.selectors.electives import facts_for_cadre
from trainees.selectors.waiting import own_cadre_id

from .electives import claim_place, give_up_place, refusal_of
from .line_locks import lock_line
from .refusals import record_refusal
from .waiting import no_such_topic, place_given_up


def swap_topics(*, give_up_offering_id: int, offering_id: int, by: Any, now: datetime | None = None) -> int:
    """Give up `by`'s own place in one topic and take one in another, in one transaction; returns the new enrolment's id.

    The rules are asked as if the old place were gone already. Refused, the old place stays as it is.
    Raises what `select_topic` and `withdraw_from_topic` raise, and `InvalidInput` for one and the same topic.
    Concurrency: own cadre row · rounds shared · offerings · both seat rows by pk: two who swap crosswise wait for each other, in order.
    """
    if give_up_offering_id == offering_id:
        raise InvalidInput(_("A topic cannot be swapped for itself."))
    cadre_id = own_cadre_id(by)
    facts = None
    try:
        with locking_transaction():
            lock_line(cadre_id=cadre_id, offering_ids={give_up_offering_id, offering_id})
            at = now or clock.now()
            old = facts_for_cadre(cadre_id=cadre_id, offering_id=give_up_offering_id)
            facts = facts_for_cadre(
                cadre_id=cadre_id, offering_id=offering_id, without=place_given_up(old, at)
            )
            return _swap(old, facts, by=by, at=at)
    except Denial as denial:
        record_refusal(facts, denial, now=now)
        raise
    except IntegrityError as error:
        if facts is not None and (refusal := refusal_of(error, facts)):
            record_refusal(facts, refusal, now=now)
            raise refusal from error
        raise


def _swap(old: SeatFacts, facts: SeatFacts, *, by: Any, at: datetime) -> int:
    if not is_on_show(facts):
        raise no_such_topic()
    if denial := selection_denial(facts, at):
        if isinstance(denial, Full):
            raise type(denial)(
                denial.facts,
                remedy=_(
                    "Get in line and name the topic that you would give up: you keep it until the other seat is yours."
                ),
            )
        raise denial
    with translation.override(settings.LANGUAGE_CODE):
        reason = _("Given up for “%(title)s”") % {"title": facts.title[:100]}
    give_up_place(old, reason=reason, by=by, now=at)
    return claim_place(
        facts,
        origin=EnrolmentOrigin.SWAP,
        action="enrolment.swap",
        by=by,
        now=at,
        gave_up=old.enrolment_id,
    )
