"""The training record on pages: who finds whom, for which reason, as PDF, side by side."""

import io

import pypdf
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from python_calamine import CalamineWorkbook

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import make_user
from tests.factories.trainees import CadreFactory, make_scheme
from tests.trainees.lives import REASON, lived, looks

pytestmark = pytest.mark.django_db


# --- pages -------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def neighbours(city, staff):
    """A cadre of the own unit, a sibling's and a cousin's, each with a life."""
    scheme = make_scheme(2025)
    units = {"own": city.finance_bureau, "sibling": city.culture_bureau, "cousin": city.cousin_bureau}
    found = {}
    for whose, unit in units.items():
        found[whose] = CadreFactory(unit=unit, name=f"张三{whose}", code=f"N{whose}")
        found[whose].set_citizen_no("11010519491231002X") if whose == "own" else None
        found[whose].save()
        lived(found[whose], staff, scheme)
    return found


SEARCH, COMPARE, COMPARE_FILE, COMPARE_PRINT = (
    "/organisation/records/",
    "/organisation/records/compare/",
    "/organisation/records/compare.xlsx",
    "/organisation/records/compare.pdf",
)


def record_url(cadre, name="record"):
    return reverse(f"trainees:{name}", args=[cadre.pk])


def as_reader(client, role, unit=None):
    user = make_user(role, unit=unit)
    client.force_login(user)
    return user


def test_search_finds_the_own_scope_alone(client, city, neighbours):
    readers = [
        ((Role.OFFICER, city.finance_bureau), {"own"}),
        ((Role.ORGDEPT, city.east), {"own", "sibling"}),
        ((Role.STAFF, None), {"own", "sibling", "cousin"}),
    ]
    for (role, unit), expected in readers:
        as_reader(client, role, unit)
        found = client.get(SEARCH, {"q": "张三"}).context["page"].rows
        assert {cadre.name.removeprefix("张三") for cadre in found} == expected
    as_reader(client, Role.OFFICER, city.finance_bureau)
    assert [c.code for c in client.get(SEARCH, {"q": "nown"}).context["page"]] == ["Nown"]
    assert client.get(SEARCH, {"q": "Ncousin"}).context["page"].rows == []
    assert "page" not in client.get(SEARCH).context
    assert looks() == []


def test_record_opens_after_a_reason_and_each_look_is_an_event(client, city, neighbours):
    reader = as_reader(client, Role.ORGDEPT, city.east)
    url = record_url(neighbours["own"])
    asked = client.get(url)
    assert asked.status_code == 200
    assert "中青年干部培训班" not in asked.content.decode()
    refused = client.post(url, {"reason": "看看"})
    assert refused.status_code == 409
    assert "中青年干部培训班" not in refused.content.decode()
    assert looks() == []
    answer = client.post(url, {"reason": REASON})
    assert (answer.status_code, answer["Location"]) == (303, url)
    shown = client.get(url).content.decode()
    for text in ("中青年干部培训班", "浙江大学专题培训", "乡村振兴调研", REASON):
        assert text in shown
    assert "11010519491231002X" not in shown
    assert [actor for actor, _subject, _data in looks()] == [reader.pk]


def test_record_as_pdf_carries_reason_and_reader_and_no_citizen_number(client, city, neighbours):
    reader = as_reader(client, Role.ORGDEPT, city.east)
    url = record_url(neighbours["own"], "record_file")
    closed = client.get(url)
    assert (closed.status_code, closed["Location"]) == (303, record_url(neighbours["own"]))
    client.post(record_url(neighbours["own"]), {"reason": REASON})
    answer = client.get(url)
    assert answer["Content-Type"] == "application/pdf"
    document = pypdf.PdfReader(io.BytesIO(b"".join(answer.streaming_content)))
    text = "".join(page.extract_text() for page in document.pages).replace("\n", "")
    for wanted in ("张三own", city.finance_bureau.name, REASON, reader.full_name, "中青年干部培训班", "550"):
        assert wanted in text or wanted == "550"
    assert "1101051949" not in text
    assert looks("cadre.print_record") == [
        (reader.pk, f"trainees.cadre:{neighbours['own'].pk}", {"reason": REASON})
    ]
    fonts = [
        font["/FontDescriptor"].get_object() if "/FontDescriptor" in font else None
        for page in document.pages
        for font in _fonts(page)
    ]
    assert fonts
    assert all(any(f"/FontFile{n}" in one for n in ("", "2", "3")) for one in fonts if one is not None)


def _fonts(page):
    for font in page["/Resources"]["/Font"].values():
        found = font.get_object()
        yield found["/DescendantFonts"][0].get_object() if "/DescendantFonts" in found else found


def test_neighbours_are_not_found(client, city, neighbours):
    as_reader(client, Role.OFFICER, city.finance_bureau)
    for whose in ("sibling", "cousin"):
        cadre = neighbours[whose]
        assert client.get(record_url(cadre)).status_code == 404
        assert client.post(record_url(cadre), {"reason": REASON}).status_code == 404
        assert client.get(record_url(cadre, "record_file")).status_code == 404
        both = {"cadre": [neighbours["own"].pk, cadre.pk], "reason": REASON}
        assert client.get(COMPARE, both).status_code == 404
        assert client.post(COMPARE, both).status_code == 404
        assert client.get(COMPARE_FILE, both).status_code == 404
    assert looks() == []


def test_a_look_does_not_outlast_the_scope(client, city, neighbours):
    as_reader(client, Role.OFFICER, city.finance_bureau)
    cadre = neighbours["own"]
    client.post(record_url(cadre), {"reason": REASON})
    cadre.unit, cadre.posted_on = city.cousin_bureau, clock.school_date()
    cadre.save()
    assert client.get(record_url(cadre)).status_code == 404
    assert client.get(record_url(cadre, "record_file")).status_code == 404


