"""The portal's Celery application plus the tests' kinds of jobs: ``celery -A tests.faults.portal_with_test_jobs worker``."""

import os

from partyschool.celery import app

app.conf.imports = ("tests.faults.job_handlers",)
if seconds := os.environ.get("SWEEP_SECONDS"):
    app.conf.beat_schedule["sweep-jobs"]["schedule"] = float(seconds)

__all__ = ["app"]
