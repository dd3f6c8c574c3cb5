"""Reports to the organisation departments: who gets one, and how one packet comes into being exactly once.

Document numbers have no gaps because a number is drawn in the very transaction that creates its packet: under the counter's row
lock, together with both files, the superseding of the older packet and the end of the job. An attempt that dies, whenever it
dies, has drawn nothing. So that nobody waits for the lock while a document is set, the notice is set before with the number that
is due; only if a rival drew that number in the meantime it is set once more under the lock.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import WrongState
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.common.pdf import MissingGlyph
from partyschool.jobs.models import Job
from partyschool.jobs.services.files import store_file
from partyschool.jobs.services.jobs import start_job
from partyschool.jobs.services.progress import Progress
from partyschool.notices.services.notices import send_notice
from trainees.enums import PacketState
from trainees.exporters.assessment_annex import XLSX, annex_file_name, build_assessment_annex
from trainees.exporters.assessment_notice import build_assessment_notice, notice_file_name
from trainees.exporters.wording import PacketFacts, document_language
from trainees.models import DocumentCounter, ReportPacket, YearlyAssessment
from trainees.selectors.packets import CODE_ALPHABET, group_code, packet_number
from trainees.selectors.reports import Report, read_report, recipients_of

CODE_LENGTH = 16


class YearNotClosed(WrongState):
    """There are no results to report on."""

    code = "year_not_closed"
    title = gettext_lazy("The year has not been closed")
    remedy = gettext_lazy("Close the year first; the reports are made from its results.")


class NobodyToReportTo(WrongState):
    """The year is closed, but none of its cadres belongs to an organisation department."""

    code = "no_recipient"
    title = gettext_lazy("There is no organisation department to report to")
    remedy = gettext_lazy(
        "Place the units under their organisation department, close the year again, then make the reports."
    )


def build_reports(*, year: int, by: User, now: datetime | None = None) -> Job:
    """Start making the reports of `year`: one parent job (key: the year) with one child per organisation department.

    While they are being made, the same job is returned. Making them again later leaves unchanged reports as they are.
    Raises `YearNotClosed`, `NobodyToReportTo`, `Busy`.
    Concurrency: one transaction; each child locks the parent's row, which is new or live.
    """
    now = now or clock.now()
    results = YearlyAssessment.objects.filter(year=year).unscoped("is the year closed?")
    if not results.exists():
        raise YearNotClosed(_("There is not one result of %(year)s.") % {"year": year})
    recipients = recipients_of(year)
    if not recipients:
        raise NobodyToReportTo
    with locking_transaction(), translation.override(settings.LANGUAGE_CODE):
        title = _("Reports on the assessment of %(year)s") % {"year": year}
        parent = start_job(
            kind="build_reports", key=str(year), title=title, params={"year": year}, by=by, now=now
        )
        for unit in recipients:
            start_job(
                kind="report_packet",
                key=f"{year}:{unit.pk}",
                title=_("%(year)s: report to %(recipient)s") % {"year": year, "recipient": unit.name},
                params={"year": year, "unit": unit.pk},
                by=by,
                parent=parent,
                now=now,
            )
    return parent


def issue_packet(
    *, job: Job, progress: Progress, by: User, now: datetime | None = None
) -> ReportPacket | None:
    """Make the packet of the recipient and year that `job.params` names; returns the packet in force, None if there is nothing to report.

    If the packet in force shows the same data (`data_digest`), nothing is made. A new one supersedes it under a new number; the
    organisation department is told, and `by` is told of characters that no font can show.
    Safe to call any number of times, at the same time too. Raises what `Progress` raises, and `ExcelLimit`.
    Concurrency: content is made without locks; then, inside `progress.finishing()`, the job, the year's counter, the older packet.
    """
    issued_at = now or clock.now()
    year, recipient_id = job.params["year"], job.params["unit"]
    stages = _Stages(progress)
    stages.reading()
    report = read_report(year=year, recipient_id=recipient_id)
    if report is None:
        return None
    if same := _in_force(report):
        return same
    facts = PacketFacts(
        number=_due_number(clock.school_year(issued_at)),
        number_year=clock.school_year(issued_at),
        code=_new_code(),
        issued_at=issued_at,
    )
    annex = build_assessment_annex(report, facts, progress=stages.annex(len(report.lines)))
    notice = build_assessment_notice(report, facts, progress=stages.notice)
    stages.storing()
    with progress.finishing():
        counter = lock_row(DocumentCounter, facts.number_year)
        if same := _in_force(report):
            return same
        number = _draw_number(counter)
        if number != facts.number:
            facts = PacketFacts(number, facts.number_year, facts.code, facts.issued_at)
            notice = build_assessment_notice(report, facts)
        packet = _create(report, facts, notice.content, annex, job=job, by=by)
        _tell_recipient(packet, report)
        _tell_missing(notice.missing, packet, job=job, by=by)
        record_event(
            action="report.issue",
            subject=packet,
            by=by,
            now=issued_at,
            data={
                "number": facts.document_number,
                "recipient": report.recipient.code,
                "year": year,
                "rows": len(report.lines),
                "digest": report.digest,
                "missing": [f"{glyph.where}: {glyph.code}" for glyph in notice.missing],
            },
        )
    return packet


def _in_force(report: Report) -> ReportPacket | None:
    """The valid packet of this recipient and year, if it shows the same data."""
    packets = ReportPacket.objects.unscoped("is there a packet already?")
    return packets.filter(
        year=report.year, recipient=report.recipient, state=PacketState.VALID, data_digest=report.digest
    ).first()


def _due_number(year: int) -> int:
    """The number that the next packet of `year` will probably get; makes sure that the counter's row exists."""
    counter, _created = DocumentCounter.objects.get_or_create(year=year)
    return counter.last_number + 1


