"""What waits for organisation departments, unit officers, auditors and account administrators today."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, Q

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, Unit, User
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from trainees.enums import AssessmentResult, PacketState
from trainees.models import ReportPacket, YearlyAssessment

WARNED = 10
EVENTS = 15


@dataclass(frozen=True)
class JurisdictionDesk:
    """The last closed year as the reader may see it. `year` is None where no year was closed."""

    units: list[Unit]
    year: int | None
    passed: int
    failed: int
    exempt: int
    packets: list[ReportPacket]
    warned: list[YearlyAssessment]

    @property
    def assessed(self) -> int:
        return self.passed + self.failed

    @property
    def pass_rate(self) -> float | None:
        return 100 * self.passed / self.assessed if self.assessed else None


def jurisdiction_desk(user: Any) -> JurisdictionDesk:
    """Pass rate, report packets and those who failed, within the reader's scope. At most five queries."""
    units = (
        list(Unit.objects.visible_to(user).filter(path__in=user.scope.unit_paths))
        if user.scope.unit_paths
        else []
    )
    # The own result of a reader who is also a trainee is not one of the jurisdiction's.
    results = YearlyAssessment.objects.visible_to(user).filter(user.scope.unit_condition("unit__path"))
    year = results.aggregate(last=Max("year"))["last"]
    if year is None:
        return JurisdictionDesk(units, None, 0, 0, 0, [], [])
    of_year = results.filter(year=year)
    counts = of_year.aggregate(
        passed=Count("pk", filter=Q(result=AssessmentResult.PASS)),
        failed=Count("pk", filter=Q(result=AssessmentResult.FAIL)),
        exempt=Count("pk", filter=Q(result=AssessmentResult.EXEMPT)),
    )
    packets = (
        ReportPacket.objects.visible_to(user).filter(state=PacketState.VALID).select_related("recipient")
    )
    warned = of_year.filter(result=AssessmentResult.FAIL).select_related("cadre", "unit")
    return JurisdictionDesk(
        units=units,
        year=year,
        passed=counts["passed"],
        failed=counts["failed"],
        exempt=counts["exempt"],
        packets=list(packets.order_by("-issued_at", "-pk")[:5]),
        warned=list(warned.order_by("counted", "unit__path", "pk")[:WARNED]),
    )


def latest_events(user: Any) -> list[AuditEvent]:
    """The newest audit events that the reader may see, with their actors. One query."""
    return list(AuditEvent.objects.visible_to(user).select_related("actor").order_by("-pk")[:EVENTS])


@dataclass(frozen=True)
class AccountsDesk:
    """Accounts that need a look. `roles` is a list of role label and number of people who hold it today."""

    active: int
    inactive: int
    without_role: int
    expiring: list[RoleGrant]
    roles: list[tuple[str, int]]


def accounts_desk() -> AccountsDesk:
    """Numbers of accounts and grants that run out within a month. Three queries."""
    today = clock.school_date()
    valid = RoleGrant.objects.valid_on(today)
    has_role = Q(pk__in=valid.values("user"))
    counts = User.objects.aggregate(
        active=Count("pk", filter=Q(is_active=True)),
        inactive=Count("pk", filter=Q(is_active=False)),
        without_role=Count("pk", filter=Q(is_active=True) & ~has_role),
    )
    expiring = valid.filter(valid_until__lte=today + timedelta(days=30)).select_related("user", "unit")
    holders = dict(valid.order_by().values_list("role").annotate(Count("user", distinct=True)))
    return AccountsDesk(
        **counts,
        expiring=list(expiring.order_by("valid_until", "pk")[:10]),
        roles=[(str(role.label), holders[role]) for role in Role if role in holders],
    )
