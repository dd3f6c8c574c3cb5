"""Reports to organisation departments and units: who gets one, and how one packet comes into being exactly once.

A final packet is made of a sealed year and never replaced: results corrected later are told by a correction (erratum). How a running
year stands is told by interim packets (previews), of which a newer one supersedes the older.

Document numbers have no gaps because a number is drawn in the very transaction that creates its packet: under the counter's row
lock, together with both files, the superseding of the older packet and the end of the job. An attempt that dies, whenever it
dies, has drawn nothing. So that nobody waits for the lock while a document is set, the notice is set before with the number that
is due; only if a rival drew that number in the meantime it is set once more under the lock.
"""

from dataclasses import replace
from datetime import date, datetime, time
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import WrongState
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.jobs.models import Job
from partyschool.jobs.services.files import store_file
from partyschool.jobs.services.jobs import start_job
from partyschool.jobs.services.progress import Progress
from trainees.enums import Edition, NoticeType, PacketState, YearState
from trainees.exporters.assessment_annex import XLSX, annex_file_name, build_assessment_annex
from trainees.exporters.assessment_manifest import (
    JSON,
    PacketFile,
    build_manifest,
    manifest_file_name,
    reported_results,
)
from trainees.exporters.assessment_notice import build_assessment_notice, notice_file_name
from trainees.exporters.manner import kind_for
from trainees.exporters.wording import PacketFacts
from trainees.models import AssessmentYear, DocumentCounter, ReportPacket
from trainees.selectors.packets import packet_number
from trainees.selectors.report_recipients import recipients_of
from trainees.selectors.reports import Report, read_correction, read_report
from trainees.selectors.year_states import year_of

from .codes import new_code
from .deliveries import deliver_packet
from .deliveries_notices import tell_issued, tell_missing
from .years import close_year

FILE_TYPES = {"notice": "application/pdf", "annex": XLSX, "manifest": JSON}


class YearNotClosed(WrongState):
    """There are no results to report on."""

    code = "year_not_closed"
    title = gettext_lazy("The year has not been closed")
    remedy = gettext_lazy("Close the year first; the reports are made from its results.")


class YearNotSealed(WrongState):
    """Its results can still change without a trace."""

    code = "year_not_sealed"
    title = gettext_lazy("The year is not sealed")
    remedy = gettext_lazy("Seal the year first, or make an interim report for a quarter.")


class NoInterim(WrongState):
    """A sealed year is reported on for good."""

    code = "year_sealed_no_interim"
    title = gettext_lazy("The year is sealed")
    remedy = gettext_lazy("Make the yearly reports instead of an interim report.")


class QuarterNotBegun(WrongState):
    """Nothing can be told of it yet."""

    code = "quarter_not_begun"
    title = gettext_lazy("That quarter has not begun")
    remedy = gettext_lazy("Choose the present quarter or an earlier one.")


def build_reports(
    *,
    year: int,
    quarter: int | None = None,
    doc_type: str = NoticeType.CIRCULAR,
    by: User,
    now: datetime | None = None,
) -> Job:
    """Start making the reports of `year`: one parent job with one child per organisation department and unit.

    Without `quarter` the yearly reports of a sealed year, and corrections where results were corrected since; with `quarter` (1-4) interim
    reports on a year that is not sealed: it is closed first, so that they show what the ledger holds now (unless its results are open
    to objections and stand as they were shown). While they are being made, the same job is returned. Making them again later leaves
    unchanged reports as they are. Raises `YearNotClosed`, `YearNotSealed`, `NoInterim`, `QuarterNotBegun`, what `close_year` raises, `Busy`.
    Concurrency: the closing is a transaction of its own; the jobs are one, in which each child locks the parent's row, which is new or live.
    """
    now = now or clock.now()
    if quarter:
        _close_running(year, quarter, by=by, now=now)
    recipients = recipients_of(year)
    if not recipients:
        raise YearNotClosed(_("There is not one result of %(year)s.") % {"year": year})
    _refuse_state(year, quarter)
    params = {"year": year, "quarter": quarter, "doc_type": str(NoticeType(doc_type))}
    prefix = f"{year}:Q{quarter}" if quarter else str(year)
    with locking_transaction(), translation.override(settings.LANGUAGE_CODE):
        title = _("Reports on the assessment of %(year)s") % {"year": year}
        parent = start_job(kind="build_reports", key=prefix, title=title, params=params, by=by, now=now)
        for unit in recipients:
            start_job(
                kind="report_packet",
                key=f"{prefix}:{unit.pk}",
                title=_("%(year)s: report to %(recipient)s") % {"year": year, "recipient": unit.name},
                params={**params, "unit": unit.pk},
                by=by,
                parent=parent,
                now=now,
            )
    return parent


