"""Closing a year: one result per cadre from the credit ledger and the year's scheme, in one statement."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import User
from partyschool.accounts.selectors.unit_history import departments_then
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import WrongState
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import AssessmentResult, Rank, YearState
from trainees.models import AssessmentYear, Cadre, CreditScheme, YearlyAssessment
from trainees.selectors.reckoning import ReckoningSql, ledger
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


# Rows that would not change are left out before they are tried: the lock on the scheme lets nobody else write results of this year,
# so what is read here is what would be met. Unit and rank are those of the posting on the last day of the year (of the time on the
# register, for who left), so that a transfer moves the person, not the past. The organisation department is that of the tree on the
# last day; a result made after the year's end keeps it as long as the unit is the same.
PLACES = """
WITH place AS MATERIALIZED (
    SELECT unit.id,
           CASE WHEN moved.id IS NOT NULL THEN moved.department
                ELSE (SELECT above.id FROM accounts_unit above
                       WHERE above.kind = %(org_department)s AND starts_with(unit.path, above.path)
                       ORDER BY length(above.path) DESC LIMIT 1) END AS jurisdiction_id
      FROM accounts_unit unit
      LEFT JOIN unnest(%(moved_units)s::bigint[], %(departments_then)s::bigint[]) moved (id, department) ON moved.id = unit.id
),"""
STORE = """
INSERT INTO trainees_yearlyassessment
       (year, cadre_id, unit_id, jurisdiction_id, rank, scheme_id, earned, counted, needed, figures, reasons,
        result, grade, bars_excellent, sealed, superseded, correction_reason, closed_at, closed_by_id)
SELECT %(year)s, cadre_id, unit_id, jurisdiction_id, rank, %(scheme)s, earned, counted, total, figures, reasons,
       result, grade, result = %(fail)s, false, false, '', %(now)s, %(by)s
  FROM found
"""
# Where the year has results already: only what changes. Where it has none, nothing is compared, and nothing can be met.
STORE_CHANGES = f"""{STORE}
 WHERE was_id IS NULL
    OR (was_unit_id, was_jurisdiction_id, was_rank, was_scheme_id, was_earned, was_counted, was_needed,
        was_figures, was_reasons, was_result, was_grade, was_closed_at < %(year_end)s)
       IS DISTINCT FROM
       (unit_id, jurisdiction_id, rank, %(scheme)s, earned, counted, total, figures, reasons, result, grade, %(now)s < %(year_end)s)
ON CONFLICT (year, cadre_id) WHERE NOT superseded DO UPDATE
   SET unit_id = excluded.unit_id, jurisdiction_id = excluded.jurisdiction_id, rank = excluded.rank,
       scheme_id = excluded.scheme_id, earned = excluded.earned, counted = excluded.counted, needed = excluded.needed,
       figures = excluded.figures, reasons = excluded.reasons, result = excluded.result, grade = excluded.grade,
       bars_excellent = excluded.bars_excellent, closed_at = excluded.closed_at, closed_by_id = excluded.closed_by_id
"""  # noqa: S608 -- joins text of this file; every value is a parameter


WAS = (
    "id",
    "unit_id",
    "jurisdiction_id",
    "rank",
    "scheme_id",
    "earned",
    "counted",
    "needed",
    "figures",
    "reasons",
    "result",
    "grade",
    "closed_at",
)


@dataclass(frozen=True)
class Statement:
    """SQL with its parameters. The common table expression `found` has a row per cadre: cadre_id, unit_id, jurisdiction_id, rank,
    ground, `was_…` (the result in force until now), earned, counted, total, figures, reasons, result, grade.
    """

    text: str
    parameters: dict[str, Any]


def judging(
    scheme: CreditScheme,
    *,
    by: User,
    now: datetime,
    only: int | None = None,
    stated: bool = False,
    ground: str | None = None,
    stated_rank: str | None = None,
) -> Statement:
    """The expressions that judge the scheme's year, to be followed by what is to be done with `found`.

    `only` narrows it to one cadre; `stated` and `ground`, `stated_rank` put a stated exemption (or none) and rank in place of the
    stored ones.
    """
    reckoning = ReckoningSql.under(scheme, year=scheme.year)
    rank = "%(stated_rank)s::varchar" if stated_rank else "coalesce(posting.rank, cadre.rank)"
    was = ", ".join(f"was.{column} AS was_{column}" for column in WAS)
    people = f"""
