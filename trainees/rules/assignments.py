"""Organised assignment: what speaks for and against calling a person, and until when who may do what. Pure functions of facts.

The figures (how often a year, how long a long class is) are rows of `TrainingFigure`; a warning is told and kept with the
nomination, it forbids nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.enums import OfferingKind
from partyschool.common import clock
from partyschool.common.errors import Denial, LimitReached, NotEligible, WindowClosed, WrongState
from trainees.enums import (
    AssignmentState,
    CadreCategory,
    ExemptionGround,
    FigureCode,
    LeaveKind,
    LeaveState,
    NominationState,
    Rank,
)

# What people are called to: classes that a cadre does not choose. They also count as "called".
CLASS_KINDS = (
    OfferingKind.MAIN_CLASS,
    OfferingKind.SPECIAL_CLASS,
    OfferingKind.DEPARTMENT_TRAINING,
    OfferingKind.OUTSIDE,
)
# What an assignment is made for.
ASSIGNED_KINDS = CLASS_KINDS[:3]
# Classes on a single topic, which the rules keep short.
TOPIC_KINDS = (OfferingKind.SPECIAL_CLASS,)
FIGURES = (
    FigureCode.CALLS_A_YEAR,
    FigureCode.AWAY_CALLS_A_YEAR,
    FigureCode.LONG_CLASS_DAYS,
    FigureCode.LONG_CLASS_YEARS,
    FigureCode.SAME_TOPIC_YEARS,
)
Figures = Mapping[FigureCode, Decimal]
# Nominations in whose stead somebody else of the unit can be sent.
REPLACEABLE = (
    NominationState.CONFIRMED,
    NominationState.RETURNED,
    NominationState.DEFERRED,
    NominationState.WITHDRAWN,
)


class CallWarning(models.TextChoices):
    """What speaks against calling a person (`HINTS`: for it)."""

    CALLED_OFTEN = "called_often", gettext_lazy("Called often enough this year")
    AWAY_OFTEN = "away_often", gettext_lazy("Sent outside the province this year already")
    LONG_CLASS = "long_class", gettext_lazy("Was in a long class not long ago")
    SAME_TOPIC = "same_topic", gettext_lazy("Had this topic not long ago")
    CLASH = "clash", gettext_lazy("Has lessons at the same time")
    EXEMPT = "exempt", gettext_lazy("Exempt from training this year")
    ON_LEAVE = "on_leave", gettext_lazy("On leave while the class is held")
    LEAVING = "leaving", gettext_lazy("Leaves the register before the class ends")
    WRONG_RANK = "wrong_rank", gettext_lazy("The class is meant for another rank")
    WRONG_CATEGORY = "wrong_category", gettext_lazy("The class is meant for another category")
    NEVER_CALLED = "never_called", gettext_lazy("Has never been called")
    DEFERRED = "deferred", gettext_lazy("Was put off to the next class")


HINTS = (CallWarning.DEFERRED, CallWarning.NEVER_CALLED)


class QuotaFull(LimitReached):
    """The unit has named as many people as it may send."""

    code = "quota"
    title = gettext_lazy("The quota of the unit is used up")
    remedy = gettext_lazy("Take a nomination back first, or ask the school for a larger quota.")


class UnseenWarning(Denial):
    """Something speaks against the person that was not on the page when the button was pressed."""

    code = "unseen_warning"
    title = gettext_lazy("Something new speaks against this person")
    remedy = gettext_lazy("Look at the list again and decide anew.")


class CallFacts(NamedTuple):
    """One person and one class. `calls` and `away_calls` count the classes of the class's year, nominations elsewhere among them;
    `ever` those of all years. Dates and titles are None where nothing is found."""

    cadre_id: int
    rank: str
    category: str
    left_on: date | None
    calls: int
    away_calls: int
    ever: int
    last_on: date | None
    long_title: str | None
    long_until: date | None
    topic_title: str | None
    topic_until: date | None
    clash_title: str | None
    clash_starts_at: datetime | None
    clash_ends_at: datetime | None
    exempt_ground: str | None
    leave_kind: str | None
    leave_state: str | None
    leave_starts_at: datetime | None
    leave_ends_at: datetime | None
    deferred: bool


class CallClass(NamedTuple):
    """The class that people are called to, as far as the rules ask for it; no ranks or categories: meant for all."""

    starts_on: date
    ends_on: date
    away: bool
    ranks: tuple[str, ...]
    categories: tuple[str, ...]

    @property
    def days(self) -> int:
        """Calendar days from the first to the last."""
        return (self.ends_on - self.starts_on).days + 1


class Finding(NamedTuple):
    """A warning with what it is based on, as a sentence."""

    code: CallWarning
    text: str

    @property
    def speaks_for(self) -> bool:
        return self.code in HINTS


def findings(facts: CallFacts, called_to: CallClass, figures: Figures) -> list[Finding]:
    """All that speaks against calling the person to the class, then all that speaks for it."""
    found = [
        *_how_often(facts, called_to, figures),
        *_same_again(facts, called_to, figures),
        *_not_there(facts, called_to),
        *_not_meant(facts, called_to),
    ]
    if facts.deferred:
        found.append(
            Finding(CallWarning.DEFERRED, _("Was put off from an earlier class; it is this person's turn."))
        )
    if not facts.ever:
        found.append(Finding(CallWarning.NEVER_CALLED, _("Has never been called to a class.")))
    return found


def warning_codes(found: Iterable[Finding]) -> list[str]:
    """The codes of what speaks against it."""
    return [one.code.value for one in found if not one.speaks_for]


def _how_often(facts: CallFacts, called_to: CallClass, figures: Figures) -> list[Finding]:
    found = []
    if facts.calls >= (most := figures[FigureCode.CALLS_A_YEAR]):
        text = ngettext(
            "Called %(calls)s time this year; the rules allow %(most)s.",
            "Called %(calls)s times this year; the rules allow %(most)s.",
            facts.calls,
        )
        found.append(Finding(CallWarning.CALLED_OFTEN, text % {"calls": facts.calls, "most": int(most)}))
    if called_to.away and facts.away_calls >= (most := figures[FigureCode.AWAY_CALLS_A_YEAR]):
        text = ngettext(
            "Sent outside the province %(calls)s time this year; the rules allow %(most)s.",
            "Sent outside the province %(calls)s times this year; the rules allow %(most)s.",
            facts.away_calls,
        )
        found.append(Finding(CallWarning.AWAY_OFTEN, text % {"calls": facts.away_calls, "most": int(most)}))
    return found


def _same_again(facts: CallFacts, called_to: CallClass, figures: Figures) -> list[Finding]:
    found = []
    if facts.long_until and called_to.days >= figures[FigureCode.LONG_CLASS_DAYS]:
        text = _("Was in the long class “%(title)s” until %(day)s; one in %(years)s years is the rule.")
        values = {
            "title": facts.long_title,
            "day": facts.long_until.isoformat(),
            "years": int(figures[FigureCode.LONG_CLASS_YEARS]),
        }
        found.append(Finding(CallWarning.LONG_CLASS, text % values))
    if facts.topic_until:
        text = _("Was in “%(title)s” until %(day)s, which had the same topic.")
        values = {"title": facts.topic_title, "day": facts.topic_until.isoformat()}
        found.append(Finding(CallWarning.SAME_TOPIC, text % values))
    return found


def _not_there(facts: CallFacts, called_to: CallClass) -> list[Finding]:
    found = []
    if facts.clash_starts_at and facts.clash_ends_at:
        text = _("Has a lesson of “%(title)s” at the same time: %(span)s.")
        span = clock.span_in_words(facts.clash_starts_at, facts.clash_ends_at)
        found.append(Finding(CallWarning.CLASH, text % {"title": facts.clash_title, "span": span}))
    if facts.exempt_ground:
        text = _("Exempt this year: %(ground)s.")
        found.append(
            Finding(CallWarning.EXEMPT, text % {"ground": ExemptionGround(facts.exempt_ground).label})
        )
    if facts.leave_kind and facts.leave_starts_at and facts.leave_ends_at:
        text = (
            _("Has asked for leave (%(kind)s): %(span)s.")
            if facts.leave_state == LeaveState.ASKED
            else _("On leave (%(kind)s): %(span)s.")
        )
        span = clock.span_in_words(facts.leave_starts_at, facts.leave_ends_at)
        kind = LeaveKind(facts.leave_kind).label
        found.append(Finding(CallWarning.ON_LEAVE, text % {"kind": kind, "span": span}))
    if facts.left_on and facts.left_on <= called_to.ends_on:
        text = _("Leaves the register on %(day)s.")
        found.append(Finding(CallWarning.LEAVING, text % {"day": facts.left_on.isoformat()}))
    return found


def _not_meant(facts: CallFacts, called_to: CallClass) -> list[Finding]:
    found = []
    if called_to.ranks and facts.rank not in called_to.ranks:
        text = _("The class is meant for: %(meant)s. The register says: %(own)s.")
        meant = _("; ").join(str(Rank(one).label) for one in called_to.ranks)
        found.append(Finding(CallWarning.WRONG_RANK, text % {"meant": meant, "own": Rank(facts.rank).label}))
    if called_to.categories and facts.category not in called_to.categories:
        text = _("The class is meant for: %(meant)s. The register says: %(own)s.")
        meant = _("; ").join(str(CadreCategory(one).label) for one in called_to.categories)
        own = CadreCategory(facts.category).label
        found.append(Finding(CallWarning.WRONG_CATEGORY, text % {"meant": meant, "own": own}))
    return found


def length_warning(starts_on: date, ends_on: date, most: Decimal) -> str:
    """A sentence on a single-topic class of more than `most` calendar days, first and last included; '' for a shorter one."""
    days = (ends_on - starts_on).days + 1
    if days <= most:
        return ""
    text = ngettext(
        "This class on a single topic takes %(days)s day; the rules allow %(most)s.",
        "This class on a single topic takes %(days)s days; the rules allow %(most)s.",
        days,
    )
    return text % {"days": days, "most": int(most)}


# -- deadlines


class Deadlines(NamedTuple):
    """An assignment's state and instants."""

    title: str
    state: str
    nominate_by: datetime
    confirm_by: datetime
    substitutes_until: datetime


