"""What documents and whole builds of reports cost, beside the same documents made by WeasyPrint, fpdf2 and typst.

Documents: the notice of a packet (360 cadres, 18 units, 40 who failed, three charts, QR code) and the list of 500 who failed. Each engine draws
the same words in the same fonts with the same lines, bars, boxes and code, in a process of its own that stays; each document has other
figures and names. Per round, in turn. Told are pages a second of one worker, that is of processor time (engines with several threads
would else take two cores), and pages as the portal counts them, so that an engine that fits less on a page gains nothing. The portal must
make 8 times as many as WeasyPrint, more than fpdf2 and 0.9 of typst's. Told besides: a new process's first document of two pages, and memory.

Builds: a sealed year of 5,000 cadres in units of 100 and departments of 1,000, by one worker and by two; two must be 1.7 times as fast where
there are two free cores. What 100,000 would take is 20 times that: packets are of the same size, there are only more of them.

The other engines are installed once, into an environment of their own (requirements-bench.txt).
"""

import hashlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import _ground

ENGINES = ("portal", "weasyprint", "fpdf2", "typst")
LEAST = {"weasyprint": 8.0, "fpdf2": 1.0, "typst": 0.9}
NAMES = {"portal": "the portal", "weasyprint": "WeasyPrint", "fpdf2": "fpdf2", "typst": "typst"}
TWO_WORKERS = 1.7
PROVINCE = 100_000
HOME = _ground.PROJECT / "build" / "bench"
NEEDED = _ground.PROJECT / "requirements-bench.txt"


