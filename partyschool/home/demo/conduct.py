"""Conduct in the demo school: last year's classes released, this year's one under moderation and one still being scored."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from courses.enums import OfferingKind, OfferingState
from courses.models import Offering
from faculty.models import Teacher
from partyschool.accounts.models import User
from partyschool.common import clock
from trainees.enums import ConductDimension, ConductState
from trainees.models import ConductChange, ConductSheet, ConductWeights
from trainees.selectors.rosters import RosterRow, roster_rows
from trainees.services.conduct import Entry, fill_scores, open_sheet, save_scores, submit_sheet
from trainees.services.conduct_moderation import moderate_score, release_sheet
from trainees.services.conduct_sheets import scores_of

from .history import lot

SOURCE = "演示数据：参照干部教育培训考核有关规定拟定，正式使用前由教务处核定"
BOUNDS = {"excellent_from": 90, "good_from": 80, "pass_from": 60}
# Discipline is scored from the present year on.
WEIGHTS = (
    {"attitude": 40, "theory": 30, "party_spirit": 30},
    {"attitude": 30, "theory": 30, "party_spirit": 25, "discipline": 15},
)
CLASSES_A_YEAR = 2
COMMENTS = (
    "学习认真，积极参加研讨，能联系本职工作思考问题。",
    "理论功底扎实，结业论文质量较高。",
    "严守学习纪律，团结同学，乐于承担班务工作。",
    "发言主动，调研报告有独立见解。",
)
LEFT_UNSCORED = 7


def assess_classes(years: tuple[int, int], staff: User, now: datetime) -> None:
    """Store the weights of two years and the conduct of the classes that the demo teacher leads. Repeating it changes nothing."""
    for year, weights in zip(years, WEIGHTS, strict=True):
        ConductWeights.objects.get_or_create(year=year, defaults={**weights, **BOUNDS, "source": SOURCE})
    teacher = Teacher.objects.get(user__username="teacher")
    past, present = (_classes(year) for year in years)
    for offering in past:
        sheet = _submitted(offering, teacher, staff, now)
        if sheet.state == ConductState.SUBMITTED:
            release_sheet(sheet_id=sheet.pk, by=staff, now=_after(offering, 12, now))
    for offering in present[:1]:
        sheet = _submitted(offering, teacher, staff, now)
        _moderate_first(sheet, staff, _after(offering, 8, now))
    for offering in present[1:]:
        sheet = _opened(offering, teacher, staff, now)
        if not scores_of(sheet):
            _score(sheet, roster_rows(offering, staff)[LEFT_UNSCORED:], now)


def _classes(year: int) -> Sequence[Offering]:
    """The first classes of `year` that were held at the school."""
    held = Offering.objects.filter(
        kind=OfferingKind.MAIN_CLASS, year=year, state=OfferingState.CLOSED, lead_teacher__isnull=False
    )
    return list(held.order_by("code")[:CLASSES_A_YEAR])


def _after(offering: Offering, days: int, now: datetime) -> datetime:
    """So many days after the last day of the class, at nine; never ahead of now."""
    return min(now, clock.school_instant(offering.ends_on + timedelta(days=days), time(9)))


def _opened(offering: Offering, teacher: Teacher, staff: User, now: datetime) -> ConductSheet:
    stored = ConductSheet.objects.filter(offering=offering).first()
    if stored is not None:
        return stored
    offering.lead_teacher = teacher
    offering.save(update_fields=["lead_teacher"])
    return open_sheet(offering_id=offering.pk, by=staff, now=_after(offering, 1, now))


def _submitted(offering: Offering, teacher: Teacher, staff: User, now: datetime) -> ConductSheet:
    sheet = _opened(offering, teacher, staff, now)
    if sheet.state != ConductState.OPEN:
        return sheet
    _score(sheet, roster_rows(offering, staff), _after(offering, 3, now))
    return submit_sheet(sheet_id=sheet.pk, by=_teacher(sheet), now=_after(offering, 4, now))


def _teacher(sheet: ConductSheet) -> User:
    lead = sheet.offering.lead_teacher
    assert lead is not None  # noqa: S101 -- set when the sheet was opened
    assert lead.user is not None  # noqa: S101 -- the demo teacher has an account
    return lead.user


def _score(sheet: ConductSheet, rows: Sequence[RosterRow], at: datetime) -> None:
    """Attitude from attendance, the rest drawn by lot for each person: always the same."""
    teacher = _teacher(sheet)
    used = [dimension for dimension in ConductDimension if getattr(sheet.weights, dimension.value)]
    entries = {}
    for row in rows:
        random = lot(row.enrolment.cadre, f"conduct {sheet.offering.code}")
        drawn = {dimension.value: round(random.triangular(62, 98, 87)) for dimension in used[1:]}
        comment = random.choice(COMMENTS) if random.random() < 0.3 else ""
        entries[row.enrolment.pk] = Entry(drawn, comment)
    save_scores(sheet_id=sheet.pk, entries=entries, by=teacher, now=at)
    fill_scores(sheet_id=sheet.pk, dimension=ConductDimension.ATTITUDE, value=None, by=teacher, now=at)


def _moderate_first(sheet: ConductSheet, staff: User, at: datetime) -> None:
    """One score of a submitted sheet is changed once, with the reason."""
    score = min(scores_of(sheet).values(), key=lambda one: one.enrolment_id, default=None)
    if (
        score is None
        or sheet.state != ConductState.SUBMITTED
        or ConductChange.objects.filter(score=score).unscoped("filling the demo school").exists()
    ):
        return
    moderate_score(
        score_id=score.pk,
        dimension=ConductDimension.THEORY,
        value=max(0, (score.theory or 0) - 4),
        reason="结业论文成绩复核后更正",
        by=staff,
        now=at,
    )
