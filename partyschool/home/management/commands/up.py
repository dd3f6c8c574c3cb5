"""``manage.py up``: one machine's portal in the foreground, as ``make run`` starts it."""

from __future__ import annotations

import fcntl
import http.client
import os
import socket
import sys
from argparse import ArgumentParser
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from partyschool.home.demo.accounts import NAMES, PASSWORD
from partyschool.home.demo.school import ForeignData, found
from partyschool.home.heartbeat import broker, worker_alive
from partyschool.home.supervisor import Supervisor

READY_SECONDS = 180


class Command(BaseCommand):
    """Migrate, fill an empty database with the demo school, then run web server, worker and beat until Ctrl-C."""

    help = "Run the portal on this machine: migrations, demo school if empty, web server, worker and beat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Address and sizes."""
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))
        parser.add_argument("--workers", type=int, default=2, help="web processes")
        parser.add_argument("--threads", type=int, default=8, help="threads of each web process")
        parser.add_argument("--concurrency", type=int, default=2, help="children of the Celery worker")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until a signal comes or a process dies."""
        state = settings.BASE_DIR / "var"
        state.mkdir(exist_ok=True)
        with (state / "up.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise CommandError("The portal of this folder already runs.") from error
            _refuse_taken_port(options["host"], options["port"])
            supervisor = Supervisor()
            self._prepare()
            if not supervisor.stopping:
                self._run(supervisor, options)

    def _prepare(self) -> None:
        """Bring database and static files up to date."""
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        if settings.DEBUG and not _another_school():
            demo, finished = found()
            if not finished:
                call_command("demo", size=demo.size.name if demo else "small", stdout=self.stdout)
        connections.close_all()

    def _run(self, supervisor: Supervisor, options: dict[str, Any]) -> None:
        host, port = options["host"], options["port"]
        environment = {**os.environ, "C_FORCE_ROOT": "1"}  # tasks travel as JSON, so root is safe
        python = [sys.executable, "-m"]
        quiet = ["-W", "ignore:You're running the worker with superuser"]
        celery = [sys.executable, *quiet, "-m", "celery", "--quiet", "-A", "partyschool"]
        try:
            supervisor.start(
                "worker",
                [*celery, "worker", f"--concurrency={options['concurrency']}", "--loglevel=WARNING"],
                environment,
            )
            supervisor.start(
                "beat",
                [
                    *celery,
                    "beat",
                    "--loglevel=WARNING",
                    f"--schedule={settings.BASE_DIR / 'var/beat'}",
                    "--pidfile=",
                ],
                environment,
            )
            supervisor.start(
                "web server",
                [
                    *python,
                    "granian",
                    "--interface=wsgi",
                    f"--host={host}",
                    f"--port={port}",
                    f"--workers={options['workers']}",
                    f"--blocking-threads={options['threads']}",
                    # A thread takes its database connection with it: let threads live as long as connections.
                    "--blocking-threads-idle-timeout=600",
                    "--no-ws",
                    "--log-level=error",
                    "partyschool.wsgi:application",
                ],
                environment,
            )
            dead = supervisor.wait(lambda: _has_worker() and _is_ready(host, port), READY_SECONDS)
            if not dead and not supervisor.stopping:
                if not _is_ready(host, port):
                    raise CommandError(f"The portal was not ready after {READY_SECONDS} s: see /readyz.")
                self._announce(host, port)
                dead = supervisor.wait()
        finally:
            self.stdout.write("Stopping …")
            self.stdout.flush()
            supervisor.stop()
        if dead:
            raise CommandError(f"Stopped everything, because this process ended by itself: {dead}.")
        self.stdout.write("Stopped. The data are kept.")

    def _announce(self, host: str, port: int) -> None:
        """Print the address and, for the demo school, who can log in."""
        self.stdout.write(f"\nThe portal is ready: http://{host}:{port}/")
        if settings.DEBUG and not _another_school():
            self.stdout.write(f"Demo log-ins: {' '.join(NAMES)}")
            self.stdout.write(f"Password of all: {PASSWORD}")
        self.stdout.write("Ctrl-C stops everything; the data stay.\n")
        self.stdout.flush()
        connections.close_all()


def _another_school() -> bool:
    """Whether the database holds a school that is not the demo school."""
    try:
        found()
    except ForeignData:
        return True
    return False


def _refuse_taken_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(f"Port {port} is taken. Choose another: make run PORT=8001") from error


def _has_worker() -> bool:
    """Whether a worker has given a sign of life; asked first, so that the log is not filled by a `/readyz` that cannot be."""
    with broker() as client:
        return worker_alive(client)


def _is_ready(host: str, port: int) -> bool:
    """Whether ``/readyz`` says that database, broker, worker and migrations are all there."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    name = next((name for name in settings.ALLOWED_HOSTS if not name.startswith(("*", "."))), "localhost")
    try:
        connection.request("GET", "/readyz", headers={"Host": name, "X-Forwarded-Proto": "https"})
        return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
