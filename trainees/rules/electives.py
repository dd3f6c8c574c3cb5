"""Whether a cadre may have a place in an offering: one pure function from facts to a denial, for page, claim and staff alike.

The order of denials is the order of what a person can do least about, so that nobody is sent to look for a free seat in a round
that is over: already enrolled → window → not eligible → attended before → limit of picks → quota of the unit → clash → others are
waiting → full.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.enums import OfferingState, RoundMode, RoundState
from partyschool.common import clock
from partyschool.common.errors import (
    Clash,
    Denial,
    Duplicate,
    Full,
    LimitReached,
    NotEligible,
    Text,
    WindowClosed,
)
from trainees.enums import CadreCategory, EnrolmentState, OverrideRule, Rank

from .denials import OthersWaiting, QuotaReached


class SeatFacts(NamedTuple):
    """What is known of one cadre and one offering at one moment; read by `trainees.selectors.electives`.

    Round columns are None and the gates open for an offering outside any round; `opens_at` is the opening for the cadre's own unit.
    `open_left` counts free seats that are kept for nobody, `own_left` free reserved seats of the cadre's groups; the quota is that of
    the nearest unit that has one. `picks` counts the cadre's live enrolments in the round; `repeat_year` is when a topic of the same
    series was completed. `queue` tells whether anybody waits who is asked before a newcomer. The clash is the first own lesson that
    overlaps one of the offering's lessons.
    """

    offering_id: int
    title: str
    offering_state: str
    capacity: int
    taken: int
    open_left: int
    own_left: int
    quota_most: int | None
    quota_taken: int | None
    frozen: bool
    queue: bool
    round_id: int | None
    round_name: str | None
    round_mode: str | None
    round_state: str | None
    opens_at: datetime | None
    closes_at: datetime | None
    change_closes_at: datetime | None
    max_picks: int | None
    ranks: list[str] | None
    categories: list[str] | None
    unit_admitted: bool
    cadre_id: int
    rank: str
    category: str
    left_on: date | None
    enrolment_id: int | None
    enrolment_state: str | None
    picks: int
    repeat_year: int | None
    clash_lesson: str | None
    clash_offering: str | None
    clash_starts_at: datetime | None
    clash_ends_at: datetime | None

    @property
    def seats_left(self) -> int:
        """Seats that this cadre could take if nobody else came."""
        return max(self.open_left, 0) + self.own_left


# What ends by the clock; a draw goes on when its work is done.
TIMED_STATES = {RoundState.OPEN, RoundState.CHANGE, RoundState.CLOSED}
_BEING_DRAWN = (
    gettext_lazy("The rankings of “%(name)s” are sealed; its seats are being drawn."),
    gettext_lazy("You will get a notice as soon as the result is published."),
)
# Why seats of a round in this state are not picked one by one, and what to do.
_NOT_PICKED: dict[RoundState, tuple[Text, Text]] = {
    RoundState.OPEN: (
        gettext_lazy("The seats of “%(name)s” are drawn."),
        gettext_lazy("Rank the topics that you want; when you do it makes no difference."),
    ),
    RoundState.SEALED: _BEING_DRAWN,
    RoundState.RUN: _BEING_DRAWN,
    RoundState.REVIEW: _BEING_DRAWN,
    RoundState.PUBLISHED: (
        gettext_lazy("The seats of “%(name)s” have been drawn."),
        gettext_lazy("Places can be changed once the school opens the change window."),
    ),
    RoundState.CLOSED: (gettext_lazy("The school has closed the round “%(name)s”."), ""),
}

Rule = tuple[OverrideRule | None, Callable[[SeatFacts, datetime], Denial | None]]


def is_on_show(facts: SeatFacts) -> bool:
    """Whether trainees may know of this elective at all: announced once, in a round that has been opened once."""
    return facts.offering_state != OfferingState.PLANNED and facts.round_state not in {None, RoundState.DRAFT}


def selection_denial(facts: SeatFacts, now: datetime) -> Denial | None:
    """Why the cadre may not pick this offering now, or None when a seat may be claimed."""
    return next((denial for _rule, denial in _denials(SELECTION, facts, now)), None)


def enrolment_denial(
    facts: SeatFacts, now: datetime, aside: Collection[OverrideRule] = ()
) -> tuple[OverrideRule | None, Denial] | None:
    """Why staff may not enrol the cadre, with the rule that says so (None: one that nobody sets aside); None when they may.

    The same rules as for the cadre's own selection, but for the window of the round and for those set `aside`.
    """
    return next((found for found in _denials(ENROLMENT, facts, now) if found[0] not in aside), None)


def promotion_denial(facts: SeatFacts, now: datetime) -> Denial | None:
    """Why somebody in line cannot be given the seat that is free now, or None: all rules but the line itself and the round's window.

    The line has its own end: `trainees.rules.waiting`.
    """
    return next((denial for _rule, denial in _denials(PROMOTION, facts, now)), None)


def waiting_denial(facts: SeatFacts, now: datetime) -> Denial | None:
    """Why the cadre may not get in line, or None. A seat and the limit are asked when a seat is free, not now."""
    return next((denial for _rule, denial in _denials(WAITING, facts, now)), None)


def ranking_denial(facts: SeatFacts, now: datetime) -> Denial | None:
    """Why the cadre may not rank the topics of the offering's round now, or None: an open draw, within the own window, open to them."""
    open_draw = facts.round_mode == RoundMode.DRAW and facts.round_state == RoundState.OPEN
    if not (open_draw and facts.opens_at and facts.closes_at and facts.opens_at <= now < facts.closes_at):
        return round_denial(facts, now) or WindowClosed(
            _("The seats of “%(name)s” go to those who come first; they are not drawn.")
            % {"name": facts.round_name},
            remedy=_("Pick the topics that you want."),
        )
    return _not_eligible(facts, now)


