"""What staff do by hand holds against each other and against the cadres; and each guard's twin shows the race when the guard is off."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command

from courses.models import Offering, SeatCount
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.errors import Busy, Clash, Duplicate, Full, LimitReached, WrongState
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory, make_trainee
from trainees.enums import OverrideRule
from trainees.models import Enrolment, SeatOverride
from trainees.services import cancelling, electives, moving
from trainees.services.cancelling import cancel_offering
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.enrolments import enrol_cadre
from trainees.services.merging import MergeResult, merge_topic
from trainees.services.moving import move_cadre, withdraw_cadre

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff() -> Any:
    return make_user(Role.STAFF)


@pytest.fixture
def unit() -> Any:
    return make_unit()


@pytest.fixture
def topics() -> list[Any]:
    """Four topics of one round with two picks, five seats each."""
    found = SelectionRoundFactory(max_picks=2)
    return [OfferingFactory(selection_round=found, capacity=5) for _each in range(4)]


def live(**conditions: Any) -> list[Enrolment]:
    return list(Enrolment.objects.filter(state="enrolled", **conditions).unscoped("tests").order_by("pk"))


def won(outcomes: list[Any]) -> list[Any]:
    return [one for one in outcomes if not isinstance(one, Exception)]


def assert_sound() -> None:
    call_command("check_data", verbosity=0)


def test_two_of_staff_move_one_person_once(staff, unit, topics):
    place = EnrolmentFactory(cadre=CadreFactory(unit=unit), offering=topics[0], created_by=staff)
    calls = [
        partial(move_cadre, enrolment_id=place.pk, to_offering_id=topic.pk, reason="r", by=staff)
        for topic in topics[1:]
    ]
    outcomes = compete(calls)
    assert len(won(outcomes)) == len(live()) == 1
    assert {type(one) for one in outcomes if isinstance(one, Exception)} == {WrongState}
    assert_sound()


def test_a_move_and_giving_up_end_in_one_of_both(staff, unit, topics):
    for _time in range(5):
        cadre = make_trainee(unit=unit)
        place = EnrolmentFactory(cadre=cadre, offering=topics[0], created_by=staff)
        outcomes = compete(
            [
                partial(move_cadre, enrolment_id=place.pk, to_offering_id=topics[1].pk, reason="r", by=staff),
                partial(withdraw_from_topic, offering_id=topics[0].pk, by=cadre.user),
            ]
        )
        assert len(won(outcomes)) == 1
        assert len(live(cadre=cadre)) == (1 if isinstance(outcomes[0], int) else 0)
    assert_sound()


def test_a_move_and_taking_back_end_in_one_of_both(staff, unit, topics):
    place = EnrolmentFactory(cadre=CadreFactory(unit=unit), offering=topics[0], created_by=staff)
    outcomes = compete(
        [
            partial(move_cadre, enrolment_id=place.pk, to_offering_id=topics[1].pk, reason="r", by=staff),
            partial(withdraw_cadre, enrolment_id=place.pk, reason="r", by=staff),
        ]
    )
    assert [type(one) for one in outcomes].count(WrongState) == 1
    assert len(live()) == (1 if isinstance(outcomes[0], int) else 0)
    assert_sound()


def test_a_rule_is_set_aside_once_for_one_place(staff, unit, topics):
    cadre = CadreFactory(unit=unit)
    for topic in topics[2:]:
        EnrolmentFactory(cadre=cadre, offering=topic, created_by=staff)
    enrol = partial(enrol_cadre, cadre_id=cadre.pk, by=staff, aside=OverrideRule.LIMIT, reason="r")
    outcomes = compete([partial(enrol, offering_id=topics[0].pk) for _twice in range(4)])
    assert [type(one) for one in outcomes].count(Duplicate) == 3
    assert SeatOverride.objects.unscoped("tests").count() == len(live(offering=topics[0])) == 1
    assert_sound()


def test_staff_with_a_rule_set_aside_sell_no_seat_twice(staff, unit, topics):
    SeatCount.objects.filter(pk=topics[0].pk).update(capacity=3)
    cadres = [CadreFactory(unit=unit) for _each in range(9)]
    for cadre in cadres:
        for topic in topics[2:]:
            SeatCount.objects.filter(pk=topic.pk).update(capacity=20)
            EnrolmentFactory(cadre=cadre, offering=topic, created_by=staff)
    enrol = partial(enrol_cadre, offering_id=topics[0].pk, by=staff, aside=OverrideRule.LIMIT, reason="r")
    outcomes = compete([partial(enrol, cadre_id=cadre.pk) for cadre in cadres])
    assert len(won(outcomes)) == SeatOverride.objects.unscoped("tests").count() == 3
    assert {type(one) for one in outcomes if isinstance(one, Exception)} == {Full}
    assert_sound()


def test_merging_while_others_claim_loses_nobody(staff, unit, topics):
    old, new = topics[0], topics[1]
    SeatCount.objects.filter(pk=new.pk).update(capacity=30)
    for _each in range(3):
        EnrolmentFactory(cadre=make_trainee(unit=unit), offering=old, created_by=staff)
    rivals = [make_trainee(unit=unit) for _each in range(8)]
    calls = [
        partial(merge_topic, offering_id=old.pk, into_id=new.pk, reason="r", by=staff),
        *(
            partial(select_topic, offering_id=(old, new)[n % 2].pk, by=one.user)
            for n, one in enumerate(rivals)
        ),
    ]
    outcomes = compete(calls)
    result = outcomes[0]
    assert isinstance(result, MergeResult)
    assert list(result.stayed) == []
    left = live(offering=old)
    assert (Offering.objects.get(pk=old.pk).state == "cancelled") == result.cancelled
    assert not (result.cancelled and left)
    # Who was told a place has it, or had it moved along.
    seated = {one.cadre_id for one in live()}
    assert {
        cadre.pk for cadre, one in zip(rivals, outcomes[1:], strict=True) if isinstance(one, int)
    } <= seated
    assert_sound()


# --- guards and their twins --------------------------------------------------------------------------------------------------------------


def _opposite_moves(monkeypatch: Any, staff: Any, unit: Any, topics: list[Any]) -> list[Any]:
    """Two people change places: each has given up the old seat before the first takes the new one, if nothing hinders them."""
    there, back = (
        EnrolmentFactory(cadre=CadreFactory(unit=unit), offering=topic, created_by=staff)
        for topic in topics[:2]
    )
    monkeypatch.setattr(moving, "take_back_place", Gate(2).wrap(moving.take_back_place))
    return compete(
        [
            partial(move_cadre, enrolment_id=there.pk, to_offering_id=topics[1].pk, reason="r", by=staff),
            partial(move_cadre, enrolment_id=back.pk, to_offering_id=topics[0].pk, reason="r", by=staff),
        ]
    )


def test_opposite_moves_wait_for_each_other(monkeypatch, staff, unit, topics):
    outcomes = _opposite_moves(monkeypatch, staff, unit, topics)
    assert len(won(outcomes)) == 2
    assert_sound()


def test_opposite_moves_twin_without_locks_in_order_is_a_deadlock(monkeypatch, staff, unit, topics):
    monkeypatch.setattr(moving, "MOVE_LOCKS", moving.MOVE_LOCKS[:2])
    outcomes = _opposite_moves(monkeypatch, staff, unit, topics)
    assert [type(one) for one in outcomes].count(Busy) == 1
    assert_sound()


def _move_during_a_claim(monkeypatch: Any, staff: Any, unit: Any, topics: list[Any]) -> list[Any]:
    """A cadre picks a topic while staff move the cadre into another at the same time of day."""
    start = clock.now() + timedelta(days=30)
    for topic in topics[1:3]:
        LessonFactory(offering=topic, starts_at=start, ends_at=start + timedelta(hours=3))
    cadre = make_trainee(unit=unit)
    place = EnrolmentFactory(cadre=cadre, offering=topics[0], created_by=staff)
    gate = Gate(2)
    monkeypatch.setattr(electives, "selection_denial", gate.wrap(electives.selection_denial))
    monkeypatch.setattr(moving, "facts_for_cadre", gate.wrap(moving.facts_for_cadre))
    return compete(
        [
            partial(select_topic, offering_id=topics[1].pk, by=cadre.user),
            partial(move_cadre, enrolment_id=place.pk, to_offering_id=topics[2].pk, reason="r", by=staff),
        ]
    )


def test_a_move_and_a_claim_of_one_person_do_not_clash(monkeypatch, staff, unit, topics):
    outcomes = _move_during_a_claim(monkeypatch, staff, unit, topics)
    assert [type(one) for one in outcomes].count(Clash) == 1
    assert_sound()


def test_a_move_twin_without_the_lock_on_the_cadre_clashes_with_a_claim(monkeypatch, staff, unit, topics):
    monkeypatch.setattr(moving, "MOVE_LOCKS", moving.MOVE_LOCKS[1:])
    outcomes = _move_during_a_claim(monkeypatch, staff, unit, topics)
    assert (len(won(outcomes)), len(live())) == (2, 2)


def _cancel_if_empty_during_a_claim(monkeypatch: Any, staff: Any, unit: Any, topic: Any) -> list[Any]:
    """Somebody is being enrolled, and not committed yet, when the empty offering is cancelled."""
    cadre = make_trainee(unit=unit)
    placed = Gate(2, patience=5)
    pause = Gate(2, patience=1)
    monkeypatch.setattr(electives, "claim_place", pause.wrap(placed.wrap(electives.claim_place)))

    def cancel() -> Any:
        placed.wrap(lambda: None)()
        return cancel_offering(offering_id=topic.pk, reason="r", by=staff, only_empty=True)

    return compete([partial(select_topic, offering_id=topic.pk, by=cadre.user), cancel])


def test_cancelling_what_is_empty_waits_for_a_claim_under_way(monkeypatch, staff, unit, topics):
    outcomes = _cancel_if_empty_during_a_claim(monkeypatch, staff, unit, topics[0])
    assert isinstance(outcomes[1], cancelling.NotEmpty)
    assert Offering.objects.get(pk=topics[0].pk).state == "published"
    assert len(live()) == 1
    assert_sound()


def test_cancelling_twin_without_the_lock_overlooks_a_claim(monkeypatch, staff, unit, topics):
    monkeypatch.setattr(cancelling, "_locked", lambda pk: Offering.objects.filter(pk=pk).first())
    outcomes = _cancel_if_empty_during_a_claim(monkeypatch, staff, unit, topics[0])
    assert outcomes[1] == 0
    assert Offering.objects.get(pk=topics[0].pk).state == "cancelled"
    assert len(live()) == 1


def test_limit_holds_between_a_move_and_an_enrolment_by_hand(staff, unit, topics):
    cadre = CadreFactory(unit=unit)
    place = EnrolmentFactory(cadre=cadre, offering=topics[0], created_by=staff)
    outcomes = compete(
        [
            partial(move_cadre, enrolment_id=place.pk, to_offering_id=topics[1].pk, reason="r", by=staff),
            *(partial(enrol_cadre, cadre_id=cadre.pk, offering_id=one.pk, by=staff) for one in topics[2:]),
        ]
    )
    assert len(live(cadre=cadre)) == 2
    assert [type(one) for one in outcomes].count(LimitReached) == 1
    assert_sound()
