"""``manage.py import_cadres``: what it prints, what it changes, how it ends."""

from datetime import date
from pathlib import Path

import pytest
import python_calamine
from django.core.management import CommandError, call_command

from partyschool.accounts.enums import Role
from partyschool.common.crypto import lookup_digest
from tests.factories.accounts import City, make_unit, make_user
from tests.factories.imports import citizen_number, person, workbook
from tests.factories.trainees import CadreFactory
from trainees.enums import ImportState
from trainees.models import Cadre, CadreImport

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_user(Role.STAFF, username="staff")


@pytest.fixture
def unit(staff):
    return make_unit(code="U0001", name="市财政局")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "花名册.xlsx"


def run(capsys, *args) -> str:
    call_command("import_cadres", *map(str, args))
    return capsys.readouterr().out


def cadres() -> int:
    return Cadre.objects.unscoped("tests").count()


def test_a_dry_run_changes_nothing_and_a_commit_takes_over_what_it_saw(capsys, unit, file):
    file.write_bytes(workbook([person(1, "U0001"), person(2, "U0001")]))
    told = run(capsys, file)
    assert "新增 2 人" in told
    assert "未作任何更改" in told
    assert cadres() == 0
    assert "已入库" in run(capsys, file, "--commit")
    found = Cadre.objects.unscoped("tests").get(code="N000001")
    assert found.citizen_no_digest == lookup_digest(citizen_number(1))
    assert "无变化 2 人" in run(capsys, file, "--commit")
    assert "新增 0 人" in run(capsys, file)
    assert cadres() == 2


def test_every_fault_is_printed_as_sheet_and_cell_with_value_reason_and_remedy(capsys, unit, file, tmp_path):
    file.write_bytes(
        workbook([person(1, "U0001", rank="?", citizen_no=123456789012345678), person(2, "没有的单位")])
    )
    marked = tmp_path / "marked.xlsx"
    with pytest.raises(CommandError, match="共 3 处错误"):
        call_command("import_cadres", str(file), "--marked", str(marked))
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [line[0] for line in lines[:3]] == ["干部!D2", "干部!I2", "干部!C3"]
    assert all(len(line) == 5 and all(line) for line in lines[:3])
    assert lines[0][1:3] == ["职务层次", "?"]
    assert set(lines[1][2][2:-2]) == {"*"}
    assert python_calamine.CalamineWorkbook.from_path(marked).sheet_names == ["干部"]
    assert cadres() == 0


def test_a_file_that_was_not_checked_is_not_taken_over(capsys, unit, file):
    file.write_bytes(workbook([person(1, "U0001")]))
    with pytest.raises(CommandError, match="不是经过检查的文件"):
        call_command("import_cadres", str(file), "--commit")
    run(capsys, file)
    file.write_bytes(workbook([person(2, "U0001")]))
    with pytest.raises(CommandError, match="不是经过检查的文件"):
        call_command("import_cadres", str(file), "--commit")
    assert cadres() == 0


def test_a_file_with_faults_is_not_taken_over(capsys, unit, file):
    file.write_bytes(workbook([person(1, "U0001", rank="?")]))
    for arguments in ([], ["--commit"]):
        with pytest.raises(CommandError):
            call_command("import_cadres", str(file), *arguments)
    assert cadres() == 0


def test_a_register_that_changed_meanwhile_is_told(capsys, unit, file):
    file.write_bytes(workbook([person(1, "U0001")]))
    run(capsys, file)
    CadreFactory(unit=unit)
    with pytest.raises(CommandError, match="检查之后名册已有变动"):
        call_command("import_cadres", str(file), "--commit")
    run(capsys, file)
    run(capsys, file, "--commit")
    Cadre.objects.filter(code="N000001").unscoped("tests").update(name="张小明")
    with pytest.raises(CommandError, match="检查之后名册已有变动"):
        call_command("import_cadres", str(file), "--commit")


def test_part_of_the_register_and_day_are_taken_from_the_options(capsys, staff, file):
    city = City()
    CadreFactory(unit=city.cousin_bureau, code="N000001")
    file.write_bytes(workbook([person(1, city.finance_bureau.code)]))
    with pytest.raises(CommandError):
        call_command("import_cadres", str(file), "--unit", city.east.code)
    told = capsys.readouterr().out
    assert "此人不在本文件对应的名册范围内" in told
    assert city.cousin_bureau.name not in told
    file.write_bytes(workbook([person(2, city.finance_bureau.code, posted_on="", joined_on="")]))
    run(capsys, file, "--unit", city.east.code, "--on", "2025-03-04")
    run(capsys, file, "--commit")
    assert Cadre.objects.unscoped("tests").get(code="N000002").posted_on == date(2025, 3, 4)
    with pytest.raises(CommandError, match="NOWHERE"):
        call_command("import_cadres", str(file), "--unit", "NOWHERE")


@pytest.mark.parametrize(
    ("content", "words"), [(b"", "文件为空"), (b"PK\x03\x04", "已损坏"), (bytes(11 << 20), "文件过大")]
)
def test_what_cannot_be_read_is_told(staff, file, content, words):
    file.write_bytes(content)
    with pytest.raises(CommandError, match=words):
        call_command("import_cadres", str(file))


def test_a_file_that_is_not_there_and_somebody_who_may_not_are_told(unit, file):
    with pytest.raises(CommandError, match="无法读取"):
        call_command("import_cadres", str(file))
    file.write_bytes(workbook([person(1, "U0001")]))
    make_user(Role.OFFICER, unit=unit, username="officer")
    with pytest.raises(CommandError, match="officer"):
        call_command("import_cadres", str(file), "--by", "officer")


def test_what_the_command_checked_can_be_taken_over_in_the_browser(capsys, unit, file):
    file.write_bytes(workbook([person(1, "U0001")]))
    run(capsys, file)
    assert CadreImport.objects.unscoped("tests").get().state == ImportState.READY
