"""The decision, as a pure function: each denial with its facts, the edges of the window, and the order of denials."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from trainees.rules.electives import SeatFacts, enrolment_denial, selection_denial, withdrawal_denial

OPENS = datetime(2025, 3, 3, 0, 30, tzinfo=UTC)  # 08:30 at the school
CLOSES = datetime(2025, 3, 7, 9, 0, tzinfo=UTC)
DURING = OPENS + timedelta(hours=1)
FREE = SeatFacts(
    offering_id=1, title="Topic", offering_state="published", capacity=30, taken=29, open_left=1, own_left=0,
    quota_most=None, quota_taken=None, frozen=False, queue=False, round_id=1, round_name="Spring", round_mode="first_come",
    round_state="open", opens_at=OPENS, closes_at=CLOSES, change_closes_at=None, max_picks=2, ranks=[], categories=[],
    unit_admitted=True, cadre_id=1, rank="township_section", category="civil_servant", left_on=None,
    enrolment_id=None, enrolment_state=None, picks=1, repeat_year=None, clash_lesson=None, clash_offering=None, clash_starts_at=None, clash_ends_at=None,
)  # fmt: skip
CLASH = {
    "clash_lesson": "Lesson", "clash_offering": "Other",
    "clash_starts_at": datetime(2025, 6, 2, 0, 30, tzinfo=UTC), "clash_ends_at": datetime(2025, 6, 2, 3, 30, tzinfo=UTC),
}  # fmt: skip


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


def told(facts: SeatFacts, now: datetime = DURING) -> tuple[str, str] | None:
    denial = selection_denial(facts, now)
    return denial and (denial.code, str(denial.facts))


def test_selection_last_seat_is_allowed():
    assert told(FREE) is None


@pytest.mark.parametrize(
    ("change", "code", "facts"),
    [
        ({"enrolment_id": 5, "enrolment_state": "enrolled"}, "duplicate", "“Topic” is enrolled in already."),
        ({"offering_state": "cancelled"}, "window_closed", "“Topic” has been cancelled."),
        ({"offering_state": "closed"}, "window_closed", "“Topic” has been closed."),
        ({"frozen": True}, "window_closed", "“Topic” has been closed."),
        ({"offering_state": "planned"}, "window_closed", "“Topic” has not been published yet."),
        ({"round_state": "closed"}, "window_closed", "The school has closed the round “Spring”."),
        ({"left_on": date(2025, 3, 3)}, "not_eligible", "The record of this cadre left the register."),
        (
            {"ranks": ["county_division"]},
            "not_eligible",
            "The round is open to: County-division level. The register says: Township-section level.",
        ),
        (
            {"categories": ["non_party", "enterprise_executive"]},
            "not_eligible",
            "The round is open to: Non-party personage; Enterprise executive. The register says: Civil servant.",
        ),
        ({"unit_admitted": False}, "not_eligible", "The round is open to other units."),
        ({"picks": 2}, "limit", "2 topics of “Spring” are picked; the round allows 2."),
        ({"picks": 1, "max_picks": 1}, "limit", "1 topic of “Spring” is picked; the round allows 1."),
        (
            CLASH,
            "clash",
            "“Other” has the lesson “Lesson” at that time: Jun 2, 2025, 08:30–11:30 (Beijing time).",
        ),
        ({"taken": 30, "open_left": 0}, "full", "All 30 seats of “Topic” are taken."),
        ({"taken": 1, "capacity": 1, "open_left": 0}, "full", "The only seat of “Topic” is taken."),
    ],
)
def test_selection_denied_says_why(change, code, facts):
    assert told(FREE._replace(**change)) == (code, facts)


def test_selection_round_open_but_not_begun_says_when_it_opens():
    denial = selection_denial(FREE, OPENS - timedelta(seconds=1))
    assert (denial.code, denial.facts, denial.retry_at) == (
        "window_closed",
        "The round “Spring” opens on Mar 3, 2025, 08:30 (Beijing time).",
        OPENS,
    )


def test_selection_window_holds_from_its_first_instant_until_before_its_last():
    assert told(FREE, OPENS) is None
    assert told(FREE, CLOSES - timedelta(microseconds=1)) is None
    assert told(FREE, CLOSES) == (
        "window_closed",
        "The round “Spring” ended on Mar 7, 2025, 17:00 (Beijing time).",
    )


def test_selection_leaving_the_register_tomorrow_is_still_eligible():
    assert told(FREE._replace(left_on=date(2025, 3, 4))) is None


def test_selection_denials_come_in_the_documented_order():
    everything = {
        "enrolment_id": 5, "round_state": "closed", "unit_admitted": False, "picks": 2, "taken": 30, "open_left": 0, **CLASH,
    }  # fmt: skip
    facts, order = FREE._replace(**everything), []
    removals = [
        {"enrolment_id": None},
        {"round_state": "open"},
        {"unit_admitted": True},
        {"picks": 0},
        dict.fromkeys(CLASH),
        {"taken": 0, "open_left": 30},
    ]
    for removal in removals:
        order.append(told(facts)[0])
        facts = facts._replace(**removal)
    assert order == ["duplicate", "window_closed", "not_eligible", "limit", "clash", "full"]
    assert told(facts) is None


def test_enrolment_by_staff_ignores_the_window_alone():
    after = CLOSES + timedelta(days=9)
    assert enrolment_denial(FREE._replace(round_state="closed"), after) is None
    assert enrolment_denial(FREE._replace(taken=30, open_left=0), after)[1].code == "full"
    assert enrolment_denial(FREE._replace(offering_state="planned"), after)[1].code == "window_closed"
    outside = FREE._replace(
        round_id=None,
        round_name=None,
        round_state=None,
        opens_at=None,
        closes_at=None,
        max_picks=None,
        ranks=None,
        categories=None,
        picks=0,
    )
    assert enrolment_denial(outside, after) is None
    assert told(outside) == ("window_closed", "“Topic” is not part of a selection round.")


def test_withdrawal_is_open_as_long_as_the_round():
    assert withdrawal_denial(FREE, DURING) is None
    assert withdrawal_denial(FREE, CLOSES).code == "window_closed"
    assert withdrawal_denial(FREE._replace(frozen=True), DURING).code == "window_closed"
