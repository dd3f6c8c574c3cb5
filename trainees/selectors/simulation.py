"""What a year would have looked like under another scheme: its ledger rated again, everybody judged again, nothing stored.

How each kind of entry is rated again is in docs/credits.md. Compared is with the results that the year has now.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from courses.enums import OfferingState
from partyschool.accounts.models import Unit
from partyschool.jobs.models import Job
from trainees.enums import AssessmentResult, EnrolmentState, Grade, PenaltyCause, Rank
from trainees.models import Cadre, CreditScheme

from .reasons import reasons_text
from .reckoning import SURPLUS, ReckoningSql, columns, ledger
from .seen import OCCURRED, seen, seen_parameters

PEOPLE = """
person AS (
    SELECT was.cadre_id, was.rank, was.unit_id, was.result AS result_before, was.grade AS grade_before,
           was.counted AS counted_before, exemption.ground
      FROM trainees_yearlyassessment was
      LEFT JOIN trainees_assessmentexemption exemption ON exemption.year = %(year)s AND exemption.cadre_id = was.cadre_id
     WHERE was.year = %(year)s AND NOT was.superseded
)"""
RATES = """
rate AS MATERIALIZED (
    SELECT activity, category, rate, most FROM trainees_creditrule WHERE scheme_id = %(scheme)s
), offered AS (
    SELECT offering.id, coalesce(rate.category, '') AS category, coalesce(rate.rate, 0) AS rate
      FROM courses_offering offering LEFT JOIN rate ON rate.activity = offering.kind
)"""
# Class-hours attended × the new rate; what rests on no offering and no claim stays as it was posted.
ATTENDED = """
    SELECT entry.cadre_id, coalesce(offered.category, entry.category) AS category,
           sum(CASE WHEN offered.id IS NULL THEN entry.amount ELSE round(entry.hours * offered.rate, 2) END) AS amount
      FROM trainees_creditentry entry
      LEFT JOIN offered ON offered.id = entry.offering_id AND entry.source_kind = 'enrolment'
     WHERE entry.year = %(year)s AND entry.source_kind NOT IN ('claim', 'penalty', 'carry')
     GROUP BY entry.cadre_id, coalesce(offered.category, entry.category)"""
# From the claims that stand, which are few beside the ledger: one that was taken back is so at any rate.
CLAIMED = """
    SELECT cadre_id, category, least(sum(amount), most)
      FROM (SELECT entry.cadre_id, rate.activity, rate.category, rate.most, round(claim.quantity * rate.rate, 2) AS amount
              FROM trainees_creditclaim claim
              JOIN rate ON rate.activity = claim.activity
              JOIN trainees_creditentry entry ON entry.id = claim.entry_id AND entry.year = %(year)s
             WHERE NOT EXISTS (SELECT FROM trainees_creditentry taken_back WHERE taken_back.reverses_id = entry.id)) claimed
     GROUP BY cadre_id, activity, category, most"""
# From the marks, so that a cause the year did not know is seen too. What was given back stays given back.
PENALISED = """
    SELECT occurred.cadre_id, rate.category, -sum(occurred.credits)
      FROM occurred
      JOIN rate ON rate.activity = occurred.kind
     WHERE occurred.year = %(year)s
       AND NOT EXISTS (SELECT FROM trainees_creditentry given_back
                        WHERE given_back.reverses_id IS NOT NULL AND given_back.source_kind = 'penalty'
                          AND given_back.source_ref = occurred.enrolment_id || ':' || occurred.year || ':' || occurred.cause)
     GROUP BY occurred.cadre_id, rate.category"""
CARRIED = f"""
    SELECT cadre_id, %(carry_category)s, amount
      FROM ({SURPLUS}) surplus
     WHERE NOT EXISTS (SELECT FROM trainees_creditentry given_back
                        WHERE given_back.reverses_id IS NOT NULL AND given_back.source_kind = 'carry'
                          AND given_back.source_ref = surplus.cadre_id || ':' || %(year)s)"""  # noqa: S608 -- text of the house
SIMULATED = """
CREATE TEMPORARY TABLE simulated ON COMMIT DROP AS
WITH {ledger}, {people},{reckoning}
SELECT cadre_id, unit_id, rank, result_before, grade_before, counted_before,
       result::varchar AS result, grade::varchar AS grade, counted, total AS needed, reasons
  FROM found
