"""A drafted round with its topic, and what its pages are called and have done."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from courses.enums import RoundState
from courses.models import Offering, SelectionRound
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from tests.factories.courses import OfferingFactory, SelectionRoundFactory


def drafted() -> SelectionRound:
    """A draft whose times are whole minutes, as people enter them."""
    minute = clock.now().replace(second=0, microsecond=0)
    return SelectionRoundFactory(
        state=RoundState.DRAFT,
        name="第一轮",
        year=clock.school_year(),
        opens_at=minute - timedelta(days=1),
        closes_at=minute + timedelta(days=1),
    )


def topic_of(found: SelectionRound) -> Offering:
    return OfferingFactory(selection_round=found, capacity=10, title="党性教育", year=found.year)


def address(page: str, found: SelectionRound) -> str:
    return reverse(f"admin:courses_selectionround_{page}", args=[found.pk])


def deeds() -> list[str]:
    return list(AuditEvent.objects.unscoped("tests").order_by("pk").values_list("action", flat=True))


def split(name: str, moment: Any) -> dict[str, str]:
    local = timezone.localtime(moment)
    return {f"{name}_0": local.strftime("%Y-%m-%d"), f"{name}_1": local.strftime("%H:%M:%S")}
