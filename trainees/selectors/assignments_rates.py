"""How units do their duty in organised assignment, and whom nobody has called: numbers and people within the reader's scope."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q, QuerySet, Subquery, Sum

from partyschool.accounts.models import Unit
from partyschool.common import clock
from trainees.enums import ATTENDED_STATUSES, LIVE_NOMINATION_STATES, ROSTER_STATES, NominationState
from trainees.models import Assignment, AssignmentQuota, AttendanceMark, Cadre, Enrolment, Nomination
from trainees.rules.assignments import CLASS_KINDS

NEVER_ORDER = ("unit__path", "name", "pk")
CHARTED = 20
# What is counted of nominations.
NUMBERS = ("called", "confirmed", "by_quota", "attended", "persons")


@dataclass
class Rate:
    """`people` on the register now; `seats` of quotas; `called`: nominated or confirmed, by name too; `attended` at least once;
    `persons` were confirmed for one class or more."""

    people: int = 0
    seats: int = 0
    called: int = 0
    confirmed: int = 0
    by_quota: int = 0
    attended: int = 0
    persons: int = 0

    def add(self, **numbers: int) -> None:
        for name, number in numbers.items():
            setattr(self, name, getattr(self, name) + number)

    @property
    def fill_rate(self) -> float | None:
        """Per cent of the quotas that are confirmed; None without a quota."""
        return round(100 * self.by_quota / self.seats, 1) if self.seats else None

    @property
    def attend_rate(self) -> float | None:
        """Per cent of the confirmed who attended."""
        return round(100 * self.attended / self.confirmed, 1) if self.confirmed else None

    @property
    def reach(self) -> float | None:
        """Per cent of the people who were confirmed."""
        return round(100 * self.persons / self.people, 1) if self.people else None


@dataclass(frozen=True)
class RateLine:
    """A unit with everything below it; `divided` if it can be looked into."""

    unit: Unit
    rate: Rate
    divided: bool


@dataclass(frozen=True)
class Rates:
    """A year, or one class, in figures: everybody in scope, and unit by unit in the order of the tree."""

    whole: Rate
    units: Sequence[RateLine]

    @property
    def lowest(self) -> list[RateLine]:
        """The units whose quotas are filled least, at most 20, for the chart."""
        with_quota = [line for line in self.units if line.rate.fill_rate is not None]
        return sorted(with_quota, key=lambda line: line.rate.fill_rate or 0)[:CHARTED]


def years_of_assignments() -> list[int]:
    """The years with issued assignments, newest first."""
    issued = Assignment.objects.filter(issued_at__isnull=False).order_by("-offering__year")
    return list(issued.values_list("offering__year", flat=True).distinct())


def issued_in(year: int) -> list[Assignment]:
    """The assignments of a year to choose from."""
    found = Assignment.objects.filter(issued_at__isnull=False, offering__year=year)
    return list(found.select_related("offering").order_by("offering__starts_on", "pk"))


def rates(user: Any, *, year: int, assignment_id: int | None = None, within: Unit | None = None) -> Rates:
    """The assignments of `year` (or one of them) by the units directly below `within`, or below the top of the reader's scope.

    Nominations count for the unit whose quota they used, calls by name for the unit that the person belongs to. Four queries.
    """
    of_year: dict[str, Any] = {"assignment__offering__year": year, "assignment__issued_at__isnull": False}
    if assignment_id:
        of_year["assignment"] = assignment_id
    sums = _Sums(user, within)
    quotas = AssignmentQuota.objects.filter(sums.inside("unit__path"), **of_year)
    for path, seats in quotas.order_by().values_list("unit__path").annotate(Sum("seats")):
        sums.add(path, seats=seats)
    newer = AttendanceMark._base_manager.filter(
        enrolment=OuterRef("enrolment"), lesson=OuterRef("lesson"), pk__gt=OuterRef("pk")
    )
    marks = AttendanceMark._base_manager.filter(
        ~Exists(newer), enrolment=OuterRef("enrolment"), status__in=ATTENDED_STATUSES
    )
    confirmed = Q(state=NominationState.CONFIRMED)
    inside = (Q(quota__isnull=False) & sums.inside("quota__unit__path")) | (
        Q(quota=None) & sums.inside("cadre__unit__path")
    )
    called = Nomination.objects.filter(inside, state__in=LIVE_NOMINATION_STATES, **of_year)
    counted = (
        called.unscoped("numbers by unit, of units in scope")
        .annotate(seen=Exists(marks))
        .order_by()
        .values("quota__unit__path", "cadre__unit__path")
        .annotate(
            called=Count("pk"),
            confirmed=Count("pk", filter=confirmed),
            by_quota=Count("pk", filter=confirmed & Q(quota__isnull=False)),
            attended=Count("pk", filter=confirmed & Q(seen=True)),
            persons=Count("cadre", filter=confirmed, distinct=True),
        )
        .values_list("quota__unit__path", "cadre__unit__path", *NUMBERS)
    )
    for of_quota, home, *numbers in counted:
        sums.add(of_quota or home, **dict(zip(NUMBERS, numbers, strict=True)))
    people = Cadre.objects.visible_to(user).filter(sums.inside("unit__path"), on_register())
    for path, number in people.order_by().values_list("unit__path").annotate(Count("pk")):
        sums.add(path, people=number)
    return sums.result()


class _Sums:
    """Adds numbers up for the groups that the reader compares."""

    def __init__(self, user: Any, within: Unit | None) -> None:
        self.user, self.within = user, within
        self.whole = Rate()
        self.groups: dict[str, Rate] = {}
        self.paths: dict[str, set[str]] = {}

    def inside(self, lookup: str) -> Q:
        condition = self.user.scope.unit_condition(lookup)
        return condition & Q(**{f"{lookup}__startswith": self.within.path}) if self.within else condition

    def add(self, path: str, **numbers: int) -> None:
        group = self._group(path)
        self.whole.add(**numbers)
        self.groups.setdefault(group, Rate()).add(**numbers)
        self.paths.setdefault(group, set()).add(path)

    def _group(self, path: str) -> str:
        if self.within:
            return path[: len(self.within.path) + Unit.steplen]
        if self.user.scope.whole_school:
            return path[: 2 * Unit.steplen]
        return next(top for top in self.user.scope.unit_paths if path.startswith(top))

    def result(self) -> Rates:
        units = Unit.objects.filter(path__in=self.groups)
        return Rates(
            self.whole, [RateLine(one, self.groups[one.path], len(self.paths[one.path]) > 1) for one in units]
        )


def on_register() -> Q:
    """The cadres who have not left."""
    return Q(left_on=None) | Q(left_on__gt=clock.school_date())


def never_called(
    user: Any, *, year: int | None, within: Unit | None = None, rank: str = "", name: str = ""
) -> QuerySet[Cadre]:
    """The cadres of the reader's units who had no place in a class in `year` (None: ever), with `last_on`; page by `NEVER_ORDER`."""
    places = Enrolment._base_manager.filter(
        cadre=OuterRef("pk"), offering__kind__in=CLASS_KINDS, state__in=ROSTER_STATES
    )
    in_year = places.filter(offering__year=year) if year else places
    last = places.order_by().values("cadre").annotate(last=Max("offering__starts_on")).values("last")
    found = (
        Cadre.objects.visible_to(user)
        .filter(user.scope.unit_condition("unit__path"), on_register())
        .exclude(Exists(in_year))
    )
    if within:
        found = found.filter(unit__path__startswith=within.path)
    if rank:
        found = found.filter(rank=rank)
    if name:
        found = found.filter(name__icontains=name)
    return found.annotate(last_on=Subquery(last)).select_related("unit")
