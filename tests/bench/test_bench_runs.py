"""Every benchmark still runs from beginning to end and tells its ratios; how fast is for `make bench` to say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((PROJECT / "bench").glob("[!_]*.py"))
SECONDS = 300
RATIO = re.compile(r"^ratio  (.+?) +([\d,]+\.\d\d)  required [≤≥] [\d,.]+  not judged$", re.MULTILINE)
TOLD = {
    "close_year.py": [
        "close_year / bare SQL, first",
        "close_year / bare SQL, again",
        "simulation / close_year, first",
    ],
    "draw.py": [
        "random_serial: time per person, large / small",
        "by_time: time per person, large / small",
    ],
    "imports.py": [
        "rows/s of a check / calamine alone, new",
        "rows/s of a check / calamine alone, mixed",
    ],
    "lists.py": [
        "credit entries, newest first, whole school: page 5 / 1",
        *(
            f"results by {order}, {who}: page {deepest} / 1"
            for who, deepest in (("one department", 3), ("whole school", 5))
            for order in ("name", "unit", "least", "most")
        ),
        *(
            f"admin/{path}: rows read"
            for path in (
                "trainees/creditentry",
                "trainees/creditentry/?year=2021",
                "trainees/yearlyassessment",
                "trainees/yearlyassessment/?year=2021",
                "trainees/enrolment",
                "audit/auditevent",
            )
        ),
    ],
    "reports.py": [
        *(
            f"pages/s of a {kind}: the portal / {rival}"
            for kind in ("notice", "list")
            for rival in ("WeasyPrint", "fpdf2", "typst")
        ),
        "packets/s: two workers / one",
    ],
    "seat_rush.py": [
        "seat claims (win) / no-op POST",
        "seat claims (rush) / no-op POST",
        "one hot topic / eight topics",
        "slowest hundredth of claims, seconds",
    ],
}


def folders() -> set[Path]:
    return set(PROJECT.glob(".embedded-bench-*"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_quick_run_tells_every_ratio_and_leaves_nothing(script, tmp_path):
    before = folders()
    # Into files, not pipes: a server left behind would hold a pipe open, and the test would wait for its end for ever.
    output, errors = tmp_path / "output", tmp_path / "errors"
    with output.open("w") as out, errors.open("w") as err:
        done = subprocess.run(
            [sys.executable, script, "--quick"],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            timeout=SECONDS,
            check=False,
        )
    assert (done.returncode, errors.read_text()) == (0, "")
    assert [name for name, _value in RATIO.findall(output.read_text())] == TOLD[script.name]
    assert folders() - before == set()


def test_every_benchmark_is_known_here():
    assert {script.name for script in SCRIPTS} == set(TOLD)
