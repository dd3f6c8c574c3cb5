"""Calendar feeds and what is read out of them, for their tests."""

from datetime import timedelta
from typing import Any

import vobject
from django.test import Client
from django.urls import reverse

from courses.models import Lesson
from partyschool.common import clock
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import EnrolmentFactory
from trainees.services.calendars import make_feed


def lesson_of(cadre: Any, *, days: float = 7, state: str = "enrolled", **fields: Any) -> Lesson:
    """A lesson of two hours, so many days from now, of an offering of its own in which `cadre` has a place."""
    start = clock.now().replace(microsecond=0) + timedelta(days=days)
    topic = OfferingFactory(title=fields.pop("offering_title", "乡村振兴专题班"))
    if cadre is not None:
        EnrolmentFactory(cadre=cadre, offering=topic, state=state)
    return LessonFactory(offering=topic, starts_at=start, ends_at=start + timedelta(hours=2), **fields)


def make(cadre: Any, *, language: str = "zh-hans", **fields: Any) -> str:
    return make_feed(replaces=None, language=language, by=cadre.user, **fields).token


def address(token: str) -> str:
    return reverse("trainees:calendar_feed", args=[token])


def events(content: bytes) -> list[Any]:
    """The entries of exactly one calendar, by the other parser."""
    (calendar,) = vobject.readComponents(content.decode())
    return list(getattr(calendar, "vevent_list", []))


def fetched(token: str, **headers: str) -> Any:
    return Client().get(address(token), headers=headers)
