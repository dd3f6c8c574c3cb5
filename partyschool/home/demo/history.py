"""What happened: who was enrolled, who came. Facts go in by the thousand; the services make entries and results of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

from django.db import connection, transaction

from courses.enums import OfferingKind, OfferingState
from courses.models import Lesson, Offering, Room, SeatCount, SelectionRound
from faculty.models import Teacher
from partyschool.accounts.models import User
from trainees.models import Cadre
from trainees.services.closing import close_offering

from .content import ROOMS
from .plans import Plan

# One transaction moves the same seat row once per enrolment: longer ones slow down with the square of their length.
ENROLLED_AT_ONCE = 1000
NEVER_CALLED = 0.03
LACKS_ONLINE = 0.06
PICKS_TOPICS = 0.9
COMES_TO_FORUM = 0.55

_ENROL = """
INSERT INTO trainees_enrolment (cadre_id, offering_id, state, origin, created_at, created_by_id, reason)
SELECT cadre_id, %(offering)s, 'enrolled', %(origin)s, %(at)s, %(by)s, '' FROM unnest(%(cadres)s::bigint[]) AS cadre_id
ON CONFLICT DO NOTHING
"""
# Who has an account comes always; of the others some are late, ill or away, the same ones on every machine.
_MARK = """
INSERT INTO trainees_attendancemark (enrolment_id, lesson_id, status, marked_at, marked_by_id, source, reason)
SELECT e.id, l.id,
       CASE WHEN c.user_id IS NOT NULL THEN 'present'
            WHEN chance < 15 THEN 'absent' WHEN chance < 35 THEN 'on_leave'
            WHEN chance < 55 THEN 'late' WHEN chance < 60 THEN 'left_early' ELSE 'present' END,
       l.starts_at, %(by)s, 'roll', ''
FROM trainees_enrolment e
JOIN trainees_cadre c ON c.id = e.cadre_id
JOIN courses_lesson l ON l.offering_id = e.offering_id
CROSS JOIN LATERAL (SELECT abs(hashtext(c.code || l.title)::bigint) %% 1000 AS chance) luck
WHERE e.offering_id = %(offering)s
  AND NOT EXISTS (SELECT FROM trainees_attendancemark m WHERE m.lesson_id = l.id AND m.enrolment_id = e.id)
