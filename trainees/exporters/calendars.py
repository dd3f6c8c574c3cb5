"""Lessons as an iCalendar file (RFC 5545), for calendar programs of any make."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Calendar, Event, Timezone

from partyschool.common.plaintext import single_line, visible_text
from trainees.selectors.calendars import OwnLesson

CONTENT_TYPE = "text/calendar; charset=utf-8"
# How often a program should ask again. Most have their own mind about it.
ASK_AGAIN = timedelta(hours=2)
# Raise it when the same lessons are written in another way, so that programs fetch them anew.
_WRITING = 1


@dataclass(frozen=True)
class Entry:
    """One lesson as a calendar shows it: finished texts in one language, instants in UTC."""

    uid: str
    starts_at: datetime
    ends_at: datetime
    summary: str
    description: str
    location: str
    url: str
    category: str
    status: str


def entries_of(lessons: Iterable[OwnLesson]) -> list[Entry]:
    """The lessons in the language that is active."""
    return [_entry(lesson) for lesson in lessons]


def lesson_uid(pk: int) -> str:
    """The name of a lesson in every calendar, for ever."""
    return f"lesson-{pk}@{urlsplit(settings.SITE_URL).hostname}"


def _entry(lesson: OwnLesson) -> Entry:
    title, offering = single_line(lesson.title), single_line(lesson.offering_title)
    status, notes = "CONFIRMED", []
    # The state also stands in the title: few programs show the status of an entry.
    if lesson.cancelled_at:
        status = "CANCELLED"
        notes.append(_("This lesson will not be held."))
        shown = _("[Cancelled] %(title)s") % {"title": title}
    elif lesson.tentative:
        status = "TENTATIVE"
        notes.append(
            _("A seat is offered to you. Accept it in the portal in time, or it goes to the next in line.")
        )
        shown = _("[To be accepted] %(title)s") % {"title": title}
    else:
        shown = title
    notes.append(_("%(kind)s: %(title)s") % {"kind": lesson.kind, "title": offering})
    if lesson.teacher:
        notes.append(_("Teacher: %(name)s") % {"name": single_line(lesson.teacher)})
    return Entry(
        uid=lesson_uid(lesson.pk),
        starts_at=lesson.starts_at.astimezone(UTC),
        ends_at=lesson.ends_at.astimezone(UTC),
        summary=visible_text(shown),
        description=visible_text("\n".join(notes)),
        location=single_line(lesson.room),
        url=settings.SITE_URL.rstrip("/") + lesson.path,
        category=lesson.kind,
        status=status,
    )


def digest(entries: Sequence[Entry]) -> str:
    """The SHA-256 (hex) of what the entries say; the same as long as nothing that a reader sees has changed."""
    content = [_WRITING, calendar_name(), *map(astuple, entries)]
    return hashlib.sha256(json.dumps(content, default=str, ensure_ascii=False).encode()).hexdigest()


def calendar_name() -> str:
    """What programs call the calendar."""
    return _("My lessons · %(school)s") % {"school": settings.SCHOOL_NAME}


def calendar_file(entries: Sequence[Entry], *, revised_at: datetime, name: str = "") -> bytes:
    """The iCalendar file of `entries`, as they have been since `revised_at`; `name` unless they are the reader's own lessons.

    A subscriber replaces the whole calendar, and who takes a file in twice must get the newer one: so every entry bears the
    instant of the calendar's last change as its own, and a SEQUENCE that rises with it (minutes since 1970).
    """
    calendar = Calendar()
    calendar.add("prodid", "-//Party School Portal//Own lessons//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    for key in ("name", "x-wr-calname"):
        calendar.add(key, name or calendar_name())
    calendar.add("x-wr-timezone", settings.TIME_ZONE)
    calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", ASK_AGAIN)
    if entries:
        calendar.add_component(_school_zone(entries))
    for entry in entries:
        calendar.add_component(_event(entry, revised_at.astimezone(UTC)))
    return calendar.to_ical()


def _school_zone(entries: Sequence[Entry]) -> Timezone:
    """The rules of the school's clock for the days in question, since a program need not know the zone by its name."""
    days = [
        timezone.localtime(instant).date()
        for entry in entries
        for instant in (entry.starts_at, entry.ends_at)
    ]
    return _zone(min(days), max(days) + timedelta(days=1))


@lru_cache(maxsize=64)
def _zone(first: date, last: date) -> Timezone:
    # Kept: the library searches the zone day by day, and the days of the same classes are asked for again and again.
    zone = Timezone.from_tzid(settings.TIME_ZONE, first_date=first, last_date=last)
    zone.pop("comment", None)
    return zone


def _event(entry: Entry, revised_at: datetime) -> Event:
    event = Event()
    event.add("uid", entry.uid)
    event.add("dtstamp", revised_at)
    event.add("last-modified", revised_at)
    event.add("sequence", int(revised_at.timestamp()) // 60)
    event.add("dtstart", timezone.localtime(entry.starts_at))
    event.add("dtend", timezone.localtime(entry.ends_at))
    event.add("summary", entry.summary)
    event.add("description", entry.description)
    if entry.location:
        event.add("location", entry.location)
    event.add("url", entry.url)
    event.add("categories", [entry.category])
    event.add("status", entry.status)
    # A place that is only offered, or a lesson that is not held, keeps no time free.
    event.add("transp", "OPAQUE" if entry.status == "CONFIRMED" else "TRANSPARENT")
    return event
