"""Two organised assignments of the demo school: one that is over, with everybody confirmed and seen, and one under way."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from courses.enums import CourseModule, OfferingKind, OfferingState
from courses.models import Offering
from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, Unit, User
from partyschool.common import clock
from trainees.enums import Rank
from trainees.models import Assignment, AssignmentQuota, Cadre
from trainees.rules.assignments import CallWarning
from trainees.selectors.assignments_facts import Candidate, cadres_of, candidates
from trainees.services.assignments import (
    close_assignment,
    issue_assignment,
    make_assignment,
    set_quotas,
)
from trainees.services.assignments_decisions import call_by_name, confirm_nomination, return_nomination
from trainees.services.assignments_deferrals import ask_deferral
from trainees.services.assignments_nominations import nominate_cadre

from .accounts import GRANTED_ON
from .history import Chronicle
from .plans import AFTERNOON, HALF_DAY_HOURS, MORNING, LessonPlan, Plan

# Officer, name, unit, organisation department, people to send.
UNITS = (
    ("officer", "", "LJ00005", "orgdept", 6),
    ("officer2", "市教育局联络员", "LJ00003", "orgdept", 4),
    ("officer3", "澜山区联络员", "LJ01001", "orgdept2", 2),
)
NAMED = "LJ00012"
PAST, PRESENT = "ZZ-GQ-{year}", "ZZ-JX-{year}"
SEATS = 16
KEEPS_AWAY = {CallWarning.CLASH, CallWarning.EXEMPT, CallWarning.ON_LEAVE, CallWarning.LEAVING}


def assign_classes(chronicle: Chronicle) -> None:
    """Make both, once: in two past weeks for the first, days ago for the second. What is there already is left alone."""
    today = clock.school_date(chronicle.now)
    for unit in UNITS[1:]:
        _make_officer(*unit[:3])
    # Not before the year began: last year is closed.
    over = max(today - timedelta(days=20), date(today.year, 1, 6))
    if over + timedelta(days=4) < today:
        _past(chronicle, over)
    _present(chronicle, today + timedelta(days=21 - today.weekday()))


def _make_officer(username: str, name: str, code: str) -> None:
    """An account like the demo officer's, for another unit."""
    if User.objects.filter(username=username).exists():
        return
    password = User.objects.get(username="officer").password
    user = User.objects.create(username=username, full_name=name, password=password)
    unit = Unit.objects.get(code=code)
    RoleGrant.objects.create(user=user, role=Role.OFFICER, unit=unit, valid_from=GRANTED_ON)


def _plan(code: str, title: str, first: date, *, series: str = "") -> Plan:
    lessons = [
        LessonPlan(
            f"{title}：{topic}", first + timedelta(days=day), span, HALF_DAY_HOURS, CourseModule.THEORY
        )
        for day, topics in enumerate((("开班式与专题辅导", "分组研讨"), ("现场教学", "交流与结业")))
        for topic, span in zip(topics, (MORNING, AFTERNOON), strict=True)
    ]
    return Plan(
        code, OfferingKind.SPECIAL_CLASS, title, "由组织部门按名额调训。", SEATS, lessons, series=series
    )


def _assign(
    chronicle: Chronicle,
    offering: Offering,
    first: datetime,
    *,
    to_nominate: int,
    instructions: str,
    ranks: list[str] | None = None,
) -> Assignment:
    """Made, shared out and issued at `first`."""
    made = make_assignment(
        offering_id=offering.pk,
        nominate_by=_evening(first, to_nominate),
        confirm_by=_evening(first, to_nominate + 2),
        substitutes_until=_evening(first, to_nominate + 5),
        instructions=instructions,
        ranks=ranks,
        by=chronicle.by,
        now=first,
    )
    units = dict(Unit.objects.values_list("code", "pk"))
    seats = {units[code]: number for _user, _name, code, _department, number in UNITS}
    set_quotas(assignment_id=made.pk, seats=seats, by=chronicle.by, now=first)
    return issue_assignment(assignment_id=made.pk, by=chronicle.by, now=first)


def _evening(first: datetime, days: int) -> datetime:
    """The end of the working day, so many days later."""
    return clock.school_instant(clock.school_date(first) + timedelta(days=days), time(18))


def _user(username: str) -> Any:
    return User.objects.with_grants().get(username=username)


def _quotas(assignment: Assignment) -> Iterator[tuple[AssignmentQuota, Any, Any, list[Candidate]]]:
    """Each quota with its officer, its organisation department and those who can be sent."""
    for username, _name, code, department, _number in UNITS:
        quota = assignment.quotas.select_related("unit").get(unit__code=code)
        officer = _user(username)
        people = candidates(cadres_of(officer, quota.unit), assignment).rows
        yield quota, officer, _user(department), _possible(people)


