"""The training record of one cadre in PDF: for the file of a person, with the reason it was printed for and who printed it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from partyschool.common import clock
from partyschool.common.filenames import safe_filename
from partyschool.common.pdf import (
    LANDSCAPE,
    BuiltDocument,
    Heading,
    Paragraph,
    Table,
    TableColumn,
    build_plain,
    chinese_date,
)
from trainees.enums import CreditCategory
from trainees.models import Cadre
from trainees.selectors.reasons import credits_text
from trainees.selectors.record_lines import ClassLine, TrainingRecord
from trainees.selectors.record_words import cycle_text, promotion_text

from .wording import document_language

Block = Heading | Paragraph | Table
SMALL = 10.5


def record_file_name(cadre: Cadre) -> str:
    """The file's display name."""
    with document_language():
        return safe_filename(
            _("Training record of %(name)s (%(code)s)") % {"name": cadre.name, "code": cadre.code}, "pdf"
        )


def build_record(record: TrainingRecord, *, reason: str, printed_by: str, now: datetime) -> BuiltDocument:
    """The record on A4, pages numbered, without a citizen number. Equal arguments give equal bytes.

    `missing` of the result names characters that no font can show.
    """
    with document_language():
        blocks: list[Block] = [
            _person(record),
            *_cycle(record),
            *_postings(record),
            *_noted(record),
            *_classes(record),
            *_years(record),
            *_claims(record),
            Paragraph(
                _("Printed on %(time)s by %(person)s; reason: %(reason)s.")
                % {"time": clock.in_words(now), "person": printed_by, "reason": reason}
            ),
        ]
        return build_plain(
            _("Cadre training record"),
            blocks,
            created=now,
            author=settings.SCHOOL_NAME,
            frame=LANDSCAPE,
            subtitle=_("%(name)s, %(unit)s; as of %(day)s")
            % {"name": record.cadre.name, "unit": record.cadre.unit.name, "day": chinese_date(record.today)},
        )


def _person(record: TrainingRecord) -> Table:
    cadre = record.cadre
    label = 76.0
    columns = [
        TableColumn(pgettext("person", "name"), width=label),
        TableColumn(cadre.name, align="left"),
        TableColumn(_("Cadre number"), width=label),
        TableColumn(cadre.code, align="left"),
    ]
    rows: list[list[object]] = [
        [_("Unit"), cadre.unit.name, _("post"), cadre.post or "—"],
        [_("Rank"), cadre.get_rank_display(), _("category"), cadre.get_category_display()],
        [_("In this post since"), cadre.posted_on, _("On the register since"), cadre.joined_on],
    ]
    return Table(columns, rows, size=SMALL)


def _cycle(record: TrainingRecord) -> list[Block]:
    texts = []
    if record.cycle:
        texts.append(cycle_text(record.cycle))
    if record.promotion:
        texts.append(promotion_text(record.promotion))
    if not texts:
        return []
    return [_heading(_("Concentrated training over the cycle")), *(Paragraph(text) for text in texts)]


def _postings(record: TrainingRecord) -> list[Block]:
    columns = [
        TableColumn(_("From"), width=70),
        TableColumn(_("Until"), width=70),
        TableColumn(_("Unit"), align="left"),
        TableColumn(_("post"), align="left"),
        TableColumn(_("Rank")),
    ]
    rows = [
        [one.starts_on, one.ends_on or "—", one.unit.name, one.post or "—", one.get_rank_display()]
        for one in record.postings
    ]
    return [Table(columns, rows, caption=_("Postings"), size=SMALL)]


def _noted(record: TrainingRecord) -> list[Block]:
    if not record.noted:
        return []
    text = _("Off-job trainings of two months or more, for the form of appointment and removal:")
    named = [
        f"{line.offering.title}（{line.offering.starts_on.isoformat()}—{line.offering.ends_on.isoformat()}）"
        for line in record.noted
    ]
    return [_heading(_("Long off-job training")), Paragraph(text + "；".join(named) + "。")]


def _classes(record: TrainingRecord) -> list[Block]:
    title = _("Classes and topics attended")
    if not record.classes:
        return [_heading(title), Paragraph(_("None so far."))]
    columns = [
        TableColumn(_("Dates"), width=72),
        TableColumn(_("Title"), align="left"),
        TableColumn(_("kind"), width=68),
        TableColumn(_("Off-job"), width=34),
        TableColumn(_("Class-hours"), width=36),
        TableColumn(_("Credits"), width=36),
        TableColumn(_("Result"), width=42),
        TableColumn(_("Conduct"), width=60),
    ]
    rows = [_class_row(line) for line in record.classes]
    return [Table(columns, rows, caption=title, size=SMALL, where=lambda number: str(rows[number][1]))]


def _class_row(line: ClassLine) -> list[object]:
    offering = line.offering
    dates = offering.starts_on.isoformat()
    if offering.ends_on != offering.starts_on:
        dates += f" {offering.ends_on.isoformat()}"
    return [
        dates,
        offering.title,
        offering.get_kind_display(),
        _("yes") if offering.off_job else "—",
        _number(line.hours),
        _number(line.credits),
        line.enrolment.get_state_display(),
        f"{line.conduct.get_grade_display()} {_number(line.conduct.total)}" if line.conduct else "—",
    ]


def _years(record: TrainingRecord) -> list[Block]:
    title = _("Class-hours, credits and results of the years")
    if not record.years:
        return [_heading(title), Paragraph(_("None so far."))]
    columns = [
        TableColumn(_("Year"), width=36),
        *(TableColumn(str(category.label)) for category in CreditCategory),
        TableColumn(_("Together")),
        TableColumn(_("Result"), width=48),
        TableColumn(_("Reason"), align="left", width=96),
    ]
    rows: list[Sequence[object]] = [
        [
            year.year,
            *(f"{_number(one.hours)} / {_number(one.credits)}" for one in year.categories),
            f"{_number(year.hours)} / {_number(year.credits)}",
            year.assessment.get_grade_display() if year.assessment else "—",
            year.reasons or "—",
        ]
        for year in record.years
    ]
    note = _("Class-hours / credits as posted.")
    return [Table(columns, rows, caption=title, size=SMALL, note=note)]


def _claims(record: TrainingRecord) -> list[Block]:
    if not record.claims:
        return []
    columns = [
        TableColumn(_("Finished on"), width=70),
        TableColumn(_("Activity"), width=96),
        TableColumn(_("Title"), align="left"),
        TableColumn(_("Organiser or publisher"), align="left"),
        TableColumn(_("Credits"), width=42),
    ]
    rows = [
        [
            one.earned_on,
            one.get_activity_display(),
            one.title,
            one.host or "—",
            _number(one.entry.amount if one.entry else None),
        ]
        for one in record.claims
    ]
    return [
        Table(
            columns,
            rows,
            caption=_("Recognised learning outside the school"),
            size=SMALL,
            where=lambda number: str(rows[number][2]),
        )
    ]


def _heading(text: str) -> Heading:
    return Heading(text, numbered=False)


def _number(value: Decimal | None) -> str:
    return "—" if value is None else credits_text(value)
