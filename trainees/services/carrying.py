"""The surplus of a sealed year becomes credits of the next, once per cadre."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import WrongState
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import AssessmentResult, SchemeState, YearState
from trainees.models import AssessmentYear, CreditEntry, CreditScheme, YearlyAssessment
from trainees.selectors.reasons import credits_text
from trainees.selectors.reckoning import SURPLUS

from .credits import scheme_in_force
from .year_locks import refuse_sealed, share_year

CARRY = "carry"


class NotSealedYet(WrongState):
    """Only what was sealed is a surplus."""

    code = "not_sealed"
    title = gettext_lazy("The year before is not sealed")
    remedy = gettext_lazy("Seal it first: its surplus is carried over from the sealed results.")


@dataclass(frozen=True)
class CarryOver:
    """What was carried into `year` now: entries and credits, 0 if it was done before or the scheme carries nothing."""

    year: int
    posted: int
    credits: Decimal


POST_SURPLUS = f"""
WITH surplus AS ({SURPLUS}), posted AS (
    INSERT INTO trainees_creditentry
           (year, amount, source_kind, source_ref, note, posted_by_id, posted_at, cadre_id, category, hours, earned_on, scheme_id)
    SELECT %(year)s, amount, 'carry', cadre_id || ':' || %(year)s, %(note)s, %(by)s, %(now)s, cadre_id, %(category)s, 0,
           %(first_day)s, %(scheme)s
      FROM surplus ORDER BY cadre_id
        ON CONFLICT (source_kind, source_ref) WHERE reverses_id IS NULL DO NOTHING
    RETURNING amount
)
SELECT count(*), coalesce(sum(amount), 0) FROM posted
"""  # noqa: S608 -- joins texts of the house


@dataclass(frozen=True)
class CarryAdjusted:
    """What a cadre took over into `year` before a correction, and takes over since."""

    year: int
    before: Decimal
    after: Decimal

    def in_words(self) -> str:
        return _("Carried over into %(year)s: %(before)s credits before, %(after)s since.") % {
            "year": self.year,
            "before": credits_text(self.before),
            "after": credits_text(self.after),
        }


def carry_over(*, year: int, by: User, now: datetime | None = None) -> CarryOver:
    """Post the surplus of the sealed year before as credits of `year`, as its scheme says (`carry_category`, `carry_most`).

    A surplus is what a cadre who passed has counted beyond the need. Everybody gets one entry (source `carry`, reference
    `<cadre>:<year>`, earned on 1 January); carrying over again posts only what is missing. A scheme without carry-over posts nothing.

    Raises `NotSealedYet`, `NoSchemeInForce`, `YearSealed` where `year` itself is sealed, `Busy`.
    Concurrency: shares the row of `year`, then locks its scheme; the unique source decides between rivals.
    """
    now = now or clock.now()
    with locking_transaction():
        held = share_year(year)
        refuse_sealed(held)
        return carry_surplus(held, by=by, now=now)


def carry_surplus(held: AssessmentYear, *, by: User, now: datetime) -> CarryOver:
    """`carry_over` inside the caller's transaction, which shares or holds the row of the year that gets the credits."""
    year = held.year
    if not AssessmentYear.objects.filter(year=year - 1, state=YearState.SEALED).exists():
        raise NotSealedYet(_("%(year)s is not sealed.") % {"year": year - 1})
    scheme = lock_row(CreditScheme, scheme_in_force(year).pk)
    if not scheme.carry_category:
        return CarryOver(year, 0, Decimal(0))
    with translation.override(settings.LANGUAGE_CODE):
        note = _("Surplus of %(year)s") % {"year": year - 1}
    parameters: dict[str, Any] = {
        "year": year,
        "before": year - 1,
        "carry_most": scheme.carry_most,
        "pass": AssessmentResult.PASS,
        "category": scheme.carry_category,
        "scheme": scheme.pk,
        "first_day": date(year, 1, 1),
        "note": note,
        "by": by.pk,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(POST_SURPLUS, parameters)
        posted, amount = cursor.fetchone()
    carried = CarryOver(year, posted, amount)
    facts = {"year": year, "posted": posted, "credits": str(amount)}
    record_event(action="credit.carry", subject=scheme, by=by, data=facts, now=now)
    return carried


def adjust_carried(after: YearlyAssessment, *, by: User, now: datetime) -> CarryAdjusted | None:
    """Bring what was carried over from a corrected year into step with `after`, the result in force since; None: nothing changes.

    The entry that was carried stands. A further one (source `carry`, reference `<cadre>:<year>:<result>`) adds the difference, or takes
    it off, and says what it was and is; who had no surplus before gets the entry that carrying over would have made. It is posted
    into a sealed year as well: its sealed result stands and is corrected for itself. Nothing is done where nothing was carried into the
    next year yet, for then carrying over takes the corrected result, nor where somebody took a carried entry back by hand.
    Concurrency: inside the caller's transaction, which holds the result; shares the row of the next year, then locks its scheme, as
    carrying over does, so that of both one comes first.
    """
    year = after.year + 1
    share_year(year)
    scheme = CreditScheme.objects.filter(year=year, state=SchemeState.IN_FORCE).first()
    if scheme is None:
        return None
    scheme = lock_row(CreditScheme, scheme.pk)
    posted = CreditEntry.objects.filter(year=year, source_kind=CARRY).unscoped("what was carried into a year")
    own = posted.filter(cadre=after.cadre_id)
    if not scheme.carry_category or not posted.exists() or own.filter(reverses__isnull=False).exists():
        return None
    carried = own.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    change = CarryAdjusted(year, carried, _surplus_of(after, scheme))
    if change.after == change.before:
        return None
    reference = f"{after.cadre_id}:{year}"
    with translation.override(settings.LANGUAGE_CODE):
        note = _("Surplus of %(year)s after the correction: %(before)s before, %(after)s since") % {
            "year": after.year,
            "before": credits_text(change.before),
            "after": credits_text(change.after),
        }
    entry = CreditEntry.objects.create(
        cadre_id=after.cadre_id,
        year=year,
        amount=change.after - change.before,
        hours=Decimal(0),
        category=own.values_list("category", flat=True).first() or scheme.carry_category,
        earned_on=date(year, 1, 1),
        scheme=scheme,
        source_kind=CARRY,
        source_ref=f"{reference}:{after.pk}" if own.exists() else reference,
        note=note,
        posted_by=by,
        posted_at=now,
    )
    facts = {"year": year, "before": str(change.before), "after": str(change.after), "result": after.pk}
    record_event(action="credit.carry_adjust", subject=entry, by=by, data=facts, now=now)
    return change


def _surplus_of(result: YearlyAssessment, scheme: CreditScheme) -> Decimal:
    """What `SURPLUS` gives for one result."""
    if result.result != AssessmentResult.PASS:
        return Decimal(0)
    return min(max(result.counted - result.needed, Decimal(0)), scheme.carry_most)