"""
TALLIES = """
SELECT GROUPING(unit_id), GROUPING(rank), unit_id, rank, count(*),
       count(*) FILTER (WHERE result_before = 'pass'), count(*) FILTER (WHERE result = 'pass'),
       count(*) FILTER (WHERE grade_before = 'excellent'), count(*) FILTER (WHERE grade = 'excellent'),
       count(*) FILTER (WHERE result_before = 'fail'), count(*) FILTER (WHERE result = 'fail'),
       count(*) FILTER (WHERE result_before <> 'fail' AND result = 'fail'),
       count(*) FILTER (WHERE result_before = 'fail' AND result <> 'fail')
  FROM simulated GROUP BY GROUPING SETS ((unit_id), (rank), ())
"""
CHANGES = """
SELECT cadre_id, unit_id, rank, grade_before, grade, counted_before, counted, needed, reasons
  FROM simulated WHERE grade_before <> grade ORDER BY unit_id, cadre_id
"""


@dataclass(frozen=True)
class SimulatedTally:
    """People of a unit, a rank or altogether, as the year is and as it would be. `worse` would fail anew, `better` no longer."""

    people: int
    passed_before: int
    passed: int
    excellent_before: int
    excellent: int
    failed_before: int
    failed: int
    worse: int
    better: int

    @property
    def moved(self) -> bool:
        """Whether somebody's result changes, or the number of the excellent."""
        return bool(self.worse or self.better or self.excellent != self.excellent_before)


class SimulatedChange(NamedTuple):
    """One cadre whose grade would be another. `reasons` as a result stores them."""

    cadre_id: int
    unit_id: int
    rank: str
    grade_before: str
    grade: str
    counted_before: Decimal
    counted: Decimal
    needed: Decimal
    reasons: Any

    @property
    def kind(self) -> str:
        """`worse` (fails now), `better` (fails no longer) or `grade`."""
        if self.grade == AssessmentResult.FAIL:
            return "worse"
        return "better" if self.grade_before == Grade.FAIL else "grade"


