"""Cadres on the register and teachers in the pool."""

from datetime import date, timedelta
from random import Random

from faculty.enums import Background, Employment, Honour, TitleLevel
from faculty.models import Teacher
from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import Unit
from trainees.enums import CadreCategory, ExemptionGround, Rank
from trainees.models import AssessmentExemption, Cadre

from .names import RARE, CitizenNumbers, person_name
from .sizes import Size

CATEGORY: dict[str, str] = {
    UnitKind.INSTITUTION: CadreCategory.INSTITUTION_MANAGER,
    UnitKind.ENTERPRISE: CadreCategory.ENTERPRISE_EXECUTIVE,
}
POSTS: dict[tuple[str, str], tuple[str, ...]] = {
    (UnitKind.BUREAU, Rank.COUNTY_DIVISION): ("局长", "党组书记", "副局长", "二级调研员"),
    (UnitKind.BUREAU, Rank.TOWNSHIP_SECTION): ("科长", "副科长", "一级主任科员"),
    (UnitKind.BUREAU, Rank.STAFF): ("一级科员", "二级科员"),
    (UnitKind.DIVISION, Rank.TOWNSHIP_SECTION): ("科长", "副科长", "三级主任科员"),
    (UnitKind.DIVISION, Rank.STAFF): ("一级科员", "二级科员"),
    (UnitKind.TOWNSHIP, Rank.TOWNSHIP_SECTION): ("党委书记", "镇长", "党委委员", "武装部部长"),
    (UnitKind.TOWNSHIP, Rank.STAFF): ("党政办公室科员", "经济发展办公室科员"),
    (UnitKind.INSTITUTION, Rank.COUNTY_DIVISION): ("党委书记", "院长"),
    (UnitKind.INSTITUTION, Rank.TOWNSHIP_SECTION): ("办公室主任", "副主任"),
    (UnitKind.INSTITUTION, Rank.STAFF): ("管理七级", "管理八级"),
    (UnitKind.ENTERPRISE, Rank.COUNTY_DIVISION): ("董事长", "总经理"),
    (UnitKind.ENTERPRISE, Rank.TOWNSHIP_SECTION): ("副总经理", "部门经理"),
    (UnitKind.ENTERPRISE, Rank.STAFF): ("项目主管", "业务主管"),
}
NO_COUNTY_RANK = (UnitKind.TOWNSHIP, UnitKind.DIVISION)
EXEMPT = ((11, ExemptionGround.LONG_LEAVE), (37, ExemptionGround.RETIREMENT), (101, ExemptionGround.SECONDED))

FULL_TIME_TITLES = (
    ("教授", TitleLevel.SENIOR),
    ("副教授", TitleLevel.ASSOCIATE),
    ("副教授", TitleLevel.ASSOCIATE),
    ("讲师", TitleLevel.INTERMEDIATE),
)
FIELDS = (
    "党的创新理论",
    "党史党建",
    "公共管理",
    "法治建设",
    "经济学",
    "社会治理",
    "心理健康",
    "应急管理",
    "生态文明",
    "数字政府",
)
PART_TIME = (
    (Background.LEADER, 8, ("市委常委", "副市长", "市人大常委会副主任", "市政协副主席"), TitleLevel.NONE),
    (Background.ENTERPRISE, 7, ("集团董事长", "总经理", "总工程师"), TitleLevel.NONE),
    (Background.EXPERT, 12, ("省委党校教授", "大学教授", "研究院研究员"), TitleLevel.SENIOR),
    (Background.ROLE_MODEL, 5, ("全市优秀共产党员", "市劳动模范", "优秀村党支部书记"), TitleLevel.NONE),
)


def build_cadres(size: Size, units: list[Unit], year: int, random: Random) -> list[Cadre]:
    """Store the cadres of a size; `year` is the present one: nearly everybody was there before it."""
    homes = [unit for unit in units if unit.kind not in {UnitKind.CITY, UnitKind.ORG_DEPARTMENT}]
    numbers = CitizenNumbers(random)
    cadres = [_cadre(index, homes, year, numbers, random) for index in range(size.cadres)]
    for index, name in enumerate(RARE):
        cadres[20 + index * 7].name = name
    Cadre.objects.bulk_create(cadres, batch_size=2000)
    AssessmentExemption.objects.bulk_create(
        AssessmentExemption(cadre=cadres[index], year=at, ground=ground)
        for index, ground in EXEMPT
        for at in (year - 1, year)
    )
    return cadres


def _cadre(index: int, homes: list[Unit], year: int, numbers: CitizenNumbers, random: Random) -> Cadre:
    # Every unit has somebody first; the rest fall where they may.
    unit = homes[index] if index < len(homes) else random.choice(homes)
    rank = random.choices((Rank.COUNTY_DIVISION, Rank.TOWNSHIP_SECTION, Rank.STAFF), weights=(8, 44, 48))[0]
    if rank == Rank.COUNTY_DIVISION and unit.kind in NO_COUNTY_RANK:
        rank = Rank.TOWNSHIP_SECTION
    category = CATEGORY.get(unit.kind, CadreCategory.CIVIL_SERVANT)
    joined = (
        date(year, 3, 1)
        if random.random() < 0.02
        else date(2012, 1, 1) + timedelta(days=random.randrange(365 * 10))
    )
    cadre = Cadre(
        code=f"LJ{index + 1:06}",
        name=person_name(random),
        unit=unit,
        rank=rank,
        category=CadreCategory.NON_PARTY if random.random() < 0.04 else category,
        post=random.choice(POSTS[unit.kind, rank]),
        joined_on=joined,
    )
    cadre.set_citizen_no(numbers.draw())
    return cadre


def build_teachers(random: Random) -> list[Teacher]:
    """Store 10 full-time and 32 part-time teachers: full-time ones first, then leaders, managers, experts, role models."""
    teachers = []
    for index in range(10):
        title, level = FULL_TIME_TITLES[index % len(FULL_TIME_TITLES)]
        teachers.append(
            Teacher(
                code=f"T{index + 1:03}",
                name=person_name(random),
                employment=Employment.FULL_TIME,
                background=Background.SCHOOL,
                title=title,
                title_level=level,
                field=FIELDS[index],
                honour={0: Honour.PROVINCIAL, 1: Honour.MUNICIPAL}.get(index, Honour.NONE),
                joined_on=date(2008 + index, 9, 1),
            )
        )
    for background, number, posts, level in PART_TIME:
        for index in range(number):
            teachers.append(
                Teacher(
                    code=f"T{len(teachers) + 1:03}",
                    name=person_name(random),
                    employment=Employment.PART_TIME,
                    background=background,
                    title=posts[index % len(posts)],
                    title_level=level,
                    field=random.choice(FIELDS),
                    joined_on=date(2019 + index % 5, 3, 1),
                )
            )
    return Teacher.objects.bulk_create(teachers)
