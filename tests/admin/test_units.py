"""The pages of a unit and of a cadre's postings: what they show before anything happens, what they do, and who may."""

import logging

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse

from partyschool.accounts.enums import Role, UnitKind
from partyschool.accounts.models import Unit, UnitChange
from partyschool.accounts.selectors.unit_picker import pick_unit
from partyschool.accounts.services.units import close_unit, rename_unit
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from tests.admin.clients import logged_in
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import SelectionRoundFactory
from tests.factories.trainees import CadreFactory
from trainees.models import Cadre, Posting

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "11010519491231002X"
TODAY = clock.school_date().isoformat()


def page(unit: Unit, deed: str) -> str:
    return reverse(f"admin:accounts_unit_{deed}", args=[unit.pk])


def cadre_page(cadre: Cadre, deed: str) -> str:
    return reverse(f"admin:trainees_cadre_{deed}", args=[cadre.pk])


def text(answer) -> str:
    return answer.content.decode()


def decision(**fields) -> dict:
    return {"on": TODAY, "reason": "机构改革", **fields}


# -- units


def test_the_tree_is_walked_down_and_the_moving_branch_is_offered_nowhere(staff_client, city):
    make_unit(city.culture_bureau, name="文化局办公室")
    top = staff_client.get(page(city.finance_bureau, "move")).context["picker"]
    assert (top.here, [one.unit for one in top.choices]) == (city.root, [city.east, city.west])
    east = staff_client.get(page(city.finance_bureau, "move"), {"under": city.east.pk}).context["picker"]
    assert [(one.unit, one.leads_on) for one in east.choices] == [(city.culture_bureau, True)]
    inside = staff_client.get(page(city.finance_bureau, "move"), {"under": city.finance_bureau.pk})
    assert inside.context["picker"].here == city.root


def test_a_unit_is_found_by_name_or_code_with_its_place(staff_client, city):
    found = staff_client.get(page(city.finance_bureau, "move"), {"q": "财政"}).context["picker"]
    assert [(one.unit, one.place) for one in found.choices] == [(city.cousin_bureau, "市 / 西区委组织部")]
    by_code = staff_client.get(page(city.finance_bureau, "move"), {"q": city.west.code.lower()})
    assert [one.unit for one in by_code.context["picker"].choices] == [city.west]
    assert "没有" in text(staff_client.get(page(city.finance_bureau, "move"), {"q": "<b>"}))


def test_before_a_move_it_is_told_who_will_see_it_and_who_no_longer(staff_client, city):
    CadreFactory(unit=make_unit(city.finance_bureau))
    old = make_user(Role.ORGDEPT, unit=city.east, full_name="东区干部科")
    new = make_user(Role.ORGDEPT, unit=city.west, full_name="西区干部科")
    own = make_user(Role.OFFICER, unit=city.finance_bureau, full_name="联络员")
    above = make_user(Role.ORGDEPT, unit=city.root, full_name="市干部处")
    answer = staff_client.get(page(city.finance_bureau, "move"), {"to": city.west.pk})
    preview = answer.context["preview"]
    assert (preview.people, preview.units) == (1, 2)
    assert ([one.user for one in preview.lose], [one.user for one in preview.gain]) == ([old], [new])
    assert own.full_name not in text(answer)
    assert above.full_name not in text(answer)
    assert UnitChange.objects.count() == 0


def test_a_unit_is_moved_and_its_page_tells_the_history(staff_client, auditor_client, city):
    answer = staff_client.post(page(city.finance_bureau, "move"), decision(to=city.west.pk))
    assert answer.status_code == 302
    assert Unit.objects.get(pk=city.finance_bureau.pk).jurisdiction == city.west
    for client in (staff_client, auditor_client):
        shown = text(client.get(page(city.finance_bureau, "change")))
        assert "从“东区委组织部”调整到“西区委组织部”" in shown
        assert "机构改革" in shown


def test_what_cannot_be_moved_there_is_told_before_and_refused_after(staff_client, city):
    division = make_unit(city.finance_bureau)
    for target in (division, city.east):
        answer = staff_client.get(page(city.finance_bureau, "move"), {"to": target.pk})
        assert answer.context["obstacle"] is not None
        refused = staff_client.post(page(city.finance_bureau, "move"), decision(to=target.pk))
        assert refused.status_code == 409


def test_a_form_without_reason_or_day_is_shown_again(staff_client, city):
    answer = staff_client.post(
        page(city.finance_bureau, "move"), {"to": city.west.pk, "on": "", "reason": ""}
    )
    assert answer.status_code == 200
    assert answer.context["form"].errors.keys() == {"on", "reason"}
    assert answer.context["preview"].people == 0


