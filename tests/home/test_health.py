"""`/healthz` and `/readyz`, with the parts of the portal really there and really gone."""

import psycopg2
import pytest
from django.db import connection
from django.test import Client

from partyschool.home.heartbeat import KEY, broker
from tests.waiting import wait_for

ALL_UP = {"status": "ok", "database": "ok", "migrations": "ok", "broker": "ok", "worker": "ok"}


def ready(client: Client) -> tuple[int, dict[str, str]]:
    response = client.get("/readyz")
    return response.status_code, response.json()


@pytest.fixture
def sign_of_life():
    """What a worker leaves; see the test with a real one."""
    with broker() as client:
        client.set(KEY, "1", ex=60)
        yield
        client.delete(KEY)


@pytest.fixture
def no_sign_of_life():
    with broker() as client:
        client.delete(KEY)


def test_healthz_needs_nothing_but_the_process(client):
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db
def test_ready_when_everything_is_there(client, sign_of_life, django_assert_num_queries):
    with django_assert_num_queries(4):  # savepoint, time-out, migrations, release
        assert ready(client) == (200, ALL_UP)


@pytest.mark.django_db
def test_not_ready_without_a_worker(client, no_sign_of_life):
    assert ready(client) == (503, ALL_UP | {"status": "unavailable", "worker": "down"})


@pytest.mark.django_db(transaction=True)
def test_ready_with_a_real_worker(client, no_sign_of_life, worker):
    wait_for(lambda: ready(client)[0] == 200, 20, "the worker's sign of life")


@pytest.mark.django_db
def test_not_ready_with_a_migration_to_run(client, sign_of_life):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'budget' AND name LIKE '0002%'")
    assert ready(client) == (503, ALL_UP | {"status": "unavailable", "migrations": "down"})


@pytest.mark.django_db
def test_not_ready_without_the_broker(client, settings, tmp_path):
    settings.REDIS_URL = f"unix://{tmp_path / 'nobody.sock'}"
    assert ready(client) == (503, ALL_UP | {"status": "unavailable", "broker": "down", "worker": "down"})


def database_shut(shut: bool) -> None:
    """Shut the test database to everybody and end its sessions, or open it again."""
    target = connection.settings_dict
    own = psycopg2.connect(
        dbname="postgres",
        user=target["USER"] or None,
        password=target["PASSWORD"] or None,
        host=target["HOST"],
        port=target["PORT"] or None,
    )
    own.autocommit = True
    with own.cursor() as cursor:
        cursor.execute(
            f'ALTER DATABASE "{target["NAME"]}" WITH ALLOW_CONNECTIONS {"false" if shut else "true"}'
        )
        if shut:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [target["NAME"]]
            )
    own.close()


@pytest.mark.django_db(transaction=True)
def test_not_ready_without_the_database_and_ready_again_with_it(client, sign_of_life):
    assert ready(client)[0] == 200
    database_shut(True)
    try:
        assert ready(client) == (
            503,
            ALL_UP | {"status": "unavailable", "database": "down", "migrations": "down"},
        )
        assert client.get("/healthz").status_code == 200
    finally:
        database_shut(False)
    assert ready(client) == (200, ALL_UP)


@pytest.mark.django_db
def test_probes_are_not_sent_to_tls_and_ask_nobody_to_log_in(settings, sign_of_life):
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    client = Client()
    assert client.get("/healthz").status_code == 200
    assert ready(client)[0] == 200
    assert client.get("/").status_code == 301


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_probes_only_answer_questions(client, path):
    assert client.post(path).status_code == 405