def draw_denial(facts: SeatFacts, now: datetime) -> Denial | None:
    """Why a draw would not give the cadre this offering as things stand, whatever the order and the seats, or None."""
    return next((denial for _rule, denial in _denials(DRAW, facts, now)), None)


def _denials(
    rules: tuple[Rule, ...], facts: SeatFacts, now: datetime
) -> Iterator[tuple[OverrideRule | None, Denial]]:
    for rule, check in rules:
        if denial := check(facts, now):
            yield rule, denial


def _already_enrolled(facts: SeatFacts, _now: datetime) -> Denial | None:
    if facts.enrolment_id is None:
        return None
    if facts.enrolment_state == EnrolmentState.HELD:
        return Duplicate(
            _("A seat of “%(title)s” is kept for you.") % {"title": facts.title},
            remedy=_("Accept the offered seat, or decline it so that it goes to the next in line."),
        )
    return Duplicate(_("“%(title)s” is enrolled in already.") % {"title": facts.title})


def _offering(facts: SeatFacts, _now: datetime) -> Denial | None:
    return offering_denial(facts)


def offering_denial(facts: SeatFacts) -> WindowClosed | None:
    """A denial unless the offering takes and gives up places: published, and not closed or cancelled."""
    if facts.offering_state == OfferingState.PUBLISHED and not facts.frozen:
        return None
    words = {
        OfferingState.PLANNED: _("“%(title)s” has not been published yet."),
        OfferingState.CANCELLED: _("“%(title)s” has been cancelled."),
    }.get(OfferingState(facts.offering_state), _("“%(title)s” has been closed."))
    return WindowClosed(words % {"title": facts.title})


def round_denial(facts: SeatFacts, now: datetime) -> WindowClosed | None:
    """A denial unless places of the round are picked and given up now.

    That is from the own `opens_at` on, before `closes_at`, in an open first-come round; and in any round's change window.
    """
    if facts.opens_at is None or facts.closes_at is None or facts.round_state is None:
        return WindowClosed(_("“%(title)s” is not part of a selection round.") % {"title": facts.title})
    state = RoundState(facts.round_state)
    if state == RoundState.DRAFT or (state == RoundState.OPEN and now < facts.opens_at):
        return WindowClosed(
            _("The round “%(name)s” opens on %(time)s.")
            % {"name": facts.round_name, "time": clock.in_words(facts.opens_at)},
            retry_at=facts.opens_at,
        )
    end = facts.change_closes_at if state == RoundState.CHANGE else facts.closes_at
    if state in TIMED_STATES and end is not None and now >= end:
        return WindowClosed(
            _("The round “%(name)s” ended on %(time)s.")
            % {"name": facts.round_name, "time": clock.in_words(end)}
        )
    if state == RoundState.CHANGE or (state == RoundState.OPEN and facts.round_mode == RoundMode.FIRST_COME):
        return None
    words, remedy = _NOT_PICKED[state]
    return WindowClosed(str(words) % {"name": facts.round_name}, remedy=remedy)


def _not_eligible(facts: SeatFacts, now: datetime) -> Denial | None:
    if facts.left_on is not None and facts.left_on <= clock.school_date(now):
        return NotEligible(_("The record of this cadre left the register."))
    if facts.ranks and facts.rank not in facts.ranks:
        return NotEligible(
            _("The round is open to: %(open)s. The register says: %(own)s.")
            % {
                "open": _("; ").join(str(Rank(one).label) for one in facts.ranks),
                "own": Rank(facts.rank).label,
            }
        )
    if facts.categories and facts.category not in facts.categories:
        return NotEligible(
            _("The round is open to: %(open)s. The register says: %(own)s.")
            % {
                "open": _("; ").join(str(CadreCategory(one).label) for one in facts.categories),
                "own": CadreCategory(facts.category).label,
            }
        )
    if not facts.unit_admitted:
        return NotEligible(_("The round is open to other units."))
    return None


