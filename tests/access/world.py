"""A small world with the same kinds of record three times: the reader's own, a sibling unit's and a cousin's."""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Model

from budget.enums import EntryKind
from budget.models import LedgerEntry
from courses.enums import OfferingKind
from courses.models import ForumSession
from faculty.models import Teacher, TeachingEntry
from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant, Unit, User
from partyschool.audit.models import AuditEvent, AuditSeal
from partyschool.common import clock
from partyschool.jobs.models import Job, StoredFile
from partyschool.notices.models import Notice, OutgoingMail
from partyschool.standards.models import StandardTarget
from tests.factories.accounts import City, make_user
from tests.factories.budget import BudgetLineFactory
from tests.factories.certificates import closed_class
from tests.factories.conduct import AssessedClass, make_weights
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory, SelectionRoundFactory
from tests.factories.draws import publish_for
from tests.factories.faculty import TeacherFactory
from tests.factories.imports import person, workbook
from tests.factories.requests import make_claim, make_evidence, make_leave
from tests.factories.trainees import CadreFactory, CreditEntryFactory, EnrolmentFactory, make_scheme
from trainees.enums import (
    AssignmentState,
    AttendanceStatus,
    EnrolmentOrigin,
    ExemptionGround,
    NominationState,
    OverrideRule,
    YearState,
)
from trainees.models import (
    AssessmentExemption,
    AssessmentObjection,
    AssessmentYear,
    Assignment,
    AssignmentQuota,
    AttendanceMark,
    Cadre,
    CadreImport,
    CalendarFeed,
    Certificate,
    ConductScore,
    ConductSheet,
    ConductWeights,
    CreditClaim,
    CreditEntry,
    CreditScheme,
    CycleRequirement,
    Deferral,
    DocumentCounter,
    Enrolment,
    Evidence,
    LeaveRequest,
    LeaveTier,
    MakeUpPlan,
    Nomination,
    OfferingRoster,
    ReportPacket,
    ReportSchedule,
    SavedView,
    SeatOverride,
    SeatRefusal,
    SelectionDraw,
    TrainingFigure,
    WaitingEntry,
    YearlyAssessment,
)
from trainees.selectors.calendars import digest_of
from trainees.services.certificates import issue_certificates
from trainees.services.imports import check_import, hand_in_file
from trainees.services.schedules import save_schedule

YEAR = 2025
CODES = {"own": "AAAA-BBBB-CCCC-DDDD", "cousin": "EEEE-FFFF-GGGG-HHHH"}
CALENDAR_TOKEN = "a-secret-that-only-the-trainee-knows"
CANARIES = {"own": "本部金丝雀", "sibling": "同级金丝雀", "cousin": "旁系金丝雀"}
READERS = ("anonymous", "stranger", *Role.values)
# Whose records each reader must never see, however they ask.
HIDDEN = {
    "anonymous": ("own", "sibling", "cousin"),
    "stranger": ("own", "sibling", "cousin"),
    Role.TRAINEE: ("own", "sibling", "cousin"),
    Role.TEACHER: ("own", "sibling", "cousin"),
    Role.FINANCE: ("own", "sibling", "cousin"),
    Role.ADMIN: ("own", "sibling", "cousin"),
    Role.OFFICER: ("sibling", "cousin"),
    Role.ORGDEPT: ("cousin",),
}


@dataclass
class World:
    users: dict[str, User | None] = field(default_factory=dict)
    # Per model, the objects by whose they are; "" where there is one for all.
    objects: dict[type[Model], dict[str, Model]] = field(default_factory=dict)

    def of(self, model: type[Model], whose: str = "") -> Any:
        return self.objects[model][whose]


def _stored_file(job: Job, name: str) -> StoredFile:
    content = f"{name} of {job.title}".encode()
    stored_as = default_storage.save(f"access/{job.pk}/{name}", ContentFile(content))
    return StoredFile.objects.create(
        job=job,
        name=name,
        content_type="application/octet-stream",
        storage_name=stored_as,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )


