from datetime import date, time, timedelta
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from courses.enums import CourseModule, OfferingKind, OfferingState, RoundState
from courses.models import Lesson, Offering, Room, SeatCount, SelectionRound
from partyschool.common import clock


class RoomFactory(DjangoModelFactory):
    class Meta:
        model = Room

    code = factory.Sequence(lambda n: f"R{n:03}")
    name = factory.Sequence(lambda n: f"教室{n}")
    seats = 60


class SelectionRoundFactory(DjangoModelFactory):
    """An open round around now."""

    class Meta:
        model = SelectionRound

    year = 2025
    name = factory.Sequence(lambda n: f"选学{n}")
    state = RoundState.OPEN
    opens_at = factory.LazyFunction(lambda: clock.now() - timedelta(days=1))
    closes_at = factory.LazyFunction(lambda: clock.now() + timedelta(days=1))
    max_picks = 2


class OfferingFactory(DjangoModelFactory):
    """A published elective with `capacity` seats and no lessons."""

    class Meta:
        model = Offering
        skip_postgeneration_save = True

    code = factory.Sequence(lambda n: f"O{n:04}")
    kind = OfferingKind.ELECTIVE
    title = factory.Sequence(lambda n: f"专题{n}")
    year = 2025
    state = OfferingState.PUBLISHED
    starts_on = date(2025, 6, 2)
    ends_on = date(2025, 6, 2)

    @factory.post_generation
    def capacity(self, create: bool, extracted: int | None, **kwargs: object) -> None:
        if create:
            SeatCount.objects.create(offering=self, capacity=30 if extracted is None else extracted)


class LessonFactory(DjangoModelFactory):
    """A half-day lesson of 4 class-hours; lessons made one after the other lie on different days."""

    class Meta:
        model = Lesson

    offering = factory.SubFactory(OfferingFactory)
    title = factory.Sequence(lambda n: f"课程{n}")
    starts_at = factory.Sequence(
        lambda n: clock.school_instant(date(2025, 6, 2) + timedelta(days=n), time(8, 30))
    )
    ends_at = factory.LazyAttribute(lambda lesson: lesson.starts_at + timedelta(hours=3))
    hours = Decimal(4)
    module = CourseModule.THEORY
