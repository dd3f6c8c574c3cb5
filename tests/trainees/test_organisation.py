"""The credit report: every reader sees the own jurisdiction or unit, page by page and file by file, and nothing of the neighbours."""

from io import StringIO

import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.urls import reverse

from partyschool.accounts.enums import UnitKind
from partyschool.audit.models import AuditEvent
from partyschool.jobs.models import Job
from tests.factories.accounts import make_unit
from tests.factories.reports import ClosedYear
from trainees.models import Cadre

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]

OVERVIEW, CADRES = "/organisation/", "/organisation/cadres/"


def page(client, url, **parameters):
    response = client.get(url, parameters)
    assert response.status_code == 200
    return response.content.decode()


def person_url(cadre):
    return reverse("trainees:organisation_cadre", args=[cadre.pk])


# --- who sees what -----------------------------------------------------------------------------------------------------------------------


def test_organisation_department_sees_its_own_jurisdiction(client, closed, as_user):
    as_user("orgdept", unit=closed.city.east)
    overview, cadres = page(client, OVERVIEW), page(client, CADRES)
    for shown in (overview, cadres):
        assert closed.failed[closed.city.finance_bureau.pk].name in shown
        assert closed.failed[closed.city.culture_bureau.pk].name in shown
        assert closed.failed[closed.city.cousin_bureau.pk].name not in shown
        assert closed.city.cousin_bureau.name not in shown
        assert closed.city.west.name not in shown
    assert client.get(OVERVIEW).context["overview"].whole.total == 5


def test_officer_sees_the_own_unit_without_the_sibling(client, closed, as_user):
    as_user("officer", unit=closed.city.finance_bureau)
    overview, cadres = page(client, OVERVIEW), page(client, CADRES)
    for shown in (overview, cadres):
        assert closed.failed[closed.city.finance_bureau.pk].name in shown
        assert closed.failed[closed.city.culture_bureau.pk].name not in shown
        assert closed.city.culture_bureau.name not in shown
    assert client.get(OVERVIEW).context["overview"].whole.total == 3


@pytest.mark.parametrize("role", ["staff", "leader", "auditor"])
def test_school_sees_all(client, closed, as_user, role):
    as_user(role)
    lines = client.get(OVERVIEW).context["overview"].units
    assert [(line.unit, line.tally.total) for line in lines] == [(closed.city.east, 5), (closed.city.west, 2)]


@pytest.mark.parametrize("role", ["trainee", "teacher", "finance", "admin"])
def test_others_are_refused(client, closed, as_user, role):
    as_user(role)
    assert client.get(OVERVIEW).status_code == 403
    assert client.get(CADRES).status_code == 403
    assert client.get(person_url(closed.exempt)).status_code == 403


def test_neighbours_are_not_found(client, closed, as_user):
    city = closed.city
    as_user("officer", unit=city.finance_bureau)
    for unit in (city.culture_bureau, city.cousin_bureau, city.east, city.root):
        assert client.get(OVERVIEW, {"unit": unit.pk}).status_code == 404
        assert client.get(CADRES, {"unit": unit.pk}).status_code == 404
    for bureau in (city.culture_bureau, city.cousin_bureau):
        assert client.get(person_url(closed.failed[bureau.pk])).status_code == 404
    assert client.get(person_url(closed.failed[city.finance_bureau.pk])).status_code == 200


def test_own_result_is_not_counted_to_the_unit_of_an_officer(client, closed, as_user):
    officer = as_user("officer", "trainee", unit=closed.city.finance_bureau)
    own = closed.failed[closed.city.cousin_bureau.pk]
    own.user = officer
    own.save()
    assert client.get(OVERVIEW).context["overview"].whole.total == 3
    assert own.name not in page(client, CADRES)


def test_moved_cadre_leaves_the_past_where_it_was(client, closed, as_user):
    moved = closed.failed[closed.city.finance_bureau.pk]
    moved.unit = closed.city.cousin_bureau
    moved.save()
    as_user("orgdept", unit=closed.city.east)
    assert moved.name in page(client, CADRES)
    shown = page(client, person_url(moved))
    assert "该干部已调往其他单位" in shown
    assert closed.city.cousin_bureau.name not in shown
    assert moved.code not in shown


# --- the packet's files ------------------------------------------------------------------------------------------------------------------


def files_of(packet):
    return [reverse(f"trainees:packet_{part}", args=[packet.pk]) for part in ("notice", "annex")]


