"""Housekeeping of accounts."""

from celery import shared_task
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.utils.module_loading import import_string


@shared_task(name="accounts.clear_sessions")
def clear_sessions() -> None:
    """Remove sessions that have run out."""
    store: type[SessionBase] = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    store.clear_expired()
