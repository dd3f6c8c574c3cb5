"""What a year would look like under another scheme: each kind of entry rated again, who changes, and old versions recomputed."""

from datetime import date, time
from decimal import Decimal

import pytest

from courses.enums import OfferingKind
from partyschool.common import clock
from partyschool.common.ledger import reverse_entry
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import CadreFactory, CreditEntryFactory, EnrolmentFactory, make_scheme
from tests.factories.years import sealed_year
from trainees.enums import (
    AttendanceStatus,
    CreditCategory,
    PenaltyCause,
    Rank,
    RecognisedActivity,
    SchemeState,
)
from trainees.models import CreditClaim, CreditEntry, CreditScheme, YearlyAssessment
from trainees.selectors.simulation import Simulation, simulate
from trainees.services.attendance import mark_attendance
from trainees.services.carrying import carry_over
from trainees.services.closing import close_offering
from trainees.services.credits import reverse_credit
from trainees.services.years import close_year

# Simulating opens a transaction of its own.
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cadre():
    return CadreFactory(unit=make_unit())


def draft(change=None, year=2025, version=2, fields=None, **least):
    return make_scheme(year, version=version, state=SchemeState.DRAFT, change=change, fields=fields, **least)


def counted_under(scheme, cadre, **options):
    """What the year would count for `cadre`: everybody else is left out by needing a change of grade, so the need is made unreachable."""
    found = simulate(scheme, year=2025, **options)
    (change,) = [one for one in found.changes if one.cadre_id == cadre.pk]
    return change.counted


def attend(staff, cadre, letters, kind=OfferingKind.MAIN_CLASS):
    offering = OfferingFactory(kind=kind)
    place = EnrolmentFactory(offering=offering, cadre=cadre, created_by=staff)
    for number, letter in enumerate(letters):
        lesson = LessonFactory(
            offering=offering, starts_at=clock.school_instant(date(2025, 3, 3 + number), time(9))
        )
        status = {"p": AttendanceStatus.PRESENT, "l": AttendanceStatus.LATE, "a": AttendanceStatus.ABSENT}
        mark_attendance(lesson_id=lesson.pk, marks={place.pk: status[letter]}, by=staff)
    close_offering(offering_id=offering.pk, by=staff)
    return CreditEntry.objects.filter(offering=offering).unscoped("test")


def claim(staff, cadre, scheme, quantity, amount):
    entry = CreditEntryFactory(
        cadre=cadre,
        scheme=scheme,
        amount=amount,
        hours=0,
        source_kind="claim",
        category="other",
        posted_by=staff,
    )
    CreditClaim.objects.create(
        cadre=cadre,
        activity=RecognisedActivity.PAPER_CITY,
        title="论文",
        quantity=quantity,
        earned_on=date(2025, 5, 1),
        state="approved",
        submitted_by=make_user(),
        decided_by=staff,
        decided_at=clock.now(),
        entry=entry,
    )
    return entry


def test_hours_are_rated_again_by_the_kind_of_offering(staff, cadre):
    make_scheme(township_section=0)
    attend(staff, cadre, "pp")
    close_year(year=2025, by=staff)
    double = draft(
        lambda one: one.rules.filter(activity=OfferingKind.MAIN_CLASS).update(rate=2), township_section=17
    )
    assert counted_under(double, cadre) == 16


def test_a_kind_that_the_draft_does_not_know_earns_nothing(staff, cadre):
    make_scheme(township_section=0)
    attend(staff, cadre, "pp")
    close_year(year=2025, by=staff)
    without = draft(
        lambda one: one.rules.filter(activity=OfferingKind.MAIN_CLASS).delete(), township_section=1
    )
    assert counted_under(without, cadre) == 0


def test_claims_are_rated_by_quantity_down_to_the_limit_and_reversals_take_their_own_back(staff, cadre):
    scheme = make_scheme(township_section=0)
    claim(staff, cadre, scheme, 2, 24)
    reverse_entry(claim(staff, cadre, scheme, 5, 60), by=staff, reason="test")
    close_year(year=2025, by=staff)

    def papers(one, most):
        one.rules.create(
            activity=RecognisedActivity.PAPER_CITY, category="other", basis="item", rate=8, most=most
        )

    assert counted_under(draft(lambda one: papers(one, None), township_section=99), cadre) == 16
    assert counted_under(draft(lambda one: papers(one, 10), version=3, township_section=99), cadre) == 10


