"""The assessment notice to an organisation department or unit: an official document of the kind 通报, 报告 or 函."""

from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from partyschool.common import clock
from partyschool.common.pdf import (
    Attachment,
    Block,
    BuiltDocument,
    Chart,
    Heading,
    OfficialNotice,
    Paragraph,
    Table,
    TableColumn,
    build_notice,
    chinese_date,
)
from trainees.enums import AssessmentResult, Rank
from trainees.selectors.reasons import credits_text, reasons_text
from trainees.selectors.reports import Report, ReportLine, Tally

from .assessment_annex import annex_title
from .manner import assessed_text, is_department, manner_of, use_texts
from .wording import PacketFacts, document_language, file_name, subject_of


def notice_file_name(report: Report, facts: PacketFacts) -> str:
    """The notice's display name."""
    with document_language():
        name = manner_of(facts.doc_type).name % {"subject": subject_of(report)}
        return file_name(report, name, "pdf")


def build_assessment_notice(
    report: Report, facts: PacketFacts, *, progress: Callable[[int, int], None] | None = None
) -> BuiltDocument:
    """Set the notice: figures, table of units, those who cannot be rated excellent with reasons, check code.

    `missing` of the result names characters that no font can show, with the person. Equal arguments give equal bytes.
    """
    return build_notice(assessment_notice(report, facts), progress=progress)


def assessment_notice(report: Report, facts: PacketFacts) -> OfficialNotice:
    """What the notice says, still to be set."""
    with document_language():
        return OfficialNotice(
            doc_type=facts.set_as,
            issuer=settings.SCHOOL_NAME,
            number=facts.document_number,
            title=manner_of(facts.doc_type).title
            % {"issuer": settings.SCHOOL_NAME, "subject": subject_of(report)},
            recipients=[report.recipient.name],
            blocks=_correction(report, facts) if report.corrects else _whole(report, facts),
            issued_on=clock.school_date(facts.issued_at),
            approved_by=settings.DOCUMENT_SIGNER,
            attachments=[Attachment(annex_title(report))],
            printed_by=settings.SCHOOL_NAME,
            verify_url=facts.verify_url,
            verify_code=facts.code,
        )


def _whole(report: Report, facts: PacketFacts) -> list[Block]:
    return [
        *_opening(report, facts),
        *(_units(report) if len(report.by_unit) > 1 else []),
        *_charts(report),
        *_failed(report),
        *_closing(report, facts),
    ]


def _correction(report: Report, facts: PacketFacts) -> list[Block]:
    """Only what changed: who, from what, to what, why."""
    text = _(
        "After the document %(number)s the school corrected the results below; all others stand. The corrected results take the place "
        "of those told before."
    ) % {"number": report.corrects}
    columns = [
        TableColumn(_("No."), width=34),
        TableColumn(_("Unit"), align="left"),
        TableColumn(_("Name"), width=60),
        TableColumn(_("Before the correction"), width=96),
        TableColumn(_("After the correction"), width=96),
        TableColumn(_("Reason"), align="left"),
    ]
    changes = report.differences
    rows = [
        [number, one.line.place, one.line.name, result_text(one.before), result_text(one.after), one.reason]
        for number, one in enumerate(changes, 1)
    ]
    where = [f"{one.line.name} ({one.line.place})" for one in changes]
    return [
        Paragraph(text),
        Table(columns, rows, caption=_("Corrected results"), where=lambda number: where[number]),
        *_closing(report, facts),
    ]


def result_text(line: ReportLine | None) -> str:
    """Result and counted credits of one line; where it is none, that it was not among those reported."""
    if line is None:
        return _("not reported here")
    label = AssessmentResult(line.result).label
    return _("%(result)s, %(counted)s credits") % {"result": label, "counted": credits_text(line.counted)}


def _charts(report: Report) -> list[Block]:
    rates = [(name, tally.pass_rate) for name, tally in report.by_unit.items()]
    bars = [(name, float(rate)) for name, rate in rates if rate is not None]
    caption = _("Pass rate by unit") if is_department(report.recipient) else _("Pass rate by division")
    charts: list[Block] = [
        Chart(caption, bars if len(report.by_unit) > 1 else [], unit="%"),
        Chart(
            _("Credits counted by category"),
            [(name, float(number)) for name, number in report.by_category],
            unit=pgettext("after a number", "credits"),
        ),
    ]
    if len(report.trend) > 1:
        years = [(str(year), tally.pass_rate) for year, tally in report.trend]
        charts.append(
            Chart(
                _("Pass rate over the years"),
                [(name, float(rate)) for name, rate in years if rate is not None],
                unit="%",
            )
        )
    return [Heading(_("Charts")), *[chart for chart in charts if isinstance(chart, Chart) and chart.bars]]


