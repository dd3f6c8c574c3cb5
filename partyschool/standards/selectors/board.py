"""The standards board: every figure the school must reach, counted live from the data, with the records behind it.

An indicator is counted for several years by one query, and lists its records for one. Teaching is read from the teaching ledger,
money from the approved balances.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from budget.enums import BUSINESS_PURPOSES
from budget.models import LineBalance
from budget.selectors.execution import business_money
from courses.enums import OfferingKind, OfferingState
from courses.models import Offering
from faculty.enums import Background, Employment, Honour
from faculty.models import Teacher, TeachingEntry
from partyschool.accounts.models import User
from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.standards.models import StandardTarget

Counts = dict[int, Decimal]


@dataclass(frozen=True)
class Record:
    """One record behind a figure, as a line of the list."""

    name: str
    detail: str
    day: date | None = None
    amount: str = ""


@dataclass(frozen=True)
class Indicator:
    """How a figure is counted. `count(years, user, today)` gives the actual per year; `records(year, user, today)` what is behind it."""

    code: str
    label: Promise
    unit: Promise
    rule: Promise
    count: Callable[[Sequence[int], User, date], Counts]
    records: Callable[[int, User, date], list[Record]]


@dataclass(frozen=True)
class Standing:
    """Where the school stands in one indicator. `before` is the year before; both numbers in the indicator's unit."""

    indicator: Indicator
    target: Decimal
    source: str
    actual: Decimal
    before: Decimal

    @property
    def reached(self) -> bool:
        return self.actual >= self.target

    @property
    def short(self) -> Decimal:
        return max(self.target - self.actual, Decimal(0))

    @property
    def percent(self) -> int:
        """The actual in percent of the target, at most 100: a surplus in one figure makes up for nothing elsewhere."""
        return min(100, int(100 * self.actual / self.target)) if self.target else 100


def standings(*, year: int, user: User, today: date | None = None) -> list[Standing]:
    """Every target of `year` with its actual, in the order of `INDICATORS`; one query for the targets and one per indicator."""
    today = today or clock.school_date()
    targets = {target.indicator: target for target in StandardTarget.objects.filter(year=year)}
    found = []
    for indicator in INDICATORS:
        target = targets.get(indicator.code)
        if target is not None:
            counts = indicator.count((year - 1, year), user, today)
            actual, before = counts.get(year, Decimal(0)), counts.get(year - 1, Decimal(0))
            found.append(Standing(indicator, target.target, target.source, actual, before))
    return found


def years_with_targets() -> list[int]:
    """The years the board can show, newest first."""
    return list(StandardTarget.objects.order_by("-year").values_list("year", flat=True).distinct())


def indicator_of(code: str) -> Indicator:
    """Raises `NotFound`."""
    for indicator in INDICATORS:
        if indicator.code == code:
            return indicator
    raise NotFound(_("There is no indicator “%(code)s”.") % {"code": code})


def _last_day(year: int, today: date) -> date:
    return min(date(year, 12, 31), today)


def _teachers(condition: Q) -> tuple[Callable[..., Counts], Callable[..., list[Record]]]:
    """Teachers of a kind who are in the pool on the last day of the year (or today)."""

    def in_pool(year: int, today: date) -> Q:
        day = _last_day(year, today)
        return Q(joined_on__lte=day) & (Q(left_on__isnull=True) | Q(left_on__gt=day))

    def count(years: Sequence[int], user: User, today: date) -> Counts:
        numbers = {f"in{year}": Count("pk", filter=in_pool(year, today)) for year in years}
        row = Teacher.objects.filter(condition).aggregate(**numbers)
        return {year: Decimal(row[f"in{year}"]) for year in years}

    def records(year: int, user: User, today: date) -> list[Record]:
        rows = Teacher.objects.filter(condition).filter(in_pool(year, today)).order_by("code")
        return [Record(one.name, _join(one.title, one.field, _honour(one)), one.joined_on) for one in rows]

    return count, records


def _honour(teacher: Teacher) -> str:
    return "" if teacher.honour == Honour.NONE else teacher.get_honour_display()


def _leader_lectures(user: User) -> QuerySet:
    """Lessons given by leaders, as they stand in the teaching ledger: originals that were not taken back."""
    entries = TeachingEntry.objects.visible_to(user).filter(reverses__isnull=True, reversal__isnull=True)
    return entries.filter(teacher__employment=Employment.PART_TIME, teacher__background=Background.LEADER)


def _count_lectures(years: Sequence[int], user: User, today: date) -> Counts:
    rows = _leader_lectures(user).filter(year__in=years).order_by().values_list("year").annotate(Count("pk"))
    return {year: Decimal(number) for year, number in rows}


