"""Marking notices read."""

from datetime import datetime
from typing import Any

from partyschool.common import clock
from partyschool.notices.models import Notice


def read_notice(*, notice_id: int, by: Any, now: datetime | None = None) -> Notice:
    """Mark a notice of `by` read (the first time counts) and return it. Raises `Notice.DoesNotExist`."""
    notice = Notice.objects.visible_to(by).get(pk=notice_id)
    Notice.objects.visible_to(by).filter(pk=notice.pk, read_at__isnull=True).update(
        read_at=now or clock.now()
    )
    return notice


def read_all_notices(*, by: Any, now: datetime | None = None) -> int:
    """Mark every unread notice of `by` read; returns how many there were."""
    return Notice.objects.visible_to(by).filter(read_at__isnull=True).update(read_at=now or clock.now())