def build_world() -> World:
    """Everything that a URL can name, owned by three units: finance bureau (own), culture bureau (sibling), cousin bureau."""
    world, city, now = World(), City(), clock.now()
    homes = {"own": city.finance_bureau, "sibling": city.culture_bureau, "cousin": city.cousin_bureau}
    jurisdictions = {"own": city.east, "cousin": city.west}

    for role in Role.values:
        unit = {Role.OFFICER: city.finance_bureau, Role.ORGDEPT: city.east}.get(role)
        world.users[role] = make_user(role, unit=unit, username=f"{role}1", full_name=role)
    world.users["stranger"] = make_user(username="stranger1", full_name="stranger")
    world.users["anonymous"] = None
    staff = world.users[Role.STAFF]
    CadreFactory(user=world.users[Role.TRAINEE], unit=city.finance_bureau, name="学员本人")
    CalendarFeed.objects.create(
        user=world.users[Role.TRAINEE], token_digest=digest_of(CALENDAR_TOKEN), language="zh-hans"
    )
    teacher = TeacherFactory(user=world.users[Role.TEACHER], name="任课教师")

    scheme = make_scheme(YEAR)
    selection_round = SelectionRoundFactory(year=YEAR)
    offering = OfferingFactory(capacity=10, selection_round=selection_round, title="一堂选学专题")
    started = now - timedelta(hours=3)
    lesson = LessonFactory(offering=offering, starts_at=started, ends_at=started + timedelta(hours=2))
    session = OfferingFactory(
        kind=OfferingKind.FORUM,
        series="youth",
        title="一场讲坛",
        selection_round=selection_round,
        lead_teacher=teacher,
    )
    LessonFactory(offering=session)
    line = BudgetLineFactory()
    single: list[Model] = [
        staff,
        city.finance_bureau,
        RoleGrant.objects.filter(user=staff).get(),
        teacher,
        offering,
        offering.seats,
        selection_round,
        RoomFactory(),
        lesson,
        scheme,
        scheme.rules.first(),
        scheme.caps.first(),
        scheme.requirements.first(),
        line,
        line.balance,
        LedgerEntry.objects.create(
            line=line,
            year=YEAR,
            amount=Decimal(5),
            kind=EntryKind.PAYMENT,
            source_kind="a",
            source_ref="b",
            posted_by=staff,
        ),
        TeachingEntry.objects.create(
            teacher=TeacherFactory(),
            year=YEAR,
            amount=Decimal(4),
            taught_on=date(YEAR, 6, 2),
            source_kind="lesson",
            source_ref="x",
            posted_by=staff,
        ),
        StandardTarget.objects.create(year=YEAR, indicator="full_time_teachers", target=10),
        AuditEvent.objects.create(action="made.up", subject="x:1", actor=staff),
        AuditSeal.objects.create(first_event=1, last_event=1, event_count=1, digest="0" * 64),
        DocumentCounter.objects.create(year=2026, last_number=2),
        notice := Notice.objects.create(recipient=staff, event="e", title="t"),
        OutgoingMail.objects.create(notice=notice),
    ]
    for thing in single:
        world.objects[type(thing)] = {"": thing}

    # Not every offering can be seen as a session.
    world.objects[ForumSession] = {"": ForumSession.objects.get(pk=session.pk)}

    for model in (
        Cadre,
        Enrolment,
        AttendanceMark,
        CreditClaim,
        CreditEntry,
        AssessmentExemption,
        YearlyAssessment,
        Evidence,
        LeaveRequest,
        ReportPacket,
        SeatOverride,
        SeatRefusal,
        WaitingEntry,
        Job,
        StoredFile,
    ):
        world.objects[model] = {}
    full = OfferingFactory(capacity=0, selection_round=selection_round, title="一堂满员专题")
    for whose, unit in homes.items():
        cadre = CadreFactory(unit=unit, name=CANARIES[whose], code=f"K{whose}")
        enrolment = EnrolmentFactory(cadre=cadre, offering=offering, created_by=staff)
        EnrolmentFactory(cadre=cadre, offering=session, created_by=staff)
        made = [
            cadre,
            enrolment,
            AttendanceMark.objects.create(
                enrolment=enrolment, lesson=lesson, status=AttendanceStatus.PRESENT, marked_by=staff
            ),
            CreditEntryFactory(cadre=cadre, scheme=scheme, posted_by=staff, offering=offering),
            claim := make_claim(cadre, title=CANARIES[whose]),
            make_leave(enrolment, reason=CANARIES[whose]),
            make_evidence(claim, name=f"{CANARIES[whose]}.pdf"),
            WaitingEntry.objects.create(cadre=cadre, offering=full),
            SeatRefusal.objects.create(cadre=cadre, offering=full, code="full"),
            SeatOverride.objects.create(
                enrolment=enrolment, rule=OverrideRule.LIMIT, facts="f", reason="r", by=staff
            ),
            AssessmentExemption.objects.create(cadre=cadre, year=YEAR, ground=ExemptionGround.OTHER),
            _assessment(cadre, unit, scheme, staff, now),
        ]
        for thing in made:
            world.objects[type(thing)][whose] = thing
    for number, (whose, unit) in enumerate(jurisdictions.items(), 1):
        job = Job.objects.create(
            kind="report_packet",
            key=f"{YEAR}:{unit.pk}",
            title=f"{CANARIES[whose]}通报",
            owner=staff,
            state="done",
        )
        files = [_stored_file(job, "notice.pdf"), _stored_file(job, "annex.xlsx")]
        packet = ReportPacket.objects.create(
            recipient=unit,
            year=YEAR,
            number=number,
            number_year=2026,
            code=CODES[whose],
            scheme=scheme,
            row_count=1,
            data_digest="0" * 64,
            notice=files[0],
            annex=files[1],
            job=job,
            issued_by=staff,
        )
        world.objects[Job][whose], world.objects[StoredFile][whose], world.objects[ReportPacket][whose] = (
            job,
            files[0],
            packet,
        )
    schedule = ReportSchedule(name="定期通报", edition="final", frequency="yearly", at=time(2))
    world.objects[ReportSchedule] = {"": save_schedule(schedule=schedule, by=staff)}
    _add_draw(world)
    _add_assignment(world, homes)
    _add_conduct(world)
    for figures in (CycleRequirement, LeaveTier, TrainingFigure):
        world.objects[figures] = {"": figures.objects.order_by("pk")[0]}
    _add_import(world)
    _add_year(world)
    _add_certificates(world)
    _add_views(world)
    return world


