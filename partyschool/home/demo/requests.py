"""What trainees of the demo school have asked for: leaves from the coming class, credits for papers and courses elsewhere."""

import io
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.core.files.base import ContentFile
from reportlab.pdfgen.canvas import Canvas

from courses.enums import OfferingState
from courses.models import Lesson
from partyschool.accounts.models import User
from partyschool.common import clock
from trainees.enums import EnrolmentState, LeaveKind, RecognisedActivity
from trainees.models import Cadre, CreditClaim, Enrolment
from trainees.rules.half_days import half_day_of
from trainees.rules.leaves import CLASS_KINDS
from trainees.services.claims import ClaimFacts, approve_claim, refuse_claim, return_claim, submit_claim
from trainees.services.leaves import ask_leave, decide_leave

DAYS_AGO = 20
# Which trainee claims what: activity, title, organiser or publisher, quantity, and the answer of the academic affairs office.
CLAIMS: tuple[tuple[int, str, str, str, str, str], ...] = (
    (4, RecognisedActivity.PAPER_CITY, "基层治理中的协商民主", "《两江论坛》", "1", "approve"),
    (0, RecognisedActivity.OUTSIDE_CLASS, "省委党校年轻干部短训班", "省委党校", "3", "return"),
    (0, RecognisedActivity.LECTURING, "为新录用人员授课", "市人力资源和社会保障局", "4", ""),
    (1, RecognisedActivity.REPORT_ADOPTED, "园区用工情况调研报告", "市政府办公室", "1", ""),
    (2, RecognisedActivity.GROUP_STUDY, "理论学习中心组集体学习", "本单位", "2", "refuse"),
    (3, RecognisedActivity.EXAM, "法律职业资格考试", "司法行政机关", "1", ""),
)
ANSWERS = {"return": "请补充结业证书或带有天数的通知。", "refuse": "该次学习未列入备案计划，不予认定。"}
# Half-days of the coming class for which leave is asked: which lesson is the first, which the last, kind, reason, and the answer.
LEAVES = (
    (1, 1, LeaveKind.OFFICIAL, "参加市里召开的专题会议", "approve"),
    (3, 3, LeaveKind.SICK, "医院复查", ""),
    (2, 4, LeaveKind.PERSONAL, "家中老人住院需要照料", ""),
)


def make_requests(year: int, staff: User, now: datetime) -> None:
    """Store leaves and claims of the accounts that trainees log in with. Repeating it changes nothing."""
    if CreditClaim.objects.unscoped("filling the demo school").exists():
        return
    cadres = Cadre.objects.filter(user__username__startswith="trainee").unscoped("filling the demo school")
    trainees = list(cadres.select_related("user").order_by("user__username"))
    last = min(clock.school_date(now), date(year, 12, 31))
    earned_on = max(last - timedelta(days=DAYS_AGO), date(year, 1, 1))
    for number, activity, title, host, quantity, answer in CLAIMS:
        facts = ClaimFacts(activity, title, host, Decimal(quantity), earned_on)
        _claim(trainees[number % len(trainees)], facts, answer, staff, now)
    places = Enrolment.objects.filter(
        cadre__in=trainees,
        state=EnrolmentState.ENROLLED,
        offering__state=OfferingState.PUBLISHED,
        offering__kind__in=CLASS_KINDS,
        offering__starts_on__gt=clock.school_date(now),
    ).unscoped("filling the demo school")
    for place, asked in zip(places.select_related("cadre__user").order_by("pk"), LEAVES, strict=False):
        _leave(place, asked, staff, now)


def _claim(cadre: Cadre, facts: ClaimFacts, answer: str, staff: User, now: datetime) -> None:
    claim = submit_claim(facts=facts, files=[evidence()], by=cadre.user, now=now)
    if answer == "approve":
        approve_claim(claim_id=claim.pk, by=staff, now=now)
    elif answer == "return":
        return_claim(claim_id=claim.pk, answer=ANSWERS[answer], by=staff, now=now)
    elif answer == "refuse":
        refuse_claim(claim_id=claim.pk, answer=ANSWERS[answer], by=staff, now=now)


def _leave(place: Enrolment, asked: tuple[int, int, str, str, str], staff: User, now: datetime) -> None:
    first, last, kind, reason, answer = asked
    lessons = list(Lesson.objects.filter(offering=place.offering_id).order_by("starts_at"))
    leave = ask_leave(
        enrolment_id=place.pk,
        kind=kind,
        first=half_day_of(lessons[min(first, len(lessons) - 1)].starts_at),
        last=half_day_of(lessons[min(last, len(lessons) - 1)].starts_at),
        reason=reason,
        files=[evidence()],
        over_limit_confirmed=True,
        by=place.cadre.user,
        now=now,
    )
    if answer == "approve":
        decide_leave(leave_id=leave.pk, approve=True, over_limit_confirmed=True, by=staff, now=now)


def evidence() -> ContentFile:
    """A page that says what it is: nothing that could be taken for a document of somebody."""
    page = io.BytesIO()
    canvas = Canvas(page)
    canvas.drawString(72, 760, "Demo evidence of the demo school")
    canvas.save()
    return ContentFile(page.getvalue(), name="证明材料.pdf")
