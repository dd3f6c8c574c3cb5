"""The yearly assessment notice to an organisation department: an official document of kind 通报."""

from collections.abc import Callable

from django.conf import settings
from django.utils.translation import gettext as _

from partyschool.common import clock
from partyschool.common.pdf import (
    Attachment,
    BuiltDocument,
    DocType,
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
from trainees.selectors.reports import Report, Tally

from .assessment_annex import annex_title
from .wording import PacketFacts, document_language, file_name, subject_of


def notice_file_name(report: Report) -> str:
    """The notice's display name."""
    with document_language():
        return file_name(report, _("Notice on the %(subject)s") % {"subject": subject_of(report)}, "pdf")


def build_assessment_notice(
    report: Report, facts: PacketFacts, *, progress: Callable[[int, int], None] | None = None
) -> BuiltDocument:
    """Set the notice: figures, table of units, those who cannot be rated excellent with reasons, check code.

    `missing` of the result names characters that no font can show, with the person. Equal arguments give equal bytes.
    """
    with document_language():
        notice = OfficialNotice(
            doc_type=DocType.CIRCULAR,
            issuer=settings.SCHOOL_NAME,
            number=facts.document_number,
            title=_("%(issuer)s: notice on the %(subject)s")
            % {"issuer": settings.SCHOOL_NAME, "subject": subject_of(report)},
            recipients=[report.recipient.name],
            blocks=[*_opening(report), *_units(report), *_failed(report), *_closing()],
            issued_on=clock.school_date(facts.issued_at),
            attachments=[Attachment(annex_title(report))],
            printed_by=settings.SCHOOL_NAME,
            verify_url=facts.verify_url,
            verify_code=facts.code,
        )
        return build_notice(notice, progress=progress)


def _opening(report: Report) -> list[Paragraph | Heading]:
    whole = report.whole
    blocks: list[Paragraph | Heading] = [
        Paragraph(
            _(
                "Under the %(scheme)s (version %(version)s) the school has assessed the education and training in %(year)s of "
                "%(total)s cadres in %(units)s units of your jurisdiction. The results are notified as follows."
            )
            % {
                "scheme": report.scheme.name,
                "version": report.scheme.version,
                "year": report.year,
                "total": whole.total,
                "units": len(report.by_unit),
            }
        )
    ]
    if report.provisional:
        blocks.append(
            Paragraph(
                _(
                    "The year has not ended. These are interim results as of %(day)s; the final notice follows after its end."
                )
                % {"day": chinese_date(clock.school_date(report.closed_at))}
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

    names = list(report.by_unit)
    table = Table(
        columns=columns,
        rows=[[name, *cells(tally)] for name, tally in report.by_unit.items()],
        caption=_("Results by unit"),
        note=_("Pass rate: those who passed among those assessed, without the exempt."),
        total=[_("Total"), *cells(report.whole)],
        where=lambda number: names[number],
    )
    return [Heading(_("Situation of the units")), table]


def _failed(report: Report) -> list[Heading | Paragraph | Table]:
    heading = Heading(_("Cadres who cannot be rated excellent"))
    failed = report.failed
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
    text = _(
        "The following %(number)s cadres failed the training assessment; in the annual appraisal of %(year)s they cannot be rated excellent."
    ) % {"number": len(failed), "year": report.year}
    where = [f"{line.name} ({line.place})" for line in failed]
    return [
        heading,
        Paragraph(text),
        Table(columns, rows, caption=_("Cadres who failed"), where=lambda number: where[number]),
    ]


def _closing() -> list[Heading | Paragraph]:
    return [
        Heading(_("Use of the results")),
        Paragraph(
            _(
                "Please pass the results on to the units, take them into account in the annual appraisal and in selection and "
                "appointment, and see to it that those who failed make up for what is missing."
            )
        ),
        Paragraph(_("Whoever objects to a result may ask the school for a review.")),
    ]