def _opening(report: Report, facts: PacketFacts) -> list[Paragraph | Heading]:
    whole = report.whole
    blocks: list[Paragraph | Heading] = [Paragraph(assessed_text(report, facts.doc_type))]
    if report.provisional:
        blocks.append(
            Paragraph(
                _(
                    "The assessment of the year is not finished. These are interim results as of %(day)s; the final ones follow in a "
                    "document of their own."
                )
                % {"day": chinese_date(clock.school_date(facts.issued_at))}
            )
        )
    blocks.append(Heading(_("General situation")))
    figures = {
        "assessed": whole.assessed,
        "passed": whole.passed,
        "failed": whole.failed,
        "exempt": whole.exempt,
        "rate": rate_text(whole),
        "mean": _mean(report),
    }
    if whole.assessed:
        text = _(
            "%(assessed)s cadres were assessed: %(passed)s passed and %(failed)s failed, a pass rate of %(rate)s. "
            "%(exempt)s cadres were exempt. On average %(mean)s credits were counted per assessed cadre."
        )
    else:
        text = _("Nobody was assessed; %(exempt)s cadres were exempt.")
    blocks.append(Paragraph(text % figures))
    return blocks


def _mean(report: Report) -> str:
    if not report.whole.assessed:
        return "—"
    counted = sum(line.counted for line in report.lines if line.result != AssessmentResult.EXEMPT)
    return credits_text(round(counted / report.whole.assessed, 1))


def rate_text(tally: Tally) -> str:
    """A pass rate as documents print it: 92.5%, or a dash where nobody was assessed."""
    return "—" if tally.pass_rate is None else f"{tally.pass_rate}%"


def _units(report: Report) -> list[Heading | Table]:
    columns = [
        TableColumn(_("Unit"), align="left"),
        TableColumn(_("Cadres")),
        TableColumn(_("Passed")),
        TableColumn(_("Failed")),
        TableColumn(_("Exempt")),
        TableColumn(_("Pass rate")),
    ]

    def cells(tally: Tally) -> list[object]:
        return [tally.total, tally.passed, tally.failed, tally.exempt, rate_text(tally)]

    names, department = list(report.by_unit), is_department(report.recipient)
    table = Table(
        columns=columns,
        rows=[[name, *cells(tally)] for name, tally in report.by_unit.items()],
        caption=_("Results by unit") if department else _("Results by division"),
        note=_("Pass rate: those who passed among those assessed, without the exempt."),
        total=[_("Total"), *cells(report.whole)],
        where=lambda number: names[number],
    )
    heading = _("Situation of the units") if department else _("Situation of the divisions")
    return [Heading(heading), table]


def _failed(report: Report) -> list[Heading | Paragraph | Table]:
    interim, failed = report.provisional, report.failed
    heading = Heading(
        _("Cadres who are still short of what is needed")
        if interim
        else _("Cadres who cannot be rated excellent")
    )
    if not failed:
        return [heading, Paragraph(_("Nobody failed this year's assessment."))]
    columns = [
        TableColumn(_("No."), width=34),
        TableColumn(_("Unit"), align="left", width=124),
        TableColumn(_("Name"), width=60),
        TableColumn(_("Rank"), width=52),
        TableColumn(_("Reason"), align="left"),
    ]
    rows = [
        [
            number,
            line.place,
            line.name,
            str(Rank(line.rank).label),
            reasons_text(line.reasons),
        ]
        for number, line in enumerate(failed, 1)
    ]
    text = (
        _("The following %(number)s cadres have not yet reached what the assessment of %(year)s needs.")
        if interim
        else _(
            "The following %(number)s cadres failed the training assessment; in the annual appraisal of %(year)s they cannot be rated excellent."
        )
    ) % {"number": len(failed), "year": report.year}
    where = [f"{line.name} ({line.place})" for line in failed]
    return [
        heading,
        Paragraph(text),
        Table(
            columns,
            rows,
            caption=_("Cadres short of what is needed") if interim else _("Cadres who failed"),
            where=lambda number: where[number],
        ),
    ]


def _closing(report: Report, facts: PacketFacts) -> list[Block]:
    texts: list[Block] = [Paragraph(text) for text in use_texts(report, facts.doc_type)]
    return texts if report.corrects else [Heading(_("Use of the results")), *texts]
