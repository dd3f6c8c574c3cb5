"""Two who decide, two claims for the last credits, granting beside cancelling: one comes first. And each lock's twin shows the race."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.errors import Busy, WrongState
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import EnrolmentFactory, make_scheme, make_trainee
from tests.trainees.evidence_samples import upload
from trainees.enums import CreditBasis, CreditCategory, RecognisedActivity
from trainees.models import AssessmentYear, AttendanceMark, CreditClaim, CreditEntry, CreditRule, LeaveRequest
from trainees.rules.half_days import half_day_of
from trainees.services import attendance_limits, claims, leaves
from trainees.services.attendance import mark_attendance
from trainees.services.attendance_limits import mark_leaves
from trainees.services.claims import (
    ClaimFacts,
    LimitUsedUp,
    approve_claim,
    refuse_claim,
    submit_claim,
    withdraw_claim,
)
from trainees.services.leaves import ask_leave, cancel_leave, decide_leave, register_return

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
DAY = date(2025, 5, 20)


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def reviewers() -> list[Any]:
    return [make_user(Role.STAFF) for _each in range(4)]


@pytest.fixture
def trainee() -> Any:
    scheme = make_scheme(state="draft")
    CreditRule.objects.create(
        scheme=scheme,
        activity=RecognisedActivity.OUTSIDE_CLASS,
        category=CreditCategory.CONCENTRATED,
        basis=CreditBasis.DAY,
        rate=8,
        most=48,
    )
    scheme.state = "in_force"
    scheme.save()
    return make_trainee(unit=make_unit())


@pytest.fixture
def lessons(trainee: Any) -> list[Any]:
    """A running class: one lesson has begun, fourteen are ahead."""
    offering = OfferingFactory(
        kind=OfferingKind.MAIN_CLASS, starts_on=clock.school_date(), ends_on=date(2099, 1, 1)
    )
    begun = clock.now() - timedelta(minutes=5)
    EnrolmentFactory(cadre=trainee, offering=offering)
    return [
        LessonFactory(
            offering=offering,
            starts_at=begun + timedelta(days=day),
            ends_at=begun + timedelta(days=day, hours=3),
        )
        for day in range(15)
    ]


def claim_of(trainee: Any, number: int = 0, quantity: int = 4) -> CreditClaim:
    facts = ClaimFacts(
        activity=RecognisedActivity.OUTSIDE_CLASS,
        title=f"班{number}",
        host="",
        quantity=Decimal(quantity),
        earned_on=DAY,
    )
    return submit_claim(facts=facts, files=[upload()], by=trainee.user)


def leave_on(trainee: Any, lesson: Any) -> LeaveRequest:
    place = trainee.enrolments.unscoped("tests").get()
    half = half_day_of(lesson.starts_at)
    return ask_leave(
        enrolment_id=place.pk,
        kind="sick",
        first=half,
        last=half,
        reason="r",
        by=trainee.user,
        over_limit_confirmed=True,
    )


def won(outcomes: list[Any]) -> list[Any]:
    return [one for one in outcomes if not isinstance(one, Exception)]


def kinds(outcomes: list[Any]) -> set[type]:
    return {type(one) for one in outcomes if isinstance(one, Exception)}


def total() -> Decimal:
    entries = CreditEntry.objects.unscoped("tests")
    return sum((entry.amount for entry in entries), Decimal(0))


def unlocked(monkeypatch: pytest.MonkeyPatch, module: Any) -> None:
    """Reads where the service would lock."""
    monkeypatch.setattr(module, "lock_row", lambda model, pk: model._base_manager.get(pk=pk))


# --- claims ------------------------------------------------------------------------------------------------------------------------------


def test_of_several_reviewers_one_decides(trainee: Any, reviewers: list[Any]) -> None:
    claim = claim_of(trainee)
    outcomes = compete(
        [
            partial(approve_claim, claim_id=claim.pk, by=reviewers[0]),
            partial(approve_claim, claim_id=claim.pk, by=reviewers[1]),
            partial(refuse_claim, claim_id=claim.pk, answer="r", by=reviewers[2]),
            partial(withdraw_claim, claim_id=claim.pk, by=trainee.user),
        ]
    )
    assert (len(won(outcomes)), kinds(outcomes)) == (1, {WrongState})
    state = CreditClaim.objects.unscoped("tests").get().state
    assert total() == (32 if state == "approved" else 0)
    call_command("check_data", verbosity=0)


def test_two_claims_share_what_the_limit_leaves(trainee: Any, reviewers: list[Any]) -> None:
    made = [claim_of(trainee, number) for number in range(4)]
    outcomes = compete(
        [partial(approve_claim, claim_id=claim.pk, by=by) for claim, by in zip(made, reviewers, strict=True)]
    )
    assert sorted(claim.entry.amount for claim in won(outcomes)) == [16, 32]
    assert (kinds(outcomes), total()) == ({LimitUsedUp}, 48)


def test_without_the_lock_two_claims_pass_the_limit(
    trainee: Any, reviewers: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [claim_of(trainee, number) for number in range(2)]
    unlocked(monkeypatch, claims)
    monkeypatch.setattr(claims, "reckon_claim", Gate(2).wrap(claims.reckon_claim))
    compete([partial(approve_claim, claim_id=claim.pk, by=reviewers[0]) for claim in made])
    assert total() == 64


def test_two_presses_hand_in_one_claim(trainee: Any) -> None:
    outcomes = compete([partial(claim_of, trainee) for _each in range(4)])
    assert len(won(outcomes)) == CreditClaim.objects.unscoped("tests").count() == 1


def test_without_the_lock_two_presses_hand_in_two(trainee: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    AssessmentYear.objects.create(year=DAY.year)  # making the row would let one wait for the other
    unlocked(monkeypatch, claims)
    monkeypatch.setattr(claims, "_check", Gate(2).wrap(claims._check))
    assert len(won(compete([partial(claim_of, trainee) for _each in range(2)]))) == 2


# --- leaves ------------------------------------------------------------------------------------------------------------------------------


def test_granting_and_cancelling_end_in_one_of_both(
    trainee: Any, reviewers: list[Any], lessons: list[Any]
) -> None:
    for lesson in lessons[1:5]:
        leave = leave_on(trainee, lesson)
        outcomes = compete(
            [
                partial(decide_leave, leave_id=leave.pk, approve=False, answer="r", by=reviewers[0]),
                partial(
                    decide_leave,
                    leave_id=leave.pk,
                    approve=True,
                    over_limit_confirmed=True,
                    by=reviewers[1],
                ),
                partial(cancel_leave, leave_id=leave.pk, by=trainee.user),
            ]
        )
        state = LeaveRequest.objects.unscoped("tests").get(pk=leave.pk).state
        # A granted leave that has not begun can still be cancelled.
        assert len(won(outcomes)) == 1 or (len(won(outcomes)) == 2 and state == "cancelled")
        assert kinds(outcomes) <= {WrongState}
        assert state in {"approved", "refused", "cancelled"}


def test_without_the_lock_a_refusal_meets_a_grant(
    trainee: Any, reviewers: list[Any], lessons: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both pass the look at the state; only the trigger of the database stands between them, and answers with a fault."""
    leave = leave_on(trainee, lessons[1])
    unlocked(monkeypatch, leaves)
    monkeypatch.setattr(leaves, "_reread", Gate(2).wrap(leaves._reread))
    calls = [
        partial(decide_leave, leave_id=leave.pk, approve=False, answer="r", by=reviewers[0]),
        partial(decide_leave, leave_id=leave.pk, approve=True, over_limit_confirmed=True, by=reviewers[1]),
    ]
    with pytest.raises(IntegrityError, match="cannot go from"):
        compete(calls)