def test_recipient_downloads_both_files_on_record(client, closed, as_user):
    packet = closed.report_to(closed.city.east)
    reader = as_user("orgdept", unit=closed.city.east)
    shown = page(client, OVERVIEW)
    for url, file in zip(files_of(packet), (packet.notice, packet.annex), strict=True):
        assert url in shown
        response = client.get(url)
        with file.open() as content:
            assert b"".join(response.streaming_content) == content.read()
        assert response["Content-Disposition"].startswith("attachment")
        assert (
            AuditEvent.objects.unscoped("tests")
            .filter(action="file.download", actor=reader, subject=f"jobs.storedfile:{file.pk}")
            .exists()
        )


def test_who_opens_a_persons_page_is_on_record_and_a_refused_one_is_not(client, closed, as_user):
    cadre = closed.failed[closed.city.finance_bureau.pk]
    as_user("orgdept", unit=closed.city.west)
    assert client.get(person_url(cadre)).status_code == 404
    reader = as_user("orgdept", unit=closed.city.east)
    page(client, person_url(cadre))
    looks = AuditEvent.objects.unscoped("tests").filter(action="cadre.view")
    assert list(looks.values_list("actor", "subject")) == [(reader.pk, f"trainees.cadre:{cadre.pk}")]


@pytest.mark.parametrize(
    ("role", "unit"), [("orgdept", "west"), ("officer", "finance_bureau"), ("officer", "cousin_bureau")]
)
def test_packet_of_others_is_not_found(client, closed, as_user, role, unit):
    packet = closed.report_to(closed.city.east)
    as_user(role, unit=getattr(closed.city, unit))
    assert [client.get(url).status_code for url in files_of(packet)] == [404, 404]
    shown = page(client, OVERVIEW)
    assert packet.code not in shown
    assert files_of(packet)[0] not in shown


def test_lost_file_is_not_found(client, closed, as_user):
    packet = closed.report_to(closed.city.east)
    as_user("orgdept", unit=closed.city.east)
    default_storage.delete(packet.notice.storage_name)
    assert client.get(files_of(packet)[0]).status_code == 404


# --- filters, order, pages ---------------------------------------------------------------------------------------------------------------


def names(client, **parameters):
    response = client.get(CADRES, parameters)
    assert response.status_code == 200
    return [row.cadre.name for row in response.context["page"]]


def test_list_is_narrowed_by_unit_result_rank_and_name(client, closed, as_user):
    city = closed.city
    as_user("orgdept", unit=city.east)
    failed, exempt = closed.failed[city.finance_bureau.pk], closed.exempt
    assert len(names(client, unit=city.finance_bureau.pk)) == 3
    assert names(client, unit=city.finance_bureau.pk, result="fail") == [failed.name]
    assert names(client, name=exempt.name) == [exempt.name]
    assert names(client, rank="county_division") == []
    assert len(names(client, rank="no such rank", result="nonsense", sort="x")) == 5


def test_list_is_sorted_by_credits(client, closed, as_user):
    as_user("orgdept", unit=closed.city.east)
    rows = [row.counted for row in client.get(CADRES, {"sort": "least"}).context["page"]]
    assert rows == sorted(rows)
    assert [row.counted for row in client.get(CADRES, {"sort": "most"}).context["page"]] == rows[::-1]


@pytest.mark.parametrize("sort", ["name", "least", "most"])
def test_pages_walk_every_row_once(client, as_user, sort):
    closed = ClosedYear(close=False)
    for _number in range(110):
        closed.cadre(closed.city.finance_bureau, 40, name="同名")
    closed.close()
    as_user("orgdept", unit=closed.city.east)
    seen, after = [], ""
    for _page in range(4):
        found = client.get(CADRES, {"sort": sort, "after": after}).context["page"]
        seen += [row.pk for row in found]
        after = found.next_cursor
        if not after:
            break
    assert len(seen) == len(set(seen)) == 115


@pytest.mark.parametrize(
    "parameters", [{"year": "x"}, {"unit": "-1"}, {"unit": "9" * 30}, {"year": "\uff12\uff10\uff12\uff15"}]
)
def test_nonsense_in_the_address_is_not_found(client, closed, as_user, parameters):
    as_user("orgdept", unit=closed.city.east)
    assert client.get(OVERVIEW, parameters).status_code == 404


def test_year_without_results_says_so(client, as_user, db):
    closed = ClosedYear(close=False)
    as_user("orgdept", unit=closed.city.east)
    assert "党校尚未结算" in page(client, OVERVIEW)
    assert "没有找到干部" in page(client, CADRES)
    assert "党校尚未结算" in page(client, OVERVIEW, year=1999)


