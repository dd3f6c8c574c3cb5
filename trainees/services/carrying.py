"""The surplus of a sealed year becomes credits of the next, once per cadre."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import WrongState
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import AssessmentResult, YearState
from trainees.models import AssessmentYear, CreditScheme
from trainees.selectors.reckoning import SURPLUS

from .credits import scheme_in_force
from .year_locks import refuse_sealed, share_year


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
