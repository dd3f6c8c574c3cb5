"""Which files of tests begin first, so that all workers of a run end together: a file is one worker's, and the longest would else come last."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

# The longest first. What waits for the deaths of processes stands between what computes: beside each other they use the machine well.
FIRST = (
    "tests/faults/test_jobs_killed.py",
    "tests/faults/test_hostile_forms.py",
    "tests/faults/test_hostile_addresses.py",
    "tests/access/test_matrix.py",
    "tests/faults/test_report_killed.py",
    "tests/bench/test_bench_runs.py",
    "tests/faults/test_hostile_text.py",
    "tests/concurrency/test_electives_machine.py",
    "tests/browser/test_school_year.py",
    "tests/browser/test_accessibility.py",
    "tests/browser/test_conduct_and_record.py",
    "tests/faults/test_draw_killed.py",
    "tests/faults/test_bad_input.py",
    "tests/home/test_demo.py",
    "tests/accounts/test_unit_machine.py",
    "tests/concurrency/test_storm.py",
    "tests/home/test_health.py",
    "tests/faults/test_embedded_servers.py",
    "tests/trainees/test_assignment_machine.py",
    "tests/trainees/test_draw_checks.py",
    "tests/home/test_demo_draws.py",
)


def gone() -> list[str]:
    """Names in `FIRST` that are no file any more."""
    return [name for name in FIRST if not (PROJECT / name).is_file()]


def place(path: Path) -> int:
    """Where a file of tests stands; all that are not named stand together at the end, in whatever order they had."""
    name = path.relative_to(PROJECT).as_posix()
    return FIRST.index(name) if name in FIRST else len(FIRST)