def test_a_unit_is_renamed_closed_and_reopened(staff_client, city):
    unit = city.cousin_bureau
    assert staff_client.post(page(unit, "rename"), decision(name="新名")).status_code == 302
    assert staff_client.post(page(unit, "close"), decision()).status_code == 302
    assert str(Unit.objects.get(pk=unit.pk).closed_on) == TODAY
    assert staff_client.post(page(unit, "close"), decision()).status_code == 409
    assert staff_client.post(page(unit, "reopen"), decision()).status_code == 302
    assert list(unit.changes.order_by("pk").values_list("kind", flat=True)) == [
        "renamed",
        "closed",
        "reopened",
    ]


def test_a_unit_with_people_shows_why_it_cannot_be_closed(staff_client, city):
    CadreFactory(unit=city.cousin_bureau)
    answer = staff_client.get(page(city.cousin_bureau, "close"))
    assert answer.context["occupied"]
    assert 'name="reason"' not in text(answer)
    assert staff_client.post(page(city.cousin_bureau, "close"), decision()).status_code == 409


def test_deeds_fit_the_state_of_the_unit(staff_client, staff, city):
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    offered = {
        unit: [deed for deed in ("move", "merge", "rename", "close", "reopen") if page(unit, deed) in shown]
        for unit in (city.finance_bureau, city.cousin_bureau)
        for shown in [text(staff_client.get(page(unit, "change")))]
    }
    assert offered == {
        city.finance_bureau: ["move", "merge", "rename", "close"],
        city.cousin_bureau: ["reopen"],
    }


def test_a_merger_is_shown_and_done(staff_client, city):
    cadre = CadreFactory(unit=city.finance_bureau)
    make_user(Role.OFFICER, unit=city.finance_bureau, full_name="老联络员")
    SelectionRoundFactory(name="秋季选学").units.add(city.finance_bureau)
    shown = text(staff_client.get(page(city.finance_bureau, "merge"), {"into": city.cousin_bureau.pk}))
    assert [words in shown for words in ("老联络员", "秋季选学")] == [True, True]
    answer = staff_client.post(page(city.finance_bureau, "merge"), decision(into=city.cousin_bureau.pk))
    assert (answer.status_code, answer["Location"]) == (302, page(city.cousin_bureau, "change"))
    assert Cadre.objects.unscoped("tests").get(pk=cadre.pk).unit == city.cousin_bureau
    assert "并入了“东区财政局”" in text(staff_client.get(page(city.cousin_bureau, "change")))
    department = staff_client.get(page(city.east, "merge"), {"into": city.cousin_bureau.pk})
    assert department.context["preview"].denial is not None


def test_kind_of_a_department_stands_and_a_form_edits_nothing_else(staff_client, city):
    data = {"kind": UnitKind.INSTITUTION, "name": "别名", "code": "X", "closed_on": TODAY}
    assert staff_client.post(page(city.finance_bureau, "change"), data).status_code == 302
    unit = Unit.objects.get(pk=city.finance_bureau.pk)
    assert (unit.kind, unit.name, unit.closed_on) == (UnitKind.INSTITUTION, "东区财政局", None)
    to_department = staff_client.post(page(unit, "change"), {"kind": UnitKind.ORG_DEPARTMENT})
    assert to_department.status_code == 200
    staff_client.post(page(city.east, "change"), {"kind": UnitKind.BUREAU})
    assert Unit.objects.get(pk=city.east.pk).kind == UnitKind.ORG_DEPARTMENT


def test_a_closed_unit_is_offered_in_no_search_box(staff_client, staff, city):
    rename_unit(unit_id=city.cousin_bureau.pk, name="撤销局", reason="r", by=staff)
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    asked = {"app_label": "trainees", "model_name": "cadre", "field_name": "unit", "term": "撤销局"}
    assert staff_client.get(reverse("admin:autocomplete"), asked).json()["results"] == []
    assert "撤销局" in text(staff_client.get(reverse("admin:accounts_unit_changelist")))


@pytest.mark.parametrize("deed", ["move", "merge", "rename", "close", "reopen"])
def test_auditors_look_and_do_nothing(auditor_client, city, deed):
    assert auditor_client.get(page(city.finance_bureau, deed)).status_code == 403
    assert auditor_client.post(page(city.finance_bureau, deed), decision()).status_code == 403
    assert page(city.finance_bureau, deed) not in text(
        auditor_client.get(page(city.finance_bureau, "change"))
    )


def test_who_keeps_accounts_moves_units_but_merges_no_people(admin_client, city):
    assert admin_client.get(page(city.finance_bureau, "move")).status_code == 200
    assert admin_client.get(page(city.finance_bureau, "merge")).status_code == 403
    assert page(city.finance_bureau, "merge") not in text(
        admin_client.get(page(city.finance_bureau, "change"))
    )


@pytest.mark.parametrize(("query", "most"), [({}, 4), ({"q": "局"}, 2), ({"under": "east"}, 4)])
def test_the_picker_asks_few_queries(city, django_assert_max_num_queries, query, most):
    for _each in range(3):
        make_unit(city.east, name="新局")
    if "under" in query:
        query = {"under": str(city.east.pk)}
    with django_assert_max_num_queries(most):
        pick_unit(query, leaving_out=city.finance_bureau)


