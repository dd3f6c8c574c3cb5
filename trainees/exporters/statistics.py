"""The yearly statistics of training as a form: PDF to be signed, workbook to be added up further."""

import io
from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from partyschool.common import clock
from partyschool.common.excel import Column, ColumnKind, Workbook
from partyschool.common.filenames import safe_filename
from partyschool.common.pdf import LANDSCAPE, BuiltDocument, Paragraph, Table, TableColumn, build_plain
from trainees.models import AssessmentYear
from trainees.selectors.reasons import credits_text
from trainees.selectors.statistics import GroupLine, KindLine, TrainingStatistics

from .wording import document_language

_SMALL = 10.5


def statistics_file_name(form: TrainingStatistics, extension: str) -> str:
    """The file's display name."""
    with document_language():
        name = _("%(title)s (%(unit)s)") % {"title": _title(form), "unit": form.place}
        return safe_filename(name, extension)


def _title(form: TrainingStatistics) -> str:
    return _("Statistics of cadre education and training %(year)s") % {"year": form.year}


def _state(held: AssessmentYear) -> str:
    return _("State of the year: %(state)s.") % {"state": held.get_state_display()}


def build_statistics(form: TrainingStatistics, held: AssessmentYear, *, now: datetime) -> BuiltDocument:
    """The form on landscape A4 with room for signatures. Equal arguments give equal bytes."""
    with document_language():
        signatures = _("Head of the unit:%(gap)sFilled in by:%(gap)sDate:") % {"gap": "\u3000" * 12}
        blocks: list[Table | Paragraph] = [
            _groups(_("By rank"), _("Rank"), [*form.ranks, form.whole]),
            _groups(_("By category of cadre"), _("Category of cadre"), [*form.categories, form.whole]),
            _kinds(form.kinds),
            Paragraph(signatures),
        ]
        subtitle = _(
            "%(unit)s; unit of count: people, person-times, class-hours; as of %(now)s. %(state)s"
        ) % {
            "unit": form.place,
            "now": clock.in_words(now),
            "state": _state(held),
        }
        return build_plain(
            _title(form), blocks, created=now, author=settings.SCHOOL_NAME, frame=LANDSCAPE, subtitle=subtitle
        )


def _groups(caption: str, first: str, lines: Sequence[GroupLine]) -> Table:
    titles = _group_titles(first)
    columns = [TableColumn(titles[0], align="left", width=130)]
    columns += [TableColumn(title, align="right") for title in titles[1:]]
    *body, total = [_group_row(line) for line in lines]
    return Table(
        columns, [_as_text(row) for row in body], caption=caption, total=_as_text(total), size=_SMALL
    )


def _group_titles(first: str) -> list[str]:
    return [
        first,
        _("Cadres"),
        _("Trained"),
        _("Person-times"),
        _("Class-hours"),
        _("Class-hours per cadre"),
        _("Assessed"),
        _("Passed"),
        _("Failed"),
        _("Exempt"),
        _("Pass rate (%)"),
    ]


def _group_row(line: GroupLine) -> list[object]:
    tally = line.tally
    return [
        line.label, tally.total, line.trained, line.times, line.hours, line.hours_each,
        tally.assessed, tally.passed, tally.failed, tally.exempt, tally.pass_rate,
    ]  # fmt: skip


def _as_text(row: Sequence[object]) -> list[object]:
    """Decimals without needless zeros, a dash where nothing can be said."""
    return [
        "—" if cell is None else cell if isinstance(cell, str | int) else credits_text(cell) for cell in row
    ]


def _kind_row(line: KindLine) -> list[object]:
    return [line.label, line.people, line.times, line.hours]


def _kinds(lines: Sequence[KindLine]) -> Table:
    columns = [TableColumn(_("Kind of training"), align="left", width=230)]
    columns += [TableColumn(title, align="right") for title in _kind_titles()]
    note = _("Whoever took part in several kinds of training is counted in each of them.")
    return Table(
        columns,
        [_as_text(_kind_row(line)) for line in lines],
        caption=_("By kind of training"),
        size=_SMALL,
        note=note,
    )


def _kind_titles() -> list[str]:
    return [_("People"), _("Person-times"), _("Class-hours")]


def build_statistics_workbook(form: TrainingStatistics, held: AssessmentYear, *, now: datetime) -> bytes:
    """The same figures as numbers, a sheet per table. Equal arguments give equal bytes."""
    buffer = io.BytesIO()
    with document_language():
        title = _title(form)
        note = _("%(unit)s; as of %(now)s. %(state)s") % {
            "unit": form.place,
            "now": clock.in_words(now),
            "state": _state(held),
        }
        with Workbook(buffer, created=now, title=title, author=settings.SCHOOL_NAME) as book:
            for name, first, lines in (
                (_("By rank"), _("Rank"), form.ranks),
                (_("By category of cadre"), _("Category of cadre"), form.categories),
            ):
                rows = [_group_row(line) for line in [*lines, form.whole]]
                book.add_sheet(name, _group_columns(first), rows, title=title, note=note)
            kinds = [_kind_row(line) for line in form.kinds]
            book.add_sheet(_("By kind of training"), _kind_columns(), kinds, title=title, note=note)
    return buffer.getvalue()


def _group_columns(first: str) -> list[Column]:
    decimals = {4, 5, 10}
    return [
        Column(title, ColumnKind.TEXT if not i else ColumnKind.DECIMAL if i in decimals else ColumnKind.INT)
        for i, title in enumerate(_group_titles(first))
    ]


def _kind_columns() -> list[Column]:
    people, times, hours = _kind_titles()
    return [
        Column(_("Kind of training"), width=28),
        Column(people, ColumnKind.INT),
        Column(times, ColumnKind.INT),
        Column(hours, ColumnKind.DECIMAL),
    ]
