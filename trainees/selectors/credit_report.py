"""The credit report: a year's results in the reader's scope, narrowed, ordered and shown in the columns that were chosen.

What was asked stands in a `ReportQuery`: read from an address, from a saved view or from the parameters of an export, always for one
reader and always against the scope of that moment.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any, Self
from urllib.parse import urlencode

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import Unit
from partyschool.common.errors import NotFound
from partyschool.common.numbers import whole_number
from trainees.enums import AssessmentResult, CadreCategory, Grade, Rank, ReportStatus
from trainees.models import Posting, YearlyAssessment

from .credit_report_columns import COLUMNS, DEFAULT_COLUMNS, Cell, cells_of, in_order
from .organisation import ResultLine, result_lines, results_of

ORDERS: dict[str, tuple[str, ...]] = {
    "name": ("cadre__name", "cadre_id"),
    "unit": ("unit__path", "cadre__name", "id"),
    "least": ("counted", "id"),
    "most": ("-counted", "-id"),
}
"""How the report may be sorted: parameter → keyset order."""
ORDER_LABELS: dict[str, Promise] = {
    "name": gettext_lazy("By name"),
    "unit": gettext_lazy("By unit"),
    "least": gettext_lazy("Least credits first"),
    "most": gettext_lazy("Most credits first"),
}
CHOICES: dict[str, tuple[Promise, Any]] = {
    "result": (gettext_lazy("Result"), AssessmentResult),
    "grade": (gettext_lazy("Grade"), Grade),
    "rank": (gettext_lazy("Rank"), Rank),
    "category": (gettext_lazy("Category of cadre"), CadreCategory),
    "status": (gettext_lazy("Status"), ReportStatus),
}
"""The filters by a fixed set of values: parameter → label and values."""
NAME_MOST = 60
BATCH = 2_000


class UnitOutOfScope(NotFound):
    """The unit asked for is not one of the reader's, or there is none."""

    code = "unit_out_of_scope"
    title = gettext_lazy("This unit is not one of yours")
    remedy = gettext_lazy("Choose one of the units that you are responsible for.")


@dataclass(frozen=True)
class ReportQuery:
    """What is asked of the report. `year` None: the newest closed one; `unit` None: all of the reader's units."""

    year: int | None = None
    unit: Unit | None = None
    result: str = ""
    grade: str = ""
    rank: str = ""
    category: str = ""
    status: str = ""
    name: str = ""
    sort: str = "name"
    columns: tuple[str, ...] = DEFAULT_COLUMNS

    @property
    def narrowed(self) -> int:
        """By how many filters it is narrowed."""
        return sum(bool(value) for value in (self.unit, self.name, *(getattr(self, key) for key in CHOICES)))

    def as_params(self) -> dict[str, Any]:
        """What was asked as plain values, without what goes without saying; the order always stands there."""
        params: dict[str, Any] = {
            "year": self.year,
            "unit": self.unit.pk if self.unit else None,
            **{key: getattr(self, key) for key in CHOICES},
            "name": self.name,
            "sort": self.sort,
            "columns": [] if self.columns == DEFAULT_COLUMNS else list(self.columns),
        }
        return {key: value for key, value in params.items() if value}

    def as_address(self) -> str:
        """The query string that asks the same, always written alike."""
        return urlencode(self.as_params(), doseq=True)

    def in_words(self) -> list[tuple[str, str]]:
        """The filters and the order, as label and value."""
        words = [(_("Unit"), self.unit.name)] if self.unit else []
        for key, (label, values) in CHOICES.items():
            if value := getattr(self, key):
                words.append((str(label), str(values(value).label)))
        if self.name:
            words.append((_("Name or number"), self.name))
        return [*words, (_("Order"), str(ORDER_LABELS[self.sort]))]

    def everywhere(self) -> Self:
        """The same of all units in the reader's scope."""
        return replace(self, unit=None)