def _possible(people: list[Candidate]) -> list[Candidate]:
    """Those who can come, with the fewest warnings first."""
    free = [one for one in people if not KEEPS_AWAY.intersection(found.code for found in one.against)]
    return sorted(free, key=lambda one: len(one.against))


def _past(chronicle: Chronicle, first: date) -> None:
    title = "意识形态工作专题研讨班"
    plan = _plan(PAST.format(year=first.year), f"{first.year}年{title}", first)
    (offering,) = chronicle.announce([plan])
    if offering.state == OfferingState.CLOSED:
        return
    begun = plan.lessons[0].starts_at - timedelta(days=20)
    if not Assignment.objects.filter(offering=offering).exists():
        made = _assign(chronicle, offering, begun, to_nominate=7, instructions="请各单位选派业务骨干。")
        for quota, officer, department, people in _quotas(made):
            for one in [one for one in people if one.cadre.user_id is None][: quota.seats]:
                number = nominate_cadre(
                    quota_id=quota.pk,
                    cadre_id=one.cadre.pk,
                    seen=one.codes.split(","),
                    by=officer,
                    now=begun + timedelta(days=3),
                )
                confirm_nomination(nomination_id=number, by=department, now=begun + timedelta(days=5))
        close_assignment(assignment_id=made.pk, by=chronicle.by, now=begun + timedelta(days=13))
    chronicle.conclude(plan, offering)


def _present(chronicle: Chronicle, first: date) -> None:
    title = "科级干部能力提升班"
    plan = _plan(PRESENT.format(year=first.year), f"{first.year}年{title}", first)
    (offering,) = chronicle.announce([plan])
    if Assignment.objects.filter(offering=offering).exists():
        return
    now, begun = chronicle.now, chronicle.now - timedelta(days=4)
    words = "参训人员须为科级干部，近两年未参加同类培训者优先；请于截止日期前在本页推荐。"
    made = _assign(
        chronicle, offering, begun, to_nominate=7, instructions=words, ranks=[Rank.TOWNSHIP_SECTION]
    )
    for quota, officer, department, people in _quotas(made):
        numbers = [
            nominate_cadre(
                quota_id=quota.pk,
                cadre_id=one.cadre.pk,
                seen=one.codes.split(","),
                by=officer,
                now=begun + timedelta(days=2),
            )
            for one in _with_account_first(people)[: max(quota.seats - 1, 1)]
        ]
        if officer.username == "officer2":
            continue  # all of these wait for the organisation department
        for number in numbers[:2]:
            confirm_nomination(nomination_id=number, by=department, now=begun + timedelta(days=3))
        if len(numbers) > 2:
            _go_on(
                quota=quota, numbers=numbers, officer=officer, department=department, people=people, now=now
            )
    _call(made, now)


def _with_account_first(people: list[Candidate]) -> list[Candidate]:
    """Somebody who can log in and look at the call; `trainee` has enough to look at."""
    logins = [one for one in people if one.cadre.user and one.cadre.user.username != "trainee"][:1]
    return [*logins, *(one for one in people if one.cadre.user is None)]


def _go_on(
    *,
    quota: AssignmentQuota,
    numbers: list[int],
    officer: Any,
    department: Any,
    people: list[Candidate],
    now: datetime,
) -> None:
    """One is returned and somebody else sent instead, one asks for a deferral, the rest wait."""
    ask_deferral(nomination_id=numbers[1], reason="承担年终决算任务，申请调至下一期", by=officer, now=now)
    return_nomination(
        nomination_id=numbers[2], reason="本年度已承担其他专项工作，请另行选派", by=department, now=now
    )
    used = {one.cadre.pk for one in _with_account_first(people)[: len(numbers)]}
    others = [one for one in people if one.cadre.user is None and one.cadre.pk not in used]
    for one in others[:1]:
        nominate_cadre(
            quota_id=quota.pk,
            cadre_id=one.cadre.pk,
            seen=one.codes.split(","),
            by=officer,
            replaces_id=numbers[2],
            now=now,
        )


def _call(assignment: Assignment, now: datetime) -> None:
    """Somebody of another bureau is called by name."""
    department = _user("orgdept")
    own = Cadre.objects.visible_to(department).filter(unit__code=NAMED, user=None)
    found = [one for one in candidates(own, assignment).rows if not one.against]
    for one in found[:1]:
        call_by_name(
            assignment_id=assignment.pk,
            cadre_id=one.cadre.pk,
            note="市委重点培养对象",
            by=department,
            now=now,
        )
