"""Where the embedded servers live and listen, and the addresses that follow from it."""

from __future__ import annotations

import os
import pwd
import re
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

PROJECT = Path(__file__).resolve().parents[2]
DATABASE = OWNER = "partyschool"
LONGEST_SOCKET_PATH = 107  # bytes: sun_path of Linux, less its closing zero


def nobody() -> pwd.struct_passwd:
    """The account without rights that stands in for root where nothing better is allowed."""
    return pwd.getpwnam("nobody")


def home() -> Path:
    """The folder of the embedded servers; made private on first use."""
    folder = Path(os.environ.get("PARTYSCHOOL_EMBEDDED_DIR") or PROJECT / ".embedded").absolute()
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def noted_folder(name: str, default: Path) -> Path:
    """The folder noted in the file ``name`` of the home, when it exists and still is ours, else ``default``."""
    with suppress(FileNotFoundError):
        folder = Path((home() / name).read_text(encoding="utf-8"))
        # A folder under /tmp may have been swept away and made again by someone else.
        if folder.is_dir() and folder.stat().st_uid in {os.geteuid(), nobody().pw_uid}:
            return folder
    return default


def note_folder(name: str, folder: Path) -> Path:
    """Note ``folder`` for `noted_folder`, and return it."""
    (home() / name).write_text(str(folder), encoding="utf-8")
    return folder


def sockets() -> Path:
    """The private folder of the two sockets: in the home, or a temporary one where the home's path cannot be a socket's.

    It cannot when it is too long, or has a comma, which PostgreSQL's clients take for the end of a host.
    """
    folder = noted_folder("sockets.path", home() / "run")
    if len(os.fsencode(folder / ".s.PGSQL.5432")) > LONGEST_SOCKET_PATH or "," in str(folder):
        folder = note_folder("sockets.path", Path(tempfile.mkdtemp(prefix="partyschool-")))
    return folder


def database_settings() -> dict[str, object]:
    """One entry of Django's ``DATABASES``: ``DATABASE_URL`` when set, else the embedded server.

    ``DATABASE_NAME`` chooses another database of the same server.
    """
    name = os.environ.get("DATABASE_NAME")
    if url := os.environ.get("DATABASE_URL"):
        import environ  # noqa: PLC0415 - the embedded servers need no package

        settings = dict(environ.Env.db_url_config(url))
        return settings | {"NAME": name} if name else settings
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name or DATABASE,
        "USER": OWNER,
        "HOST": str(sockets()),
        "PORT": "5432",
    }


def redis_url() -> str:
    """The broker's address as redis-py takes it: ``REDIS_URL`` when set, else the embedded server."""
    return os.environ.get("REDIS_URL") or f"unix://{quote(str(sockets() / 'broker.sock'))}"


def broker_url() -> str:
    """The broker's address as Celery takes it, which has other names for a unix socket and its database number."""
    return re.sub(
        r"^unix://(.*?)(\?db=(\d+))?$",
        lambda m: f"redis+socket://{m[1]}?virtual_host={m[3] or 0}",
        redis_url(),
    )
