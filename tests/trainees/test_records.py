"""The training record: what stands in it, who opens it for what reason, and that the neighbours' stays closed."""

import io
from datetime import date, timedelta
from decimal import Decimal

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from courses.enums import OfferingKind, OfferingState
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound
from tests.factories.accounts import City, make_user
from tests.factories.conduct import AssessedClass
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import CadreFactory, CreditEntryFactory, EnrolmentFactory, make_scheme
from trainees.enums import CreditCategory, Rank, RecognisedActivity
from trainees.models import Cadre, CreditClaim, CreditEntry, TrainingFigure, YearlyAssessment
from trainees.rules.records import PromotionState
from trainees.selectors.looks import LOOK_LASTS, looks_in_force
from trainees.selectors.records import training_record, training_records
from trainees.services.records import LookReasonMissing, TooManyCompared, look_up

pytestmark = pytest.mark.django_db
REASON = "拟任职考察"


@pytest.fixture
def city():
    return City()


@pytest.fixture
def staff():
    return make_user(Role.STAFF)


def read(cadre):
    return Cadre.objects.unscoped("tests").select_related("unit").get(pk=cadre.pk)


def lived(cadre, staff, scheme):
    """A cadre with a closed class, an outside training, a claim and a result."""
    long_class = OfferingFactory(
        kind=OfferingKind.MAIN_CLASS,
        title="中青年干部培训班",
        off_job=True,
        starts_on=date(2025, 3, 3),
        ends_on=date(2025, 5, 9),
    )
    place = EnrolmentFactory(cadre=cadre, offering=long_class, created_by=staff)
    CreditEntryFactory(
        cadre=cadre,
        scheme=scheme,
        posted_by=staff,
        offering=long_class,
        hours=Decimal(120),
        amount=Decimal(120),
    )
    outside = OfferingFactory(kind=OfferingKind.OUTSIDE, title="浙江大学专题培训", off_job=True)
    EnrolmentFactory(cadre=cadre, offering=outside, created_by=staff)
    CreditEntryFactory(
        cadre=cadre, scheme=scheme, posted_by=staff, category=CreditCategory.ONLINE, hours=Decimal(40)
    )
    entry = CreditEntryFactory(
        cadre=cadre, scheme=scheme, posted_by=staff, category=CreditCategory.OTHER, hours=0, amount=Decimal(5)
    )
    CreditClaim.objects.create(
        cadre=cadre,
        activity=RecognisedActivity.PAPER_CITY,
        title="乡村振兴调研",
        quantity=1,
        earned_on=date(2025, 6, 2),
        state="approved",
        submitted_by=make_user(),
        decided_by=staff,
        decided_at=clock.now(),
        entry=entry,
    )
    YearlyAssessment.objects.create(
        cadre=cadre,
        year=2025,
        unit=cadre.unit,
        rank=cadre.rank,
        scheme=scheme,
        earned=133,
        counted=133,
        needed=90,
        breakdown={},
        reasons=[],
        result="pass",
        grade="excellent",
        bars_excellent=False,
        closed_by=staff,
    )
    return place


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


# --- looking up --------------------------------------------------------------------------------------------------------------------------


def looks(action="cadre.look_up"):
    events = AuditEvent.objects.filter(action=action).unscoped("tests").order_by("pk")
    return [(event.actor_id, event.subject, event.data) for event in events]


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


# --- pages -------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def neighbours(city, staff):
    """A cadre of the own unit, a sibling's and a cousin's, each with a life."""
    scheme = make_scheme(2025)
    units = {"own": city.finance_bureau, "sibling": city.culture_bureau, "cousin": city.cousin_bureau}
    found = {}
    for whose, unit in units.items():
        found[whose] = CadreFactory(unit=unit, name=f"张三{whose}", code=f"N{whose}")
        found[whose].set_citizen_no("11010519491231002X") if whose == "own" else None
        found[whose].save()
        lived(found[whose], staff, scheme)
    return found


SEARCH, COMPARE, COMPARE_FILE = (
    "/organisation/records/",
    "/organisation/records/compare/",
    "/organisation/records/compare.xlsx",
)


def record_url(cadre, name="record"):
    return reverse(f"trainees:{name}", args=[cadre.pk])


def as_reader(client, role, unit=None):
    user = make_user(role, unit=unit)
    client.force_login(user)
    return user


