"""Closing a year: one result per cadre from the credit ledger and the year's scheme, in one statement."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import WrongState
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import AssessmentResult, CreditCategory, Rank, YearState
from trainees.models import AssessmentYear, Cadre, CreditScheme, YearlyAssessment
from trainees.selectors.rosters import open_offerings

from .credits import scheme_in_force
from .year_locks import refuse_sealed, share_year


class YearNotBegun(WrongState):
    """A year that lies ahead has no results."""

    code = "year_not_begun"
    title = gettext_lazy("That year has not begun")
    remedy = gettext_lazy(
        "A year can be closed once it has begun; until it ends the results are provisional."
    )


class RequirementMissing(WrongState):
    """A rank on the register has no total requirement in the scheme: everybody of it would pass unseen."""

    code = "requirement_missing"
    title = gettext_lazy("The scheme does not say what a rank needs")
    remedy = gettext_lazy(
        "Enter the total that this rank needs (0 if nothing) in the credit scheme, then close the year again."
    )


@dataclass(frozen=True)
class YearClosing:
    """The results of one year as they stand after closing. `changed` rows were written now; `provisional` until the year ends."""

    year: int
    total: int
    passed: int
    failed: int
    exempt: int
    changed: int
    provisional: bool
    open_offerings: int
    state: str = YearState.PREVIEW


def _columns(pattern: str) -> str:
    """`pattern` once per credit category, `#` standing for its number. Values themselves are parameters."""
    return ", ".join(pattern.replace("#", str(number)) for number in range(len(CreditCategory.values)))


def _all_of(pattern: str, joiner: str) -> str:
    return joiner.join(pattern.replace("#", str(number)) for number in range(len(CreditCategory.values)))


_RANKS = ", ".join(
    f"(%(rank{number})s, %(total{number})s::numeric, " + _columns(f"%(least{number}_#)s::numeric") + ")"
    for number in range(len(Rank.values))
)
_SHORT = _all_of("counted# < least#", " OR ")

# OFFSET 0 keeps the planner from writing sums out again wherever they are used. Rows that would not change are left out before they
# are tried: the lock on the scheme lets nobody else write results of this year, so what is read here is what would be met.
# The ledger is added up per cadre and category first, in the order of its index: a quarter of the comparisons of four filtered sums.
# Unit and rank are those of the posting on the year's last day. Results made after the year's end keep what that first closing found, with
# the jurisdiction: a transfer moves the person, not the past.
# `only` narrows it to one cadre; `stated` and `ground`, `stated_rank` put a stated exemption (or none) and rank in place of the stored ones.
JUDGE_YEAR = f"""
WITH place AS MATERIALIZED (
    SELECT unit.id,
           (SELECT above.id FROM accounts_unit above
             WHERE above.kind = %(org_department)s AND starts_with(unit.path, above.path)
             ORDER BY length(above.path) DESC LIMIT 1) AS jurisdiction_id
      FROM accounts_unit unit
), need (rank, total, {_columns("least#")}) AS (
    VALUES {_RANKS}
), ledger AS (
    SELECT cadre_id, {_columns("max(amount) FILTER (WHERE category = %(category#)s) AS earned#")}
      FROM (SELECT cadre_id, category, sum(amount) AS amount
              FROM trainees_creditentry WHERE year = %(year)s AND (%(only)s::bigint IS NULL OR cadre_id = %(only)s)
             GROUP BY cadre_id, category) part
     GROUP BY cadre_id
), person AS (
    SELECT cadre.id AS cadre_id, CASE WHEN %(stated)s THEN %(ground)s::varchar ELSE exemption.ground END AS ground, was,
           CASE WHEN was.closed_at >= %(year_end)s THEN was.unit_id ELSE place.id END AS unit_id,
           CASE WHEN was.closed_at >= %(year_end)s THEN was.jurisdiction_id ELSE place.jurisdiction_id END AS jurisdiction_id,
           coalesce(%(stated_rank)s::varchar,
                    CASE WHEN was.closed_at >= %(year_end)s THEN was.rank ELSE coalesce(posting.rank, cadre.rank) END) AS rank
      FROM trainees_cadre cadre
      LEFT JOIN trainees_posting posting ON posting.cadre_id = cadre.id AND posting.starts_on <= %(last_day)s
                                        AND (posting.ends_on IS NULL OR posting.ends_on >= %(last_day)s)
      JOIN place ON place.id = coalesce(posting.unit_id, cadre.unit_id)
      LEFT JOIN trainees_yearlyassessment was ON was.year = %(year)s AND was.cadre_id = cadre.id AND NOT was.superseded
      LEFT JOIN trainees_assessmentexemption exemption ON exemption.year = %(year)s AND exemption.cadre_id = cadre.id
     WHERE cadre.joined_on <= %(last_day)s AND (cadre.left_on IS NULL OR cadre.left_on >= %(first_day)s)
       AND (%(only)s::bigint IS NULL OR cadre.id = %(only)s)
), counting AS (
    SELECT person.*, need.total, {_columns("need.least#")},
           {_columns("coalesce(ledger.earned#, 0) AS earned#")},
           {_columns("least(coalesce(ledger.earned#, 0), %(cap#)s::numeric) AS counted#")}
      FROM person
      JOIN need ON need.rank = person.rank
      LEFT JOIN ledger ON ledger.cadre_id = person.cadre_id
    OFFSET 0
), judged AS (
    SELECT counting.*, {_all_of("earned#", " + ")} AS earned, {_all_of("counted#", " + ")} AS counted,
           CASE WHEN ground IS NOT NULL THEN %(exempt)s
                WHEN {_all_of("counted#", " + ")} < total OR {_SHORT} THEN %(fail)s
                ELSE %(pass)s END AS result
      FROM counting
    OFFSET 0
), found AS (
    SELECT judged.*, ARRAY[{_columns("earned#, %(cap#)s::numeric, counted#")}] AS figures,
           CASE result
               WHEN %(pass)s THEN '[]'::jsonb
               WHEN %(exempt)s THEN jsonb_build_array(jsonb_build_object('code', 'exempt', 'ground', ground))
               ELSE to_jsonb(array_remove(ARRAY[
                   CASE WHEN counted < total THEN
                       jsonb_build_object('code', 'short', 'category', '', 'needed', total, 'counted', counted) END,
                   {_columns("CASE WHEN counted# < least# THEN jsonb_build_object('code', 'short', 'category', %(category#)s, 'needed', least#, 'counted', counted#) END")}
               ], NULL)) END AS reasons
      FROM judged
    OFFSET 0
)
"""  # noqa: S608 -- joins text of this file; every value is a parameter
CLOSE_YEAR = f"""{JUDGE_YEAR}
INSERT INTO trainees_yearlyassessment
       (year, cadre_id, unit_id, jurisdiction_id, rank, scheme_id, earned, counted, needed, figures, reasons,
        result, grade, bars_excellent, sealed, superseded, correction_reason, closed_at, closed_by_id)
