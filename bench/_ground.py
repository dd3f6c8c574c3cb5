"""The ground every benchmark stands on: servers and a database of its own, gone when it ends, and one way to print a result.

Import nothing of the portal's before `begin()`: it decides which settings and servers the process sees.
"""

import argparse
import atexit
import os
import secrets
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))
DATABASE = f"bench_{os.getpid()}"


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument(
        "--quick", action="store_true", help="few rows and one round: shows that it runs, measures nothing"
    )
    return made


def begin(*, quick: bool) -> None:
    """Start servers of this process's own (or use those of DATABASE_URL and REDIS_URL) and set Django up as in production."""
    folder = Path(tempfile.mkdtemp(prefix=".embedded-bench-", dir=PROJECT))
    os.environ |= {
        "PARTYSCHOOL_EMBEDDED_DIR": str(folder),
        "FILES_ROOT": str(folder / "files"),
        "DATABASE_NAME": DATABASE,
        "DJANGO_SETTINGS_MODULE": "bench._settings",
        "PYTHONPATH": str(PROJECT),
        "DEBUG": "off",
        "SECRET_KEY": secrets.token_hex(32),
        "ALLOWED_HOSTS": "localhost",
        "HTTPS": "off",
    }
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    atexit.register(_remove, folder)  # before the servers register their own end, so that it comes after it

    import django

    from partyschool import embedded

    embedded.ensure_running(fsync=not quick)
    django.setup()


def _remove(folder: Path) -> None:
    """The servers' folders, wherever they had to lie."""
    from partyschool.embedded import places

    data, sockets = (
        places.noted_folder("data.path", folder / "postgres"),
        places.noted_folder("sockets.path", folder / "run"),
    )
    outside = [data.parent if data.parent.name.startswith("partyschool-") else data, sockets]
    for one in (*outside, folder):
        shutil.rmtree(one, ignore_errors=True)


@contextmanager
def database() -> Iterator[None]:
    """A fresh database with the real migrations, so that every trigger, constraint and index is there; dropped at the end."""
    from django.core.management import call_command
    from django.db import connection

    drop = f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)'
    with connection._nodb_cursor() as cursor:
        cursor.execute(drop)
        cursor.execute(f'CREATE DATABASE "{DATABASE}"')
    try:
        call_command("migrate", interactive=False, verbosity=0)
        yield
    finally:
        connection.close()
        with connection._nodb_cursor() as cursor:
            cursor.execute(drop)


def timed(work: Callable[[], object]) -> float:
    """Seconds that `work` takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def in_turn(works: dict[str, Callable[[], object]], *, rounds: int) -> dict[str, list[float]]:
    """Seconds of each of `works`, round by round, every second round backwards, so that a slow moment hits them all."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name in list(works)[:: -1 if number % 2 else 1]:
            taken[name].append(timed(works[name]))
    return taken


def ratio_of(taken: list[float], base: list[float]) -> float:
    """The median of the ratios of each round."""
    return statistics.median(one / other for one, other in zip(taken, base, strict=True))


class Verdict:
    """Prints results beside what is required of them, and remembers whether all are met."""

    def __init__(self, *, quick: bool) -> None:
        self.quick, self.met = quick, True

    def tell(self, what: str, value: float, *, most: float | None = None, least: float | None = None) -> None:
        """One line: what was measured, and the bound it must keep (none: only told)."""
        good = (most is None or value <= most) and (least is None or value >= least)
        bounds = [f"{sign} {bound:,g}" for sign, bound in (("≤", most), ("≥", least)) if bound is not None]
        judged = "not judged" if self.quick else "ok" if good else "MISSED"
        required = f"  required {' and '.join(bounds)}  {judged}" if bounds else ""
        print(f"ratio  {what:<58} {value:>9,.2f}{required}", flush=True)
        self.met = self.met and good

    def leave(self) -> None:
        """End the process: status 1 when a bound was missed. A quick run measures nothing, so it misses none."""
        sys.exit(0 if self.met or self.quick else 1)
