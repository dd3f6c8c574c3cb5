"""What a handler holds while it works: it tells how far it is, learns that it must stop, and ends the job together with its results."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import TracebackType

from django.conf import settings
from django.db import Error, connection, transaction
from django.db.models.functions import Now

from partyschool.common.errors import Busy
from partyschool.common.locking import locking_transaction
from partyschool.jobs.enums import JobState
from partyschool.jobs.models import Job

from .families import refresh_parent
from .leases import lock_leased, renew_lease, stop_reason

log = logging.getLogger(__name__)

WRITE_EVERY = 0.5
"""Seconds between two writes of progress: a handler may report each of 100,000 rows."""


class Heartbeat:
    """A thread that renews the lease while the handler is busy with one long step. It dies with its process, as it must."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease-{job.pk}", daemon=True)
        self.lost = False

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _beat(self) -> None:
        try:
            while not self.lost and not self._ended.wait(settings.JOB_LEASE_SECONDS / 3):
                try:
                    self.lost = not renew_lease(self._job)
                except Error as error:
                    # The row is locked by our own ending, or the database is away; the next beat tries anew.
                    log.info("lease of job %s not renewed this time: %s", self._job.pk, error)
                    connection.close()
        finally:
            connection.close()


class Progress:
    """Handed to a job's handler beside the job."""

    def __init__(self, job: Job, heartbeat: Heartbeat) -> None:
        self._job = job
        self._heartbeat = heartbeat
        self._written_at = 0.0
        self._finishing = False
        self.finished = False

    def report(self, done: int, total: int, message: str = "") -> None:
        """Tell that `done` of `total` steps are behind us, and what comes now; renews the lease. May be called as often as one likes.

        Raises `JobCancelled` if somebody cancelled the job, `LeaseLost` if another worker has it: let them pass.
        """
        if self._heartbeat.lost:
            raise stop_reason(self._job)
        if self._finishing or (time.monotonic() - self._written_at < WRITE_EVERY and done < total):
            return
        self._written_at = time.monotonic()
        # 100 is said only by the end itself.
        percent = min(99, 100 * done // total) if total else 0
        with (
            suppress(Busy),
            locking_transaction() if not connection.in_atomic_block else transaction.atomic(),
        ):
            if not renew_lease(
                self._job, percent=percent, steps_done=done, steps_total=total, message=message[:200]
            ):
                raise stop_reason(self._job)
            refresh_parent(self._job)

    @contextmanager
    def finishing(self) -> Iterator[None]:
        """The transaction in which a handler writes its results: they and the end of the job are committed together, once.

        Raises `JobCancelled` or `LeaseLost` before anything is written, so that a worker that comes late leaves nothing behind.
        Concurrency: a durable transaction that holds the job's row (FOR NO KEY UPDATE); keep it short, make the content before.
        """
        self._finishing = True
        try:
            with locking_transaction():
                lock_leased(self._job)
                yield
                self._end()
        finally:
            self._finishing = False
        self.finished = True

    def _end(self) -> None:
        jobs = Job.objects.unscoped("a worker ends its job")
        mine = jobs.filter(pk=self._job.pk)
        if child := jobs.filter(parent=self._job).first():
            # It started children: from now on its state follows from theirs.
            mine.update(lease_until=None, lease_token=None, message="")
            refresh_parent(child)
            return
        mine.update(
            state=JobState.DONE,
            percent=100,
            finished_at=Now(),
            lease_until=None,
            lease_token=None,
            message="",
            error="",
        )
        refresh_parent(self._job)
