"""The yearly statistics: counted from the same results as the reports, for the own people alone, on page, paper and in cells."""

import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.common.pdf_reading import assert_fonts_are_subsets, sound_reader, texts
from tests.factories.accounts import City, make_user
from tests.factories.courses import OfferingFactory
from tests.factories.trainees import CadreFactory, CreditEntryFactory, make_scheme
from trainees.enums import CadreCategory, Rank
from trainees.exporters.statistics import build_statistics, build_statistics_workbook
from trainees.selectors.organisation import overview
from trainees.selectors.statistics import training_statistics
from trainees.selectors.year_states import year_of
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db
PAGE = "/organisation/statistics/"


class Year:
    """2025, closed: in the finance bureau two cadres, one beside and one elsewhere; classes, a topic, and learning outside."""

    def __init__(self) -> None:
        self.city = City()
        self.staff = make_user(Role.STAFF)
        scheme = make_scheme(2025, township_section=16, county_division=16)
        self.main = OfferingFactory(kind=OfferingKind.MAIN_CLASS)
        topic = OfferingFactory(kind=OfferingKind.ELECTIVE)
        self.chief = CadreFactory(unit=self.city.finance_bureau, rank=Rank.COUNTY_DIVISION)
        self.idle = CadreFactory(unit=self.city.finance_bureau)
        self.sibling = CadreFactory(unit=self.city.culture_bureau, category=CadreCategory.INSTITUTION_MANAGER)
        self.cousin = CadreFactory(unit=self.city.cousin_bureau)
        learned = [
            (self.chief, self.main, 12), (self.chief, topic, 4), (self.chief, None, 5),
            (self.sibling, topic, 4), (self.cousin, self.main, 40),
        ]  # fmt: skip
        for cadre, offering, hours in learned:
            entry = CreditEntryFactory(
                cadre=cadre, offering=offering, amount=hours, hours=hours, scheme=scheme
            )
        self.scheme, self.last = scheme, entry
        close_year(year=2025, by=self.staff)

    def reader(self, who: str):
        units = {
            "officer": (Role.OFFICER, self.city.finance_bureau),
            "orgdept": (Role.ORGDEPT, self.city.east),
            "cousin": (Role.ORGDEPT, self.city.west),
        }
        if who in units:
            role, unit = units[who]
            return make_user(role, unit=unit)
        return self.staff

    def form(self, who: str, within=None):
        return training_statistics(self.reader(who), year=2025, within=within)


@pytest.fixture
def year():
    return Year()


def shown(lines):
    return {line.label: (line.people, line.times, line.hours) for line in lines if line.people}


@pytest.mark.parametrize(
    ("who", "people", "trained", "times", "hours"),
    [("officer", 2, 1, 3, 21), ("orgdept", 3, 2, 4, 25), ("cousin", 1, 1, 1, 40), ("staff", 4, 3, 5, 65)],
)
def test_everybody_counts_the_own_people(year, who, people, trained, times, hours):
    whole = year.form(who).whole
    assert (whole.tally.total, whole.trained, whole.times, whole.hours) == (people, trained, times, hours)


def test_results_are_those_of_the_credit_report(year):
    for who in ("officer", "orgdept", "staff"):
        reader = year.reader(who)
        form = training_statistics(reader, year=2025, within=None)
        assert form.whole.tally == overview(reader, year=2025, within=None).whole


def test_ranks_and_categories_have_a_line_each_and_add_up(year):
    form = year.form("orgdept")
    assert {line.key: (line.tally.total, line.hours) for line in form.ranks} == {
        Rank.COUNTY_DIVISION: (1, 21),
        Rank.TOWNSHIP_SECTION: (2, 4),
        Rank.STAFF: (0, 0),
    }
    assert {line.key: line.tally.total for line in form.categories if line.tally.total} == {
        CadreCategory.CIVIL_SERVANT: 2,
        CadreCategory.INSTITUTION_MANAGER: 1,
    }
    assert form.whole.hours_each == Decimal("8.3")
    assert form.ranks[2].hours_each is None


def test_kinds_count_people_times_and_hours(year):
    assert shown(year.form("orgdept").kinds) == {
        "主体班次": (1, 1, 12),
        "自主选学专题": (2, 2, 8),
        "校外认定学习": (1, 1, 5),
    }


