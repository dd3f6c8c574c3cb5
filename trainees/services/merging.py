"""A topic that is too small is merged into another: everybody who can goes along, the others are named before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.common.errors import DomainError, InvalidInput, NotFound
from trainees.models import Enrolment
from trainees.selectors.merging import people_to_merge

from .cancelling import NotEmpty, cancel_offering
from .enrolments import given_reason
from .moving import move_cadre


@dataclass(frozen=True)
class MergeResult:
    """Who was moved, and who stays and why. `cancelled`: nobody was left, so the topic was cancelled."""

    moved: Sequence[Enrolment]
    stayed: Sequence[tuple[Enrolment, DomainError]]
    cancelled: bool


def merge_topic(
    *, offering_id: int, into_id: int, reason: str, by: Any, now: datetime | None = None
) -> MergeResult:
    """Move everybody from one published offering into another, each for itself by the rules that bind staff.

    Who cannot be moved (clash, limit, full …) keeps the old place and is named in the result; when nobody is left, the old offering
    is cancelled for the same reason. Raises `InvalidInput` (reason, or the same offering), `NotFound`, `WrongState`, `Busy`.
    Concurrency: one transaction for each person (`move_cadre`) and one for the cancelling; whoever comes into the old offering
    meanwhile stays in it, and it is then not cancelled.
    """
    reason = given_reason(reason)
    if offering_id == into_id:
        raise InvalidInput(_("A topic cannot be merged into itself."))
    if Offering.objects.filter(pk__in=[offering_id, into_id], state=OfferingState.PUBLISHED).count() < 2:
        raise NotFound(_("One of the two offerings is not published."))
    moved: list[Enrolment] = []
    stayed: list[tuple[Enrolment, DomainError]] = []
    for place in people_to_merge(offering_id, by):
        try:
            move_cadre(enrolment_id=place.pk, to_offering_id=into_id, reason=reason, by=by, now=now)
            moved.append(place)
        except DomainError as refusal:
            stayed.append((place, refusal))
    cancelled = not stayed and _cancelled(offering_id, reason, by, now)
    return MergeResult(moved, stayed, cancelled)


def _cancelled(offering_id: int, reason: str, by: Any, now: datetime | None) -> bool:
    try:
        cancel_offering(offering_id=offering_id, reason=reason, by=by, only_empty=True, now=now)
    except NotEmpty:
        return False
    return True
