"""The pages of leaves and claims: what trainees hand in, what reviewers decide, and who sees which."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.urls import reverse

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.requests import make_claim, make_evidence, make_leave
from tests.factories.trainees import CadreFactory, EnrolmentFactory, make_scheme, make_trainee
from trainees.enums import CreditBasis, CreditCategory, RecognisedActivity
from trainees.models import CreditClaim, CreditEntry, CreditRule, LeaveRequest

from .evidence_samples import HTML, upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]


@pytest.fixture
def course():
    """A class of seven days from tomorrow on, 4 class-hours each morning."""
    tomorrow = clock.school_date() + timedelta(days=1)
    lead = TeacherFactory(user=make_user(Role.TEACHER))
    offering = OfferingFactory(
        kind=OfferingKind.MAIN_CLASS,
        lead_teacher=lead,
        starts_on=tomorrow,
        ends_on=tomorrow + timedelta(days=7),
    )
    for day in range(8):
        begins = clock.school_instant(tomorrow + timedelta(days=day), time(8, 30))
        LessonFactory(
            offering=offering, starts_at=begins, ends_at=begins + timedelta(hours=3), hours=Decimal(4)
        )
    return offering


@pytest.fixture
def trainee(city):
    return make_trainee(unit=city.finance_bureau)


@pytest.fixture
def place(trainee, course):
    return EnrolmentFactory(cadre=trainee, offering=course)


@pytest.fixture
def scheme():
    year = clock.school_year()
    found = make_scheme(year, state="draft")
    CreditRule.objects.create(
        scheme=found,
        activity=RecognisedActivity.PAPER_CITY,
        category=CreditCategory.OTHER,
        basis=CreditBasis.ITEM,
        rate=12,
        most=24,
    )
    found.state = "in_force"
    found.save()
    return found


def page(client, reader, name, *args, **query):
    client.force_login(reader)
    return client.get(reverse(f"trainees:{name}", args=args), query)


def send(client, reader, name, *args, **data):
    client.force_login(reader)
    return client.post(reverse(f"trainees:{name}", args=args), data)


def leave_form(place, *, days=(1, 1), halves=("am", "am"), **more):
    first, last = (place.offering.starts_on + timedelta(days=day) for day in days)
    return {
        "enrolment": place.pk,
        "kind": "sick",
        "first_day": first.isoformat(),
        "first_half": halves[0],
        "last_day": last.isoformat(),
        "last_half": halves[1],
        "reason": "感冒",
        **more,
    }


# --- leaves ------------------------------------------------------------------------------------------------------------------------------


def test_leave_is_asked_for_with_a_file_and_seen(client, trainee, place):
    answer = send(client, trainee.user, "leave_new", **leave_form(place, evidence=[upload()]))
    assert (answer.status_code, answer.url) == (303, reverse("trainees:requests"))
    leave = LeaveRequest.objects.unscoped("tests").get()
    assert (leave.half_days, leave.hours, leave.approver) == (1, 4, "class_teacher")
    listed = page(client, trainee.user, "requests").content.decode()
    assert place.offering.title in listed
    shown = page(client, trainee.user, "leave_request", leave.pk).content.decode()
    assert "证明.pdf" in shown
    assert reverse("trainees:leave_cancel", args=[leave.pk]) in shown


def test_leave_over_the_limit_comes_back_with_a_box_to_tick(client, trainee, place):
    over = leave_form(place, days=(1, 2))
    answer = send(client, trainee.user, "leave_new", **over)
    assert answer.status_code == 409
    html = answer.content.decode()
    assert 'type="checkbox" name="over_limit_confirmed"' in html
    assert "32" in html
    assert "8" in html
    assert send(client, trainee.user, "leave_new", **over, over_limit_confirmed="on").status_code == 303


def test_reckoning_tells_numbers_beforehand(client, trainee, place):
    found = leave_form(place)
    found.pop("reason")
    html = page(client, trainee.user, "leave_reckon", **found).content.decode()
    assert "note-info" in html
    html = page(
        client, trainee.user, "leave_reckon", **{**found, **leave_form(place, days=(1, 3))}
    ).content.decode()
    assert "note-danger" in html
    assert page(client, trainee.user, "leave_reckon", enrolment="x").content.strip() == b""


@pytest.mark.parametrize(
    "damage",
    [
        {"enrolment": "9999999999999999999"},
        {"first_day": "0001-01-01"},
        {"last_day": "9999-12-31"},
        {"first_half": "night"},
        {"kind": "<b>"},
        {"reason": "x" * 201},
        {"reason": "a\0b"},
    ],
)
def test_damaged_forms_are_shown_again(client, trainee, place, damage):
    answer = send(client, trainee.user, "leave_new", **{**leave_form(place), **damage})
    assert answer.status_code in {200, 409}
    assert not LeaveRequest.objects.unscoped("tests").exists()


def test_other_peoples_places_cannot_be_chosen(client, city, course, trainee):
    other = EnrolmentFactory(cadre=make_trainee(unit=city.finance_bureau), offering=course)
    answer = send(client, trainee.user, "leave_new", **leave_form(other))
    assert answer.status_code == 200
    assert not LeaveRequest.objects.unscoped("tests").exists()


def test_hostile_files_are_refused_with_their_names_as_text(client, trainee, place):
    evil = upload(HTML, name="<img src=x onerror=alert(1)>.pdf")
    answer = send(client, trainee.user, "leave_new", **leave_form(place, evidence=[evil]))
    assert answer.status_code == 409
    assert b"<img src=x" not in answer.content


def test_decision_page_grants_and_refuses(client, trainee, place, course):
    leave = make_leave(place, approver="class_teacher")
    lead = course.lead_teacher.user
    assert (
        page(client, lead, "leaves")
        .content.decode()
        .count(reverse("trainees:leave_decision", args=[leave.pk]))
        == 1
    )
    assert page(client, lead, "leave_decision", leave.pk).status_code == 200
    assert send(client, lead, "leave_decision", leave.pk, choice="refuse").status_code == 409
    assert send(client, lead, "leave_decision", leave.pk, choice="").status_code == 409
    assert send(client, lead, "leave_decision", leave.pk, choice="approve").status_code == 303
    assert LeaveRequest.objects.unscoped("tests").get().state == "approved"
    again = send(client, lead, "leave_decision", leave.pk, choice="refuse", answer="x")
    assert again.status_code == 409


def test_granting_over_the_limit_asks_for_the_box(client, place):
    staff = make_user(Role.LEADER)
    leave = make_leave(
        place,
        approver="leader",
        starts_at=clock.now() + timedelta(hours=1),
        ends_at=clock.now() + timedelta(days=5),
    )
    html = page(client, staff, "leave_decision", leave.pk).content.decode()
    assert 'name="over_limit_confirmed"' in html
    assert send(client, staff, "leave_decision", leave.pk, choice="approve").status_code == 409
    done = send(client, staff, "leave_decision", leave.pk, choice="approve", over_limit_confirmed="on")
    assert done.status_code == 303


def readers(city, course, place):
    return {
        "own": place.cadre.user,
        "class teacher": course.lead_teacher.user,
        "other teacher": make_user(Role.TEACHER),
        "staff": make_user(Role.STAFF),
        "leader": make_user(Role.LEADER),
        "auditor": make_user(Role.AUDITOR),
        "officer": make_user(Role.OFFICER, unit=city.finance_bureau),
        "orgdept": make_user(Role.ORGDEPT, unit=city.east),
        "cousin orgdept": make_user(Role.ORGDEPT, unit=city.west),
        "colleague": make_trainee(unit=city.finance_bureau).user,
        "cousin": make_trainee(unit=city.cousin_bureau).user,
    }


def test_who_sees_a_leave(client, city, course, place):
    leave = make_leave(place)
    asked = readers(city, course, place)
    desk = {name: page(client, who, "leave_decision", leave.pk).status_code for name, who in asked.items()}
    own = {name: page(client, who, "leave_request", leave.pk).status_code for name, who in asked.items()}
    assert desk == {
        "own": 403,
        "class teacher": 200,
        "other teacher": 404,
        "staff": 200,
        "leader": 200,
        "auditor": 403,
        "officer": 403,
        "orgdept": 200,
        "cousin orgdept": 404,
        "colleague": 403,
        "cousin": 403,
    }
    assert {name for name, status in own.items() if status == 200} == {"own"}
    assert own["colleague"] == own["cousin"] == 404


def test_desk_lists_what_falls_to_the_reader(client, city, course, place):
    make_leave(place, reason="本单位", approver="orgdept")
    cousin = EnrolmentFactory(cadre=CadreFactory(unit=city.cousin_bureau, name="旁系"), offering=course)
    make_leave(cousin, approver="orgdept")
    found = {
        name: len(page(client, who, "leaves").context["waiting"])
        for name, who in readers(city, course, place).items()
        if name in {"class teacher", "other teacher", "staff", "leader", "orgdept", "cousin orgdept"}
    }
    assert found == {
        "class teacher": 0,
        "other teacher": 0,
        "staff": 0,
        "leader": 0,
        "orgdept": 1,
        "cousin orgdept": 1,
    }


def test_own_buttons_cancel_and_report_back(client, trainee, place, course):
    leave = make_leave(place)
    assert send(client, trainee.user, "leave_back", leave.pk).status_code == 409
    assert send(client, trainee.user, "leave_cancel", leave.pk).status_code == 303
    assert send(client, trainee.user, "leave_cancel", leave.pk).status_code == 409
    hour = timedelta(hours=1)
    away = make_leave(
        place,
        state="approved",
        starts_at=clock.now() - 3 * hour,
        ends_at=clock.now() - hour,
        decided_by=course.lead_teacher.user,
        decided_at=clock.now(),
    )
    assert "销假" in page(client, trainee.user, "requests").content.decode()
    assert len(page(client, course.lead_teacher.user, "leaves").context["away"]) == 1
    assert send(client, course.lead_teacher.user, "leave_return", away.pk).status_code == 303
    assert send(client, trainee.user, "leave_back", away.pk).status_code == 409


# --- claims ------------------------------------------------------------------------------------------------------------------------------


def claim_form(**more):
    return {
        "activity": "paper_city",
        "title": "基层治理",
        "host": "学报",
        "quantity": "1",
        "earned_on": date(clock.school_year(), 1, 2).isoformat(),
        "note": "",
        **more,
    }


def test_claim_is_handed_in_returned_changed_and_recognised(client, trainee, scheme):
    assert send(client, trainee.user, "claim_new", **claim_form()).status_code == 200  # a file is needed
    assert send(client, trainee.user, "claim_new", **claim_form(evidence=[upload()])).status_code == 303
    claim = CreditClaim.objects.unscoped("tests").get()
    staff = make_user(Role.STAFF)
    client.force_login(staff)
    desk = reverse("admin:trainees_creditclaim_change", args=[claim.pk])
    html = client.get(desk).content.decode()
    assert "12" in html
    assert "证明.pdf" in html
    assert client.post(desk, {"choice": "return"}).status_code == 409
    assert client.post(desk, {"choice": "return", "answer": "请补期刊封面"}).status_code == 302
    assert "请补期刊封面" in page(client, trainee.user, "claim_change", claim.pk).content.decode()
    assert send(client, trainee.user, "claim_change", claim.pk, **claim_form(quantity="3")).status_code == 303
    client.force_login(staff)
    assert "24" in client.get(desk).content.decode()
    assert client.post(desk, {"choice": "approve"}).status_code == 302
    assert CreditEntry.objects.unscoped("tests").get().amount == 24
    assert client.post(desk, {"choice": "approve"}).status_code == 409
    assert "24" in page(client, trainee.user, "requests").content.decode()
    assert page(client, trainee.user, "claim_change", claim.pk).status_code == 409
    assert send(client, trainee.user, "claim_withdraw", claim.pk).status_code == 409


def test_claims_of_others_are_not_there(client, city, trainee, scheme):
    claim = make_claim(trainee)
    for stranger in (make_trainee(unit=city.finance_bureau), make_trainee(unit=city.cousin_bureau)):
        for name in ("claim", "claim_change"):
            assert page(client, stranger.user, name, claim.pk).status_code == 404
        assert send(client, stranger.user, "claim_withdraw", claim.pk).status_code == 404
        assert claim.title not in page(client, stranger.user, "requests").content.decode()


def test_own_claim_shows_no_buttons_to_staff_who_made_it(client, city, scheme):
    both = make_user(Role.TRAINEE, Role.STAFF)
    claim = make_claim(CadreFactory(user=both, unit=city.finance_bureau))
    client.force_login(both)
    desk = reverse("admin:trainees_creditclaim_change", args=[claim.pk])
    assert 'value="approve"' not in client.get(desk).content.decode()
    assert client.post(desk, {"choice": "approve"}).status_code == 403


def test_auditor_reads_the_desk_and_decides_nothing(client, trainee, scheme):
    claim = make_claim(trainee)
    kept = make_evidence(claim)
    client.force_login(make_user(Role.AUDITOR))
    desk = reverse("admin:trainees_creditclaim_change", args=[claim.pk])
    html = client.get(desk).content.decode()
    assert reverse("trainees:evidence", args=[kept.pk]) not in html
    assert client.post(desk, {"choice": "approve"}).status_code == 403


def test_staff_recognise_learning_by_hand(client, trainee, scheme):
    client.force_login(make_user(Role.STAFF))
    address = reverse("admin:trainees_creditentry_recognise")
    said = {
        "cadre": trainee.pk,
        "category": "other",
        "amount": "6",
        "hours": "0",
        "earned_on": date(clock.school_year(), 1, 2).isoformat(),
        "reference": "市委党校〔2026〕1号",
        "note": "课题结项",
    }
    assert client.get(address).status_code == 200
    assert client.post(address, said).status_code == 302
    assert client.post(address, said).status_code == 409
    assert client.post(address, {**said, "amount": "x"}).status_code == 200
    assert CreditEntry.objects.unscoped("tests").get().amount == 6
    client.force_login(make_user(Role.AUDITOR))
    assert client.get(address).status_code == 403


# --- queries -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_ask_the_same_number_of_queries(
    client, django_assert_num_queries, city, course, place, scheme, rows
):
    for number in range(rows):
        hours = timedelta(hours=10 * number)
        other = EnrolmentFactory(cadre=CadreFactory(unit=city.finance_bureau), offering=course)
        make_leave(other)
        make_leave(
            place,
            state="approved",
            starts_at=clock.now() - timedelta(days=9) + hours,
            ends_at=clock.now() - timedelta(days=9) + hours + timedelta(hours=1),
            decided_by=course.lead_teacher.user,
            decided_at=clock.now(),
        )
        make_claim(place.cadre, title=f"论文{number}")
    staff = make_user(Role.STAFF)
    client.force_login(place.cadre.user)
    with django_assert_num_queries(6):
        client.get(reverse("trainees:requests"))
    client.force_login(staff)
    with django_assert_num_queries(8):
        client.get(reverse("trainees:leaves"))