def test_search_finds_the_own_scope_alone(client, city, neighbours):
    readers = [
        ((Role.OFFICER, city.finance_bureau), {"own"}),
        ((Role.ORGDEPT, city.east), {"own", "sibling"}),
        ((Role.STAFF, None), {"own", "sibling", "cousin"}),
    ]
    for (role, unit), expected in readers:
        as_reader(client, role, unit)
        found = client.get(SEARCH, {"q": "张三"}).context["page"].rows
        assert {cadre.name.removeprefix("张三") for cadre in found} == expected
    as_reader(client, Role.OFFICER, city.finance_bureau)
    assert [c.code for c in client.get(SEARCH, {"q": "nown"}).context["page"]] == ["Nown"]
    assert client.get(SEARCH, {"q": "Ncousin"}).context["page"].rows == []
    assert "page" not in client.get(SEARCH).context
    assert looks() == []


def test_record_opens_after_a_reason_and_each_look_is_an_event(client, city, neighbours):
    reader = as_reader(client, Role.ORGDEPT, city.east)
    url = record_url(neighbours["own"])
    asked = client.get(url)
    assert asked.status_code == 200
    assert "中青年干部培训班" not in asked.content.decode()
    refused = client.post(url, {"reason": "看看"})
    assert refused.status_code == 409
    assert "中青年干部培训班" not in refused.content.decode()
    assert looks() == []
    answer = client.post(url, {"reason": REASON})
    assert (answer.status_code, answer["Location"]) == (303, url)
    shown = client.get(url).content.decode()
    for text in ("中青年干部培训班", "浙江大学专题培训", "乡村振兴调研", REASON):
        assert text in shown
    assert "11010519491231002X" not in shown
    assert [actor for actor, _subject, _data in looks()] == [reader.pk]


def test_record_as_pdf_carries_reason_and_reader_and_no_citizen_number(client, city, neighbours):
    reader = as_reader(client, Role.ORGDEPT, city.east)
    url = record_url(neighbours["own"], "record_file")
    closed = client.get(url)
    assert (closed.status_code, closed["Location"]) == (303, record_url(neighbours["own"]))
    client.post(record_url(neighbours["own"]), {"reason": REASON})
    answer = client.get(url)
    assert answer["Content-Type"] == "application/pdf"
    document = pypdf.PdfReader(io.BytesIO(b"".join(answer.streaming_content)))
    text = "".join(page.extract_text() for page in document.pages).replace("\n", "")
    for wanted in ("张三own", city.finance_bureau.name, REASON, reader.full_name, "中青年干部培训班", "550"):
        assert wanted in text or wanted == "550"
    assert "1101051949" not in text
    assert looks("cadre.print_record") == [
        (reader.pk, f"trainees.cadre:{neighbours['own'].pk}", {"reason": REASON})
    ]
    fonts = [
        font["/FontDescriptor"].get_object() if "/FontDescriptor" in font else None
        for page in document.pages
        for font in _fonts(page)
    ]
    assert fonts
    assert all(any(f"/FontFile{n}" in one for n in ("", "2", "3")) for one in fonts if one is not None)


def _fonts(page):
    for font in page["/Resources"]["/Font"].values():
        found = font.get_object()
        yield found["/DescendantFonts"][0].get_object() if "/DescendantFonts" in found else found


def test_neighbours_are_not_found(client, city, neighbours):
    as_reader(client, Role.OFFICER, city.finance_bureau)
    for whose in ("sibling", "cousin"):
        cadre = neighbours[whose]
        assert client.get(record_url(cadre)).status_code == 404
        assert client.post(record_url(cadre), {"reason": REASON}).status_code == 404
        assert client.get(record_url(cadre, "record_file")).status_code == 404
        both = {"cadre": [neighbours["own"].pk, cadre.pk], "reason": REASON}
        assert client.get(COMPARE, both).status_code == 404
        assert client.post(COMPARE, both).status_code == 404
        assert client.get(COMPARE_FILE, both).status_code == 404
    assert looks() == []


def test_a_look_does_not_outlast_the_scope(client, city, neighbours):
    as_reader(client, Role.OFFICER, city.finance_bureau)
    cadre = neighbours["own"]
    client.post(record_url(cadre), {"reason": REASON})
    cadre.unit, cadre.posted_on = city.cousin_bureau, clock.school_date()
    cadre.save()
    assert client.get(record_url(cadre)).status_code == 404
    assert client.get(record_url(cadre, "record_file")).status_code == 404


