"""Signs of life of the Celery workers, left in the broker: `/readyz` reads them without asking anybody to answer."""

from typing import Any

import redis
from celery.signals import heartbeat_sent
from django.conf import settings

# A worker's consumer sends a heartbeat every two seconds; one that is stuck or gone falls silent, and its sign runs out.
SILENCE_SECONDS = 15
KEY = "partyschool:worker"
TIMEOUT_SECONDS = 1


def broker() -> redis.Redis:
    """A connection to the broker that gives up after a second."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )


def worker_alive(connection: redis.Redis) -> bool:
    """Whether any worker gave a sign of life within the last `SILENCE_SECONDS`. Raises redis.RedisError."""
    return bool(connection.exists(KEY))


@heartbeat_sent.connect(dispatch_uid="home.heartbeat")
def leave_sign(**_signal: Any) -> None:
    """Say that this worker lives. Runs in the worker's main process, at each of its own heartbeats."""
    with broker() as connection:
        connection.set(KEY, "1", ex=SILENCE_SECONDS)
