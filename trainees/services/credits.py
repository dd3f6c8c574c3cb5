"""Credits outside the closing of an offering: the scheme in force, recognised learning, corrections."""

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, NotFound, WrongState
from partyschool.common.ledger import reverse_entry
from partyschool.common.locking import locking_transaction, violated_constraint
from trainees.enums import CreditCategory, SchemeState
from trainees.models import Cadre, CreditEntry, CreditScheme


class NoSchemeInForce(WrongState):
    """Nothing says what an activity of that year is worth."""

    code = "no_scheme"
    title = gettext_lazy("No credit scheme is in force for that year")
    remedy = gettext_lazy("Enter the year's credit scheme and put it in force, then try again.")


class AlreadyPosted(Duplicate):
    """The source has been posted before; one source posts once."""

    code = "already_posted"
    title = gettext_lazy("These credits have already been posted")
    remedy = gettext_lazy("If the entry is wrong, reverse it and post the right one under a new reference.")


class InvalidCredit(InvalidInput):
    """The credits, hours or category to post cannot be right."""


def scheme_in_force(year: int) -> CreditScheme:
    """The scheme in force for `year`. Raises `NoSchemeInForce`."""
    try:
        return CreditScheme.objects.get(year=year, state=SchemeState.IN_FORCE)
    except CreditScheme.DoesNotExist:
        raise NoSchemeInForce(
            _("There is no credit scheme in force for %(year)s.") % {"year": year}
        ) from None


def post_recognised_learning(
    *,
    cadre_id: int,
    category: str,
    amount: Decimal,
    hours: Decimal,
    earned_on: date,
    reference: str,
    note: str,
    by: User,
    now: datetime | None = None,
) -> CreditEntry:
    """Post `amount` credits for learning outside the school's offerings (a paper, a course elsewhere), resting on `hours` class-hours.

    `reference` names the evidence (document number); one reference posts once. The year is that of `earned_on`.
    Raises `InvalidCredit`, `NotFound`, `NoSchemeInForce`, `AlreadyPosted`, `Busy`.
    Concurrency: no lock; the unique source decides between rivals.
    """
    now = now or clock.now()
    if amount <= 0 or hours < 0 or category not in CreditCategory.values or not reference.strip():
        raise InvalidCredit(_("Credits must be more than zero, with a known category and a reference."))
    if earned_on > clock.school_date(now):
        raise InvalidCredit(_("Credits cannot be earned in the future."))
    cadre = Cadre.objects.filter(pk=cadre_id).unscoped("posting to one named cadre").first()
    if cadre is None:
        raise NotFound(_("There is no such cadre."))
    entry = CreditEntry(
        year=earned_on.year,
        amount=amount,
        hours=hours,
        category=category,
        earned_on=earned_on,
        cadre=cadre,
        scheme=scheme_in_force(earned_on.year),
        source_kind="recognised",
        source_ref=reference.strip(),
        note=note,
        posted_by=by,
        posted_at=now,
    )
    try:
        with locking_transaction():
            entry.save(force_insert=True)
            record_event(
                action="credit.recognise", subject=entry, by=by, data={"credits": str(amount)}, now=now
            )
    except IntegrityError as error:
        if violated_constraint(error) == "trainees_creditentry_source_uq":
            facts = _("The reference %(reference)s has been posted before.") % {"reference": reference}
            raise AlreadyPosted(facts) from error
        raise
    return entry


def reverse_credit(*, entry_id: int, reason: str, by: User, now: datetime | None = None) -> CreditEntry:
    """Take one credit entry back, whole, by a new entry that names it; `reason` is shown to the cadre.

    Raises `NotFound`, `InvalidCredit` without a reason, `AlreadyReversed`, `Busy`.
    Concurrency: no lock; the unique `reverses` column decides between rivals.
    """
    now = now or clock.now()
    if not reason.strip():
        raise InvalidCredit(_("Say why the entry is taken back."))
    entry = CreditEntry.objects.filter(pk=entry_id).unscoped("reversing one named entry").first()
    if entry is None:
        raise NotFound(_("There is no such entry."))
    with locking_transaction():
        reversal = reverse_entry(entry, by=by, reason=reason.strip(), now=now)
        record_event(action="credit.reverse", subject=entry, by=by, data={"reason": reason.strip()}, now=now)
    return reversal
