"""The one clock of the portal: aware instants, and the school's own dates (Asia/Shanghai)."""

from datetime import date, datetime, time

from django.utils import timezone


def now() -> datetime:
    """The present instant, aware. Services take `now=None` and fall back to this, so that rules can be tested at any time."""
    return timezone.now()


def school_date(instant: datetime | None = None) -> date:
    """The calendar day at the school when `instant` (default: now) happens."""
    return timezone.localtime(instant or now()).date()


def school_year(instant: datetime | None = None) -> int:
    """The calendar year at the school; 31 December 16:30 UTC already belongs to the next one."""
    return school_date(instant).year


def school_instant(day: date, at: time) -> datetime:
    """The aware instant of a wall-clock time at the school."""
    return timezone.make_aware(datetime.combine(day, at))
