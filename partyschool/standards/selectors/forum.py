"""How many sessions of the forum a year has, against its target."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q

from courses.enums import OfferingState
from courses.models import ForumSession
from partyschool.common import clock
from partyschool.standards.models import StandardTarget


@dataclass(frozen=True)
class ForumYear:
    """Sessions held (as the standards board counts them), those still to come, planned or published, and the target; None without one."""

    year: int
    held: int
    ahead: int
    target: int | None

    @property
    def short(self) -> int:
        """Sessions that nobody has planned yet."""
        return max((self.target or 0) - self.held - self.ahead, 0)


def forum_year(year: int, today: date | None = None) -> ForumYear:
    """The forum of `year`. Two queries."""
    today = today or clock.school_date()
    held = Q(state__in=[OfferingState.PUBLISHED, OfferingState.CLOSED], ends_on__lte=today)
    standing = ForumSession.objects.filter(year=year).exclude(state=OfferingState.CANCELLED)
    counted = standing.aggregate(held=Count("pk", filter=held), all=Count("pk"))
    target = StandardTarget.objects.filter(year=year, indicator="forum_sessions").first()
    return ForumYear(
        year, counted["held"], counted["all"] - counted["held"], int(target.target) if target else None
    )