def read_query(
    user: Any, params: Mapping[str, Any], *, years: Sequence[int], lenient: bool = False
) -> ReportQuery:
    """What `params` (of an address, or of `as_params`) ask, as `user` may ask it today; what is not valid counts as not asked.

    `years` are those that have results. At most one query. Raises `UnitOutOfScope`; with `lenient` such a unit counts as not asked.
    """
    one = {key: str(params.get(key) or "").strip() for key in ("year", "unit", "name", "sort", *CHOICES)}
    year = whole_number(one["year"]) if one["year"] else None
    try:
        unit = _unit_of(user, one["unit"])
    except UnitOutOfScope:
        if not lenient:
            raise
        unit = None
    columns = params.getlist("columns") if isinstance(params, QueryDict) else params.get("columns", ())
    return ReportQuery(
        year=year if year in years else None,
        unit=unit,
        **{key: one[key] if one[key] in values.values else "" for key, (_label, values) in CHOICES.items()},
        name=one["name"].replace("\0", "")[:NAME_MOST],
        sort=one["sort"] if one["sort"] in ORDERS else "name",
        columns=in_order(columns),
    )


def _unit_of(user: Any, asked: str) -> Unit | None:
    """Raises `UnitOutOfScope`."""
    if not asked:
        return None
    number = whole_number(asked)
    unit = Unit.objects.visible_to(user).filter(pk=number).first() if number is not None else None
    if unit is None:
        raise UnitOutOfScope
    return unit


def report_rows(user: Any, asked: ReportQuery, *, year: int) -> QuerySet[YearlyAssessment]:
    """The results of `year` that `asked` names, as far as `user` is responsible for them; page them by one of `ORDERS`."""
    rows = results_of(user, year=year, within=asked.unit).select_related("cadre", "unit")
    for key in ("result", "grade", "rank"):
        if value := getattr(asked, key):
            rows = rows.filter(**{key: value})
    if asked.name:
        rows = rows.filter(Q(cadre__name__icontains=asked.name) | Q(cadre__code__startswith=asked.name))
    if asked.status:
        rows = rows.filter(_STATUS[ReportStatus(asked.status)])
    then = {COLUMNS[key].then for key in asked.columns} - {""}
    if "post_then" in then:
        rows = rows.annotate(post_then=_posting("post", year))
    if asked.category:
        rows = rows.filter(_served_as(asked.category, year))
    if "category_then" in then:
        rows = rows.annotate(category_then=_posting("category", year))
    return rows


_STATUS = {
    ReportStatus.SERVING: Q(cadre__left_on__isnull=True, cadre__unit=F("unit")),
    ReportStatus.MOVED: Q(cadre__left_on__isnull=True) & ~Q(cadre__unit=F("unit")),
    ReportStatus.LEFT: Q(cadre__left_on__isnull=False),
}


def _served_as(category: str, year: int) -> Q:
    """Whose posting on the last day of `year`, or the last one of who had left before, was of `category`: one row each, found by a join.

    Looking the posting up row by row, as for the columns of one page, would take seconds over a province.
    """
    day, of = date(year, 12, 31), "cadre__postings__"
    in_force = Q(**{f"{of}ends_on": None}) | Q(**{f"{of}ends_on__gte": day})
    the_last = Q(**{f"{of}ends_on": F("cadre__left_on")})
    return Q(**{f"{of}category": category, f"{of}starts_on__lte": day}) & (in_force | the_last)


def _posting(column: str, year: int) -> Subquery:
    """A column of the posting that was the cadre's on the last day of `year`: what is today may be another unit's business."""
    postings = Posting.objects.filter(cadre=OuterRef("cadre"), starts_on__lte=date(year, 12, 31))
    newest = postings.unscoped("of results read in scope").order_by("-starts_on")
    return Subquery(newest.values(column)[:1])


@dataclass(frozen=True)
class ReportRow:
    """One row of the page."""

    line: ResultLine
    cells: Sequence[Cell]


def report_page(rows: Sequence[YearlyAssessment], columns: Sequence[str]) -> list[ReportRow]:
    """Rows of one page in the chosen columns. At most 1 query for all."""
    return [ReportRow(line, cells_of(line, columns)) for line in result_lines(rows)]


def report_lines(rows: QuerySet[YearlyAssessment], *, sort: str) -> Iterator[list[ResultLine]]:
    """All of `rows` in order, in batches, read through one cursor so that they are of one moment. At most 1 query a batch beside it."""
    found = rows.order_by(*ORDERS[sort]).iterator(chunk_size=BATCH)
    while batch := list(islice(found, BATCH)):
        yield result_lines(batch)