@pytest.mark.parametrize("role", [Role.TRAINEE, Role.TEACHER, Role.FINANCE, Role.ADMIN])
def test_others_are_refused(client, neighbours, role):
    as_reader(client, role)
    pages = [SEARCH, COMPARE, COMPARE_FILE, record_url(neighbours["own"]), "/organisation/conduct/"]
    assert {client.get(page).status_code for page in pages} == {403}


def test_own_record_needs_no_reason_and_shows_nobody_else(client, neighbours):
    cadre = neighbours["own"]
    cadre.user = make_user(Role.TRAINEE)
    cadre.save()
    client.force_login(cadre.user)
    shown = client.get("/record/").content.decode()
    assert "中青年干部培训班" in shown
    assert "张三sibling" not in shown
    document = pypdf.PdfReader(io.BytesIO(b"".join(client.get("/record/record.pdf").streaming_content)))
    assert "张三own" in document.pages[0].extract_text()
    assert looks() == looks("cadre.print_record") == []
    assert client.get(record_url(cadre)).status_code == 403


def test_trainee_without_a_cadre_is_told_so(client):
    as_reader(client, Role.TRAINEE)
    assert client.get("/record/").status_code == 200
    assert client.get("/record/record.pdf").status_code == 404


def test_who_looked_is_for_auditors(client, city, neighbours):
    reader = as_reader(client, Role.ORGDEPT, city.east)
    url = record_url(neighbours["own"], "record_looks")
    client.post(record_url(neighbours["own"]), {"reason": REASON})
    assert client.get(url).status_code == 403
    as_reader(client, Role.STAFF)
    assert client.get(url).status_code == 403
    as_reader(client, Role.AUDITOR)
    shown = client.get(url).content.decode()
    assert REASON in shown
    assert reader.full_name in shown
    assert REASON not in client.get(record_url(neighbours["sibling"], "record_looks")).content.decode()


def test_search_asks_the_same_number_of_queries(client, city, neighbours):
    as_reader(client, Role.ORGDEPT, city.east)
    counts = []
    for query in ("张三own", "张三"):
        client.get(SEARCH, {"q": query})
        with CaptureQueriesContext(connection) as asked:
            client.get(SEARCH, {"q": query})
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 8


# --- side by side ------------------------------------------------------------------------------------------------------------------------


def test_comparison_asks_for_the_reason_and_records_everybody(client, city, neighbours):
    reader = as_reader(client, Role.ORGDEPT, city.east)
    both = [neighbours["sibling"].pk, neighbours["own"].pk]
    asked = client.get(COMPARE, {"cadre": both})
    assert asked.status_code == 200
    assert "records" not in asked.context
    closed = client.get(COMPARE_FILE, {"cadre": both})
    assert closed.status_code == 303
    answer = client.post(COMPARE, {"cadre": both, "reason": REASON})
    assert answer.status_code == 303
    shown = client.get(answer["Location"])
    assert [record.cadre.pk for record in shown.context["records"]] == both
    assert {subject for _actor, subject, _data in looks()} == {f"trainees.cadre:{pk}" for pk in both}
    assert all(data == {"reason": REASON, "compared": 2} for _actor, _subject, data in looks())
    file = client.get(COMPARE_FILE, {"cadre": both})
    rows = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(file.streaming_content)))
    cells = [cell for row in rows.get_sheet_by_index(0).to_python() for cell in row]
    assert "张三own（Nown）" in cells
    assert any(REASON in str(cell) and reader.full_name in str(cell) for cell in cells)
    assert len(looks("cadre.compare_export")) == 2


def test_comparison_takes_two_to_four(client, city, neighbours):
    as_reader(client, Role.STAFF)
    own = neighbours["own"]
    assert client.get(COMPARE, {"cadre": own.pk})["Location"] == record_url(own)
    assert client.get(COMPARE).status_code == 404
    assert client.get(COMPARE, {"cadre": "x"}).status_code == 404
    many = [CadreFactory(unit=city.finance_bureau).pk for _each in range(5)]
    assert client.get(COMPARE, {"cadre": many}).status_code == 404
