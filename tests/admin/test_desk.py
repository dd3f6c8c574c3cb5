"""The desk's pages: the board, enrolling and moving by hand, merging, files; what each role may do there."""

import io
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from pypdf import PdfReader

from courses.models import Offering, SeatCount
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from tests.admin.clients import logged_in
from tests.admin.rows import HOSTILE
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.models import Enrolment, SeatOverride, SeatRefusal

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def found() -> Any:
    return SelectionRoundFactory(max_picks=1, name="Autumn")


@pytest.fixture
def topic(found) -> Any:
    return OfferingFactory(selection_round=found, capacity=3, title="Old", least=3)


@pytest.fixture
def other(found) -> Any:
    return OfferingFactory(selection_round=found, capacity=3, title="New")


@pytest.fixture
def place(topic, city, staff) -> Any:
    return EnrolmentFactory(cadre=CadreFactory(unit=city.east, name="Wang"), offering=topic, created_by=staff)


def desk(page: str, *args: Any) -> str:
    return reverse(f"admin:trainees_rounddesk_{page}", args=args)


def roster(page: str, *args: Any) -> str:
    return reverse(f"admin:trainees_offeringroster_{page}", args=args)


def text(answer: Any) -> str:
    return answer.content.decode()


def content(answer: Any) -> bytes:
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def book_in(answer: Any) -> Any:
    import openpyxl

    return openpyxl.load_workbook(io.BytesIO(content(answer)))


def live() -> list[tuple[int, int]]:
    rows = Enrolment.objects.filter(state="enrolled").unscoped("tests").order_by("pk")
    return list(rows.values_list("cadre_id", "offering_id"))


# --- board -------------------------------------------------------------------------------------------------------------------------------


def test_board_is_a_page_and_for_htmx_the_part_that_changes(staff_client, found, topic, place):
    SeatRefusal.objects.create(cadre=place.cadre, offering=topic, code="clash")
    page = text(staff_client.get(desk("change", found.pk)))
    part = text(staff_client.get(desk("change", found.pk), headers={"HX-Request": "true"}))
    assert ("<!DOCTYPE" in page, "<!DOCTYPE" in part) == (True, False)
    for answer in (page, part):
        assert 'id="board"' in answer
        assert "1 / 3" in answer
        assert "code=clash" in answer
    assert staff_client.post(desk("change", found.pk)).status_code == 403


def test_board_leads_to_who_was_refused(staff_client, found, topic, place, city):
    for code in ("clash", "full"):
        cadre = CadreFactory(unit=city.east, name=f"Refused {code}")
        SeatRefusal.objects.create(cadre=cadre, offering=topic, code=code)
    elsewhere = CadreFactory(unit=city.east, name="Elsewhere")
    SeatRefusal.objects.create(cadre=elsewhere, offering=OfferingFactory(), code="clash")
    address = reverse("admin:trainees_seatrefusal_changelist")
    answer = text(staff_client.get(f"{address}?code=clash&round={found.pk}"))
    assert "Refused clash" in answer
    assert "Refused full" not in answer
    assert "Elsewhere" not in answer
    answer = text(staff_client.get(f"{address}?topic={topic.pk}"))
    assert "Refused full" in answer
    assert "Elsewhere" not in answer


@pytest.mark.parametrize("people", [1, 4])
def test_board_page_asks_as_often_whatever_the_size(staff_client, found, topic, city, staff, people):
    SeatCount.objects.filter(pk=topic.pk).update(capacity=9)
    for cadre in CadreFactory.create_batch(people, unit=city.east):
        made = EnrolmentFactory(cadre=cadre, offering=topic, created_by=staff)
        SeatOverride.objects.create(enrolment=made, rule="limit", facts="f", reason="r", by=staff)
        SeatRefusal.objects.create(cadre=cadre, offering=topic, code="full")
    staff_client.get(desk("change", found.pk))
    with CaptureQueriesContext(connection) as asked:
        staff_client.get(desk("change", found.pk), headers={"HX-Request": "true"})
    # Session, user, the round, and the board's seven.
    assert len(asked) == 10


def test_auditor_looks_and_changes_nothing(auditor_client, found, topic, other, place):
    for page in ("change", "undecided", "small", "demand"):
        assert auditor_client.get(desk(page, found.pk)).status_code == 200
    small = text(auditor_client.get(desk("small", found.pk)))
    assert "/merge/" not in small
    for address in (
        desk("keep", found.pk, topic.pk),
        desk("merge", found.pk, topic.pk),
        roster("move", topic.pk, place.pk),
        roster("take_back", topic.pk, place.pk),
    ):
        assert auditor_client.get(address).status_code == 403
        assert auditor_client.post(address, {"reason": "r"}).status_code == 403
    assert live() == [(place.cadre_id, topic.pk)]


def test_undecided_are_listed(staff_client, found, topic, place, city):
    CadreFactory(unit=city.east, name="Waverer")
    answer = text(staff_client.get(desk("undecided", found.pk)))
    assert "Waverer" in answer
    assert "Wang" not in answer