"""


def refresh_statistics() -> None:
    """Let the planner know how the tables have grown: they grow faster here than autovacuum looks."""
    tables = (
        "accounts_unit",
        "trainees_cadre",
        "courses_offering",
        "courses_lesson",
        "trainees_enrolment",
        "trainees_attendancemark",
        "trainees_creditentry",
    )
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def lot(cadre: Cadre, matter: str) -> Random:
    """Lots drawn for one person in one matter: always the same ones."""
    return Random(f"{cadre.code} {matter}")  # noqa: S311 -- nothing secret hangs on a demo


class Chronicle:
    """Stores offerings and, for those that lie behind `now`, what happened in them."""

    def __init__(
        self,
        *,
        cadres: Sequence[Cadre],
        teachers: Sequence[Teacher],
        venue_size: int,
        by: User,
        now: datetime,
    ) -> None:
        self.cadres = cadres
        self.teachers = teachers
        self.by = by
        self.now = now
        self._venues = [cadres[start : start + venue_size] for start in range(0, len(cadres), venue_size)]
        self._rooms = {room.code: room for room in Room.objects.all()}

    @transaction.atomic
    def announce(
        self, plans: Iterable[Plan], rounds: Mapping[str, SelectionRound] | None = None
    ) -> list[Offering]:
        """Store the offerings of `plans`, published, with seats, lessons and the round of their kind; or find what was stored before."""
        plans, rounds = list(plans), rounds or {}
        stored = Offering.objects.in_bulk([plan.code for plan in plans], field_name="code")
        if stored:
            return [stored[plan.code] for plan in plans]
        offerings = Offering.objects.bulk_create(
            Offering(
                code=plan.code,
                kind=plan.kind,
                title=plan.title,
                summary=plan.summary,
                year=plan.starts_on.year,
                signboard=plan.signboard,
                state=OfferingState.PUBLISHED,
                starts_on=plan.starts_on,
                ends_on=plan.ends_on,
                lead_teacher=self._teacher(plan.lessons[-1].teacher),
                selection_round=rounds.get(plan.kind) if plan.in_round else None,
                series=plan.series,
                # Main classes release from work for the whole time: limits of leave and the record of off-job training show on them.
                off_job=plan.kind == OfferingKind.MAIN_CLASS,
            )
            for plan in plans
        )
        SeatCount.objects.bulk_create(
            SeatCount(offering=offering, capacity=plan.seats)
            for plan, offering in zip(plans, offerings, strict=True)
        )
        Lesson.objects.bulk_create(
            Lesson(
                offering=offering,
                title=lesson.title,
                starts_at=lesson.starts_at,
                ends_at=lesson.ends_at,
                hours=lesson.hours,
                module=lesson.module,
                method=lesson.method,
                teacher=self._teacher(lesson.teacher),
                room=self._rooms[lesson.room] if lesson.room else None,
            )
            for plan, offering in zip(plans, offerings, strict=True)
            for lesson in plan.lessons
        )
        return offerings

    def live_through(self, plan: Plan, offering: Offering) -> None:
        """Enrol people in an offering that lies behind, mark who came, and close it two days after its last lesson."""
        if offering.state == OfferingState.CLOSED:
            return
        self.enrol(plan, offering, self._people_of(plan))
        self.conclude(plan, offering)

    def conclude(self, plan: Plan, offering: Offering) -> None:
        """Mark who of those enrolled came, and close the offering two days after its last lesson."""
        if offering.state == OfferingState.CLOSED:
            return
        with connection.cursor() as cursor:
            cursor.execute(_MARK, {"offering": offering.pk, "by": self.by.pk})
        close_offering(
            offering_id=offering.pk,
            by=self.by,
            now=min(self.now, plan.lessons[-1].ends_at + timedelta(days=2)),
        )

    def enrol(self, plan: Plan, offering: Offering, people: Sequence[Cadre]) -> None:
        """Enrol `people`, three weeks ahead of the first lesson (or now), in several transactions where they are many."""
        at = min(self.now, plan.lessons[0].starts_at - timedelta(weeks=3))
        origin = (
            "selection"
            if plan.kind in {OfferingKind.ELECTIVE, OfferingKind.FORUM, OfferingKind.ONLINE}
            else "staff"
        )
        ids = [cadre.pk for cadre in people if cadre.joined_on <= plan.starts_on]
        with connection.cursor() as cursor:
            for start in range(0, len(ids), ENROLLED_AT_ONCE):
                facts: dict[str, Any] = {
                    "offering": offering.pk,
                    "origin": origin,
                    "at": at,
                    "by": self.by.pk,
                }
                cursor.execute(_ENROL, facts | {"cadres": ids[start : start + ENROLLED_AT_ONCE]})

    def _people_of(self, plan: Plan) -> list[Cadre]:
        people = self._venues[plan.venue]
        year = plan.starts_on.year
        if plan.kind == OfferingKind.MAIN_CLASS:
            # Every n-th cadre, so that a class is made of many units.
            people = people[plan.part :: -(-len(people) // plan.seats)]
            return [
                cadre
                for cadre in people
                if cadre.user_id or lot(cadre, f"class {year}").random() > NEVER_CALLED
            ]
        if plan.kind == OfferingKind.ONLINE:
            least = LACKS_ONLINE if plan.part == 0 else 0
            return [
                cadre for cadre in people if cadre.user_id or lot(cadre, f"online {year}").random() > least
            ]
        if plan.kind == OfferingKind.ELECTIVE:
            return [cadre for cadre in people if _picks(cadre, plan.part)]
        # Who has an account came to one session only: it is up to them to pick topics.
        return [
            cadre
            for cadre in people
            if (plan.part == 0 if cadre.user_id else lot(cadre, plan.code).random() < COMES_TO_FORUM)
        ]

    def _teacher(self, place: int | None) -> Teacher | None:
        return None if place is None else self.teachers[place]


def _picks(cadre: Cadre, part: int) -> bool:
    """Whether the cadre picks topic `part` of eight: two topics on different half-days, or none."""
    draw = lot(cadre, "topics")
    if draw.random() > PICKS_TOPICS and not cadre.user_id:
        return False
    return part in {half_day * 2 + draw.randrange(2) for half_day in draw.sample(range(4), 2)}


def build_rooms() -> None:
    """Store the school's rooms."""
    Room.objects.bulk_create(Room(code=code, name=name, seats=seats) for code, name, seats in ROOMS)


def build_round(
    year: int,
    *,
    state: str,
    opens_at: datetime,
    closes_at: datetime,
    name: str = "年度干部自主选学",
    max_picks: int = 2,
) -> SelectionRound:
    """A selection round of a year, by default that of its eight electives, two picks each: stored now or before."""
    stored, _new = SelectionRound.objects.get_or_create(
        year=year,
        name=f"{year}{name}",
        defaults={"state": state, "opens_at": opens_at, "closes_at": closes_at, "max_picks": max_picks},
    )
    return stored