SELECT %(year)s, cadre_id, unit_id, jurisdiction_id, rank, %(scheme)s, earned, counted, total, figures, reasons,
       result, result, result = %(fail)s, false, false, '', %(now)s, %(by)s
  FROM found
 WHERE (was).id IS NULL
    OR ((was).unit_id, (was).jurisdiction_id, (was).rank, (was).scheme_id, (was).earned, (was).counted, (was).needed,
        (was).figures, (was).reasons, (was).result, (was).closed_at < %(year_end)s)
       IS DISTINCT FROM
       (unit_id, jurisdiction_id, rank, %(scheme)s, earned, counted, total, figures, reasons, result, %(now)s < %(year_end)s)
ON CONFLICT (year, cadre_id) WHERE NOT superseded DO UPDATE
   SET unit_id = excluded.unit_id, jurisdiction_id = excluded.jurisdiction_id, rank = excluded.rank,
       scheme_id = excluded.scheme_id, earned = excluded.earned, counted = excluded.counted, needed = excluded.needed,
       figures = excluded.figures, reasons = excluded.reasons, result = excluded.result, grade = excluded.grade,
       bars_excellent = excluded.bars_excellent, closed_at = excluded.closed_at, closed_by_id = excluded.closed_by_id
"""  # noqa: S608 -- joins text of this file; every value is a parameter


def close_year(*, year: int, by: User, now: datetime | None = None) -> YearClosing:
    """Give every cadre on the register in `year` a result: earned, counted under the caps, needed, reasons; returns the counts.

    The register of a year is everybody who joined by its last day and had not left before its first. Running it again changes
    only the rows whose facts have changed. While the year still runs, results are provisional; the first closing after its
    end fixes unit, jurisdiction and rank of each row. Rows of cadres who are on the register no longer stay as they are.

    Raises `YearNotBegun`, `YearSealed`, `NoSchemeInForce`, `RequirementMissing`, `Busy`; then nothing is changed.
    Concurrency: shares the year's row, so that it is not sealed meanwhile, then locks the year's scheme row, so that two closings
    follow each other; entries committed after the statement began are taken up by the next closing.
    """
    now = now or clock.now()
    if year > clock.school_year(now):
        raise YearNotBegun(_("%(year)s lies ahead.") % {"year": year})
    with locking_transaction():
        held = share_year(year)
        refuse_sealed(held)
        return write_results(held, by=by, now=now)


def write_results(held: AssessmentYear, *, by: User, now: datetime, only: int | None = None) -> YearClosing:
    """Write the results of a year whose row the caller's transaction holds, of everybody or of the cadre `only`; returns the counts.

    Raises `NoSchemeInForce`, `RequirementMissing`.
    Concurrency: locks the year's scheme row, behind the year's own.
    """
    year, year_end = held.year, clock.year_end(held.year)
    scheme = scheme_in_force(year)
    lock_row(CreditScheme, scheme.pk)
    _check_requirements(scheme)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")  # compiling the statement takes longer than it saves
        cursor.execute(CLOSE_YEAR, judging(scheme, year_end=year_end, by=by, now=now, only=only))
        changed = cursor.rowcount
    closing = _closing_of(year, changed=changed, provisional=now < year_end, state=held.state)
    facts = {"year": year, "total": closing.total, "failed": closing.failed, "changed": changed}
    record_event(action="year.close", subject=scheme, by=by, data=facts, now=now)
    return closing


def _check_requirements(scheme: CreditScheme) -> None:
    known = set(scheme.requirements.filter(category="").values_list("rank", flat=True))
    if known.issuperset(Rank.values):
        return
    cadres = Cadre.objects.unscoped("closing the year").exclude(rank__in=known)
    on_register = cadres.filter(joined_on__lte=date(scheme.year, 12, 31)).exclude(
        left_on__lt=date(scheme.year, 1, 1)
    )
    if lacking := sorted(set(on_register.values_list("rank", flat=True).distinct())):
        labels = [str(Rank(rank).label) for rank in lacking]
        raise RequirementMissing(
            _("“%(scheme)s” has no total for: %(ranks)s.")
            % {"scheme": scheme.name, "ranks": _(", ").join(labels)}
        )


def judging(
    scheme: CreditScheme,
    *,
    year_end: datetime,
    by: User,
    now: datetime,
    only: int | None = None,
    stated: bool = False,
    ground: str | None = None,
    stated_rank: str | None = None,
) -> dict[str, Any]:
    """The parameters of `JUDGE_YEAR` and `CLOSE_YEAR`: the figures of `scheme`, and what is stated in place of stored facts."""
    caps = dict(scheme.caps.values_list("category", "most"))
    least = {
        (rank, category): amount
        for rank, category, amount in scheme.requirements.values_list("rank", "category", "least")
    }
    parameters: dict[str, Any] = {
        "year": scheme.year,
        "scheme": scheme.pk,
        "first_day": date(scheme.year, 1, 1),
        "last_day": date(scheme.year, 12, 31),
        "year_end": year_end,
        "org_department": UnitKind.ORG_DEPARTMENT,
        "pass": AssessmentResult.PASS,
        "fail": AssessmentResult.FAIL,
        "exempt": AssessmentResult.EXEMPT,
        "now": now,
        "by": by.pk,
        "only": only,
        "stated": stated,
        "ground": ground,
        "stated_rank": stated_rank,
    }
    for number, category in enumerate(CreditCategory.values):
        parameters[f"category{number}"] = category
        parameters[f"cap{number}"] = caps.get(category)
    for place, rank in enumerate(Rank.values):
        parameters[f"rank{place}"] = rank
        parameters[f"total{place}"] = least.get((rank, ""), Decimal(0))
        for number, category in enumerate(CreditCategory.values):
            parameters[f"least{place}_{number}"] = least.get((rank, category))
    return parameters


def _closing_of(year: int, *, changed: int, provisional: bool, state: str) -> YearClosing:
    results = YearlyAssessment.objects.filter(year=year).unscoped("counting the results of a year")
    counts = results.aggregate(
        total=Count("pk"),
        passed=Count("pk", filter=Q(result=AssessmentResult.PASS)),
        failed=Count("pk", filter=Q(result=AssessmentResult.FAIL)),
        exempt=Count("pk", filter=Q(result=AssessmentResult.EXEMPT)),
    )
    return YearClosing(
        year=year,
        **counts,
        changed=changed,
        provisional=provisional,
        open_offerings=open_offerings(year),
        state=state,
    )
