"""Assignments as units and organisation departments see them: what waits for whom, and one class with its people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant
from partyschool.common import clock
from trainees.enums import AssignmentState, DeferralState, NominationState
from trainees.models import Assignment, AssignmentQuota, Deferral, Nomination
from trainees.rules.assignments import (
    REPLACEABLE,
    CallWarning,
    Deadlines,
    decision_denial,
    nomination_denial,
)

from .assignments_access import (
    decided_by,
    deferrals_decided_by,
    nominated_by_units_of,
    paths_as,
    under,
    within,
)

LISTED = 60
TONES = {
    NominationState.NOMINATED: "info",
    NominationState.CONFIRMED: "success",
    NominationState.RETURNED: "danger",
    NominationState.DEFERRED: "warning",
    NominationState.REPLACED: "neutral",
    NominationState.WITHDRAWN: "neutral",
}
STATE_TONES = {
    AssignmentState.DRAFT: "warning",
    AssignmentState.ISSUED: "running",
    AssignmentState.CLOSED: "neutral",
    AssignmentState.CANCELLED: "neutral",
}


def times_of(assignment: Assignment) -> Deadlines:
    """The deadlines that the rules ask for."""
    return Deadlines(
        assignment.offering.title,
        assignment.state,
        assignment.nominate_by,
        assignment.confirm_by,
        assignment.substitutes_until,
    )


@dataclass
class AssignmentLine:
    """One class in the reader's list: people to send and sent by the own units; what waits for the organisation department."""

    assignment: Assignment
    seats: int = 0
    nominated: int = 0
    confirmed: int = 0
    undecided: int = 0
    deferrals: int = 0
    units: list[str] = field(default_factory=list)

    @property
    def missing(self) -> int:
        return max(self.seats - self.nominated, 0)

    @property
    def tone(self) -> str:
        return STATE_TONES[AssignmentState(self.assignment.state)]


def known_assignments(user: Any) -> QuerySet[Assignment]:
    """The assignments that concern `user`, once issued: those with quotas of the own units, for organisation departments also the
    others under way, since they call by name. Two queries for the roles, none of its own."""
    decides, fills = paths_as(user, Role.ORGDEPT), paths_as(user, Role.OFFICER)
    quotas = AssignmentQuota.objects.filter(
        under((*decides, *fills), "unit__path"), assignment=OuterRef("pk")
    )
    named = Nomination._base_manager.filter(
        under(fills, "cadre__unit__path"), assignment=OuterRef("pk"), quota=None
    )
    concerned = Q(Exists(quotas)) | Q(Exists(named))
    if decides:
        concerned |= Q(state=AssignmentState.ISSUED)
    return Assignment.objects.filter(concerned, issued_at__isnull=False).select_related("offering")


def assignment_lines(user: Any) -> list[AssignmentLine]:
    """The reader's assignments, those under way first, soonest deadline first. Nine queries."""
    known = list(known_assignments(user).order_by("-nominate_by", "-pk")[:LISTED])
    lines = {one.pk: AssignmentLine(one) for one in known}
    paths = (*paths_as(user, Role.ORGDEPT), *paths_as(user, Role.OFFICER))
    quotas = AssignmentQuota.objects.filter(under(paths, "unit__path"), assignment__in=lines)
    for quota in quotas.select_related("unit").order_by("unit__path"):
        line = lines[quota.assignment_id]
        line.seats += quota.seats
        line.nominated += quota.nominated
        line.units.append(quota.unit.name)
    seen = Nomination.objects.visible_to(user).filter(user.scope.unit_condition("cadre__unit__path"))
    for key, number in _counted(seen.filter(state=NominationState.CONFIRMED), "assignment", lines):
        lines[key].confirmed = number
    for key, number in _counted(
        decided_by(user).filter(state=NominationState.NOMINATED), "assignment", lines
    ):
        lines[key].undecided = number
    asked = deferrals_decided_by(user).filter(state=DeferralState.ASKED)
    for key, number in _counted(asked, "nomination__assignment", lines):
        lines[key].deferrals = number
    issued = [one for one in lines.values() if one.assignment.state == AssignmentState.ISSUED]
    over = [one for one in lines.values() if one.assignment.state != AssignmentState.ISSUED]
    return sorted(issued, key=lambda one: one.assignment.nominate_by) + over


def _counted(rows: QuerySet, column: str, lines: dict[int, AssignmentLine]) -> Iterable[tuple[int, int]]:
    return rows.filter(**{f"{column}__in": lines}).order_by().values_list(column).annotate(Count("pk"))


@dataclass(frozen=True)
class NominationLine:
    """One nomination as a page shows it, with what the reader may do with it now."""

    nomination: Nomination
    deferral: Deferral | None
    may_replace: bool = False
    may_withdraw: bool = False
    may_defer: bool = False
    may_decide: bool = False

    @property
    def tone(self) -> str:
        return TONES[NominationState(self.nomination.state)]

    @property
    def warnings(self) -> list[str]:
        """The warnings that were seen, in words."""
        known = set(CallWarning.values)
        return [str(CallWarning(code).label) for code in self.nomination.warnings if code in known]

    @property
    def acts(self) -> bool:
        return self.may_replace or self.may_withdraw or self.may_defer


@dataclass(frozen=True)
class QuotaView:
    """One quota of the reader's units; `open` while the unit may nominate freely."""

    quota: AssignmentQuota
    rows: list[NominationLine]
    open: bool

    @property
    def free(self) -> int:
        return max(self.quota.seats - self.quota.nominated, 0)