def _list_lectures(year: int, user: User, today: date) -> list[Record]:
    rows = _leader_lectures(user).filter(year=year).select_related("teacher").order_by("taught_on", "pk")
    return [
        Record(one.subject, _join(one.teacher.name, one.teacher.title), one.taught_on, _hours(one.amount))
        for one in rows
    ]


def _offerings(kind: str, *, held: bool) -> tuple[Callable[..., Counts], Callable[..., list[Record]]]:
    """Offerings of a kind that were put on (`held`: that have taken place)."""

    def condition(today: date) -> Q:
        on = Q(kind=kind, state__in=(OfferingState.PUBLISHED, OfferingState.CLOSED))
        return on & Q(ends_on__lte=today) if held else on

    def count(years: Sequence[int], user: User, today: date) -> Counts:
        rows = Offering.objects.filter(condition(today), year__in=years).order_by().values_list("year")
        return {year: Decimal(number) for year, number in rows.annotate(Count("pk"))}

    def records(year: int, user: User, today: date) -> list[Record]:
        rows = Offering.objects.filter(condition(today), year=year).select_related("seats", "lead_teacher")
        return [
            Record(one.title, _join(one.get_state_display(), one.lead_teacher), one.starts_on, _people(one))
            for one in rows.order_by("starts_on", "code")
        ]

    return count, records


def _count_money(years: Sequence[int], user: User, today: date) -> Counts:
    return business_money(tuple(years))


def _list_money(year: int, user: User, today: date) -> list[Record]:
    rows = LineBalance.objects.filter(line__year=year, line__purpose__in=BUSINESS_PURPOSES).select_related(
        "line"
    )
    return [
        Record(
            one.line.name,
            _join(one.line.get_purpose_display(), one.line.get_source_display()),
            amount=_("%(amount)s yuan") % {"amount": number_format(one.approved, 2, force_grouping=True)},
        )
        for one in rows.order_by("line__code")
    ]


def _hours(amount: Decimal) -> str:
    return _("%(hours)s class-hours") % {"hours": number_format(amount.normalize(), use_l10n=True)}


def _people(offering: Offering) -> str:
    return _("%(taken)s enrolled") % {"taken": offering.seats.taken}


def _join(*parts: Any) -> str:
    return " · ".join(str(part) for part in parts if part)


def _indicator(
    code: str,
    label: Promise,
    unit: Promise,
    rule: Promise,
    counted: tuple[Callable[..., Counts], Callable[..., list[Record]]],
) -> Indicator:
    return Indicator(code, label, unit, rule, *counted)


_PERSONS = pgettext_lazy("unit", "persons")

INDICATORS: Iterable[Indicator] = (
    _indicator(
        "full_time_teachers",
        gettext_lazy("Full-time teachers"),
        _PERSONS,
        gettext_lazy("Full-time teachers in the pool at the end of the year, or today."),
        _teachers(Q(employment=Employment.FULL_TIME)),
    ),
    _indicator(
        "part_time_teachers",
        gettext_lazy("Part-time teachers"),
        _PERSONS,
        gettext_lazy("Part-time teachers in the pool at the end of the year, or today."),
        _teachers(Q(employment=Employment.PART_TIME)),
    ),
    _indicator(
        "famous_teachers",
        gettext_lazy("Famous teachers"),
        _PERSONS,
        gettext_lazy("Teachers in the pool with a provincial or municipal title of famous teacher."),
        _teachers(~Q(honour=Honour.NONE)),
    ),
    _indicator(
        "leader_lectures",
        gettext_lazy("Leaders' lectures"),
        pgettext_lazy("unit", "person-times"),
        gettext_lazy("Lessons given by city leaders, from the teaching ledger of closed offerings."),
        (_count_lectures, _list_lectures),
    ),
    _indicator(
        "elective_topics",
        gettext_lazy("Elective topics"),
        pgettext_lazy("unit", "topics"),
        gettext_lazy(
            "Elective topics put on for the cadres of the city; the plan wants six to eight a year."
        ),
        _offerings(OfferingKind.ELECTIVE, held=False),
    ),
    _indicator(
        "forum_sessions",
        gettext_lazy("Forum sessions"),
        pgettext_lazy("unit", "sessions"),
        gettext_lazy("Forum sessions that have taken place."),
        _offerings(OfferingKind.FORUM, held=True),
    ),
    _indicator(
        "business_money",
        gettext_lazy("Business money"),
        pgettext_lazy("unit", "yuan"),
        gettext_lazy(
            "Approved money for teaching and research, library, teacher development, informatisation and exchange."
        ),
        (_count_money, _list_money),
    ),
)


def indicator_labels() -> dict[str, Promise]:
    """What each indicator is called, by its code, in the order of the board."""
    return {indicator.code: indicator.label for indicator in INDICATORS}