def state_denial(times: Deadlines) -> WrongState | None:
    """A denial unless the assignment is under way."""
    if times.state == AssignmentState.ISSUED:
        return None
    return WrongState(
        _("The assignment to “%(title)s” is: %(state)s.")
        % {"title": times.title, "state": AssignmentState(times.state).label}
    )


def nomination_denial(times: Deadlines, *, substitute: bool, now: datetime) -> Denial | WrongState | None:
    """Why a unit may not nominate now, or None: until `nominate_by`, and in somebody's stead until `substitutes_until`."""
    if denial := state_denial(times):
        return denial
    if now < times.nominate_by or (substitute and now < times.substitutes_until):
        return None
    if substitute:
        return WindowClosed(
            _("Substitutes for “%(title)s” were taken until %(time)s.")
            % {"title": times.title, "time": clock.in_words(times.substitutes_until)},
            remedy=_("Ask the school to put the date off."),
        )
    return WindowClosed(
        _("Units could nominate for “%(title)s” until %(time)s.")
        % {"title": times.title, "time": clock.in_words(times.nominate_by)},
        remedy=_("Until the end of the substitutions somebody can still be sent in another's stead.")
        if now < times.substitutes_until
        else _("Ask the school to put the date off."),
    )


def decision_end(times: Deadlines, *, substitute: bool) -> datetime:
    """Until when a nomination is decided: who stands in for somebody may come after the others were decided."""
    return max(times.confirm_by, times.substitutes_until) if substitute else times.confirm_by