@pytest.mark.parametrize("role", [Role.TRAINEE, Role.TEACHER, Role.FINANCE, Role.ADMIN])
def test_others_are_refused(client, neighbours, role):
    as_reader(client, role)
    pages = [SEARCH, COMPARE, COMPARE_FILE, record_url(neighbours["own"]), "/organisation/conduct/"]
    assert {client.get(page).status_code for page in pages} == {403}


def test_own_record_needs_no_reason_and_shows_nobody_else(client, neighbours):
    cadre = neighbours["own"]
    cadre.user = make_user(Role.TRAINEE)
    cadre.save()
    client.force_login(cadre.user)
    shown = client.get("/record/").content.decode()
    assert "中青年干部培训班" in shown
    assert "张三sibling" not in shown
    document = pypdf.PdfReader(io.BytesIO(b"".join(client.get("/record/record.pdf").streaming_content)))
    assert "张三own" in document.pages[0].extract_text()
    assert looks() == looks("cadre.print_record") == []
    assert client.get(record_url(cadre)).status_code == 403


def test_trainee_without_a_cadre_is_told_so(client):
    as_reader(client, Role.TRAINEE)
    assert client.get("/record/").status_code == 200
    assert client.get("/record/record.pdf").status_code == 404


def test_who_looked_is_for_auditors(client, city, neighbours):
    reader = as_reader(client, Role.ORGDEPT, city.east)
    url = record_url(neighbours["own"], "record_looks")
    client.post(record_url(neighbours["own"]), {"reason": REASON})
    assert client.get(url).status_code == 403
    as_reader(client, Role.STAFF)
    assert client.get(url).status_code == 403
    as_reader(client, Role.AUDITOR)
    shown = client.get(url).content.decode()
    assert REASON in shown
    assert reader.full_name in shown
    assert REASON not in client.get(record_url(neighbours["sibling"], "record_looks")).content.decode()


def test_search_asks_the_same_number_of_queries(client, city, neighbours):
    as_reader(client, Role.ORGDEPT, city.east)
    counts = []
    for query in ("张三own", "张三"):
        client.get(SEARCH, {"q": query})
        with CaptureQueriesContext(connection) as asked:
            client.get(SEARCH, {"q": query})
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 8


# --- side by side ------------------------------------------------------------------------------------------------------------------------


def test_comparison_asks_for_the_reason_and_records_everybody(client, city, neighbours):
    reader = as_reader(client, Role.ORGDEPT, city.east)
    both = [neighbours["sibling"].pk, neighbours["own"].pk]
    asked = client.get(COMPARE, {"cadre": both})
    assert asked.status_code == 200
    assert "records" not in asked.context
    closed = client.get(COMPARE_FILE, {"cadre": both})
    assert closed.status_code == 303
    answer = client.post(COMPARE, {"cadre": both, "reason": REASON})
    assert answer.status_code == 303
    shown = client.get(answer["Location"])
    assert [record.cadre.pk for record in shown.context["records"]] == both
    assert {subject for _actor, subject, _data in looks()} == {f"trainees.cadre:{pk}" for pk in both}
    assert all(data == {"reason": REASON, "compared": 2} for _actor, _subject, data in looks())
    file = client.get(COMPARE_FILE, {"cadre": both})
    rows = CalamineWorkbook.from_filelike(io.BytesIO(b"".join(file.streaming_content)))
    cells = [cell for row in rows.get_sheet_by_index(0).to_python() for cell in row]
    assert "张三own（Nown）" in cells
    assert any(REASON in str(cell) and reader.full_name in str(cell) for cell in cells)
    assert len(looks("cadre.compare_export")) == 2


def test_comparison_is_printed_on_record_after_the_reason_and_in_scope_alone(client, city, neighbours):
    reader = as_reader(client, Role.ORGDEPT, city.east)
    both = [neighbours["sibling"].pk, neighbours["own"].pk]
    assert client.get(COMPARE_PRINT, {"cadre": both}).status_code == 303
    assert looks("cadre.compare_export") == []
    shown = client.get(client.post(COMPARE, {"cadre": both, "reason": REASON})["Location"])
    assert f"{COMPARE_PRINT}?cadre=" in shown.content.decode()
    paper = client.get(COMPARE_PRINT, {"cadre": both})
    assert (paper["Content-Type"], paper.status_code) == ("application/pdf", 200)
    content = b"".join(paper.streaming_content)
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    text = "".join(page.extract_text() for page in pages).replace("\n", "")
    assert [name in text for name in ("张三own", "张三sibling", REASON, reader.full_name)] == [True] * 4
    assert "11010519491231002X" not in text
    assert float(pages[0].mediabox.width) > float(pages[0].mediabox.height)
    assert len(looks("cadre.compare_export")) == 2
    cousin = [neighbours["own"].pk, neighbours["cousin"].pk]
    assert client.get(COMPARE_PRINT, {"cadre": cousin}).status_code == 404


def test_comparison_takes_two_to_four(client, city, neighbours):
    as_reader(client, Role.STAFF)
    own = neighbours["own"]
    assert client.get(COMPARE, {"cadre": own.pk})["Location"] == record_url(own)
    assert client.get(COMPARE).status_code == 404
    assert client.get(COMPARE, {"cadre": "x"}).status_code == 404
    many = [CadreFactory(unit=city.finance_bureau).pk for _each in range(5)]
    assert client.get(COMPARE, {"cadre": many}).status_code == 404
