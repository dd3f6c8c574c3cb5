"""Whom a merging of topics would move, and whom it could not."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from courses.models import Offering
from partyschool.common import clock
from partyschool.common.errors import Denial
from trainees.enums import EnrolmentState
from trainees.models import Enrolment
from trainees.rules.electives import enrolment_denial, full_denial
from trainees.selectors.electives import facts_of_candidates


@dataclass(frozen=True)
class MergePreview:
    """As things stand: who would be moved, in order, and who could not be and why."""

    moving: Sequence[Enrolment]
    staying: Sequence[tuple[Enrolment, Denial]]


def people_to_merge(offering_id: int, user: Any) -> list[Enrolment]:
    """Whose places a merging moves, in the order in which they came: among rivals for the last seats the first has it."""
    places = Enrolment.objects.visible_to(user).filter(offering=offering_id, state=EnrolmentState.ENROLLED)
    return list(places.select_related("cadre__unit").order_by("created_at", "pk"))


def merge_preview(offering: Offering, into: Offering, user: Any) -> MergePreview:
    """What merging `offering` into `into` would do now. Two queries. What was moved in fact is told by the merging itself."""
    places = people_to_merge(offering.pk, user)
    found = facts_of_candidates(
        offering_id=into.pk, cadre_ids=[place.cadre_id for place in places], leaving=offering.pk
    )
    facts = {one.cadre_id: one for one in found}
    moving: list[Enrolment] = []
    staying: list[tuple[Enrolment, Denial]] = []
    now = clock.now()
    for place in places:
        own = facts[place.cadre_id]
        refusal = enrolment_denial(own, now)
        if refusal:
            staying.append((place, refusal[1]))
        elif own.seats_left <= len(moving):
            # Those before have taken what was left.
            staying.append((place, full_denial(own._replace(taken=own.capacity))))
        else:
            moving.append(place)
    return MergePreview(moving, staying)