@dataclass(frozen=True)
class AssignmentPage:
    """One assignment: the quotas that the reader fills, and the people on whom the reader decides."""

    assignment: Assignment
    quotas: list[QuotaView]
    named: list[NominationLine]
    decides: bool
    board: "list[BoardLine]"
    people: list[NominationLine]
    deferrals: list[Deferral]
    may_decide: bool

    @property
    def tone(self) -> str:
        return STATE_TONES[AssignmentState(self.assignment.state)]

    @property
    def undecided(self) -> int:
        return sum(line.nomination.state == NominationState.NOMINATED for line in self.people)


def assignment_page(user: Any, assignment_id: int, *, now: datetime | None = None) -> AssignmentPage | None:
    """One assignment for its page; None for one that does not concern the reader."""
    assignment = known_assignments(user).filter(pk=assignment_id).first()
    if assignment is None:
        return None
    now, times = now or clock.now(), times_of(assignment)
    fills, decides = paths_as(user, Role.OFFICER), paths_as(user, Role.ORGDEPT)
    quotas = list(assignment.quotas.select_related("unit").order_by("unit__path"))
    open_now = nomination_denial(times, substitute=False, now=now) is None
    still = nomination_denial(times, substitute=True, now=now) is None
    issued = assignment.state == AssignmentState.ISSUED
    sent: dict[int | None, list[NominationLine]] = {}
    if fills:
        for one in _with_people(nominated_by_units_of(user).filter(assignment=assignment)):
            confirmed = one.state == NominationState.CONFIRMED
            asked = _asked(one)
            line = NominationLine(
                one,
                asked,
                may_replace=still
                and one.quota_id is not None
                and one.state in REPLACEABLE
                and not _stood_in_for(one),
                may_withdraw=issued and one.state == NominationState.NOMINATED and one.quota_id is not None,
                may_defer=issued and confirmed and asked is None and now < assignment.substitutes_until,
            )
            sent.setdefault(one.quota_id, []).append(line)
    own = [one for one in quotas if within(one.unit.path, fills)]
    people = _with_people(decided_by(user).filter(assignment=assignment)) if decides else []
    return AssignmentPage(
        assignment=assignment,
        quotas=[QuotaView(one, sent.get(one.pk, []), open_now) for one in own],
        named=sent.get(None, []),
        decides=bool(decides),
        board=board_lines([one for one in quotas if within(one.unit.path, decides)]) if decides else [],
        people=[_to_decide(one, times, user, now) for one in people],
        deferrals=[deferral for one in people if (deferral := _asked(one))],
        may_decide=decision_denial(times, substitute=True, now=now) is None,
    )


def _with_people(found: QuerySet[Nomination]) -> list[Nomination]:
    """The nominations with all that a line shows, open ones first. Two queries."""
    asked = Deferral.objects.filter(state=DeferralState.ASKED).unscoped("of nominations read in scope")
    rows = found.select_related(
        "cadre__unit", "quota__unit", "replaces__cadre", "substitute", "nominated_by", "decided_by"
    ).prefetch_related(Prefetch("deferrals", queryset=asked.select_related("asked_by"), to_attr="asked"))
    order = {state: number for number, state in enumerate(NominationState.values)}
    return sorted(rows, key=lambda one: (order[one.state], one.cadre.unit.path, one.pk))


def _asked(nomination: Any) -> Deferral | None:
    """The deferral that waits for an answer, with its nomination at hand."""
    found = next(iter(nomination.asked), None)
    if found is not None:
        found.nomination = nomination
    return found


def _stood_in_for(nomination: Nomination) -> bool:
    return hasattr(nomination, "substitute")


def _to_decide(one: Nomination, times: Deadlines, user: Any, now: datetime) -> NominationLine:
    denial = decision_denial(times, substitute=one.replaces_id is not None, now=now)
    undecided = one.state == NominationState.NOMINATED
    return NominationLine(
        one,
        _asked(one),
        may_decide=undecided and denial is None and one.nominated_by_id != user.pk,
        may_withdraw=times.state == AssignmentState.ISSUED and one.state == NominationState.CONFIRMED,
    )


@dataclass(frozen=True)
class BoardLine:
    """How far one unit has come. `officers` is how many people can nominate for it; None where nobody asked."""

    quota: AssignmentQuota
    undecided: int
    confirmed: int
    returned: int
    officers: int | None = None

    @property
    def missing(self) -> int:
        return max(self.quota.seats - self.quota.nominated, 0)


def board_lines(quotas: Sequence[AssignmentQuota], *, with_officers: bool = False) -> list[BoardLine]:
    """Quotas, with their units at hand, and what became of them. One query, two with the number of officers."""
    counted: dict[int, dict[str, int]] = {}
    numbers = Nomination.objects.filter(quota__in=[one.pk for one in quotas]).unscoped("numbers, not people")
    for quota_id, state, number in numbers.order_by().values_list("quota", "state").annotate(Count("pk")):
        counted.setdefault(quota_id, {})[state] = number
    officers: list[tuple[int, str]] = []
    if with_officers:
        grants = RoleGrant.objects.valid_on(clock.school_date()).filter(
            role=Role.OFFICER, user__is_active=True
        )
        officers = list(grants.values_list("user", "unit__path"))
    return [
        BoardLine(
            one,
            undecided=counted.get(one.pk, {}).get(NominationState.NOMINATED, 0),
            confirmed=counted.get(one.pk, {}).get(NominationState.CONFIRMED, 0),
            returned=counted.get(one.pk, {}).get(NominationState.RETURNED, 0),
            officers=len({user for user, path in officers if one.unit.path.startswith(path)})
            if with_officers
            else None,
        )
        for one in quotas
    ]
