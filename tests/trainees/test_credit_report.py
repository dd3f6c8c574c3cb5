"""The credit report: filters, columns, workbooks and saved views, each within the reader's own responsibility of that moment."""

import io
from datetime import date
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from django.http import QueryDict
from django.urls import reverse

from partyschool.accounts.models import RoleGrant, User
from partyschool.audit.models import AuditEvent
from partyschool.jobs.models import Job
from partyschool.jobs.services.running import run_job
from tests.factories.accounts import make_unit, make_user
from tests.factories.jobs import fresh
from tests.factories.reports import ClosedYear
from trainees.enums import CadreCategory, Rank
from trainees.models import SavedView
from trainees.selectors.credit_report import UnitOutOfScope, read_query, report_rows
from trainees.selectors.credit_report_columns import COLUMNS, DEFAULT_COLUMNS
from trainees.services.credit_report import start_export

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]

LIST, EXPORT, EXPORTS, VIEWS = (
    "/organisation/cadres/",
    "/organisation/export/",
    "/organisation/exports/",
    "/organisation/views/",
)


def names(client, **parameters):
    response = client.get(LIST, {"sort": "name", **parameters})
    assert response.status_code == 200
    return {row.cadre.name for row in response.context["page"]}


def move_office(user, unit):
    """The office of `user` is for another unit from now on."""
    RoleGrant.objects.filter(user=user).update(unit=unit)
    return User.objects.with_grants().get(pk=user.pk)


# --- filters and columns -----------------------------------------------------------------------------------------------------------------


def test_every_filter_narrows_within_the_scope(client, closed, as_user):
    city = closed.city
    manager = closed.cadre(
        city.finance_bureau, 130, category=CadreCategory.INSTITUTION_MANAGER, rank=Rank.STAFF, code="Z77"
    )
    elsewhere = closed.cadre(city.cousin_bureau, 130, category=CadreCategory.INSTITUTION_MANAGER, code="Z78")
    closed.close()
    as_user("orgdept", unit=city.east)
    assert names(client, category="institution_manager") == {manager.name}
    assert names(client, rank="staff") == {manager.name}
    assert names(client, grade="exempt") == {closed.exempt.name}
    assert names(client, name="Z7") == {manager.name}
    assert elsewhere.name not in names(client, status="serving")
    assert len(names(client, result="pass", unit=city.finance_bureau.pk)) == 2
    assert len(names(client, grade="no grade", category="\u0663", status="x", year="1999")) == 6


def test_category_and_status_are_told_by_the_year_and_by_today(client, closed, as_user):
    city = closed.city
    moved, left = closed.passed[city.finance_bureau.pk], closed.failed[city.finance_bureau.pk]
    moved.unit, moved.category, moved.post = city.cousin_bureau, CadreCategory.NON_PARTY, "新职务"
    moved.posted_on = date(2026, 2, 1)
    moved.save()
    left.left_on = date(2026, 3, 1)
    left.save()
    as_user("orgdept", unit=city.east)
    assert names(client, status="moved") == {moved.name}
    assert names(client, status="left") == {left.name}
    assert len(names(client, status="serving")) == 3
    assert moved.name in names(client, category="civil_servant")
    assert names(client, category="non_party") == set()
    shown = client.get(LIST, {"columns": ["post", "category", "status"], "name": moved.name}).text
    assert "新职务" not in shown
    assert "已调离原单位" in shown


def test_columns_are_those_chosen_in_the_order_of_the_report(client, closed, as_user):
    as_user("officer", unit=closed.city.finance_bureau)
    response = client.get(LIST, {"columns": ["result", "code", "nonsense"]})
    assert [column.key for column in response.context["columns"]] == ["code", "result"]
    assert closed.exempt.code in response.text
    plain = client.get(LIST, {"sort": "name", "columns": "nonsense"})
    assert [column.key for column in plain.context["columns"]] == list(DEFAULT_COLUMNS)


def test_unit_choices_are_the_readers_own(client, closed, as_user):
    city = closed.city
    as_user("orgdept", unit=city.east)
    offered = {
        int(key) for key, _label in client.get(LIST).context["filter_form"].fields["unit"].choices if key
    }
    assert offered == {city.east.pk, city.finance_bureau.pk, city.culture_bureau.pk}
    for unit in (city.west, city.cousin_bureau, city.root):
        assert client.get(LIST, {"unit": unit.pk}).status_code == 404
        assert client.post(EXPORT, {"query": f"unit={unit.pk}"}).status_code == 404
        assert client.post(VIEWS, {"query": f"unit={unit.pk}", "name": "x"}).status_code == 404
    assert not SavedView.objects.unscoped("tests").exists()
    assert client.get(LIST, {"unit": "-1"}).status_code == 404


