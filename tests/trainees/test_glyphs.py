"""A name that no font can print is told by person before a document is made."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories.accounts import City, make_user
from tests.factories.courses import OfferingFactory
from tests.factories.reports import ClosedYear
from tests.factories.trainees import CadreFactory
from trainees.selectors.glyphs import missing_characters, unprintable_texts

pytestmark = [pytest.mark.django_db, pytest.mark.needs("fonts")]
PRIVATE = "\ue000"


def test_rare_names_are_printable():
    assert missing_characters("王䶮𠮷㛃𬭚龑·阿不都") == ""


def test_private_character_is_missing_once_and_in_order():
    assert missing_characters(f"李\uf8ff{PRIVATE}\uf8ff") == f"\uf8ff{PRIVATE}"


def test_every_kind_of_text_is_looked_at_people_first():
    city = City()
    CadreFactory(unit=city.east, name="王䶮")
    OfferingFactory(code="O-1", title=f"专题{PRIVATE}")
    CadreFactory(unit=city.east, code="C-2", name=f"赵{PRIVATE}\uf8ff", post=f"科{PRIVATE}长")
    type(city.east).objects.filter(pk=city.east.pk).update(name=f"东{PRIVATE}")

    assert [(one.kind, one.code, one.characters) for one in unprintable_texts()] == [
        ("cadre", "C-2", f"{PRIVATE}\uf8ff"),
        ("post", "C-2", PRIVATE),
        ("unit", city.east.code, PRIVATE),
        ("offering", "O-1", PRIVATE),
    ]


@pytest.mark.parametrize("people", [1, 3])
def test_one_query_where_all_is_well(people):
    city = City()
    for _person in range(people):
        CadreFactory(unit=city.east)
    with CaptureQueriesContext(connection) as asked:
        assert unprintable_texts() == []
    assert len(asked) == 1


def test_command_names_the_person_and_fails():
    cadre = CadreFactory(code="C-7", name=f"李{PRIVATE}")
    out = StringIO()
    with pytest.raises(CommandError, match="1 texts"):
        call_command("check_names", stdout=out)
    assert out.getvalue() == f"cadre C-7: {cadre.name}: {PRIVATE} (U+E000)\n"


def test_command_is_silent_where_all_is_well():
    CadreFactory(name="王䶮")
    out = StringIO()
    call_command("check_names", stdout=out)
    assert out.getvalue() == ""


def test_staff_see_it_on_the_page_of_the_reports_and_others_do_not(client):
    closed = ClosedYear()
    CadreFactory(unit=closed.city.east, code="C-9", name=f"孙{PRIVATE}")
    closed.close()
    for role, unit, told in (("staff", None, True), ("orgdept", closed.city.east, False)):
        client.force_login(make_user(role, unit=unit))
        shown = client.get("/organisation/").content.decode()
        assert ("C-9" in shown and "U+E000" in shown) is told
