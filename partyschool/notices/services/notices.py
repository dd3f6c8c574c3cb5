from collections.abc import Iterable
from typing import Any

from django.conf import settings

from partyschool.notices.models import Notice, OutgoingMail


def send_notice(
    *,
    recipients: Iterable[Any],
    event: str,
    title: str,
    body: str = "",
    url: str = "",
    by_mail: bool = False,
) -> int:
    """Tell `recipients` (users) about `event`, once each however often this is called; returns how many notices were offered.

    `title` and `body` are finished text in the recipient's language; `url` is a path inside the portal. With `by_mail`, those who
    have an address get a mail with a link to the notice and nothing else, once too, if mails are switched on.
    """
    notices = [Notice(recipient=user, event=event, title=title, body=body, url=url) for user in recipients]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    if by_mail and settings.MAIL_ON and notices:
        stored = Notice.objects.filter(
            event=event, recipient__in=[notice.recipient_id for notice in notices], mail=None
        ).exclude(recipient__email="")
        keys = stored.unscoped("a notice becomes a mail").values_list("pk", flat=True)
        OutgoingMail.objects.bulk_create([OutgoingMail(notice_id=pk) for pk in keys], ignore_conflicts=True)
    return len(notices)