def test_sorted_by_unit_goes_along_the_tree(client, closed, as_user):
    as_user("staff")
    rows = list(client.get(LIST, {"sort": "unit"}).context["page"])
    assert [row.unit.path for row in rows] == sorted(row.unit.path for row in rows)


def test_what_was_asked_is_written_alike_and_read_back(closed):
    user = make_user("orgdept", unit=closed.city.east)
    asked = read_query(
        user,
        QueryDict(
            f"columns=result&columns=code&sort=least&name=张%26b&unit={closed.city.culture_bureau.pk}&year=2025"
        ),
        years=[2025],
    )
    assert read_query(user, QueryDict(asked.as_address()), years=[2025]) == asked
    assert read_query(user, asked.as_params(), years=[2025]) == asked
    assert asked.name == "张&b"
    stranger = make_user("orgdept", unit=closed.city.west)
    with pytest.raises(UnitOutOfScope):
        read_query(stranger, asked.as_params(), years=[2025])
    assert read_query(stranger, asked.as_params(), years=[2025], lenient=True) == asked.everywhere()


# --- workbooks ---------------------------------------------------------------------------------------------------------------------------


def export(client, query="sort=name"):
    """Order the workbook on the page and let a worker make it."""
    response = client.post(EXPORT, {"query": query})
    job = Job.objects.unscoped("tests").get(pk=response["Location"].rstrip("/").rpartition("/")[2])
    assert response.status_code == 303
    run_job(job_id=job.pk)
    return fresh(job)


def sheet_of(job):
    from openpyxl import load_workbook

    file = job.files.get()
    with file.open() as content:
        return load_workbook(io.BytesIO(content.read())).worksheets[0]


def test_workbook_holds_exactly_what_the_page_shows(client, closed, as_user):
    reader = as_user("orgdept", unit=closed.city.east)
    query = "sort=least&result=fail&columns=code&columns=counted&columns=needed&columns=result"
    shown = client.get(f"{LIST}?{query}")
    job = export(client, query)
    assert (job.state, job.percent, job.error) == ("done", 100, "")
    sheet = sheet_of(job)
    assert [cell.value for cell in sheet[2]] == ["姓名", "干部编号", "计入学分", "应达学分", "结果"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=3, max_row=sheet.max_row - 1)]
    assert rows == [[row.cadre.name, row.cadre.code, 40, 90, "不合格"] for row in shown.context["page"]]
    assert len(rows) == 2
    counted = sheet.cell(3, 3)
    assert (counted.data_type, counted.number_format) == ("n", "0.00")
    assert sheet.cell(3, 2).data_type == "s"
    assert (sheet.freeze_panes, sheet.print_title_rows) == ("A3", "$1:$2")
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert "东区委组织部" in sheet.cell(sheet.max_row, 1).value
    event = AuditEvent.objects.unscoped("tests").get(action="result.export_report")
    assert (event.actor, event.data["rows"]) == (reader, 2)


def test_workbook_is_of_the_scope_of_the_moment_it_is_made(client, closed, as_user):
    city = closed.city
    user = as_user("orgdept", unit=city.east)
    response = client.post(EXPORT, {"query": "sort=name"})
    job = Job.objects.unscoped("tests").get(kind="credit_report")
    assert response.status_code == 303
    move_office(user, city.culture_bureau)
    run_job(job_id=job.pk)
    text = " ".join(str(cell.value) for row in sheet_of(fresh(job)).iter_rows() for cell in row)
    assert closed.passed[city.culture_bureau.pk].name in text
    assert closed.passed[city.finance_bureau.pk].name not in text
    assert city.finance_bureau.name not in text


def test_workbook_of_a_unit_that_is_no_longer_ones_own_is_not_made(client, closed, as_user):
    city = closed.city
    user = as_user("orgdept", unit=city.east)
    client.post(EXPORT, {"query": f"unit={city.finance_bureau.pk}"})
    job = Job.objects.unscoped("tests").get(kind="credit_report")
    move_office(user, city.culture_bureau)
    run_job(job_id=job.pk)
    assert (fresh(job).state, job.files.count()) == ("failed", 0)
    assert "不在您的管理范围" in fresh(job).error


