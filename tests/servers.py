"""The servers of the tests: those of ``DATABASE_URL`` / ``REDIS_URL`` when set, else embedded ones in ``.embedded-test/``.

Each xdist worker has its own database and its own database number at the broker. A plugin (``-p tests.servers``) that works when it is
imported: in xdist workers pytest-django reads the settings before any conftest is there, and would read the broker of another worker.
"""

import os
import re
from pathlib import Path

from partyschool import embedded

PROJECT = Path(__file__).resolve().parent.parent


def numbered(url: str, number: int) -> str:
    """The same broker, another database of it."""
    if url.startswith("unix://"):
        return f"{url.partition('?')[0]}?db={number}"
    return re.sub(r"^(rediss?://[^/]+)(/\d*)?", rf"\1/{number}", url)


def start() -> None:
    """Start the servers and point the settings to them."""
    # A fresh clone has collected no static files yet, and WhiteNoise warns of a folder that is not there.
    (PROJECT / "build" / "static").mkdir(parents=True, exist_ok=True)
    if not os.environ.get("DATABASE_URL"):
        os.environ.setdefault("PARTYSCHOOL_EMBEDDED_DIR", str(PROJECT / ".embedded-test"))
    embedded.ensure_running(fsync=False)
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    os.environ["REDIS_URL"] = numbered(embedded.redis_url(), worker)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "partyschool.settings")
    # Playwright keeps an event loop in the thread of the test, which then looks asynchronous to Django.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


start()