def _draw_number(counter: Any) -> int:
    """The next number, for good: `counter` is locked by the transaction that creates the packet."""
    counter.last_number += 1
    counter.save(update_fields=["last_number"])
    return counter.last_number


def _new_code() -> str:
    return group_code("".join([secrets.choice(CODE_ALPHABET) for _place in range(CODE_LENGTH)]))


def _create(
    report: Report, facts: PacketFacts, notice: bytes, annex: bytes, *, job: Job, by: User
) -> ReportPacket:
    """Store both files and the packet, and let it take the place of the one in force."""
    packets = ReportPacket.objects.unscoped("a new packet takes the place of the old one")
    older = packets.select_for_update(no_key=True, of=("self",)).filter(
        year=report.year, recipient=report.recipient, state=PacketState.VALID
    )
    previous = older.first()
    if previous:
        previous.state = PacketState.SUPERSEDED
        previous.save(update_fields=["state"])
    packet = ReportPacket.objects.create(
        recipient=report.recipient,
        year=report.year,
        number=facts.number,
        number_year=facts.number_year,
        code=facts.code,
        scheme=report.scheme,
        row_count=len(report.lines),
        data_digest=report.digest,
        notice=store_file(
            job=job, name=notice_file_name(report), content_type="application/pdf", content=notice
        ),
        annex=store_file(job=job, name=annex_file_name(report), content_type=XLSX, content=annex),
        job=job,
        issued_at=facts.issued_at,
        issued_by=by,
    )
    if previous:
        previous.superseded_by = packet
        previous.save(update_fields=["superseded_by"])
    return packet


def _tell_recipient(packet: ReportPacket, report: Report) -> None:
    """One notice with a link to everybody who holds the organisation department's role for the recipient."""
    grants = RoleGrant.objects.valid_on(clock.school_date(packet.issued_at))
    holders = grants.filter(role=Role.ORGDEPT, unit=packet.recipient).values("user")
    with document_language():
        send_notice(
            recipients=User.objects.filter(pk__in=holders, is_active=True),
            event=f"report.issue:{packet.pk}",
            title=_("Report on the assessment of %(year)s: %(number)s")
            % {"year": packet.year, "number": packet_number(packet)},
            body=ngettext(
                "%(total)s cadre, %(failed)s failed. Notice and annex are ready for download.",
                "%(total)s cadres, %(failed)s failed. Notice and annex are ready for download.",
                report.whole.total,
            )
            % {"total": report.whole.total, "failed": report.whole.failed},
            url=f"{reverse('trainees:organisation')}?year={packet.year}",
        )


def _tell_missing(missing: Sequence[MissingGlyph], packet: ReportPacket, *, job: Job, by: Any) -> None:
    """Name each character that is printed as 〓, with the person, to whoever ordered the report."""
    if not missing:
        return
    with document_language():
        places = pgettext("between clauses", "; ").join(
            [f"{glyph.where}: {glyph.char} ({glyph.code})" for glyph in missing]
        )
        send_notice(
            recipients=[by],
            event=f"report.glyphs:{packet.pk}",
            title=_("Characters are missing in the report to %(recipient)s")
            % {"recipient": packet.recipient.name},
            body=_(
                "No font at hand can show these characters, so 〓 stands in their place: %(places)s. "
                "Have a font with them installed, then make the report again."
            )
            % {"places": places},
            url=reverse("jobs:detail", args=[job.pk]),
        )


class _Stages:
    """Turns the steps of one packet into per cent: reading, annex, notice, storing."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def reading(self) -> None:
        self._progress.report(0, 100, _("Reading the results"))

    def annex(self, rows: int) -> Any:
        return lambda done: self._progress.report(5 + 55 * done // max(rows, 1), 100, _("Writing the annex"))

    def notice(self, done: int, total: int) -> None:
        self._progress.report(60 + 35 * done // max(total, 1), 100, _("Setting the notice"))

    def storing(self) -> None:
        self._progress.report(96, 100, _("Storing the files"))