def test_reversed_entry_is_not_learned(year):
    entry = year.last
    entry.pk, entry.reverses_id = None, entry.pk
    entry.amount, entry.hours, entry.source_ref = -entry.amount, -entry.hours, "back"
    entry.save(force_insert=True)

    form = year.form("cousin")
    assert (form.whole.trained, form.whole.times, form.whole.hours) == (0, 0, 0)
    assert shown(form.kinds) == {}


def test_deduction_without_hours_is_no_person_time(year):
    CreditEntryFactory(
        cadre=year.cousin, offering=year.main, amount=-1, hours=0, scheme=year.scheme, source_kind="penalty"
    )
    assert year.form("cousin").whole.times == 1


def test_category_is_that_of_the_year(year):
    year.chief.category, year.chief.posted_on = CadreCategory.ENTERPRISE_EXECUTIVE, clock.school_date()
    year.chief.save()
    groups = {line.key: line.tally.total for line in year.form("officer").categories}
    assert (groups[CadreCategory.CIVIL_SERVANT], groups[CadreCategory.ENTERPRISE_EXECUTIVE]) == (2, 0)


def test_unit_narrows_it(year):
    assert year.form("staff", within=year.city.east).whole.tally.total == 3


def test_form_names_what_it_is_of(year):
    assert year.form("staff").place == "中共两江市委党校"
    assert year.form("staff", within=year.city.east).place == "东区委组织部"
    both = make_user(Role.OFFICER, unit=year.city.finance_bureau)
    both.grants.create(role=Role.OFFICER, unit=year.city.culture_bureau, valid_from="2000-01-01")
    both = type(both).objects.with_grants().get(pk=both.pk)
    assert training_statistics(both, year=2025, within=None).place == "东区财政局、东区文化局"


def test_number_of_queries_does_not_depend_on_people(year):
    reader = year.reader("staff")
    with CaptureQueriesContext(connection) as asked:
        training_statistics(reader, year=2025, within=None)
    assert len(asked) == 2


# --- page, paper, cells ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "number"), [("officer", "21"), ("orgdept", "25"), ("cousin", "40"), ("staff", "65")]
)
def test_page_shows_the_own_sum(year, client, who, number):
    client.force_login(year.reader(who))
    answer = client.get(PAGE, {"year": 2025})
    assert answer.status_code == 200
    assert f">{number}</td>" in answer.content.decode()


@pytest.mark.parametrize("address", [PAGE, "/organisation/statistics.pdf", "/organisation/statistics.xlsx"])
def test_unit_out_of_scope_does_not_exist(year, client, address):
    client.force_login(year.reader("officer"))
    for unit in (year.city.culture_bureau, year.city.cousin_bureau, year.city.east):
        assert client.get(address, {"unit": unit.pk}).status_code == 404
    assert client.get(address, {"year": "x"}).status_code == 404


def test_page_of_a_year_without_results_says_so(client):
    client.force_login(make_user(Role.STAFF))
    assert "尚无考核结果" in client.get(PAGE).content.decode()


@pytest.mark.needs("fonts")
def test_form_reads_back_whole_and_names_nobody(year, client, tmp_path):
    client.force_login(year.reader("orgdept"))
    answer = client.get("/organisation/statistics.pdf", {"year": 2025})
    reader = sound_reader(answer.getvalue(), tmp_path)
    text = "".join(texts(reader))
    for said in ("2025年度干部教育培训情况统计表", "东区委组织部", "县处级", "事业单位管理人员", "主体班次", "人次", "填表人"):  # fmt: skip
        assert said in text
    assert [one.name for one in (year.chief, year.sibling, year.cousin) if one.name in text] == []
    assert_fonts_are_subsets(reader)


@pytest.mark.needs("fonts")
def test_form_is_the_same_bytes_for_the_same_figures(year):
    form, held, now = year.form("staff"), year_of(2025), clock.now()
    assert build_statistics(form, held, now=now).content == build_statistics(form, held, now=now).content


def test_workbook_holds_numbers(year):
    import openpyxl

    content = build_statistics_workbook(year.form("orgdept"), year_of(2025), now=clock.now())
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert book.sheetnames == ["按职级", "按干部类别", "按培训类型"]
    (total,) = [row for row in book["按职级"].iter_rows(values_only=True) if row[0] == "合计"]
    assert list(total[:5]) == ["合计", 3, 2, 4, 25]
    formulas = [c for sheet in book for row in sheet.rows for c in row if c.data_type == "f"]
    assert formulas == []
