"""Places and their records, for the tests of electives."""

from typing import Any

from courses.models import SeatCount
from trainees.models import Enrolment


def places(**conditions: Any) -> list[Enrolment]:
    return list(Enrolment.objects.filter(**conditions).unscoped("test").order_by("pk"))


def taken(offering: Any) -> int:
    return SeatCount.objects.get(pk=offering.pk).taken