person AS (
    SELECT cadre.id AS cadre_id, {"%(ground)s::varchar" if stated else "exemption.ground"} AS ground, {was},
           place.id AS unit_id, {rank} AS rank,
           CASE WHEN was.closed_at >= %(year_end)s AND was.unit_id = place.id
                THEN was.jurisdiction_id ELSE place.jurisdiction_id END AS jurisdiction_id
      FROM trainees_cadre cadre
      LEFT JOIN trainees_posting posting ON posting.cadre_id = cadre.id
           AND posting.starts_on <= least(%(posting_day)s, cadre.left_on)
           AND (posting.ends_on IS NULL OR posting.ends_on >= least(%(posting_day)s, cadre.left_on))
      JOIN place ON place.id = coalesce(posting.unit_id, cadre.unit_id)
      LEFT JOIN trainees_yearlyassessment was ON was.year = %(year)s AND was.cadre_id = cadre.id AND NOT was.superseded
      LEFT JOIN trainees_assessmentexemption exemption ON exemption.year = %(year)s AND exemption.cadre_id = cadre.id
     WHERE cadre.joined_on <= %(last_day)s AND (cadre.left_on IS NULL OR cadre.left_on >= %(first_day)s)
     {"AND cadre.id = %(only)s" if only else ""}
),"""  # noqa: S608 -- joins text of this file; every value is a parameter
    last_day = date(scheme.year, 12, 31)
    moved = departments_then(last_day)
    parameters = reckoning.parameters() | {
        "scheme": scheme.pk,
        "first_day": date(scheme.year, 1, 1),
        "last_day": last_day,
        "posting_day": min(last_day, clock.school_date(now)),
        "year_end": clock.year_end(scheme.year),
        "org_department": UnitKind.ORG_DEPARTMENT,
        "moved_units": list(moved),
        "departments_then": list(moved.values()),
        "now": now,
        "by": by.pk,
        "only": only,
        "ground": ground,
        "stated_rank": stated_rank,
    }
    text = f"{PLACES}{people}{ledger(only=only is not None)},{reckoning.text()}"
    return Statement(text, parameters)


def close_year(*, year: int, by: User, now: datetime | None = None) -> YearClosing:
    """Give every cadre on the register in `year` a result: earned, counted under the caps, needed, reasons, grade; returns the counts.

    The register of a year is everybody who joined by its last day and had not left before its first; unit and rank are those
    of the posting on its last day, of today's while it runs. Running it again changes only the rows whose facts have changed.
    While the year still runs, results are provisional. Rows of cadres who are on the register no longer stay as they are.
    The order in which the rules apply is in docs/credits.md.

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

    Writing one cadre's result closes no year: the deed that asked for it is what the audit trail tells.
    Raises `NoSchemeInForce`, `RequirementMissing`.
    Concurrency: locks the year's scheme row, behind the year's own.
    """
    year, year_end = held.year, clock.year_end(held.year)
    scheme = scheme_in_force(year)
    lock_row(CreditScheme, scheme.pk)
    _check_requirements(scheme)
    statement = judging(scheme, by=by, now=now, only=only)
    results = YearlyAssessment.objects.filter(year=year).unscoped("closing the year")
    store = STORE_CHANGES if results.exists() else STORE
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")  # compiling the statement takes longer than it saves
        cursor.execute(f"{statement.text}{store}", statement.parameters)
        changed = cursor.rowcount
    closing = _closing_of(year, changed=changed, provisional=now < year_end, state=held.state)
    if only is None:
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
