"""What `make run` promises of its processes: all run or none, and none outlives the supervisor."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import wait_for

pytestmark = pytest.mark.faults
PROJECT = Path(__file__).resolve().parents[2]

# Two processes; the first has a child of its own that ignores a polite end. All three write down their ids.
STUBBORN_CHILD = "trap '' TERM; echo $$ >> {ids}; while :; do sleep 1; done"
SUPERVISED = """
import sys
sys.path.insert(0, {project!r})
from partyschool.home.supervisor import Supervisor
supervisor = Supervisor()
try:
    supervisor.start("parent", ["sh", "-c", "sh {child} & echo $$ >> {ids}; exec sleep 1000"], {{}})
    supervisor.start("plain", ["sh", "-c", "echo $$ >> {plain}; exec sleep 1000"], {{}})
    print("running", flush=True)
    print("died:", supervisor.wait(), flush=True)
finally:
    supervisor.stop()
print("stopped", flush=True)
"""


class Supervised:
    """A supervisor in a process of its own, and those it has started."""

    def __init__(self, folder: Path) -> None:
        self.ids, self.plain = folder / "ids", folder / "plain"
        child = folder / "child.sh"
        child.write_text(STUBBORN_CHILD.format(ids=self.ids))
        code = SUPERVISED.format(project=str(PROJECT), child=child, ids=self.ids, plain=self.plain)
        self.output = folder / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code], stdout=output, start_new_session=True
            )
        wait_for(lambda: len(self.living()) == 3, 20, "three processes to run")

    def living(self) -> list[int]:
        """Ids of the started processes that still run."""
        written = " ".join(path.read_text() for path in (self.ids, self.plain) if path.exists())
        titles = {pid: Path(f"/proc/{pid}/cmdline") for pid in map(int, written.split())}
        return [pid for pid, title in titles.items() if title.exists() and title.read_bytes()]


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    """A running supervisor; nothing of it is left after the test."""
    supervised = Supervised(tmp_path)
    yield supervised
    supervised.process.kill()
    supervised.process.wait()
    for pid in supervised.living():
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_stops_every_process_and_their_children(
    supervised: Supervised, number: signal.Signals
) -> None:
    supervised.process.send_signal(number)
    assert supervised.process.wait(60) == 0
    assert supervised.output.read_text() == "running\ndied: None\nstopped\n"
    assert supervised.living() == []


def test_process_that_dies_stops_the_others_and_is_named(supervised: Supervised) -> None:
    os.kill(int(supervised.plain.read_text()), signal.SIGKILL)
    supervised.process.wait(60)
    assert supervised.output.read_text() == "running\ndied: plain (status -9)\nstopped\n"
    assert supervised.living() == []


def test_kill_of_the_supervisor_ends_what_it_started(supervised: Supervised) -> None:
    plain = int(supervised.plain.read_text())
    supervised.process.kill()
    supervised.process.wait()
    wait_for(lambda: plain not in supervised.living(), 10, "the process to end with its supervisor")
