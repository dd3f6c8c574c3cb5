"""Whether this process lives (`/healthz`) and whether the portal can serve (`/readyz`). Neither tells more than yes or no."""

import logging
from collections.abc import Callable
from functools import cache

import redis
from django.db import DatabaseError, connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from partyschool.accounts.policies import policy
from partyschool.home.heartbeat import broker, worker_alive

logger = logging.getLogger(__name__)

STATEMENT_TIMEOUT_MS = 2000


@policy(public=True)
@require_safe
@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is looked at."""
    return JsonResponse({"status": "ok"})


@policy(public=True)
@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """Database, migrations, broker and a worker are there: 200 if all are, else 503. Reasons go to the log alone."""
    parts = {**_database_parts(), **_broker_parts()}
    ready = all(parts.values())
    body = {
        "status": "ok" if ready else "unavailable",
        **{name: "ok" if up else "down" for name, up in parts.items()},
    }
    return JsonResponse(body, status=200 if ready else 503)


def _database_parts() -> dict[str, bool]:
    try:
        applied = _again_if_stale(_applied_migrations)
    except DatabaseError:
        logger.exception("the database does not answer")
        return {"database": False, "migrations": False}
    return {"database": True, "migrations": _known_migrations() <= applied}


def _broker_parts() -> dict[str, bool]:
    try:
        with broker() as client:
            return {"broker": bool(client.ping()), "worker": worker_alive(client)}
    except redis.RedisError:
        logger.exception("the broker does not answer")
        return {"broker": False, "worker": False}


def _applied_migrations() -> set[tuple[str, str]]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(STATEMENT_TIMEOUT_MS)])
        cursor.execute("SELECT app, name FROM django_migrations")
        return set(cursor.fetchall())


def _again_if_stale(read: Callable[[], set[tuple[str, str]]]) -> set[tuple[str, str]]:
    """`read()`, once more on a new connection if the kept one turns out to be dead: the server may have been restarted."""
    try:
        return read()
    except DatabaseError:
        if connection.is_usable():
            raise
        connection.close()
        return read()


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    """The migrations of the code that runs; it does not change while the process lives."""
    return frozenset(MigrationLoader(None).disk_migrations)
