"""Whether a cadre may have a place in an offering: one pure function from facts to a denial, for page, claim and staff alike.

The order of denials is the order of what a person can do least about, so that nobody is sent to look for a free seat in a round
that is over: already enrolled → window → not eligible → limit of picks → clash → full.
"""

from datetime import date, datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.enums import OfferingState, RoundState
from partyschool.common import clock
from partyschool.common.errors import Clash, Denial, Duplicate, Full, LimitReached, NotEligible, WindowClosed
from trainees.enums import CadreCategory, EnrolmentState, Rank


class SeatFacts(NamedTuple):
    """What is known of one cadre and one offering at one moment; read by `trainees.selectors.electives`.

    Round columns are None and the gates open for an offering outside any round. `picks` counts the cadre's live enrolments in the
    round; the clash is the first own lesson that overlaps one of the offering's lessons.
    """

    offering_id: int
    title: str
    offering_state: str
    capacity: int
    taken: int
    frozen: bool
    round_id: int | None
    round_name: str | None
    round_state: str | None
    opens_at: datetime | None
    closes_at: datetime | None
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
    clash_lesson: str | None
    clash_offering: str | None
    clash_starts_at: datetime | None
    clash_ends_at: datetime | None

    @property
    def seats_left(self) -> int:
        return self.capacity - self.taken


def is_on_show(facts: SeatFacts) -> bool:
    """Whether trainees may know of this elective at all: announced once, in a round that has been opened once."""
    return facts.offering_state != OfferingState.PLANNED and facts.round_state in {
        RoundState.OPEN,
        RoundState.CLOSED,
    }


def selection_denial(facts: SeatFacts, now: datetime) -> Denial | None:
    """Why the cadre may not pick this offering now, or None when a seat may be claimed."""
    return (
        _already_enrolled(facts)
        or offering_denial(facts)
        or round_denial(facts, now)
        or _not_eligible(facts, now)
        or _limit(facts)
        or _clash(facts)
        or _full(facts)
    )


def enrolment_denial(facts: SeatFacts, now: datetime) -> Denial | None:
    """Why staff may not enrol the cadre: the same rules, but for the window of the round."""
    return (
        _already_enrolled(facts)
        or offering_denial(facts)
        or _not_eligible(facts, now)
        or _limit(facts)
        or _clash(facts)
        or _full(facts)
    )


def _already_enrolled(facts: SeatFacts) -> Denial | None:
    if facts.enrolment_id is None:
        return None
    return Duplicate(_("“%(title)s” is enrolled in already.") % {"title": facts.title})


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
    """A denial unless `now` lies in the open round's window: from `opens_at` on, before `closes_at`."""
    if facts.opens_at is None or facts.closes_at is None:
        return WindowClosed(_("“%(title)s” is not part of a selection round.") % {"title": facts.title})
    if now >= facts.closes_at:
        return WindowClosed(
            _("The round “%(name)s” ended on %(time)s.")
            % {"name": facts.round_name, "time": clock.in_words(facts.closes_at)}
        )
    if facts.round_state == RoundState.CLOSED:
        return WindowClosed(_("The school has closed the round “%(name)s”.") % {"name": facts.round_name})
    if facts.round_state == RoundState.OPEN and now >= facts.opens_at:
        return None
    return WindowClosed(
        _("The round “%(name)s” opens on %(time)s.")
        % {"name": facts.round_name, "time": clock.in_words(facts.opens_at)},
        retry_at=facts.opens_at,
    )


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


def _limit(facts: SeatFacts) -> Denial | None:
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


def _clash(facts: SeatFacts) -> Denial | None:
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


def _full(facts: SeatFacts) -> Denial | None:
    if facts.taken < facts.capacity:
        return None
    return full_denial(facts)


def full_denial(facts: SeatFacts) -> Full:
    """The denial of a topic whose seats are gone."""
    return Full(
        ngettext(
            "The only seat of “%(title)s” is taken.",
            "All %(seats)s seats of “%(title)s” are taken.",
            facts.capacity,
        )
        % {"seats": facts.capacity, "title": facts.title}
    )


def withdrawal_denial(facts: SeatFacts, now: datetime) -> WindowClosed | None:
    """Why a place that is held may not be given up now, or None."""
    return offering_denial(facts) or round_denial(facts, now)


def holds_place(facts: SeatFacts) -> bool:
    """Whether the cadre holds a place that has not been concluded yet."""
    return facts.enrolment_state == EnrolmentState.ENROLLED
