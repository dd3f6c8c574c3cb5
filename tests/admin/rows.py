"""One row of every list of the administration, as often as wanted; every person, unit and title carries a hostile name."""

from collections.abc import Callable
from datetime import date, time
from decimal import Decimal

from budget.enums import EntryKind
from budget.models import LedgerEntry
from courses.enums import OfferingKind, OfferingState, RoundMode, RoundState
from faculty.models import TeachingEntry
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditSeal
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.jobs.models import Job, StoredFile
from partyschool.notices.models import Notice, OutgoingMail
from partyschool.standards.models import StandardTarget
from tests.factories.accounts import make_unit, make_user
from tests.factories.budget import BudgetLineFactory
from tests.factories.conduct import AssessedClass, make_weights
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory, SelectionRoundFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.imports import person, workbook
from tests.factories.requests import make_claim
from tests.factories.trainees import CadreFactory, CreditEntryFactory, EnrolmentFactory, make_scheme
from trainees.enums import AttendanceStatus, ExemptionGround, FigureCode, LeaveApprover, Rank, YearState
from trainees.models import (
    AssessmentExemption,
    AssessmentObjection,
    AssessmentYear,
    Assignment,
    AssignmentQuota,
    AttendanceMark,
    ConductScore,
    ConductWeights,
    CreditScheme,
    CycleRequirement,
    LeaveTier,
    MakeUpPlan,
    ReportPacket,
    ReportSchedule,
    RoundDesk,
    SeatRefusal,
    SelectionDraw,
    TrainingFigure,
    WaitingEntry,
    YearlyAssessment,
)
from trainees.services.conduct_moderation import moderate_score
from trainees.services.imports import check_import, hand_in_file
from trainees.services.schedules import save_schedule

HOSTILE = '<b>王</b>&"=1+1'


def _unit():
    return make_unit(name=HOSTILE)


def _cadre():
    return CadreFactory(name=HOSTILE, unit=_unit())


def _offering(**fields):
    return OfferingFactory(
        title=HOSTILE,
        lead_teacher=TeacherFactory(name=HOSTILE),
        selection_round=SelectionRoundFactory(name=f"{HOSTILE}{clock.now():%f}"),
        **fields,
    )


def _enrolment():
    return EnrolmentFactory(cadre=_cadre(), offering=_offering(), created_by=make_user(full_name=HOSTILE))


def _entry_in_line():
    cadre = _cadre()
    return WaitingEntry.objects.create(
        cadre=cadre, offering=_offering(), priority=1, priority_reason=HOSTILE, skipped_facts=HOSTILE
    )


def _mark():
    place = _enrolment()
    lesson = LessonFactory(offering=place.offering, title=HOSTILE)
    return AttendanceMark.objects.create(
        enrolment=place, lesson=lesson, status=AttendanceStatus.LATE, marked_by=place.created_by
    )


def _assignment():
    now = clock.now()
    found = Assignment.objects.create(
        offering=_offering(kind=OfferingKind.MAIN_CLASS),
        nominate_by=now,
        confirm_by=now,
        substitutes_until=now,
        created_by=make_user(full_name=HOSTILE),
    )
    AssignmentQuota.objects.create(assignment=found, unit=_unit(), seats=2)
    return found


def _scheme() -> CreditScheme:
    return make_scheme(2001 + CreditScheme.objects.count())


def _credit_entry():
    return CreditEntryFactory(
        cadre=_cadre(), scheme=_scheme(), offering=_offering(), year=clock.school_year()
    )


def _assessment():
    cadre = _cadre()
    return YearlyAssessment.objects.create(
        cadre=cadre,
        year=clock.school_year(),
        unit=cadre.unit,
        rank=cadre.rank,
        scheme=_scheme(),
        earned=Decimal(80),
        counted=Decimal(70),
        needed=Decimal(90),
        breakdown={"online": {"earned": 50, "cap": 40, "counted": 40}},
        reasons=[{"code": "short", "category": "", "needed": 90, "counted": 70}],
        result="fail",
        grade="fail",
        bars_excellent=True,
        closed_by=make_user(full_name=HOSTILE),
    )