# --- by hand -----------------------------------------------------------------------------------------------------------------------------


def test_enrolling_by_hand_shows_the_rule_and_sets_it_aside(staff_client, topic, other, place):
    address = roster("enrol", other.pk)
    refused = staff_client.post(address, {"cadre": place.cadre_id})
    assert refused.status_code == 409
    assert 'data-denial="limit"' in text(refused)
    assert "the round allows 1" in text(refused)
    without = staff_client.post(address, {"cadre": place.cadre_id, "aside": "limit"})
    assert "Say why the rule is set aside." in text(without)
    done = staff_client.post(address, {"cadre": place.cadre_id, "aside": "limit", "reason": "agreed"})
    assert done.status_code == 302
    assert live() == [(place.cadre_id, topic.pk), (place.cadre_id, other.pk)]
    assert SeatOverride.objects.unscoped("tests").get().reason == "agreed"


@pytest.mark.parametrize("aside", ["window_closed", "full", "everything"])
def test_what_cannot_be_set_aside_is_no_choice(staff_client, other, place, aside):
    data = {"cadre": place.cadre_id, "aside": aside, "reason": "r"}
    assert staff_client.post(roster("enrol", other.pk), data).status_code == 200
    assert SeatOverride.objects.unscoped("tests").count() == 0


def test_moving_by_hand(staff_client, topic, other, place):
    address = roster("move", topic.pk, place.pk)
    assert "New (" in text(staff_client.get(address))
    assert staff_client.post(address, {"to": other.pk}).status_code == 200  # no reason
    assert staff_client.post(address, {"to": other.pk, "reason": "Too few"}).status_code == 302
    assert live() == [(place.cadre_id, other.pk)]
    again = staff_client.post(address, {"to": other.pk, "reason": "Too few"})
    assert (again.status_code, 'data-denial="wrong_state"' in text(again)) == (409, True)


def test_nobody_is_moved_out_of_the_neighbourhood(staff_client, topic, place):
    stranger = OfferingFactory(capacity=3)
    answer = staff_client.post(roster("move", topic.pk, place.pk), {"to": stranger.pk, "reason": "r"})
    assert answer.status_code == 200
    assert live() == [(place.cadre_id, topic.pk)]


def test_taking_a_place_back_by_hand(staff_client, topic, place):
    address = roster("take_back", topic.pk, place.pk)
    assert staff_client.get(address).status_code == 200
    assert staff_client.post(address, {"reason": "Called away"}).status_code == 302
    assert live() == []


def test_a_place_is_found_in_its_own_offering_alone(staff_client, other, place):
    assert staff_client.get(roster("move", other.pk, place.pk)).status_code == 404


# --- topics that are too small -----------------------------------------------------------------------------------------------------------


def test_merging_shows_who_stays_before_and_after(staff_client, found, topic, other, place, city, staff):
    start = clock.now() + timedelta(days=20)
    main = OfferingFactory(title="Main")
    for offering in (main, other):
        LessonFactory(offering=offering, starts_at=start, ends_at=start + timedelta(hours=2))
    bound = EnrolmentFactory(
        cadre=CadreFactory(unit=city.east, name="Bound"), offering=topic, created_by=staff
    )
    EnrolmentFactory(cadre=bound.cadre, offering=main, created_by=staff)
    assert "Old" in text(staff_client.get(desk("small", found.pk)))
    address = desk("merge", found.pk, topic.pk)
    preview = text(staff_client.get(f"{address}?into={other.pk}"))
    assert 'data-denial="clash"' in preview
    assert live() == [(place.cadre_id, topic.pk), (bound.cadre_id, topic.pk), (bound.cadre_id, main.pk)]
    assert staff_client.post(address, {"into": other.pk}).status_code == 409  # no reason
    done = text(staff_client.post(address, {"into": other.pk, "reason": "Too few"}))
    assert "1 person was moved." in done
    assert 'data-denial="clash"' in done
    assert (place.cadre_id, other.pk) in live()
    assert (bound.cadre_id, topic.pk) in live()
    assert Offering.objects.get(pk=topic.pk).state == "published"


def test_keeping_a_small_topic(staff_client, found, topic, place):
    assert staff_client.get(desk("keep", found.pk, topic.pk)).status_code == 200
    assert staff_client.post(desk("keep", found.pk, topic.pk), {"reason": "r"}).status_code == 302
    assert "Every topic has enough people." in text(staff_client.get(desk("small", found.pk)))
    assert staff_client.post(desk("keep", found.pk, topic.pk), {"reason": "r"}).status_code == 409


def test_a_topic_of_another_round_is_not_found(staff_client, found):
    stranger = OfferingFactory(selection_round=SelectionRoundFactory())
    assert staff_client.get(desk("merge", found.pk, stranger.pk)).status_code == 404


# --- demand and files --------------------------------------------------------------------------------------------------------------------


