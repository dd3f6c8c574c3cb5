"""Stored files are the bytes that were stored, and the queue of jobs makes sense."""

from collections.abc import Iterator

from partyschool.common.integrity import data_check, rows
from partyschool.common.storage import fault_of
from partyschool.jobs.models import Job, StoredFile


@data_check("jobs.files")
def files_are_whole() -> Iterator[str]:
    """Each stored file exists with its size and SHA-256: the files of report packets are among them."""
    for file in StoredFile.objects.order_by("pk").iterator():
        if fault := fault_of(file.storage_name, size=file.size, sha256=file.sha256):
            yield f"jobs.StoredFile {file.pk}: {fault}"


@data_check("jobs.queue")
def queue_makes_sense() -> Iterator[str]:
    """A running job has a lease, a finished one none; a finished job has an end, a done parent no child that is not done."""
    sql = """SELECT id, state, lease_until IS NOT NULL, finished_at IS NOT NULL, attempt FROM jobs_job
             WHERE (state = 'running' AND lease_token IS NULL AND NOT EXISTS (SELECT FROM jobs_job c WHERE c.parent_id = jobs_job.id))
                OR (state IN ('done', 'failed', 'cancelled')) <> (finished_at IS NOT NULL) OR attempt > %s ORDER BY created_at"""
    for pk, state, leased, ended, attempt in rows(sql, [Job.MAX_ATTEMPTS]):
        yield f"jobs.Job {pk}: {state}, {'leased' if leased else 'no lease'}, {'ended' if ended else 'not ended'}, attempt {attempt}"
    sql = """SELECT p.id, count(*) FROM jobs_job p JOIN jobs_job c ON c.parent_id = p.id
             WHERE p.state = 'done' AND c.state <> 'done' GROUP BY 1 ORDER BY 1"""
    for pk, number in rows(sql):
        yield f"jobs.Job {pk}: is done, {number} of its parts are not"