def test_penalties_are_counted_from_the_marks_and_stay_given_back(staff, cadre):
    make_scheme(
        township_section=0, change=lambda one: one.penalties.create(cause=PenaltyCause.ABSENT, credits=1)
    )
    entries = attend(staff, cadre, "ppppppppla")
    strict = draft(
        lambda one: [
            one.penalties.create(cause=PenaltyCause.LATE, credits=2),
            one.penalties.create(cause=PenaltyCause.ABSENT, credits=4),
        ],
        township_section=99,
    )
    close_year(year=2025, by=staff)
    assert counted_under(strict, cadre) == 36 - 2 - 4
    assert counted_under(draft(version=3, township_section=99), cadre) == 36
    reverse_credit(entry_id=entries.get(source_kind="penalty").pk, reason="公务", by=staff)
    assert counted_under(strict, cadre) == 36 - 2


def test_a_surplus_is_carried_as_the_draft_says(staff, cadre):
    before = make_scheme(2024, township_section=10)
    CreditEntryFactory(cadre=cadre, scheme=before, year=2024, amount=40, posted_by=staff)
    sealed_year(staff, year=2024)
    make_scheme(township_section=0, fields={"carry_category": "elective", "carry_most": Decimal(5)})
    carry_over(year=2025, by=staff)
    close_year(year=2025, by=staff)
    carries = {"carry_category": "elective", "carry_most": Decimal(20)}
    assert counted_under(draft(fields=carries, township_section=99), cadre) == 20
    assert counted_under(draft(version=3, township_section=99), cadre) == 0


def test_other_learning_stays_as_it_was_posted(staff, cadre):
    scheme = make_scheme(township_section=0)
    CreditEntryFactory(cadre=cadre, scheme=scheme, amount=9, source_kind="recognised", posted_by=staff)
    close_year(year=2025, by=staff)
    assert counted_under(draft(township_section=99), cadre) == 9


def test_who_changes_is_told_with_totals_by_unit_and_rank(staff):
    units = [make_unit(), make_unit()]
    scheme = make_scheme(township_section=50, staff=50)
    people = {}
    for name, unit, rank, amount in (
        ("falls", 0, Rank.STAFF, 55),
        ("rises", 1, Rank.TOWNSHIP_SECTION, 45),
        ("stays", 1, Rank.TOWNSHIP_SECTION, 60),
        ("shines", 1, Rank.TOWNSHIP_SECTION, 90),
    ):
        people[name] = CadreFactory(unit=units[unit], rank=rank)
        CreditEntryFactory(
            cadre=people[name], scheme=scheme, amount=amount, source_kind="recognised", posted_by=staff
        )
    close_year(year=2025, by=staff)
    stored = YearlyAssessment.objects.unscoped("test").order_by("pk").values()
    before = list(stored.all())
    found = simulate(draft(township_section=40, staff=60, fields={"excellent_factor": Decimal(2)}), year=2025)
    assert {one.cadre_id: (one.kind, one.grade_before, one.grade) for one in found.changes} == {
        people["falls"].pk: ("worse", "pass", "fail"),
        people["rises"].pk: ("better", "fail", "pass"),
        people["shines"].pk: ("grade", "pass", "excellent"),
    }
    assert (found.whole.people, found.whole.passed_before, found.whole.passed) == (4, 3, 3)
    assert (found.whole.worse, found.whole.better, found.whole.excellent) == (1, 1, 1)
    assert {unit: tally.failed for unit, tally in found.units.items()} == {units[0].pk: 1, units[1].pk: 0}
    assert {rank: tally.people for rank, tally in found.ranks.items()} == {"staff": 1, "township_section": 3}
    assert list(stored.all()) == before
    assert Simulation.from_json(found.as_json()) == found


def test_an_old_version_recomputed_gives_the_old_result(staff, cadre):
    old = make_scheme(township_section=50)
    CreditEntryFactory(cadre=cadre, scheme=old, amount=60, category=CreditCategory.ONLINE, posted_by=staff)
    close_year(year=2025, by=staff)
    was = YearlyAssessment.objects.unscoped("test").get(cadre=cadre)
    CreditScheme.objects.filter(pk=old.pk).update(state=SchemeState.RETIRED)
    make_scheme(version=2, township_section=30, change=lambda one: one.rules.update(rate=3))
    close_year(year=2025, by=staff)
    found = simulate(old, year=2025, as_posted=True)
    (change,) = found.changes
    assert (change.grade_before, change.grade, change.counted, change.needed) == (
        "pass",
        was.grade,
        was.counted,
        was.needed,
    )
    assert change.reasons == was.reasons
