"""``manage.py build_reports 2025``: have the workers make the reports of a sealed year, with --quarter interim ones of a running year."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from partyschool.accounts.selectors.staff import acting_staff
from partyschool.common.errors import DomainError
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job
from trainees.enums import NoticeType
from trainees.services.reports import build_reports

LOOK_EVERY = 0.5
PATIENCE = 600  # seconds without any progress


class Command(BaseCommand):
    """Start the reports of a year on the workers, and with --wait follow them to the end."""

    help = "Have the workers make the reports of a sealed year, one per organisation department and unit."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The year, the kind of report, whether to wait, and on whose behalf."""
        parser.add_argument("year", type=int)
        parser.add_argument(
            "--quarter", type=int, choices=range(1, 5), help="interim reports of a year that is not sealed"
        )
        parser.add_argument(
            "--type", choices=NoticeType.values, default=NoticeType.CIRCULAR.value, help="kind of document"
        )
        parser.add_argument("--wait", action="store_true", help="show the progress and end with the work")
        parser.add_argument(
            "--by",
            metavar="LOGIN",
            help="login name of the member of staff who orders the reports (default: the first in the register)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Start, and wait if asked to. Raises CommandError on a refusal and when a report failed."""
        try:
            by = acting_staff(options["by"])
            job = build_reports(
                year=options["year"], quarter=options["quarter"], doc_type=options["type"], by=by
            )
        except DomainError as refusal:
            raise CommandError(f"{refusal} {refusal.what_to_do}".strip()) from refusal
        self.stdout.write(f"{job.title}: job {job.pk}, ordered by {by.get_username()}")
        if options["wait"]:
            self._wait(job)

    def _wait(self, job: Job) -> None:
        said, since = "", time.monotonic()
        jobs = Job.objects.unscoped("the command follows the job it started")
        while True:
            job = jobs.get(pk=job.pk)
            now = f"{job.percent:3d}%  {job.steps_done}/{job.steps_total}  {job.get_state_display()}"
            if now != said:
                self.stdout.write(now)
                said, since = now, time.monotonic()
            if not job.is_live:
                break
            if time.monotonic() - since > PATIENCE:
                raise CommandError(
                    f"Nothing has moved for {PATIENCE // 60} minutes. Is a worker running? The job goes on as soon as one is."
                )
            time.sleep(LOOK_EVERY)
        for part in jobs.filter(parent=job).exclude(state=JobState.DONE):
            self.stderr.write(f"{part.title}: {part.get_state_display()}. {part.error}")
        if job.state != JobState.DONE:
            raise CommandError("Not all reports were made.")