def test_workbook_is_not_made_for_somebody_without_office(client, closed, as_user):
    user = as_user("officer", unit=closed.city.finance_bureau)
    client.post(EXPORT, {"query": ""})
    job = Job.objects.unscoped("tests").get(kind="credit_report")
    RoleGrant.objects.filter(user=user).update(valid_until=date(2001, 1, 1))
    run_job(job_id=job.pk)
    assert (fresh(job).state, job.files.count()) == ("failed", 0)


def test_workbook_is_handed_out_to_its_owner_while_the_scope_stands(client, closed, as_user):
    city = closed.city
    user = as_user("orgdept", unit=city.east)
    job = export(client)
    url = reverse("jobs:file", args=[job.pk, job.files.get().pk])
    assert b"".join(client.get(url).streaming_content).startswith(b"PK")
    assert url in client.get(EXPORTS).text
    as_user("orgdept", unit=city.east)
    assert client.get(url).status_code == 404
    assert url not in client.get(EXPORTS).text
    client.force_login(move_office(user, city.west))
    assert client.get(url).status_code == 409


def test_a_name_that_was_searched_for_is_not_readable_in_the_job(client, closed, as_user):
    as_user("orgdept", unit=closed.city.east)
    sought = closed.exempt.name
    job = export(client, f"name={sought}")
    assert sought not in str(job.params)
    assert sought not in job.title
    assert sheet_of(job).cell(3, 1).value == sought
    assert sheet_of(job).max_row == 4


def test_the_same_question_while_under_way_is_one_job(closed):
    user = make_user("orgdept", unit=closed.city.east)
    asked = read_query(user, {"sort": "least"}, years=[2025])
    other = read_query(user, {"sort": "most"}, years=[2025])
    assert start_export(asked=asked, by=user) == start_export(asked=asked, by=user)
    assert start_export(asked=asked, by=user) != start_export(asked=other, by=user)
    colleague = make_user("orgdept", unit=closed.city.east)
    assert start_export(asked=asked, by=user) != start_export(asked=asked, by=colleague)


def test_nothing_to_take_along_is_said(client, as_user):
    closed = ClosedYear(close=False)
    as_user("orgdept", unit=closed.city.east)
    assert client.post(EXPORT, {"query": ""}).status_code == 409
    assert "还没有导出文件" in client.get(EXPORTS).text


def test_every_column_can_be_taken_along(client, closed, as_user):
    as_user("staff")
    job = export(client, "&".join(f"columns={key}" for key in COLUMNS))
    assert job.error == ""
    assert [cell.value for cell in sheet_of(job)[2]][1:] == [str(one.label) for one in COLUMNS.values()]


# --- saved views -------------------------------------------------------------------------------------------------------------------------


def keep(client, name="所缺学分", query="sort=least&result=fail", **more):
    response = client.post(VIEWS, {"name": name, "query": query, **more})
    assert response.status_code == 303, response.text
    return SavedView.objects.unscoped("tests").get(name=name)


def asked_by(response):
    return parse_qs(urlsplit(response["Location"]).query)


def test_view_is_kept_opened_renamed_and_deleted(client, closed, as_user):
    as_user("orgdept", unit=closed.city.east)
    view = keep(client)
    url = reverse("trainees:saved_view", args=[view.pk])
    assert asked_by(client.get(url)) == {"sort": ["least"], "result": ["fail"]}
    assert "所缺学分" in client.get(LIST).text
    client.post(f"{url}rename/", {"name": "不合格人员"})
    view.refresh_from_db()
    assert view.name == "不合格人员"
    assert view.name in client.get(VIEWS).text
    assert client.post(f"{url}delete/").status_code == 303
    assert client.get(url).status_code == 404
    assert "还没有已存视图" in client.get(VIEWS).text


def test_default_view_opens_with_the_bare_address_and_only_one_is(client, closed, as_user):
    as_user("orgdept", unit=closed.city.east)
    first, second = keep(client, "甲", is_default="on"), keep(client, "乙", "sort=most", is_default="on")
    assert list(SavedView.objects.unscoped("tests").filter(is_default=True)) == [second]
    assert client.get(LIST)["Location"] == reverse("trainees:saved_view", args=[second.pk])
    assert client.get(LIST, {"sort": "name"}).status_code == 200
    client.post(reverse("trainees:saved_view_default", args=[first.pk]), {"wanted": "yes"})
    assert client.get(LIST)["Location"] == reverse("trainees:saved_view", args=[first.pk])
    client.post(reverse("trainees:saved_view_default", args=[first.pk]), {"wanted": "no"})
    assert client.get(LIST).status_code == 200


def test_a_default_view_without_filters_does_not_go_in_circles(client, closed, as_user):
    as_user("orgdept", unit=closed.city.east)
    keep(client, "全部", "", is_default="on")
    assert client.get(LIST, follow=True).redirect_chain[-1][0].endswith("?sort=name")


