"""The yearly statistics of training: people, person-times, class-hours and results, by rank, by category and by kind of training.

Who is counted is what the credit reports show of the same reader, year and unit (`results_of`), each with the rank of the closing and
the category of the posting at the year's end; what they learned is the ledger of that year.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from courses.enums import OfferingKind
from partyschool.accounts.models import Unit
from trainees.enums import CadreCategory, Rank

from .organisation import results_of
from .reports import Tally

RECOGNISED = ""
"""The kind of learning that rests on no offering of the school: recognised claims."""

# One line per result: the person's rank and category then; and per person and kind of training what the ledger holds of the year,
# reversed entries and those without class-hours (deductions, carried credits) left out.
_BASE = """
WITH result AS MATERIALIZED (
    SELECT a.cadre_id, a.rank, a.result, coalesce(p.category, c.category) AS category
      FROM trainees_yearlyassessment a
      JOIN trainees_cadre c ON c.id = a.cadre_id
      LEFT JOIN LATERAL (SELECT category FROM trainees_posting WHERE cadre_id = a.cadre_id AND starts_on <= %(year_end)s
                          ORDER BY starts_on DESC LIMIT 1) p ON true
     WHERE a.id IN ({scope})
), learned AS MATERIALIZED (
    SELECT e.cadre_id, coalesce(o.kind, '') AS kind, sum(e.hours) AS hours,
           sum(CASE WHEN e.reverses_id IS NULL THEN 1 ELSE -1 END) AS times
      FROM trainees_creditentry e
      JOIN result ON result.cadre_id = e.cadre_id
      LEFT JOIN courses_offering o ON o.id = e.offering_id
     WHERE e.year = %(year)s AND e.hours <> 0
     GROUP BY e.cadre_id, coalesce(o.kind, '')
    HAVING sum(e.hours) > 0
)
"""
_PEOPLE = """
, person AS (SELECT cadre_id, sum(hours) AS hours, sum(times) AS times FROM learned GROUP BY cadre_id)
SELECT grouping(rank, category), coalesce(rank, category, ''), count(*), count(person.cadre_id),
       coalesce(sum(times), 0), coalesce(sum(hours), 0),
       count(*) FILTER (WHERE result = 'pass'), count(*) FILTER (WHERE result = 'fail'), count(*) FILTER (WHERE result = 'exempt')
  FROM result LEFT JOIN person USING (cadre_id)
 GROUP BY GROUPING SETS ((rank), (category), ())
"""
_KINDS = "SELECT kind, count(*), sum(times), sum(hours) FROM learned GROUP BY kind"


@dataclass(frozen=True)
class GroupLine:
    """A group of cadres: `tally` are their results, `trained` how many of them learned at all, `times` person-times."""

    key: str
    label: str
    tally: Tally
    trained: int
    times: int
    hours: Decimal

    @property
    def hours_each(self) -> Decimal | None:
        """Class-hours per cadre, one digit; None in an empty group."""
        return round(self.hours / self.tally.total, 1) if self.tally.total else None


@dataclass(frozen=True)
class KindLine:
    """A kind of training: `people` took part in it, `times` person-times."""

    label: str
    people: int
    times: int
    hours: Decimal


@dataclass(frozen=True)
class TrainingStatistics:
    """The form of one year for `within`, or for all that the reader is responsible for; `place` names it. Every rank, category and
    kind has its line."""

    year: int
    place: str
    whole: GroupLine
    ranks: Sequence[GroupLine]
    categories: Sequence[GroupLine]
    kinds: Sequence[KindLine]


def training_statistics(user: Any, *, year: int, within: Unit | None) -> TrainingStatistics:
    """The statistics of `year` for what `user` is responsible for, below `within`. 2 queries, whatever the number of people."""
    results = results_of(user, year=year, within=within).order_by().values("pk")
    scope, parameters = results.query.sql_with_params()
    # The scope brings its own positional parameters: it is bound by itself.
    with connection.cursor() as cursor:
        bound = cursor.mogrify(scope, parameters).decode().replace("%", "%%")
        base = _BASE.replace("{scope}", bound)
        facts: dict[str, int | date] = {"year": year, "year_end": date(year, 12, 31)}
        cursor.execute(base + _PEOPLE, facts)
        groups = {(grouping, key): rest for grouping, key, *rest in cursor.fetchall()}
        cursor.execute(base + _KINDS, facts)
        kinds = {kind: rest for kind, *rest in cursor.fetchall()}
    return TrainingStatistics(
        year=year,
        place=within.name if within else _place(user),
        whole=_group(groups, 3, "", _("Together")),
        ranks=[_group(groups, 1, rank.value, str(rank.label)) for rank in Rank],
        categories=[_group(groups, 2, one.value, str(one.label)) for one in CadreCategory],
        kinds=[
            *(_kind(kinds, kind.value, str(kind.label)) for kind in OfferingKind),
            _kind(kinds, RECOGNISED, _("Recognised learning outside the school")),
        ],
    )


def _place(user: Any) -> str:
    """The school, or the units that the reader is responsible for."""
    if user.scope.whole_school:
        return str(settings.SCHOOL_NAME)
    return "、".join(Unit.objects.filter(path__in=user.scope.unit_paths).values_list("name", flat=True))


def _group(groups: Mapping[tuple[int, str], Sequence[Any]], grouping: int, key: str, label: str) -> GroupLine:
    total, trained, times, hours, passed, failed, exempt = groups.get((grouping, key), (0,) * 7)
    return GroupLine(key, label, Tally(total, passed, failed, exempt), trained, int(times), Decimal(hours))


def _kind(kinds: Mapping[str, Sequence[Any]], key: str, label: str) -> KindLine:
    people, times, hours = kinds.get(key, (0, 0, 0))
    return KindLine(label, people, int(times), Decimal(hours))