def _add_views(world: World) -> None:
    """A view of the credit report of the organisation department, and one of somebody that no reader may see."""
    owners = {"own": world.users[Role.ORGDEPT], "cousin": make_user(username="stranger2", full_name="别人")}
    world.objects[SavedView] = {
        whose: SavedView.objects.create(
            user=owner, page="organisation_cadres", name=f"{CANARIES[whose]}视图", query="sort=name"
        )
        for whose, owner in owners.items()
    }


def _add_year(world: World) -> None:
    """The year with its results open to objections, one of each unit, and what the three make up for."""
    staff, now = world.users[Role.STAFF], clock.now()
    held = AssessmentYear.objects.create(
        year=YEAR,
        state=YearState.OBJECTION,
        opened_at=now,
        opened_by=staff,
        objections_until=now + timedelta(days=9),
    )
    world.objects[AssessmentYear] = {"": held}
    world.objects[AssessmentObjection], world.objects[MakeUpPlan] = {}, {}
    for whose, result in world.objects[YearlyAssessment].items():
        world.objects[AssessmentObjection][whose] = AssessmentObjection.objects.create(
            assessment=result, text=CANARIES[whose], raised_by=world.users["stranger"]
        )
        world.objects[MakeUpPlan][whose] = MakeUpPlan.objects.create(
            assessment=result,
            content=CANARIES[whose],
            credits=Decimal(20),
            due_on=date(YEAR + 2, 6, 30),
            planned_by=staff,
        )


def _add_certificates(world: World) -> None:
    """A closed class that the three cadres completed, with their certificates."""
    staff, cadres = world.users[Role.STAFF], world.objects[Cadre]
    offering = closed_class(list(cadres.values()), by=staff)
    issue_certificates(offering_id=offering.pk, by=staff)
    world.objects[OfferingRoster] = {"": OfferingRoster.objects.get(pk=offering.pk)}
    made = Certificate.objects.unscoped("tests")
    world.objects[Certificate] = {whose: made.get(enrolment__cadre=cadre) for whose, cadre in cadres.items()}


