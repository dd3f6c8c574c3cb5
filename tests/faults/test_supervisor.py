"""What `make run` promises of its processes: all run or none, and none outlives the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_for

pytestmark = pytest.mark.faults
PROJECT = Path(__file__).resolve().parents[2]

# Two processes; the first has a child of its own that ignores a polite end. Their ids are written down.
SUPERVISED = """
import sys
sys.path.insert(0, {project!r})
from partyschool.home.supervisor import Supervisor
supervisor = Supervisor()
try:
    supervisor.start("stubborn", ["sh", "-c", "(trap '' TERM; echo $$ >> {ids}; while :; do sleep 1; done) & exec sleep 1000"], {{}})
    supervisor.start("plain", ["sh", "-c", "echo $$ >> {ids}; exec sleep 1000"], {{}})
    print("running", flush=True)
    print("died:", supervisor.wait(), flush=True)
finally:
    supervisor.stop()
print("stopped", flush=True)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], Callable[[], list[int]]]]:
    """A supervisor with its processes, and a function that tells which of these still live."""
    ids = tmp_path / "ids"
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISED.format(project=str(PROJECT), ids=ids)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    wait_for(lambda: ids.exists() and len(ids.read_text().split()) == 2, 10, "both processes")

    def living() -> list[int]:
        return [
            pid
            for pid in map(int, ids.read_text().split())
            if Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes()
        ]

    assert len(living()) == 2
    yield process, living
    process.kill()
    for pid in living():
        os.kill(pid, signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_every_process_and_their_children(
    supervisor: tuple[subprocess.Popen[str], Callable[[], list[int]]], number: signal.Signals
) -> None:
    process, living = supervisor
    process.send_signal(number)
    output, _ = process.communicate(timeout=60)
    assert (process.returncode, output) == (0, "died: None\nstopped\n")
    assert living() == []


def test_process_that_dies_stops_the_others_and_is_named(
    supervisor: tuple[subprocess.Popen[str], Callable[[], list[int]]],
) -> None:
    process, living = supervisor
    os.kill(living()[-1], signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    assert output == "died: plain (status -9)\nstopped\n"
    assert living() == []


def test_kill_of_the_supervisor_ends_its_processes(
    supervisor: tuple[subprocess.Popen[str], Callable[[], list[int]]],
) -> None:
    process, living = supervisor
    plain = living()[-1]
    process.kill()
    process.wait()
    wait_for(lambda: plain not in living(), 10, "the process to end with its supervisor")
