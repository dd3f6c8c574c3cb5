"""The reckoning of `trainees.rules.credits` for everybody at once: one chain of common table expressions, made for one scheme.

Whoever uses it puts before it `person` (cadre_id, rank, ground, …: who is judged), `ledger` (cadre_id, earned0 …: what they
earned per category); after it `found` holds the columns of `person` with earned, counted, total, figures, reasons, result and grade.
Only what the scheme speaks of is written out: without shares nobody's shares are compared.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from trainees.enums import AssessmentResult, ConductGrade, ConductState, CreditCategory, Grade, Rank
from trainees.models import ConductWeights, CreditScheme
from trainees.rules.credits import SchemeFigures

from .credits import stored_figures

COUNT = len(CreditCategory.values)


def columns(pattern: str, numbers: Any = range(COUNT), joiner: str = ", ") -> str:
    """`pattern` once per credit category, `#` standing for its number. Values themselves are parameters."""
    return joiner.join(pattern.replace("#", str(number)) for number in numbers)


def ledger(only: bool = False) -> str:
    """What stands in the ledger for the year, of everybody or of the cadre `%(only)s`."""
    return f"""
ledger AS (
    SELECT cadre_id, {columns("sum(amount) FILTER (WHERE category = %(category#)s) AS earned#")}
      FROM trainees_creditentry WHERE year = %(year)s {"AND cadre_id = %(only)s" if only else ""}
     GROUP BY cadre_id
)"""  # noqa: S608 -- every value is a parameter


CONDUCT = """
conduct AS MATERIALIZED (
    SELECT enrolment.cadre_id, min(score.total) AS lowest, bool_and(score.grade = ANY(%(good_grades)s)) AS good
      FROM trainees_conductscore score
      JOIN trainees_conductsheet sheet ON sheet.id = score.sheet_id AND sheet.state = %(released)s
      JOIN trainees_conductweights weights ON weights.id = sheet.weights_id AND weights.year = %(year)s
      JOIN trainees_enrolment enrolment ON enrolment.id = score.enrolment_id
     WHERE score.total IS NOT NULL
     GROUP BY enrolment.cadre_id
)"""
"""The released conduct of the year, by the year whose weights it was made under."""

SURPLUS = """
    SELECT cadre_id, least(counted - needed, %(carry_most)s) AS amount
      FROM trainees_yearlyassessment
     WHERE year = %(before)s AND sealed AND NOT superseded AND result = %(pass)s AND counted > needed
