"""Work for the fault tests: slow enough to be killed in the middle, and it leaves traces of each attempt."""

import os
import time
from pathlib import Path

from partyschool.jobs.models import Job
from partyschool.jobs.registry import job_kind
from partyschool.jobs.services.files import store_file
from partyschool.jobs.services.progress import Progress


@job_kind("tests.slow")
def slow(job: Job, progress: Progress) -> None:
    """Take `steps` steps of 0.2 s, then one file. Each attempt writes its process id to `trace`."""
    with Path(job.params["trace"]).open("a") as trace:
        trace.write(f"{os.getpid()}\n")
    steps = job.params["steps"]
    for step in range(steps):
        progress.report(step, steps, f"第 {step + 1} 步")
        time.sleep(0.2)
    with progress.finishing():
        store_file(job=job, name="结果.txt", content_type="text/plain", content=b"result" * 1000)


@job_kind("tests.silent")
def silent(job: Job, progress: Progress) -> None:
    """One long step that reports nothing: only the heartbeat speaks for it."""
    with Path(job.params["trace"]).open("a") as trace:
        trace.write(f"{os.getpid()}\n")
    time.sleep(job.params["seconds"])
    with progress.finishing():
        store_file(job=job, name="结果.txt", content_type="text/plain", content=b"result")


@job_kind("tests.deadly")
def deadly(job: Job, progress: Progress) -> None:
    """Kill the process that works on it, as the kernel does when memory runs out."""
    os.kill(os.getpid(), 9)
