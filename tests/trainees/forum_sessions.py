"""Sessions of the forum and its pages, for their tests."""

from datetime import date, time, timedelta

from django.urls import reverse

from courses.enums import OfferingKind, OfferingState
from partyschool.common import clock
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory

NOW = clock.school_instant(date(2025, 6, 10), time(9))
FORUM = reverse("trainees:forum")


def session(day: date = date(2025, 6, 27), **fields):
    """A session with one lesson on `day`, 9:00 to 11:30; `lesson=None` for none yet."""
    lesson, state = fields.pop("lesson", {}), fields.pop("state", OfferingState.PUBLISHED)
    about = {"kind": OfferingKind.FORUM, "series": "liangjiang-forum", "capacity": 100}
    made = OfferingFactory(**{**about, "year": day.year, "starts_on": day, "ends_on": day, **fields})
    if lesson is not None:
        start = clock.school_instant(day, time(9))
        span = {"starts_at": start, "ends_at": start + timedelta(minutes=150)}
        LessonFactory(**{"offering": made, **span, **lesson})
    made.state = state
    made.save()
    return made


def open_round(**fields):
    return SelectionRoundFactory(
        **{"opens_at": NOW - timedelta(days=1), "closes_at": NOW + timedelta(days=9), **fields}
    )


def page_of(client, where=FORUM, **query) -> str:
    answer = client.get(where, query)
    assert answer.status_code == 200
    return answer.content.decode()


def url_of(offering) -> str:
    return reverse("trainees:forum_session", args=[offering.pk])
