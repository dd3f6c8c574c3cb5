"""What workers do for notices."""

import logging

from celery import shared_task

from partyschool.notices.services.mails import send_mails

log = logging.getLogger(__name__)


@shared_task(name="mails.send")
def send() -> None:
    """Send what is due in the outbox."""
    if sent := send_mails():
        log.info("mails: %s sent", sent)