"""
"""What those who passed the sealed year `before` have above the need, up to the limit of the scheme that takes it over."""


@dataclass(frozen=True)
class ReckoningSql:
    """The text and parameters that reckon a year under one scheme. `year` is that of ledger and conduct, maybe another than the scheme's."""

    figures: SchemeFigures
    year: int
    conduct_used: bool

    @classmethod
    def under(cls, scheme: CreditScheme, *, year: int) -> "ReckoningSql":
        """2 queries."""
        used = ConductWeights.objects.filter(year=year).exists()
        return cls(stored_figures(scheme), year, used)

    @property
    def _reads_conduct(self) -> bool:
        return self.figures.conduct_least is not None or (
            self.conduct_used and self.figures.excellent_factor is not None
        )

    def parameters(self) -> dict[str, Any]:
        """What the text names."""
        figures = self.figures
        found: dict[str, Any] = {
            "year": self.year,
            "pass": AssessmentResult.PASS,
            "fail": AssessmentResult.FAIL,
            "exempt": AssessmentResult.EXEMPT,
            "excellent": Grade.EXCELLENT,
            "excellent_factor": figures.excellent_factor,
            "conduct_least": figures.conduct_least,
            "good_grades": [ConductGrade.EXCELLENT.value, ConductGrade.GOOD.value],
            "released": ConductState.RELEASED,
        }
        for number, category in enumerate(CreditCategory.values):
            found[f"category{number}"] = category
            found[f"cap{number}"] = figures.caps.get(category)
            found[f"share{number}"] = figures.shares.get(category)
        for place, rank in enumerate(Rank.values):
            found[f"rank{place}"] = rank
            found[f"total{place}"] = figures.least.get((rank, ""), Decimal(0))
            for number, category in enumerate(CreditCategory.values):
                found[f"least{place}_{number}"] = figures.least.get((rank, category))
        return found

    def text(self) -> str:
        """The expressions from `need` to `found`."""
        figures = self.figures
        numbers = {category: number for number, category in enumerate(CreditCategory.values)}
        wanted = sorted({numbers[category] for _rank, category in figures.least if category})
        shared = sorted(numbers[category] for category in figures.shares)
        capped = {numbers[category] for category in figures.caps}
        counted = ", ".join(
            f"least(coalesce(ledger.earned{number}, 0), %(cap{number})s::numeric) AS counted{number}"
            if number in capped
            else f"coalesce(ledger.earned{number}, 0) AS counted{number}"
            for number in range(COUNT)
        )
        ranks = ", ".join(
            f"(%(rank{place})s, %(total{place})s::numeric"
            + "".join(f", %(least{place}_{number})s::numeric" for number in wanted)
            + ")"
            for place in range(len(Rank.values))
        )
        least_columns = "".join(f", least{number}" for number in wanted)
        failing = [
            "counted < total",
            *(f"counted{number} < least{number}" for number in wanted),
            *(f"(counted > 0 AND counted{number} < %(share{number})s * counted)" for number in shared),
        ]
        reasons = [
            "CASE WHEN counted < total THEN jsonb_build_object('code', 'short', 'category', '', 'needed', total, 'counted', counted) END",
            *(
                f"CASE WHEN counted{number} < least{number} THEN jsonb_build_object('code', 'short', 'category', "
                f"%(category{number})s, 'needed', least{number}, 'counted', counted{number}) END"
                for number in wanted
            ),
            *(
                f"CASE WHEN counted > 0 AND counted{number} < %(share{number})s * counted THEN jsonb_build_object("
                f"'code', 'share', 'category', %(category{number})s, 'needed', %(share{number})s::numeric, "
                f"'counted', counted{number}, 'total', counted) END"
                for number in shared
            ),
        ]
        if figures.conduct_least is not None:
            failing.append("lowest < %(conduct_least)s")
            reasons.append(
                "CASE WHEN lowest < %(conduct_least)s THEN jsonb_build_object("
                "'code', 'conduct', 'needed', %(conduct_least)s::numeric, 'counted', lowest) END"
            )
        conduct, joined, seen = "", "", ""
        if self._reads_conduct:
            conduct, seen = f"{CONDUCT},", ", conduct.lowest, conduct.good"
            joined = "LEFT JOIN conduct ON conduct.cadre_id = person.cadre_id"
        grade = "result"
        if figures.excellent_factor is not None:
            good = "AND good" if self.conduct_used else ""
            grade = (
                "CASE WHEN result = %(pass)s AND total > 0 AND counted >= %(excellent_factor)s * total "
                f"{good} THEN %(excellent)s ELSE result END"
            )
        # OFFSET 0 keeps the planner from writing sums out again wherever they are used.
        return f"""{conduct}
need (rank, total{least_columns}) AS (
    VALUES {ranks}
), parts AS (
    SELECT person.*, need.total{"".join(f", need.least{number}" for number in wanted)}{seen},
           {columns("coalesce(ledger.earned#, 0) AS earned#")}, {counted}
      FROM person
      JOIN need ON need.rank = person.rank
      LEFT JOIN ledger ON ledger.cadre_id = person.cadre_id
      {joined}
    OFFSET 0
), counting AS (
    SELECT parts.*, {columns("earned#", joiner=" + ")} AS earned, {columns("counted#", joiner=" + ")} AS counted
      FROM parts
    OFFSET 0
), judged AS (
    SELECT counting.*,
           CASE WHEN ground IS NOT NULL THEN %(exempt)s WHEN {" OR ".join(failing)} THEN %(fail)s ELSE %(pass)s END AS result
      FROM counting
    OFFSET 0
), found AS (
    SELECT judged.*, {grade} AS grade, ARRAY[{columns("earned#, %(cap#)s::numeric, counted#")}] AS figures,
           CASE result
               WHEN %(pass)s THEN '[]'::jsonb
               WHEN %(exempt)s THEN jsonb_build_array(jsonb_build_object('code', 'exempt', 'ground', ground))
               ELSE to_jsonb(array_remove(ARRAY[{", ".join(reasons)}], NULL)) END AS reasons
      FROM judged
    OFFSET 0
)"""  # noqa: S608 -- joins text of this file; every value is a parameter
