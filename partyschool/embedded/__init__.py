"""PostgreSQL and a Redis-protocol broker for a machine on which nobody has set them up.

With ``DATABASE_URL`` / ``REDIS_URL`` set, nothing is started here. Else the servers live in the project's folder (``.embedded/``, or the
folder ``PARTYSCHOOL_EMBEDDED_DIR`` names) and listen on unix sockets only, in a folder that nobody else may enter. Their programs are those of the
machine, or else those of the wheels in ``requirements-embedded.txt``.

Every process that uses the servers holds a shared lock on ``users.lock`` until it ends; the last one stops them. A user that was killed drops its
lock with its life, so servers left over from a crash are found, used again and stopped by the next last user. Data always stays.

``python -m partyschool.embedded missing`` prints what has neither an address nor a program here; ``… stop`` stops both servers.
"""

from __future__ import annotations

import atexit
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from . import broker, postgres
from .errors import EmbeddedServerError
from .places import broker_url, database_settings, home, redis_url
from .programs import missing

__all__ = [
    "EmbeddedServerError",
    "broker_url",
    "database_settings",
    "ensure_running",
    "missing",
    "redis_url",
    "stop",
]

_lock_of_this_process: int | None = None


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
            postgres.start(fsync=fsync)
        if own_broker:
            broker.start(fsync=fsync)


def _leave(registered: int) -> None:
    """Stop the servers when no other process uses them. A forked child is not the one that registered."""
    if _lock_of_this_process is None or os.getpid() != registered:
        return
    with _alone(), suppress(BlockingIOError):
        fcntl.flock(_lock_of_this_process, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stop()


def stop() -> None:
    """Stop both embedded servers, whoever uses them; data stay."""
    broker.stop()
    postgres.stop()
