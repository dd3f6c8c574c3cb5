"""The class teacher's grid, and the pages of those who read released conduct."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partyschool.accounts.enums import Role
from tests.factories.accounts import City, make_user
from tests.factories.conduct import SCORES, AssessedClass, make_weights
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.models import ConductScore, ConductSheet
from trainees.services.conduct_moderation import release_sheet

pytestmark = pytest.mark.django_db


@pytest.fixture
def assessed(client):
    found = AssessedClass()
    client.force_login(found.teacher)
    return found


def url(assessed, page="sheet", *more):
    return reverse(f"trainees:conduct_{page}", args=[assessed.sheet.pk, *more])


def filled(assessed, **scores):
    """The whole grid as a form, everybody alike."""
    data = {}
    for place in assessed.places:
        values = {**SCORES, **scores, "comment": "", "seen": ""}
        data |= {f"{name}-{place.pk}": str(value) for name, value in values.items()}
    return data


def scores():
    return list(ConductScore.objects.unscoped("tests").order_by("enrolment"))


def test_list_shows_the_own_classes_alone(client, assessed):
    other = AssessedClass(weights=assessed.weights)
    shown = client.get("/conduct/").content.decode()
    assert assessed.offering.title in shown
    assert other.offering.title not in shown
    assert "0 / 3" in shown
    for page in ("sheet", "fill", "submit"):
        answer = client.post(url(other, page)) if page != "sheet" else client.get(url(other))
        assert answer.status_code == 404


def test_whole_grid_is_saved_and_submitted(client, assessed):
    answer = client.post(url(assessed), filled(assessed))
    assert (answer.status_code, answer["Location"]) == (303, url(assessed))
    assert [score.theory for score in scores()] == [80, 80, 80]
    assert client.post(url(assessed, "submit")).status_code == 303
    assert ConductSheet.objects.get().state == "submitted"
    assert 'type="number"' not in client.get(url(assessed)).content.decode()
    assert client.post(url(assessed), filled(assessed, theory=1)).status_code == 409


@pytest.mark.parametrize("value", ["101", "-1", "9.5", "八十", "9" * 30])
def test_what_is_no_score_comes_back_with_all_that_was_entered(client, assessed, value):
    answer = client.post(url(assessed), filled(assessed, theory=value))
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert f'value="{value}"' in shown
    assert scores() == []


def test_stale_grid_comes_back_and_the_second_save_replaces(client, assessed):
    assessed.score(theory=60)
    answer = client.post(url(assessed), filled(assessed))
    assert answer.status_code == 409
    shown = answer.content.decode()
    assert 'value="90|60|85||"' in shown
    assert f'name="theory-{assessed.places[0].pk}" value="80"' in shown
    again = {
        name: "90|60|85||" if name.startswith("seen-") else value for name, value in filled(assessed).items()
    }
    assert client.post(url(assessed), again).status_code == 303
    assert [score.theory for score in scores()] == [80, 80, 80]


def test_untouched_rows_do_not_stand_in_the_way(client, assessed):
    """Another window scored somebody; this one changes somebody else and knows nothing of it."""
    first, second, _third = assessed.places
    blank = {f"{name}-{first.pk}": "" for name in (*SCORES, "comment", "seen")}
    assessed.score(theory=60)
    data = {name: value for name, value in filled(assessed).items() if name.endswith(f"-{second.pk}")}
    data[f"seen-{second.pk}"] = "90|60|85||"
    assert client.post(url(assessed), blank | data).status_code == 303
    assert [score.theory for score in scores()] == [60, 80, 60]


def save_row(client, assessed, place, **values):
    data = {
        f"{name}-{place.pk}": str(value)
        for name, value in {**SCORES, "comment": "", "seen": "", **values}.items()
    }
    return client.post(url(assessed, "place", place.pk), data, headers={"HX-Request": "true"})


def test_one_row_is_saved_at_once(client, assessed):
    place = assessed.places[1]
    answer = save_row(client, assessed, place, comment="积极发言")
    assert answer.status_code == 200
    shown = answer.content.decode()
    assert "85.50" in shown
    assert 'value="90|80|85||积极发言"' in shown
    assert [score.comment for score in scores()] == ["积极发言"]
    stale = save_row(client, assessed, place, theory=70)
    assert stale.status_code == 409
    assert "90 · 80 · 85" in stale.content.decode()
    assert save_row(client, assessed, place, theory=101, seen="90|80|85||积极发言").status_code == 409


def test_row_of_a_stranger_is_refused(client, assessed):
    stranger = EnrolmentFactory(
        offering=AssessedClass(weights=assessed.weights).offering, cadre=CadreFactory()
    )
    assert save_row(client, assessed, stranger).status_code == 409
    assert scores() == []


def test_quick_fill(client, assessed):
    assert client.post(url(assessed, "fill"), {"dimension": "theory", "value": "88"}).status_code == 303
    assert [score.theory for score in scores()] == [88, 88, 88]
    for wrong in ({}, {"dimension": "theory", "value": "x"}, {"dimension": "nonsense", "value": "8"}):
        assert client.post(url(assessed, "fill"), wrong).status_code == 409
    assert client.post(url(assessed, "fill"), {"source": "attendance"}).status_code == 303


def test_submission_with_gaps_is_refused(client, assessed):
    answer = client.post(url(assessed, "submit"))
    assert answer.status_code == 409
    assert assessed.places[0].cadre.name in answer.content.decode()


@pytest.mark.parametrize("people", [1, 3])
def test_grid_asks_the_same_number_of_queries(client, people):
    assessed = AssessedClass(units=(None,) * people)
    assessed.score()
    client.force_login(assessed.teacher)
    client.get(url(assessed))
    with CaptureQueriesContext(connection) as asked:
        client.get(url(assessed))
    assert len(asked) == 7, [query["sql"][:120] for query in asked]
    with CaptureQueriesContext(connection) as asked:
        client.get("/conduct/")
    assert len(asked) == 4, [query["sql"][:120] for query in asked]


def test_released_conduct_is_read_in_scope(client):
    city = City()
    weights = make_weights()
    homes = {"own": city.finance_bureau, "sibling": city.culture_bureau, "cousin": city.cousin_bureau}
    assessed = AssessedClass(units=homes.values(), weights=weights)
    names = {whose: place.cadre.name for whose, place in zip(homes, assessed.places, strict=True)}
    readers = {
        (Role.OFFICER, city.finance_bureau): {"own"},
        (Role.ORGDEPT, city.east): {"own", "sibling"},
        (Role.LEADER, None): {"own", "sibling", "cousin"},
    }

    def seen():
        found = []
        for role, unit in readers:
            client.force_login(make_user(role, unit=unit))
            shown = client.get("/organisation/conduct/")
            found.append({whose for whose, name in names.items() if f">{name}<" in shown.content.decode()})
        return found

    assessed.submit()
    assert seen() == [set(), set(), set()]
    release_sheet(sheet_id=assessed.sheet.pk, by=assessed.staff)
    assert seen() == list(readers.values())
    narrowed = client.get("/organisation/conduct/", {"grade": "fail"})
    assert narrowed.context["page"].rows == []
    assert (
        len(client.get("/organisation/conduct/", {"year": 2025, "grade": "good"}).context["page"].rows) == 3
    )
    assert (
        client.get("/organisation/conduct/", {"year": "x", "grade": "x", "name": names["own"]})
        .context["page"]
        .rows
    )


@pytest.mark.parametrize("people", [1, 3])
def test_released_list_asks_the_same_number_of_queries(client, people):
    AssessedClass(units=(None,) * people).release()
    client.force_login(make_user(Role.LEADER))
    client.get("/organisation/conduct/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/organisation/conduct/")
    assert len(asked) == 6, [query["sql"][:120] for query in asked]


def test_hostile_text_is_text(client, assessed):
    hostile = '<b>王</b>&"=1+1'
    assessed.places[0].cadre.name = hostile
    assessed.places[0].cadre.save()
    save_row(client, assessed, assessed.places[0], comment=hostile)
    shown = client.get(url(assessed)).content.decode()
    assert "<b>王</b>" not in shown
    assert "&lt;b&gt;王" in shown