def test_returning_twice_is_noted_once(trainee: Any, reviewers: list[Any], lessons: list[Any]) -> None:
    leave = leave_on(trainee, lessons[0])
    decide_leave(leave_id=leave.pk, approve=True, over_limit_confirmed=True, by=reviewers[0])
    calls = [partial(register_return, leave_id=leave.pk, by=by) for by in (trainee.user, *reviewers)]
    outcomes = compete(calls)
    assert (len(won(outcomes)), kinds(outcomes)) == (1, {WrongState})


def test_leaves_are_marked_once_beside_roll_calls(
    trainee: Any, reviewers: list[Any], lessons: list[Any]
) -> None:
    leave = leave_on(trainee, lessons[0])
    place = leave.enrolment
    LeaveRequest.objects.filter(pk=leave.pk).unscoped("tests").update(
        state="approved", decided_by=reviewers[0], decided_at=clock.now()
    )
    compete(
        [partial(mark_leaves, offering_id=place.offering_id) for _each in range(3)]
        + [partial(mark_attendance, lesson_id=lessons[0].pk, marks={place.pk: "absent"}, by=reviewers[1])]
    )
    seen = AttendanceMark.objects.filter(enrolment=place).unscoped("tests").order_by("pk")
    statuses = [mark.status for mark in seen]
    assert statuses in (["absent"], ["on_leave", "absent"])


def test_without_the_lock_leaves_are_marked_twice(
    trainee: Any, reviewers: list[Any], lessons: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = leave_on(trainee, lessons[0])
    LeaveRequest.objects.filter(pk=leave.pk).unscoped("tests").update(
        state="approved", decided_by=reviewers[0], decided_at=clock.now()
    )
    unlocked(monkeypatch, attendance_limits)
    held = attendance_limits.mark_leaves_held
    monkeypatch.setattr(attendance_limits, "mark_leaves_held", Gate(2).wrap(held))
    outcomes = compete([partial(mark_leaves, offering_id=leave.enrolment.offering_id) for _each in range(2)])
    assert outcomes == [1, 1]
    assert Busy not in kinds(outcomes)
