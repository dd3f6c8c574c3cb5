from collections.abc import Iterable
from typing import Any

from partyschool.notices.models import Notice


def send_notice(*, recipients: Iterable[Any], event: str, title: str, body: str = "", url: str = "") -> int:
    """Tell `recipients` (users) about `event`, once each however often this is called; returns how many notices were offered.

    `title` and `body` are finished text in the recipient's language; `url` is a path inside the portal.
    """
    notices = [Notice(recipient=user, event=event, title=title, body=body, url=url) for user in recipients]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    return len(notices)