def rivals() -> Path:
    """The Python that has the other engines; made and filled at the first call and whenever their versions change."""
    python, stamp = HOME / "bin" / "python", HOME / "stamp"
    wanted = hashlib.sha256(NEEDED.read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        subprocess.run(
            [".ci/install", "-r", NEEDED],
            cwd=_ground.PROJECT,
            env={**os.environ, "INTO": str(HOME)},
            check=True,
        )
        ready = subprocess.run([python, "-c", "import weasyprint"], capture_output=True, check=False)
        if ready.returncode:  # it draws with Pango, which is no Python package
            subprocess.run(
                [_ground.PROJECT / ".ci" / "apt", "libpangoft2-1.0-0", "libharfbuzz-subset0"], check=True
            )
        stamp.write_text(wanted)
    return python


class Engine:
    """A process that draws with one engine."""

    def __init__(self, name: str, content: Path, fonts: Path, python: Path) -> None:
        self.begun = time.perf_counter()
        self.process = subprocess.Popen(
            [python, _ground.PROJECT / "bench" / "_drawing.py", name, content, fonts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def draw(self, kind: str, first: int, count: int, **more: str) -> dict[str, Any]:
        assert self.process.stdin
        assert self.process.stdout
        print(
            json.dumps({"kind": kind, "first": first, "count": count, **more}),
            file=self.process.stdin,
            flush=True,
        )
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer

    def end(self) -> None:
        self.process.communicate()


def contents(documents: int, small: bool) -> dict[str, list[Any]]:
    from bench._documents import annex, notice, plain_list, plain_notice

    return {
        "notice": [plain_notice(notice(index, small=small)) for index in range(documents)],
        "list": [plain_list(annex(index, small=small)) for index in range(documents)],
        "page": [plain_notice(notice(0, small=True))],
        "small": [small],
    }


def pages_of(path: Path) -> int:
    from pypdf import PdfReader

    return len(PdfReader(path).pages)


def documents(folder: Path, options: Any, verdict: _ground.Verdict) -> None:
    """Draw with every engine, in turn, and tell."""
    from django.conf import settings

    content = folder / "content.json"
    content.write_text(json.dumps(contents(options.documents, options.quick), ensure_ascii=False))
    pythons = dict.fromkeys(ENGINES, rivals()) | {"portal": Path(sys.executable)}
    engines: dict[str, Engine] = {}
    for name in ENGINES:
        engines[name] = Engine(name, content, Path(settings.FONT_DIR), pythons[name])
        engines[name].draw("page", 0, 1)
        print(
            f"  {NAMES[name]:<11} first document of a new process: {time.perf_counter() - engines[name].begun:.2f} s",
            flush=True,
        )
    for kind in ("notice", "list"):
        taken: dict[str, list[float]] = {name: [] for name in ENGINES}
        told: dict[str, dict[str, Any]] = {}
        for name in () if options.quick else ENGINES:
            engines[name].draw(kind, 0, 1)  # warms caches
        for number in range(options.rounds):
            for name in ENGINES[:: -1 if number % 2 else 1]:
                # The slow ones draw fewer, so that a round takes no engine an age.
                count = options.documents if name in {"portal", "typst"} else 1
                told[name] = engines[name].draw(kind, number + 1, count, keep=str(folder / f"{name}.pdf"))
                taken[name].append(told[name]["cpu"] / count)
                told[name]["each"] = told[name]["bytes"] / count
        pages = {name: pages_of(folder / f"{name}.pdf") for name in ENGINES}
        for name in ENGINES:
            middle = statistics.median(taken[name])
            print(
                f"  {kind:<7} {NAMES[name]:<11} {pages['portal'] / middle:>8,.1f} pages/s  {1000 * middle:>8,.1f} ms a document of {pages[name]} "
                f"pages, {told[name]['each'] / 1024:,.0f} kB; memory {told[name]['memory']:,.0f} MB",
                flush=True,
            )
        for rival, least in LEAST.items():
            ratio = _ground.ratio_of(taken[rival], taken["portal"])
            verdict.tell(f"pages/s of a {kind}: the portal / {NAMES[rival]}", ratio, least=least)
    for engine in engines.values():
        engine.end()


def builds(folder: Path, options: Any, verdict: _ground.Verdict) -> None:
    """Build a year with one worker, then with two, and tell."""
    from bench import _building

    with _ground.database(), ExitStack() as until_the_end:
        user = _building.load(options.cadres, options.entries)
        taken: dict[int, list[float]] = {1: [], 2: []}
        packets = size = 0
        first = until_the_end.enter_context(_building.worker("first", folder))
        for number in range(options.rounds):
            seconds, packets, size = _building.build(user)
            taken[1].append(seconds)
            with _building.worker(f"second{number}", folder):
                taken[2].append(_building.build(user)[0])
        cpu, peak = _building.cpu_and_memory(first)
        for workers, times in taken.items():
            middle, each = statistics.median(times), ", ".join(f"{one:.2f}" for one in times)
            rate = options.cadres / middle
            print(
                f"  {workers} worker{'s' if workers > 1 else ''}: {options.cadres:,} cadres, {packets} packets, {size / 2**20:.1f} MB in {middle:.2f} s "
                f"({each}): {rate:,.0f} cadres/s, {packets / middle:.1f} packets/s; 100,000 cadres in {PROVINCE / rate / 60:.1f} min"
            )
        print(f"  the first worker: {cpu:.1f} s of processor time, memory at its highest {peak:,.0f} MB")
        verdict.tell("packets/s: two workers / one", _ground.ratio_of(taken[1], taken[2]), least=TWO_WORKERS)


def main() -> None:
    parser = _ground.parser(__doc__)
    parser.add_argument("--documents", type=int, default=16, help="of each kind, each unlike the others")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cadres", type=int, default=5_000)
    parser.add_argument("--entries", type=int, default=20, help="of each cadre")
    parser.add_argument("--only", choices=("documents", "builds"), help="one half of it")
    options = parser.parse_args()
    if options.quick:
        options.documents, options.rounds, options.cadres, options.entries = 1, 1, 20, 2
    _ground.begin(quick=options.quick)
    verdict = _ground.Verdict(quick=options.quick)
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        if options.only != "builds":
            documents(Path(made), options, verdict)
        if options.only != "documents":
            builds(Path(made), options, verdict)
    verdict.leave()


if __name__ == "__main__":
    main()
