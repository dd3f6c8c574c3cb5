"""Two files of new people that staff handed in: one to be mended, one to be taken over."""

from datetime import datetime
from random import Random

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import Unit, User
from partyschool.common import clock
from trainees.enums import CadreCategory, Rank
from trainees.exporters.import_template import build_import_template
from trainees.models import Cadre, CadreImport
from trainees.services.imports import check_import, hand_in_file

from .names import CitizenNumbers, person_name

FAULTY, READY = "新任职干部名册（初稿）.xlsx", "新任职干部名册.xlsx"
PEOPLE = 12
MOVED, POST = 3, "一级科员"


def hand_in_files(by: User, now: datetime) -> None:
    """Hand both files in and check them; done before, it does nothing."""
    random = Random("imports")  # noqa: S311 -- names of nobody need no secrecy
    unit = Unit.objects.filter(kind=UnitKind.BUREAU, closed_on=None).order_by("path")[0]
    rows = [*_new_people(unit, random, now), *_moved_people(unit, now)]
    faulty = [dict(row) for row in rows]
    faulty[1]["citizen_no"] = faulty[1]["citizen_no"][:-1]
    faulty[2]["rank"] = "处级以上"
    faulty[4]["unit"] = "市某某局"
    faulty[5]["posted_on"] = f"{clock.school_year(now)}年9月"
    faulty[7]["code"] = faulty[6]["code"]
    faulty[9]["name"] = ""
    for name, people in ((FAULTY, faulty), (READY, rows)):
        if not CadreImport.objects.filter(name=name).unscoped("filling the demo school").exists():
            _hand_in(name, people, unit, by, now)


def _hand_in(name: str, rows: list[dict[str, str]], unit: Unit, by: User, now: datetime) -> None:
    units = Unit.objects.filter(pk=unit.pk).values_list("code", "name")
    content = build_import_template(units, created=now, rows=rows)
    found = hand_in_file(
        name=name, content=content, unit_id=unit.pk, effective_on=clock.school_date(now), by=by, now=now
    )
    check_import(import_id=found.pk, by=by, now=now)


def _new_people(unit: Unit, random: Random, now: datetime) -> list[dict[str, str]]:
    numbers = CitizenNumbers(random)
    today = clock.school_date(now).isoformat()
    return [
        {
            "code": f"XR{clock.school_year(now)}{index:03d}",
            "name": person_name(random),
            "unit": unit.code,
            "rank": str(Rank.STAFF.label),
            "category": str(CadreCategory.CIVIL_SERVANT.label),
            "post": POST,
            "posted_on": today,
            "citizen_no": numbers.draw(),
            "joined_on": today,
        }
        for index in range(1, PEOPLE + 1)
    ]


def _moved_people(unit: Unit, now: datetime) -> list[dict[str, str]]:
    """Some of the bureau with another post from today on."""
    cadres = Cadre.objects.filter(
        unit=unit, rank=Rank.STAFF, left_on=None, posted_on__lt=clock.school_date(now)
    ).exclude(post=POST)
    return [
        {
            "code": cadre.code,
            "name": cadre.name,
            "unit": unit.code,
            "rank": str(cadre.get_rank_display()),
            "category": str(cadre.get_category_display()),
            "post": POST,
            "posted_on": clock.school_date(now).isoformat(),
        }
        for cadre in cadres.order_by("code").unscoped("filling the demo school")[:MOVED]
    ]
