"""The training of up to four cadres side by side, as an Excel workbook and in PDF: one column per person."""

import io
from collections.abc import Callable, Sequence
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from partyschool.common import clock
from partyschool.common.excel import Column, Workbook
from partyschool.common.filenames import safe_filename
from partyschool.common.pdf import (
    LANDSCAPE,
    BuiltDocument,
    Paragraph,
    Table,
    TableColumn,
    build_plain,
    chinese_date,
)
from trainees.enums import CreditCategory
from trainees.selectors.reasons import credits_text
from trainees.selectors.record_lines import TrainingRecord
from trainees.selectors.record_words import cycle_text, promotion_text

from .wording import document_language

SMALL = 10.5
FACT_WIDTH = 116.0
Fact = tuple[str, Callable[[TrainingRecord], str]]


def comparison_file_name(extension: str = "xlsx") -> str:
    """The file's display name."""
    with document_language():
        return safe_filename(_("Comparison of training records"), extension)


def build_comparison(
    records: Sequence[TrainingRecord], *, reason: str, printed_by: str, now: datetime
) -> bytes:
    """One row per fact, one column per person in the order given, without citizen numbers. Equal arguments give equal bytes."""
    buffer = io.BytesIO()
    with document_language():
        title, note = _("Comparison of training records"), _printed(reason, printed_by, now)
        columns = [Column(_("Fact"), width=24), *(Column(name, width=34) for name in _names(records))]
        rows = [[label, *(tell(record) for record in records)] for label, tell in comparison_facts(records)]
        with Workbook(buffer, created=now, title=title, author=settings.SCHOOL_NAME) as book:
            book.add_sheet(title, columns, rows, title=title, note=note)
    return buffer.getvalue()


def build_comparison_pdf(
    records: Sequence[TrainingRecord], *, reason: str, printed_by: str, now: datetime
) -> BuiltDocument:
    """The same facts on A4 across, to be laid before a meeting. Equal arguments give equal bytes; `missing` of the result names
    characters that no font can show."""
    with document_language():
        columns = [
            TableColumn(_("Fact"), align="left", width=FACT_WIDTH),
            *(TableColumn(name, align="left") for name in _names(records)),
        ]
        rows = [[label, *(tell(record) for record in records)] for label, tell in comparison_facts(records)]
        table = Table(columns, rows, size=SMALL, where=lambda number: str(rows[number][0]))
        return build_plain(
            _("Comparison of training records"),
            [table, Paragraph(_printed(reason, printed_by, now))],
            created=now,
            author=settings.SCHOOL_NAME,
            frame=LANDSCAPE,
            subtitle=_("as of %(day)s") % {"day": chinese_date(records[0].today)},
        )


def _names(records: Sequence[TrainingRecord]) -> list[str]:
    return [f"{record.cadre.name}（{record.cadre.code}）" for record in records]


def _printed(reason: str, printed_by: str, now: datetime) -> str:
    return _("Printed on %(time)s by %(person)s; reason: %(reason)s.") % {
        "time": clock.in_words(now),
        "person": printed_by,
        "reason": reason,
    }


def comparison_facts(records: Sequence[TrainingRecord]) -> list[Fact]:
    """What is compared: a label, and what it is for one record. Years are those that any of the records has."""
    years = sorted({line.year for record in records for line in record.years}, reverse=True)
    return [
        (_("Unit"), lambda record: record.cadre.unit.name),
        (_("post"), lambda record: record.cadre.post or "—"),
        (_("Rank"), lambda record: str(record.cadre.get_rank_display())),
        (
            _("In this post since"),
            lambda record: record.cadre.posted_on.isoformat() if record.cadre.posted_on else "—",
        ),
        (_("Cycle"), lambda record: cycle_text(record.cycle) if record.cycle else "—"),
        (_("Promotion"), lambda record: promotion_text(record.promotion) if record.promotion else "—"),
        (_("Years passed"), lambda record: "{} / {}".format(*record.passed)),
        (_("Classes and topics"), lambda record: str(len(record.classes))),
        (_("Off-job classes"), lambda record: str(record.off_job)),
        (_("Off-job two months or more"), lambda record: _titles([x.offering.title for x in record.noted])),
        (
            _("Mean of conduct"),
            lambda record: "—" if record.conduct_mean is None else credits_text(record.conduct_mean),
        ),
        (_("Recognised claims"), lambda record: str(len(record.claims))),
        *((_("Result %(year)s") % {"year": year}, _result(year)) for year in years),
        *(
            (
                _("%(category)s, class-hours in all") % {"category": category.label},
                _category(number),
            )
            for number, category in enumerate(CreditCategory)
        ),
    ]


def _result(year: int) -> Callable[[TrainingRecord], str]:
    def tell(record: TrainingRecord) -> str:
        line = next((one for one in record.years if one.year == year), None)
        if line is None:
            return "—"
        grade = line.assessment.get_grade_display() if line.assessment else _("not closed")
        return _("%(grade)s, %(credits)s credits") % {"grade": grade, "credits": credits_text(line.credits)}

    return tell


def _category(number: int) -> Callable[[TrainingRecord], str]:
    def tell(record: TrainingRecord) -> str:
        return credits_text(sum(line.categories[number].hours for line in record.years))

    return tell


def _titles(titles: Sequence[str]) -> str:
    return "；".join(titles) or "—"
