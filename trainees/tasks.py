"""What workers do for this app: thin handlers, the work and its rules are in the services."""

from partyschool.jobs.models import Job
from partyschool.jobs.registry import job_kind
from partyschool.jobs.services.progress import Progress
from trainees.services.reports import issue_packet


@job_kind("report_packet")
def make_report_packet(job: Job, progress: Progress) -> None:
    """One organisation department's report of one year."""
    issue_packet(job=job, progress=progress, by=job.owner)
