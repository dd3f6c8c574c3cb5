"""The reader's own credits: every number with its why, at a fixed number of queries; recognised learning and corrections."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.common.ledger import AlreadyReversed
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import (
    CadreFactory,
    CreditEntryFactory,
    EnrolmentFactory,
    make_scheme,
    make_trainee,
)
from trainees.enums import AttendanceStatus, CreditCategory, EnrolmentState
from trainees.models import CreditEntry
from trainees.selectors.credits import cycle_of, explain_year, years_of
from trainees.selectors.credits_attendance import explain_attendance
from trainees.services.attendance import mark_attendance
from trainees.services.closing import close_offering
from trainees.services.credits import (
    AlreadyPosted,
    InvalidCredit,
    NoSchemeInForce,
    post_recognised_learning,
    reverse_credit,
)
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db
PAGE = reverse("trainees:credits")


@pytest.fixture
def scheme():
    return make_scheme(township_section=50)


@pytest.fixture
def trainee(city):
    return make_trainee(unit=city.finance_bureau)


def attend(trainee, staff, status=AttendanceStatus.PRESENT, **fields):
    """An elective in which `trainee` was marked, closed."""
    offering = OfferingFactory(**fields)
    place = EnrolmentFactory(offering=offering, cadre=trainee, created_by=staff)
    mark_attendance(lesson_id=LessonFactory(offering=offering).pk, marks={place.pk: status}, by=staff)
    close_offering(offering_id=offering.pk, by=staff)
    return offering, place


def page(client, trainee, url=PAGE):
    client.force_login(trainee.user)
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


# --- the selector ------------------------------------------------------------------------------------------------------------------------


def test_a_year_is_explained_by_category_cap_and_requirement(trainee, staff):
    scheme = make_scheme(
        township_section=50,
        change=lambda draft: draft.requirements.create(
            rank=trainee.rank, category=CreditCategory.CONCENTRATED, least=20
        ),
    )
    for amount, category in ((12, "concentrated"), (45, "online"), (4, "elective")):
        CreditEntryFactory(cadre=trainee, scheme=scheme, amount=amount, category=category, posted_by=staff)
    account = explain_year(trainee, 2025)
    lines = {
        line.category: (line.earned, line.cap, line.counted, line.beyond_cap, line.short)
        for line in account.categories
    }
    assert lines == {
        "concentrated": (12, None, 12, 0, 8),
        "elective": (4, None, 4, 0, 0),
        "online": (45, 40, 40, 5, 0),
        "other": (0, None, 0, 0, 0),
    }
    assert (account.earned, account.counted, account.needed, account.missing) == (61, 56, 50, 0)
    assert (account.beyond_caps, account.on_course, account.assessment) == (5, False, None)


@pytest.mark.parametrize("entries", [1, 3])
def test_a_year_is_explained_in_five_queries(scheme, trainee, staff, entries, django_assert_num_queries):
    for _ in range(entries):
        CreditEntryFactory(cadre=trainee, scheme=scheme, posted_by=staff, offering=OfferingFactory())
    close_year(year=2025, by=staff)
    with django_assert_num_queries(5):
        account = explain_year(trainee, 2025)
        assert [line.entry.offering.title for line in account.entries] != []
        assert (account.assessment.scheme, account.assessment.unit) == (scheme, trainee.unit)


def test_without_a_scheme_a_year_still_adds_up(trainee, staff):
    draft = make_scheme(state="draft")
    CreditEntryFactory(cadre=trainee, scheme=draft, posted_by=staff)
    account = explain_year(trainee, 2025)
    assert (account.scheme, account.needed, account.counted, account.on_course) == (None, None, 8, False)


def test_a_result_is_outdated_once_the_ledger_has_moved_on(scheme, trainee, staff):
    entry = CreditEntryFactory(cadre=trainee, scheme=scheme, posted_by=staff)
    close_year(year=2025, by=staff)
    assert explain_year(trainee, 2025).outdated is False
    reverse_credit(entry_id=entry.pk, reason="登记有误", by=staff)
    account = explain_year(trainee, 2025)
    assert (account.outdated, account.counted, account.assessment.counted) == (True, 0, 8)
    close_year(year=2025, by=staff)
    assert explain_year(trainee, 2025).outdated is False


def test_a_promotion_after_the_closing_does_not_change_what_was_needed(scheme, trainee, staff):
    close_year(year=2025, by=staff)
    trainee.rank, trainee.posted_on = "county_division", date(2026, 1, 1)
    trainee.save()
    assert explain_year(trainee, 2025).needed == 50


def test_shares_conduct_penalties_and_surplus_are_explained(trainee, staff):
    def change(draft):
        draft.shares.create(category=CreditCategory.CONCENTRATED, least=Decimal("0.7"))
        draft.excellent_factor, draft.conduct_least = Decimal("1.2"), Decimal(60)
        draft.save()

    scheme = make_scheme(township_section=50, change=change)
    for amount, category, kind in (
        (60, "concentrated", "enrolment"),
        (-4, "concentrated", "penalty"),
        (20, "elective", "carry"),
        (12, "elective", "recognised"),
    ):
        CreditEntryFactory(
            cadre=trainee, scheme=scheme, amount=amount, category=category, source_kind=kind, posted_by=staff
        )
    account = explain_year(trainee, 2025)
    assert (account.counted, account.taken_off, account.carried, account.excellent_from) == (88, 4, 20, 60)
    assert [(line.line.category, line.missed) for line in account.shares] == [("concentrated", True)]
    assert (account.on_course, account.missing, account.conduct.lowest) == (False, 0, None)
    close_year(year=2025, by=staff)
    account = explain_year(trainee, 2025)
    assert account.reasons == ["集中培训：计入的 88 学分中占 56 学分，未达到 70% 的比例要求"]
    assert account.outdated is False


def test_the_cycle_counts_the_hours_of_concentrated_training_of_its_years(scheme, trainee, staff):
    for year, category, hours in (
        (2025, "concentrated", 40),
        (2024, "concentrated", 24),
        (2025, "online", 9),
    ):
        CreditEntryFactory(
            cadre=trainee, scheme=scheme, year=year, category=category, hours=hours, posted_by=staff
        )
    CreditEntryFactory(cadre=trainee, scheme=scheme, year=2022, hours=100, posted_by=staff)
    cycle = cycle_of(trainee)
    assert (cycle.first_year, cycle.last_year, cycle.hours) == (2023, 2027, 64)


def test_years_are_those_with_entries_or_results_newest_first(scheme, trainee, staff):
    make_scheme(2024)
    close_year(year=2024, by=staff)
    CreditEntryFactory(cadre=trainee, scheme=scheme, posted_by=staff)
    CreditEntryFactory(cadre=CadreFactory(), year=2023, scheme=scheme, posted_by=staff)
    assert years_of(trainee) == [2025, 2024]


def test_attendance_shows_the_mark_in_force_and_those_before_it(scheme, trainee, staff):
    offering = OfferingFactory()
    place = EnrolmentFactory(offering=offering, cadre=trainee, created_by=staff)
    first, second = LessonFactory(offering=offering), LessonFactory(offering=offering)
    LessonFactory(offering=offering, cancelled_at=clock.now())
    for status in (AttendanceStatus.ABSENT, AttendanceStatus.LATE):
        mark_attendance(lesson_id=first.pk, marks={place.pk: status}, reason="核对后更正", by=staff)
    account = explain_attendance(place)
    assert [
        (line.lesson, [mark.status for mark in line.marks], line.attended) for line in account.lessons
    ] == [
        (first, ["late", "absent"], True),
        (second, [], False),
    ]
    assert (account.held, account.attended) == (8, 4)


# --- the pages ---------------------------------------------------------------------------------------------------------------------------


def test_the_page_tells_sum_source_rule_and_result(client, scheme, trainee, staff):
    offering, _place = attend(trainee, staff, title="基层<b>治理</b>")
    CreditEntryFactory(cadre=trainee, scheme=scheme, amount=45, hours=45, category="online", posted_by=staff)
    close_year(year=2025, by=staff)
    text = page(client, trainee)
    for words in (
        "我的2025年度学分",
        "计入 44 学分，要求 50 学分。",
        "不合格",
        "考核不合格的，当年年度考核不得评为优秀等次。",
        "还差 6 学分",
        "上限 40 学分，超出的 5 学分不计入。",
        "基层&lt;b&gt;治理&lt;/b&gt;",
        "参加 4 学时 × 每学时 1 学分",
        reverse("trainees:credits_offering", args=[offering.pk]),
    ):
        assert words in text


def test_a_reversal_is_shown_with_its_reason_and_the_entry_stays(client, scheme, trainee, staff):
    attend(trainee, staff)
    entry = CreditEntry.objects.unscoped("test").get()
    reverse_credit(entry_id=entry.pk, reason="误记他人考勤", by=staff)
    text = page(client, trainee)
    assert "冲销此前的记录：误记他人考勤" in text
    assert "已冲销" in text
    assert "<strong>+4</strong>" in text
    assert "<strong>-4</strong>" in text


def test_the_year_can_be_chosen_among_the_own_years(client, scheme, trainee, staff):
    CreditEntryFactory(cadre=trainee, scheme=scheme, posted_by=staff)
    client.force_login(trainee.user)
    assert client.get(PAGE).context["year"] == 2025
    assert client.get(PAGE, {"year": "2025"}).status_code == 200
    assert client.get(PAGE, {"year": str(clock.school_year())}).status_code == 200
    for strange in ("1999", "x", "²", "9" * 40):
        assert client.get(PAGE, {"year": strange}).status_code == 404


def test_before_the_first_credit_the_page_says_what_will_come(client, trainee):
    assert "您参加的班次结班后，学分会显示在这里。" in page(client, trainee)


def test_an_account_without_a_cadre_is_told_whom_to_ask(client):
    client.force_login(make_user(Role.TRAINEE))
    assert "本账号未关联干部信息" in client.get(PAGE).content.decode()


@pytest.mark.parametrize("entries", [1, 3])
def test_the_page_takes_the_same_queries_however_many_entries(
    client, scheme, trainee, staff, entries, django_assert_num_queries
):
    for _ in range(entries):
        attend(trainee, staff)
    close_year(year=2025, by=staff)
    client.force_login(trainee.user)
    client.get(PAGE)
    with django_assert_num_queries(15):
        client.get(PAGE)


def test_attendance_is_shown_to_oneself_alone(client, scheme, trainee, city, staff):
    offering, _place = attend(trainee, staff, status=AttendanceStatus.LATE)
    url = reverse("trainees:credits_offering", args=[offering.pk])
    text = page(client, trainee, url)
    assert "迟到" in text
    assert "共 4 学时，参加 4 学时" in text
    for other in (make_trainee(unit=city.finance_bureau).user, make_trainee(unit=city.cousin_bureau).user):
        client.force_login(other)
        assert client.get(url).status_code == 404


def test_a_place_given_up_has_no_attendance_page(client, trainee, staff):
    place = EnrolmentFactory(
        offering=OfferingFactory(),
        cadre=trainee,
        created_by=staff,
        state=EnrolmentState.WITHDRAWN,
        ended_at=clock.now(),
        ended_by=staff,
    )
    client.force_login(trainee.user)
    assert client.get(reverse("trainees:credits_offering", args=[place.offering_id])).status_code == 404


# --- recognised learning and corrections -------------------------------------------------------------------------------------------------


def recognise(trainee, staff, **fields):
    facts = {
        "cadre_id": trainee.pk,
        "category": CreditCategory.OTHER,
        "amount": Decimal(12),
        "hours": Decimal(0),
        "earned_on": date(2025, 5, 1),
        "reference": "论文〔2025〕7号",
        "note": "市级论文一篇",
        "by": staff,
    }
    return post_recognised_learning(**(facts | fields))


def test_recognised_learning_is_posted_once_per_reference(client, scheme, trainee, staff):
    entry = recognise(trainee, staff)
    assert (entry.year, entry.amount, entry.source_kind, entry.scheme) == (2025, 12, "recognised", scheme)
    with pytest.raises(AlreadyPosted):
        recognise(trainee, staff)
    assert CreditEntry.objects.unscoped("test").count() == 1
    assert AuditEvent.objects.unscoped("test").filter(action="credit.recognise").count() == 1
    assert "市级论文一篇" in page(client, trainee)


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": Decimal(0)},
        {"amount": Decimal(-3)},
        {"hours": Decimal(-1)},
        {"category": "cooking"},
        {"reference": " "},
        {"earned_on": clock.school_date() + timedelta(days=1)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_credits_that_cannot_be_right_are_refused(scheme, trainee, staff, wrong):
    with pytest.raises(InvalidCredit):
        recognise(trainee, staff, **wrong)


def test_recognising_needs_a_cadre_and_a_scheme(scheme, trainee, staff):
    with pytest.raises(NotFound):
        recognise(trainee, staff, cadre_id=0)
    with pytest.raises(NoSchemeInForce):
        recognise(trainee, staff, earned_on=date(2020, 5, 1))


def test_a_credit_is_taken_back_once_with_a_reason(scheme, trainee, staff):
    entry = recognise(trainee, staff)
    with pytest.raises(InvalidCredit):
        reverse_credit(entry_id=entry.pk, reason=" ", by=staff)
    reversal = reverse_credit(entry_id=entry.pk, reason="重复申报", by=staff)
    assert (reversal.amount, reversal.reverses, reversal.note) == (-12, entry, "重复申报")
    with pytest.raises(AlreadyReversed):
        reverse_credit(entry_id=entry.pk, reason="再次", by=staff)
    with pytest.raises(NotFound):
        reverse_credit(entry_id=0, reason="重复申报", by=staff)
    assert AuditEvent.objects.unscoped("test").filter(action="credit.reverse").count() == 1
