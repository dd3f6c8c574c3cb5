"""Staff enrol by hand with one rule set aside, move people, take places back, merge topics."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from courses.enums import OfferingState, RoundState
from courses.models import Offering, SeatCount, UnitQuota
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import (
    Clash,
    Duplicate,
    Full,
    InvalidInput,
    LimitReached,
    NotEligible,
    NotFound,
    WindowClosed,
    WrongState,
)
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory, make_trainee
from trainees.enums import AttendanceStatus, EnrolmentState, OverrideRule, Rank, WaitingState
from trainees.models import AttendanceMark, Enrolment, SeatOverride, WaitingEntry
from trainees.rules.denials import OthersWaiting, QuotaReached
from trainees.services.cancelling import RollCalled
from trainees.services.enrolments import REASON_MOST, STAFF_RULES, enrol_cadre
from trainees.services.merging import merge_topic
from trainees.services.moving import move_cadre, withdraw_cadre

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("english")]


@pytest.fixture
def cadre(city) -> Any:
    return make_trainee(unit=city.finance_bureau)


@pytest.fixture
def found_round() -> Any:
    return SelectionRoundFactory(max_picks=1)


@pytest.fixture
def topic(found_round) -> Any:
    return OfferingFactory(selection_round=found_round, capacity=2, title="Old topic")


@pytest.fixture
def other(found_round) -> Any:
    return OfferingFactory(selection_round=found_round, capacity=2, title="New topic")


def places(**conditions: Any) -> list[tuple[int, str]]:
    rows = Enrolment.objects.filter(**conditions).unscoped("tests").order_by("pk")
    return list(rows.values_list("offering_id", "state"))


def overrides() -> list[SeatOverride]:
    return list(SeatOverride.objects.unscoped("tests").order_by("pk"))


def taken(offering: Any) -> int:
    return SeatCount.objects.get(pk=offering.pk).taken


def deeds() -> list[str]:
    return list(AuditEvent.objects.unscoped("tests").order_by("pk").values_list("action", flat=True))


def assert_sound() -> None:
    call_command("check_data", verbosity=0)


# --- one rule set aside ------------------------------------------------------------------------------------------------------------------


def _limit(cadre, topic, city):
    EnrolmentFactory(cadre=cadre, offering=OfferingFactory(selection_round=topic.selection_round))


def _eligibility(cadre, topic, city):
    topic.selection_round.ranks = [Rank.COUNTY_DIVISION]
    topic.selection_round.save()


def _clash(cadre, topic, city):
    start = clock.now() + timedelta(days=30)
    main = OfferingFactory(title="Main class")
    for one in (main, topic):
        LessonFactory(offering=one, starts_at=start, ends_at=start + timedelta(hours=3))
    EnrolmentFactory(cadre=cadre, offering=main)


def _quota(cadre, topic, city):
    UnitQuota.objects.create(offering=topic, unit=city.east, most=0)


def _queue(cadre, topic, city):
    WaitingEntry.objects.create(cadre=CadreFactory(unit=city.culture_bureau), offering=topic)


def _repeat(cadre, topic, city):
    past = OfferingFactory(series="s", year=2024)
    EnrolmentFactory(
        cadre=cadre,
        offering=past,
        state=EnrolmentState.COMPLETED,
        ended_at=clock.now(),
        ended_by=make_user(Role.STAFF),
    )
    topic.series = "s"
    topic.save()


CASES = {
    OverrideRule.LIMIT: (_limit, LimitReached),
    OverrideRule.ELIGIBILITY: (_eligibility, NotEligible),
    OverrideRule.CLASH: (_clash, Clash),
    OverrideRule.QUOTA: (_quota, QuotaReached),
    OverrideRule.QUEUE: (_queue, OthersWaiting),
    OverrideRule.REPEAT: (_repeat, Duplicate),
}


def test_every_rule_that_binds_staff_has_a_case():
    assert set(CASES) == set(STAFF_RULES)


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_refuses_until_it_is_set_aside_by_name(rule, cadre, topic, city, staff):
    prepare, refusal = CASES[rule]
    prepare(cadre, topic, city)
    with pytest.raises(refusal) as refused:
        enrol_cadre(cadre_id=cadre.pk, offering_id=topic.pk, by=staff)
    number = enrol_cadre(
        cadre_id=cadre.pk, offering_id=topic.pk, by=staff, aside=rule, reason=" Agreed with the bureau "
    )
    (kept,) = overrides()
    assert (kept.enrolment_id, kept.rule, kept.reason, kept.by) == (
        number,
        rule,
        "Agreed with the bureau",
        staff,
    )
    assert kept.facts == str(refused.value.facts)
    event = AuditEvent.objects.unscoped("tests").get(action="enrolment.enrol")
    assert (event.data["aside"], event.data["reason"]) == (rule, "Agreed with the bureau")
    assert taken(topic) == 1
    assert_sound()


def test_a_quota_counts_nobody_who_came_past_it(cadre, topic, city, staff):
    quota = UnitQuota.objects.create(offering=topic, unit=city.east, most=1)
    first = CadreFactory(unit=city.culture_bureau)
    enrol_cadre(cadre_id=first.pk, offering_id=topic.pk, by=staff)
    number = enrol_cadre(
        cadre_id=cadre.pk, offering_id=topic.pk, by=staff, aside=OverrideRule.QUOTA, reason="r"
    )
    quota.refresh_from_db()
    assert (quota.taken, Enrolment.objects.unscoped("tests").get(pk=number).quota) == (1, None)
    withdraw_cadre(enrolment_id=number, reason="r", by=staff)
    quota.refresh_from_db()
    assert quota.taken == 1
    assert_sound()


def test_the_quota_is_set_aside_for_one_claim_alone(cadre, topic, city, staff):
    UnitQuota.objects.create(offering=topic, unit=city.east, most=0)
    enrol_cadre(cadre_id=cadre.pk, offering_id=topic.pk, by=staff, aside=OverrideRule.QUOTA, reason="r")
    with pytest.raises(QuotaReached):
        enrol_cadre(cadre_id=CadreFactory(unit=city.east).pk, offering_id=topic.pk, by=staff)


@pytest.mark.parametrize("rule", STAFF_RULES)
def test_seats_are_never_set_aside(rule, cadre, topic, city, staff):
    if rule != OverrideRule.QUEUE:  # nobody is passed over where there is no seat
        CASES[rule][0](cadre, topic, city)
    EnrolmentFactory.create_batch(2, offering=topic, cadre__unit=city.west)
    with pytest.raises(Full, match="All 2 seats"):
        enrol_cadre(cadre_id=cadre.pk, offering_id=topic.pk, by=staff, aside=rule, reason="r")
    assert (taken(topic), overrides()) == (2, [])


def test_a_second_rule_is_told(cadre, topic, city, staff):
    _limit(cadre, topic, city)
    _clash(cadre, topic, city)
    with pytest.raises(Clash, match="Main class") as refused:
        enrol_cadre(cadre_id=cadre.pk, offering_id=topic.pk, by=staff, aside=OverrideRule.LIMIT, reason="r")
    assert "Only one rule can be set aside" in refused.value.what_to_do
    with pytest.raises(LimitReached):
        enrol_cadre(cadre_id=cadre.pk, offering_id=topic.pk, by=staff, aside=OverrideRule.CLASH, reason="r")
    assert overrides() == []


def test_a_rule_that_does_not_refuse_is_not_set_aside(cadre, topic, staff):
    with pytest.raises(InvalidInput, match="does not speak against it"):
        enrol_cadre(cadre_id=cadre.pk, offering_id=topic.pk, by=staff, aside=OverrideRule.CLASH, reason="r")
    assert places() == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * (REASON_MOST + 1)])
def test_setting_aside_takes_a_reason(reason, cadre, topic, city, staff):
    _limit(cadre, topic, city)
    with pytest.raises(InvalidInput):
        enrol_cadre(
            cadre_id=cadre.pk, offering_id=topic.pk, by=staff, aside=OverrideRule.LIMIT, reason=reason
        )


def test_whoever_waited_and_is_enrolled_waits_no_more(cadre, topic, staff):
    entry = WaitingEntry.objects.create(cadre=cadre, offering=topic)
    number = enrol_cadre(cadre_id=cadre.pk, offering_id=topic.pk, by=staff)
    entry.refresh_from_db()
    assert (entry.state, entry.enrolment_id, entry.ended_by) == (WaitingState.ACCEPTED, number, staff)
    assert_sound()


# --- moving ------------------------------------------------------------------------------------------------------------------------------


def test_moving_gives_the_new_place_for_the_old_one(cadre, topic, other, staff):
    old = EnrolmentFactory(cadre=cadre, offering=topic)
    number = move_cadre(enrolment_id=old.pk, to_offering_id=other.pk, reason=" Too few people ", by=staff)
    assert places() == [(topic.pk, "withdrawn"), (other.pk, "enrolled")]
    new = Enrolment.objects.unscoped("tests").get(pk=number)
    old.refresh_from_db()
    assert (new.origin, new.created_by, old.reason, old.ended_by) == (
        "moved",
        staff,
        "Too few people",
        staff,
    )
    assert (taken(topic), taken(other)) == (0, 1)
    assert deeds() == ["enrolment.take_back", "enrolment.move"]
    notice = Notice.objects.unscoped("tests").get()
    assert notice.recipient == cadre.user
    assert all(text in notice.body for text in ("Old topic", "New topic", "Too few people"))
    assert_sound()


def test_moving_out_of_a_closed_round_is_for_staff(cadre, topic, other, staff):
    old = EnrolmentFactory(cadre=cadre, offering=topic)
    topic.selection_round.state = RoundState.CLOSED
    topic.selection_round.save()
    move_cadre(enrolment_id=old.pk, to_offering_id=other.pk, reason="r", by=staff)
    assert taken(other) == 1


def test_moving_that_is_refused_leaves_everything(cadre, topic, other, city, staff):
    old = EnrolmentFactory(cadre=cadre, offering=topic)
    EnrolmentFactory.create_batch(2, offering=other, cadre__unit=city.west)
    with pytest.raises(Full):
        move_cadre(enrolment_id=old.pk, to_offering_id=other.pk, reason="r", by=staff)
    assert places(cadre=cadre) == [(topic.pk, "enrolled")]
    assert (deeds(), Notice.objects.unscoped("tests").count()) == ([], 0)


def test_moving_does_not_clash_with_the_place_given_up(cadre, topic, other, staff):
    start = clock.now() + timedelta(days=30)
    for one in (topic, other):
        LessonFactory(offering=one, starts_at=start, ends_at=start + timedelta(hours=3))
    old = EnrolmentFactory(cadre=cadre, offering=topic)
    move_cadre(enrolment_id=old.pk, to_offering_id=other.pk, reason="r", by=staff)
    assert taken(other) == 1


def test_moving_with_a_rule_set_aside(cadre, topic, other, city, staff):
    old = EnrolmentFactory(cadre=cadre, offering=topic)
    _queue(cadre, other, city)
    with pytest.raises(OthersWaiting):
        move_cadre(enrolment_id=old.pk, to_offering_id=other.pk, reason="r", by=staff)
    number = move_cadre(
        enrolment_id=old.pk, to_offering_id=other.pk, reason="r", by=staff, aside=OverrideRule.QUEUE
    )
    assert [(one.enrolment_id, one.rule) for one in overrides()] == [(number, "queue")]


def test_what_was_attended_stays(cadre, topic, other, staff):
    old = EnrolmentFactory(cadre=cadre, offering=topic)
    lesson = LessonFactory(offering=topic)
    AttendanceMark.objects.create(
        enrolment=old, lesson=lesson, status=AttendanceStatus.PRESENT, marked_by=staff
    )
    with pytest.raises(RollCalled):
        move_cadre(enrolment_id=old.pk, to_offering_id=other.pk, reason="r", by=staff)
    with pytest.raises(RollCalled):
        withdraw_cadre(enrolment_id=old.pk, reason="r", by=staff)
    assert places(cadre=cadre) == [(topic.pk, "enrolled")]


def test_moving_to_the_same_place_is_none(cadre, topic, staff):
    old = EnrolmentFactory(cadre=cadre, offering=topic)
    with pytest.raises(InvalidInput, match="already"):
        move_cadre(enrolment_id=old.pk, to_offering_id=topic.pk, reason="r", by=staff)


def test_taking_a_place_back(cadre, topic, staff):
    place = EnrolmentFactory(cadre=cadre, offering=topic)
    withdraw_cadre(enrolment_id=place.pk, reason="Called away", by=staff)
    assert (places(), taken(topic)) == ([(topic.pk, "withdrawn")], 0)
    assert "Called away" in Notice.objects.unscoped("tests").get().body
    with pytest.raises(WrongState):
        withdraw_cadre(enrolment_id=place.pk, reason="Called away", by=staff)
    assert deeds() == ["enrolment.take_back"]


@pytest.mark.parametrize("state", [OfferingState.CLOSED, OfferingState.CANCELLED])
def test_places_of_what_is_over_stand(state, cadre, topic, staff):
    place = EnrolmentFactory(cadre=cadre, offering=topic)
    closed_at = clock.now() if state == OfferingState.CLOSED else None
    Offering.objects.filter(pk=topic.pk).update(state=state, closed_at=closed_at)
    with pytest.raises(WindowClosed):
        withdraw_cadre(enrolment_id=place.pk, reason="r", by=staff)


def test_nobody_acts_outside_the_own_scope(cadre, topic, other, city):
    place = EnrolmentFactory(cadre=cadre, offering=topic)
    stranger = make_user(Role.ORGDEPT, unit=city.west)
    for deed in (
        lambda: move_cadre(enrolment_id=place.pk, to_offering_id=other.pk, reason="r", by=stranger),
        lambda: withdraw_cadre(enrolment_id=place.pk, reason="r", by=stranger),
        lambda: enrol_cadre(cadre_id=cadre.pk, offering_id=other.pk, by=stranger),
    ):
        with pytest.raises(NotFound):
            deed()


# --- merging -----------------------------------------------------------------------------------------------------------------------------


def test_merging_moves_everybody_and_cancels_what_is_empty(topic, other, city, staff):
    for _each in range(2):
        EnrolmentFactory(cadre=make_trainee(unit=city.west), offering=topic)
    result = merge_topic(offering_id=topic.pk, into_id=other.pk, reason="Too few", by=staff)
    assert (len(result.moved), list(result.stayed), result.cancelled) == (2, [], True)
    assert (taken(topic), taken(other), Offering.objects.get(pk=topic.pk).state) == (0, 2, "cancelled")
    assert Notice.objects.unscoped("tests").count() == 2
    assert_sound()


def test_merging_names_who_cannot_come_along(cadre, topic, other, city, staff):
    first = EnrolmentFactory(cadre=CadreFactory(unit=city.west), offering=topic)
    second = EnrolmentFactory(cadre=cadre, offering=topic)
    EnrolmentFactory(cadre=CadreFactory(unit=city.west), offering=other)
    result = merge_topic(offering_id=topic.pk, into_id=other.pk, reason="Too few", by=staff)
    assert [one.pk for one in result.moved] == [first.pk]
    ((stayed, refusal),) = result.stayed
    assert (stayed.pk, type(refusal), result.cancelled) == (second.pk, Full, False)
    assert (taken(topic), taken(other), Offering.objects.get(pk=topic.pk).state) == (1, 2, "published")
    assert_sound()


def test_merging_needs_two_that_are_held(topic, other, staff):
    with pytest.raises(InvalidInput):
        merge_topic(offering_id=topic.pk, into_id=topic.pk, reason="r", by=staff)
    Offering.objects.filter(pk=other.pk).update(state=OfferingState.PLANNED)
    with pytest.raises(NotFound):
        merge_topic(offering_id=topic.pk, into_id=other.pk, reason="r", by=staff)
