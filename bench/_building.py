"""A whole build of a sealed year by real workers, in the benchmark's database."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

YEAR = 2025
UNIT = 100
DEPARTMENT = 1000
"""Cadres of a unit and of a department: so 100,000 cadres are 1,000 units in 100 departments, and every packet is as large as theirs."""
PATIENCE = 1200


def load(cadres: int, entries: int) -> Any:
    """A sealed year of `cadres` cadres, each with `entries` credit entries; returns the member of staff who orders the reports."""
    from bench._load import analyze, load_province, make_tree
    from tests.factories.years import sealed_year
    from trainees.services.years import close_year

    _departments, units = make_tree(max(1, cadres // DEPARTMENT), max(1, cadres // UNIT))
    user = load_province(year=YEAR, cadres=cadres, entries=entries, units=units)["user"]
    analyze()
    close_year(year=YEAR, by=user)
    sealed_year(user, year=YEAR)
    analyze()
    return user


@contextmanager
def worker(name: str, logs: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker that does one job at a time, ready to work; ended afterwards."""
    log = logs / f"{name}.log"
    command = [
        "-m",
        "celery",
        "-A",
        "partyschool",
        "worker",
        "--concurrency=1",
        "--loglevel=INFO",
        f"--hostname={name}@%h",
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, "C_FORCE_ROOT": "1", "LOG_LEVEL": "INFO"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        waited = time.monotonic()
        while " ready." not in log.read_text(errors="replace"):
            late = time.monotonic() - waited > PATIENCE
            assert process.poll() is None and not late, log.read_text(errors="replace")  # noqa: PT018 -- one reason to stop waiting
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def build(user: Any) -> tuple[float, int, int]:
    """Order the reports of the year and wait for the last packet: (seconds between its first and last job, packets, bytes)."""
    from django.db.models import Max, Min, Sum

    from partyschool.jobs.models import Job, StoredFile
    from trainees.models import ReportPacket
    from trainees.services.reports import build_reports

    forget_packets()
    parent = build_reports(year=YEAR, by=user)
    began = time.monotonic()
    while parent.is_live:
        assert time.monotonic() - began < PATIENCE, f"{parent.percent} % after {PATIENCE} s"
        time.sleep(0.1)
        parent.refresh_from_db()
    assert (parent.state, parent.error) == ("done", ""), parent.error
    parts = Job.objects.unscoped("benchmark").filter(parent=parent)
    ends = parts.aggregate(first=Min("started_at"), last=Max("finished_at"))
    packets = ReportPacket.objects.unscoped("benchmark").count()
    assert packets == parts.count() == parent.steps_done
    size = StoredFile.objects.filter(job__in=parts).aggregate(size=Sum("size"))["size"]
    return (ends["last"] - ends["first"]).total_seconds(), packets, size


def forget_packets() -> None:
    """Start over. No role of the portal may do this; the owner of a throw-away database may."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("TRUNCATE trainees_reportpacket CASCADE")
        cursor.execute("RESET session_replication_role")
        cursor.execute("CHECKPOINT")


def cpu_and_memory(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Processor seconds that a worker and its child have used, and the most MB that the child has held."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    ticks = 0
    for pid in [str(process.pid), *children]:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    peak = max(
        int(line.split()[1])
        for pid in children
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
        if line.startswith("VmHWM")
    )
    return ticks / os.sysconf("SC_CLK_TCK"), peak / 1024
