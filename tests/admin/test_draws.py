"""The pages of a draw in the administration: steps, comparison, publication."""

import pytest

from courses.enums import Mechanism, RoundState
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.jobs.models import Job
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.courses import SelectionRoundFactory
from tests.factories.draws import Draw
from trainees.models import SelectionDraw

pytestmark = pytest.mark.django_db
LIST = "/admin/trainees/selectiondraw/"


def ranked(people=3, **fields):
    draw = Draw(people=people, max_picks=1, **fields)
    for cadre in draw.cadres:
        draw.rank(cadre, 0)
    return draw


def page_of(draw):
    return f"{LIST}{draw.pk}/change/"


def test_list_shows_opened_draws_alone(staff_client):
    draw = ranked()
    SelectionRoundFactory(name="先到先得轮")
    page = staff_client.get(LIST).content.decode()
    assert draw.found.name in page
    assert "先到先得轮" not in page


def test_steps_are_taken_from_the_page(staff_client):
    draw = ranked()
    refused = staff_client.post(f"{LIST}{draw.pk}/seal/", {"seen": "open"})
    assert refused.status_code == 409
    draw.seal()
    stale = staff_client.post(f"{LIST}{draw.pk}/hold/", {"seen": "open"})
    assert stale.status_code == 409
    answer = staff_client.post(f"{LIST}{draw.pk}/hold/", {"seen": "sealed"})
    assert (answer.status_code, answer["Location"]) == (302, page_of(draw))
    assert Job.objects.unscoped("test").get(kind="draw").key == str(draw.pk)


def test_review_shows_the_mechanisms_side_by_side(staff_client):
    draw = ranked()
    draw.seal()
    draw.hold()
    page = staff_client.get(page_of(draw)).content.decode()
    for mechanism in Mechanism:
        assert str(mechanism.label) in page
        assert f"{LIST}{draw.pk}/publish/{mechanism}/" in page
    empty = f"{LIST}{draw.pk}/empty/{Mechanism.RANDOM_SERIAL}/"
    assert empty in page
    named = staff_client.get(empty).content.decode()
    assert sum(cadre.name in named for cadre in draw.cadres) == 1
    assert AuditEvent.objects.unscoped("test").get(action="draw.view_empty").data["people"] == 1


@pytest.mark.parametrize("people", [1, 3])
def test_review_asks_the_same_number_of_queries_for_any_number_of_people(
    staff_client, people, django_assert_num_queries
):
    draw = ranked(people)
    draw.seal()
    draw.hold()
    staff_client.get(page_of(draw))
    with django_assert_num_queries(9):
        staff_client.get(page_of(draw))


def test_publication_asks_for_a_reason_for_another_mechanism(staff_client):
    draw = ranked()
    draw.seal()
    draw.hold()
    address = f"{LIST}{draw.pk}/publish/{Mechanism.BY_TIME}/"
    assert staff_client.get(address).status_code == 200
    assert staff_client.post(address, {"seen": "review"}).status_code == 409
    answer = staff_client.post(address, {"seen": "review", "reason": "本次按时间更合适"})
    assert (answer.status_code, draw.found.state) == (302, RoundState.PUBLISHED)
    public = logged_in(make_user()).get(f"/draws/{draw.pk}/").content.decode()
    assert "本次按时间更合适" in public
    assert staff_client.post(address, {"seen": "published", "reason": "再来"}).status_code == 409
    assert staff_client.get(address).content.decode().count('<form method="post" novalidate') == 0


def test_files_are_handed_out_on_record(staff_client):
    draw = ranked()
    sealed = f"{LIST}{draw.pk}/sealed.json"
    assert staff_client.get(sealed).status_code == 404
    draw.seal()
    draw.hold()
    for address in (sealed, f"{LIST}{draw.pk}/{Mechanism.BEST_TOTAL}.json"):
        assert staff_client.get(address).status_code == 200
    assert staff_client.get(f"{LIST}{draw.pk}/nothing.json").status_code == 404
    parts = AuditEvent.objects.unscoped("test").filter(action="draw.download").order_by("pk")
    assert [event.data["part"] for event in parts] == ["sealed", "best_total"]


def test_draws_are_looked_at_by_auditors_and_touched_by_staff_alone(auditor_client):
    draw = ranked()
    draw.seal()
    assert auditor_client.get(page_of(draw)).status_code == 200
    for step in ("seal/", "hold/", f"publish/{Mechanism.BY_TIME}/"):
        assert auditor_client.post(f"{LIST}{draw.pk}/{step}", {"seen": "sealed"}).status_code == 403
    finance = logged_in(make_user(Role.FINANCE))
    assert finance.get(page_of(draw)).status_code == 403
    assert SelectionDraw.objects.get(pk=draw.pk).state == RoundState.SEALED


def test_page_of_a_round_leads_to_its_draw(staff_client):
    draw = ranked()
    page = staff_client.get(f"/admin/courses/selectionround/{draw.pk}/change/").content.decode()
    assert page_of(draw) in page
    assert page_of(draw) in staff_client.get("/").content.decode()