def test_demand_on_the_page_and_in_the_workbook(staff_client, found, topic, city):
    SeatRefusal.objects.create(cadre=CadreFactory(unit=city.east), offering=topic, code="full")
    assert "Old" in text(staff_client.get(desk("demand", found.pk)))
    book = book_in(staff_client.get(desk("demand_file", found.pk)))
    rows = [row for row in book.worksheets[0].iter_rows(values_only=True) if row[1] == "Old"]
    assert [row[2:7] for row in rows] == [(3, 0, 1, 1, 1)]


def test_demand_is_asked_of_first_come_rounds(staff_client):
    draw = SelectionRoundFactory(mode="draw", seed_hash="0" * 64)
    assert staff_client.get(desk("demand", draw.pk)).status_code == 404
    assert "demand" not in text(staff_client.get(desk("change", draw.pk)))


@pytest.fixture
def hostile(found, city, staff):
    topic = OfferingFactory(selection_round=found, title=HOSTILE, capacity=3)
    cadre = CadreFactory(unit=city.east, name=HOSTILE, post="=HYPERLINK(1)\u202e\n")
    rare = CadreFactory(unit=city.east, name="王\U0002ceee\U000f0000")
    for one in (cadre, rare):
        EnrolmentFactory(cadre=one, offering=topic, created_by=staff)
    return topic


@pytest.mark.needs("fonts")
def test_sign_in_sheets_hold_hostile_names_and_name_what_no_font_has(staff_client, found, hostile):
    for address in (roster("sheet", hostile.pk), desk("sheets", found.pk)):
        reader = PdfReader(io.BytesIO(content(staff_client.get(address))))
        words = "".join(page.extract_text() for page in reader.pages)
        assert HOSTILE in words.replace("\n", "")
        assert "〓" in words
        assert "U+F0000" in words.replace("\n", "")
        page = text(staff_client.get(roster("change", hostile.pk)))
        assert "U+F0000" in page
        assert "<b>王" not in page
    events = AuditEvent.objects.unscoped("tests").filter(action="roster.export")
    assert [event.data for event in events] == [{"people": 2, "form": "pdf"}] * 2


@pytest.mark.needs("fonts")
def test_sign_in_sheets_of_a_round_begin_on_pages_of_their_own(staff_client, found, hostile, place):
    reader = PdfReader(io.BytesIO(content(staff_client.get(desk("sheets", found.pk)))))
    assert len(reader.pages) == 2


def test_rosters_of_a_round_are_sheets_of_one_workbook(staff_client, found, hostile, place):
    book = book_in(staff_client.get(desk("rosters", found.pk)))
    assert len(book.worksheets) == 2
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value == HOSTILE} == {"s"}
    assert not [cell for cell in cells if cell.data_type == "f"]


def test_a_teacher_does_not_take_rosters_along(found, topic, place):
    client = logged_in(make_user(Role.TEACHER))
    for address in (desk("rosters", found.pk), desk("sheets", found.pk), roster("sheet", topic.pk)):
        assert client.get(address).status_code == 403


# --- rules set aside ---------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def override(place, staff):
    return SeatOverride.objects.create(enrolment=place, rule="limit", facts="said", reason=HOSTILE, by=staff)


@pytest.mark.parametrize("role", [Role.STAFF, Role.LEADER, Role.AUDITOR])
def test_rules_set_aside_are_read_by_those_who_watch(role, override, found):
    client = logged_in(make_user(role))
    page = text(client.get(reverse("trainees:overrides")))
    assert "Wang" in page
    assert "&lt;b&gt;王" in page
    assert "<b>王" not in page
    book = book_in(client.get(reverse("trainees:overrides_file")))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert {cell.data_type for cell in cells if cell.value == HOSTILE} == {"s"}
    assert AuditEvent.objects.unscoped("tests").get().data == {"rows": 1}


@pytest.mark.parametrize(
    "role", [Role.TRAINEE, Role.ORGDEPT, Role.OFFICER, Role.TEACHER, Role.FINANCE, Role.ADMIN]
)
def test_rules_set_aside_are_refused_to_others(role, override, city):
    client = logged_in(make_user(role, unit=city.east))
    for name in ("overrides", "overrides_file"):
        assert client.get(reverse(f"trainees:{name}")).status_code == 403


def test_rules_set_aside_of_one_round(override, found, staff_client):
    elsewhere = SelectionRoundFactory()
    address = reverse("trainees:overrides")
    assert "Wang" in text(staff_client.get(f"{address}?round={found.pk}"))
    assert "Wang" not in text(staff_client.get(f"{address}?round={elsewhere.pk}"))
    assert staff_client.get(f"{address}?round=x").status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_rules_set_aside_are_read_with_few_queries(rows, topic, city, staff, staff_client):
    for cadre in CadreFactory.create_batch(rows, unit=city.east):
        made = EnrolmentFactory(cadre=cadre, offering=topic, created_by=staff)
        SeatOverride.objects.create(enrolment=made, rule="limit", facts="f", reason="r", by=staff)
    staff_client.get(reverse("trainees:overrides"))
    with CaptureQueriesContext(connection) as asked:
        staff_client.get(reverse("trainees:overrides"))
    # Session, user, rows, count, rounds, unread notices.
    assert len(asked) == 6
