"""The pages on which staff work: rounds, seats, rolls, closings, results."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from courses.enums import OfferingState, RoundState
from courses.models import Lesson, Offering, SeatCount, SelectionRound
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import Stale
from tests.admin.clients import logged_in
from tests.admin.rows import MAKERS
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory, make_scheme
from tests.factories.years import sealed_year
from trainees.enums import SchemeState
from trainees.models import AttendanceMark, CreditEntry, CreditScheme, Enrolment, YearlyAssessment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def offering(city):
    return OfferingFactory(title="党性教育", capacity=3, year=clock.school_year())


@pytest.fixture
def lesson(offering):
    start = clock.now() - timedelta(days=1)
    return LessonFactory(
        offering=offering, title="第一讲", starts_at=start, ends_at=start + timedelta(hours=3)
    )


@pytest.fixture
def people(offering, city, staff):
    cadres = [CadreFactory(name=name, unit=city.finance_bureau) for name in ("甲", "乙")]
    return [EnrolmentFactory(cadre=cadre, offering=offering, created_by=staff) for cadre in cadres]


def _text(answer) -> str:
    return answer.content.decode()


def _roll_url(lesson) -> str:
    return reverse("admin:trainees_offeringroster_roll_call", args=[lesson.offering_id, lesson.pk])


def _marks() -> list[tuple[int, str]]:
    return list(AttendanceMark.objects.unscoped("tests").order_by("pk").values_list("enrolment_id", "status"))


# -- rounds


@pytest.fixture
def drafted_round(city):
    found = SelectionRoundFactory(state=RoundState.DRAFT, name="第一轮")
    OfferingFactory(selection_round=found)
    return found


def test_round_opens_and_closes_once(staff_client, drafted_round):
    opening = reverse("admin:courses_selectionround_open_the_round", args=[drafted_round.pk])
    closing = reverse("admin:courses_selectionround_close_the_round", args=[drafted_round.pk])
    assert staff_client.get(opening).status_code == 200
    assert staff_client.post(opening, {"seen": "draft"}).status_code == 302
    assert SelectionRound.objects.get().state == RoundState.OPEN
    again = staff_client.post(opening, {"seen": "draft"})
    assert (again.status_code, str(Stale.title) in _text(again)) == (409, True)
    assert staff_client.post(closing, {"seen": "open"}).status_code == 302
    assert SelectionRound.objects.get().state == RoundState.CLOSED


def test_round_without_topics_says_why(staff_client, city):
    found = SelectionRoundFactory(state=RoundState.DRAFT)
    answer = staff_client.post(
        reverse("admin:courses_selectionround_open_the_round", args=[found.pk]), {"seen": "draft"}
    )
    assert answer.status_code == 409
    assert found.name in _text(answer)


def test_round_takes_its_topics(staff_client, city):
    topic, other = OfferingFactory(), OfferingFactory(selection_round=SelectionRoundFactory())
    start, end = clock.now(), clock.now() + timedelta(days=3)
    data = {
        "year": 2025,
        "name": "秋季选学",
        "mode": "first_come",
        "opens_at_0": start.strftime("%Y-%m-%d"),
        "opens_at_1": "08:00",
        "closes_at_0": end.strftime("%Y-%m-%d"),
        "closes_at_1": "18:00",
        "min_picks": 0,
        "max_picks": 2,
        "mechanism": "random_serial",
        "waiting": "automatic",
        "offer_hours": 24,
        "freeze_days": 1,
        "offerings": [topic.pk],
    }
    answer = staff_client.post(reverse("admin:courses_selectionround_add"), data)
    assert answer.status_code == 302, answer.context["errors"]
    made = SelectionRound.objects.get(name="秋季选学")
    assert list(made.offerings.all()) == [topic]
    refused = staff_client.post(
        reverse("admin:courses_selectionround_change", args=[made.pk]),
        {**data, "offerings": [topic.pk, other.pk]},
    )
    assert refused.status_code == 200
    assert "offerings" in refused.context["adminform"].form.errors


def test_open_round_keeps_who_may_pick(staff_client, city):
    found = SelectionRoundFactory(state=RoundState.OPEN)
    data = {
        "name": "改名",
        "closes_at_0": "2099-01-01",
        "closes_at_1": "08:00",
        "offer_hours": 24,
        "freeze_days": 1,
        "max_picks": 99,
        "ranks": ["staff"],
    }
    for table in ("openings", "offerings", "seatreservations", "unitquotas"):
        data |= {f"{table}-TOTAL_FORMS": 0, f"{table}-INITIAL_FORMS": 0}
    assert (
        staff_client.post(reverse("admin:courses_selectionround_change", args=[found.pk]), data).status_code
        == 302
    )
    found.refresh_from_db()
    assert (found.name, found.max_picks, found.ranks) == ("改名", 2, [])


# -- offerings


def _offering_form(**fields) -> dict:
    lessons = {"lessons-TOTAL_FORMS": 0, "lessons-INITIAL_FORMS": 0}
    return {
        "kind": "elective",
        "code": "NEW1",
        "title": "新专题",
        "year": 2025,
        "signboard": "party_school",
        "starts_on": "2025-09-01",
        "ends_on": "2025-09-02",
        "capacity": 40,
        **lessons,
        **fields,
    }


def _lesson_form(number: int, start: str, end: str) -> dict:
    return {
        f"lessons-{number}-title": f"第{number}讲",
        f"lessons-{number}-starts_at_0": "2025-09-01",
        f"lessons-{number}-starts_at_1": start,
        f"lessons-{number}-ends_at_0": "2025-09-01",
        f"lessons-{number}-ends_at_1": end,
        f"lessons-{number}-hours": "4",
        f"lessons-{number}-module": "theory",
        f"lessons-{number}-method": "lecture",
    }


def test_offering_is_added_with_seats_and_lessons(staff_client, staff, city):
    data = _offering_form(**_lesson_form(0, "08:30", "11:30"), **{"lessons-TOTAL_FORMS": 1})
    answer = staff_client.post(reverse("admin:courses_offering_add"), data)
    assert answer.status_code == 302, answer.context["errors"]
    made = Offering.objects.get(code="NEW1")
    assert (made.state, made.seats.capacity, made.lessons.count()) == (OfferingState.PLANNED, 40, 1)
    event = AuditEvent.objects.unscoped("tests").get(action="offering.add")
    assert (event.actor, event.data["changes"]["title"]) == (staff, [None, "新专题"])


def test_overlapping_lessons_are_refused_with_everything_kept(staff_client, city):
    lessons = _lesson_form(0, "08:30", "11:30") | _lesson_form(1, "11:00", "12:00")
    answer = staff_client.post(
        reverse("admin:courses_offering_add"), _offering_form(**lessons, **{"lessons-TOTAL_FORMS": 2})
    )
    assert answer.status_code == 200
    assert not Offering.objects.exists()
    assert "第1讲" in _text(answer)


def test_room_taken_by_another_offering_is_refused(staff_client, offering, city):
    from tests.factories.courses import RoomFactory

    room = RoomFactory()
    start = clock.school_instant(date(2025, 9, 1), clock.now().time().replace(hour=9, minute=0))
    LessonFactory(offering=offering, room=room, starts_at=start, ends_at=start + timedelta(hours=2))
    data = _offering_form(
        **_lesson_form(0, "08:30", "11:30"), **{"lessons-TOTAL_FORMS": 1, "lessons-0-room": room.pk}
    )
    answer = staff_client.post(reverse("admin:courses_offering_add"), data)
    assert answer.status_code == 200
    assert Lesson.objects.count() == 1


def test_database_refusal_is_shown_on_the_form(city):
    entry = MAKERS["budget.ledgerentry"]()
    client = logged_in(make_user(Role.FINANCE))
    change = reverse("admin:budget_budgetline_change", args=[entry.line_id])
    data = {"name": "改名", "purpose": "training", "source": "fiscal", "approved": entry.amount - 1}
    answer = client.post(change, data)
    assert answer.status_code == 200
    assert answer.context["adminform"].form.non_field_errors()
    assert 'value="改名"' in _text(answer)
    entry.line.balance.refresh_from_db()
    assert entry.line.balance.approved == 10_000
    assert client.post(change, {**data, "approved": entry.amount}).status_code == 302
    entry.line.balance.refresh_from_db()
    assert (entry.line.balance.approved, entry.line.balance.drawn) == (entry.amount, entry.amount)


def test_seats_change_through_the_service(staff_client, offering, people):
    page = reverse("admin:courses_offering_change_seats", args=[offering.pk])
    assert staff_client.post(page, {"capacity": 5, "seen": 3}).status_code == 302
    assert SeatCount.objects.get(pk=offering.pk).capacity == 5
    stale = staff_client.post(page, {"capacity": 9, "seen": 3})
    too_few = staff_client.post(page, {"capacity": 1, "seen": 5})
    assert (stale.status_code, too_few.status_code) == (409, 409)
    assert "2" in _text(too_few)
    assert SeatCount.objects.get(pk=offering.pk).capacity == 5


def test_publishing_twice_is_refused_plainly(staff_client, city):
    planned = OfferingFactory(state=OfferingState.PLANNED)
    page = reverse("admin:courses_offering_publish", args=[planned.pk])
    assert [staff_client.post(page).status_code for _ in range(2)] == [302, 409]


@pytest.mark.parametrize("name", ["publish", "change_seats"])
def test_auditor_may_not_act_on_offerings(auditor_client, offering, name):
    page = reverse(f"admin:courses_offering_{name}", args=[offering.pk])
    assert [auditor_client.get(page).status_code, auditor_client.post(page).status_code] == [403, 403]


# -- rolls


def test_roll_call_offers_present_and_keeps_marks(staff_client, lesson, people):
    page = staff_client.get(_roll_url(lesson))
    assert _text(page).count("checked") == 2
    marks = {f"mark-{people[0].pk}": "present", f"mark-{people[1].pk}": "absent", "seen": 0}
    assert staff_client.post(_roll_url(lesson), marks).status_code == 302
    assert _marks() == [(people[0].pk, "present"), (people[1].pk, "absent")]
    assert f'name="mark-{people[1].pk}" value="absent" checked' in _text(staff_client.get(_roll_url(lesson)))


def test_roll_called_by_another_meanwhile_is_refused_and_choices_kept(staff_client, staff, lesson, people):
    AttendanceMark.objects.create(enrolment=people[0], lesson=lesson, status="late", marked_by=staff)
    answer = staff_client.post(_roll_url(lesson), {f"mark-{people[0].pk}": "absent", "seen": 0})
    assert answer.status_code == 409
    assert f'name="mark-{people[0].pk}" value="absent" checked' in _text(answer)
    assert _marks() == [(people[0].pk, "late")]


def test_roll_of_a_lesson_ahead_says_when(staff_client, offering, people):
    start = clock.now() + timedelta(days=1)
    ahead = LessonFactory(offering=offering, starts_at=start, ends_at=start + timedelta(hours=2))
    answer = staff_client.post(_roll_url(ahead), {f"mark-{people[0].pk}": "present", "seen": 0})
    assert (answer.status_code, _marks()) == (409, [])


@pytest.mark.parametrize(
    "marks", [{"mark-1": "nonsense"}, {"mark-99999999999999": "present"}, {"mark-x": "present"}]
)
def test_roll_with_nonsense_is_never_a_fault(staff_client, lesson, people, marks):
    answer = staff_client.post(_roll_url(lesson), {**marks, "seen": 0})
    assert answer.status_code in {302, 409}
    assert _marks() == []


def test_auditor_sees_the_roster_and_writes_nothing(auditor_client, lesson, people):
    offering = lesson.offering
    roster = reverse("admin:trainees_offeringroster_change", args=[offering.pk])
    page = auditor_client.get(roster)
    assert (page.status_code, "甲" in _text(page)) == (200, True)
    assert reverse("admin:trainees_offeringroster_close", args=[offering.pk]) not in _text(page)
    assert auditor_client.get(_roll_url(lesson)).status_code == 200
    closing = reverse("admin:trainees_offeringroster_close", args=[offering.pk])
    enrolling = reverse("admin:trainees_offeringroster_enrol", args=[offering.pk])
    writes = [auditor_client.post(url).status_code for url in (roster, _roll_url(lesson), closing, enrolling)]
    assert writes == [403, 403, 403, 403]


def test_lesson_of_another_offering_is_not_found(staff_client, lesson):
    other = OfferingFactory()
    page = reverse("admin:trainees_offeringroster_roll_call", args=[other.pk, lesson.pk])
    assert staff_client.get(page).status_code == 404


# -- enrolling by hand


def test_enrolling_by_hand_obeys_the_seats(staff_client, staff, offering, city):
    page = reverse("admin:trainees_offeringroster_enrol", args=[offering.pk])
    cadres = [CadreFactory(unit=city.east) for _ in range(4)]
    answers = [staff_client.post(page, {"cadre": cadre.pk}).status_code for cadre in (*cadres, cadres[0])]
    assert answers == [302, 302, 302, 409, 409]
    assert Enrolment.objects.unscoped("tests").count() == 3
    assert staff_client.get(page).status_code == 200


# -- closing


def test_offering_closes_with_a_summary(staff_client, lesson, people, staff):
    offering = lesson.offering
    make_scheme(clock.school_year(lesson.starts_at))
    page = reverse("admin:trainees_offeringroster_close", args=[offering.pk])
    early = staff_client.post(page, {"seen": "published"})
    assert (early.status_code, "第一讲" in _text(early)) == (409, True)
    for place in people:
        AttendanceMark.objects.create(enrolment=place, lesson=lesson, status="present", marked_by=staff)
    done = staff_client.post(page, {"seen": "published"}, follow=True)
    assert (done.status_code, "8" in _text(done)) == (200, True)
    assert CreditEntry.objects.unscoped("tests").count() == 2
    assert staff_client.post(page, {"seen": "published"}).status_code == 409


def test_year_closes_with_a_summary(staff_client, city, people):
    year = clock.school_year()
    page = reverse("admin:trainees_yearlyassessment_close_the_year")
    assert staff_client.get(page).status_code == 200
    assert staff_client.get(page, {"year": year}).status_code == 200
    no_scheme = staff_client.post(page, {"year": year})
    assert no_scheme.status_code == 409
    make_scheme(year)
    done = staff_client.post(page, {"year": year}, follow=True)
    assert done.status_code == 200
    assert YearlyAssessment.objects.unscoped("tests").count() == 2
    assert staff_client.post(page, {"year": "<b>"}).status_code == 200


def test_auditor_may_not_close_a_year(auditor_client, city):
    for name in ("trainees_yearlyassessment_close_the_year", "trainees_reportpacket_build"):
        page = reverse(f"admin:{name}")
        assert [auditor_client.get(page).status_code, auditor_client.post(page).status_code] == [403, 403]


def test_reports_lead_to_their_job(staff_client, city):
    make_scheme(2025)
    CadreFactory(unit=city.finance_bureau)
    sealed_year(make_user("staff"))
    answer = staff_client.post(reverse("admin:trainees_reportpacket_build"), {"year": 2025})
    assert answer.status_code == 302
    assert answer["Location"].startswith("/jobs/")


def test_reports_of_a_year_without_results_are_refused(staff_client, city):
    assert staff_client.post(reverse("admin:trainees_reportpacket_build"), {"year": 2025}).status_code == 409


# -- schemes


def test_scheme_in_force_is_followed_by_a_new_version(staff_client, city):
    scheme = make_scheme(2025)
    change = reverse("admin:trainees_creditscheme_change", args=[scheme.pk])
    assert staff_client.post(change, {"name": "x"}).status_code == 403
    copying = reverse("admin:trainees_creditscheme_new_version", args=[scheme.pk])
    assert staff_client.post(copying).status_code == 302
    copy = CreditScheme.objects.get(version=2)
    assert (copy.state, copy.rules.count(), copy.caps.count(), copy.requirements.count()) == (
        "draft",
        7,
        1,
        3,
    )
    force = reverse("admin:trainees_creditscheme_bring_in_force", args=[copy.pk])
    assert [staff_client.post(force).status_code for _ in range(2)] == [302, 409]
    states = dict(CreditScheme.objects.values_list("version", "state"))
    assert states == {1: SchemeState.RETIRED, 2: SchemeState.IN_FORCE}


def test_empty_scheme_cannot_be_put_in_force(staff_client, city):
    empty = CreditScheme.objects.create(year=2025, name="空")
    force = reverse("admin:trainees_creditscheme_bring_in_force", args=[empty.pk])
    assert staff_client.post(force).status_code == 409
