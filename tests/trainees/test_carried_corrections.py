"""A corrected result brings what was carried over into step, by a further entry that says what it was and is."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common.ledger import total
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.trainees import make_scheme, make_trainee
from tests.factories.years import YEAR, earn, result_of, sealed_year
from trainees.enums import CreditCategory
from trainees.models import CreditEntry
from trainees.services.carrying import carry_over
from trainees.services.corrections import NothingToCorrect, Stated, correct_result
from trainees.services.credits import reverse_credit

NEXT = YEAR + 1
MOST = Decimal(20)
CARRIES = {"carry_category": CreditCategory.ELECTIVE, "carry_most": MOST}


def carried(cadre):
    return CreditEntry.objects.filter(cadre=cadre, year=NEXT, source_kind="carry").unscoped("test")


def correct(cadre, by):
    return correct_result(assessment_id=result_of(cadre).pk, stated=Stated(), reason="核对考勤", by=by)


class Walk(TestCase):
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        earned=st.integers(40, 80),
        changes=st.lists(st.sampled_from([-30, -7, -1, 1, 7, 30]), min_size=1, max_size=5),
        again=st.booleans(),
    )
    def test_after_every_correction_the_next_year_has_the_surplus_of_the_result_in_force(
        self, earned, changes, again
    ):
        staff, scheme = make_user(Role.STAFF), make_scheme(township_section=50, staff=0)
        cadre, other = make_trainee(), make_trainee()
        earn(cadre, scheme, earned)
        earn(other, scheme, 60)
        sealed_year(staff)
        make_scheme(NEXT, fields=CARRIES)
        carry_over(year=NEXT, by=staff)
        for change in changes:
            earn(cadre, scheme, change)
            try:
                correct(cadre, staff)
            except NothingToCorrect:
                continue
            if again:
                assert carry_over(year=NEXT, by=staff).posted == 0
            found = result_of(cadre)
            surplus = max(min(found.counted - found.needed, MOST), 0) if found.result == "pass" else 0
            assert total(carried(cadre)) == surplus
            assert total(carried(other)) == 10


@pytest.fixture
def world(db):
    class World:
        staff = make_user(Role.STAFF)
        scheme = make_scheme(township_section=50, staff=0)
        cadre = make_trainee()

    earn(World.cadre, World.scheme, 55)
    sealed_year(World.staff)
    World.next = make_scheme(NEXT, fields=CARRIES)
    return World


def test_the_entry_says_what_it_was_and_is_and_all_concerned_are_told(world):
    carry_over(year=NEXT, by=world.staff)
    (first,) = carried(world.cadre)
    earn(world.cadre, world.scheme, 7)
    after = correct(world.cadre, world.staff)
    first_again, further = carried(world.cadre).order_by("pk")
    assert (first_again.pk, first_again.amount) == (first.pk, 5)
    assert (further.amount, further.source_ref) == (7, f"{world.cadre.pk}:{NEXT}:{after.pk}")
    assert (further.category, further.scheme, further.posted_by) == ("elective", world.next, world.staff)
    assert "5" in further.note
    assert "12" in further.note
    event = AuditEvent.objects.unscoped("test").get(action="credit.carry_adjust")
    assert (event.data["before"], event.data["after"]) == ("5.00", "12.00")
    told = Notice.objects.unscoped("test").get(recipient=world.cadre.user, event=f"result.correct:{after.pk}")
    assert str(NEXT) in told.body


def test_a_failed_year_takes_the_surplus_off_whole(world):
    carry_over(year=NEXT, by=world.staff)
    earn(world.cadre, world.scheme, -20)
    assert correct(world.cadre, world.staff).result == "fail"
    assert [one.amount for one in carried(world.cadre).order_by("pk")] == [5, -5]


def test_before_anything_was_carried_carrying_over_takes_the_corrected_result(world):
    earn(world.cadre, world.scheme, 7)
    correct(world.cadre, world.staff)
    assert not carried(world.cadre).exists()
    carry_over(year=NEXT, by=world.staff)
    assert [one.amount for one in carried(world.cadre)] == [12]


def test_what_was_taken_back_by_hand_stays_so(world):
    carry_over(year=NEXT, by=world.staff)
    (entry,) = carried(world.cadre)
    reverse_credit(entry_id=entry.pk, reason="本人放弃", by=world.staff)
    earn(world.cadre, world.scheme, 7)
    correct(world.cadre, world.staff)
    assert total(carried(world.cadre)) == 0