def _repeat(facts: SeatFacts, _now: datetime) -> Denial | None:
    if facts.repeat_year is None:
        return None
    return Duplicate(
        _("You attended this topic in %(year)s already; the round is for topics that are new to you.")
        % {"year": facts.repeat_year},
        remedy=_("Choose another topic."),
    )


def _limit(facts: SeatFacts, _now: datetime) -> Denial | None:
    if facts.max_picks is None or facts.picks < facts.max_picks:
        return None
    return LimitReached(
        ngettext(
            "%(picks)s topic of “%(name)s” is picked; the round allows %(most)s.",
            "%(picks)s topics of “%(name)s” are picked; the round allows %(most)s.",
            facts.picks,
        )
        % {"picks": facts.picks, "name": facts.round_name, "most": facts.max_picks}
    )


def _quota(facts: SeatFacts, _now: datetime) -> Denial | None:
    if facts.quota_most is None or facts.quota_taken is None or facts.quota_taken < facts.quota_most:
        return None
    return quota_denial(facts)


def quota_denial(facts: SeatFacts) -> QuotaReached:
    """The denial of a topic of which the cadre's unit has as many seats as it may."""
    return QuotaReached(
        ngettext(
            "Your unit may have %(most)s seat of “%(title)s”, and it is taken.",
            "Your unit may have %(most)s seats of “%(title)s”, and they are taken.",
            facts.quota_most or 0,
        )
        % {"most": facts.quota_most, "title": facts.title}
    )


def _clash(facts: SeatFacts, _now: datetime) -> Denial | None:
    if facts.clash_starts_at is None or facts.clash_ends_at is None:
        return None
    return Clash(
        _("“%(offering)s” has the lesson “%(lesson)s” at that time: %(span)s.")
        % {
            "offering": facts.clash_offering,
            "lesson": facts.clash_lesson,
            "span": clock.span_in_words(facts.clash_starts_at, facts.clash_ends_at),
        }
    )


def _queue(facts: SeatFacts, _now: datetime) -> Denial | None:
    if not facts.queue or facts.seats_left <= 0:
        return None
    return OthersWaiting(
        _("The free seats of “%(title)s” go to those in line first.") % {"title": facts.title}
    )


def _full(facts: SeatFacts, _now: datetime) -> Denial | None:
    return None if facts.seats_left > 0 else full_denial(facts)


def full_denial(facts: SeatFacts) -> Full:
    """The denial of a topic whose seats are gone, or kept for others."""
    if facts.taken < facts.capacity:
        return Full(
            ngettext(
                "The last free seat of “%(title)s” is reserved for other groups.",
                "The last %(seats)s free seats of “%(title)s” are reserved for other groups.",
                facts.capacity - facts.taken,
            )
            % {"seats": facts.capacity - facts.taken, "title": facts.title}
        )
    return Full(
        ngettext(
            "The only seat of “%(title)s” is taken.",
            "All %(seats)s seats of “%(title)s” are taken.",
            facts.capacity,
        )
        % {"seats": facts.capacity, "title": facts.title}
    )


SELECTION: tuple[Rule, ...] = (
    (None, _already_enrolled),
    (None, _offering),
    (OverrideRule.WINDOW, round_denial),
    (OverrideRule.ELIGIBILITY, _not_eligible),
    (OverrideRule.REPEAT, _repeat),
    (OverrideRule.LIMIT, _limit),
    (OverrideRule.QUOTA, _quota),
    (OverrideRule.CLASH, _clash),
    (OverrideRule.QUEUE, _queue),
    (None, _full),
)
ENROLMENT = tuple(rule for rule in SELECTION if rule[0] != OverrideRule.WINDOW)
PROMOTION = tuple(rule for rule in SELECTION if rule[0] not in {OverrideRule.QUEUE, OverrideRule.WINDOW})
# Limit, quota and clash may be over by the time a seat is free; whoever is held up by them then is skipped, and keeps the place.
WAITING = SELECTION[:5]
# Order, limit, quota and seats are the draw's own affair.
DRAW: tuple[Rule, ...] = (
    (None, _already_enrolled),
    (None, _offering),
    (OverrideRule.ELIGIBILITY, _not_eligible),
    (OverrideRule.REPEAT, _repeat),
    (OverrideRule.CLASH, _clash),
)


def withdrawal_denial(facts: SeatFacts, now: datetime) -> WindowClosed | None:
    """Why a place that is held may not be given up now, or None."""
    return offering_denial(facts) or round_denial(facts, now)


def holds_place(facts: SeatFacts) -> bool:
    """Whether the cadre holds a place that has not been concluded yet."""
    return facts.enrolment_state == EnrolmentState.ENROLLED
