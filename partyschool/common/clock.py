"""The one clock of the portal: aware instants, and the school's own dates (Asia/Shanghai)."""

from datetime import date, datetime, time

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _


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


def year_end(year: int) -> datetime:
    """The instant at which `year` is over at the school."""
    return school_instant(date(year + 1, 1, 1), time.min)


def in_words(instant: datetime) -> str:
    """An instant as people at the school read it, with the zone: for sentences such as the facts of a denial."""
    local = timezone.localtime(instant)
    return _("%(time)s (Beijing time)") % {"time": date_format(local, _("M j, Y, H:i"))}


def span_in_words(start: datetime, end: datetime) -> str:
    """A span within one day (or over days) as people at the school read it, with the zone."""
    first, last = timezone.localtime(start), timezone.localtime(end)
    until = date_format(last, "H:i" if first.date() == last.date() else _("M j, Y, H:i"))
    return _("%(time)s (Beijing time)") % {"time": f"{date_format(first, _('M j, Y, H:i'))}–{until}"}
