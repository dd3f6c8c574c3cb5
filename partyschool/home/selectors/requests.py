"""What waits for whoever decides on leaves and claims."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from partyschool.common import clock
from trainees.selectors.claims import claims_to_review
from trainees.selectors.leaves import leaves_to_decide, leaves_under_way


@dataclass(frozen=True)
class RequestsDesk:
    """Numbers of what waits; `claims` is None for those who do not review claims."""

    leaves: int
    overdue: int
    claims: int | None


def requests_desk(user: Any, now: datetime | None = None) -> RequestsDesk:
    """Leaves to decide, people who are late from leave, claims to review. At most three queries."""
    reviews = user.has_perm("trainees.change_creditclaim")
    return RequestsDesk(
        leaves=leaves_to_decide(user).count(),
        overdue=leaves_under_way(user).filter(ends_at__lte=now or clock.now()).count(),
        claims=claims_to_review(user).count() if reviews else None,
    )