def test_hostile_name_is_text(client, as_user):
    closed = ClosedYear(close=False)
    cadre = closed.cadre(closed.city.finance_bureau, 10, name="<script>alert(1)</script>")
    closed.close()
    as_user("orgdept", unit=closed.city.east)
    for url in (OVERVIEW, CADRES, person_url(cadre)):
        shown = page(client, url)
        assert "<script>alert" not in shown
        assert "&lt;script&gt;alert(1)" in shown


def test_lower_unit_is_drilled_down_to(client, closed, as_user):
    office = make_unit(closed.city.finance_bureau, name="预算科", kind=UnitKind.DIVISION)
    closed.cadre(office, 96)
    closed.close()
    as_user("orgdept", unit=closed.city.east)
    lines = client.get(OVERVIEW).context["overview"].units
    assert [(line.unit, line.tally.total, line.divided) for line in lines] == [
        (closed.city.finance_bureau, 4, True),
        (closed.city.culture_bureau, 2, False),
    ]
    below = client.get(OVERVIEW, {"unit": closed.city.finance_bureau.pk}).context["overview"].units
    assert [(line.unit, line.tally.total) for line in below] == [(closed.city.finance_bureau, 3), (office, 1)]
    assert ">东区财政局预算科<" in page(client, CADRES, unit=office.pk)


def test_person_page_explains_the_year(client, closed, as_user):
    as_user("orgdept", unit=closed.city.east)
    failed = closed.failed[closed.city.finance_bureau.pk]
    shown = page(client, person_url(failed))
    assert "合计40学分（应达90）" in shown
    assert failed.code in shown


# --- ordering the reports ----------------------------------------------------------------------------------------------------------------


def test_staff_order_the_reports_on_the_page(client, closed, as_user):
    closed.seal()
    as_user("staff")
    url = reverse("trainees:build_reports", args=[2025])
    assert url in page(client, OVERVIEW)
    response = client.post(url)
    job = Job.objects.unscoped("tests").get(kind="build_reports")
    assert (response.status_code, response["Location"]) == (303, reverse("jobs:detail", args=[job.pk]))


def test_reports_of_an_open_year_are_refused_with_a_way_out(client, closed, as_user):
    as_user("staff")
    response = client.post(reverse("trainees:build_reports", args=[2024]))
    assert response.status_code == 409
    assert "请先进行年度结算" in response.content.decode()


def test_others_do_not_order_reports(client, closed, as_user):
    as_user("orgdept", unit=closed.city.east)
    url = reverse("trainees:build_reports", args=[2025])
    assert url not in page(client, OVERVIEW)
    assert client.post(url).status_code == 403


def test_command_refuses_open_year_and_stranger(closed):
    with pytest.raises(CommandError, match="2024"):
        call_command("build_reports", "2024", stdout=StringIO())
    with pytest.raises(CommandError, match="nobody"):
        call_command("build_reports", "2025", "--by", "nobody", stdout=StringIO())


def test_command_starts_the_job_for_a_member_of_staff(closed):
    closed.seal()
    out = StringIO()
    call_command("build_reports", "2025", "--by", closed.staff.username, stdout=out)
    job = Job.objects.unscoped("tests").get(kind="build_reports")
    assert job.owner == closed.staff
    assert str(job.pk) in out.getvalue()


# --- queries -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [1, 3])
def test_overview_costs_the_same_for_one_and_three(client, as_user, people, django_assert_num_queries):
    as_user("orgdept", unit=prepared(people).city.east)
    # Session, user with grants, years, the unit, plan and class-hours, units counted, their names, how far the year is, warnings,
    # packets, unread notices.
    with django_assert_num_queries(12):
        page(client, OVERVIEW, year=2025)


@pytest.mark.parametrize("people", [1, 3])
def test_list_costs_the_same_for_one_and_three(client, as_user, people, django_assert_num_queries):
    as_user("orgdept", unit=prepared(people).city.east)
    # Session, user with grants, years, units to choose from, the unit, rows, count, how far the year is, saved views, unread notices.
    with django_assert_num_queries(10):
        page(client, CADRES, year=2025)


def prepared(people):
    """A year in which so many cadres of the eastern jurisdiction failed, and a packet."""
    closed = ClosedYear(close=False)
    Cadre.objects.unscoped("tests").exclude(unit=closed.city.cousin_bureau).update(left_on="2024-01-01")
    for _number in range(people):
        closed.cadre(closed.city.finance_bureau, 40)
    closed.close()
    closed.report_to(closed.city.east)
    return closed
