"""The training record: what stands in it, who opens it for what reason, and that the neighbours' stays closed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.enums import OfferingKind, OfferingState
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound
from tests.factories.accounts import make_user
from tests.factories.conduct import AssessedClass
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import CadreFactory, CreditEntryFactory, EnrolmentFactory, make_scheme
from tests.trainees.lives import REASON, lived, looks
from trainees.enums import Rank
from trainees.models import Cadre, CreditEntry, TrainingFigure
from trainees.rules.records import PromotionState
from trainees.selectors.looks import LOOK_LASTS, looks_in_force
from trainees.selectors.records import training_record, training_records
from trainees.services.records import LookReasonMissing, TooManyCompared, look_up

pytestmark = pytest.mark.django_db


def read(cadre):
    return Cadre.objects.unscoped("tests").select_related("unit").get(pk=cadre.pk)


# --- what stands in it -------------------------------------------------------------------------------------------------------------------


def test_record_tells_classes_years_claims_and_the_cycle(city, staff):
    cadre = CadreFactory(unit=city.finance_bureau, rank=Rank.COUNTY_DIVISION)
    lived(cadre, staff, make_scheme(2025))
    record = training_record(read(cadre))
    lines = {line.offering.title: line for line in record.classes}
    long_class, outside = lines["中青年干部培训班"], lines["浙江大学专题培训"]
    assert (long_class.hours, long_class.credits, long_class.noted, long_class.outside) == (
        120,
        120,
        True,
        False,
    )
    assert (outside.hours, outside.noted, outside.outside) == (None, False, True)
    assert [line.offering.title for line in record.noted] == ["中青年干部培训班"]
    (year,) = record.years
    assert (year.year, year.hours, year.credits, year.assessment.grade) == (2025, 160, 133, "excellent")
    assert [one.hours for one in year.categories] == [120, 0, 40, 0]
    assert [claim.title for claim in record.claims] == ["乡村振兴调研"]
    assert (record.cycle.needed, record.cycle.hours, record.cycle.gap) == (550, 120, 430)
    assert record.passed == (1, 1)
    assert [posting.unit for posting in record.postings] == [city.finance_bureau]


def test_reversed_credits_do_not_count(city, staff):
    cadre = CadreFactory(unit=city.finance_bureau)
    entry = CreditEntryFactory(cadre=cadre, scheme=make_scheme(2025), posted_by=staff, hours=Decimal(80))
    assert training_record(read(cadre)).cycle.hours == 80
    CreditEntry.objects.create(
        cadre=cadre,
        scheme=entry.scheme,
        year=entry.year,
        amount=-entry.amount,
        hours=-entry.hours,
        category=entry.category,
        earned_on=entry.earned_on,
        source_kind="reversal",
        source_ref=str(entry.pk),
        reverses=entry,
        posted_by=staff,
    )
    assert training_record(read(cadre)).cycle.hours == 0


def test_conduct_stands_in_the_record_once_released(city, staff):
    assessed = AssessedClass(units=(city.finance_bureau,), staff=staff)
    cadre = assessed.places[0].cadre
    assessed.submit()
    assert training_record(read(cadre)).classes[0].conduct is None
    assessed = AssessedClass(units=(city.finance_bureau,), staff=staff, weights=assessed.weights)
    assessed.release()
    record = training_record(read(assessed.places[0].cadre))
    assert (record.classes[0].conduct.total, record.conduct_mean) == (Decimal("85.50"), Decimal("85.50"))


def test_a_class_is_long_by_the_figure_in_force(city, staff):
    cadre = CadreFactory(unit=city.finance_bureau)
    lived(cadre, staff, make_scheme(2025))
    TrainingFigure.objects.filter(code="long_class_days").update(value=69)
    assert training_record(read(cadre)).noted == []
    TrainingFigure.objects.filter(code="long_class_days").update(value=68)
    assert len(training_record(read(cadre)).noted) == 1


def test_promotion_before_the_training_is_told(city, staff):
    cadre = CadreFactory(unit=city.finance_bureau, rank=Rank.STAFF)
    cadre.rank, cadre.posted_on = Rank.TOWNSHIP_SECTION, date(2024, 9, 1)
    cadre.save()
    promotion = training_record(read(cadre)).promotion
    assert (promotion.on, promotion.needed, promotion.due_on) == (date(2024, 9, 1), 450, date(2025, 9, 1))
    assert promotion.state == PromotionState.MISSED
    CreditEntryFactory(
        cadre=cadre,
        scheme=make_scheme(2024),
        year=2024,
        earned_on=date(2024, 8, 1),
        hours=Decimal(450),
        posted_by=staff,
    )
    assert training_record(read(cadre)).promotion.state == PromotionState.MET


def test_what_would_close_the_gap_is_open_to_the_person(city, staff):
    year = clock.school_year()
    make_scheme(year)
    soon = clock.school_date() + timedelta(days=1)

    def coming(kind=OfferingKind.MAIN_CLASS, **fields):
        days = {"starts_on": soon, "ends_on": soon, "year": year}
        return OfferingFactory(kind=kind, **{**days, **fields})

    good = coming()
    LessonFactory(offering=good, hours=Decimal(4))
    coming(kind=OfferingKind.ELECTIVE)
    coming(capacity=0)
    coming(state=OfferingState.PLANNED)
    coming(starts_on=soon - timedelta(days=2))
    taken = coming()
    cadre = CadreFactory(unit=city.finance_bureau)
    EnrolmentFactory(cadre=cadre, offering=taken, created_by=staff)
    record = training_record(read(cadre))
    assert [(one.offering, one.hours, one.free) for one in record.coming] == [(good, 4, 30)]


@pytest.mark.parametrize("people", [1, 3])
def test_records_of_one_or_several_ask_the_same_number_of_queries(city, staff, people):
    scheme = make_scheme(2025)
    make_scheme(clock.school_year())
    cadres = [CadreFactory(unit=city.finance_bureau) for _each in range(people)]
    for cadre in cadres:
        lived(cadre, staff, scheme)
    found = [read(cadre) for cadre in cadres]
    with CaptureQueriesContext(connection) as asked:
        records = training_records(found)
        assert [record.cadre for record in records] == cadres
        for record in records:
            assert [line.offering.get_signboard_display() for line in record.classes]
            assert record.years[0].reasons == ""
    assert len(asked) == 10, [query["sql"][:150] for query in asked]


def test_look_up_keeps_the_reason_and_opens_for_a_time(city):
    cadre, reader = CadreFactory(unit=city.finance_bureau), make_user(Role.OFFICER, unit=city.finance_bureau)
    other = make_user(Role.OFFICER, unit=city.finance_bureau)
    now = clock.now()
    assert look_up(cadre_ids=[cadre.pk], reason=f" {REASON} ", by=reader, now=now) == [cadre]
    assert looks() == [(reader.pk, f"trainees.cadre:{cadre.pk}", {"reason": REASON})]
    assert looks_in_force(reader, [cadre], now=now) == {cadre.pk: REASON}
    assert looks_in_force(other, [cadre], now=now) == {}
    assert looks_in_force(reader, [cadre], now=now + LOOK_LASTS) == {}


@pytest.mark.parametrize("reason", ["", "   ", "abc", "考察 "])
def test_look_up_without_a_reason_is_refused(city, reason):
    cadre, reader = CadreFactory(unit=city.finance_bureau), make_user(Role.OFFICER, unit=city.finance_bureau)
    with pytest.raises(LookReasonMissing):
        look_up(cadre_ids=[cadre.pk], reason=reason, by=reader)
    assert looks() == []


def test_look_up_of_a_neighbour_opens_and_records_nothing(city):
    own, sibling = CadreFactory(unit=city.finance_bureau), CadreFactory(unit=city.culture_bureau)
    reader = make_user(Role.OFFICER, unit=city.finance_bureau)
    for wanted in ([sibling.pk], [own.pk, sibling.pk], []):
        with pytest.raises(NotFound):
            look_up(cadre_ids=wanted, reason=REASON, by=reader)
    with pytest.raises(TooManyCompared):
        look_up(cadre_ids=range(1, 6), reason=REASON, by=reader)
    with pytest.raises(InvalidInput):
        look_up(cadre_ids=[own.pk], reason="长" * 201, by=reader)
    assert looks() == []