@dataclass(frozen=True)
class Simulation:
    """A year under a scheme, beside what it is. Tallies by unit id and by rank."""

    whole: SimulatedTally
    units: dict[int, SimulatedTally]
    ranks: dict[str, SimulatedTally]
    changes: Sequence[SimulatedChange]

    def as_json(self) -> dict[str, Any]:
        """Plain data, decimals as text; nobody is named."""
        return {
            "whole": asdict(self.whole),
            "units": {str(unit): asdict(tally) for unit, tally in self.units.items()},
            "ranks": {rank: asdict(tally) for rank, tally in self.ranks.items()},
            "changes": [
                [str(part) if isinstance(part, Decimal) else part for part in one] for one in self.changes
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Simulation":
        """What `as_json` gave."""
        changes = []
        for row in data["changes"]:
            change = SimulatedChange._make(row)
            changes.append(
                change._replace(
                    counted_before=Decimal(change.counted_before),
                    counted=Decimal(change.counted),
                    needed=Decimal(change.needed),
                )
            )
        return cls(
            whole=SimulatedTally(**data["whole"]),
            units={int(unit): SimulatedTally(**tally) for unit, tally in data["units"].items()},
            ranks={rank: SimulatedTally(**tally) for rank, tally in data["ranks"].items()},
            changes=changes,
        )


RESULT_FILE = "simulation.json"
NOBODY = SimulatedTally(0, 0, 0, 0, 0, 0, 0, 0, 0)


def simulate(scheme: CreditScheme, *, year: int, as_posted: bool = False) -> Simulation:
    """Judge everybody who has a result of `year` again under `scheme`, in a few statements. Call it outside a transaction.

    The ledger is rated again by the scheme; `as_posted` takes it as it stands, which is how a version that was in force before
    is recomputed. Reads everybody: for staff alone.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        text, parameters = _statement(scheme, year=year, as_posted=as_posted)
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(text, parameters)
        cursor.execute(TALLIES)
        whole, units, ranks = NOBODY, {}, {}
        for over_units, over_ranks, unit, rank, *figures in cursor.fetchall():
            tally = SimulatedTally(*figures)
            if over_units and over_ranks:
                whole = tally
            elif over_ranks:
                units[unit] = tally
            else:
                ranks[rank] = tally
        cursor.execute(CHANGES)
        rows = cursor.fetchall()
    # Read as one text: a hundred thousand small ones take as long as the judging.
    reasons = json.loads(f"[{','.join([why for *_facts, why in rows])}]")
    changes = [SimulatedChange._make([*row[:-1], why]) for row, why in zip(rows, reasons, strict=True)]
    return Simulation(whole, units, ranks, changes)


def _statement(scheme: CreditScheme, *, year: int, as_posted: bool) -> tuple[str, dict[str, Any]]:
    reckoning = ReckoningSql.under(scheme, year=year)
    parameters = reckoning.parameters() | {"scheme": scheme.pk}
    if as_posted:
        text = SIMULATED.format(ledger=ledger(), people=PEOPLE, reckoning=reckoning.text())
        return text, parameters
    parts, before = [ATTENDED, CLAIMED], RATES
    penalties = dict(scheme.penalties.values_list("cause", "credits"))
    if penalties:
        parts.append(PENALISED)
        before += f""", {_seen()}, penalty (year, cause, credits) AS (
    VALUES {", ".join(f"(%(year)s, '{cause}', %(penalty_{cause})s::numeric)" for cause in PenaltyCause.values if cause in penalties)}
), {OCCURRED}"""
        parameters |= seen_parameters() | {f"penalty_{cause}": each for cause, each in penalties.items()}
        parameters |= {
            "closed": OfferingState.CLOSED,
            "ended": [EnrolmentState.COMPLETED.value, EnrolmentState.NOT_COMPLETED.value],
        }
    if scheme.carry_category:
        parts.append(CARRIED)
        parameters |= {
            "before": year - 1,
            "carry_most": scheme.carry_most,
            "carry_category": scheme.carry_category,
        }
    rated = f"""{before}, ledger AS (
    SELECT cadre_id, {columns("max(amount) FILTER (WHERE category = %(category#)s) AS earned#")}
      FROM (SELECT cadre_id, category, sum(amount) AS amount
              FROM ({" UNION ALL ".join(parts)}) rated
             GROUP BY cadre_id, category) part
     GROUP BY cadre_id
)"""  # noqa: S608 -- joins text of this file; every value is a parameter
    return SIMULATED.format(ledger=rated, people=PEOPLE, reckoning=reckoning.text()), parameters


def _seen() -> str:
    return seen(
        "offering.state = %(closed)s AND enrolment.state = ANY(%(ended)s) "
        "AND lesson.starts_at >= make_timestamptz(%(year)s, 1, 1, 0, 0, 0, %(zone)s) "
        "AND lesson.starts_at < make_timestamptz(%(year)s + 1, 1, 1, 0, 0, 0, %(zone)s)"
    )


def stored_simulation(job: Job) -> Simulation | None:
    """The result that `job` kept, None while it works."""
    file = job.files.filter(name=RESULT_FILE).first()
    if file is None:
        return None
    with file.open() as content:
        return Simulation.from_json(json.load(content))


KIND = "scheme_simulation"


def simulations_of(user: Any, scheme: CreditScheme) -> QuerySet[Job]:
    """What was tried with `scheme`, newest first."""
    tried = Job.objects.visible_to(user).filter(kind=KIND, params__scheme=scheme.pk)
    return tried.order_by("-created_at")


class TallyLine(NamedTuple):
    """A group of people with its tally; `unit` is its id where it is a unit."""

    label: str
    tally: SimulatedTally
    unit: int | None = None


def tally_lines(found: Simulation) -> list[tuple[str, list[TallyLine]]]:
    """The tallies by rank, then by unit in the order of the tree, under their headings; units where nobody changes are left out."""
    ranks = [TallyLine(str(rank.label), found.ranks[rank]) for rank in Rank if rank in found.ranks]
    moved = {unit for unit, tally in found.units.items() if tally.moved}
    units = Unit.objects.filter(pk__in=moved).order_by("path").values_list("pk", "name")
    lines = [TallyLine(name, found.units[unit], unit) for unit, name in units]
    return [(_("By rank"), ranks), (_("By unit, where somebody changes"), lines)]


@dataclass(frozen=True)
class ChangeLine:
    """A change as a list shows it; who has left the reader's sight since is not named."""

    change: SimulatedChange
    cadre: Cadre | None
    unit: str

    @property
    def reasons(self) -> str:
        return reasons_text(self.change.reasons)

    @property
    def rank_label(self) -> str:
        return str(Rank(self.change.rank).label)

    @property
    def before_label(self) -> str:
        return str(Grade(self.change.grade_before).label)

    @property
    def after_label(self) -> str:
        return str(Grade(self.change.grade).label)


def change_lines(user: Any, changes: Sequence[SimulatedChange]) -> list[ChangeLine]:
    """`changes` with the names that `user` may read. 2 queries."""
    cadres = Cadre.objects.visible_to(user).in_bulk([one.cadre_id for one in changes])
    units = dict(Unit.objects.filter(pk__in={one.unit_id for one in changes}).values_list("pk", "name"))
    return [ChangeLine(one, cadres.get(one.cadre_id), units.get(one.unit_id, "")) for one in changes]
