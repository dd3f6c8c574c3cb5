"""A process that draws documents with one engine, as often as it is told: `python bench/_drawing.py ENGINE CONTENT.json FONTS`.

Runs in whatever environment has the engine, so it imports nothing else of the project's. CONTENT.json holds for each kind of document
its contents, each unlike the others. Reads lines of JSON {"kind", "first", "count"} from standard input and answers each with one:
{"seconds", "cpu", "bytes", "memory"}: elapsed and processor seconds (of all threads), bytes of the documents drawn,
and the most MB the process has held so far. With "keep" the last document is written to that path.
"""

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any


def most_memory() -> float:
    """MB held at the highest; `getrusage` would tell of the process that started this one as well."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def main() -> None:
    engine, content, fonts = sys.argv[1:]
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    contents: dict[str, list[Any]] = json.loads(Path(content).read_text())
    draw = importlib.import_module(f"_drawn_by_{engine}").start(Path(fonts), contents)
    for line in sys.stdin:
        told = json.loads(line)
        kind, first, count = told["kind"], told["first"], told["count"]
        number = len(contents[kind])
        began, cpu = time.perf_counter(), time.process_time()
        drawn = [draw(kind, (first + index) % number) for index in range(count)]
        answer = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
        answer["bytes"] = sum(map(len, drawn))
        answer["memory"] = most_memory()
        if "keep" in told:
            Path(told["keep"]).write_bytes(drawn[-1])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
