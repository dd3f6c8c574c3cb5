"""The same results give the same bytes, in whatever process, hash seed, time zone and language they are set."""

import os
import subprocess
import sys
from pathlib import Path

from django.conf import settings

HERE = Path(__file__)
UNLIKE = (
    {"PYTHONHASHSEED": "1", "TZ": "UTC", "LANG": "C", "LC_ALL": "C"},
    {"PYTHONHASHSEED": "4242", "TZ": "America/New_York", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"},
)


def hashes(**unlike: str) -> list[str]:
    """Lines "edition kind part sha256" of a process of its own."""
    run = subprocess.run(
        [sys.executable, str(HERE.with_name("reports_made_apart.py"))],
        cwd=settings.BASE_DIR,
        env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR), **unlike},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return run.stdout.splitlines()


def test_final_interim_and_correction_are_the_same_bytes_in_two_processes():
    one, other = (hashes(**unlike) for unlike in UNLIKE)
    assert len(one) == 27
    assert len({line.split()[-1] for line in one}) == 21  # an annex is the same whatever the notice's kind
    assert one == other
