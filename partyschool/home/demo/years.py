"""Last year brought to its end: open to objections, answered, sealed, reported; one result corrected since, make-up training planned."""

from datetime import datetime, timedelta
from decimal import Decimal

from partyschool.accounts.models import User
from partyschool.common import clock
from trainees.enums import AssessmentResult, CreditCategory, MakeUpState, ObjectionState, YearState
from trainees.models import AssessmentObjection, AssessmentYear, Cadre, MakeUpPlan, YearlyAssessment
from trainees.selectors.make_up import make_up_cases, unplanned
from trainees.selectors.year_states import offerings_not_closed, year_of
from trainees.services.corrections import Stated, correct_result
from trainees.services.credits import post_recognised_learning
from trainees.services.make_up import PlanLine, due_date, end_make_up, plan_make_up
from trainees.services.objections import answer_objection, raise_objection, withdraw_objection
from trainees.services.year_states import open_objections, seal_year

from .packets import follow_up, issue_first
from .requests import evidence

PLANNED = 5
UPHELD, REJECTED, WITHDRAWN = "upheld", "rejected", "withdrawn"
# By whom (the number of a trainee account, or the officer of the first one's unit), what, and the answer.
OBJECTIONS: tuple[tuple[int | None, str, str, str], ...] = (
    (
        4,
        "去年在《两江论坛》发表的论文没有计入，附发表页。",
        UPHELD,
        "经核实，论文已公开发表，按市级论文补记 12 学分。",
    ),
    (
        3,
        "5 月的选学专题我全程参加，考勤却记了一次缺勤。",
        REJECTED,
        "经调取签到记录，该次下午未签到，也未办理请假，维持原结果。",
    ),
    (
        None,
        "该同志全年借调外单位，请核对是否应免予考核。",
        WITHDRAWN,
        "",
    ),
)
CORRECTION = "封存后收到省委党校补寄的结业证书，补记短训班学分。"


def settle_year(year: int, staff: User, now: datetime) -> None:
    """Walk `year`, which is over, to its seal and beyond, as far as that lies before `now`. Begun and interrupted, it goes on."""
    opened = clock.year_end(year) + timedelta(days=9, hours=9)
    if now < opened:
        return
    if year_of(year).state == YearState.PREVIEW:
        open_objections(year=year, by=staff, now=opened)
    trainees = _trainees()
    held = year_of(year)
    if held.state == YearState.OBJECTION:
        _object(year, trainees, staff, opened + timedelta(days=1))
        _answer(year, trainees, staff, min(now, opened + timedelta(days=4)))
        after = (held.objections_until or now) + timedelta(hours=15)
        if after > now:
            return
        left_open = offerings_not_closed(year).values_list("pk", flat=True)
        seal_year(year=year, confirmed=list(left_open), by=staff, now=after)
    issue_first(year, staff)
    _correct(year, trainees, staff, now)
    _make_up(year_of(year), staff, now)
    follow_up(year, staff, now)


def _trainees() -> list[Cadre]:
    found = Cadre.objects.filter(user__username__startswith="trainee").unscoped("filling the demo school")
    return list(found.select_related("user", "unit").order_by("user__username"))


def _result(cadre: Cadre, year: int) -> YearlyAssessment | None:
    found = YearlyAssessment.objects.filter(cadre=cadre, year=year).unscoped("filling the demo school")
    return found.first()


def _object(year: int, trainees: list[Cadre], staff: User, at: datetime) -> None:
    if AssessmentObjection.objects.unscoped("filling the demo school").exists():
        return
    officer = User.objects.get(username="officer")
    for number, (account, text, _answer, _words) in enumerate(OBJECTIONS):
        cadre = trainees[0 if account is None else account]
        result = _result(cadre, year)
        by = officer if account is None else cadre.user
        if result is not None and by is not None:
            raise_objection(
                assessment_id=result.pk,
                text=text,
                files=[evidence()] if account else [],
                by=by,
                now=at + timedelta(hours=number),
            )


def _answer(year: int, trainees: list[Cadre], staff: User, at: datetime) -> None:
    raised = AssessmentObjection.objects.filter(assessment__year=year, state=ObjectionState.RAISED).unscoped(
        "filling the demo school"
    )
    for objection in raised.select_related("assessment__cadre", "raised_by").order_by("pk"):
        decision, words = next(
            (what, words) for _who, text, what, words in OBJECTIONS if text == objection.text
        )
        if decision == WITHDRAWN:
            withdraw_objection(objection_id=objection.pk, by=objection.raised_by, now=at)
            continue
        if decision == UPHELD:
            cadre, paper = objection.assessment.cadre, CreditCategory.OTHER
            _recognise(cadre, year, staff, at, category=paper, amount=12, note="《两江论坛》论文")
        answer_objection(
            objection_id=objection.pk,
            upheld=decision == UPHELD,
            answer=words,
            by=staff,
            now=at + timedelta(minutes=5),
        )


def _recognise(
    cadre: Cadre, year: int, staff: User, at: datetime, *, category: str, amount: int, note: str
) -> None:
    post_recognised_learning(
        cadre_id=cadre.pk,
        category=category,
        amount=Decimal(amount),
        hours=Decimal(amount),
        earned_on=clock.school_date(clock.year_end(year)) - timedelta(days=40),
        reference=f"演示〔{year}〕{cadre.pk}-{amount}",
        note=note,
        by=staff,
        now=at,
    )


def _correct(year: int, trainees: list[Cadre], staff: User, now: datetime) -> None:
    """The third trainee's certificate came late."""
    versions = YearlyAssessment.versions.filter(year=year, corrects__isnull=False)
    result = _result(trainees[2], year)
    held = year_of(year)
    if result is None or held.sealed_at is None or versions.unscoped("filling the demo school").exists():
        return
    at = min(now, held.sealed_at + timedelta(days=12))
    kind, note = CreditCategory.CONCENTRATED, "省委党校短训班"
    _recognise(trainees[2], year, staff, at, category=kind, amount=24, note=note)
    correct_result(
        assessment_id=result.pk,
        stated=Stated(),
        reason=CORRECTION,
        by=staff,
        now=min(now, at) + timedelta(minutes=1),
    )


def _make_up(held: AssessmentYear, staff: User, now: datetime) -> None:
    """A few of those who failed have plans: one done, one missed, the others under way."""
    if MakeUpPlan.objects.unscoped("filling the demo school").exists():
        return
    failed = unplanned(staff, year=held.year).filter(result=AssessmentResult.FAIL).order_by("counted", "pk")
    cases = make_up_cases(failed[:PLANNED])
    today = clock.school_date(now)
    due = max(due_date(held), today + timedelta(days=45))
    lines = [
        PlanLine(
            case.assessment.pk,
            case.content,
            case.credits,
            case.offerings[0].pk if case.offerings else None,
        )
        for case in cases
    ]
    plans = plan_make_up(year=held.year, plans=lines, due_on=due, by=staff, now=now)
    endings = (
        (MakeUpState.DONE, "已参加补训班并完成所缺学分。"),
        (MakeUpState.MISSED, "因病住院未能参加，另行安排。"),
    )
    for plan, (state, outcome) in zip(plans, endings, strict=False):
        end_make_up(plan_id=plan.pk, state=state, outcome=outcome, by=staff, now=now)