def _close_running(year: int, quarter: int, *, by: User, now: datetime) -> None:
    """Bring the results of a year in preview up to date."""
    _refuse_state(year, quarter)
    begins = clock.school_instant(date(year, 3 * quarter - 2, 1), time.min)
    if now < begins:
        raise QuarterNotBegun(
            _("Quarter %(quarter)s of %(year)s lies ahead.") % {"quarter": quarter, "year": year},
            retry_at=begins,
        )
    if year_of(year).state == YearState.PREVIEW:
        close_year(year=year, by=by, now=now)


def _refuse_state(year: int, quarter: int | None) -> None:
    sealed = AssessmentYear.objects.filter(year=year, state=YearState.SEALED).exists()
    if quarter and sealed:
        raise NoInterim(_("%(year)s is sealed.") % {"year": year})
    if not quarter and not sealed:
        raise YearNotSealed(_("%(year)s is not sealed.") % {"year": year})


def issue_packet(
    *, job: Job, progress: Progress, by: User, now: datetime | None = None
) -> ReportPacket | None:
    """Make the packet of recipient, year and quarter that `job.params` names; returns what is in force, None if there is nothing to report.

    If what is in force tells the same, nothing is made. A newer interim packet supersedes the older one; what changed since a yearly packet
    is told by a correction. The recipient's people are told, and `by` is told of characters that no font can show.
    Safe to call any number of times, at the same time too. Raises what `Progress` raises, `ExcelLimit`, `YearNotSealed`, `NoInterim`.
    Concurrency: content is made without locks; then, inside `progress.finishing()`, the job, the year's counter, the older packet.
    """
    issued_at = now or clock.now()
    year, quarter = job.params["year"], job.params.get("quarter")
    _refuse_state(year, quarter)
    stages = _Stages(progress)
    stages.reading()
    queried_at = clock.now()
    report = read_report(year=year, recipient_id=job.params["unit"], quarter=quarter)
    if report is None:
        return None
    last = _in_force(report)
    if last and not quarter:
        correction = read_correction(
            report, reported=reported_results(last), corrects=packet_number(last.corrects or last)
        )
        if correction is None:
            return last
        report = correction
    elif last and last.data_digest == report.digest:
        return last
    facts = PacketFacts(
        number=0,  # none yet: the annex bears none
        number_year=clock.school_year(issued_at),
        code=new_code(),
        issued_at=issued_at,
        doc_type=last.doc_type
        if last and report.corrects
        else kind_for(report.recipient, job.params.get("doc_type", NoticeType.CIRCULAR)),
    )
    annex = build_assessment_annex(report, facts, progress=stages.annex(report.row_count))
    # Asked for as late as can be: the fewer rivals end while the notice is set, the fewer notices are set a second time under the lock.
    facts = replace(facts, number=_due_number(facts.number_year))
    notice = build_assessment_notice(report, facts, progress=stages.notice)
    stages.storing()
    with progress.finishing():
        counter = lock_row(DocumentCounter, facts.number_year)
        newer = _in_force(report)
        if newer and newer != last:  # a rival was first; what it left untold, the next order tells
            return newer
        number = _draw_number(counter)
        if number != facts.number:
            facts = replace(facts, number=number)
            notice = build_assessment_notice(report, facts)
        packet = _create(
            report, facts, notice.content, annex, last=last, queried_at=queried_at, job=job, by=by
        )
        deliver_packet(packet=packet, by=by, now=issued_at)
        tell_issued(packet, report)
        tell_missing(notice.missing, packet, by=by)
        record_event(
            action="report.issue",
            subject=packet,
            by=by,
            now=issued_at,
            data={
                "number": facts.document_number,
                "recipient": report.recipient.code,
                "year": year,
                "edition": str(packet.edition),
                "rows": report.row_count,
                "digest": report.digest,
                "missing": [f"{glyph.where}: {glyph.code}" for glyph in notice.missing],
            },
        )
    return packet