def _add_import(world: World) -> None:
    """A file with a fault that names everybody."""
    staff = world.users[Role.STAFF]
    rows = [
        person(index, world.of(Cadre, whose).unit.code, name=name, rank="?" if whose == "own" else "乡科级")
        for index, (whose, name) in enumerate(CANARIES.items())
    ]
    found = hand_in_file(
        name="花名册.xlsx", content=workbook(rows), unit_id=None, effective_on=date(YEAR, 6, 1), by=staff
    )
    world.objects[CadreImport] = {"": check_import(import_id=found.pk, by=staff)}


def _add_conduct(world: World) -> None:
    """A class that the teacher leads, being scored; and another's, with the three cadres, that is released."""
    staff, weights = world.users[Role.STAFF], make_weights(YEAR)
    led = AssessedClass(weights=weights, staff=staff, units=())
    lead = world.of(Teacher)
    led.offering.lead_teacher = lead
    led.offering.save()
    led.teacher = lead.user
    led.places = [
        EnrolmentFactory(cadre=world.users[Role.TRAINEE].cadre, offering=led.offering, created_by=staff)
    ]
    led.score()
    other = AssessedClass(weights=weights, staff=staff, units=())
    other.places = [
        EnrolmentFactory(cadre=cadre, offering=other.offering, created_by=staff)
        for cadre in world.objects[Cadre].values()
    ]
    other.release()
    world.objects[ConductWeights] = {"": weights}
    world.objects[ConductSheet] = {"own": led.sheet, "cousin": other.sheet}
    scores = ConductScore.objects.unscoped("tests")
    world.objects[ConductScore] = {
        "own": scores.get(enrolment=led.places[0]),
        "cousin": scores.get(enrolment=other.places[2]),
    }


def _add_assignment(world: World, homes: dict[str, Unit]) -> None:
    """An assignment under way: each unit has a quota and one person confirmed whose deferral is asked for."""
    staff, now = world.users[Role.STAFF], clock.now()
    found = Assignment.objects.create(
        offering=OfferingFactory(kind=OfferingKind.SPECIAL_CLASS, title="一个调训班次"),
        state=AssignmentState.ISSUED,
        nominate_by=now + timedelta(days=1),
        confirm_by=now + timedelta(days=2),
        substitutes_until=now + timedelta(days=3),
        created_by=staff,
        issued_at=now,
    )
    world.objects[Assignment] = {"": found}
    for model in (AssignmentQuota, Nomination, Deferral):
        world.objects[model] = {}
    for whose, unit in homes.items():
        cadre = world.of(Cadre, whose)
        quota = AssignmentQuota.objects.create(assignment=found, unit=unit, seats=2)
        called = Nomination.objects.create(assignment=found, quota=quota, cadre=cadre, nominated_by=staff)
        called.enrolment = EnrolmentFactory(
            cadre=cadre, offering=found.offering, origin=EnrolmentOrigin.ASSIGNED, created_by=staff
        )
        called.state, called.decided_at, called.decided_by = NominationState.CONFIRMED, now, make_user()
        called.save()
        asked = Deferral.objects.create(nomination=called, reason="r", asked_by=staff)
        for thing in (quota, called, asked):
            world.objects[type(thing)][whose] = thing


def _add_draw(world: World) -> None:
    """A published draw that the trainee and the three cadres took part in."""
    own = world.users[Role.TRAINEE].cadre
    draw = publish_for([own, *world.objects[Cadre].values()], world.users[Role.STAFF])
    world.objects[SelectionDraw] = {"": draw}


def _assessment(
    cadre: Cadre, unit: Unit, scheme: CreditScheme, staff: User, now: datetime
) -> YearlyAssessment:
    return YearlyAssessment.objects.create(
        cadre=cadre,
        year=YEAR,
        unit=unit,
        jurisdiction=unit.jurisdiction,
        rank=cadre.rank,
        scheme=scheme,
        earned=8,
        counted=8,
        needed=90,
        breakdown={"concentrated": {"earned": 8, "cap": None, "counted": 8}},
        reasons=[{"code": "short", "category": "", "needed": 90, "counted": 8}],
        result="fail",
        grade="fail",
        bars_excellent=True,
        closed_at=now,
        closed_by=staff,
    )
