"""What workers do for this app: thin handlers, the work and its rules are in the services."""

import logging
from dataclasses import astuple

from celery import shared_task

from partyschool.jobs.models import Job
from partyschool.jobs.registry import job_kind
from partyschool.jobs.services.progress import Progress
from trainees.services.announcements import tell_drawn, tell_round_opened
from trainees.services.assignments_reminders import tend_assignments
from trainees.services.attendance_limits import tend_classes
from trainees.services.certificates import make_certificates_file
from trainees.services.credit_report import run_export
from trainees.services.deliveries_reminders import tend_deliveries
from trainees.services.drawing import hold_draw, put_back_broken
from trainees.services.evidence import remove_orphaned_evidence
from trainees.services.import_commits import commit_import, undo_import
from trainees.services.import_keeping import clear_imports
from trainees.services.imports import check_import
from trainees.services.leaves import remind_of_returns
from trainees.services.make_up_deadlines import mark_missed
from trainees.services.promotion import promote_waiting, sweep_lines
from trainees.services.reports import issue_packet
from trainees.services.schedules import run_due_schedules
from trainees.services.sealing import seal_due_rounds
from trainees.services.simulation import run_simulation
from trainees.services.year_notices import tell_year_state

log = logging.getLogger(__name__)


@job_kind("report_packet")
def make_report_packet(job: Job, progress: Progress) -> None:
    """One organisation department's report of one year."""
    issue_packet(job=job, progress=progress, by=job.owner)


@job_kind("print_certificates")
def print_certificates(job: Job, progress: Progress) -> None:
    """The certificates of one class in one file."""
    make_certificates_file(job=job, progress=progress, by=job.owner)


@job_kind("draw")
def draw(job: Job, progress: Progress) -> None:
    """All mechanisms on the sealed rankings of one round."""
    hold_draw(job=job, progress=progress)


@job_kind("tell_round")
def tell_round(job: Job, progress: Progress) -> None:
    """Everybody who may pick in a round learns from when on."""
    tell_round_opened(round_id=job.params["round"], progress=progress)


@job_kind("tell_draw")
def tell_draw(job: Job, progress: Progress) -> None:
    """Everybody who took part in a draw learns of the result."""
    tell_drawn(round_id=job.params["round"], progress=progress)


@job_kind("import_check")
def check_cadres(job: Job, progress: Progress) -> None:
    """Every fault of a file of cadres, and what it would do to the register."""
    check_import(import_id=job.params["import"], by=job.owner, progress=progress)


@job_kind("import_commit")
def commit_cadres(job: Job, progress: Progress) -> None:
    """A checked file of cadres into the register."""
    commit_import(import_id=job.params["import"], by=job.owner, progress=progress)


@job_kind("import_undo")
def undo_cadres(job: Job, progress: Progress) -> None:
    """A file of cadres out of the register again."""
    undo_import(import_id=job.params["import"], by=job.owner, progress=progress)


@shared_task(name="imports.clear")
def clear() -> None:
    """Remove what is kept of imports when its time is over."""
    if cleared := clear_imports():
        log.info("imports: %s cleared", cleared)


@job_kind("tell_year")
def tell_year(job: Job, progress: Progress) -> None:
    """Everybody concerned learns that a year's results are open to objections, or sealed."""
    tell_year_state(year=job.params["year"], state=job.params["state"], progress=progress)


@job_kind("scheme_simulation")
def simulate_scheme(job: Job, progress: Progress) -> None:
    """A past year under another scheme."""
    run_simulation(job=job, progress=progress)


@job_kind("credit_report")
def make_credit_report(job: Job, progress: Progress) -> None:
    """The credit report as somebody asked for it, as a workbook."""
    run_export(job=job, progress=progress)


@shared_task(name="draws.tend")
def tend_draws() -> None:
    """Seal what has closed for ranking, and put back what broke off."""
    sealed, put_back = seal_due_rounds(), put_back_broken()
    if sealed or put_back:
        log.info("draws: %s sealed, %s put back", sealed, put_back)


@shared_task(name="waiting.promote")
def promote(offering_id: int) -> None:
    """Give the free seats of one offering to those in line."""
    promote_waiting(offering_id=offering_id)


@shared_task(name="waiting.sweep")
def sweep() -> None:
    """Do for all lines what nobody rang for."""
    swept = sweep_lines()
    if any(astuple(swept)):
        log.info(
            "lines: %s offers lapsed, %s reminded, %s lines ended, %s walked",
            *astuple(swept),
        )


@shared_task(name="evidence.remove_orphans")
def clean_evidence() -> None:
    """Remove bytes of evidence whose deed failed."""
    if removed := remove_orphaned_evidence():
        log.info("%s orphaned evidence files removed", removed)


@shared_task(name="leaves.tend")
def tend_leaves() -> None:
    """Mark leaves, end places beyond the limits, remind whoever is late from leave."""
    marked, ended = tend_classes()
    late = remind_of_returns()
    if marked or ended or late:
        log.info("leaves: %s marked, %s withdrawn, %s overdue", marked, ended, late)


@shared_task(name="assignments.tend")
def remind_units() -> None:
    """Remind units whose nominations are due, and tell organisation departments of those overdue."""
    tended = tend_assignments()
    if any(astuple(tended)):
        log.info("assignments: %s units reminded, %s reported", *astuple(tended))


@shared_task(name="make_up.tend")
def tend_make_up() -> None:
    """Mark make-up training that was not done by its day."""
    if missed := mark_missed():
        log.info("make-up training: %s missed", missed)


@shared_task(name="deliveries.tend")
def chase_receipts() -> None:
    """Remind units of reports that nobody has opened, and report what stays unread."""
    chased = tend_deliveries()
    if any(astuple(chased)):
        log.info("deliveries: %s reminded, %s reported", *astuple(chased))


@shared_task(name="schedules.run")
def run_schedules() -> None:
    """Start the reports that are due by a schedule, and count what failed."""
    ran = run_due_schedules()
    if any(astuple(ran)):
        log.info("report schedules: %s started, %s failed", *astuple(ran))
