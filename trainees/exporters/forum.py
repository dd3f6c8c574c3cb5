"""A session of the forum as an iCalendar file for anybody's calendar."""

from datetime import UTC, datetime

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from partyschool.common.plaintext import single_line
from trainees.rules.forum import ForumPhase
from trainees.selectors.forum import Announcement, series_of

from .calendars import Entry, calendar_file, lesson_uid


def session_calendar(announcement: Announcement, *, now: datetime) -> bytes:
    """The lessons of `announcement` as of `now`, named by session. Who takes part has the same entries in the own calendar."""
    session, off = announcement.session, announcement.phase == ForumPhase.CANCELLED
    title = single_line(session.title)
    speaker = session.lead_teacher
    address = settings.SITE_URL.rstrip("/") + reverse("trainees:forum_session", args=[session.pk])
    entries = [
        Entry(
            uid=lesson_uid(lesson.pk),
            starts_at=lesson.starts_at.astimezone(UTC),
            ends_at=lesson.ends_at.astimezone(UTC),
            summary=_("[Cancelled] %(title)s") % {"title": title} if off else title,
            description=_("Speaker: %(name)s") % {"name": single_line(speaker.name)} if speaker else "",
            location=single_line(lesson.room.name) if lesson.room else "",
            url=address,
            category=str(session.get_kind_display()),
            status="CANCELLED" if off else "CONFIRMED",
        )
        for lesson in announcement.lessons
    ]
    return calendar_file(entries, revised_at=now, name=series_of(session.series)[1])
