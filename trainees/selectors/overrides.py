"""Rules that staff set aside, for whoever watches over them."""

from typing import Any

from django.db.models import QuerySet

from courses.enums import RoundState
from courses.models import SelectionRound
from trainees.models import SeatOverride

ORDER = ("-at", "-pk")


def overrides_seen_by(user: Any, *, round_id: int | None = None) -> QuerySet:
    """Overrides of people within `user`'s scope, newest first, with person, offering and who did it."""
    rows = SeatOverride.objects.visible_to(user).select_related(
        "enrolment__cadre__unit", "enrolment__offering__selection_round", "by"
    )
    if round_id is not None:
        rows = rows.filter(enrolment__offering__selection_round=round_id)
    return rows.order_by(*ORDER)


def rounds_to_choose() -> list[SelectionRound]:
    """The rounds by which the list can be narrowed, newest first."""
    return list(
        SelectionRound.objects.exclude(state=RoundState.DRAFT).order_by("-year", "-opens_at", "-pk")[:30]
    )