def decision_denial(times: Deadlines, *, substitute: bool, now: datetime) -> Denial | WrongState | None:
    """Why a nomination may not be confirmed or returned now, or None."""
    if denial := state_denial(times):
        return denial
    if now < (end := decision_end(times, substitute=substitute)):
        return None
    return WindowClosed(
        _("Nominations for “%(title)s” were decided until %(time)s.")
        % {"title": times.title, "time": clock.in_words(end)},
        remedy=_("Ask the school to put the date off."),
    )


def left_denial(facts: CallFacts, name: str, now: datetime) -> NotEligible | None:
    """A denial for somebody who has left the register."""
    if facts.left_on is None or facts.left_on > clock.school_date(now):
        return None
    return NotEligible(
        _("%(name)s left the register on %(day)s.") % {"name": name, "day": facts.left_on.isoformat()},
        remedy=_("Choose somebody else."),
    )


# -- quotas


def apportion(total: int, people: Sequence[int]) -> list[int]:
    """`total` places shared out in proportion to `people`, by the largest remainders, nobody more than there are people.

    Where remainders are equal the larger unit comes first, then the earlier one. Places beyond the number of all people stay over.
    """
    everybody = sum(people)
    if not everybody:
        return [0] * len(people)
    total = min(total, everybody)
    shares = [total * number // everybody for number in people]
    by_remainder = sorted(
        range(len(people)), key=lambda one: (-(total * people[one] % everybody), -people[one], one)
    )
    for one in by_remainder[: total - sum(shares)]:
        shares[one] += 1
    return shares
