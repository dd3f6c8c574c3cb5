"""Thin Celery tasks of the audit log."""

from celery import shared_task

from partyschool.audit.services.seals import seal_events


@shared_task(name="audit.seal")
def seal() -> None:
    """Seal what was written since the last time."""
    seal_events()
