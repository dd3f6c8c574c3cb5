"""The columns of the credit report: what each says of a result, the same on the page and in the workbook."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from partyschool.common.excel import ColumnKind
from trainees.enums import CadreCategory, CreditCategory, ReportStatus

from .organisation import ResultLine

Value = str | Decimal | None


@dataclass(frozen=True)
class ReportColumn:
    """One column: `value` reads it from a line; `short` values stand on one line. `then` names the annotation that the rows need for it, '' for none."""

    key: str
    label: str | Promise
    value: Callable[[ResultLine], Value]
    kind: ColumnKind = ColumnKind.TEXT
    width: float | None = None
    toned: bool = False
    short: bool = False
    then: str = ""


@dataclass(frozen=True)
class Cell:
    """One value as the page shows it; `tone` for a state that stands out by colour and icon."""

    label: str | Promise
    value: Value
    is_number: bool
    is_short: bool
    tone: str


def _in_category(category: str) -> Callable[[ResultLine], Value]:
    return lambda line: line.assessment.breakdown.get(category, {}).get("counted")


def _missing(line: ResultLine) -> Value:
    row = line.assessment
    return max(Decimal(0), row.needed - row.counted)


def _category(line: ResultLine) -> Value:
    held = getattr(line.assessment, "category_then", None)
    return str(CadreCategory(held).label) if held else None


def status_of(line: ResultLine) -> ReportStatus:
    """Where the person is today, seen from the unit of that year."""
    row = line.assessment
    if row.cadre.left_on is not None:
        return ReportStatus.LEFT
    return ReportStatus.SERVING if row.cadre.unit_id == row.unit_id else ReportStatus.MOVED


COLUMNS: dict[str, ReportColumn] = {
    column.key: column
    for column in (
        ReportColumn("code", _("Cadre number"), lambda line: line.assessment.cadre.code, short=True),
        ReportColumn("unit", _("Unit"), lambda line: line.place),
        ReportColumn("rank", _("Rank"), lambda line: line.assessment.get_rank_display(), short=True),
        ReportColumn("category", _("Category of cadre"), _category, then="category_then"),
        ReportColumn(
            "post", _("Post"), lambda line: getattr(line.assessment, "post_then", None), then="post_then"
        ),
        *(
            ReportColumn(category.value, category.label, _in_category(category.value), ColumnKind.DECIMAL)
            for category in CreditCategory
        ),
        ReportColumn("earned", _("Credits earned"), lambda line: line.assessment.earned, ColumnKind.DECIMAL),
        ReportColumn(
            "counted", _("Credits counted"), lambda line: line.assessment.counted, ColumnKind.DECIMAL
        ),
        ReportColumn("needed", _("Credits needed"), lambda line: line.assessment.needed, ColumnKind.DECIMAL),
        ReportColumn("missing", _("Credits missing"), _missing, ColumnKind.DECIMAL),
        ReportColumn("result", _("Result"), lambda line: line.assessment.get_result_display(), toned=True),
        ReportColumn("grade", _("Grade"), lambda line: line.assessment.get_grade_display(), short=True),
        ReportColumn("reasons", _("Reason"), lambda line: line.reasons or None, width=48),
        ReportColumn("status", _("Status"), lambda line: str(status_of(line).label)),
    )
}
"""Every column beside the name, which always comes first; in the order in which they stand."""
DEFAULT_COLUMNS = ("unit", "rank", "counted", "needed", "result", "reasons")


def in_order(keys: Iterable[str]) -> tuple[str, ...]:
    """The known ones of `keys` in the order of the report, without repeats; the default columns if there is none."""
    asked = set(keys)
    return tuple(key for key in COLUMNS if key in asked) or DEFAULT_COLUMNS


def cells_of(line: ResultLine, columns: Sequence[str]) -> list[Cell]:
    """What the page shows of `line`, beside the name."""
    return [
        Cell(
            label=column.label,
            value=column.value(line),
            is_number=column.kind == ColumnKind.DECIMAL,
            is_short=column.short,
            tone=line.tone if column.toned else "",
        )
        for column in (COLUMNS[key] for key in columns)
    ]


def values_of(line: ResultLine, columns: Sequence[str]) -> list[Any]:
    """What the workbook holds of `line`, beside the name."""
    return [COLUMNS[key].value(line) for key in columns]