def _objection():
    row = _assessment()
    return AssessmentObjection.objects.create(
        assessment=row, text=HOSTILE, raised_by=make_user(full_name=HOSTILE)
    )


def _make_up_plan():
    row = _assessment()
    return MakeUpPlan.objects.create(
        assessment=row,
        content=HOSTILE,
        credits=Decimal(20),
        due_on=date(2027, 6, 30),
        planned_by=make_user(full_name=HOSTILE),
    )


def _assessment_year():
    number = AssessmentYear.objects.count()
    by, now = make_user(full_name=HOSTILE), clock.now()
    return AssessmentYear.objects.create(
        year=2001 + number,
        state=YearState.SEALED,
        opened_at=now,
        opened_by=by,
        objections_until=now,
        sealed_at=now,
        sealed_by=by,
    )


def _job(**fields):
    return Job.objects.create(
        kind="made", key=f"{clock.now():%f}", title=HOSTILE, owner=make_user(full_name=HOSTILE), **fields
    )


def _mail():
    notice = Notice.objects.create(recipient=make_user(full_name=HOSTILE), event="e", title=HOSTILE)
    return OutgoingMail.objects.create(notice=notice)


def _report_schedule():
    schedule = ReportSchedule(name=HOSTILE, edition="final", frequency="yearly", at=time(2))
    return save_schedule(schedule=schedule, by=make_user(Role.STAFF))


def _packet():
    job = _job()
    files = [
        StoredFile.objects.create(
            job=job,
            name=f"a{n}.pdf",
            content_type="application/pdf",
            storage_name=f"{job.pk}{n}",
            sha256="0" * 64,
            size=1,
        )
        for n in range(2)
    ]
    number = ReportPacket.objects.unscoped("made for a test").count() + 1
    return ReportPacket.objects.create(
        recipient=_unit(),
        year=clock.school_year(),
        number=number,
        number_year=clock.school_year(),
        code=f"CODE{number}",
        scheme=_scheme(),
        row_count=1,
        data_digest="0" * 64,
        notice=files[0],
        annex=files[1],
        job=job,
        issued_by=job.owner,
    )


def _teaching_entry():
    teacher = TeacherFactory(name=HOSTILE)
    return TeachingEntry.objects.create(
        teacher=teacher,
        year=clock.school_year(),
        amount=Decimal(4),
        source_kind="lesson",
        source_ref=f"made:{teacher.pk}",
        posted_by=make_user(full_name=HOSTILE),
        taught_on=date(2025, 6, 2),
        subject=HOSTILE,
    )


def _money_entry():
    line = BudgetLineFactory(name=HOSTILE)
    return LedgerEntry.objects.create(
        line=line,
        kind=EntryKind.PAYMENT,
        year=line.year,
        amount=Decimal(10),
        source_kind="invoice",
        source_ref=f"made:{line.pk}",
        posted_by=make_user(full_name=HOSTILE),
        note=HOSTILE,
    )


def _event():
    return record_event(
        action="made.up", subject=_unit(), by=make_user(full_name=HOSTILE), data={"name": HOSTILE}
    )


def _refusal():
    return SeatRefusal.objects.create(cadre=_cadre(), offering=_offering(), code="full")


def _round_desk():
    """A round as its board shows it: by its topic."""
    return RoundDesk.objects.get(pk=_offering().selection_round_id)


def _draw():
    """A draw that is sealed, with a topic."""
    found = SelectionRoundFactory(
        name=f"{HOSTILE}{clock.now():%f}",
        mode=RoundMode.DRAW,
        state=RoundState.SEALED,
        seed_hash="0" * 64,
        preferences_hash="0" * 64,
    )
    return SelectionDraw.objects.get(pk=found.pk)


def _import():
    staff = make_user(Role.STAFF, full_name=HOSTILE)
    unit = _unit()
    content = workbook([person(1, unit.code, name=HOSTILE, rank=HOSTILE)], sheet="表")
    found = hand_in_file(
        name=f"{HOSTILE}.xlsx", content=content, unit_id=unit.pk, effective_on=clock.school_date(), by=staff
    )
    return check_import(import_id=found.pk, by=staff)


def _weights():
    return make_weights(2001 + ConductWeights.objects.count(), source=HOSTILE)


