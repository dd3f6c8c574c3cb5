"""The surplus of a sealed year becomes credits of the next, once."""

from datetime import date
from decimal import Decimal
from functools import partial

import pytest

from partyschool.audit.models import AuditEvent
from tests.concurrency.rivals import compete
from tests.factories.trainees import CadreFactory, CreditEntryFactory, make_scheme
from tests.factories.years import sealed_year
from trainees.enums import CreditCategory
from trainees.models import AssessmentExemption, CreditEntry
from trainees.services.carrying import CarryOver, NotSealedYet, carry_over
from trainees.services.credits import NoSchemeInForce, reverse_credit
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db
CARRIES = {"carry_category": CreditCategory.ELECTIVE, "carry_most": Decimal(20)}


@pytest.fixture
def cadres(staff):
    """Cadres with a surplus of 5 and of 30, without one, failed, and exempt with plenty; 2025 is sealed."""
    scheme = make_scheme(township_section=50, staff=0)
    made = [CadreFactory() for _each in range(5)]
    for cadre, amount in zip(made, (55, 80, 50, 49, 90), strict=True):
        CreditEntryFactory(cadre=cadre, scheme=scheme, amount=amount, posted_by=staff)
    AssessmentExemption.objects.create(cadre=made[4], year=2025, ground="retirement")
    return made


def carried():
    rows = CreditEntry.objects.filter(source_kind="carry").unscoped("test")
    return {row.cadre_id: (row.amount, row.hours, row.category, row.year, row.source_ref) for row in rows}


def test_the_surplus_of_who_passed_is_carried_up_to_the_limit_once(staff, cadres):
    sealed_year(staff)
    scheme = make_scheme(2026, fields=CARRIES)
    assert carry_over(year=2026, by=staff) == CarryOver(2026, 2, Decimal(25))
    assert carried() == {
        cadres[0].pk: (5, 0, "elective", 2026, f"{cadres[0].pk}:2026"),
        cadres[1].pk: (20, 0, "elective", 2026, f"{cadres[1].pk}:2026"),
    }
    entry = CreditEntry.objects.filter(source_kind="carry").unscoped("test").first()
    assert (entry.scheme, entry.earned_on, entry.note) == (scheme, date(2026, 1, 1), "2025年度结转")
    assert carry_over(year=2026, by=staff) == CarryOver(2026, 0, Decimal(0))
    assert AuditEvent.objects.unscoped("test").filter(action="credit.carry").count() == 2


def test_what_was_taken_back_is_not_carried_again(staff, cadres):
    sealed_year(staff)
    make_scheme(2026, fields=CARRIES)
    carry_over(year=2026, by=staff)
    entry = CreditEntry.objects.filter(source_kind="carry").unscoped("test").first()
    reverse_credit(entry_id=entry.pk, reason="结转有误", by=staff)
    assert carry_over(year=2026, by=staff).posted == 0


def test_a_scheme_without_carry_over_posts_nothing(staff, cadres):
    sealed_year(staff)
    make_scheme(2026)
    assert carry_over(year=2026, by=staff).posted == 0
    assert carried() == {}


def test_without_a_seal_or_a_scheme_nothing_is_carried(staff, cadres):
    close_year(year=2025, by=staff)
    make_scheme(2026, fields=CARRIES)
    with pytest.raises(NotSealedYet):
        carry_over(year=2026, by=staff)
    assert carried() == {}


def test_without_a_scheme_of_the_next_year_it_says_so(staff, cadres):
    sealed_year(staff)
    with pytest.raises(NoSchemeInForce):
        carry_over(year=2026, by=staff)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_carrying_over_twice_at_once_posts_once(staff, cadres):
    sealed_year(staff)
    make_scheme(2026, fields=CARRIES)
    done = compete([partial(carry_over, year=2026, by=staff)] * 3)
    assert sorted(one.posted for one in done) == [0, 0, 2]
    assert len(carried()) == 2
