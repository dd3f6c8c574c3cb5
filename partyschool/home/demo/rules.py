"""Credit schemes and standard targets, as data: every figure can be changed by staff."""

from decimal import Decimal

from courses.enums import OfferingKind
from partyschool.standards.models import StandardTarget
from trainees.enums import CreditBasis, CreditCategory, Rank, RecognisedActivity, SchemeState
from trainees.models import CreditCap, CreditRequirement, CreditRule, CreditScheme, CreditShare

RULES: dict[str, tuple[str, int | str]] = {
    OfferingKind.MAIN_CLASS: (CreditCategory.CONCENTRATED, 1),
    OfferingKind.SPECIAL_CLASS: (CreditCategory.CONCENTRATED, 1),
    OfferingKind.DEPARTMENT_TRAINING: (CreditCategory.OTHER, "0.5"),
    OfferingKind.ELECTIVE: (CreditCategory.ELECTIVE, 1),
    OfferingKind.FORUM: (CreditCategory.ELECTIVE, 1),
    OfferingKind.OUTSIDE: (CreditCategory.CONCENTRATED, 1),
    OfferingKind.ONLINE: (CreditCategory.ONLINE, 1),
}
# Activity → category, what is counted, credits, at most a year.
RECOGNISED: dict[str, tuple[str, str, str, int | None]] = {
    RecognisedActivity.OUTSIDE_CLASS: (CreditCategory.CONCENTRATED, CreditBasis.DAY, "8", 48),
    RecognisedActivity.ONLINE_COURSE: (CreditCategory.ONLINE, CreditBasis.HOUR, "0.5", 20),
    RecognisedActivity.UNIT_TRAINING: (CreditCategory.OTHER, CreditBasis.HOUR, "0.5", 18),
    RecognisedActivity.GROUP_STUDY: (CreditCategory.OTHER, CreditBasis.ITEM, "3", 24),
    RecognisedActivity.LECTURING: (CreditCategory.OTHER, CreditBasis.HOUR, "5", None),
    RecognisedActivity.PAPER_CITY: (CreditCategory.OTHER, CreditBasis.ITEM, "12", None),
    RecognisedActivity.PAPER_PROVINCE: (CreditCategory.OTHER, CreditBasis.ITEM, "24", None),
    RecognisedActivity.PAPER_NATION: (CreditCategory.OTHER, CreditBasis.ITEM, "48", None),
    RecognisedActivity.REPORT_ADOPTED: (CreditCategory.OTHER, CreditBasis.ITEM, "12", None),
    RecognisedActivity.DEGREE_STUDY: (CreditCategory.OTHER, CreditBasis.ITEM, "24", 24),
    RecognisedActivity.EXAM: (CreditCategory.OTHER, CreditBasis.ITEM, "3", None),
}
CAPS = {CreditCategory.ELECTIVE: 40, CreditCategory.ONLINE: 60, CreditCategory.OTHER: 18}
# In total, then by category.
NEEDS = {
    Rank.COUNTY_DIVISION: {
        "": 140,
        CreditCategory.CONCENTRATED: 72,
        CreditCategory.ONLINE: 50,
        CreditCategory.ELECTIVE: 8,
    },
    Rank.TOWNSHIP_SECTION: {
        "": 130,
        CreditCategory.CONCENTRATED: 68,
        CreditCategory.ONLINE: 50,
        CreditCategory.ELECTIVE: 8,
    },
    Rank.STAFF: {
        "": 120,
        CreditCategory.CONCENTRATED: 60,
        CreditCategory.ONLINE: 40,
        CreditCategory.ELECTIVE: 8,
    },
}
# What of the counted credits must be concentrated training; what of a surplus is carried over; when a year is excellent, and which
# conduct fails it. Nothing is taken off for attendance.
CONCENTRATED, CARRIED, EXCELLENT, CONDUCT = Decimal("0.4"), Decimal(10), Decimal("1.2"), Decimal(60)
SCHEME_SOURCE = "演示数据：参照干部教育培训有关学时规定拟定，正式使用前由教务处核定"
TARGET_SOURCE = "《市委党校改革建设工作方案》"
TARGETS = {
    "full_time_teachers": 10,
    "part_time_teachers": 30,
    "famous_teachers": 2,
    "leader_lectures": 6,
    "elective_topics": 6,
    "forum_sessions": 4,
    "business_money": 500_000,
}


def build_rules(past: int, present: int, *, earlier: tuple[int, ...] = ()) -> None:
    """Store schemes in force and the targets of the reform plan for two years, and the draft of the next year's scheme.

    `earlier` years have the same scheme, and no targets.
    """
    states = dict.fromkeys(earlier, SchemeState.IN_FORCE)
    states |= {past: SchemeState.IN_FORCE, present: SchemeState.IN_FORCE, present + 1: SchemeState.DRAFT}
    for year, state in states.items():
        scheme = CreditScheme.objects.create(
            year=year,
            name=f"{year}年度干部教育培训学分办法",
            source=SCHEME_SOURCE,
            carry_category=CreditCategory.ELECTIVE,
            carry_most=CARRIED,
            excellent_factor=EXCELLENT,
            conduct_least=CONDUCT,
        )
        CreditRule.objects.bulk_create(
            CreditRule(scheme=scheme, activity=kind, category=category, rate=Decimal(rate))
            for kind, (category, rate) in RULES.items()
        )
        CreditRule.objects.bulk_create(
            CreditRule(
                scheme=scheme,
                activity=activity,
                category=category,
                basis=basis,
                rate=Decimal(rate),
                most=None if most is None else Decimal(most),
            )
            for activity, (category, basis, rate, most) in RECOGNISED.items()
        )
        CreditCap.objects.bulk_create(
            CreditCap(scheme=scheme, category=category, most=Decimal(most)) for category, most in CAPS.items()
        )
        CreditRequirement.objects.bulk_create(
            CreditRequirement(scheme=scheme, rank=rank, category=category, least=Decimal(least))
            for rank, needs in NEEDS.items()
            for category, least in needs.items()
        )
        CreditShare.objects.create(scheme=scheme, category=CreditCategory.CONCENTRATED, least=CONCENTRATED)
        scheme.state = state
        scheme.save(update_fields=["state"])
    StandardTarget.objects.bulk_create(
        StandardTarget(year=year, indicator=indicator, target=Decimal(target), source=TARGET_SOURCE)
        for year in (past, present)
        for indicator, target in TARGETS.items()
    )