def _sheet():
    """A sheet with somebody on it whose score was moderated."""
    assessed = AssessedClass(units=(_unit(),), weights=_weights(), title=HOSTILE)
    assessed.submit()
    score = ConductScore.objects.unscoped("made for a test").get(sheet=assessed.sheet)
    moderate_score(
        score_id=score.pk, dimension="attitude", value=70, reason=f"{HOSTILE}理由", by=assessed.staff
    )
    return assessed.sheet


def _grant():
    return make_user(Role.OFFICER, unit=_unit(), full_name=HOSTILE).grants.get()


MAKERS: dict[str, Callable[[], object]] = {
    "accounts.rolegrant": _grant,
    "accounts.unit": _unit,
    "accounts.user": lambda: make_user(Role.STAFF, full_name=HOSTILE),
    "audit.auditevent": _event,
    "audit.auditseal": lambda: AuditSeal.objects.create(
        first_event=AuditSeal.objects.count() * 10,
        last_event=AuditSeal.objects.count() * 10 + 9,
        event_count=10,
        digest="0" * 64,
    ),
    "budget.budgetline": lambda: BudgetLineFactory(name=HOSTILE),
    "budget.ledgerentry": _money_entry,
    "courses.forumsession": lambda: _offering(kind=OfferingKind.FORUM),
    "courses.offering": _offering,
    "courses.room": lambda: RoomFactory(name=HOSTILE),
    "courses.selectionround": lambda: SelectionRoundFactory(name=f"{HOSTILE}{clock.now():%f}"),
    "faculty.teacher": lambda: TeacherFactory(name=HOSTILE),
    "faculty.teachingentry": _teaching_entry,
    "jobs.job": _job,
    "standards.standardtarget": lambda: StandardTarget.objects.create(
        year=2025, indicator=f"{HOSTILE}{StandardTarget.objects.count()}", target=Decimal(1)
    ),
    "trainees.assessmentobjection": _objection,
    "trainees.assessmentyear": _assessment_year,
    "trainees.makeupplan": _make_up_plan,
    "trainees.assignment": _assignment,
    "trainees.assessmentexemption": lambda: AssessmentExemption.objects.create(
        cadre=_cadre(), year=2025, ground=ExemptionGround.LONG_LEAVE
    ),
    "trainees.attendancemark": _mark,
    "trainees.cadre": _cadre,
    "trainees.cadreimport": _import,
    "trainees.conductsheet": _sheet,
    "trainees.conductweights": _weights,
    "trainees.creditclaim": lambda: make_claim(_cadre(), title=HOSTILE, host=HOSTILE, note=HOSTILE),
    "trainees.creditentry": _credit_entry,
    "trainees.creditscheme": _scheme,
    "trainees.cyclerequirement": lambda: CycleRequirement.objects.create(
        rank=Rank.STAFF,
        first_year=1950 + CycleRequirement.objects.count(),
        last_year=1990,
        hours=Decimal(90),
        valid_from=date(2020, 1, 1),
        source=HOSTILE,
    ),
    "trainees.enrolment": _enrolment,
    "trainees.leavetier": lambda: LeaveTier.objects.create(
        most_half_days=900 + LeaveTier.objects.count(),
        approver=LeaveApprover.LEADER,
        valid_from=date(2020, 1, 1),
        source=HOSTILE,
    ),
    "trainees.offeringroster": lambda: _offering(state=OfferingState.PUBLISHED),
    "trainees.reportpacket": _packet,
    "notices.outgoingmail": _mail,
    "trainees.reportschedule": _report_schedule,
    "trainees.rounddesk": _round_desk,
    "trainees.seatrefusal": _refusal,
    "trainees.selectiondraw": _draw,
    "trainees.trainingfigure": lambda: TrainingFigure.objects.create(
        code=FigureCode.CALLS_A_YEAR,
        value=Decimal(2),
        valid_from=date(1950 + TrainingFigure.objects.count(), 1, 1),
        valid_until=date(1950 + TrainingFigure.objects.count(), 1, 9),
        source=HOSTILE,
    ),
    "trainees.waitingentry": _entry_in_line,
    "trainees.yearlyassessment": _assessment,
}