def _in_force(report: Report) -> ReportPacket | None:
    """What tells this recipient the last about the year: an interim packet of the quarter, or the yearly one or its newest correction."""
    packets = (
        ReportPacket.objects.unscoped("is there a packet already?")
        .filter(year=report.year, recipient=report.recipient, state=PacketState.VALID)
        .select_related("corrects", "manifest")
    )
    if report.quarter:
        return packets.filter(edition=Edition.PREVIEW, quarter=report.quarter).first()
    final = packets.filter(edition=Edition.FINAL).first()
    return final and (packets.filter(corrects=final).order_by("-number_year", "-number").first() or final)


def _due_number(year: int) -> int:
    """The number that the next packet of `year` will probably get; makes sure that the counter's row exists."""
    counter, _created = DocumentCounter.objects.get_or_create(year=year)
    return counter.last_number + 1


def _draw_number(counter: Any) -> int:
    """The next number, for good: `counter` is locked by the transaction that creates the packet."""
    counter.last_number += 1
    counter.save(update_fields=["last_number"])
    return counter.last_number


def _create(
    report: Report,
    facts: PacketFacts,
    notice: bytes,
    annex: bytes,
    *,
    last: ReportPacket | None,
    queried_at: datetime,
    job: Job,
    by: User,
) -> ReportPacket:
    """Store the files and the packet; an interim packet takes the place of the one in force, `last`."""
    edition = Edition.PREVIEW if report.quarter else Edition.ERRATUM if report.corrects else Edition.FINAL
    files = [
        PacketFile("notice", notice_file_name(report, facts), notice),
        PacketFile("annex", annex_file_name(report), annex),
    ]
    manifest = build_manifest(report, facts, edition=edition, queried_at=queried_at, files=files)
    files.append(PacketFile("manifest", manifest_file_name(report), manifest))
    stored = {
        file.part: store_file(
            job=job, name=file.name, content_type=FILE_TYPES[file.part], content=file.content
        )
        for file in files
    }
    packets = ReportPacket.objects.unscoped("a new packet takes the place of the old one")
    previous = None
    if edition == Edition.PREVIEW and last:
        previous = packets.select_for_update(no_key=True, of=("self",)).get(pk=last.pk)
        previous.state = PacketState.SUPERSEDED
        previous.save(update_fields=["state"])
    packet = ReportPacket.objects.create(
        recipient=report.recipient,
        year=report.year,
        edition=edition,
        quarter=report.quarter,
        doc_type=facts.doc_type,
        corrects=(last.corrects or last) if last and edition == Edition.ERRATUM else None,
        number=facts.number,
        number_year=facts.number_year,
        code=facts.code,
        scheme=report.scheme,
        row_count=report.row_count,
        data_digest=report.digest,
        queried_at=queried_at,
        job=job,
        issued_at=facts.issued_at,
        issued_by=by,
        **stored,
    )
    if previous:
        previous.superseded_by = packet
        previous.save(update_fields=["superseded_by"])
    return packet


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