# -- postings


def posting(cadre: Cadre, unit: Unit, **fields) -> dict:
    return decision(unit=unit.pk, rank=cadre.rank, category=cadre.category, post="科长", **fields)


def test_a_cadre_is_transferred_and_the_page_tells_where_it_served(staff_client, staff, city):
    cadre = CadreFactory(unit=city.finance_bureau)
    shown = text(staff_client.get(cadre_page(cadre, "transfer")))
    assert "东区财政局" in shown
    answer = staff_client.post(cadre_page(cadre, "transfer"), posting(cadre, city.cousin_bureau))
    assert answer.status_code == 302, answer.context["form"].errors
    shown = text(staff_client.get(cadre_page(cadre, "change")))
    assert [words in shown for words in ("东区财政局", "西区财政局", "机构改革", str(staff))] == [True] * 4


def test_a_transfer_before_the_present_posting_is_refused_on_the_page(staff_client, city):
    cadre = CadreFactory(unit=city.finance_bureau)
    data = posting(cadre, city.cousin_bureau, on="2019-01-01")
    assert staff_client.post(cadre_page(cadre, "transfer"), data).status_code == 409


def test_the_present_posting_is_corrected(staff_client, city):
    cadre = CadreFactory(unit=city.finance_bureau)
    data = posting(cadre, city.culture_bureau, on="2020-02-01")
    assert staff_client.post(cadre_page(cadre, "correct"), data).status_code == 302
    only = Posting.objects.unscoped("tests").get(cadre=cadre)
    assert (only.unit, str(only.starts_on), only.post) == (city.culture_bureau, "2020-02-01", "科长")


def test_a_closed_unit_is_no_choice(staff_client, staff, city):
    cadre = CadreFactory(unit=city.finance_bureau)
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    answer = staff_client.post(cadre_page(cadre, "transfer"), posting(cadre, city.cousin_bureau))
    assert "unit" in answer.context["form"].errors


@pytest.mark.parametrize("deed", ["transfer", "correct"])
def test_auditors_read_postings_and_change_none(auditor_client, city, deed):
    cadre = CadreFactory(unit=city.finance_bureau, post="监察员")
    assert "监察员" in text(auditor_client.get(cadre_page(cadre, "change")))
    assert auditor_client.get(cadre_page(cadre, deed)).status_code == 403
    assert auditor_client.post(cadre_page(cadre, deed), {}).status_code == 403


@pytest.mark.parametrize(("term", "names"), [("year", ["快到"]), ("over", ["过了"]), ("none", ["没有"])])
def test_terms_of_office_are_filtered(staff_client, city, term, names):
    today = clock.school_date()
    for name, until in (("快到", today.replace(day=28)), ("过了", today.replace(year=2020, day=1))):
        CadreFactory(
            name=name, unit=city.east, term_until=until if until > today or name == "过了" else today
        )
    CadreFactory(name="没有", unit=city.east)
    CadreFactory(name="还早", unit=city.east, term_until=today.replace(year=today.year + 3, day=1))
    answer = staff_client.get(reverse("admin:trainees_cadre_changelist"), {"term": term})
    assert [cadre.name for cadre in answer.context["cl"].result_list] == names


# -- looking somebody up


def numbered(unit: Unit) -> Cadre:
    cadre = CadreFactory(unit=unit)
    cadre.set_citizen_no(NUMBER)
    cadre.save()
    return cadre


def test_somebody_is_found_by_number_which_then_stands_nowhere(staff_client, city, caplog):
    cadre = numbered(city.finance_bureau)
    url = reverse("admin:trainees_cadre_look_up")
    with caplog.at_level(logging.DEBUG):
        answer = staff_client.post(url, {"number": NUMBER.lower()})
        found = staff_client.get(answer["Location"])
    assert answer["Location"] == cadre_page(cadre, "change")
    told = [text(found), answer["Location"], caplog.text]
    told += [str(event.data) + event.subject for event in AuditEvent.objects.unscoped("tests")]
    told += [str(session.get_decoded()) for session in Session.objects.all()]
    assert not any(NUMBER in one for one in told)


@pytest.mark.parametrize(
    ("number", "status"), [("110105194912310021", 200), ("11010519491231002X", 409), ("<b>", 200)]
)
def test_what_is_not_found_is_not_shown_again(staff_client, number, status):
    answer = staff_client.post(reverse("admin:trainees_cadre_look_up"), {"number": number})
    assert answer.status_code == status
    assert number not in text(answer)


def test_numbers_are_looked_up_by_post_alone(staff_client, auditor_client, city):
    numbered(city.finance_bureau)
    url = reverse("admin:trainees_cadre_look_up")
    assert staff_client.get(url, {"number": NUMBER}).context["form"].is_bound is False
    assert auditor_client.post(url, {"number": NUMBER}).status_code == 403
    assert logged_in(make_user(Role.ADMIN)).post(url, {"number": NUMBER}).status_code == 403
