"""What checking a file of 20,000 cadres costs beside calamine reading the same file and doing nothing with it.

In a database made by the real migrations, with as many cadres registered already. Per round, in turn: calamine alone, in this process;
then the whole check as a job does it (hash, decryption, the reading process, every cell judged, comparison with the register, preview
stored): of a file in which everybody is new, and of one in which half of them are unchanged, a quarter changed and a quarter new. Rows
a second of a check must be at least 0.3 of calamine's. Told besides: a file with a fault in every tenth row, with its marked-up copy;
taking the file over; undoing it; memory at its highest.
"""

import io
import json
import resource
import statistics
import subprocess
import sys
from dataclasses import asdict
from datetime import date
from typing import Any

import _ground

LEAST = 0.3
DAY = date(2025, 6, 2)
MB = 1 << 20


def people(count: int, first: int, units: int, **fields: Any) -> list[dict[str, Any]]:
    from tests.factories.imports import person

    return [
        person(
            first + index,
            f"B{index % units:05d}",
            name=f"张晓{chr(0x4E00 + index % 3000)}",
            post=f"{index % 60}科科长",
            **fields,
        )
        for index in range(count)
    ]


def load(count: int) -> dict[str, Any]:
    """A register of `count` cadres, taken over from a file itself, and the files to be checked."""
    from bench._load import make_tree
    from partyschool.accounts.enums import Role
    from partyschool.accounts.models import Unit
    from tests.factories.accounts import make_user
    from tests.factories.imports import workbook
    from trainees.services.import_commits import commit_import

    make_tree(10, 100)
    leaves = list(Unit.objects.filter(numchild=0).order_by("pk"))
    for index, unit in enumerate(leaves):
        unit.code = f"B{index:05d}"
    Unit.objects.bulk_update(leaves, ["code"])
    staff = make_user(Role.STAFF)
    units = len(leaves)
    known = people(count, 0, units)
    found = check(workbook(known), staff)
    commit_import(import_id=found.pk, by=staff)
    half, quarter = count // 2, count // 4
    changed = [row | {"post": "局长", "posted_on": "2025-05-01"} for row in known[half : half + quarter]]
    wrong = [
        row | ({"rank": "?"} if index % 10 == 0 else {})
        for index, row in enumerate(people(count, 2 * count, units))
    ]
    return {
        "staff": staff,
        "new": workbook(people(count, count, units)),
        "mixed": workbook([*known[:half], *changed, *people(count - half - quarter, 3 * count, units)]),
        "wrong": workbook(wrong),
    }


def check(content: bytes, staff: Any) -> Any:
    from trainees.services.imports import check_import, hand_in_file

    found = hand_in_file(name="bench.xlsx", content=content, unit_id=None, effective_on=DAY, by=staff)
    return check_import(import_id=found.pk, by=staff)


def calamine(content: bytes) -> None:
    import python_calamine

    python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()


def measure(values: dict[str, Any], rounds: int) -> dict[str, list[float]]:
    from trainees.services.imports import check_import, hand_in_file

    staff = values["staff"]
    taken: dict[str, list[float]] = {}
    for _round in range(rounds):
        for kind in ("new", "mixed", "wrong"):
            content = values[kind]
            found = hand_in_file(name="bench.xlsx", content=content, unit_id=None, effective_on=DAY, by=staff)
            works = {
                f"calamine, {kind}": lambda content=content: calamine(content),
                f"check, {kind}": lambda found=found: check_import(import_id=found.pk, by=staff),
            }
            for name, work in works.items():
                taken.setdefault(name, []).append(_ground.timed(work))
    return taken


def walk(values: dict[str, Any]) -> dict[str, float]:
    """Taking the mixed file over, and undoing it."""
    from trainees.services.import_commits import commit_import, undo_import

    found = check(values["mixed"], values["staff"])
    return {
        "taking over": _ground.timed(lambda: commit_import(import_id=found.pk, by=values["staff"])),
        "undoing": _ground.timed(lambda: undo_import(import_id=found.pk, by=values["staff"])),
    }


ASKED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdin=sys.stdin, stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def memory() -> float:
    """MB that this process has held at the highest."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MB


def memory_of_reading(content: bytes) -> float:
    """MB that the process which reads `content` holds at the highest, asked of a small process that starts it."""
    from partyschool.common.sheets import CHILD, Limits

    command = [
        sys.executable,
        "-I",
        "-c",
        ASKED,
        sys.executable,
        "-I",
        str(CHILD),
        json.dumps(asdict(Limits())),
    ]
    told = subprocess.run(command, input=content, capture_output=True, check=True).stdout
    return int(told) * 1024 / MB


def main() -> None:
    parser = _ground.parser(__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    if options.quick:
        options.rows, options.rounds = 200, 1
    _ground.begin(quick=options.quick)
    verdict = _ground.Verdict(quick=options.quick)
    with _ground.database():
        values = load(options.rows)
        size = len(values["new"]) / MB
        print(f"{options.rows:,} people in a file of {size:.1f} MB, as many on the register")
        before = memory()
        taken = measure(values, options.rounds)
        for name, times in taken.items():
            middle, each = statistics.median(times), ", ".join(f"{one:.2f}" for one in times)
            print(f"  {name:<16} {middle:6.2f} s  ({each})  {options.rows / middle:>10,.0f} rows/s")
        for name, seconds in walk(values).items():
            print(f"  {name:<16} {seconds:6.2f} s  {options.rows / seconds:>10,.0f} rows/s")
        own, reading = memory(), memory_of_reading(values["new"])
        print(
            f"  memory at its highest: {own:,.0f} MB ({own - before:,.0f} more than before); reading process: {reading:,.0f} MB"
        )
        for kind in ("new", "mixed"):
            ratio = _ground.ratio_of(taken[f"calamine, {kind}"], taken[f"check, {kind}"])
            verdict.tell(f"rows/s of a check / calamine alone, {kind}", ratio, least=LEAST)
    verdict.leave()


if __name__ == "__main__":
    main()
