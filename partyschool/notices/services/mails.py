"""The outbox: mails that say no more than that there is a notice, and where."""

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import WrongState
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.notices.enums import MailState
from partyschool.notices.models import OutgoingMail

log = logging.getLogger(__name__)

ATTEMPTS_MOST = 8
"""With a pause that doubles from two minutes on, the last attempt is about four hours after the first."""
AT_ONCE = 200
DEAD_AFTER = timedelta(minutes=15)


class NotFailed(WrongState):
    """A mail goes out once: only one that failed is sent again, by hand."""

    code = "mail_not_failed"
    title = gettext_lazy("This mail did not fail")
    remedy = gettext_lazy("Only a mail that failed can be sent again. One that waits goes out by itself.")


class Unreachable(Exception):
    """The mail server cannot be reached: the others need not be tried now."""


def send_mails(*, now: datetime | None = None) -> int:
    """Send what is due in the outbox, at most `AT_ONCE`; returns how many were sent.

    A mail goes out once: it is claimed before it is sent, and one whose sender died, or whose server fell silent half-way, is not sent
    again but marked failed, since it may have arrived; the notice itself is in the portal in any case. What a server refuses for now,
    or cannot be reached for, is tried again later, each time after twice the pause.
    Concurrency: no lock is held while sending; one conditional UPDATE claims a mail.
    """
    if not settings.MAIL_ON:
        return 0
    with translation.override(settings.LANGUAGE_CODE):
        return _send_due(now or clock.now())


def resend_mail(*, mail_id: int, by: User, now: datetime | None = None) -> OutgoingMail:
    """Put a mail that failed back into the outbox, to be sent with the next round, with all its attempts before it again.

    Raises `NotFailed` for one that waits, is being sent or was sent, `Busy`. Concurrency: locks the mail.
    """
    at = now or clock.now()
    with locking_transaction():
        mail = lock_row(OutgoingMail, mail_id)
        if mail.state != MailState.FAILED:
            raise NotFailed(mail.get_state_display())
        data = {"error": mail.error, "attempts": mail.attempts}
        mail.state, mail.attempts, mail.next_at, mail.error = MailState.WAITING, 0, at, ""
        mail.save(update_fields=["state", "attempts", "next_at", "error"])
        record_event(action="mail.resend", subject=mail, by=by, data=data, now=at)
    return mail


def _send_due(at: datetime) -> int:
    mails = OutgoingMail.objects.unscoped("the portal sends everybody's mails")
    mails.filter(state=MailState.SENDING, next_at__lte=at).update(
        state=MailState.FAILED, error=_("interrupted while being sent; it may have arrived")
    )
    due = mails.filter(state=MailState.WAITING, next_at__lte=at).order_by("next_at", "pk")
    keys = list(due.values_list("pk", flat=True)[:AT_ONCE])
    if not keys:
        return 0
    connection, sent = get_connection(timeout=settings.EMAIL_TIMEOUT), 0
    try:
        for pk in keys:
            sent += _send_one(pk, connection, at)
    except Unreachable as fault:
        log.warning("mails wait, the server cannot be reached: %s", type(fault.__cause__).__name__)
    finally:
        connection.close()
    return sent


def _send_one(pk: int, connection: Any, now: datetime) -> bool:
    """Claim and send one mail; whether it went out. Raises `Unreachable`."""
    mails = OutgoingMail.objects.unscoped("one claimed mail").filter(pk=pk)
    claimed = mails.filter(state=MailState.WAITING, next_at__lte=now).update(
        state=MailState.SENDING, next_at=now + DEAD_AFTER
    )
    if not claimed:
        return False
    mail = mails.select_related("notice__recipient").get()
    if not (mail.notice.recipient.is_active and mail.notice.recipient.email):
        _end(mail, _("nobody to send it to any more"))
        return False
    try:
        connection.open()
    except (OSError, SMTPException) as fault:
        _later(mail, _("the server cannot be reached (%(fault)s)") % {"fault": type(fault).__name__}, now)
        raise Unreachable from fault
    try:
        connection.send_messages([message_of(mail)])
    except SMTPRecipientsRefused as refusal:
        _refused(mail, max((code for code, _text in refusal.recipients.values()), default=550), now)
    except SMTPResponseException as refusal:
        _refused(mail, refusal.smtp_code, now)
    except (OSError, SMTPException, ValueError) as fault:
        _end(
            mail,
            _("broken off while being sent (%(fault)s); it may have arrived")
            % {"fault": type(fault).__name__},
        )
        connection.close()
    else:
        mails.update(state=MailState.SENT, sent_at=now, attempts=mail.attempts + 1, error="")
        return True
    return False


def message_of(mail: OutgoingMail) -> EmailMessage:
    """The mail: where the notice is, and nothing of what it says."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    address = settings.SITE_URL.rstrip("/") + reverse("notices:list")
    return EmailMessage(
        subject=_("New notice in the party school portal"),
        body=_("There is a new notice for you. Please log in to read it:\n%(address)s")
        % {"address": address},
        to=[mail.notice.recipient.email],
        headers={"Message-ID": f"<notice-{mail.notice_id}@{host}>", "Auto-Submitted": "auto-generated"},
    )


def _refused(mail: OutgoingMail, code: int, now: datetime) -> None:
    """What the server said: 4xx is for now, anything else for good. Its text may name the person and is not kept."""
    if 400 <= code < 500:
        _later(mail, _("refused for now (%(code)s)") % {"code": code}, now)
    else:
        _end(mail, _("refused (%(code)s)") % {"code": code})


def _later(mail: OutgoingMail, error: str, now: datetime) -> None:
    """Another attempt after a pause, or the end after the last one."""
    if mail.attempts + 1 >= ATTEMPTS_MOST:
        _end(mail, error)
        return
    mail.state, mail.attempts, mail.error = MailState.WAITING, mail.attempts + 1, error
    mail.next_at = now + timedelta(minutes=2**mail.attempts)
    mail.save(update_fields=["state", "attempts", "error", "next_at"])


def _end(mail: OutgoingMail, error: str) -> None:
    mail.state, mail.attempts, mail.error = MailState.FAILED, mail.attempts + 1, error
    mail.save(update_fields=["state", "attempts", "error"])
    log.warning("mail %s failed: %s", mail.pk, error)
