"""Every paper of the portal is read back by other programs than its writer: sound, whole, its fonts inside as subsets."""

from datetime import date, time

import pytest

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.common.pdf_reading import assert_fonts_are_subsets, sound_reader, texts
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory
from tests.factories.reports import ClosedYear
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.exporters.sign_in import build_sheets, sheets_for
from trainees.exporters.training_record import build_record
from trainees.selectors.records import training_record
from trainees.selectors.rosters import people_of, rooms_of

pytestmark = [pytest.mark.django_db, pytest.mark.needs("fonts")]
NOW = clock.school_instant(date(2025, 6, 1), time(9))
LONG = "买买提·阿不都热合曼·吐尔逊江·艾力"
RARE = ("王䶮", "𠮷田", "㛃玥喆")


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


def sheet_of(names, title="大班"):
    staff, unit = make_user(Role.STAFF), make_unit(name="市" + "长名单位" * 12)
    offering = OfferingFactory(title=title, capacity=max(1, len(names)))
    for name in names:
        EnrolmentFactory(
            cadre=CadreFactory(unit=unit, name=name, post="党组成员、副局长"),
            offering=offering,
            created_by=staff,
        )
    people, rooms = people_of([offering], staff), rooms_of([offering])
    return build_sheets(title, sheets_for([offering], people, rooms), now=NOW)


def test_sign_in_sheet_of_two_hundred_has_everybody_and_the_heading_on_each_page(tmp_path):
    names = [f"学员{number:03}" for number in range(197)] + [*RARE]
    document = sheet_of(names)
    reader = sound_reader(document.content, tmp_path)
    pages = texts(reader)
    assert len(pages) == document.pages > 5
    assert [name for name in names if name not in "".join(pages)] == []
    assert [number for number, text in enumerate(pages) if "签字" not in text] == []
    assert_fonts_are_subsets(reader)
    assert document.missing == ()


def test_long_name_is_wrapped_and_whole(tmp_path):
    (text,) = texts(sound_reader(sheet_of([LONG]).content, tmp_path))
    assert LONG in text


def test_sheet_of_nobody_is_a_page_with_the_heading(tmp_path):
    reader = sound_reader(sheet_of([]).content, tmp_path)
    (text,) = texts(reader)
    assert "签字" in text
    assert "0人" in text
    assert_fonts_are_subsets(reader)


def test_notice_of_a_report_reads_back(tmp_path):
    closed = ClosedYear()
    packet = closed.report_to(closed.city.east)
    with packet.notice.open() as content:
        reader = sound_reader(content.read(), tmp_path)
    assert "东区委组织部" in "".join(texts(reader))
    assert_fonts_are_subsets(reader)


def test_training_record_reads_back(tmp_path):
    cadre = CadreFactory(name="𠮷田")
    document = build_record(training_record(cadre), reason="提拔考察", printed_by="组织部", now=NOW)
    reader = sound_reader(document.content, tmp_path)
    text = "".join(texts(reader))
    assert "𠮷田" in text
    assert "提拔考察" in text
    assert_fonts_are_subsets(reader)