def test_views_of_others_are_not_found(client, closed, as_user):
    as_user("orgdept", unit=closed.city.east)
    view = keep(client, "甲的视图")
    url = reverse("trainees:saved_view", args=[view.pk])
    as_user("orgdept", unit=closed.city.east)
    assert client.get(url).status_code == 404
    for deed in ("rename", "default", "delete"):
        assert client.post(f"{url}{deed}/", {"name": "x"}).status_code == 404
    assert view.name not in client.get(VIEWS).text
    assert view.name not in client.get(LIST).text
    view.refresh_from_db()
    assert (view.name, view.is_default) == ("甲的视图", False)


def test_view_kept_before_a_change_of_scope_shows_only_todays(client, closed, as_user):
    city = closed.city
    user = as_user("orgdept", unit=city.east)
    of_unit = keep(client, "财政局", f"unit={city.finance_bureau.pk}&sort=name", is_default="on")
    of_all = keep(client, "全部", "sort=name")
    client.force_login(move_office(user, city.west))
    for view in (of_unit, of_all):
        shown = client.get(reverse("trainees:saved_view", args=[view.pk]), follow=True)
        found = {row.cadre.name for row in shown.context["page"]}
        assert found == {closed.passed[city.cousin_bureau.pk].name, closed.failed[city.cousin_bureau.pk].name}
        assert city.finance_bureau.name not in shown.text
    opened = client.get(LIST, follow=True)
    assert opened.status_code == 200
    assert "已不在您的管理范围内" in opened.text


def test_two_views_of_one_name_nameless_and_too_many_are_refused(client, closed, as_user):
    as_user("orgdept", unit=closed.city.east)
    keep(client, "甲")
    for name in ("甲", " 甲 ", "", "\u200b", "长" * 41):
        assert client.post(VIEWS, {"name": name, "query": ""}).status_code == 409
    second = keep(client, "乙")
    renamed = client.post(reverse("trainees:saved_view_rename", args=[second.pk]), {"name": "甲"})
    assert renamed.status_code == 409
    for number in range(28):
        keep(client, f"视图{number}")
    assert client.post(VIEWS, {"name": "再一个", "query": ""}).status_code == 409
    assert SavedView.objects.unscoped("tests").count() == 30


def test_shared_address_shows_the_reader_their_own_people(client, closed, as_user):
    city = closed.city
    as_user("orgdept", unit=city.east)
    address = client.get(LIST, {"sort": "least", "result": "fail"}).context["share_url"]
    as_user("orgdept", unit=city.west)
    found = {row.cadre.name for row in client.get(address).context["page"]}
    assert found == {closed.failed[city.cousin_bureau.pk].name}


@pytest.mark.parametrize("role", ["trainee", "teacher", "finance", "admin"])
def test_others_have_none_of_it(client, closed, as_user, role):
    as_user(role)
    for url in (VIEWS, EXPORTS, "/organisation/years/"):
        assert client.get(url).status_code == 403
    assert client.post(EXPORT, {"query": ""}).status_code == 403


# --- queries -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 3])
def test_views_and_workbooks_cost_the_same_for_one_and_three(
    client, closed, as_user, number, django_assert_num_queries
):
    as_user("orgdept", unit=closed.city.east)
    for one in range(number):
        keep(client, f"视图{one}")
        export(client, f"sort=name&name={one}")
    # Session, user with grants, views, unread notices.
    with django_assert_num_queries(4):
        client.get(VIEWS)
    # Session, user with grants, jobs, their files, unread notices.
    with django_assert_num_queries(5):
        client.get(EXPORTS)


@pytest.mark.parametrize("people", [1, 3])
def test_list_in_every_column_costs_the_same(client, as_user, people, django_assert_num_queries):
    closed = ClosedYear(close=False)
    office = make_unit(closed.city.culture_bureau, kind="division")
    for _number in range(people):
        closed.cadre(office, 40)
    closed.close()
    as_user("officer", unit=office)
    # As the list in its usual columns, and the names of the units above the divisions.
    with django_assert_num_queries(11):
        client.get(LIST, {"year": 2025, "columns": list(COLUMNS)})


def test_rows_of_an_export_are_counted_by_what_the_reader_may_see(closed):
    user = make_user("officer", unit=closed.city.culture_bureau)
    rows = report_rows(user, read_query(user, {}, years=[2025]), year=2025)
    assert sorted(row.counted for row in rows) == [Decimal(40), Decimal(96)]
